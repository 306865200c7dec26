/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables of watched keys.
 * Owner: each shard. Locks: the shard's spinlock, taken here where the caller holds the shard by possession or not at
 * all. */
#include "sherd/keyspace/interest.h"

#include <string.h>

struct interest_key {
    uint64_t hash;         /* (c) the key's, without its database */
    uint32_t shard;        /* (c) index */
    unsigned db;           /* (c) */
    struct watch *watches; /* (s) */
    size_t key_len;        /* (c) */
    char key[];            /* (c) */
};

struct interest {
    struct table keys; /* (s) of struct interest_key */
};

struct wanted {
    unsigned db;
    struct slice key;
};

static uint64_t interest_hash(unsigned db, uint64_t hash)
{
    return hash ^ ((uint64_t)db * UINT64_C(0x9e3779b97f4a7c15));
}

static uint64_t item_hash(const void *context, const void *item)
{
    (void)context;
    const struct interest_key *key = item;
    return interest_hash(key->db, key->hash);
}

static void item_retire(void *context, void *memory)
{
    (void)context;
    memory_free(memory); /* nobody looks at these tables without the lock */
}

static const struct table_env interest_env = {.hash = item_hash, .retire = item_retire};

static bool item_matches(const void *item, const void *wanted)
{
    const struct interest_key *key = item;
    const struct wanted *want = wanted;
    return key->db == want->db && slice_equals(slice_make(key->key, key->key_len), want->key);
}

static struct table_slot interest_find(struct interest *interest, unsigned db, struct slice key, uint64_t hash)
{
    struct wanted wanted = {db, key};
    return table_find(&interest->keys, interest_hash(db, hash), item_matches, &wanted);
}

/* Takes the spinlock of a shard that the caller possesses; who holds the spinlock has it already. */
static bool interest_hold(struct shard *shard) UNCHECKED_LOCKING
{
    if (!shard->possessed) {
        return false;
    }
    spin_acquire(&shard->lock);
    return true;
}

static void interest_let_go(struct shard *shard, bool held) UNCHECKED_LOCKING
{
    if (held) {
        spin_release(&shard->lock);
    }
}

struct watch *interest_watch(struct keyref *ref, _Atomic bool *touched)
{
    struct shard *shard = ref->shard;
    struct watch *watch = memory_alloc_zeroed(sizeof(*watch));
    bool held = interest_hold(shard);
    struct interest *interest = atomic_load_explicit(&shard->interest, memory_order_relaxed);
    if (interest == NULL) {
        interest = memory_alloc_zeroed(sizeof(*interest));
        table_init(&interest->keys);
        atomic_store_explicit(&shard->interest, interest, memory_order_relaxed);
    }
    struct table_slot slot = interest_find(interest, ref->db, ref->key, ref->hash);
    struct interest_key *key;
    if (slot.word != NULL) {
        key = table_slot_item(slot);
    } else {
        key = memory_alloc(sizeof(*key) + ref->key.len);
        *key = (struct interest_key){.hash = ref->hash, .shard = shard->index, .db = ref->db, .key_len = ref->key.len};
        memcpy(key->key, ref->key.data, ref->key.len);
        (void)table_insert(&interest->keys, &interest_env, interest_hash(ref->db, ref->hash), key);
    }
    watch->key = key;
    watch->touched = touched;
    struct keyref raw; /* `ref` says nothing of keys that are only hidden */
    keyref_open_hashed(&raw, ref->user, ref->db, ref->key, ref->hash);
    watch->was_due = raw.entry != NULL && entry_is_expired(raw.entry, ref->user->now_ms);
    watch->next = key->watches;
    if (watch->next != NULL) {
        watch->next->previous = watch;
    }
    key->watches = watch;
    interest_let_go(shard, held);
    return watch;
}

bool interest_watches(const struct watch *watches, const struct keyref *ref)
{
    struct wanted wanted = {ref->db, ref->key};
    for (; watches != NULL; watches = watches->of_session) {
        if (item_matches(watches->key, &wanted)) {
            return true;
        }
    }
    return false;
}

/* Under the shard's spinlock. */
static void watch_unlink(struct watch *watch, struct shard *shard)
{
    struct interest_key *key = watch->key;
    if (watch->next != NULL) {
        watch->next->previous = watch->previous;
    }
    *(watch->previous != NULL ? &watch->previous->next : &key->watches) = watch->next;
    if (key->watches == NULL) {
        struct interest *interest = atomic_load_explicit(&shard->interest, memory_order_relaxed);
        struct table_slot slot = interest_find(interest, key->db, slice_make(key->key, key->key_len), key->hash);
        memory_free(table_remove(&interest->keys, &interest_env, interest_hash(key->db, key->hash), slot));
    }
    memory_free(watch);
}

void interest_leave(struct watch *watch, struct keyspace *keyspace) UNCHECKED_LOCKING
{
    struct shard *shard = keyspace_shard(keyspace, watch->key->shard);
    spin_acquire(&shard->lock);
    watch_unlink(watch, shard);
    spin_release(&shard->lock);
}

uint32_t interest_shard(const struct watch *watch)
{
    return watch->key->shard;
}

bool interest_is_due(const struct watch *watch, struct keyspace_user *user)
{
    const struct interest_key *key = watch->key;
    struct keyref ref;
    keyref_open_hashed(&ref, user, key->db, slice_make(key->key, key->key_len), key->hash);
    bool is_due = !watch->was_due && ref.entry != NULL && entry_is_expired(ref.entry, user->now_ms);
    (void)keyref_expire_if_due(&ref);
    return is_due;
}

static void touch_key(const struct interest_key *key, bool fell_due)
{
    for (struct watch *watch = key->watches; watch != NULL; watch = watch->next) {
        if (fell_due && watch->was_due) {
            watch->was_due = false;
        } else {
            atomic_store_explicit(watch->touched, true, memory_order_relaxed);
        }
    }
}

static void touch(struct shard *shard, const struct wanted *wanted, uint64_t hash, bool fell_due)
{
    bool held = interest_hold(shard);
    struct interest *interest = atomic_load_explicit(&shard->interest, memory_order_relaxed);
    if (table_used(&interest->keys) != 0) {
        struct table_slot slot = interest_find(interest, wanted->db, wanted->key, hash);
        if (slot.word != NULL) {
            touch_key(table_slot_item(slot), fell_due);
        }
    }
    interest_let_go(shard, held);
}

void interest_touch_slow(struct shard *shard, unsigned db, struct slice key, uint64_t hash)
{
    touch(shard, &(struct wanted){db, key}, hash, false);
}

void interest_touch_due(const struct keyref *ref)
{
    if (atomic_load_explicit(&ref->shard->interest, memory_order_relaxed) != NULL) {
        touch(ref->shard, &(struct wanted){ref->db, ref->key}, ref->hash, true);
    }
}

struct database_touch {
    struct keyspace_user *user;
    unsigned db, other;
};

static void touch_if_there(void *context, void *item) UNCHECKED_LOCKING /* table_scan calls it under the shard */
{
    const struct database_touch *touch = context;
    const struct interest_key *key = item;
    if (key->db != touch->db && key->db != touch->other) {
        return;
    }
    struct slice name = slice_make(key->key, key->key_len);
    struct keyref here;
    struct keyref there;
    keyref_open_hashed(&here, touch->user, touch->db, name, key->hash);
    keyref_open_hashed(&there, touch->user, touch->other, name, key->hash);
    if (here.entry != NULL || there.entry != NULL) {
        touch_key(key, false);
    }
}

void interest_touch_database(struct keyspace_user *user, struct shard *shard, unsigned db, unsigned other)
{
    struct interest *interest = atomic_load_explicit(&shard->interest, memory_order_relaxed);
    if (interest == NULL) {
        return;
    }
    bool held = interest_hold(shard);
    struct database_touch context = {user, db, other};
    for (uint64_t position = 0; position != TABLE_SCAN_END;) {
        position = table_scan(&interest->keys, &interest_env, position, touch_if_there, &context);
    }
    interest_let_go(shard, held);
}

void interest_destroy(struct shard *shard)
{
    struct interest *interest = atomic_load_explicit(&shard->interest, memory_order_relaxed);
    if (interest != NULL) {
        ASSERT(table_used(&interest->keys) == 0);
        table_deinit(&interest->keys, &interest_env);
        memory_free(interest);
        atomic_store_explicit(&shard->interest, NULL, memory_order_relaxed);
    }
}

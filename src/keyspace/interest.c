/* SPDX-License-Identifier: BSD-3-Clause */
/* The tables of keys that somebody watches or waits for.
 * Owner: each shard. Locks: the shard's spinlock, taken here where the caller holds the shard by possession or not at
 * all. */
#include "sherd/keyspace/interest.h"

#include <string.h>

struct interest_key {
    uint64_t hash;                                 /* (c) the key's, without its database */
    uint32_t shard;                                /* (c) index */
    unsigned db;                                   /* (c) */
    struct watch *watches;                         /* (s) */
    struct key_waiter *first_waiter, *last_waiter; /* (s) */
    struct interest_key *next_ready;               /* of the thread that holds the shard */
    bool is_ready;                                 /* in that list, or being served: not freed meanwhile */
    uint32_t wants_removal;                        /* (s) waiters that do */
    size_t key_len;                                /* (c) */
    char key[];                                    /* (c) */
};

struct interest {
    struct table keys;         /* (s) of struct interest_key */
    struct key_waiter *movers; /* (s) waiters with a destination */
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

/* The interest in a key, made when there is none. Under the spinlock. */
static struct interest_key *interest_key_of(const struct keyref *ref)
{
    struct shard *shard = ref->shard;
    struct interest *interest = atomic_load_explicit(&shard->interest, memory_order_relaxed);
    if (interest == NULL) {
        interest = memory_alloc_zeroed(sizeof(*interest));
        table_init(&interest->keys);
        atomic_store_explicit(&shard->interest, interest, memory_order_relaxed);
    }
    struct table_slot slot = interest_find(interest, ref->db, ref->key, ref->hash);
    if (slot.word != NULL) {
        return table_slot_item(slot);
    }
    struct interest_key *key = memory_alloc_zeroed(sizeof(*key) + ref->key.len);
    key->hash = ref->hash;
    key->shard = shard->index;
    key->db = ref->db;
    key->key_len = ref->key.len;
    if (ref->key.len != 0) {
        memcpy(key->key, ref->key.data, ref->key.len);
    }
    (void)table_insert(&interest->keys, &interest_env, interest_hash(ref->db, ref->hash), key);
    return key;
}

/* Frees the interest in a key when there is none left. Under the spinlock. */
static void interest_key_end(struct shard *shard, struct interest_key *key)
{
    if (key->watches != NULL || key->first_waiter != NULL || key->is_ready) {
        return;
    }
    struct interest *interest = atomic_load_explicit(&shard->interest, memory_order_relaxed);
    struct table_slot slot = interest_find(interest, key->db, slice_make(key->key, key->key_len), key->hash);
    memory_free(table_remove(&interest->keys, &interest_env, interest_hash(key->db, key->hash), slot));
}

struct watch *interest_watch(struct keyref *ref, _Atomic bool *touched)
{
    struct watch *watch = memory_alloc_zeroed(sizeof(*watch));
    bool held = interest_hold(ref->shard);
    struct interest_key *key = interest_key_of(ref);
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
    interest_let_go(ref->shard, held);
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
    interest_key_end(shard, key);
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

/* The key changed, by a command of `user`: those who wait for it are served before the shard is free. */
static void key_ready(struct keyspace_user *user, struct interest_key *key)
{
    if (key->first_waiter != NULL && !key->is_ready) {
        key->is_ready = true;
        key->next_ready = NULL;
        *(user->ready != NULL ? &user->last_ready->next_ready : &user->ready) = key; /* in the order of their changes */
        user->last_ready = key;
    }
}

void interest_touch_slow(const struct keyref *ref)
{
    bool held = interest_hold(ref->shard);
    struct interest *interest = atomic_load_explicit(&ref->shard->interest, memory_order_relaxed);
    if (table_used(&interest->keys) != 0) {
        struct table_slot slot = interest_find(interest, ref->db, ref->key, ref->hash);
        if (slot.word != NULL) {
            touch_key(table_slot_item(slot), false);
            key_ready(ref->user, table_slot_item(slot));
        }
    }
    interest_let_go(ref->shard, held);
}

void interest_touch_removed(const struct keyref *ref, bool fell_due)
{
    struct interest *interest = atomic_load_explicit(&ref->shard->interest, memory_order_relaxed);
    if (interest == NULL) {
        return;
    }
    bool held = interest_hold(ref->shard);
    struct table_slot slot = interest_find(interest, ref->db, ref->key, ref->hash);
    if (slot.word != NULL) {
        const struct interest_key *key = table_slot_item(slot);
        touch_key(key, fell_due);
        for (struct key_waiter *waiter = key->first_waiter; waiter != NULL; waiter = waiter->next) {
            if (waiter->wants_removal) {
                waiter->removed(waiter);
            }
        }
    }
    interest_let_go(ref->shard, held);
}

struct database_touch {
    struct keyspace_user *user;
    unsigned db, other;
};

static void touch_if_there(void *context, void *item) UNCHECKED_LOCKING /* table_scan calls it under the shard */
{
    const struct database_touch *touch = context;
    struct interest_key *key = item;
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
        key_ready(touch->user, key);
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

void interest_wait(struct keyref *ref, struct key_waiter *waiter)
{
    struct keyspace *keyspace = ref->user->keyspace;
    bool held = interest_hold(ref->shard);
    struct interest_key *key = interest_key_of(ref);
    struct interest *interest = atomic_load_explicit(&ref->shard->interest, memory_order_relaxed);
    waiter->key = key;
    waiter->next = NULL;
    waiter->previous = key->last_waiter;
    *(key->last_waiter != NULL ? &key->last_waiter->next : &key->first_waiter) = waiter;
    key->last_waiter = waiter;
    if (waiter->previous == NULL) {
        atomic_fetch_add_explicit(&keyspace->waited_keys, 1, memory_order_relaxed);
    }
    if (waiter->wants_removal && key->wants_removal++ == 0) {
        atomic_fetch_add_explicit(&keyspace->removal_keys, 1, memory_order_relaxed);
    }
    if (waiter->moves) {
        waiter->next_mover = interest->movers;
        if (waiter->next_mover != NULL) {
            waiter->next_mover->mover_link = &waiter->next_mover;
        }
        waiter->mover_link = &interest->movers;
        interest->movers = waiter;
        atomic_fetch_add_explicit(&keyspace->movers, 1, memory_order_relaxed);
    }
    interest_let_go(ref->shard, held);
}

/* Under the spinlock. */
static void waiter_unlink(struct keyspace *keyspace, struct shard *shard, struct key_waiter *waiter)
{
    struct interest_key *key = waiter->key;
    *(waiter->next != NULL ? &waiter->next->previous : &key->last_waiter) = waiter->previous;
    *(waiter->previous != NULL ? &waiter->previous->next : &key->first_waiter) = waiter->next;
    if (key->first_waiter == NULL) {
        atomic_fetch_sub_explicit(&keyspace->waited_keys, 1, memory_order_relaxed);
    }
    if (waiter->wants_removal && --key->wants_removal == 0) {
        atomic_fetch_sub_explicit(&keyspace->removal_keys, 1, memory_order_relaxed);
    }
    if (waiter->moves) {
        *waiter->mover_link = waiter->next_mover;
        if (waiter->next_mover != NULL) {
            waiter->next_mover->mover_link = waiter->mover_link;
        }
        atomic_fetch_sub_explicit(&keyspace->movers, 1, memory_order_relaxed);
    }
    waiter->key = NULL;
    interest_key_end(shard, key);
}

void interest_wait_end(struct key_waiter *waiter, struct keyspace *keyspace) UNCHECKED_LOCKING
{
    if (waiter->key == NULL) {
        return;
    }
    struct shard *shard = keyspace_shard(keyspace, waiter->key->shard);
    spin_acquire(&shard->lock);
    waiter_unlink(keyspace, shard, waiter);
    spin_release(&shard->lock);
}

struct interest_key *interest_take_ready(struct keyspace_user *user)
{
    struct interest_key *key = user->ready;
    if (key != NULL) {
        user->ready = key->next_ready;
    }
    return key;
}

void interest_ready_done(struct keyspace *keyspace, struct interest_key *key)
{
    struct shard *shard = keyspace_shard(keyspace, key->shard);
    bool held = interest_hold(shard);
    key->is_ready = false;
    interest_key_end(shard, key);
    interest_let_go(shard, held);
}

void interest_open(const struct interest_key *key, struct keyspace_user *user, struct keyref *ref)
{
    keyref_open_hashed(ref, user, key->db, slice_make(key->key, key->key_len), key->hash);
}

struct key_waiter *interest_claim(struct keyspace *keyspace, struct interest_key *key, struct key_waiter *after,
                                  const struct keyref *ref,
                                  bool (*claim)(struct key_waiter *waiter, const struct keyref *ref))
{
    struct shard *shard = keyspace_shard(keyspace, key->shard);
    bool held = interest_hold(shard);
    struct key_waiter *waiter = after == NULL ? key->first_waiter : after->next;
    while (waiter != NULL && !claim(waiter, ref)) {
        waiter = waiter->next;
    }
    interest_let_go(shard, held);
    return waiter;
}

void interest_claim_end(struct keyspace *keyspace, struct key_waiter *waiter, void (*end)(struct key_waiter *waiter))
{
    struct shard *shard = keyspace_shard(keyspace, waiter->key->shard);
    bool held = interest_hold(shard);
    end(waiter);
    interest_let_go(shard, held);
}

void interest_served(struct keyspace *keyspace, struct key_waiter *waiter)
{
    struct shard *shard = keyspace_shard(keyspace, waiter->key->shard);
    bool held = interest_hold(shard);
    waiter_unlink(keyspace, shard, waiter);
    interest_let_go(shard, held);
}

bool interest_wants_removal(const struct interest_key *key)
{
    return key->wants_removal != 0;
}

void interest_add_destinations(struct shard *shard, void (*add)(void *context, uint32_t shard), void *context)
{
    const struct interest *interest = atomic_load_explicit(&shard->interest, memory_order_relaxed);
    if (interest != NULL) {
        for (const struct key_waiter *waiter = interest->movers; waiter != NULL; waiter = waiter->next_mover) {
            add(context, waiter->destination);
        }
    }
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

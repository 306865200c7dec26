/* SPDX-License-Identifier: BSD-3-Clause */
/* The shards' life, counting, and what whole databases go through.
 * Owner: the server. Locks: each shard's, held by the caller where the header says so. */
#include "sherd/keyspace/keyspace.h"

#include "sherd/keyspace/expiry.h"
#include "sherd/keyspace/garbage.h"
#include "sherd/keyspace/interest.h"

static uint64_t hash_of_entry(const void *context, const void *item)
{
    const struct keyspace_user *user = context;
    return keyspace_hash(user->keyspace, entry_key(item));
}

static void retire_memory(void *context, void *memory)
{
    struct keyspace_user *user = context;
    if (user->counts_retired) {
        user->retired_bytes += memory_usable_bytes(memory);
    }
    epoch_retire(user->epoch, memory, memory_free);
}

struct table_env keyspace_table_env(const struct keyspace_user *user)
{
    /* The callbacks get their user back unchanged. */
    return (struct table_env){.hash = hash_of_entry, .retire = retire_memory, .context = (void *)(uintptr_t)user};
}

enum status keyspace_init(struct keyspace *keyspace, unsigned databases)
{
    ASSERT(databases >= 1 && databases <= KEYSPACE_DATABASES_MAX);
    hash_key_randomize(&keyspace->hash_key);
    keyspace->databases = databases;
    size_t bytes = sizeof(struct shard) + databases * sizeof(struct keytable);
    keyspace->shard_bytes = (bytes + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES;
    keyspace->shards = memory_alloc_line(KEYSPACE_SHARDS * keyspace->shard_bytes);
    memset(keyspace->shards, 0, KEYSPACE_SHARDS * keyspace->shard_bytes);
    keyspace->next_fire_ms = memory_alloc(KEYSPACE_SHARDS * sizeof(keyspace->next_fire_ms[0]));
    atomic_init(&keyspace->expiry_deletes, true);
    atomic_init(&keyspace->expiry_active, true);
    atomic_init(&keyspace->list_plain_bytes, 0);
    atomic_init(&keyspace->tickets, 0);
    atomic_init(&keyspace->usage, 0);
    for (uint32_t i = 0; i < KEYSPACE_SHARDS; i++) {
        struct shard *shard = keyspace_shard(keyspace, i);
        spin_init(&shard->lock, LOCK_RANK_SHARD, i);
        shard->index = (uint16_t)i;
        atomic_init(&keyspace->next_fire_ms[i], INT64_MAX);
        for (unsigned db = 0; db < databases; db++) {
            table_init(&shard->databases[db].table);
        }
    }
    return STATUS_OK;
}

void keyspace_deinit(struct keyspace *keyspace, struct keyspace_user *user) UNCHECKED_LOCKING
{
    for (uint32_t i = 0; i < KEYSPACE_SHARDS; i++) {
        for (unsigned db = 0; db < keyspace->databases; db++) {
            (void)keyspace_detach(user, keyspace_shard(keyspace, i), db);
        }
        interest_destroy(keyspace_shard(keyspace, i));
    }
    size_t keys;
    garbage_release(user->garbage);
    garbage_table_free(garbage_take_tables(user->garbage, &keys), user);
    epoch_drain(user->epoch);
    memory_free(keyspace->shards);
    memory_free((void *)(uintptr_t)keyspace->next_fire_ms);
}

void keyspace_count(const struct keyspace *keyspace, unsigned db, uint64_t *keys, uint64_t *volatile_keys)
{
    *keys = 0;
    *volatile_keys = 0;
    for (uint32_t i = 0; i < KEYSPACE_SHARDS; i++) {
        const struct keytable *keytable = &keyspace_shard(keyspace, i)->databases[db];
        *keys += table_used(&keytable->table);
        *volatile_keys += atomic_load_explicit(&keytable->volatile_keys, memory_order_relaxed);
    }
}

uint64_t keyspace_count_timed(const struct keyspace *keyspace, unsigned db)
{
    uint64_t keys = 0;
    for (uint32_t i = 0; i < KEYSPACE_SHARDS; i++) {
        keys += atomic_load_explicit(&keyspace_shard(keyspace, i)->databases[db].timed_keys, memory_order_relaxed);
    }
    return keys;
}

static void count_swap(_Atomic uint32_t *a, _Atomic uint32_t *b)
{
    uint32_t count = atomic_load_explicit(a, memory_order_relaxed);
    atomic_store_explicit(a, atomic_load_explicit(b, memory_order_relaxed), memory_order_relaxed);
    atomic_store_explicit(b, count, memory_order_relaxed);
}

/* Moves a table's root: prefetchers may see either value of each field, so the count goes down first. */
static void table_move(struct table *to, struct table *from)
{
    uint32_t buckets = atomic_load_explicit(&from->buckets, memory_order_relaxed);
    struct table_directory *directory = atomic_load_explicit(&from->directory, memory_order_relaxed);
    uint32_t used = table_used(from);
    atomic_store_explicit(&from->buckets, 0, memory_order_release);
    atomic_store_explicit(&from->directory, NULL, memory_order_release);
    atomic_store_explicit(&from->used, 0, memory_order_relaxed);
    atomic_store_explicit(&to->directory, directory, memory_order_release);
    atomic_store_explicit(&to->buckets, buckets, memory_order_release);
    atomic_store_explicit(&to->used, used, memory_order_relaxed);
}

size_t keyspace_detach(struct keyspace_user *user, struct shard *shard, unsigned db)
{
    struct keytable *keytable = &shard->databases[db];
    size_t keys = table_used(&keytable->table);
    if (atomic_load_explicit(&keytable->table.directory, memory_order_relaxed) == NULL && keytable->expiry == NULL) {
        return 0; /* a table without keys may still own memory */
    }
    interest_touch_database(user, shard, db, db);
    struct garbage_table *detached = memory_alloc_zeroed(sizeof(*detached));
    table_move(&detached->table, &keytable->table);
    detached->expiry = keytable->expiry;
    keytable->expiry = NULL;
    atomic_store_explicit(&keytable->volatile_keys, 0, memory_order_relaxed);
    atomic_store_explicit(&keytable->timed_keys, 0, memory_order_relaxed);
    garbage_add_table(user->garbage, detached, keys);
    expiry_refresh_hint(user->keyspace, shard);
    return keys;
}

void keyspace_swap(struct keyspace_user *user, struct shard *shard, unsigned db_a, unsigned db_b)
{
    interest_touch_database(user, shard, db_a, db_b);
    struct keytable *a = &shard->databases[db_a];
    struct keytable *b = &shard->databases[db_b];
    struct table aside;
    table_init(&aside);
    table_move(&aside, &a->table);
    table_move(&a->table, &b->table);
    table_move(&b->table, &aside);
    struct expiry_index *expiry = a->expiry;
    a->expiry = b->expiry;
    b->expiry = expiry;
    count_swap(&a->volatile_keys, &b->volatile_keys);
    count_swap(&a->timed_keys, &b->timed_keys);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Sampling, the pool of candidates, and their removal.
 * Owner: the caller's pool. Locks: one shard at a time, tried and never waited for. */
#include "sherd/keyspace/evict.h"

#include "sherd/keyspace/expiry.h"
#include "sherd/keyspace/keyref.h"
#include "sherd/keyspace/lockset.h"

enum {
    DATABASES_MAX = 16, /* sampled in one hold of a shard */
    STALE_TAGS = 64,    /* taken off the top of a heap in one hold */
    DRAWS_A_SAMPLE = 4, /* buckets or tags looked at, at most, for each key wanted */
};

/* A visit of one keytable. */
struct draw {
    struct keyspace_user *user;
    struct evict_pool *pool;
    struct keytable *keytable;
    unsigned db;
    uint32_t left; /* keys still wanted */
};

static bool is_volatile_only(enum evict_policy policy)
{
    return (policy & EVICT_KEYS_VOLATILE) != 0;
}

/* Whether there are keys to draw; without the lock a hint. */
static bool keytable_offers(const struct keytable *keytable, enum evict_policy policy)
{
    return is_volatile_only(policy) ? atomic_load_explicit(&keytable->volatile_keys, memory_order_relaxed) != 0
                                    : table_used(&keytable->table) != 0;
}

static uint64_t entry_mark(const struct entry *entry, enum evict_policy policy)
{
    return (policy & EVICT_DEADLINE) != 0 ? (uint64_t)entry_deadline_ms(entry) : entry->clock;
}

static uint64_t entry_rank(const struct draw *draw, const struct entry *entry)
{
    const struct usage *usage = &draw->user->usage;
    enum evict_policy policy = draw->pool->policy;
    uint32_t clock = (uint32_t)entry->clock;
    if ((policy & EVICT_RECENCY) != 0) {
        return (uint64_t)draw->user->now_ms / 1000 - usage_idle_s(usage, clock);
    }
    if ((policy & EVICT_FREQUENCY) != 0) {
        return usage_counter(usage, clock);
    }
    return (policy & EVICT_DEADLINE) != 0 ? (uint64_t)entry_deadline_ms(entry) : random_next(&draw->pool->random);
}

static void pool_take_out(struct evict_pool *pool, uint32_t at)
{
    pool->count--;
    memmove(&pool->candidates[at], &pool->candidates[at + 1], (pool->count - at) * sizeof(pool->candidates[0]));
}

/* Puts a candidate into its place; a full pool loses its worst. Among equals goes first the one that has been there for
 * longer, for it was not used all that time. */
static void pool_offer(struct evict_pool *pool, const struct evict_candidate *candidate)
{
    for (uint32_t i = 0; i < pool->count; i++) {
        if (pool->candidates[i].hash == candidate->hash && pool->candidates[i].db == candidate->db) {
            pool_take_out(pool, i); /* what was known of it is older */
            break;
        }
    }
    if (pool->count == EVICT_POOL_CANDIDATES) {
        pool_take_out(pool, 0);
    }
    uint32_t at = pool->count++;
    for (; at > 0 && pool->candidates[at - 1].rank <= candidate->rank; at--) {
        pool->candidates[at] = pool->candidates[at - 1];
    }
    pool->candidates[at] = *candidate;
}

static void draw_entry(struct draw *draw, const struct entry *entry)
{
    struct evict_pool *pool = draw->pool;
    if (is_volatile_only(pool->policy) && !entry->has_deadline) {
        return;
    }
    draw->left -= draw->left != 0;
    struct evict_candidate candidate = {.rank = entry_rank(draw, entry)};
    if (pool->count == EVICT_POOL_CANDIDATES && pool->candidates[0].rank <= candidate.rank) {
        return;
    }
    candidate.hash = keyspace_hash(draw->user->keyspace, entry_key(entry));
    candidate.mark = entry_mark(entry, pool->policy);
    candidate.db = draw->db;
    pool_offer(pool, &candidate);
}

/* Draws all keys of a bucket and of what overflowed from it, even when that is more than are wanted: those that stand
 * last would else be spared. */
static void draw_bucket(struct draw *draw, struct table_bucket *bucket)
{
    for (struct table_group group = table_bucket_group(bucket); group.words != NULL; group = table_group_next(group)) {
        for (uint32_t i = 0; i < group.count; i++) {
            PREFETCH(table_word_item(table_load(&group.words[i])));
        }
        for (uint32_t i = 0; i < group.count; i++) {
            uint64_t word = table_load(&group.words[i]);
            if (table_word_is_item(word)) {
                draw_entry(draw, table_word_item(word));
            }
        }
    }
}

/* Neighbouring buckets from a random one on: every key is equally likely, for hashes have no neighbours. */
static void draw_from_table(struct draw *draw)
{
    const struct table *table = &draw->keytable->table;
    uint32_t buckets = atomic_load_explicit(&table->buckets, memory_order_relaxed);
    struct table_directory *directory = atomic_load_explicit(&table->directory, memory_order_relaxed);
    uint32_t wanted = draw->left;
    uint32_t at = (uint32_t)random_below(&draw->pool->random, buckets);
    for (uint32_t i = 0; i < buckets && draw->left != 0; i++) {
        if (draw->left != wanted && i >= wanted * DRAWS_A_SAMPLE) {
            break;
        }
        draw_bucket(draw, table_bucket_at(directory, at));
        at = at + 1 == buckets ? 0 : at + 1;
    }
}

/* The keys that random tags lead to, or those at the top of the heap. Stale tags lead nowhere, but each key has one. */
static void draw_from_expiry(struct draw *draw) REQUIRES(shard_held)
{
    struct keytable *keytable = draw->keytable;
    bool from_top = (draw->pool->policy & EVICT_DEADLINE) != 0;
    if (from_top) {
        expiry_settle_top(draw->user->keyspace, keytable, STALE_TAGS);
    }
    size_t tags = expiry_index_tags(keytable->expiry);
    uint32_t wanted = draw->left;
    size_t at = from_top || tags == 0 ? 0 : (size_t)random_below(&draw->pool->random, tags);
    for (size_t i = 0; i < tags && draw->left != 0; i++) {
        if (draw->left != wanted) {
            if (i >= (size_t)wanted * DRAWS_A_SAMPLE) {
                break;
            }
            /* Neighbours in the heap have like deadlines, which may go with like ages. */
            at = from_top ? at : (size_t)random_below(&draw->pool->random, tags);
        }
        draw_bucket(draw, table_home(&keytable->table, expiry_index_hash(keytable->expiry, at)));
        at = at + 1 == tags ? 0 : at + 1;
    }
}

/* Samples the databases of a held shard, beginning with any. */
static void sample_shard(struct keyspace_user *user, struct evict_pool *pool, struct shard *shard, uint32_t samples)
    REQUIRES(shard_held)
{
    unsigned databases = user->keyspace->databases;
    unsigned begin = (unsigned)random_below(&pool->random, databases);
    unsigned sampled = 0;
    for (unsigned i = 0; i < databases && sampled < DATABASES_MAX; i++) {
        unsigned db = (begin + i) % databases;
        struct keytable *keytable = &shard->databases[db];
        if (!keytable_offers(keytable, pool->policy)) {
            continue;
        }
        struct draw draw = {.user = user, .pool = pool, .keytable = keytable, .db = db, .left = samples};
        if (is_volatile_only(pool->policy)) {
            draw_from_expiry(&draw);
        } else {
            draw_from_table(&draw);
        }
        sampled++;
    }
}

static bool shard_offers(const struct keyspace *keyspace, const struct shard *shard, enum evict_policy policy)
{
    for (unsigned db = 0; db < keyspace->databases; db++) {
        if (keytable_offers(&shard->databases[db], policy)) {
            return true;
        }
    }
    return false;
}

/* Samples one shard that has keys: a random one, or where shards are empty or held another. */
static enum evict_step sample_some_shard(struct keyspace_user *user, struct evict_pool *pool,
                                         uint32_t samples) UNCHECKED_LOCKING
{
    uint64_t random = random_next(&pool->random);
    uint32_t index = (uint32_t)(random >> 40);
    uint32_t step = (uint32_t)(random & (KEYSPACE_SHARDS - 1)) | 1; /* odd: it comes by every shard */
    enum evict_step outcome = EVICT_NO_KEYS;
    for (uint32_t i = 0; i < KEYSPACE_SHARDS; i++, index += step) {
        struct shard *shard = keyspace_shard(user->keyspace, index & (KEYSPACE_SHARDS - 1));
        if (!shard_offers(user->keyspace, shard, pool->policy)) {
            continue;
        }
        outcome = EVICT_MISSED;
        if (shard_try_hold(shard)) {
            sample_shard(user, pool, shard, samples);
            shard_let_go(shard);
            break;
        }
    }
    return outcome;
}

struct wanted {
    const struct keyspace *keyspace;
    uint64_t hash;
};

static bool entry_has_hash(const void *item, const void *context)
{
    const struct wanted *wanted = context;
    return keyspace_hash(wanted->keyspace, entry_key(item)) == wanted->hash;
}

static void keytable_trim(struct keyspace_user *user, struct shard *shard, struct keytable *keytable)
    REQUIRES(shard_held)
{
    struct table_env env = keyspace_table_env(user);
    table_deinit(&keytable->table, &env);
    expiry_index_destroy(keytable->expiry);
    keytable->expiry = NULL;
    expiry_refresh_hint(user->keyspace, shard);
}

/* Removes the key of a candidate from its held shard, unless it is gone or was used since. */
static bool candidate_remove(struct keyspace_user *user, struct shard *shard, const struct evict_candidate *candidate,
                             enum evict_policy policy) REQUIRES(shard_held)
{
    struct keytable *keytable = &shard->databases[candidate->db];
    struct wanted wanted = {.keyspace = user->keyspace, .hash = candidate->hash};
    struct table_slot slot = table_find(&keytable->table, candidate->hash, entry_has_hash, &wanted);
    if (slot.word == NULL) {
        return false;
    }
    struct entry *entry = table_slot_item(slot);
    if ((is_volatile_only(policy) && !entry->has_deadline) || entry_mark(entry, policy) != candidate->mark) {
        return false;
    }
    struct keyref ref = {.user = user,
                         .shard = shard,
                         .keytable = keytable,
                         .db = candidate->db,
                         .key = entry_key(entry),
                         .hash = candidate->hash,
                         .slot = slot,
                         .entry = entry};
    keyref_evict(&ref);
    if (table_used(&keytable->table) == 0) {
        keytable_trim(user, shard, keytable);
    }
    return true;
}

/* The candidates are tried from the best on and leave the pool. */
static bool evict_from_pool(struct keyspace_user *user, struct evict_pool *pool) UNCHECKED_LOCKING
{
    bool removed = false;
    while (pool->count != 0 && !removed) {
        const struct evict_candidate candidate = pool->candidates[--pool->count];
        struct shard *shard = keyspace_shard(user->keyspace, keyspace_shard_of(candidate.hash));
        if (shard_try_hold(shard)) {
            removed = candidate_remove(user, shard, &candidate, pool->policy);
            shard_let_go(shard);
        }
    }
    return removed;
}

enum evict_step evict_one(struct keyspace_user *user, struct evict_pool *pool, enum evict_policy policy,
                          uint32_t samples)
{
    ASSERT(policy != EVICT_NOTHING);
    if ((pool->random.state[0] | pool->random.state[1]) == 0) {
        random_init(&pool->random);
    }
    if (pool->policy != policy) {
        pool->policy = policy;
        pool->count = 0;
    }
    enum evict_step step = sample_some_shard(user, pool, (policy & EVICT_RANDOM) != 0 ? 1 : samples);
    user->counts_retired = true;
    bool removed = evict_from_pool(user, pool);
    user->counts_retired = false;
    return removed ? EVICT_REMOVED : step;
}

bool evict_trim(struct keyspace_user *user) UNCHECKED_LOCKING
{
    size_t before = user->retired_bytes;
    user->counts_retired = true;
    for (uint32_t i = 0; i < KEYSPACE_SHARDS; i++) {
        struct shard *shard = keyspace_shard(user->keyspace, i);
        bool held = false;
        for (unsigned db = 0; db < user->keyspace->databases; db++) {
            struct keytable *keytable = &shard->databases[db];
            bool empty = table_used(&keytable->table) == 0 &&
                         atomic_load_explicit(&keytable->table.directory, memory_order_relaxed) != NULL;
            if (!empty || (!held && !shard_try_hold(shard))) {
                continue;
            }
            held = true;
            if (table_used(&keytable->table) == 0) {
                keytable_trim(user, shard, keytable);
            }
        }
        if (held) {
            shard_let_go(shard);
        }
    }
    user->counts_retired = false;
    return user->retired_bytes != before;
}

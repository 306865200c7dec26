/* SPDX-License-Identifier: BSD-3-Clause */
/* The keyspace: shards, each with one table per database under one spinlock.
 * One function computes a key's shard (the high bits of its keyed hash; the low bits choose the bucket).
 *
 * A shard is held in two ways. By its spinlock: bounded work only. Or *possessed*: an owner mark that is set under the
 * spinlock, which is then released; for commands without a bound, on an executor's thread. Whoever meets a possessed
 * shard does not wait: it queues in the shard's FIFO and is resumed by mail.
 *
 * Owner: the server; `shard` says which lock guards what. Locks: LOCK_RANK_SHARD, ascending by index. */
#ifndef SHERD_KEYSPACE_KEYSPACE_H
#define SHERD_KEYSPACE_KEYSPACE_H

#include "sherd/base/hash.h"
#include "sherd/container/table.h"
#include "sherd/keyspace/entry.h"
#include "sherd/keyspace/usage.h"
#include "sherd/sync/epoch.h"
#include "sherd/sync/spin.h"

/* Set by measurements alone (tools/bench/contention). */
#ifndef SHERD_SHARD_BITS
#define SHERD_SHARD_BITS 10
#endif

enum {
    KEYSPACE_SHARD_BITS = SHERD_SHARD_BITS,
    KEYSPACE_SHARDS = 1 << KEYSPACE_SHARD_BITS,
    KEYSPACE_DATABASES_MAX = 1024,
};

struct expiry_index;
struct interest;
struct interest_key;
struct shard_waiter;

/* The keys of one database in one shard. */
struct keytable {
    struct table table;             /* (s) */
    struct expiry_index *expiry;    /* (s) NULL until a key gets a deadline */
    _Atomic uint32_t volatile_keys; /* (s) keys with a deadline; anybody may read it as a hint */
    _Atomic uint32_t timed_keys;    /* (s) keys whose elements have deadlines; anybody may read it as a hint */
};

/* Who asks whether it may hold a shard: a session, or a task of the server. Linked in at most one FIFO. */
struct shard_waiter {
    struct shard_waiter *next, *previous;        /* (s) of the shard it waits for */
    struct shard *queued_at;                     /* (s) of that shard; the owner may read it */
    uint64_t ticket;                             /* (c) while queued, else the owner's: its age; 0: none yet */
    bool possesses;                              /* (c) while queued: wants possession, not the spinlock */
    _Atomic bool called;                         /* (a) was told to try again */
    void (*resume)(struct shard_waiter *waiter); /* (c) called under the shard's lock: only sends mail */
};

struct shard {
    CACHE_ALIGNED struct spin lock;
    uint16_t index;                    /* (c) */
    bool possessed;                    /* (s) */
    struct shard_waiter *first_waiter; /* (s) FIFO */
    struct shard_waiter *last_waiter;  /* (s) */
    struct interest *_Atomic interest; /* (s) NULL until a key is watched (interest.h); a hint to who possesses */
    struct keytable databases[];       /* (s) the first one shares the lock's cache line */
};

/* A GET or SET of database 0 needs one line of its shard: the lock and the table's root. No two shards share one, since
 * each takes whole lines. */
_Static_assert(offsetof(struct shard, lock) == 0 && _Alignof(struct shard) == CACHE_LINE_BYTES, "a line of its own");
_Static_assert(offsetof(struct shard, databases) + sizeof(struct table) <= CACHE_LINE_BYTES, "lock and root together");

/* Why a key went away without a client's command. */
enum removal {
    REMOVAL_EXPIRED,
    REMOVAL_EVICTED,
};

/* Elements of a collection fell due. */
struct thinning {
    unsigned db;
    struct slice key;
    const char *event; /* of its type */
    size_t removed;    /* elements */
    bool emptied;      /* none is left: the key goes too */
};

struct keyspace {
    struct hash_key hash_key;      /* (c) */
    unsigned databases;            /* (c) */
    size_t shard_bytes;            /* (c) */
    char *shards;                  /* (c) KEYSPACE_SHARDS of shard_bytes */
    _Atomic int64_t *next_fire_ms; /* (s) by shard: when its expiry index wants a visit; INT64_MAX: never. A hint */
    /* Whether past-due keys are removed (a replica, a paused or a loading server only hides them). */
    _Atomic bool expiry_deletes;            /* (a) */
    _Atomic bool expiry_active;             /* (a) DEBUG SET-ACTIVE-EXPIRE */
    _Atomic size_t list_plain_bytes;        /* (a) DEBUG QUICKLIST-PACKED-THRESHOLD; 0: as the options say */
    _Atomic usage_settings usage;           /* (a) what entries' clocks tell */
    _Atomic uint32_t waited_keys;           /* (a) keys that blocked calls wait for */
    _Atomic uint32_t removal_keys;          /* (a) those of them whose removal they wait for, too */
    _Atomic uint32_t movers;                /* (a) waiters with a destination */
    CACHE_ALIGNED _Atomic uint64_t tickets; /* (a) of shard_waiter, drawn so far; what stands above is read always */
};

/* The thread that works on the keyspace: what it needs beside the locks. */
struct keyspace_user {
    struct keyspace *keyspace;
    struct epoch_record *epoch; /* (w) where table memory is retired */
    struct garbage *garbage;    /* (w) what is freed after unlock */
    int64_t now_ms;             /* (w) the frozen time of the batch */
    /* Told under the shard's lock about every removal that no client asked for: an internal write. */
    void (*removed)(void *context, enum removal why, unsigned db, struct slice key);
    /* Told the same way about elements of a collection that were removed because they fell due. */
    void (*thinned)(void *context, const struct thinning *thinning);
    void *context;
    /* Told about every key that comes into being, before anything else is done to it; NULL: nobody asks. */
    void (*created)(void *creator, unsigned db, struct slice key);
    void *creator;
    size_t retired_bytes;            /* (w) retired by eviction, not free before a grace period; its owner lowers it */
    bool counts_retired;             /* (w) eviction is under way */
    struct usage usage;              /* (w) */
    struct interest_key *last_ready; /* (w) the end of `ready`, while that is not empty */
    struct interest_key *ready; /* (w) keys of held shards that changed while somebody waits for them (interest.h) */
};

/* Sets the time of a user, as it is after its thread has read the clock. */
static ALWAYS_INLINE void keyspace_user_refresh(struct keyspace_user *user, int64_t now_ms)
{
    user->now_ms = now_ms;
    usage_refresh(&user->usage, atomic_load_explicit(&user->keyspace->usage, memory_order_relaxed), now_ms);
}

NODISCARD enum status keyspace_init(struct keyspace *keyspace, unsigned databases);
/* Frees every key. No other thread uses the keyspace any more. */
void keyspace_deinit(struct keyspace *keyspace, struct keyspace_user *user);

static ALWAYS_INLINE uint64_t keyspace_hash(const struct keyspace *keyspace, struct slice key)
{
    return hash_bytes(&keyspace->hash_key, key);
}

/* The one function that computes a shard. */
static ALWAYS_INLINE uint32_t keyspace_shard_of(uint64_t hash)
{
    return (uint32_t)(hash >> (64 - KEYSPACE_SHARD_BITS));
}

static ALWAYS_INLINE struct shard *keyspace_shard(const struct keyspace *keyspace, uint32_t index)
{
    return (struct shard *)(void *)(keyspace->shards + index * keyspace->shard_bytes);
}

/* The callbacks tables need, for a user. */
struct table_env keyspace_table_env(const struct keyspace_user *user);

/* Keys and keys with a deadline in a database, summed over the shards without locking: exact when nothing changes. */
void keyspace_count(const struct keyspace *keyspace, unsigned db, uint64_t *keys, uint64_t *volatile_keys);
/* The same for keys whose elements have deadlines. */
uint64_t keyspace_count_timed(const struct keyspace *keyspace, unsigned db);

/* Takes all keys of a database of a locked shard away in O(1); they are freed by garbage_release later.
 * Returns how many keys there were. */
size_t keyspace_detach(struct keyspace_user *user, struct shard *shard, unsigned db) REQUIRES(shard_held);
/* Exchanges two databases of a locked shard in O(1). */
void keyspace_swap(struct keyspace_user *user, struct shard *shard, unsigned db_a, unsigned db_b) REQUIRES(shard_held);

/* Prefetching stages of a batch: shard, place, bucket, entry, entries behind full buckets; inside an epoch
 * section, without locks. */
static ALWAYS_INLINE void keyspace_prefetch_shard(const struct keyspace *keyspace, unsigned db, uint64_t hash)
{
    struct shard *shard = keyspace_shard(keyspace, keyspace_shard_of(hash));
    PREFETCH_WRITE(&shard->lock); /* even a reader writes its line */
    if (UNLIKELY(db != 0)) {
        PREFETCH(&shard->databases[db]);
    }
}

static ALWAYS_INLINE struct table_place keyspace_prefetch_place(const struct keyspace *keyspace, unsigned db,
                                                                uint64_t hash)
{
    return table_prefetch_place(&keyspace_shard(keyspace, keyspace_shard_of(hash))->databases[db].table, hash);
}

static ALWAYS_INLINE void keyspace_prefetch_lines(const char *entry)
{
    if (LIKELY(entry != NULL)) {
        PREFETCH(entry);
        PREFETCH(entry + CACHE_LINE_BYTES);
    }
}

/* `further` becomes what keyspace_prefetch_further goes on with; its words are NULL when there is nothing to do. */
static ALWAYS_INLINE void keyspace_prefetch_entry(struct table_bucket *bucket, uint64_t hash,
                                                  struct table_group *further)
{
    keyspace_prefetch_lines(table_prefetch_item(bucket, hash, further));
}

static ALWAYS_INLINE void keyspace_prefetch_further(struct table_group further, uint64_t hash)
{
    keyspace_prefetch_lines(table_prefetch_further(further, hash));
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Removing keys because memory is short: which one is drawn by sampling, as the policy says.
 * Each step visits one shard that has keys, offers some of them to a small pool of the best candidates met so far, and
 * removes the best of the pool that is still there and was not used since. Candidates are hashes, never pointers. Keys
 * with a deadline are drawn through the expiry index; the soonest deadlines stand at its top.
 * Owner: the pool is one thread's. Locks: one shard at a time, tried and never waited for; none may be held. */
#ifndef SHERD_KEYSPACE_EVICT_H
#define SHERD_KEYSPACE_EVICT_H

#include "sherd/keyspace/keyspace.h"

enum evict_flag {
    EVICT_RECENCY = 1 << 0,   /* first what was used longest ago */
    EVICT_FREQUENCY = 1 << 1, /* first what is used least often */
    EVICT_RANDOM = 1 << 2,
    EVICT_DEADLINE = 1 << 3,      /* first what expires soonest */
    EVICT_KEYS_VOLATILE = 1 << 4, /* only keys with a deadline */
};

enum evict_policy {
    EVICT_NOTHING = 0,
    EVICT_ALLKEYS_LRU = EVICT_RECENCY,
    EVICT_ALLKEYS_LFU = EVICT_FREQUENCY,
    EVICT_ALLKEYS_RANDOM = EVICT_RANDOM,
    EVICT_VOLATILE_LRU = EVICT_RECENCY | EVICT_KEYS_VOLATILE,
    EVICT_VOLATILE_LFU = EVICT_FREQUENCY | EVICT_KEYS_VOLATILE,
    EVICT_VOLATILE_RANDOM = EVICT_RANDOM | EVICT_KEYS_VOLATILE,
    EVICT_VOLATILE_TTL = EVICT_DEADLINE | EVICT_KEYS_VOLATILE,
};

enum {
    EVICT_POOL_CANDIDATES = 16,
};

struct evict_candidate {
    uint64_t hash;
    uint64_t rank; /* the lowest goes first */
    uint64_t mark; /* of the entry's use; when it is another the key was used since */
    uint32_t db;
};

struct evict_pool {
    enum evict_policy policy; /* what the ranks mean */
    uint32_t count;
    struct evict_candidate candidates[EVICT_POOL_CANDIDATES]; /* falling ranks: the best is the last */
    struct random random;                                     /* zero: seeded at first use */
};

enum evict_step {
    EVICT_REMOVED, /* one key is gone: an internal write, told to user->removed */
    EVICT_MISSED,  /* none, for shards were held or candidates had changed: try again */
    EVICT_NO_KEYS, /* no key may be removed under this policy */
};

/* One step with about `samples` keys drawn from a shard. The key goes to the user's garbage; memory of tables is
 * retired and counted in user->retired_bytes. */
NODISCARD enum evict_step evict_one(struct keyspace_user *user, struct evict_pool *pool, enum evict_policy policy,
                                    uint32_t samples) EXCLUDES(shard_held);
/* Retires the memory of all tables without keys; true when there was some. */
bool evict_trim(struct keyspace_user *user) EXCLUDES(shard_held);

#endif

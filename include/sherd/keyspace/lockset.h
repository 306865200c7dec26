/* SPDX-License-Identifier: BSD-3-Clause */
/* The shards one call holds. Collected first (duplicates vanish), then locked in ascending order, or not at all: who
 * meets a possessed shard queues in its FIFO, gives everything back and is resumed later; newcomers queue behind. Who
 * goes on to wait for another shard keeps its age, and passes who is younger: so the oldest always gets on.
 *
 *   IDLE --acquire--> HELD --release--> IDLE
 *   HELD --possess--> POSSESSED --release--> IDLE     (spinlocks are free in between, the marks keep others out)
 *
 * Owner: the call. Locks: LOCK_RANK_SHARD, ascending. */
#ifndef SHERD_KEYSPACE_LOCKSET_H
#define SHERD_KEYSPACE_LOCKSET_H

#include "sherd/keyspace/keyspace.h"

enum {
    LOCKSET_WORDS = KEYSPACE_SHARDS / 64,
};

enum lockset_outcome {
    LOCKSET_HELD,   /* all shards are locked */
    LOCKSET_QUEUED, /* nothing is locked; the waiter is resumed by mail */
    LOCKSET_BUSY,   /* nothing is locked; a holder is slow (descheduled): try again after other work */
};

struct lockset {
    uint32_t count;  /* distinct shards */
    uint32_t single; /* the shard when count is 1 */
    bool held;
    bool possessed;
    uint64_t words[LOCKSET_WORDS]; /* one bit a shard; filled only when count > 1 */
};

static ALWAYS_INLINE void lockset_init(struct lockset *set)
{
    set->count = 0;
    set->held = false;
    set->possessed = false;
}

void lockset_add_second(struct lockset *set, uint32_t shard);

/* Adds a shard, before acquiring. */
static ALWAYS_INLINE void lockset_add(struct lockset *set, uint32_t shard)
{
    if (LIKELY(set->count == 0)) {
        set->count = 1;
        set->single = shard;
    } else if (set->count > 1 || set->single != shard) {
        lockset_add_second(set, shard);
    }
}

void lockset_add_all(struct lockset *set);

/* Does the set contain the shard? */
static inline bool lockset_contains(const struct lockset *set, uint32_t shard)
{
    return set->count == 1 ? set->single == shard : ((set->words[shard / 64] >> (shard % 64)) & 1) != 0;
}

/* Locks all shards of the set or none. `waiter` identifies who asks; a set that is to be possessed says so, for it
 * must be the first of a FIFO to get in. */
NODISCARD enum lockset_outcome lockset_acquire(struct lockset *set, struct keyspace *keyspace,
                                               struct shard_waiter *waiter, bool possess)
    TRY_ACQUIRES(LOCKSET_HELD, shard_held);
/* The general half of lockset_release. */
void lockset_release_all(struct lockset *set, struct keyspace *keyspace) RELEASES(shard_held);
/* Turns held locks into marks: the shards stay this call's without their spinlocks. */
void lockset_possess(struct lockset *set, struct keyspace *keyspace);

void shard_waiter_init(struct shard_waiter *waiter, void (*resume)(struct shard_waiter *waiter));
/* Takes a waiter out of the FIFO it is in, if any: its session goes away. */
void shard_waiter_leave(struct shard_waiter *waiter);
/* Takes one shard for a task of the server (expiry, a walk): true when it is locked. Never queues. */
NODISCARD bool shard_try_hold(struct shard *shard) TRY_ACQUIRES(true, shard_held);
void shard_let_go(struct shard *shard) RELEASES(shard_held);

/* The single-shard fast path of lockset_acquire: true when the shard is now locked. */
NODISCARD static ALWAYS_INLINE bool lockset_acquire_single(struct lockset *set,
                                                           struct keyspace *keyspace) UNCHECKED_LOCKING
{
    struct shard *shard = keyspace_shard(keyspace, set->single);
    if (LIKELY(spin_try(&shard->lock))) {
        if (LIKELY(!shard->possessed && shard->first_waiter == NULL)) {
            set->held = true;
            return true;
        }
        spin_release(&shard->lock);
    }
    return false;
}

/* Gives the shards back and calls those who waited. */
static ALWAYS_INLINE void lockset_release(struct lockset *set, struct keyspace *keyspace)
    RELEASES(shard_held) UNCHECKED_LOCKING
{
    if (LIKELY(set->count == 1 && !set->possessed)) {
        struct shard *shard = keyspace_shard(keyspace, set->single);
        if (LIKELY(shard->first_waiter == NULL)) {
            spin_release(&shard->lock);
            set->held = false;
            return;
        }
    }
    lockset_release_all(set, keyspace);
}

#endif

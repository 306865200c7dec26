/* SPDX-License-Identifier: BSD-3-Clause */
/* Ordered locking of several shards, possession, and the FIFOs of those who wait.
 * Owner: the call. Locks: LOCK_RANK_SHARD, ascending by index. */
#include "sherd/keyspace/lockset.h"

#include <string.h>

void shard_waiter_init(struct shard_waiter *waiter, void (*resume)(struct shard_waiter *waiter))
{
    *waiter = (struct shard_waiter){.resume = resume};
    atomic_init(&waiter->called, false);
}

void lockset_add_second(struct lockset *set, uint32_t shard)
{
    if (set->count == 1) {
        memset(set->words, 0, sizeof(set->words));
        set->words[set->single / 64] |= UINT64_C(1) << (set->single % 64);
    }
    uint64_t bit = UINT64_C(1) << (shard % 64);
    if ((set->words[shard / 64] & bit) == 0) {
        set->words[shard / 64] |= bit;
        set->count++;
    }
}

void lockset_add_all(struct lockset *set)
{
    memset(set->words, 0xff, sizeof(set->words));
    set->count = KEYSPACE_SHARDS;
}

/* The next shard of the set from `from` on, or KEYSPACE_SHARDS. */
static uint32_t lockset_next(const struct lockset *set, uint32_t from)
{
    if (set->count <= 1) {
        return set->count == 1 && from <= set->single ? set->single : KEYSPACE_SHARDS;
    }
    while (from < KEYSPACE_SHARDS) {
        uint64_t rest = set->words[from / 64] >> (from % 64);
        if (rest != 0) {
            return from + (uint32_t)__builtin_ctzll(rest);
        }
        from = (from / 64 + 1) * 64;
    }
    return KEYSPACE_SHARDS;
}

/* The FIFO, by age; all under the shard's lock. Newcomers are the youngest; who comes over from the queue of another
 * shard keeps its age. */
static void fifo_insert(struct shard *shard, struct shard_waiter *waiter)
{
    struct shard_waiter *previous = shard->last_waiter;
    while (previous != NULL && previous->ticket > waiter->ticket) {
        previous = previous->previous;
    }
    struct shard_waiter *next = previous != NULL ? previous->next : shard->first_waiter;
    waiter->next = next;
    waiter->previous = previous;
    waiter->queued_at = shard;
    *(previous != NULL ? &previous->next : &shard->first_waiter) = waiter;
    *(next != NULL ? &next->previous : &shard->last_waiter) = waiter;
}

static void fifo_unlink(struct shard *shard, struct shard_waiter *waiter)
{
    if (waiter->previous != NULL) {
        waiter->previous->next = waiter->next;
    } else {
        shard->first_waiter = waiter->next;
    }
    if (waiter->next != NULL) {
        waiter->next->previous = waiter->previous;
    } else {
        shard->last_waiter = waiter->previous;
    }
    waiter->queued_at = NULL;
    atomic_store_explicit(&waiter->called, false, memory_order_relaxed);
}

static void fifo_call(struct shard_waiter *waiter)
{
    if (!atomic_exchange_explicit(&waiter->called, true, memory_order_acq_rel)) {
        waiter->resume(waiter);
    }
}

/* Calls the front of the FIFO of a shard that is free: all up to the first that wants possession, or that one alone. */
static void fifo_call_front(struct shard *shard)
{
    if (shard->possessed) {
        return;
    }
    for (struct shard_waiter *waiter = shard->first_waiter; waiter != NULL; waiter = waiter->next) {
        if (waiter->possesses && waiter != shard->first_waiter) {
            break;
        }
        fifo_call(waiter);
        if (waiter->possesses) {
            break;
        }
    }
}

/* May the waiter have the locked shard? Newcomers stay behind those who queue; who wants possession must be first. Who
 * has waited elsewhere passes those who are younger: else calls on several shards keep each other out in turns. */
static bool shard_admits(const struct shard *shard, const struct shard_waiter *waiter)
{
    if (shard->possessed) {
        return false;
    }
    if (shard->first_waiter == NULL || shard->first_waiter == waiter) {
        return true;
    }
    if (waiter->queued_at != shard) {
        return waiter->ticket != 0 && waiter->ticket < shard->first_waiter->ticket;
    }
    return !waiter->possesses && atomic_load_explicit(&waiter->called, memory_order_relaxed);
}

static void lockset_unlock_below(const struct lockset *set, struct keyspace *keyspace, uint32_t end) UNCHECKED_LOCKING
{
    for (uint32_t i = lockset_next(set, 0); i < end; i = lockset_next(set, i + 1)) {
        spin_release(&keyspace_shard(keyspace, i)->lock);
    }
}

/* Nobody is called here: where the shard is free its first waiter was called already, and calls the others when it has
 * had the shard or leaves. */
static void shard_enqueue(struct keyspace *keyspace, struct shard *shard, struct shard_waiter *waiter, bool possess)
{
    if (waiter->ticket == 0) {
        waiter->ticket = atomic_fetch_add_explicit(&keyspace->tickets, 1, memory_order_relaxed) + 1;
    }
    if (waiter->queued_at == NULL) {
        fifo_insert(shard, waiter);
    }
    waiter->possesses = possess;
    atomic_store_explicit(&waiter->called, false, memory_order_relaxed);
}

/* Out of the queue, but not younger. */
static void leave_queue(struct shard_waiter *waiter) UNCHECKED_LOCKING
{
    struct shard *shard = waiter->queued_at;
    if (shard != NULL) {
        spin_acquire(&shard->lock);
        fifo_unlink(shard, waiter);
        if (shard->first_waiter != NULL) {
            fifo_call_front(shard);
        }
        spin_release(&shard->lock);
    }
}

enum lockset_outcome lockset_acquire(struct lockset *set, struct keyspace *keyspace, struct shard_waiter *waiter,
                                     bool possess) UNCHECKED_LOCKING
{
    if (waiter->queued_at != NULL && !lockset_contains(set, waiter->queued_at->index)) {
        leave_queue(waiter);
    }
    for (uint32_t i = lockset_next(set, 0); i < KEYSPACE_SHARDS; i = lockset_next(set, i + 1)) {
        struct shard *shard = keyspace_shard(keyspace, i);
        if (UNLIKELY(!spin_acquire_bounded(&shard->lock))) {
            lockset_unlock_below(set, keyspace, i);
            return LOCKSET_BUSY;
        }
        if (LIKELY(shard_admits(shard, waiter))) {
            continue;
        }
        if (waiter->queued_at == NULL || waiter->queued_at == shard) {
            shard_enqueue(keyspace, shard, waiter, possess);
            lockset_unlock_below(set, keyspace, i + 1);
            return LOCKSET_QUEUED;
        }
        lockset_unlock_below(set, keyspace, i + 1);
        leave_queue(waiter); /* it waited for a later shard: queue here on the next try */
        return LOCKSET_BUSY;
    }
    if (waiter->queued_at != NULL) {
        fifo_unlink(waiter->queued_at, waiter);
    }
    waiter->ticket = 0;
    set->held = true;
    return LOCKSET_HELD;
}

void lockset_release_all(struct lockset *set, struct keyspace *keyspace) UNCHECKED_LOCKING
{
    for (uint32_t i = lockset_next(set, 0); i < KEYSPACE_SHARDS; i = lockset_next(set, i + 1)) {
        struct shard *shard = keyspace_shard(keyspace, i);
        if (set->possessed) {
            spin_acquire(&shard->lock);
            shard->possessed = false;
        }
        if (UNLIKELY(shard->first_waiter != NULL)) {
            fifo_call_front(shard);
        }
        spin_release(&shard->lock);
    }
    set->held = false;
    set->possessed = false;
}

void lockset_possess(struct lockset *set, struct keyspace *keyspace) UNCHECKED_LOCKING
{
    ASSERT(set->held && !set->possessed);
    for (uint32_t i = lockset_next(set, 0); i < KEYSPACE_SHARDS; i = lockset_next(set, i + 1)) {
        struct shard *shard = keyspace_shard(keyspace, i);
        shard->possessed = true;
        spin_release(&shard->lock);
    }
    set->possessed = true;
}

void shard_waiter_leave(struct shard_waiter *waiter)
{
    leave_queue(waiter);
    waiter->ticket = 0;
}

bool shard_try_hold(struct shard *shard) UNCHECKED_LOCKING
{
    if (!spin_try(&shard->lock)) {
        return false;
    }
    if (shard->possessed || shard->first_waiter != NULL) {
        spin_release(&shard->lock);
        return false;
    }
    return true;
}

void shard_let_go(struct shard *shard) UNCHECKED_LOCKING
{
    if (shard->first_waiter != NULL) {
        fifo_call_front(shard);
    }
    spin_release(&shard->lock);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The only place that calls Concurrency Kit's locks. A spinlock with a rank, an owner (debug builds) and TSan hooks.
 * A holder may be descheduled: everybody spins briefly, then yields the core.
 * Owner: whoever embeds it. Locks: this is one. */
#ifndef SHERD_SYNC_SPIN_H
#define SHERD_SYNC_SPIN_H

#include <ck_spinlock.h>

#include "sherd/base/compiler.h"
#include "sherd/sync/annotate.h"

enum lock_rank {
#define LOCK_RANK(name, what) LOCK_RANK_##name,
#include "sherd/sync/lock_ranks.def"
#undef LOCK_RANK
    LOCK_RANK_COUNT
};

struct CAPABILITY("mutex") spin {
    ck_spinlock_fas_t lock; /* (a) */
#ifdef SHERD_CHECK_LOCKS
    uint32_t rank;  /* (c) enum lock_rank */
    uint32_t order; /* (c) position among locks of the same rank */
#endif
};

void spin_init(struct spin *spin, enum lock_rank rank, uint32_t order);

/* The slow halves: spin with back-off, then yield. `spin_wait_bounded` gives up (false) after a few yields. */
void spin_wait(struct spin *spin);
NODISCARD bool spin_wait_bounded(struct spin *spin);

#ifdef SHERD_CHECK_LOCKS
void spin_check_acquire(const struct spin *spin);
void spin_check_release(const struct spin *spin);
#else
#define spin_check_acquire(spin) ((void)(spin))
#define spin_check_release(spin) ((void)(spin))
#endif

/* Takes the lock when it is free; never waits. */
NODISCARD static ALWAYS_INLINE bool spin_try(struct spin *spin) TRY_ACQUIRES(true, *spin) UNCHECKED_LOCKING
{
    TSAN_MUTEX_PRE_TRY(spin);
    if (LIKELY(ck_spinlock_fas_trylock(&spin->lock))) {
        TSAN_MUTEX_TRY_OK(spin);
        spin_check_acquire(spin);
        return true;
    }
    TSAN_MUTEX_TRY_FAILED(spin);
    return false;
}

/* Takes the lock, waiting as long as it takes: for locks that are held for nanoseconds. */
static ALWAYS_INLINE void spin_acquire(struct spin *spin) ACQUIRES(*spin) UNCHECKED_LOCKING
{
    TSAN_MUTEX_PRE_LOCK(spin);
    if (UNLIKELY(!ck_spinlock_fas_trylock(&spin->lock))) {
        spin_wait(spin);
    }
    TSAN_MUTEX_POST_LOCK(spin);
    spin_check_acquire(spin);
}

/* Takes the lock or gives up after a bounded time (false): for shards, whose waiters have other work. */
NODISCARD static ALWAYS_INLINE bool spin_acquire_bounded(struct spin *spin) TRY_ACQUIRES(true, *spin) UNCHECKED_LOCKING
{
    TSAN_MUTEX_PRE_TRY(spin);
    if (LIKELY(ck_spinlock_fas_trylock(&spin->lock)) || spin_wait_bounded(spin)) {
        TSAN_MUTEX_TRY_OK(spin);
        spin_check_acquire(spin);
        return true;
    }
    TSAN_MUTEX_TRY_FAILED(spin);
    return false;
}

static ALWAYS_INLINE void spin_release(struct spin *spin) RELEASES(*spin) UNCHECKED_LOCKING
{
    spin_check_release(spin);
    TSAN_MUTEX_PRE_UNLOCK(spin);
    ck_spinlock_fas_unlock(&spin->lock);
    TSAN_MUTEX_POST_UNLOCK(spin);
}

#endif

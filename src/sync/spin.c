/* SPDX-License-Identifier: BSD-3-Clause */
/* The waiting halves of the spinlock, and the rank check of debug builds.
 * Owner: whoever embeds the lock; the trace of held locks (debug builds only) belongs to its thread. Locks: itself. */
#include "sherd/sync/spin.h"

#include <sched.h>

enum {
    /* Each look takes the lock's line away from its holder: the first comes late enough for the holder to be done, and
     * often to have come back, so that the line changes cores less often than the lock changes hands. A pause is 10 to
     * 45 ns on x86. */
    SPIN_PAUSES_FIRST = 32,
    SPIN_PAUSES_MAX = 256, /* longest back-off between two looks */
    SPIN_LOOKS = 12,       /* looks before the first yield: a few tens of microseconds */
    SPIN_YIELDS_MAX = 64,  /* yields before a bounded wait gives up */
};

void spin_init(struct spin *spin, enum lock_rank rank, uint32_t order)
{
    ck_spinlock_fas_init(&spin->lock);
    TSAN_MUTEX_CREATE(spin);
#ifdef SHERD_CHECK_LOCKS
    spin->rank = (uint32_t)rank;
    spin->order = order;
#else
    (void)rank;
    (void)order;
#endif
}

/* One round of looks with growing pauses; true when the lock was taken. */
static bool spin_round(struct spin *spin)
{
    unsigned pauses = SPIN_PAUSES_FIRST;
    for (int look = 0; look < SPIN_LOOKS; look++) {
        for (unsigned i = 0; i < pauses; i++) {
            ck_pr_stall();
        }
        if (!ck_spinlock_fas_locked(&spin->lock) && ck_spinlock_fas_trylock(&spin->lock)) {
            return true;
        }
        if (pauses < SPIN_PAUSES_MAX) {
            pauses *= 2;
        }
    }
    return false;
}

void spin_wait(struct spin *spin)
{
    while (!spin_round(spin)) {
        (void)sched_yield();
    }
}

bool spin_wait_bounded(struct spin *spin)
{
    for (int yields = 0; yields < SPIN_YIELDS_MAX; yields++) {
        if (spin_round(spin)) {
            return true;
        }
        (void)sched_yield();
    }
    return false;
}

#ifdef SHERD_CHECK_LOCKS
enum {
    TRACE_MAX = 2048, /* every shard and a few more */
};

struct spin_trace {
    uint32_t depth;
    const struct spin *held[TRACE_MAX];
};

/* Allowed thread-local, debug builds only: which locks this thread holds. */
static _Thread_local struct spin_trace spin_trace;

void spin_check_acquire(const struct spin *spin)
{
    struct spin_trace *trace = &spin_trace;
    if (trace->depth > 0) {
        const struct spin *last = trace->held[trace->depth - 1];
        ASSERT(last->rank < spin->rank || (last->rank == spin->rank && last->order < spin->order));
    }
    ASSERT(trace->depth < TRACE_MAX);
    trace->held[trace->depth++] = spin;
}

void spin_check_release(const struct spin *spin)
{
    struct spin_trace *trace = &spin_trace;
    uint32_t at = trace->depth;
    while (at > 0 && trace->held[at - 1] != spin) {
        at--;
    }
    ASSERT(at > 0); /* the thread holds it */
    trace->depth--;
    for (uint32_t i = at - 1; i < trace->depth; i++) {
        trace->held[i] = trace->held[i + 1];
    }
}
#endif

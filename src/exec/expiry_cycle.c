/* SPDX-License-Identifier: BSD-3-Clause */
/* Active expiry: a worker fires what is due in the shards it looks after; one that is held is left for the next time.
 * Owner: the worker. Locks: one shard at a time, never waiting. */
#include "sherd/keyspace/expiry.h"

#include "sherd/exec/exec.h"

enum {
    TICK_IDLE_MS = 100,    /* nothing expires: ten times a second */
    TICK_EXPIRING_MS = 10, /* some key has a deadline */
    SLICE_TAGS = 16,       /* tags fired in one hold of a shard */
};

static void note_lag(struct exec *exec, int64_t lag_ms)
{
    uint64_t worst = atomic_load_explicit(&exec->worst_expiry_lag_ms, memory_order_relaxed);
    while ((uint64_t)lag_ms > worst &&
           !atomic_compare_exchange_weak_explicit(&exec->worst_expiry_lag_ms, &worst, (uint64_t)lag_ms,
                                                  memory_order_relaxed, memory_order_relaxed)) {
    }
}

/* Fires one shard as long as the budget lasts. False when time is up. */
static bool expire_shard(struct exec_worker *worker, uint32_t index, int64_t until_us) UNCHECKED_LOCKING
{
    struct shard *shard = keyspace_shard(worker->user.keyspace, index);
    bool more = true;
    while (more) {
        if (clock_source_us(worker->exec->clock) >= until_us) {
            return false;
        }
        if (!shard_try_hold(shard)) {
            return true;
        }
        struct expiry_slice slice = expiry_fire(&worker->user, shard, SLICE_TAGS);
        shard_let_go(shard);
        exec_release_garbage(worker);
        if (slice.removed > 0) {
            note_lag(worker->exec, slice.worst_lag_ms);
        }
        more = slice.more;
    }
    return true;
}

/* Fires what is due. Returns the milliseconds until the next visit; *fired says whether anything was. */
static int64_t expire_due(struct exec_worker *worker, struct expiry_round *round, int64_t budget_us, bool *fired)
{
    struct keyspace *keyspace = worker->user.keyspace;
    int64_t now_ms = worker->user.now_ms;
    int64_t until_us = worker->now_us + budget_us;
    int64_t next_ms = TICK_IDLE_MS;
    uint32_t visited = 0;
    uint32_t index = round->next;
    for (; visited < KEYSPACE_SHARDS; visited += round->step) {
        int64_t fire_ms = atomic_load_explicit(&keyspace->next_fire_ms[index], memory_order_relaxed);
        if (fire_ms != INT64_MAX) {
            next_ms = TICK_EXPIRING_MS;
        }
        *fired |= fire_ms <= now_ms;
        if (fire_ms <= now_ms && !expire_shard(worker, index, until_us)) {
            round->next = index; /* go on here, after the sockets had their turn */
            statistics_add(&worker->statistics, STATISTIC_EXPIRY_CUT_SHORT, 1);
            return 0;
        }
        index += round->step;
        if (index >= KEYSPACE_SHARDS) {
            index = round->first;
        }
    }
    return next_ms;
}

int64_t exec_expire(struct exec_worker *worker, struct expiry_round *round, int64_t budget_us)
{
    struct keyspace *keyspace = worker->user.keyspace;
    if (!atomic_load_explicit(&keyspace->expiry_active, memory_order_relaxed) ||
        !atomic_load_explicit(&keyspace->expiry_deletes, memory_order_relaxed)) {
        return TICK_IDLE_MS;
    }
    const struct exec *exec = worker->exec;
    uint64_t begin = clock_ticks(&exec->ticks);
    bool fired = false;
    int64_t next_ms = expire_due(worker, round, budget_us, &fired);
    if (fired) {
        uint64_t nanoseconds = clock_ticks_to_ns(&exec->ticks, clock_ticks(&exec->ticks) - begin);
        statistics_add(&worker->statistics, STATISTIC_EXPIRY_NANOSECONDS, nanoseconds);
        if (exec->spike_hook.noted != NULL) {
            exec->spike_hook.noted(exec->spike_hook.context, "expire-cycle", nanoseconds);
        }
    }
    return next_ms;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What a worker does by the clock: active expiry of the shards it looks after, idle clients, soft limits.
 * A worker looks after the shards whose number is congruent to its own; a shard that is held is left for the next tick.
 * Owner: the worker. Locks: one shard at a time, never waiting. */
#include "internal.h"
#include "sherd/keyspace/expiry.h"

enum {
    TICK_IDLE_MS = 100,      /* nothing expires: ten times a second */
    TICK_EXPIRING_MS = 10,   /* some key has a deadline */
    SWEEP_MS = 250,          /* between the beginnings of two looks at every connection */
    SWEEP_CONNECTIONS = 512, /* at the least looked at in one tick */
    SWEEP_PARTS = 4,
    CRON_MS = 90,          /* at least, between two calls of the cron hooks */
    SLICE_TAGS = 16,       /* tags fired in one hold of a shard */
    TICK_BUDGET_US = 1000, /* time given to expiry in one tick, for each step of active-expire-effort */
};

static void note_lag(struct net *net, int64_t lag_ms)
{
    uint64_t worst = atomic_load_explicit(&net->worst_expiry_lag_ms, memory_order_relaxed);
    while ((uint64_t)lag_ms > worst &&
           !atomic_compare_exchange_weak_explicit(&net->worst_expiry_lag_ms, &worst, (uint64_t)lag_ms,
                                                  memory_order_relaxed, memory_order_relaxed)) {
    }
}

/* Fires one shard as long as the budget lasts. False when time is up. */
static bool expire_shard(struct net_worker *worker, uint32_t index, int64_t until_us) UNCHECKED_LOCKING
{
    struct exec_worker *exec = &worker->exec;
    struct shard *shard = keyspace_shard(exec->user.keyspace, index);
    bool more = true;
    while (more) {
        if (clock_source_us(exec->exec->clock) >= until_us) {
            return false;
        }
        if (!shard_try_hold(shard)) {
            return true;
        }
        struct expiry_slice slice = expiry_fire(&exec->user, shard, SLICE_TAGS);
        shard_let_go(shard);
        exec_release_garbage(exec);
        if (slice.removed > 0) {
            note_lag(worker->net, slice.worst_lag_ms);
        }
        more = slice.more;
    }
    return true;
}

/* Fires what is due. Returns the milliseconds until the next visit; *fired says whether anything was. */
static int64_t expire_due(struct net_worker *worker, bool *fired)
{
    struct keyspace *keyspace = worker->exec.user.keyspace;
    unsigned step = worker->net->worker_count;
    int64_t now_ms = worker->exec.user.now_ms;
    int64_t until_us = worker->exec.now_us + TICK_BUDGET_US * worker_options(worker)->active_expire_effort;
    int64_t next_ms = TICK_IDLE_MS;
    uint32_t visited = 0;
    uint32_t index = worker->sweep_shard;
    for (; visited < KEYSPACE_SHARDS; visited += step) {
        int64_t fire_ms = atomic_load_explicit(&keyspace->next_fire_ms[index], memory_order_relaxed);
        if (fire_ms != INT64_MAX) {
            next_ms = TICK_EXPIRING_MS;
        }
        *fired |= fire_ms <= now_ms;
        if (fire_ms <= now_ms && !expire_shard(worker, index, until_us)) {
            worker->sweep_shard = index; /* go on here, after the sockets had their turn */
            statistics_add(&worker->exec.statistics, STATISTIC_EXPIRY_CUT_SHORT, 1);
            return 0;
        }
        index += step;
        if (index >= KEYSPACE_SHARDS) {
            index = worker->index;
        }
    }
    return next_ms;
}

/* The same with its duration counted. */
static int64_t expire_tick(struct net_worker *worker)
{
    struct keyspace *keyspace = worker->exec.user.keyspace;
    if (!atomic_load_explicit(&keyspace->expiry_active, memory_order_relaxed) ||
        !atomic_load_explicit(&keyspace->expiry_deletes, memory_order_relaxed)) {
        return TICK_IDLE_MS;
    }
    const struct exec *exec = worker->exec.exec;
    uint64_t begin = clock_ticks(&exec->ticks);
    bool fired = false;
    int64_t next_ms = expire_due(worker, &fired);
    if (fired) {
        uint64_t nanoseconds = clock_ticks_to_ns(&exec->ticks, clock_ticks(&exec->ticks) - begin);
        statistics_add(&worker->exec.statistics, STATISTIC_EXPIRY_NANOSECONDS, nanoseconds);
        if (exec->spike_hook.noted != NULL) {
            exec->spike_hook.noted(exec->spike_hook.context, "expire-cycle", nanoseconds);
        }
    }
    return next_ms;
}

/* What a connection occupies, without values that it shares with the keyspace. */
static size_t conn_bytes(const struct conn *conn)
{
    return sizeof(*conn) + conn->input.cap + conn->session.own.bytes.cap;
}

/* Looks at a part of the connections: all of them in at most SWEEP_PARTS ticks, so that no tick takes long. */
static void sweep_connections(struct net_worker *worker)
{
    const struct net_options *options = worker_options(worker);
    if (worker->sweep_left == 0) {
        if (worker->exec.user.now_ms - worker->last_sweep_ms < SWEEP_MS) {
            return;
        }
        worker->last_sweep_ms = worker->exec.user.now_ms;
        worker->sweep_left = worker->slot_count;
        peaks_advance(worker);
    }
    uint32_t part = worker->slot_count / SWEEP_PARTS + SWEEP_CONNECTIONS;
    /* Downwards, since a connection that is closed leaves its place to the last one. */
    for (; worker->sweep_left > 0 && part > 0; part--) {
        uint32_t last = worker->slot_count;
        worker->sweep_left = (worker->sweep_left < last ? worker->sweep_left : last) - (last > 0);
        if (last > 0) {
            struct conn *conn = worker->slots[worker->sweep_left].conn;
            worker->sweep_bytes += conn_bytes(conn);
            conn_sweep(conn, options, worker->exec.user.now_ms);
        }
    }
    conn_bury(worker);
    if (worker->sweep_left == 0) {
        atomic_fetch_add_explicit(&worker->exec.exec->clients_bytes, worker->sweep_bytes - worker->clients_bytes,
                                  memory_order_relaxed);
        worker->clients_bytes = worker->sweep_bytes;
        worker->sweep_bytes = 0;
    }
}

int64_t worker_tick(struct net_worker *worker)
{
    exec_turn_begin(&worker->exec);
    sweep_connections(worker);
    if (worker->index == 0 && worker->exec.user.now_ms - worker->last_cron_ms >= CRON_MS) {
        worker->last_cron_ms = worker->exec.user.now_ms;
        exec_cron(&worker->exec);
    }
    int64_t next_ms = expire_tick(worker);
    exec_turn_end(&worker->exec);
    (void)exec_tidy(&worker->exec); /* what is left has to wait for the next tick */
    return next_ms;
}

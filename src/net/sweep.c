/* SPDX-License-Identifier: BSD-3-Clause */
/* What a worker does by the clock: idle clients, soft limits, cron hooks, and its share of expiry and eviction.
 * Owner: the worker. Locks: none here. */
#include "internal.h"

enum {
    SWEEP_MS = 250,          /* between the beginnings of two looks at every connection */
    SWEEP_CONNECTIONS = 512, /* at the least looked at in one tick */
    SWEEP_PARTS = 4,
    CRON_MS = 90, /* at least, between two calls of the cron hooks */
    /* Time given to expiry before the sockets have their turn again: about a third of a busy worker's; at the highest
     * active-expire-effort, 10, a little less than a millisecond. */
    EXPIRY_BUDGET_US = 200,
    EXPIRY_EFFORT_US = 75, /* more for each step of active-expire-effort */
};

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
            conn_sweep(conn, options, worker->exec.user.now_ms);
        }
    }
    conn_bury(worker);
}

int64_t worker_tick(struct net_worker *worker)
{
    exec_turn_begin(&worker->exec);
    sweep_connections(worker);
    if (worker->index == 0 && worker->exec.user.now_ms - worker->last_cron_ms >= CRON_MS) {
        worker->last_cron_ms = worker->exec.user.now_ms;
        exec_cron(&worker->exec);
    }
    int64_t budget_us = EXPIRY_BUDGET_US + EXPIRY_EFFORT_US * (worker_options(worker)->active_expire_effort - 1);
    int64_t next_ms = exec_expire(&worker->exec, &worker->expiry, budget_us);
    int64_t evict_ms = exec_evict_tick(&worker->exec);
    exec_turn_end(&worker->exec);
    (void)exec_tidy(&worker->exec); /* what is left has to wait for the next tick */
    return evict_ms < next_ms ? evict_ms : next_ms;
}

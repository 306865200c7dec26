/* SPDX-License-Identifier: BSD-3-Clause */
/* MONITOR: sessions that are shown the calls of all clients, as they are executed.
 *
 *   a call ran, its shards are free -> one line (all lines of an EXEC together) -> the mailboxes of the workers that
 *   have monitors -> their sessions
 *
 * All monitors see one order, in which every client's calls stand as they were executed. Nobody is asked and nothing is
 * formatted while there is no monitor.
 * Owner: struct observe. Locks: lock (LOCK_RANK_OBSERVE). */
#ifndef SHERD_OBSERVE_MONITOR_H
#define SHERD_OBSERVE_MONITOR_H

#include "sherd/exec/exec.h"

struct monitor;

/* The monitors of one worker. */
struct monitor_audience {
    struct monitor *first; /* (w) */
    uint32_t count;        /* lock */
};

struct monitors {
    struct exec *exec; /* (c) */
    struct spin lock;
    uint32_t count;                                    /* lock */
    uint64_t latest;                                   /* lock; the number of the latest message */
    struct monitor_audience workers[EXEC_WORKERS_MAX]; /* by exec_worker.index */
};

/* Becomes the witness of exec's calls. */
void monitors_init(struct monitors *monitors, struct exec *exec);
/* The session is shown what is executed from now on; its end, or RESET, ends that. In a turn of `worker`, its own. */
void monitors_join(struct monitors *monitors, struct exec_worker *worker, struct session *session);

#endif

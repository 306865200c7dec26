/* SPDX-License-Identifier: BSD-3-Clause */
/* What the server tells about itself: INFO, the slow log, latency, memory, DEBUG; and the guard of maxmemory.
 * Owner: the server embeds one. Locks: identity, and those of the slow log and of latency (all LOCK_RANK_OBSERVE, none
 * taken under another). */
#ifndef SHERD_OBSERVE_OBSERVE_H
#define SHERD_OBSERVE_OBSERVE_H

#include <sys/time.h>

#include "sherd/base/log.h"
#include "sherd/base/random.h"
#include "sherd/exec/chore.h"
#include "sherd/exec/exec.h"
#include "sherd/exec/info.h"
#include "sherd/observe/latency.h"
#include "sherd/observe/monitor.h"
#include "sherd/observe/options.h"
#include "sherd/observe/samples.h"
#include "sherd/observe/slowlog.h"

/* What wiring gives: all of it lives as long as the server. */
struct observe_setup {
    struct exec *exec;
    struct log *log;
    unsigned config_slot;
    const struct info_section *sections; /* of INFO, in order; ends with a row without name */
};

/* The average time to live by database, measured shard by shard. */
struct ttl_survey {
    uint32_t next_shard;          /* (m) of the sampling chore, as are the sums */
    double *sums_ms;              /* (m) by database: of averages weighed with keys */
    uint64_t *keys;               /* (m) by database */
    _Atomic int64_t *averages_ms; /* (a) by database, of the last complete survey */
};

struct observe {
    struct observe_setup setup;           /* (c) */
    int64_t start_ms;                     /* (c) since 1970 */
    char run_id[RANDOM_HEX_ID_BYTES + 1]; /* (c) */
    char *executable;                     /* (c) owned */
    uint64_t system_bytes;                /* (c) memory of the machine */
    _Atomic uint64_t startup_bytes;       /* (a) in use when everything had started */
    _Atomic uint64_t peak_bytes;          /* (a) */
    struct rate rates[RATE_KIND_COUNT];
    struct ttl_survey survey;
    struct chore sampling;                     /* of times to live and of the allocator's figures */
    struct spin identity;                      /* guards what follows */
    struct memory_figures figures;             /* of the last sampling */
    struct timeval worker_system, worker_user; /* processor time of the thread that ticks, at the last tick */
    char replication_id[RANDOM_HEX_ID_BYTES + 1];
    struct slowlog slowlog;
    struct latency latency;
    struct monitors monitors;
};

/* Before the threads start: attaches the hooks and guards of this room to setup->exec. */
void observe_init(struct observe *observe, const struct observe_setup *setup);
/* On the main thread, when all threads have started: from here on memory counts as used by data. */
void observe_started(struct observe *observe);
void observe_deinit(struct observe *observe);

/* Bytes in use, as the guard of maxmemory counts them: what the calling worker has not reported yet included. */
uint64_t observe_used_bytes(const struct observe *observe, struct exec_worker *worker);
/* The same, which also raises the peak. */
uint64_t observe_note_used_bytes(struct observe *observe, struct exec_worker *worker);

static inline const struct observe_options *observe_options(const struct observe *observe,
                                                            const struct config_snapshot *snapshot)
{
    return config_section(snapshot, observe->setup.config_slot);
}

#endif

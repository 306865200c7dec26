/* SPDX-License-Identifier: BSD-3-Clause */
/* The ceiling on memory: when more is in use than it allows, keys are removed as the policy says, by whichever worker
 * notices, a slice at a time. All workers may do so at once; each looks at the sum again after every key.
 *
 *   over the ceiling -> clients shed -> keys evicted -> below: OK | time is up: RUNNING | nothing left to evict: FAIL
 *
 * What a slice leaves over is done by the workers' ticks, also without new writes.
 * Owner: struct exec. Locks: none may be held; shards one at a time, never waiting. */
#ifndef SHERD_EXEC_EVICTION_H
#define SHERD_EXEC_EVICTION_H

#include "sherd/keyspace/evict.h"

struct exec;
struct exec_worker;

struct eviction_settings {
    int64_t limit_bytes; /* 0: none */
    enum evict_policy policy;
    uint32_t samples;
    uint64_t slice_ns; /* time for one slice; UINT64_MAX: until done */
};

struct eviction {
    _Atomic int64_t limit_bytes;   /* (a) INT64_MAX: none */
    _Atomic uint32_t policy;       /* (a) enum evict_policy */
    _Atomic uint32_t samples;      /* (a) */
    _Atomic uint64_t slice_ns;     /* (a) */
    _Atomic int64_t over_since_ns; /* (a) monotonic: since when the ceiling could not be kept; 0: it is kept */
    _Atomic uint64_t over_ns;      /* (a) how long it was not kept before that, since a reset */
};

/* Asked to take memory from clients before any key is evicted; returns the bytes that will come back by themselves.
 * Inside a turn, no shard held. */
struct shed_hook {
    size_t (*shed)(void *context, struct exec_worker *worker);
    void *context;
};

enum eviction_outcome {
    EVICTION_OK,      /* memory is below the ceiling, or eviction does not apply now */
    EVICTION_RUNNING, /* above; there is more to evict */
    EVICTION_FAIL,    /* above, and nothing may be evicted */
};

void exec_eviction_init(struct exec *exec);
/* Any thread; takes effect at once. */
void exec_set_eviction(struct exec *exec, const struct eviction_settings *settings);
/* Is more memory in use than the ceiling allows? What the worker has not reported is included. Cheap, writes nothing
 * shared unless the worker owes a lot. */
NODISCARD bool exec_memory_is_over(struct exec_worker *worker);
/* So close to the ceiling that one batch might go beyond? */
NODISCARD bool exec_memory_is_near(const struct exec_worker *worker);
/* Brings memory below the ceiling, for at most one slice of time. Inside a turn. */
enum eviction_outcome exec_evict(struct exec_worker *worker) EXCLUDES(shard_held);
/* The same from a worker's tick; returns the milliseconds until the next one is worthwhile. */
int64_t exec_evict_tick(struct exec_worker *worker) EXCLUDES(shard_held);
/* At the end of a turn, when eviction retired memory of tables: gives it back as soon as may be. */
void exec_evict_turn_end(struct exec_worker *worker);
/* Everything that the worker retired is free. */
void exec_evict_tidied(struct exec_worker *worker);
/* How long the ceiling was not kept: this time, and in all since a reset. */
uint64_t exec_eviction_over_now_ms(const struct exec *exec);
uint64_t exec_eviction_over_total_ms(const struct exec *exec);
void exec_eviction_reset(struct exec *exec);

#endif

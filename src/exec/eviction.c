/* SPDX-License-Identifier: BSD-3-Clause */
/* Keeping memory below its ceiling: when to evict, for how long, and what counts as in use.
 * Owner: struct exec; the worker that evicts. Locks: none held; evict_one takes shards one at a time. */
#include "sherd/exec/exec.h"

enum {
    OWED_MAX_BYTES = 64 * 1024,        /* a worker adds more than this to the sum before the end of its turn */
    NEAR_SHARE = 32,                   /* of the ceiling, the part below it that counts as near */
    NEAR_MAX_BYTES = 16 * 1024 * 1024, /* ... but not more than this */
    LOOK_AT_CLOCK_KEYS = 16,           /* evicted between two looks at the clock */
    MISSES_MAX = 64,                   /* in a row: the shards are busy */
    TICK_IDLE_MS = 100,
    TRIM_MS = 100,            /* between two looks for empty tables where nothing can be evicted */
    RETIRED_MIN_BYTES = 1024, /* less is not worth an attempt to give it back at once */
};

#define SPIKE_MIN_NS UINT64_C(1000000) /* shorter ones cannot be latency events */

void exec_eviction_init(struct exec *exec)
{
    exec_set_eviction(exec, &(struct eviction_settings){.samples = 1});
}

void exec_set_eviction(struct exec *exec, const struct eviction_settings *settings)
{
    struct eviction *eviction = &exec->eviction;
    int64_t limit_bytes = settings->limit_bytes > 0 ? settings->limit_bytes : INT64_MAX;
    atomic_store_explicit(&eviction->policy, (uint32_t)settings->policy, memory_order_relaxed);
    atomic_store_explicit(&eviction->samples, settings->samples, memory_order_relaxed);
    atomic_store_explicit(&eviction->slice_ns, settings->slice_ns, memory_order_relaxed);
    atomic_store_explicit(&eviction->limit_bytes, limit_bytes, memory_order_relaxed);
}

/* Adds what the worker owes to the sum; returns the sum. A sanitizer's allocator, which does not count by thread, is
 * asked for all instead. */
static int64_t settle(struct exec_worker *worker)
{
    _Atomic int64_t *sum = &worker->exec->memory_used;
    if (worker->meter.allocated == NULL) {
        struct memory_figures figures;
        memory_figures_read(&figures);
        atomic_store_explicit(sum, (int64_t)figures.allocated, memory_order_relaxed);
        return (int64_t)figures.allocated;
    }
    int64_t change = memory_meter_take(&worker->meter);
    return atomic_fetch_add_explicit(sum, change, memory_order_relaxed) + change;
}

/* Lets the others know what this worker's retired tables will give back. */
static void tell_retired(struct exec_worker *worker)
{
    size_t retired_bytes = worker->user.retired_bytes;
    if (retired_bytes != worker->retired_told_bytes) {
        atomic_fetch_add_explicit(&worker->exec->leaving_bytes, retired_bytes - worker->retired_told_bytes,
                                  memory_order_relaxed);
        worker->retired_told_bytes = retired_bytes;
    }
}

/* Bytes in use that are not on their way back already. */
static int64_t bytes_in_use(struct exec_worker *worker)
{
    tell_retired(worker);
    return settle(worker) - (int64_t)atomic_load_explicit(&worker->exec->leaving_bytes, memory_order_relaxed);
}

bool exec_memory_is_over(struct exec_worker *worker)
{
    const struct exec *exec = worker->exec;
    int64_t limit_bytes = atomic_load_explicit(&exec->eviction.limit_bytes, memory_order_relaxed);
    int64_t owed = memory_meter_owed(&worker->meter);
    if (UNLIKELY(owed > OWED_MAX_BYTES || owed < -OWED_MAX_BYTES || worker->meter.allocated == NULL)) {
        (void)settle(worker);
        owed = 0;
    }
    return atomic_load_explicit(&exec->memory_used, memory_order_relaxed) + owed > limit_bytes;
}

bool exec_memory_is_near(const struct exec_worker *worker)
{
    const struct exec *exec = worker->exec;
    int64_t limit_bytes = atomic_load_explicit(&exec->eviction.limit_bytes, memory_order_relaxed);
    int64_t room_bytes = limit_bytes / NEAR_SHARE < NEAR_MAX_BYTES ? limit_bytes / NEAR_SHARE : NEAR_MAX_BYTES;
    int64_t used = atomic_load_explicit(&exec->memory_used, memory_order_relaxed);
    return used + memory_meter_owed(&worker->meter) > limit_bytes - room_bytes || worker->meter.allocated == NULL;
}

static void spike(const struct exec *exec, const char *event, uint64_t begin_ticks)
{
    uint64_t nanoseconds = clock_ticks_to_ns(&exec->ticks, clock_ticks(&exec->ticks) - begin_ticks);
    if (UNLIKELY(nanoseconds >= SPIKE_MIN_NS) && exec->spike_hook.noted != NULL) {
        exec->spike_hook.noted(exec->spike_hook.context, event, nanoseconds);
    }
}

/* Where nothing can be evicted, tables that deletions left empty may still hold memory. */
static bool trim_now_and_then(struct exec_worker *worker)
{
    if (worker->user.now_ms - worker->last_trim_ms < TRIM_MS) {
        return false;
    }
    worker->last_trim_ms = worker->user.now_ms;
    return evict_trim(&worker->user);
}

/* Evicts until not more than `limit_bytes` are in use. */
static enum eviction_outcome evict_slice(struct exec_worker *worker, int64_t limit_bytes)
{
    struct exec *exec = worker->exec;
    struct eviction *eviction = &exec->eviction;
    enum evict_policy policy = (enum evict_policy)atomic_load_explicit(&eviction->policy, memory_order_relaxed);
    uint32_t samples = atomic_load_explicit(&eviction->samples, memory_order_relaxed);
    uint64_t slice_ns = atomic_load_explicit(&eviction->slice_ns, memory_order_relaxed);
    uint64_t begin = clock_ticks(&exec->ticks);
    unsigned misses = 0;
    for (unsigned keys = 0; bytes_in_use(worker) > limit_bytes;) {
        uint64_t step_begin = clock_ticks(&exec->ticks);
        enum evict_step step =
            policy == EVICT_NOTHING ? EVICT_NO_KEYS : evict_one(&worker->user, &worker->evict_pool, policy, samples);
        if (step == EVICT_NO_KEYS && !trim_now_and_then(worker)) {
            return EVICTION_FAIL;
        }
        misses = step == EVICT_MISSED ? misses + 1 : 0;
        if (misses > MISSES_MAX) {
            return EVICTION_RUNNING;
        }
        if (step == EVICT_REMOVED) {
            exec_release_garbage(worker);
            spike(exec, "eviction-del", step_begin);
            if (++keys % LOOK_AT_CLOCK_KEYS == 0 &&
                clock_ticks_to_ns(&exec->ticks, clock_ticks(&exec->ticks) - begin) > slice_ns) {
                return EVICTION_RUNNING;
            }
        }
    }
    return EVICTION_OK;
}

/* Starts and stops the clock that says how long the ceiling was not kept. */
static void note_outcome(struct eviction *eviction, enum eviction_outcome outcome)
{
    int64_t since_ns = atomic_load_explicit(&eviction->over_since_ns, memory_order_relaxed);
    if (LIKELY((since_ns != 0) == (outcome != EVICTION_OK))) {
        return;
    }
    int64_t now_ns = clock_monotonic_ns();
    if (atomic_compare_exchange_strong_explicit(&eviction->over_since_ns, &since_ns,
                                                outcome == EVICTION_OK ? 0 : now_ns, memory_order_relaxed,
                                                memory_order_relaxed) &&
        outcome == EVICTION_OK) {
        atomic_fetch_add_explicit(&eviction->over_ns, (uint64_t)(now_ns - since_ns), memory_order_relaxed);
    }
}

enum eviction_outcome exec_evict(struct exec_worker *worker)
{
    struct exec *exec = worker->exec;
    int64_t limit_bytes = atomic_load_explicit(&exec->eviction.limit_bytes, memory_order_relaxed);
    enum eviction_outcome outcome = EVICTION_OK;
    bool deletes = atomic_load_explicit(&exec->keyspace->expiry_deletes, memory_order_relaxed);
    if (limit_bytes != INT64_MAX && bytes_in_use(worker) > limit_bytes && deletes) {
        size_t shed = exec->shed_hook.shed == NULL ? 0 : exec->shed_hook.shed(exec->shed_hook.context, worker);
        uint64_t begin = clock_ticks(&exec->ticks);
        outcome = evict_slice(worker, limit_bytes + (int64_t)shed);
        spike(exec, "eviction-cycle", begin);
    }
    note_outcome(&exec->eviction, outcome);
    return outcome;
}

int64_t exec_evict_tick(struct exec_worker *worker)
{
    uint64_t evicted = counter_read(&worker->statistics.values[STATISTIC_EVICTED_KEYS]);
    if (exec_evict(worker) != EVICTION_RUNNING) {
        return TICK_IDLE_MS;
    }
    /* Shards that were all held will be free in a moment; else sockets get their turn and then it goes on. */
    return counter_read(&worker->statistics.values[STATISTIC_EVICTED_KEYS]) == evicted ? 1 : 0;
}

void exec_evict_turn_end(struct exec_worker *worker)
{
    if (worker->user.retired_bytes < RETIRED_MIN_BYTES) {
        return;
    }
    unsigned before = epoch_pending(worker->epoch);
    (void)epoch_tidy(worker->epoch);
    unsigned after = epoch_pending(worker->epoch);
    worker->user.retired_bytes = before == 0 ? 0 : worker->user.retired_bytes * after / before;
    tell_retired(worker);
}

void exec_evict_tidied(struct exec_worker *worker)
{
    worker->user.retired_bytes = 0;
    tell_retired(worker);
}

uint64_t exec_eviction_over_now_ms(const struct exec *exec)
{
    int64_t since_ns = atomic_load_explicit(&exec->eviction.over_since_ns, memory_order_relaxed);
    return since_ns == 0 ? 0 : (uint64_t)(clock_monotonic_ns() - since_ns) / 1000000;
}

uint64_t exec_eviction_over_total_ms(const struct exec *exec)
{
    return atomic_load_explicit(&exec->eviction.over_ns, memory_order_relaxed) / 1000000 +
           exec_eviction_over_now_ms(exec);
}

void exec_eviction_reset(struct exec *exec)
{
    atomic_store_explicit(&exec->eviction.over_since_ns, 0, memory_order_relaxed);
    atomic_store_explicit(&exec->eviction.over_ns, 0, memory_order_relaxed);
}

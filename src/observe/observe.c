/* SPDX-License-Identifier: BSD-3-Clause */
/* The life of this room's state, what it samples ten times a second, and its guards.
 * Owner: the server. Locks: identity; shards of the keyspace one at a time, never waiting, to measure times to live. */
#include "sherd/observe/observe.h"

#include <limits.h>
#include <sys/resource.h>
#include <unistd.h>

#include "apply.h"
#include "memory_limit.h"
#include "sherd/config/pending.h"
#include "sherd/keyspace/expiry.h"

enum {
    SURVEY_HOLDS = 64, /* shards held in one tick */
};

static void survey_init(struct ttl_survey *survey, unsigned databases)
{
    survey->next_shard = 0;
    survey->sums_ms = memory_alloc_zeroed(databases * sizeof(survey->sums_ms[0]));
    survey->keys = memory_alloc_zeroed(databases * sizeof(survey->keys[0]));
    survey->averages_ms = memory_alloc_zeroed(databases * sizeof(survey->averages_ms[0]));
}

static void survey_deinit(struct ttl_survey *survey)
{
    memory_free(survey->sums_ms);
    memory_free(survey->keys);
    memory_free((void *)(uintptr_t)survey->averages_ms);
}

static void survey_publish(struct ttl_survey *survey, unsigned databases)
{
    for (unsigned db = 0; db < databases; db++) {
        int64_t average_ms = survey->keys[db] == 0 ? 0 : (int64_t)(survey->sums_ms[db] / (double)survey->keys[db]);
        atomic_store_explicit(&survey->averages_ms[db], average_ms, memory_order_relaxed);
        survey->sums_ms[db] = 0;
        survey->keys[db] = 0;
    }
    survey->next_shard = 0;
}

/* Measures one shard unless it has no key with a deadline or is held; true when it was held for that. */
static bool survey_shard(struct ttl_survey *survey, struct exec_worker *worker, struct shard *shard) UNCHECKED_LOCKING
{
    unsigned databases = worker->exec->keyspace->databases;
    bool held = false;
    for (unsigned db = 0; db < databases; db++) {
        uint32_t keys = atomic_load_explicit(&shard->databases[db].volatile_keys, memory_order_relaxed);
        if (keys == 0) {
            continue;
        }
        if (!held && !shard_try_hold(shard)) {
            return false;
        }
        held = true;
        survey->sums_ms[db] += (double)expiry_average_ttl_ms(&worker->user, shard, db) * keys;
        survey->keys[db] += keys;
    }
    if (held) {
        shard_let_go(shard);
    }
    return held;
}

static void survey_go_on(struct ttl_survey *survey, struct exec_worker *worker)
{
    const struct keyspace *keyspace = worker->exec->keyspace;
    for (unsigned holds = 0; holds < SURVEY_HOLDS && survey->next_shard < KEYSPACE_SHARDS; survey->next_shard++) {
        holds += survey_shard(survey, worker, keyspace_shard(keyspace, survey->next_shard));
    }
    if (survey->next_shard == KEYSPACE_SHARDS) {
        survey_publish(survey, keyspace->databases);
    }
}

uint64_t observe_used_bytes(const struct observe *observe, struct exec_worker *worker)
{
    struct exec *exec = observe->setup.exec;
    int64_t change = memory_meter_take(&worker->meter);
    int64_t used = atomic_fetch_add_explicit(&exec->memory_used, change, memory_order_relaxed) + change;
    return used > 0 ? (uint64_t)used : 0;
}

uint64_t observe_note_used_bytes(struct observe *observe, struct exec_worker *worker)
{
    uint64_t used = observe_used_bytes(observe, worker);
    uint64_t peak = atomic_load_explicit(&observe->peak_bytes, memory_order_relaxed);
    while (used > peak && !atomic_compare_exchange_weak_explicit(&observe->peak_bytes, &peak, used,
                                                                 memory_order_relaxed, memory_order_relaxed)) {
    }
    return used;
}

/* The allocator's figures: it visits all its arenas for them, which takes longer than a turn should. */
static void read_figures(struct observe *observe, struct exec_worker *worker)
{
    struct memory_figures figures;
    memory_figures_read(&figures);
    spin_acquire(&observe->identity);
    observe->figures = figures;
    spin_release(&observe->identity);
    if (worker != NULL && worker->meter.allocated == NULL) { /* a sanitizer's allocator does not count by thread */
        atomic_store_explicit(&worker->exec->memory_used, (int64_t)figures.allocated, memory_order_relaxed);
    }
}

static void read_worker_times(struct observe *observe)
{
    struct rusage thread = {0};
    (void)getrusage(RUSAGE_THREAD, &thread);
    spin_acquire(&observe->identity);
    observe->worker_system = thread.ru_stime;
    observe->worker_user = thread.ru_utime;
    spin_release(&observe->identity);
}

/* What takes too long for the tick of a worker; on an executor. */
static void observe_sample(void *context, struct exec_worker *worker)
{
    struct observe *observe = context;
    read_figures(observe, worker);
    survey_go_on(&observe->survey, worker);
}

void observe_tick(void *context, struct exec_worker *worker)
{
    struct observe *observe = context;
    const struct exec *exec = worker->exec;
    struct rate *rates = observe->rates;
    uint64_t now_ms = (uint64_t)clock_monotonic_ns() / 1000000;
    uint64_t turns = exec_statistic(exec, STATISTIC_TURNS);
    rate_add(&rates[RATE_COMMANDS], exec_statistic(exec, STATISTIC_COMMANDS), now_ms, 1000);
    rate_add(&rates[RATE_INPUT_BYTES], exec_statistic(exec, STATISTIC_INPUT_BYTES), now_ms, 1000);
    rate_add(&rates[RATE_OUTPUT_BYTES], exec_statistic(exec, STATISTIC_OUTPUT_BYTES), now_ms, 1000);
    rate_add(&rates[RATE_TURNS], turns, now_ms, 1000);
    rate_add(&rates[RATE_TURN_NANOSECONDS], exec_statistic(exec, STATISTIC_TURN_NANOSECONDS), turns, 1);
    read_worker_times(observe);
    (void)observe_note_used_bytes(observe, worker);
    exec_chore_send(worker->exec, &observe->sampling);
}

void observe_reset(void *context)
{
    struct observe *observe = context;
    for (int i = 0; i < RATE_KIND_COUNT; i++) {
        rate_reset(&observe->rates[i]);
    }
    atomic_store_explicit(&observe->peak_bytes, 0, memory_order_relaxed);
    exec_eviction_reset(observe->setup.exec);
}

enum outcome observe_guard_memory(struct call *call, void *context)
{
    (void)context;
    if (LIKELY(!exec_memory_is_over(call->worker)) || exec_evict(call->worker) != EVICTION_FAIL) {
        return OUTCOME_DONE;
    }
    return call_fail(call, ERROR_OOM);
}

enum outcome observe_guard_protected(struct call *call, void *context)
{
    const struct observe *observe = context;
    int allowed = observe_options(observe, call->worker->config)->enable_debug_command;
    bool local = (call->session->flags & SESSION_LOCAL) != 0;
    bool is_debug = strcmp(call->command->full_name, "debug") == 0;
    if (!is_debug) {
        allowed = PROTECTED_ACTION_NO; /* modules: there are none to load */
    }
    if (allowed == PROTECTED_ACTION_YES || (allowed == PROTECTED_ACTION_LOCAL && local)) {
        return OUTCOME_DONE;
    }
    return call_fail_format(call,
                            "ERR %s command not allowed. If the %s option is set to \"local\", you can run it from a "
                            "local connection, otherwise you need to set this option in the configuration file, and "
                            "then restart the server.",
                            is_debug ? "DEBUG" : "MODULE", is_debug ? "enable-debug-command" : "enable-module-command");
}

static char *own_path(void)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (len <= 0) {
        return NULL;
    }
    char *copy = memory_alloc((size_t)len + 1);
    memcpy(copy, path, (size_t)len);
    copy[len] = '\0';
    return copy;
}

void observe_init(struct observe *observe, const struct observe_setup *setup)
{
    memset((void *)observe, 0, sizeof(*observe));
    struct exec *exec = setup->exec;
    observe->setup = *setup;
    observe->start_ms = clock_source_us(exec->clock) / 1000;
    random_hex_id(observe->run_id);
    random_hex_id(observe->replication_id);
    observe->executable = own_path();
    observe->system_bytes = memory_system_bytes();
    spin_init(&observe->identity, LOCK_RANK_OBSERVE, 2);
    slowlog_init(&observe->slowlog);
    latency_init(&observe->latency);
    monitors_init(&observe->monitors, exec);
    survey_init(&observe->survey, exec->keyspace->databases);
    chore_init(&observe->sampling, observe_sample, observe);
    exec->slow_hook = (struct slow_hook){observe_slow_ran, observe};
    exec->spike_hook = (struct spike_hook){observe_spike_noted, observe};
    exec_add_cron(exec, (struct cron_hook){observe_tick, observe});
    exec_add_reset(exec, (struct reset_hook){observe_reset, observe});
    exec_add_guard(exec, (struct guard){.session_flags = SESSION_MONITOR, .check = observe_guard_monitor});
    exec_add_guard(
        exec, (struct guard){.command_flags = COMMAND_PROTECTED, .check = observe_guard_protected, .context = observe});
    exec_add_guard(exec,
                   (struct guard){.command_flags = COMMAND_DENYOOM, .check = observe_guard_memory, .context = observe});
    observe_apply_options(observe);
}

void observe_started(struct observe *observe)
{
    struct exec *exec = observe->setup.exec;
    struct memory_meter meter; /* what the main thread allocated for all the others */
    memory_meter_init(&meter);
    int64_t change = memory_meter_take(&meter);
    int64_t used = atomic_fetch_add_explicit(&exec->memory_used, change, memory_order_relaxed) + change;
    atomic_store_explicit(&observe->startup_bytes, used > 0 ? (uint64_t)used : 0, memory_order_relaxed);
    read_figures(observe, NULL);
}

void observe_deinit(struct observe *observe)
{
    slowlog_deinit(&observe->slowlog);
    survey_deinit(&observe->survey);
    memory_free(observe->executable);
}

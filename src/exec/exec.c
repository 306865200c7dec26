/* SPDX-License-Identifier: BSD-3-Clause */
/* The life of the shared half and of the workers' halves, and sums over the workers.
 * Owner: the server; each exec_worker belongs to its thread. Locks: none. */
#include "sherd/exec/exec.h"

#include <time.h>

#include "effects_commit.h"

enum {
    AWAIT_PAUSE_NS = 20000,
};

void exec_init(struct exec *exec, struct keyspace *keyspace, struct epoch *epoch, struct config *config,
               const struct command_table *commands)
{
    memset(exec, 0, sizeof(*exec));
    exec->keyspace = keyspace;
    exec->epoch = epoch;
    exec->config = config;
    exec->commands = commands;
    exec->clock = clock_system();
    exec->guard_session_flags = SESSION_PREPARED | SESSION_MULTI;
    exec_eviction_init(exec);
    clock_scale_init(&exec->ticks);
    atomic_init(&exec->slow_ns, UINT64_MAX);
    atomic_init(&exec->track_latency, true);
    atomic_init(&exec->bulk_max_bytes, INT64_MAX); /* until the room that owns the option says otherwise */
}

void exec_add_guard(struct exec *exec, struct guard guard)
{
    ASSERT(exec->guard_count < EXEC_GUARDS_MAX);
    exec->guards[exec->guard_count++] = guard;
    exec->guard_session_flags |= guard.session_flags;
    exec->postponing_flags |= guard.postpones ? guard.command_flags : 0;
    exec_arm_guard(exec, guard.command_flags, true);
}

void exec_arm_guard(struct exec *exec, uint32_t command_flags, bool armed)
{
    if (armed) {
        atomic_fetch_or_explicit(&exec->guard_command_flags, command_flags, memory_order_relaxed);
    } else {
        atomic_fetch_and_explicit(&exec->guard_command_flags, ~command_flags, memory_order_relaxed);
    }
}

uint32_t exec_add_listener(struct exec *exec, struct effects_listener listener)
{
    ASSERT(exec->listener_count < EXEC_HOOKS_MAX);
    exec->listeners[exec->listener_count] = listener;
    return 1U << exec->listener_count++;
}

void exec_listen(struct exec *exec, uint32_t listener, bool on)
{
    if (on) {
        atomic_fetch_or_explicit(&exec->listening, listener, memory_order_release);
    } else {
        atomic_fetch_and_explicit(&exec->listening, ~listener, memory_order_release);
    }
}

void exec_witness(struct exec *exec, struct exec_worker *worker, bool on)
{
    atomic_store_explicit(&exec->witnessed, on, memory_order_relaxed);
    if (worker != NULL) {
        exec_look_at_guards(worker);
    }
}

void exec_show_call(struct call *call)
{
    const struct witness *witness = &call->worker->exec->witness;
    struct buffer lines;
    buffer_init(&lines);
    call->db = call->session->db;
    witness->describe(witness->context, call, &lines);
    if (lines.len != 0) {
        witness->tell(witness->context, buffer_slice(&lines));
    }
    buffer_deinit(&lines);
}

void exec_add_cron(struct exec *exec, struct cron_hook hook)
{
    ASSERT(exec->cron_count < EXEC_HOOKS_MAX);
    exec->crons[exec->cron_count++] = hook;
}

void exec_add_reset(struct exec *exec, struct reset_hook hook)
{
    ASSERT(exec->reset_count < EXEC_HOOKS_MAX);
    exec->resets[exec->reset_count++] = hook;
}

void exec_cron(struct exec_worker *worker)
{
    const struct exec *exec = worker->exec;
    for (unsigned i = 0; i < exec->cron_count; i++) {
        exec->crons[i].tick(exec->crons[i].context, worker);
    }
}

/* What became of a key by itself, to be shown as a call of nobody. */
static void internal_begin(struct call *call, struct exec_worker *worker, const struct slice *argv, uint32_t argc)
{
    *call = (struct call){.worker = worker, .argv = argv, .argc = argc, .now_ms = worker->user.now_ms};
    effects_clear(&call->effects, atomic_load_explicit(&worker->exec->listening, memory_order_relaxed));
}

/* A key went away by itself: an internal write, under its shard. */
static void worker_removed(void *context, enum removal why, unsigned db, struct slice key)
{
    struct exec_worker *worker = context;
    bool expired = why == REMOVAL_EXPIRED;
    statistics_add(&worker->statistics, expired ? STATISTIC_EXPIRED_KEYS : STATISTIC_EVICTED_KEYS, 1);
    statistics_add(&worker->statistics, STATISTIC_CHANGES, 1);
    if (LIKELY(atomic_load_explicit(&worker->exec->listening, memory_order_relaxed) == 0)) {
        return;
    }
    const struct slice argv[2] = {SLICE_LITERAL("DEL"), key};
    struct call call;
    internal_begin(&call, worker, argv, ARRAY_LENGTH(argv));
    const struct effect effect = {.event_class = expired ? EVENT_EXPIRED : EVENT_EVICTED,
                                  .event = expired ? "expired" : "evicted",
                                  .db = db,
                                  .key = key};
    effects_add(&call.effects, &effect);
    effects_show(&call, true);
    effects_deinit(&call.effects);
}

/* Elements of a collection went away by themselves: the same. */
static void worker_thinned(void *context, const struct thinning *thinning)
{
    struct exec_worker *worker = context;
    statistics_add(&worker->statistics, STATISTIC_EXPIRED_ELEMENTS, thinning->removed);
    if (LIKELY(atomic_load_explicit(&worker->exec->listening, memory_order_relaxed) == 0)) {
        return;
    }
    const struct slice argv[2] = {SLICE_LITERAL("DEL"), thinning->key};
    struct call call;
    internal_begin(&call, worker, argv, thinning->emptied ? 2 : 0);
    struct effect effect = {
        .event_class = EVENT_HASH, .event = thinning->event, .db = thinning->db, .key = thinning->key};
    effects_add(&call.effects, &effect);
    if (thinning->emptied) {
        effect.event_class = EVENT_GENERIC;
        effect.event = "del";
        effects_add(&call.effects, &effect);
    }
    effects_show(&call, true);
    effects_deinit(&call.effects);
}

void exec_worker_init(struct exec_worker *worker, struct exec *exec, bool is_executor)
{
    memset(worker, 0, sizeof(*worker));
    worker->exec = exec;
    worker->is_executor = is_executor;
    worker->epoch = epoch_register(exec->epoch);
    garbage_init(&worker->garbage);
    argument_pool_init(&worker->pool);
    output_init(&worker->out);
    random_init(&worker->random);
    memory_meter_init(&worker->meter);
    statistics_init(&worker->statistics, command_table_ids(exec->commands));
    worker->user = (struct keyspace_user){.keyspace = exec->keyspace,
                                          .epoch = worker->epoch,
                                          .garbage = &worker->garbage,
                                          .removed = worker_removed,
                                          .thinned = worker_thinned,
                                          .context = worker};
    exec_refresh(worker);
    uint32_t index = atomic_fetch_add_explicit(&exec->worker_count, 1, memory_order_acq_rel);
    ASSERT(index < EXEC_WORKERS_MAX);
    worker->index = index;
    atomic_store_explicit(&exec->workers[index], worker, memory_order_release);
}

void exec_worker_deinit(struct exec_worker *worker)
{
    worker->garbage.at_once = true;
    exec_release_garbage(worker);
    epoch_drain(worker->epoch);
    garbage_deinit(&worker->garbage);
    argument_pool_deinit(&worker->pool);
    output_deinit(&worker->out);
    statistics_deinit(&worker->statistics);
}

uint64_t exec_statistic(const struct exec *exec, enum statistic which)
{
    uint64_t sum = 0;
    uint32_t count = atomic_load_explicit(&exec->worker_count, memory_order_acquire);
    for (uint32_t i = 0; i < count; i++) {
        const struct exec_worker *worker = atomic_load_explicit(&exec->workers[i], memory_order_acquire);
        sum += worker == NULL ? 0 : counter_read(&worker->statistics.values[which]);
    }
    return sum;
}

void exec_reset_statistics(struct exec *exec)
{
    uint32_t count = atomic_load_explicit(&exec->worker_count, memory_order_acquire);
    for (uint32_t i = 0; i < count; i++) {
        struct exec_worker *worker = atomic_load_explicit(&exec->workers[i], memory_order_acquire);
        if (worker != NULL) {
            statistics_reset(&worker->statistics);
        }
    }
    atomic_store_explicit(&exec->evicted_clients, 0, memory_order_relaxed);
    for (unsigned i = 0; i < exec->reset_count; i++) {
        exec->resets[i].reset(exec->resets[i].context);
    }
}

/* Looks by writing, so that the look stands between two turns or within one. */
static void await_turn(struct exec_worker *worker)
{
    const struct timespec pause = {.tv_nsec = AWAIT_PAUSE_NS};
    uint64_t seen = atomic_fetch_add_explicit(&worker->turn, 0, memory_order_acq_rel);
    while (seen % 2 != 0 && atomic_load_explicit(&worker->turn, memory_order_acquire) == seen) {
        (void)nanosleep(&pause, NULL);
    }
}

void exec_await_turns(struct exec *exec)
{
    uint32_t count = atomic_load_explicit(&exec->worker_count, memory_order_acquire);
    for (uint32_t i = 0; i < count; i++) {
        struct exec_worker *worker = atomic_load_explicit(&exec->workers[i], memory_order_acquire);
        if (worker != NULL && !worker->is_executor) {
            await_turn(worker);
        }
    }
}

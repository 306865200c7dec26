/* SPDX-License-Identifier: BSD-3-Clause */
/* One command from its guards to its hooks: the only place that locks shards for clients.
 *
 *   known? -> arity -> guards -> lock -> (long? possess, go away) -> handler -> commit -> unlock -> garbage, statistics
 *             refused <--+--> postponed
 *
 * Owner: the executing thread. Locks: the call's lockset. */
#include "effects_commit.h"
#include "locking.h"
#include "sherd/exec/blocking.h"
#include "sherd/exec/postponement.h"
#include "sherd/exec/preparation.h"
#include "sherd/exec/transaction.h"

enum {
    REFRESH_NS = 100000,     /* age at which the frozen time of a batch is read anew */
    AWAY_SLICE_NS = 2000000, /* an executor goes from shard to shard for so long before it does other work */
    UNKNOWN_SHOWN_BYTES = 128,
};

/* "ERR unknown command 'x', with args beginning with: 'a' 'b' " */
static void fail_unknown(struct call *call)
{
    struct buffer args;
    buffer_init(&args);
    for (uint32_t i = 1; i < call->argc && args.len < UNKNOWN_SHOWN_BYTES; i++) {
        size_t room = UNKNOWN_SHOWN_BYTES - args.len;
        struct slice argument = call->argv[i];
        buffer_printf(&args, "'%.*s' ", (int)(argument.len < room ? argument.len : room), argument.data);
    }
    struct slice name = call->argv[0];
    (void)call_fail_format(call, "ERR unknown command '%.*s', with args beginning with: %.*s",
                           (int)(name.len < UNKNOWN_SHOWN_BYTES ? name.len : UNKNOWN_SHOWN_BYTES), name.data,
                           (int)args.len, args.data == NULL ? "" : args.data);
    buffer_deinit(&args);
}

static void fail_unknown_subcommand(struct call *call)
{
    char upper[COMMAND_NAME_BYTES];
    command_capitals(call->command, upper);
    struct slice given = call->argv[1];
    (void)call_fail_format(call, "ERR unknown subcommand '%.*s'. Try %s HELP.",
                           (int)(given.len < UNKNOWN_SHOWN_BYTES ? given.len : UNKNOWN_SHOWN_BYTES), given.data, upper);
}

/* Everything that can refuse a call before it touches keys: OUTCOME_DONE when nothing does, OUTCOME_POSTPONE when it is
 * only too early, otherwise it was refused. */
static enum outcome call_checked(struct call *call)
{
    const struct command *command = call->command;
    struct exec *exec = call->worker->exec;
    if (command == NULL) {
        fail_unknown(call);
        return OUTCOME_ERROR;
    }
    /* A container without its own handler, or called with a word that is none of its subcommands. */
    if (command->subcommand_count != 0 && call->argc > 1) {
        fail_unknown_subcommand(call);
        return OUTCOME_ERROR;
    }
    if (command->row->handler == NULL || !command_arity_ok(command, call->argc)) {
        enum outcome outcome = call_fail_arity(call);
        counter_add(&call->worker->statistics.commands[command->id].rejected, 1);
        return outcome;
    }
    uint32_t flags = transaction_guard_flags(call);
    enum outcome outcome = OUTCOME_DONE;
    for (unsigned i = 0; i < exec->guard_count && outcome == OUTCOME_DONE; i++) {
        const struct guard *guard = &exec->guards[i];
        if (((flags & guard->command_flags) | (call->session->flags & guard->session_flags)) != 0) {
            outcome = guard->check(call, guard->context);
        }
    }
    if (outcome != OUTCOME_DONE && outcome != OUTCOME_POSTPONE) {
        counter_add(&call->worker->statistics.commands[command->id].rejected, 1);
    }
    return outcome;
}

/* True when that is all for now: the call was refused, postponed, or queued behind MULTI. */
static NOINLINE bool call_ends_early(struct call *call, enum item_outcome *result)
{
    bool queues = (call->session->flags & SESSION_MULTI) != 0;
    struct output_mark mark = output_mark(call->reply.output);
    enum outcome outcome = call_checked(call);
    *result = ITEM_DONE;
    if (outcome == OUTCOME_POSTPONE) {
        session_postpone(call->session);
        *result = ITEM_POSTPONED;
        return true;
    }
    if (outcome != OUTCOME_DONE) {
        if (queues && call->command != NULL && call->command->row->lock == LOCK_TRANSACTION) {
            transaction_refused(call, mark);
        } else if (queues) {
            transaction_break(call->session);
        }
        effects_refused(call->session, call->command);
        return true;
    }
    if (queues && (call->command->flags & COMMAND_UNQUEUED) == 0) {
        transaction_queue(call);
        return true;
    }
    return false;
}

static enum item_outcome suspend(struct call *call, enum lockset_outcome outcome)
{
    statistics_add(&call->worker->statistics, STATISTIC_SUSPENSIONS, 1);
    if (outcome == LOCKSET_BUSY) {
        return ITEM_BUSY;
    }
    call->session->flags |= SESSION_SUSPENDED;
    return ITEM_SUSPENDED;
}

/* With the shards of the call held (or none needed): effects around the handler. */
static ALWAYS_INLINE enum outcome run_held(struct call *call) UNCHECKED_LOCKING
{
    effects_begin(call);
    enum outcome outcome = call->command->row->handler(call);
    effects_commit(call, outcome);
    if (UNLIKELY(call->worker->user.ready != NULL)) {
        exec_serve(call->worker, &call->locks, call->effects.listeners);
    }
    return outcome;
}

/* The handler once, with call->next_shard held. */
static enum lockset_outcome run_one_shard(struct call *call, struct shard_waiter *waiter,
                                          enum outcome *outcome) UNCHECKED_LOCKING
{
    struct keyspace *keyspace = call->worker->exec->keyspace;
    lockset_init(&call->locks);
    lockset_add(&call->locks, call->next_shard);
    if (UNLIKELY(!lockset_acquire_single(&call->locks, keyspace))) {
        enum lockset_outcome held = lockset_acquire(&call->locks, keyspace, waiter, false);
        if (held != LOCKSET_HELD) {
            return held;
        }
    }
    *outcome = run_held(call);
    if (UNLIKELY(*outcome == OUTCOME_POSSESS && call->worker->is_executor)) {
        effects_deinit(&call->effects);
        lockset_possess(&call->locks, keyspace);
        *outcome = run_held(call);
    }
    lockset_release(&call->locks, keyspace);
    effects_deinit(&call->effects);
    return LOCKSET_HELD;
}

static void each_shard_begin(struct call *call)
{
    const struct command_row *row = call->command->row;
    call->next_shard = row->first_shard == NULL ? 0 : row->first_shard(call);
    call->carried = (struct call_carried){0};
    call->carried_mark = output_mark(call->reply.output);
}

/* One shard after the other, the handler running once per shard until it is done; suspended, it starts over. */
static enum item_outcome run_each_shard(struct call *call, enum outcome *outcome)
{
    const struct command_row *row = call->command->row;
    bool is_long = row->is_long != NULL && row->is_long(call);
    each_shard_begin(call);
    while (!is_long) {
        enum lockset_outcome held = run_one_shard(call, &call->session->waiter, outcome);
        if (UNLIKELY(held != LOCKSET_HELD)) {
            return suspend(call, held);
        }
        if (*outcome != OUTCOME_NEXT_SHARD && *outcome != OUTCOME_POSSESS) {
            shard_waiter_leave(&call->session->waiter); /* it may have ended before the shard it had waited for */
            return ITEM_DONE;
        }
        is_long = *outcome == OUTCOME_POSSESS;
    }
    output_truncate(call->reply.output, call->carried_mark);
    each_shard_begin(call);
    shard_waiter_leave(&call->session->waiter); /* the errand has a waiter of its own */
    exec_errand_send(call);
    return ITEM_AWAY;
}

/* The same on an executor: it keeps what it has done, and gives others their turn after a while. */
static enum away_outcome run_each_shard_away(struct call *call, struct shard_waiter *waiter, enum outcome *outcome)
{
    const struct clock_scale *ticks = &call->worker->exec->ticks;
    uint64_t begin = clock_ticks(ticks);
    do {
        enum lockset_outcome held = run_one_shard(call, waiter, outcome);
        if (held != LOCKSET_HELD) {
            return held == LOCKSET_QUEUED ? AWAY_QUEUED : AWAY_AGAIN;
        }
        exec_release_garbage(call->worker);
        if (*outcome != OUTCOME_NEXT_SHARD || atomic_load_explicit(&call->session->doomed, memory_order_relaxed)) {
            return AWAY_DONE;
        }
    } while (clock_ticks_to_ns(ticks, clock_ticks(ticks) - begin) < AWAY_SLICE_NS);
    return AWAY_AGAIN;
}

/* Who waits in these shards and may be served by this call brings the shard of its destination along: with all of them
 * or none. */
static NOINLINE enum lockset_outcome with_destinations(struct call *call, bool possess) UNCHECKED_LOCKING
{
    struct keyspace *keyspace = call->worker->exec->keyspace;
    struct lockset wider = call->locks;
    while (exec_add_destinations(call->worker, &wider)) {
        lockset_release(&call->locks, keyspace);
        call->locks = wider;
        call->locks.held = false;
        enum lockset_outcome held = lockset_acquire(&call->locks, keyspace, &call->session->waiter, possess);
        if (held != LOCKSET_HELD) {
            return held;
        }
        wider = call->locks;
    }
    return LOCKSET_HELD;
}

/* All shards that the call needs, in no matter how many steps. */
static ALWAYS_INLINE enum lockset_outcome call_acquire(struct call *call, bool possess) UNCHECKED_LOCKING
{
    struct keyspace *keyspace = call->worker->exec->keyspace;
    struct shard_waiter *waiter = &call->session->waiter;
    /* Whose turn has come in a queue must not leave it standing, even if it needs another shard by now. */
    if (UNLIKELY(call->locks.count != 1 || possess || waiter->queued_at != NULL ||
                 !lockset_acquire_single(&call->locks, keyspace))) {
        enum lockset_outcome held = lockset_acquire(&call->locks, keyspace, waiter, possess);
        if (UNLIKELY(held != LOCKSET_HELD)) {
            return held;
        }
    }
    if (UNLIKELY(atomic_load_explicit(&keyspace->movers, memory_order_relaxed) != 0) &&
        (call->command->flags & COMMAND_READONLY) == 0) {
        return with_destinations(call, possess);
    }
    return LOCKSET_HELD;
}

/* The shards of the call, then the handler. */
static ALWAYS_INLINE enum item_outcome run_locked(struct call *call, enum outcome *outcome) UNCHECKED_LOCKING
{
    struct keyspace *keyspace = call->worker->exec->keyspace;
    const struct command_row *row = call->command->row;
    if (call->locks.count == 0) { /* no key at all: the handler only replies an error */
        *outcome = run_held(call);
        return ITEM_DONE;
    }
    bool possess = row->is_long != NULL && call->session->waiter.queued_at != NULL;
    enum lockset_outcome held = call_acquire(call, possess);
    if (UNLIKELY(held != LOCKSET_HELD)) {
        return suspend(call, held);
    }
    if (UNLIKELY(row->is_long != NULL) && row->is_long(call)) {
        lockset_possess(&call->locks, keyspace);
        exec_errand_send(call);
        return ITEM_AWAY;
    }
    *outcome = run_held(call);
    lockset_release(&call->locks, keyspace);
    effects_deinit(&call->effects);
    return ITEM_DONE;
}

/* The handler asked for copies, or for possession. */
static NOINLINE enum item_outcome run_again(struct call *call, enum outcome *outcome) UNCHECKED_LOCKING
{
    struct session *session = call->session;
    while (*outcome == OUTCOME_PREPARE && session->preparation->tries < PREPARATION_TRIES) {
        struct preparation *preparation = session->preparation;
        if (session->sink->pins_arguments && preparation_is_long(preparation)) {
            exec_preparation_send(call->worker, session);
            return ITEM_PREPARING;
        }
        preparation_make(preparation);
        enum item_outcome result = run_locked(call, outcome);
        if (result != ITEM_DONE) {
            return result;
        }
    }
    if (*outcome != OUTCOME_PREPARE && *outcome != OUTCOME_POSSESS) {
        preparation_discard(session);
        return ITEM_DONE;
    }
    enum lockset_outcome held = call_acquire(call, true); /* somebody may have begun to wait there meanwhile */
    if (held != LOCKSET_HELD) {
        return suspend(call, held);
    }
    lockset_possess(&call->locks, call->worker->exec->keyspace);
    preparation_discard(session);
    exec_errand_send(call);
    return ITEM_AWAY;
}

static NOINLINE enum item_outcome run_other(struct call *call, enum outcome *outcome) UNCHECKED_LOCKING
{
    switch (call->command->row->lock) {
    case LOCK_EACH_SHARD:
        return run_each_shard(call, outcome);
    case LOCK_ALL_SHARDS:
        lockset_add_all(&call->locks);
        return run_locked(call, outcome);
    case LOCK_TRANSACTION:
        transaction_collect(call);
        if (call->locks.count == 0 && call->command->row->is_long(call)) {
            exec_errand_send(call);
            return ITEM_AWAY;
        }
        return run_locked(call, outcome);
    default:
        if ((call->command->flags & COMMAND_ELSEWHERE) != 0 ||
            (call->command->row->is_long != NULL && call->command->row->is_long(call))) {
            exec_errand_send(call);
            return ITEM_AWAY;
        }
        *outcome = run_held(call);
        return ITEM_DONE;
    }
}

/* Counts runs of a command that took so long together. */
static ALWAYS_INLINE void count_runs(struct exec_worker *worker, const struct command *command, uint32_t runs,
                                     uint64_t nanoseconds)
{
    statistics_add(&worker->statistics, STATISTIC_COMMANDS, runs);
    if (LIKELY((command->flags & COMMAND_NO_STATS) == 0)) {
        statistics_record(&worker->statistics.commands[command->id], runs, nanoseconds,
                          atomic_load_explicit(&worker->exec->track_latency, memory_order_relaxed));
    }
}

void exec_count_untimed(struct exec_worker *worker)
{
    uint64_t ticks = clock_ticks(&worker->exec->ticks);
    count_runs(worker, worker->untimed, worker->untimed_count,
               clock_ticks_to_ns(&worker->exec->ticks, ticks - worker->last_ticks));
    worker->last_ticks = ticks;
    worker->untimed_count = 0;
}

void exec_count_call(struct call *call, enum outcome outcome, uint64_t nanoseconds)
{
    count_runs(call->worker, call->command, 1, nanoseconds);
    if (outcome == OUTCOME_ERROR) {
        counter_add(&call->worker->statistics.commands[call->command->id].failed, 1);
    }
}

/* Time, statistics and hooks, with the shards free again. */
static ALWAYS_INLINE void call_ran(struct call *call, enum outcome outcome)
{
    struct exec_worker *worker = call->worker;
    struct exec *exec = worker->exec;
    if (UNLIKELY(!garbage_is_empty(&worker->garbage))) {
        exec_release_garbage(worker);
    }
    if (!call->timed && LIKELY(outcome == OUTCOME_DONE)) {
        worker->untimed = call->command;
        worker->untimed_count++;
        return;
    }
    uint32_t runs = worker->untimed_count + 1;
    worker->untimed_count = 0;
    uint64_t ticks = clock_ticks(&exec->ticks);
    uint64_t nanoseconds = clock_ticks_to_ns(&exec->ticks, ticks - worker->last_ticks);
    worker->last_ticks = ticks;
    count_runs(worker, call->command, runs, nanoseconds);
    if (UNLIKELY(outcome == OUTCOME_ERROR)) {
        counter_add(&worker->statistics.commands[call->command->id].failed, 1);
    }
    if (UNLIKELY(nanoseconds >= atomic_load_explicit(&exec->slow_ns, memory_order_relaxed))) {
        exec->slow_hook.ran(exec->slow_hook.context, call, nanoseconds);
    }
    if (UNLIKELY(clock_ticks_to_ns(&exec->ticks, ticks - worker->turn_ticks) > REFRESH_NS)) {
        exec_refresh(worker);
    }
}

/* What a call leaves behind in its session. */
static NOINLINE void session_tidy(struct call *call)
{
    struct session *session = call->session;
    if (session->preparation != NULL) {
        preparation_discard(session);
    }
    if (session->transaction != NULL && session->transaction->has_run) {
        transaction_finish(call);
    } else if (UNLIKELY(call->worker->witnessed)) {
        exec_show_call(call);
    }
}

/* Outcomes other than DONE. */
static NOINLINE enum item_outcome ran_unusually(struct call *call, enum outcome outcome)
{
    if (outcome == OUTCOME_BLOCK) {
        if (UNLIKELY(call->worker->witnessed)) {
            exec_show_call(call);
        }
        call->worker->last_ticks = clock_ticks(&call->worker->exec->ticks);
        return ITEM_BLOCKED;
    }
    if (outcome == OUTCOME_PREPARE || outcome == OUTCOME_POSSESS) {
        enum item_outcome result = run_again(call, &outcome);
        if (result != ITEM_DONE) {
            return result;
        }
    }
    if (outcome == OUTCOME_CLOSE) {
        call->session->flags |= SESSION_CLOSING;
    }
    call_ran(call, outcome);
    session_tidy(call);
    return ITEM_DONE;
}

enum item_outcome exec_dispatch(struct call *call)
{
    const struct command *command = call->command;
    if (UNLIKELY(call->worker->untimed_count != 0 && call->worker->untimed != command)) {
        exec_count_untimed(call->worker); /* what should have been timed did not run */
    }
    const struct exec *exec = call->worker->exec;
    bool plain = command != NULL && command->subcommand_count == 0 && command_arity_ok(command, call->argc) &&
                 ((command->flags & call->worker->guard_command_flags) |
                  (call->session->flags & exec->guard_session_flags)) == 0;
    enum item_outcome early;
    if (UNLIKELY(!plain) && call_ends_early(call, &early)) {
        shard_waiter_leave(&call->session->waiter); /* it may have waited for a shard when nothing refused it yet */
        preparation_discard(call->session);
        if (UNLIKELY(call->worker->untimed_count != 0)) {
            exec_count_untimed(call->worker);
        }
        call->worker->last_ticks = clock_ticks(&exec->ticks);
        return early;
    }
    enum outcome outcome = OUTCOME_DONE;
    enum item_outcome result;
    lockset_init(&call->locks);
    if (LIKELY(command->row->lock == LOCK_KEYS)) {
        (void)call_collect_keys(call, &call->locks);
        result = run_locked(call, &outcome);
    } else {
        enum outcome other = OUTCOME_DONE;
        result = run_other(call, &other);
        outcome = other;
    }
    if (UNLIKELY(result != ITEM_DONE)) {
        return result;
    }
    if (UNLIKELY(outcome != OUTCOME_DONE)) {
        return ran_unusually(call, outcome);
    }
    call_ran(call, OUTCOME_DONE);
    if (UNLIKELY(!plain)) {
        session_tidy(call);
    }
    return ITEM_DONE;
}

enum away_outcome exec_dispatch_away(struct call *call, struct shard_waiter *waiter) UNCHECKED_LOCKING
{
    enum outcome outcome;
    call->now_ms = call->worker->user.now_ms;
    if (call->command->row->lock == LOCK_EACH_SHARD) {
        enum away_outcome away = run_each_shard_away(call, waiter, &outcome);
        if (away != AWAY_DONE) {
            return away;
        }
    } else {
        outcome = run_held(call);
        if (call->locks.held) {
            lockset_release(&call->locks, call->worker->exec->keyspace);
        }
        effects_deinit(&call->effects);
    }
    call_ran(call, outcome);
    return AWAY_DONE;
}

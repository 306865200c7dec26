/* SPDX-License-Identifier: BSD-3-Clause */
/* MULTI, EXEC, DISCARD, WATCH, UNWATCH.
 * Owner: the session. Locks: none taken; EXEC runs under the shards of all its commands and of all watched keys. */
#include "effects_commit.h"
#include "sherd/exec/preparation.h"
#include "silence.h"
#include "transaction_private.h"

static enum outcome multi_command(struct call *call)
{
    if ((call->session->flags & SESSION_MULTI) != 0) {
        return call_fail_slice(call, SLICE_LITERAL("ERR MULTI calls can not be nested"));
    }
    (void)transaction_of(call->session);
    call->session->flags |= SESSION_MULTI;
    session_show(call->session);
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

static enum outcome discard_command(struct call *call)
{
    if ((call->session->flags & SESSION_MULTI) == 0) {
        return call_fail_slice(call, SLICE_LITERAL("ERR DISCARD without MULTI"));
    }
    transaction_discard(call->session);
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(watch_command)
{
    struct session *session = call->session;
    if ((session->flags & SESSION_MULTI) != 0) {
        return call_fail_slice(call, SLICE_LITERAL("ERR WATCH inside MULTI is not allowed"));
    }
    struct transaction *transaction = transaction_of(session);
    for (uint32_t i = 1; i < call->argc; i++) {
        struct keyref ref;
        (void)call_write(call, i, &ref); /* a past-due key goes now, not as a change of a watched key */
        if (!interest_watches(transaction->watches, &ref)) {
            struct watch *watch = interest_watch(&ref, &session->touched);
            watch->of_session = transaction->watches;
            transaction->watches = watch;
            transaction->watch_count++;
        }
    }
    session->flags |= SESSION_RESIZED;
    session_show(session);
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

static enum outcome unwatch_command(struct call *call)
{
    const struct transaction *transaction = call->session->transaction;
    if (transaction != NULL && !transaction->has_run) { /* within EXEC they end with it */
        transaction_unwatch(call->session);
    }
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

/* Nobody spins for the shards any more, so that this thread may take its time. */
static void possess(struct call *exec) REQUIRES(shard_held)
{
    if (exec->locks.held && !exec->locks.possessed) {
        lockset_possess(&exec->locks, exec->worker->exec->keyspace);
    }
}

/* The handler of a queued command, for each shard if it wants that. */
static enum outcome run_handler(struct call *exec, struct call *call) REQUIRES(shard_held)
{
    const struct command_row *row = call->command->row;
    enum outcome outcome;
    call->locks = exec->locks;
    call->next_shard = row->lock == LOCK_EACH_SHARD && row->first_shard != NULL ? row->first_shard(call) : 0;
    do {
        /* One of the commands before it may have begun to listen: that is seen at once. */
        exec->effects.listeners |= atomic_load_explicit(&exec->worker->exec->listening, memory_order_relaxed);
        effects_reset(call, exec->effects.listeners);
        outcome = row->handler(call);
        effects_commit(call, outcome);
        effects_deinit(&call->effects);
    } while (outcome == OUTCOME_NEXT_SHARD);
    return outcome;
}

static void run_queued(struct call *exec, uint32_t index) UNCHECKED_LOCKING
{
    struct call call = transaction_call(exec, index);
    const struct command_row *row = call.command->row;
    struct transaction_command *queued = &exec->session->transaction->commands[index];
    const struct clock_scale *ticks = &exec->worker->exec->ticks;
    uint64_t begin = clock_ticks(ticks);
    uint32_t flags = *session_own_flags(exec->session);
    if (row->is_long != NULL && row->is_long(&call)) {
        possess(exec);
    }
    enum outcome outcome = run_handler(exec, &call);
    if (outcome == OUTCOME_PREPARE || outcome == OUTCOME_POSSESS) {
        possess(exec);
        preparation_discard(exec->session);
        output_truncate(call.reply.output, call.carried_mark); /* a walk may have replied for its first shards */
        call.carried = (struct call_carried){0};
        outcome = run_handler(exec, &call);
    }
    if (outcome == OUTCOME_CLOSE) {
        session_change(exec->session, 0, SESSION_CLOSING);
    }
    silence_part(&call, call.carried_mark, flags);
    queued->db = exec->session->db;
    uint64_t nanoseconds = clock_ticks_to_ns(ticks, clock_ticks(ticks) - begin);
    exec_count_call(&call, outcome, nanoseconds);
    queued->slow_ns =
        nanoseconds >= atomic_load_explicit(&exec->worker->exec->slow_ns, memory_order_relaxed) ? nanoseconds : 0;
}

static bool watched_key_changed(const struct session *session, struct keyspace_user *user) REQUIRES(shard_held)
{
    bool is_due = false;
    for (const struct watch *watch = session->transaction->watches; watch != NULL; watch = watch->of_session) {
        is_due |= interest_is_due(watch, user);
    }
    return is_due || atomic_load_explicit(&session->touched, memory_order_relaxed);
}

COMMAND_HANDLER(exec_command)
{
    struct session *session = call->session;
    if ((session->flags & SESSION_MULTI) == 0) {
        return call_fail_slice(call, SLICE_LITERAL("ERR EXEC without MULTI"));
    }
    struct transaction *transaction = transaction_of(session);
    transaction->has_run = true;
    if (transaction->is_broken) {
        return call_fail_slice(call, SLICE_LITERAL("EXECABORT Transaction discarded because of previous errors."));
    }
    if (watched_key_changed(session, &call->worker->user)) {
        reply_null_array(&call->reply);
        return OUTCOME_DONE;
    }
    struct output_mark mark = output_mark(call->reply.output);
    reply_array(&call->reply, transaction->count);
    silence_part(call, mark, 0);
    for (uint32_t i = 0; i < transaction->count; i++) {
        run_queued(call, i);
    }
    transaction->ran = transaction->count;
    if (session_has(session, SESSION_REPLY_OFF | SESSION_REPLY_SKIP)) {
        session_change(session, 0, SESSION_SIFTED);
    }
    return OUTCOME_DONE;
}

/* What one of the queued commands would be alone. */
static bool queued_is_long(const struct call *exec, uint32_t index) REQUIRES(shard_held)
{
    struct call call = transaction_call(exec, index);
    if ((call.command->flags & COMMAND_ELSEWHERE) != 0) {
        return true;
    }
    for (uint32_t i = 0; i < call.argc; i++) {
        if (call.argv[i].len > ENTRY_EMBED_MAX_BYTES) {
            return true; /* it would be copied before the locks are taken */
        }
    }
    return call.command->row->is_long != NULL && call.command->row->is_long(&call);
}

static bool exec_is_long(struct call *call) REQUIRES(shard_held)
{
    const struct transaction *transaction = call->session->transaction;
    if ((call->session->flags & SESSION_MULTI) == 0 || transaction == NULL || transaction->is_broken) {
        return false;
    }
    if (transaction->count > TRANSACTION_SHORT_COMMANDS) {
        return true;
    }
    for (uint32_t i = 0; i < transaction->count; i++) {
        if (queued_is_long(call, i)) {
            return true;
        }
    }
    return false;
}

enum {
    CONTROL_FLAGS = COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE | COMMAND_UNQUEUED,
};

const struct command_row transaction_commands[] = {
    {.name = "multi",
     .handler = multi_command,
     .arity = 1,
     .flags = CONTROL_FLAGS | COMMAND_FAST | COMMAND_ALLOW_BUSY,
     .categories = ACL_TRANSACTION,
     .summary = "Begins a transaction: what follows is queued until EXEC.",
     .since = "1.2.0",
     .group = "transactions",
     .complexity = "O(1)"},
    {.name = "exec",
     .handler = exec_command,
     .arity = 1,
     .lock = LOCK_TRANSACTION,
     .flags = CONTROL_FLAGS | COMMAND_SKIP_SLOWLOG,
     .categories = ACL_TRANSACTION,
     .is_long = exec_is_long,
     .summary = "Runs the queued commands, with nothing in between, unless a watched key has changed.",
     .since = "1.2.0",
     .group = "transactions",
     .complexity = "That of the queued commands together"},
    {.name = "discard",
     .handler = discard_command,
     .arity = 1,
     .flags = CONTROL_FLAGS | COMMAND_FAST | COMMAND_ALLOW_BUSY,
     .categories = ACL_TRANSACTION,
     .summary = "Drops the queued commands and all watches.",
     .since = "2.0.0",
     .group = "transactions",
     .complexity = "O(N) where N is the number of queued commands"},
    {.name = "watch",
     .handler = watch_command,
     .arity = -2,
     .lock = LOCK_KEYS,
     .flags = CONTROL_FLAGS | COMMAND_FAST | COMMAND_ALLOW_BUSY,
     .categories = ACL_TRANSACTION,
     .keys = {{.flags = KEY_RO, .begin = 1, .last = -1, .step = 1}},
     .summary = "Watches keys: the next EXEC does nothing when one of them has changed by then.",
     .since = "2.2.0",
     .group = "transactions",
     .complexity = "O(1) for every key",
     .arguments = "key:key+"},
    {.name = "unwatch",
     .handler = unwatch_command,
     .arity = 1,
     .flags = COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE | COMMAND_FAST | COMMAND_ALLOW_BUSY,
     .categories = ACL_TRANSACTION,
     .summary = "Ends the watches of this connection.",
     .since = "2.2.0",
     .group = "transactions",
     .complexity = "O(1) for every watched key"},
    {0},
};

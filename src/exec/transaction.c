/* SPDX-License-Identifier: BSD-3-Clause */
/* Queueing commands, and what becomes of them.
 * Owner: the session. Locks: none taken here but by interest_leave. */
#include "sherd/exec/transaction.h"

#include "arguments.h"
#include "effects_commit.h"
#include "locking.h"
#include "transaction_private.h"

struct transaction *transaction_of(struct session *session)
{
    if (session->transaction == NULL) {
        session->transaction = memory_alloc_zeroed(sizeof(*session->transaction));
    }
    return session->transaction;
}

void transaction_break(struct session *session)
{
    transaction_of(session)->is_broken = true;
}

void transaction_queue(struct call *call)
{
    struct transaction *transaction = transaction_of(call->session);
    if ((call->command->flags & COMMAND_NO_MULTI) != 0) {
        transaction->is_broken = true;
        (void)call_fail_slice(call, SLICE_LITERAL("ERR Command not allowed inside a transaction"));
        counter_add(&call->worker->statistics.commands[call->command->id].rejected, 1);
        return;
    }
    if (transaction->count == transaction->cap) {
        transaction->cap = transaction->cap == 0 ? 4 : transaction->cap * 2;
        transaction->commands =
            memory_resize(transaction->commands, transaction->cap * sizeof(transaction->commands[0]));
    }
    size_t bytes = call->argc * sizeof(struct slice) + arguments_bytes(call->argv, call->argc);
    struct slice *argv = memory_alloc(bytes);
    arguments_copy(argv, (char *)(argv + call->argc), call->argv, call->argc);
    transaction->commands[transaction->count++] =
        (struct transaction_command){.command = call->command, .argv = argv, .argc = call->argc};
    transaction->bytes += bytes + sizeof(struct transaction_command);
    transaction->flags |= call->command->flags;
    call->session->flags |= SESSION_RESIZED;
    reply_status(&call->reply, "QUEUED");
    session_show(call->session);
}

size_t transaction_bytes(const struct session *session)
{
    const struct transaction *transaction = session->transaction;
    return transaction == NULL ? 0
                               : sizeof(*transaction) + transaction->bytes +
                                     transaction->watch_count * (sizeof(struct watch) + sizeof(struct slice));
}

uint32_t transaction_guard_flags(const struct call *call)
{
    uint32_t flags = call->command->flags;
    const struct transaction *transaction = call->session->transaction;
    if (call->command->row->lock == LOCK_TRANSACTION && transaction != NULL) {
        flags |= transaction->flags & (COMMAND_DENYOOM | COMMAND_WRITES);
    }
    return flags;
}

static void queue_free(struct transaction *transaction)
{
    for (uint32_t i = 0; i < transaction->count; i++) {
        memory_free(transaction->commands[i].argv);
    }
    memory_free(transaction->commands);
    transaction->commands = NULL;
    transaction->count = 0;
    transaction->cap = 0;
    transaction->bytes = 0;
    transaction->flags = 0;
    transaction->is_broken = false;
    transaction->ran = 0;
    transaction->has_run = false;
}

static void watches_leave(struct session *session)
{
    struct transaction *transaction = session->transaction;
    while (transaction->watches != NULL) {
        struct watch *watch = transaction->watches;
        transaction->watches = watch->of_session;
        interest_leave(watch, session->worker->exec->keyspace);
    }
    transaction->watch_count = 0;
    atomic_store_explicit(&session->touched, false, memory_order_relaxed);
}

void transaction_unwatch(struct session *session)
{
    if (session->transaction != NULL) {
        watches_leave(session);
    }
}

void transaction_discard(struct session *session)
{
    struct transaction *transaction = session->transaction;
    session->flags &= ~(uint32_t)SESSION_MULTI;
    if (transaction == NULL) {
        return;
    }
    watches_leave(session);
    queue_free(transaction);
    memory_free(transaction);
    session->transaction = NULL;
    session->flags |= SESSION_RESIZED;
    session_show(session);
}

void transaction_refused(struct call *call, struct output_mark mark)
{
    struct output *output = call->reply.output;
    size_t len = output->bytes.len - mark.bytes;
    struct buffer line;
    buffer_init(&line);
    if (len > sizeof("-\r\n") - 1) {
        buffer_append(&line, output->bytes.data + mark.bytes + 1, len - (sizeof("-\r\n") - 1));
    }
    output_truncate(output, mark);
    struct slice text = buffer_slice(&line);
    (void)call_fail_format(call, "EXECABORT Transaction discarded because of: %.*s", (int)text.len,
                           text.len == 0 ? "" : text.data);
    buffer_deinit(&line);
    transaction_discard(call->session);
}

void transaction_collect(struct call *call)
{
    const struct transaction *transaction = call->session->transaction;
    if ((call->session->flags & SESSION_MULTI) == 0 || transaction == NULL || transaction->is_broken) {
        return; /* EXEC will only fail */
    }
    for (const struct watch *watch = transaction->watches; watch != NULL; watch = watch->of_session) {
        lockset_add(&call->locks, interest_shard(watch));
    }
    for (uint32_t i = 0; i < transaction->count; i++) {
        struct call queued = transaction_call(call, i);
        switch (queued.command->row->lock) {
        case LOCK_NONE:
            break;
        case LOCK_KEYS:
            (void)call_collect_keys(&queued, &call->locks);
            break;
        default:
            lockset_add_all(&call->locks);
            return;
        }
    }
}

/* What ran, then EXEC, as they came to an end. */
static void transaction_show(const struct call *exec)
{
    const struct transaction *transaction = exec->session->transaction;
    const struct witness *witness = &exec->worker->exec->witness;
    struct buffer lines;
    buffer_init(&lines);
    for (uint32_t i = 0; i < transaction->ran; i++) {
        struct call queued = transaction_call(exec, i);
        queued.db = transaction->commands[i].db;
        witness->describe(witness->context, &queued, &lines);
    }
    witness->describe(witness->context, exec, &lines);
    witness->tell(witness->context, buffer_slice(&lines));
    buffer_deinit(&lines);
}

void transaction_finish(struct call *call)
{
    struct transaction *transaction = call->session->transaction;
    struct exec *exec = call->worker->exec;
    for (uint32_t i = 0; i < transaction->count; i++) {
        if (transaction->commands[i].slow_ns != 0) {
            struct call queued = transaction_call(call, i);
            exec->slow_hook.ran(exec->slow_hook.context, &queued, transaction->commands[i].slow_ns);
        }
    }
    if (UNLIKELY(atomic_load_explicit(&exec->witnessed, memory_order_relaxed))) {
        call->db = call->session->db;
        transaction_show(call);
    }
    transaction_discard(call->session);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What queueing and EXEC share.
 * Owner: the session. Locks: none. */
#ifndef SHERD_EXEC_TRANSACTION_PRIVATE_H
#define SHERD_EXEC_TRANSACTION_PRIVATE_H

#include "sherd/exec/exec.h"
#include "sherd/exec/transaction.h"

/* The session's transaction, made when it is missing. */
struct transaction *transaction_of(struct session *session);
void transaction_unwatch(struct session *session) EXCLUDES(shard_held);

/* A queued command as a call of its own, within that of EXEC: it replies to the same output and lives under the same
 * locks. */
static inline struct call transaction_call(const struct call *exec, uint32_t index)
{
    const struct transaction_command *queued = &exec->session->transaction->commands[index];
    struct call call = *exec;
    call.command = queued->command;
    call.context = queued->command->context;
    call.argv = queued->argv;
    call.argc = queued->argc;
    call.db = exec->session->db;
    call.reply.version = *session_own_resp(exec->session);
    call.first_hashed = false;
    call.timed = true;
    call.next_shard = 0;
    call.only_key = 0;
    call.carried = (struct call_carried){0};
    call.carried_mark = output_mark(call.reply.output);
    call.effects.first[0] = (struct effect){0};
    return call;
}

#endif

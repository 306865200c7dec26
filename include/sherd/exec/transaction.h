/* SPDX-License-Identifier: BSD-3-Clause */
/* MULTI, WATCH, EXEC: what a session has queued and what it watches. Between MULTI and EXEC the guards of each command
 * are asked when it is queued; EXEC then holds the shards of all queued commands' keys and of all watched keys at once,
 * looks whether a watched key was touched, and runs the commands without letting go.
 * Semantics: https://redis.io/docs/latest/develop/using-commands/transactions/
 * Owner: the session; its executor while EXEC runs there. Locks: EXEC's lockset; watches see keyspace/interest.h. */
#ifndef SHERD_EXEC_TRANSACTION_H
#define SHERD_EXEC_TRANSACTION_H

#include "sherd/exec/call.h"
#include "sherd/keyspace/interest.h"

struct transaction_command {
    const struct command *command;
    struct slice *argv; /* owned, with the bytes behind it */
    uint32_t argc;
    unsigned db;      /* in which it has run */
    uint64_t slow_ns; /* how long it took, when the slow hook is to hear of it; else 0 */
};

struct transaction {
    struct transaction_command *commands;
    uint32_t count;
    uint32_t cap;
    uint32_t ran;          /* so many of them, by EXEC */
    size_t bytes;          /* of what is queued */
    uint32_t flags;        /* union of enum command_flag over the commands */
    bool is_broken;        /* a command was refused: EXEC will fail */
    bool has_run;          /* EXEC is through with the commands: what is left is to tell and to free */
    struct watch *watches; /* (w) */
    uint32_t watch_count;
};

enum {
    TRANSACTION_SHORT_COMMANDS = 64, /* more run on an executor */
};

/* Queues a command that passed its guards, and replies so; or says that it may not be queued. */
void transaction_queue(struct call *call);
/* A command was refused while the session queues: EXEC will fail. */
void transaction_break(struct session *session);
/* The flags by which guards look at a call: EXEC's are those of what it will run, too. */
uint32_t transaction_guard_flags(const struct call *call);
/* EXEC itself was refused, with the error behind `mark`: EXECABORT takes its place, the transaction is forgotten. */
void transaction_refused(struct call *call, struct output_mark mark);
/* Adds the shards of everything that EXEC will touch to call->locks. */
void transaction_collect(struct call *call);
/* After EXEC, with the shards free: reports slow commands, tells the witness and frees what was queued. */
void transaction_finish(struct call *call) EXCLUDES(shard_held);
/* Forgets what is queued and watched; the session is out of MULTI. By its worker. */
void transaction_discard(struct session *session) EXCLUDES(shard_held);
/* Bytes that the session's transaction occupies. By its worker. */
size_t transaction_bytes(const struct session *session);

extern const struct command_row transaction_commands[]; /* MULTI EXEC DISCARD WATCH UNWATCH */

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands about the connection itself that need no more than the session: PING, ECHO, SELECT, QUIT.
 * Owner: nobody, handlers keep no state. Locks: none. */
#include "sherd/exec/call.h"
#include "sherd/exec/exec.h"
#include "sherd/net/commands.h"

static enum outcome ping_command(struct call *call)
{
    if (call->argc > 2) {
        return call_fail_arity(call);
    }
    if (session_has(call->session, SESSION_SUBSCRIBED) && call->reply.version == 2) {
        reply_array(&call->reply, 2); /* such a client expects nothing but pushes */
        reply_bulk_text(&call->reply, "pong");
        reply_bulk(&call->reply, call->argc == 1 ? SLICE_LITERAL("") : call->argv[1]);
    } else if (call->argc == 1) {
        REPLY_LITERAL(&call->reply, "+PONG\r\n");
    } else {
        reply_bulk(&call->reply, call->argv[1]);
    }
    return OUTCOME_DONE;
}

static enum outcome echo_command(struct call *call)
{
    reply_bulk(&call->reply, call->argv[1]);
    return OUTCOME_DONE;
}

static enum outcome select_command(struct call *call)
{
    unsigned db;
    if (!call_database(call, 1, &db)) {
        return OUTCOME_ERROR;
    }
    call->session->db = db;
    atomic_store_explicit(&call->session->shown_db, db, memory_order_relaxed);
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

static enum outcome quit_command(struct call *call)
{
    reply_ok(&call->reply);
    return OUTCOME_CLOSE;
}

static const char *const ping_tips[] = {"request_policy:all_shards", "response_policy:all_succeeded", NULL};

const struct command_row connection_commands[] = {
    {.name = "ping",
     .handler = ping_command,
     .arity = -1,
     .flags = COMMAND_FAST | COMMAND_SUBSCRIBED,
     .categories = ACL_CONNECTION,
     .summary = "Answers PONG, or the message it was given.",
     .since = "1.0.0",
     .group = "connection",
     .complexity = "O(1)",
     .tips = ping_tips,
     .arguments = "message?"},
    {.name = "echo",
     .handler = echo_command,
     .arity = 2,
     .flags = COMMAND_LOADING | COMMAND_STALE | COMMAND_FAST,
     .categories = ACL_CONNECTION,
     .summary = "Answers the message it was given.",
     .since = "1.0.0",
     .group = "connection",
     .complexity = "O(1)",
     .arguments = "message"},
    {.name = "select",
     .handler = select_command,
     .arity = 2,
     .flags = COMMAND_LOADING | COMMAND_STALE | COMMAND_FAST,
     .categories = ACL_CONNECTION,
     .summary = "Changes the database that this connection works in.",
     .since = "1.0.0",
     .group = "connection",
     .complexity = "O(1)",
     .arguments = "index:integer"},
    {.name = "quit",
     .handler = quit_command,
     .arity = -1,
     .flags = COMMAND_UNQUEUED | COMMAND_ALLOW_BUSY | COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE |
              COMMAND_FAST | COMMAND_NO_AUTH | COMMAND_SUBSCRIBED,
     .categories = ACL_CONNECTION,
     .summary = "Says OK and closes the connection.",
     .since = "1.0.0",
     .group = "connection",
     .complexity = "O(1)",
     .replaced_by = "just closing the connection",
     .deprecated_since = "7.2.0"},
    {0},
};

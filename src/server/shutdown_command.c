/* SPDX-License-Identifier: BSD-3-Clause */
/* SHUTDOWN: asks the main thread to end the server; the client sees its connection close.
 * Owner: nobody, handlers keep no state. Locks: none. */
#include <signal.h>
#include <unistd.h>

#include "sherd/exec/call.h"
#include "sherd/server/commands.h"
#include "sherd/server/server.h"

static enum outcome shutdown_command(struct call *call)
{
    struct server *server = call->context;
    bool save = false;
    bool nosave = false;
    bool other = false;
    bool abort = false;
    for (uint32_t i = 1; i < call->argc; i++) {
        if (call_argument_is(call, i, "save")) {
            save = true;
        } else if (call_argument_is(call, i, "nosave")) {
            nosave = true;
        } else if (call_argument_is(call, i, "now") || call_argument_is(call, i, "force")) {
            other = true;
        } else if (call_argument_is(call, i, "abort")) {
            abort = true;
        } else {
            return call_fail(call, ERROR_SYNTAX);
        }
    }
    if ((abort && (save || nosave || other)) || (save && nosave)) {
        return call_fail(call, ERROR_SYNTAX);
    }
    if (abort) {
        return call_fail_slice(call, SLICE_LITERAL("ERR No shutdown in progress."));
    }
    if (save) {
        return call_fail_slice(call, SLICE_LITERAL("ERR Errors trying to SHUTDOWN. Check logs."));
    }
    atomic_store_explicit(&server->shutdown_asked, true, memory_order_release);
    (void)kill(getpid(), SIGTERM);
    return OUTCOME_CLOSE;
}

static const struct command_history shutdown_history[] = {
    {"7.0.0", "Added the `NOW`, `FORCE` and `ABORT` modifiers."},
    {0},
};

const struct command_row server_commands[] = {
    {.name = "shutdown",
     .handler = shutdown_command,
     .arity = -1,
     .flags = COMMAND_ADMIN | COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE | COMMAND_NO_MULTI | COMMAND_SENTINEL |
              COMMAND_ALLOW_BUSY,
     .summary = "Ends the server.",
     .since = "1.0.0",
     .group = "server",
     .complexity = "O(N) with N the number of keys when it saves, else O(1)",
     .history = shutdown_history,
     .arguments = "save-selector:(NOSAVE|SAVE)? NOW?^7.0.0 FORCE?^7.0.0 ABORT?^7.0.0"},
    {0},
};

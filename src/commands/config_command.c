/* SPDX-License-Identifier: BSD-3-Clause */
/* CONFIG: the options and the statistics from a client's side.
 * SET and REWRITE run on an executor: they wait for the config's lock, REWRITE for the disk, and SET answers after a
 * grace period, when no worker reads the old options any more.
 * Owner: nobody, handlers keep no state. Locks: none here; the config takes its own. */
#include "sherd/base/memory.h"
#include "sherd/commands/families.h"
#include "sherd/exec/call.h"
#include "sherd/exec/exec.h"

/* Patterns of such a length are matched against every option elsewhere. */
static bool config_get_is_long(struct call *call)
{
    enum { SHORT_BYTES = 512 };
    size_t bytes = 0;
    for (uint32_t i = 2; i < call->argc; i++) {
        bytes += call->argv[i].len;
    }
    return bytes > SHORT_BYTES;
}

static enum outcome config_get_command(struct call *call)
{
    struct config_match *matches;
    size_t count =
        config_match(call->worker->exec->config, call->worker->config, call->argv + 2, call->argc - 2, &matches);
    reply_map(&call->reply, count);
    for (size_t i = 0; i < count; i++) {
        reply_bulk(&call->reply, matches[i].name);
        reply_bulk(&call->reply, matches[i].value);
    }
    memory_free(matches);
    return OUTCOME_DONE;
}

/* Replies OK, or the error text that a failed change left. */
static enum outcome reply_of_change(struct call *call, bool good, struct buffer *error)
{
    enum outcome outcome = OUTCOME_DONE;
    if (good) {
        reply_ok(&call->reply);
    } else {
        outcome = call_fail_slice(call, buffer_slice(error));
    }
    buffer_deinit(error);
    return outcome;
}

static enum outcome config_set_command(struct call *call)
{
    if (call->argc % 2 != 0) {
        return call_fail(call, ERROR_SYNTAX);
    }
    bool local = (call->session->flags & SESSION_LOCAL) != 0;
    struct buffer error;
    buffer_init(&error);
    bool good = config_set(call->worker->exec->config, call->argv + 2, (call->argc - 2) / 2, local, &error);
    return reply_of_change(call, good, &error);
}

static enum outcome config_rewrite_command(struct call *call)
{
    struct buffer error;
    buffer_init(&error);
    bool good = config_rewrite(call->worker->exec->config, &error);
    return reply_of_change(call, good, &error);
}

static enum outcome config_resetstat_command(struct call *call)
{
    exec_reset_statistics(call->worker->exec);
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

static enum outcome config_help_command(struct call *call)
{
    static const char *const lines[] = {
        "GET <pattern>",
        "    Return parameters matching the glob-like <pattern> and their values.",
        "SET <directive> <value>",
        "    Set the configuration <directive> to <value>.",
        "RESETSTAT",
        "    Reset statistics reported by the INFO command.",
        "REWRITE",
        "    Rewrite the configuration file.",
        NULL,
    };
    return call_reply_help(call, lines);
}

static const struct command_history get_history[] = {
    {"7.0.0", "Added the ability to pass multiple pattern parameters in one call"},
    {0},
};

static const struct command_history set_history[] = {
    {"7.0.0", "Added the ability to set multiple parameters in one call."},
    {0},
};

static const char *const tips_of_every_node[] = {"request_policy:all_nodes", "response_policy:all_succeeded", NULL};

#define CONFIG_FLAGS (COMMAND_ADMIN | COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE)

static const struct command_row config_subcommands[] = {
    {.name = "get",
     .handler = config_get_command,
     .is_long = config_get_is_long,
     .arity = -3,
     .flags = CONFIG_FLAGS,
     .summary = "Lists the options that match patterns, with their values.",
     .since = "2.0.0",
     .group = "server",
     .complexity = "O(N) for N options and patterns",
     .history = get_history,
     .arguments = "parameter+"},
    {.name = "set",
     .handler = config_set_command,
     .arity = -4,
     .flags = CONFIG_FLAGS | COMMAND_ELSEWHERE | COMMAND_GRACE,
     .summary = "Changes options while the server runs.",
     .since = "2.0.0",
     .group = "server",
     .complexity = "O(N) for N options given",
     .tips = tips_of_every_node,
     .history = set_history,
     .arguments = "data:(parameter value)+"},
    {.name = "resetstat",
     .handler = config_resetstat_command,
     .arity = 2,
     .flags = CONFIG_FLAGS,
     .summary = "Sets the server's statistics back to zero.",
     .since = "2.0.0",
     .group = "server",
     .complexity = "O(1)",
     .tips = tips_of_every_node},
    {.name = "rewrite",
     .handler = config_rewrite_command,
     .arity = 2,
     .flags = CONFIG_FLAGS | COMMAND_ELSEWHERE,
     .summary = "Brings the configuration file up to date with the options in force.",
     .since = "2.8.0",
     .group = "server",
     .complexity = "O(1)",
     .tips = tips_of_every_node},
    {.name = "help",
     .handler = config_help_command,
     .arity = 2,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .summary = "Lists the subcommands of CONFIG.",
     .since = "5.0.0",
     .group = "server",
     .complexity = "O(1)"},
    {0},
};

const struct command_row config_commands[] = {
    {.name = "config",
     .arity = -2,
     .subcommands = config_subcommands,
     .summary = "Commands about the server's options.",
     .since = "2.0.0",
     .group = "server",
     .complexity = "Depends on subcommand."},
    {0},
};

/* SPDX-License-Identifier: BSD-3-Clause */
/* What commands of features that do not exist answer truthfully: no modules, functions, replicas, nothing on disk.
 * Each row moves to its feature's room when that is built.
 * Owner: struct observe. Locks: none. */
#include "sherd/base/number.h"
#include "sherd/exec/blocking.h"
#include "sherd/observe/commands.h"
#include "sherd/observe/observe.h"

static const char no_persistence[] = "ERR This server keeps its data in memory only: it cannot save them yet";

static enum outcome save_command(struct call *call)
{
    return call_fail_slice(call, slice_from_text(no_persistence));
}

static enum outcome bgsave_command(struct call *call)
{
    if (call->argc > 2 || (call->argc == 2 && !call_argument_is(call, 1, "schedule"))) {
        return call_fail(call, ERROR_SYNTAX);
    }
    return call_fail_slice(call, slice_from_text(no_persistence));
}

static enum outcome lastsave_command(struct call *call)
{
    const struct observe *observe = call->context;
    reply_integer(&call->reply, observe->start_ms / 1000);
    return OUTCOME_DONE;
}

static enum outcome role_command(struct call *call)
{
    reply_array(&call->reply, 3);
    reply_bulk_text(&call->reply, "master");
    reply_integer(&call->reply, 0);
    reply_array(&call->reply, 0);
    return OUTCOME_DONE;
}

static enum outcome replicaof_command(struct call *call)
{
    int64_t port;
    if (call_argument_is(call, 1, "no") && call_argument_is(call, 2, "one")) {
        reply_ok(&call->reply);
        return OUTCOME_DONE;
    }
    if (!number_parse_i64(call->argv[2], &port) || port < 0 || port > 65535) {
        return call_fail_format(call, "ERR Invalid master port");
    }
    return call_fail_format(call, "ERR This server cannot be a replica yet: only NO ONE is accepted");
}

/* For so many replicas there is nothing to wait for but the deadline: the count is 0 then. */
COMMAND_HANDLER(wait_command)
{
    int64_t replicas;
    struct block_request wait = {.reply = BLOCK_REPLY_ZERO};
    if (!call_integer(call, 1, &replicas) || !call_timeout_whole(call, 2, &wait.timeout_ms)) {
        return OUTCOME_ERROR;
    }
    if (replicas > 0 && call_may_block(call)) {
        return call_block(call, &wait);
    }
    reply_integer(&call->reply, 0);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(waitaof_command)
{
    int64_t local;
    int64_t replicas;
    struct block_request wait = {.reply = BLOCK_REPLY_TWO_ZEROS};
    if (!call_integer_between(call, 1, 0, 1, &local)) {
        return OUTCOME_ERROR;
    }
    if (!number_parse_i64(call->argv[2], &replicas) || replicas < 0) {
        return call_fail_slice(call, SLICE_LITERAL("ERR value is out of range, must be positive"));
    }
    if (!call_timeout_whole(call, 3, &wait.timeout_ms)) {
        return OUTCOME_ERROR;
    }
    if (local != 0) {
        return call_fail_slice(
            call, SLICE_LITERAL("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled."));
    }
    if (replicas > 0 && call_may_block(call)) {
        return call_block(call, &wait);
    }
    reply_array(&call->reply, 2);
    reply_integer(&call->reply, 0);
    reply_integer(&call->reply, 0);
    return OUTCOME_DONE;
}

static enum outcome module_list_command(struct call *call)
{
    reply_array(&call->reply, 0);
    return OUTCOME_DONE;
}

/* Never reached: the guard of protected commands refuses them. */
static enum outcome module_load_command(struct call *call)
{
    return call_fail_format(call, "ERR Error loading the extension. Please check the server logs.");
}

static enum outcome module_help_command(struct call *call)
{
    static const char *const lines[] = {
        "LIST",
        "    Return a list of loaded modules.",
        "LOAD <path> [<arg> ...]",
        "    Load a module library from <path>, passing to it any optional arguments.",
        "LOADEX <path> [[CONFIG NAME VALUE] [CONFIG NAME VALUE]] [ARGS ...]",
        "    Load a module library from <path>, while passing it module configurations and optional arguments.",
        "UNLOAD <name>",
        "    Unload a module.",
        NULL,
    };
    return call_reply_help(call, lines);
}

static enum outcome function_flush_command(struct call *call)
{
    if (call->argc > 3) {
        return call_fail_subcommand(call);
    }
    if (call->argc == 3 && !call_argument_is(call, 2, "sync") && !call_argument_is(call, 2, "async")) {
        return call_fail_format(call, "ERR FUNCTION FLUSH only supports SYNC|ASYNC option");
    }
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

static enum outcome function_list_command(struct call *call)
{
    bool with_code = false;
    bool named = false;
    for (uint32_t i = 2; i < call->argc; i++) {
        if (!with_code && call_argument_is(call, i, "withcode")) {
            with_code = true;
        } else if (!named && call_argument_is(call, i, "libraryname")) {
            if (++i == call->argc) {
                return call_fail_format(call, "ERR library name argument was not given");
            }
            named = true;
        } else {
            struct slice word = call->argv[i];
            return call_fail_format(call, "ERR Unknown argument %.*s", (int)word.len, word.data);
        }
    }
    reply_array(&call->reply, 0);
    return OUTCOME_DONE;
}

static enum outcome function_stats_command(struct call *call)
{
    reply_map(&call->reply, 2);
    reply_bulk_text(&call->reply, "running_script");
    reply_null(&call->reply);
    reply_bulk_text(&call->reply, "engines");
    reply_map(&call->reply, 0);
    return OUTCOME_DONE;
}

static enum outcome function_help_command(struct call *call)
{
    static const char *const lines[] = {
        "LIST [LIBRARYNAME PATTERN] [WITHCODE]",
        "    Return general information on all the libraries:",
        "    * Library name",
        "    * The engine used to run the Library",
        "    * Functions list",
        "    * Library code (if WITHCODE is given)",
        "    It also possible to get only function that matches a pattern using LIBRARYNAME argument.",
        "STATS",
        "    Return information about the current function running:",
        "    * Function name",
        "    * Command used to run the function",
        "    * Duration in MS that the function is running",
        "    If no function is running, return nil",
        "    In addition, returns a list of available engines.",
        "FLUSH [ASYNC|SYNC]",
        "    Delete all the libraries.",
        "    When called without the optional mode argument, the behavior is determined by the",
        "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
        "    * ASYNC: Asynchronously flush the libraries.",
        "    * SYNC: Synchronously flush the libraries.",
        NULL,
    };
    return call_reply_help(call, lines);
}

static const char *const lastsave_tips[] = {"nondeterministic_output", NULL};
static const char *const wait_tips[] = {"request_policy:all_shards", "response_policy:agg_min", NULL};
static const char *const list_tips[] = {"nondeterministic_output_order", NULL};
static const char *const flush_tips[] = {"request_policy:all_shards", "response_policy:all_succeeded", NULL};
static const char *const stats_tips[] = {"nondeterministic_output", "request_policy:all_shards",
                                         "response_policy:special", NULL};
static const struct command_history bgsave_history[] = {{"3.2.2", "Added the `SCHEDULE` option."}, {0}};

#define LOAD_FLAGS (COMMAND_ADMIN | COMMAND_NOSCRIPT | COMMAND_NO_ASYNC_LOADING | COMMAND_PROTECTED)

static const struct command_row module_subcommands[] = {
    {.name = "list",
     .handler = module_list_command,
     .arity = 2,
     .flags = COMMAND_ADMIN | COMMAND_NOSCRIPT,
     .summary = "Lists the modules that are loaded.",
     .since = "4.0.0",
     .group = "server",
     .complexity = "O(N) for N modules",
     .tips = list_tips},
    {.name = "load",
     .handler = module_load_command,
     .arity = -3,
     .flags = LOAD_FLAGS,
     .summary = "Loads a module.",
     .since = "4.0.0",
     .group = "server",
     .complexity = "O(1)",
     .arguments = "path arg?+"},
    {.name = "loadex",
     .handler = module_load_command,
     .arity = -3,
     .flags = LOAD_FLAGS,
     .summary = "Loads a module with options of its own.",
     .since = "7.0.0",
     .group = "server",
     .complexity = "O(1)",
     .arguments = "path configs:(name value)=CONFIG?++ args=ARGS?+"},
    {.name = "unload",
     .handler = module_load_command,
     .arity = 3,
     .flags = LOAD_FLAGS,
     .summary = "Unloads a module.",
     .since = "4.0.0",
     .group = "server",
     .complexity = "O(1)",
     .arguments = "name"},
    {.name = "help",
     .handler = module_help_command,
     .arity = 2,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .summary = "Describes the subcommands.",
     .since = "5.0.0",
     .group = "server",
     .complexity = "O(1)"},
    {0},
};

static const struct command_row function_subcommands[] = {
    {.name = "flush",
     .handler = function_flush_command,
     .arity = -2,
     .flags = COMMAND_WRITE | COMMAND_NOSCRIPT,
     .categories = ACL_SCRIPTING,
     .summary = "Deletes all libraries of functions.",
     .since = "7.0.0",
     .group = "scripting",
     .complexity = "O(N) for N functions",
     .tips = flush_tips,
     .arguments = "flush-type:(ASYNC|SYNC)?"},
    {.name = "list",
     .handler = function_list_command,
     .arity = -2,
     .flags = COMMAND_NOSCRIPT,
     .categories = ACL_SCRIPTING,
     .summary = "Lists the libraries of functions.",
     .since = "7.0.0",
     .group = "scripting",
     .complexity = "O(N) for N functions",
     .tips = list_tips,
     .arguments = "library-name-pattern=LIBRARYNAME? WITHCODE?"},
    {.name = "stats",
     .handler = function_stats_command,
     .arity = 2,
     .flags = COMMAND_NOSCRIPT | COMMAND_ALLOW_BUSY,
     .categories = ACL_SCRIPTING,
     .summary = "Tells which function runs now.",
     .since = "7.0.0",
     .group = "scripting",
     .complexity = "O(1)",
     .tips = stats_tips},
    {.name = "help",
     .handler = function_help_command,
     .arity = 2,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .categories = ACL_SCRIPTING,
     .summary = "Describes the subcommands.",
     .since = "7.0.0",
     .group = "scripting",
     .complexity = "O(1)"},
    {0},
};

#define SAVE_FLAGS      (COMMAND_ADMIN | COMMAND_NOSCRIPT | COMMAND_NO_ASYNC_LOADING)
#define REPLICAOF_FLAGS (COMMAND_ADMIN | COMMAND_NOSCRIPT | COMMAND_STALE | COMMAND_NO_ASYNC_LOADING)

const struct command_row standby_commands[] = {
    {.name = "save",
     .handler = save_command,
     .arity = 1,
     .flags = SAVE_FLAGS | COMMAND_NO_MULTI,
     .summary = "Writes all keys to disk and waits for it.",
     .since = "1.0.0",
     .group = "server",
     .complexity = "O(N) for N keys"},
    {.name = "bgsave",
     .handler = bgsave_command,
     .arity = -1,
     .flags = SAVE_FLAGS,
     .summary = "Writes all keys to disk in the background.",
     .since = "1.0.0",
     .group = "server",
     .complexity = "O(1)",
     .history = bgsave_history,
     .arguments = "SCHEDULE?^3.2.2"},
    {.name = "bgrewriteaof",
     .handler = save_command,
     .arity = 1,
     .flags = SAVE_FLAGS,
     .summary = "Writes the append-only file anew in the background.",
     .since = "1.0.0",
     .group = "server",
     .complexity = "O(1)"},
    {.name = "lastsave",
     .handler = lastsave_command,
     .arity = 1,
     .flags = COMMAND_LOADING | COMMAND_STALE | COMMAND_FAST,
     .categories = ACL_ADMIN | ACL_DANGEROUS,
     .summary = "Tells when all keys were last written to disk.",
     .since = "1.0.0",
     .group = "server",
     .complexity = "O(1)",
     .tips = lastsave_tips},
    {.name = "role",
     .handler = role_command,
     .arity = 1,
     .flags = COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE | COMMAND_FAST,
     .categories = ACL_ADMIN | ACL_DANGEROUS,
     .summary = "Tells the part that this server plays in replication.",
     .since = "2.8.12",
     .group = "server",
     .complexity = "O(1)"},
    {.name = "replicaof",
     .handler = replicaof_command,
     .arity = 3,
     .flags = REPLICAOF_FLAGS,
     .summary = "Makes this server a replica of another, or a primary.",
     .since = "5.0.0",
     .group = "server",
     .complexity = "O(1)",
     .arguments = "args:(host-port:(host port:integer)|no-one:(NO ONE))"},
    {.name = "slaveof",
     .handler = replicaof_command,
     .arity = 3,
     .flags = REPLICAOF_FLAGS,
     .summary = "Makes this server a replica of another, or a primary.",
     .since = "1.0.0",
     .group = "server",
     .complexity = "O(1)",
     .replaced_by = "`REPLICAOF`",
     .deprecated_since = "5.0.0",
     .arguments = "args:(host-port:(host port:integer)|no-one:(NO ONE))"},
    {.name = "wait",
     .handler = wait_command,
     .arity = 3,
     .flags = COMMAND_BLOCKING,
     .categories = ACL_CONNECTION,
     .summary = "Waits until so many replicas have all that this connection wrote, or for so long.",
     .since = "3.0.0",
     .group = "generic",
     .complexity = "O(1)",
     .tips = wait_tips,
     .arguments = "numreplicas:integer timeout:integer"},
    {.name = "waitaof",
     .handler = waitaof_command,
     .arity = 4,
     .flags = COMMAND_BLOCKING,
     .categories = ACL_CONNECTION,
     .summary = "Waits until what this connection wrote is in so many append-only files, or for so long.",
     .since = "7.2.0",
     .group = "generic",
     .complexity = "O(1)",
     .tips = wait_tips,
     .arguments = "numlocal:integer numreplicas:integer timeout:integer"},
    {.name = "module",
     .arity = -2,
     .subcommands = module_subcommands,
     .summary = "Shows and loads modules.",
     .since = "4.0.0",
     .group = "server",
     .complexity = "Depends on subcommand."},
    {.name = "function",
     .arity = -2,
     .subcommands = function_subcommands,
     .summary = "Keeps functions that scripts define.",
     .since = "7.0.0",
     .group = "scripting",
     .complexity = "Depends on subcommand."},
    {0},
};

/* SPDX-License-Identifier: BSD-3-Clause */
/* What is logged as slow, and SLOWLOG.
 * Owner: struct observe. Locks: those of the slow log and of latency, never both; names of the session that ran. */
#include <limits.h>

#include "apply.h"
#include "redaction.h"
#include "sherd/base/blob.h"
#include "sherd/base/number.h"
#include "sherd/observe/commands.h"

enum {
    GET_DEFAULT = 10,
};

static void slow_log(struct observe *observe, const struct call *call, uint64_t nanoseconds, uint64_t max)
{
    struct session *session = call->session;
    struct slice argv[SLOWLOG_ARGUMENTS_MAX];
    uint32_t shown = call->argc < SLOWLOG_ARGUMENTS_MAX ? call->argc : (uint32_t)SLOWLOG_ARGUMENTS_MAX;
    memcpy(argv, call->argv, shown * sizeof(argv[0]));
    redact(call, argv, shown);
    struct blob *name = session_text_reference(session, SESSION_NAME);
    struct buffer address;
    buffer_init(&address);
    if (session->sink->describe != NULL) {
        session->sink->describe(session, &address);
    }
    struct slowlog_event event = {
        .time_s = clock_source_us(call->worker->exec->clock) / 1000000,
        .duration_us = nanoseconds / 1000,
        .client = buffer_slice(&address),
        .client_name = name == NULL ? slice_from_text("") : blob_slice(name),
        .argv = argv,
        .argc = call->argc,
    };
    slowlog_push(&observe->slowlog, &event, max);
    buffer_deinit(&address);
    if (name != NULL) {
        blob_release(name);
    }
}

void observe_slow_ran(void *context, const struct call *call, uint64_t nanoseconds)
{
    struct observe *observe = context;
    /* The newest options, not those of the turn: a CONFIG SET is the first command that its own limit applies to. */
    const struct observe_options *options = observe_options(observe, config_current(call->worker->exec->config));
    if (options->slowlog_slower_than_us >= 0 && nanoseconds / 1000 >= (uint64_t)options->slowlog_slower_than_us &&
        (call->command->flags & COMMAND_SKIP_SLOWLOG) == 0) {
        slow_log(observe, call, nanoseconds, (uint64_t)options->slowlog_max_len);
    }
    uint64_t milliseconds = nanoseconds / 1000000;
    if (options->latency_threshold_ms > 0 && milliseconds >= (uint64_t)options->latency_threshold_ms) {
        bool fast = (call->command->flags & COMMAND_FAST) != 0;
        latency_add(&observe->latency, fast ? LATENCY_FAST_COMMAND : LATENCY_COMMAND,
                    (struct latency_sample){clock_source_us(call->worker->exec->clock) / 1000000,
                                            (uint32_t)(milliseconds < UINT32_MAX ? milliseconds : UINT32_MAX)});
    }
}

static void reply_entry(struct reply *reply, const struct slowlog_entry *entry)
{
    reply_array(reply, 6);
    reply_integer(reply, (int64_t)entry->id);
    reply_integer(reply, entry->time_s);
    reply_integer(reply, (int64_t)entry->duration_us);
    reply_array(reply, entry->argc);
    for (uint32_t i = 0; i < entry->argc; i++) {
        reply_bulk(reply, entry->argv[i]);
    }
    reply_bulk(reply, entry->client);
    reply_bulk(reply, entry->client_name);
}

static enum outcome slowlog_get_command(struct call *call)
{
    struct observe *observe = call->context;
    int64_t count = GET_DEFAULT;
    if (call->argc > 3) {
        return call_fail_subcommand(call);
    }
    if (call->argc == 3 && (!number_parse_i64(call->argv[2], &count) || count < -1)) {
        return call_fail_format(call, "ERR count should be greater than or equal to -1");
    }
    uint64_t max = slowlog_length(&observe->slowlog);
    if (count >= 0 && (uint64_t)count < max) {
        max = (uint64_t)count;
    }
    struct slowlog_entry **entries = memory_alloc(max * sizeof(*entries));
    size_t taken = slowlog_take(&observe->slowlog, entries, max);
    reply_array(&call->reply, taken);
    for (size_t i = 0; i < taken; i++) {
        reply_entry(&call->reply, entries[i]);
        slowlog_release(entries[i]);
    }
    memory_free((void *)entries);
    return OUTCOME_DONE;
}

static enum outcome slowlog_len_command(struct call *call)
{
    struct observe *observe = call->context;
    reply_integer(&call->reply, (int64_t)slowlog_length(&observe->slowlog));
    return OUTCOME_DONE;
}

static enum outcome slowlog_reset_command(struct call *call)
{
    struct observe *observe = call->context;
    slowlog_reset(&observe->slowlog);
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

static enum outcome slowlog_help_command(struct call *call)
{
    static const char *const lines[] = {
        "GET [<count>]",
        "    Return top <count> entries from the slowlog (default: 10, -1 mean all).",
        "    Entries are made of:",
        "    id, timestamp, time in microseconds, arguments array, client IP and port,",
        "    client name",
        "LEN",
        "    Return the length of the slowlog.",
        "RESET",
        "    Reset the slowlog.",
        NULL,
    };
    return call_reply_help(call, lines);
}

static const char *const get_tips[] = {"request_policy:all_nodes", "nondeterministic_output", NULL};
static const char *const len_tips[] = {"request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output",
                                       NULL};
static const char *const reset_tips[] = {"request_policy:all_nodes", "response_policy:all_succeeded", NULL};
static const struct command_history get_history[] = {{"4.0.0", "Added client IP address, port and name to the reply."},
                                                     {0}};

#define SLOWLOG_FLAGS (COMMAND_ADMIN | COMMAND_LOADING | COMMAND_STALE)

static const struct command_row slowlog_subcommands[] = {
    {.name = "get",
     .handler = slowlog_get_command,
     .arity = -2,
     .flags = SLOWLOG_FLAGS,
     .summary = "Lists the latest slow commands.",
     .since = "2.2.12",
     .group = "server",
     .complexity = "O(N) for N entries",
     .tips = get_tips,
     .history = get_history,
     .arguments = "count:integer?"},
    {.name = "len",
     .handler = slowlog_len_command,
     .arity = 2,
     .flags = SLOWLOG_FLAGS,
     .summary = "Counts the slow commands that are remembered.",
     .since = "2.2.12",
     .group = "server",
     .complexity = "O(1)",
     .tips = len_tips},
    {.name = "reset",
     .handler = slowlog_reset_command,
     .arity = 2,
     .flags = SLOWLOG_FLAGS,
     .summary = "Forgets all slow commands.",
     .since = "2.2.12",
     .group = "server",
     .complexity = "O(N) for N entries",
     .tips = reset_tips},
    {.name = "help",
     .handler = slowlog_help_command,
     .arity = 2,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .summary = "Describes the subcommands.",
     .since = "6.2.0",
     .group = "server",
     .complexity = "O(1)"},
    {0},
};

const struct command_row slowlog_commands[] = {
    {.name = "slowlog",
     .arity = -2,
     .subcommands = slowlog_subcommands,
     .summary = "Shows which commands took long.",
     .since = "2.2.12",
     .group = "server",
     .complexity = "Depends on subcommand."},
    {0},
};

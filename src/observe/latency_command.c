/* SPDX-License-Identifier: BSD-3-Clause */
/* LATENCY: events that took long, and how the durations of each command are spread.
 * Owner: struct observe. Locks: that of latency, inside its functions. */
#include "apply.h"
#include "histogram.h"
#include "sherd/observe/commands.h"

enum {
    HISTOGRAM_FIRST_BITS = 10, /* the shortest durations shown together: up to 2^10 ns */
    HISTOGRAM_LAST_BITS = 30,  /* the longest: all from 2^29 ns on */
};

void observe_spike_noted(void *context, const char *event, uint64_t nanoseconds)
{
    struct observe *observe = context;
    const struct exec *exec = observe->setup.exec;
    int64_t threshold_ms = observe_options(observe, config_current(exec->config))->latency_threshold_ms;
    uint64_t milliseconds = nanoseconds / 1000000;
    enum latency_kind kind = latency_find(slice_from_text(event));
    if (kind != LATENCY_KIND_COUNT && threshold_ms > 0 && milliseconds >= (uint64_t)threshold_ms) {
        latency_add(&observe->latency, kind,
                    (struct latency_sample){clock_source_us(exec->clock) / 1000000, (uint32_t)milliseconds});
    }
}

static int64_t now_s(const struct call *call)
{
    return clock_source_us(call->worker->exec->clock) / 1000000;
}

static enum outcome latency_latest_command(struct call *call)
{
    struct observe *observe = call->context;
    struct output_mark mark = reply_open(&call->reply);
    size_t count = 0;
    for (unsigned i = 0; i < LATENCY_KIND_COUNT; i++) {
        struct latency_series series;
        latency_copy(&observe->latency, (enum latency_kind)i, &series);
        if (series.count == 0) {
            continue;
        }
        const struct latency_sample *last = latency_at(&series, series.count - 1);
        reply_array(&call->reply, 4);
        reply_bulk_text(&call->reply, latency_name((enum latency_kind)i));
        reply_integer(&call->reply, last->time_s);
        reply_integer(&call->reply, last->milliseconds);
        reply_integer(&call->reply, series.max_ms);
        count++;
    }
    reply_close_array(&call->reply, mark, count);
    return OUTCOME_DONE;
}

/* The series of the event that argument 2 names; empty when there is none. */
static void series_asked_for(const struct call *call, struct latency_series *series)
{
    struct observe *observe = call->context;
    enum latency_kind kind = latency_find(call->argv[2]);
    series->count = 0;
    if (kind != LATENCY_KIND_COUNT) {
        latency_copy(&observe->latency, kind, series);
    }
}

static enum outcome latency_history_command(struct call *call)
{
    struct latency_series series;
    series_asked_for(call, &series);
    reply_array(&call->reply, series.count);
    for (uint32_t i = 0; i < series.count; i++) {
        const struct latency_sample *sample = latency_at(&series, i);
        reply_array(&call->reply, 2);
        reply_integer(&call->reply, sample->time_s);
        reply_integer(&call->reply, sample->milliseconds);
    }
    return OUTCOME_DONE;
}

static enum outcome latency_graph_command(struct call *call)
{
    struct latency_series series;
    series_asked_for(call, &series);
    struct slice name = call->argv[2];
    if (series.count == 0) {
        return call_fail_format(call, "ERR No samples available for event '%.*s'", (int)name.len, name.data);
    }
    struct buffer text;
    buffer_init(&text);
    latency_graph(latency_name(latency_find(name)), &series, now_s(call), &text);
    reply_verbatim(&call->reply, "txt", buffer_slice(&text));
    buffer_deinit(&text);
    return OUTCOME_DONE;
}

static enum outcome latency_doctor_command(struct call *call)
{
    struct observe *observe = call->context;
    const struct observe_options *options = observe_options(observe, call->worker->config);
    struct latency_series *series = memory_alloc(LATENCY_KIND_COUNT * sizeof(*series));
    for (unsigned i = 0; i < LATENCY_KIND_COUNT; i++) {
        latency_copy(&observe->latency, (enum latency_kind)i, &series[i]);
    }
    struct latency_report report = {.series = series,
                                    .now_s = now_s(call),
                                    .threshold_ms = options->latency_threshold_ms,
                                    .slowlog_slower_than_us = options->slowlog_slower_than_us};
    struct buffer text;
    buffer_init(&text);
    latency_doctor(&report, &text);
    reply_verbatim(&call->reply, "txt", buffer_slice(&text));
    buffer_deinit(&text);
    memory_free(series);
    return OUTCOME_DONE;
}

static enum outcome latency_reset_command(struct call *call)
{
    struct observe *observe = call->context;
    int64_t count = 0;
    for (unsigned i = 0; call->argc == 2 && i < LATENCY_KIND_COUNT; i++) {
        count += latency_reset(&observe->latency, (enum latency_kind)i);
    }
    for (uint32_t i = 2; i < call->argc; i++) {
        enum latency_kind kind = latency_find(call->argv[i]);
        count += kind != LATENCY_KIND_COUNT && latency_reset(&observe->latency, kind);
    }
    reply_integer(&call->reply, count);
    return OUTCOME_DONE;
}

struct histogram_reply {
    struct call *call;
    struct histogram_sum *sum; /* scratch */
    size_t commands;           /* replied so far */
};

/* Cumulative counts at the powers of two; the keys are the microseconds that Redis's histogram has there: its buckets
 * are 1/128 of a power of two wide, and it names the end of the bucket that the power stands in. */
static void reply_distribution(struct reply *reply, const struct histogram_sum *sum)
{
    reply_map(reply, 2);
    reply_bulk_text(reply, "calls");
    reply_integer(reply, (int64_t)sum->calls);
    reply_bulk_text(reply, "histogram_usec");
    struct output_mark mark = reply_open(reply);
    size_t pairs = 0;
    uint64_t below = 0;
    uint64_t shown = 0;
    uint32_t bucket = 0;
    for (unsigned bits = HISTOGRAM_FIRST_BITS; bits <= HISTOGRAM_LAST_BITS; bits++) {
        uint32_t end =
            bits == HISTOGRAM_LAST_BITS ? (uint32_t)HISTOGRAM_BUCKETS : histogram_bucket(UINT64_C(1) << bits);
        for (; bucket < end; bucket++) {
            below += sum->buckets[bucket];
        }
        if (below > shown) {
            uint64_t end_ns = (UINT64_C(1) << bits) + (UINT64_C(1) << (bits - 7)) - 1;
            reply_integer(reply, (int64_t)(end_ns / 1000));
            reply_integer(reply, (int64_t)below);
            shown = below;
            pairs++;
        }
    }
    reply_close_map(reply, mark, pairs);
}

static void reply_command(void *context, const struct command *command)
{
    struct histogram_reply *histogram = context;
    histogram_collect(histogram->call->worker->exec, command, histogram->sum);
    if (histogram->sum->calls > 0) {
        reply_bulk_text(&histogram->call->reply, command->full_name);
        reply_distribution(&histogram->call->reply, histogram->sum);
        histogram->commands++;
    }
}

static enum outcome latency_histogram_command(struct call *call)
{
    const struct command_table *table = call->worker->exec->commands;
    struct histogram_reply histogram = {.call = call, .sum = memory_alloc(sizeof(*histogram.sum))};
    struct output_mark mark = reply_open(&call->reply);
    if (call->argc == 2) {
        commands_visit(table, reply_command, &histogram);
    }
    for (uint32_t i = 2; i < call->argc; i++) {
        const struct command *command = command_find_full(table, call->argv[i]);
        if (command == NULL) {
            continue;
        }
        reply_command(&histogram, command);
        for (uint32_t s = 0; s < command->subcommand_count; s++) {
            reply_command(&histogram, &command->subcommands[s]);
        }
    }
    reply_close_map(&call->reply, mark, histogram.commands);
    memory_free(histogram.sum);
    return OUTCOME_DONE;
}

static enum outcome latency_help_command(struct call *call)
{
    static const char *const lines[] = {
        "DOCTOR",
        "    Return a human readable latency analysis report.",
        "GRAPH <event>",
        "    Return an ASCII latency graph for the <event> class.",
        "HISTORY <event>",
        "    Return time-latency samples for the <event> class.",
        "LATEST",
        "    Return the latest latency samples for all events.",
        "RESET [<event> ...]",
        "    Reset latency data of one or more <event> classes.",
        "    (default: reset all data for all event classes)",
        "HISTOGRAM [COMMAND ...]",
        "    Return a cumulative distribution of latencies in the format of a histogram for the specified command "
        "names.",
        "    If no commands are specified then all histograms are replied.",
        NULL,
    };
    return call_reply_help(call, lines);
}

#define LATENCY_FLAGS (COMMAND_ADMIN | COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE)

static const char *const show_tips[] = {"nondeterministic_output", "request_policy:all_nodes",
                                        "response_policy:special", NULL};
static const char *const reset_tips[] = {"request_policy:all_nodes", "response_policy:agg_sum", NULL};

#define ROW(name_, handler_, arity_, summary_, tips_, arguments_)                                                      \
    {                                                                                                                  \
        .name = (name_), .handler = (handler_), .arity = (arity_), .flags = LATENCY_FLAGS, .summary = (summary_),      \
        .since = "2.8.13", .group = "server", .complexity = "O(1)", .tips = (tips_), .arguments = (arguments_)         \
    }

static const struct command_row latency_subcommands[] = {
    ROW("doctor", latency_doctor_command, 2, "Reports on the latency events, with advice.", show_tips, NULL),
    ROW("graph", latency_graph_command, 3, "Draws the samples of a latency event.", show_tips, "event"),
    ROW("history", latency_history_command, 3, "Lists the samples of a latency event.", show_tips, "event"),
    ROW("latest", latency_latest_command, 2, "Lists the latest sample of each latency event.", show_tips, NULL),
    ROW("reset", latency_reset_command, -2, "Forgets the samples of latency events.", reset_tips, "event?+"),
    {.name = "histogram",
     .handler = latency_histogram_command,
     .arity = -2,
     .flags = LATENCY_FLAGS,
     .summary = "Shows how the durations of commands are spread.",
     .since = "7.0.0",
     .group = "server",
     .complexity = "O(N) for N commands",
     .tips = show_tips,
     .arguments = "command?+"},
    {.name = "help",
     .handler = latency_help_command,
     .arity = 2,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .summary = "Describes the subcommands.",
     .since = "2.8.13",
     .group = "server",
     .complexity = "O(1)"},
    {0},
};

const struct command_row latency_commands[] = {
    {.name = "latency",
     .arity = -2,
     .subcommands = latency_subcommands,
     .summary = "Shows what took long, and how long commands take.",
     .since = "2.8.13",
     .group = "server",
     .complexity = "Depends on subcommand."},
    {0},
};

/* SPDX-License-Identifier: BSD-3-Clause */
/* MEMORY: what keys and the process occupy.
 * Owner: struct observe. Locks: none taken; dispatch holds the shard of USAGE's key. */
#include "memory_report.h"
#include "sherd/base/number.h"
#include "sherd/observe/commands.h"

enum {
    SLOT_BYTES = sizeof(table_word),
    REPORT_FROM_BYTES = 5 * 1024 * 1024, /* below, ratios say nothing */
    NOTABLE_BYTES = 10 * 1024 * 1024,
    DATABASE_KEY_BYTES = 32,
};

/* [SAMPLES n] ...; false when the error is replied. Sizes here are exact or kept with the value, nothing is sampled. */
static bool usage_options(struct call *call)
{
    for (uint32_t i = 3; i < call->argc; i += 2) {
        int64_t samples;
        if (!call_argument_is(call, i, "samples") || i + 1 == call->argc) {
            (void)call_fail(call, ERROR_SYNTAX);
            return false;
        }
        if (!call_integer(call, i + 1, &samples)) {
            return false;
        }
        if (samples < 0) {
            (void)call_fail(call, ERROR_SYNTAX);
            return false;
        }
    }
    return true;
}

COMMAND_HANDLER(memory_usage_command)
{
    struct keyref ref;
    if (!usage_options(call)) {
        return OUTCOME_ERROR;
    }
    if (!call_peek(call, 2, &ref)) {
        reply_null(&call->reply);
        return OUTCOME_DONE;
    }
    reply_integer(&call->reply, (int64_t)(entry_footprint_bytes(ref.entry) + SLOT_BYTES));
    return OUTCOME_DONE;
}

static void pair_integer(struct reply *reply, const char *name, uint64_t value)
{
    reply_bulk_text(reply, name);
    reply_integer(reply, (int64_t)value);
}

static void pair_double(struct reply *reply, const char *name, double value)
{
    reply_bulk_text(reply, name);
    reply_double(reply, value);
}

/* One map for each database with keys; returns how many. */
static size_t reply_databases(struct call *call)
{
    const struct keyspace *keyspace = call->worker->exec->keyspace;
    size_t databases = 0;
    for (unsigned db = 0; db < keyspace->databases; db++) {
        uint64_t keys;
        uint64_t volatile_keys;
        keyspace_count(keyspace, db, &keys, &volatile_keys);
        if (keys == 0) {
            continue;
        }
        char name[DATABASE_KEY_BYTES] = "db.";
        (void)number_print_u64(name + 3, db);
        reply_bulk_text(&call->reply, name);
        reply_map(&call->reply, 2);
        pair_integer(&call->reply, "overhead.hashtable.main", memory_tables_bytes(keyspace, db));
        pair_integer(&call->reply, "overhead.hashtable.expires", volatile_keys * sizeof(uint64_t)); /* one tag a key */
        databases++;
    }
    return databases;
}

/* Returns how many pairs. */
static size_t reply_totals(struct reply *reply, const struct memory_report *report)
{
    pair_integer(reply, "overhead.total", report->overhead_bytes);
    pair_integer(reply, "keys.count", report->keys);
    uint64_t data = report->used_bytes > report->startup_bytes ? report->used_bytes - report->startup_bytes : 0;
    pair_integer(reply, "keys.bytes-per-key", report->keys == 0 ? 0 : data / report->keys);
    pair_integer(reply, "dataset.bytes", report->dataset_bytes);
    pair_double(reply, "dataset.percentage", report->dataset_percent);
    pair_double(reply, "peak.percentage", report->peak_percent);
    pair_integer(reply, "allocator.allocated", report->figures.allocated);
    pair_integer(reply, "allocator.active", report->figures.active);
    pair_integer(reply, "allocator.resident", report->figures.resident);
    pair_integer(reply, "allocator.muzzy", 0);
    pair_double(reply, "allocator-fragmentation.ratio", report->allocator_fragmentation_ratio);
    pair_integer(reply, "allocator-fragmentation.bytes", (uint64_t)report->allocator_fragmentation_bytes);
    pair_double(reply, "allocator-rss.ratio", report->allocator_rss_ratio);
    pair_integer(reply, "allocator-rss.bytes", (uint64_t)report->allocator_rss_bytes);
    pair_double(reply, "rss-overhead.ratio", report->rss_overhead_ratio);
    pair_integer(reply, "rss-overhead.bytes", (uint64_t)report->rss_overhead_bytes);
    pair_double(reply, "fragmentation", report->fragmentation_ratio);
    pair_integer(reply, "fragmentation.bytes", (uint64_t)report->fragmentation_bytes);
    return 18;
}

static enum outcome memory_stats_command(struct call *call)
{
    static const char *const absent[] = {"replication.backlog", "clients.slaves", "cluster.links",
                                         "aof.buffer",          "lua.caches",     "functions.caches"};
    struct memory_report report;
    memory_report_make(call->context, call->worker, &report);
    struct reply *reply = &call->reply;
    struct output_mark mark = reply_open(reply);
    pair_integer(reply, "peak.allocated", report.peak_bytes);
    pair_integer(reply, "total.allocated", report.used_bytes);
    pair_integer(reply, "startup.allocated", report.startup_bytes);
    pair_integer(reply, "clients.normal", report.clients_bytes);
    for (size_t i = 0; i < ARRAY_LENGTH(absent); i++) {
        pair_integer(reply, absent[i], 0);
    }
    size_t pairs = 4 + ARRAY_LENGTH(absent) + reply_databases(call);
    pairs += reply_totals(reply, &report);
    reply_close_map(reply, mark, pairs);
    return OUTCOME_DONE;
}

/* Appends what is notable; nothing when all is well. */
static void report_issues(const struct memory_report *report, struct buffer *out)
{
    if (report->peak_bytes > report->used_bytes + report->used_bytes / 2) {
        buffer_printf(out, " * The peak was more than half as high again as what is used now. The memory in between is"
                           " kept for new data; MEMORY PURGE gives back what it can.\n");
    }
    if (report->fragmentation_ratio > 1.4 && report->fragmentation_bytes > NOTABLE_BYTES) {
        buffer_printf(out,
                      " * The process occupies more than 1.4 times what its data need (allocator: %s). After a peak"
                      " this is normal.\n",
                      memory_allocator_name());
    }
    if (report->allocator_fragmentation_ratio > 1.1 && report->allocator_fragmentation_bytes > NOTABLE_BYTES) {
        buffer_printf(out,
                      " * Pages of the allocator are partly empty (external fragmentation above 1.1): many values of"
                      " one size were replaced by others of another size.\n");
    }
    if (report->allocator_rss_ratio > 1.1 && report->allocator_rss_bytes > NOTABLE_BYTES) {
        buffer_printf(out, " * The allocator holds pages that it does not use (above 1.1): MEMORY PURGE gives them"
                           " back.\n");
    }
    if (report->rss_overhead_ratio > 1.1 && report->rss_overhead_bytes > NOTABLE_BYTES) {
        buffer_printf(out, " * Memory outside the allocator is above a tenth of it: threads and their stacks.\n");
    }
}

static enum outcome memory_doctor_command(struct call *call)
{
    struct memory_report report;
    memory_report_make(call->context, call->worker, &report);
    struct buffer text;
    buffer_init(&text);
    if (report.used_bytes < REPORT_FROM_BYTES) {
        buffer_printf(&text, "There is too little data here to say anything about its memory.\n");
    } else {
        report_issues(&report, &text);
        if (text.len == 0) {
            buffer_printf(&text, "Nothing is wrong with the memory of this server.\n");
        }
    }
    reply_verbatim(&call->reply, "txt", buffer_slice(&text));
    buffer_deinit(&text);
    return OUTCOME_DONE;
}

static void append_text(void *context, const char *text)
{
    buffer_append_slice(context, slice_from_text(text));
}

static enum outcome memory_malloc_stats_command(struct call *call)
{
    struct buffer text;
    buffer_init(&text);
    memory_statistics_print(append_text, &text);
    if (text.len == 0) {
        reply_bulk_text(&call->reply, "Stats not supported for the current allocator");
    } else {
        reply_verbatim(&call->reply, "txt", buffer_slice(&text));
    }
    buffer_deinit(&text);
    return OUTCOME_DONE;
}

static enum outcome memory_purge_command(struct call *call)
{
    memory_purge();
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

static enum outcome memory_help_command(struct call *call)
{
    static const char *const lines[] = {
        "DOCTOR",
        "    Return memory problems reports.",
        "MALLOC-STATS",
        "    Return internal statistics report from the memory allocator.",
        "PURGE",
        "    Attempt to purge dirty pages for reclamation by the allocator.",
        "STATS",
        "    Return information about the memory usage of the server.",
        "USAGE <key> [SAMPLES <count>]",
        "    Return memory in bytes used by <key> and its value. Nested values are",
        "    sampled up to <count> times (default: 5, 0 means sample all).",
        NULL,
    };
    return call_reply_help(call, lines);
}

static const char *const show_tips[] = {"nondeterministic_output", "request_policy:all_shards",
                                        "response_policy:special", NULL};
static const char *const purge_tips[] = {"request_policy:all_shards", "response_policy:all_succeeded", NULL};

#define ROW(name_, handler_, flags_, summary_, complexity_, tips_)                                                     \
    {                                                                                                                  \
        .name = (name_), .handler = (handler_), .arity = 2, .flags = (flags_), .summary = (summary_),                  \
        .since = "4.0.0", .group = "server", .complexity = (complexity_), .tips = (tips_)                              \
    }

static const struct command_row memory_subcommands[] = {
    {.name = "usage",
     .handler = memory_usage_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .keys = {{.flags = KEY_RO, .begin = 2, .step = 1}},
     .summary = "Tells how many bytes a key and its value occupy.",
     .since = "4.0.0",
     .group = "server",
     .complexity = "O(N) for N samples",
     .arguments = "key:key count:integer=SAMPLES?"},
    ROW("stats", memory_stats_command, 0, "Tells what the memory is used for.", "O(1)", show_tips),
    ROW("doctor", memory_doctor_command, 0, "Reports what is notable about the memory in use.", "O(1)", show_tips),
    ROW("malloc-stats", memory_malloc_stats_command, COMMAND_ELSEWHERE, "Shows the allocator's own report.",
        "Grows with the memory that is in use", show_tips),
    ROW("purge", memory_purge_command, COMMAND_ELSEWHERE, "Asks the allocator to give unused pages back.",
        "Grows with the memory that is in use", purge_tips),
    ROW("help", memory_help_command, COMMAND_LOADING | COMMAND_STALE, "Describes the subcommands.", "O(1)", NULL),
    {0},
};

const struct command_row memory_commands[] = {
    {.name = "memory",
     .arity = -2,
     .subcommands = memory_subcommands,
     .summary = "Tells what occupies memory.",
     .since = "4.0.0",
     .group = "server",
     .complexity = "Depends on subcommand."},
    {0},
};

/* SPDX-License-Identifier: BSD-3-Clause */
/* INFO commandstats, latencystats, errorstats and keyspace.
 * Owner: struct observe. Locks: none. */
#include <stdlib.h>

#include "apply.h"
#include "histogram.h"
#include "sherd/observe/info.h"

struct command_lines {
    const struct exec *exec;
    struct buffer *out;
    const struct percentiles *percentiles;
    struct histogram_sum *sum; /* scratch */
};

static void write_command(void *context, const struct command *command)
{
    const struct command_lines *lines = context;
    struct command_totals totals;
    command_totals_collect(lines->exec, command, &totals);
    if ((totals.calls | totals.rejected | totals.failed) == 0) {
        return;
    }
    uint64_t microseconds = totals.nanoseconds / 1000;
    buffer_printf(lines->out,
                  "cmdstat_%s:calls=%llu,usec=%llu,usec_per_call=%.2f,rejected_calls=%llu,failed_calls=%llu\r\n",
                  command->full_name, (unsigned long long)totals.calls, (unsigned long long)microseconds,
                  totals.calls == 0 ? 0 : (double)totals.nanoseconds / 1000 / (double)totals.calls,
                  (unsigned long long)totals.rejected, (unsigned long long)totals.failed);
}

void info_write_commandstats(void *context, struct exec_worker *worker, struct buffer *out)
{
    (void)context;
    struct command_lines lines = {.exec = worker->exec, .out = out};
    commands_visit(worker->exec->commands, write_command, &lines);
}

static void write_percentiles(void *context, const struct command *command)
{
    const struct command_lines *lines = context;
    histogram_collect(lines->exec, command, lines->sum);
    if (lines->sum->calls == 0) {
        return;
    }
    buffer_printf(lines->out, "latency_percentiles_usec_%s:", command->full_name);
    for (unsigned i = 0; i < lines->percentiles->count; i++) {
        double percentile = lines->percentiles->values[i];
        char shown[PERCENTILE_BYTES];
        (void)percentile_print(shown, percentile);
        buffer_printf(lines->out, "%sp%s=%.3f", i == 0 ? "" : ",", shown,
                      (double)histogram_percentile_ns(lines->sum, percentile) / 1000);
    }
    buffer_append(lines->out, "\r\n", 2);
}

void info_write_latencystats(void *context, struct exec_worker *worker, struct buffer *out)
{
    const struct observe *observe = context;
    const struct observe_options *options = observe_options(observe, worker->config);
    if (!options->latency_tracking) {
        return;
    }
    struct command_lines lines = {.exec = worker->exec,
                                  .out = out,
                                  .percentiles = &options->percentiles,
                                  .sum = memory_alloc(sizeof(*lines.sum))};
    commands_visit(worker->exec->commands, write_percentiles, &lines);
    memory_free(lines.sum);
}

struct error_line {
    const char *name;
    uint64_t count;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct error_line *)a)->name, ((const struct error_line *)b)->name);
}

/* The kinds of errors of all workers, one line for each worker that has one. The caller frees them. */
static struct error_line *collect_errors(const struct exec *exec, size_t *count)
{
    uint32_t workers = atomic_load_explicit(&exec->worker_count, memory_order_acquire);
    struct error_line *lines = memory_alloc((size_t)workers * ERROR_KINDS_MAX * sizeof(*lines));
    *count = 0;
    for (uint32_t w = 0; w < workers; w++) {
        const struct exec_worker *worker = atomic_load_explicit(&exec->workers[w], memory_order_acquire);
        uint32_t kinds =
            worker == NULL ? 0 : atomic_load_explicit(&worker->statistics.error_kinds, memory_order_acquire);
        for (uint32_t i = 0; i < kinds; i++) {
            const struct error_kind *kind = &worker->statistics.errors[i];
            lines[*count] = (struct error_line){kind->name, counter_read(&kind->count)};
            *count += lines[*count].count > 0;
        }
    }
    return lines;
}

void info_write_errorstats(void *context, struct exec_worker *worker, struct buffer *out)
{
    (void)context;
    size_t count;
    struct error_line *lines = collect_errors(worker->exec, &count);
    if (count > 1) {
        qsort(lines, count, sizeof(*lines), compare_names);
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t sum = lines[i].count;
        while (i + 1 < count && strcmp(lines[i].name, lines[i + 1].name) == 0) {
            sum += lines[++i].count;
        }
        buffer_printf(out, "errorstat_%s:count=%llu\r\n", lines[i].name, (unsigned long long)sum);
    }
    memory_free(lines);
}

void info_write_keyspace(void *context, struct exec_worker *worker, struct buffer *out)
{
    const struct observe *observe = context;
    const struct keyspace *keyspace = worker->exec->keyspace;
    for (unsigned db = 0; db < keyspace->databases; db++) {
        uint64_t keys;
        uint64_t volatile_keys;
        keyspace_count(keyspace, db, &keys, &volatile_keys);
        if (keys == 0 && volatile_keys == 0) {
            continue;
        }
        int64_t average_ms = atomic_load_explicit(&observe->survey.averages_ms[db], memory_order_relaxed);
        buffer_printf(out, "db%u:keys=%llu,expires=%llu,avg_ttl=%lld", db, (unsigned long long)keys,
                      (unsigned long long)volatile_keys, (long long)(volatile_keys == 0 ? 0 : average_ms));
        uint64_t timed_keys = keyspace_count_timed(keyspace, db);
        if (timed_keys != 0) {
            buffer_printf(out, ",subexpiry=%llu", (unsigned long long)timed_keys); /* as Redis 8 has it */
        }
        buffer_printf(out, "\r\n");
    }
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Sums of the workers' counts by command.
 * Owner: the caller's. Locks: none; counts under way may be missed. */
#include "histogram.h"

static void add_worker(const struct exec_worker *worker, uint32_t id, struct histogram_sum *sum)
{
    const struct latency_histogram *histogram =
        atomic_load_explicit(&worker->statistics.commands[id].histogram, memory_order_acquire);
    for (uint32_t i = 0; histogram != NULL && i < HISTOGRAM_BUCKETS; i++) {
        uint32_t count = atomic_load_explicit(&histogram->buckets[i], memory_order_relaxed);
        sum->buckets[i] += count;
        sum->calls += count;
    }
}

static const struct exec_worker *worker_at(const struct exec *exec, uint32_t index)
{
    return atomic_load_explicit(&exec->workers[index], memory_order_acquire);
}

void histogram_collect(const struct exec *exec, const struct command *command, struct histogram_sum *sum)
{
    memset(sum, 0, sizeof(*sum));
    uint32_t count = atomic_load_explicit(&exec->worker_count, memory_order_acquire);
    for (uint32_t w = 0; w < count; w++) {
        const struct exec_worker *worker = worker_at(exec, w);
        if (worker == NULL) {
            continue;
        }
        add_worker(worker, command->id, sum);
        for (uint32_t i = 0; i < command->variant_count; i++) {
            add_worker(worker, command->variants[i].id, sum);
        }
    }
}

uint64_t histogram_percentile_ns(const struct histogram_sum *sum, double percentile)
{
    double wanted = percentile / 100 * (double)sum->calls;
    uint64_t rank = (uint64_t)wanted;
    rank += (double)rank < wanted ? 1 : 0;
    rank = rank == 0 ? 1 : rank;
    uint64_t below = 0;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        below += sum->buckets[i];
        if (below >= rank) {
            return histogram_bucket_end_ns(i);
        }
    }
    return 0;
}

static void add_totals(const struct exec_worker *worker, uint32_t id, struct command_totals *totals)
{
    const struct command_statistics *statistics = &worker->statistics.commands[id];
    totals->calls += counter_read(&statistics->calls);
    totals->nanoseconds += counter_read(&statistics->nanoseconds);
    totals->rejected += counter_read(&statistics->rejected);
    totals->failed += counter_read(&statistics->failed);
}

void command_totals_collect(const struct exec *exec, const struct command *command, struct command_totals *totals)
{
    *totals = (struct command_totals){0};
    uint32_t count = atomic_load_explicit(&exec->worker_count, memory_order_acquire);
    for (uint32_t w = 0; w < count; w++) {
        const struct exec_worker *worker = worker_at(exec, w);
        if (worker == NULL) {
            continue;
        }
        add_totals(worker, command->id, totals);
        for (uint32_t i = 0; i < command->variant_count; i++) {
            add_totals(worker, command->variants[i].id, totals);
        }
    }
}

void commands_visit(const struct command_table *table, void (*visit)(void *context, const struct command *command),
                    void *context)
{
    for (uint32_t i = 0; i < command_table_count(table); i++) {
        const struct command *command = command_table_at(table, i);
        visit(context, command);
        for (uint32_t s = 0; s < command->subcommand_count; s++) {
            visit(context, &command->subcommands[s]);
        }
    }
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Durations of a command, summed over the workers.
 * Owner: the caller's stack. Locks: none. */
#ifndef SHERD_OBSERVE_HISTOGRAM_H
#define SHERD_OBSERVE_HISTOGRAM_H

#include "sherd/exec/exec.h"

struct histogram_sum {
    uint64_t calls;
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

/* What all workers counted for a command; of a command with variants, for all of them together. */
void histogram_collect(const struct exec *exec, const struct command *command, struct histogram_sum *sum);
/* The duration that `percentile` (0 to 100) of the calls did not exceed; 0 when there were none. */
uint64_t histogram_percentile_ns(const struct histogram_sum *sum, double percentile);

struct command_totals {
    uint64_t calls, nanoseconds, rejected, failed;
};

void command_totals_collect(const struct exec *exec, const struct command *command, struct command_totals *totals);

/* Calls `visit` for every command that statistics are kept for, subcommands behind their container. */
void commands_visit(const struct command_table *table, void (*visit)(void *context, const struct command *command),
                    void *context);

#endif

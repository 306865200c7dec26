/* SPDX-License-Identifier: BSD-3-Clause */
/* The slow halves of counting.
 * Owner: the worker whose statistics they are. Locks: none. */
#include "sherd/exec/statistics.h"

#include "sherd/base/memory.h"

void statistics_init(struct statistics *statistics, uint32_t command_count)
{
    memset(statistics, 0, sizeof(*statistics));
    statistics->command_count = command_count;
    size_t bytes = command_count * sizeof(statistics->commands[0]);
    statistics->commands = memory_alloc_line(bytes); /* other workers' arrays are neighbours */
    memset((void *)statistics->commands, 0, bytes);
}

void statistics_deinit(struct statistics *statistics)
{
    for (uint32_t i = 0; i < statistics->command_count; i++) {
        memory_free(atomic_load_explicit(&statistics->commands[i].histogram, memory_order_relaxed));
    }
    memory_free(statistics->commands);
    statistics->commands = NULL;
}

void statistics_reset(struct statistics *statistics)
{
    for (int i = 0; i < STATISTIC_COUNT; i++) {
        if (i != STATISTIC_CHANGES) { /* what a save would have to write is no statistic */
            atomic_store_explicit(&statistics->values[i], 0, memory_order_relaxed);
        }
    }
    for (uint32_t i = 0; i < statistics->command_count; i++) {
        struct command_statistics *command = &statistics->commands[i];
        atomic_store_explicit(&command->calls, 0, memory_order_relaxed);
        atomic_store_explicit(&command->nanoseconds, 0, memory_order_relaxed);
        atomic_store_explicit(&command->rejected, 0, memory_order_relaxed);
        atomic_store_explicit(&command->failed, 0, memory_order_relaxed);
        struct latency_histogram *latencies = atomic_load_explicit(&command->histogram, memory_order_acquire);
        for (uint32_t b = 0; latencies != NULL && b < HISTOGRAM_BUCKETS; b++) {
            atomic_store_explicit(&latencies->buckets[b], 0, memory_order_relaxed);
        }
    }
    uint32_t kinds = atomic_load_explicit(&statistics->error_kinds, memory_order_acquire);
    for (uint32_t i = 0; i < kinds; i++) {
        atomic_store_explicit(&statistics->errors[i].count, 0, memory_order_relaxed);
    }
}

void statistics_error(struct statistics *statistics, struct slice line)
{
    statistics_add(statistics, STATISTIC_ERROR_REPLIES, 1);
    size_t len = 0;
    while (len < line.len && line.data[len] != ' ' && len < ERROR_KIND_BYTES - 1) {
        len++;
    }
    uint32_t kinds = atomic_load_explicit(&statistics->error_kinds, memory_order_relaxed);
    for (uint32_t i = 0; i < kinds; i++) {
        struct error_kind *kind = &statistics->errors[i];
        if (strlen(kind->name) == len && memcmp(kind->name, line.data, len) == 0) {
            counter_add(&kind->count, 1);
            return;
        }
    }
    if (kinds < ERROR_KINDS_MAX) {
        struct error_kind *kind = &statistics->errors[kinds];
        memcpy(kind->name, line.data, len);
        kind->name[len] = '\0';
        counter_add(&kind->count, 1);
        atomic_store_explicit(&statistics->error_kinds, kinds + 1, memory_order_release);
    }
}

uint64_t histogram_bucket_end_ns(uint32_t bucket)
{
    uint32_t octave = bucket >> HISTOGRAM_SUB_BITS;
    uint64_t sub = bucket & ((1U << HISTOGRAM_SUB_BITS) - 1);
    if (octave == 0) {
        return sub;
    }
    uint64_t base = (UINT64_C(1) << HISTOGRAM_SUB_BITS) + sub;
    return ((base + 1) << (octave - 1)) - 1;
}

void statistics_record_slow_path(struct command_statistics *command)
{
    struct latency_histogram *latencies = memory_alloc_zeroed(sizeof(*latencies));
    atomic_store_explicit(&command->histogram, latencies, memory_order_release);
}

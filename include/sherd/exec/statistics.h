/* SPDX-License-Identifier: BSD-3-Clause */
/* What a worker counts: its own padded counters, summed by whoever reads them (INFO, LATENCY).
 * Owner: the worker. CONFIG RESETSTAT stores zeroes from any thread: a count under way may survive it. Locks: none. */
#ifndef SHERD_EXEC_STATISTICS_H
#define SHERD_EXEC_STATISTICS_H

#include "sherd/base/slice.h"
#include "sherd/sync/counter.h"

/* The counters of INFO stats: STATISTIC(identifier). */
#define STATISTICS(STATISTIC)                                                                                          \
    STATISTIC(COMMANDS)                                                                                                \
    STATISTIC(CONNECTIONS)                                                                                             \
    STATISTIC(REJECTED_CONNECTIONS)                                                                                    \
    STATISTIC(INPUT_BYTES)                                                                                             \
    STATISTIC(OUTPUT_BYTES)                                                                                            \
    STATISTIC(READS)                                                                                                   \
    STATISTIC(WRITES)                                                                                                  \
    STATISTIC(KEYSPACE_HITS)                                                                                           \
    STATISTIC(KEYSPACE_MISSES)                                                                                         \
    STATISTIC(EXPIRED_KEYS)                                                                                            \
    STATISTIC(EXPIRED_ELEMENTS)                                                                                        \
    STATISTIC(EXPIRED_LAZILY)                                                                                          \
    STATISTIC(EXPIRY_NANOSECONDS)                                                                                      \
    STATISTIC(EXPIRY_CUT_SHORT)                                                                                        \
    STATISTIC(EVICTED_KEYS)                                                                                            \
    STATISTIC(ERROR_REPLIES)                                                                                           \
    STATISTIC(DENIED_AUTHENTICATIONS)                                                                                  \
    STATISTIC(UNEXPECTED_ERROR_REPLIES)                                                                                \
    STATISTIC(CHANGES)                                                                                                 \
    STATISTIC(QUERY_BUFFER_DISCONNECTIONS)                                                                             \
    STATISTIC(OUTPUT_BUFFER_DISCONNECTIONS)                                                                            \
    STATISTIC(LAZYFREED_OBJECTS)                                                                                       \
    STATISTIC(TURNS)                                                                                                   \
    STATISTIC(TURN_NANOSECONDS)                                                                                        \
    STATISTIC(SUSPENSIONS)                                                                                             \
    STATISTIC(LONG_COMMANDS)

enum statistic {
#define STATISTIC(identifier) STATISTIC_##identifier,
    STATISTICS(STATISTIC)
#undef STATISTIC
        STATISTIC_COUNT
};

enum {
    HISTOGRAM_SUB_BITS = 4, /* 16 linear steps in every power of two */
    HISTOGRAM_OCTAVES = 36, /* up to 2^36 ns: over a minute */
    HISTOGRAM_BUCKETS = HISTOGRAM_OCTAVES << HISTOGRAM_SUB_BITS,
    ERROR_KINDS_MAX = 128,
    ERROR_KIND_BYTES = 32,
};

/* Durations of one command, in nanoseconds. */
struct latency_histogram {
    _Atomic uint32_t buckets[HISTOGRAM_BUCKETS]; /* (w) anybody may read */
};

struct command_statistics {
    counter calls;
    counter nanoseconds;
    counter rejected;
    counter failed;
    struct latency_histogram *_Atomic histogram; /* (w) NULL until the first call */
};

/* Error replies by their first word. */
struct error_kind {
    char name[ERROR_KIND_BYTES]; /* (w) written before `error_kinds` counts it */
    counter count;
};

struct statistics {
    CACHE_ALIGNED counter values[STATISTIC_COUNT];
    struct command_statistics *commands; /* (c) by command id */
    uint32_t command_count;              /* (c) */
    _Atomic uint32_t error_kinds;        /* (w) */
    struct error_kind errors[ERROR_KINDS_MAX];
};

void statistics_init(struct statistics *statistics, uint32_t command_count);
void statistics_deinit(struct statistics *statistics);
/* Forgets everything, from the owner's thread or while it may run: single counts may survive. */
void statistics_reset(struct statistics *statistics);

static ALWAYS_INLINE void statistics_add(struct statistics *statistics, enum statistic which, uint64_t more)
{
    counter_add(&statistics->values[which], more);
}

/* Counts an error reply by the word it begins with; at most ERROR_KINDS_MAX words are told apart. */
void statistics_error(struct statistics *statistics, struct slice line);

/* The histogram bucket of a duration, and the largest duration of a bucket. */
static ALWAYS_INLINE uint32_t histogram_bucket(uint64_t nanoseconds)
{
    if (nanoseconds < (1U << HISTOGRAM_SUB_BITS)) {
        return (uint32_t)nanoseconds;
    }
    uint32_t octave = 63U - (uint32_t)__builtin_clzll(nanoseconds) - HISTOGRAM_SUB_BITS;
    uint32_t bucket =
        ((octave + 1) << HISTOGRAM_SUB_BITS) + (uint32_t)((nanoseconds >> octave) & ((1U << HISTOGRAM_SUB_BITS) - 1));
    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}
uint64_t histogram_bucket_end_ns(uint32_t bucket);

void statistics_record_slow_path(struct command_statistics *command);

/* Counts runs of a command, at least one, that took so long together; each counts as the average. */
static ALWAYS_INLINE void statistics_record(struct command_statistics *command, uint32_t runs, uint64_t nanoseconds,
                                            bool histogram)
{
    counter_add(&command->calls, runs);
    counter_add(&command->nanoseconds, nanoseconds);
    if (LIKELY(histogram)) {
        struct latency_histogram *latencies = atomic_load_explicit(&command->histogram, memory_order_relaxed);
        if (UNLIKELY(latencies == NULL)) {
            statistics_record_slow_path(command);
            latencies = atomic_load_explicit(&command->histogram, memory_order_relaxed);
        }
        uint64_t each = runs == 1 ? nanoseconds : nanoseconds / runs;
        _Atomic uint32_t *bucket = &latencies->buckets[histogram_bucket(each)];
        atomic_store_explicit(bucket, atomic_load_explicit(bucket, memory_order_relaxed) + runs, memory_order_relaxed);
    }
}

#endif

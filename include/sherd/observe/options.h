/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of what is observed: slow log, latency, debugging, and the limit on memory.
 * Owner: nobody, rows are constant; their section's context is a struct observe. Locks: none. */
#ifndef SHERD_OBSERVE_OPTIONS_H
#define SHERD_OBSERVE_OPTIONS_H

#include "sherd/config/option.h"

enum {
    PERCENTILES_MAX = 32,
};

struct percentiles {
    unsigned count;
    double values[PERCENTILES_MAX]; /* 0 to 100 */
};

struct observe_options {
    int64_t slowlog_slower_than_us; /* -1: nothing is logged */
    int64_t slowlog_max_len;
    int64_t latency_threshold_ms; /* 0: no latency events */
    bool latency_tracking;
    struct percentiles percentiles; /* of INFO latencystats */
    int enable_debug_command;       /* enum protected_action */
    int64_t maxmemory_bytes;        /* 0: no limit */
    int maxmemory_policy;           /* enum evict_policy */
    int64_t maxmemory_samples;      /* keys drawn for each that is evicted */
    int64_t maxmemory_tenacity;     /* 0 to 100: how long a slice of eviction may take; 100: until done */
    int64_t lfu_log_factor;
    int64_t lfu_decay_minutes; /* 0: counters never fall */
};

extern const struct option observe_option_rows[];
extern const size_t observe_option_count;

#endif

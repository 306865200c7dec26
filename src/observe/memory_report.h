/* SPDX-License-Identifier: BSD-3-Clause */
/* The figures that INFO memory, MEMORY STATS and MEMORY DOCTOR share.
 * Owner: the caller's stack. Locks: identity, for the allocator's figures. */
#ifndef SHERD_OBSERVE_MEMORY_REPORT_H
#define SHERD_OBSERVE_MEMORY_REPORT_H

#include "sherd/observe/observe.h"

struct memory_report {
    struct memory_figures figures; /* of the allocator, at the last sampling */
    uint64_t used_bytes, peak_bytes, startup_bytes;
    uint64_t table_bytes;    /* of the key tables */
    uint64_t clients_bytes;  /* of connections and their buffers */
    uint64_t overhead_bytes; /* everything but data: startup, tables, clients */
    uint64_t dataset_bytes;
    uint64_t keys;
    double fragmentation_ratio; /* rss to used */
    int64_t fragmentation_bytes;
    double allocator_fragmentation_ratio; /* active to allocated */
    int64_t allocator_fragmentation_bytes;
    double allocator_rss_ratio; /* resident to active */
    int64_t allocator_rss_bytes;
    double rss_overhead_ratio; /* rss to resident */
    int64_t rss_overhead_bytes;
    double peak_percent;    /* used of peak */
    double dataset_percent; /* dataset of used beyond startup */
};

/* Without a shard: table sizes are read as they stand. */
void memory_report_make(struct observe *observe, struct exec_worker *worker, struct memory_report *report);
/* Bytes of the key tables of a database, and its keys with a deadline. */
uint64_t memory_tables_bytes(const struct keyspace *keyspace, unsigned db);
/* "1.50M" */
enum {
    MEMORY_HUMAN_BYTES = 32,
};
void memory_human(char out[static MEMORY_HUMAN_BYTES], uint64_t bytes);

#endif

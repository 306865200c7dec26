/* SPDX-License-Identifier: BSD-3-Clause */
/* Figures about memory, made from the allocator's and from the sizes of the tables.
 * Owner: the caller's. Locks: identity, for a copy of the allocator's figures. */
#include "memory_report.h"

#include <stdio.h>

uint64_t memory_tables_bytes(const struct keyspace *keyspace, unsigned db)
{
    uint64_t buckets = 0;
    for (uint32_t i = 0; i < KEYSPACE_SHARDS; i++) {
        const struct table *table = &keyspace_shard(keyspace, i)->databases[db].table;
        buckets += atomic_load_explicit(&table->buckets, memory_order_relaxed);
    }
    return buckets * sizeof(struct table_bucket);
}

static double ratio(uint64_t of, uint64_t to)
{
    return to == 0 ? 0 : (double)of / (double)to;
}

static int64_t beyond(uint64_t more, uint64_t less)
{
    return (int64_t)(more - less);
}

void memory_report_make(struct observe *observe, struct exec_worker *worker, struct memory_report *report)
{
    *report = (struct memory_report){0};
    report->startup_bytes = atomic_load_explicit(&observe->startup_bytes, memory_order_relaxed);
    report->used_bytes = observe_note_used_bytes(observe, worker);
    report->peak_bytes = atomic_load_explicit(&observe->peak_bytes, memory_order_relaxed);
    spin_acquire(&observe->identity);
    report->figures = observe->figures;
    spin_release(&observe->identity);
    const struct keyspace *keyspace = worker->exec->keyspace;
    for (unsigned db = 0; db < keyspace->databases; db++) {
        uint64_t keys;
        uint64_t volatile_keys;
        keyspace_count(keyspace, db, &keys, &volatile_keys);
        report->keys += keys;
        report->table_bytes += keys == 0 ? 0 : memory_tables_bytes(keyspace, db);
    }
    report->clients_bytes = atomic_load_explicit(&worker->exec->clients_bytes, memory_order_relaxed);
    report->overhead_bytes = report->startup_bytes + report->table_bytes + report->clients_bytes;
    report->dataset_bytes =
        report->used_bytes > report->overhead_bytes ? report->used_bytes - report->overhead_bytes : 0;
    const struct memory_figures *figures = &report->figures;
    report->fragmentation_ratio = ratio(figures->rss, report->used_bytes);
    report->fragmentation_bytes = beyond(figures->rss, report->used_bytes);
    report->allocator_fragmentation_ratio = ratio(figures->active, figures->allocated);
    report->allocator_fragmentation_bytes = beyond(figures->active, figures->allocated);
    report->allocator_rss_ratio = ratio(figures->resident, figures->active);
    report->allocator_rss_bytes = beyond(figures->resident, figures->active);
    report->rss_overhead_ratio = ratio(figures->rss, figures->resident);
    report->rss_overhead_bytes = beyond(figures->rss, figures->resident);
    report->peak_percent = 100 * ratio(report->used_bytes, report->peak_bytes);
    uint64_t net = report->used_bytes > report->startup_bytes ? report->used_bytes - report->startup_bytes : 1;
    report->dataset_percent = 100 * ratio(report->dataset_bytes, net);
}

void memory_human(char out[static MEMORY_HUMAN_BYTES], uint64_t bytes)
{
    static const char units[] = "BKMGTP";
    if (bytes < 1024) {
        (void)snprintf(out, MEMORY_HUMAN_BYTES, "%lluB", (unsigned long long)bytes);
        return;
    }
    double shown = (double)bytes;
    unsigned unit = 0;
    uint64_t rest = bytes;
    while (rest >= 1024 && unit + 2 < sizeof(units)) {
        shown /= 1024;
        rest /= 1024;
        unit++;
    }
    (void)snprintf(out, MEMORY_HUMAN_BYTES, "%.2f%c", shown, units[unit]);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* INFO memory: what is used for what, and how the allocator sees it.
 * Owner: struct observe. Locks: identity, inside memory_report_make. */
#include "memory_report.h"
#include "sherd/observe/info.h"
#include "values.h"

static void field_bytes(struct buffer *out, const char *name, uint64_t bytes)
{
    buffer_printf(out, "%s:%llu\r\n", name, (unsigned long long)bytes);
}

/* A figure in bytes and the same for people. */
static void field_both(struct buffer *out, const char *name, uint64_t bytes)
{
    char human[MEMORY_HUMAN_BYTES];
    memory_human(human, bytes);
    buffer_printf(out, "%s:%llu\r\n%s_human:%s\r\n", name, (unsigned long long)bytes, name, human);
}

static void write_used(const struct memory_report *report, struct buffer *out)
{
    field_both(out, "used_memory", report->used_bytes);
    field_both(out, "used_memory_rss", report->figures.rss);
    field_both(out, "used_memory_peak", report->peak_bytes);
    buffer_printf(out, "used_memory_peak_perc:%.2f%%\r\n", report->peak_percent);
    field_bytes(out, "used_memory_overhead", report->overhead_bytes);
    field_bytes(out, "used_memory_startup", report->startup_bytes);
    field_bytes(out, "used_memory_dataset", report->dataset_bytes);
    buffer_printf(out, "used_memory_dataset_perc:%.2f%%\r\n", report->dataset_percent);
}

/* There are neither scripts nor functions. */
static void write_scripts(struct buffer *out)
{
    field_both(out, "used_memory_lua", 0);
    field_bytes(out, "used_memory_vm_eval", 0);
    field_bytes(out, "used_memory_scripts_eval", 0);
    field_bytes(out, "number_of_cached_scripts", 0);
    field_bytes(out, "number_of_functions", 0);
    field_bytes(out, "number_of_libraries", 0);
    field_bytes(out, "used_memory_vm_functions", 0);
    field_both(out, "used_memory_vm_total", 0);
    field_bytes(out, "used_memory_functions", 0);
    field_both(out, "used_memory_scripts", 0);
}

static void write_ratios(const struct memory_report *report, struct buffer *out)
{
    buffer_printf(out,
                  "allocator_frag_ratio:%.2f\r\nallocator_frag_bytes:%lld\r\n"
                  "allocator_rss_ratio:%.2f\r\nallocator_rss_bytes:%lld\r\n"
                  "rss_overhead_ratio:%.2f\r\nrss_overhead_bytes:%lld\r\n"
                  "mem_fragmentation_ratio:%.2f\r\nmem_fragmentation_bytes:%lld\r\n",
                  report->allocator_fragmentation_ratio, (long long)report->allocator_fragmentation_bytes,
                  report->allocator_rss_ratio, (long long)report->allocator_rss_bytes, report->rss_overhead_ratio,
                  (long long)report->rss_overhead_bytes, report->fragmentation_ratio,
                  (long long)report->fragmentation_bytes);
}

void info_write_memory(void *context, struct exec_worker *worker, struct buffer *out)
{
    struct observe *observe = context;
    struct memory_report report;
    memory_report_make(observe, worker, &report);
    write_used(&report, out);
    field_bytes(out, "allocator_allocated", report.figures.allocated);
    field_bytes(out, "allocator_active", report.figures.active);
    field_bytes(out, "allocator_resident", report.figures.resident);
    field_bytes(out, "allocator_muzzy", 0);
    field_both(out, "total_system_memory", observe->system_bytes);
    write_scripts(out);
    field_both(out, "maxmemory", (uint64_t)observe_options(observe, worker->config)->maxmemory_bytes);
    struct slice policy = option_value(worker, "maxmemory-policy");
    buffer_printf(out, "maxmemory_policy:%.*s\r\n", (int)policy.len, policy.data);
    write_ratios(&report, out);
    field_bytes(out, "mem_not_counted_for_evict", 0);
    field_bytes(out, "mem_replication_backlog", 0);
    field_bytes(out, "mem_total_replication_buffers", 0);
    field_bytes(out, "mem_clients_slaves", 0);
    field_bytes(out, "mem_clients_normal", report.clients_bytes);
    field_bytes(out, "mem_cluster_links", 0);
    field_bytes(out, "mem_aof_buffer", 0);
    buffer_printf(out, "mem_allocator:%s\r\n", memory_allocator_name());
    field_bytes(out, "mem_overhead_hashtable", report.table_bytes);
    buffer_printf(out, "active_defrag_running:0\r\n");
    field_bytes(out, "lazyfree_pending_objects",
                atomic_load_explicit(&worker->exec->lazyfree_pending, memory_order_relaxed));
    field_bytes(out, "lazyfreed_objects", exec_statistic(worker->exec, STATISTIC_LAZYFREED_OBJECTS));
}

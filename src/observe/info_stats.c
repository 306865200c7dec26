/* SPDX-License-Identifier: BSD-3-Clause */
/* INFO stats and persistence.
 * Owner: struct observe. Locks: none. */
#include "sherd/observe/info.h"
#include "sherd/observe/observe.h"

static void field(struct buffer *out, const char *name, uint64_t value)
{
    buffer_printf(out, "%s:%llu\r\n", name, (unsigned long long)value);
}

static void field_statistic(const struct exec *exec, struct buffer *out, const char *name, enum statistic which)
{
    field(out, name, exec_statistic(exec, which));
}

static void write_traffic(const struct observe *observe, const struct exec *exec, struct buffer *out)
{
    field_statistic(exec, out, "total_connections_received", STATISTIC_CONNECTIONS);
    field_statistic(exec, out, "total_commands_processed", STATISTIC_COMMANDS);
    field(out, "instantaneous_ops_per_sec", rate_read(&observe->rates[RATE_COMMANDS]));
    field_statistic(exec, out, "total_net_input_bytes", STATISTIC_INPUT_BYTES);
    field_statistic(exec, out, "total_net_output_bytes", STATISTIC_OUTPUT_BYTES);
    field(out, "total_net_repl_input_bytes", 0);
    field(out, "total_net_repl_output_bytes", 0);
    buffer_printf(out, "instantaneous_input_kbps:%.2f\r\ninstantaneous_output_kbps:%.2f\r\n",
                  (double)rate_read(&observe->rates[RATE_INPUT_BYTES]) / 1024,
                  (double)rate_read(&observe->rates[RATE_OUTPUT_BYTES]) / 1024);
    buffer_printf(out, "instantaneous_input_repl_kbps:0.00\r\ninstantaneous_output_repl_kbps:0.00\r\n");
    field_statistic(exec, out, "rejected_connections", STATISTIC_REJECTED_CONNECTIONS);
}

static void write_keys(const struct exec *exec, struct buffer *out)
{
    field_statistic(exec, out, "expired_subkeys", STATISTIC_EXPIRED_ELEMENTS); /* as Redis 8 calls hash fields */
    field_statistic(exec, out, "expired_keys", STATISTIC_EXPIRED_KEYS);
    buffer_printf(out, "expired_stale_perc:0.00\r\n"); /* the expiry index is exact: nothing is sampled */
    field_statistic(exec, out, "expired_time_cap_reached_count", STATISTIC_EXPIRY_CUT_SHORT);
    field(out, "expire_cycle_cpu_milliseconds", exec_statistic(exec, STATISTIC_EXPIRY_NANOSECONDS) / 1000000);
    field_statistic(exec, out, "evicted_keys", STATISTIC_EVICTED_KEYS);
    field(out, "evicted_clients", atomic_load_explicit(&exec->evicted_clients, memory_order_relaxed));
    field(out, "evicted_scripts", 0);
    field(out, "total_eviction_exceeded_time", exec_eviction_over_total_ms(exec));
    field(out, "current_eviction_exceeded_time", exec_eviction_over_now_ms(exec));
    field_statistic(exec, out, "keyspace_hits", STATISTIC_KEYSPACE_HITS);
    field_statistic(exec, out, "keyspace_misses", STATISTIC_KEYSPACE_MISSES);
}

/* Fields of features that are not there: monitoring tools expect them. */
static void write_absent(struct buffer *out)
{
    static const char *const names[] = {
        "latest_fork_usec",         "total_forks",
        "migrate_cached_sockets",   "slave_expires_tracked_keys",
        "active_defrag_hits",       "active_defrag_misses",
        "active_defrag_key_hits",   "active_defrag_key_misses",
        "total_active_defrag_time", "current_active_defrag_time",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        field(out, names[i], 0);
    }
}

static uint64_t commands_nanoseconds(const struct exec *exec)
{
    uint64_t sum = 0;
    uint32_t workers = atomic_load_explicit(&exec->worker_count, memory_order_acquire);
    for (uint32_t w = 0; w < workers; w++) {
        const struct exec_worker *worker = atomic_load_explicit(&exec->workers[w], memory_order_acquire);
        for (uint32_t i = 0; worker != NULL && i < worker->statistics.command_count; i++) {
            sum += counter_read(&worker->statistics.commands[i].nanoseconds);
        }
    }
    return sum;
}

static void write_loop(const struct observe *observe, const struct exec *exec, struct buffer *out)
{
    field_statistic(exec, out, "unexpected_error_replies", STATISTIC_UNEXPECTED_ERROR_REPLIES);
    field_statistic(exec, out, "total_error_replies", STATISTIC_ERROR_REPLIES);
    field(out, "dump_payload_sanitizations", 0);
    uint64_t reads = exec_statistic(exec, STATISTIC_READS);
    uint64_t writes = exec_statistic(exec, STATISTIC_WRITES);
    field(out, "total_reads_processed", reads);
    field(out, "total_writes_processed", writes);
    field(out, "io_threaded_reads_processed", reads); /* every socket belongs to a worker thread */
    field(out, "io_threaded_writes_processed", writes);
    field_statistic(exec, out, "client_query_buffer_limit_disconnections", STATISTIC_QUERY_BUFFER_DISCONNECTIONS);
    field_statistic(exec, out, "client_output_buffer_limit_disconnections", STATISTIC_OUTPUT_BUFFER_DISCONNECTIONS);
    field(out, "reply_buffer_shrinks", 0);
    field(out, "reply_buffer_expands", 0);
    field_statistic(exec, out, "eventloop_cycles", STATISTIC_TURNS);
    field(out, "eventloop_duration_sum", exec_statistic(exec, STATISTIC_TURN_NANOSECONDS) / 1000);
    field(out, "eventloop_duration_cmd_sum", commands_nanoseconds(exec) / 1000);
    field(out, "instantaneous_eventloop_cycles_per_sec", rate_read(&observe->rates[RATE_TURNS]));
    field(out, "instantaneous_eventloop_duration_usec", rate_read(&observe->rates[RATE_TURN_NANOSECONDS]) / 1000);
    field(out, "acl_access_denied_auth", 0);
    field(out, "acl_access_denied_cmd", 0);
    field(out, "acl_access_denied_key", 0);
    field(out, "acl_access_denied_channel", 0);
}

void info_write_stats(void *context, struct exec_worker *worker, struct buffer *out)
{
    const struct observe *observe = context;
    const struct exec *exec = worker->exec;
    write_traffic(observe, exec, out);
    field(out, "sync_full", 0);
    field(out, "sync_partial_ok", 0);
    field(out, "sync_partial_err", 0);
    write_keys(exec, out);
    write_absent(out);
    write_loop(observe, exec, out);
    field_statistic(exec, out, "sherd_expired_on_access", STATISTIC_EXPIRED_LAZILY);
    field_statistic(exec, out, "sherd_suspensions", STATISTIC_SUSPENSIONS);
    field_statistic(exec, out, "sherd_long_commands", STATISTIC_LONG_COMMANDS);
}

void info_write_persistence(void *context, struct exec_worker *worker, struct buffer *out)
{
    const struct observe *observe = context;
    buffer_printf(out, "loading:0\r\nasync_loading:0\r\ncurrent_cow_peak:0\r\ncurrent_cow_size:0\r\n"
                       "current_cow_size_age:0\r\ncurrent_fork_perc:0.00\r\ncurrent_save_keys_processed:0\r\n"
                       "current_save_keys_total:0\r\n");
    field_statistic(worker->exec, out, "rdb_changes_since_last_save", STATISTIC_CHANGES);
    buffer_printf(out,
                  "rdb_bgsave_in_progress:0\r\nrdb_last_save_time:%lld\r\nrdb_last_bgsave_status:ok\r\n"
                  "rdb_last_bgsave_time_sec:-1\r\nrdb_current_bgsave_time_sec:-1\r\nrdb_saves:0\r\n"
                  "rdb_last_cow_size:0\r\nrdb_last_load_keys_expired:0\r\nrdb_last_load_keys_loaded:0\r\n",
                  (long long)(observe->start_ms / 1000));
    buffer_printf(out, "aof_enabled:0\r\naof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0\r\n"
                       "aof_last_rewrite_time_sec:-1\r\naof_current_rewrite_time_sec:-1\r\n"
                       "aof_last_bgrewrite_status:ok\r\naof_rewrites:0\r\naof_rewrites_consecutive_failures:0\r\n"
                       "aof_last_write_status:ok\r\naof_last_cow_size:0\r\nmodule_fork_in_progress:0\r\n"
                       "module_fork_last_cow_size:0\r\n");
}

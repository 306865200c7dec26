/* SPDX-License-Identifier: BSD-3-Clause */
/* INFO server, replication, cpu, modules, cluster: what the process is.
 * Owner: struct observe. Locks: identity, for the replication id. */
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "sherd/base/quote.h"
#include "sherd/base/version.h"
#include "sherd/observe/info.h"
#include "sherd/observe/observe.h"
#include "values.h"

/* Ties a build to its version and compiler. */
static uint64_t build_id(void)
{
    struct slice parts[] = {slice_from_text(SHERD_REDIS_VERSION), slice_from_text(SHERD_VERSION),
                            slice_from_text(__VERSION__)};
    uint64_t id = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
        id = XXH3_64bits_withSeed(parts[i].data, parts[i].len, id);
    }
    return id;
}

static void write_machine(const struct observe *observe, const struct exec_worker *worker, struct buffer *out)
{
    struct utsname name = {0};
    (void)uname(&name);
    buffer_printf(out, "os:%s %s %s\r\narch_bits:%u\r\n", name.sysname, name.release, name.machine,
                  (unsigned)sizeof(void *) * 8);
    const struct clock_scale *ticks = &worker->exec->ticks;
    if (ticks->counter && ticks->ns_per_tick > 0) {
        buffer_printf(out, "monotonic_clock:X86 TSC @ %llu ticks/us\r\n",
                      (unsigned long long)((UINT64_C(1000) << 32) / ticks->ns_per_tick));
    } else {
        buffer_printf(out, "monotonic_clock:POSIX clock_gettime\r\n");
    }
    buffer_printf(out, "multiplexing_api:epoll\r\natomicvar_api:c11-builtin\r\ngcc_version:%d.%d.%d\r\n", __GNUC__,
                  __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
    buffer_printf(out, "process_id:%ld\r\n", (long)getpid());
    option_field(worker, "process_supervised", "supervised", out);
    buffer_printf(out, "run_id:%s\r\n", observe->run_id);
}

static void write_listeners(const struct exec_worker *worker, struct buffer *out)
{
    struct slice port = option_value(worker, "port");
    struct slice path = option_value(worker, "unixsocket");
    unsigned listener = 0;
    struct quote_words words;
    if (!slice_equals(port, slice_from_text("0")) && quote_split(option_value(worker, "bind"), &words) == STATUS_OK) {
        buffer_printf(out, "listener%u:name=tcp", listener++);
        for (size_t i = 0; i < words.count; i++) {
            buffer_printf(out, ",bind=%.*s", (int)words.words[i].len, words.words[i].data);
        }
        buffer_printf(out, ",port=%.*s\r\n", (int)port.len, port.data);
        quote_words_deinit(&words);
    }
    if (path.len > 0) {
        buffer_printf(out, "listener%u:name=unix,bind=%.*s\r\n", listener, (int)path.len, path.data);
    }
}

void info_write_server(void *context, struct exec_worker *worker, struct buffer *out)
{
    const struct observe *observe = context;
    const struct exec *exec = worker->exec;
    buffer_printf(out,
                  "redis_version:%s\r\nserver_name:sherd\r\nsherd_version:%s\r\nredis_git_sha1:00000000\r\n"
                  "redis_git_dirty:0\r\nredis_build_id:%llx\r\nredis_mode:standalone\r\n",
                  SHERD_REDIS_VERSION, SHERD_VERSION, (unsigned long long)build_id());
    write_machine(observe, worker, out);
    option_field(worker, "tcp_port", "port", out);
    int64_t now_us = clock_source_us(exec->clock);
    int64_t uptime_s = now_us / 1000000 - observe->start_ms / 1000;
    uptime_s = uptime_s > 0 ? uptime_s : 0;
    buffer_printf(out, "server_time_usec:%lld\r\nuptime_in_seconds:%lld\r\nuptime_in_days:%lld\r\n", (long long)now_us,
                  (long long)uptime_s, (long long)(uptime_s / 86400));
    option_field(worker, "hz", "hz", out);
    option_field(worker, "configured_hz", "hz", out);
    buffer_printf(
        out, "lru_clock:%lld\r\nexecutable:%s\r\nconfig_file:%s\r\n", (long long)(now_us / 1000000 & USAGE_CLOCK_MASK),
        observe->executable == NULL ? "" : observe->executable, exec->config->file == NULL ? "" : exec->config->file);
    struct slice threads = option_value(worker, "threads");
    buffer_printf(out, "io_threads_active:%d\r\n", !slice_equals(threads, slice_from_text("1")));
    option_field(worker, "sherd_threads", "threads", out);
    buffer_printf(out, "sherd_shards:%u\r\n", (unsigned)KEYSPACE_SHARDS);
    write_listeners(worker, out);
}

void info_write_replication(void *context, struct exec_worker *worker, struct buffer *out)
{
    struct observe *observe = context;
    char id[RANDOM_HEX_ID_BYTES + 1];
    spin_acquire(&observe->identity);
    memcpy(id, observe->replication_id, sizeof(id));
    spin_release(&observe->identity);
    buffer_printf(out,
                  "role:master\r\nconnected_slaves:0\r\nmaster_failover_state:no-failover\r\nmaster_replid:%s\r\n"
                  "master_replid2:%040d\r\nmaster_repl_offset:0\r\nsecond_repl_offset:-1\r\nrepl_backlog_active:0\r\n",
                  id, 0);
    option_field(worker, "repl_backlog_size", "repl-backlog-size", out);
    buffer_printf(out, "repl_backlog_first_byte_offset:0\r\nrepl_backlog_histlen:0\r\n");
}

static void field_time(struct buffer *out, const char *name, struct timeval time)
{
    buffer_printf(out, "%s:%ld.%06ld\r\n", name, (long)time.tv_sec, (long)time.tv_usec);
}

void info_write_cpu(void *context, struct exec_worker *worker, struct buffer *out)
{
    (void)worker;
    struct observe *observe = context;
    struct rusage own = {0};
    struct rusage children = {0};
    (void)getrusage(RUSAGE_SELF, &own);
    (void)getrusage(RUSAGE_CHILDREN, &children);
    spin_acquire(&observe->identity);
    struct timeval system = observe->worker_system;
    struct timeval user = observe->worker_user;
    spin_release(&observe->identity);
    field_time(out, "used_cpu_sys", own.ru_stime);
    field_time(out, "used_cpu_user", own.ru_utime);
    field_time(out, "used_cpu_sys_children", children.ru_stime);
    field_time(out, "used_cpu_user_children", children.ru_utime);
    field_time(out, "used_cpu_sys_main_thread", system);
    field_time(out, "used_cpu_user_main_thread", user);
}

void info_write_modules(void *context, struct exec_worker *worker, struct buffer *out)
{
    (void)context;
    (void)worker;
    (void)out;
}

void info_write_cluster(void *context, struct exec_worker *worker, struct buffer *out)
{
    (void)context;
    (void)worker;
    buffer_printf(out, "cluster_enabled:0\r\n");
}

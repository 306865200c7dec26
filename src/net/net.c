/* SPDX-License-Identifier: BSD-3-Clause */
/* The life of the network: listening, starting, stopping, limits on clients.
 * Owner: the server. Locks: none. */
#include "sherd/net/net.h"

#include <sys/resource.h>

#include "internal.h"

enum {
    RESERVED_DESCRIPTORS = 32, /* listening sockets, event queues, files */
};

void net_init(struct net *net, struct exec *exec, struct log *log, unsigned config_slot)
{
    memset((void *)net, 0, sizeof(*net));
    net->exec = exec;
    net->log = log;
    net->config_slot = config_slot;
}

/* Raises the limit of descriptors to what `clients` need; returns how many clients fit. */
static uint64_t descriptors_for(uint64_t clients)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return clients;
    }
    rlim_t wanted = clients + RESERVED_DESCRIPTORS;
    if (limit.rlim_cur < wanted) {
        struct rlimit raised = {.rlim_cur = wanted, .rlim_max = limit.rlim_max < wanted ? wanted : limit.rlim_max};
        if (setrlimit(RLIMIT_NOFILE, &raised) != 0) {
            raised.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
            raised.rlim_max = limit.rlim_max;
            (void)setrlimit(RLIMIT_NOFILE, &raised);
        }
        (void)getrlimit(RLIMIT_NOFILE, &limit);
    }
    return limit.rlim_cur >= wanted ? clients : limit.rlim_cur - RESERVED_DESCRIPTORS;
}

const char *net_apply_maxclients(void *context, const struct config_snapshot *now)
{
    struct net *net = context;
    uint64_t wanted = (uint64_t)net_options(net, now)->maxclients;
    if (descriptors_for(wanted) < wanted) {
        return "The operating system is not able to handle the specified number of clients";
    }
    atomic_store_explicit(&net->max_clients, (uint32_t)wanted, memory_order_relaxed);
    return NULL;
}

const char *net_apply_bulk_max(void *context, const struct config_snapshot *now)
{
    struct net *net = context;
    atomic_store_explicit(&net->exec->bulk_max_bytes, net_options(net, now)->bulk_max_bytes, memory_order_relaxed);
    return NULL;
}

enum status net_listen(struct net *net)
{
    const struct net_options *options = net_options(net, config_current(net->exec->config));
    (void)net_apply_bulk_max(net, config_current(net->exec->config));
    uint64_t wanted = (uint64_t)options->maxclients;
    uint64_t fit = descriptors_for(wanted);
    if (fit < wanted) {
        log_write(net->log, LOG_LEVEL_WARNING, "Current maximum open files allows for %llu clients instead of %llu.",
                  (unsigned long long)fit, (unsigned long long)wanted);
    }
    atomic_store_explicit(&net->max_clients, (uint32_t)fit, memory_order_relaxed);
    return acceptor_open(net);
}

struct cpu_list net_cpus(struct net *net, const char *option, struct slice text)
{
    struct cpu_list list = {0};
    if (text.len != 0 && cpus_parse(text, &list) != STATUS_OK) {
        log_write(net->log, LOG_LEVEL_WARNING,
                  "%s '%.*s' does not name processors: threads go where the system puts them", option, (int)text.len,
                  text.data);
    }
    return list;
}

/* The acceptor may run on every processor of the list: it inherits what is set here. */
static enum status start_acceptor(struct net *net)
{
    struct cpu_list before;
    bool moved = net->cpus.count != 0 && cpus_allowed(&before) && cpus_allow(&net->cpus);
    enum status status = acceptor_start(net);
    if (moved && !cpus_allow(&before)) {
        log_write(net->log, LOG_LEVEL_WARNING, "The main thread stays on the processors of server-cpulist");
    }
    return status;
}

enum status net_start(struct net *net)
{
    const struct net_options *options = net_options(net, config_current(net->exec->config));
    unsigned count = (unsigned)options->threads;
    net->workers = memory_alloc_zeroed(count * sizeof(net->workers[0]));
    net->worker_count = count;
    net->cpus = net_cpus(net, "server-cpulist", options->server_cpulist);
    net->shares_cpus = count >= cpus_usable();
    for (unsigned i = 0; i < count; i++) {
        if (worker_start(net, i) != STATUS_OK) {
            return STATUS_SYSTEM;
        }
    }
    return start_acceptor(net);
}

void net_stop(struct net *net)
{
    acceptor_stop(net);
    for (unsigned i = 0; i < net->worker_count; i++) {
        worker_stop(net->workers[i]);
    }
}

void net_deinit(struct net *net)
{
    acceptor_free(net);
    for (unsigned i = 0; i < net->worker_count; i++) {
        struct net_worker *worker = net->workers[i];
        (void)mailbox_deliver(&worker->box, worker); /* the last connections that an executor had to give back */
        event_base_free(worker->base);
        mailbox_deinit(&worker->box);
        memory_free(worker->slots);
        exec_worker_deinit(&worker->exec);
        memory_free(worker);
    }
    memory_free(net->workers);
    net->workers = NULL;
    net->worker_count = 0;
}

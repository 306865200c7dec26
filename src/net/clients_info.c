/* SPDX-License-Identifier: BSD-3-Clause */
/* The network's part of INFO: the section Clients, and its lines of Stats.
 * Owner: nobody; figures are read from the net and its workers. Locks: none. */
#include "internal.h"
#include "sherd/net/commands.h"
#include "sherd/net/registry.h"

void net_info_clients(void *context, struct exec_worker *worker, struct buffer *out)
{
    (void)worker;
    const struct net *net = context;
    size_t input_bytes;
    size_t output_bytes;
    net_recent_peaks(net, &input_bytes, &output_bytes);
    buffer_printf(out, "connected_clients:%u\r\n", atomic_load_explicit(&net->clients, memory_order_relaxed));
    buffer_printf(out, "cluster_connections:0\r\n");
    buffer_printf(out, "maxclients:%u\r\n", atomic_load_explicit(&net->max_clients, memory_order_relaxed));
    buffer_printf(out, "client_recent_max_input_buffer:%zu\r\n", input_bytes);
    buffer_printf(out, "client_recent_max_output_buffer:%zu\r\n", output_bytes);
    const struct keyspace *keyspace = net->exec->keyspace;
    buffer_printf(out, "blocked_clients:%u\r\n",
                  atomic_load_explicit(&net->exec->blocked_clients, memory_order_relaxed));
    buffer_printf(out, "clients_in_timeout_table:0\r\n");
    buffer_printf(out, "total_blocking_keys:%u\r\n",
                  atomic_load_explicit(&keyspace->waited_keys, memory_order_relaxed));
    buffer_printf(out, "total_blocking_keys_on_nokey:%u\r\n",
                  atomic_load_explicit(&keyspace->removal_keys, memory_order_relaxed));
}

void net_info_stats(void *context, struct exec_worker *worker, struct buffer *out)
{
    (void)worker;
    const struct net *net = context;
    buffer_printf(out, "sherd_expiry_worst_lag_ms:%llu\r\n",
                  (unsigned long long)atomic_load_explicit(&net->exec->worst_expiry_lag_ms, memory_order_relaxed));
}

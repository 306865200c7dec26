/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of the network: where the server listens, how many clients it takes, what they may use up.
 * Owner: the config's snapshots. Locks: none, a snapshot does not change. */
#ifndef SHERD_NET_OPTIONS_H
#define SHERD_NET_OPTIONS_H

#include "sherd/config/option.h"

enum client_class {
    CLIENT_NORMAL,
    CLIENT_REPLICA,
    CLIENT_PUBSUB,
    CLIENT_CLASS_COUNT,
};

struct output_limit {
    int64_t hard_bytes; /* 0: none */
    int64_t soft_bytes; /* 0: none */
    int64_t soft_seconds;
};

enum {
    NET_BIND_MAX = 16,
    NET_ADDRESS_BYTES = 64,
};

struct net_bind {
    unsigned count;
    struct {
        bool optional; /* "-::1": not available is no error */
        char address[NET_ADDRESS_BYTES];
    } addresses[NET_BIND_MAX];
};

struct output_limits {
    struct output_limit classes[CLIENT_CLASS_COUNT];
};

struct net_options {
    int64_t port;
    int64_t threads;
    int64_t tcp_backlog;
    int64_t timeout_seconds;
    int64_t tcp_keepalive_seconds;
    int64_t maxclients;
    int64_t query_buffer_limit_bytes;
    int64_t maxmemory_clients; /* bytes; 0: no limit; negative: percent of maxmemory */
    int64_t bulk_max_bytes;
    int64_t unixsocket_permissions;
    int64_t hz;
    int64_t active_expire_effort; /* 1 to 10 */
    struct slice unixsocket;
    struct slice requirepass;
    struct slice server_cpulist; /* one processor for each worker, in turn; empty: not pinned */
    struct slice bio_cpulist;    /* of the executors */
    bool protected_mode;
    bool dynamic_hz;
    struct net_bind bind;
    struct output_limits output_limits;
};

/* The rows; the section's context is a struct net. */
extern const struct option net_option_rows[];
extern const size_t net_option_count;

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The network: one acceptor thread that hands sockets round-robin to N workers, each with its own event loop.
 * A socket is touched only by its worker. Other threads reach a connection through the registry (the list of a
 * worker's connections, under its lock) and by mail.
 * Owner: the server. Locks: registry (LOCK_RANK_REGISTRY), one per worker. */
#ifndef SHERD_NET_NET_H
#define SHERD_NET_NET_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <pthread.h>
#include <sys/socket.h>

#include "sherd/base/log.h"
#include "sherd/exec/exec.h"
#include "sherd/net/cpus.h"
#include "sherd/net/options.h"
#include "sherd/net/pause.h"

struct net;

enum conn_flag {
    CONN_WRITE_ARMED = 1 << 0,    /* its write event waits for the socket */
    CONN_READ_OFF = 1 << 1,       /* its read event is taken out while the session is suspended or away */
    CONN_READY = 1 << 2,          /* on the worker's list of connections to serve this turn */
    CONN_HAS_NEWS = 1 << 3,       /* its socket is readable */
    CONN_TOUCHED = 1 << 4,        /* has output to write at the end of the turn */
    CONN_CLOSED = 1 << 5,         /* its socket is gone; freed as soon as nobody can resume it */
    CONN_ASKED_TO_CLOSE = 1 << 6, /* the peer has ended its side */
    CONN_UNIX = 1 << 7,
    CONN_ORPHAN = 1 << 8,    /* closed, waiting for the last mail or errand that can reach it */
    CONN_OVER_SOFT = 1 << 9, /* counted in net->over_soft */
};

struct conn {
    struct session session;
    struct net_worker *worker;         /* (c) */
    int fd;                            /* (w) */
    uint32_t flags;                    /* (w) enum conn_flag */
    struct event read_event;           /* (w) */
    struct event write_event;          /* (w) */
    struct event *wait_event;          /* (w) the time of a blocked call; NULL: it never had one */
    struct request_parser parser;      /* (w) */
    struct buffer input;               /* (w) bytes that were read and are not used up yet */
    size_t input_peak;                 /* (w) most bytes that stood in it since the last sweep */
    size_t framed;                     /* (w) of input: cut into requests */
    size_t used;                       /* (w) of input: executed */
    struct conn *next_ready;           /* (w) to serve in the next turn */
    struct conn *next_serving;         /* (w) being served in this one */
    struct conn *next_touched;         /* (w) */
    struct conn *next_closed;          /* (w) */
    uint32_t registry_index;           /* registry lock; its place in the worker's slots */
    struct mail wake;                  /* (m) */
    _Atomic uint32_t wake_reasons;     /* (a) enum wake_reason; not 0: the mail is under way */
    size_t own_begin;                  /* (w) of session.own: what is out already */
    size_t own_insert_begin;           /* (w) */
    int64_t soft_limit_since_ms;       /* (w) 0: below the soft limit */
    struct sockaddr_storage peer;      /* (c) */
    struct sockaddr_storage local;     /* (c) */
    _Atomic size_t shown_input;        /* (a) bytes in use and free, for CLIENT LIST */
    _Atomic size_t shown_input_free;   /* (a) */
    _Atomic size_t shown_output;       /* (a) bytes that the socket has not taken yet */
    _Atomic size_t shown_copied;       /* (a) those of them that are copies */
    _Atomic uint32_t shown_inserts;    /* (a) values among them that are referenced, not copied */
    _Atomic size_t shown_queued_bytes; /* (a) of the commands queued since MULTI */
    _Atomic size_t shown_room;         /* (a) bytes allocated for replies that wait */
    _Atomic size_t shown_peak;         /* (a) most bytes of replies that waited, lately */
    size_t output_peak;                /* (w) the same since peak_since_ms */
    int64_t peak_since_ms;             /* (w) */
    _Atomic size_t counted_bytes;      /* (a) its part of exec->clients_bytes */
    _Atomic size_t leaving_bytes;      /* (a) its part of net->leaving_bytes */
};

/* Why a connection's worker is to look at it. */
enum wake_reason {
    WAKE_LOOK = 1 << 0,     /* it may try again, or it is doomed */
    WAKE_SERVED = 1 << 2,   /* the wait of its blocked call was served */
    WAKE_RETURNED = 1 << 1, /* its long command is done */
};

/* A place in the registry. The id is kept beside the pointer so that a search by id touches no connection. */
struct registry_slot {
    uint64_t id;
    struct conn *conn;
};

enum {
    RECENT_SECONDS = 8, /* over which INFO shows the largest buffers */
};

/* The largest buffers of a worker's connections, by second. */
struct recent_peaks {
    _Atomic size_t input[RECENT_SECONDS];  /* (a) */
    _Atomic size_t output[RECENT_SECONDS]; /* (a) */
};

struct net_worker {
    struct exec_worker exec;
    struct net *net;  /* (c) */
    unsigned index;   /* (c) */
    pthread_t thread; /* (c) */
    struct mailbox box;
    struct event_base *base;                 /* (w) */
    struct event wake_event;                 /* (w) */
    struct event tick_event;                 /* (w) */
    struct conn *first_ready;                /* (w) connections to serve in this turn */
    struct conn *last_ready;                 /* (w) */
    struct conn *first_touched;              /* (w) connections with output to write */
    struct conn *first_closed;               /* (w) closed in this turn */
    struct item items[EXEC_BATCH_MAX];       /* (w) */
    struct conn *item_conns[EXEC_BATCH_MAX]; /* (w) */
    size_t item_count;                       /* (w) */
    int64_t last_sweep_ms;                   /* (w) idle timeouts and soft limits */
    uint32_t sweep_left;                     /* (w) connections that this look has still to come to */
    int64_t last_cron_ms;                    /* (w) */
    struct expiry_round expiry;              /* (w) the shards it fires */
    bool stop;                               /* (w) set by mail */
    struct spin registry;                    /* guards the three below; their worker alone changes them */
    struct registry_slot *slots;             /* registry; dense, in no order */
    uint32_t slot_count;                     /* registry */
    uint32_t slot_cap;                       /* registry */
    uint32_t found_slot;                     /* (w) where net_find_session found one last */
    _Atomic uint32_t connections;            /* (a) */
    struct recent_peaks peaks;
    struct pause_watch pause;
};

struct net_acceptor;

/* What the percentage of maxmemory-clients refers to. */
struct net_ceiling {
    int64_t (*bytes)(void *context, const struct config_snapshot *now); /* maxmemory; 0: none */
    void *context;
};

struct net {
    struct exec *exec;             /* (c) */
    struct log *log;               /* (c) */
    unsigned config_slot;          /* (c) */
    unsigned worker_count;         /* (c) */
    struct net_worker **workers;   /* (c) */
    struct net_acceptor *acceptor; /* (c) */
    struct net_ceiling ceiling;    /* (c) set by wiring before the start */
    struct cpu_list cpus;          /* (c) of server-cpulist; empty: nobody is pinned */
    bool shares_cpus;              /* (c) the workers leave no processor to others */
    /* What stands above is read every turn; below is what connections come and go by, and what is rarely written. */
    CACHE_ALIGNED _Atomic uint32_t clients; /* (a) connections, those being handed over included */
    _Atomic uint32_t max_clients;           /* (a) */
    _Atomic uint32_t over_soft;             /* (a) connections whose replies exceed a soft limit for the time being */
    _Atomic size_t leaving_bytes;           /* (a) of clients that were shed and are not freed yet */
    _Atomic int64_t evict_after_ms; /* (a) until then no client can be evicted: all that are left are protected */
    _Atomic int64_t shed_after_ms;  /* (a) until then nobody searches for them again */
    struct pause pause;
};

_Static_assert(offsetof(struct net, clients) % CACHE_LINE_BYTES == 0, "coming and going disturbs no turn");

void net_init(struct net *net, struct exec *exec, struct log *log, unsigned config_slot);
/* Opens the listening sockets. On failure the log says why. */
NODISCARD enum status net_listen(struct net *net);
/* The processors of an option such as server-cpulist; none, with a line in the log, when it does not name any. */
struct cpu_list net_cpus(struct net *net, const char *option, struct slice text);
/* Starts the workers, each on its processor where server-cpulist says so, and the acceptor. */
NODISCARD enum status net_start(struct net *net);
/* Stops accepting, closes every connection, ends the threads. */
void net_stop(struct net *net);
void net_deinit(struct net *net);

/* CONFIG SET maxclients: makes sure that there are descriptors enough. */
const char *net_apply_maxclients(void *context, const struct config_snapshot *now);
/* CONFIG SET port, and bind: listens there instead of where it did. */
const char *net_apply_port(void *context, const struct config_snapshot *now);
const char *net_apply_bind(void *context, const struct config_snapshot *now);
/* CONFIG SET proto-max-bulk-len: the bound of values follows the bound of arguments. */
const char *net_apply_bulk_max(void *context, const struct config_snapshot *now);

/* CONFIG SET maxmemory-clients: evicts clients until the rest is below it. */
const char *net_apply_maxmemory_clients(void *context, const struct config_snapshot *now);

/* To be called when more memory is used than maxmemory, before any data is given up: dooms the clients that are over a
 * limit of their own (replies beyond client-output-buffer-limit, the soft one at once; the largest clients while all
 * together exceed maxmemory-clients). Their workers close them in their next turn. Returns the bytes that doomed
 * clients still hold and that will come back by themselves: what is above maxmemory beyond them is for data.
 * Nothing but three loads when there is nothing to do. Any thread inside a turn, under no lock; context: struct net. */
size_t net_shed_clients(void *context, struct exec_worker *worker);

/* A connection's worker looks at it soon. Any thread that knows the connection is alive (registry lock held, or its
 * session is suspended or away). */
void conn_wake(struct conn *conn);

static inline struct conn *conn_of(struct session *session)
{
    return CONTAINER_OF(session, struct conn, session);
}

static inline const struct net_options *net_options(const struct net *net, const struct config_snapshot *snapshot)
{
    return config_section(snapshot, net->config_slot);
}

#endif

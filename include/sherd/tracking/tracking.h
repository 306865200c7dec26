/* SPDX-License-Identifier: BSD-3-Clause */
/* Client-side caching: the server remembers which client has read which key, and tells it when the key changes.
 *
 *   a read:   its shard held -> the shard's table: key -> clients, by worker
 *   a write:  its shard held -> the key is taken out of the table, one mail to each worker with such clients
 *   worker:   its hub's lock -> who of them still tracks -> the session's output, or the worker of whom it redirects to
 *
 * Both happen while the shard is held, so a read is either older than the write, and then the client hears of the
 * write after it has the reply; or it is younger, and sees what was written. The push comes by mail, and a worker
 * delivers mail between two turns: behind the replies of what it has executed. Broadcasting clients (BCAST) hear of all
 * keys with their prefixes: a thread gathers what its calls change and mails it before their replies are written.
 *
 * Clients are remembered by their ids: one that is gone is skipped when its turn comes.
 * Semantics: https://redis.io/docs/latest/develop/reference/client-side-caching/
 * Owner: the server. Locks: the tables are under their shards; tracking (LOCK_RANK_TRACKING), then the hub of a worker
 * (LOCK_RANK_TRACKERS). */
#ifndef SHERD_TRACKING_TRACKING_H
#define SHERD_TRACKING_TRACKING_H

#include "sherd/exec/exec.h"
#include "sherd/tracking/prefixes.h"

struct changes;

struct tracking_options {
    int64_t table_max_keys; /* 0: no limit */
};

/* How a client is found by its id. */
struct tracking_clients {
    /* Whether it is connected, and the index of its exec_worker. Any thread, shards may be held. */
    bool (*find_worker)(void *context, uint64_t id, uint32_t *worker);
    /* Its session, or NULL. By its worker. */
    struct session *(*find_session)(void *context, struct exec_worker *worker, uint64_t id);
    void *context;
};

/* The keys of one shard that clients may have in their caches. */
struct tracked_shard {
    struct table keys; /* (s) of struct tracked */
    uint64_t items;    /* (s) clients of all of them */
};

/* What a worker knows about its own sessions that track. Executors come here, too, for sessions of that worker. */
struct tracking_hub {
    CACHE_ALIGNED struct spin lock;
    struct tracking *tracking;            /* (c) */
    struct table trackers;                /* lock; of struct tracker, by the session's id */
    struct prefix_set prefixes;           /* lock; of those that broadcast */
    _Atomic uint32_t clients;             /* (a) how many track */
    _Atomic uint32_t broadcast_clients;   /* (a) those of them that broadcast */
    CACHE_ALIGNED struct changes *unsent; /* (w) of this thread: what its calls have changed; or NULL */
};

struct tracking {
    struct exec *exec;                          /* (c) */
    struct tracking_clients clients;            /* (c) */
    const struct command *client_command;       /* (c) CLIENT */
    unsigned config_slot;                       /* (c) */
    uint32_t listener;                          /* (c) its bit in exec->listening */
    struct hash_key hash_key;                   /* (c) of all sets of prefixes */
    struct tracked_shard *shards;               /* (s) by index */
    struct tracking_hub hubs[EXEC_WORKERS_MAX]; /* by exec_worker.index */
    struct spin lock;                           /* guards the three below */
    struct prefix_set prefixes;                 /* lock; of all clients */
    struct dropped_tables *dropped;             /* lock; to be freed by the cron */
    bool listens;                               /* lock; exec_listen */
    uint32_t over_limit_ticks;                  /* by the cron: how often in a row there were too many */
    _Atomic uint64_t max_keys;                  /* (a) UINT64_MAX: no limit */
    CACHE_ALIGNED _Atomic uint64_t keys;        /* (a) in all tables */
    _Atomic uint64_t items;                     /* (a) clients of all keys */
    _Atomic uint32_t client_count;              /* (a) sessions that track; raised and lowered under lock */
    _Atomic uint32_t prefix_count;              /* (a) of `prefixes`, for a look without the lock */
};

/* Before exec_start. */
void tracking_init(struct tracking *tracking, struct exec *exec, struct tracking_clients clients, unsigned config_slot);
/* After all threads and sessions have ended. */
void tracking_deinit(struct tracking *tracking);

/* CONFIG SET tracking-table-max-keys. */
const char *tracking_apply_max_keys(void *context, const struct config_snapshot *now);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of this room share.
 * Owner: as each says. Locks: as each says. */
#ifndef SHERD_TRACKING_INTERNAL_H
#define SHERD_TRACKING_INTERNAL_H

#include "sherd/tracking/overlap.h"
#include "sherd/tracking/tracking.h"

enum tracking_mode {
    TRACKING_BCAST = 1 << 0,
    TRACKING_OPTIN = 1 << 1,
    TRACKING_OPTOUT = 1 << 2,
    TRACKING_NOLOOP = 1 << 3,
};

/* A session that tracks. Its thread alone changes it, under the hub's lock what the worker reads there (l). When that
 * has ended, its prefixes are left by and by. */
struct tracker {
    struct session_part part;
    struct mail mail;               /* when it has ended: to its hub's worker, which leaves some of its prefixes */
    struct tracking_hub *hub;       /* (c) of the session's worker */
    struct session *session;        /* (l) NULL: it has ended */
    bool caching;                   /* CLIENT CACHING was said for the next command or transaction */
    uint32_t mode;                  /* (l) enum tracking_mode */
    uint64_t redirect;              /* (l) the client that hears in its place; 0: none */
    uint32_t redirect_worker;       /* (l) the index of that one's worker */
    struct ordered prefixes;        /* of struct ordered_member, in the order of their texts: all scores are 0 */
    struct ordered_place next_left; /* when it has ended: the first of those that it has not left yet */
    size_t kept_bytes;              /* of the session's memory */
};

/* What CLIENT TRACKING ON asks for. */
struct tracking_request {
    uint32_t mode; /* enum tracking_mode */
    uint64_t redirect;
    uint32_t redirect_worker;
    struct given_prefix *prefixes; /* the caller's */
    uint32_t prefix_count;
};

/* Who changed a key. */
struct author {
    uint64_t id;   /* the client; 0: nobody */
    uint64_t wait; /* session_wait_number of the call that was served; 0: it had not waited */
};

/* trackers.c: by the thread that runs the session. */
struct tracker *tracker_of(const struct session *session);
/* Locks: tracking, then the hub. */
void tracking_enable(struct tracking *tracking, struct session *session, const struct tracking_request *request);
void tracking_disable(struct session *session);
/* The tracker of a session's id, or NULL. Under the hub's lock. */
struct tracker *tracker_find(const struct tracking_hub *hub, uint64_t id);
/* The hub of the worker where the tracker's client hears: its own, or whom it redirects to. By the thread of its
 * session, or under its hub's lock. */
static inline struct tracking_hub *tracker_route(const struct tracker *tracker)
{
    return tracker->redirect == 0 ? tracker->hub : &tracker->hub->tracking->hubs[tracker->redirect_worker];
}
/* When no session is left. */
void trackers_deinit(struct tracking *tracking);
/* So many bytes of its session's memory are the tracker's from now on. */
void tracker_keeps(struct tracker *tracker, size_t bytes);
/* Visits all trackers of the hub. Under its lock. */
void trackers_visit(struct tracking_hub *hub, void (*visit)(void *context, void *tracker), void *context);

/* membership.c: the prefixes of a tracker, in its own index, in its hub's set and in that of all. */
/* Joins prefixes that it has not joined yet. By the thread of its session. Locks: tracking; the hub. */
void prefixes_join(struct tracker *tracker, const struct given_prefix *given, uint32_t count);
/* Leaves all prefixes of a tracker that has ended, and frees it: where there are many, later, by its hub's worker.
 * Locks: tracking; the hub. */
void prefixes_leave(struct tracker *tracker);

/* remembered.c: under the shard of the key. */
void tracking_remember(struct tracking *tracking, const struct call *call, const struct tracker *tracker,
                       struct slice key) REQUIRES(shard_held);
void tracking_invalidate(struct tracking *tracking, struct slice key, struct author author) REQUIRES(shard_held);
/* Forgets all keys; every shard is held. Locks: tracking. */
void tracking_forget_all(struct tracking *tracking) REQUIRES(shard_held);
/* Brings the tables below the limit, a part of the way; frees a part of what is of no use any more. By one worker,
 * inside its turn, under no lock. */
void tracking_limit(struct tracking *tracking, struct exec_worker *worker) EXCLUDES(shard_held);
void tracking_free_some(struct tracking *tracking) EXCLUDES(shard_held);
/* All at once, when no thread is left. */
void tracking_free_all(struct tracking *tracking);

/* changes.c: for clients that broadcast. By the executing thread. */
void changes_note(struct tracking *tracking, struct exec_worker *worker, struct slice key, uint64_t author);
/* Locks: tracking. */
void changes_send(void *context, struct exec_worker *worker);

/* push.c: keys as an array of bulk strings in RESP; NULL: all keys. By the worker of the hub `here`: the tracker's own,
 * or that of its route; under the lock of the tracker's hub. */
void push_invalidation(const struct tracker *tracker, const struct tracking_hub *here, struct blob *keys,
                       const struct author *author);
/* The same to all who track, by mail to their workers: a database was flushed. */
void push_flush(struct tracking *tracking);

static inline struct mailbox *worker_box(const struct exec *exec, uint32_t index)
{
    return atomic_load_explicit(&exec->workers[index], memory_order_acquire)->box;
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The registry of connections: how other threads see and end them. Each worker keeps its own in a dense array under a
 * small lock; readers walk it in bounded slices, copying what they show, and format afterwards.
 *
 * The walk goes downwards: a connection that leaves gives its place to the last one, which such a walk has seen already
 * or sees once more. So none that is there all the time is missed, and doubles are recognised by their id.
 * Owner: a list belongs to whoever collected it. Locks: registry, then names. */
#ifndef SHERD_NET_REGISTRY_H
#define SHERD_NET_REGISTRY_H

#include "sherd/net/net.h"

/* A connection as it was when it was copied. */
struct client_view {
    uint64_t id;
    int fd;
    bool is_unix;
    bool is_writing; /* it waits until its socket takes more */
    uint8_t resp;
    uint32_t flags; /* enum session_flag */
    uint32_t db;
    uint32_t subscriptions[SUBSCRIPTION_KIND_COUNT];
    int64_t created_ms;
    int64_t active_ms;
    const struct command *last_command; /* NULL: none */
    size_t input_bytes;                 /* received, not executed */
    size_t input_free_bytes;
    size_t output_bytes;                    /* not written yet, referenced values included */
    size_t output_copied_bytes;             /* those of them that are copies */
    uint32_t output_inserts;                /* values among them that are referenced */
    size_t output_room_bytes;               /* allocated for those that are copied */
    size_t output_peak_bytes;               /* most bytes that waited in the last seconds */
    size_t queued_bytes;                    /* of its transaction */
    int32_t queued;                         /* commands since MULTI; -1: not in MULTI */
    bool is_blocked;                        /* its call waits */
    bool touched;                           /* a watched key has changed */
    uint32_t tracking;                      /* enum session_tracking */
    uint64_t redirect;                      /* who gets its invalidations; 0: it does itself */
    size_t counted_bytes;                   /* all that the client occupies, but for its texts */
    struct blob *texts[SESSION_TEXT_COUNT]; /* references; NULL: none */
    struct sockaddr_storage peer;
    struct sockaddr_storage local;
};

/* CLIENT LIST TYPE pubsub: has it subscribed to anything? */
static inline bool client_view_subscribes(const struct client_view *view)
{
    return (view->subscriptions[SUBSCRIPTION_CHANNEL] | view->subscriptions[SUBSCRIPTION_PATTERN] |
            view->subscriptions[SUBSCRIPTION_SHARD]) != 0;
}

struct client_list {
    struct client_view *clients; /* by ascending id */
    size_t count;
    size_t cap;
};

/* Copies all living connections; those that are doomed do not live. `self` may be NULL; it is shown with what it is
 * executing. Not under any lock. */
void client_list_collect(struct client_list *list, struct net *net, const struct conn *self);
void client_list_deinit(struct client_list *list);
/* The client of an id, or NULL. */
const struct client_view *client_list_find(const struct client_list *list, uint64_t id);
/* Copies one connection, on its own worker. Release it with client_view_deinit. */
void client_view_of(struct client_view *view, struct conn *self);
/* The same, under the lock of its worker's registry. */
void client_view_fill(struct client_view *view, struct conn *conn);
void client_view_deinit(struct client_view *view);
/* Appends the line of CLIENT LIST, without its end. */
void client_view_print(const struct client_view *view, int64_t now_ms, struct buffer *out);

/* Dooms the connections of these ids (ascending): they execute nothing more, and their workers close them soon.
 * Returns how many lived. Not under any lock. */
size_t registry_doom(struct net *net, const uint64_t *ids, size_t count);

/* Ends the wait of the connection of that id, as if its time were over or with an error; false when none waits. */
bool registry_unblock(struct net *net, uint64_t id, bool with_error);

/* Whether a client of that id is connected, and the index of its exec_worker. Any thread; context: struct net. */
NODISCARD bool net_find_worker(void *context, uint64_t id, uint32_t *worker);
/* The session of that id, or NULL. By the worker whose connection it is; context: struct net. */
struct session *net_find_session(void *context, struct exec_worker *worker, uint64_t id);

/* The largest buffers of the last seconds. Any thread. */
void net_recent_peaks(const struct net *net, size_t *input_bytes, size_t *output_bytes);

#endif

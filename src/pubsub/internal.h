/* SPDX-License-Identifier: BSD-3-Clause */
/* What stands in the tables: channels for publishers, audiences for the worker that delivers.
 * Owner: see each. Locks: see each. */
#ifndef SHERD_PUBSUB_INTERNAL_H
#define SHERD_PUBSUB_INTERNAL_H

#include "chain.h"

/* A channel, a shard channel or a pattern with subscribers. Under its stripe. */
struct channel {
    struct chain_node node;
    enum subscription_kind kind;
    struct blob *name;     /* one reference */
    uint32_t total;        /* subscriptions */
    uint32_t per_worker[]; /* of the sessions of each worker */
};

/* The same as one worker sees it. Under its hub. */
struct audience {
    struct chain_node node;
    enum subscription_kind kind;
    struct blob *name; /* one reference */
    struct subscription *first, *last;
};

struct subscription {
    struct chain_node link; /* hub */
    struct session *session;
    struct audience *audience;
    uint64_t since;                       /* the latest message that it is too young for */
    struct subscription *next, *previous; /* hub; of the audience */
    struct subscription *next_of_session; /* of the session's thread, as is the next */
    struct subscription *previous_of_session;
};

/* The subscriptions of a session, oldest first, by kind. By the thread that runs it. */
struct subscriber {
    struct session_part part;
    struct pubsub *pubsub;
    struct subscription *first[SUBSCRIPTION_KIND_COUNT];
    struct subscription *last[SUBSCRIPTION_KIND_COUNT];
};

static inline uint64_t pubsub_hash(const struct pubsub *pubsub, enum subscription_kind kind, struct slice name)
{
    return hash_bytes(&pubsub->key, name) + (uint64_t)kind;
}

/* The high bits: the low ones choose the place in the table. */
static inline struct stripe *pubsub_stripe(struct pubsub *pubsub, enum subscription_kind kind, uint64_t hash)
{
    return kind == SUBSCRIPTION_PATTERN ? &pubsub->patterns : &pubsub->stripes[(hash >> 32) % PUBSUB_STRIPES];
}

/* NULL when there is none. Under the stripe, and under the hub. */
struct channel *channel_find(const struct stripe *stripe, uint64_t hash, enum subscription_kind kind,
                             struct slice name);
struct audience *audience_find(struct hub *hub, uint64_t hash, enum subscription_kind kind, struct slice name);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Publish and subscribe: who listens to which channel, and one order of messages for all who do.
 *
 *   PUBLISH: channel's lock -> which workers have listeners -> one shared message into each of their mailboxes
 *   worker:  its hub's lock -> its own sessions that listen -> the session's output
 *
 * A channel's messages enter all mailboxes under the channel's lock, so every subscriber sees the same order, whatever
 * its worker; those of patterns too. What a session receives was published after it had subscribed.
 * Keyspace events (notify.h) are messages that enter the mailboxes under the shard of their key, and without a look at
 * the patterns: every worker gets them that has a pattern which may fit some event, and matches when it delivers.
 * Owner: the server. Locks: channel (LOCK_RANK_CHANNEL, a stripe of them), then patterns (LOCK_RANK_PATTERN), then the
 * hub of a worker (LOCK_RANK_HUB). */
#ifndef SHERD_PUBSUB_PUBSUB_H
#define SHERD_PUBSUB_PUBSUB_H

#include "sherd/base/hash.h"
#include "sherd/exec/exec.h"
#include "sherd/pubsub/notify.h"

enum {
    PUBSUB_STRIPES = 64,
};

/* An intrusive hash table; see chain.h in src/pubsub. */
struct chain_table {
    struct chain_node **heads;
    size_t count;
    size_t cap; /* a power of two, or 0 */
};

/* Some of the channels, shard channels included; or all patterns. */
struct stripe {
    CACHE_ALIGNED struct spin lock;
    struct chain_table channels; /* lock; of struct channel */
    _Atomic uint32_t count;      /* (a) of them, for a look without the lock */
};

/* What a worker knows about its own subscribers. Executors come here, too, for sessions of that worker. */
struct hub {
    CACHE_ALIGNED struct spin lock;
    struct chain_table channels; /* lock; of struct audience */
    struct chain_table patterns; /* lock; of struct audience */
    struct chain_table links;    /* lock; of struct subscription, by session and name */
    /* (a) of `patterns`, those that keyspace events may fit */
    _Atomic uint32_t event_patterns;
};

struct pubsub {
    struct exec *exec;                                /* (c) */
    struct hash_key key;                              /* (c) */
    struct stripe stripes[PUBSUB_STRIPES];            /* see there */
    struct stripe patterns;                           /* see there */
    struct hub hubs[EXEC_WORKERS_MAX];                /* by exec_worker.index */
    CACHE_ALIGNED _Atomic uint64_t sequence;          /* (a) of the latest message */
    _Atomic uint32_t topics[SUBSCRIPTION_KIND_COUNT]; /* (a) channels and patterns with subscribers */
    _Atomic uint32_t clients;                         /* (a) sessions with subscriptions */
    struct notify notify;                             /* see there */
};

void pubsub_init(struct pubsub *pubsub, struct exec *exec);
/* After all sessions have ended. */
void pubsub_deinit(struct pubsub *pubsub);

/* Sends a message to all subscribers of a channel (SUBSCRIPTION_CHANNEL: and of patterns that fit it) or of a shard
 * channel; returns how many subscriptions it goes to. Any thread of exec; shards may be held. Locks: channel, then
 * patterns. */
uint32_t pubsub_publish(struct pubsub *pubsub, enum subscription_kind kind, struct slice channel, struct slice payload);

/* Sends a keyspace event to whoever may have subscribed to it; the channel's name comes in two parts. Any thread of
 * exec; shards may be held. Locks: channel. */
void pubsub_publish_event(struct pubsub *pubsub, struct slice prefix, struct slice rest, struct slice payload);

/* By the thread that runs the session. False: it had (had not) subscribed already. Locks: the channel's or the
 * patterns', then the hub of the session's worker. */
bool pubsub_subscribe(struct pubsub *pubsub, struct session *session, enum subscription_kind kind, struct slice name);
bool pubsub_unsubscribe(struct pubsub *pubsub, struct session *session, enum subscription_kind kind, struct slice name);
/* A reference to the name of the session's oldest subscription of that kind; NULL: there is none. */
NODISCARD struct blob *pubsub_first(const struct session *session, enum subscription_kind kind);

/* How many sessions have subscribed to the channel. Locks: channel. */
uint32_t pubsub_subscribers(struct pubsub *pubsub, enum subscription_kind kind, struct slice name);
/* References to the names of the channels with subscribers that fit the pattern; the caller releases them and frees
 * the array. Locks: channel. */
struct blob **pubsub_channels(struct pubsub *pubsub, enum subscription_kind kind, struct slice pattern, size_t *count);

#endif

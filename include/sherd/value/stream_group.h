/* SPDX-License-Identifier: BSD-3-Clause */
/* Consumer groups of a stream: who got which entries and has not acknowledged them
 * (https://redis.io/docs/latest/develop/data-types/streams/#consumer-groups).
 *
 *   stream -> groups by name -> pending: {id, delivered when, how often, to whom} by id
 *                            -> consumers by name -> ids of what is pending with them
 *
 * An id is pending with exactly one consumer of a group: it is in the group's index and in that consumer's, or in
 * neither. Names are ordered as bytes, which is the order in which replies list them. Everything that an RDB file
 * stores is kept: last id, entries read, delivery times and counts, seen and active times.
 * Owner: the stream. One thread changes it at a time, readers want it unchanged. Locks: none. */
#ifndef SHERD_VALUE_STREAM_GROUP_H
#define SHERD_VALUE_STREAM_GROUP_H

#include "sherd/value/stream_index.h"

struct stream;

#define STREAM_ENTRIES_READ_UNKNOWN (-1)
#define STREAM_NEVER_MS             (-1)

/* A record of the group's index. */
struct stream_pending {
    struct stream_id id;
    int64_t delivered_ms; /* Unix time of the last delivery, or what XCLAIM set */
    uint64_t deliveries;
    struct stream_consumer *consumer;
};

struct stream_consumer {
    int64_t seen_ms;             /* last tried to read or claim */
    int64_t active_ms;           /* last got something; STREAM_NEVER_MS */
    struct stream_index pending; /* records are ids alone */
    uint32_t name_len;
    char name[];
};

struct stream_group {
    struct stream_id last_id; /* the last that was delivered */
    int64_t entries_read;     /* how many the stream had got up to it, or STREAM_ENTRIES_READ_UNKNOWN */
    struct stream_index pending;
    struct stream_consumer **consumers; /* by name */
    uint32_t consumer_count;
    uint32_t consumer_cap;
    uint32_t name_len;
    char name[];
};

/* A stream's groups, part of the stream. */
struct stream_groups {
    struct stream_group **items; /* by name */
    uint32_t count;
    uint32_t cap;
    size_t bytes; /* memory of all groups, consumers and indexes */
};

static inline struct slice stream_group_name(const struct stream_group *group)
{
    return slice_make(group->name, group->name_len);
}

static inline struct slice stream_consumer_name(const struct stream_consumer *consumer)
{
    return slice_make(consumer->name, consumer->name_len);
}

void stream_groups_deinit(struct stream_groups *groups);
/* Initialises `copy`, which does not move afterwards, with copies of all groups. */
void stream_groups_copy(struct stream_groups *copy, const struct stream_groups *original);

/* NULL when there is none. O(log groups). */
NODISCARD struct stream_group *stream_group_find(const struct stream *stream, struct slice name);
/* NULL when there is one of that name. */
NODISCARD struct stream_group *stream_group_create(struct stream *stream, struct slice name, struct stream_id last_id,
                                                   int64_t entries_read);
/* O(pending / 128 + consumers). */
void stream_group_destroy(struct stream *stream, struct stream_group *group);
/* What destroying it costs: things to be freed. O(1). */
size_t stream_group_weight(const struct stream_group *group);

/* NULL when there is none. O(log consumers). */
NODISCARD struct stream_consumer *stream_consumer_find(const struct stream_group *group, struct slice name);
/* The consumer of that name, made when it is missing: `*is_new` says so. Its seen time is set to `now_ms`. */
struct stream_consumer *stream_consumer_see(struct stream *stream, struct stream_group *group, struct slice name,
                                            int64_t now_ms, bool *is_new);
/* Gives how many entries were pending with it; they are no longer pending. O(those * log pending). */
uint64_t stream_consumer_destroy(struct stream *stream, struct stream_group *group, struct stream_consumer *consumer);

/* Notes that the entry was read past last_id: moves last_id there and counts. To be called before delivering it. */
void stream_group_advance(const struct stream *stream, struct stream_group *group, struct stream_id id);
/* Makes the entry pending with the consumer, as delivered once at `now_ms`, whoever had it before. */
void stream_group_deliver(struct stream_group *group, struct stream_consumer *consumer, struct stream_id id,
                          int64_t now_ms);
/* What is pending under that id, or NULL. */
NODISCARD struct stream_pending *stream_group_pending(const struct stream_group *group, struct stream_id id);
/* The consumer now has what was pending with another; nothing else about it changes, and `pending` stays valid. */
void stream_group_hand_over(struct stream_pending *pending, struct stream_consumer *consumer);
/* Whether it was pending; it is not any more. */
bool stream_group_acknowledge(struct stream_group *group, struct stream_id id);

/* How many entries the group has yet to read; false when that cannot be told without counting. */
NODISCARD bool stream_group_lag(const struct stream *stream, const struct stream_group *group, int64_t *lag);

#endif

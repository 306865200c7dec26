/* SPDX-License-Identifier: BSD-3-Clause */
/* Sets of prefixes: those that all clients broadcast, and those of one worker's clients. A hash table; a key's own are
 * looked up length by length, so what counts is how many lengths there are. No operation takes longer where there are
 * more prefixes, so that the set can stand under a spinlock: a prefix is made before it joins, and freed when it has
 * left.
 * Owner: whoever embeds the set. Locks: that of its owner; none for prefix_create, _destroy and _hash. */
#ifndef SHERD_TRACKING_PREFIXES_H
#define SHERD_TRACKING_PREFIXES_H

#include "sherd/base/buffer.h"
#include "sherd/base/hash.h"
#include "sherd/container/table.h"

struct tracker;

struct prefix {
    uint64_t hash;             /* (c) */
    struct tracker **trackers; /* in no order */
    uint32_t tracker_count;
    uint32_t tracker_cap;
    struct buffer pending; /* while changes are delivered: struct change, one after the other */
    size_t len;            /* (c) */
    char text[];           /* (c) */
};

/* How many prefixes of one length there are. */
struct prefix_length {
    size_t len;
    uint32_t count;
};

struct prefix_set {
    struct table table;              /* of struct prefix, by text */
    const struct hash_key *hash_key; /* (c) borrowed: outlives the set */
    struct prefix_length *lengths;   /* those that occur, ascending */
    uint32_t length_count;
};

/* Empty; sets with the same key have the same hashes. */
void prefix_set_init(struct prefix_set *set, const struct hash_key *hash_key);
/* When no prefix is left. */
void prefix_set_deinit(struct prefix_set *set);

static inline uint32_t prefix_set_count(const struct prefix_set *set)
{
    return table_used(&set->table);
}

static inline uint64_t prefix_hash(const struct prefix_set *set, struct slice text)
{
    return hash_bytes(set->hash_key, text);
}

static inline struct slice prefix_text(const struct prefix *prefix)
{
    return slice_make(prefix->text, prefix->len);
}

/* A prefix of nobody; the text is copied. `hash`: prefix_hash. */
NODISCARD struct prefix *prefix_create(struct slice text, uint64_t hash);
/* NULL is fine. */
void prefix_destroy(struct prefix *prefix);

/* Adds a tracker to the prefix of that text: if it is not there yet that is `fresh`, which is the set's from then on.
 * Returns NULL then, otherwise `fresh`, for which there is no use. The tracker has not joined it yet. */
NODISCARD struct prefix *prefix_set_join(struct prefix_set *set, struct prefix *fresh, struct tracker *tracker);
/* Takes the tracker from the prefix that it has joined. Returns the prefix, which is the caller's to destroy, if that
 * was its last one; otherwise NULL. */
NODISCARD struct prefix *prefix_set_leave(struct prefix_set *set, struct slice text, uint64_t hash,
                                          const struct tracker *tracker);
/* Visits the prefixes with which the key begins, the shortest first; returns how many. NULL: only counts. */
uint32_t prefix_set_match(const struct prefix_set *set, struct slice key,
                          void (*visit)(void *context, struct prefix *prefix), void *context);

#endif

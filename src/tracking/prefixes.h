/* SPDX-License-Identifier: BSD-3-Clause */
/* Sets of prefixes: those that all clients broadcast, and those of one worker's clients.
 * Owner: whoever embeds the set. Locks: that of its owner. */
#ifndef SHERD_TRACKING_PREFIXES_H
#define SHERD_TRACKING_PREFIXES_H

#include "sherd/base/blob.h"
#include "sherd/base/buffer.h"
#include "sherd/tracking/tracking.h"

struct tracker;

struct prefix {
    struct blob *text; /* one reference */
    struct tracker **trackers;
    uint32_t tracker_count;
    uint32_t tracker_cap;
    struct buffer pending; /* while changes are delivered: struct change, one after the other */
};

/* The prefixes of one length. */
struct prefix_length {
    size_t len;
    uint32_t count;
};

/* NULL when there is none. */
struct prefix *prefix_set_find(const struct prefix_set *set, struct slice text);
/* Adds a tracker to a prefix, which is made when it is missing. */
void prefix_set_join(struct prefix_set *set, struct slice text, struct tracker *tracker);
/* Takes the tracker from the prefix, which goes with its last one. */
void prefix_set_leave(struct prefix_set *set, struct slice text, const struct tracker *tracker);
/* Visits the prefixes with which the key begins; returns how many. NULL: only counts. */
uint32_t prefix_set_match(const struct prefix_set *set, struct slice key,
                          void (*visit)(void *context, struct prefix *prefix), void *context);

/* Does one of them begin with the other? */
bool prefixes_overlap(struct slice one, struct slice other);

#endif

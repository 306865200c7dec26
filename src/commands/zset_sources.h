/* SPDX-License-Identifier: BSD-3-Clause */
/* What ZUNION and its kin read: sorted sets, and plain sets as if all scores were 1.
 * Owner: the handler's stack. Locks: none taken; the sources' shards are held. */
#ifndef SHERD_COMMANDS_ZSET_SOURCES_H
#define SHERD_COMMANDS_ZSET_SOURCES_H

#include "sherd/exec/call.h"
#include "sherd/value/set.h"
#include "sherd/value/zset.h"

struct zset_source {
    const struct zset *zset; /* both NULL: there is none, it is empty */
    const struct set *set;
    uint32_t count;
    double weight;
};

/* Looks the source at a key argument up. False when the key holds another type, and WRONGTYPE is replied. */
NODISCARD bool zset_source_read(struct call *call, uint32_t argument, struct zset_source *source) REQUIRES(shard_held);
/* Whether a member is in it; its score without the weight. */
NODISCARD bool zset_source_find(const struct zset_source *source, struct slice member, double *score);

struct zset_source_walk {
    const struct zset_source *source;
    union {
        struct zset_iterator zset;
        struct set_iterator set;
    };
};

void zset_source_walk_init(struct zset_source_walk *walk, const struct zset_source *source);
/* Scores without the weight. */
NODISCARD bool zset_source_walk_next(struct zset_source_walk *walk, struct zset_element *element);

#endif

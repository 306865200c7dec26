/* SPDX-License-Identifier: BSD-3-Clause */
/* Walking over keys: SCAN cursors, and a random key.
 * A cursor is {position in the shard 32 bits | shard 10 bits}: below 2^43; 0 begins and ends. A key that stays is met
 * exactly once by a walk from 0 to 0, however the tables grow and shrink meanwhile.
 * Owner: the caller. Locks: the shard's, held by the caller. */
#ifndef SHERD_KEYSPACE_WALK_H
#define SHERD_KEYSPACE_WALK_H

#include "sherd/keyspace/keyspace.h"

#define WALK_CURSOR_MAX (UINT64_C(1) << (32 + KEYSPACE_SHARD_BITS))

/* Where a cursor stands. */
static inline uint32_t walk_cursor_shard(uint64_t cursor)
{
    return (uint32_t)(cursor & (KEYSPACE_SHARDS - 1));
}

/* Visits the keys of one bucket of a locked shard; returns the next cursor (in the next shard once this one is done;
 * 0 when the walk is over). */
uint64_t walk_bucket(struct keyspace_user *user, unsigned db, uint64_t cursor,
                     void (*visit)(void *context, void *entry), void *context) REQUIRES(shard_held);

/* A shard drawn with the weight of its keys in `db`; KEYSPACE_SHARDS when there are none. `random` is uniform. */
uint32_t walk_random_shard(const struct keyspace *keyspace, unsigned db, uint64_t random);
/* A random entry of a locked shard, or NULL when the draw met an empty bucket: draw again. */
struct entry *walk_random_entry(const struct shard *shard, unsigned db, uint64_t random) REQUIRES(shard_held);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* SCAN cursors and random draws over shards.
 * Owner: the caller. Locks: the shard's, held by the caller. */
#include "sherd/keyspace/walk.h"

uint64_t walk_bucket(struct keyspace_user *user, unsigned db, uint64_t cursor,
                     void (*visit)(void *context, void *entry), void *context)
{
    uint32_t index = walk_cursor_shard(cursor);
    const struct shard *shard = keyspace_shard(user->keyspace, index);
    struct table_env env = keyspace_table_env(user);
    uint64_t next = table_scan(&shard->databases[db].table, &env, cursor >> KEYSPACE_SHARD_BITS, visit, context);
    if (next < TABLE_SCAN_END) {
        return (next << KEYSPACE_SHARD_BITS) | index;
    }
    return index + 1 < KEYSPACE_SHARDS ? index + 1 : 0;
}

uint32_t walk_random_shard(const struct keyspace *keyspace, unsigned db, uint64_t random)
{
    uint64_t keys;
    uint64_t volatile_keys;
    keyspace_count(keyspace, db, &keys, &volatile_keys);
    if (keys == 0) {
        return KEYSPACE_SHARDS;
    }
    uint64_t at = random % keys;
    for (uint32_t i = 0; i < KEYSPACE_SHARDS; i++) {
        uint32_t used = table_used(&keyspace_shard(keyspace, i)->databases[db].table);
        if (at < used) {
            return i;
        }
        at -= used;
    }
    return 0; /* keys went away while we counted */
}

struct entry *walk_random_entry(const struct shard *shard, unsigned db, uint64_t random)
{
    return table_sample(&shard->databases[db].table, random);
}

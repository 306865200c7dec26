/* SPDX-License-Identifier: BSD-3-Clause */
/* From the keys of a call to the shards that it needs.
 * Owner: the call. Locks: none taken here. */
#include "locking.h"

bool call_collect_many(const struct call *call, struct lockset *locks)
{
    const struct command *command = call->command;
    const struct keyspace *keyspace = call->worker->exec->keyspace;
    if (LIKELY(command->simple_keys)) {
        int32_t last = command->last_key >= 0 ? command->last_key : (int32_t)call->argc + command->last_key;
        for (int32_t i = command->first_key; i <= last && i > 0 && i < (int32_t)call->argc; i += command->key_step) {
            bool known = call->first_hashed && (uint32_t)i == call->first_key;
            uint64_t hash = known ? call->first_hash : keyspace_hash(keyspace, call->argv[i]);
            lockset_add(locks, keyspace_shard_of(hash));
        }
        return true;
    }
    if (UNLIKELY(command->row->reaches_further != NULL) && command->row->reaches_further(call->argv, call->argc)) {
        lockset_add_all(locks);
        return true;
    }
    struct key_place few[16];
    struct key_place *places = few;
    int64_t count = command_keys(command, call->argv, call->argc, few, ARRAY_LENGTH(few));
    if (count > (int64_t)ARRAY_LENGTH(few)) {
        places = memory_alloc((size_t)count * sizeof(*places));
        count = command_keys(command, call->argv, call->argc, places, (size_t)count);
    }
    for (int64_t i = 0; i < count; i++) {
        lockset_add(locks, keyspace_shard_of(keyspace_hash(keyspace, call->argv[places[i].argument])));
    }
    if (places != few) {
        memory_free(places);
    }
    return count >= 0;
}

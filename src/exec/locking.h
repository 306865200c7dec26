/* SPDX-License-Identifier: BSD-3-Clause */
/* Which shards a call needs.
 * Owner: the call. Locks: none taken here. */
#ifndef SHERD_EXEC_LOCKING_H
#define SHERD_EXEC_LOCKING_H

#include "sherd/exec/exec.h"

/* Adds the shards of all keys. False when the arguments do not make sense: the handler will say why. */
bool call_collect_many(const struct call *call, struct lockset *locks);

static ALWAYS_INLINE bool call_collect_keys(const struct call *call, struct lockset *locks)
{
    if (LIKELY(call->command->single_key && call->first_hashed)) {
        lockset_add(locks, keyspace_shard_of(call->first_hash));
        return true;
    }
    return call_collect_many(call, locks);
}

#endif

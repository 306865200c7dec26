/* SPDX-License-Identifier: BSD-3-Clause */
/* What the hash commands share: opening hashes, noting what was done to them, writing their values.
 * Owner: nobody, there is no state. Locks: none taken; dispatch holds the keys' shards. */
#ifndef SHERD_COMMANDS_HASH_ACCESS_H
#define SHERD_COMMANDS_HASH_ACCESS_H

#include "sherd/exec/call.h"
#include "sherd/value/hash.h"

enum {
    /* More fields than these are too much for a worker's turn: walked over, or looked up one by one. About 50 us. */
    HASH_SHORT_WALK = 1000,
    HASH_SHORT_LOOKUPS = 300,
};

/* The limits of the listpack encoding; call->context is the room's state. */
struct hash_limits hash_call_limits(const struct call *call);

/* A hash that is being changed. */
struct hash_change {
    struct call *call;
    struct keyref ref;
    struct hash *hash;   /* NULL: the key does not exist */
    int64_t deadline_ms; /* the earliest of its fields, as it was */
    struct hash_limits limits;
};

/* Opens the hash of argument 1 for reading: NULL when there is none. False: WRONGTYPE is replied. */
NODISCARD bool hash_read(struct call *call, const struct hash **hash) REQUIRES(shard_held);
/* The same without statistics, for is_long: NULL also for a key of another type. */
const struct hash *hash_peek(struct call *call) REQUIRES(shard_held);
/* Opens it for changes. False: WRONGTYPE is replied. */
NODISCARD bool hash_write(struct call *call, struct hash_change *change) REQUIRES(shard_held);
/* Creates the hash if it does not exist. */
void hash_ensure(struct hash_change *change) REQUIRES(shard_held);
/* Sets a field as HSET does when deadline_ms is HASH_DEADLINE_NONE; true when it is new. */
bool hash_put(struct hash_change *change, struct slice field, struct slice value, int64_t deadline_ms)
    REQUIRES(shard_held);
/* Notes `count` changes under the event's name, when there are any. */
void hash_note(struct hash_change *change, uint64_t count, const char *event) REQUIRES(shard_held);
/* Ends the change: brings the expiry index up to date, and removes the key with its event when no field is left. */
void hash_finish(struct hash_change *change) REQUIRES(shard_held);
/* Both. */
void hash_changed(struct hash_change *change, uint64_t count, const char *event) REQUIRES(shard_held);

/* Replies the value of a field, or null when there is no such living field. `hash` may be NULL. */
void hash_reply_field(struct call *call, const struct hash *hash, struct slice field);
void hash_reply_value(struct reply *reply, const struct hash_value *value);

/* Whether a call names more fields, by its arguments from `first` on, than a worker should look up. */
static inline bool hash_has_many_arguments(const struct call *call)
{
    return call->argc > HASH_SHORT_LOOKUPS;
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* What the set commands share: opening sets, noting what was done to them, what is too long for a worker.
 * Owner: nobody, there is no state. Locks: none taken; dispatch holds the keys' shards. */
#ifndef SHERD_COMMANDS_SET_ACCESS_H
#define SHERD_COMMANDS_SET_ACCESS_H

#include "sherd/exec/exec.h"
#include "sherd/value/set.h"

enum {
    /* More members than these are too much for a worker's turn, about 50 us: */
    SET_SHORT_WALK = 1000,     /* visited one after the other */
    SET_SHORT_LOOKUPS = 300,   /* looked up one by one, added or removed */
    SET_SHORT_COMBINED = 2500, /* visited or looked up in batches, as SINTER does */
};

/* The limits of the encodings; call->context is the room's state. */
struct set_limits set_call_limits(const struct call *call);

/* Opens the set of argument 1 for reading: NULL when there is none. False: WRONGTYPE is replied. */
NODISCARD bool set_read(struct call *call, const struct set **set) REQUIRES(shard_held);

/* A set that is being changed. */
struct set_change {
    struct keyref ref;
    struct set *set; /* NULL: the key does not exist */
};

/* Opens the set of an argument for changes. False: WRONGTYPE is replied. */
NODISCARD bool set_write(struct call *call, uint32_t argument, struct set_change *change) REQUIRES(shard_held);
/* Notes `count` changes, at least one, under the event's name, and removes the key with its event when no member is
 * left. */
void set_changed(struct call *call, struct set_change *change, uint64_t count, const char *event) REQUIRES(shard_held);

/* Whether so much work is too long for this thread: then the handler returns OUTCOME_POSSESS, or what
 * call_read_elsewhere does, having done nothing. */
NODISCARD static inline bool set_is_long(const struct call *call, uint64_t work, uint64_t limit)
{
    return UNLIKELY(work > limit) && !call->locks.possessed;
}

/* Whether a call names more members than a worker should look up. */
static inline bool set_has_many_arguments(struct call *call)
{
    return call->argc > SET_SHORT_LOOKUPS;
}

#endif

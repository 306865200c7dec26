/* SPDX-License-Identifier: BSD-3-Clause */
/* Taking the first or last members out of a sorted set, for whoever serves them.
 * Owner: nobody. Locks: none taken; the set's shard is held. */
#ifndef SHERD_COMMANDS_ZSET_POP_H
#define SHERD_COMMANDS_ZSET_POP_H

#include "sherd/exec/blocking.h"
#include "zset_arguments.h"

/* Replies the `count` first (last when `is_max`) members, falling from there, as an array in `style`, with nothing
 * around it, and removes them; the key too when none is left. `count` is at least 1; fewer are popped when there are
 * fewer. The change is noted for `call`. */
void zset_pop(struct call *call, struct keyref *ref, uint64_t count, bool is_max, enum zset_reply_style style)
    REQUIRES(shard_held);

/* ZMPOP from the argument of its count of keys on. With nothing there, waits as `wait` says: its keys are filled in
 * here, and its timeout, which stands before that count but is looked at last. NULL: replies a null. */
enum outcome zset_mpop(struct call *call, uint32_t first, struct block_request *wait) REQUIRES(shard_held);

/* Removes a run that lies within the set of `ref`, and the key with the last one; notes `event`. */
void zset_remove_run(struct call *call, struct keyref *ref, struct zset_range run, const char *event)
    REQUIRES(shard_held);

#endif

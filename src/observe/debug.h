/* SPDX-License-Identifier: BSD-3-Clause */
/* The handlers of DEBUG that look at keys.
 * Owner: nobody. Locks: as the variants' rows in debug.c say. */
#ifndef SHERD_OBSERVE_DEBUG_H
#define SHERD_OBSERVE_DEBUG_H

#include "sherd/exec/call.h"
#include "sherd/exec/exec.h"

enum outcome debug_object(struct call *call) REQUIRES(shard_held);
enum outcome debug_digest_value(struct call *call) REQUIRES(shard_held);
/* Of large values that takes long. */
bool debug_digest_is_long(struct call *call) REQUIRES(shard_held);
enum outcome debug_digest(struct call *call) REQUIRES(shard_held);
enum outcome debug_populate(struct call *call) REQUIRES(shard_held);

#endif

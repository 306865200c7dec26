/* SPDX-License-Identifier: BSD-3-Clause */
/* What the HyperLogLog commands share.
 * Owner: the handler's stack. Locks: none taken. */
#ifndef SHERD_COMMANDS_HYPERLOGLOG_ACCESS_H
#define SHERD_COMMANDS_HYPERLOGLOG_ACCESS_H

#include "sherd/container/hll.h"
#include "string_access.h"

/* The bytes of an existing key, which is to hold a HyperLogLog; on false the error is replied. */
NODISCARD bool hyperloglog_check(struct call *call, const struct keyref *ref, struct slice *bytes) REQUIRES(shard_held);
/* Option hll-sparse-max-bytes. */
size_t hyperloglog_sparse_max(const struct call *call);

#endif

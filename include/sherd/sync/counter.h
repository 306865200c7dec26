/* SPDX-License-Identifier: BSD-3-Clause */
/* A counter that one thread raises and anybody may read: a plain load, add and store, never a locked instruction.
 * Owner: the thread that raises it. Locks: none. */
#ifndef SHERD_SYNC_COUNTER_H
#define SHERD_SYNC_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

#include "sherd/base/compiler.h"

typedef _Atomic uint64_t counter;

static ALWAYS_INLINE void counter_add(counter *value, uint64_t more)
{
    uint64_t now = atomic_load_explicit(value, memory_order_relaxed);
    atomic_store_explicit(value, now + more, memory_order_relaxed);
}

static ALWAYS_INLINE uint64_t counter_read(const counter *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

#endif

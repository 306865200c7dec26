/* SPDX-License-Identifier: BSD-3-Clause */
/* Allocation that cannot fail quietly, and the count of bytes in use.
 * Running out of memory ends the process (as Redis does); sizes that come from clients are bounded by the caller first.
 * Owner: the allocator. Locks: none of ours. */
#ifndef SHERD_BASE_MEMORY_H
#define SHERD_BASE_MEMORY_H

#include "sherd/base/compiler.h"

NODISCARD void *memory_alloc(size_t bytes);                 /* uninitialised; never NULL */
NODISCARD void *memory_alloc_zeroed(size_t bytes);          /* never NULL */
NODISCARD void *memory_alloc_line(size_t bytes);            /* aligned to a cache line; never NULL */
NODISCARD void *memory_resize(void *old, size_t bytes);     /* as realloc; never NULL */
NODISCARD void *memory_try_alloc(size_t bytes);             /* NULL when there is none: for sizes a client chose */
void memory_free(void *pointer);                            /* NULL is fine */

/* Rounds a request up to what the allocator will hand out for it (its size class). */
size_t memory_class_bytes(size_t bytes);
/* Bytes really occupied by an allocation. */
size_t memory_usable_bytes(const void *pointer);

/* The calling thread's net bytes allocated since it started: the counters live in the allocator, reading is free.
 * `memory_thread_meter` is to be filled once by the thread itself. */
struct memory_meter {
    const uint64_t *allocated;   /* (w) NULL when the allocator does not count by thread */
    const uint64_t *deallocated; /* (w) */
    int64_t flushed;             /* (w) what was already added to the shared total */
};
void memory_meter_init(struct memory_meter *meter);
/* Net change since the last call that is not yet flushed; the caller adds it to its total. */
int64_t memory_meter_take(struct memory_meter *meter);

/* Figures of the whole process, in bytes; slow, for INFO and MEMORY. */
struct memory_figures {
    size_t allocated, active, resident, metadata, retained, rss;
};
void memory_figures_read(struct memory_figures *figures);
/* Name and version of the allocator, such as "jemalloc-5.3.0". */
const char *memory_allocator_name(void);
/* Gives free pages back to the system now (MEMORY PURGE). */
void memory_purge(void);

#endif

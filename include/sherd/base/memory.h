/* SPDX-License-Identifier: BSD-3-Clause */
/* Allocation that cannot fail quietly, and the count of bytes in use.
 * Running out of memory ends the process (as Redis does); sizes that come from clients are bounded by the caller first.
 * Owner: the allocator. Locks: none of ours. */
#ifndef SHERD_BASE_MEMORY_H
#define SHERD_BASE_MEMORY_H

#include "sherd/base/compiler.h"

NODISCARD void *memory_alloc(size_t bytes);             /* uninitialised; never NULL */
NODISCARD void *memory_alloc_zeroed(size_t bytes);      /* never NULL */
NODISCARD void *memory_alloc_line(size_t bytes);        /* aligned to a cache line; never NULL */
NODISCARD void *memory_resize(void *old, size_t bytes); /* as realloc; never NULL */
NODISCARD void *memory_try_alloc(size_t bytes);         /* NULL when there is none: for sizes a client chose */
void memory_free(void *pointer);                        /* NULL is fine */

/* Rounds a request up to what the allocator will hand out for it (its size class), by the rule and without a call:
 * 8, then steps of 16 up to 128, then four classes per doubling. A unit test holds the rule against jemalloc.
 * `bytes` is at most half the address space. */
static inline size_t memory_class_bytes(size_t bytes)
{
#ifdef SHERD_SANITIZED
    return (bytes + 15) & ~(size_t)15;
#else
    if (bytes <= 8) {
        return 8;
    }
    unsigned doubling = bytes <= 128 ? 6 : 63 - (unsigned)__builtin_clzll((unsigned long long)bytes - 1);
    size_t step = (size_t)1 << (doubling - 2);
    return (bytes + step - 1) & ~(step - 1);
#endif
}
/* Bytes really occupied by an allocation. */
size_t memory_usable_bytes(const void *pointer);

/* The calling thread's net bytes allocated since it started: the counters live in the allocator, reading is free.
 * The sum over all threads is what the process has in use; a block freed by another thread is subtracted there.
 * Sanitizer builds have no counters by thread: there the meter of the process's first thread takes the change of the
 * whole process and every other meter takes 0, so that the sum is right again whenever the first thread takes. */
struct memory_meter {
    const uint64_t *allocated;   /* (w) NULL when the allocator does not count by thread */
    const uint64_t *deallocated; /* (w) */
    int64_t flushed;             /* (w) what was already added to the shared total */
};
/* To be called once, by the thread that the meter is for. */
void memory_meter_init(struct memory_meter *meter);
/* Net change since the last call that is not yet flushed; the caller adds it to its total. */
int64_t memory_meter_take(struct memory_meter *meter);
/* What memory_meter_take would return, without taking it; 0 in sanitizer builds. */
static inline int64_t memory_meter_owed(const struct memory_meter *meter)
{
    return meter->allocated == NULL ? 0 : (int64_t)(*meter->allocated - *meter->deallocated) - meter->flushed;
}

/* Figures of the whole process, in bytes; slow, for INFO and MEMORY. */
struct memory_figures {
    size_t allocated; /* handed out to the program */
    size_t active;    /* pages that hold allocations */
    size_t resident;  /* pages the allocator has mapped and touched */
    size_t metadata;  /* the allocator's own */
    size_t retained;  /* address space kept for later, not memory */
    size_t rss;       /* what the kernel counts for the process */
};
void memory_figures_read(struct memory_figures *figures);
/* Name and version of the allocator, such as "jemalloc-5.3.0". */
const char *memory_allocator_name(void);
/* The allocator's own report, piece by piece; nothing when it has none. Slow. */
void memory_statistics_print(void (*write)(void *context, const char *text), void *context);
/* From here on the allocator gives pages that stay free back to the system by itself, on a thread of its own: without
 * it only allocations drive that, so an idle process keeps them. After the last fork. */
void memory_background_start(void);
/* Gives free pages back to the system now (MEMORY PURGE). */
void memory_purge(void);

#endif

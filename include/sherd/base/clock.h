/* SPDX-License-Identifier: BSD-3-Clause */
/* Time: the wall clock, the monotonic clock, a very cheap tick counter for durations, and a replaceable source so that
 * tests decide what time it is.
 * Owner: whoever embeds the scale or the source; both are constant after init. Locks: none. */
#ifndef SHERD_BASE_CLOCK_H
#define SHERD_BASE_CLOCK_H

#include "sherd/base/compiler.h"

int64_t clock_realtime_ms(void); /* since 1970 */
int64_t clock_realtime_us(void); /* since 1970 */
int64_t clock_monotonic_ns(void);

/* Where a component takes the time of day from; microseconds since 1970. */
struct clock_source {
    int64_t (*now_us)(void *context);
    void *context;
};

/* The system's wall clock; constant, lives for ever. */
const struct clock_source *clock_system(void);

static inline int64_t clock_source_us(const struct clock_source *source)
{
    return source->now_us(source->context);
}

/* How to read and convert ticks: of the processor's time stamp counter where that runs at a constant rate, else
 * nanoseconds of the monotonic clock. */
struct clock_scale {
    uint64_t ns_per_tick; /* (c) fixed point, 32 bits behind the point */
    bool counter;         /* (c) whether ticks are the processor's */
};

/* Measures for about 10 ms, once at start; every thread may use the result. */
void clock_scale_init(struct clock_scale *scale);

static inline uint64_t clock_ticks(const struct clock_scale *scale)
{
#if defined(__x86_64__)
    if (LIKELY(scale->counter)) {
        return __builtin_ia32_rdtsc();
    }
#endif
    (void)scale;
    return (uint64_t)clock_monotonic_ns();
}

/* Length of a difference of two tick readings. */
static inline uint64_t clock_ticks_to_ns(const struct clock_scale *scale, uint64_t ticks)
{
    return (uint64_t)(((unsigned __int128)ticks * scale->ns_per_tick) >> 32);
}

#endif

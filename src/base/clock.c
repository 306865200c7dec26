/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading the system's clocks and calibrating the tick counter against the monotonic clock.
 * Owner: whoever embeds the scale. Locks: none. */
#include "sherd/base/clock.h"

#include <time.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

enum {
    NS_PER_US = 1000,
    US_PER_MS = 1000,
    US_PER_S = 1000000,
    NS_PER_S = 1000000000,
    CALIBRATION_NS = 10000000,
    READINGS = 8, /* the tightest of so many pairs counts: the others were interrupted */
};

int64_t clock_realtime_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * US_PER_S + now.tv_nsec / NS_PER_US;
}

int64_t clock_realtime_ms(void)
{
    return clock_realtime_us() / US_PER_MS;
}

int64_t clock_monotonic_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static int64_t system_now_us(UNUSED void *context)
{
    return clock_realtime_us();
}

const struct clock_source *clock_system(void)
{
    static const struct clock_source source = {.now_us = system_now_us, .context = NULL};
    return &source;
}

/* Whether the time stamp counter runs at one rate whatever the processor's frequency and sleep state. */
static bool counter_is_invariant(void)
{
#if defined(__x86_64__)
    unsigned eax = 0;
    unsigned ebx = 0;
    unsigned ecx = 0;
    unsigned edx = 0;
    return __get_cpuid(0x80000007, &eax, &ebx, &ecx, &edx) != 0 && (edx & (1U << 8)) != 0;
#else
    return false;
#endif
}

struct reading {
    uint64_t ticks;
    int64_t ns;
};

static struct reading take_reading(const struct clock_scale *scale)
{
    struct reading best = {0};
    uint64_t narrowest = UINT64_MAX;
    for (int i = 0; i < READINGS; i++) {
        uint64_t before = clock_ticks(scale);
        int64_t ns = clock_monotonic_ns();
        uint64_t width = clock_ticks(scale) - before;
        if (width < narrowest) {
            narrowest = width;
            best = (struct reading){.ticks = before + width / 2, .ns = ns};
        }
    }
    return best;
}

void clock_scale_init(struct clock_scale *scale)
{
    *scale = (struct clock_scale){.ns_per_tick = (uint64_t)1 << 32, .counter = false};
    if (!counter_is_invariant()) {
        return;
    }
    struct clock_scale measured = {.counter = true};
    struct timespec pause = {.tv_nsec = CALIBRATION_NS};
    struct reading start = take_reading(&measured);
    (void)nanosleep(&pause, NULL);
    struct reading end = take_reading(&measured);
    if (end.ticks <= start.ticks || end.ns <= start.ns) {
        return; /* a counter that does not advance is not one to trust */
    }
    measured.ns_per_tick =
        (uint64_t)(((unsigned __int128)(uint64_t)(end.ns - start.ns) << 32) / (end.ticks - start.ticks));
    *scale = measured;
}

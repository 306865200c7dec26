/* SPDX-License-Identifier: BSD-3-Clause */
/* A clock that stands still until a test moves it.
 * Owner: each test its own. Locks: none; the time is atomic, so that executors may read it. */
#ifndef TESTS_SUPPORT_FAKE_CLOCK_H
#define TESTS_SUPPORT_FAKE_CLOCK_H

#include <stdatomic.h>

#include "sherd/base/clock.h"

struct fake_clock {
    struct clock_source source;
    _Atomic int64_t now_us; /* (a) */
};

static inline int64_t fake_clock_read(void *context)
{
    struct fake_clock *clock = context;
    return atomic_load(&clock->now_us);
}

static inline void fake_clock_init(struct fake_clock *clock, int64_t now_ms)
{
    clock->source = (struct clock_source){.now_us = fake_clock_read, .context = clock};
    atomic_init(&clock->now_us, now_ms * 1000);
}

static inline void fake_clock_advance_ms(struct fake_clock *clock, int64_t ms)
{
    atomic_fetch_add(&clock->now_us, ms * 1000);
}

#endif

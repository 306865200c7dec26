/* SPDX-License-Identifier: BSD-3-Clause */
/* Clocks, ticks and the replaceable source.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>
#include <time.h>

#include "sherd/base/clock.h"

static int64_t frozen(void *context)
{
    return *(const int64_t *)context;
}

Test(clock, the_wall_clock_agrees_with_the_system)
{
    int64_t now_s = (int64_t)time(NULL);
    cr_expect_leq(now_s * 1000, clock_realtime_ms());
    cr_expect_lt(clock_realtime_ms(), (now_s + 5) * 1000);
    int64_t us = clock_realtime_us();
    cr_expect_lt(clock_realtime_ms() - us / 1000, 1000);
}

Test(clock, the_monotonic_clock_does_not_go_back)
{
    int64_t last_ns = clock_monotonic_ns();
    for (int i = 0; i < 10000; i++) {
        int64_t now_ns = clock_monotonic_ns();
        cr_assert_geq(now_ns, last_ns);
        last_ns = now_ns;
    }
}

Test(clock, ticks_measure_the_same_as_the_monotonic_clock)
{
    struct clock_scale scale;
    clock_scale_init(&scale);
    struct timespec pause = {.tv_nsec = 20000000};
    int64_t start_ns = clock_monotonic_ns();
    uint64_t start = clock_ticks(&scale);
    (void)nanosleep(&pause, NULL);
    int64_t measured = (int64_t)clock_ticks_to_ns(&scale, clock_ticks(&scale) - start);
    int64_t expected = clock_monotonic_ns() - start_ns;
    cr_expect_leq(measured, expected + expected / 100);
    cr_expect_geq(measured, 19800000);
}

Test(clock, without_a_steady_counter_ticks_are_nanoseconds)
{
    struct clock_scale scale = {.ns_per_tick = (uint64_t)1 << 32, .counter = false};
    int64_t before_ns = clock_monotonic_ns();
    uint64_t ticks = clock_ticks(&scale);
    cr_expect_geq((int64_t)ticks, before_ns);
    cr_expect_leq((int64_t)ticks, clock_monotonic_ns());
    cr_expect_eq(clock_ticks_to_ns(&scale, 12345), 12345);
    cr_expect_eq(clock_ticks_to_ns(&scale, (uint64_t)1 << 62), (uint64_t)1 << 62, "years do not overflow");
}

Test(clock, a_test_can_replace_the_source)
{
    int64_t now_us = 42;
    struct clock_source source = {.now_us = frozen, .context = &now_us};
    cr_expect_eq(clock_source_us(&source), 42);
    now_us = 43;
    cr_expect_eq(clock_source_us(&source), 43);
    int64_t before_us = clock_realtime_us();
    cr_expect_geq(clock_source_us(clock_system()), before_us);
}

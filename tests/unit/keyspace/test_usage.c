/* SPDX-License-Identifier: BSD-3-Clause */
/* What an entry's clock tells: seconds, or minutes and a logarithmic counter.
 * Owner: each test. Locks: none, there is one thread. */
#include "sherd/keyspace/usage.h"

#include <criterion/criterion.h>

#define MINUTE_MS INT64_C(60000)

/* By frequency, with a sequence of random numbers that is the same every time. */
static struct usage counting(uint32_t log_factor, uint32_t decay_minutes)
{
    struct usage usage = {0};
    random_init_seed(&usage.random, 7);
    usage_refresh(&usage, usage_settings_make(true, log_factor, decay_minutes), 1000 * MINUTE_MS);
    return usage;
}

static uint32_t after_accesses(struct usage *usage, uint32_t accesses)
{
    uint32_t clock = usage->fresh;
    for (uint32_t i = 0; i < accesses; i++) {
        clock = usage_counted(usage, clock);
    }
    return usage_counter(usage, clock);
}

Test(usage, tells_seconds_by_recency)
{
    struct usage usage = {0};
    usage_refresh(&usage, 0, 5000);
    uint32_t clock = usage.now;
    cr_assert_eq(usage.fresh, clock);
    usage_refresh(&usage, 0, 5999);
    cr_assert_eq(usage_idle_s(&usage, clock), 0);
    usage_refresh(&usage, 0, 65000);
    cr_assert_eq(usage_idle_s(&usage, clock), 60);
}

Test(usage, counts_seconds_across_the_end_of_the_clock)
{
    struct usage usage = {0};
    usage_refresh(&usage, 0, ((INT64_C(1) << 24) - 1) * 1000);
    uint32_t clock = usage.now;
    usage_refresh(&usage, 0, ((INT64_C(1) << 24) + 9) * 1000);
    cr_assert_eq(usage_idle_s(&usage, clock), 10);
}

Test(usage, gives_a_new_key_a_counter_that_protects_it)
{
    struct usage usage = counting(10, 1);
    cr_assert_eq(usage_counter(&usage, usage.fresh), USAGE_NEW_COUNTER);
}

Test(usage, counts_every_access_up_to_the_counter_of_a_new_key)
{
    struct usage usage = counting(10, 1);
    uint32_t clock = usage.now;
    for (uint32_t i = 1; i <= USAGE_NEW_COUNTER + 1; i++) {
        clock = usage_counted(&usage, clock);
        cr_assert_eq(usage_counter(&usage, clock), i);
    }
}

/* The table of redis.conf: 100 accesses give about 10, 1000 about 18, 100000 about 142, a million 255. */
Test(usage, grows_with_the_logarithm_of_the_accesses)
{
    struct usage usage = counting(10, 1);
    uint32_t hundred = after_accesses(&usage, 100);
    cr_assert(hundred >= 7 && hundred <= 14, "%u", hundred);
    uint32_t thousand = after_accesses(&usage, 1000);
    cr_assert(thousand >= 14 && thousand <= 24, "%u", thousand);
    uint32_t many = after_accesses(&usage, 100000);
    cr_assert(many >= 125 && many <= 160, "%u", many);
    cr_assert_eq(after_accesses(&usage, 2000000), 255);
}

Test(usage, counts_each_access_when_the_factor_is_zero)
{
    struct usage usage = counting(0, 1);
    cr_assert_eq(after_accesses(&usage, 100), 105);
    cr_assert_eq(after_accesses(&usage, 1000), 255);
}

Test(usage, loses_one_for_every_decay_time)
{
    struct usage usage = counting(0, 2);
    uint32_t clock = usage_counted(&usage, usage.fresh | 10);
    usage_settings settings = usage.settings;
    cr_assert_eq(usage_counter(&usage, clock), 16);
    usage_refresh(&usage, settings, 1001 * MINUTE_MS);
    cr_assert_eq(usage_counter(&usage, clock), 16);
    usage_refresh(&usage, settings, 1006 * MINUTE_MS);
    cr_assert_eq(usage_idle_minutes(&usage, clock), 6);
    cr_assert_eq(usage_counter(&usage, clock), 13);
    cr_assert_eq(usage_counter(&usage, usage_counted(&usage, clock)), 14);
    usage_refresh(&usage, settings, 2000 * MINUTE_MS);
    cr_assert_eq(usage_counter(&usage, clock), 0);
}

Test(usage, never_loses_when_the_decay_time_is_zero)
{
    struct usage usage = counting(10, 0);
    uint32_t clock = usage.fresh;
    usage_refresh(&usage, usage.settings, 9000 * MINUTE_MS);
    cr_assert_eq(usage_counter(&usage, clock), USAGE_NEW_COUNTER);
}

Test(usage, takes_over_other_settings_at_the_next_look_at_the_time)
{
    struct usage usage = counting(10, 1);
    usage_refresh(&usage, usage_settings_make(false, 10, 1), 7000);
    cr_assert_not(usage.by_frequency);
    cr_assert_eq(usage.now, 7);
    usage_refresh(&usage, usage_settings_make(true, 0, 3), 7000);
    cr_assert(usage.by_frequency);
    cr_assert_eq(usage.decay_minutes, 3);
    cr_assert_eq(usage.chances[200], UINT32_MAX);
}

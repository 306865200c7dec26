/* SPDX-License-Identifier: BSD-3-Clause */
/* Rates from counters.
 * Owner: each test its own. Locks: none. */
#include <criterion/criterion.h>

#include "sherd/observe/samples.h"

Test(samples, averages_over_sixteen_looks)
{
    struct rate rate = {0};
    for (uint64_t i = 0; i <= RATE_SAMPLES; i++) {
        rate_add(&rate, i * 50, 10000 + i * 100, 1000);
    }
    cr_assert_eq(rate_read(&rate), 500, "50 in every tenth of a second");
}

Test(samples, survives_a_counter_that_was_set_back)
{
    struct rate rate = {0};
    rate_add(&rate, 1000000, 1000, 1000);
    rate_reset(&rate);
    rate_add(&rate, 10, 1100, 1000);
    cr_assert_eq(rate_read(&rate), 100 / RATE_SAMPLES);
}

Test(samples, is_zero_when_nothing_passed)
{
    struct rate rate = {0};
    rate_add(&rate, 5, 7, 1);
    rate_reset(&rate);
    rate_add(&rate, 50, 7, 1);
    cr_assert_eq(rate_read(&rate), 0);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The logarithmic counter of accesses.
 * Owner: each keyspace_user has its copy. Locks: none. */
#include "sherd/keyspace/usage.h"

enum {
    SETTING_BITS = 31,
};

#define SETTING_MASK ((UINT64_C(1) << SETTING_BITS) - 1)

usage_settings usage_settings_make(bool by_frequency, uint32_t log_factor, uint32_t decay_minutes)
{
    if (!by_frequency) {
        return 0;
    }
    ASSERT(log_factor <= SETTING_MASK && decay_minutes <= SETTING_MASK);
    return UINT64_C(1) << (2 * SETTING_BITS) | (uint64_t)log_factor << SETTING_BITS | decay_minutes;
}

void usage_retune(struct usage *usage, usage_settings settings)
{
    usage->settings = settings;
    usage->by_frequency = settings != 0;
    usage->decay_minutes = (uint32_t)(settings & SETTING_MASK);
    if (!usage->by_frequency) {
        return;
    }
    if ((usage->random.state[0] | usage->random.state[1]) == 0) {
        random_init(&usage->random);
    }
    double factor = (double)((settings >> SETTING_BITS) & SETTING_MASK);
    for (uint32_t i = 0; i < USAGE_COUNTERS; i++) {
        double above = i > USAGE_NEW_COUNTER ? (double)(i - USAGE_NEW_COUNTER) : 0;
        usage->chances[i] = (uint32_t)(UINT32_MAX / (above * factor + 1));
    }
}

uint32_t usage_counter(const struct usage *usage, uint32_t clock)
{
    uint32_t counter = clock & (USAGE_COUNTERS - 1);
    uint32_t idle_minutes = usage_idle_minutes(usage, clock);
    if (LIKELY(idle_minutes == 0) || usage->decay_minutes == 0) {
        return counter;
    }
    uint32_t lost = idle_minutes / usage->decay_minutes;
    return lost > counter ? 0 : counter - lost;
}

uint32_t usage_counted(struct usage *usage, uint32_t clock)
{
    uint32_t counter = usage_counter(usage, clock);
    uint32_t drawn = (uint32_t)(random_next(&usage->random) >> 32);
    counter += drawn <= usage->chances[counter] && counter < USAGE_COUNTERS - 1;
    return usage->now | counter;
}

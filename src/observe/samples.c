/* SPDX-License-Identifier: BSD-3-Clause */
/* Rates from counters.
 * Owner: struct observe; one thread samples. Locks: none. */
#include "sherd/observe/samples.h"

void rate_add(struct rate *rate, uint64_t value, uint64_t base, uint64_t scale)
{
    uint64_t more = value >= rate->last_value ? value - rate->last_value : value; /* smaller: it was reset */
    uint64_t passed = base >= rate->last_base ? base - rate->last_base : base;
    uint64_t sample = passed == 0 ? 0 : (uint64_t)((unsigned __int128)more * scale / passed);
    atomic_store_explicit(&rate->samples[rate->next], sample, memory_order_relaxed);
    rate->next = (rate->next + 1) % RATE_SAMPLES;
    rate->last_value = value;
    rate->last_base = base;
}

uint64_t rate_read(const struct rate *rate)
{
    uint64_t sum = 0;
    for (int i = 0; i < RATE_SAMPLES; i++) {
        sum += atomic_load_explicit(&rate->samples[i], memory_order_relaxed);
    }
    return sum / RATE_SAMPLES;
}

void rate_reset(struct rate *rate)
{
    for (int i = 0; i < RATE_SAMPLES; i++) {
        atomic_store_explicit(&rate->samples[i], 0, memory_order_relaxed);
    }
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What the 24-bit clock of an entry says about its use, in one of two ways for the whole keyspace:
 *
 *   recency    the second of the last access, modulo 2^24
 *   frequency  the minute of the last access, modulo 2^16, in 16 bits | a counter of 8 bits that grows with the
 *              logarithm of the accesses and loses one for every lfu-decay-time minutes without any
 *
 * A change of the way reads the same bits anew, so that old entries tell nonsense for a while, as in Redis.
 * Owner: `struct usage` is part of a keyspace_user, one thread's. Locks: none; the entry's clock is its shard's. */
#ifndef SHERD_KEYSPACE_USAGE_H
#define SHERD_KEYSPACE_USAGE_H

#include "sherd/base/random.h"

#define USAGE_CLOCK_MASK UINT32_C(0xffffff)

enum {
    USAGE_COUNTER_BITS = 8,
    USAGE_COUNTERS = 1 << USAGE_COUNTER_BITS,
    USAGE_NEW_COUNTER = 5, /* of a new key: else it would be the first to be evicted */
};

/* How use is told; packed so that a change is seen at once or not at all. Zero: by recency. */
typedef uint64_t usage_settings;

/* `log_factor` and `decay_minutes` are below 2^31. */
usage_settings usage_settings_make(bool by_frequency, uint32_t log_factor, uint32_t decay_minutes);

struct usage {
    usage_settings settings; /* what the rest was made for */
    uint32_t now;            /* by recency: the clock of an access now; by frequency: its minute, the counter 0 */
    uint32_t fresh;          /* the clock of a new key */
    bool by_frequency;
    uint32_t decay_minutes; /* 0: counters never fall */
    struct random random;
    uint32_t chances[USAGE_COUNTERS]; /* an access counts when a random word is not above its counter's */
};

/* Makes the user's copy for other settings. */
void usage_retune(struct usage *usage, usage_settings settings);

/* Sets the time, and the settings should they have changed. A zeroed `usage` is ready for this. */
static ALWAYS_INLINE void usage_refresh(struct usage *usage, usage_settings settings, int64_t now_ms)
{
    if (UNLIKELY(usage->settings != settings)) {
        usage_retune(usage, settings);
    }
    if (UNLIKELY(usage->by_frequency)) {
        usage->now = ((uint32_t)(now_ms / 60000) << USAGE_COUNTER_BITS) & USAGE_CLOCK_MASK;
        usage->fresh = usage->now | USAGE_NEW_COUNTER;
    } else {
        usage->now = (uint32_t)(now_ms / 1000) & USAGE_CLOCK_MASK;
        usage->fresh = usage->now;
    }
}

/* By frequency: the counter as it stands now, what it lost since included. */
uint32_t usage_counter(const struct usage *usage, uint32_t clock);
/* By frequency: the clock after one more access. */
uint32_t usage_counted(struct usage *usage, uint32_t clock);
/* By frequency: minutes since the last access. */
static inline uint32_t usage_idle_minutes(const struct usage *usage, uint32_t clock)
{
    uint32_t minute = clock & ~(uint32_t)(USAGE_COUNTERS - 1);
    return ((usage->now - minute) & USAGE_CLOCK_MASK) >> USAGE_COUNTER_BITS;
}
/* By recency: seconds since the last access. */
static inline uint32_t usage_idle_s(const struct usage *usage, uint32_t clock)
{
    return (usage->now - clock) & USAGE_CLOCK_MASK;
}

#endif

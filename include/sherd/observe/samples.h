/* SPDX-License-Identifier: BSD-3-Clause */
/* Rates: counters looked at ten times a second, shown as an average over the last sixteen looks.
 * Owner: struct observe; one thread samples, any thread reads. Locks: none. */
#ifndef SHERD_OBSERVE_SAMPLES_H
#define SHERD_OBSERVE_SAMPLES_H

#include <stdatomic.h>

#include "sherd/base/compiler.h"

enum {
    RATE_SAMPLES = 16,
};

enum rate_kind {
    RATE_COMMANDS,
    RATE_INPUT_BYTES,
    RATE_OUTPUT_BYTES,
    RATE_TURNS,
    RATE_TURN_NANOSECONDS, /* per turn, not per second */
    RATE_KIND_COUNT,
};

struct rate {
    _Atomic uint64_t samples[RATE_SAMPLES]; /* (a) per second */
    unsigned next;                          /* (w) of the sampling thread */
    uint64_t last_value;                    /* (w) */
    uint64_t last_base;                     /* (w) */
};

/* The counter has reached `value` when `base` (milliseconds, or another counter) stood at `base`; `scale` turns their
 * quotient into what is shown. */
void rate_add(struct rate *rate, uint64_t value, uint64_t base, uint64_t scale);
uint64_t rate_read(const struct rate *rate);
/* The counters were set back to zero. */
void rate_reset(struct rate *rate);

#endif

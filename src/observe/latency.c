/* SPDX-License-Identifier: BSD-3-Clause */
/* The series of latency events.
 * Owner: struct observe. Locks: lock. */
#include "sherd/observe/latency.h"

static const char *const names[LATENCY_KIND_COUNT] = {
#define LATENCY_EVENT(identifier, name) [LATENCY_##identifier] = (name),
    LATENCY_EVENTS(LATENCY_EVENT)
#undef LATENCY_EVENT
};

void latency_init(struct latency *latency)
{
    spin_init(&latency->lock, LOCK_RANK_OBSERVE, 1);
    memset(latency->series, 0, sizeof(latency->series));
}

const char *latency_name(enum latency_kind kind)
{
    return names[kind];
}

enum latency_kind latency_find(struct slice name)
{
    for (unsigned i = 0; i < LATENCY_KIND_COUNT; i++) {
        if (slice_equals(name, slice_from_text(names[i]))) {
            return (enum latency_kind)i;
        }
    }
    return LATENCY_KIND_COUNT;
}

void latency_add(struct latency *latency, enum latency_kind kind, struct latency_sample sample)
{
    spin_acquire(&latency->lock);
    struct latency_series *series = &latency->series[kind];
    series->max_ms = sample.milliseconds > series->max_ms ? sample.milliseconds : series->max_ms;
    struct latency_sample *last =
        &series->samples[(series->first + series->count + LATENCY_SAMPLES - 1) % LATENCY_SAMPLES];
    if (series->count > 0 && last->time_s == sample.time_s) {
        last->milliseconds = sample.milliseconds > last->milliseconds ? sample.milliseconds : last->milliseconds;
    } else {
        series->samples[(series->first + series->count) % LATENCY_SAMPLES] = sample;
        if (series->count < LATENCY_SAMPLES) {
            series->count++;
        } else {
            series->first = (series->first + 1) % LATENCY_SAMPLES;
        }
    }
    spin_release(&latency->lock);
}

bool latency_reset(struct latency *latency, enum latency_kind kind)
{
    spin_acquire(&latency->lock);
    struct latency_series *series = &latency->series[kind];
    bool was = series->count > 0;
    series->count = 0;
    series->first = 0;
    series->max_ms = 0;
    spin_release(&latency->lock);
    return was;
}

void latency_copy(struct latency *latency, enum latency_kind kind, struct latency_series *series)
{
    spin_acquire(&latency->lock);
    *series = latency->series[kind];
    spin_release(&latency->lock);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Latency events: for each kind of event the worst of each second, for the last 160 seconds that had one.
 * Owner: struct observe. Locks: lock (LOCK_RANK_OBSERVE). */
#ifndef SHERD_OBSERVE_LATENCY_H
#define SHERD_OBSERVE_LATENCY_H

#include "sherd/base/slice.h"
#include "sherd/sync/spin.h"

enum {
    LATENCY_SAMPLES = 160,
};

/* The kinds of events: LATENCY_EVENT(identifier, name) */
#define LATENCY_EVENTS(LATENCY_EVENT)                                                                                  \
    LATENCY_EVENT(COMMAND, "command")                                                                                  \
    LATENCY_EVENT(FAST_COMMAND, "fast-command")                                                                        \
    LATENCY_EVENT(EXPIRE_CYCLE, "expire-cycle")                                                                        \
    LATENCY_EVENT(EVICTION_CYCLE, "eviction-cycle")                                                                    \
    LATENCY_EVENT(EVICTION_DEL, "eviction-del")

enum latency_kind {
#define LATENCY_EVENT(identifier, name) LATENCY_##identifier,
    LATENCY_EVENTS(LATENCY_EVENT)
#undef LATENCY_EVENT
        LATENCY_KIND_COUNT
};

struct latency_sample {
    int64_t time_s; /* since 1970 */
    uint32_t milliseconds;
};

/* The samples of one kind, oldest first. */
struct latency_series {
    uint32_t count; /* 0: no such event since the last reset */
    uint32_t first; /* place of the oldest */
    uint32_t max_ms;
    struct latency_sample samples[LATENCY_SAMPLES];
};

struct latency {
    struct spin lock;
    struct latency_series series[LATENCY_KIND_COUNT]; /* (lock) */
};

void latency_init(struct latency *latency);
const char *latency_name(enum latency_kind kind);
/* By name, exactly; LATENCY_KIND_COUNT when there is none. */
enum latency_kind latency_find(struct slice name);
/* Several in one second count as the worst of them. */
void latency_add(struct latency *latency, enum latency_kind kind, struct latency_sample sample);
/* Forgets one kind; true when there was something. */
bool latency_reset(struct latency *latency, enum latency_kind kind);
/* A copy to look at. */
void latency_copy(struct latency *latency, enum latency_kind kind, struct latency_series *series);

static inline const struct latency_sample *latency_at(const struct latency_series *series, uint32_t index)
{
    return &series->samples[(series->first + index) % LATENCY_SAMPLES];
}

/* Appends the report of LATENCY DOCTOR on copies of all kinds. */
struct latency_report {
    const struct latency_series *series; /* LATENCY_KIND_COUNT of them */
    int64_t now_s;
    int64_t threshold_ms;
    int64_t slowlog_slower_than_us;
};
struct buffer;
void latency_doctor(const struct latency_report *report, struct buffer *out);
/* Appends the graph of LATENCY GRAPH. */
void latency_graph(const char *name, const struct latency_series *series, int64_t now_s, struct buffer *out);

#endif

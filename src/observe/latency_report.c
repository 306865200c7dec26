/* SPDX-License-Identifier: BSD-3-Clause */
/* LATENCY DOCTOR and LATENCY GRAPH as text.
 * Owner: nobody, works on copies. Locks: none. */
#include <stdio.h>

#include "sherd/base/buffer.h"
#include "sherd/observe/latency.h"

enum {
    GRAPH_COLUMNS = 80,
    GRAPH_ROWS = 4,
    LABEL_BYTES = 32,
};

struct series_summary {
    uint64_t average_ms;
    uint64_t deviation_ms; /* mean absolute */
    double period_s;       /* from one to the next, up to now */
    uint32_t low_ms, high_ms;
};

static struct series_summary summarize(const struct latency_series *series, int64_t now_s)
{
    struct series_summary summary = {.low_ms = UINT32_MAX};
    uint64_t sum = 0;
    for (uint32_t i = 0; i < series->count; i++) {
        uint32_t value = latency_at(series, i)->milliseconds;
        sum += value;
        summary.low_ms = value < summary.low_ms ? value : summary.low_ms;
        summary.high_ms = value > summary.high_ms ? value : summary.high_ms;
    }
    summary.average_ms = sum / series->count;
    uint64_t distance = 0;
    for (uint32_t i = 0; i < series->count; i++) {
        uint64_t value = latency_at(series, i)->milliseconds;
        distance += value > summary.average_ms ? value - summary.average_ms : summary.average_ms - value;
    }
    summary.deviation_ms = distance / series->count;
    int64_t since_s = now_s - latency_at(series, 0)->time_s;
    summary.period_s = (double)(since_s > 0 ? since_s : 1) / (double)series->count;
    return summary;
}

static void advise(enum latency_kind kind, const struct latency_report *report, struct buffer *out)
{
    switch (kind) {
    case LATENCY_COMMAND:
        if (report->slowlog_slower_than_us < 0 || report->slowlog_slower_than_us / 1000 > report->threshold_ms) {
            buffer_printf(out,
                          "   The slow log misses commands as slow as these: CONFIG SET slowlog-log-slower-than %lld"
                          " makes it keep them.\n",
                          (long long)report->threshold_ms * 1000);
        }
        buffer_printf(out,
                      "   SLOWLOG GET names the commands. Commands that visit many elements run on threads of their"
                      " own, but clients that need the same shards wait for them: use smaller values or ranges.\n");
        break;
    case LATENCY_FAST_COMMAND:
        buffer_printf(out, "   Fast commands do little work, so the processor was busy elsewhere: look for other"
                           " processes, for more threads than processors, for swapping, and for a host that takes the"
                           " processor away (redis-cli --intrinsic-latency shows it).\n");
        break;
    case LATENCY_EVICTION_CYCLE:
        buffer_printf(out, "   Many keys had to go at once to keep memory below maxmemory: was it lowered by much, or"
                           " did a large value arrive? A lower maxmemory-eviction-tenacity makes shorter slices.\n");
        break;
    case LATENCY_EVICTION_DEL:
        buffer_printf(out, "   Evicting a single key took long: use smaller values.\n");
        break;
    default:
        buffer_printf(out, "   Many keys expired at about the same time: spread their times to live.\n");
        break;
    }
}

void latency_doctor(const struct latency_report *report, struct buffer *out)
{
    unsigned kinds = 0;
    for (unsigned i = 0; i < LATENCY_KIND_COUNT; i++) {
        const struct latency_series *series = &report->series[i];
        if (series->count == 0) {
            continue;
        }
        struct series_summary summary = summarize(series, report->now_s);
        buffer_printf(out,
                      "%u. %s: %u spikes, %llu ms on average (mean deviation %llu ms), one every %.2f seconds;"
                      " the worst took %u ms.\n",
                      ++kinds, latency_name((enum latency_kind)i), series->count,
                      (unsigned long long)summary.average_ms, (unsigned long long)summary.deviation_ms,
                      summary.period_s, series->max_ms);
        advise((enum latency_kind)i, report, out);
    }
    if (kinds == 0 && report->threshold_ms == 0) {
        buffer_printf(out,
                      "Latency is not monitored. CONFIG SET latency-monitor-threshold <milliseconds> begins it.\n");
    } else if (kinds == 0) {
        buffer_printf(out, "Nothing took %lld ms or more since latency is monitored.\n",
                      (long long)report->threshold_ms);
    }
}

/* How long ago, in the largest unit that fits. */
static void age_print(char label[static LABEL_BYTES], int64_t age_s)
{
    long long age = age_s > 0 ? age_s : 0;
    if (age < 60) {
        (void)snprintf(label, LABEL_BYTES, "%llds", age);
    } else if (age < 3600) {
        (void)snprintf(label, LABEL_BYTES, "%lldm", age / 60);
    } else if (age < 86400) {
        (void)snprintf(label, LABEL_BYTES, "%lldh", age / 3600);
    } else {
        (void)snprintf(label, LABEL_BYTES, "%lldd", age / 86400);
    }
}

/* The character of a bar of `steps` half rows in a row (0 at the bottom). */
static char bar_char(uint64_t steps, unsigned row)
{
    if (steps >= 2U * row + 2) {
        return '#';
    }
    return steps == 2U * row + 1 ? (row == 0 && steps == 1 ? '_' : 'o') : ' ';
}

static void graph_part(const struct latency_series *series, struct series_summary summary, uint32_t from, uint32_t to,
                       struct buffer *out)
{
    for (unsigned row = GRAPH_ROWS; row-- > 0;) {
        for (uint32_t i = from; i < to; i++) {
            uint64_t above = latency_at(series, i)->milliseconds - summary.low_ms;
            uint64_t range = summary.high_ms - summary.low_ms;
            uint64_t steps = range == 0 ? 1 : 1 + above * (2 * GRAPH_ROWS - 1) / range;
            char c = bar_char(steps, row);
            buffer_append(out, &c, 1);
        }
        buffer_append(out, "\n", 1);
    }
    buffer_append(out, "\n", 1);
}

/* The ages of the samples, written downwards. */
static void graph_labels(const struct latency_series *series, int64_t now_s, uint32_t from, uint32_t to,
                         struct buffer *out)
{
    bool more = true;
    for (unsigned line = 0; more; line++) {
        more = false;
        for (uint32_t i = from; i < to; i++) {
            char label[LABEL_BYTES];
            age_print(label, now_s - latency_at(series, i)->time_s);
            size_t len = strlen(label);
            buffer_append(out, line < len ? &label[line] : " ", 1);
            more |= line + 1 < len;
        }
        buffer_append(out, "\n", 1);
    }
}

void latency_graph(const char *name, const struct latency_series *series, int64_t now_s, struct buffer *out)
{
    struct series_summary summary = summarize(series, now_s);
    buffer_printf(out, "%s - high %u ms, low %u ms (all time high %u ms)\n", name, summary.high_ms, summary.low_ms,
                  series->max_ms);
    for (int i = 0; i < GRAPH_COLUMNS; i++) {
        buffer_append(out, "-", 1);
    }
    buffer_append(out, "\n", 1);
    for (uint32_t from = 0; from < series->count; from += GRAPH_COLUMNS) {
        uint32_t to = series->count - from < GRAPH_COLUMNS ? series->count : from + GRAPH_COLUMNS;
        graph_part(series, summary, from, to, out);
        graph_labels(series, now_s, from, to, out);
    }
}

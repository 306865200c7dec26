/* SPDX-License-Identifier: BSD-3-Clause */
/* Latency events: one sample a second, a bounded history, reports.
 * Owner: each test its own. Locks: none but the events'. */
#include <criterion/criterion.h>

#include "sherd/base/buffer.h"
#include "sherd/observe/latency.h"

Test(latency, keeps_the_worst_of_a_second)
{
    struct latency latency;
    latency_init(&latency);
    latency_add(&latency, LATENCY_COMMAND, (struct latency_sample){100, 5});
    latency_add(&latency, LATENCY_COMMAND, (struct latency_sample){100, 9});
    latency_add(&latency, LATENCY_COMMAND, (struct latency_sample){100, 7});
    struct latency_series series;
    latency_copy(&latency, LATENCY_COMMAND, &series);
    cr_assert_eq(series.count, 1);
    cr_assert_eq(latency_at(&series, 0)->milliseconds, 9);
    cr_assert_eq(series.max_ms, 9);
}

Test(latency, remembers_the_last_160_samples_oldest_first)
{
    struct latency latency;
    latency_init(&latency);
    for (int i = 0; i < 200; i++) {
        latency_add(&latency, LATENCY_EXPIRE_CYCLE, (struct latency_sample){1000 + i, (uint32_t)(500 - i)});
    }
    struct latency_series series;
    latency_copy(&latency, LATENCY_EXPIRE_CYCLE, &series);
    cr_assert_eq(series.count, LATENCY_SAMPLES);
    cr_assert_eq(latency_at(&series, 0)->time_s, 1040);
    cr_assert_eq(latency_at(&series, LATENCY_SAMPLES - 1)->time_s, 1199);
    cr_assert_eq(series.max_ms, 500);
}

Test(latency, forgets_only_what_it_had)
{
    struct latency latency;
    latency_init(&latency);
    cr_assert_not(latency_reset(&latency, LATENCY_COMMAND));
    latency_add(&latency, LATENCY_COMMAND, (struct latency_sample){1, 1});
    cr_assert(latency_reset(&latency, LATENCY_COMMAND));
    cr_assert_not(latency_reset(&latency, LATENCY_COMMAND));
}

Test(latency, finds_events_by_their_exact_names)
{
    cr_assert_eq(latency_find(slice_from_text("fast-command")), LATENCY_FAST_COMMAND);
    cr_assert_eq(latency_find(slice_from_text("Command")), LATENCY_KIND_COUNT);
    cr_assert_eq(latency_find(slice_from_text("")), LATENCY_KIND_COUNT);
}

Test(latency, draws_a_graph_with_ages_below)
{
    struct latency_series series = {.count = 3, .max_ms = 90, .samples = {{1000, 10}, {1050, 50}, {1060, 80}}};
    struct buffer text;
    buffer_init(&text);
    latency_graph("command", &series, 1070, &text);
    buffer_append(&text, "", 1);
    cr_assert(strncmp(text.data, "command - high 80 ms, low 10 ms (all time high 90 ms)\n", 54) == 0);
    cr_assert_not_null(strstr(text.data, "  #\n"), "the highest bar fills the uppermost row");
    cr_assert_not_null(strstr(text.data, "\n121\nm00\n ss\n"), "ages 1m, 20s and 10s are written downwards");
    buffer_deinit(&text);
}

Test(latency, says_what_the_doctor_saw)
{
    struct latency_series series[LATENCY_KIND_COUNT] = {0};
    struct buffer text;
    buffer_init(&text);
    struct latency_report report = {.series = series, .now_s = 2000};
    latency_doctor(&report, &text);
    cr_assert_gt(text.len, 0);
    text.len = 0;
    series[LATENCY_COMMAND] = (struct latency_series){.count = 1, .max_ms = 300, .samples = {{1990, 300}}};
    latency_doctor(&report, &text);
    buffer_append(&text, "", 1);
    cr_assert_not_null(strstr(text.data, "1. command: 1 spikes, 300 ms on average"));
    buffer_deinit(&text);
}

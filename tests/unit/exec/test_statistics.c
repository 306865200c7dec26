/* SPDX-License-Identifier: BSD-3-Clause */
/* Counting: histogram buckets, calls, errors by kind, sums over workers, and forgetting.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "small_commands.h"
#include "small_server.h"

static const struct command_row rows[] = {SMALL_COMMANDS, {0}};

static struct statistics statistics;

static void setup(void)
{
    statistics_init(&statistics, 2);
}

static void teardown(void)
{
    statistics_deinit(&statistics);
}

TestSuite(statistics, .init = setup, .fini = teardown);

Test(statistics, has_a_bucket_for_each_of_the_first_nanoseconds)
{
    for (uint32_t ns = 0; ns < 32; ns++) {
        cr_assert(histogram_bucket(ns) == ns && histogram_bucket_end_ns(ns) == ns);
    }
}

Test(statistics, puts_every_duration_between_the_ends_of_two_buckets)
{
    for (unsigned bits = 4; bits < HISTOGRAM_OCTAVES + HISTOGRAM_SUB_BITS - 1; bits++) {
        uint64_t power = UINT64_C(1) << bits;
        const uint64_t some[] = {power - 1, power, power + 1, power + power / 3, power + power / 16 - 1};
        for (size_t i = 0; i < ARRAY_LENGTH(some); i++) {
            uint32_t bucket = histogram_bucket(some[i]);
            cr_assert(histogram_bucket_end_ns(bucket) >= some[i]);
            cr_assert(bucket == 0 || histogram_bucket_end_ns(bucket - 1) < some[i]);
        }
    }
}

Test(statistics, tells_durations_apart_to_a_sixteenth)
{
    for (uint32_t bucket = 17; bucket < HISTOGRAM_BUCKETS; bucket++) {
        uint64_t begin = histogram_bucket_end_ns(bucket - 1) + 1;
        uint64_t end = histogram_bucket_end_ns(bucket);
        cr_assert(end >= begin && (end - begin + 1) * 16 <= begin);
        cr_assert(histogram_bucket(begin) == bucket && histogram_bucket(end) == bucket);
    }
}

Test(statistics, puts_whatever_is_longer_in_the_last_bucket)
{
    cr_assert(histogram_bucket_end_ns(HISTOGRAM_BUCKETS - 1) >= UINT64_C(60000000000)); /* a minute */
    cr_assert_eq(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
    cr_assert_eq(histogram_bucket(UINT64_C(1) << 40), HISTOGRAM_BUCKETS - 1);
}

Test(statistics, records_calls_with_their_durations)
{
    struct command_statistics *command = &statistics.commands[1];
    statistics_record(command, 1, 5, true);
    statistics_record(command, 1, 5, true);
    statistics_record(command, 1, 1000, true);
    cr_assert(counter_read(&command->calls) == 3 && counter_read(&command->nanoseconds) == 1010);
    const struct latency_histogram *latencies = atomic_load(&command->histogram);
    cr_assert(latencies->buckets[5] == 2 && latencies->buckets[histogram_bucket(1000)] == 1);
    cr_assert_eq(counter_read(&statistics.commands[0].calls), 0);
}

Test(statistics, keeps_no_histogram_while_it_is_off)
{
    statistics_record(&statistics.commands[0], 1, 5, false);
    cr_assert_eq(counter_read(&statistics.commands[0].calls), 1);
    cr_assert_null(atomic_load(&statistics.commands[0].histogram));
}

Test(statistics, tells_errors_apart_by_their_first_word)
{
    statistics_error(&statistics, SLICE_LITERAL("ERR one"));
    statistics_error(&statistics, SLICE_LITERAL("ERROR"));
    statistics_error(&statistics, SLICE_LITERAL("ERR two"));
    cr_assert_eq(statistics.error_kinds, 2);
    cr_assert_str_eq(statistics.errors[0].name, "ERR");
    cr_assert_str_eq(statistics.errors[1].name, "ERROR");
    cr_assert(counter_read(&statistics.errors[0].count) == 2 && counter_read(&statistics.errors[1].count) == 1);
    cr_assert_eq(counter_read(&statistics.values[STATISTIC_ERROR_REPLIES]), 3);
}

Test(statistics, bounds_the_length_and_the_number_of_error_kinds)
{
    statistics_error(&statistics, SLICE_LITERAL("A-WORD-OF-MORE-THAN-THIRTY-ONE-BYTES and more"));
    cr_assert_str_eq(statistics.errors[0].name, "A-WORD-OF-MORE-THAN-THIRTY-ONE-");
    for (int i = 0; i < ERROR_KINDS_MAX + 10; i++) {
        char line[16];
        statistics_error(&statistics, slice_make(line, (size_t)snprintf(line, sizeof(line), "E%d x", i)));
    }
    cr_assert_eq(statistics.error_kinds, ERROR_KINDS_MAX);
    cr_assert_eq(counter_read(&statistics.values[STATISTIC_ERROR_REPLIES]), ERROR_KINDS_MAX + 11);
    statistics_error(&statistics, SLICE_LITERAL("E3 again"));
    cr_assert_eq(counter_read(&statistics.errors[4].count), 2);
}

Test(statistics, forgets_all_but_the_changes)
{
    statistics_add(&statistics, STATISTIC_COMMANDS, 5);
    statistics_add(&statistics, STATISTIC_CHANGES, 7);
    statistics_error(&statistics, SLICE_LITERAL("ERR one"));
    struct command_statistics *command = &statistics.commands[0];
    statistics_record(command, 1, 5, true);
    counter_add(&command->rejected, 1);
    counter_add(&command->failed, 1);
    statistics_reset(&statistics);
    cr_assert_eq(counter_read(&statistics.values[STATISTIC_COMMANDS]), 0);
    cr_assert_eq(counter_read(&statistics.values[STATISTIC_CHANGES]), 7);
    cr_assert_eq(counter_read(&statistics.errors[0].count), 0);
    cr_assert(counter_read(&command->calls) == 0 && counter_read(&command->nanoseconds) == 0);
    cr_assert(counter_read(&command->rejected) == 0 && counter_read(&command->failed) == 0);
    cr_assert_eq(atomic_load(&command->histogram)->buckets[5], 0);
}

static void reset_room(void *context)
{
    *(int *)context += 1;
}

Test(statistics, are_summed_and_forgotten_over_all_workers)
{
    struct small_server server;
    struct recorder ann;
    struct recorder ben;
    int resets = 0;
    small_server_init(&server, rows, NULL);
    exec_add_reset(&server.exec, (struct reset_hook){reset_room, &resets});
    small_server_start(&server, 0);
    struct exec_worker *second = small_worker_create(&server);
    recorder_init(&ann, server.worker);
    recorder_init(&ben, second);
    (void)small_run(&ann, "ping");
    (void)small_run(&ben, "ping");
    (void)small_run(&ben, "set a 1");
    cr_assert_eq(exec_statistic(&server.exec, STATISTIC_COMMANDS), 3);
    exec_reset_statistics(&server.exec);
    cr_assert_eq(exec_statistic(&server.exec, STATISTIC_COMMANDS), 0);
    cr_assert_eq(exec_statistic(&server.exec, STATISTIC_CHANGES), 1);
    cr_assert_eq(resets, 1);
    recorder_deinit(&ann);
    recorder_deinit(&ben);
    small_worker_destroy(second);
    small_server_stop(&server);
}

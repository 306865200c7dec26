/* SPDX-License-Identifier: BSD-3-Clause */
/* The slow log: order, limits, cutting, readers.
 * Owner: each test its own. Locks: none but the log's. */
#include <criterion/criterion.h>

#include "sherd/observe/slowlog.h"

static struct slowlog_event event_of(const struct slice *argv, uint32_t argc)
{
    return (struct slowlog_event){.time_s = 1000,
                                  .duration_us = 7,
                                  .client = SLICE_LITERAL("127.0.0.1:5"),
                                  .client_name = SLICE_LITERAL("me"),
                                  .argv = argv,
                                  .argc = argc};
}

static void push(struct slowlog *slowlog, uint64_t max)
{
    struct slice argv[] = {SLICE_LITERAL("get"), SLICE_LITERAL("k")};
    struct slowlog_event event = event_of(argv, 2);
    slowlog_push(slowlog, &event, max);
}

Test(slowlog, gives_the_newest_first)
{
    struct slowlog slowlog;
    slowlog_init(&slowlog);
    push(&slowlog, 10);
    push(&slowlog, 10);
    struct slowlog_entry *entries[4];
    cr_assert_eq(slowlog_take(&slowlog, entries, 4), 2);
    cr_assert_eq(entries[0]->id, 1);
    cr_assert_eq(entries[1]->id, 0);
    cr_assert_eq(entries[0]->duration_us, 7);
    cr_assert(slice_equals(entries[0]->client, slice_from_text("127.0.0.1:5")));
    cr_assert(slice_equals(entries[0]->client_name, slice_from_text("me")));
    slowlog_release(entries[0]);
    slowlog_release(entries[1]);
    slowlog_deinit(&slowlog);
}

Test(slowlog, drops_the_oldest_beyond_its_length)
{
    struct slowlog slowlog;
    slowlog_init(&slowlog);
    for (int i = 0; i < 20; i++) {
        push(&slowlog, 10);
    }
    cr_assert_eq(slowlog_length(&slowlog), 10);
    push(&slowlog, 3);
    cr_assert_eq(slowlog_length(&slowlog), 3);
    push(&slowlog, 0);
    cr_assert_eq(slowlog_length(&slowlog), 0);
    slowlog_deinit(&slowlog);
}

Test(slowlog, keeps_counting_ids_over_a_reset)
{
    struct slowlog slowlog;
    slowlog_init(&slowlog);
    push(&slowlog, 10);
    slowlog_reset(&slowlog);
    cr_assert_eq(slowlog_length(&slowlog), 0);
    push(&slowlog, 10);
    struct slowlog_entry *entry;
    cr_assert_eq(slowlog_take(&slowlog, &entry, 1), 1);
    cr_assert_eq(entry->id, 1);
    slowlog_release(entry);
    slowlog_deinit(&slowlog);
}

Test(slowlog, lets_a_reader_keep_what_is_dropped)
{
    struct slowlog slowlog;
    slowlog_init(&slowlog);
    push(&slowlog, 10);
    struct slowlog_entry *entry;
    cr_assert_eq(slowlog_take(&slowlog, &entry, 1), 1);
    slowlog_reset(&slowlog);
    cr_assert(slice_equals(entry->argv[1], slice_from_text("k")));
    slowlog_release(entry);
    slowlog_deinit(&slowlog);
}

Test(slowlog, shows_thirty_one_arguments_and_how_many_more)
{
    struct slowlog slowlog;
    slowlog_init(&slowlog);
    struct slice argv[33];
    for (size_t i = 0; i < ARRAY_LENGTH(argv); i++) {
        argv[i] = slice_from_text("a");
    }
    struct slowlog_event event = event_of(argv, 33);
    slowlog_push(&slowlog, &event, 10);
    event.argc = 32;
    slowlog_push(&slowlog, &event, 10);
    struct slowlog_entry *entries[2];
    cr_assert_eq(slowlog_take(&slowlog, entries, 2), 2);
    cr_assert_eq(entries[1]->argc, 32);
    cr_assert(slice_equals(entries[1]->argv[31], slice_from_text("... (2 more arguments)")));
    cr_assert_eq(entries[0]->argc, 32);
    cr_assert(slice_equals(entries[0]->argv[31], slice_from_text("a")));
    slowlog_release(entries[0]);
    slowlog_release(entries[1]);
    slowlog_deinit(&slowlog);
}

Test(slowlog, cuts_an_argument_at_128_bytes)
{
    struct slowlog slowlog;
    slowlog_init(&slowlog);
    char text[200];
    memset(text, 'x', sizeof(text));
    struct slice argv[] = {slice_make(text, 128), slice_make(text, 129), slice_make(text, 0)};
    struct slowlog_event event = event_of(argv, 3);
    slowlog_push(&slowlog, &event, 10);
    struct slowlog_entry *entry;
    cr_assert_eq(slowlog_take(&slowlog, &entry, 1), 1);
    cr_assert_eq(entry->argv[0].len, 128);
    cr_assert(slice_equals(slice_make(entry->argv[1].data + 128, entry->argv[1].len - 128),
                           slice_from_text("... (1 more bytes)")));
    cr_assert_eq(entry->argv[2].len, 0);
    slowlog_release(entry);
    slowlog_deinit(&slowlog);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the keys of a request stand, for every shape of key spec.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "sherd/exec/command.h"

enum {
    WORDS_MAX = 64,
};

static const struct command_row rows[] = {
    {.name = "first", .keys = {{.flags = KEY_RO, .begin = 1, .step = 1}}},
    {.name = "second", .keys = {{.flags = KEY_RO, .begin = 2, .step = 1}}},
    {.name = "all", .keys = {{.flags = KEY_RO, .begin = 1, .last = -1, .step = 1}}},
    {.name = "pairs", .keys = {{.flags = KEY_OW, .begin = 1, .last = -1, .step = 2}}},
    {.name = "all-but-one", .keys = {{.flags = KEY_RO, .begin = 1, .last = -2, .step = 1}}},
    {.name = "two", .keys = {{.flags = KEY_RO, .begin = 1, .last = 1, .step = 1}}},
    {.name = "half", .keys = {{.flags = KEY_RO, .begin = 1, .last = -1, .step = 1, .limit = 2}}},
    {.name = "streams",
     .keys = {{.flags = KEY_RO, .begin = 1, .keyword = "STREAMS", .last = -1, .step = 1, .limit = 2}}},
    {.name = "from-end", .keys = {{.flags = KEY_RO, .begin = -2, .keyword = "KEYS", .last = -1, .step = 1}}},
    {.name = "counted", .keys = {{.flags = KEY_RO, .begin = 1, .step = 1, .counted = true}}},
    {.name = "behind-word", .keys = {{.flags = KEY_RO, .begin = 1, .keyword = "GET", .step = 1, .counted = true}}},
    {.name = "store",
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1},
              {.flags = KEY_OW | KEY_UPDATE, .begin = 2, .keyword = "STORE", .step = 1}}},
    {.name = "channel",
     .keys = {{.flags = KEY_NOT_KEY, .begin = 1, .step = 1}, {.flags = KEY_RO, .begin = 2, .step = 1}}},
    {.name = "hidden", .keys = {{.flags = KEY_RO, .begin = 1, .step = 1}, {.flags = KEY_RO | KEY_INCOMPLETE}}},
    {.name = "keyless"},
    {0},
};

static struct command_table *table;

static void build(void)
{
    const struct command_family family = {rows, NULL};
    table = command_table_create(&family, 1);
}

static void destroy(void)
{
    command_table_destroy(table);
}

TestSuite(command_keys, .init = build, .fini = destroy);

static uint32_t split(const char *words, struct slice *argv)
{
    uint32_t argc = 0;
    while (*words != '\0') {
        size_t len = strcspn(words, " ");
        argv[argc++] = slice_make(words, len);
        words += len + (words[len] == ' ' ? 1 : 0);
    }
    return argc;
}

/* The places of the keys are `expected`: "1 3", "" for none, or "malformed". */
static bool places_are(const char *words, const char *expected)
{
    struct slice argv[WORDS_MAX];
    struct key_place places[WORDS_MAX];
    uint32_t argc = split(words, argv);
    int64_t count = command_keys(command_find(table, argv[0]), argv, argc, places, WORDS_MAX);
    char found[128] = "malformed";
    for (int64_t i = 0, at = 0; i < count || (i == 0 && count == 0); i++) {
        found[at] = '\0';
        if (i < count) {
            at += snprintf(found + at, sizeof(found) - (size_t)at, i == 0 ? "%u" : " %u", places[i].argument);
        }
    }
    return strcmp(found, expected) == 0;
}

Test(command_keys, finds_one_at_a_fixed_place)
{
    cr_assert(places_are("first a b c", "1"));
    cr_assert(places_are("second sub a b", "2"));
    cr_assert(places_are("second sub", "malformed"));
    cr_assert(places_are("first", "malformed"));
}

Test(command_keys, finds_a_range_up_to_the_end)
{
    cr_assert(places_are("all a", "1"));
    cr_assert(places_are("all a b c", "1 2 3"));
    cr_assert(places_are("all", "malformed"));
    cr_assert(places_are("all-but-one a b c timeout", "1 2 3"));
    cr_assert(places_are("all-but-one timeout", ""));
}

Test(command_keys, finds_a_range_counted_from_its_first_key)
{
    cr_assert(places_are("two a b c", "1 2"));
    cr_assert(places_are("two a", "malformed"));
}

Test(command_keys, goes_from_key_to_key_in_steps)
{
    cr_assert(places_are("pairs a 1 b 2", "1 3"));
    cr_assert(places_are("pairs a 1 b", "1 3"));
}

Test(command_keys, takes_only_the_first_part_of_a_limited_range)
{
    cr_assert(places_are("half a b 0 0", "1 2"));
    cr_assert(places_are("half a 0", "1"));
    cr_assert(places_are("half a b 0", "1"));
    cr_assert(places_are("half a", ""));
}

Test(command_keys, searches_a_keyword_in_any_case)
{
    cr_assert(places_are("streams count 2 STREAMS a b 0 0", "4 5"));
    cr_assert(places_are("streams streams a 0", "2"));
    cr_assert(places_are("store a StOrE d", "1 3"));
}

Test(command_keys, takes_the_first_of_equal_keywords)
{
    cr_assert(places_are("streams streams streams 0", "2"));
    cr_assert(places_are("store a store b store c", "1 3"));
}

Test(command_keys, does_without_an_optional_keyword)
{
    cr_assert(places_are("store a", "1"));
    cr_assert(places_are("store a limit 1", "1"));
    cr_assert(places_are("streams count 2", ""));
}

Test(command_keys, takes_a_keyword_at_the_very_end_for_none)
{
    cr_assert(places_are("store a store", "1"));
}

Test(command_keys, searches_backwards_from_a_negative_place)
{
    cr_assert(places_are("from-end host 0 KEYS a b", "4 5"));
    cr_assert(places_are("from-end host 0 a KEYS", ""));
    cr_assert(places_are("from-end host 0 KEYS a", "4"));
    cr_assert(places_are("from-end KEYS host KEYS a", "4"));
    cr_assert(places_are("from-end KEYS a b c", "2 3 4"));
    cr_assert(places_are("from-end host 0", ""));
}

Test(command_keys, counts_keys_by_a_number_before_them)
{
    cr_assert(places_are("counted 2 a b weights", "2 3"));
    cr_assert(places_are("counted 0 a", ""));
    cr_assert(places_are("counted 1 a", "2"));
    cr_assert(places_are("behind-word x get 2 a b", "4 5"));
    cr_assert(places_are("behind-word x", ""));
}

Test(command_keys, refuses_numbers_of_keys_that_make_no_sense)
{
    cr_assert(places_are("counted", "malformed"));
    cr_assert(places_are("counted x a", "malformed"));
    cr_assert(places_are("counted -1 a", "malformed"));
    cr_assert(places_are("counted 2 a", "malformed"));
    cr_assert(places_are("counted 9223372036854775807 a", "malformed"));
    cr_assert(places_are("counted 4294967296 a", "malformed"));
    cr_assert(places_are("counted 1.5 a", "malformed"));
}

Test(command_keys, leaves_out_what_is_no_key)
{
    cr_assert(places_are("channel c a", "2"));
    cr_assert(places_are("hidden a b", "1"));
    cr_assert(places_are("keyless a b", ""));
}

Test(command_keys, tells_the_flags_of_each_key)
{
    struct slice argv[WORDS_MAX];
    struct key_place places[2];
    uint32_t argc = split("store a store d", argv);
    cr_assert_eq(command_keys(command_find(table, argv[0]), argv, argc, places, 2), 2);
    cr_assert_eq(places[0].flags, KEY_RO | KEY_ACCESS);
    cr_assert_eq(places[1].flags, KEY_OW | KEY_UPDATE);
}

Test(command_keys, counts_more_keys_than_it_has_room_for)
{
    struct slice argv[WORDS_MAX];
    struct key_place places[3] = {{0}, {0}, {.argument = 99}};
    uint32_t argc = split("all a b c d", argv);
    cr_assert_eq(command_keys(command_find(table, argv[0]), argv, argc, places, 2), 4);
    cr_assert_eq(places[1].argument, 2);
    cr_assert_eq(places[2].argument, 99);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests as nobody sends them in good faith: counts and lengths at every bound, missing and lonely line ends, zero
 * bytes, floods of tiny commands; and that none of them makes the parser reserve what was only announced.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "sherd/resp/request.h"

#define BULK_MAX_BYTES ((int64_t)512 * 1024 * 1024)

static const struct request_limits KNOWN = {.bulk_max_bytes = BULK_MAX_BYTES, .authenticated = true};
static const struct request_limits STRANGER = {.bulk_max_bytes = BULK_MAX_BYTES, .authenticated = false};

struct fixture {
    struct request_parser parser;
    struct argument_pool pool;
    struct request_result result;
};

static void fixture_init(struct fixture *fixture)
{
    request_parser_init(&fixture->parser);
    argument_pool_init(&fixture->pool);
}

static void fixture_deinit(struct fixture *fixture)
{
    request_parser_deinit(&fixture->parser);
    argument_pool_deinit(&fixture->pool);
}

static enum request_outcome parse(struct fixture *fixture, struct slice input, const struct request_limits *limits)
{
    return request_parse(&fixture->parser, input, limits, &fixture->pool, &fixture->result);
}

static void expect_outcome(struct slice input, const struct request_limits *limits, enum request_outcome outcome)
{
    struct fixture fixture;
    fixture_init(&fixture);
    cr_assert_eq(parse(&fixture, input, limits), outcome, "%.*s", (int)input.len, input.data);
    fixture_deinit(&fixture);
}

static void expect_error(struct slice input, const struct request_limits *limits, const char *error)
{
    struct fixture fixture;
    fixture_init(&fixture);
    cr_assert_eq(parse(&fixture, input, limits), REQUEST_ERROR, "%.*s", (int)input.len, input.data);
    cr_assert_str_eq(fixture.result.error, error);
    fixture_deinit(&fixture);
}

static struct slice argument(const struct fixture *fixture, uint32_t index)
{
    return fixture->pool.slots[fixture->result.request.first + index];
}

Test(request_hostile, the_largest_count_there_is_reserves_nothing)
{
    struct fixture fixture;
    fixture_init(&fixture);
    cr_assert_eq(parse(&fixture, SLICE_LITERAL("*2147483647\r\n$1\r\nx\r\n"), &KNOWN), REQUEST_PART);
    cr_assert_leq(fixture.parser.places_cap, 64, "places for arguments that came, not for those announced");
    cr_assert_leq(fixture.pool.cap, 4096);
    fixture_deinit(&fixture);
}

Test(request_hostile, a_count_beyond_a_million_is_still_framed)
{
    expect_outcome(SLICE_LITERAL("*1048577\r\n$1\r\nx\r\n"), &KNOWN, REQUEST_PART);
}

Test(request_hostile, the_least_count_there_is_is_an_empty_request)
{
    struct fixture fixture;
    fixture_init(&fixture);
    cr_assert_eq(parse(&fixture, SLICE_LITERAL("*-9223372036854775808\r\n"), &KNOWN), REQUEST_WHOLE);
    cr_assert_eq(fixture.result.request.argc, 0);
    cr_assert_eq(fixture.result.request.bytes, strlen("*-9223372036854775808\r\n"));
    fixture_deinit(&fixture);
}

Test(request_hostile, a_count_below_the_least_is_refused)
{
    expect_error(SLICE_LITERAL("*-9223372036854775809\r\n"), &KNOWN, "ERR Protocol error: invalid multibulk length");
}

Test(request_hostile, a_length_of_512_megabytes_is_awaited_without_reserving_it)
{
    struct fixture fixture;
    fixture_init(&fixture);
    cr_assert_eq(parse(&fixture, SLICE_LITERAL("*1\r\n$536870912\r\nx"), &KNOWN), REQUEST_PART);
    cr_assert_null(fixture.parser.large, "that is for the reader to ask for");
    cr_assert_eq(request_parser_wants(&fixture.parser), strlen("*1\r\n$536870912\r\n") + 536870912 + 2);
    fixture_deinit(&fixture);
}

Test(request_hostile, one_byte_more_than_512_megabytes_is_refused)
{
    expect_error(SLICE_LITERAL("*1\r\n$536870913\r\nx"), &KNOWN, "ERR Protocol error: invalid bulk length");
}

Test(request_hostile, a_length_of_twenty_digits_is_refused)
{
    expect_error(SLICE_LITERAL("*1\r\n$18446744073709551616\r\nx"), &KNOWN, "ERR Protocol error: invalid bulk length");
    expect_error(SLICE_LITERAL("*1\r\n$00000000000000000001\r\nx"), &KNOWN, "ERR Protocol error: invalid bulk length");
}

Test(request_hostile, a_negative_length_is_refused_within_a_pipeline_of_one_read_too)
{
    static const char text[] = "*2\r\n$3\r\nGET\r\n$-2\r\n*1\r\n$4\r\nPING\r\n";
    expect_error(SLICE_LITERAL(text), &KNOWN, "ERR Protocol error: invalid bulk length");
}

Test(request_hostile, a_lone_line_feed_does_not_end_a_count)
{
    expect_outcome(SLICE_LITERAL("*1\n$4\nPING\n"), &KNOWN, REQUEST_PART);
}

Test(request_hostile, a_lone_line_feed_does_not_end_a_length)
{
    expect_outcome(SLICE_LITERAL("*1\r\n$4\nPING\n"), &KNOWN, REQUEST_PART);
}

Test(request_hostile, a_zero_byte_ends_an_inline_request)
{
    struct fixture fixture;
    fixture_init(&fixture);
    cr_assert_eq(parse(&fixture, SLICE_LITERAL("ECHO a\0b c\r\nPING\r\n"), &KNOWN), REQUEST_WHOLE);
    cr_assert_eq(fixture.result.request.argc, 2);
    cr_assert(slice_equals(argument(&fixture, 1), SLICE_LITERAL("a")));
    cr_assert_eq(fixture.result.request.bytes, 12, "the line goes as a whole");
    fixture_deinit(&fixture);
}

Test(request_hostile, the_form_is_chosen_anew_after_an_empty_request)
{
    /* A parser that remembered "multibulk" here would read the inline command as an argument. */
    static const char text[] = "*0\r\nPING\r\n*1\r\n$4\r\nQUIT\r\n";
    struct fixture fixture;
    fixture_init(&fixture);
    size_t at = 0;
    static const uint32_t counts[] = {0, 1, 1};
    for (size_t i = 0; i < ARRAY_LENGTH(counts); i++) {
        struct slice rest = slice_make(text + at, sizeof(text) - 1 - at);
        cr_assert_eq(parse(&fixture, rest, &KNOWN), REQUEST_WHOLE);
        cr_assert_eq(fixture.result.request.argc, counts[i]);
        at += fixture.result.request.bytes;
    }
    cr_assert(slice_equals(argument(&fixture, 0), SLICE_LITERAL("QUIT")));
    cr_assert_eq(at, sizeof(text) - 1);
    fixture_deinit(&fixture);
}

Test(request_hostile, a_stranger_may_send_ten_arguments)
{
    struct buffer input;
    buffer_init(&input);
    buffer_printf(&input, "*%d\r\n", REQUEST_UNAUTHENTICATED_ARGS);
    for (int i = 0; i < REQUEST_UNAUTHENTICATED_ARGS; i++) {
        buffer_printf(&input, "$1\r\nx\r\n");
    }
    expect_outcome(buffer_slice(&input), &STRANGER, REQUEST_WHOLE);
    buffer_deinit(&input);
}

Test(request_hostile, the_bound_on_a_strangers_argument_holds_for_each_of_them)
{
    expect_error(SLICE_LITERAL("*3\r\n$4\r\nAUTH\r\n$1\r\na\r\n$16385\r\n"), &STRANGER,
                 "ERR Protocol error: unauthenticated bulk length");
}

Test(request_hostile, a_stranger_may_send_an_inline_line_of_64_kibibytes)
{
    struct buffer input;
    buffer_init(&input);
    buffer_printf(&input, "AUTH ");
    while (input.len < REQUEST_INLINE_MAX_BYTES) {
        buffer_append(&input, "p", 1);
    }
    expect_outcome(buffer_slice(&input), &STRANGER, REQUEST_PART);
    buffer_append(&input, "\r\n", 2);
    expect_outcome(buffer_slice(&input), &STRANGER, REQUEST_WHOLE);
    buffer_deinit(&input);
}

Test(request_hostile, a_line_of_quotes_alone_is_refused_not_walked_for_ever)
{
    struct buffer input;
    buffer_init(&input);
    for (int i = 0; i < 60001; i++) {
        buffer_append(&input, "\"", 1);
    }
    buffer_append(&input, "\r\n", 2);
    expect_error(buffer_slice(&input), &KNOWN, "ERR Protocol error: unbalanced quotes in request");
    buffer_deinit(&input);
}

Test(request_hostile, a_flood_of_empty_requests_takes_no_memory)
{
    struct fixture fixture;
    fixture_init(&fixture);
    for (int i = 0; i < 100000; i++) {
        cr_assert_eq(parse(&fixture, SLICE_LITERAL("*0\r\n"), &STRANGER), REQUEST_WHOLE);
    }
    cr_assert_eq(fixture.pool.count, 0);
    cr_assert_eq(fixture.pool.cap, 0);
    cr_assert_eq(fixture.parser.places_cap, 0);
    fixture_deinit(&fixture);
}

Test(request_hostile, a_pool_that_a_flood_made_large_is_given_back)
{
    struct fixture fixture;
    fixture_init(&fixture);
    for (int i = 0; i < 50000; i++) {
        cr_assert_eq(parse(&fixture, SLICE_LITERAL("*1\r\n$4\r\nPING\r\n"), &KNOWN), REQUEST_WHOLE);
    }
    cr_assert_eq(fixture.pool.count, 50000);
    argument_pool_clear(&fixture.pool);
    cr_assert_eq(fixture.pool.cap, 0);
    fixture_deinit(&fixture);
}

Test(request_hostile, who_leaves_in_the_middle_of_a_large_argument_leaves_nothing_behind)
{
    struct fixture fixture;
    fixture_init(&fixture);
    struct slice input = SLICE_LITERAL("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100000\r\nabc");
    cr_assert_eq(parse(&fixture, input, &KNOWN), REQUEST_PART);
    cr_assert(request_parser_divert(&fixture.parser, input));
    request_parser_deinit(&fixture.parser);
    cr_assert_null(fixture.parser.large);
    cr_assert_null(fixture.parser.places);
    fixture_deinit(&fixture);
}

Test(request_hostile, what_follows_a_large_argument_is_checked_as_everything_is)
{
    struct fixture fixture;
    fixture_init(&fixture);
    struct buffer input;
    buffer_init(&input);
    buffer_printf(&input, "*2\r\n$%d\r\n", REQUEST_LARGE_BYTES);
    cr_assert_eq(parse(&fixture, buffer_slice(&input), &KNOWN), REQUEST_PART);
    cr_assert(request_parser_divert(&fixture.parser, buffer_slice(&input)));
    memset(fixture.parser.large->data, 'x', REQUEST_LARGE_BYTES + 2);
    fixture.parser.large_len = REQUEST_LARGE_BYTES + 2;
    buffer_append(&input, "$-7\r\n", 5);
    cr_assert_eq(parse(&fixture, buffer_slice(&input), &KNOWN), REQUEST_ERROR);
    cr_assert_str_eq(fixture.result.error, "ERR Protocol error: invalid bulk length");
    buffer_deinit(&input);
    fixture_deinit(&fixture);
}

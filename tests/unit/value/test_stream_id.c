/* SPDX-License-Identifier: BSD-3-Clause */
/* Stream ids: order, stepping, reading and writing.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>

#include "sherd/value/stream_id.h"

static bool parses_to(const char *text, uint64_t ms, uint64_t seq)
{
    struct stream_id id;
    return stream_id_parse(slice_from_text(text), 77, &id) && id.ms == ms && id.seq == seq;
}

static bool is_refused(const char *text)
{
    struct stream_id id = {.ms = 1, .seq = 2};
    bool refused = !stream_id_parse(slice_from_text(text), 0, &id);
    return refused && id.ms == 1 && id.seq == 2;
}

Test(stream_id, orders_by_milliseconds_then_sequence)
{
    struct stream_id a = {.ms = 1, .seq = UINT64_MAX}, b = {.ms = 2, .seq = 0}, c = {.ms = 2, .seq = 1};
    cr_assert_lt(stream_id_compare(a, b), 0);
    cr_assert_gt(stream_id_compare(c, b), 0);
    cr_assert_eq(stream_id_compare(c, c), 0);
    cr_assert_lt(stream_id_compare(STREAM_ID_MIN, STREAM_ID_MAX), 0);
}

Test(stream_id, steps_over_the_edge_of_a_millisecond_and_stops_at_the_ends)
{
    struct stream_id id = {.ms = 5, .seq = UINT64_MAX};
    cr_assert(stream_id_increment(&id));
    cr_assert(stream_id_equals(id, (struct stream_id){.ms = 6, .seq = 0}));
    cr_assert(stream_id_decrement(&id));
    cr_assert(stream_id_equals(id, (struct stream_id){.ms = 5, .seq = UINT64_MAX}));
    id = STREAM_ID_MAX;
    cr_assert_not(stream_id_increment(&id));
    cr_assert(stream_id_equals(id, STREAM_ID_MAX));
    id = STREAM_ID_MIN;
    cr_assert_not(stream_id_decrement(&id));
    cr_assert(stream_id_is_zero(id));
}

Test(stream_id, reads_both_forms)
{
    cr_assert(parses_to("0-0", 0, 0));
    cr_assert(parses_to("15", 15, 77));
    cr_assert(parses_to("1526919030474-55", 1526919030474, 55));
    cr_assert(parses_to("18446744073709551615-18446744073709551615", UINT64_MAX, UINT64_MAX));
}

Test(stream_id, is_as_lenient_as_redis_with_zeros_blanks_and_plus)
{
    cr_assert(parses_to("007-01", 7, 1));
    cr_assert(parses_to(" 7-\t1", 7, 1));
    cr_assert(parses_to("+7-+1", 7, 1));
}

Test(stream_id, refuses_what_is_not_an_id)
{
    static const char *const texts[] = {"",   "-",   "+",     "*",    "$",    ">",   "a",   "1-",
                                        "-1", "1-a", "1-1-1", "1 -1", "1-1 ", "1-*", "++1", "18446744073709551616"};
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        cr_assert(is_refused(texts[i]), "'%s'", texts[i]);
    }
    char longer[140];
    memset(longer, '0', sizeof(longer));
    struct stream_id id;
    cr_assert(stream_id_parse(slice_make(longer, 127), 0, &id));
    cr_assert_not(stream_id_parse(slice_make(longer, 128), 0, &id));
}

Test(stream_id, reads_the_automatic_sequence_of_xadd)
{
    struct stream_id id;
    bool automatic;
    cr_assert(stream_id_parse_new(SLICE_LITERAL("12-*"), &id, &automatic));
    cr_assert(automatic && id.ms == 12 && id.seq == 0);
    cr_assert(stream_id_parse_new(SLICE_LITERAL("12-3"), &id, &automatic));
    cr_assert(!automatic && id.ms == 12 && id.seq == 3);
    cr_assert(stream_id_parse_new(SLICE_LITERAL("12"), &id, &automatic));
    cr_assert(!automatic && id.ms == 12 && id.seq == 0);
    cr_assert_not(stream_id_parse_new(SLICE_LITERAL("-*"), &id, &automatic));
    cr_assert_not(stream_id_parse_new(SLICE_LITERAL("1-**"), &id, &automatic));
    cr_assert_not(stream_id_parse_new(SLICE_LITERAL("1-2-*"), &id, &automatic));
}

Test(stream_id, prints_the_smallest_and_the_greatest)
{
    char text[STREAM_ID_TEXT_BYTES];
    size_t len = stream_id_print(STREAM_ID_MIN, text);
    cr_assert(slice_equals(slice_make(text, len), SLICE_LITERAL("0-0")));
    len = stream_id_print(STREAM_ID_MAX, text);
    cr_assert(slice_equals(slice_make(text, len), SLICE_LITERAL("18446744073709551615-18446744073709551615")));
}

Test(stream_id, ends_at_a_nul_byte)
{
    struct stream_id id;
    bool seq_is_auto;
    cr_assert(stream_id_parse(slice_make("12\0-34", 6), 7, &id));
    cr_assert_eq(id.ms, 12);
    cr_assert_eq(id.seq, 7);
    cr_assert(stream_id_parse_new(slice_make("5-*\0x", 5), &id, &seq_is_auto));
    cr_assert(seq_is_auto);
    cr_assert_not(stream_id_parse(slice_make("\0001-1", 4), 0, &id));
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading a stream in ranges that begin, end or lie where there is nothing; finding single entries; pairs of both
 * layouts; and what deletion leaves to the reader.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>

#include "sherd/value/stream.h"

enum {
    NODE_ENTRIES = 4,
    ENTRIES = 12, /* three nodes: 10-0 to 40-0, 50-0 to 80-0, 90-0 to 120-0 */
};

static struct stream_id id_of(uint64_t ms, uint64_t seq)
{
    return (struct stream_id){.ms = ms, .seq = seq};
}

static void add(struct stream *stream, struct stream_id id, struct slice *items, size_t pairs)
{
    struct stream_addition addition = {.rule = STREAM_ID_EXPLICIT,
                                       .id = id,
                                       .pairs = {.items = items, .count = pairs},
                                       .limits = {.node_max_bytes = 4096, .node_max_entries = NODE_ENTRIES}};
    struct stream_id added;
    cr_assert_eq(stream_append(stream, &addition, &added), STREAM_OK);
}

static struct stream *make(void)
{
    struct stream *stream = stream_create();
    for (uint64_t i = 1; i <= ENTRIES; i++) {
        struct slice items[] = {SLICE_LITERAL("field"), SLICE_LITERAL("value")};
        add(stream, id_of(10 * i, 0), items, 1);
    }
    cr_assert_eq(stream_node_count(stream), ENTRIES / NODE_ENTRIES);
    return stream;
}

/* Reads a range in one direction and checks the milliseconds of what comes, `wanted` ending with 0. */
static void expect_ids(const struct stream *stream, bool is_reverse, struct stream_id start, struct stream_id end,
                       const uint64_t *wanted)
{
    struct stream_iterator iterator;
    struct stream_id id;
    size_t pairs;
    (is_reverse ? stream_iterator_init_reverse : stream_iterator_init)(&iterator, stream, start, end);
    for (; *wanted != 0; wanted++) {
        cr_assert(stream_iterator_next(&iterator, &id, &pairs), "%llu is missing", (unsigned long long)*wanted);
        cr_assert_eq(id.ms, *wanted);
        cr_assert_eq(pairs, 1);
    }
    cr_assert_not(stream_iterator_next(&iterator, &id, &pairs));
    cr_assert_not(stream_iterator_next(&iterator, &id, &pairs), "asked again it stays at the end");
}

#define WANTED(...) ((const uint64_t[]){__VA_ARGS__, 0})
static const uint64_t NOTHING[] = {0};

Test(stream_iterator, both_ends_belong_to_the_range)
{
    struct stream *stream = make();
    expect_ids(stream, false, id_of(30, 0), id_of(50, 0), WANTED(30, 40, 50));
    expect_ids(stream, true, id_of(30, 0), id_of(50, 0), WANTED(50, 40, 30));
    stream_destroy(stream);
}

Test(stream_iterator, sequence_numbers_bound_a_range_as_milliseconds_do)
{
    struct stream *stream = make();
    expect_ids(stream, false, id_of(30, 1), id_of(49, UINT64_MAX), WANTED(40));
    expect_ids(stream, true, id_of(30, 1), id_of(49, UINT64_MAX), WANTED(40));
    stream_destroy(stream);
}

Test(stream_iterator, a_range_between_two_entries_is_empty)
{
    struct stream *stream = make();
    expect_ids(stream, false, id_of(41, 0), id_of(49, 0), NOTHING);
    expect_ids(stream, true, id_of(41, 0), id_of(49, 0), NOTHING);
    stream_destroy(stream);
}

Test(stream_iterator, a_range_before_the_first_entry_is_empty)
{
    struct stream *stream = make();
    expect_ids(stream, false, STREAM_ID_MIN, id_of(9, UINT64_MAX), NOTHING);
    expect_ids(stream, true, STREAM_ID_MIN, id_of(9, UINT64_MAX), NOTHING);
    stream_destroy(stream);
}

Test(stream_iterator, a_range_behind_the_last_entry_is_empty)
{
    struct stream *stream = make();
    expect_ids(stream, false, id_of(120, 1), STREAM_ID_MAX, NOTHING);
    expect_ids(stream, true, id_of(120, 1), STREAM_ID_MAX, NOTHING);
    stream_destroy(stream);
}

Test(stream_iterator, a_range_that_ends_before_it_begins_is_empty)
{
    struct stream *stream = make();
    expect_ids(stream, false, id_of(80, 0), id_of(30, 0), NOTHING);
    expect_ids(stream, true, id_of(80, 0), id_of(30, 0), NOTHING);
    stream_destroy(stream);
}

Test(stream_iterator, deleted_entries_are_passed_over_at_the_edge_of_a_node)
{
    struct stream *stream = make();
    cr_assert(stream_delete(stream, id_of(40, 0)));
    cr_assert(stream_delete(stream, id_of(50, 0)));
    expect_ids(stream, false, id_of(30, 0), id_of(60, 0), WANTED(30, 60));
    expect_ids(stream, true, id_of(30, 0), id_of(60, 0), WANTED(60, 30));
    stream_destroy(stream);
}

Test(stream_iterator, a_node_that_was_deleted_as_a_whole_is_passed_over)
{
    struct stream *stream = make();
    for (uint64_t ms = 50; ms <= 80; ms += 10) {
        cr_assert(stream_delete(stream, id_of(ms, 0)));
    }
    expect_ids(stream, false, id_of(40, 0), id_of(90, 0), WANTED(40, 90));
    expect_ids(stream, true, id_of(40, 0), id_of(90, 0), WANTED(90, 40));
    stream_destroy(stream);
}

Test(stream_iterator, an_empty_stream_has_no_range)
{
    struct stream *stream = stream_create();
    expect_ids(stream, false, STREAM_ID_MIN, STREAM_ID_MAX, NOTHING);
    expect_ids(stream, true, STREAM_ID_MIN, STREAM_ID_MAX, NOTHING);
    stream_destroy(stream);
}

Test(stream_iterator, finds_entries_forwards_backwards_and_twice_the_same)
{
    struct stream *stream = make();
    struct stream_iterator iterator;
    size_t pairs;
    stream_iterator_init(&iterator, stream, STREAM_ID_MIN, STREAM_ID_MAX);
    static const uint64_t order[] = {60, 70, 70, 10, 120, 110, 50};
    for (size_t i = 0; i < ARRAY_LENGTH(order); i++) {
        struct slice field, value;
        cr_assert(stream_iterator_find(&iterator, id_of(order[i], 0), &pairs));
        cr_assert(stream_iterator_pair(&iterator, &field, &value));
        cr_assert(slice_equals(value, SLICE_LITERAL("value")));
        cr_assert_not(stream_iterator_pair(&iterator, &field, &value));
    }
    stream_destroy(stream);
}

Test(stream_iterator, finds_no_entry_that_was_deleted_or_never_was)
{
    struct stream *stream = make();
    cr_assert(stream_delete(stream, id_of(70, 0)));
    struct stream_iterator iterator;
    size_t pairs;
    stream_iterator_init(&iterator, stream, STREAM_ID_MIN, STREAM_ID_MAX);
    static const uint64_t missing[] = {70, 65, 5, 121, UINT64_MAX};
    for (size_t i = 0; i < ARRAY_LENGTH(missing); i++) {
        cr_assert_not(stream_iterator_find(&iterator, id_of(missing[i], 0), &pairs));
    }
    cr_assert(stream_iterator_find(&iterator, id_of(80, 0), &pairs), "and goes on finding those that are there");
    stream_destroy(stream);
}

Test(stream_iterator, gives_the_pairs_of_entries_with_fields_of_their_own)
{
    struct stream *stream = make();
    struct slice items[] = {SLICE_LITERAL("a"), SLICE_LITERAL("1"), SLICE_LITERAL("12"),
                            SLICE_LITERAL(""),  SLICE_LITERAL("a"), SLICE_LITERAL("-7")};
    add(stream, id_of(130, 0), items, 3);
    struct stream_iterator iterator;
    struct stream_id id;
    size_t pairs;
    stream_iterator_init(&iterator, stream, id_of(130, 0), STREAM_ID_MAX);
    cr_assert(stream_iterator_next(&iterator, &id, &pairs));
    cr_assert_eq(pairs, 3);
    for (size_t i = 0; i < ARRAY_LENGTH(items); i += 2) {
        struct slice field, value;
        cr_assert(stream_iterator_pair(&iterator, &field, &value));
        cr_assert(slice_equals(field, items[i]) && slice_equals(value, items[i + 1]));
    }
    stream_destroy(stream);
}

Test(stream_iterator, pairs_left_unread_do_not_disturb_the_next_entry)
{
    struct stream *stream = stream_create();
    struct slice first[] = {SLICE_LITERAL("a"), SLICE_LITERAL("1"), SLICE_LITERAL("b"), SLICE_LITERAL("2")};
    struct slice second[] = {SLICE_LITERAL("a"), SLICE_LITERAL("3"), SLICE_LITERAL("b"), SLICE_LITERAL("4")};
    add(stream, id_of(1, 0), first, 2);
    add(stream, id_of(2, 0), second, 2);
    struct stream_iterator iterator;
    struct stream_id id;
    size_t pairs;
    struct slice field, value;
    stream_iterator_init(&iterator, stream, STREAM_ID_MIN, STREAM_ID_MAX);
    cr_assert(stream_iterator_next(&iterator, &id, &pairs));
    cr_assert(stream_iterator_pair(&iterator, &field, &value));
    cr_assert(stream_iterator_next(&iterator, &id, &pairs));
    cr_assert(stream_iterator_pair(&iterator, &field, &value));
    cr_assert(slice_equals(field, SLICE_LITERAL("a")) && slice_equals(value, SLICE_LITERAL("3")));
    stream_destroy(stream);
}

/* ---- trimming, where it meets what was deleted ---- */

static uint64_t trim(struct stream *stream, uint64_t maxlen, bool is_approximate)
{
    struct stream_trimming trimming = {
        .strategy = STREAM_TRIM_MAXLEN, .is_approximate = is_approximate, .maxlen = maxlen};
    return stream_trim(stream, &trimming);
}

Test(stream_trim, to_the_length_that_it_has_removes_nothing)
{
    struct stream *stream = make();
    cr_assert_eq(trim(stream, ENTRIES, false), 0);
    cr_assert_eq(trim(stream, UINT64_MAX, false), 0);
    cr_assert_eq(stream->first_id.ms, 10);
    stream_destroy(stream);
}

Test(stream_trim, to_nothing_keeps_the_last_id_and_forgets_the_first)
{
    struct stream *stream = make();
    cr_assert_eq(trim(stream, 0, false), ENTRIES);
    cr_assert_eq(stream_node_count(stream), 0);
    cr_assert(stream_id_is_zero(stream->first_id));
    cr_assert_eq(stream->last_id.ms, 10 * ENTRIES);
    stream_destroy(stream);
}

Test(stream_trim, counts_living_entries_alone)
{
    struct stream *stream = make();
    cr_assert(stream_delete(stream, id_of(20, 0)));
    cr_assert(stream_delete(stream, id_of(120, 0)));
    cr_assert_eq(trim(stream, 3, false), 7, "of ten");
    cr_assert_eq(stream->length, 3);
    cr_assert_eq(stream->first_id.ms, 90);
    stream_destroy(stream);
}

Test(stream_trim, approximately_keeps_the_node_that_holds_the_last_one_wanted)
{
    struct stream *stream = make();
    cr_assert_eq(trim(stream, 5, true), 4);
    cr_assert_eq(stream->first_id.ms, 50);
    cr_assert_eq(trim(stream, 4, true), 4);
    cr_assert_eq(stream->first_id.ms, 90);
    stream_destroy(stream);
}

Test(stream_trim, does_not_raise_the_greatest_deleted_id)
{
    struct stream *stream = make();
    cr_assert(stream_delete(stream, id_of(10, 0)));
    cr_assert_eq(trim(stream, 1, false), ENTRIES - 2);
    cr_assert_eq(stream->max_deleted_entry_id.ms, 10);
    stream_destroy(stream);
}

Test(stream_trim, by_id_beyond_the_last_empties_the_stream)
{
    struct stream *stream = make();
    struct stream_trimming trimming = {.strategy = STREAM_TRIM_MINID, .minid = STREAM_ID_MAX};
    cr_assert_eq(stream_trim(stream, &trimming), ENTRIES);
    cr_assert_eq(stream->length, 0);
    stream_destroy(stream);
}

Test(stream_trim, by_an_id_in_a_gap_keeps_what_comes_after_it)
{
    struct stream *stream = make();
    struct stream_trimming trimming = {.strategy = STREAM_TRIM_MINID, .minid = id_of(60, 1)};
    cr_assert_eq(stream_trim(stream, &trimming), 6);
    cr_assert_eq(stream->first_id.ms, 70);
    stream_destroy(stream);
}

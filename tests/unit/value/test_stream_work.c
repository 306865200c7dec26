/* SPDX-License-Identifier: BSD-3-Clause */
/* Estimates of what trimming and reading a stream cost: they never see more of it than they must.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>

#include "sherd/value/stream.h"

enum {
    PER_NODE = 100,
    ENOUGH = 1000000,
};

/* Entries 1-0, 2-0 ... in nodes of 100. */
static struct stream *make(uint64_t count)
{
    struct stream *stream = stream_create();
    struct slice items[] = {SLICE_LITERAL("n"), SLICE_LITERAL("1")};
    for (uint64_t ms = 1; ms <= count; ms++) {
        struct stream_addition addition = {.rule = STREAM_ID_EXPLICIT,
                                           .id = {.ms = ms},
                                           .pairs = {.items = items, .count = 1},
                                           .limits = {.node_max_entries = PER_NODE}};
        struct stream_id added;
        cr_assert_eq(stream_append(stream, &addition, &added), STREAM_OK);
    }
    return stream;
}

static size_t maxlen_work(const struct stream *stream, uint64_t maxlen, uint64_t limit, size_t enough)
{
    struct stream_trimming trimming = {.strategy = STREAM_TRIM_MAXLEN, .maxlen = maxlen, .limit = limit};
    return stream_trim_work(stream, &trimming, enough);
}

static size_t minid_work(const struct stream *stream, uint64_t ms)
{
    struct stream_trimming trimming = {.strategy = STREAM_TRIM_MINID, .minid = {.ms = ms}};
    return stream_trim_work(stream, &trimming, ENOUGH);
}

static size_t range_work(const struct stream *stream, uint64_t from, uint64_t to, bool is_reverse, uint64_t count)
{
    struct stream_iterator iterator;
    struct stream_id start = {.ms = from};
    struct stream_id end = {.ms = to};
    if (is_reverse) {
        stream_iterator_init_reverse(&iterator, stream, start, end);
    } else {
        stream_iterator_init(&iterator, stream, start, end);
    }
    return stream_iterator_work(&iterator, count, ENOUGH);
}

Test(stream_work, counts_the_nodes_a_trim_by_length_frees)
{
    struct stream *stream = make(1000);
    cr_assert_eq(maxlen_work(stream, 1000, 0, ENOUGH), 0);
    cr_assert_eq(maxlen_work(stream, 901, 0, ENOUGH), 0);
    cr_assert_eq(maxlen_work(stream, 900, 0, ENOUGH), 1);
    cr_assert_eq(maxlen_work(stream, 550, 0, ENOUGH), 4);
    cr_assert_eq(maxlen_work(stream, 0, 0, ENOUGH), 10);
    cr_assert_eq(maxlen_work(stream, 5000, 0, ENOUGH), 0);
    stream_destroy(stream);
}

Test(stream_work, counts_no_further_than_asked_nor_beyond_the_limit)
{
    struct stream *stream = make(1000);
    cr_assert_eq(maxlen_work(stream, 0, 0, 3), 3);
    cr_assert_eq(maxlen_work(stream, 0, 250, ENOUGH), 2);
    cr_assert_eq(maxlen_work(stream, 0, 99, ENOUGH), 0);
    stream_destroy(stream);
}

Test(stream_work, counts_the_nodes_a_trim_by_id_frees)
{
    struct stream *stream = make(1000);
    cr_assert_eq(minid_work(stream, 1), 0);
    cr_assert_eq(minid_work(stream, 100), 0);
    cr_assert_eq(minid_work(stream, 101), 1);
    cr_assert_eq(minid_work(stream, 555), 5);
    cr_assert_eq(minid_work(stream, 5000), 10);
    stream_destroy(stream);
}

Test(stream_work, is_nothing_for_an_empty_stream)
{
    struct stream *stream = stream_create();
    cr_assert_eq(maxlen_work(stream, 0, 0, ENOUGH), 0);
    cr_assert_eq(minid_work(stream, 5), 0);
    cr_assert_eq(range_work(stream, 0, UINT64_MAX, false, 0), 0);
    cr_assert_eq(range_work(stream, 0, UINT64_MAX, true, 0), 0);
    stream_destroy(stream);
}

Test(stream_work, grows_with_the_range_and_shrinks_with_the_count)
{
    struct stream *stream = make(1000);
    for (int is_reverse = 0; is_reverse <= 1; is_reverse++) {
        size_t all = range_work(stream, 0, UINT64_MAX, is_reverse, 0);
        size_t half = range_work(stream, 250, 749, is_reverse, 0);
        size_t one = range_work(stream, 0, UINT64_MAX, is_reverse, 1);
        cr_assert_gt(all, 1000 * 100);
        cr_assert_gt(all, half);
        cr_assert_gt(half, 500 * 100);
        cr_assert_gt(half, one);
        cr_assert_leq(one, stream->pack_bytes + 100);
        cr_assert_eq(range_work(stream, 0, UINT64_MAX, is_reverse, 1000000), all);
    }
    stream_destroy(stream);
}

Test(stream_work, of_a_range_stops_at_enough)
{
    struct stream *stream = make(1000);
    struct stream_iterator iterator;
    stream_iterator_init(&iterator, stream, STREAM_ID_MIN, STREAM_ID_MAX);
    cr_assert_eq(stream_iterator_work(&iterator, 0, 20000), 20000);
    struct stream_id id;
    size_t pairs;
    cr_assert(stream_iterator_next(&iterator, &id, &pairs), "asking does not move the iterator");
    cr_assert_eq(id.ms, 1);
    stream_destroy(stream);
}

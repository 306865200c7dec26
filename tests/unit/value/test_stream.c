/* SPDX-License-Identifier: BSD-3-Clause */
/* Streams: ids, trimming, deleting, reading in ranges; and a long random run beside a naive array.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "sherd/base/memory.h"
#include "sherd/base/number.h"
#include "sherd/value/stream.h"

static const struct stream_limits DEFAULTS = {.node_max_bytes = 4096, .node_max_entries = 100};

static struct stream_id id_of(uint64_t ms, uint64_t seq)
{
    return (struct stream_id){.ms = ms, .seq = seq};
}

static enum stream_result add_by(struct stream *stream, enum stream_id_rule rule, struct stream_id id,
                                 struct stream_id *added)
{
    struct slice items[] = {SLICE_LITERAL("n"), SLICE_LITERAL("1")};
    struct stream_addition addition = {
        .rule = rule, .id = id, .now_ms = id.ms, .pairs = {.items = items, .count = 1}, .limits = DEFAULTS};
    return stream_append(stream, &addition, added);
}

static enum stream_result add(struct stream *stream, uint64_t ms, uint64_t seq)
{
    struct stream_id added;
    return add_by(stream, STREAM_ID_EXPLICIT, id_of(ms, seq), &added);
}

/* Entries 1-0, 2-0 ... */
static struct stream *make(uint64_t count)
{
    struct stream *stream = stream_create();
    for (uint64_t ms = 1; ms <= count; ms++) {
        cr_assert_eq(add(stream, ms, 0), STREAM_OK);
    }
    return stream;
}

static uint64_t trim(struct stream *stream, uint64_t maxlen, bool is_approximate, uint64_t limit)
{
    struct stream_trimming trimming = {
        .strategy = STREAM_TRIM_MAXLEN, .is_approximate = is_approximate, .maxlen = maxlen, .limit = limit};
    return stream_trim(stream, &trimming);
}

static uint64_t trim_before(struct stream *stream, uint64_t ms, bool is_approximate, uint64_t limit)
{
    struct stream_trimming trimming = {
        .strategy = STREAM_TRIM_MINID, .is_approximate = is_approximate, .minid = id_of(ms, 0), .limit = limit};
    return stream_trim(stream, &trimming);
}

static uint64_t count_range(const struct stream *stream, uint64_t from_ms, uint64_t to_ms)
{
    struct stream_iterator forward, backward;
    struct stream_id id;
    size_t pairs;
    uint64_t count = 0, back = 0;
    stream_iterator_init(&forward, stream, id_of(from_ms, 0), id_of(to_ms, UINT64_MAX));
    while (stream_iterator_next(&forward, &id, &pairs)) {
        count++;
    }
    stream_iterator_init_reverse(&backward, stream, id_of(from_ms, 0), id_of(to_ms, UINT64_MAX));
    while (stream_iterator_next(&backward, &id, &pairs)) {
        back++;
    }
    cr_assert_eq(count, back);
    return count;
}

Test(stream, is_empty_at_first)
{
    struct stream *stream = stream_create();
    cr_assert_eq(stream->length, 0);
    cr_assert(stream_id_is_zero(stream->last_id));
    cr_assert_eq(count_range(stream, 0, UINT64_MAX), 0);
    cr_assert_eq(trim(stream, 0, false, 0), 0);
    cr_assert_not(stream_delete(stream, id_of(1, 1)));
    stream_destroy(stream);
}

Test(stream, takes_only_growing_ids)
{
    struct stream *stream = stream_create();
    cr_assert_eq(add(stream, 0, 0), STREAM_ID_TOO_SMALL);
    cr_assert_eq(add(stream, 5, 5), STREAM_OK);
    cr_assert_eq(add(stream, 5, 5), STREAM_ID_TOO_SMALL);
    cr_assert_eq(add(stream, 4, 9), STREAM_ID_TOO_SMALL);
    cr_assert_eq(add(stream, 5, 6), STREAM_OK);
    cr_assert_eq(stream->length, 2);
    cr_assert_eq(stream->entries_added, 2);
    cr_assert(stream_id_equals(stream->first_id, id_of(5, 5)));
    cr_assert(stream_id_equals(stream->last_id, id_of(5, 6)));
    stream_destroy(stream);
}

Test(stream, gives_the_next_sequence_for_a_partial_id)
{
    struct stream *stream = stream_create();
    struct stream_id id;
    cr_assert_eq(add_by(stream, STREAM_ID_AUTO_SEQUENCE, id_of(0, 0), &id), STREAM_OK);
    cr_assert(stream_id_equals(id, id_of(0, 1)));
    cr_assert_eq(add_by(stream, STREAM_ID_AUTO_SEQUENCE, id_of(7, 0), &id), STREAM_OK);
    cr_assert(stream_id_equals(id, id_of(7, 0)));
    cr_assert_eq(add_by(stream, STREAM_ID_AUTO_SEQUENCE, id_of(7, 0), &id), STREAM_OK);
    cr_assert(stream_id_equals(id, id_of(7, 1)));
    cr_assert_eq(add_by(stream, STREAM_ID_AUTO_SEQUENCE, id_of(6, 0), &id), STREAM_ID_TOO_SMALL);
    cr_assert_eq(add(stream, 7, UINT64_MAX), STREAM_OK);
    cr_assert_eq(add_by(stream, STREAM_ID_AUTO_SEQUENCE, id_of(7, 0), &id), STREAM_ID_TOO_SMALL);
    cr_assert_eq(add_by(stream, STREAM_ID_AUTO_SEQUENCE, id_of(8, 0), &id), STREAM_OK);
    cr_assert(stream_id_equals(id, id_of(8, 0)));
    stream_destroy(stream);
}

Test(stream, never_goes_back_in_time_with_automatic_ids)
{
    struct stream *stream = stream_create();
    struct stream_id id;
    cr_assert_eq(add_by(stream, STREAM_ID_AUTO, id_of(1000, 0), &id), STREAM_OK);
    cr_assert(stream_id_equals(id, id_of(1000, 0)));
    cr_assert_eq(add_by(stream, STREAM_ID_AUTO, id_of(1000, 0), &id), STREAM_OK);
    cr_assert(stream_id_equals(id, id_of(1000, 1)));
    cr_assert_eq(add_by(stream, STREAM_ID_AUTO, id_of(500, 0), &id), STREAM_OK);
    cr_assert(stream_id_equals(id, id_of(1000, 2)));
    stream->last_id = id_of(2000, UINT64_MAX);
    cr_assert_eq(add_by(stream, STREAM_ID_AUTO, id_of(1500, 0), &id), STREAM_OK);
    cr_assert(stream_id_equals(id, id_of(2001, 0)));
    stream_destroy(stream);
}

Test(stream, runs_out_of_ids)
{
    struct stream *stream = stream_create();
    struct stream_id id = id_of(3, 3);
    cr_assert_eq(add(stream, UINT64_MAX, UINT64_MAX), STREAM_OK);
    cr_assert_eq(add(stream, UINT64_MAX, UINT64_MAX), STREAM_IDS_EXHAUSTED);
    cr_assert_eq(add_by(stream, STREAM_ID_AUTO, id_of(1, 0), &id), STREAM_IDS_EXHAUSTED);
    cr_assert(stream_id_equals(id, id_of(3, 3)), "untouched");
    stream_destroy(stream);
}

Test(stream, refuses_entries_beyond_one_gibibyte_without_change)
{
    struct stream *stream = make(1);
    struct slice items[] = {SLICE_LITERAL("f"), {.data = "never read", .len = STREAM_NODE_MAX_BYTES}};
    struct stream_addition addition = {
        .rule = STREAM_ID_AUTO, .now_ms = 9, .pairs = {.items = items, .count = 1}, .limits = DEFAULTS};
    struct stream_id id;
    cr_assert_eq(stream_append(stream, &addition, &id), STREAM_ENTRY_TOO_LARGE);
    cr_assert_eq(stream->length, 1);
    cr_assert(stream_id_equals(stream->last_id, id_of(1, 0)));
    stream_destroy(stream);
}

Test(stream, begins_a_node_after_a_hundred_entries)
{
    struct stream *stream = make(100);
    cr_assert_eq(stream->nodes.count, 1);
    cr_assert_eq(add(stream, 101, 0), STREAM_OK);
    cr_assert_eq(stream->nodes.count, 2);
    stream_destroy(stream);
}

Test(stream, trims_exactly_and_approximately_by_length)
{
    struct stream *stream = make(1000);
    cr_assert_eq(trim(stream, 1000, false, 0), 0);
    cr_assert_eq(trim(stream, 777, true, 0), 200, "whole nodes only");
    cr_assert_eq(trim(stream, 777, false, 0), 23);
    cr_assert(stream_id_equals(stream->first_id, id_of(224, 0)));
    cr_assert_eq(trim(stream, 700, true, 0), 77, "the node begun is worth 77");
    cr_assert_eq(trim(stream, 0, false, 0), 700);
    cr_assert_eq(stream->nodes.count, 0);
    cr_assert(stream_id_is_zero(stream->first_id));
    cr_assert(stream_id_equals(stream->last_id, id_of(1000, 0)));
    cr_assert(stream_id_is_zero(stream->max_deleted_entry_id), "trimming is not deleting");
    cr_assert_eq(stream->entries_added, 1000);
    stream_destroy(stream);
}

Test(stream, trims_by_id)
{
    struct stream *stream = make(1000);
    cr_assert_eq(trim_before(stream, 1, false, 0), 0);
    cr_assert_eq(trim_before(stream, 250, true, 0), 200);
    cr_assert_eq(trim_before(stream, 250, false, 0), 49);
    cr_assert(stream_id_equals(stream->first_id, id_of(250, 0)));
    cr_assert_eq(trim_before(stream, 5000, true, 0), 751);
    cr_assert_eq(stream->length, 0);
    stream_destroy(stream);
}

Test(stream, stops_trimming_before_crossing_the_limit)
{
    struct stream *stream = make(1000);
    cr_assert_eq(trim(stream, 0, true, 99), 0);
    cr_assert_eq(trim(stream, 0, true, 250), 200);
    cr_assert_eq(trim_before(stream, 5000, true, 100), 100);
    cr_assert_eq(trim(stream, 0, true, 0), 700);
    stream_destroy(stream);
}

Test(stream, deletes_by_id_and_remembers_the_greatest)
{
    struct stream *stream = make(300);
    cr_assert(stream_delete(stream, id_of(150, 0)));
    cr_assert_not(stream_delete(stream, id_of(150, 0)));
    cr_assert_not(stream_delete(stream, id_of(150, 1)));
    cr_assert(stream_delete(stream, id_of(1, 0)));
    cr_assert(stream_id_equals(stream->first_id, id_of(2, 0)));
    cr_assert(stream_id_equals(stream->max_deleted_entry_id, id_of(150, 0)));
    cr_assert_eq(stream->length, 298);
    cr_assert_not(stream_contains(stream, id_of(150, 0)));
    cr_assert(stream_contains(stream, id_of(151, 0)));
    cr_assert_eq(count_range(stream, 140, 160), 20);
    stream_destroy(stream);
}

Test(stream, drops_a_node_when_its_last_entry_is_deleted)
{
    struct stream *stream = make(300);
    for (uint64_t ms = 101; ms <= 200; ms++) {
        cr_assert(stream_delete(stream, id_of(ms, 0)));
    }
    cr_assert_eq(stream->nodes.count, 2);
    cr_assert_eq(count_range(stream, 100, 201), 2);
    cr_assert_eq(count_range(stream, 101, 200), 0);
    stream_destroy(stream);
}

Test(stream, keeps_its_last_id_when_emptied)
{
    struct stream *stream = make(1);
    cr_assert(stream_delete(stream, id_of(1, 0)));
    cr_assert(stream_id_is_zero(stream->first_id));
    cr_assert_eq(add(stream, 1, 0), STREAM_ID_TOO_SMALL);
    cr_assert_eq(add(stream, 1, 1), STREAM_OK);
    cr_assert(stream_id_equals(stream->first_id, id_of(1, 1)));
    stream_destroy(stream);
}

Test(stream, yields_pairs_whether_read_or_not)
{
    struct stream *stream = stream_create();
    struct slice items[] = {SLICE_LITERAL("a"), SLICE_LITERAL("1"), SLICE_LITERAL("42"), SLICE_LITERAL("-7")};
    struct stream_addition addition = {.rule = STREAM_ID_AUTO, .limits = DEFAULTS};
    struct stream_iterator iterator;
    struct stream_id id;
    struct slice field, value;
    size_t pairs;
    for (uint64_t ms = 1; ms <= 10; ms++) {
        addition.now_ms = ms;
        addition.pairs = (struct stream_pairs){.items = items, .count = ms % 2 ? 2 : 1};
        cr_assert_eq(stream_append(stream, &addition, &id), STREAM_OK);
    }
    stream_iterator_init(&iterator, stream, STREAM_ID_MIN, STREAM_ID_MAX);
    for (uint64_t ms = 1; ms <= 10; ms++) {
        cr_assert(stream_iterator_next(&iterator, &id, &pairs));
        cr_assert_eq(pairs, ms % 2 ? 2 : 1);
        /* Read 0, 1 or 2 pairs, so that next has something to skip. */
        for (uint64_t i = 0; i < ms % 3 && i < pairs; i++) {
            cr_assert(stream_iterator_pair(&iterator, &field, &value));
            cr_assert(slice_equals(field, items[2 * i]) && slice_equals(value, items[2 * i + 1]));
        }
    }
    cr_assert_not(stream_iterator_next(&iterator, &id, &pairs));
    cr_assert_not(stream_iterator_next(&iterator, &id, &pairs), "it stays at the end");
    stream_destroy(stream);
}

Test(stream, copies_deeply)
{
    struct stream *stream = make(250);
    cr_assert(stream_delete(stream, id_of(7, 0)));
    struct stream *copy = stream_copy(stream);
    cr_assert_eq(trim(stream, 0, false, 0), 249);
    cr_assert_eq(copy->length, 249);
    cr_assert_eq(count_range(copy, 0, UINT64_MAX), 249);
    cr_assert(stream_id_equals(copy->max_deleted_entry_id, id_of(7, 0)));
    cr_assert_eq(add(copy, 251, 0), STREAM_OK);
    stream_destroy(stream);
    stream_destroy(copy);
}

Test(stream, accounts_for_its_memory)
{
    struct stream *stream = stream_create();
    size_t empty = stream_bytes(stream);
    for (uint64_t ms = 1; ms <= 5000; ms++) {
        cr_assert_eq(add(stream, ms, 0), STREAM_OK);
    }
    cr_assert_gt(stream_bytes(stream), 5000 * 9);
    cr_assert_lt(stream_bytes(stream), 5000 * 20);
    cr_assert_eq(trim(stream, 0, false, 0), 5000);
    cr_assert_eq(stream->pack_bytes, 0);
    cr_assert_lt(stream_bytes(stream), empty + 64);
    stream_destroy(stream);
}

Test(stream, loads_nodes_it_wrote_and_refuses_others)
{
    struct stream *stream = make(150);
    struct stream *loaded = stream_create();
    struct stream_place place = stream_nodes_first(&stream->nodes);
    const struct stream_node *node;
    for (; (node = stream_nodes_at(&stream->nodes, place)) != NULL; place = stream_nodes_next(&stream->nodes, place)) {
        size_t len = listpack_bytes(&node->pack);
        unsigned char *data = memory_alloc(len);
        memcpy(data, node->pack.data, len);
        cr_assert_eq(stream_load_node(loaded, node->master, data, len), STATUS_OK);
        cr_assert_eq(stream_load_node(loaded, node->master, node->pack.data, len), STATUS_INVALID, "order");
        cr_assert_eq(stream_load_node(loaded, STREAM_ID_MAX, node->pack.data, len - 1), STATUS_INVALID, "cut");
    }
    cr_assert_eq(loaded->length, 150);
    cr_assert_eq(count_range(loaded, 0, UINT64_MAX), 150);
    stream_destroy(stream);
    stream_destroy(loaded);
}

/* The naive stream: every entry ever added, in an array, and whether it is still there. */
#define MODEL_ENTRIES 20000
struct model {
    struct stream_id ids[MODEL_ENTRIES];
    bool is_live[MODEL_ENTRIES];
    size_t count;
    uint64_t length;
};

static void model_add(struct stream *stream, struct model *model)
{
    char text[NUMBER_I64_BYTES];
    static const struct slice names[] = {SLICE_LITERAL("a"), SLICE_LITERAL("b")};
    struct stream_id last = stream->last_id;
    struct stream_id id = random() % 3 ? id_of(last.ms, last.seq + 1) : id_of(last.ms + 1, (uint64_t)random() % 3);
    struct slice items[] = {names[random() % 2], slice_make(text, number_print_u64(text, id.ms ^ id.seq))};
    struct stream_addition addition = {.rule = STREAM_ID_EXPLICIT,
                                       .id = id,
                                       .pairs = {.items = items, .count = 1},
                                       .limits = {.node_max_bytes = 256, .node_max_entries = 10}};
    cr_assert_eq(stream_append(stream, &addition, &id), STREAM_OK);
    model->ids[model->count] = id;
    model->is_live[model->count++] = true;
    model->length++;
}

static void model_delete(struct stream *stream, struct model *model)
{
    size_t index = (size_t)random() % model->count;
    cr_assert_eq(stream_delete(stream, model->ids[index]), model->is_live[index]);
    model->length -= model->is_live[index];
    model->is_live[index] = false;
}

/* Exact trimming is known in advance; of the approximate one the length tells how much went, all from the front. */
static void model_trim(struct stream *stream, struct model *model)
{
    uint64_t removed = 0;
    long way = random() % 3;
    uint64_t target = model->length - (model->length == 0 ? 0 : (uint64_t)random() % (model->length / 20 + 1));
    size_t index = (size_t)random() % (model->count / 10 + 1);
    if (way == 0) {
        removed = trim(stream, target, false, 0);
        cr_assert_eq(removed, model->length - target);
    } else if (way == 1) {
        removed = trim(stream, target, true, 0);
        cr_assert_leq(removed, model->length - target);
    } else {
        struct stream_trimming by_id = {.strategy = STREAM_TRIM_MINID, .minid = model->ids[index]};
        removed = stream_trim(stream, &by_id);
    }
    uint64_t left = removed;
    for (size_t i = 0; i < model->count && (way == 2 ? i < index : left != 0); i++) {
        left -= model->is_live[i];
        model->is_live[i] = false;
    }
    cr_assert_eq(left, 0);
    model->length -= removed;
}

/* One range read both ways, values included. */
static void model_compare(const struct stream *stream, const struct model *model, size_t from, size_t to)
{
    for (int is_reverse = 0; is_reverse < 2; is_reverse++) {
        struct stream_iterator iterator;
        struct stream_id id;
        struct slice field, value;
        size_t pairs;
        (is_reverse ? stream_iterator_init_reverse : stream_iterator_init)(&iterator, stream, model->ids[from],
                                                                           model->ids[to]);
        for (size_t step = 0; step <= to - from; step++) {
            size_t index = is_reverse ? to - step : from + step;
            if (!model->is_live[index]) {
                continue;
            }
            uint64_t number;
            cr_assert(stream_iterator_next(&iterator, &id, &pairs));
            cr_assert(stream_id_equals(id, model->ids[index]));
            cr_assert(stream_iterator_pair(&iterator, &field, &value));
            cr_assert(number_parse_u64(value, &number) && number == (id.ms ^ id.seq));
            cr_assert_not(stream_iterator_pair(&iterator, &field, &value));
        }
        cr_assert_not(stream_iterator_next(&iterator, &id, &pairs));
    }
}

static void model_check(const struct stream *stream, const struct model *model)
{
    size_t first = 0;
    while (first < model->count && !model->is_live[first]) {
        first++;
    }
    cr_assert_eq(stream->length, model->length);
    cr_assert_eq(stream->entries_added, model->count);
    cr_assert(stream_id_equals(stream->first_id, first < model->count ? model->ids[first] : STREAM_ID_MIN));
    model_compare(stream, model, 0, model->count - 1);
}

Test(stream, agrees_with_an_array_under_random_changes)
{
    struct model *model = memory_alloc_zeroed(sizeof(*model));
    struct stream *stream = stream_create();
    srandom(3);
    while (model->count < MODEL_ENTRIES) {
        long action = random() % 100;
        if (action < 70 || model->count == 0) {
            model_add(stream, model);
        } else if (action < 99) {
            model_delete(stream, model);
        } else {
            model_trim(stream, model);
        }
        if (model->count % 1000 == 0) {
            model_check(stream, model);
        } else if (action < 5 && model->count != 0) {
            size_t from = (size_t)random() % model->count;
            size_t span = (size_t)random() % 40;
            model_compare(stream, model, from, from + span < model->count ? from + span : model->count - 1);
        }
    }
    model_check(stream, model);
    stream_destroy(stream);
    memory_free(model);
}

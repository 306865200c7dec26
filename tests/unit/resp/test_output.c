/* SPDX-License-Identifier: BSD-3-Clause */
/* Outputs: bytes with referenced blobs in between come out in order, whatever the socket takes at a time, and every
 * reference is given back.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>

#include "sherd/resp/output.h"

enum {
    BLOBS = 3,
    BLOB_BYTES = 40,
};

/* An output with blobs at its beginning, in its middle twice at the same place, and what it says in all. */
struct sample {
    struct output output;
    struct blob *blobs[BLOBS];
    struct buffer flat;
};

static void add_text(struct sample *sample, const char *text)
{
    buffer_append_slice(&sample->output.bytes, slice_from_text(text));
    buffer_append_slice(&sample->flat, slice_from_text(text));
}

static void add_blob(struct sample *sample, int index)
{
    output_insert_blob(&sample->output, blob_reference(sample->blobs[index]));
    buffer_append_slice(&sample->flat, blob_slice(sample->blobs[index]));
}

static void sample_init(struct sample *sample)
{
    output_init(&sample->output);
    buffer_init(&sample->flat);
    for (int i = 0; i < BLOBS; i++) {
        sample->blobs[i] = blob_create((size_t)(BLOB_BYTES + i), (size_t)(BLOB_BYTES + i));
        memset(sample->blobs[i]->data, 'a' + i, sample->blobs[i]->len);
    }
    add_blob(sample, 0);
    add_text(sample, "$40\r\n");
    add_blob(sample, 1);
    add_blob(sample, 2);
    add_text(sample, "\r\n:1\r\n");
}

static void sample_deinit(struct sample *sample)
{
    output_deinit(&sample->output);
    buffer_deinit(&sample->flat);
    for (int i = 0; i < BLOBS; i++) {
        cr_assert(blob_is_sole(sample->blobs[i]), "blob %d is still referred to", i);
        blob_release(sample->blobs[i]);
    }
}

/* Writes a range out as a socket would that takes `step` bytes at a time, with `max` vectors. */
static struct buffer drain(struct output *output, struct output_range *range, size_t step, size_t max)
{
    struct buffer sink;
    buffer_init(&sink);
    struct iovec vectors[16];
    size_t count;
    while ((count = output_vectors(output, range, vectors, max)) != 0) {
        cr_assert_leq(count, max);
        size_t room = step;
        size_t before = output_range_bytes(output, range);
        for (size_t i = 0; i < count && room > 0; i++) {
            size_t take = vectors[i].iov_len < room ? vectors[i].iov_len : room;
            buffer_append(&sink, vectors[i].iov_base, take);
            room -= take;
        }
        output_advance(output, range, step - room);
        cr_assert_eq(output_range_bytes(output, range), before - (step - room));
    }
    cr_assert_eq(output_range_bytes(output, range), 0);
    return sink;
}

static void expect_same(const struct buffer *got, struct slice expected)
{
    cr_assert(slice_equals(buffer_slice(got), expected), "%.*s", (int)got->len, got->data);
}

Test(output, is_empty_at_first)
{
    struct output output;
    output_init(&output);
    cr_assert(output_is_empty(&output));
    struct output_range range = output_all(&output);
    struct iovec vectors[2];
    cr_assert_eq(output_vectors(&output, &range, vectors, 2), 0);
    cr_assert_eq(output_range_bytes(&output, &range), 0);
    output_deinit(&output);
}

Test(output, gives_vectors_in_order)
{
    struct sample sample;
    sample_init(&sample);
    cr_assert_not(output_is_empty(&sample.output));
    cr_assert_eq(sample.output.insert_bytes, 3 * BLOB_BYTES + 3);
    struct output_range range = output_all(&sample.output);
    cr_assert_eq(output_range_bytes(&sample.output, &range), sample.flat.len);
    struct iovec vectors[16];
    cr_assert_eq(output_vectors(&sample.output, &range, vectors, 16), 5);
    cr_assert_eq(vectors[0].iov_base, (void *)sample.blobs[0]->data);
    cr_assert_eq(vectors[1].iov_len, 5);
    cr_assert_eq(vectors[2].iov_base, (void *)sample.blobs[1]->data);
    cr_assert_eq(vectors[3].iov_base, (void *)sample.blobs[2]->data);
    cr_assert_eq(vectors[4].iov_len, 6);
    sample_deinit(&sample);
}

Test(output, drains_whatever_is_taken_at_a_time)
{
    for (size_t step = 1; step <= 150; step++) {
        for (size_t max = 2; max <= 6; max++) {
            struct sample sample;
            sample_init(&sample);
            struct output_range range = output_all(&sample.output);
            struct buffer sink = drain(&sample.output, &range, step, max);
            expect_same(&sink, buffer_slice(&sample.flat));
            cr_assert_eq(sample.output.insert_bytes, 0);
            buffer_deinit(&sink);
            sample_deinit(&sample);
        }
    }
}

Test(output, drains_stretches_of_several_sessions)
{
    struct sample sample;
    sample_init(&sample);
    struct output_range first = output_all(&sample.output);
    size_t len = sample.flat.len;
    add_text(&sample, "+OK\r\n");
    add_blob(&sample, 1);
    struct output_range second = output_all(&sample.output);
    second.begin = first.end;
    second.insert_begin = first.insert_end;
    struct buffer sink = drain(&sample.output, &second, 7, 4);
    expect_same(&sink, slice_make(sample.flat.data + len, sample.flat.len - len));
    buffer_deinit(&sink);
    sink = drain(&sample.output, &first, 7, 4);
    expect_same(&sink, slice_make(sample.flat.data, len));
    buffer_deinit(&sink);
    sample_deinit(&sample);
}

Test(output, moves_what_is_left_to_another)
{
    for (size_t written = 0; written <= 3 * BLOB_BYTES + 14; written++) {
        struct sample sample;
        sample_init(&sample);
        struct output other;
        output_init(&other);
        buffer_append(&other.bytes, "first ", 6);
        struct output_range range = output_all(&sample.output);
        output_advance(&sample.output, &range, written);
        size_t left = output_range_bytes(&sample.output, &range);
        cr_assert_eq(left, sample.flat.len - written);
        output_move(&other, &sample.output, &range);
        cr_assert_eq(sample.output.insert_bytes, 0);
        struct output_range all = output_all(&other);
        cr_assert_eq(output_range_bytes(&other, &all), 6 + left);
        cr_assert_eq(other.bytes.len + other.insert_bytes, 6 + left);
        struct buffer sink = drain(&other, &all, 11, 3);
        cr_assert(slice_equals(slice_make(sink.data, 6), SLICE_LITERAL("first ")));
        cr_assert(slice_equals(slice_make(sink.data + 6, sink.len - 6), slice_make(sample.flat.data + written, left)));
        buffer_deinit(&sink);
        output_deinit(&other);
        sample_deinit(&sample);
    }
}

Test(output, truncates_to_a_mark)
{
    struct sample sample;
    sample_init(&sample);
    struct output_mark mark = output_mark(&sample.output);
    size_t len = sample.flat.len;
    size_t insert_bytes = sample.output.insert_bytes;
    add_text(&sample, "more");
    add_blob(&sample, 0);
    add_text(&sample, "and more");
    output_truncate(&sample.output, mark);
    cr_assert_eq(sample.output.insert_bytes, insert_bytes);
    struct output_range range = output_all(&sample.output);
    struct buffer sink = drain(&sample.output, &range, 1000, 16);
    expect_same(&sink, slice_make(sample.flat.data, len));
    buffer_deinit(&sink);
    sample_deinit(&sample);
}

Test(output, clears_and_can_be_used_again)
{
    struct sample sample;
    sample_init(&sample);
    output_clear(&sample.output, 0);
    cr_assert(output_is_empty(&sample.output));
    cr_assert_eq(sample.output.insert_bytes, 0);
    for (int i = 0; i < BLOBS; i++) {
        cr_assert(blob_is_sole(sample.blobs[i]));
    }
    sample.flat.len = 0;
    add_text(&sample, "again ");
    for (int i = 0; i < 20; i++) {
        add_blob(&sample, i % BLOBS);
    }
    struct output_range range = output_all(&sample.output);
    struct buffer sink = drain(&sample.output, &range, 33, 4);
    expect_same(&sink, buffer_slice(&sample.flat));
    buffer_deinit(&sink);
    sample_deinit(&sample);
}

/* What was moved into an output stays where it is, however much comes behind it. */
Test(output, keeps_what_was_moved_where_it_is)
{
    enum { MOVES = 40, STEP = OUTPUT_RUN_BYTES / 7 };
    struct output own;
    struct buffer flat;
    output_init(&own);
    buffer_init(&flat);
    struct blob *value = blob_from_slice(SLICE_LITERAL("shared"));
    for (int i = 0; i < MOVES; i++) {
        struct output turn;
        output_init(&turn);
        for (int n = 0; n < STEP + i; n++) {
            buffer_append(&turn.bytes, &"abcdefghijklm"[(i + n) % 13], 1);
        }
        buffer_append_slice(&flat, buffer_slice(&turn.bytes));
        if (i % 10 == 9) {
            output_insert_blob(&turn, blob_reference(value));
            buffer_append_slice(&flat, blob_slice(value));
        }
        struct output_range all = output_all(&turn);
        output_move(&own, &turn, &all);
        output_deinit(&turn);
    }
    cr_assert(own.bytes.len <= OUTPUT_RUN_BYTES);
    cr_assert_eq(own.bytes.len + own.insert_bytes, flat.len);
    cr_assert(own.insert_count < MOVES / 2, "%zu blobs", own.insert_count);
    cr_assert_eq(value->len, strlen("shared"));
    struct output_range range = output_all(&own);
    struct buffer sink = drain(&own, &range, OUTPUT_RUN_BYTES / 3, 5);
    expect_same(&sink, buffer_slice(&flat));
    buffer_deinit(&sink);
    buffer_deinit(&flat);
    output_deinit(&own);
    blob_release(value);
}

Test(output, seals_a_long_run_into_a_blob)
{
    struct output output;
    output_init(&output);
    for (int i = 0; i < OUTPUT_RUN_BYTES; i++) {
        buffer_append(&output.bytes, &"abcdefghijklm"[i % 13], 1);
    }
    output_seal(&output);
    cr_assert_eq(output.insert_count, 0, "short enough to stay");
    buffer_append(&output.bytes, "!", 1);
    output_seal(&output);
    cr_assert_eq(output.bytes.len, 0);
    cr_assert_eq(output.insert_bytes, OUTPUT_RUN_BYTES + 1);
    const struct blob *blob = output.inserts[0].blob;
    for (int i = 0; i < OUTPUT_RUN_BYTES; i++) {
        cr_assert_eq(blob->data[i], "abcdefghijklm"[i % 13]);
    }
    cr_assert_eq(blob->data[OUTPUT_RUN_BYTES], '!');
    output_deinit(&output);
}

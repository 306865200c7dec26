/* SPDX-License-Identifier: BSD-3-Clause */
/* Outputs with referenced blobs: vectors for writev, and moving what was not written yet.
 * Owner: the caller. Locks: none. */
#include "sherd/resp/output.h"

void output_init(struct output *output)
{
    *output = (struct output){0};
}

static void release_inserts(struct output *output, size_t from)
{
    for (size_t i = from; i < output->insert_count; i++) {
        if (output->inserts[i].blob != NULL) {
            output->insert_bytes -= output->inserts[i].blob->len - output->inserts[i].skip;
            blob_release(output->inserts[i].blob);
        }
    }
    output->insert_count = from;
}

void output_deinit(struct output *output)
{
    release_inserts(output, 0);
    memory_free(output->inserts);
    buffer_deinit(&output->bytes);
    *output = (struct output){0};
}

void output_clear(struct output *output, size_t keep_bytes)
{
    release_inserts(output, 0);
    output->bytes.len = 0;
    buffer_shrink(&output->bytes, keep_bytes);
}

void output_insert_blob(struct output *output, struct blob *blob)
{
    if (output->insert_count == output->insert_cap) {
        output->insert_cap = output->insert_cap == 0 ? 4 : output->insert_cap * 2;
        output->inserts = memory_resize(output->inserts, output->insert_cap * sizeof(output->inserts[0]));
    }
    output->inserts[output->insert_count++] = (struct output_insert){.at = output->bytes.len, .blob = blob};
    output->insert_bytes += blob->len;
}

void output_truncate(struct output *output, struct output_mark mark)
{
    release_inserts(output, mark.inserts);
    output->bytes.len = mark.bytes;
}

size_t output_range_bytes(const struct output *output, const struct output_range *range)
{
    size_t bytes = range->end - range->begin;
    for (size_t i = range->insert_begin; i < range->insert_end; i++) {
        bytes += output->inserts[i].blob->len - output->inserts[i].skip;
    }
    return bytes;
}

size_t output_vectors(const struct output *output, const struct output_range *range, struct iovec *vectors, size_t max)
{
    ASSERT(max >= 2);
    size_t count = 0;
    size_t at = range->begin;
    for (size_t i = range->insert_begin; i < range->insert_end && count + 2 <= max; i++) {
        const struct output_insert *insert = &output->inserts[i];
        if (insert->at > at) {
            vectors[count++] = (struct iovec){.iov_base = output->bytes.data + at, .iov_len = insert->at - at};
            at = insert->at;
        }
        size_t left = insert->blob->len - insert->skip;
        if (left > 0) {
            vectors[count++] = (struct iovec){.iov_base = insert->blob->data + insert->skip, .iov_len = left};
        }
        if (i + 1 < range->insert_end && count + 2 > max) {
            return count;
        }
    }
    if (at < range->end && count < max) {
        vectors[count++] = (struct iovec){.iov_base = output->bytes.data + at, .iov_len = range->end - at};
    }
    return count;
}

void output_advance(struct output *output, struct output_range *range, size_t written)
{
    while (range->insert_begin < range->insert_end) {
        struct output_insert *insert = &output->inserts[range->insert_begin];
        size_t before = insert->at - range->begin;
        size_t step = written < before ? written : before;
        range->begin += step;
        written -= step;
        if (range->begin < insert->at) {
            return;
        }
        size_t left = insert->blob->len - insert->skip;
        step = written < left ? written : left;
        insert->skip += step;
        output->insert_bytes -= step;
        written -= step;
        if (step < left) {
            return;
        }
        blob_release(insert->blob);
        insert->blob = NULL;
        range->insert_begin++;
    }
    range->begin += written;
    ASSERT(range->begin <= range->end);
}

/* As much as there is room for behind the last blob, when nobody else knows that; returns how much that was. */
static size_t fill_last_blob(struct output *to, struct slice bytes)
{
    struct output_insert *last = to->insert_count == 0 ? NULL : &to->inserts[to->insert_count - 1];
    if (last == NULL || last->blob == NULL || last->at != to->bytes.len || !blob_is_sole(last->blob)) {
        return 0;
    }
    struct blob *blob = last->blob;
    size_t room = blob->cap - blob->len;
    size_t count = bytes.len < room ? bytes.len : room;
    memcpy(blob->data + blob->len, bytes.data, count);
    blob->len += count;
    to->insert_bytes += count;
    return count;
}

static void append_run(struct output *to, struct slice bytes)
{
    if (bytes.len == 0) {
        return;
    }
    if (LIKELY(to->bytes.len + bytes.len <= OUTPUT_RUN_BYTES)) {
        buffer_append_slice(&to->bytes, bytes);
        return;
    }
    size_t filled = fill_last_blob(to, bytes);
    if (filled < bytes.len) {
        size_t left = bytes.len - filled;
        struct blob *blob = blob_create(left, OUTPUT_RUN_BYTES);
        memcpy(blob->data, bytes.data + filled, left);
        output_insert_blob(to, blob);
    }
}

void output_seal(struct output *output)
{
    struct buffer *bytes = &output->bytes;
    if (bytes->len <= OUTPUT_RUN_BYTES || output->insert_count != 0) {
        return;
    }
    struct blob *blob = blob_from_bytes(bytes->data, bytes->len);
    *bytes = (struct buffer){0};
    output_insert_blob(output, blob);
}

void output_move(struct output *to, struct output *from, struct output_range *range)
{
    for (; range->insert_begin < range->insert_end; range->insert_begin++) {
        struct output_insert *insert = &from->inserts[range->insert_begin];
        append_run(to, slice_make(from->bytes.data + range->begin, insert->at - range->begin));
        range->begin = insert->at;
        size_t left = insert->blob->len - insert->skip;
        output_insert_blob(to, insert->blob);
        to->inserts[to->insert_count - 1].skip = insert->skip;
        to->insert_bytes -= insert->skip;
        from->insert_bytes -= left;
        insert->blob = NULL;
    }
    append_run(to, slice_make(from->bytes.data + range->begin, range->end - range->begin));
    range->begin = range->end;
}

struct output_range output_all(const struct output *output)
{
    return (struct output_range){.end = output->bytes.len, .insert_end = output->insert_count};
}

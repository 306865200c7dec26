/* SPDX-License-Identifier: BSD-3-Clause */
/* Bytes on their way out: a buffer, and large values referenced at places in between instead of copied.
 * Owner: a worker's turn, a session, or whoever executes for one. Locks: none. */
#ifndef SHERD_RESP_OUTPUT_H
#define SHERD_RESP_OUTPUT_H

#include <sys/uio.h>

#include "sherd/base/blob.h"
#include "sherd/base/buffer.h"

/* A blob (one reference held) that goes out after bytes.data[at]. */
struct output_insert {
    size_t at;
    size_t skip; /* bytes of the blob that are out already */
    struct blob *blob;
};

struct output {
    struct buffer bytes;
    struct output_insert *inserts; /* ascending by `at` */
    size_t insert_count;
    size_t insert_cap;
    size_t insert_bytes; /* bytes in the blobs that are still to go */
};

/* A stretch of an output: where one session's replies stand in a shared one. */
struct output_range {
    size_t begin, end;               /* in bytes */
    size_t insert_begin, insert_end; /* in inserts */
};

void output_init(struct output *output);
void output_deinit(struct output *output);
/* Forgets everything; keeps at most `keep_bytes` of storage. */
void output_clear(struct output *output, size_t keep_bytes);
/* Puts a blob here; takes over one reference. */
void output_insert_blob(struct output *output, struct blob *blob);
/* Cuts everything behind a point taken earlier with output_mark. */
struct output_mark {
    size_t bytes;
    size_t inserts;
};
static inline struct output_mark output_mark(const struct output *output)
{
    return (struct output_mark){.bytes = output->bytes.len, .inserts = output->insert_count};
}
void output_truncate(struct output *output, struct output_mark mark);
/* Total bytes of a range, blobs included. */
size_t output_range_bytes(const struct output *output, const struct output_range *range);
/* Fills at most `max` vectors (at least 2) with the range's beginning; returns how many. */
size_t output_vectors(const struct output *output, const struct output_range *range, struct iovec *vectors, size_t max);
/* Moves the range's beginning forward by `written` bytes; the blobs passed are released. */
void output_advance(struct output *output, struct output_range *range, size_t written);
/* Appends a range of `from` to `to`: bytes are copied, blob references move (`from` loses the range). However much
 * comes together in `to`, what is there stays where it is: behind the first OUTPUT_RUN_BYTES it is kept in blobs. */
enum {
    OUTPUT_RUN_BYTES = 256 * 1024,
};
void output_move(struct output *to, struct output *from, struct output_range *range);
/* Turns a long run of bytes into a blob, so that output_move need not copy it later. Takes as long as a copy. */
void output_seal(struct output *output);
/* The whole output as a range. */
struct output_range output_all(const struct output *output);

static inline bool output_is_empty(const struct output *output)
{
    return output->bytes.len == 0 && output->insert_count == 0;
}

#endif

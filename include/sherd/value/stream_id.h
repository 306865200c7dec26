/* SPDX-License-Identifier: BSD-3-Clause */
/* The id of a stream entry: milliseconds and a sequence number, ordered as one 128 bit number.
 * Owner: nobody, there is no state. Locks: none. */
#ifndef SHERD_VALUE_STREAM_ID_H
#define SHERD_VALUE_STREAM_ID_H

#include "sherd/base/slice.h"

#define STREAM_ID_TEXT_BYTES 48 /* room for "<u64>-<u64>" */

struct stream_id {
    uint64_t ms;  /* Unix time, or any number the client chose */
    uint64_t seq; /* tells apart the entries of one millisecond */
};

#define STREAM_ID_MIN ((struct stream_id){.ms = 0, .seq = 0})
#define STREAM_ID_MAX ((struct stream_id){.ms = UINT64_MAX, .seq = UINT64_MAX})

/* <0, 0, >0 */
static inline int stream_id_compare(struct stream_id a, struct stream_id b)
{
    if (a.ms != b.ms) {
        return a.ms < b.ms ? -1 : 1;
    }
    return (a.seq > b.seq) - (a.seq < b.seq);
}

static inline bool stream_id_equals(struct stream_id a, struct stream_id b)
{
    return a.ms == b.ms && a.seq == b.seq;
}

static inline bool stream_id_is_zero(struct stream_id id)
{
    return (id.ms | id.seq) == 0;
}

/* Steps to the id just after or just before; false, and no change, at the very last or first id. */
NODISCARD bool stream_id_increment(struct stream_id *id);
NODISCARD bool stream_id_decrement(struct stream_id *id);

/* Reads "ms-seq", or "ms" which takes `missing_seq`. The words "-", "+", "$", "*" and ">" are the caller's.
 * Numbers are read as Redis reads them: leading zeros, blanks or a plus sign are let through. */
NODISCARD bool stream_id_parse(struct slice text, uint64_t missing_seq, struct stream_id *id);
/* The same for XADD, which also takes "ms-*": then `*seq_is_auto` is true and seq is 0. A bare "ms" means ms-0. */
NODISCARD bool stream_id_parse_new(struct slice text, struct stream_id *id, bool *seq_is_auto);

/* Writes "ms-seq" without a NUL; gives the length. */
size_t stream_id_print(struct stream_id id, char text[STREAM_ID_TEXT_BYTES]);

#endif

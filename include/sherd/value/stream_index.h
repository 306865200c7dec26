/* SPDX-License-Identifier: BSD-3-Clause */
/* Records of one size in the order of the stream ids that they begin with: what is pending in a consumer group.
 *
 *   directory (array of {least id, chunk}) -> chunks of up to 127 records, sorted, with a gap at the front
 *
 * Finding is two binary searches; the first stays within the directory. Adding at the end and removing at the front,
 * the usual ways, are O(1) amortised; elsewhere part of one chunk moves, and a full chunk splits. Neighbours that have
 * become sparse are joined. A small index pays for what it has: the first chunk starts with four places and doubles.
 * Places and record pointers are valid until the next insertion or removal.
 * Owner: the group or consumer. Locks: none. */
#ifndef SHERD_VALUE_STREAM_INDEX_H
#define SHERD_VALUE_STREAM_INDEX_H

#include "sherd/value/stream_id.h"

struct stream_index_slot;

struct stream_index {
    struct stream_index_slot *directory; /* owned */
    uint32_t chunks;
    uint32_t cap;          /* of the directory */
    uint32_t record_bytes; /* a record begins with its struct stream_id */
    size_t count;          /* records in all */
    size_t *account;       /* where the memory of directory and chunks is counted; borrowed */
};

/* Where a record is. */
struct stream_index_place {
    uint32_t chunk;
    uint32_t slot;
};

void stream_index_init(struct stream_index *index, uint32_t record_bytes, size_t *account);
void stream_index_deinit(struct stream_index *index);
/* Initialises `copy` with the same records, counted in `account`. */
void stream_index_copy(struct stream_index *copy, const struct stream_index *original, size_t *account);

/* NULL when there is none. */
NODISCARD void *stream_index_find(const struct stream_index *index, struct stream_id id);
/* The record of that id, added when it is missing: then `*is_new` is true, and all but its id is the caller's to fill
 * in. */
void *stream_index_add(struct stream_index *index, struct stream_id id, bool *is_new);
/* Whether there was one. */
bool stream_index_remove(struct stream_index *index, struct stream_id id);

/* The place of the first record whose id is not less; past the end when there is none. */
struct stream_index_place stream_index_seek(const struct stream_index *index, struct stream_id id);
/* The record there; NULL past the end. */
NODISCARD void *stream_index_at(const struct stream_index *index, struct stream_index_place place);
struct stream_index_place stream_index_next(const struct stream_index *index, struct stream_index_place place);
/* NULL when it is empty. */
NODISCARD void *stream_index_first(const struct stream_index *index);
NODISCARD void *stream_index_last(const struct stream_index *index);

#endif

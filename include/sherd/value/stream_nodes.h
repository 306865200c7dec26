/* SPDX-License-Identifier: BSD-3-Clause */
/* The nodes of a stream in the order of their ids: appended at the end, dropped mostly at the front, found by id.
 *
 *   directory (array of chunk pointers) -> chunks of up to 128 nodes, sorted; both keep a gap at the front
 *
 * Finding is two binary searches. Appending and dropping at the front are O(1) amortised. Dropping in the middle moves
 * the rest of one chunk (at most 4 KiB), and the directory (8 bytes a chunk) only when that was the chunk's last node.
 * A small stream pays for what it has: the first chunk starts with two places and doubles.
 * Places and node pointers are valid until the next append or drop.
 * Owner: the stream. Locks: none. */
#ifndef SHERD_VALUE_STREAM_NODES_H
#define SHERD_VALUE_STREAM_NODES_H

#include "sherd/value/stream_node.h"

struct stream_chunk;

struct stream_nodes {
    struct stream_chunk **directory; /* owned */
    size_t head;                     /* unused places before the first chunk */
    size_t chunks;
    size_t cap;
    size_t count; /* nodes in all */
    size_t bytes; /* memory of directory and chunks, without the listpacks */
};

/* Where a node is. */
struct stream_place {
    size_t chunk;
    uint32_t slot;
};

void stream_nodes_init(struct stream_nodes *nodes);
/* Frees the nodes too. */
void stream_nodes_deinit(struct stream_nodes *nodes);

/* Adds a place for a node at the end, whose id must be greater than all others; the caller fills it in at once. */
struct stream_node *stream_nodes_append(struct stream_nodes *nodes);
/* Takes the node out of the order; its listpack must have been freed. Afterwards `place` is that of the next node. */
void stream_nodes_drop(struct stream_nodes *nodes, struct stream_place *place);

/* The node at a place, or NULL when the place is past either end. */
struct stream_node *stream_nodes_at(const struct stream_nodes *nodes, struct stream_place place);
struct stream_node *stream_nodes_tail(const struct stream_nodes *nodes);

/* Places past either end are allowed as results, and give NULL above. */
struct stream_place stream_nodes_first(const struct stream_nodes *nodes);
struct stream_place stream_nodes_last(const struct stream_nodes *nodes);
struct stream_place stream_nodes_next(const struct stream_nodes *nodes, struct stream_place place);
struct stream_place stream_nodes_prev(const struct stream_nodes *nodes, struct stream_place place);
/* The last node whose master id is not greater than `id`; past the end when all are greater. */
struct stream_place stream_nodes_floor(const struct stream_nodes *nodes, struct stream_id id);

#endif

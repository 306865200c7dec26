/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the quicklist share: nodes, the chunks that hold them, and compression.
 * Owner: the list. Locks: none. */
#ifndef SHERD_CONTAINER_QUICKLIST_PRIVATE_H
#define SHERD_CONTAINER_QUICKLIST_PRIVATE_H

#include "sherd/base/memory.h"
#include "sherd/container/quicklist.h"

enum {
    QUICKLIST_CHUNK_NODES = 64,
    QUICKLIST_ELEMENT_OVERHEAD = 8, /* what a listpack may add to an element's bytes, as Redis estimates it */
};

enum node_kind {
    NODE_PACK,
    NODE_PLAIN,
    NODE_PACK_COMPRESSED,
    NODE_PLAIN_COMPRESSED,
};

struct compressed {
    uint32_t bytes;     /* of data */
    uint32_t raw_bytes; /* what it becomes */
    unsigned char data[];
};

struct quicklist_node {
    union {
        struct listpack pack;          /* NODE_PACK */
        struct blob *plain;            /* NODE_PLAIN, one reference */
        struct compressed *compressed; /* the other two */
    };
    uint32_t count; /* elements */
    uint32_t kind;  /* enum node_kind */
};

struct quicklist_chunk {
    struct quicklist_chunk *prev;
    struct quicklist_chunk *next;
    uint64_t count; /* elements in its nodes */
    uint32_t begin; /* nodes[begin .. end - 1] are in use, at least one */
    uint32_t end;
    uint32_t cap;
    struct quicklist_node nodes[];
};

/* A node's place. chunk NULL: none. Adding and removing nodes makes all others invalid. */
struct spot {
    struct quicklist_chunk *chunk;
    uint32_t index;
};

static inline struct quicklist_node *spot_node(struct spot spot)
{
    return &spot.chunk->nodes[spot.index];
}

static inline struct spot spot_of(struct quicklist_place place)
{
    return (struct spot){.chunk = place.chunk, .index = place.node};
}

static inline struct spot spot_next(struct spot spot)
{
    if (++spot.index == spot.chunk->end) {
        spot.chunk = spot.chunk->next;
        spot.index = spot.chunk == NULL ? 0 : spot.chunk->begin;
    }
    return spot;
}

static inline struct spot spot_prev(struct spot spot)
{
    if (spot.index-- == spot.chunk->begin) {
        spot.chunk = spot.chunk->prev;
        spot.index = spot.chunk == NULL ? 0 : spot.chunk->end - 1;
    }
    return spot;
}

static inline struct spot spot_first(const struct quicklist *list)
{
    return (struct spot){.chunk = list->first, .index = list->first == NULL ? 0 : list->first->begin};
}

static inline struct spot spot_last(const struct quicklist *list)
{
    return (struct spot){.chunk = list->last, .index = list->last == NULL ? 0 : list->last->end - 1};
}

static inline struct spot spot_end(const struct quicklist *list, enum quicklist_end end)
{
    return end == QUICKLIST_FRONT ? spot_first(list) : spot_last(list);
}

/* Counts elements that were added to or (negative) removed from a node. */
static inline void spot_count(struct quicklist *list, struct spot spot, int64_t change)
{
    spot_node(spot)->count = (uint32_t)((int64_t)spot_node(spot)->count + change);
    spot.chunk->count += (uint64_t)change;
    list->count += (uint64_t)change;
}

/* Room for a new node before `before`, or at the back when that is none. The node is a pack without elements and
 * without bytes: the caller fills it. */
struct spot quicklist_add_node(struct quicklist *list, struct spot before);
/* Removes a node with what it holds; gives the one that follows. */
struct spot quicklist_remove_node(struct quicklist *list, struct spot spot);
/* The node with an element of that index, and how many elements of it stand before that one. */
struct spot quicklist_find_node(const struct quicklist *list, uint64_t index, uint64_t *before);

/* Does an element of `len` bytes stand alone? */
bool quicklist_is_large(const struct quicklist *list, size_t len);
/* Is there room for an element of `len` bytes in this node? */
bool quicklist_allows(const struct quicklist *list, const struct quicklist_node *node, size_t len);
/* Makes an empty node of a source, alone in it. */
void quicklist_fill_node(struct quicklist *list, struct spot spot, struct quicklist_source source);
void quicklist_free_node(struct quicklist_node *node);

/* Uncompresses a node in place. */
void quicklist_open_node(struct quicklist_node *node);
/* Compresses a node when that saves anything. */
void quicklist_close_node(struct quicklist_node *node);
/* The bytes of a compressed node, in memory that the caller frees. */
NODISCARD unsigned char *quicklist_uncompress(const struct compressed *compressed);
/* After nodes came or went: those near the ends are uncompressed, the first ones behind them compressed. */
void quicklist_settle_ends(struct quicklist *list);
/* The same, and what stands around a node that was changed is compressed again if it is far from both ends. */
void quicklist_settle_around(struct quicklist *list, struct spot spot);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Quicklists: the chunks that hold the nodes in order.
 * A list with few nodes has one small chunk that doubles; later chunks are of full size. Nodes may stand anywhere in
 * their chunk, so that either end can grow; a chunk without room is divided, except at the ends of the list, where a
 * new one begins.
 * Owner: the list. Locks: none. */
#include "quicklist_private.h"

enum {
    FIRST_CHUNK_NODES = 2,
};

static size_t chunk_bytes(uint32_t cap)
{
    return sizeof(struct quicklist_chunk) + cap * sizeof(struct quicklist_node);
}

static uint32_t chunk_used(const struct quicklist_chunk *chunk)
{
    return chunk->end - chunk->begin;
}

/* An empty chunk between `prev` and `next`. */
static struct quicklist_chunk *chunk_add(struct quicklist *list, struct quicklist_chunk *prev,
                                         struct quicklist_chunk *next, uint32_t cap)
{
    struct quicklist_chunk *chunk = memory_alloc(chunk_bytes(cap));
    *chunk = (struct quicklist_chunk){.prev = prev, .next = next, .cap = cap};
    *(prev == NULL ? &list->first : &prev->next) = chunk;
    *(next == NULL ? &list->last : &next->prev) = chunk;
    return chunk;
}

static void chunk_unlink(struct quicklist *list, struct quicklist_chunk *chunk)
{
    *(chunk->prev == NULL ? &list->first : &chunk->prev->next) = chunk->next;
    *(chunk->next == NULL ? &list->last : &chunk->next->prev) = chunk->prev;
    memory_free(chunk);
}

/* Moves the nodes of a chunk so that the first stands at `begin`. */
static void chunk_slide(struct quicklist_chunk *chunk, uint32_t begin)
{
    uint32_t used = chunk_used(chunk);
    memmove(&chunk->nodes[begin], &chunk->nodes[chunk->begin], used * sizeof(struct quicklist_node));
    chunk->begin = begin;
    chunk->end = begin + used;
}

/* Moves the nodes from `index` on to the chunk `to`, which is empty. */
static void chunk_divide(struct quicklist_chunk *from, uint32_t index, struct quicklist_chunk *to)
{
    uint32_t moved = from->end - index;
    memcpy(to->nodes, &from->nodes[index], moved * sizeof(struct quicklist_node));
    to->end = moved;
    from->end = index;
    for (uint32_t i = 0; i < moved; i++) {
        to->count += to->nodes[i].count;
    }
    from->count -= to->count;
}

/* The only chunk of a list, twice as large. */
static struct quicklist_chunk *chunk_double(struct quicklist *list, struct quicklist_chunk *chunk)
{
    uint32_t cap = chunk->cap * 2;
    chunk = memory_resize(chunk, chunk_bytes(cap));
    chunk->cap = cap;
    list->first = list->last = chunk;
    return chunk;
}

/* Gives the chunk, and the index in it, where one more node fits before what stood at `spot`; index may be its end. */
static struct spot make_room(struct quicklist *list, struct spot spot)
{
    struct quicklist_chunk *chunk = spot.chunk;
    if (chunk_used(chunk) < chunk->cap) {
        return spot;
    }
    if (chunk->cap < QUICKLIST_CHUNK_NODES) {
        return (struct spot){.chunk = chunk_double(list, chunk), .index = spot.index};
    }
    if (spot.index == chunk->end && chunk->next == NULL) {
        return (struct spot){.chunk = chunk_add(list, chunk, NULL, QUICKLIST_CHUNK_NODES), .index = 0};
    }
    if (spot.index == chunk->begin && chunk->prev == NULL) {
        struct quicklist_chunk *added = chunk_add(list, NULL, chunk, QUICKLIST_CHUNK_NODES);
        added->begin = added->end = added->cap;
        return (struct spot){.chunk = added, .index = added->end};
    }
    struct quicklist_chunk *added = chunk_add(list, chunk, chunk->next, QUICKLIST_CHUNK_NODES);
    uint32_t middle = chunk->begin + chunk_used(chunk) / 2;
    chunk_divide(chunk, middle, added);
    if (spot.index > middle) {
        return (struct spot){.chunk = added, .index = spot.index - middle};
    }
    return spot;
}

struct spot quicklist_add_node(struct quicklist *list, struct spot before)
{
    if (list->first == NULL) {
        before = (struct spot){.chunk = chunk_add(list, NULL, NULL, FIRST_CHUNK_NODES), .index = 0};
    } else if (before.chunk == NULL) {
        before = (struct spot){.chunk = list->last, .index = list->last->end};
    }
    struct spot spot = make_room(list, before);
    struct quicklist_chunk *chunk = spot.chunk;
    bool to_the_left = spot.index - chunk->begin < chunk->end - spot.index;
    if (to_the_left ? chunk->begin == 0 : chunk->end == chunk->cap) {
        /* No room on that side: a node that comes first or last leaves room there for its like. */
        uint32_t begin = to_the_left ? chunk->cap - chunk_used(chunk) : 0;
        spot.index = spot.index - chunk->begin + begin;
        chunk_slide(chunk, begin);
    }
    struct quicklist_node *nodes = chunk->nodes;
    if (to_the_left) {
        memmove(&nodes[chunk->begin - 1], &nodes[chunk->begin],
                (spot.index - chunk->begin) * sizeof(struct quicklist_node));
        chunk->begin--;
        spot.index--;
    } else {
        memmove(&nodes[spot.index + 1], &nodes[spot.index], (chunk->end - spot.index) * sizeof(struct quicklist_node));
        chunk->end++;
    }
    nodes[spot.index] = (struct quicklist_node){.kind = NODE_PACK};
    list->nodes++;
    return spot;
}

/* Joins a chunk with the next one when both would fill half of one. */
static void chunk_join(struct quicklist *list, struct quicklist_chunk *chunk)
{
    struct quicklist_chunk *next = chunk->next;
    if (next == NULL || chunk->cap < QUICKLIST_CHUNK_NODES ||
        chunk_used(chunk) + chunk_used(next) > QUICKLIST_CHUNK_NODES / 2) {
        return;
    }
    chunk_slide(chunk, 0);
    memcpy(&chunk->nodes[chunk->end], &next->nodes[next->begin], chunk_used(next) * sizeof(struct quicklist_node));
    chunk->end += chunk_used(next);
    chunk->count += next->count;
    chunk_unlink(list, next);
}

struct spot quicklist_remove_node(struct quicklist *list, struct spot spot)
{
    struct quicklist_chunk *chunk = spot.chunk;
    struct quicklist_node *nodes = chunk->nodes;
    spot_count(list, spot, -(int64_t)nodes[spot.index].count);
    quicklist_free_node(&nodes[spot.index]);
    list->nodes--;
    if (chunk_used(chunk) == 1) {
        struct quicklist_chunk *next = chunk->next;
        chunk_unlink(list, chunk);
        return (struct spot){.chunk = next, .index = next == NULL ? 0 : next->begin};
    }
    if (spot.index == chunk->begin) {
        chunk->begin++;
        spot.index++;
        return spot;
    }
    memmove(&nodes[spot.index], &nodes[spot.index + 1], (chunk->end - spot.index - 1) * sizeof(struct quicklist_node));
    chunk->end--;
    uint32_t offset = spot.index - chunk->begin;
    chunk_join(list, chunk);
    spot.index = chunk->begin + offset;
    if (spot.index == chunk->end) {
        spot = spot_next((struct spot){.chunk = chunk, .index = spot.index - 1});
    }
    return spot;
}

struct spot quicklist_find_node(const struct quicklist *list, uint64_t index, uint64_t *before)
{
    ASSERT(index < list->count);
    struct quicklist_chunk *chunk;
    uint64_t first; /* index of the chunk's first element */
    if (index < list->count / 2) {
        chunk = list->first;
        for (first = 0; index - first >= chunk->count; chunk = chunk->next) {
            first += chunk->count;
        }
    } else {
        chunk = list->last;
        for (first = list->count - chunk->count; index < first; first -= chunk->count) {
            chunk = chunk->prev;
        }
    }
    uint32_t node = chunk->begin;
    for (; index - first >= chunk->nodes[node].count; node++) {
        first += chunk->nodes[node].count;
    }
    *before = index - first;
    return (struct spot){.chunk = chunk, .index = node};
}

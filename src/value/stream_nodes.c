/* SPDX-License-Identifier: BSD-3-Clause */
/* The ordered index of a stream's nodes: a directory of sorted chunks.
 * Owner: the stream. Locks: none. */
#include "sherd/value/stream_nodes.h"

#include "sherd/base/memory.h"

#define CHUNK_NODES     128
#define FIRST_NODES     2
#define FIRST_DIRECTORY 2

struct stream_chunk {
    uint32_t head;  /* unused places before the first node */
    uint32_t count; /* never 0 while it is in the directory, but between append and the first node */
    uint32_t cap;
    struct stream_node nodes[];
};

static const struct stream_place NOWHERE = {.chunk = SIZE_MAX, .slot = 0};

static struct stream_chunk *chunk_at(const struct stream_nodes *nodes, size_t index)
{
    return nodes->directory[nodes->head + index];
}

static size_t chunk_bytes(size_t cap)
{
    return sizeof(struct stream_chunk) + cap * sizeof(struct stream_node);
}

void stream_nodes_init(struct stream_nodes *nodes)
{
    *nodes = (struct stream_nodes){.directory = NULL};
}

void stream_nodes_deinit(struct stream_nodes *nodes)
{
    for (size_t i = 0; i < nodes->chunks; i++) {
        struct stream_chunk *chunk = chunk_at(nodes, i);
        for (uint32_t j = 0; j < chunk->count; j++) {
            stream_node_deinit(&chunk->nodes[chunk->head + j]);
        }
        memory_free(chunk);
    }
    memory_free(nodes->directory);
    stream_nodes_init(nodes);
}

/* Makes room for one more chunk pointer: reuses the gap at the front when it is half of all, else doubles. */
static void directory_reserve(struct stream_nodes *nodes)
{
    if (nodes->head + nodes->chunks < nodes->cap) {
        return;
    }
    if (nodes->head != 0 && nodes->head >= nodes->cap / 2) {
        memmove(nodes->directory, nodes->directory + nodes->head, nodes->chunks * sizeof(struct stream_chunk *));
        nodes->head = 0;
        return;
    }
    size_t cap = nodes->cap == 0 ? FIRST_DIRECTORY : nodes->cap * 2;
    nodes->directory = memory_resize(nodes->directory, cap * sizeof(struct stream_chunk *));
    nodes->bytes += (cap - nodes->cap) * sizeof(struct stream_chunk *);
    nodes->cap = cap;
}

static struct stream_chunk *chunk_create(struct stream_nodes *nodes)
{
    uint32_t cap = nodes->chunks == 0 ? FIRST_NODES : CHUNK_NODES;
    struct stream_chunk *chunk = memory_alloc(chunk_bytes(cap));
    chunk->head = 0;
    chunk->count = 0;
    chunk->cap = cap;
    directory_reserve(nodes);
    nodes->directory[nodes->head + nodes->chunks] = chunk;
    nodes->chunks++;
    nodes->bytes += chunk_bytes(cap);
    return chunk;
}

/* The last chunk, with room for one more node at its end. */
static struct stream_chunk *tail_with_room(struct stream_nodes *nodes)
{
    if (nodes->chunks == 0) {
        return chunk_create(nodes);
    }
    struct stream_chunk *chunk = chunk_at(nodes, nodes->chunks - 1);
    if (chunk->head + chunk->count < chunk->cap) {
        return chunk;
    }
    if (chunk->head >= chunk->cap / 2) {
        memmove(chunk->nodes, chunk->nodes + chunk->head, chunk->count * sizeof(struct stream_node));
        chunk->head = 0;
        return chunk;
    }
    if (chunk->cap == CHUNK_NODES) {
        return chunk_create(nodes);
    }
    uint32_t cap = chunk->cap * 2;
    chunk = memory_resize(chunk, chunk_bytes(cap));
    nodes->bytes += chunk_bytes(cap) - chunk_bytes(chunk->cap);
    chunk->cap = cap;
    nodes->directory[nodes->head + nodes->chunks - 1] = chunk;
    return chunk;
}

struct stream_node *stream_nodes_append(struct stream_nodes *nodes)
{
    struct stream_chunk *chunk = tail_with_room(nodes);
    struct stream_node *node = &chunk->nodes[chunk->head + chunk->count];
    chunk->count++;
    nodes->count++;
    return node;
}

static void chunk_drop(struct stream_nodes *nodes, size_t index)
{
    struct stream_chunk **at = nodes->directory + nodes->head + index;
    nodes->bytes -= chunk_bytes((*at)->cap);
    memory_free(*at);
    nodes->chunks--;
    if (index == 0) {
        nodes->head = nodes->chunks == 0 ? 0 : nodes->head + 1;
        return;
    }
    memmove(at, at + 1, (nodes->chunks - index) * sizeof(struct stream_chunk *));
}

void stream_nodes_drop(struct stream_nodes *nodes, struct stream_place *place)
{
    struct stream_chunk *chunk = chunk_at(nodes, place->chunk);
    nodes->count--;
    chunk->count--;
    if (chunk->count == 0) {
        chunk_drop(nodes, place->chunk);
        place->slot = 0;
        return;
    }
    if (place->slot == 0) {
        chunk->head++;
        return;
    }
    struct stream_node *at = &chunk->nodes[chunk->head + place->slot];
    memmove(at, at + 1, (chunk->count - place->slot) * sizeof(struct stream_node));
    if (place->slot == chunk->count) {
        *place = (struct stream_place){.chunk = place->chunk + 1, .slot = 0};
    }
}

struct stream_node *stream_nodes_at(const struct stream_nodes *nodes, struct stream_place place)
{
    if (place.chunk >= nodes->chunks) {
        return NULL;
    }
    struct stream_chunk *chunk = chunk_at(nodes, place.chunk);
    return place.slot < chunk->count ? &chunk->nodes[chunk->head + place.slot] : NULL;
}

struct stream_node *stream_nodes_tail(const struct stream_nodes *nodes)
{
    return stream_nodes_at(nodes, stream_nodes_last(nodes));
}

struct stream_place stream_nodes_first(const struct stream_nodes *nodes)
{
    return nodes->chunks == 0 ? NOWHERE : (struct stream_place){.chunk = 0, .slot = 0};
}

/* The last place of a chunk; `chunk` may be one below the first. */
static struct stream_place end_of(const struct stream_nodes *nodes, size_t chunk)
{
    if (chunk >= nodes->chunks) {
        return NOWHERE;
    }
    return (struct stream_place){.chunk = chunk, .slot = chunk_at(nodes, chunk)->count - 1};
}

struct stream_place stream_nodes_last(const struct stream_nodes *nodes)
{
    return end_of(nodes, nodes->chunks - 1);
}

struct stream_place stream_nodes_next(const struct stream_nodes *nodes, struct stream_place place)
{
    if (place.chunk >= nodes->chunks) {
        return NOWHERE;
    }
    if (place.slot + 1 < chunk_at(nodes, place.chunk)->count) {
        return (struct stream_place){.chunk = place.chunk, .slot = place.slot + 1};
    }
    return place.chunk + 1 < nodes->chunks ? (struct stream_place){.chunk = place.chunk + 1, .slot = 0} : NOWHERE;
}

struct stream_place stream_nodes_prev(const struct stream_nodes *nodes, struct stream_place place)
{
    if (place.chunk >= nodes->chunks) {
        return NOWHERE;
    }
    if (place.slot != 0) {
        return (struct stream_place){.chunk = place.chunk, .slot = place.slot - 1};
    }
    return end_of(nodes, place.chunk - 1);
}

static bool is_after(const struct stream_node *node, struct stream_id id)
{
    return stream_id_compare(node->master, id) > 0;
}

struct stream_place stream_nodes_floor(const struct stream_nodes *nodes, struct stream_id id)
{
    /* First the number of chunks that begin at or before the id; the node is in the last of them. */
    size_t low = 0;
    size_t high = nodes->chunks;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct stream_chunk *chunk = chunk_at(nodes, middle);
        if (is_after(&chunk->nodes[chunk->head], id)) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    if (low == 0) {
        return NOWHERE;
    }
    const struct stream_chunk *chunk = chunk_at(nodes, low - 1);
    uint32_t from = 1; /* the first is known to be at or before */
    uint32_t to = chunk->count;
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        if (is_after(&chunk->nodes[chunk->head + middle], id)) {
            to = middle;
        } else {
            from = middle + 1;
        }
    }
    return (struct stream_place){.chunk = low - 1, .slot = from - 1};
}

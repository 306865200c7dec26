/* SPDX-License-Identifier: BSD-3-Clause */
/* Quicklists: life, limits, and both ends.
 * Owner: whoever embeds or creates one. Locks: none. */
#include "quicklist_private.h"

enum {
    SAFE_BYTES = 8192,      /* of a node whose limit is in elements */
    LARGEST_SIZE_CLASS = 5, /* list-max-listpack-size -5: 64 KiB */
    MOST_ELEMENTS = INT16_MAX,
    MOST_DEPTH = UINT16_MAX,
    FILLED_NODES = 32, /* from here on a new node gets its memory at once: it wastes a few parts in a hundred at most */
    SAMPLED_CHUNKS = 8, /* looked at for an estimate of the memory */
};

static int32_t bounded_size(int64_t node_size)
{
    if (node_size < -LARGEST_SIZE_CLASS) {
        return -LARGEST_SIZE_CLASS;
    }
    return node_size > MOST_ELEMENTS ? MOST_ELEMENTS : (int32_t)node_size;
}

void quicklist_limits(int64_t node_size, uint64_t *bytes, uint64_t *count)
{
    int32_t size = bounded_size(node_size);
    *bytes = UINT64_MAX;
    *count = UINT64_MAX;
    if (size >= 0) {
        *count = size == 0 ? 1 : (uint64_t)size;
    } else {
        *bytes = size == -LARGEST_SIZE_CLASS ? 65536 : UINT64_C(4096) << (-size - 1);
    }
}

bool quicklist_exceeds(int64_t node_size, size_t bytes, uint64_t count)
{
    uint64_t most_bytes, most_count;
    quicklist_limits(node_size, &most_bytes, &most_count);
    if (most_bytes != UINT64_MAX) {
        return bytes > most_bytes;
    }
    return bytes > SAFE_BYTES || count > most_count;
}

/* Bytes of a node at most. */
static size_t most_bytes(const struct quicklist *list)
{
    uint64_t bytes, count;
    quicklist_limits(list->node_size, &bytes, &count);
    return bytes == UINT64_MAX ? SAFE_BYTES : (size_t)bytes;
}

bool quicklist_is_large(const struct quicklist *list, size_t len)
{
    return UNLIKELY(list->plain_bytes != 0) ? len >= list->plain_bytes : len > most_bytes(list);
}

bool quicklist_allows(const struct quicklist *list, const struct quicklist_node *node, size_t len)
{
    return node->kind == NODE_PACK &&
           !quicklist_exceeds(list->node_size, listpack_bytes(&node->pack) + len + QUICKLIST_ELEMENT_OVERHEAD,
                              node->count + (uint64_t)1);
}

struct quicklist *quicklist_create(int64_t node_size, int64_t compress_depth, size_t plain_bytes)
{
    struct quicklist *list = memory_alloc(sizeof(*list));
    *list = (struct quicklist){.node_size = bounded_size(node_size), .plain_bytes = plain_bytes};
    list->compress_depth = compress_depth > MOST_DEPTH ? MOST_DEPTH : compress_depth < 0 ? 0 : (uint32_t)compress_depth;
    return list;
}

void quicklist_free_node(struct quicklist_node *node)
{
    switch ((enum node_kind)node->kind) {
    case NODE_PACK:
        listpack_deinit(&node->pack);
        break;
    case NODE_PLAIN:
        blob_release(node->plain);
        break;
    default:
        memory_free(node->compressed);
        break;
    }
}

void quicklist_destroy(struct quicklist *list)
{
    if (list == NULL) {
        return;
    }
    struct quicklist_chunk *next;
    for (struct quicklist_chunk *chunk = list->first; chunk != NULL; chunk = next) {
        next = chunk->next;
        for (uint32_t i = chunk->begin; i < chunk->end; i++) {
            quicklist_free_node(&chunk->nodes[i]);
        }
        memory_free(chunk);
    }
    memory_free(list);
}

static void node_copy(struct quicklist_node *copy, const struct quicklist_node *node)
{
    copy->kind = node->kind;
    switch ((enum node_kind)node->kind) {
    case NODE_PACK:
        listpack_copy(&copy->pack, &node->pack);
        break;
    case NODE_PLAIN:
        copy->plain = blob_reference(node->plain);
        break;
    default: {
        size_t bytes = sizeof(struct compressed) + node->compressed->bytes;
        copy->compressed = memory_alloc(bytes);
        memcpy(copy->compressed, node->compressed, bytes);
        break;
    }
    }
}

struct quicklist *quicklist_copy(const struct quicklist *list)
{
    struct quicklist *copy = quicklist_create(list->node_size, list->compress_depth, list->plain_bytes);
    for (struct spot from = spot_first(list); from.chunk != NULL; from = spot_next(from)) {
        struct spot to = quicklist_add_node(copy, (struct spot){0});
        node_copy(spot_node(to), spot_node(from));
        spot_count(copy, to, spot_node(from)->count);
    }
    return copy;
}

static size_t node_allocated(const struct quicklist_node *node)
{
    switch ((enum node_kind)node->kind) {
    case NODE_PACK:
        return listpack_allocated(&node->pack);
    case NODE_PLAIN:
        return sizeof(struct blob) + node->plain->cap;
    default:
        return memory_class_bytes(sizeof(struct compressed) + node->compressed->bytes);
    }
}

size_t quicklist_bytes(const struct quicklist *list)
{
    size_t bytes = 0;
    uint64_t nodes = 0;
    const struct quicklist_chunk *chunk = list->first;
    for (int i = 0; i < SAMPLED_CHUNKS && chunk != NULL; i++, chunk = chunk->next) {
        bytes += memory_class_bytes(sizeof(*chunk) + chunk->cap * sizeof(struct quicklist_node));
        for (uint32_t n = chunk->begin; n < chunk->end; n++) {
            bytes += node_allocated(&chunk->nodes[n]);
            nodes++;
        }
    }
    if (chunk != NULL) {
        bytes = (size_t)((double)bytes / (double)nodes * (double)list->nodes);
    }
    return sizeof(*list) + bytes;
}

static void push_text(struct quicklist_node *node, enum quicklist_end end, struct slice text)
{
    if (end == QUICKLIST_FRONT) {
        listpack_push_first(&node->pack, text);
    } else {
        listpack_push_last(&node->pack, text);
    }
}

void quicklist_fill_node(struct quicklist *list, struct spot spot, struct quicklist_source source)
{
    struct quicklist_node *node = spot_node(spot);
    if (quicklist_is_large(list, source.text.len)) {
        node->kind = NODE_PLAIN;
        node->plain = source.blob != NULL ? blob_reference(source.blob) : blob_from_slice(source.text);
    } else {
        /* Lists that have filled many nodes will fill this one, too: it gets its memory at once. */
        size_t most = most_bytes(list);
        bool will_fill = list->nodes > FILLED_NODES && list->node_size < 0 && source.text.len <= most / 8;
        listpack_init(&node->pack, will_fill ? most : 0);
        listpack_push_last(&node->pack, source.text);
    }
    spot_count(list, spot, 1);
}

void quicklist_push(struct quicklist *list, enum quicklist_end end, struct quicklist_source source)
{
    struct spot spot = spot_end(list, end);
    if (LIKELY(spot.chunk != NULL && !quicklist_is_large(list, source.text.len))) {
        struct quicklist_node *node = spot_node(spot);
        if (LIKELY(quicklist_allows(list, node, source.text.len))) {
            push_text(node, end, source.text);
            spot_count(list, spot, 1);
            return;
        }
        if (node->kind == NODE_PACK) {
            listpack_shrink(&node->pack);
        }
    }
    quicklist_fill_node(list, quicklist_add_node(list, end == QUICKLIST_FRONT ? spot : (struct spot){0}), source);
    quicklist_settle_ends(list);
}

struct quicklist_item quicklist_peek(const struct quicklist *list, enum quicklist_end end)
{
    const struct quicklist_node *node = spot_node(spot_end(list, end));
    if (node->kind == NODE_PLAIN) {
        return (struct quicklist_item){.value = {.text = blob_slice(node->plain)}, .blob = node->plain};
    }
    ASSERT(node->kind == NODE_PACK);
    size_t at = end == QUICKLIST_FRONT ? listpack_first(&node->pack) : listpack_last(&node->pack);
    return (struct quicklist_item){.value = listpack_get(&node->pack, at)};
}

void quicklist_drop(struct quicklist *list, enum quicklist_end end, uint64_t count)
{
    ASSERT(count <= list->count);
    uint64_t nodes = list->nodes;
    while (count != 0) {
        struct spot spot = spot_end(list, end);
        struct quicklist_node *node = spot_node(spot);
        if (node->count <= count) {
            count -= node->count;
            (void)quicklist_remove_node(list, spot);
            continue;
        }
        quicklist_open_node(node);
        if (end == QUICKLIST_FRONT) {
            listpack_drop_first(&node->pack, (size_t)count);
        } else {
            (void)listpack_delete_range(&node->pack, listpack_seek(&node->pack, -(int64_t)count), (size_t)count);
        }
        listpack_trim_room(&node->pack);
        spot_count(list, spot, -(int64_t)count);
        count = 0;
    }
    if (list->nodes != nodes) {
        quicklist_settle_ends(list);
    }
}

void quicklist_append_pack(struct quicklist *list, struct listpack pack)
{
    struct spot spot = quicklist_add_node(list, (struct spot){0});
    spot_node(spot)->pack = pack;
    spot_count(list, spot, (int64_t)listpack_count(&pack));
    quicklist_settle_ends(list);
}

bool quicklist_is_one_pack(const struct quicklist *list)
{
    return list->nodes == 1 && spot_node(spot_first(list))->kind == NODE_PACK;
}

size_t quicklist_one_pack_bytes(const struct quicklist *list)
{
    return listpack_bytes(&spot_node(spot_first(list))->pack);
}

struct listpack quicklist_take_pack(struct quicklist *list)
{
    struct spot spot = spot_first(list);
    struct listpack pack = spot_node(spot)->pack;
    spot_node(spot)->pack = (struct listpack){.data = NULL};
    (void)quicklist_remove_node(list, spot);
    return pack;
}

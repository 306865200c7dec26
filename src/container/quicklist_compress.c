/* SPDX-License-Identifier: BSD-3-Clause */
/* Quicklists: nodes far from both ends are compressed with LZF.
 * The invariant after every change: the first and the last `compress_depth` nodes are not compressed; each change of
 * one node shifts the others by at most one, so only the next node on either side, and the changed ones, are looked at.
 * Owner: the list. Locks: none. */
#include <liblzf/lzf.h>

#include "quicklist_private.h"

enum {
    LEAST_BYTES = 48,       /* smaller nodes are not worth it */
    LEAST_SAVING = 8,       /* bytes */
    MOST_BYTES = 64 * 1024, /* larger elements would take longer than may be spent under a shard's lock */
};

/* The bytes of a node that is not compressed. */
static struct slice node_bytes(const struct quicklist_node *node)
{
    return node->kind == NODE_PLAIN ? blob_slice(node->plain)
                                    : slice_make(node->pack.data, listpack_bytes(&node->pack));
}

void quicklist_close_node(struct quicklist_node *node)
{
    if (node->kind != NODE_PACK && node->kind != NODE_PLAIN) {
        return;
    }
    struct slice raw = node_bytes(node);
    if (raw.len < LEAST_BYTES || raw.len > MOST_BYTES) {
        return;
    }
    struct compressed *compressed = memory_alloc(sizeof(*compressed) + raw.len);
    unsigned bytes = lzf_compress(raw.data, (unsigned)raw.len, compressed->data, (unsigned)raw.len - LEAST_SAVING);
    if (bytes == 0) {
        memory_free(compressed);
        return;
    }
    compressed->bytes = bytes;
    compressed->raw_bytes = (uint32_t)raw.len;
    uint32_t count = node->count;
    uint32_t kind = node->kind == NODE_PLAIN ? NODE_PLAIN_COMPRESSED : NODE_PACK_COMPRESSED;
    quicklist_free_node(node);
    *node = (struct quicklist_node){
        .compressed = memory_resize(compressed, sizeof(*compressed) + bytes), .count = count, .kind = kind};
}

static void uncompress_into(const struct compressed *compressed, void *to)
{
    unsigned bytes = lzf_decompress(compressed->data, compressed->bytes, to, compressed->raw_bytes);
    ASSERT(bytes == compressed->raw_bytes);
}

unsigned char *quicklist_uncompress(const struct compressed *compressed)
{
    unsigned char *raw = memory_alloc(compressed->raw_bytes);
    uncompress_into(compressed, raw);
    return raw;
}

void quicklist_open_node(struct quicklist_node *node)
{
    if (LIKELY(node->kind == NODE_PACK || node->kind == NODE_PLAIN)) {
        return;
    }
    struct compressed *compressed = node->compressed;
    size_t len = compressed->raw_bytes;
    if (node->kind == NODE_PACK_COMPRESSED) {
        node->kind = NODE_PACK;
        listpack_adopt(&node->pack, quicklist_uncompress(compressed), len);
    } else {
        struct blob *blob = blob_create(len, len);
        uncompress_into(compressed, blob->data);
        node->kind = NODE_PLAIN;
        node->plain = blob;
    }
    memory_free(compressed);
}

void quicklist_settle_ends(struct quicklist *list)
{
    if (LIKELY(list->compress_depth == 0)) {
        return;
    }
    bool all_open = list->nodes <= 2 * (uint64_t)list->compress_depth;
    struct spot front = spot_first(list);
    struct spot back = spot_last(list);
    for (uint32_t i = 0; i < list->compress_depth && front.chunk != NULL && back.chunk != NULL; i++) {
        quicklist_open_node(spot_node(front));
        quicklist_open_node(spot_node(back));
        front = spot_next(front);
        back = spot_prev(back);
    }
    if (!all_open) {
        quicklist_close_node(spot_node(front));
        quicklist_close_node(spot_node(back));
    }
}

/* Are there `depth` nodes on either side? */
static bool is_interior(const struct quicklist *list, struct spot spot)
{
    struct spot front = spot;
    struct spot back = spot;
    for (uint32_t i = 0; i < list->compress_depth; i++) {
        front = spot_prev(front);
        back = spot_next(back);
        if (front.chunk == NULL || back.chunk == NULL) {
            return false;
        }
    }
    return true;
}

void quicklist_settle_around(struct quicklist *list, struct spot spot)
{
    enum {
        REACH = 3, /* a division and what is joined with its parts */
    };
    if (LIKELY(list->compress_depth == 0)) {
        return;
    }
    quicklist_settle_ends(list);
    if (spot.chunk == NULL) {
        spot = spot_last(list);
    }
    for (int i = 0; i < REACH && spot.chunk != NULL; i++) {
        struct spot prev = spot_prev(spot);
        if (prev.chunk == NULL) {
            break;
        }
        spot = prev;
    }
    for (int i = 0; i < 2 * REACH + 1 && spot.chunk != NULL; i++, spot = spot_next(spot)) {
        if (is_interior(list, spot)) {
            quicklist_close_node(spot_node(spot));
        }
    }
}

uint64_t quicklist_compressed(const struct quicklist *list)
{
    uint64_t compressed = 0;
    for (struct spot spot = spot_first(list); spot.chunk != NULL; spot = spot_next(spot)) {
        uint32_t kind = spot_node(spot)->kind;
        compressed += kind == NODE_PACK_COMPRESSED || kind == NODE_PLAIN_COMPRESSED;
    }
    return compressed;
}

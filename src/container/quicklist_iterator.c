/* SPDX-License-Identifier: BSD-3-Clause */
/* Quicklists: walking. A compressed node is uncompressed into the iterator, so that reading changes nothing.
 * Owner: the iterator's holder. Locks: none. */
#include "quicklist_private.h"

enum {
    AT_PLAIN = 1, /* stands for the element of a node that is no listpack */
};

/* Makes the node at iterator->place readable. */
static void load_node(struct quicklist_iterator *iterator)
{
    const struct quicklist_node *node = spot_node(spot_of(iterator->place));
    memory_free(iterator->scratch);
    iterator->scratch = NULL;
    iterator->pack = (struct listpack){.data = NULL};
    switch ((enum node_kind)node->kind) {
    case NODE_PACK:
        iterator->pack = node->pack;
        break;
    case NODE_PLAIN:
        iterator->plain = (struct quicklist_item){.value = {.text = blob_slice(node->plain)}, .blob = node->plain};
        break;
    case NODE_PACK_COMPRESSED:
        iterator->scratch = quicklist_uncompress(node->compressed);
        iterator->pack = (struct listpack){.data = iterator->scratch, .cap = node->compressed->raw_bytes};
        break;
    case NODE_PLAIN_COMPRESSED:
        iterator->scratch = quicklist_uncompress(node->compressed);
        iterator->plain =
            (struct quicklist_item){.value = {.text = slice_make(iterator->scratch, node->compressed->raw_bytes)}};
        break;
    }
}

void quicklist_iterator_init(struct quicklist_iterator *iterator, const struct quicklist *list, uint64_t index,
                             bool is_reverse)
{
    uint64_t skip;
    struct spot spot = quicklist_find_node(list, index, &skip);
    *iterator =
        (struct quicklist_iterator){.place = {.chunk = spot.chunk, .node = spot.index}, .is_reverse = is_reverse};
    load_node(iterator);
    iterator->place.at = iterator->pack.data == NULL ? AT_PLAIN : listpack_seek(&iterator->pack, (int64_t)skip);
}

void quicklist_iterator_init_pack(struct quicklist_iterator *iterator, const struct listpack *pack, uint64_t index,
                                  bool is_reverse)
{
    *iterator = (struct quicklist_iterator){.pack = *pack, .is_reverse = is_reverse};
    iterator->place.at = listpack_seek(pack, (int64_t)index);
}

/* To the node that comes next, and its nearest element. */
static bool move_on(struct quicklist_iterator *iterator)
{
    struct spot spot = spot_of(iterator->place);
    if (spot.chunk == NULL) {
        return false;
    }
    spot = iterator->is_reverse ? spot_prev(spot) : spot_next(spot);
    iterator->place = (struct quicklist_place){.chunk = spot.chunk, .node = spot.index};
    if (spot.chunk == NULL) {
        return false;
    }
    load_node(iterator);
    if (iterator->pack.data == NULL) {
        iterator->place.at = AT_PLAIN;
    } else {
        iterator->place.at = iterator->is_reverse ? listpack_last(&iterator->pack) : listpack_first(&iterator->pack);
    }
    return true;
}

bool quicklist_iterator_next(struct quicklist_iterator *iterator, struct quicklist_item *item)
{
    if (UNLIKELY(iterator->place.at == LISTPACK_NONE) && !move_on(iterator)) {
        return false;
    }
    iterator->given = iterator->place;
    if (iterator->pack.data == NULL) {
        *item = iterator->plain;
        iterator->place.at = LISTPACK_NONE;
        return true;
    }
    item->blob = NULL;
    if (iterator->is_reverse) {
        item->value = listpack_get(&iterator->pack, iterator->place.at);
        iterator->place.at = listpack_prev(&iterator->pack, iterator->place.at);
    } else {
        iterator->place.at = listpack_read(&iterator->pack, iterator->place.at, &item->value);
    }
    return true;
}

void quicklist_iterator_finish(struct quicklist_iterator *iterator)
{
    memory_free(iterator->scratch);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Quicklists: changes in the middle. A node without room gives its part behind the place to a new node; the parts are
 * joined with their neighbours where both fit into one node.
 * Owner: the list. Locks: none. */
#include "quicklist_private.h"

enum {
    REPLACED_PACK_BYTES = 128 * 1024, /* of a node in which an element was replaced */
};

/* The node before `spot`, which may be none: then the last. */
static struct spot before(const struct quicklist *list, struct spot spot)
{
    return spot.chunk == NULL ? spot_last(list) : spot_prev(spot);
}

static bool is_plain(const struct quicklist_node *node)
{
    return node->kind == NODE_PLAIN || node->kind == NODE_PLAIN_COMPRESSED;
}

/* Bytes of a node that is not plain, as a listpack. */
static size_t pack_bytes(const struct quicklist_node *node)
{
    return node->kind == NODE_PACK ? listpack_bytes(&node->pack) : node->compressed->raw_bytes;
}

/* Joins a node with the one behind it when both fit into one; `joined` is where the first one's elements are then. */
static bool join_next(struct quicklist *list, struct spot spot, struct spot *joined)
{
    struct spot next = spot_next(spot);
    *joined = spot;
    if (next.chunk == NULL || is_plain(spot_node(spot)) || is_plain(spot_node(next))) {
        return false;
    }
    struct quicklist_node *left = spot_node(spot);
    struct quicklist_node *right = spot_node(next);
    size_t bytes = pack_bytes(left) + pack_bytes(right) - LISTPACK_HEADER_BYTES - 1;
    uint32_t moved = right->count;
    if (quicklist_exceeds(list->node_size, bytes, left->count + (uint64_t)moved)) {
        return false;
    }
    quicklist_open_node(left);
    quicklist_open_node(right);
    listpack_join(&left->pack, &right->pack);
    spot_count(list, spot, moved);
    *joined = before(list, quicklist_remove_node(list, next));
    return true;
}

/* Joins what fits together of a node and two on either side of it, in the order in which Redis does: the two before it,
 * the two behind it, it with the one before, and with the one behind. Gives the node with its elements. */
static struct spot join_around(struct quicklist *list, struct spot spot)
{
    struct spot prev = spot_prev(spot);
    if (prev.chunk != NULL && spot_prev(prev).chunk != NULL) {
        bool fits = join_next(list, spot_prev(prev), &prev);
        spot = spot_next(fits ? prev : spot_next(prev));
    }
    struct spot next = spot_next(spot);
    if (next.chunk != NULL) {
        (void)join_next(list, next, &next);
        spot = spot_prev(next);
    }
    prev = spot_prev(spot);
    if (prev.chunk != NULL) {
        bool fits = join_next(list, prev, &prev);
        spot = fits ? prev : spot_next(prev);
    }
    (void)join_next(list, spot, &spot);
    return spot;
}

/* A node's elements from `at` on move to a new node behind it, whose place is given. */
static struct spot divide(struct quicklist *list, struct spot spot, size_t at)
{
    struct listpack tail;
    size_t moved = listpack_divide(&spot_node(spot)->pack, at, &tail);
    listpack_shrink(&spot_node(spot)->pack);
    spot_count(list, spot, -(int64_t)moved);
    struct spot added = quicklist_add_node(list, spot_next(spot));
    spot_node(added)->pack = tail;
    spot_count(list, added, (int64_t)moved);
    return added;
}

static struct spot add_alone(struct quicklist *list, struct spot before_which, struct quicklist_source source)
{
    struct spot added = quicklist_add_node(list, before_which);
    quicklist_fill_node(list, added, source);
    return added;
}

/* Adds to one end of a node if it has room. */
static bool add_to_node(struct quicklist *list, struct spot spot, enum quicklist_end end, struct slice text)
{
    if (spot.chunk == NULL || quicklist_is_large(list, text.len)) {
        return false;
    }
    struct quicklist_node *node = spot_node(spot);
    quicklist_open_node(node);
    if (!quicklist_allows(list, node, text.len)) {
        return false;
    }
    if (end == QUICKLIST_FRONT) {
        listpack_push_first(&node->pack, text);
    } else {
        listpack_push_last(&node->pack, text);
    }
    spot_count(list, spot, 1);
    return true;
}

/* Between a node and its neighbour. */
static void insert_at_border(struct quicklist *list, struct spot spot, bool after, struct quicklist_source source)
{
    struct spot neighbour = after ? spot_next(spot) : spot_prev(spot);
    if (!add_to_node(list, neighbour, after ? QUICKLIST_FRONT : QUICKLIST_BACK, source.text)) {
        spot = add_alone(list, after ? neighbour : spot, source);
    }
    quicklist_settle_around(list, spot);
}

/* Into a node without room, before its element `at`, which is not its first: the node is divided there. A small element
 * comes to the part whose element it was to stand beside, whatever its size, as in Redis. */
static void insert_between(struct quicklist *list, struct spot spot, size_t at, bool after,
                           struct quicklist_source source)
{
    struct spot right = divide(list, spot, at);
    if (quicklist_is_large(list, source.text.len)) {
        quicklist_settle_around(list, add_alone(list, right, source));
        return;
    }
    struct spot left = spot_prev(right);
    if (after) {
        listpack_push_first(&spot_node(right)->pack, source.text);
        spot_count(list, right, 1);
    } else {
        listpack_push_last(&spot_node(left)->pack, source.text);
        spot_count(list, left, 1);
    }
    quicklist_settle_around(list, join_around(list, after ? left : right));
}

void quicklist_insert(struct quicklist *list, struct quicklist_place place, bool after, struct quicklist_source source)
{
    struct spot spot = spot_of(place);
    struct quicklist_node *node = spot_node(spot);
    quicklist_open_node(node);
    if (node->kind == NODE_PLAIN) {
        insert_at_border(list, spot, after, source);
        return;
    }
    size_t at = after ? listpack_next(&node->pack, place.at) : place.at;
    if (!quicklist_is_large(list, source.text.len) && quicklist_allows(list, node, source.text.len)) {
        (void)listpack_insert(&node->pack, at, source.text);
        spot_count(list, spot, 1);
        quicklist_settle_around(list, spot);
    } else if (at == LISTPACK_NONE || at == listpack_first(&node->pack)) {
        insert_at_border(list, spot, after, source);
    } else {
        insert_between(list, spot, at, after, source);
    }
}

/* Replaces an element inside its node, unless the new one is to stand alone. As in Redis the node may exceed its limit
 * by that, though not without end. */
static bool replace_in_pack(const struct quicklist *list, struct quicklist_node *node, size_t at, struct slice text)
{
    if (quicklist_is_large(list, text.len) || listpack_bytes(&node->pack) + text.len > REPLACED_PACK_BYTES) {
        return false;
    }
    listpack_replace(&node->pack, at, text);
    listpack_trim_room(&node->pack);
    return true;
}

/* Puts a large element into a node with others, before `at` or at its end. What stands around it is joined, unless the
 * whole node comes behind it, as in Redis. */
static void replace_by_large(struct quicklist *list, struct spot spot, size_t at, struct quicklist_source source)
{
    if (at == listpack_first(&spot_node(spot)->pack)) {
        quicklist_settle_around(list, add_alone(list, spot, source));
        return;
    }
    struct spot behind = at == LISTPACK_NONE ? spot_next(spot) : divide(list, spot, at);
    quicklist_settle_around(list, join_around(list, add_alone(list, behind, source)));
}

void quicklist_replace(struct quicklist *list, uint64_t index, struct quicklist_source source)
{
    uint64_t skip;
    struct spot spot = quicklist_find_node(list, index, &skip);
    struct quicklist_node *node = spot_node(spot);
    quicklist_open_node(node);
    if (node->kind == NODE_PLAIN && add_to_node(list, spot_next(spot), QUICKLIST_FRONT, source.text)) {
        quicklist_settle_around(list, quicklist_remove_node(list, spot)); /* small now: it stands with its neighbour */
        return;
    }
    if (node->count == 1) {
        quicklist_free_node(node);
        spot_count(list, spot, -1);
        *node = (struct quicklist_node){.kind = NODE_PACK};
        quicklist_fill_node(list, spot, source);
        quicklist_settle_around(list, spot);
        return;
    }
    size_t at = listpack_seek(&node->pack, (int64_t)skip);
    if (replace_in_pack(list, node, at, source.text)) {
        quicklist_settle_around(list, spot);
        return;
    }
    bool is_last = listpack_delete(&node->pack, at) == LISTPACK_NONE;
    spot_count(list, spot, -1);
    if (quicklist_is_large(list, source.text.len)) {
        replace_by_large(list, spot, is_last ? LISTPACK_NONE : at, source);
        return;
    }
    struct quicklist_place place = {
        .chunk = spot.chunk, .node = spot.index, .at = is_last ? listpack_last(&node->pack) : at};
    quicklist_insert(list, place, is_last, source);
}

void quicklist_delete_range(struct quicklist *list, uint64_t start, uint64_t count)
{
    if (count == 0) {
        return;
    }
    uint64_t skip;
    struct spot spot = quicklist_find_node(list, start, &skip);
    while (count != 0) {
        struct quicklist_node *node = spot_node(spot);
        uint64_t here = node->count - skip < count ? node->count - skip : count;
        if (here == node->count) {
            spot = quicklist_remove_node(list, spot);
        } else {
            quicklist_open_node(node);
            (void)listpack_delete_range(&node->pack, listpack_seek(&node->pack, (int64_t)skip), (size_t)here);
            listpack_trim_room(&node->pack);
            spot_count(list, spot, -(int64_t)here);
            spot = spot_next(spot);
        }
        count -= here;
        skip = 0;
    }
    quicklist_settle_around(list, spot);
}

/* Removes what is equal from one node, and the node when nothing is left; gives the next node in that direction. */
static struct spot remove_equal_here(struct quicklist *list, struct spot spot, struct slice text,
                                     enum quicklist_end from, uint64_t *limit)
{
    struct quicklist_node *node = spot_node(spot);
    bool was_compressed = node->kind == NODE_PACK_COMPRESSED || node->kind == NODE_PLAIN_COMPRESSED;
    uint64_t removed;
    quicklist_open_node(node);
    if (node->kind == NODE_PLAIN) {
        removed = slice_equals(blob_slice(node->plain), text) ? 1 : 0;
    } else {
        removed = listpack_remove_equal(&node->pack, text, (size_t)*limit, from == QUICKLIST_BACK);
    }
    *limit -= removed;
    if (removed == node->count) {
        spot = quicklist_remove_node(list, spot);
        return from == QUICKLIST_FRONT ? spot : before(list, spot);
    }
    if (removed != 0) {
        listpack_trim_room(&node->pack);
        spot_count(list, spot, -(int64_t)removed);
    }
    if (was_compressed) {
        quicklist_close_node(node);
    }
    return from == QUICKLIST_FRONT ? spot_next(spot) : spot_prev(spot);
}

uint64_t quicklist_remove_equal(struct quicklist *list, struct slice text, uint64_t limit, enum quicklist_end from)
{
    uint64_t left = limit;
    for (struct spot spot = spot_end(list, from); spot.chunk != NULL && left != 0;) {
        spot = remove_equal_here(list, spot, text, from, &left);
    }
    quicklist_settle_ends(list);
    return limit - left;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Runs of a sorted set's members: by rank, by score, by bytes; walking, removing and scanning.
 * Owner: the set. Locks: none. */
#include "zset_private.h"

/* ---- ranges ---- */

struct zset_range zset_range_by_rank(const struct zset *zset, int64_t start, int64_t stop)
{
    int64_t count = zset_count(zset);
    start = start < 0 ? start + count : start;
    stop = stop < 0 ? stop + count : stop;
    start = start < 0 ? 0 : start;
    stop = stop >= count ? count - 1 : stop;
    if (start > stop || start >= count) {
        return (struct zset_range){0};
    }
    return (struct zset_range){.first = (uint32_t)start, .count = (uint32_t)(stop - start + 1)};
}

static bool score_is_from(double score, const struct zset_score_range *range)
{
    return range->min_exclusive ? score > range->min : score >= range->min;
}

static bool score_is_upto(double score, const struct zset_score_range *range)
{
    return range->max_exclusive ? score < range->max : score <= range->max;
}

/* From the first member that lies behind the lower bound to the last before one that lies behind the upper. */
static struct zset_range pack_by_score(const struct listpack *pack, const struct zset_score_range *range)
{
    struct zset_range found = {0};
    for (size_t at = listpack_first(pack); at != LISTPACK_NONE;) {
        struct listpack_value value;
        double score;
        at = zset_pack_score(pack, listpack_read(pack, at, &value), &score);
        if (found.count == 0 && !score_is_from(score, range)) {
            found.first++;
        } else if (score_is_upto(score, range)) {
            found.count++;
        } else {
            break;
        }
    }
    return found;
}

static struct zset_range between(struct ordered_place first, struct ordered_place end)
{
    return (struct zset_range){.first = first.rank, .count = end.rank > first.rank ? end.rank - first.rank : 0};
}

struct zset_range zset_range_by_score(const struct zset *zset, const struct zset_score_range *range)
{
    const struct zset_tree *tree = zset_tree_of(zset);
    if (tree == NULL) {
        return pack_by_score(&zset->pack, range);
    }
    struct ordered_bound min = {.kind = range->min_exclusive ? ORDERED_AFTER_SCORE : ORDERED_FROM_SCORE,
                                .score = range->min};
    struct ordered_bound max = {.kind = range->max_exclusive ? ORDERED_FROM_SCORE : ORDERED_AFTER_SCORE,
                                .score = range->max};
    return between(ordered_seek(&tree->order, &min), ordered_seek(&tree->order, &max));
}

static bool bytes_are_from(struct slice bytes, const struct zset_lex_bound *min)
{
    if (min->kind != ZSET_LEX_VALUE) {
        return min->kind == ZSET_LEX_MIN;
    }
    int order = slice_compare(bytes, min->bytes);
    return min->exclusive ? order > 0 : order >= 0;
}

static bool bytes_are_upto(struct slice bytes, const struct zset_lex_bound *max)
{
    if (max->kind != ZSET_LEX_VALUE) {
        return max->kind == ZSET_LEX_MAX;
    }
    int order = slice_compare(bytes, max->bytes);
    return max->exclusive ? order < 0 : order <= 0;
}

static struct zset_range pack_by_lex(const struct listpack *pack, const struct zset_lex_range *range)
{
    struct zset_range found = {0};
    char digits[LISTPACK_INT_TEXT_BYTES];
    for (size_t at = listpack_first(pack); at != LISTPACK_NONE;) {
        struct slice bytes = zset_pack_member(pack, at, digits);
        if (found.count == 0 && !bytes_are_from(bytes, &range->min)) {
            found.first++;
        } else if (bytes_are_upto(bytes, &range->max)) {
            found.count++;
        } else {
            break;
        }
        at = listpack_next(pack, listpack_next(pack, at));
    }
    return found;
}

/* Where a bound lies; `behind`: behind a member that has its bytes. */
static struct ordered_place lex_place(const struct ordered *order, const struct zset_lex_bound *bound, bool behind)
{
    if (bound->kind == ZSET_LEX_MIN) {
        return ordered_at(order, 0);
    }
    if (bound->kind == ZSET_LEX_MAX) {
        return ordered_at(order, order->count);
    }
    return ordered_seek(order, &(struct ordered_bound){.kind = behind ? ORDERED_AFTER_MEMBER : ORDERED_FROM_MEMBER,
                                                       .member = bound->bytes});
}

struct zset_range zset_range_by_lex(const struct zset *zset, const struct zset_lex_range *range)
{
    const struct zset_tree *tree = zset_tree_of(zset);
    if (tree == NULL) {
        return pack_by_lex(&zset->pack, range);
    }
    return between(lex_place(&tree->order, &range->min, range->min.exclusive),
                   lex_place(&tree->order, &range->max, !range->max.exclusive));
}

void zset_remove_range(struct zset *zset, struct zset_range range)
{
    struct zset_tree *tree = zset_tree_of(zset);
    if (tree != NULL) {
        zset_tree_remove_range(tree, range.first, range.count);
    } else if (range.count != 0) {
        size_t at = listpack_seek(&zset->pack, (int64_t)range.first * 2);
        (void)listpack_delete_range(&zset->pack, at, (size_t)range.count * 2);
    }
}

/* ---- walking ---- */

void zset_iterator_init(struct zset_iterator *iterator, const struct zset *zset, uint32_t rank, bool is_reverse)
{
    iterator->zset = zset;
    iterator->is_reverse = is_reverse;
    iterator->at = LISTPACK_NONE;
    const struct zset_tree *tree = zset_tree_of(zset);
    if (tree != NULL) {
        iterator->place = ordered_at(&tree->order, rank);
    } else if (rank == 0) {
        iterator->at = listpack_first(&zset->pack);
    } else {
        iterator->at = listpack_seek(&zset->pack, (int64_t)rank * 2);
    }
}

static bool pack_step(struct zset_iterator *iterator, struct zset_element *element)
{
    const struct listpack *pack = &iterator->zset->pack;
    size_t at = iterator->at;
    if (at == LISTPACK_NONE) {
        return false;
    }
    struct listpack_value value;
    size_t next = zset_pack_score(pack, listpack_read(pack, at, &value), &element->score);
    if (UNLIKELY(value.is_integer)) {
        value.text = slice_make(iterator->digits, number_print_i64(iterator->digits, value.integer));
    }
    element->member = value.text;
    if (iterator->is_reverse) {
        next = listpack_prev(pack, at);
        next = next == LISTPACK_NONE ? LISTPACK_NONE : listpack_prev(pack, next);
    }
    iterator->at = next;
    return true;
}

bool zset_iterator_next(struct zset_iterator *iterator, struct zset_element *element)
{
    if (iterator->zset->pack.data != NULL) {
        return pack_step(iterator, element);
    }
    if (iterator->place.leaf == NULL) {
        return false;
    }
    const struct ordered_entry *entry = ordered_entry(iterator->place);
    element->score = entry->score;
    element->member = ordered_bytes_of(entry->member);
    if (iterator->is_reverse) {
        ordered_prev(&iterator->place);
    } else {
        ordered_next(&iterator->place);
    }
    return true;
}

/* ---- scanning ---- */

struct scan {
    void (*visit)(void *context, const struct zset_element *element);
    void *context;
};

static void scan_member(void *context, void *item)
{
    const struct scan *scan = context;
    const struct ordered_member *member = item;
    scan->visit(scan->context, &(struct zset_element){.member = ordered_bytes_of(member), .score = member->score});
}

uint64_t zset_scan(const struct zset *zset, uint64_t position,
                   void (*visit)(void *context, const struct zset_element *element), void *context)
{
    const struct zset_tree *tree = zset_tree_of(zset);
    if (tree != NULL) {
        return zset_tree_scan(tree, position, scan_member, &(struct scan){visit, context});
    }
    struct zset_iterator iterator;
    struct zset_element element;
    zset_iterator_init(&iterator, zset, 0, false);
    while (zset_iterator_next(&iterator, &element)) {
        visit(context, &element);
    }
    return 0;
}

/* ---- building ---- */

struct zset *zset_build_create(const struct hash_key *hash_key)
{
    return zset_create(&(struct zset_limits){.hash_key = hash_key}, 1, 0);
}

double *zset_build_put(struct zset *zset, struct slice member, double score, bool *is_new)
{
    struct zset_tree *tree = zset->big.tree;
    struct zset_found found = zset_tree_find(tree, member);
    *is_new = found.member == NULL;
    if (found.member == NULL) {
        found.member = zset_tree_put(tree, found.hash, member, score);
        tree->longest_bytes = tree->longest_bytes < member.len ? member.len : tree->longest_bytes;
    }
    return &found.member->score;
}

uint32_t zset_build_count(const struct zset *zset)
{
    return table_used(&zset->big.tree->members);
}

static void index_member(void *context, void *item)
{
    ordered_insert(context, item);
}

void zset_build_finish(struct zset *zset, const struct zset_limits *limits)
{
    struct zset_tree *tree = zset->big.tree;
    for (uint64_t position = 0, next = 1; next != 0; position = next) {
        next = zset_tree_scan(tree, position, index_member, &tree->order);
    }
    size_t bytes = tree->order.count * (tree->longest_bytes + sizeof(double));
    if (limits == NULL || tree->order.count > limits->max_entries || tree->longest_bytes > limits->max_value_bytes ||
        bytes > ZSET_PACK_MAX_BYTES) {
        return;
    }
    listpack_init(&zset->pack, bytes);
    struct ordered_place place = ordered_at(&tree->order, 0);
    for (; place.leaf != NULL; ordered_next(&place)) {
        const struct ordered_entry *entry = ordered_entry(place);
        zset_pack_put(&zset->pack, LISTPACK_NONE, ordered_bytes_of(entry->member), entry->score);
    }
    listpack_shrink(&zset->pack);
    zset_tree_destroy(tree);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Sorted sets: creating, single members, conversion, and the row of the type.
 * Owner: the key that holds the set. Locks: none; changed under the key's shard. */
#include "sherd/value/zset.h"

#include <math.h>

#include "sherd/base/memory.h"
#include "sherd/value/object.h"
#include "zset_private.h"

enum {
    PACK_FIRST_BYTES = 32,
    SCORE_WHOLE_BITS = 62, /* as Redis: a whole score beyond that stands as text in a listpack */
};

/* ---- listpack ---- */

/* Whether a score stands as an integer in a listpack. */
static bool score_is_whole(double score, int64_t *whole)
{
    const double limit = (double)(INT64_C(1) << SCORE_WHOLE_BITS);
    if (score < -limit || score > limit) {
        return false;
    }
    *whole = (int64_t)score;
    return (double)*whole == score;
}

void zset_pack_put(struct listpack *pack, size_t at, struct slice member, double score)
{
    int64_t whole;
    if (at == LISTPACK_NONE) {
        listpack_append(pack, member);
    } else {
        at = listpack_insert(pack, at, member);
        at = listpack_next(pack, at);
    }
    if (score_is_whole(score, &whole)) {
        (void)listpack_insert_int(pack, at, whole);
        return;
    }
    char text[NUMBER_DOUBLE_BYTES];
    size_t len = number_print_double(text, score);
    (void)listpack_insert(pack, at, slice_make(text, len));
}

/* Where a new pair belongs: before that one, or LISTPACK_NONE at the end. */
static size_t pack_place(const struct listpack *pack, struct slice member, double score)
{
    char digits[LISTPACK_INT_TEXT_BYTES];
    size_t at = listpack_first(pack);
    while (at != LISTPACK_NONE) {
        struct listpack_value value;
        double other;
        size_t next = zset_pack_score(pack, listpack_read(pack, at, &value), &other);
        if (other > score || (other == score && slice_compare(zset_pack_member(pack, at, digits), member) > 0)) {
            break;
        }
        at = next;
    }
    return at;
}

/* Whether a new pair belongs behind all others. */
static bool pack_is_last(const struct listpack *pack, struct slice member, double score)
{
    size_t at = listpack_last(pack);
    if (at == LISTPACK_NONE) {
        return true;
    }
    double last;
    (void)zset_pack_score(pack, at, &last);
    char digits[LISTPACK_INT_TEXT_BYTES];
    return last < score ||
           (last == score && slice_compare(zset_pack_member(pack, listpack_prev(pack, at), digits), member) < 0);
}

static void pack_insert(struct listpack *pack, struct slice member, double score)
{
    size_t at = pack_is_last(pack, member, score) ? LISTPACK_NONE : pack_place(pack, member, score);
    zset_pack_put(pack, at, member, score);
}

/* The member's place and its score; LISTPACK_NONE: it is not there. */
static size_t pack_find(const struct listpack *pack, struct slice member, double *score)
{
    size_t first = listpack_first(pack);
    size_t at = first == LISTPACK_NONE ? LISTPACK_NONE : listpack_find(pack, first, member, 1);
    if (at != LISTPACK_NONE) {
        (void)zset_pack_score(pack, listpack_next(pack, at), score);
    }
    return at;
}

static void pack_remove(struct listpack *pack, size_t at)
{
    (void)listpack_delete_range(pack, at, 2);
}

static bool pack_takes(const struct listpack *pack, const struct zset_limits *limits, size_t more, size_t bytes)
{
    return bytes <= limits->max_value_bytes && listpack_bytes(pack) + bytes < ZSET_PACK_MAX_BYTES &&
           listpack_count(pack) / 2 + more <= limits->max_entries;
}

/* ---- whole sets ---- */

struct zset *zset_create(const struct zset_limits *limits, size_t members, size_t member_bytes)
{
    struct zset *zset = memory_alloc(sizeof(*zset));
    if (members <= limits->max_entries && member_bytes <= limits->max_value_bytes) {
        listpack_init(&zset->pack, PACK_FIRST_BYTES);
    } else {
        zset->big.no_pack = NULL;
        zset->big.tree = zset_tree_create(limits->hash_key);
    }
    return zset;
}

void zset_destroy(struct zset *zset)
{
    struct zset_tree *tree = zset_tree_of(zset);
    if (tree == NULL) {
        listpack_deinit(&zset->pack);
    } else {
        zset_tree_destroy(tree);
    }
    memory_free(zset);
}

void zset_convert(struct zset *zset, const struct hash_key *hash_key)
{
    struct zset_tree *tree = zset_tree_create(hash_key);
    struct zset_iterator iterator;
    struct zset_element element;
    zset_iterator_init(&iterator, zset, 0, false);
    while (zset_iterator_next(&iterator, &element)) {
        zset_tree_insert(tree, hash_bytes(hash_key, element.member), element.member, element.score);
    }
    listpack_deinit(&zset->pack);
    zset->big.no_pack = NULL;
    zset->big.tree = tree;
}

void zset_expect(struct zset *zset, const struct zset_limits *limits, size_t members)
{
    if (zset->pack.data != NULL && members > limits->max_entries) {
        zset_convert(zset, limits->hash_key);
    }
}

uint32_t zset_count(const struct zset *zset)
{
    const struct zset_tree *tree = zset_tree_of(zset);
    return tree == NULL ? (uint32_t)(listpack_count(&zset->pack) / 2) : tree->order.count;
}

bool zset_is_listpack(const struct zset *zset)
{
    return zset->pack.data != NULL;
}

/* ---- single members ---- */

/* Whether a member that has `score` gets another one, which is left in addition->score. */
static enum zset_add_result settle_score(struct zset_addition *addition, double score)
{
    if ((addition->flags & ZSET_NX) != 0) {
        return ZSET_REFUSED;
    }
    double wanted = addition->score;
    if ((addition->flags & ZSET_INCR) != 0) {
        wanted += score; /* -0 is to stay what it is without */
    }
    if (isnan(wanted)) {
        return ZSET_NAN;
    }
    if (((addition->flags & ZSET_LT) != 0 && wanted >= score) ||
        ((addition->flags & ZSET_GT) != 0 && wanted <= score)) {
        return ZSET_REFUSED;
    }
    addition->score = wanted;
    return wanted == score ? ZSET_SAME : ZSET_UPDATED;
}

static enum zset_add_result tree_add(struct zset_tree *tree, struct zset_addition *addition)
{
    struct zset_found found = zset_tree_find(tree, addition->member);
    if (found.member == NULL) {
        if ((addition->flags & ZSET_XX) != 0) {
            return ZSET_REFUSED;
        }
        zset_tree_insert(tree, found.hash, addition->member, addition->score);
        return ZSET_ADDED;
    }
    enum zset_add_result result = settle_score(addition, found.member->score);
    if (result == ZSET_UPDATED) {
        ordered_move(&tree->order, found.member, addition->score);
    }
    return result;
}

enum zset_add_result zset_add(struct zset *zset, const struct zset_limits *limits, struct zset_addition *addition)
{
    struct zset_tree *tree = zset_tree_of(zset);
    if (tree != NULL) {
        return tree_add(tree, addition);
    }
    double score;
    size_t at = pack_find(&zset->pack, addition->member, &score);
    if (at != LISTPACK_NONE) {
        enum zset_add_result result = settle_score(addition, score);
        if (result == ZSET_UPDATED) {
            pack_remove(&zset->pack, at);
            pack_insert(&zset->pack, addition->member, addition->score);
        }
        return result;
    }
    if ((addition->flags & ZSET_XX) != 0) {
        return ZSET_REFUSED;
    }
    if (!pack_takes(&zset->pack, limits, 1, addition->member.len)) {
        zset_convert(zset, limits->hash_key);
        return tree_add(zset->big.tree, addition);
    }
    pack_insert(&zset->pack, addition->member, addition->score);
    return ZSET_ADDED;
}

bool zset_remove(struct zset *zset, struct slice member)
{
    struct zset_tree *tree = zset_tree_of(zset);
    if (tree != NULL) {
        struct zset_found found = zset_tree_find(tree, member);
        if (found.member != NULL) {
            zset_tree_remove(tree, &found);
        }
        return found.member != NULL;
    }
    double score;
    size_t at = pack_find(&zset->pack, member, &score);
    if (at != LISTPACK_NONE) {
        pack_remove(&zset->pack, at);
    }
    return at != LISTPACK_NONE;
}

bool zset_score(const struct zset *zset, struct slice member, double *score)
{
    const struct zset_tree *tree = zset_tree_of(zset);
    if (tree == NULL) {
        return pack_find(&zset->pack, member, score) != LISTPACK_NONE;
    }
    struct zset_found found = zset_tree_find(tree, member);
    if (found.member != NULL) {
        *score = found.member->score;
    }
    return found.member != NULL;
}

bool zset_rank(const struct zset *zset, struct slice member, uint32_t *rank, double *score)
{
    const struct zset_tree *tree = zset_tree_of(zset);
    if (tree != NULL) {
        struct zset_found found = zset_tree_find(tree, member);
        if (found.member != NULL) {
            *score = found.member->score;
            *rank = ordered_rank(&tree->order, found.member);
        }
        return found.member != NULL;
    }
    size_t found = pack_find(&zset->pack, member, score);
    if (found == LISTPACK_NONE) {
        return false;
    }
    struct listpack_value value;
    *rank = 0;
    for (size_t at = listpack_first(&zset->pack); at != found; *rank += 1) {
        at = listpack_read(&zset->pack, listpack_read(&zset->pack, at, &value), &value);
    }
    return true;
}

/* ---- the row ---- */

static void class_free(void *object)
{
    zset_destroy(object);
}

static size_t class_bytes(const void *object)
{
    const struct zset *zset = object;
    const struct zset_tree *tree = zset_tree_of(zset);
    return sizeof(*zset) + (tree == NULL ? listpack_allocated(&zset->pack) : zset_tree_bytes(tree));
}

static void *class_copy(const void *object)
{
    const struct zset *zset = object;
    const struct zset_tree *tree = zset_tree_of(zset);
    struct zset *copy = memory_alloc(sizeof(*copy));
    if (tree == NULL) {
        listpack_copy(&copy->pack, &zset->pack);
    } else {
        copy->big.no_pack = NULL;
        copy->big.tree = zset_tree_copy(tree);
    }
    return copy;
}

static const char *class_encoding(const void *object)
{
    return zset_is_listpack(object) ? "listpack" : "skiplist";
}

static size_t class_elements(const void *object)
{
    return zset_is_listpack(object) ? 1 : zset_count(object);
}

static void class_digest(const void *object, struct digest *digest)
{
    struct zset_iterator iterator;
    struct zset_element element;
    zset_iterator_init(&iterator, object, 0, false);
    while (zset_iterator_next(&iterator, &element)) {
        char text[NUMBER_DOUBLE_BYTES];
        size_t len = number_print_double(text, element.score + 0.0); /* -0 becomes 0, as in a listpack */
        digest_mix(digest, element.member);
        digest_mix(digest, slice_make(text, len));
    }
}

const struct value_class zset_class = {.name = "zset",
                                       .free = class_free,
                                       .bytes = class_bytes,
                                       .copy = class_copy,
                                       .encoding = class_encoding,
                                       .elements = class_elements,
                                       .digest = class_digest};

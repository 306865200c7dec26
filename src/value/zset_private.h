/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of a sorted set: which encoding it has, the table with its index, and the pairs of a listpack.
 * Owner: the set. Locks: none. */
#ifndef SHERD_VALUE_ZSET_PRIVATE_H
#define SHERD_VALUE_ZSET_PRIVATE_H

#include "sherd/base/number.h"
#include "sherd/container/table.h"
#include "sherd/value/zset.h"

struct zset_tree {
    struct table members; /* of struct ordered_member */
    struct ordered order;
    const struct hash_key *hash_key;
    size_t longest_bytes; /* while it is built: of a member */
    size_t member_bytes;  /* memory of the members */
};

struct zset {
    union {
        struct listpack pack; /* data is NULL when there is a tree */
        struct {
            void *no_pack;
            struct zset_tree *tree;
        } big;
    };
};

static inline struct zset_tree *zset_tree_of(const struct zset *zset)
{
    return zset->pack.data == NULL ? zset->big.tree : NULL;
}

/* ---- tree ---- */

struct zset_found {
    uint64_t hash;
    struct table_slot slot; /* word NULL: there is no such member */
    struct ordered_member *member;
};

NODISCARD struct zset_tree *zset_tree_create(const struct hash_key *hash_key);
void zset_tree_destroy(struct zset_tree *tree);
NODISCARD struct zset_tree *zset_tree_copy(const struct zset_tree *tree);
struct zset_found zset_tree_find(const struct zset_tree *tree, struct slice member);
/* Adds a member that was not found to the table alone. */
struct ordered_member *zset_tree_put(struct zset_tree *tree, uint64_t hash, struct slice member, double score);
/* Adds one that was not found, to both. */
void zset_tree_insert(struct zset_tree *tree, uint64_t hash, struct slice member, double score);
void zset_tree_remove(struct zset_tree *tree, const struct zset_found *found);
/* Removes `count` members from the rank on. */
void zset_tree_remove_range(struct zset_tree *tree, uint32_t first, uint32_t count);
/* Visits the members of one bucket and gives the position to go on with, 0 at the end. */
uint64_t zset_tree_scan(const struct zset_tree *tree, uint64_t position, void (*visit)(void *context, void *item),
                        void *context);
size_t zset_tree_bytes(const struct zset_tree *tree);

/* ---- listpack ---- */

#define ZSET_PACK_MAX_BYTES ((size_t)1 << 30)

/* The score that stands at `at`; gives what follows it. */
static inline size_t zset_pack_score(const struct listpack *pack, size_t at, double *score)
{
    struct listpack_value value;
    size_t next = listpack_read(pack, at, &value);
    if (LIKELY(value.is_integer)) {
        *score = (double)value.integer;
    } else if (!number_parse_double(value.text, score)) {
        *score = 0; /* only in a payload that nobody should have accepted */
    }
    return next;
}

/* The member at `at` as text. */
static inline struct slice zset_pack_member(const struct listpack *pack, size_t at,
                                            char digits[LISTPACK_INT_TEXT_BYTES])
{
    return listpack_get_text(pack, at, digits);
}

/* Inserts a pair before `at`, or at the end for LISTPACK_NONE. */
void zset_pack_put(struct listpack *pack, size_t at, struct slice member, double score);
/* Turns a listpack into a table and its index. */
void zset_convert(struct zset *zset, const struct hash_key *hash_key);

#endif

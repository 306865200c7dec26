/* SPDX-License-Identifier: BSD-3-Clause */
/* An ordered index with ranks: members by (score, bytes), a counted B+-tree (docs/decisions/0012-ordered-index.md).
 *
 *   leaf   up to ORDERED_LEAF_MAX entries {score, member}, linked to its neighbours; the only leaf of a small index
 *          starts with room for a few and grows
 *   inner  up to ORDERED_INNER_MAX children, with the number of entries below each and the least entry below each but
 *          the first
 *
 * Scores are never NaN; -0 and 0 are equal. Members are borrowed: they outlive their entry, no two in an
 * index have the same bytes, and their scores are changed by ordered_move alone.
 * Owner: whoever embeds the struct. Locks: none. */
#ifndef SHERD_CONTAINER_ORDERED_H
#define SHERD_CONTAINER_ORDERED_H

#include "sherd/base/slice.h"

enum {
    ORDERED_LEAF_MAX = 62,  /* a leaf fills 1 KiB */
    ORDERED_INNER_MAX = 72, /* an inner node fills 2 KiB */
};

/* A member as its owner keeps it, anywhere. */
struct ordered_member {
    double score;
    uint32_t len;
    char bytes[];
};

struct ordered_entry {
    double score; /* the member's, so that looking for a score touches no member */
    struct ordered_member *member;
};

struct ordered_leaf {
    struct ordered_leaf *prev, *next;
    uint32_t count;
    uint32_t cap;
    struct ordered_entry entries[];
};

struct ordered {
    void *root; /* a leaf when depth is 0; NULL while empty */
    struct ordered_leaf *first, *last;
    uint32_t depth; /* levels of inner nodes */
    uint32_t count;
    uint32_t leaves, inners; /* nodes there are */
};

/* A place in an index, valid until its next change: an entry, or the end, where leaf is NULL. */
struct ordered_place {
    const struct ordered_leaf *leaf;
    uint32_t index;
    uint32_t rank; /* what ordered_seek and ordered_at know; stepping does not keep it */
};

enum ordered_bound_kind {
    ORDERED_FROM_SCORE,   /* the first entry with at least this score */
    ORDERED_AFTER_SCORE,  /* the first entry with a greater score */
    ORDERED_FROM_MEMBER,  /* the first entry whose bytes are not before these, where all scores are equal */
    ORDERED_AFTER_MEMBER, /* the first entry whose bytes come after these, where all scores are equal */
};

struct ordered_bound {
    enum ordered_bound_kind kind;
    double score;
    struct slice member;
};

void ordered_init(struct ordered *ordered);
/* Frees the nodes; members are the caller's. */
void ordered_deinit(struct ordered *ordered);

static inline struct slice ordered_bytes_of(const struct ordered_member *member)
{
    return slice_make(member->bytes, member->len);
}

/* Adds a member that is not there yet. */
void ordered_insert(struct ordered *ordered, struct ordered_member *member);
/* Removes a member that is there. */
void ordered_remove(struct ordered *ordered, const struct ordered_member *member);
/* Gives a member that is there another score, and brings it to its new place. */
void ordered_move(struct ordered *ordered, struct ordered_member *member, double score);
/* How many members come before one that is there. */
uint32_t ordered_rank(const struct ordered *ordered, const struct ordered_member *member);

/* The place of that rank; the end when there are not so many. */
struct ordered_place ordered_at(const struct ordered *ordered, uint32_t rank);
/* The first place that the bound describes, or the end with the rank `count`. */
struct ordered_place ordered_seek(const struct ordered *ordered, const struct ordered_bound *bound);

static inline const struct ordered_entry *ordered_entry(struct ordered_place place)
{
    return &place.leaf->entries[place.index];
}

static inline void ordered_next(struct ordered_place *place)
{
    if (++place->index == place->leaf->count) {
        place->leaf = place->leaf->next;
        place->index = 0;
    }
}

static inline void ordered_prev(struct ordered_place *place)
{
    if (place->index == 0) {
        place->leaf = place->leaf->prev;
        place->index = place->leaf == NULL ? 0 : place->leaf->count;
    }
    place->index--;
}

/* Bytes of the index's own memory. */
size_t ordered_bytes(const struct ordered *ordered);

#endif

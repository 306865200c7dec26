/* SPDX-License-Identifier: BSD-3-Clause */
/* The sorted set data type: members, each with a score, in the order of (score, bytes).
 *
 *   listpack   member, score, member, score ... in order: few and short members
 *   skiplist   the name is Redis's: a hash table of the members, and an index over them (container/ordered.h)
 *
 * A listpack becomes the other when it exceeds the limits, and never goes back. Scores are never NaN. A listpack
 * forgets the sign of -0, as Redis's does.
 * Owner: the holder of the pointer; one thread changes it at a time, readers want it unchanged. Locks: none. */
#ifndef SHERD_VALUE_ZSET_H
#define SHERD_VALUE_ZSET_H

#include "sherd/base/hash.h"
#include "sherd/base/random.h"
#include "sherd/container/listpack.h"
#include "sherd/container/ordered.h"

struct zset;

struct zset_limits {
    size_t max_entries;              /* of a listpack */
    size_t max_value_bytes;          /* of a member in a listpack */
    const struct hash_key *hash_key; /* borrowed: outlives every sorted set */
};

/* ---- whole sets ---- */

/* An empty one that will take so many members, one of which has so many bytes: they choose its encoding. */
NODISCARD struct zset *zset_create(const struct zset_limits *limits, size_t members, size_t member_bytes);
void zset_destroy(struct zset *zset);
/* Before so many members are added to one that exists: makes the listpack a table when that is too many. */
void zset_expect(struct zset *zset, const struct zset_limits *limits, size_t members);
uint32_t zset_count(const struct zset *zset);
bool zset_is_listpack(const struct zset *zset);

/* ---- single members ---- */

enum zset_add_flag {
    ZSET_NX = 1 << 0,   /* only add */
    ZSET_XX = 1 << 1,   /* only update */
    ZSET_GT = 1 << 2,   /* update only to a greater score */
    ZSET_LT = 1 << 3,   /* update only to a lower score */
    ZSET_INCR = 1 << 4, /* the score is added to that of a member that is there */
};

enum zset_add_result {
    ZSET_ADDED,
    ZSET_UPDATED,
    ZSET_SAME,    /* it has this score already */
    ZSET_REFUSED, /* by a flag */
    ZSET_NAN,     /* the sum would be no number */
};

struct zset_addition {
    struct slice member; /* copied */
    double score;        /* unless refused: afterwards the member's */
    unsigned flags;      /* enum zset_add_flag */
};

NODISCARD enum zset_add_result zset_add(struct zset *zset, const struct zset_limits *limits,
                                        struct zset_addition *addition);
/* Whether the member was there. */
bool zset_remove(struct zset *zset, struct slice member);
/* False when there is no such member. */
NODISCARD bool zset_score(const struct zset *zset, struct slice member, double *score);
/* The same, with how many come before it. */
NODISCARD bool zset_rank(const struct zset *zset, struct slice member, uint32_t *rank, double *score);

/* ---- ranges: runs of members, by their ranks ---- */

struct zset_range {
    uint32_t first;
    uint32_t count;
};

struct zset_score_range {
    double min, max;
    bool min_exclusive, max_exclusive;
};

enum zset_lex_kind {
    ZSET_LEX_MIN,   /* "-": before everything */
    ZSET_LEX_VALUE, /* `bytes` */
    ZSET_LEX_MAX,   /* "+": behind everything */
};

struct zset_lex_bound {
    enum zset_lex_kind kind;
    bool exclusive;
    struct slice bytes;
};

struct zset_lex_range {
    struct zset_lex_bound min, max;
};

/* Indices as ZRANGE has them: negative ones count from the end, both ends belong to it. */
struct zset_range zset_range_by_rank(const struct zset *zset, int64_t start, int64_t stop);
struct zset_range zset_range_by_score(const struct zset *zset, const struct zset_score_range *range);
/* Wants all scores to be equal. */
struct zset_range zset_range_by_lex(const struct zset *zset, const struct zset_lex_range *range);
/* Removes the members of a range, which lies within the set. */
void zset_remove_range(struct zset *zset, struct zset_range range);

struct zset_element {
    struct slice member; /* valid until the next step, and the next change of the set */
    double score;
};

/* Walks from a rank on, up or down. No cleanup is needed. */
struct zset_iterator {
    const struct zset *zset;
    bool is_reverse;
    size_t at; /* in the listpack */
    struct ordered_place place;
    char digits[LISTPACK_INT_TEXT_BYTES];
};

/* From `rank`, which may be the count: then there is nothing (upwards). */
void zset_iterator_init(struct zset_iterator *iterator, const struct zset *zset, uint32_t rank, bool is_reverse);
NODISCARD bool zset_iterator_next(struct zset_iterator *iterator, struct zset_element *element);

/* Visits some members from a position on and gives the position to go on with, 0 at the end. Those that are there all
 * the time are met, however the set changes between the calls. A listpack is visited as a whole. */
uint64_t zset_scan(const struct zset *zset, uint64_t position,
                   void (*visit)(void *context, const struct zset_element *element), void *context);

/* ---- building a set from what others hold ---- */

/* Begins a set whose members come in any order; until zset_build_finish only zset_build_* and zset_destroy may be
 * called with it. */
NODISCARD struct zset *zset_build_create(const struct hash_key *hash_key);
/* The score of a member, to be changed freely until the end; the member is added with `score` when it is missing. */
double *zset_build_put(struct zset *zset, struct slice member, double score, bool *is_new);
/* How many there are so far. */
uint32_t zset_build_count(const struct zset *zset);
/* Puts them in order; with limits it becomes a listpack where it may be one. */
void zset_build_finish(struct zset *zset, const struct zset_limits *limits);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The set data type: different members in no order. Encodings inside, as Redis 7.2 shows them:
 *
 *   intset     integers alone, sorted
 *   listpack   few and short members, in the order of their coming
 *   hashtable  a table of members
 *
 * An intset becomes one of the others when something else is added or its limit is passed, a listpack becomes a table
 * when it passes its limits; none goes back, but a set that loses most of its members at once is made anew.
 * Owner: the holder of the pointer; one thread changes it at a time, readers want it unchanged. Locks: none. */
#ifndef SHERD_VALUE_SET_H
#define SHERD_VALUE_SET_H

#include "sherd/container/intset.h"
#include "sherd/container/listpack.h"
#include "sherd/container/member_table.h"

struct set; /* opaque */

struct set_limits {
    size_t intset_entries;
    size_t listpack_entries;
    size_t listpack_value_bytes;     /* of a member in a listpack */
    const struct hash_key *hash_key; /* borrowed: outlives every set */
};

enum set_encoding {
    SET_INTSET,
    SET_LISTPACK,
    SET_TABLE,
};

/* ---- whole sets ---- */

/* An empty set that will take so many members, of which that is the first: they choose its encoding. */
NODISCARD struct set *set_create(const struct set_limits *limits, size_t members, struct slice first);
void set_destroy(struct set *set);
/* Before so many members are added to a set that exists: makes it a table when they alone would pass its limit. */
void set_expect(struct set *set, const struct set_limits *limits, size_t members);
size_t set_count(const struct set *set);
enum set_encoding set_encoding(const struct set *set);

/* ---- members ---- */

/* False when it is there already. The bytes, which do not lie in the set, are copied. */
bool set_add(struct set *set, const struct set_limits *limits, struct slice member);
/* The same for many, `members[0]` to `members[count - 1]`; gives how many were new. */
size_t set_add_many(struct set *set, const struct set_limits *limits, const struct slice *members, size_t count);
/* Whether it was there. */
bool set_remove(struct set *set, struct slice member);
NODISCARD bool set_contains(const struct set *set, struct slice member);
/* Which of at most MEMBER_BATCH members are there: bit i stands for members[i]. */
NODISCARD unsigned set_contains_some(const struct set *set, const struct slice *members, unsigned count);
/* Walks over all members of a set that does not change. No cleanup is needed. */
struct set_iterator {
    const struct set *set;
    size_t at; /* index in an intset, offset in a listpack */
    struct member_walk walk;
    char digits[LISTPACK_INT_TEXT_BYTES];
};

void set_iterator_init(struct set_iterator *iterator, const struct set *set);
/* The member is valid until the next call. */
NODISCARD bool set_iterator_next(struct set_iterator *iterator, struct slice *member);

/* Told a member, which is valid until it returns. */
typedef void set_visitor(void *context, struct slice member);

/* Visits some members from a position on (0 at first) and gives the position to go on with, 0 at the end. Those that
 * are there all the time are met, however the set changes between the calls. All but tables are visited as a whole. */
uint64_t set_scan(const struct set *set, uint64_t position, set_visitor *visit, void *context);

/* ---- random members ---- */

/* A random choice of members. */
struct set_draw {
    size_t count;
    struct random *random;
};

/* Visits `count` members drawn one by one, each time all being equally likely; the set is not empty.
 * O(count), after O(n) in a listpack. */
void set_sample(const struct set *set, const struct set_draw *draw, set_visitor *visit, void *context);
/* Visits `count` different members, at most as many as there are, every such choice being equally likely.
 * O(n), or O(count) when that is much less. */
void set_choose(const struct set *set, const struct set_draw *draw, set_visitor *visit, void *context);
/* The same, and removes those it visits; some stay. What it takes of a table it is made anew from the few that stay,
 * with the limits. */
void set_pop(struct set *set, const struct set_limits *limits, const struct set_draw *draw, set_visitor *visit,
             void *context);

/* ---- sets from sets ---- */

/* Told a member of a result, valid until it returns; false ends the walk. */
typedef bool set_taker(void *context, struct slice member);

/* What is combined: sets, some of which may be NULL (empty) or the same. Functions may reorder them. */
struct set_operands {
    const struct set **sets;
    size_t count;
    const struct hash_key *hash_key;
};

/* Each visits every member of the result once. set_intersect wants no NULL among the sets. */
void set_intersect(struct set_operands *operands, set_taker *take, void *context);
void set_unite(struct set_operands *operands, set_taker *take, void *context);
/* The first without the others. */
void set_subtract(struct set_operands *operands, set_taker *take, void *context);

#endif

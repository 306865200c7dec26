/* SPDX-License-Identifier: BSD-3-Clause */
/* A table of members: strings of bytes, each in one allocation behind its length. A thin layer over container/table.h
 * for collections that nobody reads without the lock of their key.
 *
 *   member  length 1 | bytes            shorter than 255 bytes
 *           255 | length 8 | bytes      longer ones
 *
 * The length of one byte saves a size class at every length from 13 to 15 and 29 to 31 modulo the class.
 * Lookups of many members go in batches, so that the misses of a large table overlap: hash all, then prefetch what they
 * will touch, then look up.
 * Owner: whoever embeds it. Locks: the owner's. */
#ifndef SHERD_CONTAINER_MEMBER_TABLE_H
#define SHERD_CONTAINER_MEMBER_TABLE_H

#include "sherd/base/hash.h"
#include "sherd/base/random.h"
#include "sherd/container/table.h"

enum {
    MEMBER_LONG = 255, /* the length byte of a member whose length stands behind it */
    MEMBER_BATCH = 16, /* lookups that are prepared together */
};

struct member {
    uint8_t len;
    char data[];
};

struct member_table {
    struct table table;              /* of struct member */
    const struct hash_key *hash_key; /* (c) borrowed: outlives the table */
    size_t member_bytes;             /* memory of the members */
};

/* Members that are looked up together: at most MEMBER_BATCH. */
struct member_batch {
    unsigned count;
    struct slice members[MEMBER_BATCH];
    uint64_t hashes[MEMBER_BATCH];
};

static ALWAYS_INLINE struct slice member_bytes_of(const struct member *member)
{
    size_t len = member->len;
    if (UNLIKELY(len == MEMBER_LONG)) {
        uint64_t longer;
        memcpy(&longer, member->data, sizeof(longer));
        return slice_make(member->data + sizeof(longer), longer);
    }
    return slice_make(member->data, len);
}

void member_table_init(struct member_table *table, const struct hash_key *hash_key);
/* Frees all members. O(n) */
void member_table_deinit(struct member_table *table);
/* Initialises `copy` with the same members. O(n) */
void member_table_copy(struct member_table *copy, const struct member_table *original);
/* Memory of the members and of the table behind the struct. O(1) */
size_t member_table_bytes(const struct member_table *table);

static ALWAYS_INLINE uint32_t member_table_count(const struct member_table *table)
{
    return table_used(&table->table);
}

NODISCARD bool member_table_contains(const struct member_table *table, struct slice bytes);
/* False when it is there already. The bytes are copied. */
bool member_table_insert(struct member_table *table, struct slice bytes);
/* Whether it was there. */
bool member_table_remove(struct member_table *table, struct slice bytes);
/* Takes a member of the table out; it is the caller's, to be freed with memory_free. */
struct member *member_table_take(struct member_table *table, const struct member *member);
/* A member, each with the same chance; the table is not empty. */
const struct member *member_table_sample(const struct member_table *table, struct random *random);
/* Visits the members of one bucket and gives the position to go on with, 0 at the end. Those that are there from the
 * first call (with 0) to the last are met, however the table changes in between. */
uint64_t member_table_scan(const struct member_table *table, uint64_t position,
                           void (*visit)(void *context, void *member), void *context);

/* ---- batches ---- */

/* Hashes the members of a batch; the hashes hold for all tables with the same key. */
void member_batch_hash(struct member_batch *batch, const struct hash_key *hash_key);
/* Starts loading what looking the hashed members up will touch; worth while only for large tables. */
void member_batch_prefetch(const struct member_batch *batch, const struct member_table *table);
/* Which members of a hashed batch are in the table: bit i stands for member i. */
NODISCARD unsigned member_batch_find(const struct member_batch *batch, const struct member_table *table);
/* Adds the hashed members; gives how many were not there yet. They may be equal to each other. */
unsigned member_batch_insert(const struct member_batch *batch, struct member_table *table);

/* ---- walking ---- */

/* Walks over all members of a table that does not change; begins with {.table = ...}. No cleanup is needed. */
struct member_walk {
    const struct member_table *table;
    struct table_group group; /* what is being read */
    uint32_t place;           /* in it */
    uint32_t next_bucket;
};

/* The next member, or NULL at the end. */
const struct member *member_walk_next(struct member_walk *walk);

#endif

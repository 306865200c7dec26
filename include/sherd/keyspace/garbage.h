/* SPDX-License-Identifier: BSD-3-Clause */
/* What was taken out of the keyspace under a lock and is freed after it: entries, values, whole tables.
 * Owner: the thread that executes; one list per thread. Locks: none. */
#ifndef SHERD_KEYSPACE_GARBAGE_H
#define SHERD_KEYSPACE_GARBAGE_H

#include "sherd/keyspace/keyspace.h"

enum garbage_kind {
    GARBAGE_ENTRY,  /* the entry alone */
    GARBAGE_WHOLE,  /* the entry and the value it points to */
    GARBAGE_VALUE,  /* a value of `type` */
    GARBAGE_MEMORY, /* plain memory */
};

struct garbage_item {
    enum garbage_kind kind;
    enum value_type type;
    void *pointer;
};

/* What takes long to free: the keys that a flush detached (a table of whole entries), or one large value. */
struct garbage_table {
    struct garbage_table *next;
    struct table table;
    struct expiry_index *expiry;
    uint64_t position; /* where freeing goes on in the table */
    void *value;       /* NULL, or a large value of `type` */
    enum value_type type;
};

enum {
    GARBAGE_INLINE = 64,
    GARBAGE_LARGE_ELEMENTS = 64, /* values with more are not freed by whoever removed them */
};

struct garbage {
    size_t count;
    size_t cap;
    struct garbage_item *items; /* `first` until there are more */
    struct garbage_item first[GARBAGE_INLINE];
    struct garbage_table *tables;
    size_t tables_keys;  /* in the tables; a large value counts as one */
    size_t tables_bytes; /* of the large values */
    bool at_once;        /* the tables are to be freed before the reply goes out */
};

void garbage_init(struct garbage *garbage);
void garbage_deinit(struct garbage *garbage);
void garbage_add(struct garbage *garbage, enum garbage_kind kind, enum value_type type, void *pointer);
void garbage_add_table(struct garbage *garbage, struct garbage_table *table, size_t keys);
/* Frees the items; large values become tables. Never under a shard's lock. */
void garbage_release(struct garbage *garbage) EXCLUDES(shard_held);
/* Takes the detached tables out, to be freed with garbage_table_free, perhaps elsewhere; resets what was noted about
 * them. */
struct garbage_table *garbage_take_tables(struct garbage *garbage, size_t *keys);
/* Frees some of a list of detached tables with their keys and values, and returns the rest of the list; NULL: all is
 * gone. About a millisecond, but for a large value, which goes in one piece. */
NODISCARD struct garbage_table *garbage_table_free_some(struct garbage_table *tables, struct keyspace_user *user)
    EXCLUDES(shard_held);
/* Frees all of it; long. */
void garbage_table_free(struct garbage_table *tables, struct keyspace_user *user) EXCLUDES(shard_held);
/* Frees an entry and its value now. */
void garbage_free_whole(struct entry *entry);

static ALWAYS_INLINE bool garbage_is_empty(const struct garbage *garbage)
{
    return garbage->count == 0 && garbage->tables == NULL;
}

#endif

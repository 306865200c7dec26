/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of a hash: which encoding it has, and the table of fields.
 * Owner: the hash. Locks: none. */
#ifndef SHERD_VALUE_HASH_PRIVATE_H
#define SHERD_VALUE_HASH_PRIVATE_H

#include "hash_field.h"
#include "sherd/container/schedule.h"
#include "sherd/container/table.h"
#include "sherd/value/hash.h"

struct hash_table {
    struct table fields;
    const struct hash_key *hash_key; /* outlives the table */
    struct schedule schedule;        /* of the fields with deadlines */
    size_t field_bytes;              /* memory of the fields, their blobs included */
};

struct hash {
    union {
        struct listpack pack; /* pack.data is NULL in a table */
        struct {
            const void *no_pack;
            struct hash_table *table;
        } big;
    };
};

static inline struct hash_table *hash_table_of(const struct hash *hash)
{
    return hash->pack.data == NULL ? hash->big.table : NULL;
}

/* ---- the table ---- */

/* A field and where it stands. */
struct hash_found {
    uint64_t hash;
    struct table_slot slot; /* word NULL: there is no such field */
    struct hash_field *field;
};

NODISCARD struct hash_table *hash_table_create(const struct hash_key *hash_key);
void hash_table_destroy(struct hash_table *table);
NODISCARD struct hash_table *hash_table_copy(const struct hash_table *table);
struct hash_found hash_table_find(const struct hash_table *table, struct slice name);
/* Adds a field that is not there. */
void hash_table_add(struct hash_table *table, struct slice name, struct slice value, int64_t deadline_ms);
bool hash_table_set(struct hash_table *table, struct slice name, struct slice value,
                    const struct hash_setting *setting);
/* `found` has a field; it is freed. */
void hash_table_remove(struct hash_table *table, const struct hash_found *found);
/* Gives the found field another deadline, or none. */
void hash_table_set_deadline(struct hash_table *table, const struct hash_found *found, int64_t deadline_ms);
size_t hash_table_expire(struct hash_table *table, int64_t now_ms, size_t budget);
/* Whether any field may be dead. */
static inline bool hash_table_has_dead(const struct hash_table *table, int64_t now_ms)
{
    const struct schedule_entry *first = schedule_first(&table->schedule);
    return UNLIKELY(first != NULL) && first->deadline_ms <= now_ms;
}

/* Visits every field, dead or not. The visitor must not change the table. */
void hash_table_each(const struct hash_table *table, void (*visit)(void *context, const struct hash_field *field),
                     void *context);

#endif

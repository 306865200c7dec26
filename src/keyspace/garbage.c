/* SPDX-License-Identifier: BSD-3-Clause */
/* Freeing, off the locks, of what commands took out of the keyspace.
 * Owner: the thread that executes. Locks: none may be held. */
#include "sherd/keyspace/garbage.h"

#include "sherd/keyspace/expiry.h"

enum {
    FREE_BUCKETS = 2000,     /* in one slice */
    TABLE_COST_BUCKETS = 20, /* what a table itself costs beside */
};

void garbage_init(struct garbage *garbage)
{
    garbage->count = 0;
    garbage->cap = GARBAGE_INLINE;
    garbage->items = garbage->first;
    garbage->tables = NULL;
    garbage->tables_keys = 0;
    garbage->tables_bytes = 0;
    garbage->at_once = false;
}

void garbage_deinit(struct garbage *garbage)
{
    ASSERT(garbage_is_empty(garbage));
    if (garbage->items != garbage->first) {
        memory_free(garbage->items);
    }
}

void garbage_add(struct garbage *garbage, enum garbage_kind kind, enum value_type type, void *pointer)
{
    if (UNLIKELY(garbage->count == garbage->cap)) {
        size_t cap = garbage->cap * 2;
        struct garbage_item *old = garbage->items == garbage->first ? NULL : garbage->items;
        struct garbage_item *items = memory_resize(old, cap * sizeof(*items));
        if (old == NULL) {
            memcpy(items, garbage->first, sizeof(garbage->first));
        }
        garbage->items = items;
        garbage->cap = cap;
    }
    garbage->items[garbage->count++] = (struct garbage_item){.kind = kind, .type = type, .pointer = pointer};
}

void garbage_add_table(struct garbage *garbage, struct garbage_table *table, size_t keys)
{
    table->next = garbage->tables;
    garbage->tables = table;
    garbage->tables_keys += keys;
}

void garbage_free_whole(struct entry *entry)
{
    if (entry->form >= ENTRY_BLOB) {
        value_class((enum value_type)entry->type)->free(entry_object(entry));
    }
    entry_free(entry);
}

/* Frees a value, or puts it off when that takes long. */
static void value_release(struct garbage *garbage, enum value_type type, void *value)
{
    const struct value_class *class = value_class(type);
    if (LIKELY(class->elements(value) <= GARBAGE_LARGE_ELEMENTS)) {
        class->free(value);
        return;
    }
    struct garbage_table *large = memory_alloc_zeroed(sizeof(*large));
    large->value = value;
    large->type = type;
    garbage->tables_bytes += class->bytes(value);
    garbage_add_table(garbage, large, 1);
}

static void entry_release(struct garbage *garbage, struct entry *entry)
{
    if (entry->form >= ENTRY_BLOB) {
        value_release(garbage, (enum value_type)entry->type, entry_object(entry));
    }
    entry_free(entry);
}

void garbage_release(struct garbage *garbage)
{
    for (size_t i = 0; i < garbage->count; i++) {
        struct garbage_item *item = &garbage->items[i];
        switch (item->kind) {
        case GARBAGE_ENTRY:
        case GARBAGE_MEMORY:
            memory_free(item->pointer);
            break;
        case GARBAGE_WHOLE:
            entry_release(garbage, item->pointer);
            break;
        case GARBAGE_VALUE:
            value_release(garbage, item->type, item->pointer);
            break;
        }
    }
    garbage->count = 0;
    if (garbage->items != garbage->first) {
        memory_free(garbage->items);
        garbage->items = garbage->first;
        garbage->cap = GARBAGE_INLINE;
    }
}

struct garbage_table *garbage_take_tables(struct garbage *garbage, size_t *keys)
{
    struct garbage_table *tables = garbage->tables;
    *keys = garbage->tables_keys;
    garbage->tables = NULL;
    garbage->tables_keys = 0;
    garbage->tables_bytes = 0;
    garbage->at_once = false;
    return tables;
}

static void free_visited(void *context, void *item)
{
    (void)context;
    garbage_free_whole(item);
}

/* Frees the keys of the next buckets; true when the table is empty. */
static bool free_buckets(struct garbage_table *table, const struct table_env *env, unsigned *buckets)
{
    while (table->position < TABLE_SCAN_END && *buckets < FREE_BUCKETS) {
        table->position = table_scan(&table->table, env, table->position, free_visited, NULL);
        *buckets += 1;
    }
    return table->position >= TABLE_SCAN_END;
}

struct garbage_table *garbage_table_free_some(struct garbage_table *tables, struct keyspace_user *user)
{
    struct table_env env = keyspace_table_env(user);
    unsigned buckets = 0;
    while (tables != NULL && free_buckets(tables, &env, &buckets)) {
        struct garbage_table *next = tables->next;
        buckets += TABLE_COST_BUCKETS;
        table_deinit(&tables->table, &env);
        expiry_index_destroy(tables->expiry);
        if (tables->value != NULL) {
            value_class(tables->type)->free(tables->value);
        }
        memory_free(tables);
        tables = next;
    }
    return tables;
}

void garbage_table_free(struct garbage_table *tables, struct keyspace_user *user)
{
    while (tables != NULL) {
        tables = garbage_table_free_some(tables, user);
        epoch_poll(user->epoch);
    }
}

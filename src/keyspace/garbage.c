/* SPDX-License-Identifier: BSD-3-Clause */
/* Freeing, off the locks, of what commands took out of the keyspace.
 * Owner: the thread that executes. Locks: none may be held. */
#include "sherd/keyspace/garbage.h"

#include "sherd/keyspace/expiry.h"

void garbage_init(struct garbage *garbage)
{
    garbage->count = 0;
    garbage->cap = GARBAGE_INLINE;
    garbage->items = garbage->first;
    garbage->tables = NULL;
    garbage->tables_keys = 0;
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

void garbage_release(struct garbage *garbage, struct keyspace_user *user)
{
    (void)user;
    for (size_t i = 0; i < garbage->count; i++) {
        struct garbage_item *item = &garbage->items[i];
        switch (item->kind) {
        case GARBAGE_ENTRY:
        case GARBAGE_MEMORY:
            memory_free(item->pointer);
            break;
        case GARBAGE_WHOLE:
            garbage_free_whole(item->pointer);
            break;
        case GARBAGE_VALUE:
            value_class(item->type)->free(item->pointer);
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
    return tables;
}

static void free_visited(void *context, void *item)
{
    (void)context;
    garbage_free_whole(item);
}

void garbage_table_free(struct garbage_table *tables, struct keyspace_user *user)
{
    struct table_env env = keyspace_table_env(user);
    while (tables != NULL) {
        struct garbage_table *next = tables->next;
        uint64_t position = 0;
        while (position < TABLE_SCAN_END) {
            position = table_scan(&tables->table, &env, position, free_visited, NULL);
        }
        table_deinit(&tables->table, &env);
        expiry_index_destroy(tables->expiry);
        memory_free(tables);
        epoch_poll(user->epoch);
        tables = next;
    }
}

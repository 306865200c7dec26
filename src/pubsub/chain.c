/* SPDX-License-Identifier: BSD-3-Clause */
/* The hash table with chains: growing and linking.
 * Owner: whoever embeds the table. Locks: that of its owner. */
#include "chain.h"

enum {
    CHAIN_HEADS_MIN = 8,
};

static void chain_push(struct chain_table *table, struct chain_node *node)
{
    struct chain_node **head = &table->heads[node->hash & (table->cap - 1)];
    node->next = *head;
    *head = node;
}

static void chain_grow(struct chain_table *table)
{
    struct chain_table old = *table;
    table->cap = old.cap == 0 ? (size_t)CHAIN_HEADS_MIN : old.cap * 2;
    table->heads = memory_alloc_zeroed(table->cap * sizeof(struct chain_node *));
    for (size_t i = 0; i < old.cap; i++) {
        struct chain_node *next;
        for (struct chain_node *node = old.heads[i]; node != NULL; node = next) {
            next = node->next;
            chain_push(table, node);
        }
    }
    memory_free(old.heads);
}

void chain_insert(struct chain_table *table, struct chain_node *node)
{
    if (table->count == table->cap) {
        chain_grow(table);
    }
    chain_push(table, node);
    table->count++;
}

void chain_remove(struct chain_table *table, const struct chain_node *node)
{
    struct chain_node **link = &table->heads[node->hash & (table->cap - 1)];
    while (*link != node) {
        link = &(*link)->next;
    }
    *link = node->next;
    table->count--;
    if (table->count == 0) {
        chain_deinit(table);
    }
}

void chain_deinit(struct chain_table *table)
{
    memory_free(table->heads);
    *table = (struct chain_table){0};
}

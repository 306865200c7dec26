/* SPDX-License-Identifier: BSD-3-Clause */
/* An intrusive hash table with chains: what is in it embeds a chain_node, and the caller compares.
 * Owner: whoever embeds the table. Locks: that of its owner. */
#ifndef SHERD_PUBSUB_CHAIN_H
#define SHERD_PUBSUB_CHAIN_H

#include "sherd/pubsub/pubsub.h"

struct chain_node {
    struct chain_node *next;
    uint64_t hash;
};

/* The first node of the chain in which those of `hash` stand; NULL: none. */
static inline struct chain_node *chain_first(const struct chain_table *table, uint64_t hash)
{
    return table->cap == 0 ? NULL : table->heads[hash & (table->cap - 1)];
}

void chain_insert(struct chain_table *table, struct chain_node *node);
void chain_remove(struct chain_table *table, const struct chain_node *node);
void chain_deinit(struct chain_table *table);

#endif

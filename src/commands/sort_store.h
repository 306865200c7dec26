/* SPDX-License-Identifier: BSD-3-Clause */
/* Where SORT ... STORE puts its results: a list that takes the place of the destination.
 * Owner: the handler's stack. Locks: none taken. */
#ifndef SHERD_COMMANDS_SORT_STORE_H
#define SHERD_COMMANDS_SORT_STORE_H

#include "sherd/exec/call.h"
#include "sherd/value/list.h"

struct sort_store {
    struct call *call;
    struct list_limits limits;
    struct list *list;
    uint64_t count;
};

void sort_store_init(struct sort_store *store, struct call *call);
/* Copies the text. */
void sort_store_push(struct sort_store *store, struct slice text);
/* Puts the list into the key at `argument`, or removes that key when there are no results. Gives how many there are. */
uint64_t sort_store_finish(struct sort_store *store, uint32_t argument) REQUIRES(shard_held);

#endif

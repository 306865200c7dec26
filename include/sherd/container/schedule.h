/* SPDX-License-Identifier: BSD-3-Clause */
/* Items in the order of their deadlines: a heap in which each item knows its place, so that removing one and changing
 * its deadline need no search and leave nothing behind.
 *
 *   directory -> chunks of SCHEDULE_CHUNK places; the first chunk starts small and doubles
 *
 * Growing therefore never moves more than one chunk. Whoever holds an item keeps its place, which schedule_* report
 * through `moved` whenever it changes.
 * Owner: whoever embeds the struct; the items are the caller's. Locks: none. */
#ifndef SHERD_CONTAINER_SCHEDULE_H
#define SHERD_CONTAINER_SCHEDULE_H

#include "sherd/base/compiler.h"

enum {
    SCHEDULE_CHUNK = 1024, /* places */
};

struct schedule_entry {
    int64_t deadline_ms;
    void *item;
};

struct schedule {
    struct schedule_entry **chunks; /* owned */
    uint32_t count;                 /* items */
    uint32_t cap;                   /* places in all chunks */
    uint32_t chunk_slots;           /* of the directory */
    uint32_t unused;
    /* Tells an item its place. Called within every change, for the items that it moves. */
    void (*moved)(void *item, uint32_t place); /* (c) */
};

void schedule_init(struct schedule *schedule, void (*moved)(void *item, uint32_t place));
void schedule_deinit(struct schedule *schedule);

/* Adds an item; `moved` tells its place. O(log n), amortised. There is room for 2^32 - 1 of them. */
void schedule_insert(struct schedule *schedule, int64_t deadline_ms, void *item);
/* Takes out the item at a place. O(log n) */
void schedule_remove(struct schedule *schedule, uint32_t place);
/* Gives the item at a place another deadline. O(log n) */
void schedule_change(struct schedule *schedule, uint32_t place, int64_t deadline_ms);
/* The item at a place now has another address. */
void schedule_rename(struct schedule *schedule, uint32_t place, void *item);
/* The item with the earliest deadline; NULL when there is none. Valid until the next change. */
const struct schedule_entry *schedule_first(const struct schedule *schedule);
/* How many deadlines lie at or before `now_ms`, counted up to `enough`. O(result) */
size_t schedule_due(const struct schedule *schedule, int64_t now_ms, size_t enough);
/* Bytes of memory of its own. */
size_t schedule_bytes(const struct schedule *schedule);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* What the list commands share: limits, elements as replies, popping and pushing. Popping and moving take the reply to
 * write to apart from the call, so that they can serve a client that waits while another one's call brings elements.
 * Owner: the handler's stack. Locks: none taken; the lists' shards are held. */
#ifndef SHERD_COMMANDS_LIST_ACCESS_H
#define SHERD_COMMANDS_LIST_ACCESS_H

#include "sherd/exec/blocking.h"
#include "sherd/value/list.h"

enum {
    /* What is done under a spinlock; anything beyond moves to an executor: */
    LIST_SHORT_ELEMENTS = 1500,      /* replied */
    LIST_SHORT_BYTES = 128 * 1024,   /* of nodes read or arguments copied */
    LIST_SHORT_ARGUMENTS = 1000,     /* pushed */
    LIST_SHORT_NODES = 192,          /* freed */
    LIST_SHORT_DISTANCE = 32 * 1024, /* nodes between an index and the nearer end */
    LIST_COMPARED_TOGETHER = 4,      /* elements that are compared in the time of replying one */
};

struct list_limits list_limits_of(const struct call *call);

/* The lesser of `count` and what the list holds. */
static inline uint64_t list_bounded(const struct list *list, uint64_t count)
{
    uint64_t have = list_count(list);
    return count < have ? count : have;
}

/* Must this call move to an executor (OUTCOME_POSSESS), since it would reply or compare `elements` from an index on? */
bool list_is_long(const struct call *call, const struct list *list, uint64_t index, uint64_t elements);
/* The same for freeing so many elements. */
bool list_removal_is_long(const struct call *call, const struct list *list, uint64_t elements);

/* An argument as an element; list_source_done lets go of it after the list took it. */
NODISCARD struct quicklist_source list_source(const struct call *call, uint32_t argument);
static inline void list_source_done(struct quicklist_source source)
{
    if (source.blob != NULL) {
        blob_release(source.blob);
    }
}

/* "LEFT" or "RIGHT"; false: neither. */
NODISCARD bool list_argument_end(const struct call *call, uint32_t argument, enum quicklist_end *end);

static ALWAYS_INLINE void list_reply_item(struct reply *reply, const struct quicklist_item *item)
{
    if (item->value.is_integer) {
        reply_bulk_integer(reply, item->value.integer);
    } else if (LIKELY(item->blob == NULL)) {
        reply_bulk(reply, item->value.text);
    } else {
        reply_bulk_blob(reply, item->blob);
    }
}

/* `count` elements from an index on, as an array. */
void list_reply_range(struct reply *reply, const struct list *list, uint64_t index, uint64_t count, bool is_reverse);

/* What LPOP and its kin take away. */
struct list_pop {
    enum quicklist_end end;
    uint64_t count; /* at most so many, as an array; 0: one, as itself */
};

/* Pops from the list of `ref`, which is not empty: replies, notes the change, removes the key when nothing is left. */
void list_pop(struct call *call, struct keyref *ref, struct list_pop pop, struct reply *reply) REQUIRES(shard_held);

/* Elements have left the list of `ref`: notes `event` and `count` changes; removes the key when nothing is left. */
void list_removed(struct call *call, struct keyref *ref, const char *event, uint64_t count) REQUIRES(shard_held);

struct list_move {
    enum quicklist_end from;
    enum quicklist_end to;
};

/* Moves an element from the list of argument 1 to that of argument 2. With nothing there, waits as `wait` says; NULL:
 * replies a null. */
enum outcome list_move(struct call *call, struct list_move move, const struct block_request *wait) REQUIRES(shard_held);
/* LMPOP from the argument of its count of keys on; `wait` likewise: its keys are filled in here, and its timeout, which
 * stands before that count but is looked at last. */
enum outcome list_mpop(struct call *call, uint32_t first, struct block_request *wait) REQUIRES(shard_held);

/* The list of a key that was looked up for writing, for an element or more to be added: created when missing. */
struct list *list_for_adding(struct keyref *ref) REQUIRES(shard_held);

#endif

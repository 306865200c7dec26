/* SPDX-License-Identifier: BSD-3-Clause */
/* The list data type. A short list is one listpack, a longer one a quicklist; when they change into each other is what
 * Redis 7.2 does: before elements are added that would exceed list-max-listpack-size, and after removals that leave one
 * node with half of that or less.
 * Owner: the key that holds it; one thread changes it at a time, readers want it unchanged. Locks: none. */
#ifndef SHERD_VALUE_LIST_H
#define SHERD_VALUE_LIST_H

#include "sherd/container/quicklist.h"

struct list {
    union {
        struct listpack pack; /* its data is not NULL: a short list */
        struct {
            void *no_pack;           /* stands where pack.data does */
            struct quicklist *quick; /* owned */
        };
    };
};

/* As configured. */
struct list_limits {
    int64_t node_size;      /* list-max-listpack-size */
    int64_t compress_depth; /* list-compress-depth */
    size_t plain_bytes;     /* elements of so many bytes stand alone in their node; 0: as node_size says */
};

static inline bool list_is_short(const struct list *list)
{
    return list->pack.data != NULL;
}

static inline uint64_t list_count(const struct list *list)
{
    return list_is_short(list) ? listpack_count(&list->pack) : list->quick->count;
}

/* An empty list; it is the holder's to fill or to remove. */
NODISCARD struct list *list_create(void);
void list_destroy(struct list *list);
/* A deep copy; large elements are shared. */
NODISCARD struct list *list_copy(const struct list *list);
/* Memory in use; an estimate for long lists. */
size_t list_bytes(const struct list *list);
/* What freeing and copying it cost: its nodes. */
size_t list_nodes(const struct list *list);

/* To be called before `count` elements of together `bytes` are added or one takes another's place. */
void list_will_grow(struct list *list, const struct list_limits *limits, size_t bytes, uint64_t count);
/* To be called after elements were removed or replaced. */
void list_has_shrunk(struct list *list, const struct list_limits *limits);

void list_push(struct list *list, enum quicklist_end end, struct quicklist_source source);
/* The element at an end of a list that is not empty; valid until the list changes. */
struct quicklist_item list_peek(const struct list *list, enum quicklist_end end);
/* Removes `count` elements, of which there are as many. */
void list_drop(struct list *list, enum quicklist_end end, uint64_t count);
/* Replaces the element of an index, below the count. */
void list_replace(struct list *list, uint64_t index, struct quicklist_source source);
/* Inserts beside the first element equal to `pivot`; false when there is none. O(n) */
NODISCARD bool list_insert(struct list *list, struct slice pivot, bool after, struct quicklist_source source);
/* Removes at most `limit` elements equal to `text`, from one end; gives how many. O(n) */
uint64_t list_remove_equal(struct list *list, struct slice text, uint64_t limit, enum quicklist_end from);

/* Walks from the element of an index, below the count; see quicklist_iterator_next, quicklist_iterator_finish. */
static inline void list_iterate(struct quicklist_iterator *iterator, const struct list *list, uint64_t index,
                                bool is_reverse)
{
    if (list_is_short(list)) {
        quicklist_iterator_init_pack(iterator, &list->pack, index, is_reverse);
    } else {
        quicklist_iterator_init(iterator, list->quick, index, is_reverse);
    }
}

/* What elements are compared with, so that the text is read as a number only once. */
struct list_wanted {
    struct slice text;
    int64_t integer;
    bool is_integer;
};

struct list_wanted list_wanted(struct slice text);

static inline bool list_is_wanted(const struct list_wanted *wanted, const struct listpack_value *value)
{
    if (value->is_integer) {
        return wanted->is_integer && wanted->integer == value->integer;
    }
    return slice_equals(wanted->text, value->text);
}

/* The bytes that walking over `count` elements passes at most; a rough estimate, for deciding where to run. O(1) */
uint64_t list_walk_bytes(const struct list *list, uint64_t count);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* What SORT sorts: elements with a weight each, a number or a text. Stable: elements that compare equal keep their
 * order.
 * Texts are borrowed; what has to be made for the occasion (the digits of a number) is kept until the end.
 * Owner: whoever embeds the struct. Locks: none. */
#ifndef SHERD_CONTAINER_SORTING_H
#define SHERD_CONTAINER_SORTING_H

#include "sherd/base/arena.h"

struct sorting_item {
    struct slice element;
    union {
        double score;               /* SORTING_NUMBERS */
        const struct slice *weight; /* SORTING_WEIGHTS; NULL comes before every text */
    };
};

enum sorting_rule {
    SORTING_NUMBERS,  /* by score, then by the element's bytes */
    SORTING_ELEMENTS, /* by the element */
    SORTING_WEIGHTS,  /* by the weight */
};

struct sorting {
    struct sorting_item *items; /* owned */
    size_t count;
    size_t cap;
    enum sorting_rule rule;
    bool descending;
    bool
        whole_texts; /* texts are compared byte by byte to their ends; otherwise, as strcoll in the C locale, only up to
                       * a zero byte */
    struct arena arena; /* what is kept for the occasion */
};

/* With room for `cap` elements. */
void sorting_init(struct sorting *sorting, size_t cap);
void sorting_deinit(struct sorting *sorting);
/* Adds an element with the score 0 or no weight; there is room. The bytes stay where they are. */
static inline void sorting_add(struct sorting *sorting, struct slice element)
{
    ASSERT(sorting->count < sorting->cap);
    sorting->items[sorting->count++] = (struct sorting_item){.element = element, .weight = NULL};
}
/* Copies a text; the copy and its slice last as long as the sorting: for weights. */
const struct slice *sorting_keep_weight(struct sorting *sorting, struct slice bytes);
/* The number a text stands for, by the rule of SORT: what strtod takes up to its end or a zero byte; nothing is 0.
 * False for anything else, NaN, overflow and underflow. */
NODISCARD bool sorting_score(struct slice text, double *score);
/* O(count * log count). */
void sorting_sort(struct sorting *sorting);
/* The same for items[first] to items[last] alone, first <= last < count; of the others only the number is kept. Not
 * stable: elements that compare equal come out as from Redis (container/partial_sort.h). */
void sorting_sort_part(struct sorting *sorting, size_t first, size_t last);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Sorting for SORT: a merge sort from the bottom up, over runs that were sorted by insertion.
 * Owner: the sorting's. Locks: none. */
#include "sherd/container/sorting.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "sherd/base/memory.h"
#include "sherd/base/number.h"
#include "sherd/container/partial_sort.h"

enum {
    RUN_ITEMS = 12,
    SHORT_NUMBER_BYTES = 128,
};

void sorting_init(struct sorting *sorting, size_t cap)
{
    *sorting = (struct sorting){.cap = cap};
    sorting->items = cap == 0 ? NULL : memory_alloc(cap * sizeof(*sorting->items));
}

void sorting_deinit(struct sorting *sorting)
{
    arena_deinit(&sorting->arena);
    memory_free(sorting->items);
    sorting->items = NULL;
}

const struct slice *sorting_keep_weight(struct sorting *sorting, struct slice bytes)
{
    struct slice *weight = arena_alloc(&sorting->arena, sizeof(*weight));
    *weight = arena_keep(&sorting->arena, bytes);
    return weight;
}

bool sorting_score(struct slice text, double *score)
{
    int64_t integer;
    if (LIKELY(number_parse_i64(text, &integer))) {
        *score = (double)integer;
        return true;
    }
    char few[SHORT_NUMBER_BYTES];
    char *copy = text.len < sizeof(few) ? few : memory_alloc(text.len + 1);
    memcpy(copy, text.len == 0 ? "" : text.data, text.len);
    copy[text.len] = '\0';
    char *end;
    errno = 0;
    *score = strtod(copy, &end);
    bool good = *end == '\0' && errno != ERANGE && !isnan(*score);
    if (copy != few) {
        memory_free(copy);
    }
    return good;
}

static struct slice cut_at_zero(struct slice text)
{
    const char *zero = text.len == 0 ? NULL : memchr(text.data, '\0', text.len);
    return zero == NULL ? text : slice_make(text.data, (size_t)(zero - text.data));
}

static int compare_texts(const struct sorting *sorting, struct slice a, struct slice b)
{
    return sorting->whole_texts ? slice_compare(a, b) : slice_compare(cut_at_zero(a), cut_at_zero(b));
}

static ALWAYS_INLINE int compare_items(const struct sorting *sorting, const struct sorting_item *a,
                                       const struct sorting_item *b)
{
    switch (sorting->rule) {
    case SORTING_NUMBERS:
        if (a->score != b->score) {
            return a->score < b->score ? -1 : 1;
        }
        return slice_compare(a->element, b->element);
    case SORTING_ELEMENTS:
        return compare_texts(sorting, a->element, b->element);
    default:
        if (a->weight == NULL || b->weight == NULL) {
            return (a->weight != NULL) - (b->weight != NULL);
        }
        return compare_texts(sorting, *a->weight, *b->weight);
    }
}

/* Must `a`, which stood before `b`, go behind it? */
static ALWAYS_INLINE bool is_behind(const struct sorting *sorting, const struct sorting_item *a,
                                    const struct sorting_item *b)
{
    int order = compare_items(sorting, a, b);
    return sorting->descending ? order < 0 : order > 0;
}

static void sort_run(const struct sorting *sorting, struct sorting_item *items, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct sorting_item item = items[i];
        size_t at = i;
        for (; at > 0 && is_behind(sorting, &items[at - 1], &item); at--) {
            items[at] = items[at - 1];
        }
        items[at] = item;
    }
}

/* Two neighbouring sorted stretches, `left` and the rest of `count`, into one. */
static void merge(const struct sorting *sorting, const struct sorting_item *from, size_t left, size_t count,
                  struct sorting_item *to)
{
    size_t a = 0;
    size_t b = left;
    while (a < left && b < count) {
        *to++ = is_behind(sorting, &from[a], &from[b]) ? from[b++] : from[a++];
    }
    memcpy(to, from + a, (left - a) * sizeof(*to));
    memcpy(to + (left - a), from + b, (count - b) * sizeof(*to));
}

void sorting_sort(struct sorting *sorting)
{
    size_t count = sorting->count;
    for (size_t i = 0; i < count; i += RUN_ITEMS) {
        sort_run(sorting, sorting->items + i, count - i < RUN_ITEMS ? count - i : RUN_ITEMS);
    }
    if (count <= RUN_ITEMS) {
        return;
    }
    struct sorting_item *from = sorting->items;
    struct sorting_item *to = memory_alloc(count * sizeof(*to));
    for (size_t width = RUN_ITEMS; width < count; width *= 2) {
        for (size_t i = 0; i < count; i += 2 * width) {
            size_t both = count - i < 2 * width ? count - i : 2 * width;
            merge(sorting, from + i, both < width ? both : width, both, to + i);
        }
        struct sorting_item *swap = from;
        from = to;
        to = swap;
    }
    memory_free(to);
    sorting->items = from;
    sorting->cap = count;
}

static int compare_for_part(const void *a, const void *b, void *context)
{
    const struct sorting *sorting = context;
    int order = compare_items(sorting, a, b);
    return sorting->descending ? -order : order;
}

void sorting_sort_part(struct sorting *sorting, size_t first, size_t last)
{
    size_t count = sorting->count;
    void **pointers = memory_alloc(count * sizeof(*pointers));
    for (size_t i = 0; i < count; i++) {
        pointers[i] = &sorting->items[i];
    }
    partial_sort(pointers, count, first, last, &(struct partial_order){compare_for_part, sorting});
    struct sorting_item *sorted = memory_alloc(count * sizeof(*sorted));
    for (size_t i = first; i <= last; i++) {
        sorted[i] = *(const struct sorting_item *)pointers[i];
    }
    memory_free(pointers);
    memory_free(sorting->items);
    sorting->items = sorted;
    sorting->cap = count;
}

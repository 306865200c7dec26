/* SPDX-License-Identifier: BSD-3-Clause */
/* Quicksort with a pivot from up to nine elements and a partition in three, for a stretch of the result.
 * Owner: the caller's array. Locks: none. */
#include "sherd/container/partial_sort.h"

#include <stdlib.h>

enum {
    FEW = 7,   /* fewer are sorted by insertion */
    MANY = 40, /* more have their pivot from nine elements */
};

static int compare(void *const *items, size_t a, size_t b, const struct partial_order *order)
{
    return order->compare(items[a], items[b], order->context);
}

static void swap(void **items, size_t a, size_t b)
{
    void *item = items[a];
    items[a] = items[b];
    items[b] = item;
}

static void swap_runs(void **items, size_t a, size_t b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        swap(items, a + i, b + i);
    }
}

static void sort_few(void **items, size_t count, const struct partial_order *order)
{
    for (size_t i = 1; i < count; i++) {
        for (size_t at = i; at > 0 && compare(items, at - 1, at, order) > 0; at--) {
            swap(items, at, at - 1);
        }
    }
}

/* Which of three is in the middle. */
static size_t middle(void *const *items, const size_t at[static 3], const struct partial_order *order)
{
    if (compare(items, at[0], at[1], order) < 0) {
        if (compare(items, at[1], at[2], order) < 0) {
            return at[1];
        }
        return compare(items, at[0], at[2], order) < 0 ? at[2] : at[0];
    }
    if (compare(items, at[1], at[2], order) > 0) {
        return at[1];
    }
    return compare(items, at[0], at[2], order) < 0 ? at[0] : at[2];
}

static size_t choose_pivot(void *const *items, size_t count, const struct partial_order *order)
{
    size_t at[3] = {0, count / 2, count - 1};
    if (count == FEW) {
        return at[1];
    }
    if (count > MANY) {
        size_t step = count / 8;
        at[0] = middle(items, (const size_t[3]){0, step, 2 * step}, order);
        at[1] = middle(items, (const size_t[3]){at[1] - step, at[1], at[1] + step}, order);
        at[2] = middle(items, (const size_t[3]){at[2] - 2 * step, at[2] - step, at[2]}, order);
    }
    return middle(items, at, order);
}

struct parts {
    size_t less;    /* so many come before the pivot */
    size_t greater; /* and so many behind; those equal to it stand between */
};

/* The pivot is the first item. While the ends approach each other, equal items gather at both outer ends:
 *
 *   equal | less | not seen yet | greater | equal        0 .. low_equal .. low .. high .. high_equal .. count */
static struct parts partition(void **items, size_t count, const struct partial_order *order)
{
    size_t low_equal = 1;
    size_t low = 1;
    size_t high = count; /* one behind the last that was not seen */
    size_t high_equal = count;
    int result;
    for (;;) {
        for (; low < high && (result = compare(items, low, 0, order)) <= 0; low++) {
            if (result == 0) {
                swap(items, low_equal++, low);
            }
        }
        for (; low < high && (result = compare(items, high - 1, 0, order)) >= 0; high--) {
            if (result == 0) {
                swap(items, high - 1, --high_equal);
            }
        }
        if (low >= high) {
            break;
        }
        swap(items, low++, --high);
    }
    struct parts parts = {.less = low - low_equal, .greater = high_equal - high};
    size_t run = low_equal < parts.less ? low_equal : parts.less;
    swap_runs(items, 0, low - run, run);
    size_t equal = count - high_equal;
    run = parts.greater < equal ? parts.greater : equal;
    swap_runs(items, low, count - run, run);
    return parts;
}

static int compare_pointers(const void *a, const void *b, void *order)
{
    const struct partial_order *by = order;
    return by->compare(*(void *const *)a, *(void *const *)b, by->context);
}

void partial_sort(void **items, size_t count, size_t first, size_t last, const struct partial_order *order)
{
    /* Bad pivots again and again are somebody's intention; then any sort will do that is never slow. */
    unsigned budget = 0;
    for (size_t left = count; left != 0; left /= 2) {
        budget += 3;
    }
    size_t begin = 0;
    while (count >= FEW) {
        if (budget-- == 0) {
            struct partial_order by = *order;
            qsort_r(items + begin, count, sizeof(*items), compare_pointers, &by);
            return;
        }
        void **part = items + begin;
        swap(part, 0, choose_pivot(part, count, order));
        struct parts parts = partition(part, count, order);
        size_t greater_at = begin + count - parts.greater;
        bool in_less = parts.less > 1 && first < begin + parts.less && last >= begin;
        bool in_greater = parts.greater > 1 && last >= greater_at && first < greater_at + parts.greater;
        if (in_less && in_greater) {
            size_t from = first < begin ? 0 : first - begin;
            partial_sort(part, parts.less, from, parts.less - 1, order);
        }
        if (in_greater) {
            begin = greater_at;
            count = parts.greater;
        } else if (in_less) {
            count = parts.less;
        } else {
            return;
        }
    }
    sort_few(items + begin, count, order);
}

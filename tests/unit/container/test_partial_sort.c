/* SPDX-License-Identifier: BSD-3-Clause */
/* Partial sorting: the wanted stretch is in order and at its place; all elements are still there; equal ones end up
 * where the algorithm of 1993 puts them; no input makes it slow.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "sherd/base/random.h"
#include "sherd/container/partial_sort.h"

struct item {
    int key;
    int number;
};

static int compare_keys(const void *a, const void *b, void *context)
{
    if (context != NULL) {
        ++*(size_t *)context;
    }
    const struct item *left = a;
    const struct item *right = b;
    return (left->key > right->key) - (left->key < right->key);
}

static int compare_keys_plainly(const void *a, const void *b)
{
    return compare_keys(a, b, NULL);
}

static void run(struct random *random, size_t count, uint64_t keys)
{
    struct item items[600], sorted[600];
    void *pointers[600];
    bool seen[600] = {false};
    for (size_t i = 0; i < count; i++) {
        items[i] = (struct item){.key = (int)random_below(random, keys), .number = (int)i};
        sorted[i] = items[i];
        pointers[i] = &items[i];
    }
    qsort(sorted, count, sizeof(sorted[0]), compare_keys_plainly);
    size_t first = (size_t)random_below(random, count);
    size_t last = first + (size_t)random_below(random, count - first);
    partial_sort(pointers, count, first, last, &(struct partial_order){compare_keys, NULL});
    for (size_t i = 0; i < count; i++) {
        const struct item *item = pointers[i];
        cr_assert_not(seen[item->number]);
        seen[item->number] = true;
        cr_assert(i < first || i > last || item->key == sorted[i].key, "place %zu of %zu, wanted %zu to %zu", i, count,
                  first, last);
    }
}

Test(partial_sort, puts_a_stretch_in_its_place)
{
    struct random random;
    random_init_seed(&random, 5);
    for (size_t count = 1; count <= 600; count += 1 + count / 20) {
        for (int round = 0; round < 20; round++) {
            run(&random, count, 3);
            run(&random, count, count);
            run(&random, count, 1000000);
        }
    }
}

Test(partial_sort, puts_equal_elements_where_redis_puts_them)
{
    /* GEORADIUS ... COUNT 4 and SORT BY ... ALPHA LIMIT 0 4 of redis-server 7.0.15, all keys equal. */
    static const int expected[] = {9, 1, 2, 3};
    struct item items[10];
    void *pointers[10];
    for (int i = 0; i < 10; i++) {
        items[i] = (struct item){.key = 1, .number = i};
        pointers[i] = &items[i];
    }
    partial_sort(pointers, 10, 0, 3, &(struct partial_order){compare_keys, NULL});
    for (int i = 0; i < 4; i++) {
        cr_assert_eq(((struct item *)pointers[i])->number, expected[i], "%d: %d", i,
                     ((struct item *)pointers[i])->number);
    }
}

/* An adversary in the manner of M. McIlroy, "A killer adversary for quicksort": keys are settled when asked for. */
struct adversary {
    int *keys;
    int gas;
    int settled;
    int candidate;
    size_t comparisons;
};

static int compare_adversely(const void *a, const void *b, void *context)
{
    struct adversary *adversary = context;
    int left = ((const struct item *)a)->number;
    int right = ((const struct item *)b)->number;
    adversary->comparisons++;
    if (adversary->keys[left] == adversary->gas && adversary->keys[right] == adversary->gas) {
        adversary->keys[left == adversary->candidate ? left : right] = adversary->settled++;
    }
    if (adversary->keys[left] == adversary->gas) {
        adversary->candidate = left;
    } else if (adversary->keys[right] == adversary->gas) {
        adversary->candidate = right;
    }
    return adversary->keys[left] - adversary->keys[right];
}

Test(partial_sort, is_not_made_slow_by_an_adversary)
{
    enum { COUNT = 20000 };
    static struct item items[COUNT];
    static void *pointers[COUNT];
    static int keys[COUNT];
    for (int i = 0; i < COUNT; i++) {
        items[i].number = i;
        pointers[i] = &items[i];
        keys[i] = COUNT;
    }
    struct adversary adversary = {.keys = keys, .gas = COUNT};
    partial_sort(pointers, COUNT, 0, COUNT - 2, &(struct partial_order){compare_adversely, &adversary});
    cr_assert_lt(adversary.comparisons, 5000000, "%zu", adversary.comparisons);
}

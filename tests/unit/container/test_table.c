/* SPDX-License-Identifier: BSD-3-Clause */
/* The hash table beside a plain model: growing, shrinking, scanning, drawing, and hashes that collide.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "sherd/base/memory.h"
#include "sherd/base/random.h"
#include "sherd/container/table.h"

enum {
    ITEMS = 20000,
};

struct item {
    CACHE_ALIGNED uint64_t hash;
    uint32_t number;
    unsigned met;
};

static struct item *items;
static size_t retired;

static uint64_t item_hash(const void *context, const void *item)
{
    (void)context;
    return ((const struct item *)item)->hash;
}

static void retire(void *context, void *memory)
{
    (void)context;
    retired++;
    memory_free(memory);
}

static const struct table_env env = {.hash = item_hash, .retire = retire};

static void make_items(uint64_t mask)
{
    struct random random;
    random_init_seed(&random, 42);
    items = memory_alloc_line(ITEMS * sizeof(*items));
    for (uint32_t i = 0; i < ITEMS; i++) {
        items[i] = (struct item){.hash = random_next(&random) & mask, .number = i};
    }
}

static bool same(const void *item, const void *wanted)
{
    return item == wanted;
}

static bool holds(const struct table *table, uint32_t number)
{
    return table_find(table, items[number].hash, same, &items[number]).word != NULL;
}

static void put(struct table *table, uint32_t number)
{
    struct table_slot slot = table_insert(table, &env, items[number].hash, &items[number]);
    cr_assert_eq(table_slot_item(slot), &items[number]);
}

static void take(struct table *table, uint32_t number)
{
    struct table_slot slot = table_find(table, items[number].hash, same, &items[number]);
    cr_assert_eq(table_remove(table, &env, items[number].hash, slot), &items[number]);
}

static void meet(void *context, void *item)
{
    (void)context;
    ((struct item *)item)->met++;
}

/* All items go in and out again; at times every one is looked up. */
static void fill_and_empty(void)
{
    struct table table;
    table_init(&table);
    for (uint32_t i = 0; i < ITEMS; i++) {
        put(&table, i);
        cr_assert_eq(table_used(&table), i + 1);
    }
    for (uint32_t i = 0; i < ITEMS; i++) {
        cr_assert(holds(&table, i));
    }
    for (uint32_t i = 0; i < ITEMS; i++) {
        take(&table, (i * 7919) % ITEMS);
        if (i % 1000 == 0) {
            for (uint32_t j = 0; j < ITEMS; j++) {
                cr_assert_eq(holds(&table, (j * 7919) % ITEMS), j > i);
            }
        }
    }
    cr_assert_eq(table_used(&table), 0);
    cr_assert_leq(atomic_load(&table.buckets), TABLE_SEGMENT_BUCKETS);
    table_deinit(&table, &env);
    cr_assert_gt(retired, 0);
    memory_free(items);
}

Test(table, keeps_what_it_is_given_while_growing_and_shrinking)
{
    make_items(UINT64_MAX);
    fill_and_empty();
}

Test(table, stays_correct_when_few_buckets_are_hit)
{
    make_items(UINT64_C(0xffff00000000003f));
    fill_and_empty();
}

Test(table, needs_no_more_than_its_load)
{
    struct table table;
    make_items(UINT64_MAX);
    table_init(&table);
    for (uint32_t i = 0; i < ITEMS; i++) {
        put(&table, i);
        size_t buckets = atomic_load(&table.buckets);
        cr_assert(i < 100 || buckets * 7 <= i + 64, "%u items in %zu buckets", i, buckets);
    }
    cr_assert_leq(table_bytes(&table) / ITEMS, 12);
    table_deinit(&table, &env);
    memory_free(items);
}

Test(table, replaces_an_item_in_its_slot)
{
    struct table table;
    make_items(UINT64_MAX);
    table_init(&table);
    put(&table, 1);
    items[2].hash = items[1].hash;
    table_slot_set(table_find(&table, items[1].hash, same, &items[1]), &items[2]);
    cr_assert_not(holds(&table, 1));
    cr_assert(holds(&table, 2));
    take(&table, 2);
    table_deinit(&table, &env);
    memory_free(items);
}

/* The first half stays; `change` is called after every bucket of a scan. Each that stays is met once. */
static void scan_while(struct table *table, void (*change)(struct table *table, uint32_t *step))
{
    uint32_t step = ITEMS / 2;
    uint64_t position = 0;
    while (position < TABLE_SCAN_END) {
        uint64_t next = table_scan(table, &env, position, meet, NULL);
        cr_assert_gt(next, position);
        position = next;
        change(table, &step);
    }
    for (uint32_t i = 0; i < ITEMS / 2; i++) {
        cr_assert_eq(items[i].met, 1, "item %u was met %u times", i, items[i].met);
    }
}

static void grow(struct table *table, uint32_t *step)
{
    for (int i = 0; i < 11 && *step < ITEMS; i++) {
        put(table, (*step)++);
    }
}

static void shrink(struct table *table, uint32_t *step)
{
    for (int i = 0; i < 11 && *step < ITEMS; i++) {
        take(table, (*step)++);
    }
}

Test(table, scans_each_item_once_while_it_grows)
{
    struct table table;
    make_items(UINT64_MAX);
    table_init(&table);
    for (uint32_t i = 0; i < ITEMS / 2; i++) {
        put(&table, i);
    }
    scan_while(&table, grow);
    table_deinit(&table, &env);
    memory_free(items);
}

Test(table, scans_each_item_once_while_it_shrinks)
{
    struct table table;
    make_items(UINT64_MAX);
    table_init(&table);
    for (uint32_t i = 0; i < ITEMS; i++) {
        put(&table, i);
    }
    scan_while(&table, shrink);
    table_deinit(&table, &env);
    memory_free(items);
}

Test(table, scans_an_empty_one_at_once)
{
    struct table table;
    table_init(&table);
    cr_assert_eq(table_scan(&table, &env, 0, meet, NULL), TABLE_SCAN_END);
    cr_assert_eq(table_scan(&table, &env, UINT64_MAX, meet, NULL), TABLE_SCAN_END);
    cr_assert_null(table_sample(&table, 0));
    cr_assert_eq(table_bytes(&table), 0);
    table_deinit(&table, &env);
}

Test(table, draws_all_items_equally_often)
{
    enum { DRAWN_ITEMS = 300, DRAWS_EACH = 400 };
    struct table table;
    struct random random;
    make_items(UINT64_MAX);
    random_init_seed(&random, 7);
    table_init(&table);
    for (uint32_t i = 0; i < DRAWN_ITEMS; i++) {
        put(&table, i);
    }
    for (int drawn = 0; drawn < DRAWN_ITEMS * DRAWS_EACH;) {
        struct item *item = table_sample(&table, random_next(&random));
        if (item != NULL) {
            item->met++;
            drawn++;
        }
    }
    for (uint32_t i = 0; i < DRAWN_ITEMS; i++) {
        cr_assert(items[i].met > DRAWS_EACH / 2 && items[i].met < DRAWS_EACH * 3 / 2, "item %u: %u draws", i,
                  items[i].met);
    }
    table_deinit(&table, &env);
    memory_free(items);
}

/* The item that the prefetching steps lead to; NULL when they lead nowhere. */
static const void *prefetched(const struct table *table, uint64_t hash, bool *was_further)
{
    struct table_bucket *bucket = table_prefetch_bucket(table_prefetch_place(table, hash));
    cr_assert_eq(bucket, table_home(table, hash));
    struct table_group further;
    const void *item = table_prefetch_item(bucket, hash, &further);
    *was_further = further.words != NULL;
    return *was_further ? table_prefetch_further(further, hash) : item;
}

Test(table, prefetches_the_item_that_a_lookup_finds)
{
    struct table table;
    uint32_t behind = 0;
    make_items(UINT64_MAX);
    table_init(&table);
    cr_assert_null(table_prefetch_bucket(table_prefetch_place(&table, items[0].hash)));
    for (uint32_t i = 0; i < ITEMS; i++) {
        put(&table, i);
    }
    for (uint32_t i = 0; i < ITEMS; i++) {
        bool was_further;
        const struct item *item = prefetched(&table, items[i].hash, &was_further);
        cr_assert(item != NULL && table_tag(item->hash) == table_tag(items[i].hash));
        behind += was_further;
    }
    cr_assert(behind > ITEMS / 20 && behind < ITEMS / 4, "%u items stand behind full buckets", behind);
    table_deinit(&table, &env);
    memory_free(items);
}

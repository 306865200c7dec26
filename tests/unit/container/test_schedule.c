/* SPDX-License-Identifier: BSD-3-Clause */
/* Schedules: the first is the earliest whatever is added, removed and changed; every item knows its place.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>

#include "sherd/base/random.h"
#include "sherd/container/schedule.h"

enum {
    ITEMS = 5000,
    PLACE_NONE = UINT32_MAX,
};

struct item {
    int64_t deadline_ms;
    uint32_t place;
};

static void moved(void *item, uint32_t place)
{
    ((struct item *)item)->place = place;
}

static struct schedule schedule_of(struct item *items, uint32_t count)
{
    struct schedule schedule;
    schedule_init(&schedule, moved);
    for (uint32_t i = 0; i < count; i++) {
        schedule_insert(&schedule, items[i].deadline_ms, &items[i]);
    }
    return schedule;
}

Test(schedule, is_empty_at_first)
{
    struct schedule schedule;
    schedule_init(&schedule, moved);
    cr_assert_null(schedule_first(&schedule));
    cr_assert_eq(schedule_due(&schedule, INT64_MAX, 10), 0);
    cr_assert_eq(schedule_bytes(&schedule), 0);
    schedule_deinit(&schedule);
}

Test(schedule, gives_the_items_in_the_order_of_their_deadlines)
{
    static struct item items[ITEMS];
    struct random random;
    random_init_seed(&random, 7);
    for (int i = 0; i < ITEMS; i++) {
        items[i].deadline_ms = (int64_t)random_below(&random, 100000) - 50000;
    }
    struct schedule schedule = schedule_of(items, ITEMS);
    int64_t last_ms = INT64_MIN;
    for (int i = 0; i < ITEMS; i++) {
        const struct schedule_entry *first = schedule_first(&schedule);
        cr_assert_geq(first->deadline_ms, last_ms);
        last_ms = first->deadline_ms;
        cr_assert_eq(((struct item *)first->item)->place, 0);
        schedule_remove(&schedule, 0);
    }
    cr_assert_null(schedule_first(&schedule));
    schedule_deinit(&schedule);
}

Test(schedule, gives_memory_back_when_it_empties)
{
    static struct item items[ITEMS];
    struct schedule schedule = schedule_of(items, ITEMS);
    size_t full = schedule_bytes(&schedule);
    cr_assert_geq(full, ITEMS * sizeof(struct schedule_entry));
    while (schedule_first(&schedule) != NULL) {
        schedule_remove(&schedule, schedule.count - 1);
    }
    cr_assert_leq(schedule_bytes(&schedule), full / 40);
    schedule_deinit(&schedule);
}

Test(schedule, counts_what_is_due_up_to_enough)
{
    static struct item items[ITEMS];
    for (int i = 0; i < ITEMS; i++) {
        items[i].deadline_ms = (i * 7919) % ITEMS;
    }
    struct schedule schedule = schedule_of(items, ITEMS);
    cr_assert_eq(schedule_due(&schedule, -1, 100), 0);
    cr_assert_eq(schedule_due(&schedule, 0, 100), 1);
    cr_assert_eq(schedule_due(&schedule, 49, 100), 50);
    cr_assert_eq(schedule_due(&schedule, 4999, 100), 100);
    cr_assert_eq(schedule_due(&schedule, 4999, 2 * ITEMS), ITEMS);
    schedule_deinit(&schedule);
}

Test(schedule, knows_an_item_under_its_new_address)
{
    struct item items[] = {{.deadline_ms = 5}, {.deadline_ms = 3}, {.deadline_ms = 9}};
    struct schedule schedule = schedule_of(items, 3);
    struct item other = items[1];
    schedule_rename(&schedule, items[1].place, &other);
    schedule_change(&schedule, other.place, 7);
    cr_assert_eq(schedule_first(&schedule)->item, &items[0]);
    schedule_remove(&schedule, items[0].place);
    cr_assert_eq(schedule_first(&schedule)->item, &other);
    schedule_deinit(&schedule);
}

/* The least deadline of those that are in. */
static int64_t model_first_ms(const struct item *items, int count)
{
    int64_t least_ms = INT64_MAX;
    for (int i = 0; i < count; i++) {
        if (items[i].place != PLACE_NONE && items[i].deadline_ms < least_ms) {
            least_ms = items[i].deadline_ms;
        }
    }
    return least_ms;
}

Test(schedule, agrees_with_a_plain_array_over_random_changes)
{
    enum { COUNT = 300 };
    struct item items[COUNT];
    struct random random;
    random_init_seed(&random, 11);
    struct schedule schedule;
    schedule_init(&schedule, moved);
    for (int i = 0; i < COUNT; i++) {
        items[i].place = PLACE_NONE;
    }
    for (int step = 0; step < 20000; step++) {
        struct item *item = &items[random_below(&random, COUNT)];
        int64_t deadline_ms = (int64_t)random_below(&random, 1000);
        if (item->place == PLACE_NONE) {
            item->deadline_ms = deadline_ms;
            schedule_insert(&schedule, deadline_ms, item);
        } else if (random_below(&random, 2) == 0) {
            schedule_remove(&schedule, item->place);
            item->place = PLACE_NONE;
        } else {
            item->deadline_ms = deadline_ms;
            schedule_change(&schedule, item->place, deadline_ms);
        }
        const struct schedule_entry *first = schedule_first(&schedule);
        cr_assert_eq(first == NULL ? INT64_MAX : first->deadline_ms, model_first_ms(items, COUNT));
    }
    schedule_deinit(&schedule);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Consumer groups: names, deliveries, handing over, acknowledging, lag, copies; and a random run beside a naive model.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "sherd/base/memory.h"
#include "sherd/value/object.h"
#include "sherd/value/stream.h"

static struct stream_id id_of(uint64_t ms)
{
    return (struct stream_id){.ms = ms, .seq = 0};
}

static void add(struct stream *stream, uint64_t ms)
{
    struct slice items[] = {SLICE_LITERAL("n"), SLICE_LITERAL("1")};
    struct stream_addition addition = {.rule = STREAM_ID_EXPLICIT,
                                       .id = id_of(ms),
                                       .pairs = {.items = items, .count = 1},
                                       .limits = {.node_max_bytes = 4096, .node_max_entries = 100}};
    struct stream_id added;
    cr_assert_eq(stream_append(stream, &addition, &added), STREAM_OK);
}

static struct stream *make(uint64_t count)
{
    struct stream *stream = stream_create();
    for (uint64_t ms = 1; ms <= count; ms++) {
        add(stream, ms);
    }
    return stream;
}

static struct stream_consumer *see(struct stream *stream, struct stream_group *group, const char *name, int64_t now_ms)
{
    bool is_new;
    return stream_consumer_see(stream, group, slice_from_text(name), now_ms, &is_new);
}

Test(stream_group, are_found_by_name_and_listed_in_the_order_of_bytes)
{
    struct stream *stream = stream_create();
    const char *const names[] = {"b", "", "abc", "ab", "zz", "a"};
    const char *const sorted[] = {"", "a", "ab", "abc", "b", "zz"};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        cr_assert_not_null(stream_group_create(stream, slice_from_text(names[i]), id_of(i), -1));
        cr_assert_null(stream_group_create(stream, slice_from_text(names[i]), id_of(9), -1));
    }
    for (uint32_t i = 0; i < stream->groups.count; i++) {
        cr_assert(slice_equals(stream_group_name(stream->groups.items[i]), slice_from_text(sorted[i])));
    }
    cr_assert_eq(stream_group_find(stream, SLICE_LITERAL("abc"))->last_id.ms, 2);
    cr_assert_null(stream_group_find(stream, SLICE_LITERAL("abcd")));
    stream_group_destroy(stream, stream_group_find(stream, SLICE_LITERAL("ab")));
    cr_assert_null(stream_group_find(stream, SLICE_LITERAL("ab")));
    cr_assert_eq(stream->groups.count, 5);
    stream_destroy(stream);
}

Test(stream_group, counts_all_its_memory_and_gives_it_back)
{
    struct stream *stream = make(300);
    size_t before = stream_bytes(stream);
    struct stream_group *group = stream_group_create(stream, SLICE_LITERAL("g"), STREAM_ID_MIN, 0);
    for (uint64_t ms = 1; ms <= 300; ms++) {
        stream_group_deliver(group, see(stream, group, ms % 2 == 0 ? "even" : "odd", 5), id_of(ms), 5);
    }
    cr_assert(stream_bytes(stream) > before + 300 * (sizeof(struct stream_pending) + sizeof(struct stream_id)));
    cr_assert_eq(stream_consumer_destroy(stream, group, stream_consumer_find(group, SLICE_LITERAL("odd"))), 150);
    cr_assert_eq(group->pending.count, 150);
    cr_assert_null(stream_group_pending(group, id_of(1)));
    cr_assert_not_null(stream_group_pending(group, id_of(2)));
    stream_group_destroy(stream, group);
    cr_assert(stream_bytes(stream) <= before + 2 * sizeof(void *), "but for the room for names");
    stream_destroy(stream);
}

Test(stream_group, delivers_again_what_another_consumer_had)
{
    struct stream *stream = make(3);
    struct stream_group *group = stream_group_create(stream, SLICE_LITERAL("g"), STREAM_ID_MIN, 0);
    struct stream_consumer *one = see(stream, group, "one", 10);
    struct stream_consumer *two = see(stream, group, "two", 20);
    cr_assert_eq(one->active_ms, STREAM_NEVER_MS);
    stream_group_deliver(group, one, id_of(1), 10);
    stream_group_deliver(group, one, id_of(2), 10);
    stream_group_deliver(group, two, id_of(1), 20);
    stream_group_deliver(group, two, id_of(1), 30);
    const struct stream_pending *pending = stream_group_pending(group, id_of(1));
    cr_assert_eq(pending->consumer, two);
    cr_assert_eq(pending->deliveries, 1);
    cr_assert_eq(pending->delivered_ms, 30);
    cr_assert_eq(one->pending.count, 1);
    cr_assert_eq(two->pending.count, 1);
    cr_assert_eq(group->pending.count, 2);
    cr_assert_eq(one->active_ms, 10);
    cr_assert_eq(two->active_ms, 30);
    stream_destroy(stream);
}

static int64_t lag_of(const struct stream *stream, const struct stream_group *group)
{
    int64_t lag;
    return stream_group_lag(stream, group, &lag) ? lag : -1;
}

Test(stream_group, knows_its_lag_until_a_gap_lies_ahead)
{
    struct stream *stream = make(5);
    struct stream_group *group = stream_group_create(stream, SLICE_LITERAL("g"), STREAM_ID_MIN, 0);
    cr_assert_eq(lag_of(stream, group), 5);
    stream_group_advance(stream, group, id_of(1));
    stream_group_advance(stream, group, id_of(2));
    cr_assert_eq(lag_of(stream, group), 3);
    cr_assert(stream_delete(stream, id_of(4)));
    cr_assert_eq(lag_of(stream, group), -1, "4 is counted as added, but never read");
    stream_group_advance(stream, group, id_of(3));
    cr_assert_eq(group->entries_read, STREAM_ENTRIES_READ_UNKNOWN);
    stream_group_advance(stream, group, id_of(5));
    cr_assert_eq(group->entries_read, 5, "the last one's place is known");
    cr_assert_eq(lag_of(stream, group), 0);
    stream_destroy(stream);
}

Test(stream_group, tells_the_lag_of_a_group_that_never_counted_at_either_end)
{
    struct stream *stream = make(5);
    struct stream_group *group = stream_group_create(stream, SLICE_LITERAL("g"), id_of(3), -1);
    cr_assert_eq(lag_of(stream, group), -1);
    group->last_id = id_of(5);
    cr_assert_eq(lag_of(stream, group), 0);
    group->last_id = id_of(1);
    cr_assert_eq(lag_of(stream, group), 4);
    group->last_id = STREAM_ID_MIN;
    cr_assert_eq(lag_of(stream, group), 5);
    group->last_id = id_of(6);
    cr_assert_eq(lag_of(stream, group), -1, "the future is unknown");
    stream_destroy(stream);
}

static void digest_of(const struct stream *stream, struct digest *digest)
{
    *digest = (struct digest){0};
    stream_class.digest(stream, digest);
}

Test(stream_group, are_copied_whole)
{
    struct stream *stream = make(1000);
    struct stream_group *group = stream_group_create(stream, SLICE_LITERAL("g"), id_of(7), 3);
    cr_assert_not_null(stream_group_create(stream, SLICE_LITERAL("other"), id_of(1), -1));
    for (uint64_t ms = 1; ms <= 1000; ms++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "c%d", (int)(ms * ms % 7));
        stream_group_deliver(group, see(stream, group, name, 3), id_of(ms), (int64_t)ms);
    }
    struct stream *copy = stream_copy(stream);
    struct digest mine, theirs;
    digest_of(stream, &mine);
    digest_of(copy, &theirs);
    cr_assert_arr_eq(&mine, &theirs, sizeof(mine));
    struct stream_group *copied = stream_group_find(copy, SLICE_LITERAL("g"));
    const struct stream_pending *pending = stream_group_pending(copied, id_of(500));
    cr_assert_eq(pending->consumer, stream_consumer_find(copied, stream_consumer_name(pending->consumer)));
    cr_assert(stream_group_acknowledge(copied, id_of(500)));
    cr_assert_not_null(stream_group_pending(group, id_of(500)), "apart from each other");
    digest_of(copy, &theirs);
    cr_assert(memcmp(&mine, &theirs, sizeof(mine)) != 0, "the digest sees what is pending");
    stream_destroy(stream);
    cr_assert_eq(copied->pending.count, 999);
    stream_destroy(copy);
}

Test(stream_group, finds_entries_by_id_in_any_order)
{
    struct stream *stream = make(1000);
    cr_assert(stream_delete(stream, id_of(400)));
    struct stream_iterator iterator;
    stream_iterator_init(&iterator, stream, STREAM_ID_MIN, STREAM_ID_MAX);
    unsigned seed = 5;
    for (unsigned i = 0; i < 5000; i++) {
        uint64_t ms = i < 1200 ? i : (uint64_t)rand_r(&seed) % 1100;
        size_t pairs = 0;
        struct slice field, value;
        bool exists = ms >= 1 && ms <= 1000 && ms != 400;
        cr_assert_eq(stream_iterator_find(&iterator, id_of(ms), &pairs), exists, "%d", (int)ms);
        if (exists && i % 3 != 0) {
            cr_assert_eq(pairs, 1);
            cr_assert(stream_iterator_pair(&iterator, &field, &value));
            cr_assert(slice_equals(value, SLICE_LITERAL("1")));
        }
    }
    stream_destroy(stream);
}

enum {
    ENTRIES = 700,
    CONSUMERS = 5,
};

/* What the naive model knows of an id: who has it (-1: nobody), since when, how often. */
struct owned {
    int consumer;
    int64_t delivered_ms;
    uint64_t deliveries;
};

struct world {
    struct stream *stream;
    struct stream_group *group;
    struct stream_consumer *consumers[CONSUMERS];
    struct owned owned[ENTRIES];
};

static void check_world(const struct world *world)
{
    size_t pending = 0;
    size_t by_consumer[CONSUMERS] = {0};
    for (int i = 0; i < ENTRIES; i++) {
        const struct owned *owned = &world->owned[i];
        const struct stream_pending *found = stream_group_pending(world->group, id_of((uint64_t)i));
        cr_assert_eq(found != NULL, owned->consumer >= 0);
        for (int c = 0; c < CONSUMERS; c++) {
            bool has = stream_index_find(&world->consumers[c]->pending, id_of((uint64_t)i)) != NULL;
            cr_assert_eq(has, owned->consumer == c);
            by_consumer[c] += has;
        }
        if (found != NULL) {
            cr_assert_eq(found->consumer, world->consumers[owned->consumer]);
            cr_assert_eq(found->delivered_ms, owned->delivered_ms);
            cr_assert_eq(found->deliveries, owned->deliveries);
            pending++;
        }
    }
    cr_assert_eq(world->group->pending.count, pending);
    for (int c = 0; c < CONSUMERS; c++) {
        cr_assert_eq(world->consumers[c]->pending.count, by_consumer[c]);
    }
}

static const char *const consumer_names[CONSUMERS] = {"mike", "alpha", "zulu", "kilo", "bravo"};

static void step(struct world *world, unsigned *seed, int64_t now_ms)
{
    int i = rand_r(seed) % ENTRIES;
    int c = rand_r(seed) % CONSUMERS;
    int choice = rand_r(seed) % 100;
    struct owned *owned = &world->owned[i];
    struct stream_pending *pending = stream_group_pending(world->group, id_of((uint64_t)i));
    /* Mostly delivering for a while, then mostly acknowledging. */
    if (choice < (now_ms / 3000 % 2 == 0 ? 60 : 20)) {
        stream_group_deliver(world->group, world->consumers[c], id_of((uint64_t)i), now_ms);
        *owned = (struct owned){.consumer = c, .delivered_ms = now_ms, .deliveries = 1};
    } else if (choice < 80) {
        cr_assert_eq(stream_group_acknowledge(world->group, id_of((uint64_t)i)), owned->consumer >= 0);
        owned->consumer = -1;
    } else if (choice < 99 && pending != NULL) {
        stream_group_hand_over(pending, world->consumers[c]);
        pending->deliveries++;
        owned->consumer = c;
        owned->deliveries++;
    } else if (choice == 99 && rand_r(seed) % 10 == 0) {
        uint64_t had = world->consumers[c]->pending.count;
        cr_assert_eq(stream_consumer_destroy(world->stream, world->group, world->consumers[c]), had);
        world->consumers[c] = see(world->stream, world->group, consumer_names[c], now_ms);
        for (int each = 0; each < ENTRIES; each++) {
            world->owned[each].consumer = world->owned[each].consumer == c ? -1 : world->owned[each].consumer;
        }
    }
}

Test(stream_group, behaves_like_a_naive_model)
{
    struct world world = {.stream = stream_create()};
    unsigned seed = 4;
    world.group = stream_group_create(world.stream, SLICE_LITERAL("g"), STREAM_ID_MIN, 0);
    for (int c = 0; c < CONSUMERS; c++) {
        world.consumers[c] = see(world.stream, world.group, consumer_names[c], 0);
    }
    for (int i = 0; i < ENTRIES; i++) {
        world.owned[i].consumer = -1;
    }
    for (int64_t now_ms = 0; now_ms < 30000; now_ms++) {
        step(&world, &seed, now_ms);
        if (now_ms % 500 == 0) {
            check_world(&world);
        }
    }
    check_world(&world);
    stream_destroy(world.stream);
}

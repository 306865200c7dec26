/* SPDX-License-Identifier: BSD-3-Clause */
/* Walks over a keyspace that changes under them, and even draws.
 * Owner: each test. Locks: none, there is one thread. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "sherd/keyspace/walk.h"
#include "test_keyspace.h"

enum {
    STAYING = 3000,
    PASSING = 40000,
};

static struct test_keyspace test;

static void begin(void)
{
    test_keyspace_init(&test);
}

static void end(void)
{
    test_keyspace_deinit(&test);
}

TestSuite(walk, .init = begin, .fini = end);

/* How often each key "s<n>" was met; others are only counted. */
struct meeting {
    unsigned staying[STAYING];
    unsigned others;
};

static void meet(void *context, void *item)
{
    struct meeting *meeting = context;
    struct slice key = entry_key(item);
    char digits[16] = {0};
    if (key.data[0] != 's') {
        meeting->others++;
        return;
    }
    memcpy(digits, key.data + 1, key.len - 1);
    meeting->staying[strtoul(digits, NULL, 10)]++;
}

static void store(char kind, int number)
{
    char key[16];
    (void)snprintf(key, sizeof(key), "%c%d", kind, number);
    test_keyspace_set(&test, key, "v", DEADLINE_NONE);
}

static void drop(char kind, int number)
{
    char key[16];
    (void)snprintf(key, sizeof(key), "%c%d", kind, number);
    struct keyref ref = test_keyspace_find(&test, key);
    if (ref.entry != NULL) {
        keyref_remove(&ref);
    }
}

/* Walks from 0 to 0; after every bucket `change` does a step. All that stay are met exactly once. */
static void walk_while(int (*change)(int step))
{
    struct meeting meeting = {{0}, 0};
    uint64_t cursor = 0;
    int step = 0;
    do {
        cursor = walk_bucket(&test.user, 0, cursor, meet, &meeting);
        cr_assert_lt(cursor, WALK_CURSOR_MAX);
        step = change(step);
        test_keyspace_collect(&test);
    } while (cursor != 0);
    for (int i = 0; i < STAYING; i++) {
        cr_assert_eq(meeting.staying[i], 1, "key s%d was met %u times", i, meeting.staying[i]);
    }
}

static int change_nothing(int step)
{
    return step;
}

static int grow(int step)
{
    for (int i = 0; i < 40 && step < PASSING; i++) {
        store('p', step++);
    }
    return step;
}

static int shrink(int step)
{
    for (int i = 0; i < 20 && step < PASSING; i++) {
        drop('p', step++);
    }
    return step;
}

static int grow_and_shrink(int step)
{
    for (int i = 0; i < 30; i++, step++) {
        if (step / 5000 % 2 == 0) {
            store('p', step % 5000);
        } else {
            drop('p', step % 5000);
        }
    }
    return step;
}

Test(walk, meets_every_key_once)
{
    for (int i = 0; i < STAYING; i++) {
        store('s', i);
    }
    walk_while(change_nothing);
}

Test(walk, meets_every_key_once_while_tables_grow)
{
    for (int i = 0; i < STAYING; i++) {
        store('s', i);
    }
    walk_while(grow);
}

Test(walk, meets_every_key_once_while_tables_shrink)
{
    for (int i = 0; i < STAYING; i++) {
        store('s', i);
    }
    for (int i = 0; i < PASSING; i++) {
        store('p', i);
    }
    walk_while(shrink);
}

Test(walk, meets_every_key_once_while_tables_grow_and_shrink)
{
    for (int i = 0; i < STAYING; i++) {
        store('s', i);
    }
    walk_while(grow_and_shrink);
}

Test(walk, ends_from_any_cursor)
{
    store('s', 1);
    struct meeting meeting = {{0}, 0};
    static const uint64_t cursors[] = {UINT64_MAX, WALK_CURSOR_MAX, WALK_CURSOR_MAX - 1, 1, 1023, UINT64_C(1) << 63};
    for (size_t i = 0; i < ARRAY_LENGTH(cursors); i++) {
        uint64_t cursor = cursors[i];
        unsigned steps = 0;
        do {
            cursor = walk_bucket(&test.user, 0, cursor, meet, &meeting);
        } while (cursor != 0 && ++steps < 1000000);
        cr_assert_eq(cursor, 0);
    }
}

Test(walk, draws_shards_by_the_number_of_their_keys)
{
    cr_assert_eq(walk_random_shard(&test.keyspace, 0, 12345), KEYSPACE_SHARDS);
    for (int i = 0; i < STAYING; i++) {
        store('s', i);
    }
    uint32_t before = 0;
    for (uint64_t i = 0; i < STAYING; i++) {
        uint32_t shard = walk_random_shard(&test.keyspace, 0, i);
        cr_assert_geq(shard, before);
        cr_assert_neq(table_used(&keyspace_shard(&test.keyspace, shard)->databases[0].table), 0);
        before = shard;
    }
}

Test(walk, draws_only_keys_of_the_shard)
{
    store('s', 1);
    struct shard *shard = test_keyspace_shard(&test, "s1");
    const struct entry *entry = NULL;
    for (uint64_t i = 0; i < 1000 && entry == NULL; i++) {
        entry = walk_random_entry(shard, 0, i * 0x9e3779b97f4a7c15);
    }
    cr_assert_not_null(entry);
    cr_assert(slice_equals(entry_key(entry), SLICE_LITERAL("s1")));
    cr_assert_null(walk_random_entry(shard, 1, 0));
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole databases: detaching, swapping, counting; and what is freed by whom.
 * Owner: each test. Locks: none, there is one thread. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "sherd/keyspace/expiry.h"
#include "sherd/value/stream.h"
#include "test_keyspace.h"

static struct test_keyspace test;

static void begin(void)
{
    test_keyspace_init(&test);
}

static void end(void)
{
    test_keyspace_deinit(&test);
}

TestSuite(keyspace, .init = begin, .fini = end);

static void fill(int count, int64_t deadline_ms)
{
    char key[16];
    for (int i = 0; i < count; i++) {
        (void)snprintf(key, sizeof(key), "k%d", i);
        test_keyspace_set(&test, key, "v", deadline_ms);
    }
}

static void count_is(unsigned db, uint64_t wanted, uint64_t wanted_volatile)
{
    uint64_t keys;
    uint64_t volatile_keys;
    keyspace_count(&test.keyspace, db, &keys, &volatile_keys);
    cr_assert_eq(keys, wanted);
    cr_assert_eq(volatile_keys, wanted_volatile);
}

Test(keyspace, spreads_keys_over_its_shards)
{
    fill(20000, DEADLINE_NONE);
    for (uint32_t i = 0; i < KEYSPACE_SHARDS; i++) {
        uint32_t used = table_used(&keyspace_shard(&test.keyspace, i)->databases[0].table);
        cr_assert(used > 0 && used < 60, "shard %u holds %u", i, used);
    }
}

Test(keyspace, detaches_a_database_and_leaves_the_others)
{
    fill(1000, TEST_KEYSPACE_NOW_MS + 1000);
    struct keyref other;
    keyref_open_hashed(&other, &test.user, 1, SLICE_LITERAL("o"), keyspace_hash(&test.keyspace, SLICE_LITERAL("o")));
    keyref_set_string(&other, SLICE_LITERAL("v"), DEADLINE_NONE);
    size_t detached = 0;
    for (uint32_t i = 0; i < KEYSPACE_SHARDS; i++) {
        detached += keyspace_detach(&test.user, keyspace_shard(&test.keyspace, i), 0);
    }
    cr_assert_eq(detached, 1000);
    cr_assert_eq(test.garbage.tables_keys, 1000);
    count_is(0, 0, 0);
    count_is(1, 1, 0);
    cr_assert_null(test_keyspace_find(&test, "k1").entry);
    test.user.now_ms += 5000;
    for (uint32_t i = 0; i < KEYSPACE_SHARDS; i++) {
        cr_assert_eq(atomic_load(&test.keyspace.next_fire_ms[i]), INT64_MAX);
        cr_assert_eq(expiry_fire(&test.user, keyspace_shard(&test.keyspace, i), 100).removed, 0);
    }
    fill(10, DEADLINE_NONE);
    count_is(0, 10, 0);
}

Test(keyspace, swaps_databases_with_their_deadlines)
{
    fill(1000, TEST_KEYSPACE_NOW_MS + 1000);
    for (uint32_t i = 0; i < KEYSPACE_SHARDS; i++) {
        keyspace_swap(&test.user, keyspace_shard(&test.keyspace, i), 0, 2);
    }
    count_is(0, 0, 0);
    count_is(2, 1000, 1000);
    fill(5, DEADLINE_NONE);
    test.user.now_ms += 1000;
    for (uint32_t i = 0; i < KEYSPACE_SHARDS; i++) {
        (void)expiry_fire(&test.user, keyspace_shard(&test.keyspace, i), 1000);
    }
    cr_assert_eq(test.expired, 1000);
    count_is(0, 5, 0);
    count_is(2, 0, 0);
}

static struct stream *stream_of(unsigned entries)
{
    struct slice items[] = {SLICE_LITERAL("f"), SLICE_LITERAL("v")};
    struct stream *stream = stream_create();
    struct stream_addition addition = {.pairs = {.items = items, .count = 1}, .limits = {.node_max_entries = 1}};
    for (unsigned i = 1; i <= entries; i++) {
        struct stream_id added;
        addition.id = (struct stream_id){.ms = i};
        cr_assert_eq(stream_append(stream, &addition, &added), STREAM_OK);
    }
    return stream;
}

Test(keyspace, leaves_large_values_for_somebody_else_to_free)
{
    struct keyref ref = test_keyspace_find(&test, "small");
    keyref_set_object(&ref, VALUE_STREAM, stream_of(2), DEADLINE_NONE);
    keyref_remove(&ref);
    garbage_release(&test.garbage);
    cr_assert_null(test.garbage.tables);
    ref = test_keyspace_find(&test, "large");
    keyref_set_object(&ref, VALUE_STREAM, stream_of(GARBAGE_LARGE_ELEMENTS + 2), DEADLINE_NONE);
    keyref_remove(&ref);
    garbage_release(&test.garbage);
    cr_assert_not_null(test.garbage.tables);
    cr_assert_eq(test.garbage.tables_keys, 1);
    cr_assert_eq(test.garbage.count, 0);
}

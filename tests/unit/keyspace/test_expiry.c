/* SPDX-License-Identifier: BSD-3-Clause */
/* The expiry index, with a time that the tests move.
 * Owner: each test. Locks: none, there is one thread. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "sherd/keyspace/expiry.h"
#include "test_keyspace.h"

#define NOW TEST_KEYSPACE_NOW_MS

static struct test_keyspace test;

static void begin(void)
{
    test_keyspace_init(&test);
}

static void end(void)
{
    test_keyspace_deinit(&test);
}

TestSuite(expiry, .init = begin, .fini = end);

/* Fires every shard until nothing is due; returns what it removed. */
static size_t fire_all(int64_t *worst_lag_ms)
{
    size_t removed = 0;
    *worst_lag_ms = 0;
    for (uint32_t i = 0; i < KEYSPACE_SHARDS; i++) {
        struct expiry_slice slice;
        do {
            slice = expiry_fire(&test.user, keyspace_shard(&test.keyspace, i), 16);
            removed += slice.removed;
            *worst_lag_ms = slice.worst_lag_ms > *worst_lag_ms ? slice.worst_lag_ms : *worst_lag_ms;
            test_keyspace_collect(&test);
        } while (slice.more);
    }
    return removed;
}

static size_t fire(const char *key)
{
    return expiry_fire(&test.user, test_keyspace_shard(&test, key), 1000).removed;
}

static int64_t hint(const char *key)
{
    return atomic_load(&test.keyspace.next_fire_ms[test_keyspace_shard(&test, key)->index]);
}

Test(expiry, removes_a_key_at_its_deadline_and_not_before)
{
    test_keyspace_set(&test, "k", "v", NOW + 100);
    cr_assert_eq(hint("k"), NOW + 100);
    test.user.now_ms = NOW + 99;
    cr_assert_eq(fire("k"), 0);
    cr_assert_not_null(test_keyspace_find(&test, "k").entry);
    test.user.now_ms = NOW + 100;
    cr_assert_eq(fire("k"), 1);
    cr_assert_null(test_keyspace_find(&test, "k").entry);
    cr_assert_eq(test.expired, 1);
    cr_assert_eq(hint("k"), INT64_MAX);
}

Test(expiry, lets_a_persisted_key_be)
{
    struct keyref ref = test_keyspace_set(&test, "k", "v", NOW + 100);
    keyref_set_deadline(&ref, DEADLINE_NONE);
    test.user.now_ms = NOW + 100000;
    cr_assert_eq(fire("k"), 0);
    cr_assert(test_keyspace_holds(&test, "k", "v"));
    cr_assert_eq(hint("k"), INT64_MAX);
}

Test(expiry, follows_a_deadline_that_moves_in_either_direction)
{
    struct keyref ref = test_keyspace_set(&test, "k", "v", NOW + 1000);
    keyref_set_deadline(&ref, NOW + 100);
    cr_assert_eq(hint("k"), NOW + 100);
    keyref_set_deadline(&ref, NOW + 5000);
    test.user.now_ms = NOW + 1000;
    cr_assert_eq(fire("k"), 0);
    cr_assert(test_keyspace_holds(&test, "k", "v"));
    cr_assert_eq(hint("k"), NOW + 5000);
    keyref_set_deadline(&ref, NOW + 2000);
    test.user.now_ms = NOW + 2000;
    cr_assert_eq(fire("k"), 1);
}

Test(expiry, keeps_a_deadline_over_an_overwriting_that_keeps_it)
{
    struct keyref ref = test_keyspace_set(&test, "k", "v", NOW + 100);
    for (int i = 0; i < 100; i++) {
        keyref_set_string(&ref, SLICE_LITERAL("a value of quite another length, so that it moves"), DEADLINE_KEEP);
        keyref_set_string(&ref, SLICE_LITERAL("1"), DEADLINE_KEEP);
    }
    cr_assert_leq(expiry_index_tags(ref.keytable->expiry), 2);
    test.user.now_ms = NOW + 100;
    cr_assert_eq(fire("k"), 1);
}

Test(expiry, removes_every_key_of_many_exactly_when_it_is_due)
{
    char key[32];
    for (int i = 0; i < 20000; i++) {
        (void)snprintf(key, sizeof(key), "k%d", i);
        test_keyspace_set(&test, key, "v", NOW + 1 + i / 10);
    }
    for (int step = 0; step <= 2000; step += 50) {
        int64_t lag;
        test.user.now_ms = NOW + step;
        (void)fire_all(&lag);
        cr_assert_eq(test.expired, step * 10, "%u at %d", test.expired, step);
        cr_assert_leq(lag, 50);
    }
    uint64_t keys;
    uint64_t volatile_keys;
    keyspace_count(&test.keyspace, 0, &keys, &volatile_keys);
    cr_assert_eq(keys, 0);
    cr_assert_eq(volatile_keys, 0);
}

Test(expiry, measures_how_late_it_was)
{
    int64_t lag;
    test_keyspace_set(&test, "k", "v", NOW + 100);
    test.user.now_ms = NOW + 175;
    cr_assert_eq(fire_all(&lag), 1);
    cr_assert_eq(lag, 75);
}

Test(expiry, stops_at_its_budget_and_says_that_more_is_due)
{
    struct shard *shard = test_keyspace_shard(&test, "k0");
    char key[32];
    int in_shard = 0;
    for (int i = 0; in_shard < 40; i++) {
        (void)snprintf(key, sizeof(key), "k%d", i);
        if (test_keyspace_shard(&test, key) == shard) {
            test_keyspace_set(&test, key, "v", NOW + 1);
            in_shard++;
        }
    }
    test.user.now_ms = NOW + 1;
    struct expiry_slice slice = expiry_fire(&test.user, shard, 16);
    cr_assert(slice.more);
    cr_assert_eq(slice.removed, 16);
    cr_assert_leq(atomic_load(&test.keyspace.next_fire_ms[shard->index]), test.user.now_ms);
    slice = expiry_fire(&test.user, shard, 1000);
    cr_assert_not(slice.more);
    cr_assert_eq(slice.removed, 24);
}

Test(expiry, rebuilds_its_index_when_stale_tags_outnumber_keys)
{
    struct shard *shard = test_keyspace_shard(&test, "k");
    struct keyref ref = test_keyspace_set(&test, "k", "v", NOW + 1000000);
    for (int i = 0; i < 5000; i++) {
        keyref_set_deadline(&ref, NOW + 900000 - i); /* earlier each time: a new tag each time */
        test_keyspace_collect(&test);
    }
    cr_assert_gt(expiry_index_tags(shard->databases[0].expiry), 1000);
    for (int i = 0; i < 100; i++) {
        (void)expiry_fire(&test.user, shard, 16);
    }
    cr_assert_lt(expiry_index_tags(shard->databases[0].expiry), 200);
    test.user.now_ms = NOW + 895001;
    cr_assert_eq(fire("k"), 1);
}

Test(expiry, finds_keys_again_whose_deadline_changes_while_the_index_is_rebuilt)
{
    struct shard *shard = test_keyspace_shard(&test, "k0");
    char key[32];
    struct keyref ref;
    for (int i = 0, in_shard = 0; in_shard < 2000; i++) {
        (void)snprintf(key, sizeof(key), "k%d", i);
        if (test_keyspace_shard(&test, key) != shard) {
            continue;
        }
        in_shard++;
        ref = test_keyspace_set(&test, key, "v", NOW + 100000);
        for (int j = 0; j < 4; j++) {
            keyref_set_deadline(&ref, NOW + 90000 - j);
        }
        if (in_shard % 10 == 0) {
            (void)expiry_fire(&test.user, shard, 4);
            test_keyspace_collect(&test);
        }
    }
    for (int i = 0; i < 20; i++) {
        (void)expiry_fire(&test.user, shard, 4);
    }
    test.user.now_ms = NOW + 90000;
    int64_t lag;
    cr_assert_eq(fire_all(&lag), 2000);
    cr_assert_leq(lag, 3);
}

Test(expiry, keeps_deadlines_beyond_what_a_tag_can_hold)
{
    test_keyspace_set(&test, "far", "v", INT64_MAX);
    test.user.now_ms = (INT64_C(1) << 42) + 5;
    cr_assert_eq(fire("far"), 0);
    cr_assert(test_keyspace_holds(&test, "far", "v"));
}

Test(expiry, averages_what_keys_have_left)
{
    test_keyspace_set(&test, "k", "v", NOW + 5000);
    cr_assert_eq(expiry_average_ttl_ms(&test.user, test_keyspace_shard(&test, "k"), 0), 5000);
}

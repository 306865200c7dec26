/* SPDX-License-Identifier: BSD-3-Clause */
/* Collections whose elements have deadlines, in the expiry index: they fire, move with their keys, and are counted.
 * Owner: each test. Locks: none, there is one thread. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "sherd/keyspace/expiry.h"
#include "sherd/value/hash.h"
#include "test_keyspace.h"

#define NOW TEST_KEYSPACE_NOW_MS

static struct test_keyspace test;
static const struct hash_key HASH_KEY = {.secret = {5, 6, 7}};
static const struct hash_limits LIMITS = {.listpack_entries = 4, .listpack_value_bytes = 64, .hash_key = &HASH_KEY};

static void begin(void)
{
    test_keyspace_init(&test);
}

static void end(void)
{
    test_keyspace_deinit(&test);
}

TestSuite(timed, .init = begin, .fini = end);

static struct keyref find(const char *key) UNCHECKED_LOCKING
{
    return test_keyspace_find(&test, key);
}

/* A key with `fields` fields that fall due at once, and one that stays. */
static void make(const char *key, int fields, int64_t deadline_ms) UNCHECKED_LOCKING
{
    struct keyref ref = find(key);
    struct hash *hash = hash_create();
    struct hash_setting setting = {.limits = &LIMITS, .now_ms = NOW, .deadline_ms = HASH_DEADLINE_NONE};
    (void)hash_set(hash, slice_from_text("stays"), slice_from_text("v"), &setting);
    keyref_set_object(&ref, VALUE_HASH, hash, DEADLINE_NONE);
    setting.deadline_ms = deadline_ms;
    int64_t before_ms = hash_next_deadline_ms(hash);
    for (int i = 0; i < fields; i++) {
        char name[16];
        int len = snprintf(name, sizeof(name), "f%d", i);
        (void)hash_set(hash, slice_make(name, (size_t)len), slice_from_text("v"), &setting);
    }
    keyref_retime(&ref, before_ms);
}

static struct expiry_slice fire(const char *key, int64_t now_ms, size_t budget) UNCHECKED_LOCKING
{
    test.user.now_ms = now_ms;
    struct expiry_slice slice = expiry_fire(&test.user, test_keyspace_shard(&test, key), budget);
    test_keyspace_collect(&test);
    return slice;
}

static size_t length(const char *key) UNCHECKED_LOCKING
{
    return hash_length(entry_object(find(key).entry));
}

Test(timed, elements_go_at_their_deadline_and_not_before)
{
    make("k", 3, NOW + 100);
    cr_assert_eq(keyspace_count_timed(&test.keyspace, 0), 1);
    cr_assert_eq(fire("k", NOW + 99, 100).removed, 0);
    cr_assert_eq(length("k"), 4);
    cr_assert_eq(fire("k", NOW + 100, 100).removed, 3);
    cr_assert_eq(length("k"), 1);
    cr_assert_eq(test.thinned, 3);
    cr_assert_eq(test.emptied, 0);
    cr_assert_eq(keyspace_count_timed(&test.keyspace, 0), 0);
}

Test(timed, a_key_goes_with_its_last_element)
{
    make("k", 3, NOW + 100);
    cr_assert(hash_delete(entry_object(find("k").entry), slice_from_text("stays"), NOW));
    cr_assert_eq(fire("k", NOW + 500, 100).worst_lag_ms, 400);
    cr_assert_null(find("k").entry);
    cr_assert_eq(test.emptied, 1);
    cr_assert_eq(test.expired, 0);
    cr_assert_eq(keyspace_count_timed(&test.keyspace, 0), 0);
}

Test(timed, many_elements_go_in_slices)
{
    make("k", 1000, NOW + 100);
    struct expiry_slice slice = fire("k", NOW + 100, 4);
    cr_assert(slice.more);
    cr_assert_gt(length("k"), 800);
    cr_assert_lt(length("k"), 1001);
    for (int i = 0; i < 100 && slice.more; i++) {
        slice = fire("k", NOW + 100, 4);
    }
    cr_assert_eq(length("k"), 1);
    cr_assert_eq(test.thinned, 1000);
}

Test(timed, an_earlier_deadline_fires_earlier)
{
    make("k", 2, NOW + 1000);
    struct keyref ref = find("k");
    struct hash *hash = entry_object(ref.entry);
    int64_t before_ms = hash_next_deadline_ms(hash);
    hash_set_deadline(hash, slice_from_text("f1"), NOW + 10, &LIMITS);
    keyref_retime(&ref, before_ms);
    cr_assert_eq(fire("k", NOW + 10, 100).removed, 1);
    cr_assert_eq(fire("k", NOW + 999, 100).removed, 0);
    cr_assert_eq(fire("k", NOW + 1000, 100).removed, 1);
}

Test(timed, the_mark_outlives_a_deadline_of_the_key_and_goes_with_an_overwrite)
{
    make("k", 2, NOW + 1000);
    struct keyref ref = find("k");
    keyref_set_deadline(&ref, NOW + 5000);
    cr_assert_eq(keyspace_count_timed(&test.keyspace, 0), 1);
    keyref_set_deadline(&ref, NOW + 6000);
    keyref_set_deadline(&ref, DEADLINE_NONE);
    cr_assert(entry_is_timed(ref.entry));
    cr_assert_eq(keyspace_count_timed(&test.keyspace, 0), 1);
    cr_assert_eq(entry_bytes(ref.entry), memory_class_bytes(sizeof(struct entry) + 8 + 1));
    keyref_set_string(&ref, slice_from_text("text"), DEADLINE_NONE);
    cr_assert_eq(keyspace_count_timed(&test.keyspace, 0), 0);
    cr_assert_eq(fire("k", NOW + 1000, 100).removed, 0);
    test_keyspace_collect(&test);
}

Test(timed, elements_fire_under_the_key_they_moved_to)
{
    make("k", 2, NOW + 1000);
    struct keyref ref = find("k");
    struct entry_spec copy = keyref_copy(&ref);
    struct keyref other = find("copy");
    keyref_put(&other, copy);
    ref = find("k");
    struct entry_spec taken = keyref_take(&ref);
    other = find("moved");
    keyref_put(&other, taken);
    cr_assert_eq(keyspace_count_timed(&test.keyspace, 0), 2);
    cr_assert_eq(fire("copy", NOW + 1000, 100).removed, 2);
    (void)fire("k", NOW + 1000, 100);
    (void)fire("moved", NOW + 1000, 100);
    cr_assert_eq(length("copy"), 1);
    cr_assert_eq(length("moved"), 1);
    cr_assert_eq(test.thinned, 4);
}

Test(timed, a_key_that_is_due_itself_goes_whole)
{
    make("k", 2, NOW + 100);
    struct keyref ref = find("k");
    keyref_set_deadline(&ref, NOW + 100);
    cr_assert_eq(fire("k", NOW + 100, 100).removed, 1);
    cr_assert_null(find("k").entry);
    cr_assert_eq(test.expired, 1);
    cr_assert_eq(test.thinned, 0);
}

Test(timed, stale_tags_are_rebuilt_away_and_live_ones_stay)
{
    for (int i = 0; i < 3000; i++) {
        make("k", 1, NOW + 100000 - i); /* each earlier than the one before: each leaves a tag */
    }
    const struct keytable *keytable = &test_keyspace_shard(&test, "k")->databases[0];
    for (int i = 0; i < 200; i++) {
        (void)fire("k", NOW, 100);
    }
    cr_assert_lt(expiry_index_tags(keytable->expiry), 100);
    cr_assert_eq(fire("k", NOW + 100000, 100).removed, 1);
}

Test(timed, counts_go_with_the_database)
{
    make("k", 1, NOW + 100);
    struct shard *shard = test_keyspace_shard(&test, "k");
    keyspace_swap(&test.user, shard, 0, 1);
    cr_assert_eq(keyspace_count_timed(&test.keyspace, 0), 0);
    cr_assert_eq(keyspace_count_timed(&test.keyspace, 1), 1);
    cr_assert_eq(fire("k", NOW + 100, 100).removed, 1);
    keyspace_swap(&test.user, shard, 0, 1);
    cr_assert_eq(length("k"), 1);
    make("k", 1, NOW + 1000);
    (void)keyspace_detach(&test.user, shard, 0);
    cr_assert_eq(keyspace_count_timed(&test.keyspace, 0), 0);
    test_keyspace_collect(&test);
}

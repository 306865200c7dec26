/* SPDX-License-Identifier: BSD-3-Clause */
/* Watched keys: what touches a watch, and what does not.
 * Owner: each test. Locks: one thread; the shards' spinlocks are taken by interest_leave alone. */
#include "sherd/keyspace/interest.h"

#include <criterion/criterion.h>

#include "test_keyspace.h"

static struct test_keyspace test;
static _Atomic bool touched;

static void begin(void)
{
    test_keyspace_init(&test);
    touched = false;
}

static void end(void)
{
    test_keyspace_deinit(&test);
}

TestSuite(interest, .init = begin, .fini = end);

static struct keyref open_key(unsigned db, const char *name)
{
    struct keyref ref;
    struct slice key = slice_from_text(name);
    keyref_open_hashed(&ref, &test.user, db, key, keyspace_hash(&test.keyspace, key));
    return ref;
}

static void set_key(unsigned db, const char *name, int64_t deadline_ms) UNCHECKED_LOCKING
{
    struct keyref ref = open_key(db, name);
    keyref_set_string(&ref, SLICE_LITERAL("value"), deadline_ms);
}

static struct watch *watch_key(unsigned db, const char *name) UNCHECKED_LOCKING
{
    struct keyref ref = open_key(db, name);
    return interest_watch(&ref, &touched);
}

static void touch_key(unsigned db, const char *name) UNCHECKED_LOCKING
{
    struct keyref ref = open_key(db, name);
    interest_touch(&ref);
}

Test(interest, a_change_of_the_key_touches_every_watch_of_it)
{
    _Atomic bool other = false;
    struct watch *mine = watch_key(0, "k");
    struct keyref ref = open_key(0, "k");
    struct watch *theirs = interest_watch(&ref, &other);
    touch_key(0, "k");
    cr_expect(touched && other);
    interest_leave(mine, &test.keyspace);
    interest_leave(theirs, &test.keyspace);
}

Test(interest, another_key_and_another_database_touch_nothing)
{
    struct watch *watch = watch_key(1, "k");
    touch_key(0, "k");
    touch_key(1, "j");
    cr_expect_not(touched);
    interest_leave(watch, &test.keyspace);
}

Test(interest, who_has_left_hears_nothing_and_the_others_still_do)
{
    _Atomic bool others[3] = {false};
    struct watch *watches[3];
    struct keyref ref = open_key(0, "k");
    for (int i = 0; i < 3; i++) {
        watches[i] = interest_watch(&ref, &others[i]);
    }
    interest_leave(watches[1], &test.keyspace);
    touch_key(0, "k");
    cr_expect(others[0] && !others[1] && others[2]);
    interest_leave(watches[0], &test.keyspace);
    interest_leave(watches[2], &test.keyspace);
    struct shard *shard = ref.shard;
    interest_destroy(shard); /* asserts that no key is left */
}

Test(interest, falling_due_touches_who_watched_the_living_key)
{
    set_key(0, "k", TEST_KEYSPACE_NOW_MS + 10);
    struct watch *watch = watch_key(0, "k");
    test_keyspace_pass(&test, 20);
    struct keyref ref = open_key(0, "k");
    cr_expect(keyref_expire_if_due(&ref));
    cr_expect(touched);
    test_keyspace_collect(&test);
    interest_leave(watch, &test.keyspace);
}

Test(interest, the_removal_of_a_key_that_was_due_before_is_no_news_but_its_return_is)
{
    atomic_store(&test.keyspace.expiry_deletes, false);
    set_key(0, "k", TEST_KEYSPACE_NOW_MS + 10);
    test_keyspace_pass(&test, 20);
    struct watch *watch = watch_key(0, "k");
    cr_expect_not(interest_is_due(watch, &test.user));
    atomic_store(&test.keyspace.expiry_deletes, true);
    struct keyref ref = open_key(0, "k");
    cr_expect(keyref_expire_if_due(&ref));
    cr_expect_not(touched);
    touch_key(0, "k");
    cr_expect(touched);
    test_keyspace_collect(&test);
    interest_leave(watch, &test.keyspace);
}

Test(interest, a_hidden_key_that_fell_due_since_is_told_by_asking)
{
    atomic_store(&test.keyspace.expiry_deletes, false);
    set_key(0, "k", TEST_KEYSPACE_NOW_MS + 10);
    struct watch *watch = watch_key(0, "k");
    cr_expect_not(interest_is_due(watch, &test.user));
    test_keyspace_pass(&test, 20);
    cr_expect(interest_is_due(watch, &test.user));
    cr_expect_not(touched);
    interest_leave(watch, &test.keyspace);
}

Test(interest, emptying_a_database_touches_the_keys_that_were_there)
{
    set_key(2, "k", DEADLINE_NONE);
    struct watch *there = watch_key(2, "k");
    struct keyref ref = open_key(2, "missing");
    _Atomic bool missed = false;
    struct watch *missing = interest_watch(&ref, &missed);
    for (uint32_t i = 0; i < KEYSPACE_SHARDS; i++) {
        (void)keyspace_detach(&test.user, keyspace_shard(&test.keyspace, i), 2);
    }
    cr_expect(touched && !missed);
    test_keyspace_collect(&test);
    interest_leave(there, &test.keyspace);
    interest_leave(missing, &test.keyspace);
}

Test(interest, swapping_touches_keys_that_exist_on_either_side)
{
    set_key(1, "k", DEADLINE_NONE);
    struct watch *watch = watch_key(0, "k");
    for (uint32_t i = 0; i < KEYSPACE_SHARDS; i++) {
        keyspace_swap(&test.user, keyspace_shard(&test.keyspace, i), 0, 1);
    }
    cr_expect(touched);
    interest_leave(watch, &test.keyspace);
}

Test(interest, a_possessed_shard_is_touched_and_left_without_a_deadlock) UNCHECKED_LOCKING
{
    struct watch *watch = watch_key(0, "k");
    struct keyref ref = open_key(0, "k");
    ref.shard->possessed = true;
    interest_touch(&ref);
    cr_expect(touched);
    interest_leave(watch, &test.keyspace);
    ref.shard->possessed = false;
}

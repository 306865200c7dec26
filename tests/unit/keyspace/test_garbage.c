/* SPDX-License-Identifier: BSD-3-Clause */
/* Freeing detached tables in slices: each is bounded, and in the end nothing is left.
 * Owner: each test. Locks: none, there is one thread. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "test_keyspace.h"

enum {
    KEYS = 60000,
};

static struct test_keyspace fixture;

static void setup(void)
{
    test_keyspace_init(&fixture);
}

static void teardown(void)
{
    test_keyspace_deinit(&fixture);
}

TestSuite(garbage, .init = setup, .fini = teardown);

Test(garbage, frees_a_large_keyspace_in_several_slices)
{
    char key[32];
    for (int i = 0; i < KEYS; i++) {
        (void)snprintf(key, sizeof(key), "key:%d", i);
        test_keyspace_set(&fixture, key, "value", DEADLINE_NONE);
    }
    for (uint32_t i = 0; i < KEYSPACE_SHARDS; i++) {
        (void)keyspace_detach(&fixture.user, keyspace_shard(&fixture.keyspace, i), 0);
    }
    size_t keys;
    struct garbage_table *tables = garbage_take_tables(fixture.user.garbage, &keys);
    cr_assert_eq(keys, KEYS);
    unsigned slices = 0;
    while (tables != NULL) {
        tables = garbage_table_free_some(tables, &fixture.user);
        slices++;
    }
    cr_assert_gt(slices, 3);
}

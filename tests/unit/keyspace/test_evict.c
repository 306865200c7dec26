/* SPDX-License-Identifier: BSD-3-Clause */
/* Which keys eviction draws and removes.
 * Owner: each test. Locks: none, there is one thread. */
#include "sherd/keyspace/evict.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "sherd/keyspace/expiry.h"
#include "sherd/keyspace/lockset.h"
#include "test_keyspace.h"

#define SAMPLES 5

static struct test_keyspace test;
static struct evict_pool pool;

static void begin(void)
{
    test_keyspace_init(&test);
    memset(&pool, 0, sizeof(pool));
    random_init_seed(&pool.random, 42);
}

static void end(void)
{
    test_keyspace_deinit(&test);
}

TestSuite(evict, .init = begin, .fini = end);

static enum evict_step evict(enum evict_policy policy) UNCHECKED_LOCKING
{
    enum evict_step step = evict_one(&test.user, &pool, policy, SAMPLES);
    test_keyspace_collect(&test);
    return step;
}

static void store(int number, int64_t deadline_ms)
{
    char key[32];
    (void)snprintf(key, sizeof(key), "key:%d", number);
    test_keyspace_set(&test, key, "v", deadline_ms);
}

static struct entry *entry_of(int number)
{
    char key[32];
    (void)snprintf(key, sizeof(key), "key:%d", number);
    return test_keyspace_find(&test, key).entry;
}

static void set_clock(int number, uint32_t clock)
{
    entry_of(number)->clock = clock & USAGE_CLOCK_MASK;
}

static bool key_has_hash(int number, uint64_t hash)
{
    const struct entry *entry = entry_of(number);
    return entry != NULL && keyspace_hash(&test.keyspace, entry_key(entry)) == hash;
}

static uint64_t keys_left(void)
{
    uint64_t keys;
    uint64_t volatile_keys;
    keyspace_count(&test.keyspace, 0, &keys, &volatile_keys);
    return keys;
}

static void by_frequency(void)
{
    atomic_store(&test.keyspace.usage, usage_settings_make(true, 10, 1));
    test_keyspace_pass(&test, 0);
}

static const enum evict_policy policies[] = {EVICT_ALLKEYS_LRU,  EVICT_ALLKEYS_LFU,  EVICT_ALLKEYS_RANDOM,
                                             EVICT_VOLATILE_LRU, EVICT_VOLATILE_LFU, EVICT_VOLATILE_RANDOM,
                                             EVICT_VOLATILE_TTL};

Test(evict, finds_nothing_in_an_empty_keyspace)
{
    for (size_t i = 0; i < ARRAY_LENGTH(policies); i++) {
        cr_assert_eq(evict(policies[i]), EVICT_NO_KEYS);
    }
}

Test(evict, removes_all_keys_one_by_one_and_tells_of_each)
{
    for (size_t i = 0; i < ARRAY_LENGTH(policies); i++) {
        test.evicted = 0;
        for (int k = 0; k < 3000; k++) {
            store(k, TEST_KEYSPACE_NOW_MS + 1000 + k);
        }
        for (unsigned k = 0; k < 3000; k++) {
            cr_assert_eq(evict(policies[i]), EVICT_REMOVED);
            cr_assert_eq(test.evicted, k + 1);
            cr_assert_eq(keys_left(), 2999 - k);
        }
        cr_assert_eq(evict(policies[i]), EVICT_NO_KEYS);
    }
}

Test(evict, leaves_keys_without_a_deadline_alone_when_told_so)
{
    for (size_t i = 0; i < ARRAY_LENGTH(policies); i++) {
        if ((policies[i] & EVICT_KEYS_VOLATILE) == 0) {
            continue;
        }
        for (int k = 0; k < 2000; k++) {
            store(k, k % 4 == 0 ? TEST_KEYSPACE_NOW_MS + 100000 + k : DEADLINE_NONE);
        }
        for (int k = 0; k < 500; k++) {
            cr_assert_eq(evict(policies[i]), EVICT_REMOVED);
        }
        cr_assert_eq(evict(policies[i]), EVICT_NO_KEYS);
        for (int k = 0; k < 2000; k++) {
            cr_assert_eq(entry_of(k) != NULL, k % 4 != 0);
        }
    }
}

/* Stale tags, of keys whose deadline was taken away, outnumber the others. */
Test(evict, finds_the_few_keys_with_a_deadline_among_stale_tags)
{
    for (int k = 0; k < 20000; k++) {
        store(k, TEST_KEYSPACE_NOW_MS + 100000 + k);
    }
    for (int k = 0; k < 20000; k++) {
        if (k % 1000 != 0) {
            store(k, DEADLINE_NONE);
        }
    }
    for (int k = 0; k < 20; k++) {
        cr_assert_eq(evict(EVICT_VOLATILE_LRU), EVICT_REMOVED);
    }
    cr_assert_eq(evict(EVICT_VOLATILE_LRU), EVICT_NO_KEYS);
    cr_assert_eq(keys_left(), 20000 - 20);
}

Test(evict, draws_from_every_database)
{
    struct keyref ref;
    struct slice key = SLICE_LITERAL("elsewhere");
    keyref_open_hashed(&ref, &test.user, 3, key, keyspace_hash(&test.keyspace, key));
    keyref_set_string(&ref, SLICE_LITERAL("v"), DEADLINE_NONE);
    cr_assert_eq(evict(EVICT_ALLKEYS_LRU), EVICT_REMOVED);
    cr_assert_str_eq(test.last_expired, "elsewhere");
    cr_assert_eq(evict(EVICT_ALLKEYS_LRU), EVICT_NO_KEYS);
}

/* Of 10000 keys the odd ones are used later: those that go should nearly all be even. */
static unsigned evicted_even(enum evict_policy policy, unsigned evictions)
{
    for (unsigned i = 0; i < evictions; i++) {
        cr_assert_eq(evict(policy), EVICT_REMOVED);
    }
    unsigned even = 0;
    for (int k = 0; k < 10000; k += 2) {
        even += entry_of(k) == NULL;
    }
    return even;
}

Test(evict, removes_first_what_was_used_longest_ago)
{
    for (int k = 0; k < 10000; k++) {
        store(k, DEADLINE_NONE);
    }
    test_keyspace_pass(&test, 5000);
    for (int k = 1; k < 10000; k += 2) {
        set_clock(k, test.user.usage.now);
    }
    unsigned even = evicted_even(EVICT_ALLKEYS_LRU, 2000);
    cr_assert_geq(even, 1980, "%u of 2000", even);
}

Test(evict, removes_first_what_is_used_least_often)
{
    by_frequency();
    for (int k = 0; k < 10000; k++) {
        store(k, DEADLINE_NONE);
    }
    for (int k = 1; k < 10000; k += 2) {
        set_clock(k, test.user.usage.now | 9);
    }
    unsigned even = evicted_even(EVICT_ALLKEYS_LFU, 2000);
    cr_assert_geq(even, 1980, "%u of 2000", even);
}

/* A counter of 8 that lost 4 in as many minutes is below one of 5. */
Test(evict, counts_what_a_counter_has_lost_since)
{
    atomic_store(&test.keyspace.usage, usage_settings_make(true, 10, 1));
    test_keyspace_pass(&test, 0);
    for (int k = 0; k < 10000; k++) {
        store(k, DEADLINE_NONE);
        set_clock(k, test.user.usage.now | 8);
    }
    test_keyspace_pass(&test, 240000);
    for (int k = 1; k < 10000; k += 2) {
        set_clock(k, test.user.usage.fresh);
    }
    unsigned even = evicted_even(EVICT_ALLKEYS_LFU, 2000);
    cr_assert_geq(even, 1980, "%u of 2000", even);
}

Test(evict, removes_first_what_expires_soonest)
{
    for (int k = 0; k < 10000; k++) {
        store(k, TEST_KEYSPACE_NOW_MS + (k % 2 == 0 ? 100000 : 900000) + k);
    }
    unsigned even = evicted_even(EVICT_VOLATILE_TTL, 2000);
    cr_assert_geq(even, 1980, "%u of 2000", even);
}

Test(evict, removes_keys_of_all_ages_at_random)
{
    for (int k = 0; k < 10000; k++) {
        store(k, DEADLINE_NONE);
        if (k % 2 == 0) {
            set_clock(k, test.user.usage.now - 100);
        }
    }
    unsigned even = evicted_even(EVICT_ALLKEYS_RANDOM, 2000);
    cr_assert(even > 850 && even < 1150, "%u of 2000", even);
}

/* The key that is next in the pool is used: another one goes. */
Test(evict, spares_a_candidate_that_was_used_since)
{
    for (int k = 0; k < 2000; k++) {
        store(k, DEADLINE_NONE);
        set_clock(k, test.user.usage.now - 50);
    }
    for (int i = 0; i < 100; i++) {
        cr_assert_eq(evict(EVICT_ALLKEYS_LRU), EVICT_REMOVED);
        if (pool.count < 2) {
            continue;
        }
        uint64_t next = pool.candidates[pool.count - 1].hash;
        for (int k = 0; k < 2000; k++) {
            if (key_has_hash(k, next)) {
                set_clock(k, test.user.usage.now);
                cr_assert_eq(evict(EVICT_ALLKEYS_LRU), EVICT_REMOVED);
                cr_assert_not_null(entry_of(k));
            }
        }
    }
}

Test(evict, forgets_its_candidates_when_the_policy_changes)
{
    for (int k = 0; k < 1000; k++) {
        store(k, k % 2 == 0 ? TEST_KEYSPACE_NOW_MS + 100000 : DEADLINE_NONE);
    }
    for (int i = 0; i < 20; i++) {
        cr_assert_eq(evict(EVICT_ALLKEYS_LRU), EVICT_REMOVED);
    }
    unsigned odd_before = 0;
    unsigned odd_after = 0;
    for (int k = 1; k < 1000; k += 2) {
        odd_before += entry_of(k) != NULL;
    }
    for (int i = 0; i < 100; i++) {
        cr_assert_eq(evict(EVICT_VOLATILE_LRU), EVICT_REMOVED);
    }
    for (int k = 1; k < 1000; k += 2) {
        odd_after += entry_of(k) != NULL;
    }
    cr_assert_eq(odd_after, odd_before);
}

Test(evict, does_not_wait_for_a_shard_that_is_held)
{
    store(1, DEADLINE_NONE);
    struct shard *shard = test_keyspace_shard(&test, "key:1");
    cr_assert(shard_try_hold(shard));
    cr_assert_eq(evict(EVICT_ALLKEYS_LRU), EVICT_MISSED);
    shard_let_go(shard);
    cr_assert_eq(evict(EVICT_ALLKEYS_LRU), EVICT_REMOVED);
}

Test(evict, keeps_the_expiry_index_in_step)
{
    for (int k = 0; k < 1000; k++) {
        store(k, TEST_KEYSPACE_NOW_MS + 1000);
    }
    for (int k = 0; k < 400; k++) {
        cr_assert_eq(evict(EVICT_ALLKEYS_RANDOM), EVICT_REMOVED);
    }
    uint64_t keys;
    uint64_t volatile_keys;
    keyspace_count(&test.keyspace, 0, &keys, &volatile_keys);
    cr_assert_eq(keys, 600);
    cr_assert_eq(volatile_keys, 600);
    test_keyspace_pass(&test, 2000);
    for (uint32_t i = 0; i < KEYSPACE_SHARDS; i++) {
        (void)expiry_fire(&test.user, keyspace_shard(&test.keyspace, i), 1000);
    }
    test_keyspace_collect(&test);
    cr_assert_eq(keys_left(), 0);
    cr_assert_eq(test.expired, 600);
}

/* Evicted keys leave their tags: whoever stores further ones has the shard visited, so that they do not pile up. */
Test(evict, does_not_let_tags_of_evicted_keys_pile_up)
{
    for (int k = 0; k < 400000; k++) {
        store(k, TEST_KEYSPACE_NOW_MS + 1000000 + k % 1000);
        if (k >= 2000) {
            cr_assert_eq(evict(EVICT_VOLATILE_LRU), EVICT_REMOVED);
        }
        struct shard *shard = keyspace_shard(&test.keyspace, (uint32_t)k % KEYSPACE_SHARDS);
        if (atomic_load(&test.keyspace.next_fire_ms[shard->index]) <= test.user.now_ms) {
            (void)expiry_fire(&test.user, shard, 1000);
        }
    }
    size_t tags = 0;
    for (uint32_t i = 0; i < KEYSPACE_SHARDS; i++) {
        tags += expiry_index_tags(keyspace_shard(&test.keyspace, i)->databases[0].expiry);
    }
    cr_assert_lt(tags, 100000, "%zu tags for 2000 keys", tags);
    cr_assert_eq(test.expired, 0);
}

Test(evict, gives_the_memory_of_an_emptied_table_back)
{
    store(1, TEST_KEYSPACE_NOW_MS + 1000);
    struct keytable *keytable = &test_keyspace_shard(&test, "key:1")->databases[0];
    cr_assert_eq(evict(EVICT_ALLKEYS_LRU), EVICT_REMOVED);
    cr_assert_null(atomic_load(&keytable->table.directory));
    cr_assert_null(keytable->expiry);
    cr_assert_gt(test.user.retired_bytes, 1000);
    store(1, TEST_KEYSPACE_NOW_MS + 1000);
    cr_assert_eq(keys_left(), 1);
}

Test(evict, trims_the_tables_that_deletions_left_empty)
{
    for (int k = 0; k < 100; k++) {
        store(k, DEADLINE_NONE);
    }
    store(100, DEADLINE_NONE);
    for (int k = 0; k < 100; k++) {
        char key[32];
        (void)snprintf(key, sizeof(key), "key:%d", k);
        struct keyref ref = test_keyspace_find(&test, key);
        keyref_remove(&ref);
    }
    cr_assert(evict_trim(&test.user));
    cr_assert_gt(test.user.retired_bytes, 50 * 1024);
    cr_assert_not(evict_trim(&test.user));
    cr_assert_not_null(entry_of(100));
}

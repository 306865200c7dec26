/* SPDX-License-Identifier: BSD-3-Clause */
/* A keyspace for tests: its own epoch, garbage and user, a time that stands still until a test moves it, and a count of
 * the keys that went away by themselves.
 * Owner: each test. Locks: none; tests with one thread hold nothing. */
#ifndef SHERD_TESTS_TEST_KEYSPACE_H
#define SHERD_TESTS_TEST_KEYSPACE_H

#include <string.h>

#include "sherd/keyspace/garbage.h"
#include "sherd/keyspace/keyref.h"

#define TEST_KEYSPACE_NOW_MS INT64_C(1700000000000)

struct test_keyspace {
    struct keyspace keyspace;
    struct epoch epoch;
    struct garbage garbage;
    struct keyspace_user user;
    unsigned expired; /* keys that user.removed was told about */
    unsigned evicted; /* likewise */
    unsigned thinned; /* elements that user.thinned was told about */
    unsigned emptied; /* collections that it was told about as empty */
    char last_expired[64];
};

static inline void test_keyspace_removed(void *context, enum removal why, unsigned db, struct slice key)
{
    struct test_keyspace *test = context;
    (void)db;
    test->expired += why == REMOVAL_EXPIRED;
    test->evicted += why == REMOVAL_EVICTED;
    size_t len = key.len < sizeof(test->last_expired) ? key.len : sizeof(test->last_expired) - 1;
    memcpy(test->last_expired, key.data, len);
    test->last_expired[len] = '\0';
}

static inline void test_keyspace_thinned(void *context, const struct thinning *thinning)
{
    struct test_keyspace *test = context;
    test->thinned += (unsigned)thinning->removed;
    test->emptied += thinning->emptied;
}

static inline void test_keyspace_init(struct test_keyspace *test)
{
    memset((void *)test, 0, sizeof(*test));
    epoch_init(&test->epoch);
    garbage_init(&test->garbage);
    ASSERT(keyspace_init(&test->keyspace, 4) == STATUS_OK);
    test->user = (struct keyspace_user){.keyspace = &test->keyspace,
                                        .epoch = epoch_register(&test->epoch),
                                        .garbage = &test->garbage,
                                        .now_ms = TEST_KEYSPACE_NOW_MS,
                                        .removed = test_keyspace_removed,
                                        .thinned = test_keyspace_thinned,
                                        .context = test};
    keyspace_user_refresh(&test->user, TEST_KEYSPACE_NOW_MS);
}

/* Time goes on, as a thread notices it. */
static inline void test_keyspace_pass(struct test_keyspace *test, int64_t ms)
{
    keyspace_user_refresh(&test->user, test->user.now_ms + ms);
}

/* What dispatch does after the locks are free. */
static inline void test_keyspace_collect(struct test_keyspace *test) UNCHECKED_LOCKING
{
    size_t keys;
    garbage_release(&test->garbage);
    garbage_table_free(garbage_take_tables(&test->garbage, &keys), &test->user);
    epoch_poll(test->user.epoch);
}

static inline void test_keyspace_deinit(struct test_keyspace *test)
{
    test_keyspace_collect(test);
    keyspace_deinit(&test->keyspace, &test->user);
    garbage_deinit(&test->garbage);
    epoch_deinit(&test->epoch);
}

static inline struct shard *test_keyspace_shard(struct test_keyspace *test, const char *key)
{
    uint64_t hash = keyspace_hash(&test->keyspace, slice_from_text(key));
    return keyspace_shard(&test->keyspace, keyspace_shard_of(hash));
}

/* Looks a key of database 0 up; `key` must outlive the reference. */
static inline struct keyref test_keyspace_find(struct test_keyspace *test, const char *key) UNCHECKED_LOCKING
{
    struct keyref ref;
    struct slice name = slice_from_text(key);
    keyref_open_hashed(&ref, &test->user, 0, name, keyspace_hash(&test->keyspace, name));
    return ref;
}

static inline struct keyref test_keyspace_set(struct test_keyspace *test, const char *key, const char *value,
                                              int64_t deadline_ms) UNCHECKED_LOCKING
{
    struct keyref ref = test_keyspace_find(test, key);
    keyref_set_string(&ref, slice_from_text(value), deadline_ms);
    return ref;
}

static inline bool test_keyspace_holds(struct test_keyspace *test, const char *key, const char *value)
{
    char digits[24];
    struct keyref ref = test_keyspace_find(test, key);
    return ref.entry != NULL && slice_equals(entry_string(ref.entry, digits), slice_from_text(value));
}

static inline uint32_t test_keyspace_volatile_keys(struct test_keyspace *test, const char *key)
{
    return atomic_load(&test_keyspace_shard(test, key)->databases[0].volatile_keys);
}

#endif

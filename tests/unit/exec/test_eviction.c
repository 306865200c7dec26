/* SPDX-License-Identifier: BSD-3-Clause */
/* When memory is above its ceiling, and what is done about it.
 * Owner: each test. Locks: none are held. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "small_server.h"

static struct small_server server;
static unsigned shed_calls;
static size_t shed_bytes;
static unsigned guard_calls;

static enum outcome guard_counts(struct call *call, void *context)
{
    (void)call;
    (void)context;
    guard_calls++;
    return OUTCOME_DONE;
}

static size_t shed(void *context, struct exec_worker *worker)
{
    (void)context;
    (void)worker;
    shed_calls++;
    return shed_bytes;
}

static enum outcome taking_command(struct call *call)
{
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

static const struct command_row rows[] = {
    {.name = "take", .handler = taking_command, .arity = 1, .flags = COMMAND_DENYOOM},
    {0},
};

static void begin(void)
{
    shed_calls = 0;
    shed_bytes = 0;
    guard_calls = 0;
    small_server_init(&server, rows, NULL);
    exec_add_guard(&server.exec, (struct guard){.command_flags = COMMAND_DENYOOM, .check = guard_counts});
    server.exec.shed_hook = (struct shed_hook){shed, NULL};
    small_server_start(&server, 1);
    exec_turn_begin(server.worker);
}

static void end(void)
{
    exec_turn_end(server.worker);
    small_server_stop(&server);
}

TestSuite(eviction, .init = begin, .fini = end);

static void ceiling(int64_t limit_bytes, enum evict_policy policy, uint64_t slice_ns)
{
    exec_set_eviction(&server.exec, &(struct eviction_settings){limit_bytes, policy, 5, slice_ns});
}

static void store(int count, int64_t deadline_ms) UNCHECKED_LOCKING
{
    for (int i = 0; i < count; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "%s:%d", deadline_ms == 0 ? "kept" : "key", i);
        struct slice key = slice_from_text(name);
        struct keyref ref;
        keyref_open_hashed(&ref, &server.worker->user, 0, key, keyspace_hash(&server.keyspace, key));
        keyref_set_string(&ref, SLICE_LITERAL("some value"), deadline_ms);
    }
}

static uint64_t keys_left(void)
{
    uint64_t keys;
    uint64_t volatile_keys;
    keyspace_count(&server.keyspace, 0, &keys, &volatile_keys);
    return keys;
}

static uint64_t evicted(void)
{
    return exec_statistic(&server.exec, STATISTIC_EVICTED_KEYS);
}

Test(eviction, does_nothing_without_a_ceiling)
{
    store(100, 0);
    ceiling(0, EVICT_ALLKEYS_LRU, UINT64_MAX);
    cr_assert_not(exec_memory_is_over(server.worker));
    cr_assert_eq(exec_evict(server.worker), EVICTION_OK);
    cr_assert_eq(keys_left(), 100);
    cr_assert_eq(shed_calls, 0);
}

Test(eviction, removes_all_keys_before_it_fails)
{
    store(1000, 0);
    ceiling(1, EVICT_ALLKEYS_LRU, UINT64_MAX);
    cr_assert(exec_memory_is_over(server.worker));
    cr_assert_eq(exec_evict(server.worker), EVICTION_FAIL);
    cr_assert_eq(keys_left(), 0);
    cr_assert_eq(evicted(), 1000);
}

Test(eviction, fails_at_once_where_the_policy_allows_nothing)
{
    store(100, 0);
    ceiling(1, EVICT_NOTHING, UINT64_MAX);
    cr_assert_eq(exec_evict(server.worker), EVICTION_FAIL);
    cr_assert_eq(keys_left(), 100);
}

Test(eviction, leaves_what_the_policy_does_not_name)
{
    store(100, 0);
    store(50, SMALL_SERVER_NOW_MS + 100000);
    ceiling(1, EVICT_VOLATILE_TTL, UINT64_MAX);
    cr_assert_eq(exec_evict(server.worker), EVICTION_FAIL);
    cr_assert_eq(keys_left(), 100);
    cr_assert_eq(evicted(), 50);
}

Test(eviction, waits_where_keys_may_not_be_removed)
{
    store(100, 0);
    ceiling(1, EVICT_ALLKEYS_LRU, UINT64_MAX);
    atomic_store(&server.keyspace.expiry_deletes, false);
    cr_assert_eq(exec_evict(server.worker), EVICTION_OK);
    cr_assert_eq(keys_left(), 100);
}

Test(eviction, stops_when_its_slice_of_time_is_over_and_goes_on_later)
{
    small_server_let_time_count(&server);
    store(100, 0);
    ceiling(1, EVICT_ALLKEYS_RANDOM, 0);
    cr_assert_eq(exec_evict(server.worker), EVICTION_RUNNING);
    cr_assert_eq(evicted(), 16);
    cr_assert_eq(exec_evict_tick(server.worker), 0);
    cr_assert_eq(evicted(), 32);
    for (int i = 0; i < 10; i++) {
        (void)exec_evict_tick(server.worker);
    }
    cr_assert_eq(keys_left(), 0);
    cr_assert_eq(exec_evict_tick(server.worker), 100);
}

Test(eviction, lets_clients_go_first_and_counts_what_they_will_give_back)
{
    store(100, 0);
    ceiling(1, EVICT_ALLKEYS_LRU, UINT64_MAX);
    shed_bytes = (size_t)1 << 40;
    cr_assert_eq(exec_evict(server.worker), EVICTION_OK);
    cr_assert_eq(shed_calls, 1);
    cr_assert_eq(keys_left(), 100);
}

Test(eviction, counts_what_an_executor_is_about_to_free_as_free)
{
    store(100, 0);
    ceiling(1, EVICT_ALLKEYS_LRU, UINT64_MAX);
    atomic_store(&server.exec.leaving_bytes, (size_t)1 << 40);
    cr_assert_eq(exec_evict(server.worker), EVICTION_OK);
    cr_assert_eq(keys_left(), 100);
    atomic_store(&server.exec.leaving_bytes, 0);
}

Test(eviction, tells_how_long_the_ceiling_was_not_kept)
{
    ceiling(1, EVICT_NOTHING, UINT64_MAX);
    cr_assert_eq(exec_eviction_over_now_ms(&server.exec), 0);
    cr_assert_eq(exec_evict(server.worker), EVICTION_FAIL);
    int64_t begin_ns = clock_monotonic_ns();
    while (clock_monotonic_ns() - begin_ns < 5000000) {
    }
    cr_assert_geq(exec_eviction_over_now_ms(&server.exec), 5);
    ceiling(0, EVICT_NOTHING, UINT64_MAX);
    cr_assert_eq(exec_evict(server.worker), EVICTION_OK);
    cr_assert_eq(exec_eviction_over_now_ms(&server.exec), 0);
    cr_assert_geq(exec_eviction_over_total_ms(&server.exec), 5);
    exec_eviction_reset(&server.exec);
    cr_assert_eq(exec_eviction_over_total_ms(&server.exec), 0);
}

/* A sanitizer's allocator does not count by thread: there the guard is always asked. */
Test(eviction, has_its_guard_asked_only_near_the_ceiling)
{
    exec_turn_end(server.worker);
    struct recorder recorder;
    recorder_init(&recorder, server.worker);
    ceiling(INT64_C(1) << 50, EVICT_NOTHING, UINT64_MAX);
    cr_assert_str_eq(small_run(&recorder, "take"), "+OK\r\n");
    cr_assert_eq(guard_calls, server.worker->meter.allocated == NULL ? 1 : 0);
    ceiling(1, EVICT_NOTHING, UINT64_MAX);
    guard_calls = 0;
    cr_assert_str_eq(small_run(&recorder, "take"), "+OK\r\n");
    cr_assert_eq(guard_calls, 1);
    recorder_deinit(&recorder);
    exec_turn_begin(server.worker);
}

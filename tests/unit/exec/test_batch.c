/* SPDX-License-Identifier: BSD-3-Clause */
/* Batches: the order of replies, where they stand, silent sessions, and what time it is.
 * Owner: each test. Locks: those of the commands. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "small_commands.h"
#include "small_server.h"

static struct small_server server;
static struct recorder ann;
static struct recorder ben;

static enum outcome echo_handler(struct call *call)
{
    reply_bulk(&call->reply, call->argv[1]);
    return OUTCOME_DONE;
}

/* FLAGS n: what CLIENT REPLY does: sets session flags and replies OK, which may be silenced at once. */
static enum outcome flags_handler(struct call *call)
{
    int64_t flags;
    if (!call_integer(call, 1, &flags)) {
        return OUTCOME_ERROR;
    }
    call->session->flags |= (uint32_t)flags;
    if ((call->session->flags & SESSION_REPLY_SKIP_NEXT) == 0) {
        reply_ok(&call->reply);
    }
    return OUTCOME_DONE;
}

/* TICK ms: the time as the call sees it, after which the clock goes forward. */
static enum outcome tick_handler(struct call *call)
{
    int64_t ms;
    if (!call_integer(call, 1, &ms)) {
        return OUTCOME_ERROR;
    }
    reply_integer(&call->reply, call->now_ms);
    fake_clock_advance_ms(&server.clock, ms);
    return OUTCOME_DONE;
}

/* LINGER: stays for more than 100 us of the time that counts. */
static enum outcome linger_handler(struct call *call)
{
    int64_t begin = clock_monotonic_ns();
    while (clock_monotonic_ns() - begin < 150000) {
    }
    return tick_handler(call);
}

static enum outcome select_handler(struct call *call)
{
    if (!call_database(call, 1, &call->session->db)) {
        return OUTCOME_ERROR;
    }
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

static const struct command_row rows[] = {
    SMALL_COMMANDS,
    {.name = "echo", .handler = echo_handler, .arity = 2},
    {.name = "flags", .handler = flags_handler, .arity = 2},
    {.name = "tick", .handler = tick_handler, .arity = 2},
    {.name = "linger", .handler = linger_handler, .arity = 2},
    {.name = "select", .handler = select_handler, .arity = 2},
    {.name = "brief", .handler = echo_handler, .arity = 2, .flags = COMMAND_BRIEF},
    {.name = "short", .handler = tick_handler, .arity = 2, .flags = COMMAND_BRIEF},
    {0},
};

static void setup(void)
{
    small_server_init(&server, rows, NULL);
    small_server_start(&server, 1);
    recorder_init(&ann, server.worker);
    recorder_init(&ben, server.worker);
}

static void teardown(void)
{
    recorder_deinit(&ann);
    recorder_deinit(&ben);
    small_server_stop(&server);
}

TestSuite(batch, .init = setup, .fini = teardown);

/* Runs "a:REQUEST" and "b:REQUEST" for Ann and Ben, as one batch. */
static void run_both(struct small_batch *batch, const char *const *requests, size_t count)
{
    small_batch_begin(batch, server.worker);
    for (size_t i = 0; i < count; i++) {
        small_batch_add(batch, requests[i][0] == 'a' ? &ann : &ben, requests[i] + 2);
    }
    small_batch_run(batch);
}

Test(batch, replies_in_the_order_of_requests)
{
    const char *const requests[] = {"a:echo 1", "a:echo 2", "a:nosuch", "a:echo 3"};
    struct small_batch batch;
    run_both(&batch, requests, ARRAY_LENGTH(requests));
    cr_assert_str_eq(recorder_replies(&ann), "$1\r\n1\r\n$1\r\n2\r\n"
                                             "-ERR unknown command 'nosuch', with args beginning with: \r\n"
                                             "$1\r\n3\r\n");
}

Test(batch, leaves_replies_of_neighbours_in_the_turn_s_output)
{
    const char *const requests[] = {"a:echo 1", "a:echo 2", "b:echo 3", "b:ping"};
    struct small_batch batch;
    run_both(&batch, requests, ARRAY_LENGTH(requests));
    cr_assert(ann.session.in_turn && ben.session.in_turn);
    cr_assert(output_is_empty(&ann.session.own) && output_is_empty(&ben.session.own));
    cr_assert(ann.session.turn.begin == 0 && ann.session.turn.end == 14);
    cr_assert(ben.session.turn.begin == 14 && ben.session.turn.end == 28);
    cr_assert_str_eq(recorder_replies(&ann), "$1\r\n1\r\n$1\r\n2\r\n");
    cr_assert_str_eq(recorder_replies(&ben), "$1\r\n3\r\n+PONG\r\n");
}

Test(batch, keeps_each_session_s_order_when_they_alternate)
{
    const char *const requests[] = {"a:echo 1", "b:echo 2", "a:echo 3", "b:echo 4", "a:echo 5", "b:echo 6"};
    struct small_batch batch;
    run_both(&batch, requests, ARRAY_LENGTH(requests));
    cr_assert_str_eq(recorder_replies(&ann), "$1\r\n1\r\n$1\r\n3\r\n$1\r\n5\r\n");
    cr_assert_str_eq(recorder_replies(&ben), "$1\r\n2\r\n$1\r\n4\r\n$1\r\n6\r\n");
}

Test(batch, goes_on_behind_replies_of_an_earlier_batch_of_the_turn)
{
    const char *const first[] = {"a:echo 1", "b:echo 2"};
    const char *const second[] = {"b:echo 3", "a:echo 4", "b:echo 5"};
    struct small_batch batch;
    run_both(&batch, first, ARRAY_LENGTH(first));
    run_both(&batch, second, ARRAY_LENGTH(second));
    cr_assert_str_eq(recorder_replies(&ann), "$1\r\n1\r\n$1\r\n4\r\n");
    cr_assert_str_eq(recorder_replies(&ben), "$1\r\n2\r\n$1\r\n3\r\n$1\r\n5\r\n");
}

Test(batch, appends_to_what_a_session_has_not_got_rid_of)
{
    buffer_append_slice(&ann.session.own.bytes, SLICE_LITERAL("earlier"));
    cr_assert_eq(small_try(&ann, "ping"), ITEM_DONE);
    cr_assert_str_eq(recorder_replies(&ann), "earlier+PONG\r\n");
}

Test(batch, keeps_referenced_values_with_their_session)
{
    enum { LARGE = REPLY_REFERENCE_BYTES + 1 };
    static char request[LARGE + 16];
    memcpy(request, "set k ", 6);
    memset(request + 6, 'v', LARGE);
    cr_assert_str_eq(small_run(&ann, request), "+OK\r\n");
    const char *const requests[] = {"a:get k", "b:echo 1", "b:get k", "a:echo 2", "a:get k", "b:get k"};
    struct small_batch batch;
    run_both(&batch, requests, ARRAY_LENGTH(requests));
    static char large[LARGE + 32];
    static char expected[2 * sizeof(large) + 32];
    (void)snprintf(large, sizeof(large), "$%d\r\n%s\r\n", LARGE, request + 6);
    (void)snprintf(expected, sizeof(expected), "%s$1\r\n2\r\n%s", large, large);
    cr_assert(strcmp(recorder_replies(&ann), expected) == 0);
    (void)snprintf(expected, sizeof(expected), "$1\r\n1\r\n%s%s", large, large);
    cr_assert(strcmp(recorder_replies(&ben), expected) == 0);
}

Test(batch, executes_nothing_for_sessions_that_are_closing_or_doomed)
{
    ann.session.flags |= SESSION_CLOSING;
    atomic_store(&ben.session.doomed, true);
    const char *const requests[] = {"a:set k 1", "b:set k 2"};
    struct small_batch batch;
    run_both(&batch, requests, ARRAY_LENGTH(requests));
    cr_assert(batch.items[0].outcome == ITEM_SKIPPED && batch.items[1].outcome == ITEM_SKIPPED);
    cr_assert_str_eq(recorder_replies(&ann), "");
    ann.session.flags = 0;
    cr_assert_str_eq(small_run(&ann, "get k"), "$-1\r\n");
}

Test(batch, forgets_replies_while_they_are_off)
{
    char flags[32];
    (void)snprintf(flags, sizeof(flags), "a:flags %d", SESSION_REPLY_OFF);
    const char *const requests[] = {"a:ping", flags, "a:echo 1", "b:ping", "a:nosuch"};
    struct small_batch batch;
    run_both(&batch, requests, ARRAY_LENGTH(requests));
    cr_assert_str_eq(recorder_replies(&ann), "+PONG\r\n");
    cr_assert_str_eq(recorder_replies(&ben), "+PONG\r\n");
    ann.session.flags &= ~(uint32_t)SESSION_REPLY_OFF;
    cr_assert_str_eq(small_run(&ann, "ping"), "+PONG\r\n");
}

Test(batch, skips_the_reply_of_exactly_one_command)
{
    char flags[32];
    (void)snprintf(flags, sizeof(flags), "a:flags %d", SESSION_REPLY_SKIP_NEXT);
    const char *const requests[] = {flags, "a:set k 1", "a:get k"};
    struct small_batch batch;
    run_both(&batch, requests, ARRAY_LENGTH(requests));
    cr_assert_str_eq(recorder_replies(&ann), "$1\r\n1\r\n");
    cr_assert_eq(ann.session.flags, 0);
}

Test(batch, uses_the_database_that_an_earlier_request_has_chosen)
{
    const char *const requests[] = {"a:set k 1", "a:select 1", "a:get k", "a:set k 2", "b:get k", "a:get k"};
    struct small_batch batch;
    run_both(&batch, requests, ARRAY_LENGTH(requests));
    cr_assert_str_eq(recorder_replies(&ann), "+OK\r\n+OK\r\n$-1\r\n+OK\r\n$1\r\n2\r\n");
    cr_assert_str_eq(recorder_replies(&ben), "$1\r\n1\r\n");
}

Test(batch, replies_in_each_session_s_protocol)
{
    ben.session.resp = 3;
    const char *const requests[] = {"a:get none", "b:get none"};
    struct small_batch batch;
    run_both(&batch, requests, ARRAY_LENGTH(requests));
    cr_assert_str_eq(recorder_replies(&ann), "$-1\r\n");
    cr_assert_str_eq(recorder_replies(&ben), "_\r\n");
}

Test(batch, runs_as_many_requests_as_it_may_hold)
{
    struct small_batch batch;
    small_batch_begin(&batch, server.worker);
    for (int i = 0; i < EXEC_BATCH_MAX; i++) {
        small_batch_add(&batch, i % 2 == 0 ? &ann : &ben, "ping");
    }
    small_batch_run(&batch);
    cr_assert_eq(strlen(recorder_replies(&ann)), 7 * EXEC_BATCH_MAX / 2);
    cr_assert_eq(strlen(recorder_replies(&ben)), 7 * EXEC_BATCH_MAX / 2);
}

/* A request whose reply takes `count`-th of what a batch may reply, and a little more. */
static const char *part_of_bound(int count)
{
    static char request[EXEC_BATCH_REPLY_BYTES + 8];
    size_t len = EXEC_BATCH_REPLY_BYTES / (size_t)count;
    memcpy(request, "echo ", 5);
    memset(request + 5, 'v', len);
    request[5 + len] = '\0';
    return request;
}

static void expect_outcomes(const struct small_batch *batch, const char *expected)
{
    static const char letters[] = {[ITEM_DONE] = 'd', [ITEM_SKIPPED] = 's', [ITEM_BUSY] = 'b'};
    cr_assert_eq(batch->count, strlen(expected));
    for (size_t i = 0; i < batch->count; i++) {
        cr_assert_eq(letters[batch->items[i].outcome], expected[i], "item %zu: %c, not %c", i,
                     letters[batch->items[i].outcome], expected[i]);
    }
}

Test(batch, leaves_the_rest_for_later_when_replies_become_large)
{
    enum { PARTS = 64 };
    const char *echo = part_of_bound(PARTS);
    struct small_batch batch;
    small_batch_begin(&batch, server.worker);
    char expected[EXEC_BATCH_MAX + 1] = {0};
    for (int i = 0; i < EXEC_BATCH_MAX; i++) {
        small_batch_add(&batch, i % 2 == 0 ? &ann : &ben, i == EXEC_BATCH_MAX - 1 ? "set k late" : echo);
        expected[i] = i < PARTS ? 'd' : 'b';
    }
    small_batch_run(&batch);
    expect_outcomes(&batch, expected);
    cr_assert(ann.session.flags == 0 && ben.session.flags == 0);
    size_t reply = strlen(echo) - strlen("echo ") + strlen("$8192\r\n\r\n");
    cr_assert_eq(strlen(recorder_replies(&ann)), PARTS / 2 * reply);
    cr_assert_eq(strlen(recorder_replies(&ben)), PARTS / 2 * reply);
    cr_assert_str_eq(small_run(&ben, "get k"), "$-1\r\n");
}

Test(batch, bounds_replies_that_wait_behind_earlier_ones_as_well)
{
    buffer_append_slice(&ann.session.own.bytes, SLICE_LITERAL("earlier"));
    const char *echo = part_of_bound(4);
    struct small_batch batch;
    small_batch_begin(&batch, server.worker);
    for (int i = 0; i < 6; i++) {
        small_batch_add(&batch, &ann, echo);
    }
    small_batch_add(&batch, &ben, "ping");
    small_batch_run(&batch);
    expect_outcomes(&batch, "ddddbbb");
}

Test(batch, skips_what_may_not_run_behind_large_replies)
{
    char flags[32];
    (void)snprintf(flags, sizeof(flags), "flags %d", SESSION_CLOSING);
    struct small_batch batch;
    small_batch_begin(&batch, server.worker);
    small_batch_add(&batch, &ben, flags);
    small_batch_add(&batch, &ann, part_of_bound(1));
    small_batch_add(&batch, &ben, "ping");
    small_batch_add(&batch, &ann, "ping");
    small_batch_run(&batch);
    expect_outcomes(&batch, "ddsb");
}

Test(batch, runs_a_request_behind_large_replies_whose_argument_was_received_apart)
{
    struct blob *argument = blob_from_slice(SLICE_LITERAL("v"));
    ben.session.argument = argument;
    struct small_batch batch;
    small_batch_begin(&batch, server.worker);
    small_batch_add(&batch, &ann, part_of_bound(1));
    small_batch_add(&batch, &ann, "ping");
    small_batch_add(&batch, &ben, "set k v");
    small_batch_run(&batch);
    expect_outcomes(&batch, "dbd");
    ben.session.argument = NULL;
    blob_release(argument);
}

static uint64_t calls_of(const char *name)
{
    return counter_read(&server.worker->statistics.commands[small_command(&server, name)->id].calls);
}

static void count_slow(void *context, UNUSED const struct call *call, UNUSED uint64_t nanoseconds)
{
    ++*(uint32_t *)context;
}

/* Two commands, an error among them, and a closing session, so that calls that share a time end in every way. */
static const char *const brief_requests[] = {"a:brief 1", "b:brief 2", "a:short x", "b:short 1", "a:short 1",
                                             "a:short",   "a:echo 1",  "b:brief 1", "b:brief 1"};

Test(batch, counts_every_brief_call)
{
    struct small_batch batch;
    for (uint64_t round = 1; round <= 3; round++) {
        run_both(&batch, brief_requests, ARRAY_LENGTH(brief_requests));
        cr_assert(calls_of("brief") == 4 * round && calls_of("short") == 3 * round && calls_of("echo") == round);
    }
    small_batch_begin(&batch, server.worker);
    for (int i = 0; i < EXEC_BATCH_MAX; i++) {
        small_batch_add(&batch, &ann, "brief 1");
    }
    ben.session.flags |= SESSION_CLOSING;
    batch.items[EXEC_BATCH_MAX - 1].session = &ben.session; /* the one that should have been timed */
    small_batch_run(&batch);
    cr_assert_eq(calls_of("brief"), 12 + EXEC_BATCH_MAX - 1);
    cr_assert_eq(exec_statistic(&server.exec, STATISTIC_COMMANDS), 24 + EXEC_BATCH_MAX - 1);
}

Test(batch, shows_each_brief_call_when_the_threshold_is_low)
{
    uint32_t shown = 0;
    struct small_batch batch;
    server.exec.slow_hook = (struct slow_hook){count_slow, &shown};
    atomic_store(&server.exec.slow_ns, 0);
    run_both(&batch, brief_requests, ARRAY_LENGTH(brief_requests));
    cr_assert_eq(shown, 8);
    cr_assert(calls_of("brief") == 4 && calls_of("short") == 3);
}

Test(batch, freezes_time)
{
    const char *const requests[] = {"a:tick 5", "b:tick 5", "a:tick 5"};
    struct small_batch batch;
    run_both(&batch, requests, ARRAY_LENGTH(requests));
    cr_assert_str_eq(recorder_replies(&ann), ":1000000\r\n:1000000\r\n");
    cr_assert_str_eq(recorder_replies(&ben), ":1000000\r\n");
    cr_assert_str_eq(small_run(&ann, "tick 0"), ":1000015\r\n");
}

Test(batch, looks_at_the_clock_again_after_100_microseconds)
{
    small_server_let_time_count(&server);
    const char *const requests[] = {"a:linger 5", "b:tick 0"};
    struct small_batch batch;
    run_both(&batch, requests, ARRAY_LENGTH(requests));
    cr_assert_str_eq(recorder_replies(&ann), ":1000000\r\n");
    cr_assert_str_eq(recorder_replies(&ben), ":1000005\r\n");
}

Test(batch, keeps_a_key_alive_as_long_as_time_is_frozen)
{
    const char *const requests[] = {"a:set k v 1000003", "a:tick 5", "b:get k"};
    struct small_batch batch;
    run_both(&batch, requests, ARRAY_LENGTH(requests));
    cr_assert_str_eq(recorder_replies(&ben), "$1\r\nv\r\n");
    cr_assert_str_eq(small_run(&ben, "get k"), "$-1\r\n");
}

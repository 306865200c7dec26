/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls that wait: who is served, what a wait becomes when nobody serves it, and what happens when two keys become
 * ready at once or the call is to be made anew while somebody holds its shard.
 * Owner: each test. Locks: those of the commands. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "sherd/exec/blocking.h"
#include "small_commands.h"
#include "small_server.h"

static struct small_server server;
static struct recorder ann;
static struct recorder ben;
static struct recorder cal;
static struct exec_worker *other;
static struct recorder writer; /* of the other worker */
static uint32_t awaited, served;
static char second[24]; /* a key in a later shard than "k" */
static char words[96];
static bool busy; /* TAKE finds nothing while it is served, and `second` is put meanwhile */

static void note_await(UNUSED struct session *session, UNUSED int64_t deadline_ms)
{
    awaited++;
}

static void note_served(UNUSED struct session *session)
{
    served++;
}

static const struct session_sink sink = {.resume = recorder_resume,
                                         .returned = recorder_returned,
                                         .await = note_await,
                                         .served = note_served,
                                         .describe = recorder_describe,
                                         .pins_arguments = true};

static const char *with_second(const char *format)
{
    (void)snprintf(words, sizeof(words), format, second);
    return words;
}

/* PUT key: one is there. */
COMMAND_HANDLER(put_handler)
{
    struct keyref ref;
    (void)call_write(call, 1, &ref);
    keyref_set_integer(&ref, 1, DEADLINE_KEEP);
    call_changed(call, &ref, EVENT_STRING, "set");
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

/* TAKE key ... : takes one away, or waits for a second. */
COMMAND_HANDLER(take_handler)
{
    for (uint32_t i = 1; i < call->argc; i++) {
        struct keyref ref;
        if (call_looks_at(call, i) && !(busy && call->only_key != 0) && call_write(call, i, &ref)) {
            keyref_remove(&ref);
            call_changed(call, &ref, EVENT_GENERIC, "del");
            reply_bulk(&call->reply, call->argv[i]);
            return OUTCOME_DONE;
        }
    }
    if (busy && call->only_key != 0) {
        (void)small_run(&writer, with_second("put %s"));
    }
    const struct block_request wait = {.first_key = 1,
                                       .key_count = call->argc - 1,
                                       .type = VALUE_STRING,
                                       .wants_removal = true,
                                       .timeout_ms = 1000,
                                       .reply = BLOCK_REPLY_ZERO};
    return call_waits(call) ? call_block(call, &wait) : call_fail_slice(call, SLICE_LITERAL("ERR it may not wait"));
}

/* PASS source destination: does nothing but wait for both. */
COMMAND_HANDLER(pass_handler)
{
    const struct block_request wait = {.first_key = 1, .key_count = 1, .type = VALUE_STRING, .destination_key = 2};
    return call_block(call, &wait);
}

/* GONE key: it is evicted. */
COMMAND_HANDLER(gone_handler)
{
    struct keyref ref;
    if (call_write(call, 1, &ref)) {
        keyref_evict(&ref);
    }
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

static const struct command_row rows[] = {
    SMALL_COMMANDS,
    {.name = "put", .handler = put_handler, .arity = 2, .lock = LOCK_KEYS, .keys = {SMALL_KEY(KEY_RW)}},
    {.name = "gone", .handler = gone_handler, .arity = 2, .lock = LOCK_KEYS, .keys = {SMALL_KEY(KEY_RW)}},
    {.name = "pass",
     .handler = pass_handler,
     .arity = 3,
     .lock = LOCK_KEYS,
     .keys = {{.flags = KEY_RW, .begin = 1, .last = -1, .step = 1}}},
    {.name = "take",
     .handler = take_handler,
     .arity = -2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_BLOCKING,
     .keys = {{.flags = KEY_RW, .begin = 1, .last = -1, .step = 1}}},
    {0},
};

static enum outcome postpone(UNUSED struct call *call, UNUSED void *context)
{
    return OUTCOME_POSTPONE;
}

static void setup(void)
{
    small_server_init(&server, rows, NULL);
    while (small_shard(&server, "k") == KEYSPACE_SHARDS - 1) {
        hash_key_randomize(&server.keyspace.hash_key); /* so that there is a later shard */
    }
    exec_add_guard(&server.exec,
                   (struct guard){.command_flags = COMMAND_BLOCKING, .check = postpone, .postpones = true});
    exec_arm_guard(&server.exec, COMMAND_BLOCKING, false);
    small_server_start(&server, 1);
    recorder_init(&ann, server.worker);
    recorder_init(&ben, server.worker);
    recorder_init(&cal, server.worker);
    other = small_worker_create(&server);
    recorder_init(&writer, other);
    ann.session.sink = &sink;
    ben.session.sink = &sink;
    awaited = 0;
    served = 0;
    busy = false;
    for (unsigned i = 0; i == 0 || small_shard(&server, second) <= small_shard(&server, "k"); i++) {
        (void)snprintf(second, sizeof(second), "%u", i);
    }
}

static void teardown(void)
{
    recorder_deinit(&ann);
    recorder_deinit(&ben);
    recorder_deinit(&cal);
    recorder_deinit(&writer);
    small_worker_destroy(other);
    small_server_stop(&server);
}

TestSuite(blocking, .init = setup, .fini = teardown);

/* Looks at a wait as the session's worker does. */
static bool ended(struct recorder *recorder, int64_t later_ms, bool was_served)
{
    int64_t deadline_ms;
    exec_turn_begin(server.worker);
    bool over = exec_block_ended(&recorder->session, SMALL_SERVER_NOW_MS + later_ms, was_served, &deadline_ms);
    exec_turn_end(server.worker);
    return over;
}

Test(blocking, serves_who_waits_within_the_change)
{
    cr_assert_eq(small_try(&ann, "take k"), ITEM_BLOCKED);
    cr_assert(awaited == 1 && session_waits(&ann.session) && server.exec.blocked_clients == 1);
    cr_assert_str_eq(small_run(&cal, "put k"), "+OK\r\n");
    cr_assert_eq(served, 1);
    cr_assert_str_eq(small_run(&cal, "get k"), "$-1\r\n");
    cr_assert(!ended(&ann, 0, false)); /* the mail is not there yet */
    cr_assert(ended(&ann, 0, true));
    cr_assert_str_eq(recorder_replies(&ann), "$1\r\nk\r\n");
    cr_assert_eq(server.exec.blocked_clients, 0);
}

Test(blocking, serves_the_first_who_came)
{
    (void)small_try(&ann, "take k");
    (void)small_try(&ben, "take k");
    (void)small_run(&cal, "put k");
    cr_assert(ended(&ann, 0, true));
    cr_assert(session_waits(&ben.session));
    cr_assert(ended(&ben, 1000, false));
    cr_assert_str_eq(recorder_replies(&ben), ":0\r\n");
}

Test(blocking, ends_at_the_deadline_and_not_before)
{
    (void)small_try(&ann, "take k");
    cr_assert(!ended(&ann, 999, false));
    cr_assert(ended(&ann, 1000, false));
    cr_assert_str_eq(recorder_replies(&ann), ":0\r\n");
    (void)small_run(&cal, "put k");
    cr_assert_str_eq(small_run(&cal, "get k"), "$1\r\n1\r\n");
}

Test(blocking, ends_when_somebody_unblocks_it)
{
    (void)small_try(&ann, "take k");
    cr_assert(session_unblock(&ann.session, true));
    cr_assert(!session_unblock(&ann.session, true));
    (void)small_run(&cal, "put k");
    cr_assert_eq(served, 0);
    cr_assert(ended(&ann, 0, false));
    cr_assert_str_eq(recorder_replies(&ann), "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n");
}

Test(blocking, counts_a_call_that_was_unblocked_with_an_error_as_failed)
{
    const struct command *take = command_find(server.exec.commands, SLICE_LITERAL("take"));
    const struct command_statistics *statistics = &server.worker->statistics.commands[take->id];
    (void)small_try(&ann, "take k");
    cr_assert(session_unblock(&ann.session, true));
    cr_assert(ended(&ann, 0, false));
    cr_assert(counter_read(&statistics->calls) == 1 && counter_read(&statistics->failed) == 1);
    (void)small_try(&ann, "take k");
    cr_assert(session_unblock(&ann.session, false));
    cr_assert(ended(&ann, 0, false));
    cr_assert(counter_read(&statistics->calls) == 2 && counter_read(&statistics->failed) == 1);
}

Test(blocking, keeps_the_arguments_as_memory_of_the_client)
{
    (void)small_try(&ann, "take k");
    size_t one_key = ann.session.kept_bytes;
    cr_assert(one_key > 0 && (ann.session.flags & SESSION_RESIZED) != 0);
    (void)small_try(&ben, "take k and-another-one");
    cr_assert_gt(ben.session.kept_bytes, one_key + sizeof("and-another-one"));
    cr_assert(ended(&ann, 1000, false));
    cr_assert_eq(ann.session.kept_bytes, 0);
    (void)small_run(&cal, "put k");
    cr_assert(ended(&ben, 0, true));
    cr_assert_eq(ben.session.kept_bytes, 0);
}

Test(blocking, passes_by_who_is_doomed_or_closed)
{
    (void)small_try(&ann, "take k");
    (void)small_try(&ben, "take k");
    atomic_store(&ann.session.doomed, true);
    (void)small_run(&cal, "put k");
    cr_assert(ended(&ben, 0, true));
    cr_assert(exec_block_abandon(&ann.session));
    (void)small_run(&cal, "put k");
    cr_assert_eq(served, 1);
}

Test(blocking, is_not_over_for_a_closed_session_until_the_mail_came)
{
    (void)small_try(&ann, "take k");
    (void)small_run(&cal, "put k");
    cr_assert(!exec_block_abandon(&ann.session));
    cr_assert(ended(&ann, 0, true));
}

Test(blocking, makes_the_call_anew_when_another_key_was_missed)
{
    cr_assert_eq(small_try(&ann, with_second("take k %s")), ITEM_BLOCKED);
    busy = true;
    (void)small_run(&cal, "put k"); /* which has nothing for it, while a writer of the second key finds it occupied */
    busy = false;
    cr_assert(ann.resumed == 1 && served == 0 && !session_waits(&ann.session));
    cr_assert(ended(&ann, 0, false));
    cr_assert_str_eq(recorder_replies(&ann), "$1\r\nk\r\n");
}

Test(blocking, makes_the_call_anew_with_the_deadline_that_it_had)
{
    (void)small_try(&ann, "take k");
    busy = true;
    (void)small_run(&cal, "put k");
    busy = false;
    cr_assert(session_waits(&ann.session));
    (void)small_run(&cal, "gone k");
    cr_assert_eq(ann.resumed, 1);
    fake_clock_advance_ms(&server.clock, 600);
    cr_assert(!ended(&ann, 600, false));
    cr_assert(session_waits(&ann.session) && awaited == 2);
    cr_assert(!ended(&ann, 999, false));
    cr_assert(ended(&ann, 1000, false));
    cr_assert_str_eq(recorder_replies(&ann), ":0\r\n");
}

Test(blocking, makes_the_call_anew_once_its_shard_is_free)
{
    struct small_owner owner;
    (void)small_try(&ann, "take k");
    busy = true;
    (void)small_run(&cal, "put k");
    busy = false;
    (void)small_run(&cal, "gone k");
    cr_assert_eq(ann.resumed, 1);
    small_possess(&owner, &server, "k");
    cr_assert(!ended(&ann, 0, false));
    cr_assert((ann.session.flags & SESSION_BLOCKED) != 0 && server.exec.blocked_clients == 1);
    small_give_back(&owner);
    cr_assert_eq(ann.resumed, 2);
    (void)ended(&ann, 0, false);
    cr_assert(session_waits(&ann.session));
    (void)small_run(&cal, "put k");
    cr_assert(ended(&ann, 0, true));
    cr_assert_str_eq(recorder_replies(&ann), "$1\r\nk\r\n");
}

Test(blocking, serves_nobody_whose_call_a_guard_postpones)
{
    (void)small_try(&ann, "take k");
    exec_arm_guard(&server.exec, COMMAND_BLOCKING, true);
    (void)small_run(&cal, "put k");
    cr_assert(served == 0 && ann.resumed == 1 && !session_waits(&ann.session));
    cr_assert(!ended(&ann, 0, false));
    cr_assert((ann.session.flags & SESSION_BLOCKED) != 0 && (ann.session.flags & SESSION_POSTPONED) != 0);
    cr_assert_eq(server.exec.blocked_clients, 1);
    cr_assert(!ended(&ann, 2000, false)); /* now it is the guard's time that counts */
    exec_arm_guard(&server.exec, COMMAND_BLOCKING, false);
    cr_assert(ended(&ann, 2000, false));
    cr_assert_str_eq(recorder_replies(&ann), "$1\r\nk\r\n");
    cr_assert((ann.session.flags & SESSION_STOPPED) == 0 && server.exec.blocked_clients == 0);
}

Test(blocking, leaves_no_place_in_the_queue_of_a_destination_that_is_not_needed_any_more)
{
    struct small_owner owner;
    (void)small_try(&ann, with_second("pass k %s"));
    small_possess(&owner, &server, second);
    cr_assert_eq(small_try(&cal, "put k"), ITEM_SUSPENDED);
    cr_assert(session_unblock(&ann.session, false));
    cr_assert(ended(&ann, 0, false));
    small_give_back(&owner);
    cr_assert_eq(cal.resumed, 1);
    small_wake(&cal);
    cr_assert_str_eq(small_run(&cal, "put k"), "+OK\r\n");
    cr_assert_null(keyspace_shard(&server.keyspace, small_shard(&server, second))->first_waiter);
    cr_assert_eq(small_try(&ben, with_second("get %s")), ITEM_DONE);
}

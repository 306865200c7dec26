/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls that a guard wants later: nothing of them is done, they are resumed in their order, and whoever keeps writes
 * from beginning answers when those under way have ended.
 * Owner: each test; what is shared with the executors is atomic. Locks: those of the commands. */
#include "sherd/exec/postponement.h"

#include <criterion/criterion.h>

#include "sherd/exec/transaction.h"
#include "small_commands.h"
#include "small_server.h"

static struct small_server server;
static struct recorder ann;
static struct recorder ben;
static struct recorder cal;
static unsigned asked;
static struct session *order[4]; /* of resumptions */
static unsigned resumptions;
static _Atomic uint32_t running, let_go, runs_away;

static void note_resume(struct session *session)
{
    order[resumptions++] = session;
}

static const struct session_sink sink = {
    .resume = note_resume, .returned = recorder_returned, .describe = recorder_describe, .pins_arguments = true};

static enum outcome postpone(UNUSED struct call *call, UNUSED void *context)
{
    asked++;
    return OUTCOME_POSTPONE;
}

/* WORK key, READ key: end when they are let go. */
COMMAND_HANDLER(work_handler)
{
    uint32_t turn = atomic_fetch_add(&running, 1) + 1;
    if (!recorder_await(&let_go, turn)) {
        return call_fail(call, ERROR_SYNTAX);
    }
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

/* CALM: answers when no write is under way. */
static enum outcome calm_handler(struct call *call)
{
    call_await_writes(call);
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

static enum outcome away_handler(struct call *call)
{
    atomic_fetch_add(&runs_away, 1);
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

static bool always(UNUSED struct call *call)
{
    return true;
}

#define LONG_ROW(word, bits)                                                                                           \
    .name = (word), .handler = work_handler, .arity = 2, .lock = LOCK_KEYS, .flags = (bits), .is_long = always,        \
    .keys = {SMALL_KEY(KEY_RW)}

static const struct command_row rows[] = {
    SMALL_COMMANDS,
    {LONG_ROW("work", COMMAND_WRITE)},
    {LONG_ROW("read", COMMAND_READONLY)},
    {.name = "away", .handler = away_handler, .arity = 1, .flags = COMMAND_ELSEWHERE},
    {.name = "calm", .handler = calm_handler, .arity = 1, .flags = COMMAND_ELSEWHERE},
    {0},
};

static void setup(void)
{
    small_server_init(&server, rows, NULL);
    exec_add_guard(&server.exec, (struct guard){.command_flags = COMMAND_WRITES, .check = postpone, .postpones = true});
    exec_arm_guard(&server.exec, COMMAND_WRITES, false);
    small_server_start(&server, 2);
    recorder_init(&ann, server.worker);
    recorder_init(&ben, server.worker);
    recorder_init(&cal, server.worker);
    ann.session.sink = &sink;
    ben.session.sink = &sink;
    cal.session.sink = &sink;
}

static void teardown(void)
{
    session_unpostpone(&ann.session);
    session_unpostpone(&ben.session);
    session_unpostpone(&cal.session);
    cr_assert_eq(server.exec.blocked_clients, 0);
    recorder_deinit(&ann);
    recorder_deinit(&ben);
    recorder_deinit(&cal);
    small_server_stop(&server);
}

TestSuite(postponement, .init = setup, .fini = teardown);

static void arm(bool armed)
{
    exec_arm_guard(&server.exec, COMMAND_WRITES, armed);
}

Test(postponement, costs_nothing_while_no_guard_is_armed)
{
    cr_assert_str_eq(small_run(&ann, "set k v"), "+OK\r\n");
    cr_assert_eq(asked, 0);
}

Test(postponement, does_nothing_of_the_request_and_of_those_behind_it)
{
    struct small_batch batch;
    arm(true);
    small_batch_begin(&batch, server.worker);
    small_batch_add(&batch, &ann, "ping");
    small_batch_add(&batch, &ann, "set k v");
    small_batch_add(&batch, &ann, "ping");
    small_batch_add(&batch, &ben, "get k");
    small_batch_run(&batch);
    cr_assert(batch.items[1].outcome == ITEM_POSTPONED && batch.items[2].outcome == ITEM_SKIPPED);
    cr_assert_str_eq(recorder_replies(&ann), "+PONG\r\n");
    cr_assert_str_eq(recorder_replies(&ben), "$-1\r\n");
    cr_assert_eq(ann.session.flags, SESSION_POSTPONED | SESSION_SUSPENDED);
    cr_assert_eq(counter_read(&server.worker->statistics.commands[small_command(&server, "set")->id].rejected), 0);
}

Test(postponement, lets_the_request_run_from_its_beginning_later)
{
    arm(true);
    cr_assert_eq(small_try(&ann, "set k v"), ITEM_POSTPONED);
    arm(false);
    exec_resume_postponed(server.worker);
    session_unpostpone(&ann.session);
    small_wake(&ann);
    cr_assert_eq(ann.session.flags, 0);
    cr_assert_str_eq(small_run(&ann, "set k v"), "+OK\r\n");
}

Test(postponement, refuses_at_once_what_would_be_refused_anyway)
{
    arm(true);
    cr_assert_eq(strncmp(small_run(&ann, "set k"), "-ERR wrong number", 17), 0);
}

Test(postponement, resumes_first_who_came_first)
{
    arm(true);
    (void)small_try(&ben, "set k 1");
    (void)small_try(&ann, "set k 2");
    (void)small_try(&cal, "set k 3");
    exec_resume_postponed(server.worker);
    cr_assert(resumptions == 3 && order[0] == &ben.session && order[1] == &ann.session && order[2] == &cal.session);
}

Test(postponement, forgets_who_leaves)
{
    arm(true);
    (void)small_try(&ben, "set k 1");
    (void)small_try(&ann, "set k 2");
    (void)small_try(&cal, "set k 3");
    session_unpostpone(&ann.session);
    cr_assert_eq(server.exec.blocked_clients, 2);
    session_unpostpone(&cal.session);
    exec_resume_postponed(server.worker);
    cr_assert(resumptions == 1 && order[0] == &ben.session);
    session_unpostpone(&ben.session);
    cr_assert(server.worker->first_postponed == NULL && server.worker->last_postponed == NULL);
}

Test(postponement, counts_a_client_once_however_often_it_tries)
{
    arm(true);
    (void)small_try(&ann, "set k v");
    small_wake(&ann);
    cr_assert_eq(small_try(&ann, "set k v"), ITEM_POSTPONED);
    cr_assert_eq(server.exec.blocked_clients, 1);
    exec_resume_postponed(server.worker);
    cr_assert_eq(resumptions, 1);
}

Test(postponement, leaves_the_queue_of_a_shard)
{
    struct small_owner owner;
    small_possess(&owner, &server, "k");
    cr_assert_eq(small_try(&ann, "set k v"), ITEM_SUSPENDED);
    arm(true);
    small_give_back(&owner);
    cr_assert_eq(resumptions, 1);
    small_wake(&ann);
    cr_assert_eq(small_try(&ann, "set k v"), ITEM_POSTPONED);
    cr_assert_str_eq(small_run(&ben, "get k"), "$-1\r\n");
}

static void await_return(struct recorder *recorder)
{
    cr_assert(recorder_await(&recorder->returned, 1));
    exec_errand_finish(&recorder->session);
    atomic_store(&recorder->returned, 0);
}

Test(postponement, is_answered_for_when_no_write_is_under_way)
{
    cr_assert_eq(small_try(&ann, "work k"), ITEM_AWAY);
    cr_assert(recorder_await(&running, 1));
    cr_assert_eq(small_try(&ben, "calm"), ITEM_AWAY);
    struct recorder dan;
    recorder_init(&dan, server.worker);
    cr_assert_eq(small_try(&cal, "away"), ITEM_AWAY);
    cr_assert_eq(small_try(&dan, "away"), ITEM_AWAY);
    cr_assert(recorder_await(&runs_away, 1)); /* at least one of them where CALM ran: no thread waits for the write */
    cr_assert_eq(ben.returned, 0);
    atomic_store(&let_go, 1);
    await_return(&ann);
    await_return(&ben);
    await_return(&cal);
    await_return(&dan);
    recorder_deinit(&dan);
    cr_assert_str_eq(recorder_replies(&ben), "+OK\r\n");
}

Test(postponement, is_answered_for_at_once_when_others_only_read)
{
    cr_assert_eq(small_try(&ann, "read k"), ITEM_AWAY);
    cr_assert(recorder_await(&running, 1));
    cr_assert_eq(small_try(&ben, "calm"), ITEM_AWAY);
    await_return(&ben);
    cr_assert_eq(ann.returned, 0);
    atomic_store(&let_go, 1);
    await_return(&ann);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Long commands: they run on an executor with their shards possessed, their replies come back through the sink, and
 * meanwhile the others go on.
 * Owner: each test; `work` is shared with the executor and atomic. Locks: those of the commands. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>

#include "sherd/exec/chore.h"
#include "small_commands.h"
#include "small_server.h"

/* What the long commands do and saw. */
struct work {
    _Atomic bool is_long;        /* what the row answers */
    _Atomic uint32_t running;    /* how many have begun */
    _Atomic uint32_t let_go;     /* how many may end */
    _Atomic bool was_elsewhere;  /* it did not run on the test's thread */
    _Atomic bool was_executor;   /* the worker says so */
    _Atomic uint32_t walk_steps; /* shards that WALK visited */
    pthread_t main_thread;
};

static struct small_server server;
static struct work work;
static struct recorder ann;
static struct recorder ben;
static char elsewhere[24]; /* a key in another shard than "k" */

static bool is_long(UNUSED struct call *call)
{
    return atomic_load(&work.is_long);
}

static void note_thread(const struct call *call)
{
    atomic_store(&work.was_elsewhere, pthread_equal(pthread_self(), work.main_thread) == 0);
    atomic_store(&work.was_executor, call->worker->is_executor);
}

static void chore_run(void *context, struct exec_worker *worker)
{
    struct work *seen = context;
    atomic_store(&seen->was_elsewhere, pthread_equal(pthread_self(), seen->main_thread) == 0);
    atomic_store(&seen->was_executor, worker->is_executor && worker->config != NULL);
    uint32_t turn = atomic_fetch_add(&seen->running, 1) + 1;
    if (!recorder_await(&seen->let_go, turn)) {
        atomic_store(&seen->was_executor, false);
    }
}

/* WORK key value: stores the value when it is let go; at once where it is not long. */
COMMAND_HANDLER(work_handler)
{
    note_thread(call);
    uint32_t turn = atomic_fetch_add(&work.running, 1) + 1;
    if (call->worker->is_executor && !recorder_await(&work.let_go, turn)) {
        return call_fail(call, ERROR_SYNTAX);
    }
    struct keyref ref;
    (void)call_write(call, 1, &ref);
    keyref_set_string(&ref, call->argv[2], DEADLINE_NONE);
    call_changed(call, &ref, EVENT_STRING, "set");
    reply_integer(&call->reply, call->now_ms);
    return OUTCOME_DONE;
}

static enum outcome away_handler(struct call *call)
{
    note_thread(call);
    reply_bulk(&call->reply, call->argv[1]);
    return OUTCOME_DONE;
}

static enum outcome fail_handler(struct call *call)
{
    return call_fail(call, ERROR_SYNTAX);
}

COMMAND_HANDLER(walk_handler)
{
    note_thread(call);
    call->carried.seen++;
    atomic_fetch_add(&work.walk_steps, 1);
    if (call->next_shard + 1 < KEYSPACE_SHARDS) {
        call->next_shard++;
        return OUTCOME_NEXT_SHARD;
    }
    reply_integer(&call->reply, (int64_t)call->carried.seen);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(flush_handler)
{
    (void)keyspace_detach(&call->worker->user, keyspace_shard(&server.keyspace, call->next_shard), call->db);
    if (call->next_shard + 1 < KEYSPACE_SHARDS) {
        call->next_shard++;
        return OUTCOME_NEXT_SHARD;
    }
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

static const struct command_row rows[] = {
    SMALL_COMMANDS,
    {.name = "work",
     .handler = work_handler,
     .arity = 3,
     .lock = LOCK_KEYS,
     .keys = {SMALL_KEY(KEY_OW)},
     .is_long = is_long},
    {.name = "away", .handler = away_handler, .arity = 2, .flags = COMMAND_ELSEWHERE},
    {.name = "away-in-peace", .handler = away_handler, .arity = 2, .flags = COMMAND_ELSEWHERE | COMMAND_GRACE},
    {.name = "away-to-fail", .handler = fail_handler, .arity = 1, .flags = COMMAND_ELSEWHERE},
    {.name = "walk", .handler = walk_handler, .arity = 1, .lock = LOCK_EACH_SHARD, .is_long = is_long},
    {.name = "flush", .handler = flush_handler, .arity = 1, .lock = LOCK_EACH_SHARD},
    {0},
};

static void setup(void)
{
    work.main_thread = pthread_self();
    atomic_store(&work.is_long, true);
    small_server_init(&server, rows, NULL);
    small_server_start(&server, 1);
    recorder_init(&ann, server.worker);
    recorder_init(&ben, server.worker);
    small_key_elsewhere(&server, "k", elsewhere);
    (void)small_run(&ann, "set k v");
}

static void teardown(void)
{
    recorder_deinit(&ann);
    recorder_deinit(&ben);
    small_server_stop(&server);
}

TestSuite(executor, .init = setup, .fini = teardown);

/* Lets one more long command end. */
static void let_go(void)
{
    atomic_fetch_add(&work.let_go, 1);
}

/* The reply of a long command once it is back. */
static const char *returned(struct recorder *recorder, uint32_t times)
{
    cr_assert(recorder_await(&recorder->returned, times));
    exec_errand_finish(&recorder->session);
    return recorder_replies(recorder);
}

Test(executor, runs_short_calls_of_a_long_command_at_once)
{
    atomic_store(&work.is_long, false);
    cr_assert_str_eq(small_run(&ann, "work k 1"), ":1000000\r\n");
    cr_assert(!work.was_elsewhere);
    cr_assert_eq(exec_statistic(&server.exec, STATISTIC_LONG_COMMANDS), 0);
}

Test(executor, runs_long_calls_on_its_own_thread)
{
    cr_assert_eq(small_try(&ann, "work k 1"), ITEM_AWAY);
    cr_assert((ann.session.flags & SESSION_AWAY) != 0);
    cr_assert(recorder_await(&work.running, 1));
    cr_assert_eq(ann.returned, 0);
    cr_assert_str_eq(recorder_replies(&ann), "");
    let_go();
    cr_assert_str_eq(returned(&ann, 1), ":1000000\r\n");
    cr_assert(work.was_elsewhere && work.was_executor);
    cr_assert_eq(ann.session.flags, 0);
    cr_assert_null(ann.session.errand);
    cr_assert_str_eq(small_run(&ann, "get k"), "$1\r\n1\r\n");
    cr_assert_eq(exec_statistic(&server.exec, STATISTIC_LONG_COMMANDS), 1);
}

Test(executor, keeps_others_from_the_shards_of_a_long_call_alone)
{
    (void)small_try(&ann, "work k 1");
    cr_assert(recorder_await(&work.running, 1));
    cr_assert_eq(small_locked_count(&server), 0);
    cr_assert_eq(small_try(&ben, "get k"), ITEM_SUSPENDED);
    struct recorder cal;
    recorder_init(&cal, server.worker);
    char words[40];
    (void)snprintf(words, sizeof(words), "set %s 1", elsewhere);
    cr_assert_str_eq(small_run(&cal, words), "+OK\r\n");
    recorder_deinit(&cal);
    cr_assert_eq(ben.resumed, 0);
    let_go();
    cr_assert(recorder_await(&ben.resumed, 1));
    cr_assert_str_eq(returned(&ann, 1), ":1000000\r\n");
    small_wake(&ben);
    cr_assert_str_eq(small_run(&ben, "get k"), "$1\r\n1\r\n");
}

Test(executor, leaves_out_the_rest_of_the_pipeline_until_the_reply_is_taken)
{
    struct small_batch batch;
    small_batch_begin(&batch, server.worker);
    small_batch_add(&batch, &ann, "ping");
    small_batch_add(&batch, &ann, "work k 1");
    small_batch_add(&batch, &ann, "ping");
    small_batch_run(&batch);
    cr_assert(batch.items[1].outcome == ITEM_AWAY && batch.items[2].outcome == ITEM_SKIPPED);
    cr_assert_str_eq(recorder_replies(&ann), "+PONG\r\n");
    let_go();
    cr_assert(recorder_await(&ann.returned, 1));
    cr_assert_eq(small_try(&ann, "ping"), ITEM_SKIPPED);
    exec_errand_finish(&ann.session);
    cr_assert_eq(small_try(&ann, "ping"), ITEM_DONE);
    cr_assert_str_eq(recorder_replies(&ann), ":1000000\r\n+PONG\r\n");
}

Test(executor, has_its_own_copies_of_the_arguments)
{
    char words[] = "work k value";
    cr_assert_eq(small_try(&ann, words), ITEM_AWAY);
    memset(words, 'x', strlen(words));
    let_go();
    (void)returned(&ann, 1);
    cr_assert_str_eq(small_run(&ann, "get k"), "$5\r\nvalue\r\n");
}

Test(executor, sees_the_time_at_which_it_begins)
{
    small_server_let_time_count(&server);
    cr_assert_eq(small_try(&ann, "work k 1"), ITEM_AWAY);
    cr_assert(recorder_await(&work.running, 1));
    cr_assert_eq(small_try(&ben, "work b 2"), ITEM_AWAY); /* waits for the only executor */
    fake_clock_advance_ms(&server.clock, 7);
    let_go();
    cr_assert_str_eq(returned(&ann, 1), ":1000000\r\n");
    let_go();
    cr_assert_str_eq(returned(&ben, 1), ":1000007\r\n");
}

Test(executor, possesses_shards_from_the_moment_the_call_leaves)
{
    (void)small_try(&ann, "work k 1");
    cr_assert(recorder_await(&work.running, 1));
    char words[40];
    (void)snprintf(words, sizeof(words), "work %s 1", elsewhere);
    cr_assert_eq(small_try(&ben, words), ITEM_AWAY);
    struct recorder cal;
    recorder_init(&cal, server.worker);
    (void)snprintf(words, sizeof(words), "get %s", elsewhere);
    cr_assert_eq(small_try(&cal, words), ITEM_SUSPENDED);
    let_go();
    let_go();
    (void)returned(&ann, 1);
    (void)returned(&ben, 1);
    cr_assert(recorder_await(&cal.resumed, 1));
    small_wake(&cal);
    cr_assert_str_eq(small_run(&cal, words), "$1\r\n1\r\n");
    recorder_deinit(&cal);
}

Test(executor, lets_a_second_long_call_on_the_same_key_wait_for_the_first)
{
    (void)small_try(&ann, "work k 1");
    cr_assert(recorder_await(&work.running, 1));
    cr_assert_eq(small_try(&ben, "work k 2"), ITEM_SUSPENDED);
    let_go();
    (void)returned(&ann, 1);
    cr_assert(recorder_await(&ben.resumed, 1));
    small_wake(&ben);
    cr_assert_eq(small_try(&ben, "work k 2"), ITEM_AWAY);
    let_go();
    (void)returned(&ben, 1);
    cr_assert_str_eq(small_run(&ann, "get k"), "$1\r\n2\r\n");
}

Test(executor, runs_commands_that_always_go_there)
{
    cr_assert_eq(small_try(&ann, "away hello"), ITEM_AWAY);
    cr_assert_str_eq(returned(&ann, 1), "$5\r\nhello\r\n");
    cr_assert(work.was_elsewhere);
}

Test(executor, answers_after_every_worker_s_turn_where_the_row_says_so)
{
    const struct timespec while_it_might = {.tv_nsec = 30000000};
    cr_assert_eq(small_try(&ann, "away-in-peace hello"), ITEM_AWAY);
    (void)returned(&ann, 1);
    struct small_batch batch;
    small_batch_begin(&batch, server.worker);
    small_batch_add(&batch, &ann, "away-in-peace hello");
    exec_turn_begin(server.worker);
    exec_batch(server.worker, batch.items, batch.count);
    (void)nanosleep(&while_it_might, NULL);
    cr_assert_eq(ann.returned, 1);
    argument_pool_clear(&server.worker->pool);
    exec_turn_end(server.worker);
    cr_assert_str_eq(returned(&ann, 2), "$5\r\nhello\r\n");
}

Test(executor, counts_errors_as_failures)
{
    cr_assert_eq(small_try(&ann, "away-to-fail"), ITEM_AWAY);
    cr_assert_str_eq(returned(&ann, 1), "-ERR syntax error\r\n");
    cr_assert_eq(exec_statistic(&server.exec, STATISTIC_ERROR_REPLIES), 1);
    cr_assert_eq(exec_statistic(&server.exec, STATISTIC_COMMANDS), 2);
}

Test(executor, brings_no_reply_to_a_session_that_wants_none)
{
    ann.session.flags |= SESSION_REPLY_SKIP;
    cr_assert_eq(small_try(&ann, "away hello"), ITEM_AWAY);
    cr_assert_str_eq(returned(&ann, 1), "");
    cr_assert_eq(ann.session.flags, 0);
    ann.session.flags |= SESSION_REPLY_OFF;
    cr_assert_eq(small_try(&ann, "away hello"), ITEM_AWAY);
    cr_assert_str_eq(returned(&ann, 2), "");
    cr_assert_eq(ann.session.flags, SESSION_REPLY_OFF);
}

Test(executor, walks_over_all_shards)
{
    cr_assert_eq(small_try(&ann, "walk"), ITEM_AWAY);
    cr_assert_str_eq(returned(&ann, 1), ":1024\r\n");
    cr_assert(work.was_elsewhere);
    cr_assert_eq(work.walk_steps, KEYSPACE_SHARDS);
}

Test(executor, goes_on_with_a_walk_where_it_was_stopped)
{
    struct small_owner owner;
    small_possess(&owner, &server, "k");
    cr_assert_eq(small_try(&ann, "walk"), ITEM_AWAY);
    cr_assert(recorder_await(&work.walk_steps, small_shard(&server, "k")));
    cr_assert_eq(ann.returned, 0);
    /* The executor is free for others meanwhile. */
    cr_assert_eq(small_try(&ben, "away hello"), ITEM_AWAY);
    cr_assert_str_eq(returned(&ben, 1), "$5\r\nhello\r\n");
    small_give_back(&owner);
    cr_assert_str_eq(returned(&ann, 1), ":1024\r\n");
    cr_assert_eq(work.walk_steps, KEYSPACE_SHARDS);
}

Test(executor, leaves_the_queue_of_a_walk_that_became_long_while_it_waited)
{
    struct small_owner owner;
    atomic_store(&work.is_long, false);
    small_possess(&owner, &server, "k");
    cr_assert_eq(small_try(&ann, "walk"), ITEM_SUSPENDED);
    small_give_back(&owner);
    atomic_store(&work.is_long, true);
    small_wake(&ann);
    cr_assert_eq(small_try(&ann, "walk"), ITEM_AWAY);
    (void)returned(&ann, 1);
    cr_assert_null(keyspace_shard(&server.keyspace, small_shard(&server, "k"))->first_waiter);
}

Test(executor, frees_detached_tables)
{
    for (int i = 0; i < 1000; i++) {
        char words[32];
        (void)snprintf(words, sizeof(words), "set key:%d v", i);
        (void)small_run(&ann, words);
    }
    cr_assert_str_eq(small_run(&ann, "flush"), "+OK\r\n");
    const struct timespec pause = {.tv_nsec = 1000000};
    for (int ms = 0; ms < RECORDER_WAIT_MAX_MS && atomic_load(&server.exec.lazyfree_pending) != 0; ms++) {
        (void)nanosleep(&pause, NULL);
    }
    cr_assert_eq(atomic_load(&server.exec.lazyfree_pending), 0);
    cr_assert_eq(exec_statistic(&server.exec, STATISTIC_LAZYFREED_OBJECTS), 1001);
    cr_assert_str_eq(small_run(&ann, "get key:1"), "$-1\r\n");
}

Test(executor, frees_detached_tables_at_once_when_it_is_asked_to)
{
    server.worker->garbage.at_once = true;
    cr_assert_str_eq(small_run(&ann, "flush"), "+OK\r\n");
    cr_assert_eq(exec_statistic(&server.exec, STATISTIC_LAZYFREED_OBJECTS), 0);
    cr_assert(garbage_is_empty(&server.worker->garbage) && !server.worker->garbage.at_once);
}

/* A chore that was done may be sent again; until then it is under way. */
static void chore_await(struct chore *chore)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    for (int ms = 0; ms < RECORDER_WAIT_MAX_MS && atomic_load(&chore->under_way); ms++) {
        (void)nanosleep(&pause, NULL);
    }
    cr_assert_not(atomic_load(&chore->under_way));
}

Test(executor, does_chores_within_a_turn_of_its_own)
{
    struct chore chore;
    chore_init(&chore, chore_run, &work);
    let_go();
    exec_chore_send(&server.exec, &chore);
    chore_await(&chore);
    cr_assert_eq(atomic_load(&work.running), 1);
    cr_assert(atomic_load(&work.was_elsewhere) && atomic_load(&work.was_executor));
}

Test(executor, does_a_chore_once_that_is_sent_again_while_it_is_under_way)
{
    struct chore chore;
    chore_init(&chore, chore_run, &work);
    exec_chore_send(&server.exec, &chore);
    cr_assert(recorder_await(&work.running, 1));
    exec_chore_send(&server.exec, &chore);
    let_go();
    chore_await(&chore);
    cr_assert_eq(atomic_load(&work.running), 1);
    let_go();
    exec_chore_send(&server.exec, &chore);
    chore_await(&chore);
    cr_assert_eq(atomic_load(&work.running), 2);
}

Test(executor, stops_and_starts_again_without_work)
{
    exec_stop(&server.exec);
    cr_assert_null(server.exec.executors);
    exec_stop(&server.exec);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What dispatch does when it meets a shard that somebody possesses or holds for long: the session is suspended, the
 * others go on, nobody overtakes, nothing is executed twice.
 * Owner: each test. Locks: those of the commands; some tests hold a shard's spinlock. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "small_commands.h"
#include "small_server.h"

static struct small_server server;
static struct recorder ann;
static struct recorder ben;
static struct recorder cal;
static struct small_owner owner;
static char elsewhere[24]; /* a key in another shard than "k" */
static uint32_t walk_end;  /* the last shard that WALK visits */

/* INCR key: so that what runs twice shows. */
COMMAND_HANDLER(incr_handler)
{
    struct keyref ref;
    int64_t value = call_write(call, 1, &ref) ? entry_integer(ref.entry) : 0;
    keyref_set_integer(&ref, value + 1, DEADLINE_KEEP);
    call_changed(call, &ref, EVENT_STRING, "incrby");
    reply_integer(&call->reply, value + 1);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(walk_handler)
{
    if (call->next_shard < walk_end) {
        call->next_shard++;
        call->carried.seen++;
        reply_ok(&call->reply);
        return OUTCOME_NEXT_SHARD;
    }
    reply_integer(&call->reply, (int64_t)call->carried.seen);
    return OUTCOME_DONE;
}

static const struct command_row rows[] = {
    SMALL_COMMANDS,
    {.name = "incr", .handler = incr_handler, .arity = 2, .lock = LOCK_KEYS, .keys = {SMALL_KEY(KEY_RW)}},
    {.name = "walk", .handler = walk_handler, .arity = 1, .lock = LOCK_EACH_SHARD},
    {.name = "everything", .handler = small_ping, .arity = 1, .lock = LOCK_ALL_SHARDS},
    {0},
};

static void setup(void)
{
    small_server_init(&server, rows, NULL);
    small_server_start(&server, 1);
    recorder_init(&ann, server.worker);
    recorder_init(&ben, server.worker);
    recorder_init(&cal, server.worker);
    small_key_elsewhere(&server, "k", elsewhere);
    (void)small_run(&ann, "set k v");
    walk_end = small_shard(&server, "k");
}

static void teardown(void)
{
    recorder_deinit(&ann);
    recorder_deinit(&ben);
    recorder_deinit(&cal);
    small_server_stop(&server);
}

TestSuite(suspension, .init = setup, .fini = teardown);

static struct shard *shard_of_k(void)
{
    return keyspace_shard(&server.keyspace, small_shard(&server, "k"));
}

/* `format` with the key in another shard in place of its %s. */
static const char *with_other_key(const char *format)
{
    static char words[64];
    (void)snprintf(words, sizeof(words), format, elsewhere);
    return words;
}

/* Resumed, and then runs. */
static const char *retried(struct recorder *recorder, const char *words)
{
    small_wake(recorder);
    return small_run(recorder, words);
}

Test(suspension, stops_a_session_that_meets_a_possessed_shard)
{
    small_possess(&owner, &server, "k");
    cr_assert_eq(small_try(&ann, "get k"), ITEM_SUSPENDED);
    cr_assert((ann.session.flags & SESSION_SUSPENDED) != 0);
    cr_assert_str_eq(recorder_replies(&ann), "");
    cr_assert_eq(ann.resumed, 0);
    cr_assert_eq(exec_statistic(&server.exec, STATISTIC_SUSPENSIONS), 1);
    small_give_back(&owner);
}

Test(suspension, stops_nobody_who_wants_other_shards_or_none)
{
    small_possess(&owner, &server, "k");
    cr_assert_eq(small_try(&ann, "get k"), ITEM_SUSPENDED);
    cr_assert_str_eq(small_run(&ben, with_other_key("get %s")), "$-1\r\n");
    cr_assert_str_eq(small_run(&ben, "ping"), "+PONG\r\n");
    small_give_back(&owner);
}

Test(suspension, leaves_out_the_rest_of_a_suspended_session_s_pipeline)
{
    struct small_batch batch;
    small_possess(&owner, &server, "k");
    small_batch_begin(&batch, server.worker);
    small_batch_add(&batch, &ann, "ping");
    small_batch_add(&batch, &ann, "incr k");
    small_batch_add(&batch, &ben, "ping");
    small_batch_add(&batch, &ann, "ping");
    small_batch_run(&batch);
    cr_assert(batch.items[0].outcome == ITEM_DONE && batch.items[1].outcome == ITEM_SUSPENDED);
    cr_assert(batch.items[2].outcome == ITEM_DONE && batch.items[3].outcome == ITEM_SKIPPED);
    cr_assert_str_eq(recorder_replies(&ann), "+PONG\r\n");
    cr_assert_str_eq(recorder_replies(&ben), "+PONG\r\n");
    small_give_back(&owner);
}

Test(suspension, ends_with_one_call_when_the_shard_is_given_back)
{
    small_possess(&owner, &server, "k");
    (void)small_try(&ann, "get k");
    small_give_back(&owner);
    cr_assert_eq(ann.resumed, 1);
    cr_assert_str_eq(retried(&ann, "get k"), "$1\r\nv\r\n");
    cr_assert_null(ann.session.waiter.queued_at);
    cr_assert_null(shard_of_k()->first_waiter);
    cr_assert_eq(ann.session.waiter.ticket, 0);
    small_possess(&owner, &server, "k");
    small_give_back(&owner);
    cr_assert_eq(ann.resumed, 1);
}

Test(suspension, keeps_newcomers_behind_those_who_wait)
{
    small_possess(&owner, &server, "k");
    (void)small_try(&ann, "set k ann");
    small_give_back(&owner);
    cr_assert_eq(small_try(&ben, "get k"), ITEM_SUSPENDED);
    cr_assert_eq(ben.resumed, 0);
    cr_assert_str_eq(retried(&ann, "set k ann"), "+OK\r\n");
    cr_assert_eq(ben.resumed, 1);
    cr_assert_str_eq(retried(&ben, "get k"), "$3\r\nann\r\n");
    cr_assert_null(shard_of_k()->first_waiter);
}

Test(suspension, calls_all_who_wait_in_their_order)
{
    small_possess(&owner, &server, "k");
    (void)small_try(&ann, "set k a");
    (void)small_try(&ben, "set k b");
    (void)small_try(&cal, "get k");
    cr_assert_eq(shard_of_k()->first_waiter, &ann.session.waiter);
    cr_assert_eq(ann.session.waiter.next, &ben.session.waiter);
    cr_assert_eq(shard_of_k()->last_waiter, &cal.session.waiter);
    small_give_back(&owner);
    cr_assert(ann.resumed == 1 && ben.resumed == 1 && cal.resumed == 1);
    (void)retried(&ann, "set k a");
    (void)retried(&ben, "set k b");
    cr_assert_str_eq(retried(&cal, "get k"), "$1\r\nb\r\n");
}

Test(suspension, keeps_its_place_when_the_shard_is_possessed_again)
{
    small_possess(&owner, &server, "k");
    (void)small_try(&ann, "get k");
    (void)small_try(&ben, "get k");
    small_give_back(&owner);
    shard_of_k()->possessed = true; /* as by a third one that was called as well */
    small_wake(&ann);
    cr_assert_eq(small_try(&ann, "get k"), ITEM_SUSPENDED);
    cr_assert_eq(shard_of_k()->first_waiter, &ann.session.waiter);
    cr_assert_eq(ann.resumed, 1);
    shard_of_k()->possessed = false;
    cr_assert_str_eq(retried(&ann, "get k"), "$1\r\nv\r\n");
    cr_assert_str_eq(retried(&ben, "get k"), "$1\r\nv\r\n");
}

Test(suspension, gives_back_the_shards_that_it_has_got)
{
    small_possess(&owner, &server, "k");
    const char *words = with_other_key("mget k %s");
    cr_assert_eq(small_try(&ann, words), ITEM_SUSPENDED);
    cr_assert_eq(small_locked_count(&server), 0);
    cr_assert_str_eq(small_run(&ben, with_other_key("set %s 1")), "+OK\r\n");
    small_give_back(&owner);
    cr_assert_str_eq(retried(&ann, with_other_key("mget k %s")), "*2\r\n$1\r\nv\r\n$1\r\n1\r\n");
}

Test(suspension, keeps_its_age_when_it_has_to_wait_for_another_shard)
{
    bool higher = small_shard(&server, elsewhere) > small_shard(&server, "k");
    const char *high = higher ? elsewhere : "k";
    const char *low = higher ? "k" : elsewhere;
    struct small_owner low_owner;
    char words[64];
    (void)snprintf(words, sizeof(words), "mget %s %s", low, high);
    char one[32];
    (void)snprintf(one, sizeof(one), "get %s", low);
    small_possess(&owner, &server, high);
    cr_assert_eq(small_try(&ann, words), ITEM_SUSPENDED);
    small_possess(&low_owner, &server, low);
    cr_assert_eq(small_try(&ben, one), ITEM_SUSPENDED);
    small_give_back(&owner);
    small_wake(&ann);
    cr_assert_eq(small_try(&ann, words), ITEM_BUSY); /* it leaves the queue of the higher shard */
    cr_assert_eq(small_try(&ann, words), ITEM_SUSPENDED);
    cr_assert_eq(keyspace_shard(&server.keyspace, small_shard(&server, low))->first_waiter, &ann.session.waiter);
    small_give_back(&low_owner);
    (void)retried(&ann, words);
    cr_assert_eq(ann.session.waiter.ticket, 0);
    (void)retried(&ben, one);
}

Test(suspension, passes_the_younger_who_wait_for_one_of_its_shards)
{
    bool higher = small_shard(&server, elsewhere) > small_shard(&server, "k");
    const char *high = higher ? elsewhere : "k";
    const char *low = higher ? "k" : elsewhere;
    struct small_owner low_owner;
    char words[64];
    (void)snprintf(words, sizeof(words), "mget %s %s", low, high);
    char one[32];
    (void)snprintf(one, sizeof(one), "get %s", low);
    small_possess(&owner, &server, high);
    cr_assert_eq(small_try(&ann, words), ITEM_SUSPENDED);
    small_possess(&low_owner, &server, low);
    cr_assert_eq(small_try(&ben, one), ITEM_SUSPENDED);
    small_give_back(&owner);
    small_give_back(&low_owner);
    (void)retried(&ann, words); /* although Ben was called for the lower shard */
    (void)retried(&ben, one);
    cr_assert_eq(small_locked_count(&server), 0);
}

Test(suspension, stops_a_command_on_the_whole_keyspace)
{
    small_possess(&owner, &server, "k");
    cr_assert_eq(small_try(&ann, "everything"), ITEM_SUSPENDED);
    cr_assert_eq(small_locked_count(&server), 0);
    small_give_back(&owner);
    cr_assert_eq(ann.resumed, 1);
    cr_assert_str_eq(retried(&ann, "everything"), "+PONG\r\n");
}

Test(suspension, begins_a_walk_over_the_shards_anew)
{
    char expected[16];
    (void)snprintf(expected, sizeof(expected), ":%u\r\n", walk_end);
    small_possess(&owner, &server, "k");
    cr_assert_eq(small_try(&ann, "walk"), ITEM_SUSPENDED);
    cr_assert_str_eq(recorder_replies(&ann), "");
    small_give_back(&owner);
    const char *replies = retried(&ann, "walk");
    cr_assert_str_eq(replies + strlen(replies) - strlen(expected), expected);
    cr_assert_eq(strlen(replies), 5 * walk_end + strlen(expected));
    cr_assert_null(shard_of_k()->first_waiter);
}

Test(suspension, leaves_the_queue_when_a_walk_ends_before_it_comes_there)
{
    small_possess(&owner, &server, "k");
    cr_assert_eq(small_try(&ann, "walk"), ITEM_SUSPENDED);
    small_give_back(&owner);
    walk_end = 0;
    (void)retried(&ann, "walk");
    cr_assert_null(shard_of_k()->first_waiter);
    cr_assert_null(ann.session.waiter.queued_at);
}

static enum outcome refuse(struct call *call, UNUSED void *context)
{
    return call_fail(call, ERROR_OOM);
}

Test(suspension, leaves_the_queue_when_a_guard_refuses_it_by_now)
{
    small_possess(&owner, &server, "k");
    cr_assert_eq(small_try(&ann, "set k 1"), ITEM_SUSPENDED);
    small_give_back(&owner);
    exec_add_guard(&server.exec, (struct guard){.command_flags = COMMAND_WRITE, .check = refuse});
    cr_assert_str_eq(retried(&ann, "set k 1"), "-OOM command not allowed when used memory > 'maxmemory'.\r\n");
    cr_assert_null(shard_of_k()->first_waiter);
    cr_assert_str_eq(small_run(&ben, "get k"), "$1\r\nv\r\n");
}

Test(suspension, leaves_the_queue_when_the_session_ends)
{
    small_possess(&owner, &server, "k");
    (void)small_try(&ann, "get k");
    (void)small_try(&ben, "get k");
    shard_waiter_leave(&ann.session.waiter);
    cr_assert_eq(shard_of_k()->first_waiter, &ben.session.waiter);
    small_give_back(&owner);
    cr_assert(ann.resumed == 0 && ben.resumed == 1);
}

Test(suspension, calls_the_next_when_one_leaves_after_it_was_called)
{
    small_possess(&owner, &server, "k");
    (void)small_try(&ann, "get k");
    struct small_owner second;
    shard_waiter_init(&second.waiter, small_owner_called);
    lockset_init(&second.locks);
    lockset_add(&second.locks, small_shard(&server, "k"));
    cr_assert_eq(lockset_acquire(&second.locks, &server.keyspace, &second.waiter, true), LOCKSET_QUEUED);
    small_give_back(&owner);
    cr_assert(!second.waiter.called); /* who wants possession comes alone */
    shard_waiter_leave(&ann.session.waiter);
    cr_assert(second.waiter.called);
    shard_waiter_leave(&second.waiter);
}

Test(suspension, does_not_wait_long_for_a_slow_holder)
{
    spin_acquire(&shard_of_k()->lock);
    cr_assert_eq(small_try(&ann, "get k"), ITEM_BUSY);
    cr_assert((ann.session.flags & SESSION_SUSPENDED) == 0);
    cr_assert_str_eq(recorder_replies(&ann), "");
    spin_release(&shard_of_k()->lock);
    cr_assert_str_eq(small_run(&ann, "get k"), "$1\r\nv\r\n");
}

Test(suspension, executes_nothing_of_a_session_behind_a_request_that_came_up_against_a_slow_holder)
{
    struct small_batch batch;
    spin_acquire(&shard_of_k()->lock);
    small_batch_begin(&batch, server.worker);
    small_batch_add(&batch, &ann, "set k 1");
    small_batch_add(&batch, &ann, "ping");
    small_batch_add(&batch, &ben, "ping");
    small_batch_run(&batch);
    spin_release(&shard_of_k()->lock);
    cr_assert_eq(batch.items[0].outcome, ITEM_BUSY);
    cr_assert_eq(batch.items[1].outcome, ITEM_SKIPPED);
    cr_assert_eq(batch.items[2].outcome, ITEM_DONE);
    cr_assert_str_eq(recorder_replies(&ann), "");
    cr_assert((ann.session.flags & SESSION_SUSPENDED) == 0);
    small_batch_begin(&batch, server.worker);
    small_batch_add(&batch, &ann, "set k 1");
    small_batch_add(&batch, &ann, "ping");
    small_batch_run(&batch);
    cr_assert_str_eq(recorder_replies(&ann), "+OK\r\n+PONG\r\n");
}

Test(suspension, keeps_what_the_next_reply_is_to_be)
{
    ann.session.flags |= SESSION_REPLY_SKIP;
    small_possess(&owner, &server, "k");
    (void)small_try(&ann, "get k");
    small_give_back(&owner);
    cr_assert_str_eq(retried(&ann, "get k"), "");
    cr_assert_str_eq(small_run(&ann, "get k"), "$1\r\nv\r\n");
}

Test(suspension, draws_no_sequence_and_counts_no_call)
{
    small_possess(&owner, &server, "k");
    (void)small_try(&ann, "incr k");
    cr_assert_eq(counter_read(&server.worker->statistics.commands[small_command(&server, "incr")->id].calls), 0);
    small_give_back(&owner);
}

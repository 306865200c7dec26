/* SPDX-License-Identifier: BSD-3-Clause */
/* Transactions: queueing, EXEC under all shards at once, and what a watched key does to it.
 * Owner: each test. Locks: those of the commands. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "sherd/exec/postponement.h"
#include "sherd/exec/transaction.h"
#include "small_commands.h"
#include "small_server.h"

static struct small_server server;
static struct recorder ann;
static struct recorder ben;
static char elsewhere[24]; /* a key in another shard than "k" */
static char words[96];
static uint32_t held; /* how many shards were held when COUNT ran */

COMMAND_HANDLER(count_handler)
{
    held = small_locked_count(&server);
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

static const struct command_row count_rows[] = {
    SMALL_COMMANDS,
    {.name = "count", .handler = count_handler, .arity = 2, .lock = LOCK_KEYS, .keys = {SMALL_KEY(KEY_RW)}},
    {.name = "alone", .handler = small_ping, .arity = 1, .flags = COMMAND_NO_MULTI},
    {0},
};

/* Writes are not wanted for now. */
static enum outcome postpone(UNUSED struct call *call, UNUSED void *context)
{
    uint32_t armed = atomic_load(&server.exec.guard_command_flags);
    return (armed & transaction_guard_flags(call)) != 0 ? OUTCOME_POSTPONE : OUTCOME_DONE;
}

static void setup(void)
{
    static struct command_row rows[32];
    size_t count = 0;
    for (const struct command_row *row = count_rows; row->name != NULL; row++) {
        rows[count++] = *row;
    }
    for (const struct command_row *row = transaction_commands; row->name != NULL; row++) {
        rows[count++] = *row;
    }
    small_server_init(&server, rows, NULL);
    exec_add_guard(&server.exec, (struct guard){.command_flags = COMMAND_WRITES, .check = postpone, .postpones = true});
    exec_arm_guard(&server.exec, COMMAND_WRITES, false);
    small_server_start(&server, 1);
    recorder_init(&ann, server.worker);
    recorder_init(&ben, server.worker);
    small_key_elsewhere(&server, "k", elsewhere);
}

static void teardown(void)
{
    recorder_deinit(&ann);
    recorder_deinit(&ben);
    small_server_stop(&server);
}

TestSuite(transaction, .init = setup, .fini = teardown);

static const char *with_other_key(const char *format)
{
    (void)snprintf(words, sizeof(words), format, elsewhere);
    return words;
}

Test(transaction, queues_and_then_runs_in_order)
{
    cr_assert_str_eq(small_run(&ann, "multi"), "+OK\r\n");
    cr_assert_str_eq(small_run(&ann, "set k v"), "+QUEUED\r\n");
    cr_assert_str_eq(small_run(&ann, "get k"), "+QUEUED\r\n");
    cr_assert_str_eq(small_run(&ben, "get k"), "$-1\r\n");
    cr_assert_str_eq(small_run(&ann, "exec"), "*2\r\n+OK\r\n$1\r\nv\r\n");
    cr_assert((ann.session.flags & SESSION_MULTI) == 0 && ann.session.transaction == NULL);
}

Test(transaction, holds_the_shards_of_all_commands_and_of_all_watched_keys)
{
    (void)small_run(&ann, with_other_key("watch %s"));
    (void)small_run(&ann, "multi");
    (void)small_run(&ann, "count k");
    cr_assert_str_eq(small_run(&ann, "exec"), "*1\r\n+OK\r\n");
    cr_assert_eq(held, 2);
}

Test(transaction, does_nothing_when_a_watched_key_has_changed)
{
    (void)small_run(&ann, "watch k");
    (void)small_run(&ann, "multi");
    (void)small_run(&ann, with_other_key("set %s v"));
    (void)small_run(&ben, "set k other");
    cr_assert_str_eq(small_run(&ann, "exec"), "*-1\r\n");
    cr_assert_str_eq(small_run(&ben, with_other_key("get %s")), "$-1\r\n");
    cr_assert(!atomic_load(&ann.session.touched));
}

Test(transaction, forgets_watched_keys_after_unwatch)
{
    (void)small_run(&ann, "watch k");
    (void)small_run(&ben, "set k other");
    (void)small_run(&ann, "unwatch");
    (void)small_run(&ann, "multi");
    (void)small_run(&ann, "get k");
    cr_assert_str_eq(small_run(&ann, "exec"), "*1\r\n$5\r\nother\r\n");
}

Test(transaction, does_nothing_when_a_watched_key_has_fallen_due)
{
    (void)small_run(&ben, "set k v 1000500");
    (void)small_run(&ann, "watch k");
    (void)small_run(&ann, "multi");
    (void)small_run(&ann, with_other_key("get %s"));
    fake_clock_advance_ms(&server.clock, 1000);
    cr_assert_str_eq(small_run(&ann, "exec"), "*-1\r\n");
}

Test(transaction, is_broken_by_a_command_that_cannot_be_queued)
{
    (void)small_run(&ann, "multi");
    (void)small_run(&ann, "set k v");
    cr_assert_str_eq(small_run(&ann, "alone"), "-ERR Command not allowed inside a transaction\r\n");
    cr_assert_str_eq(small_run(&ann, "exec"), "-EXECABORT Transaction discarded because of previous errors.\r\n");
    cr_assert_str_eq(small_run(&ann, "get k"), "$-1\r\n");
}

Test(transaction, runs_whole_when_it_had_to_wait_for_a_shard)
{
    struct small_owner owner;
    (void)small_run(&ann, "multi");
    (void)small_run(&ann, "set k v");
    (void)small_run(&ann, with_other_key("set %s w"));
    small_possess(&owner, &server, elsewhere);
    cr_assert_eq(small_try(&ann, "exec"), ITEM_SUSPENDED);
    cr_assert_str_eq(small_run(&ben, "get k"), "$-1\r\n");
    small_give_back(&owner);
    small_wake(&ann);
    cr_assert_str_eq(small_run(&ann, "exec"), "*2\r\n+OK\r\n+OK\r\n");
}

Test(transaction, is_postponed_as_the_commands_that_it_has_queued)
{
    (void)small_run(&ann, "multi");
    (void)small_run(&ann, "set k v");
    (void)small_run(&ben, "multi");
    (void)small_run(&ben, "get k");
    exec_arm_guard(&server.exec, COMMAND_WRITES, true);
    cr_assert_eq(small_try(&ann, "exec"), ITEM_POSTPONED);
    cr_assert_eq(small_try(&ben, "set k w"), ITEM_POSTPONED); /* before it is queued */
    session_unpostpone(&ben.session);
    small_wake(&ben);
    cr_assert_str_eq(small_run(&ben, "exec"), "*1\r\n$-1\r\n");
    exec_arm_guard(&server.exec, COMMAND_WRITES, false);
    session_unpostpone(&ann.session);
    small_wake(&ann);
    cr_assert_str_eq(small_run(&ann, "exec"), "*1\r\n+OK\r\n");
}

Test(transaction, ends_with_its_worker_when_an_executor_ran_it)
{
    (void)small_run(&ann, "multi");
    for (int i = 0; i < 1000; i++) {
        (void)small_run(&ann, "set k v");
    }
    cr_assert_eq(small_try(&ann, "exec"), ITEM_AWAY);
    cr_assert(recorder_await(&ann.returned, 1));
    cr_assert((ann.session.flags & SESSION_MULTI) != 0 && ann.session.transaction != NULL);
    exec_errand_finish(&ann.session);
    cr_assert((ann.session.flags & (SESSION_MULTI | SESSION_AWAY)) == 0 && ann.session.transaction == NULL);
    cr_assert_eq(strncmp(recorder_replies(&ann), "*1000\r\n+OK\r\n", 12), 0);
}

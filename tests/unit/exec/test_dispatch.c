/* SPDX-License-Identifier: BSD-3-Clause */
/* One command from its guards to its statistics: who refuses it and how, which shards it holds, what is counted.
 * Owner: each test; handlers and guards write into `seen`. Locks: those of the commands. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "small_commands.h"
#include "small_server.h"

/* What handlers and guards saw. */
struct seen {
    struct small_server *server;
    uint32_t calls;
    uint32_t locked;         /* shards that were held by their spinlocks */
    uint32_t distinct;       /* as the call's lockset says */
    bool holds_keys;         /* the shards of all arguments are held */
    uint32_t first, last;    /* EACH_SHARD */
    bool held_one;           /* EACH_SHARD: at every run the shard in hand and no other */
    char guards[64];         /* letters of the guards that were asked */
    uint32_t refusing_guard; /* its letter; 0: none */
};

static struct small_server server;
static struct recorder client;
static struct seen seen;

COMMAND_HANDLER(look_handler)
{
    seen.calls++;
    seen.locked = small_locked_count(&server);
    seen.distinct = call->locks.count;
    seen.holds_keys = true;
    for (uint32_t i = 1; i < call->argc; i++) {
        uint32_t shard = keyspace_shard_of(keyspace_hash(&server.keyspace, call->argv[i]));
        seen.holds_keys &= small_shard_is_locked(&server, shard);
    }
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

static uint32_t walk_first(UNUSED struct call *call)
{
    return 1000;
}

/* Goes over every fourth shard from the first to the end. */
COMMAND_HANDLER(walk_handler)
{
    if (seen.calls++ == 0) {
        seen.first = call->next_shard;
        seen.held_one = true;
    }
    seen.last = call->next_shard;
    seen.held_one &= small_shard_is_locked(&server, call->next_shard) && small_locked_count(&server) == 1;
    call->carried.seen += call->next_shard;
    if (call->next_shard + 4 < KEYSPACE_SHARDS) {
        call->next_shard += 4;
        return OUTCOME_NEXT_SHARD;
    }
    reply_integer(&call->reply, (int64_t)call->carried.seen);
    return OUTCOME_DONE;
}

static enum outcome fail_handler(struct call *call)
{
    return call_fail(call, ERROR_SYNTAX);
}

static enum outcome fail_differently_handler(struct call *call)
{
    return call_fail_format(call, "OTHER kind of %s", "error");
}

static enum outcome quit_handler(struct call *call)
{
    reply_ok(&call->reply);
    return OUTCOME_CLOSE;
}

#define ALL_KEYS                                                                                                       \
    {                                                                                                                  \
        .flags = KEY_RO, .begin = 1, .last = -1, .step = 1                                                             \
    }

static const struct command_row subcommands[] = {
    {.name = "one", .handler = small_ping, .arity = 2, .flags = COMMAND_FAST},
    {0},
};

static bool far_reaches(const struct slice *argv, uint32_t argc)
{
    return argc > 2 && slice_equals_word(argv[2], "far");
}

static const struct command_row rows[] = {
    SMALL_COMMANDS,
    {.name = "far",
     .handler = look_handler,
     .arity = -1,
     .lock = LOCK_KEYS,
     .keys = {{.flags = KEY_RO, .begin = 1, .step = 1}, {.flags = KEY_RO}},
     .reaches_further = far_reaches},
    {.name = "look", .handler = look_handler, .arity = -1, .lock = LOCK_KEYS, .keys = {ALL_KEYS}},
    {.name = "counted",
     .handler = look_handler,
     .arity = -1,
     .lock = LOCK_KEYS,
     .keys = {{.flags = KEY_RO, .begin = 1, .step = 1, .counted = true}}},
    {.name = "everything", .handler = look_handler, .arity = 1, .lock = LOCK_ALL_SHARDS},
    {.name = "nothing", .handler = look_handler, .arity = -1, .lock = LOCK_NONE},
    {.name = "walk", .handler = walk_handler, .arity = 1, .lock = LOCK_EACH_SHARD},
    {.name = "walk-late", .handler = walk_handler, .arity = 1, .lock = LOCK_EACH_SHARD, .first_shard = walk_first},
    {.name = "fail", .handler = fail_handler, .arity = 1},
    {.name = "fail-differently", .handler = fail_differently_handler, .arity = 1},
    {.name = "quit", .handler = quit_handler, .arity = -1},
    {.name = "admin", .handler = small_ping, .arity = 1, .flags = COMMAND_ADMIN},
    {.name = "blocking", .handler = small_ping, .arity = 1, .flags = COMMAND_BLOCKING},
    {.name = "uncounted", .handler = small_ping, .arity = 1, .flags = COMMAND_NO_STATS},
    {.name = "container", .arity = -2, .subcommands = subcommands},
    {0},
};

static void setup(void)
{
    seen = (struct seen){.server = &server};
    small_server_init(&server, rows, NULL);
    small_server_start(&server, 1);
    recorder_init(&client, server.worker);
}

static void teardown(void)
{
    recorder_deinit(&client);
    small_server_stop(&server);
}

TestSuite(dispatch, .init = setup, .fini = teardown);

static const struct command_statistics *statistics_of(const char *name)
{
    return &server.worker->statistics.commands[small_command(&server, name)->id];
}

static uint64_t errors_of(const char *kind)
{
    const struct statistics *statistics = &server.worker->statistics;
    for (uint32_t i = 0; i < statistics->error_kinds; i++) {
        if (strcmp(statistics->errors[i].name, kind) == 0) {
            return counter_read(&statistics->errors[i].count);
        }
    }
    return 0;
}

static bool counts_are(const char *name, uint64_t calls, uint64_t rejected, uint64_t failed)
{
    const struct command_statistics *statistics = statistics_of(name);
    return counter_read(&statistics->calls) == calls && counter_read(&statistics->rejected) == rejected &&
           counter_read(&statistics->failed) == failed;
}

Test(dispatch, shows_an_unknown_command_with_its_arguments)
{
    cr_assert_str_eq(small_run(&client, "NoSuch a b"),
                     "-ERR unknown command 'NoSuch', with args beginning with: 'a' 'b' \r\n");
    cr_assert_str_eq(small_run(&client, "nosuch"), "-ERR unknown command 'nosuch', with args beginning with: \r\n");
}

Test(dispatch, shows_at_most_128_bytes_of_an_unknown_name)
{
    char name[201];
    memset(name, 'x', 200);
    name[200] = '\0';
    char expected[300];
    (void)snprintf(expected, sizeof(expected), "-ERR unknown command '%.128s', with args beginning with: \r\n", name);
    cr_assert_str_eq(small_run(&client, name), expected);
}

Test(dispatch, stops_showing_arguments_of_an_unknown_command_at_128_bytes)
{
    char words[400] = "nosuch";
    char expected[600] = "-ERR unknown command 'nosuch', with args beginning with: ";
    /* Every argument takes 13 bytes with quotes and space: the tenth begins at 117 and is cut to the room left. */
    for (int i = 0; i < 12; i++) {
        strcat(words, " 0123456789");
        strcat(expected, i < 10 ? "'0123456789' " : "");
    }
    strcat(expected, "\r\n");
    cr_assert_str_eq(small_run(&client, words), expected);
}

Test(dispatch, breaks_no_line_for_an_unknown_command)
{
    cr_assert_str_eq(small_run(&client, "no\nsuch a\rb"),
                     "-ERR unknown command 'no such', with args beginning with: 'a b' \r\n");
}

Test(dispatch, shows_unknown_subcommands_and_the_container_in_capitals)
{
    cr_assert_str_eq(small_run(&client, "container nosuch"),
                     "-ERR unknown subcommand 'nosuch'. Try CONTAINER HELP.\r\n");
    cr_assert_str_eq(small_run(&client, "container ONE"), "+PONG\r\n");
}

Test(dispatch, checks_the_number_of_arguments)
{
    cr_assert_str_eq(small_run(&client, "GET"), "-ERR wrong number of arguments for 'get' command\r\n");
    cr_assert_str_eq(small_run(&client, "get a b"), "-ERR wrong number of arguments for 'get' command\r\n");
    cr_assert_str_eq(small_run(&client, "set a"), "-ERR wrong number of arguments for 'set' command\r\n");
    cr_assert_str_eq(small_run(&client, "container one x"),
                     "-ERR wrong number of arguments for 'container|one' command\r\n");
    cr_assert_str_eq(small_run(&client, "container"), "-ERR wrong number of arguments for 'container' command\r\n");
    cr_assert(counts_are("get", 0, 2, 0) && counts_are("container|one", 0, 1, 0) && counts_are("container", 0, 1, 0));
}

Test(dispatch, locks_the_shards_of_all_keys_once)
{
    char elsewhere[24];
    small_key_elsewhere(&server, "a", elsewhere);
    char words[64];
    (void)snprintf(words, sizeof(words), "look a %s a", elsewhere);
    cr_assert_str_eq(small_run(&client, words), "+OK\r\n");
    cr_assert(seen.holds_keys && seen.locked == 2 && seen.distinct == 2);
    (void)small_run(&client, "look a a a");
    cr_assert(seen.holds_keys && seen.locked == 1);
    cr_assert_eq(small_locked_count(&server), 0);
}

Test(dispatch, locks_keys_that_a_number_announces)
{
    /* The number is an argument too: of `seen` only the count of shards says something. */
    (void)small_run(&client, "counted 1 a b");
    cr_assert_eq(seen.locked, 1);
    (void)small_run(&client, "counted 24 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24");
    cr_assert(seen.locked > 16 && seen.locked == seen.distinct);
    cr_assert_eq(small_locked_count(&server), 0);
}

Test(dispatch, locks_the_whole_keyspace_for_calls_that_reach_further_than_their_keys)
{
    (void)small_run(&client, "far a near");
    cr_assert(seen.locked == 1 && seen.distinct == 1);
    (void)small_run(&client, "far a far");
    cr_assert(seen.holds_keys && seen.locked == KEYSPACE_SHARDS && seen.distinct == KEYSPACE_SHARDS);
    cr_assert_eq(small_locked_count(&server), 0);
}

Test(dispatch, leaves_it_to_the_handler_to_refuse_malformed_keys)
{
    (void)small_run(&client, "counted x a");
    cr_assert(seen.calls == 1 && seen.locked == 0);
}

Test(dispatch, locks_nothing_for_a_command_without_keys)
{
    (void)small_run(&client, "nothing a");
    cr_assert(seen.calls == 1 && seen.locked == 0);
}

Test(dispatch, locks_the_whole_keyspace)
{
    (void)small_run(&client, "everything");
    cr_assert_eq(seen.locked, KEYSPACE_SHARDS);
    cr_assert_eq(small_locked_count(&server), 0);
}

Test(dispatch, runs_shard_by_shard_with_one_held_at_a_time)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < KEYSPACE_SHARDS; i += 4) {
        sum += i;
    }
    char expected[32];
    (void)snprintf(expected, sizeof(expected), ":%llu\r\n", (unsigned long long)sum);
    cr_assert_str_eq(small_run(&client, "walk"), expected);
    cr_assert(seen.calls == KEYSPACE_SHARDS / 4 && seen.first == 0 && seen.last == KEYSPACE_SHARDS - 4);
    cr_assert(seen.held_one);
    cr_assert_eq(small_locked_count(&server), 0);
}

Test(dispatch, begins_shard_by_shard_where_the_row_says)
{
    cr_assert_str_eq(small_run(&client, "walk-late"), ":6060\r\n"); /* 1000 + 1004 + ... + 1020 */
    cr_assert(seen.first == 1000 && seen.last == 1020);
}

Test(dispatch, counts_a_walk_over_shards_as_one_call)
{
    (void)small_run(&client, "walk");
    cr_assert(counts_are("walk", 1, 0, 0));
    cr_assert_eq(exec_statistic(&server.exec, STATISTIC_COMMANDS), 1);
}

static enum outcome guard_check(struct call *call, void *context)
{
    const char *letter = context;
    strcat(seen.guards, letter);
    if (seen.refusing_guard == (uint32_t)letter[0]) {
        return call_fail_format(call, "GUARDED by %s", letter);
    }
    return OUTCOME_DONE;
}

static void add_guard(uint32_t command_flags, uint32_t session_flags, char *letter)
{
    exec_add_guard(&server.exec, (struct guard){.command_flags = command_flags,
                                                .session_flags = session_flags,
                                                .check = guard_check,
                                                .context = letter});
}

Test(dispatch, asks_guards_in_their_order_until_one_refuses)
{
    add_guard(COMMAND_ADMIN, 0, "a");
    add_guard(COMMAND_ADMIN, 0, "b");
    add_guard(COMMAND_ADMIN, 0, "c");
    cr_assert_str_eq(small_run(&client, "admin"), "+PONG\r\n");
    cr_assert_str_eq(seen.guards, "abc");
    seen.guards[0] = '\0';
    seen.refusing_guard = 'b';
    cr_assert_str_eq(small_run(&client, "admin"), "-GUARDED by b\r\n");
    cr_assert_str_eq(seen.guards, "ab");
    cr_assert(counts_are("admin", 1, 1, 0));
    cr_assert_eq(errors_of("GUARDED"), 1);
}

Test(dispatch, asks_only_the_guards_that_are_concerned)
{
    add_guard(COMMAND_ADMIN, 0, "a");
    add_guard(COMMAND_BLOCKING, 0, "b");
    add_guard(0, SESSION_UNAUTHENTICATED, "s");
    (void)small_run(&client, "ping");
    cr_assert_str_eq(seen.guards, "");
    (void)small_run(&client, "blocking");
    cr_assert_str_eq(seen.guards, "b");
    client.session.flags |= SESSION_UNAUTHENTICATED;
    (void)small_run(&client, "admin");
    cr_assert_str_eq(seen.guards, "bas");
    (void)small_run(&client, "ping");
    cr_assert_str_eq(seen.guards, "bass");
}

Test(dispatch, refuses_by_name_and_number_before_any_guard)
{
    add_guard(COMMAND_FAST, SESSION_UNAUTHENTICATED, "a");
    client.session.flags |= SESSION_UNAUTHENTICATED;
    (void)small_run(&client, "nosuch");
    (void)small_run(&client, "get");
    cr_assert_str_eq(seen.guards, "");
}

Test(dispatch, does_not_ask_a_disarmed_guard)
{
    add_guard(COMMAND_ADMIN, 0, "a");
    exec_arm_guard(&server.exec, COMMAND_ADMIN, false);
    (void)small_run(&client, "admin");
    cr_assert_str_eq(seen.guards, "");
    exec_arm_guard(&server.exec, COMMAND_ADMIN, true);
    (void)small_run(&client, "admin");
    cr_assert_str_eq(seen.guards, "a");
}

Test(dispatch, counts_calls_and_failures)
{
    (void)small_run(&client, "ping");
    (void)small_run(&client, "ping");
    (void)small_run(&client, "fail");
    (void)small_run(&client, "nosuch");
    (void)small_run(&client, "uncounted");
    cr_assert(counts_are("ping", 2, 0, 0) && counts_are("fail", 1, 0, 1) && counts_are("uncounted", 0, 0, 0));
    cr_assert_eq(exec_statistic(&server.exec, STATISTIC_COMMANDS), 4);
}

Test(dispatch, counts_errors_by_their_first_word)
{
    (void)small_run(&client, "fail");
    (void)small_run(&client, "fail");
    (void)small_run(&client, "fail-differently");
    (void)small_run(&client, "nosuch");
    cr_assert(errors_of("ERR") == 3 && errors_of("OTHER") == 1);
    cr_assert_eq(exec_statistic(&server.exec, STATISTIC_ERROR_REPLIES), 4);
}

Test(dispatch, counts_hits_and_misses)
{
    (void)small_run(&client, "set a 1");
    (void)small_run(&client, "mget a b a");
    cr_assert_eq(exec_statistic(&server.exec, STATISTIC_KEYSPACE_HITS), 2);
    cr_assert_eq(exec_statistic(&server.exec, STATISTIC_KEYSPACE_MISSES), 1);
    cr_assert_eq(exec_statistic(&server.exec, STATISTIC_CHANGES), 1);
}

Test(dispatch, closes_the_session_when_the_handler_says_so)
{
    struct small_batch batch;
    small_batch_begin(&batch, server.worker);
    small_batch_add(&batch, &client, "quit");
    small_batch_add(&batch, &client, "ping");
    small_batch_run(&batch);
    cr_assert(batch.items[0].outcome == ITEM_DONE && batch.items[1].outcome == ITEM_SKIPPED);
    cr_assert((client.session.flags & SESSION_CLOSING) != 0);
    cr_assert_str_eq(recorder_replies(&client), "+OK\r\n");
}

static void slow_ran(void *context, const struct call *call, uint64_t nanoseconds)
{
    uint32_t *runs = context;
    *runs += call->command == small_command(&server, "ping") && nanoseconds >= 1 ? 1 : 100;
}

Test(dispatch, shows_slow_calls_to_the_hook)
{
    uint32_t runs = 0;
    server.exec.slow_hook = (struct slow_hook){slow_ran, &runs};
    small_server_let_time_count(&server);
    (void)small_run(&client, "ping");
    cr_assert_eq(runs, 0);
    atomic_store(&server.exec.slow_ns, 1);
    (void)small_run(&client, "ping");
    cr_assert_eq(runs, 1);
}

Test(dispatch, remembers_the_last_command_of_a_session)
{
    (void)small_run(&client, "ping");
    cr_assert_eq(atomic_load(&client.session.last_command), small_command(&server, "ping"));
    (void)small_run(&client, "container one");
    cr_assert_eq(atomic_load(&client.session.last_command), small_command(&server, "container|one"));
    (void)small_run(&client, "nosuch");
    cr_assert_null(atomic_load(&client.session.last_command));
}

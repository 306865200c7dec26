/* SPDX-License-Identifier: BSD-3-Clause */
/* What handlers use: errors, arguments as numbers, the lookups and what they count and mark.
 * Owner: each test. Locks: those of the commands. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "small_commands.h"
#include "small_server.h"

static struct small_server server;
static struct recorder client;

static enum outcome integer_handler(struct call *call)
{
    int64_t value;
    if (!call_integer_between(call, 1, -5, 10, &value)) {
        return OUTCOME_ERROR;
    }
    reply_integer(&call->reply, value);
    return OUTCOME_DONE;
}

static enum outcome database_handler(struct call *call)
{
    unsigned db;
    if (!call_database(call, 1, &db)) {
        return OUTCOME_ERROR;
    }
    reply_integer(&call->reply, db);
    return OUTCOME_DONE;
}

static enum outcome long_error_handler(struct call *call)
{
    return call_fail_format(call, "ERR %0*d", 500, 7);
}

static enum outcome subcommand_handler(struct call *call)
{
    return call_fail_subcommand(call);
}

static enum outcome help_handler(struct call *call)
{
    static const char *const lines[] = {"ONE", "    Does one thing.", NULL};
    return call_reply_help(call, lines);
}

/* LOOKUP how key: what the lookup found and when the entry was accessed. */
COMMAND_HANDLER(lookup_handler)
{
    struct keyref ref;
    bool found = false;
    uint64_t hash = keyspace_hash(&server.keyspace, call->argv[2]);
    switch (call->argv[1].data[0]) {
    case 'r':
        found = call_read(call, 2, &ref);
        break;
    case 'R':
        found = call_read_hashed(call, 2, hash, &ref);
        break;
    case 'l':
        found = call_look(call, 2, &ref);
        break;
    case 'L':
        found = call_look_hashed(call, 2, hash, &ref);
        break;
    case 'p':
        found = call_peek(call, 2, &ref);
        break;
    case 'w':
        found = call_write(call, 2, &ref);
        break;
    case 'W':
        found = call_write_hashed(call, 2, hash, &ref);
        break;
    case 'i':
        found = call_write_in(call, 1, 2, &ref);
        break;
    default:
        return call_fail(call, ERROR_SYNTAX);
    }
    reply_integer(&call->reply, found ? (int64_t)ref.entry->clock : -1);
    return OUTCOME_DONE;
}

static const struct command_row subcommands[] = {
    {.name = "known", .handler = subcommand_handler, .arity = -2},
    {.name = "help", .handler = help_handler, .arity = 2},
    {0},
};

static const struct command_row rows[] = {
    SMALL_COMMANDS,
    {.name = "integer", .handler = integer_handler, .arity = 2},
    {.name = "database", .handler = database_handler, .arity = 2},
    {.name = "long-error", .handler = long_error_handler, .arity = 1},
    {.name = "object", .arity = -2, .subcommands = subcommands},
    {.name = "lookup",
     .handler = lookup_handler,
     .arity = 3,
     .lock = LOCK_KEYS,
     .keys = {{.flags = KEY_RW, .begin = 2, .step = 1}}},
    {0},
};

static void setup(void)
{
    small_server_init(&server, rows, NULL);
    small_server_start(&server, 0);
    recorder_init(&client, server.worker);
    (void)small_run(&client, "set k v");
    fake_clock_advance_ms(&server.clock, 1000);
}

static void teardown(void)
{
    recorder_deinit(&client);
    small_server_stop(&server);
}

TestSuite(call, .init = setup, .fini = teardown);

static bool counted(uint64_t hits, uint64_t misses)
{
    return exec_statistic(&server.exec, STATISTIC_KEYSPACE_HITS) == hits &&
           exec_statistic(&server.exec, STATISTIC_KEYSPACE_MISSES) == misses;
}

Test(call, takes_integers_within_bounds)
{
    cr_assert_str_eq(small_run(&client, "integer 10"), ":10\r\n");
    cr_assert_str_eq(small_run(&client, "integer -5"), ":-5\r\n");
    cr_assert_str_eq(small_run(&client, "integer 11"), "-ERR value is out of range, value must between -5 and 10\r\n");
    cr_assert_str_eq(small_run(&client, "integer -6"), "-ERR value is out of range, value must between -5 and 10\r\n");
    cr_assert_str_eq(small_run(&client, "integer ten"), "-ERR value is not an integer or out of range\r\n");
    cr_assert_str_eq(small_run(&client, "integer 9223372036854775808"),
                     "-ERR value is not an integer or out of range\r\n");
}

Test(call, takes_databases_that_exist)
{
    cr_assert_str_eq(small_run(&client, "database 1"), ":1\r\n");
    cr_assert_str_eq(small_run(&client, "database 2"), "-ERR DB index is out of range\r\n");
    cr_assert_str_eq(small_run(&client, "database -1"), "-ERR DB index is out of range\r\n");
    cr_assert_str_eq(small_run(&client, "database one"), "-ERR value is not an integer or out of range\r\n");
    cr_assert_str_eq(small_run(&client, "database 4294967296"),
                     "-ERR value is out of range, value must between -2147483648 and 2147483647\r\n");
}

Test(call, fails_with_texts_of_any_length)
{
    const char *reply = small_run(&client, "long-error");
    cr_assert_eq(strlen(reply), 5 + 500 + 2);
    cr_assert_str_eq(reply + strlen(reply) - 4, "07\r\n");
}

Test(call, names_the_container_of_a_subcommand_that_is_used_wrongly)
{
    cr_assert_str_eq(small_run(&client, "object KNOWN x"),
                     "-ERR unknown subcommand or wrong number of arguments for 'KNOWN'. Try OBJECT HELP.\r\n");
}

Test(call, frames_the_lines_of_help)
{
    cr_assert_str_eq(small_run(&client, "object help"),
                     "*5\r\n+OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:\r\n+ONE\r\n"
                     "+    Does one thing.\r\n+HELP\r\n+    Print this help.\r\n");
}

Test(call, counts_and_marks_what_is_read)
{
    cr_assert_str_eq(small_run(&client, "lookup read k"), ":1001\r\n");
    cr_assert_str_eq(small_run(&client, "lookup READ k"), ":1001\r\n");
    cr_assert_str_eq(small_run(&client, "lookup read none"), ":-1\r\n");
    cr_assert(counted(2, 1));
}

Test(call, only_counts_what_is_looked_at)
{
    cr_assert_str_eq(small_run(&client, "lookup look k"), ":1000\r\n");
    cr_assert_str_eq(small_run(&client, "lookup LOOK k"), ":1000\r\n");
    cr_assert_str_eq(small_run(&client, "lookup look none"), ":-1\r\n");
    cr_assert(counted(2, 1));
}

Test(call, neither_counts_nor_marks_a_peek)
{
    cr_assert_str_eq(small_run(&client, "lookup peek k"), ":1000\r\n");
    cr_assert_str_eq(small_run(&client, "lookup peek none"), ":-1\r\n");
    cr_assert(counted(0, 0));
}

Test(call, only_marks_what_is_written)
{
    cr_assert_str_eq(small_run(&client, "lookup write k"), ":1001\r\n");
    cr_assert_str_eq(small_run(&client, "lookup WRITE k"), ":1001\r\n");
    cr_assert_str_eq(small_run(&client, "lookup write none"), ":-1\r\n");
    cr_assert(counted(0, 0));
}

Test(call, finds_every_key_under_its_own_hash)
{
    (void)small_run(&client, "mset a 1 b 2 c 3");
    cr_assert_str_eq(small_run(&client, "get b"), "$1\r\n2\r\n");
    cr_assert_str_eq(small_run(&client, "mget c a none b"), "*4\r\n$1\r\n3\r\n$1\r\n1\r\n$-1\r\n$1\r\n2\r\n");
}

Test(call, looks_into_other_databases)
{
    cr_assert_str_eq(small_run(&client, "lookup in k"), ":-1\r\n");
    client.session.db = 1;
    (void)small_run(&client, "set k v");
    client.session.db = 0;
    cr_assert_str_eq(small_run(&client, "lookup in k"), ":1001\r\n");
}

Test(call, marks_nothing_for_a_session_that_does_not_touch)
{
    client.session.flags |= SESSION_NO_TOUCH;
    cr_assert_str_eq(small_run(&client, "lookup read k"), ":1000\r\n");
    cr_assert_str_eq(small_run(&client, "lookup write k"), ":1000\r\n");
    cr_assert(counted(1, 0));
}

Test(call, finds_no_key_that_is_past_due)
{
    static const char *const lookups[] = {"lookup read d", "lookup look d", "lookup peek d", "lookup write d",
                                          "lookup READ d", "lookup LOOK d", "lookup WRITE d"};
    for (size_t i = 0; i < ARRAY_LENGTH(lookups); i++) {
        (void)small_run(&client, "set d v 1000500");
        cr_assert_str_eq(small_run(&client, lookups[i]), ":-1\r\n");
        cr_assert_eq(exec_statistic(&server.exec, STATISTIC_EXPIRED_LAZILY), i + 1);
    }
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole databases: which one is emptied, what is counted, databases that change places.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

static void two_databases(void)
{
    command_server_setup();
    EXPECT("MSET a 1 b 2", "+OK");
    command_server_select(1);
    EXPECT("SET c 3", "+OK");
    command_server_select(0);
}

TestSuite(flush, .init = two_databases, .fini = command_server_teardown);
TestSuite(swapdb, .init = two_databases, .fini = command_server_teardown);

Test(flush, flushdb_empties_the_selected_database_alone)
{
    EXPECT("FLUSHDB", "+OK");
    EXPECT("DBSIZE", ":0");
    EXPECT("GET a", "nil");
    command_server_select(1);
    EXPECT("GET c", "3");
}

Test(flush, flushall_empties_every_database)
{
    EXPECT("FLUSHALL", "+OK");
    EXPECT("DBSIZE", ":0");
    command_server_select(1);
    EXPECT("DBSIZE", ":0");
}

Test(flush, takes_async_or_sync_and_nothing_else)
{
    EXPECT("FLUSHDB now", SYNTAX_ERROR);
    EXPECT("FLUSHALL ASYNC SYNC", SYNTAX_ERROR);
    EXPECT("DBSIZE", ":2");
    EXPECT("FLUSHDB async", "+OK");
    EXPECT("FLUSHALL SYNC", "+OK");
    EXPECT("DBSIZE", ":0");
}

Test(flush, tells_no_event_but_counts_every_key)
{
    EXPECT_CHANGES("FLUSHDB", 2);
    EXPECT("SET a 1", "+OK");
    EXPECT_EVENTS("FLUSHDB", "");
}

Test(flush, forgets_deadlines)
{
    EXPECT("EXPIRE a 100", ":1");
    EXPECT("FLUSHALL", "+OK");
    EXPECT("SET a 1", "+OK");
    EXPECT("TTL a", ":-1");
}

Test(flush, of_many_keys_leaves_none)
{
    struct buffer line;
    buffer_init(&line);
    for (int i = 0; i < 1200; i++) {
        buffer_printf(&line, "%s %d v", i == 0 ? "MSET" : "", i);
    }
    buffer_append(&line, "", 1);
    EXPECT(line.data, "+OK");
    buffer_deinit(&line);
    EXPECT("DBSIZE", ":1202");
    EXPECT("FLUSHALL SYNC", "+OK");
    EXPECT("DBSIZE", ":0");
    EXPECT("EXISTS 1 2 3 1199", ":0");
}

Test(swapdb, lets_two_databases_change_places)
{
    EXPECT("SWAPDB 0 1", "+OK");
    EXPECT("GET c", "3");
    EXPECT("DBSIZE", ":1");
    command_server_select(1);
    EXPECT("MGET a b c", "[1 2 nil]");
}

Test(swapdb, takes_deadlines_along)
{
    EXPECT("EXPIRE a 100", ":1");
    EXPECT("SWAPDB 1 0", "+OK");
    EXPECT("TTL a", ":-2");
    command_server_select(1);
    EXPECT("TTL a", ":100");
}

Test(swapdb, with_itself_changes_nothing)
{
    EXPECT("SWAPDB 0 0", "+OK");
    EXPECT("MGET a b c", "[1 2 nil]");
}

Test(swapdb, says_which_of_its_numbers_is_wrong)
{
    EXPECT("SWAPDB x 1", "-ERR invalid first DB index");
    EXPECT("SWAPDB 0 x", "-ERR invalid second DB index");
    EXPECT("SWAPDB 4294967296 x", "-ERR invalid first DB index");
    EXPECT("SWAPDB 0 -9223372036854775808", "-ERR invalid second DB index");
    EXPECT("SWAPDB 0 2", "-ERR DB index is out of range");
    EXPECT("SWAPDB -1 0", "-ERR DB index is out of range");
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Values under other names and in other databases: what becomes of deadlines, of the key that was there, and of names
 * that are the same.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

#define NO_SUCH_KEY "-ERR no such key"
#define SAME_OBJECT "-ERR source and destination objects are the same"
#define DB_RANGE    "-ERR DB index is out of range"

static void one_key(void)
{
    command_server_setup();
    EXPECT("SET k v", "+OK");
}

TestSuite(rename, .init = one_key, .fini = command_server_teardown);
TestSuite(copy, .init = one_key, .fini = command_server_teardown);
TestSuite(move, .init = one_key, .fini = command_server_teardown);

Test(rename, moves_the_value_and_its_deadline)
{
    EXPECT("EXPIRE k 100", ":1");
    EXPECT("RENAME k to", "+OK");
    EXPECT("EXISTS k", ":0");
    EXPECT("GET to", "v");
    EXPECT("TTL to", ":100");
}

Test(rename, replaces_what_was_there_with_its_deadline)
{
    EXPECT("RPUSH to a b", ":2");
    EXPECT("EXPIRE to 100", ":1");
    EXPECT("RENAME k to", "+OK");
    EXPECT("GET to", "v");
    EXPECT("TTL to", ":-1");
}

Test(rename, of_nothing_is_an_error)
{
    EXPECT("RENAME nokey k", NO_SUCH_KEY);
    EXPECT("RENAMENX nokey other", NO_SUCH_KEY);
    EXPECT("RENAME nokey nokey", NO_SUCH_KEY);
    EXPECT("GET k", "v");
}

Test(rename, to_itself_changes_nothing)
{
    EXPECT("RENAME k k", "+OK");
    EXPECT("RENAMENX k k", ":0");
    EXPECT_EVENTS("RENAME k k", "");
    EXPECT("GET k", "v");
}

Test(rename, tells_of_both_names)
{
    EXPECT_EVENTS("RENAME k to", "rename_from k, rename_to to");
    EXPECT_EVENTS("RENAMENX to k", "rename_from to, rename_to k");
    EXPECT_CHANGES("RENAME k to", 1);
}

Test(rename, renamenx_leaves_a_name_that_is_taken)
{
    EXPECT("RPUSH to a", ":1");
    EXPECT("RENAMENX k to", ":0");
    EXPECT("GET k", "v");
    EXPECT("LRANGE to 0 -1", "[a]");
    EXPECT("RENAMENX k other", ":1");
    EXPECT("GET other", "v");
}

Test(rename, renamenx_takes_the_name_of_a_key_that_fell_due)
{
    EXPECT("SET to w PX 100", "+OK");
    command_server_advance_ms(101);
    EXPECT("RENAMENX k to", ":1");
    EXPECT("GET to", "v");
    EXPECT("TTL to", ":-1");
}

Test(rename, moves_collections_with_all_their_elements)
{
    EXPECT("ZADD z 1 a 2 b", ":2");
    EXPECT("RENAME z k", "+OK");
    EXPECT("ZRANGE k 0 -1 WITHSCORES", "[a 1 b 2]");
}

Test(copy, makes_a_value_of_its_own)
{
    EXPECT("RPUSH l a b", ":2");
    EXPECT("COPY l to", ":1");
    EXPECT("RPUSH to c", ":3");
    EXPECT("LRANGE l 0 -1", "[a b]");
    EXPECT("LRANGE to 0 -1", "[a b c]");
}

Test(copy, takes_the_deadline_along)
{
    EXPECT("EXPIRE k 100", ":1");
    EXPECT("COPY k to", ":1");
    EXPECT("TTL to", ":100");
    EXPECT("PERSIST to", ":1");
    EXPECT("TTL k", ":100");
}

Test(copy, leaves_a_name_that_is_taken_unless_it_may_replace)
{
    EXPECT("SET to w EX 100", "+OK");
    EXPECT("COPY k to", ":0");
    EXPECT("GET to", "w");
    EXPECT("COPY k to replace", ":1");
    EXPECT("GET to", "v");
    EXPECT("TTL to", ":-1");
}

Test(copy, of_nothing_is_refused_even_with_replace)
{
    EXPECT("COPY nokey k REPLACE", ":0");
    EXPECT("GET k", "v");
}

Test(copy, goes_to_another_database_under_the_same_name)
{
    EXPECT("COPY k k DB 1", ":1");
    command_server_select(1);
    EXPECT("GET k", "v");
    EXPECT("COPY k k REPLACE DB 0", ":1");
}

Test(copy, to_itself_is_an_error)
{
    EXPECT("COPY k k", SAME_OBJECT);
    EXPECT("COPY k k DB 0 REPLACE", SAME_OBJECT);
    EXPECT("COPY nokey nokey", SAME_OBJECT);
}

Test(copy, refuses_options_and_databases_that_are_none)
{
    EXPECT("COPY k to DB 2", DB_RANGE);
    EXPECT("COPY k to DB -1", DB_RANGE);
    EXPECT("COPY k to DB x", NOT_INTEGER);
    EXPECT("COPY k to DB 9223372036854775808", NOT_INTEGER);
    EXPECT("COPY k to DB", SYNTAX_ERROR);
    EXPECT("COPY k to OVER", SYNTAX_ERROR);
    EXPECT("EXISTS to", ":0");
}

Test(copy, tells_of_the_new_key_alone)
{
    EXPECT_EVENTS("COPY k to", "copy_to to");
    EXPECT_EVENTS("COPY k to", "");
    EXPECT_CHANGES("COPY k to REPLACE", 1);
}

Test(copy, of_a_long_collection_has_every_element)
{
    struct buffer line;
    buffer_init(&line);
    for (int i = 0; i < 300; i++) {
        buffer_printf(&line, "%s m%d", i == 0 ? "SADD s" : "", i);
    }
    buffer_append(&line, "", 1);
    EXPECT(line.data, ":300");
    EXPECT("COPY s to", ":1");
    EXPECT("SCARD to", ":300");
    EXPECT("SDIFF s to", "[]");
    buffer_deinit(&line);
}

Test(move, takes_the_key_with_its_deadline_to_another_database)
{
    EXPECT("EXPIRE k 100", ":1");
    EXPECT("MOVE k 1", ":1");
    EXPECT("EXISTS k", ":0");
    command_server_select(1);
    EXPECT("GET k", "v");
    EXPECT("TTL k", ":100");
}

Test(move, leaves_a_name_that_is_taken)
{
    command_server_select(1);
    EXPECT("SET k w", "+OK");
    command_server_select(0);
    EXPECT("MOVE k 1", ":0");
    EXPECT("GET k", "v");
    EXPECT("MOVE nokey 1", ":0");
}

Test(move, refuses_databases_that_are_none)
{
    EXPECT("MOVE k 0", SAME_OBJECT);
    EXPECT("MOVE k 2", DB_RANGE);
    EXPECT("MOVE k -1", DB_RANGE);
    EXPECT("MOVE k x", NOT_INTEGER);
    EXPECT("MOVE nokey 0", SAME_OBJECT);
}

Test(move, tells_of_both_databases)
{
    EXPECT_EVENTS("MOVE k 1", "move_from k, move_to k");
    EXPECT_EVENTS("MOVE k 1", "");
}

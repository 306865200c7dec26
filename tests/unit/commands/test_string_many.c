/* SPDX-License-Identifier: BSD-3-Clause */
/* Strings of many keys: all or none, keys that are named twice, more of them than one prefetch takes.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

TestSuite(string_many, .init = command_server_setup, .fini = command_server_teardown);

Test(string_many, mget_answers_nothing_for_a_missing_key_and_another_type)
{
    EXPECT("SET a 1", "+OK");
    EXPECT("SET c \"\"", "+OK");
    EXPECT("RPUSH l x", ":1");
    EXPECT("MGET a b c l a", "[1 nil \"\" nil 1]");
    command_server_speak(3);
    EXPECT("MGET b l", "[null null]");
}

Test(string_many, mset_lets_the_last_value_of_a_key_stand)
{
    EXPECT("MSET a 1 b 2 a 3", "+OK");
    EXPECT("MGET a b", "[3 2]");
}

Test(string_many, mset_clears_deadlines_and_replaces_other_types)
{
    EXPECT("SET a v EX 100", "+OK");
    EXPECT("RPUSH b x", ":1");
    EXPECT("MSET a 1 b 2", "+OK");
    EXPECT("TTL a", ":-1");
    EXPECT("MGET a b", "[1 2]");
}

Test(string_many, mset_wants_pairs)
{
    EXPECT("MSET a 1 b", "-ERR wrong number of arguments for 'mset' command");
    EXPECT("MSETNX a 1 b", "-ERR wrong number of arguments for 'msetnx' command");
    EXPECT("EXISTS a", ":0");
}

Test(string_many, mset_tells_of_every_pair)
{
    EXPECT_EVENTS("MSET a 1 b 2 a 3", "set a, set b, set a");
    EXPECT_CHANGES("MSET a 1 b 2", 2);
}

Test(string_many, msetnx_writes_all_or_nothing)
{
    EXPECT("MSETNX a 1 b 2", ":1");
    EXPECT("MSETNX c 3 b 4", ":0");
    EXPECT("MGET a b c", "[1 2 nil]");
    EXPECT_EVENTS("MSETNX c 3 b 4", "");
}

Test(string_many, msetnx_is_refused_by_a_key_of_any_type)
{
    EXPECT("RPUSH l x", ":1");
    EXPECT("MSETNX a 1 l 2", ":0");
    EXPECT("EXISTS a", ":0");
}

Test(string_many, msetnx_takes_a_new_key_twice)
{
    EXPECT("MSETNX a 1 a 2", ":1");
    EXPECT("GET a", "2");
}

Test(string_many, msetnx_writes_over_keys_that_fell_due)
{
    EXPECT("SET a v PX 100", "+OK");
    command_server_advance_ms(101);
    EXPECT("MSETNX a 1 b 2", ":1");
    EXPECT("TTL a", ":-1");
}

Test(string_many, takes_more_keys_than_one_group_of_lookups)
{
    struct buffer mset, mget, values;
    buffer_init(&mset);
    buffer_init(&mget);
    buffer_init(&values);
    for (int i = 0; i < 100; i++) {
        buffer_printf(&mset, "%s k%d %d", i == 0 ? "MSET" : "", i, i);
        buffer_printf(&mget, "%s k%d", i == 0 ? "MGET" : "", i);
        buffer_printf(&values, "%s%d", i == 0 ? "[" : " ", i);
    }
    buffer_append(&mset, "", 1);
    buffer_append(&mget, "", 1);
    buffer_append(&values, "]", 2);
    EXPECT(mset.data, "+OK");
    EXPECT("DBSIZE", ":100");
    EXPECT(mget.data, values.data);
    buffer_deinit(&mset);
    buffer_deinit(&mget);
    buffer_deinit(&values);
}

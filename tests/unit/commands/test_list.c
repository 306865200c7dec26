/* SPDX-License-Identifier: BSD-3-Clause */
/* Both ends of lists: counts that are none, the last element and its key, listpack and quicklist.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

#define MUST_BE_POSITIVE "-ERR value is out of range, must be positive"

TestSuite(push, .init = command_server_setup, .fini = command_server_teardown);
TestSuite(pop, .init = command_server_setup, .fini = command_server_teardown);

Test(push, adds_one_element_after_the_other_at_its_end)
{
    EXPECT("RPUSH l a b", ":2");
    EXPECT("LPUSH l c d", ":4");
    EXPECT("LRANGE l 0 -1", "[d c a b]");
}

Test(push, with_x_needs_a_list)
{
    EXPECT("LPUSHX l a", ":0");
    EXPECT("RPUSHX l a b", ":0");
    EXPECT("EXISTS l", ":0");
    EXPECT("RPUSH l a", ":1");
    EXPECT("LPUSHX l b c", ":3");
    EXPECT("RPUSHX l d", ":4");
    EXPECT("LRANGE l 0 -1", "[c b a d]");
}

Test(push, keeps_every_byte_of_every_element)
{
    EXPECT("RPUSH l \"\" \"\\x00\\xff\" 007 -0 9223372036854775807 9223372036854775808", ":6");
    EXPECT("LRANGE l 0 -1", "[\"\" \"\\x00\\xff\" 007 -0 9223372036854775807 9223372036854775808]");
}

Test(push, tells_one_event_and_counts_each_element)
{
    EXPECT_EVENTS("LPUSH l a b", "lpush l");
    EXPECT_EVENTS("RPUSHX l c", "rpush l");
    EXPECT_EVENTS("LPUSHX nokey c", "");
    EXPECT_CHANGES("RPUSH l d e f", 3);
}

Test(push, keeps_the_deadline)
{
    EXPECT("RPUSH l a", ":1");
    EXPECT("EXPIRE l 100", ":1");
    EXPECT("LPUSH l b", ":2");
    EXPECT("TTL l", ":100");
}

Test(push, refuses_another_type)
{
    EXPECT("SET k v", "+OK");
    EXPECT("LPUSH k a", WRONGTYPE);
    EXPECT("RPUSHX k a", WRONGTYPE);
    EXPECT("LPOP k", WRONGTYPE);
    EXPECT("RPOP k 0", WRONGTYPE);
    EXPECT("LLEN k", WRONGTYPE);
    EXPECT("GET k", "v");
}

Test(push, wants_an_element)
{
    EXPECT("LPUSH l", "-ERR wrong number of arguments for 'lpush' command");
    EXPECT("RPUSHX l", "-ERR wrong number of arguments for 'rpushx' command");
}

Test(push, makes_a_quicklist_of_one_element_too_many)
{
    EXPECT("CONFIG SET list-max-listpack-size 3", "+OK");
    EXPECT("RPUSH l a b c", ":3");
    EXPECT("OBJECT ENCODING l", "listpack");
    EXPECT("RPUSH l d", ":4");
    EXPECT("OBJECT ENCODING l", "quicklist");
    EXPECT("LRANGE l 0 -1", "[a b c d]");
}

Test(push, makes_a_listpack_again_only_when_half_is_gone)
{
    EXPECT("CONFIG SET list-max-listpack-size 4", "+OK");
    EXPECT("RPUSH l a b c d e", ":5");
    EXPECT("OBJECT ENCODING l", "quicklist");
    EXPECT("RPOP l 2", "[e d]");
    EXPECT("OBJECT ENCODING l", "quicklist");
    EXPECT("RPOP l", "c");
    EXPECT("OBJECT ENCODING l", "listpack");
    EXPECT("LRANGE l 0 -1", "[a b]");
}

Test(push, of_many_elements_at_once_adds_them_all)
{
    struct buffer line;
    buffer_init(&line);
    for (int i = 0; i < 1500; i++) {
        buffer_printf(&line, "%s e%d", i == 0 ? "RPUSH l" : "", i);
    }
    buffer_append(&line, "", 1);
    EXPECT(line.data, ":1500");
    EXPECT("LINDEX l 1499", "e1499");
    EXPECT("LINDEX l 750", "e750");
    EXPECT("LINDEX l 1500", "nil");
    buffer_deinit(&line);
}

Test(pop, takes_from_its_end_and_the_key_with_the_last_element)
{
    EXPECT("RPUSH l a b c", ":3");
    EXPECT("LPOP l", "a");
    EXPECT("RPOP l", "c");
    EXPECT_EVENTS("LPOP l", "lpop l, del l");
    EXPECT("EXISTS l", ":0");
}

Test(pop, with_a_count_takes_so_many_or_all)
{
    EXPECT("RPUSH l a b c d", ":4");
    EXPECT("RPOP l 2", "[d c]");
    EXPECT("LPOP l 1", "[a]");
    EXPECT("LPOP l 9223372036854775807", "[b]");
    EXPECT("EXISTS l", ":0");
}

Test(pop, of_nothing_is_nil_or_a_null_array)
{
    EXPECT("LPOP nokey", "nil");
    EXPECT("LPOP nokey 2", "nil-array");
    EXPECT("RPOP nokey 0", "nil-array");
    command_server_speak(3);
    EXPECT("RPOP nokey", "null");
    EXPECT("RPOP nokey 2", "null");
}

Test(pop, of_no_elements_changes_nothing)
{
    EXPECT("RPUSH l a", ":1");
    EXPECT("LPOP l 0", "[]");
    EXPECT_EVENTS("RPOP l 0", "");
    EXPECT("LLEN l", ":1");
}

Test(pop, refuses_a_count_that_is_none)
{
    EXPECT("RPUSH l a", ":1");
    EXPECT("LPOP l -1", MUST_BE_POSITIVE);
    EXPECT("LPOP l -9223372036854775808", MUST_BE_POSITIVE);
    EXPECT("RPOP l x", MUST_BE_POSITIVE);
    EXPECT("RPOP l 9223372036854775808", MUST_BE_POSITIVE);
    EXPECT("LPOP l 1 2", "-ERR wrong number of arguments for 'lpop' command");
    EXPECT("LLEN l", ":1");
}

Test(pop, counts_a_change_for_each_element)
{
    EXPECT("RPUSH l a b c", ":3");
    EXPECT_CHANGES("LPOP l 2", 2);
    EXPECT_CHANGES("LPOP l 5", 1);
    EXPECT_CHANGES("LPOP l", 0);
}

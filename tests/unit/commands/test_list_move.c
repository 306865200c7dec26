/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists, several at a time: from end to end, within one list, from the first list that has something.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

static void two_lists(void)
{
    command_server_setup();
    EXPECT("RPUSH a 1 2 3", ":3");
    EXPECT("RPUSH b x y", ":2");
}

TestSuite(lmove, .init = two_lists, .fini = command_server_teardown);
TestSuite(lmpop, .init = two_lists, .fini = command_server_teardown);

Test(lmove, moves_from_any_end_to_any_end)
{
    EXPECT("LMOVE a b LEFT RIGHT", "1");
    EXPECT("LMOVE a b right left", "3");
    EXPECT("LRANGE a 0 -1", "[2]");
    EXPECT("LRANGE b 0 -1", "[3 x y 1]");
}

Test(lmove, within_one_list_rotates)
{
    EXPECT("LMOVE a a LEFT RIGHT", "1");
    EXPECT("LRANGE a 0 -1", "[2 3 1]");
    EXPECT("RPOPLPUSH a a", "1");
    EXPECT("LRANGE a 0 -1", "[1 2 3]");
    EXPECT("LMOVE a a LEFT LEFT", "1");
    EXPECT("LRANGE a 0 -1", "[1 2 3]");
}

Test(lmove, of_the_only_element_within_its_list_keeps_the_key)
{
    EXPECT("RPUSH one x", ":1");
    EXPECT("EXPIRE one 100", ":1");
    EXPECT_EVENTS("LMOVE one one RIGHT LEFT", "lpush one, rpop one");
    EXPECT("LRANGE one 0 -1", "[x]");
    EXPECT("TTL one", ":100");
}

Test(lmove, of_the_last_element_removes_the_key)
{
    EXPECT("RPUSH one x", ":1");
    EXPECT_EVENTS("LMOVE one b LEFT LEFT", "lpush b, lpop one, del one");
    EXPECT("EXISTS one", ":0");
}

Test(lmove, makes_its_destination)
{
    EXPECT("RPOPLPUSH a new", "3");
    EXPECT("LRANGE new 0 -1", "[3]");
    EXPECT_CHANGES("LMOVE a new LEFT LEFT", 1);
}

Test(lmove, of_nothing_is_nil_and_makes_no_key)
{
    EXPECT("LMOVE nokey new LEFT LEFT", "nil");
    EXPECT("RPOPLPUSH nokey new", "nil");
    EXPECT("EXISTS new", ":0");
    command_server_speak(3);
    EXPECT("RPOPLPUSH nokey new", "null");
}

Test(lmove, refuses_another_type_at_either_end)
{
    EXPECT("SET k v", "+OK");
    EXPECT("LMOVE a k LEFT LEFT", WRONGTYPE);
    EXPECT("LMOVE k a LEFT LEFT", WRONGTYPE);
    EXPECT("LMOVE nokey k LEFT LEFT", "nil");
    EXPECT("LRANGE a 0 -1", "[1 2 3]");
}

Test(lmove, takes_left_and_right_alone)
{
    EXPECT("LMOVE a b UP LEFT", SYNTAX_ERROR);
    EXPECT("LMOVE a b LEFT DOWN", SYNTAX_ERROR);
    EXPECT("LMOVE a b LEFT", "-ERR wrong number of arguments for 'lmove' command");
}

Test(lmpop, takes_from_the_first_list_that_has_something)
{
    EXPECT("LMPOP 3 nokey b a LEFT", "[b [x]]");
    EXPECT("LMPOP 2 nokey a RIGHT COUNT 2", "[a [3 2]]");
    EXPECT("LMPOP 2 nokey other LEFT", "nil-array");
}

Test(lmpop, takes_all_when_there_are_fewer)
{
    EXPECT_EVENTS("LMPOP 1 a LEFT COUNT 9223372036854775807", "lpop a, del a");
    EXPECT("EXISTS a", ":0");
}

Test(lmpop, stops_at_another_type_it_meets)
{
    EXPECT("SET k v", "+OK");
    EXPECT("LMPOP 2 k a LEFT", WRONGTYPE);
    EXPECT("LMPOP 2 a k LEFT", "[a [1]]");
}

Test(lmpop, refuses_numbers_that_are_none)
{
    EXPECT("LMPOP 0 a LEFT", "-ERR numkeys should be greater than 0");
    EXPECT("LMPOP -1 a LEFT", "-ERR numkeys should be greater than 0");
    EXPECT("LMPOP x a LEFT", "-ERR numkeys should be greater than 0");
    EXPECT("LMPOP 1 a LEFT COUNT 0", "-ERR count should be greater than 0");
    EXPECT("LMPOP 1 a LEFT COUNT -1", "-ERR count should be greater than 0");
    EXPECT("LMPOP 1 a LEFT COUNT 9223372036854775808", "-ERR count should be greater than 0");
    EXPECT("LLEN a", ":3");
}

Test(lmpop, refuses_arguments_that_do_not_fit)
{
    EXPECT("LMPOP 9223372036854775807 a LEFT", SYNTAX_ERROR);
    EXPECT("LMPOP 2 a LEFT", SYNTAX_ERROR);
    EXPECT("LMPOP 1 a UP", SYNTAX_ERROR);
    EXPECT("LMPOP 1 a LEFT COUNT", SYNTAX_ERROR);
    EXPECT("LMPOP 1 a LEFT COUNT 1 COUNT 2", SYNTAX_ERROR);
    EXPECT("LMPOP 1 a LEFT LIMIT 1", SYNTAX_ERROR);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Sets: by member, random members, scanning, and sets from sets; both sides of each encoding limit.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

static void sources(void)
{
    command_server_setup();
    EXPECT("SADD x 1 2 3 4", ":4");
    EXPECT("SADD y 3 4 5", ":3");
    EXPECT("SET text v", "+OK");
}

TestSuite(set_command, .init = sources, .fini = command_server_teardown);
TestSuite(set_random_command, .init = sources, .fini = command_server_teardown);
TestSuite(set_combine_command, .init = sources, .fini = command_server_teardown);

static const char WRONG_TYPE[] = "-WRONGTYPE Operation against a key holding the wrong kind of value";

Test(set_command, sadd_counts_new_members_alone)
{
    EXPECT("SADD x 4 5 5", ":1");
    EXPECT("SADD x 4 5", ":0");
    EXPECT("SCARD x", ":5");
}

Test(set_command, sadd_tells_one_event_and_none_when_nothing_is_new)
{
    EXPECT_EVENTS("SADD x 8 9", "sadd x");
    EXPECT_EVENTS("SADD x 8 9", "");
    EXPECT_CHANGES("SADD x 9 10 11", 2);
}

Test(set_command, sadd_refuses_another_type)
{
    EXPECT("SADD text a", WRONG_TYPE);
    EXPECT("SADD x", "-ERR wrong number of arguments for 'sadd' command");
}

Test(set_command, integers_stay_an_intset_up_to_the_limit)
{
    EXPECT("CONFIG SET set-max-intset-entries 5", "+OK");
    EXPECT("SADD x 5", ":1");
    EXPECT("OBJECT ENCODING x", "intset");
    EXPECT("SADD x 6", ":1");
    EXPECT("OBJECT ENCODING x", "hashtable");
}

Test(set_command, a_text_makes_a_listpack_of_an_intset)
{
    EXPECT("SADD x a", ":1");
    EXPECT("OBJECT ENCODING x", "listpack");
    EXPECT("SMEMBERS x", "[1 2 3 4 a]");
}

Test(set_command, a_listpack_becomes_a_table_with_one_member_too_many)
{
    EXPECT("CONFIG SET set-max-listpack-entries 2", "+OK");
    EXPECT("SADD s a b", ":2");
    EXPECT("OBJECT ENCODING s", "listpack");
    EXPECT("SADD s c", ":1");
    EXPECT("OBJECT ENCODING s", "hashtable");
}

Test(set_command, a_listpack_becomes_a_table_with_a_member_too_long)
{
    EXPECT("CONFIG SET set-max-listpack-value 4", "+OK");
    EXPECT("SADD s abcd", ":1");
    EXPECT("OBJECT ENCODING s", "listpack");
    EXPECT("SADD s abcde", ":1");
    EXPECT("OBJECT ENCODING s", "hashtable");
}

Test(set_command, numbers_that_are_not_canonical_are_other_members)
{
    EXPECT("SISMEMBER x 01", ":0");
    EXPECT("SISMEMBER x +1", ":0");
    EXPECT("SISMEMBER x \" 1\"", ":0");
    EXPECT("SISMEMBER x 1", ":1");
}

Test(set_command, srem_removes_the_empty_key)
{
    EXPECT("SREM y 3 3 9", ":1");
    EXPECT_EVENTS("SREM y 4 5", "srem y, del y");
    EXPECT("EXISTS y", ":0");
}

Test(set_command, srem_of_nothing_tells_nothing)
{
    EXPECT_EVENTS("SREM x 9", "");
    EXPECT("SREM nokey 1", ":0");
    EXPECT("SREM text 1", WRONG_TYPE);
}

Test(set_command, smismember_answers_for_each)
{
    EXPECT("SMISMEMBER x 1 9 1", "[:1 :0 :1]");
    EXPECT("SMISMEMBER nokey 1 2", "[:0 :0]");
    EXPECT("SMISMEMBER text 1", WRONG_TYPE);
}

Test(set_command, smove_moves_and_tells_both_keys)
{
    EXPECT_EVENTS("SMOVE x y 1", "srem x, sadd y");
    EXPECT("SMEMBERS y", "[1 3 4 5]");
}

Test(set_command, smove_of_a_member_that_the_destination_has_removes_it_only)
{
    EXPECT_EVENTS("SMOVE x y 3", "srem x");
    EXPECT("SCARD y", ":3");
}

Test(set_command, smove_within_one_set_changes_nothing)
{
    EXPECT_EVENTS("SMOVE x x 1", "");
    EXPECT("SMOVE x x 1", ":1");
    EXPECT("SMOVE x x 9", ":0");
}

Test(set_command, smove_of_the_last_member_removes_the_source)
{
    EXPECT("SADD one 7", ":1");
    EXPECT_EVENTS("SMOVE one y 7", "srem one, del one, sadd y");
}

Test(set_command, smove_checks_the_types_of_both_keys)
{
    EXPECT("SMOVE text x 1", WRONG_TYPE);
    EXPECT("SMOVE x text 1", WRONG_TYPE);
    EXPECT("SMOVE nokey text 1", ":0");
    EXPECT("SCARD x", ":4");
}

Test(set_command, members_are_a_set_in_resp3)
{
    command_server_speak(3);
    EXPECT("SMEMBERS y", "~[3 4 5]");
    EXPECT("SMEMBERS nokey", "~[]");
    EXPECT("SUNION x y", "~[1 2 3 4 5]");
}

Test(set_random_command, spop_without_a_count_answers_a_member)
{
    EXPECT("SADD one 7", ":1");
    EXPECT_EVENTS("SPOP one", "spop one, del one");
    EXPECT("SPOP one", "nil");
}

Test(set_random_command, spop_of_all_removes_the_key)
{
    EXPECT("SPOP y 3", "[3 4 5]");
    EXPECT("EXISTS y", ":0");
    EXPECT("SPOP y 1", "[]");
}

Test(set_random_command, spop_of_none_changes_nothing)
{
    EXPECT("SPOP y 0", "[]");
    EXPECT_EVENTS("SPOP y 0", "");
    EXPECT("SCARD y", ":3");
}

Test(set_random_command, spop_refuses_a_negative_count)
{
    EXPECT("SPOP y -1", "-ERR value is out of range, must be positive");
    EXPECT("SPOP y a", "-ERR value is out of range, must be positive");
    EXPECT("SPOP y 1 2", "-ERR syntax error");
    EXPECT("SPOP text 1", WRONG_TYPE);
}

Test(set_random_command, spop_of_some_leaves_the_others)
{
    EXPECT_CHANGES("SPOP x 3", 3);
    EXPECT("SCARD x", ":1");
}

Test(set_random_command, srandmember_of_a_negative_count_repeats)
{
    EXPECT("SADD one 7", ":1");
    EXPECT("SRANDMEMBER one -3", "[7 7 7]");
    EXPECT("SRANDMEMBER nokey -3", "[]");
    EXPECT("SRANDMEMBER nokey", "nil");
}

Test(set_random_command, srandmember_of_more_than_there_are_gives_each_once)
{
    EXPECT("SRANDMEMBER y 100", "[3 4 5]");
    EXPECT("SRANDMEMBER y 0", "[]");
}

Test(set_random_command, srandmember_refuses_counts_that_cannot_be_turned_round)
{
    EXPECT("SRANDMEMBER y -9223372036854775808",
           "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807");
    EXPECT("SRANDMEMBER y 9223372036854775808", "-ERR value is not an integer or out of range");
    EXPECT("SRANDMEMBER y 1 2", "-ERR syntax error");
}

Test(set_random_command, sscan_gives_an_intset_at_once)
{
    EXPECT("SSCAN y 0 COUNT 1", "[0 [3 4 5]]");
    EXPECT("SSCAN y 0 MATCH [35] COUNT 1", "[0 [3 5]]");
    EXPECT("SSCAN nokey 0", "[0 []]");
}

Test(set_random_command, sscan_refuses_wrong_cursors_counts_and_types)
{
    EXPECT("SSCAN y 1x", "-ERR invalid cursor");
    EXPECT("SSCAN y 18446744073709551616", "-ERR invalid cursor");
    EXPECT("SSCAN y 0 COUNT -1", "-ERR syntax error");
    EXPECT("SSCAN y 0 MATCH", "-ERR syntax error");
    EXPECT("SSCAN text 0", WRONG_TYPE);
}

Test(set_combine_command, intersects_unites_and_subtracts)
{
    EXPECT("SINTER x y", "[3 4]");
    EXPECT("SDIFF x y", "[1 2]");
    EXPECT("SUNION y x", "[1 2 3 4 5]");
}

Test(set_combine_command, a_missing_set_is_empty)
{
    EXPECT("SINTER x nokey", "[]");
    EXPECT("SUNION nokey y", "[3 4 5]");
    EXPECT("SDIFF nokey x", "[]");
    EXPECT("SDIFF y nokey", "[3 4 5]");
}

Test(set_combine_command, a_set_without_itself_is_empty)
{
    EXPECT("SDIFF x y x", "[]");
    EXPECT("SINTER x x", "[1 2 3 4]");
}

Test(set_combine_command, checks_types_even_beside_a_missing_set)
{
    EXPECT("SINTER nokey text", WRONG_TYPE);
    EXPECT("SUNION x text", WRONG_TYPE);
    EXPECT("SDIFFSTORE to x text", WRONG_TYPE);
}

Test(set_combine_command, storing_replaces_whatever_was_there)
{
    EXPECT_EVENTS("SINTERSTORE text x y", "sinterstore text");
    EXPECT("SMEMBERS text", "[3 4]");
    EXPECT("OBJECT ENCODING text", "intset");
}

Test(set_combine_command, storing_an_empty_result_removes_the_destination)
{
    EXPECT_EVENTS("SINTERSTORE text x nokey", "del text");
    EXPECT("EXISTS text", ":0");
    EXPECT_EVENTS("SDIFFSTORE text nokey", "");
}

Test(set_combine_command, storing_drops_the_deadline_of_the_destination)
{
    EXPECT("EXPIRE y 100", ":1");
    EXPECT("SUNIONSTORE y x y", ":5");
    EXPECT("TTL y", ":-1");
}

Test(set_combine_command, storing_onto_a_source_reads_it_first)
{
    EXPECT("SDIFFSTORE x x y", ":2");
    EXPECT("SMEMBERS x", "[1 2]");
}

Test(set_combine_command, sintercard_stops_at_its_limit)
{
    EXPECT("SINTERCARD 2 x y", ":2");
    EXPECT("SINTERCARD 2 x y LIMIT 1", ":1");
    EXPECT("SINTERCARD 2 x y LIMIT 0", ":2");
    EXPECT("SINTERCARD 2 x nokey", ":0");
}

Test(set_combine_command, sintercard_refuses_wrong_limits_and_numbers)
{
    EXPECT("SINTERCARD 0 x", "-ERR numkeys should be greater than 0");
    EXPECT("SINTERCARD -9223372036854775808 x", "-ERR numkeys should be greater than 0");
    EXPECT("SINTERCARD 3 x y", "-ERR Number of keys can't be greater than number of args");
    EXPECT("SINTERCARD 2 x y LIMIT -1", "-ERR LIMIT can't be negative");
    EXPECT("SINTERCARD 2 x y LIMIT", "-ERR syntax error");
    EXPECT("SINTERCARD 2 x y COUNT 1", "-ERR syntax error");
}

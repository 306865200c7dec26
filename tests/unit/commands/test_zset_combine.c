/* SPDX-License-Identifier: BSD-3-Clause */
/* Sorted sets from sorted sets and sets, with weights and aggregates; random members; scanning.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

static void sources(void)
{
    command_server_setup();
    EXPECT("ZADD x 1 a 2 b 3 c", ":3");
    EXPECT("ZADD y 10 b 20 c 30 d", ":3");
    EXPECT("SADD s a d e", ":3");
}

TestSuite(zset_combine, .init = sources, .fini = command_server_teardown);
TestSuite(zset_walk, .init = sources, .fini = command_server_teardown);

Test(zset_combine, unites_with_the_sum_of_scores)
{
    EXPECT("ZUNION 2 x y WITHSCORES", "[a 1 b 12 c 23 d 30]");
    EXPECT("ZUNION 2 x nokey", "[a b c]");
}

Test(zset_combine, weights_multiply_before_scores_are_joined)
{
    EXPECT("ZUNION 2 x y WEIGHTS 2 -1 WITHSCORES", "[d -30 c -14 b -6 a 2]");
    EXPECT("ZINTER 2 x y WEIGHTS 0.5 1 AGGREGATE MAX WITHSCORES", "[b 10 c 20]");
}

Test(zset_combine, aggregates_take_the_least_or_the_greatest)
{
    EXPECT("ZINTER 2 x y AGGREGATE MIN WITHSCORES", "[b 2 c 3]");
    EXPECT("ZINTER 2 x y aggregate max withscores", "[b 10 c 20]");
}

Test(zset_combine, options_come_in_any_order)
{
    EXPECT("ZUNION 2 x y WITHSCORES AGGREGATE MAX WEIGHTS 1 0", "[d 0 a 1 b 2 c 3]");
}

Test(zset_combine, members_of_a_plain_set_have_the_score_one)
{
    EXPECT("ZUNION 2 x s WITHSCORES", "[d 1 e 1 a 2 b 2 c 3]");
    EXPECT("ZINTER 2 s y WEIGHTS 5 1 WITHSCORES", "[d 35]");
}

Test(zset_combine, infinities_that_cancel_each_other_are_zero)
{
    EXPECT("ZADD p inf m", ":1");
    EXPECT("ZADD n -inf m", ":1");
    EXPECT("ZUNION 2 p n WITHSCORES", "[m 0]");
    EXPECT("ZUNION 1 p WEIGHTS 0 WITHSCORES", "[m 0]");
}

Test(zset_combine, refuses_a_number_of_keys_that_is_none)
{
    EXPECT("ZUNION 0 x", "-ERR at least 1 input key is needed for 'zunion' command");
    EXPECT("ZINTERSTORE to -1 x", "-ERR at least 1 input key is needed for 'zinterstore' command");
    EXPECT("ZDIFF a x", "-ERR value is not an integer or out of range");
    EXPECT("ZUNION 9223372036854775807 x", "-ERR syntax error");
}

Test(zset_combine, refuses_weights_that_are_too_few_or_no_numbers)
{
    EXPECT("ZUNION 2 x y WEIGHTS 1", "-ERR syntax error");
    EXPECT("ZUNION 2 x y WEIGHTS 1 a", "-ERR weight value is not a float");
    EXPECT("ZUNION 2 x y WEIGHTS 1 nan", "-ERR weight value is not a float");
}

Test(zset_combine, refuses_an_aggregate_it_does_not_know)
{
    EXPECT("ZUNION 2 x y AGGREGATE AVG", "-ERR syntax error");
    EXPECT("ZUNION 2 x y AGGREGATE", "-ERR syntax error");
}

Test(zset_combine, the_storing_forms_take_no_withscores)
{
    EXPECT("ZUNIONSTORE to 2 x y WITHSCORES", "-ERR syntax error");
    EXPECT("ZDIFFSTORE to 2 x y WITHSCORES", "-ERR syntax error");
}

Test(zset_combine, a_difference_takes_neither_weights_nor_aggregate)
{
    EXPECT("ZDIFF 2 x y WEIGHTS 1 1", "-ERR syntax error");
    EXPECT("ZDIFF 2 x y AGGREGATE SUM", "-ERR syntax error");
}

Test(zset_combine, a_difference_keeps_the_scores_of_the_first)
{
    EXPECT("ZDIFF 2 y x WITHSCORES", "[d 30]");
    EXPECT("ZDIFF 2 x x", "[]");
    EXPECT("ZDIFF 3 x nokey s WITHSCORES", "[b 2 c 3]");
}

Test(zset_combine, storing_an_empty_result_removes_the_destination)
{
    EXPECT("SET to v", "+OK");
    EXPECT_EVENTS("ZINTERSTORE to 2 x nokey", "del to");
    EXPECT_EVENTS("ZDIFFSTORE to 1 nokey", "");
}

Test(zset_combine, storing_replaces_another_type)
{
    EXPECT("SET to v", "+OK");
    EXPECT("ZUNIONSTORE to 2 x y", ":4");
    EXPECT("TYPE to", "+zset");
    EXPECT_EVENTS("ZINTERSTORE to 2 x y", "zinterstore to");
}

Test(zset_combine, storing_onto_a_source_reads_it_first)
{
    EXPECT("ZUNIONSTORE x 2 x x", ":3");
    EXPECT("ZRANGE x 0 -1 WITHSCORES", "[a 2 b 4 c 6]");
}

Test(zset_combine, refuses_a_source_of_another_type)
{
    EXPECT("SET k v", "+OK");
    EXPECT("ZUNION 2 x k", "-WRONGTYPE Operation against a key holding the wrong kind of value");
    EXPECT("ZINTER 2 nokey k", "-WRONGTYPE Operation against a key holding the wrong kind of value");
}

Test(zset_combine, zintercard_stops_at_its_limit)
{
    EXPECT("ZINTERCARD 2 x y", ":2");
    EXPECT("ZINTERCARD 2 x y LIMIT 1", ":1");
    EXPECT("ZINTERCARD 2 x y LIMIT 0", ":2");
}

Test(zset_combine, zintercard_refuses_wrong_limits_and_numbers)
{
    EXPECT("ZINTERCARD 2 x y LIMIT -1", "-ERR LIMIT can't be negative");
    EXPECT("ZINTERCARD 2 x y LIMIT a", "-ERR LIMIT can't be negative");
    EXPECT("ZINTERCARD 0 x", "-ERR at least 1 input key is needed for 'zintercard' command");
    EXPECT("ZINTERCARD 3 x y", "-ERR syntax error");
    EXPECT("ZINTERCARD 2 x y LIMIT", "-ERR syntax error");
}

Test(zset_combine, answers_pairs_in_resp3)
{
    command_server_speak(3);
    EXPECT("ZINTER 2 x y WITHSCORES", "[[b ,12] [c ,23]]");
    EXPECT("ZDIFF 2 x y WITHSCORES", "[[a ,1]]");
}

Test(zset_walk, zrandmember_without_a_count_answers_a_member)
{
    EXPECT("ZADD one 7 only", ":1");
    EXPECT("ZRANDMEMBER one", "only");
    EXPECT("ZRANDMEMBER nokey", "nil");
}

Test(zset_walk, zrandmember_of_a_negative_count_repeats)
{
    EXPECT("ZADD one 7 only", ":1");
    EXPECT("ZRANDMEMBER one -3", "[only only only]");
    EXPECT("ZRANDMEMBER one -2 WITHSCORES", "[only 7 only 7]");
    EXPECT("ZRANDMEMBER nokey -2", "[]");
}

Test(zset_walk, zrandmember_of_more_than_there_are_gives_each_once)
{
    EXPECT("ZADD one 7 only", ":1");
    EXPECT("ZRANDMEMBER one 100 WITHSCORES", "[only 7]");
    EXPECT("ZRANDMEMBER one 0", "[]");
}

Test(zset_walk, zrandmember_refuses_counts_that_cannot_be_turned_round)
{
    EXPECT("ZRANDMEMBER x -9223372036854775808",
           "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807");
    EXPECT("ZRANDMEMBER x 9223372036854775808", "-ERR value is not an integer or out of range");
    EXPECT("ZRANDMEMBER x -9223372036854775807 WITHSCORES", "-ERR value is out of range");
    EXPECT("ZRANDMEMBER x 1 SCORES", "-ERR syntax error");
}

Test(zset_walk, zrandmember_nests_pairs_in_resp3)
{
    EXPECT("ZADD one 7 only", ":1");
    command_server_speak(3);
    EXPECT("ZRANDMEMBER one 5 WITHSCORES", "[[only ,7]]");
}

Test(zset_walk, zscan_gives_a_small_set_at_once_whatever_the_count)
{
    EXPECT("ZSCAN x 0 COUNT 1", "[0 [a 1 b 2 c 3]]");
    EXPECT("ZSCAN nokey 0", "[0 []]");
}

Test(zset_walk, zscan_filters_by_pattern)
{
    EXPECT("ZSCAN x 0 MATCH [bc]", "[0 [b 2 c 3]]");
    EXPECT("ZSCAN x 0 MATCH z*", "[0 []]");
}

Test(zset_walk, zscan_refuses_wrong_cursors_and_counts)
{
    EXPECT("ZSCAN x a", "-ERR invalid cursor");
    EXPECT("ZSCAN x 18446744073709551616", "-ERR invalid cursor");
    EXPECT("ZSCAN x 0 COUNT 0", "-ERR syntax error");
    EXPECT("ZSCAN x 0 COUNT a", "-ERR value is not an integer or out of range");
    EXPECT("ZSCAN x 0 WHATEVER", "-ERR syntax error");
}

Test(zset_walk, zscan_of_another_type_is_refused)
{
    EXPECT("ZSCAN s 0", "-WRONGTYPE Operation against a key holding the wrong kind of value");
}

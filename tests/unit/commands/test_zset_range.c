/* SPDX-License-Identifier: BSD-3-Clause */
/* Ranges of sorted sets: by rank, score and bytes, in either direction and with LIMIT; what removes and pops ranges.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

static void five(void)
{
    command_server_setup();
    EXPECT("ZADD z 1 a 2 b 3 c 4 d 5 e", ":5");
    EXPECT("ZADD lex 0 a 0 b 0 c 0 d", ":4");
}

TestSuite(zrange, .init = five, .fini = command_server_teardown);
TestSuite(zset_remove, .init = five, .fini = command_server_teardown);

Test(zrange, by_rank_counts_negative_indices_from_the_end)
{
    EXPECT("ZRANGE z -2 -1", "[d e]");
    EXPECT("ZRANGE z -100 0", "[a]");
    EXPECT("ZRANGE z 4 2", "[]");
    EXPECT("ZRANGE z 5 9", "[]");
}

Test(zrange, by_rank_takes_indices_at_the_bounds_of_integers)
{
    EXPECT("ZRANGE z -9223372036854775808 9223372036854775807", "[a b c d e]");
    EXPECT("ZRANGE z 9223372036854775807 -1", "[]");
    EXPECT("ZRANGE z 0 9223372036854775808", "-ERR value is not an integer or out of range");
}

Test(zrange, by_rank_refuses_what_is_no_integer)
{
    EXPECT("ZRANGE z 0 1.5", "-ERR value is not an integer or out of range");
    EXPECT("ZRANGE z \"\" 1", "-ERR value is not an integer or out of range");
}

Test(zrange, reversed_by_rank_begins_with_the_greatest)
{
    EXPECT("ZRANGE z 0 1 REV WITHSCORES", "[e 5 d 4]");
    EXPECT("ZREVRANGE z -2 -1", "[b a]");
}

Test(zrange, by_score_takes_exclusive_and_infinite_bounds)
{
    EXPECT("ZRANGE z (1 (4 BYSCORE", "[b c]");
    EXPECT("ZRANGE z -inf +inf BYSCORE", "[a b c d e]");
    EXPECT("ZRANGE z (inf +inf BYSCORE", "[]");
}

Test(zrange, by_score_refuses_bounds_that_are_no_numbers)
{
    EXPECT("ZRANGE z a 2 BYSCORE", "-ERR min or max is not a float");
    EXPECT("ZRANGE z 1 (nan BYSCORE", "-ERR min or max is not a float");
    EXPECT("ZRANGEBYSCORE z ( 2", "[a b]"); /* nothing behind the bracket is 0 */
}

Test(zrange, reversed_by_score_wants_the_greater_bound_first)
{
    EXPECT("ZRANGE z 4 2 BYSCORE REV", "[d c b]");
    EXPECT("ZRANGE z 2 4 BYSCORE REV", "[]");
    EXPECT("ZREVRANGEBYSCORE z (4 2", "[c b]");
}

Test(zrange, a_limit_skips_and_counts)
{
    EXPECT("ZRANGE z -inf +inf BYSCORE LIMIT 1 2", "[b c]");
    EXPECT("ZRANGE z +inf -inf BYSCORE REV LIMIT 1 2", "[d c]");
    EXPECT("ZRANGEBYLEX lex - + LIMIT 3 9", "[d]");
}

Test(zrange, a_negative_count_means_all_and_a_negative_offset_none)
{
    EXPECT("ZRANGEBYSCORE z 2 5 LIMIT 1 -1", "[c d e]");
    EXPECT("ZRANGEBYSCORE z 2 5 LIMIT 1 -9223372036854775808", "[c d e]");
    EXPECT("ZRANGEBYSCORE z 2 5 LIMIT -1 2", "[]");
}

Test(zrange, a_limit_of_nothing_or_beyond_the_end_is_empty)
{
    EXPECT("ZRANGEBYSCORE z 1 5 LIMIT 0 0", "[]");
    EXPECT("ZRANGEBYSCORE z 1 5 LIMIT 9223372036854775807 1", "[]");
    EXPECT("ZRANGEBYSCORE z 1 5 LIMIT 5 1", "[]");
}

Test(zrange, a_limit_wants_integers)
{
    EXPECT("ZRANGEBYSCORE z 1 5 LIMIT a 1", "-ERR value is not an integer or out of range");
    EXPECT("ZRANGEBYSCORE z 1 5 LIMIT 0", "-ERR syntax error");
}

Test(zrange, a_limit_is_refused_by_rank)
{
    EXPECT("ZRANGE z 0 -1 LIMIT 0 1",
           "-ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX");
}

Test(zrange, scores_are_refused_by_bytes)
{
    EXPECT("ZRANGE lex - + BYLEX WITHSCORES", "-ERR syntax error, WITHSCORES not supported in combination with BYLEX");
}

Test(zrange, by_bytes_takes_brackets_and_the_two_ends)
{
    EXPECT("ZRANGE lex [b (d BYLEX", "[b c]");
    EXPECT("ZRANGE lex - (b BYLEX", "[a]");
    EXPECT("ZRANGE lex + [c BYLEX REV", "[d c]");
    EXPECT("ZRANGE lex + - BYLEX", "[]");
}

Test(zrange, by_bytes_refuses_a_bound_without_a_bracket)
{
    EXPECT("ZRANGE lex a [b BYLEX", "-ERR min or max not valid string range item");
    EXPECT("ZRANGE lex [a \"\" BYLEX", "-ERR min or max not valid string range item");
    EXPECT("ZRANGE lex [a +x BYLEX", "-ERR min or max not valid string range item");
    EXPECT("ZLEXCOUNT lex -- +", "-ERR min or max not valid string range item");
}

Test(zrange, a_missing_key_is_empty_but_the_bounds_are_checked_first)
{
    EXPECT("ZRANGE nokey 0 -1", "[]");
    EXPECT("ZRANGE nokey a b BYSCORE", "-ERR min or max is not a float");
    EXPECT("ZRANGEBYLEX nokey x y", "-ERR min or max not valid string range item");
}

Test(zrange, another_type_is_refused)
{
    EXPECT("SET k v", "+OK");
    EXPECT("ZRANGE k 0 -1", "-WRONGTYPE Operation against a key holding the wrong kind of value");
    EXPECT("ZCOUNT k 0 1", "-WRONGTYPE Operation against a key holding the wrong kind of value");
}

Test(zrange, the_old_commands_do_not_know_the_new_words)
{
    EXPECT("ZREVRANGE z 0 -1 REV", "-ERR syntax error");
    EXPECT("ZRANGEBYSCORE z 0 1 BYSCORE", "-ERR syntax error");
    EXPECT("ZRANGEBYLEX lex - + WITHSCORES", "-ERR syntax error, WITHSCORES not supported in combination with BYLEX");
}

Test(zrange, pairs_are_arrays_in_resp3)
{
    command_server_speak(3);
    EXPECT("ZRANGE z 0 1 WITHSCORES", "[[a ,1] [b ,2]]");
    EXPECT("ZREVRANGEBYSCORE z 5 5 WITHSCORES", "[[e ,5]]");
}

Test(zrange, zcount_and_zlexcount_count_what_ranges_give)
{
    EXPECT("ZCOUNT z (1 4", ":3");
    EXPECT("ZCOUNT z 4 1", ":0");
    EXPECT("ZLEXCOUNT lex (a [d", ":3");
    EXPECT("ZLEXCOUNT nokey - +", ":0");
}

Test(zrange, zrangestore_stores_members_with_their_scores)
{
    EXPECT("ZRANGESTORE to z 2 4 BYSCORE LIMIT 1 5", ":2");
    EXPECT("ZRANGE to 0 -1 WITHSCORES", "[c 3 d 4]");
    EXPECT("OBJECT ENCODING to", "listpack");
}

Test(zrange, zrangestore_of_nothing_removes_the_destination)
{
    EXPECT("SET to v", "+OK");
    EXPECT_EVENTS("ZRANGESTORE to z 9 10", "del to");
    EXPECT("EXISTS to", ":0");
    EXPECT_EVENTS("ZRANGESTORE to nokey 0 -1", "");
}

Test(zrange, zrangestore_onto_itself_keeps_the_range)
{
    EXPECT("ZRANGESTORE z z 0 1 REV", ":2");
    EXPECT("ZRANGE z 0 -1", "[d e]");
}

Test(zrange, zrangestore_takes_no_scores)
{
    EXPECT("ZRANGESTORE to z 0 -1 WITHSCORES", "-ERR syntax error");
}

Test(zset_remove, by_rank_counts_and_removes_the_empty_key)
{
    EXPECT("ZREMRANGEBYRANK z 1 -2", ":3");
    EXPECT("ZRANGE z 0 -1", "[a e]");
    EXPECT_EVENTS("ZREMRANGEBYRANK z 0 -1", "zremrangebyrank z, del z");
}

Test(zset_remove, by_score_tells_its_own_event)
{
    EXPECT_EVENTS("ZREMRANGEBYSCORE z (1 2", "zremrangebyscore z");
    EXPECT_EVENTS("ZREMRANGEBYSCORE z 7 8", "");
    EXPECT("ZREMRANGEBYSCORE z x 8", "-ERR min or max is not a float");
}

Test(zset_remove, by_bytes_honours_brackets)
{
    EXPECT("ZREMRANGEBYLEX lex (a [c", ":2");
    EXPECT("ZRANGE lex 0 -1", "[a d]");
    EXPECT("ZREMRANGEBYLEX lex a b", "-ERR min or max not valid string range item");
}

Test(zset_remove, counts_a_change_for_each_member)
{
    EXPECT_CHANGES("ZREMRANGEBYRANK z 0 2", 3);
    EXPECT_CHANGES("ZREMRANGEBYRANK z 5 9", 0);
}

Test(zset_remove, zpopmin_and_zpopmax_take_from_their_own_end)
{
    EXPECT("ZPOPMIN z", "[a 1]");
    EXPECT("ZPOPMAX z 2", "[e 5 d 4]");
    EXPECT("ZRANGE z 0 -1", "[b c]");
}

Test(zset_remove, popping_more_than_there_are_empties_and_removes)
{
    EXPECT("ZPOPMIN z 100", "[a 1 b 2 c 3 d 4 e 5]");
    EXPECT("EXISTS z", ":0");
    EXPECT("ZPOPMIN z", "[]");
}

Test(zset_remove, popping_none_answers_an_empty_array)
{
    EXPECT("ZPOPMIN z 0", "[]");
    EXPECT_EVENTS("ZPOPMAX z 0", "");
}

Test(zset_remove, popping_refuses_a_negative_count)
{
    EXPECT("ZPOPMIN z -1", "-ERR value is out of range, must be positive");
    EXPECT("ZPOPMAX z x", "-ERR value is out of range, must be positive");
    EXPECT("ZPOPMAX z 9223372036854775808", "-ERR value is out of range, must be positive");
}

Test(zset_remove, popping_in_resp3_nests_pairs_only_with_a_count)
{
    command_server_speak(3);
    EXPECT("ZPOPMIN z", "[a ,1]");
    EXPECT("ZPOPMIN z 2", "[[b ,2] [c ,3]]");
    EXPECT("ZPOPMIN nokey", "[]");
}

Test(zset_remove, zmpop_takes_from_the_first_key_that_has_some)
{
    EXPECT("ZMPOP 2 nokey z MAX COUNT 2", "[z [[e 5] [d 4]]]");
    EXPECT("ZMPOP 1 nokey MIN", "nil-array");
}

Test(zset_remove, zmpop_refuses_wrong_numbers_and_words)
{
    EXPECT("ZMPOP 0 z MIN", "-ERR numkeys should be greater than 0");
    EXPECT("ZMPOP x z MIN", "-ERR numkeys should be greater than 0");
    EXPECT("ZMPOP 1 z MIN COUNT 0", "-ERR count should be greater than 0");
    EXPECT("ZMPOP 1 z MIN COUNT 1 COUNT 1", "-ERR syntax error");
    EXPECT("ZMPOP 1 z MIDDLE", "-ERR syntax error");
    EXPECT("ZMPOP 3 z MIN", "-ERR syntax error");
}

Test(zset_remove, zmpop_of_a_key_of_another_type_is_refused_when_it_is_met)
{
    EXPECT("SET k v", "+OK");
    EXPECT("ZMPOP 2 k z MIN", "-WRONGTYPE Operation against a key holding the wrong kind of value");
    EXPECT("ZMPOP 2 z k MIN", "[z [[a 1]]]");
}

Test(zset_remove, popping_tells_its_end_and_the_removal_of_the_key)
{
    EXPECT_EVENTS("ZPOPMIN z 2", "zpopmin z");
    EXPECT_EVENTS("ZMPOP 1 z MAX COUNT 9", "zpopmax z, del z");
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* ZADD, ZINCRBY and what works by member: options that exclude each other, scores that are none, both encodings.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

TestSuite(zadd, .init = command_server_setup, .fini = command_server_teardown);
TestSuite(zset_member, .init = command_server_setup, .fini = command_server_teardown);

Test(zadd, counts_new_members_alone)
{
    EXPECT("ZADD z 1 a 2 b 3 c", ":3");
    EXPECT("ZADD z 1 a 5 b 4 d", ":1");
    EXPECT("ZRANGE z 0 -1 WITHSCORES", "[a 1 c 3 d 4 b 5]");
}

Test(zadd, counts_changed_scores_too_with_ch)
{
    EXPECT("ZADD z 1 a 2 b", ":2");
    EXPECT("ZADD z CH 1 a 3 b 4 c", ":2");
}

Test(zadd, takes_its_options_in_any_order_and_case)
{
    EXPECT("ZADD z 1 a", ":1");
    EXPECT("ZADD z ch gt xx 5 a 6 b", ":1");
    EXPECT("ZRANGE z 0 -1 WITHSCORES", "[a 5]");
}

Test(zadd, refuses_nx_with_xx)
{
    EXPECT("ZADD z NX XX 1 a", "-ERR XX and NX options at the same time are not compatible");
    EXPECT("EXISTS z", ":0");
}

Test(zadd, refuses_gt_or_lt_with_nx_and_with_each_other)
{
    const char *error = "-ERR GT, LT, and/or NX options at the same time are not compatible";
    EXPECT("ZADD z GT NX 1 a", error);
    EXPECT("ZADD z NX LT 1 a", error);
    EXPECT("ZADD z LT GT 1 a", error);
}

Test(zadd, refuses_a_score_without_a_member)
{
    EXPECT("ZADD z 1 a 2", "-ERR syntax error");
    EXPECT("ZADD z NX CH", "-ERR syntax error");
    EXPECT("ZADD z NX CH XX", "-ERR syntax error");
}

Test(zadd, adds_nothing_when_any_score_is_no_number)
{
    EXPECT("ZADD z 1 a nonsense b", "-ERR value is not a valid float");
    EXPECT("ZADD z 1 a nan b", "-ERR value is not a valid float");
    EXPECT("ZADD z 1 a \"\" b", "-ERR value is not a valid float");
    EXPECT("EXISTS z", ":0");
}

Test(zadd, takes_infinities_exponents_and_hexadecimal_scores)
{
    EXPECT("ZADD z inf a -INF b +inf c 1e3 d 0x10 e", ":5");
    EXPECT("ZRANGE z 0 -1 WITHSCORES", "[b -inf e 16 d 1000 a inf c inf]");
}

Test(zadd, refuses_a_score_beyond_all_doubles)
{
    EXPECT("ZADD z 1e400 a", "-ERR value is not a valid float");
}

Test(zadd, the_last_score_of_a_member_named_twice_stands)
{
    EXPECT("ZADD z 1 a 2 a", ":1");
    EXPECT("ZSCORE z a", "2");
}

Test(zadd, with_incr_answers_the_new_score)
{
    EXPECT("ZADD z 10 a", ":1");
    EXPECT("ZADD z INCR 2.5 a", "12.5");
    EXPECT("ZADD z INCR 1 b", "1");
}

Test(zadd, with_incr_answers_nothing_when_an_option_refuses)
{
    EXPECT("ZADD z 10 a", ":1");
    EXPECT("ZADD z NX INCR 1 a", "nil");
    EXPECT("ZADD z XX INCR 1 b", "nil");
    EXPECT("ZADD z GT INCR -1 a", "nil");
    EXPECT("ZRANGE z 0 -1 WITHSCORES", "[a 10]");
}

Test(zadd, with_incr_takes_one_pair)
{
    EXPECT("ZADD z INCR 1 a 2 b", "-ERR INCR option supports a single increment-element pair");
}

Test(zadd, with_incr_refuses_a_sum_that_is_no_number)
{
    EXPECT("ZADD z inf a", ":1");
    EXPECT("ZADD z INCR -inf a", "-ERR resulting score is not a number (NaN)");
    EXPECT("ZSCORE z a", "inf");
}

Test(zadd, on_another_type_changes_nothing)
{
    EXPECT("SET k v", "+OK");
    EXPECT("ZADD k 1 a", "-WRONGTYPE Operation against a key holding the wrong kind of value");
    EXPECT("GET k", "v");
}

Test(zadd, with_xx_makes_no_key)
{
    EXPECT("ZADD z XX 1 a", ":0");
    EXPECT("EXISTS z", ":0");
}

Test(zadd, tells_one_event_and_none_when_nothing_changed)
{
    EXPECT_EVENTS("ZADD z 1 a 2 b", "zadd z");
    EXPECT_EVENTS("ZADD z 1 a", "");
    EXPECT_EVENTS("ZADD z INCR 1 a", "zincr z");
}

Test(zadd, counts_a_change_for_each_member_it_touched)
{
    EXPECT_CHANGES("ZADD z 1 a 2 b", 2);
    EXPECT_CHANGES("ZADD z 1 a 3 b 4 c", 2);
    EXPECT_CHANGES("ZADD z 1 a", 0);
}

Test(zadd, becomes_a_skiplist_with_one_member_too_many)
{
    EXPECT("CONFIG SET zset-max-listpack-entries 2", "+OK");
    EXPECT("ZADD z 1 a 2 b", ":2");
    EXPECT("OBJECT ENCODING z", "listpack");
    EXPECT("ZADD z 3 c", ":1");
    EXPECT("OBJECT ENCODING z", "skiplist");
}

Test(zadd, becomes_a_skiplist_with_a_member_too_long)
{
    EXPECT("CONFIG SET zset-max-listpack-value 3", "+OK");
    EXPECT("ZADD z 1 abc", ":1");
    EXPECT("OBJECT ENCODING z", "listpack");
    EXPECT("ZADD z 1 abcd", ":1");
    EXPECT("OBJECT ENCODING z", "skiplist");
}

Test(zset_member, zincrby_makes_the_member_and_the_key)
{
    EXPECT("ZINCRBY z -1.5 a", "-1.5");
    EXPECT("ZINCRBY z 3 a", "1.5");
    EXPECT("TYPE z", "+zset");
}

Test(zset_member, zincrby_refuses_what_is_no_number)
{
    EXPECT("ZINCRBY z x a", "-ERR value is not a valid float");
    EXPECT("ZINCRBY z nan a", "-ERR value is not a valid float");
    EXPECT("EXISTS z", ":0");
}

Test(zset_member, zincrby_answers_a_double_in_resp3)
{
    command_server_speak(3);
    EXPECT("ZINCRBY z 0.25 a", ",0.25");
    EXPECT("ZSCORE z a", ",0.25");
    EXPECT("ZSCORE z b", "null");
}

Test(zset_member, scores_show_seventeen_digits)
{
    EXPECT("ZADD z 0.1 a 3.0 b 1e17 c 1e-7 d -0 e", ":5");
    EXPECT("ZMSCORE z a b c d", "[0.10000000000000001 3 1e+17 9.9999999999999995e-08]");
}

Test(zset_member, zmscore_answers_nothing_for_each_member_that_is_missing)
{
    EXPECT("ZADD z 1 a", ":1");
    EXPECT("ZMSCORE z b a b", "[nil 1 nil]");
    EXPECT("ZMSCORE nokey a b", "[nil nil]");
}

Test(zset_member, zmscore_wants_a_member)
{
    EXPECT("ZMSCORE z", "-ERR wrong number of arguments for 'zmscore' command");
}

Test(zset_member, zrem_counts_what_was_there_and_removes_the_empty_key)
{
    EXPECT("ZADD z 1 a 2 b", ":2");
    EXPECT("ZREM z a a x", ":1");
    EXPECT_EVENTS("ZREM z b", "zrem z, del z");
    EXPECT("EXISTS z", ":0");
}

Test(zset_member, zrem_of_nothing_tells_nothing)
{
    EXPECT("ZADD z 1 a", ":1");
    EXPECT_EVENTS("ZREM z x", "");
    EXPECT("ZREM nokey x", ":0");
}

Test(zset_member, zrank_and_zrevrank_count_from_their_own_end)
{
    EXPECT("ZADD z 1 a 2 b 3 c", ":3");
    EXPECT("ZRANK z a", ":0");
    EXPECT("ZREVRANK z a", ":2");
    EXPECT("ZRANK z x", "nil");
    EXPECT("ZREVRANK nokey x", "nil");
}

Test(zset_member, zrank_withscore_answers_a_pair_or_a_null_array)
{
    EXPECT("ZADD z 1 a 2.5 b", ":2");
    EXPECT("ZRANK z b WITHSCORE", "[:1 2.5]");
    EXPECT("ZRANK z x WITHSCORE", "nil-array");
    EXPECT("ZREVRANK nokey x withscore", "nil-array");
    command_server_speak(3);
    EXPECT("ZREVRANK z b WITHSCORE", "[:0 ,2.5]");
}

Test(zset_member, zrank_takes_no_other_word_than_withscore)
{
    EXPECT("ZRANK z a WITHSCORES", "-ERR syntax error");
    EXPECT("ZRANK z a WITHSCORE x", "-ERR wrong number of arguments for 'zrank' command");
}

Test(zset_member, zcard_counts_and_refuses_another_type)
{
    EXPECT("ZADD z 1 a 1 b", ":2");
    EXPECT("ZCARD z", ":2");
    EXPECT("ZCARD nokey", ":0");
    EXPECT("RPUSH l x", ":1");
    EXPECT("ZCARD l", "-WRONGTYPE Operation against a key holding the wrong kind of value");
}

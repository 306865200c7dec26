/* SPDX-License-Identifier: BSD-3-Clause */
/* XADD, XTRIM, XDEL, XSETID and reading: ids in every form, options in every order, counts at the bounds of integers.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

static void three(void)
{
    command_server_setup();
    EXPECT("XADD x 1-1 a 1", "1-1");
    EXPECT("XADD x 2-1 b 2", "2-1");
    EXPECT("XADD x 3-1 c 3 d 4", "3-1");
}

TestSuite(xadd, .init = three, .fini = command_server_teardown);
TestSuite(xrange, .init = three, .fini = command_server_teardown);
TestSuite(xread, .init = three, .fini = command_server_teardown);
TestSuite(stream_change, .init = three, .fini = command_server_teardown);

static const char WRONG_TYPE[] = "-WRONGTYPE Operation against a key holding the wrong kind of value";
static const char BAD_ID[] = "-ERR Invalid stream ID specified as stream command argument";
static const char TOO_SMALL[] = "-ERR The ID specified in XADD is equal or smaller than the target stream top item";
static const char NO_INTEGER[] = "-ERR value is not an integer or out of range";

Test(xadd, a_bare_number_means_its_first_sequence)
{
    EXPECT("XADD x 5 f v", "5-0");
    EXPECT("XADD x 5 f v", TOO_SMALL);
}

Test(xadd, an_automatic_sequence_goes_on_behind_the_last)
{
    EXPECT("XADD x 3-* f v", "3-2");
    EXPECT("XADD x 4-* f v", "4-0");
    EXPECT("XADD x 2-* f v", TOO_SMALL);
}

Test(xadd, an_automatic_sequence_of_nothing_begins_at_one)
{
    EXPECT("XADD new 0-* f v", "0-1");
}

Test(xadd, refuses_an_id_that_does_not_grow)
{
    EXPECT("XADD x 3-1 f v", TOO_SMALL);
    EXPECT("XADD x 3-0 f v", TOO_SMALL);
    EXPECT("XLEN x", ":3");
}

Test(xadd, refuses_the_zero_id)
{
    EXPECT("XADD new 0-0 f v", "-ERR The ID specified in XADD must be greater than 0-0");
    EXPECT("EXISTS new", ":0");
}

Test(xadd, refuses_what_is_no_id)
{
    EXPECT("XADD x 4-a f v", BAD_ID);
    EXPECT("XADD x 18446744073709551616 f v", BAD_ID);
    EXPECT("XADD x - f v", BAD_ID);
    EXPECT("XADD x *-1 f v", BAD_ID);
    EXPECT("XADD x \"\" f v", BAD_ID);
}

Test(xadd, refuses_anything_behind_the_greatest_id)
{
    EXPECT("XADD x 18446744073709551615-18446744073709551615 f v", "18446744073709551615-18446744073709551615");
    EXPECT("XADD x * f v", "-ERR The stream has exhausted the last possible ID, unable to add more items");
    EXPECT("XADD x 18446744073709551615-* f v",
           "-ERR The stream has exhausted the last possible ID, unable to add more items");
}

Test(xadd, wants_pairs)
{
    EXPECT("XADD x 4 f", "-ERR wrong number of arguments for 'xadd' command");
    EXPECT("XADD x 4 f v g", "-ERR wrong number of arguments for 'xadd' command");
    EXPECT("XADD x MAXLEN 1 4", "-ERR wrong number of arguments for 'xadd' command");
}

Test(xadd, with_nomkstream_makes_no_key)
{
    EXPECT("XADD new NOMKSTREAM 1 f v", "nil");
    EXPECT("EXISTS new", ":0");
    EXPECT("XADD x NOMKSTREAM 4 f v", "4-0");
}

Test(xadd, trims_in_the_same_call)
{
    EXPECT("XADD x MAXLEN = 2 4-1 f v", "4-1");
    EXPECT("XRANGE x - +", "[[3-1 [c 3 d 4]] [4-1 [f v]]]");
    EXPECT("XADD x MINID 4 5-1 f v", "5-1");
    EXPECT("XLEN x", ":2");
}

Test(xadd, tells_of_the_entry_and_of_the_trim)
{
    EXPECT_EVENTS("XADD x 4-1 f v", "xadd x");
    EXPECT_EVENTS("XADD x MAXLEN 1 5-1 f v", "xadd x, xtrim x");
}

Test(xadd, refuses_two_strategies_and_bounds_that_are_none)
{
    EXPECT("XADD x MAXLEN 1 MINID 2 4 f v",
           "-ERR syntax error, MAXLEN and MINID options at the same time are not compatible");
    EXPECT("XADD x MAXLEN -1 4 f v", "-ERR The MAXLEN argument must be >= 0.");
    EXPECT("XADD x MAXLEN a 4 f v", NO_INTEGER);
    EXPECT("XADD x MINID a 4 f v", BAD_ID);
}

Test(xadd, a_limit_wants_the_approximate_form)
{
    EXPECT("XADD x MAXLEN 1 LIMIT 2 4 f v", "-ERR syntax error, LIMIT cannot be used without the special ~ option");
    EXPECT("XADD x MAXLEN ~ 1 LIMIT -1 4 f v", "-ERR The LIMIT argument must be >= 0.");
}

Test(xadd, refuses_another_type)
{
    EXPECT("SET k v", "+OK");
    EXPECT("XADD k * f v", WRONG_TYPE);
}

Test(xrange, incomplete_ids_reach_over_their_whole_millisecond)
{
    EXPECT("XADD x 3-5 e 5", "3-5");
    EXPECT("XRANGE x 3 3", "[[3-1 [c 3 d 4]] [3-5 [e 5]]]");
    EXPECT("XREVRANGE x 3 3 COUNT 1", "[[3-5 [e 5]]]");
}

Test(xrange, brackets_exclude)
{
    EXPECT("XRANGE x (1-1 (3-1", "[[2-1 [b 2]]]");
    EXPECT("XREVRANGE x (3-1 (1-1", "[[2-1 [b 2]]]");
}

Test(xrange, brackets_at_the_very_ends_are_refused)
{
    EXPECT("XRANGE x (18446744073709551615-18446744073709551615 +", "-ERR invalid start ID for the interval");
    EXPECT("XRANGE x - (0-0", "-ERR invalid end ID for the interval");
    EXPECT("XRANGE x (- +", BAD_ID);
}

Test(xrange, a_range_in_the_wrong_order_is_empty)
{
    EXPECT("XRANGE x 3 1", "[]");
    EXPECT("XREVRANGE x 1 3", "[]");
    EXPECT("XRANGE nokey - +", "[]");
}

Test(xrange, a_count_of_nothing_is_a_null_array)
{
    EXPECT("XRANGE x - + COUNT 0", "nil-array");
    EXPECT("XRANGE x - + COUNT -5", "nil-array");
    EXPECT("XRANGE nokey - + COUNT 0", "[]");
}

Test(xrange, refuses_counts_that_are_none)
{
    EXPECT("XRANGE x - + COUNT a", NO_INTEGER);
    EXPECT("XRANGE x - + COUNT 9223372036854775808", NO_INTEGER);
    EXPECT("XRANGE x - + COUNT", "-ERR syntax error");
    EXPECT("XRANGE x - + LIMIT 1", "-ERR syntax error");
}

Test(xrange, refuses_what_is_no_id)
{
    EXPECT("XRANGE x a +", BAD_ID);
    EXPECT("XRANGE x - 1-2-3", BAD_ID);
    EXPECT("XRANGE x * +", BAD_ID);
}

Test(xrange, passes_over_what_was_deleted)
{
    EXPECT("XDEL x 2-1", ":1");
    EXPECT("XRANGE x - + COUNT 2", "[[1-1 [a 1]] [3-1 [c 3 d 4]]]");
}

Test(xread, gives_what_lies_behind_an_id)
{
    EXPECT("XREAD COUNT 1 STREAMS x 1-1", "[[x [[2-1 [b 2]]]]]");
    EXPECT("XREAD STREAMS x 3-1", "nil-array");
    EXPECT("XREAD STREAMS x $", "nil-array");
}

Test(xread, leaves_streams_out_that_have_nothing)
{
    EXPECT("XREAD STREAMS nokey x 0 2-1", "[[x [[3-1 [c 3 d 4]]]]]");
}

Test(xread, answers_a_map_in_resp3)
{
    command_server_speak(3);
    EXPECT("XREAD STREAMS x 2-1", "{x=[[3-1 [c 3 d 4]]]}");
    EXPECT("XREAD STREAMS x 3-1", "null");
}

Test(xread, wants_as_many_ids_as_streams)
{
    const char *error = "-ERR Unbalanced 'xread' list of streams: for each stream key an ID or '$' must be specified.";
    EXPECT("XREAD STREAMS x y 0", error);
}

Test(xread, refuses_words_that_belong_to_groups)
{
    EXPECT("XREAD NOACK STREAMS x 0",
           "-ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.");
    EXPECT("XREAD GROUP g c STREAMS x 0",
           "-ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.");
    EXPECT("XREAD STREAMS x >",
           "-ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.");
}

Test(xread, refuses_waiting_times_that_are_none)
{
    EXPECT("XREAD BLOCK -1 STREAMS x $", "-ERR timeout is negative");
    EXPECT("XREAD BLOCK a STREAMS x $", "-ERR timeout is not an integer or out of range");
    EXPECT("XREAD COUNT a STREAMS x $", NO_INTEGER);
}

Test(xread, refuses_another_type)
{
    EXPECT("SET k v", "+OK");
    EXPECT("XREAD STREAMS k 0", WRONG_TYPE);
}

Test(stream_change, xdel_counts_what_was_there_and_keeps_the_key)
{
    EXPECT("XDEL x 1-1 1-1 9-9", ":1");
    EXPECT("XDEL x 2-1 3-1", ":2");
    EXPECT("XLEN x", ":0");
    EXPECT("EXISTS x", ":1");
    EXPECT("XADD x 3-1 f v", TOO_SMALL);
}

Test(stream_change, xdel_deletes_nothing_when_any_id_is_none)
{
    EXPECT("XDEL x 1-1 a", BAD_ID);
    EXPECT("XLEN x", ":3");
}

Test(stream_change, xdel_tells_only_of_what_it_deleted)
{
    EXPECT_EVENTS("XDEL x 9-9", "");
    EXPECT_EVENTS("XDEL x 1-1 2-1", "xdel x");
}

Test(stream_change, xtrim_counts_and_tells)
{
    EXPECT("XTRIM x MAXLEN 2", ":1");
    EXPECT_EVENTS("XTRIM x MINID = 3", "xtrim x");
    EXPECT_EVENTS("XTRIM x MAXLEN 100", "");
    EXPECT("XTRIM nokey MAXLEN 1", ":0");
}

Test(stream_change, xtrim_takes_one_strategy_and_nothing_behind_it)
{
    EXPECT("XTRIM x MAXLEN 1 MINID 1",
           "-ERR syntax error, MAXLEN and MINID options at the same time are not compatible");
    EXPECT("XTRIM x MAXLEN 1 more", "-ERR syntax error");
    EXPECT("XTRIM x LIMIT 1 2", "-ERR syntax error");
    EXPECT("XTRIM x MAXLEN 9223372036854775808", NO_INTEGER);
}

Test(stream_change, xtrim_with_a_limit_of_nothing_has_no_limit)
{
    EXPECT("CONFIG SET stream-node-max-entries 1", "+OK");
    EXPECT("XADD y 1 a 1", "1-0");
    EXPECT("XADD y 2 a 1", "2-0");
    EXPECT("XADD y 3 a 1", "3-0");
    EXPECT("XTRIM y MAXLEN ~ 0 LIMIT 1", ":1");
    EXPECT("XTRIM y MAXLEN ~ 0 LIMIT 0", ":2");
}

Test(stream_change, xsetid_refuses_to_go_below_what_is_there)
{
    EXPECT("XSETID x 3-0", "-ERR The ID specified in XSETID is smaller than the target stream top item");
    EXPECT("XSETID x 9-9", "+OK");
    EXPECT("XADD x 9-9 f v", TOO_SMALL);
}

Test(stream_change, xsetid_checks_the_counts_it_is_given)
{
    EXPECT("XSETID x 9-9 ENTRIESADDED 2 MAXDELETEDID 1-1",
           "-ERR The entries_added specified in XSETID is smaller than the target stream length");
    EXPECT("XSETID x 9-9 ENTRIESADDED -1 MAXDELETEDID 1-1", "-ERR entries_added must be positive");
    EXPECT("XSETID x 9-9 ENTRIESADDED 5 MAXDELETEDID 9-10",
           "-ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id");
    EXPECT("XSETID nokey 1-1", "-ERR no such key");
}

Test(stream_change, a_node_takes_no_more_entries_than_the_option_says)
{
    EXPECT("CONFIG SET stream-node-max-entries 2", "+OK");
    EXPECT("XADD y 1 a 1", "1-0");
    EXPECT("XADD y 2 a 1", "2-0");
    EXPECT("XADD y 3 a 1", "3-0");
    EXPECT("XTRIM y MAXLEN ~ 1", ":2");
}

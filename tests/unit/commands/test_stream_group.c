/* SPDX-License-Identifier: BSD-3-Clause */
/* Consumer groups: making and removing them, reading, acknowledging, claiming, and what is told of them.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

/* A stream x of three entries with a group g that has read nothing. */
static void group(void)
{
    command_server_setup();
    EXPECT("XADD x 1-1 a 1", "1-1");
    EXPECT("XADD x 2-1 b 2", "2-1");
    EXPECT("XADD x 3-1 c 3", "3-1");
    EXPECT("XGROUP CREATE x g 0", "+OK");
}

/* The same, where the consumer c has got the first two. */
static void delivered(void)
{
    group();
    EXPECT("XREADGROUP GROUP g c COUNT 2 STREAMS x >", "[[x [[1-1 [a 1]] [2-1 [b 2]]]]]");
}

TestSuite(xgroup, .init = group, .fini = command_server_teardown);
TestSuite(xreadgroup, .init = delivered, .fini = command_server_teardown);
TestSuite(xclaim, .init = delivered, .fini = command_server_teardown);

static const char BAD_ID[] = "-ERR Invalid stream ID specified as stream command argument";
static const char NO_GROUP[] = "-NOGROUP No such consumer group 'h' for key name 'x'";
static const char NO_INTEGER[] = "-ERR value is not an integer or out of range";

Test(xgroup, a_group_of_that_name_is_refused)
{
    EXPECT("XGROUP CREATE x g $", "-BUSYGROUP Consumer Group name already exists");
}

Test(xgroup, a_missing_stream_is_made_only_when_asked_for)
{
    EXPECT("XGROUP CREATE new g $",
           "-ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may "
           "want to use the MKSTREAM option to create an empty stream automatically.");
    EXPECT("EXISTS new", ":0");
    EXPECT_EVENTS("XGROUP CREATE new g $ MKSTREAM", "xgroup-create new");
    EXPECT("XLEN new", ":0");
}

Test(xgroup, create_refuses_wrong_ids_and_words)
{
    EXPECT("XGROUP CREATE x h a", BAD_ID);
    EXPECT("XGROUP CREATE x h 0 NONSENSE",
           "-ERR unknown subcommand or wrong number of arguments for 'CREATE'. Try XGROUP "
           "HELP.");
    EXPECT("XGROUP CREATE x h 0 ENTRIESREAD -2", "-ERR value for ENTRIESREAD must be positive or -1");
}

Test(xgroup, create_of_another_type_is_refused)
{
    EXPECT("SET k v", "+OK");
    EXPECT("XGROUP CREATE k g 0", "-WRONGTYPE Operation against a key holding the wrong kind of value");
}

Test(xgroup, setid_moves_what_comes_next)
{
    EXPECT_EVENTS("XGROUP SETID x g 2-1", "xgroup-setid x");
    EXPECT("XREADGROUP GROUP g c STREAMS x >", "[[x [[3-1 [c 3]]]]]");
    EXPECT("XGROUP SETID x h 0", NO_GROUP);
}

Test(xgroup, createconsumer_answers_whether_it_is_new)
{
    EXPECT("XGROUP CREATECONSUMER x g c", ":1");
    EXPECT("XGROUP CREATECONSUMER x g c", ":0");
    EXPECT("XGROUP CREATECONSUMER x h c", NO_GROUP);
}

Test(xgroup, delconsumer_answers_how_much_was_pending)
{
    EXPECT("XREADGROUP GROUP g c COUNT 2 STREAMS x >", "[[x [[1-1 [a 1]] [2-1 [b 2]]]]]");
    EXPECT_EVENTS("XGROUP DELCONSUMER x g nobody", "");
    EXPECT("XGROUP DELCONSUMER x g c", ":2");
    EXPECT("XPENDING x g", "[:0 nil nil nil-array]");
}

Test(xgroup, destroy_answers_whether_there_was_one)
{
    EXPECT("XGROUP DESTROY x h", ":0");
    EXPECT_EVENTS("XGROUP DESTROY x g", "xgroup-destroy x");
    EXPECT("XREADGROUP GROUP g c STREAMS x >",
           "-NOGROUP No such key 'x' or consumer group 'g' in XREADGROUP with GROUP option");
}

Test(xgroup, a_missing_key_is_an_error_to_all_that_change_groups)
{
    const char *error =
        "-ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use "
        "the MKSTREAM option to create an empty stream automatically.";
    EXPECT("XGROUP SETID nokey g 0", error);
    EXPECT("XGROUP DESTROY nokey g", error);
    EXPECT("XGROUP DELCONSUMER nokey g c", error);
}

Test(xreadgroup, gives_each_entry_once)
{
    EXPECT("XREADGROUP GROUP g d STREAMS x >", "[[x [[3-1 [c 3]]]]]");
    EXPECT("XREADGROUP GROUP g d STREAMS x >", "nil-array");
}

Test(xreadgroup, an_id_gives_what_is_pending_with_the_consumer)
{
    EXPECT("XREADGROUP GROUP g c STREAMS x 1-1", "[[x [[2-1 [b 2]]]]]");
    EXPECT("XREADGROUP GROUP g d STREAMS x 0", "[[x []]]");
}

Test(xreadgroup, a_pending_entry_that_was_deleted_has_no_content)
{
    EXPECT("XDEL x 1-1", ":1");
    EXPECT("XREADGROUP GROUP g c STREAMS x 0", "[[x [[1-1 nil-array] [2-1 [b 2]]]]]");
}

Test(xreadgroup, with_noack_leaves_nothing_pending)
{
    EXPECT("XREADGROUP GROUP g d NOACK STREAMS x >", "[[x [[3-1 [c 3]]]]]");
    EXPECT("XPENDING x g - + 10 d", "[]");
}

Test(xreadgroup, refuses_the_dollar)
{
    EXPECT(
        "XREADGROUP GROUP g c STREAMS x $",
        "-ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by "
        "specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result "
        "set.");
}

Test(xreadgroup, wants_a_group)
{
    EXPECT("XREADGROUP COUNT 1 NOACK BLOCK 1 STREAMS x >", "-ERR Missing GROUP option for XREADGROUP");
    EXPECT("XREADGROUP GROUP h c STREAMS x >",
           "-NOGROUP No such key 'x' or consumer group 'h' in XREADGROUP with GROUP option");
}

Test(xreadgroup, xack_counts_what_was_pending)
{
    EXPECT("XACK x g 1-1 1-1 3-1", ":1");
    EXPECT("XACK x h 2-1", ":0");
    EXPECT("XACK nokey g 2-1", ":0");
    EXPECT("XPENDING x g", "[:1 2-1 2-1 [[c 1]]]");
}

Test(xreadgroup, xack_acknowledges_nothing_when_any_id_is_none)
{
    EXPECT("XACK x g 1-1 a", BAD_ID);
    EXPECT("XPENDING x g", "[:2 1-1 2-1 [[c 2]]]");
}

Test(xreadgroup, xpending_lists_id_consumer_idle_time_and_deliveries)
{
    EXPECT("XPENDING x g IDLE 0 - + 1", "[[1-1 c :0 :1]]");
    EXPECT("XPENDING x g IDLE 100000 - + 10", "[]");
    EXPECT("XPENDING x g (1-1 + 10 c", "[[2-1 c :0 :1]]");
    EXPECT("XPENDING x g - + 10 nobody", "[]");
}

Test(xreadgroup, xpending_of_a_count_of_nothing_is_empty)
{
    EXPECT("XPENDING x g - + 0", "[]");
    EXPECT("XPENDING x g - + -1", "[]");
}

Test(xreadgroup, xpending_refuses_what_is_incomplete_or_no_number)
{
    EXPECT("XPENDING x g - +", "-ERR syntax error");
    EXPECT("XPENDING x g IDLE 1", "-ERR syntax error");
    EXPECT("XPENDING x g - + a", NO_INTEGER);
    EXPECT("XPENDING x g a + 1", BAD_ID);
    EXPECT("XPENDING x h", "-NOGROUP No such key 'x' or consumer group 'h'");
}

Test(xclaim, takes_over_what_is_idle_long_enough)
{
    EXPECT("XCLAIM x g d 100000 1-1", "[]");
    EXPECT("XCLAIM x g d 0 1-1 3-1", "[[1-1 [a 1]]]");
    EXPECT("XPENDING x g", "[:2 1-1 2-1 [[c 1] [d 1]]]");
}

Test(xclaim, with_justid_answers_ids_and_counts_no_delivery)
{
    EXPECT("XCLAIM x g d 0 1-1 JUSTID", "[1-1]");
    EXPECT("XPENDING x g - + 1 d", "[[1-1 d :0 :1]]");
}

Test(xclaim, counts_a_delivery_or_takes_the_number_it_is_given)
{
    EXPECT("XCLAIM x g d 0 1-1", "[[1-1 [a 1]]]");
    EXPECT("XCLAIM x g d 0 2-1 RETRYCOUNT 7", "[[2-1 [b 2]]]");
    EXPECT("XPENDING x g - + 10 d", "[[1-1 d :0 :2] [2-1 d :0 :7]]");
}

Test(xclaim, with_force_makes_pending_what_was_not)
{
    EXPECT("XCLAIM x g d 0 3-1 FORCE JUSTID", "[3-1]");
    EXPECT("XCLAIM x g d 0 9-9 FORCE JUSTID", "[]");
}

Test(xclaim, drops_what_was_deleted_from_the_stream)
{
    EXPECT("XDEL x 1-1", ":1");
    EXPECT("XCLAIM x g d 0 1-1 2-1", "[[2-1 [b 2]]]");
    EXPECT("XPENDING x g", "[:1 2-1 2-1 [[d 1]]]");
}

Test(xclaim, refuses_wrong_ids_times_and_groups)
{
    EXPECT("XCLAIM x g d a 1-1", "-ERR Invalid min-idle-time argument for XCLAIM");
    EXPECT("XCLAIM x g d 0 a", "-ERR Unrecognized XCLAIM option 'a'");
    EXPECT("XCLAIM x g d 0 1-1 RETRYCOUNT a", "-ERR Invalid RETRYCOUNT option argument for XCLAIM");
    EXPECT("XCLAIM x g d 0 1-1 NONSENSE", "-ERR Unrecognized XCLAIM option 'NONSENSE'");
    EXPECT("XCLAIM x h d 0 1-1", "-NOGROUP No such key 'x' or consumer group 'h'");
}

Test(xclaim, xautoclaim_answers_where_to_go_on)
{
    EXPECT("XAUTOCLAIM x g d 0 - COUNT 1", "[2-1 [[1-1 [a 1]]] []]");
    EXPECT("XAUTOCLAIM x g d 0 2-1 COUNT 10 JUSTID", "[0-0 [2-1] []]");
}

Test(xclaim, xautoclaim_tells_what_was_deleted)
{
    EXPECT("XDEL x 1-1", ":1");
    EXPECT("XAUTOCLAIM x g d 0 0", "[0-0 [[2-1 [b 2]]] [1-1]]");
    EXPECT("XPENDING x g", "[:1 2-1 2-1 [[d 1]]]");
}

Test(xclaim, xautoclaim_refuses_counts_at_the_bounds_of_integers)
{
    const char *error = "-ERR COUNT must be > 0";
    EXPECT("XAUTOCLAIM x g d 0 0 COUNT 0", error);
    EXPECT("XAUTOCLAIM x g d 0 0 COUNT -9223372036854775808", error);
    EXPECT("XAUTOCLAIM x g d 0 0 COUNT 9223372036854775807", error);
    EXPECT("XAUTOCLAIM x g d 0 0 COUNT 9223372036854775808", error);
}

Test(xclaim, xautoclaim_refuses_wrong_starts_and_times)
{
    EXPECT("XAUTOCLAIM x g d a 0", "-ERR Invalid min-idle-time argument for XAUTOCLAIM");
    EXPECT("XAUTOCLAIM x g d 0 a", BAD_ID);
    EXPECT("XAUTOCLAIM x g d 0 (18446744073709551615-18446744073709551615", "-ERR invalid start ID for the interval");
    EXPECT("XAUTOCLAIM nokey g d 0 0", "-NOGROUP No such key 'nokey' or consumer group 'g'");
}

Test(xclaim, xinfo_groups_tells_the_lag)
{
    EXPECT("XINFO GROUPS x", "[[name g consumers :1 pending :2 last-delivered-id 2-1 entries-read :2 lag :1]]");
    command_server_speak(3);
    EXPECT("XINFO GROUPS x", "[{name=g consumers=:1 pending=:2 last-delivered-id=2-1 entries-read=:2 lag=:1}]");
}

Test(xclaim, the_lag_is_not_known_where_entries_ahead_were_deleted)
{
    EXPECT("XADD x 4-1 d 4", "4-1");
    EXPECT("XDEL x 3-1", ":1");
    EXPECT("XINFO GROUPS x", "[[name g consumers :1 pending :2 last-delivered-id 2-1 entries-read :2 lag nil]]");
}

Test(xclaim, xinfo_refuses_missing_keys_and_groups)
{
    EXPECT("XINFO STREAM nokey", "-ERR no such key");
    EXPECT("XINFO CONSUMERS x h", NO_GROUP);
    EXPECT("XINFO STREAM x FULL COUNT a", NO_INTEGER);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* XINFO: what it tells of streams, groups and consumers, briefly and in full. The clock stands at a million
 * milliseconds.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

static void stream(void)
{
    command_server_setup();
    EXPECT("XADD x 1-1 a 1", "1-1");
    EXPECT("XADD x 2-1 b 2", "2-1");
    EXPECT("XGROUP CREATE x g 0", "+OK");
}

TestSuite(stream_info, .init = stream, .fini = command_server_teardown);

Test(stream_info, tells_of_a_stream_briefly)
{
    EXPECT("XINFO STREAM x", "[length :2 radix-tree-keys :1 radix-tree-nodes :2 last-generated-id 2-1 "
                             "max-deleted-entry-id 0-0 entries-added :2 recorded-first-entry-id 1-1 groups :1 "
                             "first-entry [1-1 [a 1]] last-entry [2-1 [b 2]]]");
}

Test(stream_info, tells_of_an_empty_stream_without_entries)
{
    EXPECT("XTRIM x MAXLEN 0", ":2");
    EXPECT("XINFO STREAM x", "[length :0 radix-tree-keys :0 radix-tree-nodes :1 last-generated-id 2-1 "
                             "max-deleted-entry-id 0-0 entries-added :2 recorded-first-entry-id 0-0 groups :1 "
                             "first-entry nil last-entry nil]");
}

Test(stream_info, remembers_the_greatest_deleted_id)
{
    EXPECT("XDEL x 1-1", ":1");
    EXPECT("XINFO STREAM x", "[length :1 radix-tree-keys :1 radix-tree-nodes :2 last-generated-id 2-1 "
                             "max-deleted-entry-id 1-1 entries-added :2 recorded-first-entry-id 2-1 groups :1 "
                             "first-entry [2-1 [b 2]] last-entry [2-1 [b 2]]]");
}

Test(stream_info, tells_in_full_what_is_pending_with_whom)
{
    EXPECT("XREADGROUP GROUP g c COUNT 1 STREAMS x >", "[[x [[1-1 [a 1]]]]]");
    EXPECT("XINFO STREAM x FULL",
           "[length :2 radix-tree-keys :1 radix-tree-nodes :2 last-generated-id 2-1 max-deleted-entry-id 0-0 "
           "entries-added :2 recorded-first-entry-id 1-1 entries [[1-1 [a 1]] [2-1 [b 2]]] groups [[name g "
           "last-delivered-id 1-1 entries-read :1 lag :1 pel-count :1 pending [[1-1 c :1000000 :1]] consumers [[name c "
           "seen-time :1000000 active-time :1000000 pel-count :1 pending [[1-1 :1000000 :1]]]]]]]");
}

Test(stream_info, shows_no_more_entries_in_full_than_it_is_asked_for)
{
    EXPECT("XGROUP DESTROY x g", ":1");
    EXPECT("XINFO STREAM x FULL COUNT 1",
           "[length :2 radix-tree-keys :1 radix-tree-nodes :2 last-generated-id 2-1 max-deleted-entry-id 0-0 "
           "entries-added :2 recorded-first-entry-id 1-1 entries [[1-1 [a 1]]] groups []]");
}

Test(stream_info, a_count_of_nothing_shows_all_entries)
{
    EXPECT("XGROUP DESTROY x g", ":1");
    EXPECT("XINFO STREAM x FULL COUNT 0",
           "[length :2 radix-tree-keys :1 radix-tree-nodes :2 last-generated-id 2-1 max-deleted-entry-id 0-0 "
           "entries-added :2 recorded-first-entry-id 1-1 entries [[1-1 [a 1]] [2-1 [b 2]]] groups []]");
}

Test(stream_info, a_consumer_that_got_nothing_was_never_active)
{
    EXPECT("XGROUP CREATECONSUMER x g c", ":1");
    command_server_advance_ms(5);
    EXPECT("XINFO CONSUMERS x g", "[[name c pending :0 idle :5 inactive :-1]]");
}

Test(stream_info, idle_and_inactive_times_part_when_nothing_is_there_to_read)
{
    EXPECT("XREADGROUP GROUP g c STREAMS x >", "[[x [[1-1 [a 1]] [2-1 [b 2]]]]]");
    command_server_advance_ms(40);
    EXPECT("XREADGROUP GROUP g c STREAMS x >", "nil-array");
    command_server_advance_ms(2);
    EXPECT("XINFO CONSUMERS x g", "[[name c pending :2 idle :2 inactive :42]]");
}

Test(stream_info, consumers_are_listed_in_the_order_of_their_names)
{
    EXPECT("XGROUP CREATECONSUMER x g b", ":1");
    EXPECT("XGROUP CREATECONSUMER x g a", ":1");
    EXPECT("XINFO CONSUMERS x g",
           "[[name a pending :0 idle :0 inactive :-1] [name b pending :0 idle :0 inactive :-1]]");
}

Test(stream_info, refuses_other_words_behind_stream)
{
    EXPECT("XINFO STREAM x HALF", "-ERR unknown subcommand or wrong number of arguments for 'STREAM'. Try XINFO HELP.");
    EXPECT("XINFO STREAM x FULL COUNT",
           "-ERR unknown subcommand or wrong number of arguments for 'STREAM'. Try XINFO HELP.");
    EXPECT("XINFO NONSENSE x", "-ERR unknown subcommand 'NONSENSE'. Try XINFO HELP.");
}

Test(stream_info, refuses_another_type)
{
    EXPECT("SET k v", "+OK");
    EXPECT("XINFO STREAM k", "-WRONGTYPE Operation against a key holding the wrong kind of value");
    EXPECT("XINFO GROUPS k", "-WRONGTYPE Operation against a key holding the wrong kind of value");
}

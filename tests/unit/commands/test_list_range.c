/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists by index: both sides of both ends, ranges that are empty, in one node and in many.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

static void five_elements(void)
{
    command_server_setup();
    EXPECT("RPUSH l a b c d e", ":5");
}

/* The same in a quicklist with several nodes. */
static void five_elements_in_nodes(void)
{
    command_server_setup();
    EXPECT("CONFIG SET list-max-listpack-size 2", "+OK");
    EXPECT("RPUSH l a b c d e", ":5");
    EXPECT("OBJECT ENCODING l", "quicklist");
}

TestSuite(list_range, .init = five_elements, .fini = command_server_teardown);
TestSuite(list_range_in_nodes, .init = five_elements_in_nodes, .fini = command_server_teardown);

Test(list_range, lindex_counts_from_either_end)
{
    EXPECT("LINDEX l 0", "a");
    EXPECT("LINDEX l 4", "e");
    EXPECT("LINDEX l -1", "e");
    EXPECT("LINDEX l -5", "a");
}

Test(list_range, lindex_beyond_the_ends_is_nothing)
{
    EXPECT("LINDEX l 5", "nil");
    EXPECT("LINDEX l -6", "nil");
    EXPECT("LINDEX l 9223372036854775807", "nil");
    EXPECT("LINDEX l -9223372036854775808", "nil");
    EXPECT("LINDEX nokey 0", "nil");
}

Test(list_range, lindex_looks_at_the_number_only_when_there_is_a_list)
{
    EXPECT("LINDEX l x", NOT_INTEGER);
    EXPECT("LINDEX l 9223372036854775808", NOT_INTEGER);
    EXPECT("LINDEX nokey x", "nil");
    EXPECT("SET k v", "+OK");
    EXPECT("LINDEX k x", WRONGTYPE);
}

Test(list_range, lrange_cuts_what_lies_beyond_the_ends)
{
    EXPECT("LRANGE l 0 -1", "[a b c d e]");
    EXPECT("LRANGE l 1 3", "[b c d]");
    EXPECT("LRANGE l -3 -2", "[c d]");
    EXPECT("LRANGE l -100 100", "[a b c d e]");
    EXPECT("LRANGE l 4 9223372036854775807", "[e]");
    EXPECT("LRANGE l -9223372036854775808 0", "[a]");
}

Test(list_range, lrange_is_empty_when_the_ends_are_crossed)
{
    EXPECT("LRANGE l 3 1", "[]");
    EXPECT("LRANGE l 5 6", "[]");
    EXPECT("LRANGE l 0 -6", "[]");
    EXPECT("LRANGE nokey 0 -1", "[]");
}

Test(list_range, lrange_looks_at_its_numbers_before_the_key)
{
    EXPECT("SET k v", "+OK");
    EXPECT("LRANGE k x 1", NOT_INTEGER);
    EXPECT("LRANGE k 0 1.5", NOT_INTEGER);
    EXPECT("LRANGE k 0 1", WRONGTYPE);
}

Test(list_range, lset_replaces_one_element)
{
    EXPECT("LSET l 1 x", "+OK");
    EXPECT("LSET l -1 12345", "+OK");
    EXPECT("LRANGE l 0 -1", "[a x c d 12345]");
    EXPECT_EVENTS("LSET l 0 y", "lset l");
}

Test(list_range, lset_beyond_the_ends_is_an_error)
{
    EXPECT("LSET l 5 x", "-ERR index out of range");
    EXPECT("LSET l -6 x", "-ERR index out of range");
    EXPECT("LSET l x x", NOT_INTEGER);
    EXPECT("LSET nokey 0 x", "-ERR no such key");
    EXPECT("LSET nokey x x", "-ERR no such key");
    EXPECT("LRANGE l 0 -1", "[a b c d e]");
}

Test(list_range, ltrim_keeps_what_is_between)
{
    EXPECT("LTRIM l 1 -2", "+OK");
    EXPECT("LRANGE l 0 -1", "[b c d]");
    EXPECT("LTRIM l -2 100", "+OK");
    EXPECT("LRANGE l 0 -1", "[c d]");
}

Test(list_range, ltrim_of_everything_keeps_all_and_still_tells)
{
    EXPECT_EVENTS("LTRIM l 0 -1", "ltrim l");
    EXPECT("LLEN l", ":5");
    EXPECT_CHANGES("LTRIM l 0 -1", 0);
    EXPECT_CHANGES("LTRIM l 1 -2", 2);
}

Test(list_range, ltrim_to_nothing_removes_the_key)
{
    EXPECT_EVENTS("LTRIM l 3 1", "ltrim l, del l");
    EXPECT("EXISTS l", ":0");
    EXPECT("RPUSH l a", ":1");
    EXPECT("LTRIM l 1 9223372036854775807", "+OK");
    EXPECT("EXISTS l", ":0");
}

Test(list_range, ltrim_of_nothing_is_ok)
{
    EXPECT("LTRIM nokey 0 1", "+OK");
    EXPECT("LTRIM nokey x 1", NOT_INTEGER);
    EXPECT("SET k v", "+OK");
    EXPECT("LTRIM k 0 1", WRONGTYPE);
}

Test(list_range_in_nodes, lindex_finds_its_element_in_every_node)
{
    EXPECT("LINDEX l 0", "a");
    EXPECT("LINDEX l 2", "c");
    EXPECT("LINDEX l -2", "d");
    EXPECT("LINDEX l 5", "nil");
}

Test(list_range_in_nodes, lrange_walks_from_node_to_node)
{
    EXPECT("LRANGE l 1 3", "[b c d]");
    EXPECT("LRANGE l -100 100", "[a b c d e]");
}

Test(list_range_in_nodes, lset_replaces_in_any_node)
{
    EXPECT("LSET l 2 x", "+OK");
    EXPECT("LSET l 4 y", "+OK");
    EXPECT("LRANGE l 0 -1", "[a b x d y]");
}

Test(list_range_in_nodes, ltrim_drops_whole_nodes_and_parts)
{
    EXPECT("LTRIM l 1 3", "+OK");
    EXPECT("LRANGE l 0 -1", "[b c d]");
    EXPECT("LTRIM l 1 1", "+OK");
    EXPECT("LRANGE l 0 -1", "[c]");
}

Test(list_range_in_nodes, with_compressed_nodes_every_element_is_found)
{
    EXPECT("CONFIG SET list-compress-depth 1", "+OK");
    struct buffer line;
    buffer_init(&line);
    for (int i = 0; i < 50; i++) {
        buffer_printf(&line, "%s \"%040d\"", i == 0 ? "RPUSH long" : "", i);
    }
    buffer_append(&line, "", 1);
    EXPECT(line.data, ":50");
    buffer_deinit(&line);
    EXPECT("LINDEX long 25", "0000000000000000000000000000000000000025");
    EXPECT("LSET long 25 x", "+OK");
    EXPECT("LRANGE long 24 26",
           "[0000000000000000000000000000000000000024 x 0000000000000000000000000000000000000026]");
}

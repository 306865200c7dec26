/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists by their elements: directions, ranks and limits at both ends of 64 bits, elements that are numbers.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

static void some_twice(void)
{
    command_server_setup();
    EXPECT("RPUSH l a b c 1 2 3 c c", ":8");
}

TestSuite(lpos, .init = some_twice, .fini = command_server_teardown);
TestSuite(lrem, .init = some_twice, .fini = command_server_teardown);
TestSuite(linsert, .init = some_twice, .fini = command_server_teardown);

Test(lpos, finds_the_first_or_nothing)
{
    EXPECT("LPOS l c", ":2");
    EXPECT("LPOS l x", "nil");
    EXPECT("LPOS nokey x", "nil");
    EXPECT("LPOS l 2", ":4");
    EXPECT("LPOS l 02", "nil");
}

Test(lpos, with_rank_finds_a_later_one_from_either_end)
{
    EXPECT("LPOS l c RANK 2", ":6");
    EXPECT("LPOS l c RANK -1", ":7");
    EXPECT("LPOS l c RANK -3", ":2");
    EXPECT("LPOS l c RANK 4", "nil");
    EXPECT("LPOS l c RANK 9223372036854775807", "nil");
}

Test(lpos, with_count_finds_so_many_or_all)
{
    EXPECT("LPOS l c COUNT 2", "[:2 :6]");
    EXPECT("LPOS l c COUNT 0", "[:2 :6 :7]");
    EXPECT("LPOS l c COUNT 100 RANK 2", "[:6 :7]");
    EXPECT("LPOS l c COUNT 2 RANK -1", "[:7 :6]");
    EXPECT("LPOS l x COUNT 1", "[]");
    EXPECT("LPOS nokey x COUNT 1", "[]");
}

Test(lpos, with_maxlen_looks_no_further)
{
    EXPECT("LPOS l c MAXLEN 2", "nil");
    EXPECT("LPOS l c MAXLEN 3", ":2");
    EXPECT("LPOS l c COUNT 0 MAXLEN 7", "[:2 :6]");
    EXPECT("LPOS l b RANK -1 MAXLEN 6", "nil");
    EXPECT("LPOS l b RANK -1 MAXLEN 7", ":1");
    EXPECT("LPOS l c MAXLEN 0", ":2");
}

Test(lpos, refuses_a_rank_that_is_none)
{
    EXPECT("LPOS l c RANK 0",
           "-ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to "
           "start from the end of the list");
    EXPECT("LPOS l c RANK x", NOT_INTEGER);
    EXPECT("LPOS l c RANK -9223372036854775808", "-ERR value is out of range, value must between "
                                                 "-9223372036854775807 and 9223372036854775807");
}

Test(lpos, refuses_negative_counts_and_lengths)
{
    EXPECT("LPOS l c COUNT -1", "-ERR COUNT can't be negative");
    EXPECT("LPOS l c MAXLEN -1", "-ERR MAXLEN can't be negative");
    EXPECT("LPOS l c COUNT x", "-ERR COUNT can't be negative");
    EXPECT("LPOS l c MAXLEN 9223372036854775808", "-ERR MAXLEN can't be negative");
    EXPECT("LPOS l c COUNT", SYNTAX_ERROR);
    EXPECT("LPOS l c LIMIT 1", SYNTAX_ERROR);
}

Test(lpos, refuses_another_type)
{
    EXPECT("SET k v", "+OK");
    EXPECT("LPOS k v", WRONGTYPE);
    EXPECT("LREM k 0 v", WRONGTYPE);
    EXPECT("LINSERT k BEFORE v w", WRONGTYPE);
}

Test(lrem, removes_from_the_front_from_the_back_or_all)
{
    EXPECT("LREM l 1 c", ":1");
    EXPECT("LRANGE l 0 -1", "[a b 1 2 3 c c]");
    EXPECT("RPUSH l a", ":8");
    EXPECT("LREM l -1 a", ":1");
    EXPECT("LRANGE l 0 -1", "[a b 1 2 3 c c]");
    EXPECT("LREM l 0 c", ":2");
    EXPECT("LRANGE l 0 -1", "[a b 1 2 3]");
}

Test(lrem, takes_the_greatest_counts)
{
    EXPECT("LREM l 9223372036854775807 c", ":3");
    EXPECT("LREM l -9223372036854775807 1", ":1");
    EXPECT("LREM l -9223372036854775808 2", "-ERR value is out of range, value must between "
                                            "-9223372036854775807 and 9223372036854775807");
    EXPECT("LREM l x 2", NOT_INTEGER);
}

Test(lrem, removes_the_key_with_the_last_element)
{
    EXPECT("RPUSH one x x", ":2");
    EXPECT_EVENTS("LREM one 0 x", "lrem one, del one");
    EXPECT("EXISTS one", ":0");
    EXPECT("LREM one 0 x", ":0");
}

Test(lrem, counts_what_it_removed)
{
    EXPECT_CHANGES("LREM l 2 c", 2);
    EXPECT_CHANGES("LREM l 0 x", 0);
    EXPECT_EVENTS("LREM l 0 x", "");
}

Test(lrem, compares_numbers_by_their_digits)
{
    EXPECT("LREM l 0 01", ":0");
    EXPECT("LREM l 0 \"1 \"", ":0");
    EXPECT("LREM l 0 1", ":1");
}

Test(linsert, stands_before_or_after_the_first_pivot)
{
    EXPECT("LINSERT l BEFORE c x", ":9");
    EXPECT("LINSERT l after c 77", ":10");
    EXPECT("LRANGE l 0 -1", "[a b x c 77 1 2 3 c c]");
}

Test(linsert, without_pivot_or_list_changes_nothing)
{
    EXPECT("LINSERT l BEFORE nothing x", ":-1");
    EXPECT("LINSERT nokey BEFORE a x", ":0");
    EXPECT("EXISTS nokey", ":0");
    EXPECT_EVENTS("LINSERT l BEFORE nothing x", "");
    EXPECT_EVENTS("LINSERT l BEFORE a x", "linsert l");
}

Test(linsert, takes_before_or_after_alone)
{
    EXPECT("LINSERT l BEHIND a x", SYNTAX_ERROR);
    EXPECT("LINSERT nokey BEHIND a x", SYNTAX_ERROR);
}

Test(linsert, splits_a_full_node)
{
    EXPECT("CONFIG SET list-max-listpack-size 3", "+OK");
    EXPECT("RPUSH q a b c d e f", ":6");
    EXPECT("LINSERT q AFTER b x", ":7");
    EXPECT("LINSERT q BEFORE a y", ":8");
    EXPECT("LINSERT q AFTER f z", ":9");
    EXPECT("LRANGE q 0 -1", "[y a b x c d e f z]");
}

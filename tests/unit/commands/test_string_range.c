/* SPDX-License-Identifier: BSD-3-Clause */
/* Parts of strings: offsets on either side of both ends, the greatest size, what becomes of numbers that are edited.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

#define TOO_LONG "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"

TestSuite(append, .init = command_server_setup, .fini = command_server_teardown);
TestSuite(setrange, .init = command_server_setup, .fini = command_server_teardown);
TestSuite(getrange, .init = command_server_setup, .fini = command_server_teardown);

Test(append, makes_the_key_and_answers_the_length)
{
    EXPECT("APPEND k ab", ":2");
    EXPECT("APPEND k cde", ":5");
    EXPECT("GET k", "abcde");
}

Test(append, to_nothing_may_make_a_number_and_to_a_number_a_text)
{
    EXPECT("APPEND k 12", ":2");
    EXPECT("OBJECT ENCODING k", "int");
    EXPECT("APPEND k 3", ":3");
    EXPECT("OBJECT ENCODING k", "raw");
    EXPECT("INCR k", ":124");
}

Test(append, of_nothing_makes_an_empty_key)
{
    EXPECT("APPEND k \"\"", ":0");
    EXPECT("EXISTS k", ":1");
    EXPECT("STRLEN k", ":0");
}

Test(append, keeps_the_deadline_and_tells_itself)
{
    EXPECT("SET k v EX 100", "+OK");
    EXPECT_EVENTS("APPEND k w", "append k");
    EXPECT("TTL k", ":100");
    EXPECT_CHANGES("APPEND k \"\"", 1);
}

Test(append, refuses_another_type)
{
    EXPECT("RPUSH l a", ":1");
    EXPECT("APPEND l b", WRONGTYPE);
    EXPECT("STRLEN l", WRONGTYPE);
    EXPECT("LRANGE l 0 -1", "[a]");
}

Test(append, grows_no_string_beyond_the_greatest_size)
{
    atomic_store(&command_server.small.exec.bulk_max_bytes, 8);
    EXPECT("SET k 12345678", "+OK");
    EXPECT("APPEND k \"\"", ":8");
    EXPECT("APPEND k 9", TOO_LONG);
    EXPECT("GET k", "12345678");
}

Test(append, strlen_counts_the_digits_of_a_number)
{
    EXPECT("SET k -9223372036854775808", "+OK");
    EXPECT("STRLEN k", ":20");
    EXPECT("STRLEN nokey", ":0");
}

Test(setrange, overwrites_and_lengthens)
{
    EXPECT("SET k \"Hello World\"", "+OK");
    EXPECT("SETRANGE k 6 Redis", ":11");
    EXPECT("GET k", "\"Hello Redis\"");
    EXPECT("SETRANGE k 9 dish", ":13");
    EXPECT("GET k", "\"Hello Reddish\"");
}

Test(setrange, fills_a_gap_with_zeros)
{
    EXPECT("SETRANGE k 3 x", ":4");
    EXPECT("GET k", "\"\\x00\\x00\\x00x\"");
    EXPECT("SETRANGE k 5 y", ":6");
    EXPECT("GET k", "\"\\x00\\x00\\x00x\\x00y\"");
}

Test(setrange, of_nothing_makes_no_key_and_changes_nothing)
{
    EXPECT("SETRANGE k 0 \"\"", ":0");
    EXPECT("SETRANGE k 100 \"\"", ":0");
    EXPECT("EXISTS k", ":0");
    EXPECT("SET k v", "+OK");
    EXPECT_EVENTS("SETRANGE k 100 \"\"", "");
    EXPECT("SETRANGE k 100 \"\"", ":1");
}

Test(setrange, edits_the_digits_of_a_number)
{
    EXPECT("SET k 12345", "+OK");
    EXPECT("SETRANGE k 1 99", ":5");
    EXPECT("GET k", "19945");
    EXPECT("OBJECT ENCODING k", "raw");
}

Test(setrange, keeps_the_deadline_and_tells_itself)
{
    EXPECT("SET k v EX 100", "+OK");
    EXPECT_EVENTS("SETRANGE k 0 w", "setrange k");
    EXPECT("TTL k", ":100");
}

Test(setrange, refuses_an_offset_that_is_none)
{
    EXPECT("SETRANGE k -1 x", "-ERR offset is out of range");
    EXPECT("SETRANGE k -9223372036854775808 x", "-ERR offset is out of range");
    EXPECT("SETRANGE k 9223372036854775808 x", NOT_INTEGER);
    EXPECT("SETRANGE k one x", NOT_INTEGER);
    EXPECT("EXISTS k", ":0");
}

Test(setrange, grows_no_string_beyond_the_greatest_size)
{
    EXPECT("SETRANGE k 536870912 x", TOO_LONG);
    EXPECT("SETRANGE k 4294967296 x", TOO_LONG);
    EXPECT("SETRANGE k 9223372036854775807 x", TOO_LONG);
    EXPECT("SETRANGE k 536870909 four", TOO_LONG);
    EXPECT("EXISTS k", ":0");
}

Test(setrange, refuses_another_type_even_with_nothing_to_write)
{
    EXPECT("RPUSH l a", ":1");
    EXPECT("SETRANGE l 0 x", WRONGTYPE);
    EXPECT("SETRANGE l 0 \"\"", WRONGTYPE);
}

Test(getrange, counts_from_either_end)
{
    EXPECT("SET k abcdef", "+OK");
    EXPECT("GETRANGE k 0 2", "abc");
    EXPECT("GETRANGE k -3 -1", "def");
    EXPECT("GETRANGE k 2 -2", "cde");
    EXPECT("GETRANGE k -1 5", "f");
}

Test(getrange, cuts_what_lies_beyond_the_ends)
{
    EXPECT("SET k abc", "+OK");
    EXPECT("GETRANGE k -100 100", "abc");
    EXPECT("GETRANGE k 0 9223372036854775807", "abc");
    EXPECT("GETRANGE k -9223372036854775808 0", "a");
    EXPECT("GETRANGE k 0 -100", "a");
}

Test(getrange, is_empty_when_the_ends_are_crossed)
{
    EXPECT("SET k abc", "+OK");
    EXPECT("GETRANGE k 2 1", "\"\"");
    EXPECT("GETRANGE k 3 5", "\"\"");
    EXPECT("GETRANGE k -1 -3", "\"\"");
    EXPECT("GETRANGE k -1 -100", "\"\"");
    EXPECT("SET k a", "+OK");
    EXPECT("GETRANGE k -1 -2", "\"\"");
}

Test(getrange, of_a_number_gives_its_digits)
{
    EXPECT("SET k 123456", "+OK");
    EXPECT("GETRANGE k 1 3", "234");
    EXPECT("SUBSTR k -2 -1", "56");
}

Test(getrange, of_nothing_is_empty_and_never_nil)
{
    EXPECT("GETRANGE nokey 0 -1", "\"\"");
    EXPECT("SET k \"\"", "+OK");
    EXPECT("GETRANGE k 0 -1", "\"\"");
}

Test(getrange, looks_at_its_numbers_before_the_key)
{
    EXPECT("RPUSH l a", ":1");
    EXPECT("GETRANGE l x 1", NOT_INTEGER);
    EXPECT("GETRANGE l 0 9223372036854775808", NOT_INTEGER);
    EXPECT("GETRANGE l 0 1", WRONGTYPE);
}

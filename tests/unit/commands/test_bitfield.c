/* SPDX-License-Identifier: BSD-3-Clause */
/* BITFIELD: widths on either side of their bounds, the three ways to overflow, what is checked before anything is
 * written.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

#define BAD_FIELD  "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."
#define BIT_OFFSET "-ERR bit offset is not an integer or out of range"

TestSuite(bitfield, .init = command_server_setup, .fini = command_server_teardown);

Test(bitfield, set_answers_what_was_there_and_get_what_is)
{
    EXPECT("BITFIELD k SET u8 0 255 GET u8 0 SET i8 0 1 GET i8 0", "[:0 :255 :-1 :1]");
}

Test(bitfield, incrby_answers_the_sum)
{
    EXPECT("BITFIELD k INCRBY u8 100 200 INCRBY u8 100 50", "[:200 :250]");
    EXPECT("STRLEN k", ":14");
}

Test(bitfield, multiplies_an_offset_with_a_hash_by_the_width)
{
    EXPECT("BITFIELD k SET u8 #1 7 SET u4 #0 15", "[:0 :0]");
    EXPECT("GET k", "\"\\xf0\\a\"");
    EXPECT("BITFIELD k GET u8 #1 GET u8 8", "[:7 :7]");
}

Test(bitfield, reads_fields_across_bytes)
{
    EXPECT("SET k \"\\x0f\\xf0\"", "+OK");
    EXPECT("BITFIELD k GET u8 4 GET i8 4 GET u3 3 GET u16 0", "[:255 :-1 :3 :4080]");
}

Test(bitfield, reads_zeros_behind_the_end_and_makes_no_key)
{
    EXPECT("BITFIELD k GET u63 0 GET i64 1000", "[:0 :0]");
    EXPECT("EXISTS k", ":0");
    EXPECT("SET k \"\\xff\"", "+OK");
    EXPECT("BITFIELD k GET u16 0", "[:65280]");
    EXPECT("STRLEN k", ":1");
}

Test(bitfield, without_operations_answers_an_empty_array)
{
    EXPECT("BITFIELD k", "[]");
    EXPECT("BITFIELD k OVERFLOW SAT", "[]");
    EXPECT("EXISTS k", ":0");
}

Test(bitfield, wraps_around_unless_told_otherwise)
{
    EXPECT("BITFIELD k SET u8 0 255 INCRBY u8 0 1", "[:0 :0]");
    EXPECT("BITFIELD k SET i8 0 127 INCRBY i8 0 1", "[:0 :-128]");
    EXPECT("BITFIELD k INCRBY u8 0 -129", "[:255]");
    EXPECT("BITFIELD k SET u8 0 257 GET u8 0", "[:255 :1]");
}

Test(bitfield, saturates_at_either_end)
{
    EXPECT("BITFIELD k SET u8 0 200 OVERFLOW SAT INCRBY u8 0 100 INCRBY u8 0 -300", "[:0 :255 :0]");
    EXPECT("BITFIELD k OVERFLOW SAT INCRBY i8 8 200 INCRBY i8 8 -500", "[:127 :-128]");
    EXPECT("BITFIELD k OVERFLOW SAT SET u8 0 300 GET u8 0", "[:0 :255]");
}

Test(bitfield, answers_nothing_and_writes_nothing_when_overflow_fails)
{
    EXPECT("BITFIELD k SET u8 0 255", "[:0]");
    EXPECT("BITFIELD k OVERFLOW FAIL INCRBY u8 0 1 GET u8 0", "[nil :255]");
    EXPECT("BITFIELD k OVERFLOW FAIL SET i8 0 128 GET u8 0", "[nil :255]");
    command_server_speak(3);
    EXPECT("BITFIELD k OVERFLOW FAIL INCRBY u8 0 1", "[null]");
}

Test(bitfield, an_overflow_word_counts_from_where_it_stands)
{
    EXPECT("BITFIELD k SET u8 0 255 INCRBY u8 0 1 SET u8 0 255 OVERFLOW SAT INCRBY u8 0 1 OVERFLOW WRAP INCRBY u8 0 2",
           "[:0 :0 :0 :255 :1]");
}

Test(bitfield, counts_in_all_64_bits)
{
    EXPECT("BITFIELD k SET i64 0 9223372036854775807 INCRBY i64 0 1", "[:0 :-9223372036854775808]");
    EXPECT("BITFIELD k OVERFLOW SAT INCRBY i64 0 -1", "[:-9223372036854775808]");
    EXPECT("BITFIELD k OVERFLOW FAIL INCRBY i64 0 -9223372036854775808", "[nil]");
    EXPECT("BITFIELD k SET u63 64 9223372036854775807 GET u63 64", "[:0 :9223372036854775807]");
}

Test(bitfield, refuses_a_width_that_is_none)
{
    EXPECT("BITFIELD k GET u64 0", BAD_FIELD);
    EXPECT("BITFIELD k GET i65 0", BAD_FIELD);
    EXPECT("BITFIELD k GET u0 0", BAD_FIELD);
    EXPECT("BITFIELD k GET i-8 0", BAD_FIELD);
    EXPECT("BITFIELD k GET x8 0", BAD_FIELD);
    EXPECT("BITFIELD k GET 8 0", BAD_FIELD);
    EXPECT("BITFIELD k GET \"\" 0", BAD_FIELD);
    EXPECT("BITFIELD k GET u 0", BAD_FIELD);
}

Test(bitfield, refuses_an_offset_that_is_none)
{
    EXPECT("BITFIELD k GET u8 -1", BIT_OFFSET);
    EXPECT("BITFIELD k GET u8 #-1", BIT_OFFSET);
    EXPECT("BITFIELD k SET u8 4294967296 1", BIT_OFFSET);
    EXPECT("BITFIELD k SET u8 #536870912 1", BIT_OFFSET);
    EXPECT("BITFIELD k GET u8 9223372036854775807", BIT_OFFSET);
    EXPECT("BITFIELD k GET u8 x", BIT_OFFSET);
    EXPECT("EXISTS k", ":0");
}

Test(bitfield, writes_nothing_when_a_later_operation_is_wrong)
{
    EXPECT("BITFIELD k SET u8 0 1 GET u99 0", BAD_FIELD);
    EXPECT("BITFIELD k SET u8 0 1 SET u8 0 x", NOT_INTEGER);
    EXPECT("BITFIELD k SET u8 0 1 SET u8 0", SYNTAX_ERROR);
    EXPECT("BITFIELD k SET u8 0 1 FLIP u8 0", SYNTAX_ERROR);
    EXPECT("EXISTS k", ":0");
}

Test(bitfield, refuses_an_overflow_that_is_none)
{
    EXPECT("BITFIELD k OVERFLOW CLAMP INCRBY u8 0 1", "-ERR Invalid OVERFLOW type specified");
    EXPECT("BITFIELD k OVERFLOW", SYNTAX_ERROR);
}

Test(bitfield, counts_each_operation_that_changed_something)
{
    EXPECT_CHANGES("BITFIELD k SET u8 0 1 SET u8 8 2", 2);
    EXPECT_CHANGES("BITFIELD k SET u8 0 1 SET u8 8 3", 1);
    EXPECT_EVENTS("BITFIELD k SET u8 0 2 SET u8 8 4", "setbit k");
    EXPECT_EVENTS("BITFIELD k SET u8 0 2", "");
    EXPECT_EVENTS("BITFIELD k GET u8 0", "");
}

Test(bitfield, keeps_the_deadline)
{
    EXPECT("SET k v EX 100", "+OK");
    EXPECT("BITFIELD k SET u8 0 1", "[:118]");
    EXPECT("TTL k", ":100");
}

Test(bitfield, of_another_type_is_refused)
{
    EXPECT("RPUSH l a", ":1");
    EXPECT("BITFIELD l GET u8 0", WRONGTYPE);
    EXPECT("BITFIELD l SET u8 0 1", WRONGTYPE);
    EXPECT("BITFIELD_RO l GET u8 0", WRONGTYPE);
}

Test(bitfield, read_only_it_takes_nothing_but_get)
{
    EXPECT("SET k \"\\xff\"", "+OK");
    EXPECT("BITFIELD_RO k GET u8 0 GET u4 0", "[:255 :15]");
    EXPECT("BITFIELD_RO k SET u8 0 1", "-ERR BITFIELD_RO only supports the GET subcommand");
    EXPECT("BITFIELD_RO k GET u8 0 INCRBY u8 0 1", "-ERR BITFIELD_RO only supports the GET subcommand");
    EXPECT("GET k", "\"\\xff\"");
}

Test(bitfield, takes_more_operations_than_it_keeps_on_the_stack)
{
    EXPECT("BITFIELD k SET u8 #0 1 SET u8 #1 1 SET u8 #2 1 SET u8 #3 1 SET u8 #4 1 SET u8 #5 1 SET u8 #6 1 "
           "SET u8 #7 1 SET u8 #8 1 SET u8 #9 1 SET u8 #10 1 SET u8 #11 1 SET u8 #12 1 SET u8 #13 1 SET u8 #14 1 "
           "SET u8 #15 1 SET u8 #16 1 SET u8 #17 1",
           "[:0 :0 :0 :0 :0 :0 :0 :0 :0 :0 :0 :0 :0 :0 :0 :0 :0 :0]");
    EXPECT("BITCOUNT k", ":18");
}

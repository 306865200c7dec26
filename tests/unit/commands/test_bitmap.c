/* SPDX-License-Identifier: BSD-3-Clause */
/* Single bits and stretches of bits: offsets that are none, the order in which arguments are looked at, strings that
 * end before a clear bit is found.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

#define BIT_OFFSET "-ERR bit offset is not an integer or out of range"
#define BIT_VALUE  "-ERR bit is not an integer or out of range"

TestSuite(setbit, .init = command_server_setup, .fini = command_server_teardown);
TestSuite(bitcount, .init = command_server_setup, .fini = command_server_teardown);
TestSuite(bitpos, .init = command_server_setup, .fini = command_server_teardown);

Test(setbit, counts_from_the_highest_bit_of_the_first_byte)
{
    EXPECT("SETBIT k 0 1", ":0");
    EXPECT("SETBIT k 7 1", ":0");
    EXPECT("GET k", "\"\\x81\"");
    EXPECT("SETBIT k 0 0", ":1");
    EXPECT("GET k", "\"\\x01\"");
}

Test(setbit, lengthens_the_string_with_zeros_even_for_a_clear_bit)
{
    EXPECT("SETBIT k 23 0", ":0");
    EXPECT("STRLEN k", ":3");
    EXPECT("GET k", "\"\\x00\\x00\\x00\"");
}

Test(setbit, changes_the_digits_of_a_number)
{
    EXPECT("SET k 1", "+OK");
    EXPECT("SETBIT k 6 1", ":0");
    EXPECT("GET k", "3");
    EXPECT("OBJECT ENCODING k", "raw");
}

Test(setbit, tells_nothing_when_bit_and_length_stay)
{
    EXPECT_EVENTS("SETBIT k 3 1", "setbit k");
    EXPECT_CHANGES("SETBIT k 3 1", 0);
    EXPECT_CHANGES("SETBIT k 3 0", 1);
    EXPECT_CHANGES("SETBIT k 8 0", 1);
}

Test(setbit, keeps_the_deadline)
{
    EXPECT("SET k v EX 100", "+OK");
    EXPECT("SETBIT k 100 1", ":0");
    EXPECT("TTL k", ":100");
}

Test(setbit, refuses_an_offset_that_is_none)
{
    EXPECT("SETBIT k -1 1", BIT_OFFSET);
    EXPECT("SETBIT k x 1", BIT_OFFSET);
    EXPECT("SETBIT k #1 1", BIT_OFFSET);
    EXPECT("SETBIT k 4294967296 1", BIT_OFFSET);
    EXPECT("SETBIT k 9223372036854775807 1", BIT_OFFSET);
    EXPECT("SETBIT k 9223372036854775808 1", BIT_OFFSET);
    EXPECT("EXISTS k", ":0");
}

Test(setbit, refuses_a_bit_that_is_none)
{
    EXPECT("SETBIT k 0 2", BIT_VALUE);
    EXPECT("SETBIT k 0 -1", BIT_VALUE);
    EXPECT("SETBIT k 0 x", BIT_VALUE);
    EXPECT("SETBIT k -1 2", BIT_OFFSET);
    EXPECT("EXISTS k", ":0");
}

Test(setbit, and_getbit_refuse_another_type)
{
    EXPECT("RPUSH l a", ":1");
    EXPECT("SETBIT l 0 1", WRONGTYPE);
    EXPECT("GETBIT l 0", WRONGTYPE);
}

Test(setbit, getbit_reads_zeros_behind_the_end)
{
    EXPECT("SET k \"\\xff\"", "+OK");
    EXPECT("GETBIT k 7", ":1");
    EXPECT("GETBIT k 8", ":0");
    EXPECT("GETBIT k 4294967295", ":0");
    EXPECT("GETBIT k 4294967296", BIT_OFFSET);
    EXPECT("GETBIT nokey 0", ":0");
}

Test(bitcount, counts_all_bits_or_those_of_some_bytes)
{
    EXPECT("SET k foobar", "+OK");
    EXPECT("BITCOUNT k", ":26");
    EXPECT("BITCOUNT k 0 0", ":4");
    EXPECT("BITCOUNT k 1 1 BYTE", ":6");
    EXPECT("BITCOUNT k -2 -1", ":7");
    EXPECT("BITCOUNT k -100 100", ":26");
}

Test(bitcount, counts_between_bits)
{
    EXPECT("SET k foobar", "+OK");
    EXPECT("BITCOUNT k 5 30 BIT", ":17");
    EXPECT("BITCOUNT k -1 -1 bit", ":0");
    EXPECT("BITCOUNT k 0 9223372036854775807 BIT", ":26");
}

Test(bitcount, is_zero_when_the_ends_are_crossed)
{
    EXPECT("SET k foobar", "+OK");
    EXPECT("BITCOUNT k 4 2", ":0");
    EXPECT("BITCOUNT k -2 -4", ":0");
    EXPECT("BITCOUNT k 6 7", ":0");
    EXPECT("BITCOUNT k -2 -4 BIT", ":0");
    EXPECT("SET k a", "+OK");
    EXPECT("BITCOUNT k -1 -2", ":0");
}

Test(bitcount, takes_both_ends_or_none)
{
    EXPECT("SET k foobar", "+OK");
    EXPECT("BITCOUNT k 1", SYNTAX_ERROR);
    EXPECT("BITCOUNT k 1 2 WORD", SYNTAX_ERROR);
    EXPECT("BITCOUNT k 1 2 BIT x", SYNTAX_ERROR);
    EXPECT("BITCOUNT k a 2", NOT_INTEGER);
    EXPECT("BITCOUNT k 1 9223372036854775808", NOT_INTEGER);
}

Test(bitcount, of_another_type_is_refused)
{
    EXPECT("RPUSH l a", ":1");
    EXPECT("BITCOUNT l", WRONGTYPE);
    EXPECT("BITCOUNT nokey", ":0");
    EXPECT("BITCOUNT nokey 0 -1 BIT", ":0");
}

Test(bitpos, finds_the_first_set_or_clear_bit)
{
    EXPECT("SET k \"\\xff\\xf0\\x00\"", "+OK");
    EXPECT("BITPOS k 0", ":12");
    EXPECT("BITPOS k 1", ":0");
    EXPECT("BITPOS k 1 2", ":-1");
    EXPECT("BITPOS k 0 2", ":16");
}

Test(bitpos, finds_a_clear_bit_behind_the_end_unless_an_end_is_given)
{
    EXPECT("SET k \"\\xff\\xff\"", "+OK");
    EXPECT("BITPOS k 0", ":16");
    EXPECT("BITPOS k 0 1", ":16");
    EXPECT("BITPOS k 0 0 -1", ":-1");
    EXPECT("BITPOS k 0 0 -1 BIT", ":-1");
}

Test(bitpos, looks_from_bit_to_bit)
{
    EXPECT("SET k \"\\x00\\xff\\x00\"", "+OK");
    EXPECT("BITPOS k 1 9 15 BIT", ":9");
    EXPECT("BITPOS k 1 16 23 BIT", ":-1");
    EXPECT("BITPOS k 0 8 15 BIT", ":-1");
    EXPECT("BITPOS k 1 -16 -1 BIT", ":8");
}

Test(bitpos, of_nothing_is_zero_for_a_clear_bit_alone)
{
    EXPECT("BITPOS nokey 0", ":0");
    EXPECT("BITPOS nokey 1", ":-1");
    EXPECT("SET k \"\"", "+OK");
    EXPECT("BITPOS k 0", ":-1");
    EXPECT("BITPOS k 1", ":-1");
}

Test(bitpos, refuses_arguments_that_are_none)
{
    EXPECT("SET k foobar", "+OK");
    EXPECT("BITPOS k 2", "-ERR The bit argument must be 1 or 0.");
    EXPECT("BITPOS k x", NOT_INTEGER);
    EXPECT("BITPOS k 1 x", NOT_INTEGER);
    EXPECT("BITPOS k 1 0 x", NOT_INTEGER);
    EXPECT("BITPOS k 1 0 2 WORD", SYNTAX_ERROR);
    EXPECT("BITPOS k 1 0 2 BIT x", SYNTAX_ERROR);
}

Test(bitpos, refuses_another_type)
{
    EXPECT("RPUSH l a", ":1");
    EXPECT("BITPOS l 1", WRONGTYPE);
}

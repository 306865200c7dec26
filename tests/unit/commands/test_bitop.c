/* SPDX-License-Identifier: BSD-3-Clause */
/* BITOP: sources of different lengths, the target among them, more sources than are kept on the stack.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

TestSuite(bitop, .init = command_server_setup, .fini = command_server_teardown);

Test(bitop, combines_bit_by_bit)
{
    EXPECT("SET a \"\\xcc\"", "+OK");
    EXPECT("SET b \"\\xaa\"", "+OK");
    EXPECT("BITOP AND to a b", ":1");
    EXPECT("GET to", "\"\\x88\"");
    EXPECT("BITOP or to a b", ":1");
    EXPECT("GET to", "\"\\xee\"");
    EXPECT("BITOP Xor to a b", ":1");
    EXPECT("GET to", "f");
    EXPECT("BITOP NOT to a", ":1");
    EXPECT("GET to", "3");
}

Test(bitop, takes_zeros_behind_the_end_of_a_short_source)
{
    EXPECT("SET a \"\\xff\\xff\\xff\"", "+OK");
    EXPECT("SET b \"\\x0f\"", "+OK");
    EXPECT("BITOP AND to a b", ":3");
    EXPECT("GET to", "\"\\x0f\\x00\\x00\"");
    EXPECT("BITOP OR to b a nokey", ":3");
    EXPECT("GET to", "\"\\xff\\xff\\xff\"");
    EXPECT("BITOP AND to a nokey", ":3");
    EXPECT("GET to", "\"\\x00\\x00\\x00\"");
}

Test(bitop, writes_to_one_of_its_sources)
{
    EXPECT("SET a \"\\xf0\"", "+OK");
    EXPECT("SET b \"\\x0f\"", "+OK");
    EXPECT("BITOP OR a a b", ":1");
    EXPECT("GET a", "\"\\xff\"");
}

Test(bitop, of_nothing_removes_the_target)
{
    EXPECT("SET to v", "+OK");
    EXPECT_EVENTS("BITOP AND to nokey other", "del to");
    EXPECT("EXISTS to", ":0");
    EXPECT_EVENTS("BITOP NOT to nokey", "");
    EXPECT("BITOP NOT to nokey", ":0");
}

Test(bitop, clears_the_deadline_and_the_type_of_the_target)
{
    EXPECT("SET a v", "+OK");
    EXPECT("RPUSH to x", ":1");
    EXPECT("EXPIRE to 100", ":1");
    EXPECT_EVENTS("BITOP OR to a", "set to");
    EXPECT("TTL to", ":-1");
    EXPECT("TYPE to", "+string");
}

Test(bitop, reads_the_digits_of_a_number)
{
    EXPECT("SET a 10", "+OK");
    EXPECT("SET b \"\\x00\\x01\"", "+OK");
    EXPECT("BITOP OR to a b", ":2");
    EXPECT("GET to", "11");
}

Test(bitop, refuses_a_source_of_another_type)
{
    EXPECT("SET a v", "+OK");
    EXPECT("RPUSH l x", ":1");
    EXPECT("BITOP AND to a l", WRONGTYPE);
    EXPECT("EXISTS to", ":0");
}

Test(bitop, refuses_an_operation_that_is_none)
{
    EXPECT("BITOP NAND to a b", SYNTAX_ERROR);
    EXPECT("BITOP NOT to a b", "-ERR BITOP NOT must be called with a single source key.");
    EXPECT("BITOP AND to", "-ERR wrong number of arguments for 'bitop' command");
}

Test(bitop, combines_long_strings_and_many_of_them)
{
    EXPECT("SETBIT a 0 1", ":0");
    EXPECT("SETBIT b 400007 1", ":0");
    EXPECT("BITOP OR to a b a a a a a a a a a a a a a a a a", ":50001");
    EXPECT("BITCOUNT to", ":2");
    EXPECT("BITPOS to 1 1", ":400007");
    EXPECT("BITOP NOT to to", ":50001");
    EXPECT("BITCOUNT to", ":400006");
}

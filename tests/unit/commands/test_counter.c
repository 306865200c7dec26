/* SPDX-License-Identifier: BSD-3-Clause */
/* Strings as numbers: both ends of 64 bits, texts that look like numbers, floats as Redis prints them.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

#define WOULD_OVERFLOW "-ERR increment or decrement would overflow"
#define NOT_FLOAT      "-ERR value is not a valid float"
#define NO_NUMBER      "-ERR increment would produce NaN or Infinity"

TestSuite(incr, .init = command_server_setup, .fini = command_server_teardown);
TestSuite(incrbyfloat, .init = command_server_setup, .fini = command_server_teardown);

Test(incr, begins_at_zero)
{
    EXPECT("INCR a", ":1");
    EXPECT("DECR b", ":-1");
    EXPECT("INCRBY c 5", ":5");
    EXPECT("DECRBY d -5", ":5");
}

Test(incr, keeps_the_deadline)
{
    EXPECT("SET k 10 EX 100", "+OK");
    EXPECT("INCR k", ":11");
    EXPECT("TTL k", ":100");
}

Test(incr, reaches_the_greatest_number_and_stops_there)
{
    EXPECT("SET k 9223372036854775806", "+OK");
    EXPECT("INCR k", ":9223372036854775807");
    EXPECT("INCR k", WOULD_OVERFLOW);
    EXPECT("GET k", "9223372036854775807");
}

Test(incr, decr_reaches_the_least_number_and_stops_there)
{
    EXPECT("SET k -9223372036854775807", "+OK");
    EXPECT("DECR k", ":-9223372036854775808");
    EXPECT("DECR k", WOULD_OVERFLOW);
    EXPECT("INCRBY k -1", WOULD_OVERFLOW);
    EXPECT("GET k", "-9223372036854775808");
}

Test(incr, incrby_takes_any_64_bits)
{
    EXPECT("INCRBY k 9223372036854775807", ":9223372036854775807");
    EXPECT("INCRBY k -9223372036854775808", ":-1");
}

Test(incr, decrby_refuses_the_number_that_cannot_be_negated)
{
    EXPECT("DECRBY k -9223372036854775808", "-ERR decrement would overflow");
    EXPECT("DECRBY k -9223372036854775807", ":9223372036854775807");
}

Test(incr, refuses_a_value_that_only_looks_like_a_number)
{
    EXPECT("SET k \" 11\"", "+OK");
    EXPECT("INCR k", NOT_INTEGER);
    EXPECT("SET k \"11 \"", "+OK");
    EXPECT("INCR k", NOT_INTEGER);
    EXPECT("SET k +11", "+OK");
    EXPECT("INCR k", NOT_INTEGER);
    EXPECT("SET k 011", "+OK");
    EXPECT("INCR k", NOT_INTEGER);
    EXPECT("SET k 1.0", "+OK");
    EXPECT("INCR k", NOT_INTEGER);
}

Test(incr, refuses_an_empty_value_and_one_with_a_zero_byte)
{
    EXPECT("SET k \"\"", "+OK");
    EXPECT("INCR k", NOT_INTEGER);
    EXPECT("SET k \"1\\x00\"", "+OK");
    EXPECT("INCR k", NOT_INTEGER);
}

Test(incr, refuses_an_increment_that_is_no_integer)
{
    EXPECT("INCRBY k 1.5", NOT_INTEGER);
    EXPECT("INCRBY k 9223372036854775808", NOT_INTEGER);
    EXPECT("DECRBY k x", NOT_INTEGER);
    EXPECT("EXISTS k", ":0");
}

Test(incr, refuses_another_type)
{
    EXPECT("RPUSH l 1", ":1");
    EXPECT("INCR l", WRONGTYPE);
    EXPECT("INCRBYFLOAT l 1", WRONGTYPE);
    EXPECT("LRANGE l 0 -1", "[1]");
}

Test(incr, of_a_text_that_holds_a_number_makes_it_one)
{
    EXPECT("SETRANGE k 0 41", ":2");
    EXPECT("OBJECT ENCODING k", "raw");
    EXPECT("INCR k", ":42");
    EXPECT("OBJECT ENCODING k", "int");
}

Test(incr, and_its_relatives_tell_incrby)
{
    EXPECT_EVENTS("INCR k", "incrby k");
    EXPECT_EVENTS("DECR k", "incrby k");
    EXPECT_EVENTS("DECRBY k 3", "incrby k");
    EXPECT_EVENTS("INCRBY k x", "");
    EXPECT_CHANGES("INCRBY k 0", 1);
}

Test(incrbyfloat, prints_no_more_digits_than_it_needs)
{
    EXPECT("INCRBYFLOAT k 10.5", "10.5");
    EXPECT("INCRBYFLOAT k 0.1", "10.6");
    EXPECT("INCRBYFLOAT k -10.6", "0");
    EXPECT("INCRBYFLOAT k 1.000", "1");
}

Test(incrbyfloat, takes_exponents_and_never_prints_them)
{
    EXPECT("INCRBYFLOAT k 5.0e3", "5000");
    EXPECT("INCRBYFLOAT k 2.0e2", "5200");
    EXPECT("INCRBYFLOAT k 1e17", "100000000000005200");
}

Test(incrbyfloat, stores_a_text_that_counts_on_as_an_integer)
{
    EXPECT("INCRBYFLOAT k 3", "3");
    EXPECT("OBJECT ENCODING k", "embstr");
    EXPECT("INCR k", ":4");
}

Test(incrbyfloat, refuses_what_is_no_float)
{
    EXPECT("INCRBYFLOAT k abc", NOT_FLOAT);
    EXPECT("INCRBYFLOAT k \"\"", NOT_FLOAT);
    EXPECT("INCRBYFLOAT k \" 1\"", NOT_FLOAT);
    EXPECT("INCRBYFLOAT k nan", NOT_FLOAT);
    EXPECT("SET k \"1 \"", "+OK");
    EXPECT("INCRBYFLOAT k 1", NOT_FLOAT);
}

Test(incrbyfloat, refuses_a_sum_that_is_no_number)
{
    EXPECT("INCRBYFLOAT k +inf", NO_NUMBER);
    EXPECT("INCRBYFLOAT k -inf", NO_NUMBER);
    EXPECT("EXISTS k", ":0");
    EXPECT("SET k inf", "+OK");
    EXPECT("INCRBYFLOAT k 1", NO_NUMBER);
    EXPECT("GET k", "inf");
}

Test(incrbyfloat, keeps_the_deadline_and_tells_itself)
{
    EXPECT("SET k 1.5 EX 100", "+OK");
    EXPECT_EVENTS("INCRBYFLOAT k 1", "incrbyfloat k");
    EXPECT("TTL k", ":100");
}

Test(incrbyfloat, answers_a_bulk_string_in_resp3_as_well)
{
    command_server_speak(3);
    EXPECT("INCRBYFLOAT k 2.5", "2.5");
    EXPECT("INCR n", ":1");
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole strings: the options of SET and GETEX, deadlines that are none, what each command tells and what it leaves of
 * a key's deadline.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

#define INVALID_EXPIRE(command) "-ERR invalid expire time in '" command "' command"

TestSuite(set, .init = command_server_setup, .fini = command_server_teardown);
TestSuite(getex, .init = command_server_setup, .fini = command_server_teardown);
TestSuite(string, .init = command_server_setup, .fini = command_server_teardown);

Test(set, replaces_a_value_of_any_type)
{
    EXPECT("RPUSH k a b", ":2");
    EXPECT("SET k v", "+OK");
    EXPECT("GET k", "v");
    EXPECT("TYPE k", "+string");
}

Test(set, keeps_every_byte)
{
    EXPECT("SET k \"a\\x00b\\r\\n\\xff\"", "+OK");
    EXPECT("GET k", "\"a\\x00b\\r\\n\\xff\"");
    EXPECT("STRLEN k", ":6");
}

Test(set, takes_an_empty_key_and_an_empty_value)
{
    EXPECT("SET \"\" \"\"", "+OK");
    EXPECT("GET \"\"", "\"\"");
    EXPECT("STRLEN \"\"", ":0");
    EXPECT("EXISTS \"\"", ":1");
}

Test(set, clears_the_deadline)
{
    EXPECT("SET k v EX 100", "+OK");
    EXPECT("SET k w", "+OK");
    EXPECT("TTL k", ":-1");
}

Test(set, with_keepttl_keeps_the_deadline)
{
    EXPECT("SET k v EX 100", "+OK");
    EXPECT("SET k w KEEPTTL", "+OK");
    EXPECT("TTL k", ":100");
    EXPECT("GET k", "w");
}

Test(set, with_nx_writes_a_missing_key_alone)
{
    EXPECT("SET k v NX", "+OK");
    EXPECT("SET k w NX", "nil");
    EXPECT("GET k", "v");
}

Test(set, with_xx_writes_an_existing_key_alone)
{
    EXPECT("SET k v XX", "nil");
    EXPECT("EXISTS k", ":0");
    EXPECT("RPUSH k a", ":1");
    EXPECT("SET k v XX", "+OK");
    EXPECT("GET k", "v");
}

Test(set, that_a_condition_refuses_leaves_the_deadline)
{
    EXPECT("SET k v EX 100", "+OK");
    EXPECT("SET k w NX EX 5", "nil");
    EXPECT("TTL k", ":100");
}

Test(set, with_get_answers_the_old_value)
{
    EXPECT("SET k v GET", "nil");
    EXPECT("SET k w GET", "v");
    EXPECT("GET k", "w");
}

Test(set, with_get_and_nx_answers_the_old_value_and_keeps_it)
{
    EXPECT("SET k v", "+OK");
    EXPECT("SET k w NX GET", "v");
    EXPECT("GET k", "v");
}

Test(set, with_get_and_xx_makes_no_key)
{
    EXPECT("SET k v XX GET", "nil");
    EXPECT("EXISTS k", ":0");
}

Test(set, with_get_refuses_another_type)
{
    EXPECT("RPUSH k a", ":1");
    EXPECT("SET k v GET", WRONGTYPE);
    EXPECT("LRANGE k 0 -1", "[a]");
}

Test(set, takes_its_options_in_any_order_and_case)
{
    EXPECT("SET k v", "+OK");
    EXPECT("SET k w gEt pX 1500 xX", "v");
    EXPECT("PTTL k", ":1500");
}

Test(set, lets_the_last_of_two_equal_options_count)
{
    EXPECT("SET k v EX 5 EX 100", "+OK");
    EXPECT("TTL k", ":100");
}

Test(set, refuses_nx_with_xx)
{
    EXPECT("SET k v NX XX", SYNTAX_ERROR);
    EXPECT("SET k v XX NX", SYNTAX_ERROR);
    EXPECT("EXISTS k", ":0");
}

Test(set, refuses_two_kinds_of_deadline)
{
    EXPECT("SET k v EX 10 PX 10", SYNTAX_ERROR);
    EXPECT("SET k v KEEPTTL EX 10", SYNTAX_ERROR);
    EXPECT("SET k v EXAT 9999999999 KEEPTTL", SYNTAX_ERROR);
    EXPECT("SET k v PXAT 9999999999999 EXAT 9999999999", SYNTAX_ERROR);
}

Test(set, refuses_an_option_without_its_number)
{
    EXPECT("SET k v EX", SYNTAX_ERROR);
    EXPECT("SET k v NX PXAT", SYNTAX_ERROR);
}

Test(set, refuses_the_options_of_getex)
{
    EXPECT("SET k v PERSIST", SYNTAX_ERROR);
}

Test(set, refuses_a_deadline_that_is_no_integer)
{
    EXPECT("SET k v EX soon", NOT_INTEGER);
    EXPECT("SET k v PX 1.5", NOT_INTEGER);
    EXPECT("SET k v EX 9223372036854775808", NOT_INTEGER);
    EXPECT("SET k v EX \"\"", NOT_INTEGER);
    EXPECT("EXISTS k", ":0");
}

Test(set, refuses_a_deadline_that_is_not_positive)
{
    EXPECT("SET k v EX 0", INVALID_EXPIRE("set"));
    EXPECT("SET k v PX -1", INVALID_EXPIRE("set"));
    EXPECT("SET k v PXAT -9223372036854775808", INVALID_EXPIRE("set"));
    EXPECT("EXISTS k", ":0");
}

Test(set, refuses_a_deadline_beyond_all_times)
{
    EXPECT("SET k v EX 9223372036854775807", INVALID_EXPIRE("set"));
    EXPECT("SET k v EXAT 9223372036854775807", INVALID_EXPIRE("set"));
    EXPECT("SET k v PX 9223372036854775807", INVALID_EXPIRE("set"));
    EXPECT("EXISTS k", ":0");
}

Test(set, takes_the_last_millisecond_of_all_times)
{
    EXPECT("SET k v PXAT 9223372036854775807", "+OK");
    EXPECT("PEXPIRETIME k", ":9223372036854775807");
}

Test(set, at_a_time_that_has_passed_leaves_no_key)
{
    EXPECT("SET k v PXAT 1", "+OK");
    EXPECT("EXISTS k", ":0");
}

Test(set, lives_until_its_deadline)
{
    EXPECT("SET k v PX 100", "+OK");
    command_server_advance_ms(99);
    EXPECT("GET k", "v");
    command_server_advance_ms(2);
    EXPECT("GET k", "nil");
}

Test(set, tells_of_the_value_and_then_of_the_deadline)
{
    EXPECT_EVENTS("SET k v", "set k");
    EXPECT_EVENTS("SET k v EX 10", "set k, expire k");
    EXPECT_EVENTS("SET k w KEEPTTL", "set k");
    EXPECT_EVENTS("SET k w NX", "");
}

Test(set, counts_one_change_and_none_when_refused)
{
    EXPECT_CHANGES("SET k v", 1);
    EXPECT_CHANGES("SET k v EX 10", 1);
    EXPECT_CHANGES("SET k w NX", 0);
}

Test(set, with_ifeq_writes_while_the_value_equals)
{
    EXPECT("SET k v", "+OK");
    EXPECT("SET k w IFEQ other", "nil");
    EXPECT("GET k", "v");
    EXPECT("SET k w IFEQ v", "+OK");
    EXPECT("GET k", "w");
}

Test(set, with_ifeq_writes_no_missing_key)
{
    EXPECT("SET k v IFEQ \"\"", "nil");
    EXPECT("EXISTS k", ":0");
}

Test(set, with_ifeq_compares_a_number_by_its_digits)
{
    EXPECT("SET k 100", "+OK");
    EXPECT("SET k 1 IFEQ 0100", "nil");
    EXPECT("SET k 1 IFEQ 100", "+OK");
}

Test(set, with_ifeq_refuses_other_types_and_other_conditions)
{
    EXPECT("RPUSH l a", ":1");
    EXPECT("SET l v IFEQ a", WRONGTYPE);
    EXPECT("SET k v IFEQ a NX", SYNTAX_ERROR);
    EXPECT("SET k v XX IFEQ a", SYNTAX_ERROR);
    EXPECT("SET k v IFEQ", SYNTAX_ERROR);
}

Test(set, with_ifeq_and_get_answers_the_old_value_either_way)
{
    EXPECT("SET k v", "+OK");
    EXPECT("SET k w IFEQ other GET", "v");
    EXPECT("SET k w IFEQ v GET", "v");
    EXPECT("GET k", "w");
}

Test(getex, without_options_is_a_mere_get)
{
    EXPECT("SET k v EX 100", "+OK");
    EXPECT_EVENTS("GETEX k", "");
    EXPECT("GETEX k", "v");
    EXPECT("TTL k", ":100");
}

Test(getex, sets_a_deadline)
{
    EXPECT("SET k v", "+OK");
    EXPECT("GETEX k PX 1500", "v");
    EXPECT("PTTL k", ":1500");
    EXPECT_EVENTS("GETEX k EX 3", "expire k");
}

Test(getex, removes_a_deadline_with_persist)
{
    EXPECT("SET k v EX 100", "+OK");
    EXPECT_EVENTS("GETEX k PERSIST", "persist k");
    EXPECT("TTL k", ":-1");
    EXPECT_EVENTS("GETEX k PERSIST", "");
}

Test(getex, at_a_time_that_has_passed_answers_and_removes)
{
    EXPECT("SET k v", "+OK");
    EXPECT_CHANGES("GETEX k PXAT 1", 1);
    EXPECT("EXISTS k", ":0");
    EXPECT("SET k v", "+OK");
    EXPECT_EVENTS("GETEX k EXAT 1", "del k");
}

Test(getex, takes_one_option)
{
    EXPECT("SET k v", "+OK");
    EXPECT("GETEX k EX 10 PX 10", SYNTAX_ERROR);
    EXPECT("GETEX k PERSIST EX 10", SYNTAX_ERROR);
    EXPECT("GETEX k NX", SYNTAX_ERROR);
    EXPECT("GETEX k KEEPTTL", SYNTAX_ERROR);
    EXPECT("GETEX k EX", SYNTAX_ERROR);
    EXPECT("TTL k", ":-1");
}

Test(getex, refuses_a_deadline_that_is_none)
{
    EXPECT("SET k v", "+OK");
    EXPECT("GETEX k EX 0", INVALID_EXPIRE("getex"));
    EXPECT("GETEX k PX -5", INVALID_EXPIRE("getex"));
    EXPECT("GETEX k EX 9223372036854775807", INVALID_EXPIRE("getex"));
    EXPECT("GETEX k EX x", NOT_INTEGER);
}

Test(getex, looks_at_the_number_only_when_there_is_a_string)
{
    EXPECT("GETEX nokey EX 0", "nil");
    EXPECT("RPUSH l a", ":1");
    EXPECT("GETEX l EX 0", WRONGTYPE);
}

Test(string, get_of_nothing_is_nil_or_null)
{
    EXPECT("GET nokey", "nil");
    command_server_speak(3);
    EXPECT("GET nokey", "null");
}

Test(string, get_refuses_another_type)
{
    EXPECT("SADD s a", ":1");
    EXPECT("GET s", WRONGTYPE);
    EXPECT("GETSET s v", WRONGTYPE);
    EXPECT("GETDEL s", WRONGTYPE);
    EXPECT("SCARD s", ":1");
}

Test(string, setnx_leaves_an_existing_key_of_any_type)
{
    EXPECT("SETNX k v", ":1");
    EXPECT("SETNX k w", ":0");
    EXPECT("GET k", "v");
    EXPECT("RPUSH l a", ":1");
    EXPECT("SETNX l v", ":0");
    EXPECT("TYPE l", "+list");
}

Test(string, setnx_tells_only_of_a_new_key)
{
    EXPECT_EVENTS("SETNX k v", "set k");
    EXPECT_EVENTS("SETNX k v", "");
    EXPECT_CHANGES("SETNX k v", 0);
}

Test(string, setnx_writes_over_a_key_that_fell_due)
{
    EXPECT("SET k v PX 100", "+OK");
    command_server_advance_ms(101);
    EXPECT("SETNX k w", ":1");
    EXPECT("PTTL k", ":-1");
}

Test(string, setex_and_psetex_set_value_and_deadline)
{
    EXPECT("SETEX k 100 v", "+OK");
    EXPECT("TTL k", ":100");
    EXPECT("PSETEX k 1500 w", "+OK");
    EXPECT("PTTL k", ":1500");
    EXPECT("GET k", "w");
    EXPECT_EVENTS("SETEX k 10 v", "set k, expire k");
}

Test(string, setex_and_psetex_refuse_a_deadline_that_is_none)
{
    EXPECT("SETEX k 0 v", INVALID_EXPIRE("setex"));
    EXPECT("SETEX k -10 v", INVALID_EXPIRE("setex"));
    EXPECT("SETEX k 9223372036854775 v", INVALID_EXPIRE("setex"));
    EXPECT("PSETEX k 0 v", INVALID_EXPIRE("psetex"));
    EXPECT("PSETEX k 9223372036854775807 v", INVALID_EXPIRE("psetex"));
    EXPECT("SETEX k x v", NOT_INTEGER);
    EXPECT("EXISTS k", ":0");
}

Test(string, getset_answers_the_old_value_and_clears_the_deadline)
{
    EXPECT("GETSET k v", "nil");
    EXPECT("EXPIRE k 100", ":1");
    EXPECT("GETSET k w", "v");
    EXPECT("TTL k", ":-1");
    EXPECT_EVENTS("GETSET k x", "set k");
}

Test(string, getdel_answers_and_removes)
{
    EXPECT("SET k v", "+OK");
    EXPECT("GETDEL k", "v");
    EXPECT("GETDEL k", "nil");
    EXPECT("SET k v", "+OK");
    EXPECT_EVENTS("GETDEL k", "del k");
    EXPECT_EVENTS("GETDEL k", "");
}

Test(string, delifeq_removes_only_what_equals)
{
    EXPECT("SET k v", "+OK");
    EXPECT("DELIFEQ k other", ":0");
    EXPECT("EXISTS k", ":1");
    EXPECT_EVENTS("DELIFEQ k v", "del k");
    EXPECT("DELIFEQ k v", ":0");
    EXPECT("RPUSH l a", ":1");
    EXPECT("DELIFEQ l a", WRONGTYPE);
}

Test(string, is_int_embstr_or_raw_by_what_it_holds)
{
    EXPECT("SET k 9223372036854775807", "+OK");
    EXPECT("OBJECT ENCODING k", "int");
    EXPECT("SET k 9223372036854775808", "+OK");
    EXPECT("OBJECT ENCODING k", "embstr");
    EXPECT("SET k 007", "+OK");
    EXPECT("OBJECT ENCODING k", "embstr");
    EXPECT("SET k -0", "+OK");
    EXPECT("OBJECT ENCODING k", "embstr");
}

Test(string, is_embstr_up_to_44_bytes_and_raw_beyond)
{
    EXPECT("SET k 12345678901234567890123456789012345678901234", "+OK");
    EXPECT("OBJECT ENCODING k", "embstr");
    EXPECT("SET k 123456789012345678901234567890123456789012345", "+OK");
    EXPECT("OBJECT ENCODING k", "raw");
}

Test(string, commands_want_all_their_arguments)
{
    EXPECT("SET k", "-ERR wrong number of arguments for 'set' command");
    EXPECT("GET k x", "-ERR wrong number of arguments for 'get' command");
    EXPECT("SETEX k 10", "-ERR wrong number of arguments for 'setex' command");
    EXPECT("GETEX", "-ERR wrong number of arguments for 'getex' command");
}

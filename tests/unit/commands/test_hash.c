/* SPDX-License-Identifier: BSD-3-Clause */
/* Hashes by field: pairs that are none, numbers at both ends, listpack and table, the last field and its key.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

#define WOULD_OVERFLOW "-ERR increment or decrement would overflow"

TestSuite(hash, .init = command_server_setup, .fini = command_server_teardown);
TestSuite(hincrby, .init = command_server_setup, .fini = command_server_teardown);

Test(hash, hset_counts_new_fields_alone)
{
    EXPECT("HSET h a 1 b 2", ":2");
    EXPECT("HSET h a 3 c 4", ":1");
    EXPECT("HMGET h a b c", "[3 2 4]");
}

Test(hash, hset_lets_the_last_value_of_a_field_stand)
{
    EXPECT("HSET h a 1 a 2", ":1");
    EXPECT("HGET h a", "2");
    EXPECT("HLEN h", ":1");
}

Test(hash, hset_wants_pairs)
{
    EXPECT("HSET h a", "-ERR wrong number of arguments for 'hset' command");
    EXPECT("HSET h a 1 b", "-ERR wrong number of arguments for 'hset' command");
    EXPECT("HMSET h a 1 b", "-ERR wrong number of arguments for 'hmset' command");
    EXPECT("EXISTS h", ":0");
}

Test(hash, hmset_answers_ok)
{
    EXPECT("HMSET h a 1 b 2", "+OK");
    EXPECT_EVENTS("HMSET h c 3", "hset h");
    EXPECT("HLEN h", ":3");
}

Test(hash, hset_keeps_every_byte)
{
    EXPECT("HSET h \"\" \"\" \"\\x00\" \"\\xff\\r\\n\"", ":2");
    EXPECT("HGET h \"\"", "\"\"");
    EXPECT("HGET h \"\\x00\"", "\"\\xff\\r\\n\"");
    EXPECT("HSTRLEN h \"\\x00\"", ":3");
}

Test(hash, hset_keeps_the_deadline_of_the_key)
{
    EXPECT("HSET h a 1", ":1");
    EXPECT("EXPIRE h 100", ":1");
    EXPECT("HSET h b 2", ":1");
    EXPECT("TTL h", ":100");
}

Test(hash, hset_tells_one_event_and_counts_each_pair)
{
    EXPECT_EVENTS("HSET h a 1 b 2", "hset h");
    EXPECT_CHANGES("HSET h a 1 b 2 c 3", 3);
}

Test(hash, hsetnx_writes_a_missing_field_alone)
{
    EXPECT("HSETNX h a 1", ":1");
    EXPECT("HSETNX h a 2", ":0");
    EXPECT("HGET h a", "1");
    EXPECT_EVENTS("HSETNX h a 3", "");
    EXPECT_EVENTS("HSETNX h b 1", "hset h");
}

Test(hash, hget_of_nothing_is_nil_or_null)
{
    EXPECT("HGET nokey a", "nil");
    EXPECT("HSET h a 1", ":1");
    EXPECT("HMGET h b a b", "[nil 1 nil]");
    EXPECT("HMGET nokey a b", "[nil nil]");
    command_server_speak(3);
    EXPECT("HGET h b", "null");
    EXPECT("HMGET h b", "[null]");
}

Test(hash, hstrlen_and_hexists_of_nothing_are_zero)
{
    EXPECT("HSET h a 12345 n -9223372036854775808", ":2");
    EXPECT("HSTRLEN h a", ":5");
    EXPECT("HSTRLEN h n", ":20");
    EXPECT("HSTRLEN h b", ":0");
    EXPECT("HSTRLEN nokey a", ":0");
    EXPECT("HEXISTS h a", ":1");
    EXPECT("HEXISTS h b", ":0");
    EXPECT("HEXISTS nokey a", ":0");
}

Test(hash, hdel_counts_what_was_there_and_removes_the_empty_key)
{
    EXPECT("HSET h a 1 b 2 c 3", ":3");
    EXPECT("HDEL h a x a", ":1");
    EXPECT_EVENTS("HDEL h x", "");
    EXPECT_EVENTS("HDEL h b", "hdel h");
    EXPECT_EVENTS("HDEL h c", "hdel h, del h");
    EXPECT("EXISTS h", ":0");
    EXPECT("HDEL h a", ":0");
}

Test(hash, hdel_counts_a_change_for_each_field)
{
    EXPECT("HSET h a 1 b 2 c 3", ":3");
    EXPECT_CHANGES("HDEL h a b x", 2);
    EXPECT_CHANGES("HDEL h x", 0);
}

Test(hash, refuses_another_type)
{
    EXPECT("SET k v", "+OK");
    EXPECT("HSET k a 1", WRONGTYPE);
    EXPECT("HGET k a", WRONGTYPE);
    EXPECT("HMGET k a b", WRONGTYPE);
    EXPECT("HDEL k a", WRONGTYPE);
    EXPECT("HLEN k", WRONGTYPE);
    EXPECT("HINCRBY k a 1", WRONGTYPE);
    EXPECT("GET k", "v");
}

Test(hash, becomes_a_table_with_one_field_too_many_and_stays_one)
{
    EXPECT("CONFIG SET hash-max-listpack-entries 2", "+OK");
    EXPECT("HSET h a 1 b 2", ":2");
    EXPECT("OBJECT ENCODING h", "listpack");
    EXPECT("HSET h c 3", ":1");
    EXPECT("OBJECT ENCODING h", "hashtable");
    EXPECT("HDEL h b c", ":2");
    EXPECT("OBJECT ENCODING h", "hashtable");
    EXPECT("HGETALL h", "[a 1]");
}

Test(hash, becomes_a_table_with_a_field_or_value_too_long)
{
    EXPECT("CONFIG SET hash-max-listpack-value 3", "+OK");
    EXPECT("HSET h abc abc", ":1");
    EXPECT("OBJECT ENCODING h", "listpack");
    EXPECT("HSET h abc abcd", ":0");
    EXPECT("OBJECT ENCODING h", "hashtable");
    EXPECT("HSET i abcd 1", ":1");
    EXPECT("OBJECT ENCODING i", "hashtable");
}

Test(hincrby, begins_at_zero_in_a_missing_field_or_key)
{
    EXPECT("HINCRBY h a 5", ":5");
    EXPECT("HINCRBY h a -7", ":-2");
    EXPECT("HGET h a", "-2");
    EXPECT("HINCRBYFLOAT h b 0.5", "0.5");
    EXPECT_EVENTS("HINCRBY h a 1", "hincrby h");
    EXPECT_EVENTS("HINCRBYFLOAT h a 1", "hincrbyfloat h");
}

Test(hincrby, stops_at_both_ends_of_64_bits)
{
    EXPECT("HSET h max 9223372036854775806 min -9223372036854775807", ":2");
    EXPECT("HINCRBY h max 1", ":9223372036854775807");
    EXPECT("HINCRBY h max 1", WOULD_OVERFLOW);
    EXPECT("HINCRBY h min -1", ":-9223372036854775808");
    EXPECT("HINCRBY h min -1", WOULD_OVERFLOW);
    EXPECT("HINCRBY h min -9223372036854775808", WOULD_OVERFLOW);
    EXPECT("HMGET h max min", "[9223372036854775807 -9223372036854775808]");
}

Test(hincrby, refuses_a_value_that_is_no_integer)
{
    EXPECT("HSET h text abc space \" 1\" float 1.5 empty \"\"", ":4");
    EXPECT("HINCRBY h text 1", "-ERR hash value is not an integer");
    EXPECT("HINCRBY h space 1", "-ERR hash value is not an integer");
    EXPECT("HINCRBY h float 1", "-ERR hash value is not an integer");
    EXPECT("HINCRBY h empty 1", "-ERR hash value is not an integer");
}

Test(hincrby, refuses_an_increment_that_is_none)
{
    EXPECT("HINCRBY h a 1.5", NOT_INTEGER);
    EXPECT("HINCRBY h a 9223372036854775808", NOT_INTEGER);
    EXPECT("HINCRBYFLOAT h a x", "-ERR value is not a valid float");
    EXPECT("EXISTS h", ":0");
}

Test(hincrby, in_floats_prints_up_to_seventeen_digits_behind_the_point)
{
    EXPECT("HINCRBYFLOAT h a 10.50", "10.5");
    EXPECT("HINCRBYFLOAT h a 0.1", "10.6");
    EXPECT("HINCRBYFLOAT h a 5.0e3", "5010.60000000000000009");
    EXPECT("HINCRBYFLOAT h b 3.0", "3");
    EXPECT("HINCRBYFLOAT h b -3", "0");
    EXPECT("HGET h b", "0");
}

Test(hincrby, in_floats_refuses_what_is_no_number)
{
    EXPECT("HSET h text abc inf inf", ":2");
    EXPECT("HINCRBYFLOAT h text 1", "-ERR hash value is not a float");
    EXPECT("HINCRBYFLOAT h a inf", "-ERR value is NaN or Infinity");
    EXPECT("HINCRBYFLOAT h a nan", "-ERR value is not a valid float");
    EXPECT("HINCRBYFLOAT h inf 1", "-ERR increment would produce NaN or Infinity");
    EXPECT("HLEN h", ":2");
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Deadlines of hash fields: what is answered for each field, conditions, times at both ends, fields that fell due.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

#define NO_FIELDS "-ERR Mandatory argument FIELDS is missing or not at the right position"

static void two_fields(void)
{
    command_server_setup();
    EXPECT("HSET h a 1 b 2", ":2");
}

TestSuite(hexpire, .init = two_fields, .fini = command_server_teardown);
TestSuite(httl, .init = two_fields, .fini = command_server_teardown);

Test(hexpire, answers_one_number_for_each_field)
{
    EXPECT("HEXPIRE h 100 FIELDS 3 a x b", "[:1 :-2 :1]");
    EXPECT("HEXPIRE nokey 100 FIELDS 2 a b", "[:-2 :-2]");
    EXPECT("HTTL h FIELDS 3 a x b", "[:100 :-2 :100]");
    EXPECT("TTL h", ":-1");
}

Test(hexpire, sets_deadlines_in_milliseconds_and_at_times)
{
    EXPECT("HPEXPIRE h 1500 FIELDS 1 a", "[:1]");
    EXPECT("HPTTL h FIELDS 1 a", "[:1500]");
    EXPECT("HEXPIREAT h 33177117420 FIELDS 1 a", "[:1]");
    EXPECT("HEXPIRETIME h FIELDS 1 a", "[:33177117420]");
    EXPECT("HPEXPIREAT h 33177117420123 FIELDS 1 a", "[:1]");
    EXPECT("HPEXPIRETIME h FIELDS 1 a", "[:33177117420123]");
}

Test(hexpire, deletes_at_once_what_is_past_due)
{
    EXPECT("HEXPIRE h 0 FIELDS 1 a", "[:2]");
    EXPECT("HGETALL h", "[b 2]");
    EXPECT_EVENTS("HPEXPIREAT h 1 FIELDS 1 b", "hdel h, del h");
    EXPECT("EXISTS h", ":0");
}

Test(hexpire, with_nx_or_xx_looks_whether_there_is_a_deadline)
{
    EXPECT("HEXPIRE h 100 XX FIELDS 1 a", "[:0]");
    EXPECT("HEXPIRE h 100 NX FIELDS 1 a", "[:1]");
    EXPECT("HEXPIRE h 200 NX FIELDS 2 a b", "[:0 :1]");
    EXPECT("HEXPIRE h 300 XX FIELDS 1 a", "[:1]");
    EXPECT("HTTL h FIELDS 2 a b", "[:300 :200]");
}

Test(hexpire, with_gt_or_lt_compares_and_no_deadline_is_for_ever)
{
    EXPECT("HEXPIRE h 100 GT FIELDS 1 a", "[:0]");
    EXPECT("HEXPIRE h 100 LT FIELDS 1 a", "[:1]");
    EXPECT("HEXPIRE h 50 GT FIELDS 1 a", "[:0]");
    EXPECT("HEXPIRE h 200 LT FIELDS 1 a", "[:0]");
    EXPECT("HEXPIRE h 200 GT FIELDS 1 a", "[:1]");
    EXPECT("HTTL h FIELDS 1 a", "[:200]");
}

Test(hexpire, lets_a_field_go_when_it_is_due)
{
    EXPECT("HPEXPIRE h 100 FIELDS 1 a", "[:1]");
    command_server_advance_ms(101);
    EXPECT("HGET h a", "nil");
    EXPECT("HEXISTS h a", ":0");
    EXPECT("HLEN h", ":1");
    EXPECT("HGETALL h", "[b 2]");
}

Test(hexpire, lets_the_key_go_with_its_last_field)
{
    EXPECT("HPEXPIRE h 100 FIELDS 2 a b", "[:1 :1]");
    command_server_advance_ms(101);
    EXPECT("HGETALL h", "[]");
    EXPECT("HSET h a 3", ":1");
    EXPECT("HTTL h FIELDS 1 a", "[:-1]");
}

Test(hexpire, of_a_field_that_is_set_again_is_gone)
{
    EXPECT("HEXPIRE h 100 FIELDS 2 a b", "[:1 :1]");
    EXPECT("HSET h a 3", ":0");
    EXPECT("HINCRBY h b 1", ":3");
    EXPECT("HTTL h FIELDS 2 a b", "[:-1 :100]");
}

Test(hexpire, goes_with_the_key_that_is_copied_or_renamed)
{
    EXPECT("HEXPIRE h 100 FIELDS 1 a", "[:1]");
    EXPECT("COPY h copied", ":1");
    EXPECT("RENAME h renamed", "+OK");
    EXPECT("HTTL copied FIELDS 2 a b", "[:100 :-1]");
    EXPECT("HTTL renamed FIELDS 2 a b", "[:100 :-1]");
}

Test(hexpire, keeps_its_deadlines_from_encoding_to_encoding)
{
    EXPECT("CONFIG SET hash-max-listpack-entries 2", "+OK");
    EXPECT("HEXPIRE h 100 FIELDS 1 a", "[:1]");
    EXPECT("HSET h c 3", ":1");
    EXPECT("OBJECT ENCODING h", "hashtable");
    EXPECT("HTTL h FIELDS 3 a b c", "[:100 :-1 :-1]");
}

Test(hexpire, refuses_a_time_that_is_none)
{
    EXPECT("HEXPIRE h -1 FIELDS 1 a", "-ERR invalid expire time, must be >= 0");
    EXPECT("HEXPIRE h x FIELDS 1 a", NOT_INTEGER);
    EXPECT("HEXPIRE h 9223372036854775808 FIELDS 1 a", NOT_INTEGER);
    EXPECT("HEXPIRE h 9223372036854775807 FIELDS 1 a", "-ERR invalid expire time in 'hexpire' command");
    EXPECT("HPEXPIRE h 9223372036854775807 FIELDS 1 a", "-ERR invalid expire time in 'hpexpire' command");
    EXPECT("HTTL h FIELDS 2 a b", "[:-1 :-1]");
}

Test(hexpire, wants_the_number_of_fields_to_be_right)
{
    EXPECT("HEXPIRE h 100 FIELDS 3 a b", "-ERR The `numfields` parameter must match the number of arguments");
    EXPECT("HEXPIRE h 100 FIELDS 1 a b", "-ERR The `numfields` parameter must match the number of arguments");
    EXPECT("HEXPIRE h 100 FIELDS 0 a", "-ERR Parameter `numFields` should be greater than 0");
    EXPECT("HEXPIRE h 100 FIELDS -1 a", "-ERR Parameter `numFields` should be greater than 0");
    EXPECT("HEXPIRE h 100 FIELDS x a", "-ERR Parameter `numFields` should be greater than 0");
    EXPECT("HEXPIRE h 100 FIELD 1 a", NO_FIELDS);
    EXPECT("HTTL h FIELDS 2 a b", "[:-1 :-1]");
}

Test(hexpire, refuses_conditions_that_exclude_each_other)
{
    EXPECT("HEXPIRE h 100 NX XX FIELDS 1 a", "-ERR NX and XX, GT or LT options at the same time are not compatible");
    EXPECT("HEXPIRE h 100 GT LT FIELDS 1 a", "-ERR GT and LT options at the same time are not compatible");
}

Test(hexpire, refuses_another_type)
{
    EXPECT("SET k v", "+OK");
    EXPECT("HEXPIRE k 100 FIELDS 1 a", WRONGTYPE);
    EXPECT("HTTL k FIELDS 1 a", WRONGTYPE);
    EXPECT("HPERSIST k FIELDS 1 a", WRONGTYPE);
}

Test(hexpire, tells_one_event_for_all_its_fields)
{
    EXPECT_EVENTS("HEXPIRE h 100 FIELDS 2 a b", "hexpire h");
    EXPECT_EVENTS("HEXPIRE h 100 NX FIELDS 2 a b", "");
    EXPECT_EVENTS("HEXPIRE h 0 FIELDS 1 a", "hdel h");
}

Test(httl, tells_a_missing_field_from_one_without_deadline)
{
    EXPECT("HTTL h FIELDS 2 a x", "[:-1 :-2]");
    EXPECT("HPTTL nokey FIELDS 1 a", "[:-2]");
    EXPECT("HEXPIRETIME h FIELDS 2 a x", "[:-1 :-2]");
    EXPECT("HPEXPIRETIME nokey FIELDS 2 a b", "[:-2 :-2]");
}

Test(httl, wants_the_number_of_fields_to_be_right)
{
    EXPECT("HTTL h FIELDS 3 a b", "-ERR The `numfields` parameter must match the number of arguments");
    EXPECT("HTTL h FIELDS 0 a", "-ERR Number of fields must be a positive integer");
    EXPECT("HTTL h FIELDS 9223372036854775808 a", "-ERR Number of fields must be a positive integer");
    EXPECT("HTTL h a b c", NO_FIELDS);
}

Test(httl, hpersist_removes_deadlines)
{
    EXPECT("HEXPIRE h 100 FIELDS 1 a", "[:1]");
    EXPECT("HPERSIST h FIELDS 3 a b x", "[:1 :-1 :-2]");
    EXPECT("HTTL h FIELDS 1 a", "[:-1]");
    EXPECT("HEXPIRE h 100 FIELDS 1 a", "[:1]");
    EXPECT_EVENTS("HPERSIST h FIELDS 1 a", "hpersist h");
    EXPECT_EVENTS("HPERSIST h FIELDS 1 a", "");
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Deadlines of keys: conditions, times at both ends of 64 bits, what is told and what is removed at once.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

#define INVALID_EXPIRE(command) "-ERR invalid expire time in '" command "' command"

static void one_key(void)
{
    command_server_setup();
    EXPECT("SET k v", "+OK");
}

TestSuite(expire, .init = one_key, .fini = command_server_teardown);
TestSuite(ttl, .init = one_key, .fini = command_server_teardown);

Test(expire, sets_a_deadline_in_seconds_or_milliseconds)
{
    EXPECT("EXPIRE k 100", ":1");
    EXPECT("PTTL k", ":100000");
    EXPECT("PEXPIRE k 1500", ":1");
    EXPECT("PTTL k", ":1500");
}

Test(expire, sets_a_deadline_at_a_time)
{
    EXPECT("EXPIREAT k 33177117420", ":1");
    EXPECT("EXPIRETIME k", ":33177117420");
    EXPECT("PEXPIRETIME k", ":33177117420000");
    EXPECT("PEXPIREAT k 33177117420123", ":1");
    EXPECT("PEXPIRETIME k", ":33177117420123");
}

Test(expire, of_nothing_is_refused)
{
    EXPECT("EXPIRE nokey 100", ":0");
    EXPECT_EVENTS("EXPIRE nokey -1", "");
    EXPECT("EXISTS nokey", ":0");
}

Test(expire, takes_a_key_of_any_type)
{
    EXPECT("RPUSH l a", ":1");
    EXPECT("EXPIRE l 100", ":1");
    EXPECT("RPUSH l b", ":2");
    EXPECT("TTL l", ":100");
}

Test(expire, removes_at_once_what_is_past_due)
{
    EXPECT_EVENTS("EXPIRE k -1", "del k");
    EXPECT("EXISTS k", ":0");
    EXPECT("SET k v", "+OK");
    EXPECT("EXPIRE k 0", ":1");
    EXPECT("EXISTS k", ":0");
    EXPECT("SET k v", "+OK");
    EXPECT_CHANGES("PEXPIREAT k 1", 1);
    EXPECT("EXISTS k", ":0");
}

Test(expire, tells_of_each_deadline_it_sets)
{
    EXPECT_EVENTS("EXPIRE k 100", "expire k");
    EXPECT_EVENTS("PEXPIREAT k 33177117420123", "expire k");
    EXPECT_EVENTS("EXPIRE k 5 NX", "");
    EXPECT_CHANGES("EXPIRE k 5", 1);
}

Test(expire, with_nx_sets_the_first_deadline_alone)
{
    EXPECT("EXPIRE k 100 NX", ":1");
    EXPECT("EXPIRE k 200 NX", ":0");
    EXPECT("TTL k", ":100");
}

Test(expire, with_xx_changes_an_existing_deadline_alone)
{
    EXPECT("EXPIRE k 100 XX", ":0");
    EXPECT("TTL k", ":-1");
    EXPECT("EXPIRE k 100", ":1");
    EXPECT("EXPIRE k 200 xx", ":1");
    EXPECT("TTL k", ":200");
}

Test(expire, with_gt_only_postpones)
{
    EXPECT("EXPIRE k 100 GT", ":0");
    EXPECT("EXPIRE k 100", ":1");
    EXPECT("PEXPIREAT k 33177117420000", ":1");
    EXPECT("PEXPIREAT k 33177117420000 GT", ":0");
    EXPECT("PEXPIREAT k 33177117420001 GT", ":1");
    EXPECT("PEXPIREAT k 33177117420000 GT", ":0");
    EXPECT("PEXPIRETIME k", ":33177117420001");
}

Test(expire, with_lt_only_brings_forward)
{
    EXPECT("PEXPIREAT k 33177117420001 LT", ":1");
    EXPECT("PEXPIREAT k 33177117420001 LT", ":0");
    EXPECT("PEXPIREAT k 33177117420000 LT", ":1");
    EXPECT("PEXPIREAT k 33177117420001 LT", ":0");
    EXPECT("PEXPIRETIME k", ":33177117420000");
}

Test(expire, takes_xx_together_with_gt_or_lt)
{
    EXPECT("EXPIRE k 100 XX LT", ":0");
    EXPECT("EXPIRE k 100", ":1");
    EXPECT("EXPIRE k 200 GT XX", ":1");
    EXPECT("EXPIRE k 50 XX LT", ":1");
    EXPECT("TTL k", ":50");
}

Test(expire, refuses_conditions_that_exclude_each_other)
{
    const char *nx = "-ERR NX and XX, GT or LT options at the same time are not compatible";
    EXPECT("EXPIRE k 100 NX XX", nx);
    EXPECT("EXPIRE k 100 GT NX", nx);
    EXPECT("EXPIRE k 100 NX LT", nx);
    EXPECT("EXPIRE k 100 GT LT", "-ERR GT and LT options at the same time are not compatible");
    EXPECT("TTL k", ":-1");
}

Test(expire, names_an_option_that_is_none)
{
    EXPECT("EXPIRE k 100 AB", "-ERR Unsupported option AB");
    EXPECT("EXPIRE k 100 XX AB", "-ERR Unsupported option AB");
    EXPECT("EXPIRE k x AB", "-ERR Unsupported option AB");
}

Test(expire, refuses_a_time_that_is_no_integer)
{
    EXPECT("EXPIRE k soon", NOT_INTEGER);
    EXPECT("PEXPIRE k 1.5", NOT_INTEGER);
    EXPECT("EXPIREAT k 9223372036854775808", NOT_INTEGER);
    EXPECT("EXPIRE k \"\"", NOT_INTEGER);
}

Test(expire, refuses_a_time_beyond_all_times)
{
    EXPECT("EXPIRE k 9223372036854775807", INVALID_EXPIRE("expire"));
    EXPECT("EXPIRE k -9223372036854775808", INVALID_EXPIRE("expire"));
    EXPECT("EXPIRE k 9223372036854776", INVALID_EXPIRE("expire"));
    EXPECT("PEXPIRE k 9223372036854775807", INVALID_EXPIRE("pexpire"));
    EXPECT("EXPIREAT k 9223372036854776", INVALID_EXPIRE("expireat"));
    EXPECT("TTL k", ":-1");
}

Test(expire, takes_the_greatest_and_the_least_times_there_are)
{
    EXPECT("PEXPIREAT k 9223372036854775807", ":1");
    EXPECT("PEXPIRETIME k", ":9223372036854775807");
    EXPECT("EXPIREAT k -9223372036854775", ":1");
    EXPECT("EXISTS k", ":0");
}

Test(expire, looks_at_its_time_before_the_key)
{
    EXPECT("EXPIRE nokey x", NOT_INTEGER);
    EXPECT("EXPIRE nokey 9223372036854775807", INVALID_EXPIRE("expire"));
}

Test(expire, that_is_due_removes_the_key_at_the_next_look)
{
    EXPECT("PEXPIRE k 100", ":1");
    command_server_advance_ms(101);
    EXPECT("GET k", "nil");
    EXPECT("TTL k", ":-2");
    EXPECT("SET k w", "+OK");
    EXPECT("TTL k", ":-1");
}

Test(ttl, tells_a_missing_key_from_one_without_deadline)
{
    EXPECT("TTL nokey", ":-2");
    EXPECT("PTTL nokey", ":-2");
    EXPECT("EXPIRETIME nokey", ":-2");
    EXPECT("PEXPIRETIME nokey", ":-2");
    EXPECT("TTL k", ":-1");
    EXPECT("PTTL k", ":-1");
    EXPECT("EXPIRETIME k", ":-1");
    EXPECT("PEXPIRETIME k", ":-1");
}

Test(ttl, rounds_to_the_nearest_second)
{
    EXPECT("PEXPIRE k 1499", ":1");
    EXPECT("TTL k", ":1");
    EXPECT("PEXPIRE k 1900", ":1");
    EXPECT("TTL k", ":2");
    EXPECT("PEXPIREAT k 33177117420500", ":1");
    EXPECT("EXPIRETIME k", ":33177117421");
}

Test(ttl, persist_removes_a_deadline_once)
{
    EXPECT("PERSIST k", ":0");
    EXPECT("EXPIRE k 100", ":1");
    EXPECT_EVENTS("PERSIST k", "persist k");
    EXPECT("TTL k", ":-1");
    EXPECT_EVENTS("PERSIST k", "");
    EXPECT("PERSIST nokey", ":0");
}

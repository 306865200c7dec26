/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands that wait for a member of a sorted set, where they need not or may not wait: waiting itself is in
 * tests/unit/exec/test_blocking.c and tests/system.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

static void one(void)
{
    command_server_setup();
    EXPECT("ZADD z 1 a 2 b 3 c", ":3");
}

TestSuite(zset_block, .init = one, .fini = command_server_teardown);

Test(zset_block, bzpopmin_and_bzpopmax_name_the_key_they_took_from)
{
    EXPECT("BZPOPMIN nokey z 0", "[z a 1]");
    EXPECT("BZPOPMAX z nokey 1.5", "[z c 3]");
}

Test(zset_block, answers_the_score_as_a_double_in_resp3)
{
    command_server_speak(3);
    EXPECT("BZPOPMIN z 0", "[z a ,1]");
    EXPECT("BZMPOP 0 1 z MIN", "[z [[b ,2]]]");
}

Test(zset_block, the_last_member_takes_the_key_with_it)
{
    EXPECT_EVENTS("BZMPOP 0 2 nokey z MIN COUNT 10", "zpopmin z, del z");
    EXPECT("EXISTS z", ":0");
}

Test(zset_block, refuses_a_timeout_that_is_none)
{
    EXPECT("BZPOPMIN z -1", "-ERR timeout is negative");
    EXPECT("BZPOPMAX z x", "-ERR timeout is not a float or out of range");
    EXPECT("BZMPOP nan 1 z MIN", "-ERR timeout is not a float or out of range");
    EXPECT("BZPOPMIN z 1e400", "-ERR timeout is out of range");
    EXPECT("ZCARD z", ":3");
}

Test(zset_block, bzmpop_refuses_wrong_numbers_and_words)
{
    EXPECT("BZMPOP 0 0 z MIN", "-ERR numkeys should be greater than 0");
    EXPECT("BZMPOP 0 1 z MIDDLE", "-ERR syntax error");
    EXPECT("BZMPOP 0 1 z MIN COUNT 0", "-ERR count should be greater than 0");
    EXPECT("BZMPOP 0 1 z MIN COUNT -9223372036854775808", "-ERR count should be greater than 0");
    EXPECT("BZMPOP 0 9223372036854775807 z MIN", "-ERR syntax error");
}

Test(zset_block, a_key_of_another_type_is_refused_at_once)
{
    EXPECT("SET k v", "+OK");
    EXPECT("BZPOPMIN k z 0", "-WRONGTYPE Operation against a key holding the wrong kind of value");
    EXPECT("BZPOPMIN z k 0", "[z a 1]");
}

Test(zset_block, within_a_transaction_nothing_waits)
{
    EXPECT("MULTI", "+OK");
    EXPECT("BZPOPMIN nokey 0", "+QUEUED");
    EXPECT("BZMPOP 0 1 nokey MAX", "+QUEUED");
    EXPECT("EXEC", "[nil-array nil-array]");
}

Test(zset_block, bzmpop_looks_at_its_timeout_last)
{
    EXPECT("BZMPOP x 1 z UP", SYNTAX_ERROR);
    EXPECT("BZMPOP x 0 z MIN", "-ERR numkeys should be greater than 0");
    EXPECT("BZMPOP x 1 z MIN COUNT 0", "-ERR count should be greater than 0");
    EXPECT("BZMPOP x 1 z MIN", "-ERR timeout is not a float or out of range");
    EXPECT("ZCARD z", ":3");
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands that wait for an element, where they need not or may not wait: waiting itself is in
 * tests/unit/exec/test_blocking.c and tests/system.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

static void two_lists(void)
{
    command_server_setup();
    EXPECT("RPUSH a 1 2 3", ":3");
    EXPECT("RPUSH b x y", ":2");
}

TestSuite(list_block, .init = two_lists, .fini = command_server_teardown);

Test(list_block, blpop_and_brpop_answer_at_once_when_there_is_something)
{
    EXPECT("BLPOP nokey a b 0", "[a 1]");
    EXPECT("BRPOP nokey b a 1.5", "[b y]");
    EXPECT_EVENTS("BLPOP b 0", "lpop b, del b");
}

Test(list_block, blmove_and_brpoplpush_answer_at_once_when_there_is_something)
{
    EXPECT("BLMOVE a b LEFT RIGHT 0", "1");
    EXPECT("BRPOPLPUSH a b 0", "3");
    EXPECT("LRANGE b 0 -1", "[3 x y 1]");
}

Test(list_block, blmpop_answers_at_once_when_there_is_something)
{
    EXPECT("BLMPOP 0 2 nokey a RIGHT COUNT 2", "[a [3 2]]");
}

Test(list_block, refuses_a_timeout_that_is_none)
{
    EXPECT("BLPOP nokey -1", "-ERR timeout is negative");
    EXPECT("BRPOP nokey x", "-ERR timeout is not a float or out of range");
    EXPECT("BLMOVE nokey b LEFT LEFT -0.1", "-ERR timeout is negative");
    EXPECT("BLMPOP nan 1 nokey LEFT", "-ERR timeout is not a float or out of range");
    EXPECT("BLPOP a 1e400", "-ERR timeout is out of range");
    EXPECT("BRPOPLPUSH nokey b 9223372036854775807", "-ERR timeout is out of range");
    EXPECT("LLEN a", ":3");
}

Test(list_block, within_a_transaction_nothing_waits)
{
    EXPECT("MULTI", "+OK");
    EXPECT("BLPOP nokey 0", "+QUEUED");
    EXPECT("BLMOVE nokey b LEFT LEFT 0", "+QUEUED");
    EXPECT("BLMPOP 0 1 nokey LEFT", "+QUEUED");
    EXPECT("EXEC", "[nil-array nil nil-array]");
}

Test(list_block, another_type_is_refused_at_once)
{
    EXPECT("SET k v", "+OK");
    EXPECT("BLPOP k 0", WRONGTYPE);
    EXPECT("BLMOVE k b LEFT LEFT 0", WRONGTYPE);
    EXPECT("BRPOPLPUSH a k 0", WRONGTYPE);
    EXPECT("BLMPOP 0 1 k LEFT", WRONGTYPE);
}

Test(list_block, looks_at_its_timeout_last)
{
    EXPECT("BLMOVE a b UP LEFT x", SYNTAX_ERROR);
    EXPECT("BLMPOP x 1 a UP", SYNTAX_ERROR);
    EXPECT("BLMPOP x 0 a LEFT", "-ERR numkeys should be greater than 0");
    EXPECT("BLMPOP x 1 a LEFT COUNT 0", "-ERR count should be greater than 0");
    EXPECT("BLMPOP x 1 a LEFT", "-ERR timeout is not a float or out of range");
    EXPECT("LLEN a", ":3");
}

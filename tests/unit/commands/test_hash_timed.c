/* SPDX-License-Identifier: BSD-3-Clause */
/* Fields together with their deadlines: HGETEX, HSETEX, HGETDEL.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

#define NO_FIELDS "-ERR Mandatory argument FIELDS is missing or not at the right position"

static void two_fields(void)
{
    command_server_setup();
    EXPECT("HSET h a 1 b 2", ":2");
}

TestSuite(hgetex, .init = two_fields, .fini = command_server_teardown);
TestSuite(hsetex, .init = two_fields, .fini = command_server_teardown);
TestSuite(hgetdel, .init = two_fields, .fini = command_server_teardown);

Test(hgetex, without_options_is_a_mere_hmget)
{
    EXPECT("HEXPIRE h 100 FIELDS 1 a", "[:1]");
    EXPECT_EVENTS("HGETEX h FIELDS 2 a b", "");
    EXPECT("HGETEX h FIELDS 3 a x b", "[1 nil 2]");
    EXPECT("HTTL h FIELDS 1 a", "[:100]");
}

Test(hgetex, sets_a_deadline_or_removes_it)
{
    EXPECT("HGETEX h EX 100 FIELDS 1 a", "[1]");
    EXPECT("HTTL h FIELDS 2 a b", "[:100 :-1]");
    EXPECT("HGETEX h PX 1500 FIELDS 1 a", "[1]");
    EXPECT("HPTTL h FIELDS 1 a", "[:1500]");
    EXPECT("HGETEX h PERSIST FIELDS 1 a", "[1]");
    EXPECT("HTTL h FIELDS 1 a", "[:-1]");
}

Test(hgetex, at_a_time_that_has_passed_answers_and_deletes)
{
    EXPECT("HGETEX h EXAT 1 FIELDS 1 a", "[1]");
    EXPECT("HGETALL h", "[b 2]");
    EXPECT_EVENTS("HGETEX h PXAT 1 FIELDS 1 b", "hdel h, del h");
}

Test(hgetex, of_nothing_is_nothing_for_each_field)
{
    EXPECT("HGETEX nokey EX 100 FIELDS 2 a b", "[nil nil]");
    EXPECT("EXISTS nokey", ":0");
}

Test(hgetex, tells_only_when_a_deadline_changed)
{
    EXPECT_EVENTS("HGETEX h EX 100 FIELDS 2 a b", "hexpire h");
    EXPECT_EVENTS("HGETEX h PERSIST FIELDS 2 a b", "hpersist h");
    EXPECT_EVENTS("HGETEX h PERSIST FIELDS 2 a b", "");
}

Test(hgetex, refuses_what_does_not_fit)
{
    EXPECT("HGETEX h EX -1 FIELDS 1 a", "-ERR invalid expire time, must be >= 0");
    EXPECT("HGETEX h EX x FIELDS 1 a", NOT_INTEGER);
    EXPECT("HGETEX h FIELDS 0 a", "-ERR Number of fields must be a positive integer");
    EXPECT("HGETEX h FIELDS 2 a", "-ERR The `numfields` parameter must match the number of arguments");
    EXPECT("HGETEX h EX 10 PX 10 FIELDS 1 a", NO_FIELDS);
    EXPECT("SET k v", "+OK");
    EXPECT("HGETEX k FIELDS 1 a", WRONGTYPE);
}

Test(hsetex, sets_fields_with_a_deadline)
{
    EXPECT("HSETEX h EX 100 FIELDS 2 a 3 c 4", ":1");
    EXPECT("HMGET h a b c", "[3 2 4]");
    EXPECT("HTTL h FIELDS 3 a b c", "[:100 :-1 :100]");
}

Test(hsetex, makes_the_key)
{
    EXPECT("HSETEX new PX 1500 FIELDS 1 a 1", ":1");
    EXPECT("HPTTL new FIELDS 1 a", "[:1500]");
}

Test(hsetex, without_a_deadline_clears_it_and_with_keepttl_keeps_it)
{
    EXPECT("HEXPIRE h 100 FIELDS 2 a b", "[:1 :1]");
    EXPECT("HSETEX h FIELDS 1 a 3", ":1");
    EXPECT("HSETEX h KEEPTTL FIELDS 1 b 4", ":1");
    EXPECT("HTTL h FIELDS 2 a b", "[:-1 :100]");
    EXPECT("HMGET h a b", "[3 4]");
}

Test(hsetex, with_fnx_wants_every_field_to_be_missing)
{
    EXPECT("HSETEX h FNX FIELDS 2 c 3 a 4", ":0");
    EXPECT("HLEN h", ":2");
    EXPECT("HSETEX h FNX FIELDS 2 c 3 d 4", ":1");
    EXPECT("HLEN h", ":4");
}

Test(hsetex, with_fxx_wants_every_field_to_exist)
{
    EXPECT("HSETEX h FXX FIELDS 2 a 3 c 4", ":0");
    EXPECT("HGET h a", "1");
    EXPECT("HSETEX h EX 100 FXX FIELDS 2 a 3 b 4", ":1");
    EXPECT("HMGET h a b", "[3 4]");
    EXPECT("HSETEX nokey FXX FIELDS 1 a 3", ":0");
    EXPECT("EXISTS nokey", ":0");
}

Test(hsetex, at_a_time_that_has_passed_leaves_no_field)
{
    EXPECT("HSETEX h PXAT 1 FIELDS 1 a 3", ":1");
    EXPECT("HGETALL h", "[b 2]");
}

Test(hsetex, refuses_what_does_not_fit)
{
    EXPECT("HSETEX h FNX FXX FIELDS 1 a 3", "-ERR Only one of FXX or FNX arguments can be specified");
    EXPECT("HSETEX h EX 10 KEEPTTL FIELDS 1 a 3",
           "-ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified");
    EXPECT("HSETEX h FIELDS 0 a 3", "-ERR invalid number of fields");
    EXPECT("HSETEX h FIELDS 2 a 3", "-ERR wrong number of arguments for 'hsetex' command");
    EXPECT("HSETEX h SOON FIELDS 1 a 3", "-ERR unknown argument: SOON");
    EXPECT("HGET h a", "1");
}

Test(hsetex, refuses_another_type)
{
    EXPECT("SET k v", "+OK");
    EXPECT("HSETEX k FIELDS 1 a 3", WRONGTYPE);
    EXPECT("GET k", "v");
}

Test(hgetdel, answers_and_deletes)
{
    EXPECT("HGETDEL h FIELDS 2 a x", "[1 nil]");
    EXPECT("HGETALL h", "[b 2]");
    EXPECT_EVENTS("HGETDEL h FIELDS 1 b", "hdel h, del h");
    EXPECT("EXISTS h", ":0");
    EXPECT("HGETDEL h FIELDS 1 b", "[nil]");
}

Test(hgetdel, of_a_field_named_twice_answers_it_once)
{
    EXPECT("HGETDEL h FIELDS 2 a a", "[1 nil]");
}

Test(hgetdel, refuses_what_does_not_fit)
{
    EXPECT("HGETDEL h FIELDS 0 a", "-ERR Number of fields must be a positive integer");
    EXPECT("HGETDEL h FIELDS 2 a", "-ERR The `numfields` parameter must match the number of arguments");
    EXPECT("HGETDEL h a FIELDS 1", NO_FIELDS);
    EXPECT("SET k v", "+OK");
    EXPECT("HGETDEL k FIELDS 1 a", WRONGTYPE);
}

Test(hsetex, wants_fields_behind_its_options)
{
    EXPECT("HSETEX h EX 100 KEEP a 3 c", "-ERR unknown argument: KEEP");
    EXPECT("HSETEX h EX x FIELDS 1 a 3", NOT_INTEGER);
    EXPECT("HSETEX h EX -1 FIELDS 1 a 3", "-ERR invalid expire time, must be >= 0");
    EXPECT("HSETEX h EX 100 FNX FXX x", "-ERR Only one of FXX or FNX arguments can be specified");
    EXPECT("HGET h a", "1");
}

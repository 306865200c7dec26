/* SPDX-License-Identifier: BSD-3-Clause */
/* CONFIG: patterns, several options at a time, values that are none, what a refused change leaves.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

#define FAILED(option, why) "-ERR CONFIG SET failed (possibly related to argument '" option "') - " why

TestSuite(config_get, .init = command_server_setup, .fini = command_server_teardown);
TestSuite(config_set, .init = command_server_setup, .fini = command_server_teardown);

Test(config_get, answers_pairs_or_a_map)
{
    EXPECT("CONFIG GET hash-max-listpack-entries", "[hash-max-listpack-entries 512]");
    EXPECT("CONFIG GET nosuch", "[]");
    command_server_speak(3);
    EXPECT("CONFIG GET hash-max-listpack-value", "{hash-max-listpack-value=64}");
    EXPECT("CONFIG GET nosuch", "{}");
}

Test(config_get, takes_any_case_and_answers_the_name_as_it_was_asked_for)
{
    EXPECT("CONFIG GET Hash-Max-Listpack-Value", "[Hash-Max-Listpack-Value 64]");
    EXPECT("CONFIG GET HLL-sparse-max-byte?", "[hll-sparse-max-bytes 3000]");
}

Test(config_get, lists_an_option_once_whatever_patterns_fit)
{
    EXPECT("CONFIG GET hll-sparse-max-bytes hll-* *-sparse-*", "[hll-sparse-max-bytes 3000]");
}

Test(config_get, knows_options_by_their_old_names)
{
    EXPECT("CONFIG GET hash-max-ziplist-entries", "[hash-max-ziplist-entries 512]");
    EXPECT("CONFIG SET hash-max-ziplist-entries 7", "+OK");
    EXPECT("CONFIG GET hash-max-listpack-entries", "[hash-max-listpack-entries 7]");
}

Test(config_get, answers_a_hostile_pattern_in_bounded_time)
{
    EXPECT("CONFIG GET *a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", "[]");
}

Test(config_get, takes_patterns_too_long_for_a_turn)
{
    struct buffer line;
    buffer_init(&line);
    buffer_printf(&line, "CONFIG GET %0600d hll-sparse-max-bytes", 0);
    buffer_append(&line, "", 1);
    EXPECT(line.data, "[hll-sparse-max-bytes 3000]");
    buffer_deinit(&line);
}

Test(config_set, changes_several_options_at_once)
{
    EXPECT("CONFIG SET hash-max-listpack-entries 10 hash-max-listpack-value 20", "+OK");
    EXPECT("CONFIG GET hash-max-listpack-entries hash-max-listpack-value",
           "[hash-max-listpack-entries 10 hash-max-listpack-value 20]");
}

Test(config_set, changes_nothing_when_one_of_several_is_refused)
{
    EXPECT("CONFIG SET hash-max-listpack-entries 10 hash-max-listpack-value many",
           FAILED("hash-max-listpack-value", "argument must be a memory value"));
    EXPECT("CONFIG GET hash-max-listpack-entries", "[hash-max-listpack-entries 512]");
}

Test(config_set, takes_units_of_memory)
{
    EXPECT("CONFIG SET hll-sparse-max-bytes 4kb", "+OK");
    EXPECT("CONFIG GET hll-sparse-max-bytes", "[hll-sparse-max-bytes 4096]");
    EXPECT("CONFIG SET hll-sparse-max-bytes 1K", "+OK");
    EXPECT("CONFIG GET hll-sparse-max-bytes", "[hll-sparse-max-bytes 1000]");
}

Test(config_set, refuses_an_integer_that_is_none)
{
    EXPECT("CONFIG SET set-max-intset-entries x",
           FAILED("set-max-intset-entries", "argument couldn't be parsed into an integer"));
    EXPECT("CONFIG SET set-max-intset-entries 1.5",
           FAILED("set-max-intset-entries", "argument couldn't be parsed into an integer"));
    EXPECT("CONFIG GET set-max-intset-entries", "[set-max-intset-entries 512]");
}

Test(config_set, refuses_an_integer_out_of_bounds)
{
    EXPECT("CONFIG SET list-compress-depth -1",
           FAILED("list-compress-depth", "argument must be between 0 and 2147483647 inclusive"));
    EXPECT("CONFIG SET list-max-listpack-size 2147483648",
           FAILED("list-max-listpack-size", "argument must be between -2147483648 and 2147483647 inclusive"));
}

Test(config_set, takes_yes_or_no_alone)
{
    EXPECT("CONFIG SET lazyfree-lazy-user-del YES", "+OK");
    EXPECT("CONFIG GET lazyfree-lazy-user-del", "[lazyfree-lazy-user-del yes]");
    EXPECT("CONFIG SET lazyfree-lazy-user-del 1", FAILED("lazyfree-lazy-user-del", "argument must be 'yes' or 'no'"));
}

Test(config_set, names_an_option_that_is_none)
{
    EXPECT("CONFIG SET nosuch 1", "-ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'");
    EXPECT("CONFIG SET hash-max-listpack-entries 10 nosuch 1",
           "-ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'");
    EXPECT("CONFIG GET hash-max-listpack-entries", "[hash-max-listpack-entries 512]");
}

Test(config_set, refuses_an_option_named_twice)
{
    EXPECT("CONFIG SET hash-max-listpack-entries 10 hash-max-listpack-entries 20",
           FAILED("hash-max-listpack-entries", "duplicate parameter"));
    EXPECT("CONFIG GET hash-max-listpack-entries", "[hash-max-listpack-entries 512]");
}

Test(config_set, wants_pairs)
{
    EXPECT("CONFIG SET hash-max-listpack-entries", "-ERR wrong number of arguments for 'config|set' command");
    EXPECT("CONFIG SET hash-max-listpack-entries 1 x", SYNTAX_ERROR);
    EXPECT("CONFIG NOSUCH", "-ERR unknown subcommand 'NOSUCH'. Try CONFIG HELP.");
}

Test(config_set, holds_for_the_next_command)
{
    EXPECT("SADD s 1 2 3", ":3");
    EXPECT("CONFIG SET set-max-intset-entries 3", "+OK");
    EXPECT("SADD s 4", ":1");
    EXPECT("OBJECT ENCODING s", "hashtable");
}

Test(config_set, rewrite_wants_a_file)
{
    EXPECT("CONFIG REWRITE", "-ERR The server is running without a config file");
}

Test(config_set, resetstat_forgets_hits_but_no_changes)
{
    EXPECT("SET k v", "+OK");
    EXPECT("GET k", "v");
    cr_expect_eq(exec_statistic(&command_server.small.exec, STATISTIC_KEYSPACE_HITS), 1);
    EXPECT("CONFIG RESETSTAT", "+OK");
    cr_expect_eq(exec_statistic(&command_server.small.exec, STATISTIC_KEYSPACE_HITS), 0);
    cr_expect_eq(exec_statistic(&command_server.small.exec, STATISTIC_CHANGES), 1);
}

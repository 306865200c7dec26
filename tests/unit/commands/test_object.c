/* SPDX-License-Identifier: BSD-3-Clause */
/* OBJECT: how a value is kept, how long it has not been used, what is told of a key that is missing.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

TestSuite(object, .init = command_server_setup, .fini = command_server_teardown);

Test(object, of_a_missing_key_is_nothing)
{
    EXPECT("OBJECT ENCODING nokey", "nil");
    EXPECT("OBJECT REFCOUNT nokey", "nil");
    EXPECT("OBJECT IDLETIME nokey", "nil");
    EXPECT("OBJECT FREQ nokey", "nil");
    command_server_speak(3);
    EXPECT("OBJECT ENCODING nokey", "null");
}

Test(object, refcount_of_a_small_number_is_that_of_a_shared_object)
{
    EXPECT("MSET least 0 greatest 9999 beyond 10000 negative -1 text a", "+OK");
    EXPECT("OBJECT REFCOUNT least", ":2147483647");
    EXPECT("OBJECT REFCOUNT greatest", ":2147483647");
    EXPECT("OBJECT REFCOUNT beyond", ":1");
    EXPECT("OBJECT REFCOUNT negative", ":1");
    EXPECT("OBJECT REFCOUNT text", ":1");
}

Test(object, looking_at_a_key_does_not_use_it)
{
    EXPECT("SET k v", "+OK");
    command_server_advance_ms(5000);
    EXPECT("OBJECT ENCODING k", "embstr");
    EXPECT("TTL k", ":-1");
    EXPECT("OBJECT IDLETIME k", ":5");
    EXPECT("GET k", "v");
    EXPECT("OBJECT IDLETIME k", ":0");
}

Test(object, freq_wants_a_policy_that_counts)
{
    EXPECT("SET k v", "+OK");
    EXPECT("OBJECT FREQ k",
           "-ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when "
           "switching between policies at runtime LRU and LFU data will take some time to adjust.");
}

Test(object, refuses_subcommands_that_are_none)
{
    EXPECT("OBJECT SIZE k", "-ERR unknown subcommand 'SIZE'. Try OBJECT HELP.");
    EXPECT("OBJECT", "-ERR wrong number of arguments for 'object' command");
    EXPECT("OBJECT ENCODING", "-ERR wrong number of arguments for 'object|encoding' command");
    EXPECT("OBJECT ENCODING a b", "-ERR wrong number of arguments for 'object|encoding' command");
}

Test(object, encoding_names_the_form_of_every_type)
{
    EXPECT("SADD ints 1 2", ":2");
    EXPECT("SADD texts a b", ":2");
    EXPECT("HSET h f v", ":1");
    EXPECT("ZADD z 1 a", ":1");
    EXPECT("RPUSH l a", ":1");
    EXPECT("XADD x 1-1 f v", "1-1");
    EXPECT("OBJECT ENCODING ints", "intset");
    EXPECT("OBJECT ENCODING texts", "listpack");
    EXPECT("OBJECT ENCODING h", "listpack");
    EXPECT("OBJECT ENCODING z", "listpack");
    EXPECT("OBJECT ENCODING l", "listpack");
    EXPECT("OBJECT ENCODING x", "stream");
}

Test(object, idletime_wants_a_policy_that_does_not_count)
{
    EXPECT("SET k v", "+OK");
    command_server.small.worker->user.usage.by_frequency = true;
    EXPECT("OBJECT IDLETIME k",
           "-ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between "
           "policies at runtime LRU and LFU data will take some time to adjust.");
    cr_expect_eq(command_server_run("OBJECT FREQ k")[0], ':');
}

Test(object, help_lists_its_subcommands)
{
    const char *help = command_server_run("OBJECT HELP");
    cr_expect_eq(strncmp(help, "[+OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are: ", 66), 0, "%s",
                 help);
    cr_expect_not_null(strstr(help, "+ENCODING <key>"));
}

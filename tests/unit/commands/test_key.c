/* SPDX-License-Identifier: BSD-3-Clause */
/* Keys whatever they hold: keys that are named twice, keys that fell due, more keys than one group of lookups.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

static void some_keys(void)
{
    command_server_setup();
    EXPECT("MSET a 1 b 2", "+OK");
    EXPECT("RPUSH l x", ":1");
}

TestSuite(key, .init = some_keys, .fini = command_server_teardown);

Test(key, del_counts_what_it_removes_and_a_key_once)
{
    EXPECT("DEL a nokey a l", ":2");
    EXPECT("EXISTS a l", ":0");
    EXPECT("EXISTS b", ":1");
}

Test(key, del_and_unlink_tell_del_for_each_key)
{
    EXPECT_EVENTS("DEL a nokey l", "del a, del l");
    EXPECT_EVENTS("UNLINK b", "del b");
    EXPECT_EVENTS("UNLINK b", "");
}

Test(key, del_counts_a_change_for_each_key)
{
    EXPECT_CHANGES("DEL a b nokey", 2);
    EXPECT_CHANGES("DEL a b", 0);
}

Test(key, del_does_not_count_a_key_that_fell_due)
{
    EXPECT("PEXPIRE a 100", ":1");
    command_server_advance_ms(101);
    EXPECT("DEL a", ":0");
}

Test(key, exists_counts_a_key_as_often_as_it_is_named)
{
    EXPECT("EXISTS a a nokey l a", ":4");
}

Test(key, exists_does_not_see_a_key_that_fell_due)
{
    EXPECT("PEXPIRE a 100", ":1");
    command_server_advance_ms(101);
    EXPECT("EXISTS a b", ":1");
    EXPECT("DBSIZE", ":2");
}

Test(key, touch_counts_and_ends_idleness)
{
    command_server_advance_ms(60000);
    EXPECT("OBJECT IDLETIME a", ":60");
    EXPECT("EXISTS a", ":1");
    EXPECT("TYPE a", "+string");
    EXPECT("OBJECT IDLETIME a", ":60");
    EXPECT("TOUCH a nokey a", ":2");
    EXPECT("OBJECT IDLETIME a", ":0");
}

Test(key, type_names_every_type)
{
    EXPECT("HSET h f v", ":1");
    EXPECT("SADD s m", ":1");
    EXPECT("ZADD z 1 m", ":1");
    EXPECT("XADD x 1-1 f v", "1-1");
    EXPECT("TYPE a", "+string");
    EXPECT("TYPE l", "+list");
    EXPECT("TYPE h", "+hash");
    EXPECT("TYPE s", "+set");
    EXPECT("TYPE z", "+zset");
    EXPECT("TYPE x", "+stream");
    EXPECT("TYPE nokey", "+none");
}

Test(key, commands_on_many_keys_take_hundreds)
{
    struct buffer line;
    buffer_init(&line);
    for (int i = 0; i < 700; i++) {
        buffer_printf(&line, "%s k%d %d", i == 0 ? "MSET" : "", i, i);
    }
    buffer_append(&line, "", 1);
    EXPECT(line.data, "+OK");
    line.len = 0;
    for (int i = 0; i < 800; i++) {
        buffer_printf(&line, "%s k%d", i == 0 ? "UNLINK" : "", i);
    }
    buffer_append(&line, "", 1);
    EXPECT(line.data, ":700");
    EXPECT("DBSIZE", ":3");
    buffer_deinit(&line);
}

Test(key, commands_want_a_key)
{
    EXPECT("DEL", "-ERR wrong number of arguments for 'del' command");
    EXPECT("EXISTS", "-ERR wrong number of arguments for 'exists' command");
    EXPECT("TYPE a b", "-ERR wrong number of arguments for 'type' command");
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Walking over a database: cursors and counts that are none, filters, patterns that hostile clients send.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

static void one_of_each_type(void)
{
    command_server_setup();
    EXPECT("SET string v", "+OK");
    EXPECT("RPUSH list a", ":1");
    EXPECT("SADD set a", ":1");
    EXPECT("HSET hash f v", ":1");
    EXPECT("ZADD zset 1 a", ":1");
}

TestSuite(scan, .init = one_of_each_type, .fini = command_server_teardown);
TestSuite(keys, .init = one_of_each_type, .fini = command_server_teardown);
TestSuite(randomkey, .init = command_server_setup, .fini = command_server_teardown);

/* How many elements a whole walk gives, each step a SCAN with these options. */
static size_t walked(const char *options)
{
    struct buffer line;
    size_t count = 0;
    char cursor[32] = "0";
    buffer_init(&line);
    do {
        line.len = 0;
        buffer_printf(&line, "SCAN %s %s", cursor, options);
        buffer_append(&line, "", 1);
        const char *reply = command_server_run(line.data);
        size_t len = strcspn(reply + 1, " ");
        cr_assert_lt(len, sizeof(cursor));
        memcpy(cursor, reply + 1, len);
        cursor[len] = '\0';
        for (const char *at = reply + 1 + len; *at != '\0'; at++) {
            count += isgraph((unsigned char)*at) && (at[-1] == ' ' || at[-1] == '[') && *at != '[' && *at != ']';
        }
    } while (strcmp(cursor, "0") != 0);
    buffer_deinit(&line);
    return count;
}

static void add_keys(int count)
{
    struct buffer line;
    buffer_init(&line);
    for (int i = 0; i < count; i++) {
        buffer_printf(&line, "%s k%d v", i == 0 ? "MSET" : "", i);
    }
    buffer_append(&line, "", 1);
    EXPECT(line.data, "+OK");
    buffer_deinit(&line);
}

Test(scan, gives_every_key_once_when_nothing_changes)
{
    add_keys(500);
    cr_expect_eq(walked(""), 505);
    cr_expect_eq(walked("COUNT 1"), 505);
    cr_expect_eq(walked("COUNT 100000"), 505);
}

Test(scan, gives_only_what_fits_the_pattern)
{
    add_keys(100);
    cr_expect_eq(walked("MATCH k1?"), 10);
    cr_expect_eq(walked("MATCH nothing*"), 0);
    cr_expect_eq(walked("MATCH k7"), 1);
}

Test(scan, gives_only_keys_of_the_type)
{
    EXPECT("SCAN 0 TYPE hash COUNT 1000", "[0 [hash]]");
    EXPECT("SCAN 0 COUNT 1000 TYPE LIST", "[0 [list]]");
    EXPECT("SCAN 0 COUNT 1000 MATCH *et TYPE zset", "[0 [zset]]");
    EXPECT("SCAN 0 COUNT 1000 TYPE stream", "[0 []]");
}

Test(scan, leaves_out_keys_that_fell_due)
{
    EXPECT("PEXPIRE string 100", ":1");
    command_server_advance_ms(101);
    cr_expect_eq(walked(""), 4);
    EXPECT("DBSIZE", ":4");
}

Test(scan, refuses_a_cursor_that_is_none)
{
    EXPECT("SCAN x", "-ERR invalid cursor");
    EXPECT("SCAN 1.5", "-ERR invalid cursor");
    EXPECT("SCAN 18446744073709551616", "-ERR invalid cursor");
    EXPECT("SCAN \"0 \"", "-ERR invalid cursor");
}

Test(scan, bears_cursors_it_never_gave)
{
    EXPECT("FLUSHALL", "+OK");
    EXPECT("SCAN 9223372036854775808", "[0 []]");
    EXPECT("SCAN 18446744073709551615", "[0 []]");
    EXPECT("SCAN -1", "[0 []]");
    EXPECT("SCAN \"\"", "[0 []]");
}

Test(scan, refuses_a_count_that_is_none)
{
    EXPECT("SCAN 0 COUNT 0", SYNTAX_ERROR);
    EXPECT("SCAN 0 COUNT -9223372036854775808", SYNTAX_ERROR);
    EXPECT("SCAN 0 COUNT x", NOT_INTEGER);
    EXPECT("SCAN 0 COUNT 9223372036854775808", NOT_INTEGER);
    EXPECT("SCAN 0 COUNT", SYNTAX_ERROR);
    cr_expect_eq(walked("COUNT 9223372036854775807"), 5);
}

Test(scan, refuses_options_of_its_kin)
{
    EXPECT("SCAN 0 NOVALUES", SYNTAX_ERROR);
    EXPECT("SCAN 0 MATCH", SYNTAX_ERROR);
    EXPECT("SCAN 0 TYPE", SYNTAX_ERROR);
}

Test(scan, sees_the_selected_database_alone)
{
    command_server_select(1);
    EXPECT("SCAN 0 COUNT 1000", "[0 []]");
}

Test(keys, lists_what_fits)
{
    EXPECT("KEYS l*", "[list]");
    EXPECT("KEYS [hz]a*", "[hash]");
    EXPECT("KEYS ?set", "[zset]");
    EXPECT("KEYS [^a-y]set", "[zset]");
    EXPECT("KEYS nothing*", "[]");
}

Test(keys, takes_a_plain_name_as_it_is)
{
    EXPECT("KEYS set", "[set]");
    EXPECT("KEYS nokey", "[]");
    EXPECT("KEYS \"\"", "[]");
}

Test(keys, does_not_list_a_key_that_fell_due)
{
    EXPECT("PEXPIRE list 100", ":1");
    EXPECT("PEXPIRE hash 100", ":1");
    command_server_advance_ms(101);
    EXPECT("KEYS list", "[]");
    EXPECT("KEYS h*", "[]");
}

Test(keys, takes_marks_behind_a_backslash_as_they_are)
{
    EXPECT("MSET a*b 1 axb 2 a?b 3", "+OK");
    EXPECT("KEYS \"a\\\\*b\"", "[a*b]");
    EXPECT("KEYS \"a[*]b\"", "[a*b]");
}

Test(keys, answers_a_hostile_pattern_in_bounded_time)
{
    EXPECT("SET aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 1", "+OK");
    EXPECT("KEYS a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", "[]");
    EXPECT("SCAN 0 COUNT 1000 MATCH a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", "[0 []]");
}

Test(randomkey, of_an_empty_database_is_nothing)
{
    EXPECT("RANDOMKEY", "nil");
    command_server_speak(3);
    EXPECT("RANDOMKEY", "null");
}

Test(randomkey, finds_the_only_key)
{
    EXPECT("SET k v", "+OK");
    EXPECT("RANDOMKEY", "k");
    command_server_select(1);
    EXPECT("RANDOMKEY", "nil");
}

Test(randomkey, passes_keys_that_fell_due)
{
    EXPECT("MSET k v", "+OK");
    for (int i = 0; i < 20; i++) {
        char line[] = "SET due-a v PX 100";
        line[8] = (char)('a' + i);
        EXPECT(line, "+OK");
    }
    command_server_advance_ms(101);
    EXPECT("RANDOMKEY", "k");
}

Test(randomkey, dbsize_counts_the_selected_database)
{
    EXPECT("MSET a 1 b 2", "+OK");
    EXPECT("DBSIZE", ":2");
    command_server_select(1);
    EXPECT("DBSIZE", ":0");
}

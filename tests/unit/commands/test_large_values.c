/* SPDX-License-Identifier: BSD-3-Clause */
/* What takes too long under a spinlock is prepared apart, read elsewhere or done by an executor that possesses the
 * shard: the same answers, the same values behind them.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

enum {
    LARGE_BYTES = 300 * 1024,
    MANY_ELEMENTS = 40000,
};

TestSuite(large_string, .init = command_server_setup, .fini = command_server_teardown);
TestSuite(large_list, .init = command_server_setup, .fini = command_server_teardown);
TestSuite(large_hash, .init = command_server_setup, .fini = command_server_teardown);
TestSuite(large_keyspace, .init = command_server_setup, .fini = command_server_teardown);

/* Runs a line that has LARGE_BYTES times the letter in its middle. */
static const char *run_large(const char *before, char letter, const char *after)
{
    struct buffer line;
    buffer_init(&line);
    buffer_printf(&line, "%s", before);
    buffer_reserve(&line, LARGE_BYTES);
    memset(line.data + line.len, letter, LARGE_BYTES);
    line.len += LARGE_BYTES;
    buffer_printf(&line, "%s", after);
    buffer_append(&line, "", 1);
    const char *reply = command_server_run(line.data);
    buffer_deinit(&line);
    return reply;
}

/* A list of the numbers from 0 on. */
static void add_numbers(const char *key, int count)
{
    struct buffer line;
    buffer_init(&line);
    buffer_printf(&line, "RPUSH %s", key);
    for (int i = 0; i < count; i++) {
        buffer_printf(&line, " %d", i);
    }
    buffer_append(&line, "", 1);
    cr_assert_eq(strtol(command_server_run(line.data) + 1, NULL, 10), count);
    buffer_deinit(&line);
}

Test(large_string, is_kept_by_every_command_that_sets)
{
    cr_expect_str_eq(run_large("SET set ", 'a', ""), "+OK");
    cr_expect_str_eq(run_large("SET options ", 'a', " EX 100"), "+OK");
    cr_expect_str_eq(run_large("SETNX setnx ", 'a', ""), ":1");
    cr_expect_str_eq(run_large("SETEX setex 100 ", 'a', ""), "+OK");
    cr_expect_str_eq(run_large("GETSET getset ", 'a', ""), "nil");
    cr_expect_str_eq(run_large("APPEND append ", 'a', ""), ":307200");
    EXPECT("STRLEN set", ":307200");
    EXPECT("STRLEN options", ":307200");
    EXPECT("STRLEN setnx", ":307200");
    EXPECT("STRLEN setex", ":307200");
    EXPECT("STRLEN getset", ":307200");
    EXPECT("GETRANGE append -2 -1", "aa");
    EXPECT("TTL options", ":100");
}

Test(large_string, is_kept_among_small_ones_by_mset_and_msetnx)
{
    cr_expect_str_eq(run_large("MSET a 1 b ", 'b', " c 3"), "+OK");
    EXPECT("MGET a c", "[1 3]");
    EXPECT("STRLEN b", ":307200");
    cr_expect_str_eq(run_large("MSETNX d 4 e ", 'e', ""), ":1");
    EXPECT("STRLEN e", ":307200");
    cr_expect_str_eq(run_large("MSETNX d 4 f ", 'f', ""), ":0");
    EXPECT("EXISTS f", ":0");
}

Test(large_string, is_answered_whole)
{
    cr_expect_str_eq(run_large("SET k ", 'x', ""), "+OK");
    const char *reply = command_server_run("GET k");
    cr_expect_eq(strlen(reply), LARGE_BYTES);
    cr_expect_eq(strspn(reply, "x"), LARGE_BYTES);
}

Test(large_string, grows_by_what_is_appended_or_written_into_it)
{
    EXPECT("SET k head", "+OK");
    cr_expect_str_eq(run_large("APPEND k ", 'x', ""), ":307204");
    EXPECT("GETRANGE k -1 -1", "x");
    cr_expect_str_eq(run_large("SETRANGE k 307203 ", 'y', ""), ":614403");
    EXPECT("GETRANGE k 0 4", "headx");
    EXPECT("GETRANGE k 307202 307204", "xyy");
}

Test(large_string, is_cut_into_large_parts)
{
    EXPECT("SETRANGE k 600000 end", ":600003");
    const char *reply = command_server_run("GETRANGE k 1 -1");
    cr_expect_str_eq(reply + strlen(reply) - 4, "end\"");
    EXPECT("GETRANGE k -3 -1", "end");
}

Test(large_string, counts_and_finds_bits_far_from_its_beginning)
{
    EXPECT("SETBIT k 8000000 1", ":0");
    EXPECT("STRLEN k", ":1000001");
    EXPECT("BITCOUNT k", ":1");
    EXPECT("BITPOS k 1", ":8000000");
    EXPECT("BITPOS k 0 1000000", ":8000001");
    EXPECT("BITFIELD k SET u8 16000000 255", "[:0]");
    EXPECT("BITCOUNT k 0 -1", ":9");
}

Test(large_string, elements_of_a_list_and_values_of_a_hash_are_kept_whole)
{
    cr_expect_str_eq(run_large("RPUSH l a ", 'x', " b"), ":3");
    cr_expect_eq(strspn(command_server_run("LINDEX l 1"), "x"), LARGE_BYTES);
    cr_expect_eq(strspn(command_server_run("LMOVE l l LEFT RIGHT"), "a"), 1);
    cr_expect_eq(strspn(command_server_run("LMOVE l l LEFT RIGHT"), "x"), LARGE_BYTES);
    cr_expect_eq(strspn(command_server_run("RPOP l"), "x"), LARGE_BYTES);
    EXPECT("LRANGE l 0 -1", "[b a]");
    cr_expect_str_eq(run_large("HSET h f ", 'x', ""), ":1");
    cr_expect_eq(strspn(command_server_run("HGET h f"), "x"), LARGE_BYTES);
    EXPECT("HSTRLEN h f", ":307200");
}

Test(large_list, is_read_by_index_and_by_range)
{
    add_numbers("l", MANY_ELEMENTS);
    EXPECT("LINDEX l 20000", "20000");
    const char *reply = command_server_run("LRANGE l 100 -1");
    cr_expect_eq(strncmp(reply, "[100 101 102 ", 13), 0);
    cr_expect_str_eq(reply + strlen(reply) - 13, " 39998 39999]");
    EXPECT("LRANGE l 20000 20002", "[20000 20001 20002]");
}

Test(large_list, is_searched_from_either_end)
{
    add_numbers("l", MANY_ELEMENTS);
    EXPECT("LPOS l 39999", ":39999");
    EXPECT("LPOS l 0 RANK -1", ":0");
    EXPECT("LPOS l nothing", "nil");
    EXPECT("LINSERT l BEFORE 39999 new", ":40001");
    EXPECT("LINDEX l 39999", "new");
    EXPECT("LREM l 0 new", ":1");
    EXPECT("LREM l -1 20000", ":1");
    EXPECT("LRANGE l 19999 20000", "[19999 20001]");
}

Test(large_list, is_popped_and_trimmed_many_at_a_time)
{
    add_numbers("l", MANY_ELEMENTS);
    const char *reply = command_server_run("LPOP l 2000");
    cr_expect_str_eq(reply + strlen(reply) - 6, " 1999]");
    reply = command_server_run("LMPOP 2 nokey l RIGHT COUNT 2000");
    cr_expect_eq(strncmp(reply, "[l [39999 39998 ", 16), 0);
    EXPECT("LTRIM l 30000 30001", "+OK");
    EXPECT("LRANGE l 0 -1", "[32000 32001]");
}

Test(large_list, moves_an_element_longer_than_a_stack_takes)
{
    EXPECT("RPUSH l a", ":1");
    EXPECT("SETRANGE text 299 x", ":300");
    struct buffer line;
    buffer_init(&line);
    buffer_printf(&line, "RPUSH l %0300d", 7);
    buffer_append(&line, "", 1);
    EXPECT(line.data, ":2");
    cr_expect_str_eq(command_server_run("LMOVE l l RIGHT LEFT"), line.data + 8);
    cr_expect_str_eq(command_server_run("LINDEX l 0"), line.data + 8);
    EXPECT("LINDEX l 1", "a");
    buffer_deinit(&line);
}

Test(large_hash, in_a_long_listpack_is_walked_and_scanned)
{
    EXPECT("CONFIG SET hash-max-listpack-entries 5000", "+OK");
    struct buffer line;
    buffer_init(&line);
    for (int i = 0; i < 2000; i++) {
        buffer_printf(&line, "%s f%04d %d", i == 0 ? "HSET h" : "", i, i);
    }
    buffer_append(&line, "", 1);
    EXPECT(line.data, ":2000");
    buffer_deinit(&line);
    EXPECT("OBJECT ENCODING h", "listpack");
    EXPECT("HSCAN h 0 MATCH f199?", "[0 [f1990 1990 f1991 1991 f1992 1992 f1993 1993 f1994 1994 f1995 1995 f1996 1996 "
                                    "f1997 1997 f1998 1998 f1999 1999]]");
    const char *reply = command_server_run("HGETALL h");
    cr_expect_eq(strncmp(reply, "[f0000 0 f0001 1 ", 17), 0);
    cr_expect_str_eq(reply + strlen(reply) - 12, " f1999 1999]");
}

Test(large_keyspace, answers_a_pattern_that_takes_too_long_for_one_hold)
{
    cr_expect_str_eq(run_large("SET ", 'a', " v"), "+OK");
    EXPECT("KEYS *a*a*a*a*a*a*b", "[]");
    EXPECT("SCAN 0 COUNT 1000 MATCH *a*a*a*a*a*a*b", "[0 []]");
    const char *reply = command_server_run("KEYS *a*a*a");
    cr_expect_eq(strspn(reply + 1, "a"), LARGE_BYTES);
}

Test(large_keyspace, finds_the_one_key_that_is_left_of_many)
{
    struct buffer line;
    buffer_init(&line);
    for (int i = 0; i < 20000; i++) {
        buffer_printf(&line, "%s k%d v", i == 0 ? "MSET" : "", i);
    }
    buffer_append(&line, "", 1);
    EXPECT(line.data, "+OK");
    line.len = 0;
    for (int i = 1; i < 20000; i++) {
        buffer_printf(&line, "%s k%d", i == 1 ? "DEL" : "", i);
    }
    buffer_append(&line, "", 1);
    EXPECT(line.data, ":19999");
    buffer_deinit(&line);
    EXPECT("RANDOMKEY", "k0");
    EXPECT("KEYS *", "[k0]");
}

Test(large_keyspace, of_keys_that_all_fell_due_has_no_random_key)
{
    EXPECT("MSET a 1 b 2 c 3", "+OK");
    EXPECT("PEXPIRE a 100", ":1");
    EXPECT("PEXPIRE b 100", ":1");
    EXPECT("PEXPIRE c 100", ":1");
    command_server_advance_ms(101);
    EXPECT("RANDOMKEY", "nil");
    EXPECT("DBSIZE", ":0");
}

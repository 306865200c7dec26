/* SPDX-License-Identifier: BSD-3-Clause */
/* Many fields at once: shapes in RESP2 and RESP3, random fields with and without repeats, scanning.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

#define OUT_OF_RANGE "-ERR value is out of range"

static void two_fields(void)
{
    command_server_setup();
    EXPECT("HSET h a 1 b 2", ":2");
}

TestSuite(hash_many, .init = two_fields, .fini = command_server_teardown);
TestSuite(hrandfield, .init = two_fields, .fini = command_server_teardown);
TestSuite(hscan, .init = two_fields, .fini = command_server_teardown);

/* How many elements the reply, an array of words, has. */
static size_t words_in(const char *reply)
{
    size_t count = 0;
    for (const char *at = reply + 1; *at != '\0'; at++) {
        count += isgraph((unsigned char)*at) && (at[-1] == ' ' || at[-1] == '[') && *at != ']';
    }
    return count;
}

static void add_fields(const char *key, int count)
{
    struct buffer line;
    buffer_init(&line);
    buffer_printf(&line, "HSET %s", key);
    for (int i = 0; i < count; i++) {
        buffer_printf(&line, " f%d %d", i, i);
    }
    buffer_append(&line, "", 1);
    (void)command_server_run(line.data);
    buffer_deinit(&line);
}

Test(hash_many, hgetall_answers_pairs_or_a_map)
{
    EXPECT("HGETALL h", "[a 1 b 2]");
    EXPECT("HGETALL nokey", "[]");
    command_server_speak(3);
    EXPECT("HGETALL h", "{a=1 b=2}");
    EXPECT("HGETALL nokey", "{}");
}

Test(hash_many, hkeys_and_hvals_answer_arrays_in_either_protocol)
{
    EXPECT("HKEYS h", "[a b]");
    EXPECT("HVALS h", "[1 2]");
    EXPECT("HKEYS nokey", "[]");
    command_server_speak(3);
    EXPECT("HKEYS h", "[a b]");
    EXPECT("HVALS nokey", "[]");
}

Test(hash_many, refuses_another_type)
{
    EXPECT("SET k v", "+OK");
    EXPECT("HGETALL k", WRONGTYPE);
    EXPECT("HVALS k", WRONGTYPE);
    EXPECT("HRANDFIELD k", WRONGTYPE);
    EXPECT("HSCAN k 0", WRONGTYPE);
}

Test(hash_many, of_a_thousand_fields_answers_them_all)
{
    EXPECT("DEL h", ":1");
    add_fields("h", 1000);
    EXPECT("OBJECT ENCODING h", "hashtable");
    cr_expect_eq(words_in(command_server_run("HKEYS h")), 1000);
    cr_expect_eq(words_in(command_server_run("HGETALL h")), 2000);
}

Test(hrandfield, answers_a_field_or_nothing)
{
    EXPECT("HSET one x 1", ":1");
    EXPECT("HRANDFIELD one", "x");
    EXPECT("HRANDFIELD nokey", "nil");
    EXPECT("HRANDFIELD nokey 5", "[]");
    EXPECT("HRANDFIELD nokey -5 WITHVALUES", "[]");
}

Test(hrandfield, with_a_count_never_repeats)
{
    EXPECT("HRANDFIELD h 0", "[]");
    cr_expect_eq(words_in(command_server_run("HRANDFIELD h 1")), 1);
    EXPECT("HRANDFIELD h 2", "[a b]");
    EXPECT("HRANDFIELD h 100", "[a b]");
    EXPECT("HRANDFIELD h 4611686018427387903 WITHVALUES", "[a 1 b 2]");
}

Test(hrandfield, with_a_negative_count_answers_exactly_so_many)
{
    cr_expect_eq(words_in(command_server_run("HRANDFIELD h -7")), 7);
    cr_expect_eq(words_in(command_server_run("HRANDFIELD h -5 WITHVALUES")), 10);
}

Test(hrandfield, of_a_table_draws_some_or_nearly_all_without_repeats)
{
    EXPECT("CONFIG SET hash-max-listpack-entries 0", "+OK");
    add_fields("t", 60);
    EXPECT("OBJECT ENCODING t", "hashtable");
    const int counts[] = {3, 50, 59};
    for (size_t i = 0; i < ARRAY_LENGTH(counts); i++) {
        struct buffer line;
        buffer_init(&line);
        buffer_printf(&line, "HRANDFIELD t %d", counts[i]);
        buffer_append(&line, "", 1);
        const char *reply = command_server_run(line.data);
        cr_expect_eq(words_in(reply), (size_t)counts[i]);
        line.len = 0;
        buffer_printf(&line, "SADD drawn%d %.*s", counts[i], (int)strlen(reply) - 2, reply + 1);
        buffer_append(&line, "", 1);
        cr_expect_eq(strtol(command_server_run(line.data) + 1, NULL, 10), counts[i], "no field twice");
        buffer_deinit(&line);
    }
}

Test(hrandfield, pairs_its_values_in_resp3)
{
    EXPECT("HSET one x 1", ":1");
    EXPECT("HRANDFIELD one 1 WITHVALUES", "[x 1]");
    command_server_speak(3);
    EXPECT("HRANDFIELD one -2 WITHVALUES", "[[x 1] [x 1]]");
    EXPECT("HRANDFIELD one", "x");
    EXPECT("HRANDFIELD nokey", "null");
}

Test(hrandfield, refuses_counts_at_the_ends_of_64_bits)
{
    EXPECT("HRANDFIELD h -4611686018427387905 WITHVALUES", OUT_OF_RANGE);
    EXPECT("HRANDFIELD h 4611686018427387905 WITHVALUES", OUT_OF_RANGE);
    EXPECT("HRANDFIELD h 9223372036854775808", NOT_INTEGER);
    EXPECT("HRANDFIELD h x", NOT_INTEGER);
    EXPECT("HRANDFIELD h -9223372036854775808",
           "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807");
}

Test(hrandfield, takes_no_other_word_than_withvalues)
{
    EXPECT("HRANDFIELD h 1 WITHSCORES", SYNTAX_ERROR);
    EXPECT("HRANDFIELD h 1 WITHVALUES x", SYNTAX_ERROR);
    EXPECT("HRANDFIELD h WITHVALUES", NOT_INTEGER);
}

Test(hscan, of_a_listpack_gives_all_at_once)
{
    EXPECT("HSCAN h 0", "[0 [a 1 b 2]]");
    EXPECT("HSCAN h 0 COUNT 1", "[0 [a 1 b 2]]");
    EXPECT("HSCAN nokey 0", "[0 []]");
    EXPECT("HSCAN h 12345", "[0 [a 1 b 2]]");
}

Test(hscan, filters_fields_and_leaves_values_out)
{
    EXPECT("HSCAN h 0 MATCH b*", "[0 [b 2]]");
    EXPECT("HSCAN h 0 MATCH 1", "[0 []]");
    EXPECT("HSCAN h 0 NOVALUES", "[0 [a b]]");
    EXPECT("HSCAN h 0 COUNT 10 NOVALUES MATCH [^b]", "[0 [a]]");
}

Test(hscan, of_a_table_gives_every_field_over_all_its_steps)
{
    EXPECT("CONFIG SET hash-max-listpack-entries 0", "+OK");
    add_fields("t", 300);
    struct buffer line;
    buffer_init(&line);
    size_t words = 0;
    uint64_t cursor = 0;
    do {
        line.len = 0;
        buffer_printf(&line, "HSCAN t %" PRIu64 " COUNT 7", cursor);
        buffer_append(&line, "", 1);
        const char *reply = command_server_run(line.data);
        words += words_in(strchr(reply + 1, '['));
        cursor = strtoull(reply + 1, NULL, 10);
    } while (cursor != 0);
    cr_expect_eq(words, 600);
    buffer_deinit(&line);
}

Test(hscan, refuses_cursors_and_options_that_are_none)
{
    EXPECT("HSCAN h x", "-ERR invalid cursor");
    EXPECT("HSCAN h 18446744073709551616", "-ERR invalid cursor");
    EXPECT("HSCAN h 0 COUNT 0", SYNTAX_ERROR);
    EXPECT("HSCAN h 0 COUNT x", NOT_INTEGER);
    EXPECT("HSCAN h 0 TYPE hash", SYNTAX_ERROR);
    EXPECT("HSCAN h 0 NOSCORES", SYNTAX_ERROR);
    EXPECT("HSCAN nokey 0 COUNT 0", "[0 []]");
}

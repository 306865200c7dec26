/* SPDX-License-Identifier: BSD-3-Clause */
/* SORT: numbers and words, limits at both ends of 64 bits, patterns that lead to nothing or to another type, storing.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

#define NO_DOUBLE "-ERR One or more scores can't be converted into double"

static void some_sources(void)
{
    command_server_setup();
    EXPECT("RPUSH l 3 1 10 2", ":4");
    EXPECT("RPUSH words banana Apple cherry apple", ":4");
    EXPECT("MSET weight_1 30 weight_2 20 weight_3 10 weight_10 15", "+OK");
    EXPECT("HSET data_1 name one rank 4", ":2");
    EXPECT("HSET data_2 name two rank 3", ":2");
    EXPECT("HSET data_3 name three rank 2", ":2");
}

TestSuite(sort, .init = some_sources, .fini = command_server_teardown);
TestSuite(sort_by, .init = some_sources, .fini = command_server_teardown);
TestSuite(sort_store, .init = some_sources, .fini = command_server_teardown);

Test(sort, compares_numbers)
{
    EXPECT("SORT l", "[1 2 3 10]");
    EXPECT("SORT l DESC", "[10 3 2 1]");
    EXPECT("SORT l DESC ASC", "[1 2 3 10]");
}

Test(sort, compares_bytes_with_alpha)
{
    EXPECT("SORT l ALPHA", "[1 10 2 3]");
    EXPECT("SORT words ALPHA", "[Apple apple banana cherry]");
    EXPECT("SORT words alpha desc", "[cherry banana apple Apple]");
}

Test(sort, takes_lists_sets_and_sorted_sets_alone)
{
    EXPECT("SADD s 3 1 2", ":3");
    EXPECT("SORT s", "[1 2 3]");
    EXPECT("ZADD z 1 30 2 20 3 10", ":3");
    EXPECT("SORT z", "[10 20 30]");
    EXPECT("SORT data_1", WRONGTYPE);
    EXPECT("SORT weight_1", WRONGTYPE);
    EXPECT("SORT nokey", "[]");
}

Test(sort, refuses_words_as_numbers)
{
    EXPECT("SORT words", NO_DOUBLE);
    EXPECT("RPUSH mixed 1 two 3", ":3");
    EXPECT("SORT mixed LIMIT 0 1", NO_DOUBLE);
    EXPECT("RPUSH nans 1 nan", ":2");
    EXPECT("SORT nans", NO_DOUBLE);
}

Test(sort, takes_infinities_fractions_and_exponents)
{
    EXPECT("RPUSH floats 1e2 -inf 1.5 inf -2", ":5");
    EXPECT("SORT floats", "[-inf -2 1.5 1e2 inf]");
}

Test(sort, with_limit_cuts_what_is_sorted)
{
    EXPECT("SORT l LIMIT 1 2", "[2 3]");
    EXPECT("SORT l LIMIT 2 100", "[3 10]");
    EXPECT("SORT l LIMIT 4 1", "[]");
    EXPECT("SORT l LIMIT 0 0", "[]");
    EXPECT("SORT l LIMIT 0 -1", "[1 2 3 10]");
    EXPECT("SORT l LIMIT -5 2", "[1 2]");
}

Test(sort, bears_limits_at_the_ends_of_64_bits)
{
    EXPECT("SORT l LIMIT 9223372036854775807 9223372036854775807", "[]");
    EXPECT("SORT l LIMIT 2 9223372036854775807", "[3 10]");
    EXPECT("SORT l LIMIT -9223372036854775808 9223372036854775807", "[1 2 3 10]");
    EXPECT("SORT l LIMIT 0 9223372036854775808", NOT_INTEGER);
    EXPECT("SORT l LIMIT x 1", NOT_INTEGER);
}

Test(sort, refuses_options_that_are_incomplete_or_none)
{
    EXPECT("SORT l LIMIT 1", SYNTAX_ERROR);
    EXPECT("SORT l BY", SYNTAX_ERROR);
    EXPECT("SORT l GET", SYNTAX_ERROR);
    EXPECT("SORT l STORE", SYNTAX_ERROR);
    EXPECT("SORT l UP", SYNTAX_ERROR);
}

Test(sort, of_a_long_list_has_every_element_in_order)
{
    struct buffer line;
    buffer_init(&line);
    for (int i = 0; i < 3000; i++) {
        buffer_printf(&line, "%s %d", i == 0 ? "RPUSH long" : "", (i * 7919) % 3000);
    }
    buffer_append(&line, "", 1);
    EXPECT(line.data, ":3000");
    buffer_deinit(&line);
    EXPECT("SORT long STORE sorted", ":3000");
    EXPECT("LINDEX sorted 0", "0");
    EXPECT("LINDEX sorted 1234", "1234");
    EXPECT("LINDEX sorted -1", "2999");
}

Test(sort, read_only_stores_nothing)
{
    EXPECT("SORT_RO l DESC LIMIT 0 2", "[10 3]");
    EXPECT("SORT_RO l STORE to", SYNTAX_ERROR);
    EXPECT("EXISTS to", ":0");
}

Test(sort_by, weighs_with_keys)
{
    EXPECT("SORT l BY weight_*", "[3 10 2 1]");
    EXPECT("SORT l BY weight_* DESC LIMIT 0 2", "[1 2]");
}

Test(sort_by, weighs_with_fields_of_hashes)
{
    EXPECT("RPUSH some 1 2 3", ":3");
    EXPECT("SORT some BY data_*->rank", "[3 2 1]");
    EXPECT("SORT some BY data_*->name ALPHA", "[1 3 2]");
}

Test(sort_by, takes_a_missing_weight_for_zero_or_for_nothing)
{
    EXPECT("RPUSH some 1 99 2", ":3");
    EXPECT("SORT some BY weight_*", "[99 2 1]");
    EXPECT("SORT some BY data_*->nofield ALPHA", "[1 99 2]");
}

Test(sort_by, lets_elements_of_one_weight_stand_in_their_own_order)
{
    EXPECT("MSET w_a 1 w_b 1 w_c 0", "+OK");
    EXPECT("RPUSH some b a c", ":3");
    EXPECT("SORT some BY w_*", "[c a b]");
}

Test(sort_by, without_a_star_sorts_nothing)
{
    EXPECT("SORT l BY nosort", "[3 1 10 2]");
    EXPECT("SORT l BY nosort DESC", "[2 10 1 3]");
    EXPECT("SORT words BY nosort LIMIT 1 2", "[Apple cherry]");
    EXPECT("ZADD z 1 x 2 y 3 w", ":3");
    EXPECT("SORT z BY nosort DESC LIMIT 0 2", "[w y]");
}

Test(sort_by, refuses_weights_that_are_words)
{
    EXPECT("RPUSH some 1 2", ":2");
    EXPECT("SORT some BY data_*->name", NO_DOUBLE);
}

Test(sort_by, get_fetches_keys_fields_and_the_element)
{
    EXPECT("RPUSH some 2 1", ":2");
    EXPECT("SORT some GET weight_* GET # GET data_*->name", "[30 1 one 20 2 two]");
    EXPECT("SORT some GET nothing", "[nil nil]");
    EXPECT("SORT some GET weight_*x GET data_*->x", "[nil nil nil nil]");
    command_server_speak(3);
    EXPECT("SORT some GET data_*", "[null null]");
}

Test(sort_by, get_of_another_type_is_nothing)
{
    EXPECT("RPUSH some 1", ":1");
    EXPECT("SORT some GET data_* GET weight_*->x", "[nil nil]");
}

Test(sort_by, get_replaces_only_the_first_star)
{
    EXPECT("MSET k_1_* first k_*_1 second", "+OK");
    EXPECT("RPUSH some 1", ":1");
    EXPECT("SORT some GET k_*_*", "[first]");
}

Test(sort_store, keeps_the_result_as_a_list)
{
    EXPECT("SORT l STORE to", ":4");
    EXPECT("LRANGE to 0 -1", "[1 2 3 10]");
    EXPECT("SORT l DESC LIMIT 0 1 STORE l", ":1");
    EXPECT("LRANGE l 0 -1", "[10]");
}

Test(sort_store, replaces_another_type_and_its_deadline)
{
    EXPECT("SET to v EX 100", "+OK");
    EXPECT_EVENTS("SORT l STORE to", "sortstore to");
    EXPECT("TYPE to", "+list");
    EXPECT("TTL to", ":-1");
}

Test(sort_store, of_nothing_removes_the_key)
{
    EXPECT("SET to v", "+OK");
    EXPECT_EVENTS("SORT nokey STORE to", "del to");
    EXPECT("EXISTS to", ":0");
    EXPECT("SORT l LIMIT 10 1 STORE to", ":0");
    EXPECT_EVENTS("SORT nokey STORE to", "");
}

Test(sort_store, keeps_an_empty_text_for_what_a_pattern_does_not_find)
{
    EXPECT("RPUSH some 1 77", ":2");
    EXPECT("SORT some GET weight_* STORE to", ":2");
    EXPECT("LRANGE to 0 -1", "[30 \"\"]");
}

Test(sort_store, sorts_a_set_even_when_told_not_to)
{
    EXPECT("SADD s c a b", ":3");
    EXPECT("SORT s BY nosort STORE to", ":3");
    EXPECT("LRANGE to 0 -1", "[a b c]");
}

Test(sort_store, that_fails_leaves_the_key)
{
    EXPECT("SET to v", "+OK");
    EXPECT("SORT words STORE to", NO_DOUBLE);
    EXPECT("GET to", "v");
}

Test(sort_by, takes_more_patterns_to_get_than_it_keeps_on_the_stack)
{
    EXPECT("RPUSH some 1", ":1");
    EXPECT("SORT some GET # GET weight_* GET # GET # GET # GET # GET # GET # GET # GET # GET # GET weight_*",
           "[1 30 1 1 1 1 1 1 1 1 1 30]");
}

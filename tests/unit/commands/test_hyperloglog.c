/* SPDX-License-Identifier: BSD-3-Clause */
/* HyperLogLogs as strings: what the commands make of them, what they refuse, and what corrupt bytes do.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

TestSuite(hyperloglog, .init = command_server_setup, .fini = command_server_teardown);

static const char NOT_ONE[] = "-WRONGTYPE Key is not a valid HyperLogLog string value.";
static const char CORRUPT[] = "-INVALIDOBJ Corrupted HLL object detected";

Test(hyperloglog, pfadd_tells_whether_a_register_rose)
{
    EXPECT("PFADD h a b c", ":1");
    EXPECT("PFADD h a b", ":0");
    EXPECT("PFCOUNT h", ":3");
}

Test(hyperloglog, pfadd_without_elements_makes_an_empty_one)
{
    EXPECT("PFADD h", ":1");
    EXPECT("PFADD h", ":0");
    EXPECT("PFCOUNT h", ":0");
    EXPECT("STRLEN h", ":18");
}

Test(hyperloglog, pfadd_tells_an_event_only_for_a_change)
{
    EXPECT_EVENTS("PFADD h a", "pfadd h");
    EXPECT_EVENTS("PFADD h a", "");
    EXPECT_CHANGES("PFADD h b c d", 3);
}

Test(hyperloglog, pfadd_keeps_the_deadline)
{
    EXPECT("PFADD h a", ":1");
    EXPECT("EXPIRE h 100", ":1");
    EXPECT("PFADD h b", ":1");
    EXPECT("TTL h", ":100");
}

Test(hyperloglog, a_string_that_is_none_is_refused_by_every_command)
{
    EXPECT("SET s text", "+OK");
    EXPECT("PFADD s a", NOT_ONE);
    EXPECT("PFCOUNT s", NOT_ONE);
    EXPECT("PFMERGE h s", NOT_ONE);
    EXPECT("PFMERGE s h", NOT_ONE);
}

Test(hyperloglog, a_key_of_another_type_is_refused_with_the_other_text)
{
    EXPECT("RPUSH l a", ":1");
    EXPECT("PFADD l a", "-WRONGTYPE Operation against a key holding the wrong kind of value");
    EXPECT("PFCOUNT h l", "-WRONGTYPE Operation against a key holding the wrong kind of value");
}

Test(hyperloglog, a_head_alone_is_refused)
{
    EXPECT("SET s HYLL", "+OK");
    EXPECT("PFCOUNT s", NOT_ONE);
}

Test(hyperloglog, a_dense_one_of_the_wrong_length_is_refused)
{
    EXPECT("SET s \"HYLL\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x80x\"", "+OK");
    EXPECT("PFCOUNT s", NOT_ONE);
    EXPECT("PFADD s a", NOT_ONE);
}

Test(hyperloglog, an_unknown_encoding_is_refused)
{
    EXPECT("SET s \"HYLL\\x02\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x80\"", "+OK");
    EXPECT("PFCOUNT s", NOT_ONE);
}

Test(hyperloglog, sparse_registers_that_end_too_early_are_corrupt)
{
    EXPECT("SET s \"HYLL\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x80\\x7f\"", "+OK");
    EXPECT("PFCOUNT s", CORRUPT);
    EXPECT("PFMERGE h s", CORRUPT);
    EXPECT("EXISTS h", ":0");
}

Test(hyperloglog, sparse_registers_that_are_one_too_few_are_corrupt)
{
    EXPECT("SET s \"HYLL\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x80\\x7f\\xfe\"", "+OK");
    EXPECT("PFCOUNT s", CORRUPT);
}

Test(hyperloglog, sparse_registers_beyond_the_last_are_corrupt)
{
    EXPECT("SET s \"HYLL\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x80\\x7f\\xff\\x7f\\xff\"", "+OK");
    EXPECT("PFCOUNT s", CORRUPT);
}

Test(hyperloglog, a_cached_cardinality_is_believed)
{
    EXPECT("SET s \"HYLL\\x01\\x00\\x00\\x00\\x2a\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x7f\\xff\"", "+OK");
    EXPECT("PFCOUNT s", ":42");
}

Test(hyperloglog, counting_several_keys_does_not_use_their_caches)
{
    EXPECT("SET s \"HYLL\\x01\\x00\\x00\\x00\\x2a\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x7f\\xff\"", "+OK");
    EXPECT("PFADD h a b", ":1");
    EXPECT("PFCOUNT s h", ":2");
}

Test(hyperloglog, counting_several_keys_counts_what_they_share_once)
{
    EXPECT("PFADD one a b c", ":1");
    EXPECT("PFADD two c d", ":1");
    EXPECT("PFCOUNT one two nokey", ":4");
    EXPECT("PFCOUNT nokey", ":0");
}

Test(hyperloglog, merging_makes_the_destination_and_keeps_what_it_had)
{
    EXPECT("PFADD one a b", ":1");
    EXPECT("PFADD to c", ":1");
    EXPECT("PFMERGE to one nokey", "+OK");
    EXPECT("PFCOUNT to", ":3");
    EXPECT("PFMERGE new one", "+OK");
    EXPECT("PFCOUNT new", ":2");
}

Test(hyperloglog, merging_nothing_makes_an_empty_one)
{
    EXPECT("PFMERGE to", "+OK");
    EXPECT("PFCOUNT to", ":0");
}

Test(hyperloglog, merging_a_dense_one_makes_the_destination_dense)
{
    EXPECT("PFADD one a", ":1");
    EXPECT("PFDEBUG TODENSE one", ":1");
    EXPECT("PFADD to b", ":1");
    EXPECT("PFMERGE to one", "+OK");
    EXPECT("PFDEBUG ENCODING to", "+dense");
    EXPECT("PFCOUNT to", ":2");
}

Test(hyperloglog, becomes_dense_when_it_would_grow_beyond_the_option)
{
    EXPECT("CONFIG SET hll-sparse-max-bytes 25", "+OK");
    EXPECT("PFADD h a", ":1");
    EXPECT("PFDEBUG ENCODING h", "+sparse");
    EXPECT("PFADD h b c d", ":1");
    EXPECT("PFDEBUG ENCODING h", "+dense");
    EXPECT("STRLEN h", ":12304");
}

Test(hyperloglog, the_debug_command_refuses_missing_keys_and_unknown_words)
{
    EXPECT("PFDEBUG ENCODING nokey", "-ERR The specified key does not exist");
    EXPECT("PFADD h a", ":1");
    EXPECT("PFDEBUG NONSENSE h", "-ERR Unknown PFDEBUG subcommand 'NONSENSE'");
    EXPECT("PFDEBUG TODENSE h", ":1");
    EXPECT("PFDEBUG DECODE h", "-ERR HLL encoding is not sparse");
    EXPECT("PFDEBUG TODENSE h", ":0");
}

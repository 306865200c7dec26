/* SPDX-License-Identifier: BSD-3-Clause */
/* LCS: its three replies, matches from the end on, the bounds that keep hostile strings small.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

static void two_texts(void)
{
    command_server_setup();
    EXPECT("MSET a ohmytext b mynewtext", "+OK");
}

TestSuite(lcs, .init = two_texts, .fini = command_server_teardown);

Test(lcs, answers_the_common_subsequence)
{
    EXPECT("LCS a b", "mytext");
    EXPECT("LCS a a", "ohmytext");
    EXPECT("LCS a b LEN", ":6");
}

Test(lcs, with_idx_answers_the_matches_from_the_end_on)
{
    EXPECT("LCS a b IDX", "[matches [[[:4 :7] [:5 :8]] [[:2 :3] [:0 :1]]] len :6]");
    command_server_speak(3);
    EXPECT("LCS a b IDX", "{matches=[[[:4 :7] [:5 :8]] [[:2 :3] [:0 :1]]] len=:6}");
}

Test(lcs, with_withmatchlen_tells_how_long_each_match_is)
{
    EXPECT("LCS a b IDX WITHMATCHLEN", "[matches [[[:4 :7] [:5 :8] :4] [[:2 :3] [:0 :1] :2]] len :6]");
}

Test(lcs, with_minmatchlen_leaves_short_matches_out_but_counts_them)
{
    EXPECT("LCS a b IDX MINMATCHLEN 4", "[matches [[[:4 :7] [:5 :8]]] len :6]");
    EXPECT("LCS a b IDX MINMATCHLEN 5", "[matches [] len :6]");
    EXPECT("LCS a b IDX MINMATCHLEN -1 WITHMATCHLEN", "[matches [[[:4 :7] [:5 :8] :4] [[:2 :3] [:0 :1] :2]] len :6]");
}

Test(lcs, takes_its_options_in_any_order_and_case)
{
    EXPECT("LCS a b withmatchlen minmatchlen 4 idx", "[matches [[[:4 :7] [:5 :8] :4]] len :6]");
}

Test(lcs, ignores_options_of_idx_without_it)
{
    EXPECT("LCS a b MINMATCHLEN 5 WITHMATCHLEN", "mytext");
}

Test(lcs, with_a_missing_or_an_empty_key_is_empty)
{
    EXPECT("LCS a nokey", "\"\"");
    EXPECT("LCS nokey other LEN", ":0");
    EXPECT("LCS nokey b IDX", "[matches [] len :0]");
}

Test(lcs, refuses_len_with_idx)
{
    EXPECT("LCS a b IDX LEN", "-ERR If you want both the length and indexes, please just use IDX.");
    EXPECT("LCS a b LEN IDX", "-ERR If you want both the length and indexes, please just use IDX.");
}

Test(lcs, refuses_options_that_are_none)
{
    EXPECT("LCS a b MINMATCHLEN", SYNTAX_ERROR);
    EXPECT("LCS a b MINMATCHLEN x", NOT_INTEGER);
    EXPECT("LCS a b LENGTH", SYNTAX_ERROR);
    EXPECT("LCS a", "-ERR wrong number of arguments for 'lcs' command");
}

Test(lcs, refuses_another_type_in_its_own_words)
{
    EXPECT("RPUSH l x", ":1");
    EXPECT("LCS a l", "-ERR The specified keys must contain string values");
    EXPECT("LCS l a LEN", "-ERR The specified keys must contain string values");
    EXPECT("LCS l a NONSENSE", "-ERR The specified keys must contain string values");
}

Test(lcs, compares_the_digits_of_numbers)
{
    EXPECT("MSET x 12345 y 1945", "+OK");
    EXPECT("LCS x y", "145");
}

Test(lcs, refuses_strings_whose_table_would_not_fit)
{
    EXPECT("SETRANGE x 16384 x", ":16385");
    EXPECT("SETRANGE y 8191 y", ":8192");
    EXPECT("LCS x y LEN", "-ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
    EXPECT("SETRANGE y 4000 y", ":8192");
    EXPECT("SETRANGE z 8187 z", ":8188");
    EXPECT("LCS x z LEN", ":8187");
}

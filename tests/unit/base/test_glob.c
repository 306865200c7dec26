/* SPDX-License-Identifier: BSD-3-Clause */
/* Glob patterns; random patterns were also compared with KEYS of redis-server 7.0 (1.8 million pairs).
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>

#include "sherd/base/clock.h"
#include "sherd/base/glob.h"
#include "sherd/base/memory.h"

static bool fits(const char *pattern, const char *text)
{
    return glob_match(slice_from_text(pattern), slice_from_text(text), false);
}

static bool fits_nocase(const char *pattern, const char *text)
{
    return glob_match(slice_from_text(pattern), slice_from_text(text), true);
}

Test(glob, matches_literal_text_whole)
{
    cr_expect(fits("hello", "hello"));
    cr_expect_not(fits("hello", "hell"));
    cr_expect_not(fits("hell", "hello"));
    cr_expect_not(fits("hello", "Hello"));
    cr_expect(fits_nocase("hELLo", "HellO"));
}

Test(glob, matches_stars_and_question_marks)
{
    cr_expect(fits("*", "anything"));
    cr_expect(fits("h*llo", "hllo"));
    cr_expect(fits("h*llo", "heeeello"));
    cr_expect(fits("h?llo", "hallo"));
    cr_expect_not(fits("h?llo", "hllo"));
    cr_expect(fits("*a*b*c*", "xxaxxbxxcxx"));
    cr_expect_not(fits("*a*b*c", "xxaxxbxxcxx"));
    cr_expect(fits("a***", "a"));
    cr_expect(fits("**a", "bba"));
    cr_expect(fits("*ab", "aab"));
    cr_expect(fits("*aab*", "aaaab"));
    cr_expect_not(fits("*?", ""));
    cr_expect(fits("*?", "a"));
}

Test(glob, an_empty_text_fits_only_an_empty_pattern)
{
    cr_expect(fits("", ""));
    cr_expect_not(fits("*", ""));
    cr_expect_not(fits("**", ""));
    cr_expect_not(fits("", "a"));
}

Test(glob, matches_classes_and_ranges)
{
    cr_expect(fits("h[ae]llo", "hallo"));
    cr_expect_not(fits("h[ae]llo", "hillo"));
    cr_expect(fits("h[^e]llo", "hallo"));
    cr_expect_not(fits("h[^e]llo", "hello"));
    cr_expect(fits("[a-c]", "b"));
    cr_expect(fits("[c-a]", "b"), "a range may be written backwards");
    cr_expect_not(fits("[a-c]", "d"));
    cr_expect(fits("[0-9][0-9]", "42"));
    cr_expect(fits("[\\]]", "]"));
    cr_expect(fits("[a\\-z]", "-"));
    cr_expect_not(fits("[a\\-z]", "b"));
    cr_expect(fits("[^]x", "qx"), "nothing is excluded");
    cr_expect_not(fits("[]x", "x"));
}

Test(glob, the_end_of_the_pattern_closes_a_class)
{
    cr_expect(fits("[ab", "b"));
    cr_expect_not(fits("[ab", "c"));
    cr_expect_not(fits("[", "["));
    cr_expect(fits("[^", "["));
    cr_expect(fits("[a-", "-"));
    cr_expect(fits("[\\", "\\"));
    cr_expect(fits("[a-]", "_"), "a range up to the bracket, which then does not close");
    cr_expect_not(fits("[a-]", "-"));
}

Test(glob, a_backslash_takes_the_next_byte_literally)
{
    cr_expect(fits("a\\*", "a*"));
    cr_expect_not(fits("a\\*", "ab"));
    cr_expect(fits("\\[a]", "[a]"));
    cr_expect(fits("\\a", "a"));
    cr_expect(fits("a\\", "a\\"));
    cr_expect(fits("a\\\\", "a\\"));
}

Test(glob, ignoring_case_reaches_ranges_but_not_escapes_in_classes)
{
    cr_expect(fits_nocase("[A-C]x", "bX"));
    cr_expect(fits_nocase("[abc]", "B"));
    cr_expect(fits_nocase("\\A", "a"));
    cr_expect_not(fits_nocase("[\\A]", "a"));
    cr_expect(fits_nocase("[\\A]", "A"));
}

Test(glob, compares_bytes_above_127_as_signed)
{
    cr_expect(fits("[\x80-\xff]", "\x90"));
    cr_expect_not(fits("[a-\xff]", "\x80"));
    cr_expect(fits("[a-\xff]", "A"), "the range is from -1 to 'a'");
    cr_expect(glob_match(SLICE_LITERAL("a?b"), slice_make("a\0b", 3), false));
}

Test(glob, hostile_patterns_take_bounded_time)
{
    char pattern[2000];
    char *text = memory_alloc(20000);
    for (size_t i = 0; i < sizeof(pattern); i++) {
        pattern[i] = i % 2 ? 'a' : '*';
    }
    pattern[1995] = 'b';
    memset(text, 'a', 20000);
    int64_t start_ns = clock_monotonic_ns();
    cr_expect_not(glob_match(slice_make(pattern, 1999), slice_make(text, 20000), false));
    pattern[101] = 'b';
    cr_expect_not(glob_match(slice_make(pattern, 102), slice_make(text, 20000), false));
    cr_expect_lt(clock_monotonic_ns() - start_ns, 5000000000);
    memory_free(text);
}

Test(glob, a_thousand_stars_are_walked_and_no_more)
{
    char pattern[2100];
    char text[1100];
    memset(text, 'a', sizeof(text));
    for (size_t i = 0; i < sizeof(pattern); i++) {
        pattern[i] = i % 2 ? 'a' : '*';
    }
    cr_expect(glob_match(slice_make(pattern, 2000), slice_make(text, 1000), false));
    cr_expect(glob_match(slice_make(pattern, 2001), slice_make(text, 1000), false), "a last star is not walked");
    cr_expect_not(glob_match(slice_make(pattern, 2002), slice_make(text, 1001), false));
}

Test(glob, knows_literal_patterns)
{
    cr_expect(glob_is_literal(SLICE_LITERAL("user:1]^-")));
    cr_expect(glob_is_literal(SLICE_LITERAL("")));
    cr_expect_not(glob_is_literal(SLICE_LITERAL("user:*")));
    cr_expect_not(glob_is_literal(SLICE_LITERAL("a?")));
    cr_expect_not(glob_is_literal(SLICE_LITERAL("[a")));
    cr_expect_not(glob_is_literal(SLICE_LITERAL("a\\b")));
}

Test(glob, stops_when_its_steps_are_used_up)
{
    struct slice pattern = SLICE_LITERAL("*aaab");
    struct slice text = SLICE_LITERAL("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab");
    size_t steps = 20;
    cr_assert_eq(glob_match_within(pattern, text, false, &steps), GLOB_UNDECIDED);
    cr_assert_eq(steps, 0);
    steps = 1000;
    cr_assert_eq(glob_match_within(pattern, text, false, &steps), GLOB_FITS);
    cr_assert(steps > 500 && steps < 1000);
    steps = 10;
    cr_assert_eq(glob_match_within(SLICE_LITERAL("[abcdefghijkl]"), SLICE_LITERAL("a"), false, &steps), GLOB_UNDECIDED);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Quoting and splitting; expectations as redis-server 7.0 answers inline commands.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>

#include "sherd/base/quote.h"
#include "sherd/base/random.h"

static void expect_quoted(struct slice bytes, const char *expected)
{
    struct buffer buffer;
    buffer_init(&buffer);
    buffer_append_quoted(&buffer, bytes);
    buffer_append(&buffer, "", 1);
    cr_expect_str_eq(buffer.data, expected);
    buffer_deinit(&buffer);
}

/* Joins the words with '|' and compares; NULL expects a refusal. */
static void expect_words(struct slice line, const char *expected)
{
    struct quote_words words;
    enum status status = quote_split(line, &words);
    if (expected == NULL) {
        cr_expect_eq(status, STATUS_INVALID, "%.*s", (int)line.len, line.data);
        cr_expect_null(words.words);
        return;
    }
    struct buffer joined;
    cr_assert_eq(status, STATUS_OK, "%.*s", (int)line.len, line.data);
    buffer_init(&joined);
    for (size_t i = 0; i < words.count; i++) {
        buffer_append_slice(&joined, words.words[i]);
        buffer_append(&joined, "|", 1);
    }
    cr_expect(slice_equals(buffer_slice(&joined), slice_from_text(expected)), "%.*s gave %.*s", (int)line.len,
              line.data, (int)joined.len, joined.data);
    buffer_deinit(&joined);
    quote_words_deinit(&words);
    cr_expect_eq(words.count, 0);
}

Test(quote, shows_binary_data_escaped)
{
    expect_quoted(SLICE_LITERAL(""), "\"\"");
    expect_quoted(SLICE_LITERAL("plain text"), "\"plain text\"");
    expect_quoted(SLICE_LITERAL("a\"b\\c"), "\"a\\\"b\\\\c\"");
    expect_quoted(SLICE_LITERAL("\n\r\t\a\b"), "\"\\n\\r\\t\\a\\b\"");
    expect_quoted(slice_make("\0\x1f\x7f\xff~ ", 6), "\"\\x00\\x1f\\x7f\\xff~ \"");
}

Test(quote, splits_at_white_space)
{
    expect_words(SLICE_LITERAL("set key value"), "set|key|value|");
    expect_words(SLICE_LITERAL("  set\t\tkey \r\n"), "set|key|");
    expect_words(SLICE_LITERAL(""), "");
    expect_words((struct slice){0}, "");
    expect_words(SLICE_LITERAL("   "), "");
    expect_words(slice_make("ab\0cd ef", 8), "ab|");
}

Test(quote, double_quotes_know_escapes)
{
    expect_words(SLICE_LITERAL("\"a b\" c"), "a b|c|");
    expect_words(SLICE_LITERAL("\"\\x41\\n\\r\\t\\b\\a\\\"\\\\\\q\""), "A\n\r\t\b\a\"\\q|");
    expect_words(SLICE_LITERAL("\"\\xfg\\x4\""), "xfgx4|");
    expect_words(SLICE_LITERAL("\"\\xAb\\xff\""), "\xab\xff|");
    expect_words(SLICE_LITERAL("\"\" x"), "|x|");
    expect_words(SLICE_LITERAL("foo\"bar baz\""), "foobar baz|");
    expect_words(SLICE_LITERAL("\"it's\""), "it's|");
}

Test(quote, single_quotes_know_only_the_quote)
{
    expect_words(SLICE_LITERAL("'a \\n\\' \"b'"), "a \\n' \"b|");
    expect_words(SLICE_LITERAL("''"), "|");
    expect_words(SLICE_LITERAL("a\\nb"), "a\\nb|");
}

Test(quote, refuses_unbalanced_quotes)
{
    expect_words(SLICE_LITERAL("\"abc"), NULL);
    expect_words(SLICE_LITERAL("a 'abc"), NULL);
    expect_words(SLICE_LITERAL("\"abc\"d"), NULL);
    expect_words(SLICE_LITERAL("'abc'd"), NULL);
    expect_words(SLICE_LITERAL("\"abc\\"), NULL);
    expect_words(SLICE_LITERAL("\"abc\\\""), NULL);
    expect_words(SLICE_LITERAL("\""), NULL);
}

Test(quote, vertical_tabs_separate_words_but_do_not_end_one)
{
    expect_words(SLICE_LITERAL("a\vb c"), "a\vb|c|");
    expect_words(SLICE_LITERAL("\v\fa \"b\"\vc"), "a|b|c|");
}

Test(quote, splits_what_it_quoted)
{
    struct random random;
    random_init_seed(&random, 9);
    for (int round = 0; round < 2000; round++) {
        struct buffer line;
        char data[64];
        size_t lens[2] = {random_below(&random, 32), random_below(&random, 32)};
        for (size_t i = 0; i < sizeof(data); i++) {
            data[i] = (char)random_next(&random);
        }
        buffer_init(&line);
        buffer_append_quoted(&line, slice_make(data, lens[0]));
        buffer_append(&line, " ", 1);
        buffer_append_quoted(&line, slice_make(data + 32, lens[1]));
        struct quote_words words;
        cr_assert_eq(quote_split(buffer_slice(&line), &words), STATUS_OK);
        cr_assert_eq(words.count, 2);
        cr_assert(slice_equals(words.words[0], slice_make(data, lens[0])));
        cr_assert(slice_equals(words.words[1], slice_make(data + 32, lens[1])));
        quote_words_deinit(&words);
        buffer_deinit(&line);
    }
}

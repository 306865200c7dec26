/* SPDX-License-Identifier: BSD-3-Clause */
/* The small readers of text in base/: glob patterns, words with quotes there and back,
 * integers there and back. The first byte splits the input into a pattern and a text.
 * Room: base
 * Owner: each run owns what it makes. Locks: none. */
#include <stdint.h>

#include "sherd/base/glob.h"
#include "sherd/base/number.h"
#include "sherd/base/quote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A pattern without special bytes fits itself alone; a text with every byte escaped fits as a pattern. */
static void check_glob(struct slice pattern, struct slice text)
{
    bool matched = glob_match(pattern, text, false);
    ASSERT(!glob_is_literal(pattern) || matched == slice_equals(pattern, text));
    matched = glob_match(pattern, text, true);
    ASSERT(!matched || text.len != 0 || pattern.len == 0);
    struct buffer escaped;
    buffer_init(&escaped);
    for (size_t i = 0; i < text.len; i++) {
        buffer_append(&escaped, "\\", 1);
        buffer_append(&escaped, text.data + i, 1);
    }
    ASSERT(glob_match(slice_make(escaped.data, escaped.len), text, false));
    buffer_deinit(&escaped);
}

/* What is quoted splits into the one word it was. */
static void check_quote(struct slice text)
{
    struct buffer quoted;
    struct quote_words words;
    buffer_init(&quoted);
    buffer_append_quoted(&quoted, text);
    ASSERT(quote_split(slice_make(quoted.data, quoted.len), &words) == STATUS_OK);
    ASSERT(words.count == 1 && slice_equals(words.words[0], text));
    quote_words_deinit(&words);
    buffer_deinit(&quoted);
    if (quote_split(text, &words) == STATUS_OK) {
        quote_words_deinit(&words);
    }
}

static void check_number(struct slice text)
{
    int64_t integer;
    double number;
    long double longer;
    uint64_t amount;
    if (number_parse_i64(text, &integer)) {
        char printed[NUMBER_I64_BYTES];
        ASSERT(slice_equals(slice_make(printed, number_print_i64(printed, integer)), text));
    }
    if (number_parse_double(text, &number)) {
        char printed[NUMBER_DOUBLE_BYTES];
        double again;
        ASSERT(number_parse_double(slice_make(printed, number_print_double(printed, number)), &again));
        ASSERT(again == number);
    }
    if (number_parse_long_double(text, &longer)) {
        char printed[NUMBER_LONG_DOUBLE_BYTES];
        ASSERT(number_print_long_double_human(printed, longer) < sizeof(printed));
    }
    if (number_parse_u64(text, &amount)) {
        uint64_t bytes;
        ASSERT(number_parse_memory(text, &bytes) && bytes == amount);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) {
        return 0;
    }
    struct slice input = slice_make(data + 1, size - 1);
    size_t split = data[0] < input.len ? data[0] : input.len;
    struct slice pattern = slice_make(input.data, split);
    check_glob(pattern, slice_make(input.data + split, input.len - split));
    check_quote(input);
    check_number(pattern);
    return 0;
}

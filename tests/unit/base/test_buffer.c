/* SPDX-License-Identifier: BSD-3-Clause */
/* Borrowed and owned runs of bytes.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>
#include <signal.h>

#include "sherd/base/buffer.h"

Test(slice, compares_by_bytes_and_then_by_length)
{
    cr_expect(slice_equals(SLICE_LITERAL("a\0b"), slice_make("a\0b", 3)));
    cr_expect_not(slice_equals(SLICE_LITERAL("ab"), SLICE_LITERAL("abc")));
    cr_expect(slice_equals((struct slice){0}, SLICE_LITERAL("")));
    cr_expect_lt(slice_compare(SLICE_LITERAL("ab"), SLICE_LITERAL("abc")), 0);
    cr_expect_gt(slice_compare(SLICE_LITERAL("b"), SLICE_LITERAL("abc")), 0);
    cr_expect_gt(slice_compare(SLICE_LITERAL("\xff"), SLICE_LITERAL("a")), 0);
    cr_expect_eq(slice_compare((struct slice){0}, SLICE_LITERAL("")), 0);
}

Test(slice, recognises_words_in_either_case)
{
    cr_expect(slice_equals_word(SLICE_LITERAL("MaTcH"), "match"));
    cr_expect(slice_equals_word(SLICE_LITERAL("match"), "MATCH"));
    cr_expect_not(slice_equals_word(SLICE_LITERAL("matc"), "match"));
    cr_expect_not(slice_equals_word(SLICE_LITERAL("matchx"), "match"));
    cr_expect_not(slice_equals_word(SLICE_LITERAL("match\0"), "match"));
    cr_expect(slice_equals_word((struct slice){0}, ""));
}

Test(buffer, grows_and_keeps_its_contents)
{
    struct buffer buffer;
    buffer_init(&buffer);
    for (int i = 0; i < 100000; i++) {
        buffer_append(&buffer, "0123456789", 10);
    }
    cr_expect_eq(buffer.len, 1000000);
    cr_expect_geq(buffer.cap, buffer.len);
    cr_expect_eq(memcmp(buffer.data + 999990, "0123456789", 10), 0);
    buffer_consume(&buffer, 999995);
    cr_expect(slice_equals(buffer_slice(&buffer), SLICE_LITERAL("56789")));
    buffer_shrink(&buffer, 1000);
    cr_expect_not_null(buffer.data, "a buffer in use is not shrunk");
    buffer_consume(&buffer, 5);
    buffer_shrink(&buffer, 1000);
    cr_expect_null(buffer.data);
    buffer_deinit(&buffer);
}

Test(buffer, prints_behind_what_is_there)
{
    struct buffer buffer;
    buffer_init(&buffer);
    buffer_append_slice(&buffer, SLICE_LITERAL("n="));
    buffer_printf(&buffer, "%d %0100d", 7, 0);
    cr_expect_eq(buffer.len, 104);
    cr_expect_eq(memcmp(buffer.data, "n=7 0", 5), 0);
    buffer_deinit(&buffer);
}

Test(compiler, a_broken_invariant_stops_the_process, .signal = SIGABRT)
{
    struct buffer buffer;
    buffer_init(&buffer);
    buffer_consume(&buffer, 1);
}

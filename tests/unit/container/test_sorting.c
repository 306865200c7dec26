/* SPDX-License-Identifier: BSD-3-Clause */
/* Sorting for SORT: numbers, texts, weights, stability beside a naive insertion sort; what counts as a number.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sherd/base/random.h"
#include "sherd/container/sorting.h"

static void expect_order(const struct sorting *sorting, const char *expected)
{
    char text[256] = "";
    for (size_t i = 0; i < sorting->count; i++) {
        size_t len = strlen(text);
        (void)snprintf(text + len, sizeof(text) - len, "%s%.*s", i == 0 ? "" : " ", (int)sorting->items[i].element.len,
                       sorting->items[i].element.data);
    }
    cr_assert_str_eq(text, expected);
}

static void add_scored(struct sorting *sorting, const char *const *texts, size_t count)
{
    sorting_init(sorting, count);
    for (size_t i = 0; i < count; i++) {
        sorting_add(sorting, slice_from_text(texts[i]));
        cr_assert(sorting_score(slice_from_text(texts[i]), &sorting->items[i].score));
    }
}

Test(sorting, sorts_numbers_and_equal_ones_by_their_bytes)
{
    static const char *const texts[] = {"10", "9", "1.0", "1", "-inf", "0x10", "1e1", " 2", "inf"};
    struct sorting sorting;
    add_scored(&sorting, texts, ARRAY_LENGTH(texts));
    sorting_sort(&sorting);
    expect_order(&sorting, "-inf 1 1.0  2 9 10 1e1 0x10 inf");
    sorting.descending = true;
    sorting_sort(&sorting);
    expect_order(&sorting, "inf 0x10 1e1 10 9  2 1.0 1 -inf");
    sorting_deinit(&sorting);
}

Test(sorting, compares_texts_up_to_a_zero_byte_unless_all_bytes_count)
{
    struct sorting sorting;
    for (int whole = 0; whole < 2; whole++) {
        sorting_init(&sorting, 3);
        sorting.rule = SORTING_ELEMENTS;
        sorting.whole_texts = whole != 0;
        sorting_add(&sorting, SLICE_LITERAL("b"));
        sorting_add(&sorting, SLICE_LITERAL("a\0z"));
        sorting_add(&sorting, SLICE_LITERAL("a\0y"));
        sorting_sort(&sorting);
        cr_assert_eq(sorting.items[0].element.data[2], whole != 0 ? 'y' : 'z');
        cr_assert_eq(sorting.items[2].element.data[0], 'b');
        sorting_deinit(&sorting);
    }
}

Test(sorting, puts_elements_without_a_weight_first_and_keeps_equal_ones_in_order)
{
    struct sorting sorting;
    sorting_init(&sorting, 5);
    sorting.rule = SORTING_WEIGHTS;
    static const char *const elements[] = {"one", "two", "three", "four", "five"};
    static const char *const weights[] = {"b", NULL, "a", NULL, "b"};
    for (size_t i = 0; i < 5; i++) {
        sorting_add(&sorting, slice_from_text(elements[i]));
        if (weights[i] != NULL) {
            sorting.items[i].weight = sorting_keep_weight(&sorting, slice_from_text(weights[i]));
        }
    }
    sorting_sort(&sorting);
    expect_order(&sorting, "two four three one five");
    sorting.descending = true;
    sorting_sort(&sorting);
    expect_order(&sorting, "one five three two four");
    sorting_deinit(&sorting);
}

Test(sorting, takes_the_numbers_that_strtod_takes)
{
    double score;
    cr_assert(sorting_score(SLICE_LITERAL(""), &score) && score == 0);
    cr_assert(sorting_score(SLICE_LITERAL("  -3.5"), &score) && score == -3.5);
    cr_assert(sorting_score(SLICE_LITERAL("7\0rest"), &score) && score == 7);
    cr_assert(sorting_score(SLICE_LITERAL("9223372036854775807"), &score) && score == 9223372036854775807.0);
    cr_assert(sorting_score(SLICE_LITERAL("-Infinity"), &score) && isinf(score));
    cr_assert_not(sorting_score(SLICE_LITERAL("1 "), &score));
    cr_assert_not(sorting_score(SLICE_LITERAL("x"), &score));
    cr_assert_not(sorting_score(SLICE_LITERAL("nan"), &score));
    cr_assert_not(sorting_score(SLICE_LITERAL("1e999"), &score));
    cr_assert_not(sorting_score(SLICE_LITERAL("1e-999"), &score));
    char digits[300];
    memset(digits, '0', sizeof(digits));
    digits[sizeof(digits) - 1] = '5';
    cr_assert(sorting_score(slice_make(digits, sizeof(digits)), &score) && score == 5);
}

Test(sorting, sorts_a_part_alone)
{
    static const char *const texts[] = {"9", "3", "7", "1", "5", "8", "2", "6", "4", "10"};
    struct sorting sorting;
    add_scored(&sorting, texts, ARRAY_LENGTH(texts));
    sorting_sort_part(&sorting, 3, 5);
    cr_assert(slice_equals(sorting.items[3].element, SLICE_LITERAL("4")));
    cr_assert(slice_equals(sorting.items[4].element, SLICE_LITERAL("5")));
    cr_assert(slice_equals(sorting.items[5].element, SLICE_LITERAL("6")));
    sorting_deinit(&sorting);
    add_scored(&sorting, texts, ARRAY_LENGTH(texts));
    sorting.descending = true;
    sorting_sort_part(&sorting, 0, 1);
    cr_assert(slice_equals(sorting.items[0].element, SLICE_LITERAL("10")));
    cr_assert(slice_equals(sorting.items[1].element, SLICE_LITERAL("9")));
    sorting_deinit(&sorting);
}

/* Few different weights, so that most are equal; beside an insertion into a plain array. */
Test(sorting, agrees_with_a_naive_sort_and_is_stable)
{
    struct random random;
    random_init_seed(&random, 11);
    for (size_t count = 0; count < 200; count += 1 + count / 9) {
        for (int descending = 0; descending < 2; descending++) {
            struct sorting sorting;
            sorting_init(&sorting, count);
            sorting.rule = SORTING_WEIGHTS;
            sorting.descending = descending != 0;
            struct sorting_item expected[200];
            for (size_t i = 0; i < count; i++) {
                char weight = (char)('a' + random_below(&random, 7));
                sorting_add(&sorting, slice_make(&weight, 0)); /* told apart by their weights' places alone */
                sorting.items[i].weight = sorting_keep_weight(&sorting, slice_make(&weight, 1));
                size_t at = i;
                for (; at > 0; at--) {
                    char before = expected[at - 1].weight->data[0];
                    if (descending != 0 ? before >= weight : before <= weight) {
                        break;
                    }
                    expected[at] = expected[at - 1];
                }
                expected[at] = sorting.items[i];
            }
            sorting_sort(&sorting);
            for (size_t i = 0; i < count; i++) {
                cr_assert_eq(sorting.items[i].weight, expected[i].weight);
            }
            sorting_deinit(&sorting);
        }
    }
}

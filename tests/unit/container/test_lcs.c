/* SPDX-License-Identifier: BSD-3-Clause */
/* The longest common subsequence against the table of all lengths.
 * Owner: the test. Locks: none. */
#include <criterion/criterion.h>

#include "sherd/base/random.h"
#include "sherd/container/lcs.h"

enum {
    LEN_MAX = 200,
};

static struct slice draw(struct random *random, char *bytes, unsigned letters)
{
    size_t len = random_next(random) % LEN_MAX;
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (char)('a' + random_next(random) % letters);
    }
    return slice_make(bytes, len);
}

static void table_fill(uint32_t table[LEN_MAX + 1][LEN_MAX + 1], struct slice a, struct slice b)
{
    for (size_t i = 0; i <= a.len; i++) {
        for (size_t j = 0; j <= b.len; j++) {
            if (i == 0 || j == 0) {
                table[i][j] = 0;
            } else if (a.data[i - 1] == b.data[j - 1]) {
                table[i][j] = table[i - 1][j - 1] + 1;
            } else {
                uint32_t up = table[i - 1][j], left = table[i][j - 1];
                table[i][j] = up > left ? up : left;
            }
        }
    }
}

Test(lcs, agrees_with_the_table_on_length_and_path)
{
    static uint32_t table[LEN_MAX + 1][LEN_MAX + 1];
    static char first[LEN_MAX], second[LEN_MAX];
    struct random random;
    random_init(&random);
    for (int round = 0; round < 500; round++) {
        unsigned letters = 1 + (unsigned)(random_next(&random) % 26);
        struct slice a = draw(&random, first, letters);
        struct slice b = draw(&random, second, letters);
        table_fill(table, a, b);
        struct lcs lcs;
        lcs_init(&lcs, a, b, true, NULL);
        cr_assert_eq(lcs.len, table[a.len][b.len]);
        struct lcs_walk walk = lcs_walk_begin(&lcs);
        struct lcs_run run;
        size_t i = a.len, j = b.len, total = 0;
        while (lcs_next_run(&lcs, &walk, &run)) {
            while (a.data[i - 1] != b.data[j - 1]) {
                if (table[i - 1][j] > table[i][j - 1]) {
                    i--;
                } else {
                    j--;
                }
            }
            cr_assert_eq(run.in_a + run.len, i);
            cr_assert_eq(run.in_b + run.len, j);
            cr_assert(memcmp(a.data + run.in_a, b.data + run.in_b, run.len) == 0);
            i = run.in_a;
            j = run.in_b;
            total += run.len;
        }
        cr_assert_eq(total, lcs.len);
        lcs_deinit(&lcs);
        lcs_init(&lcs, a, b, false, NULL);
        cr_assert_eq(lcs.len, table[a.len][b.len]);
        lcs_deinit(&lcs);
    }
}

Test(lcs, of_an_empty_string_is_empty)
{
    struct lcs lcs;
    struct lcs_run run;
    lcs_init(&lcs, slice_make("", 0), SLICE_LITERAL("abc"), true, NULL);
    struct lcs_walk walk = lcs_walk_begin(&lcs);
    cr_assert_eq(lcs.len, 0);
    cr_assert_not(lcs_next_run(&lcs, &walk, &run));
    lcs_deinit(&lcs);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Random numbers and identifiers.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>

#include "sherd/base/random.h"

Test(random, the_same_seed_gives_the_same_sequence)
{
    struct random a;
    struct random b;
    random_init_seed(&a, 0);
    random_init_seed(&b, 0);
    for (int i = 0; i < 1000; i++) {
        cr_assert_eq(random_next(&a), random_next(&b));
    }
    random_init(&a);
    random_init(&b);
    cr_expect_neq(random_next(&a), random_next(&b));
}

Test(random, stays_below_the_bound_and_reaches_all_of_it)
{
    struct random random;
    int seen[7] = {0};
    random_init_seed(&random, 7);
    for (int i = 0; i < 70000; i++) {
        uint64_t value = random_below(&random, 7);
        cr_assert_lt(value, 7);
        seen[value]++;
    }
    for (int i = 0; i < 7; i++) {
        cr_expect(seen[i] > 9500 && seen[i] < 10500, "%d: %d", i, seen[i]);
    }
    cr_expect_eq(random_below(&random, 1), 0);
    uint64_t large = (uint64_t)3 << 62; /* a quarter of all draws are refused */
    uint64_t upper = 0;
    for (int i = 0; i < 30000; i++) {
        uint64_t value = random_below(&random, large);
        cr_assert_lt(value, large);
        upper += value >= (uint64_t)2 << 62;
    }
    cr_expect(upper > 9500 && upper < 10500);
}

Test(random, identifiers_are_forty_hexadecimal_digits)
{
    char one[RANDOM_HEX_ID_BYTES + 1] = {0};
    char two[RANDOM_HEX_ID_BYTES + 1] = {0};
    one[RANDOM_HEX_ID_BYTES] = '!';
    random_hex_id(one);
    random_hex_id(two);
    cr_expect_eq(one[RANDOM_HEX_ID_BYTES], '!', "nothing is written behind the digits");
    one[RANDOM_HEX_ID_BYTES] = '\0';
    cr_expect_eq(strspn(one, "0123456789abcdef"), RANDOM_HEX_ID_BYTES);
    cr_expect_str_neq(one, two);
}

Test(random, fills_large_blocks)
{
    enum { BLOCK_BYTES = 100000 };
    static const size_t tail = 1000;
    uint8_t block[BLOCK_BYTES] = {0};
    random_bytes(block, sizeof(block));
    unsigned sum = 0;
    for (size_t i = BLOCK_BYTES - tail; i < BLOCK_BYTES; i++) {
        sum += block[i];
    }
    cr_expect(sum > 100 * tail && sum < 155 * tail, "%u", sum);
}

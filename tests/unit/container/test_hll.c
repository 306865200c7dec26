/* SPDX-License-Identifier: BSD-3-Clause */
/* HyperLogLog: bytes as Redis writes them, registers beside a plain array in both encodings, corrupt bytes.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>

#include "sherd/base/number.h"
#include "sherd/base/random.h"
#include "sherd/container/hll.h"

static enum hll_change add(struct hll_draft *draft, const char *text)
{
    return hll_draft_raise(draft, hll_locate(slice_from_text(text)));
}

static void expect_registers(const struct hll_draft *draft, const uint8_t *expected)
{
    struct hll_registers found = {0};
    cr_assert(hll_join(&found, hll_draft_slice(draft)));
    cr_assert_arr_eq(found.ranks, expected, HLL_REGISTERS);
}

Test(hll, writes_the_bytes_that_redis_writes)
{
    /* redis-server 7.0.15: PFADD h a b c, GET h */
    static const unsigned char expected[] = {'H',  'Y',  'L',  'L',  1,    0,    0,    0,    0,
                                             0,    0,    0,    0,    0,    0,    0x80, 0x60, 0xf3,
                                             0x80, 0x50, 0xb1, 0x84, 0x4b, 0xfb, 0x80, 0x42, 0x5a};
    struct hll_draft draft;
    hll_draft_init(&draft, 3000);
    cr_assert_eq(add(&draft, "a"), HLL_CHANGED);
    cr_assert_eq(add(&draft, "b"), HLL_CHANGED);
    cr_assert_eq(add(&draft, "c"), HLL_CHANGED);
    cr_assert_eq(add(&draft, "a"), HLL_SAME);
    cr_assert_eq(draft.len, sizeof(expected));
    cr_assert_arr_eq(draft.bytes, expected, sizeof(expected));
    uint64_t cardinality;
    cr_assert_not(hll_cached(hll_draft_slice(&draft), &cardinality));
    cr_assert(hll_estimate(hll_draft_slice(&draft), &cardinality));
    cr_assert_eq(cardinality, 3);
    struct buffer text;
    buffer_init(&text);
    hll_decode(hll_draft_slice(&draft), &text);
    cr_assert(slice_equals(buffer_slice(&text), SLICE_LITERAL("Z:8436 v:1,1 Z:4274 v:2,1 Z:3068 v:1,1 Z:603")));
    buffer_deinit(&text);
}

Test(hll, caches_a_cardinality_until_it_is_stale)
{
    struct hll_draft draft;
    uint64_t cardinality;
    hll_draft_init(&draft, 3000);
    cr_assert(hll_cached(hll_draft_slice(&draft), &cardinality) && cardinality == 0);
    hll_cache((char *)draft.bytes, 12345678901);
    cr_assert(hll_cached(hll_draft_slice(&draft), &cardinality) && cardinality == 12345678901);
    hll_stale((char *)draft.bytes);
    cr_assert_not(hll_cached(hll_draft_slice(&draft), &cardinality));
}

/* Random places, ascending in a part of the rounds, into one that becomes dense at `sparse_max_bytes`. */
static void run_beside_an_array(uint64_t seed, size_t sparse_max_bytes, uint32_t registers, unsigned rank_bits)
{
    struct random random;
    random_init_seed(&random, seed);
    struct hll_draft draft;
    hll_draft_init(&draft, sparse_max_bytes);
    uint8_t expected[HLL_REGISTERS] = {0};
    struct hll_place place = {0};
    for (int i = 0; i < 4000; i++) {
        bool ascending = i % 1000 > 500 && place.index + 4 < HLL_REGISTERS;
        place.index =
            ascending ? place.index + (uint32_t)random_below(&random, 4) : (uint32_t)random_below(&random, registers);
        place.rank = (uint8_t)(1 + random_below(&random, UINT64_C(1) << rank_bits));
        bool rises = place.rank > expected[place.index];
        cr_assert_eq(hll_rises(hll_draft_slice(&draft), place), rises);
        cr_assert_eq(hll_draft_raise(&draft, place), rises ? HLL_CHANGED : HLL_SAME);
        expected[place.index] = rises ? place.rank : expected[place.index];
        struct slice bytes = hll_draft_slice(&draft);
        cr_assert(hll_is_valid(bytes) && hll_is_intact(bytes));
        cr_assert(hll_is_dense(bytes) ? draft.len == HLL_DENSE_BYTES : draft.len <= sparse_max_bytes);
        if (i % 100 == 0) {
            expect_registers(&draft, expected);
        }
    }
    expect_registers(&draft, expected);
    uint64_t before, after;
    cr_assert(hll_estimate(hll_draft_slice(&draft), &before));
    cr_assert(hll_draft_to_dense(&draft));
    cr_assert(hll_estimate(hll_draft_slice(&draft), &after));
    cr_assert_eq(before, after);
    expect_registers(&draft, expected);
}

Test(hll, agrees_with_an_array_of_registers_while_it_is_sparse)
{
    run_beside_an_array(1, HLL_SPARSE_MAX_BYTES, HLL_REGISTERS, 2);
    run_beside_an_array(2, HLL_SPARSE_MAX_BYTES, 300, 1);
    run_beside_an_array(3, HLL_SPARSE_MAX_BYTES, HLL_REGISTERS, 5);
}

Test(hll, agrees_with_an_array_of_registers_when_it_becomes_dense)
{
    run_beside_an_array(4, 3000, HLL_REGISTERS, 2);
    run_beside_an_array(5, 100, HLL_REGISTERS, 4);
    run_beside_an_array(6, 0, 200, 1);
}

Test(hll, becomes_dense_for_a_rank_that_no_opcode_can_hold)
{
    struct hll_draft draft;
    hll_draft_init(&draft, 3000);
    cr_assert_eq(hll_draft_raise(&draft, (struct hll_place){.index = 7, .rank = 32}), HLL_CHANGED);
    cr_assert_not(hll_is_dense(hll_draft_slice(&draft)));
    cr_assert_eq(hll_draft_raise(&draft, (struct hll_place){.index = 16383, .rank = 33}), HLL_CHANGED);
    cr_assert(hll_is_dense(hll_draft_slice(&draft)));
    uint8_t expected[HLL_REGISTERS] = {[7] = 32, [16383] = 33};
    expect_registers(&draft, expected);
}

Test(hll, raises_many_registers_to_the_same_bytes_as_one_by_one)
{
    struct random random;
    random_init_seed(&random, 7);
    for (int round = 0; round < 20; round++) {
        struct hll_registers registers = {0};
        struct hll_draft one, all;
        hll_draft_init(&one, 12000);
        for (int i = 0; i < 50 * round; i++) {
            uint32_t index = (uint32_t)random_below(&random, round % 2 == 0 ? 500 : HLL_REGISTERS);
            registers.ranks[index] = (uint8_t)(1 + random_below(&random, 3));
            if (i % 3 == 0) {
                cr_assert_neq(hll_draft_raise(&one, (struct hll_place){.index = index, .rank = 1}), HLL_CORRUPT);
            }
        }
        cr_assert(hll_draft_load(&all, hll_draft_slice(&one), 12000));
        for (uint32_t i = 0; i < HLL_REGISTERS; i++) {
            one.hint = 0; /* always from the beginning */
            struct hll_place place = {.index = i, .rank = registers.ranks[i]};
            cr_assert(place.rank == 0 || hll_draft_raise(&one, place) != HLL_CORRUPT);
        }
        cr_assert_neq(hll_draft_raise_all(&all, &registers), HLL_CORRUPT);
        cr_assert(slice_equals(hll_draft_slice(&one), hll_draft_slice(&all)));
    }
}

Test(hll, estimates_within_a_few_standard_errors)
{
    struct hll_draft draft;
    hll_draft_init(&draft, 3000);
    double added = 0;
    for (int64_t i = 1; i <= 200000; i++) {
        char text[NUMBER_I64_BYTES];
        cr_assert_neq(hll_draft_raise(&draft, hll_locate(slice_make(text, number_print_i64(text, i * 7919)))),
                      HLL_CORRUPT);
        added++;
        if (i == 100 || i == 1000 || i == 10000 || i == 200000) {
            uint64_t cardinality;
            cr_assert(hll_estimate(hll_draft_slice(&draft), &cardinality));
            double error = ((double)cardinality - added) / added;
            cr_assert(error < 0.03 && error > -0.03, "%f of %f", error, added);
        }
    }
    cr_assert(hll_is_dense(hll_draft_slice(&draft)));
}

Test(hll, joins_the_maximum_of_each_register)
{
    struct hll_draft one, two;
    hll_draft_init(&one, 3000);
    hll_draft_init(&two, 0);
    cr_assert_eq(hll_draft_raise(&one, (struct hll_place){.index = 5, .rank = 3}), HLL_CHANGED);
    cr_assert_eq(hll_draft_raise(&one, (struct hll_place){.index = 6, .rank = 9}), HLL_CHANGED);
    cr_assert_eq(hll_draft_raise(&two, (struct hll_place){.index = 5, .rank = 4}), HLL_CHANGED);
    cr_assert_eq(hll_draft_raise(&two, (struct hll_place){.index = 6, .rank = 8}), HLL_CHANGED);
    cr_assert(hll_is_dense(hll_draft_slice(&two)));
    struct hll_registers joined = {0};
    cr_assert(hll_join(&joined, hll_draft_slice(&one)) && hll_join(&joined, hll_draft_slice(&two)));
    cr_assert(joined.ranks[5] == 4 && joined.ranks[6] == 9 && joined.ranks[7] == 0);
    cr_assert_eq(hll_estimate_registers(&joined), 2);
}

Test(hll, refuses_a_wrong_head_and_finds_corrupt_registers)
{
    cr_assert_not(hll_is_valid(SLICE_LITERAL("HYLL\1\0\0\0\0\0\0\0\0\0\0")));
    cr_assert_not(hll_is_valid(SLICE_LITERAL("HYLl\1\0\0\0\0\0\0\0\0\0\0\0")));
    cr_assert_not(hll_is_valid(SLICE_LITERAL("HYLL\2\0\0\0\0\0\0\0\0\0\0\0")));
    cr_assert_not(hll_is_valid(SLICE_LITERAL("HYLL\0\0\0\0\0\0\0\0\0\0\0\0")));
    struct slice corrupt[] = {
        SLICE_LITERAL("HYLL\1\0\0\0\0\0\0\0\0\0\0\0"),                     /* too few */
        SLICE_LITERAL("HYLL\1\0\0\0\0\0\0\0\0\0\0\0\x7f\xff\0"),           /* too many */
        SLICE_LITERAL("HYLL\1\0\0\0\0\0\0\0\0\0\0\0\x7f\xff\x7f\xff\x84"), /* far too many */
        SLICE_LITERAL("HYLL\1\0\0\0\0\0\0\0\0\0\0\0\x7f\xf0\x7f"),         /* cut off */
    };
    for (size_t i = 0; i < ARRAY_LENGTH(corrupt); i++) {
        struct hll_registers registers = {0};
        struct hll_draft draft;
        uint64_t cardinality;
        cr_assert(hll_is_valid(corrupt[i]));
        cr_assert_not(hll_is_intact(corrupt[i]));
        cr_assert_not(hll_join(&registers, corrupt[i]));
        cr_assert_not(hll_estimate(corrupt[i], &cardinality));
        cr_assert(hll_draft_load(&draft, corrupt[i], 3000));
        cr_assert_not(hll_draft_to_dense(&draft));
    }
}

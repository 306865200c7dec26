/* SPDX-License-Identifier: BSD-3-Clause */
/* Bits against the plainest way to do the same.
 * Owner: the test. Locks: none. */
#include <criterion/criterion.h>

#include "sherd/base/bits.h"
#include "sherd/base/random.h"

enum {
    BYTES = 100,
};

static bool bit_at(const char *bytes, uint64_t at)
{
    return ((unsigned char)bytes[at / 8] >> (7 - at % 8)) & 1;
}

static void fill(struct random *random, char bytes[static BYTES])
{
    for (int i = 0; i < BYTES; i++) {
        uint64_t draw = random_next(random);
        bytes[i] = (char)(draw % 4 == 0 ? 0 : draw % 4 == 1 ? 0xff : draw >> 8);
    }
}

Test(bits, counts_any_length)
{
    struct random random;
    random_init(&random);
    char bytes[BYTES];
    fill(&random, bytes);
    uint64_t expected = 0;
    for (size_t len = 0; len <= BYTES; len++) {
        cr_assert_eq(bits_count(slice_make(bytes, len)), expected);
        for (size_t i = 8 * len; len < BYTES && i < 8 * len + 8; i++) {
            expected += bit_at(bytes, i);
        }
    }
}

Test(bits, counts_and_finds_between_any_two_bits)
{
    struct random random;
    random_init(&random);
    char bytes[BYTES];
    for (int round = 0; round < 3000; round++) {
        fill(&random, bytes);
        uint64_t first = random_next(&random) % (8 * BYTES);
        uint64_t last = first + random_next(&random) % (8 * BYTES - first);
        uint64_t count = 0;
        int64_t found[2] = {-1, -1};
        for (uint64_t i = first; i <= last; i++) {
            bool bit = bit_at(bytes, i);
            count += bit;
            found[bit] = found[bit] < 0 ? (int64_t)i : found[bit];
        }
        struct slice all = slice_make(bytes, BYTES);
        cr_assert_eq(bits_count_between(all, first, last), count);
        cr_assert_eq(bits_find(all, first, last, false), found[0]);
        cr_assert_eq(bits_find(all, first, last, true), found[1]);
    }
}

Test(bits, finds_nothing_where_all_are_the_same)
{
    char bytes[BYTES];
    memset(bytes, 0xff, BYTES);
    cr_assert_eq(bits_find(slice_make(bytes, BYTES), 0, 8 * BYTES - 1, false), -1);
    memset(bytes, 0, BYTES);
    cr_assert_eq(bits_find(slice_make(bytes, BYTES), 3, 8 * BYTES - 1, true), -1);
}

Test(bits, combines_sources_of_different_lengths)
{
    static const char one[] = "\xf0\x0f\xaa";
    static const char two[] = "\x3c";
    struct slice sources[2] = {slice_make(one, 3), slice_make(two, 1)};
    char out[3];
    bits_combine(BITS_AND, sources, 2, out, (struct bits_range){0, 3});
    cr_assert(memcmp(out, "\x30\x00\x00", 3) == 0);
    bits_combine(BITS_OR, sources, 2, out, (struct bits_range){0, 3});
    cr_assert(memcmp(out, "\xfc\x0f\xaa", 3) == 0);
    bits_combine(BITS_XOR, sources, 2, out, (struct bits_range){0, 3});
    cr_assert(memcmp(out, "\xcc\x0f\xaa", 3) == 0);
    bits_combine(BITS_NOT, sources, 1, out, (struct bits_range){0, 3});
    cr_assert(memcmp(out, "\x0f\xf0\x55", 3) == 0);
    struct slice turned[2] = {sources[1], sources[0]};
    bits_combine(BITS_AND, turned, 2, out, (struct bits_range){0, 3});
    cr_assert(memcmp(out, "\x30\x00\x00", 3) == 0);
}

Test(bits, combines_beyond_one_block)
{
    enum { LEN = 10000, SHORT = 5000 };
    static char a[LEN], b[SHORT], out[LEN];
    for (int i = 0; i < LEN; i++) {
        a[i] = (char)(i * 7);
    }
    for (int i = 0; i < SHORT; i++) {
        b[i] = (char)(i * 13);
    }
    struct slice sources[2] = {slice_make(b, SHORT), slice_make(a, LEN)};
    bits_combine(BITS_AND, sources, 2, out, (struct bits_range){0, LEN});
    for (int i = 0; i < LEN; i++) {
        cr_assert_eq(out[i], i < SHORT ? (char)(a[i] & b[i]) : 0);
    }
    bits_combine(BITS_XOR, sources, 2, out, (struct bits_range){0, LEN});
    for (int i = 0; i < LEN; i++) {
        cr_assert_eq(out[i], i < SHORT ? (char)(a[i] ^ b[i]) : a[i]);
    }
}

Test(bits, fields_of_any_width_at_any_offset_come_back)
{
    struct random random;
    random_init(&random);
    char bytes[24];
    for (int round = 0; round < 5000; round++) {
        for (size_t i = 0; i < sizeof(bytes); i++) {
            bytes[i] = (char)random_next(&random);
        }
        char before[sizeof(bytes)];
        memcpy(before, bytes, sizeof(bytes));
        unsigned width = 1 + (unsigned)(random_next(&random) % 64);
        uint64_t offset = random_next(&random) % (8 * sizeof(bytes) - width + 1);
        uint64_t value = random_next(&random) >> (64 - width);
        bits_field_set(bytes, offset, width, value);
        cr_assert_eq(bits_field_get(slice_make(bytes, sizeof(bytes)), offset, width), value);
        for (uint64_t i = 0; i < 8 * sizeof(bytes); i++) {
            bool inside = i >= offset && i < offset + width;
            bool expected = inside ? (value >> (width - 1 - (i - offset))) & 1 : bit_at(before, i);
            cr_assert_eq(bit_at(bytes, i), expected);
        }
    }
}

Test(bits, a_field_beyond_the_end_reads_zeros)
{
    struct slice one = SLICE_LITERAL("\xff");
    cr_assert_eq(bits_field_get(one, 4, 8), 0xf0);
    cr_assert_eq(bits_field_get(one, 8, 64), 0);
    cr_assert_eq(bits_field_get(one, UINT64_C(1) << 40, 5), 0);
    cr_assert_eq(bits_field_get(slice_make("", 0), 0, 1), 0);
}

Test(bits, field_numbers_carry_their_sign)
{
    cr_assert_eq(bits_field_number((struct bits_field){true, 8}, 0xff), -1);
    cr_assert_eq(bits_field_number((struct bits_field){false, 8}, 0xff), 255);
    cr_assert_eq(bits_field_number((struct bits_field){true, 64}, UINT64_MAX), -1);
    cr_assert_eq(bits_field_number((struct bits_field){false, 63}, UINT64_MAX), INT64_MAX);
    cr_assert_eq(bits_field_number((struct bits_field){true, 1}, 1), -1);
}

Test(bits, field_additions_wrap_saturate_or_fail)
{
    const struct bits_field i8 = {true, 8}, u8 = {false, 8}, i64 = {true, 64}, u63 = {false, 63};
    int64_t result = 0;
    cr_assert(bits_field_add(i8, BITS_FAIL, 100, 27, &result) && result == 127);
    cr_assert(bits_field_add(i8, BITS_WRAP, 127, 1, &result) && result == -128);
    cr_assert(bits_field_add(i8, BITS_WRAP, -128, -1, &result) && result == 127);
    cr_assert(bits_field_add(i8, BITS_SATURATE, 100, INT64_MAX, &result) && result == 127);
    cr_assert(bits_field_add(i8, BITS_SATURATE, 100, INT64_MIN, &result) && result == -128);
    cr_assert_not(bits_field_add(i8, BITS_FAIL, 127, 1, &result));
    cr_assert(bits_field_add(u8, BITS_WRAP, 255, 2, &result) && result == 1);
    cr_assert(bits_field_add(u8, BITS_SATURATE, 0, -1, &result) && result == 0);
    cr_assert(bits_field_add(i64, BITS_WRAP, INT64_MAX, 1, &result) && result == INT64_MIN);
    cr_assert(bits_field_add(i64, BITS_SATURATE, INT64_MIN, -1, &result) && result == INT64_MIN);
    cr_assert(bits_field_add(u63, BITS_WRAP, INT64_MAX, 1, &result) && result == 0);
    cr_assert(bits_field_add(u63, BITS_SATURATE, INT64_MAX, 1, &result) && result == INT64_MAX);
}

Test(bits, set_values_are_fitted_as_redis_does)
{
    const struct bits_field i8 = {true, 8}, u8 = {false, 8};
    int64_t result = 0;
    cr_assert(bits_field_fit(i8, BITS_WRAP, 200, &result) && result == -56);
    cr_assert(bits_field_fit(i8, BITS_SATURATE, -1000, &result) && result == -128);
    cr_assert(bits_field_fit(i8, BITS_SATURATE, INT64_MIN, &result) && result == 127);
    cr_assert(bits_field_fit(u8, BITS_SATURATE, -1, &result) && result == 255);
    cr_assert(bits_field_fit(u8, BITS_WRAP, -1, &result) && result == 255);
    cr_assert_not(bits_field_fit(u8, BITS_FAIL, 256, &result));
}

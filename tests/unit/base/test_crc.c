/* SPDX-License-Identifier: BSD-3-Clause */
/* The two checksums against their published check values and against the definition.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>

#include "sherd/base/crc.h"
#include "sherd/base/random.h"

/* Bit by bit, reflected, as the definition says. */
static uint64_t slow_crc64(struct slice bytes)
{
    uint64_t crc = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        crc ^= (uint8_t)bytes.data[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ (crc & 1 ? 0x95ac9329ac4bc9b5U : 0);
        }
    }
    return crc;
}

static uint16_t slow_crc16(struct slice bytes)
{
    unsigned crc = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        crc ^= (unsigned)(uint8_t)bytes.data[i] << 8;
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0);
        }
    }
    return (uint16_t)crc;
}

Test(crc, gives_the_published_check_values)
{
    cr_expect_eq(crc16(SLICE_LITERAL("123456789")), 0x31c3);
    cr_expect_eq(crc64(0, SLICE_LITERAL("123456789")), 0xe9c6d914c4b8d9caU);
    cr_expect_eq(crc16(SLICE_LITERAL("")), 0);
    cr_expect_eq(crc64(0, SLICE_LITERAL("")), 0);
    cr_expect_eq(crc16(SLICE_LITERAL("foo")) & 16383, 12182); /* CLUSTER KEYSLOT foo */
}

Test(crc, follows_the_definition_at_every_length_and_alignment)
{
    struct random random;
    char data[300];
    random_init_seed(&random, 5);
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = (char)random_next(&random);
    }
    for (size_t from = 0; from < 9; from++) {
        for (size_t len = 0; len < 280; len++) {
            struct slice piece = slice_make(data + from, len);
            cr_assert_eq(crc64(0, piece), slow_crc64(piece));
            cr_assert_eq(crc16(piece), slow_crc16(piece));
        }
    }
}

Test(crc, pieces_give_the_value_of_the_whole)
{
    struct slice whole = SLICE_LITERAL("The quick brown fox jumps over the lazy dog");
    for (size_t cut = 0; cut <= whole.len; cut++) {
        uint64_t first = crc64(0, slice_make(whole.data, cut));
        cr_expect_eq(crc64(first, slice_make(whole.data + cut, whole.len - cut)), crc64(0, whole));
    }
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Table-driven checksums. A CRC table is linear: the entry of a byte is the xor of the entries of its bits, so the
 * compiler builds each table of 256 from 8 constants. CRC-64 takes eight bytes a step, one table for each lane.
 * Owner: nobody, the tables are constant. Locks: none. */
#include "sherd/base/crc.h"

#define BIT(i, n, constant) ((((i) >> (n)) & 1) != 0 ? (constant) : 0)
#define MIX(i, a, b, c, d, e, f, g, h)                                                                                 \
    (BIT(i, 0, a) ^ BIT(i, 1, b) ^ BIT(i, 2, c) ^ BIT(i, 3, d) ^ BIT(i, 4, e) ^ BIT(i, 5, f) ^ BIT(i, 6, g) ^          \
     BIT(i, 7, h))

#define TIMES_4(entry, i)  entry(i), entry((i) + 1), entry((i) + 2), entry((i) + 3)
#define TIMES_16(entry, i) TIMES_4(entry, i), TIMES_4(entry, (i) + 4), TIMES_4(entry, (i) + 8), TIMES_4(entry, (i) + 12)
#define TIMES_64(entry, i)                                                                                             \
    TIMES_16(entry, i), TIMES_16(entry, (i) + 16), TIMES_16(entry, (i) + 32), TIMES_16(entry, (i) + 48)
#define TIMES_256(entry) TIMES_64(entry, 0), TIMES_64(entry, 64), TIMES_64(entry, 128), TIMES_64(entry, 192)

#define XMODEM(i) MIX(i, 0x1021, 0x2042, 0x4084, 0x8108, 0x1231, 0x2462, 0x48c4, 0x9188)
#define LANE_0(i)                                                                                                      \
    MIX(i, 0x7ad870c830358979U, 0xf5b0e190606b12f2U, 0xc038e5739841b68fU, 0xab28ecb46814fe75U, 0x7d08ff3b88be6f81U,    \
        0xfa11fe77117cdf02U, 0xdf7adabd7a6e2d6fU, 0x95ac9329ac4bc9b5U)
#define LANE_1(i)                                                                                                      \
    MIX(i, 0x89e99ffd73bddf69U, 0x388a19a9bfec2db9U, 0x711433537fd85b72U, 0xe22866a6ffb0b6e4U, 0xef09eb1ea7f6fea3U,    \
        0xf54af06e177a6e2dU, 0xc1ccc68f76634f31U, 0xa8c0ab4db4510d09U)
#define LANE_2(i)                                                                                                      \
    MIX(i, 0xf4125129ce4038beU, 0xc37d8400c417e217U, 0xada22e52d0b85745U, 0x701d7af6f9e73de1U, 0xe03af5edf3ce7bc2U,    \
        0xeb2ccd88bf0b64efU, 0xfd00bd4226815ab5U, 0xd1585cd715952601U)
#define LANE_3(i)                                                                                                      \
    MIX(i, 0x8ce168638c796306U, 0x329bf69440655567U, 0x6537ed2880caaaceU, 0xca6fda510195559cU, 0xbf8692f15bbd3853U,    \
        0x545403b1efede3cdU, 0xa8a80763dfdbc79aU, 0x7a092894e7201c5fU)
#define LANE_4(i)                                                                                                      \
    MIX(i, 0x3504e58b9ba6dd1eU, 0x6a09cb17374dba3cU, 0xd413962e6e9b7478U, 0x837e0a0f85a17b9bU, 0x2da5324c53d5645dU,    \
        0x5b4a6498a7aac8baU, 0xb694c9314f559174U, 0x4670b431c63cb183U)
#define LANE_5(i)                                                                                                      \
    MIX(i, 0xe39d1389931b9354U, 0xec6301407ea0b5c3U, 0xf39f24d3a5d6f8edU, 0xcc676ff4133a62b1U, 0xb397f9bb7ee35609U,    \
        0x4c76d525a5513f79U, 0x98edaa4b4aa27ef2U, 0x1a8272c5cdd36e8fU)
#define LANE_6(i)                                                                                                      \
    MIX(i, 0x62a95de6e302eff2U, 0xc552bbcdc605dfe4U, 0xa1fc51c8d49c2ca3U, 0x68a185c2f1afca2dU, 0xd1430b85e35f945aU,    \
        0x89df31589e28bbdfU, 0x38e744e264c6e4d5U, 0x71ce89c4c98dc9aaU)
#define LANE_7(i)                                                                                                      \
    MIX(i, 0x381d0015c96f4444U, 0x703a002b92de8888U, 0xe074005725bd1110U, 0xebb126fd13edb14bU, 0xfc3b6ba97f4cf1fdU,    \
        0xd32ff101a60e7091U, 0x8d06c450148b7249U, 0x3154aef3718177f9U)

static const uint16_t xmodem[256] = {TIMES_256(XMODEM)};

/* jones[k][byte]: what the byte does to the checksum when k more bytes follow it in the same step. */
static const uint64_t jones[8][256] = {
    {TIMES_256(LANE_0)}, {TIMES_256(LANE_1)}, {TIMES_256(LANE_2)}, {TIMES_256(LANE_3)},
    {TIMES_256(LANE_4)}, {TIMES_256(LANE_5)}, {TIMES_256(LANE_6)}, {TIMES_256(LANE_7)},
};

uint16_t crc16(struct slice bytes)
{
    unsigned crc = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        crc = ((crc << 8) ^ xmodem[(crc >> 8) ^ (uint8_t)bytes.data[i]]) & 0xffff;
    }
    return (uint16_t)crc;
}

uint64_t crc64(uint64_t crc, struct slice bytes)
{
    const char *at = bytes.data;
    size_t left = bytes.len;
    for (; left >= 8; left -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap64(word);
#endif
        crc ^= word;
        crc = jones[7][crc & 0xff] ^ jones[6][(crc >> 8) & 0xff] ^ jones[5][(crc >> 16) & 0xff] ^
              jones[4][(crc >> 24) & 0xff] ^ jones[3][(crc >> 32) & 0xff] ^ jones[2][(crc >> 40) & 0xff] ^
              jones[1][(crc >> 48) & 0xff] ^ jones[0][crc >> 56];
    }
    for (; left != 0; left--, at++) {
        crc = jones[0][(uint8_t)crc ^ (uint8_t)*at] ^ (crc >> 8);
    }
    return crc;
}

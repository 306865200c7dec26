/* SPDX-License-Identifier: BSD-3-Clause */
/* The opcodes of a sparse HyperLogLog (container/hll.h has the format).
 * Owner: nobody, there is no state. Locks: none. */
#ifndef SHERD_CONTAINER_HLL_OPCODE_H
#define SHERD_CONTAINER_HLL_OPCODE_H

#include "sherd/base/compiler.h"

enum {
    HLL_OPCODE_VALUE = 0x80,
    HLL_OPCODE_XZERO = 0x40,
    HLL_SPARSE_RANK_MAX = 32,
    HLL_VALUE_RUN_MAX = 4,
    HLL_ZERO_RUN_MAX = 64,
};

struct hll_opcode {
    uint32_t run;  /* registers */
    uint8_t rank;  /* 0: those of zero and xzero */
    uint8_t bytes; /* 1 or 2; 0: it is cut off */
};

/* The opcode at `at`, which is before `end`. */
static ALWAYS_INLINE struct hll_opcode hll_opcode_read(const unsigned char *at, const unsigned char *end)
{
    unsigned byte = *at;
    if ((byte & HLL_OPCODE_VALUE) != 0) {
        return (struct hll_opcode){.run = (byte & 3) + 1, .rank = (uint8_t)((byte >> 2 & 31) + 1), .bytes = 1};
    }
    if ((byte & HLL_OPCODE_XZERO) == 0) {
        return (struct hll_opcode){.run = byte + 1, .bytes = 1};
    }
    if (UNLIKELY(end - at < 2)) {
        return (struct hll_opcode){.bytes = 0};
    }
    return (struct hll_opcode){.run = ((byte & 63) << 8 | at[1]) + 1, .bytes = 2};
}

/* Writes a value opcode. */
static inline unsigned char hll_opcode_value(uint8_t rank, uint32_t run)
{
    return (unsigned char)(HLL_OPCODE_VALUE | (unsigned)(rank - 1) << 2 | (run - 1));
}

/* Writes so many registers of 0; returns the bytes written: 1 or 2. */
static inline size_t hll_opcode_write_zeros(unsigned char *at, uint32_t run)
{
    if (run <= HLL_ZERO_RUN_MAX) {
        at[0] = (unsigned char)(run - 1);
        return 1;
    }
    at[0] = (unsigned char)(HLL_OPCODE_XZERO | (run - 1) >> 8);
    at[1] = (unsigned char)((run - 1) & 0xff);
    return 2;
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Digests of values, to compare data before and after a reload or between two servers: the same bytes in the same order
 * give the same digest in every process. Not for secrets.
 * Owner: the caller's stack. Locks: none. */
#ifndef SHERD_BASE_DIGEST_H
#define SHERD_BASE_DIGEST_H

#include "sherd/base/hash.h"

enum {
    DIGEST_LANES = 3,
    DIGEST_TEXT_BYTES = 41, /* 40 hexadecimal digits and the NUL: the last lane is shown by half */
};

struct digest {
    uint64_t lanes[DIGEST_LANES]; /* all zero: nothing */
};

/* Mixes bytes in; their order and their borders matter. */
static inline void digest_mix(struct digest *digest, struct slice bytes)
{
    for (uint64_t i = 0; i < DIGEST_LANES; i++) {
        uint64_t seed = digest->lanes[i] + (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
        digest->lanes[i] = XXH3_64bits_withSeed(bytes.data, bytes.len, seed);
    }
}

/* Joins digests of things that have no order. */
static inline void digest_join(struct digest *digest, const struct digest *other)
{
    for (int i = 0; i < DIGEST_LANES; i++) {
        digest->lanes[i] ^= other->lanes[i];
    }
}

void digest_print(char out[static DIGEST_TEXT_BYTES], const struct digest *digest);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Seeding, even ranges and random identifiers.
 * Owner: whoever embeds the generator. Locks: none. */
#include "sherd/base/random.h"

#include <errno.h>
#include <sys/random.h>

/* splitmix64, which turns any seed, even 0, into well mixed words. */
static uint64_t mixed_next(uint64_t *seed)
{
    uint64_t z = (*seed += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

void random_init_seed(struct random *random, uint64_t seed)
{
    random->state[0] = mixed_next(&seed);
    random->state[1] = mixed_next(&seed) | 1; /* never all zero */
}

void random_init(struct random *random)
{
    uint64_t seed;
    random_bytes(&seed, sizeof(seed));
    random_init_seed(random, seed);
}

void random_bytes(void *out, size_t len)
{
    char *at = out;
    while (len != 0) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0) {
            ASSERT(errno == EINTR); /* a kernel that has no randomness to give cannot run this program */
            continue;
        }
        at += got;
        len -= (size_t)got;
    }
}

void random_hex_id(char out[static RANDOM_HEX_ID_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[RANDOM_HEX_ID_BYTES / 2];
    random_bytes(bytes, sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes); i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
}

uint64_t random_below(struct random *random, uint64_t bound)
{
    ASSERT(bound != 0);
    /* The high word of next * bound; the first (2^64 mod bound) low words would favour some results. */
    unsigned __int128 product = (unsigned __int128)random_next(random) * bound;
    if (UNLIKELY((uint64_t)product < bound)) {
        uint64_t uneven = (0 - bound) % bound;
        while ((uint64_t)product < uneven) {
            product = (unsigned __int128)random_next(random) * bound;
        }
    }
    return (uint64_t)(product >> 64);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Fast random numbers for sampling (not for secrets), and secrets from the kernel.
 * Owner: whoever embeds the generator; one thread at a time. Locks: none. */
#ifndef SHERD_BASE_RANDOM_H
#define SHERD_BASE_RANDOM_H

#include "sherd/base/compiler.h"

enum { RANDOM_HEX_ID_BYTES = 40 };

/* xorshift128+: two words that are never both zero. */
struct random {
    uint64_t state[2];
};

/* Seeds from the kernel. */
void random_init(struct random *random);
/* The same seed gives the same sequence, for tests. */
void random_init_seed(struct random *random, uint64_t seed);

/* Fills from the kernel's random source; fit for secrets. */
void random_bytes(void *out, size_t len);

/* 40 lower-case hexadecimal digits, no NUL: run ids, replication ids. */
void random_hex_id(char out[static RANDOM_HEX_ID_BYTES]);

static inline uint64_t random_next(struct random *random)
{
    uint64_t a = random->state[0];
    uint64_t b = random->state[1];
    random->state[0] = b;
    a ^= a << 23;
    random->state[1] = a ^ b ^ (a >> 18) ^ (b >> 5);
    return random->state[1] + b;
}

/* Evenly from 0 to bound - 1; bound is not 0. */
uint64_t random_below(struct random *random, uint64_t bound);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The keyed hash of the keyspace: XXH3 with a random secret, so that clients cannot choose keys that collide.
 * Owner: whoever embeds the key, which is constant after randomising. Locks: none. */
#ifndef SHERD_BASE_HASH_H
#define SHERD_BASE_HASH_H

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "sherd/base/slice.h"

enum { HASH_SECRET_BYTES = 192 };

struct hash_key {
    uint8_t secret[HASH_SECRET_BYTES]; /* (c) */
};

/* Fills the key from the kernel's random source. */
void hash_key_randomize(struct hash_key *key);

/* All 64 bits are usable; the same key and bytes give the same value within this process only. */
static inline uint64_t hash_bytes(const struct hash_key *key, struct slice bytes)
{
    return XXH3_64bits_withSecret(bytes.data, bytes.len, key->secret, sizeof(key->secret));
}

#endif

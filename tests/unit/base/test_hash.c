/* SPDX-License-Identifier: BSD-3-Clause */
/* The keyed hash of the keyspace.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>

#include "sherd/base/hash.h"

Test(hash, is_stable_under_one_key)
{
    struct hash_key key;
    hash_key_randomize(&key);
    char copy[] = "user:1000";
    cr_expect_eq(hash_bytes(&key, SLICE_LITERAL("user:1000")), hash_bytes(&key, slice_make(copy, 9)));
    cr_expect_neq(hash_bytes(&key, SLICE_LITERAL("user:1000")), hash_bytes(&key, SLICE_LITERAL("user:1001")));
    cr_expect_neq(hash_bytes(&key, SLICE_LITERAL("")), hash_bytes(&key, slice_make("\0", 1)));
}

Test(hash, two_keys_give_unrelated_values)
{
    struct hash_key one;
    struct hash_key two;
    int differing_bits = 0;
    enum { TEXTS = 300 };
    char text[TEXTS];
    hash_key_randomize(&one);
    hash_key_randomize(&two);
    memset(text, 'x', sizeof(text));
    for (size_t len = 0; len < TEXTS; len++) { /* each length class of XXH3 */
        uint64_t a = hash_bytes(&one, slice_make(text, len));
        uint64_t b = hash_bytes(&two, slice_make(text, len));
        cr_expect_neq(a, b);
        differing_bits += __builtin_popcountll(a ^ b);
    }
    cr_expect_gt(differing_bits, TEXTS * 28);
    cr_expect_lt(differing_bits, TEXTS * 36);
}

Test(hash, high_and_low_bits_spread_sequential_names)
{
    struct hash_key key;
    int low[64] = {0};
    int high[64] = {0};
    hash_key_randomize(&key);
    for (uint64_t i = 0; i < 64000; i++) {
        uint64_t value = hash_bytes(&key, slice_make(&i, sizeof(i)));
        low[value & 63]++;
        high[value >> 58]++;
    }
    for (int i = 0; i < 64; i++) {
        cr_expect(low[i] > 800 && low[i] < 1200, "%d", low[i]);
        cr_expect(high[i] > 800 && high[i] < 1200, "%d", high[i]);
    }
}

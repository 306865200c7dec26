/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the keyed hash of the keyspace costs on a 16-byte key, in nanoseconds: first the cost of one more hash among
 * independent ones, as when a batch of commands is hashed, then the delay of one on which the next waits.
 *
 * Owner: everything is main's. Locks: none.
 */
#include "sherd/base/hash.h"

#include <stdio.h>
#include <sys/random.h>
#include <time.h>

enum { KEY_BYTES = 16, KEYS = 64, HASHES = 10 * 1000 * 1000 };

static double ns_since(const struct timespec *start)
{
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    return (double)(end.tv_sec - start->tv_sec) * 1e9 + (double)(end.tv_nsec - start->tv_nsec);
}

int main(void)
{
    struct hash_key secret;
    char keys[KEYS][KEY_BYTES + 1];
    struct timespec start;
    uint64_t sum = 0, hash = 0;
    if (getrandom(secret.secret, sizeof secret.secret, 0) != (ssize_t)sizeof secret.secret)
        return 1;
    for (unsigned i = 0; i < KEYS; i++)
        snprintf(keys[i], sizeof keys[i], "key:%012u", i * 7919);
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (unsigned i = 0; i < HASHES; i++)
        sum += hash_bytes(&secret, slice_make(keys[i % KEYS], KEY_BYTES));
    double apart = ns_since(&start);
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (unsigned i = 0; i < HASHES; i++)
        hash = hash_bytes(&secret, slice_make(keys[hash % KEYS], KEY_BYTES));
    double chained = ns_since(&start);
    printf("%.3f %.3f\n", apart / HASHES, chained / HASHES);
    return sum + hash == 0; /* the loops must not be optimised away */
}

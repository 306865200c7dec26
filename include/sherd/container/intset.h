/* SPDX-License-Identifier: BSD-3-Clause */
/* An intset: different integers in rising order, all stored in as many bytes as the widest of them needs.
 * The bytes are exactly those of the Redis format, because RDB files and DUMP payloads carry them verbatim:
 *
 *   width 2, 4 or 8 (u32 LE) | count (u32 LE) | integers, signed, LE, each of that width
 *
 * The width grows with what is added and never shrinks.
 * Owner: whoever embeds the struct. Locks: none. */
#ifndef SHERD_CONTAINER_INTSET_H
#define SHERD_CONTAINER_INTSET_H

#include "sherd/base/compiler.h"

enum {
    INTSET_HEADER_BYTES = 8,
    INTSET_MAX_COUNT = 1 << 28, /* the owner adds no more; so that sizes fit in 32 bits */
};

struct intset {
    unsigned char *data; /* owned; the format above */
    uint32_t cap;        /* bytes allocated */
};

/* An empty one. */
void intset_init(struct intset *set);
void intset_deinit(struct intset *set);
/* Takes ownership of `data` (from memory_alloc), which intset_validate accepted with this length. */
void intset_adopt(struct intset *set, unsigned char *data, size_t len);
/* Initialises `copy` as an exact-sized copy. */
void intset_copy(struct intset *copy, const struct intset *original);
/* Makes room for `count` integers in all, as wide as those that are there. */
void intset_reserve(struct intset *set, size_t count);

/* Size of the format in bytes; what is allocated is set->cap. */
size_t intset_bytes(const struct intset *set);
size_t intset_count(const struct intset *set);
/* The integer of that index, below the count. */
int64_t intset_get(const struct intset *set, size_t index);
/* O(log n) */
NODISCARD bool intset_contains(const struct intset *set, int64_t value);
/* False when it is there already. O(n) moving bytes; O(1) for a new largest one. */
bool intset_insert(struct intset *set, int64_t value);
/* Whether it was there. O(n) moving bytes. */
bool intset_remove(struct intset *set, int64_t value);
void intset_remove_at(struct intset *set, size_t index);

/* Whether `len` untrusted bytes are one well formed intset that is not empty. O(n) */
NODISCARD bool intset_validate(const unsigned char *data, size_t len);

#endif

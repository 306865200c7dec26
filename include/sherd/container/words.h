/* SPDX-License-Identifier: BSD-3-Clause */
/* The words that a hash table's buckets are made of, and the search of one bucket without a branch per word.
 *
 *   item    16 tag bits (never 0) | 44 bits of an address aligned to 16 bytes | 0000
 *   link    0 | address | 3 bits: size of the overflow array in pairs of words, less one | 1
 *   free    0
 *
 * Owner: the table. Locks: the table's owner's; prefetchers read without, which is why words are atomic. */
#ifndef SHERD_CONTAINER_WORDS_H
#define SHERD_CONTAINER_WORDS_H

#include <stdatomic.h>

#include "sherd/base/compiler.h"

#if defined(__SSE4_1__) && !defined(__SANITIZE_THREAD__)
#include <smmintrin.h>
#define TABLE_MATCH_VECTOR 1
#endif

enum {
    TABLE_BUCKET_WORDS = 8,
    TABLE_OVERFLOW_MAX_WORDS = 16,
};

#define TABLE_POINTER_MASK UINT64_C(0x0000fffffffffff0)
#define TABLE_LINK_BIT     UINT64_C(1)

typedef _Atomic uint64_t table_word;

static ALWAYS_INLINE uint64_t table_load(table_word *word)
{
    return atomic_load_explicit(word, memory_order_relaxed);
}

static ALWAYS_INLINE void table_store(table_word *word, uint64_t value)
{
    atomic_store_explicit(word, value, memory_order_relaxed);
}

/* The hash bits that a word shows; never 0, so that free words and links match no tag. */
static ALWAYS_INLINE uint16_t table_tag(uint64_t hash)
{
    uint16_t tag = (uint16_t)(hash >> 32);
    return (uint16_t)(tag + (tag == 0));
}

static ALWAYS_INLINE void *table_word_item(uint64_t word)
{
    return (void *)(uintptr_t)(word & TABLE_POINTER_MASK);
}

static ALWAYS_INLINE bool table_word_is_item(uint64_t word)
{
    return (word >> 48) != 0;
}

static ALWAYS_INLINE uint64_t table_word_make(uint64_t hash, const void *item)
{
    return ((uint64_t)table_tag(hash) << 48) | (uint64_t)(uintptr_t)item;
}

/* Words that stand together: a bucket's own, or an overflow array's. The last of a full group may be a link. */
struct table_group {
    table_word *words; /* NULL: no group */
    uint32_t count;
};

static ALWAYS_INLINE struct table_group table_group_of_link(uint64_t word)
{
    if (LIKELY((word & TABLE_LINK_BIT) == 0)) {
        return (struct table_group){NULL, 0};
    }
    return (struct table_group){table_word_item(word), 2 + ((uint32_t)word & 14)};
}

/* The group behind this one, if any. */
static ALWAYS_INLINE struct table_group table_group_next(struct table_group group)
{
    /* Acquire: a prefetcher sees what the writer of the link put into the array. */
    return table_group_of_link(atomic_load_explicit(&group.words[group.count - 1], memory_order_acquire));
}

/* Which of a bucket's words carry a tag: bit i stands for word i. */
static ALWAYS_INLINE unsigned table_match(table_word *words, uint16_t tag)
{
#ifdef TABLE_MATCH_VECTOR
    const __m128i *at = (const __m128i *)(const void *)words;
    __m128i first =
        _mm_packus_epi32(_mm_srli_epi64(_mm_load_si128(at), 48), _mm_srli_epi64(_mm_load_si128(at + 1), 48));
    __m128i second =
        _mm_packus_epi32(_mm_srli_epi64(_mm_load_si128(at + 2), 48), _mm_srli_epi64(_mm_load_si128(at + 3), 48));
    __m128i equal = _mm_cmpeq_epi16(_mm_packus_epi32(first, second), _mm_set1_epi16((short)tag));
    return (unsigned)_mm_movemask_epi8(_mm_packs_epi16(equal, _mm_setzero_si128()));
#else
    unsigned found = 0;
    for (unsigned i = 0; i < TABLE_BUCKET_WORDS; i++) {
        found |= (unsigned)((uint16_t)(table_load(&words[i]) >> 48) == tag) << i;
    }
    return found;
#endif
}

#endif

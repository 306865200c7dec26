/* SPDX-License-Identifier: BSD-3-Clause */
/* A hash table of pointers that grows and shrinks one bucket at a time (linear hashing): no rehash ever stalls it, and
 * its load is the same at every size.
 *
 *   word    one slot: 16 hash bits | 48 bits of pointer; 0 is free. Items are aligned to 16 bytes.
 *   bucket  8 words, one cache line. When it is full its last word becomes a link (lowest bit set) to a further bucket.
 *   segment 16 buckets; the directory lists the segments.
 *   address the low bits of the hash: with n buckets and 2^L <= n < 2^(L+1), L+1 bits when that bucket exists, else L.
 *
 * Scanning walks positions: the low 32 hash bits reversed. Buckets are ranges of positions, splitting refines a range
 * and merging joins two, so a scan that goes on at a position meets every item that stays exactly once.
 *
 * Readers without the lock may only *prefetch*: they load the directory, then words (relaxed), and never dereference an
 * item. What they may still look at is handed to `retire` instead of being freed.
 *
 * Owner: whoever embeds it. Locks: the owner's; all but table_prefetch_* need them. */
#ifndef SHERD_CONTAINER_TABLE_H
#define SHERD_CONTAINER_TABLE_H

#include <stdatomic.h>

#include "sherd/base/compiler.h"

enum {
    TABLE_BUCKET_WORDS = 8,
    TABLE_SEGMENT_BUCKETS = 16,
};

#define TABLE_POINTER_MASK UINT64_C(0x0000fffffffffff0)
#define TABLE_LINK_BIT     UINT64_C(1)
#define TABLE_SCAN_END     (UINT64_C(1) << 32)

typedef _Atomic uint64_t table_word;

struct table_bucket {
    CACHE_ALIGNED table_word words[TABLE_BUCKET_WORDS];
};

struct table_segment {
    struct table_bucket buckets[TABLE_SEGMENT_BUCKETS];
};

struct table_directory {
    uint32_t capacity;                        /* (c) slots in `segments` */
    struct table_segment *_Atomic segments[]; /* (s) prefetchers load them */
};

struct table {
    struct table_directory *_Atomic directory; /* (s) NULL while empty; prefetchers load it */
    _Atomic uint32_t buckets;                  /* (s) how many exist; prefetchers load it */
    _Atomic uint32_t used;                     /* (s) items; anybody may read it as a hint */
};

/* What a table needs from its owner to change shape. */
struct table_env {
    /* The hash an item was inserted with. */
    uint64_t (*hash)(const void *context, const void *item);
    /* Takes memory that prefetchers may still read; frees it after a grace period. */
    void (*retire)(void *context, void *memory);
    void *context;
};

/* Where an item stands; valid until the table changes shape (insert or remove). */
struct table_slot {
    table_word *word;
};

void table_init(struct table *table);
/* Retires the table's own memory; the items are the caller's. */
void table_deinit(struct table *table, const struct table_env *env);

static ALWAYS_INLINE uint16_t table_tag(uint64_t hash)
{
    return (uint16_t)(hash >> 32);
}

static ALWAYS_INLINE void *table_word_item(uint64_t word)
{
    return (void *)(uintptr_t)(word & TABLE_POINTER_MASK);
}

static ALWAYS_INLINE uint64_t table_word_make(uint64_t hash, const void *item)
{
    return ((uint64_t)table_tag(hash) << 48) | (uint64_t)(uintptr_t)item;
}

static ALWAYS_INLINE uint64_t table_load(table_word *word)
{
    return atomic_load_explicit(word, memory_order_relaxed);
}

static ALWAYS_INLINE void table_store(table_word *word, uint64_t value)
{
    atomic_store_explicit(word, value, memory_order_relaxed);
}

static ALWAYS_INLINE uint32_t table_used(const struct table *table)
{
    return atomic_load_explicit(&table->used, memory_order_relaxed);
}

/* Index of the bucket that `position` (low hash bits) falls in when there are `buckets` of them (at least 1). */
static ALWAYS_INLINE uint32_t table_address(uint32_t low_bits, uint32_t buckets)
{
    uint32_t mask = UINT32_MAX >> __builtin_clz(buckets);
    uint32_t index = low_bits & mask;
    return index < buckets ? index : (index & (mask >> 1));
}

static ALWAYS_INLINE struct table_bucket *table_bucket_at(struct table_directory *directory, uint32_t index)
{
    struct table_segment *segment =
        atomic_load_explicit(&directory->segments[index / TABLE_SEGMENT_BUCKETS], memory_order_acquire);
    return &segment->buckets[index % TABLE_SEGMENT_BUCKETS];
}

/* The home bucket of a hash, or NULL while the table is empty. Under the owner's lock. */
static ALWAYS_INLINE struct table_bucket *table_home(const struct table *table, uint64_t hash)
{
    struct table_directory *directory = atomic_load_explicit(&table->directory, memory_order_relaxed);
    if (UNLIKELY(directory == NULL)) {
        return NULL;
    }
    uint32_t buckets = atomic_load_explicit(&table->buckets, memory_order_relaxed);
    return table_bucket_at(directory, table_address((uint32_t)hash, buckets));
}

/* Prefetching goes in steps, so that the misses of many lookups overlap: place, then bucket, then item; all without the
 * lock, inside one grace-period section. What they give is a hint, perhaps stale. */
struct table_place {
    struct table_directory *directory; /* NULL: nothing to prefetch */
    uint32_t index;                    /* of the bucket */
};

/* Where the bucket of a hash is listed; prefetches that line. The table's root should be in the cache by now. */
static ALWAYS_INLINE struct table_place table_prefetch_place(const struct table *table, uint64_t hash)
{
    uint32_t buckets = atomic_load_explicit(&table->buckets, memory_order_acquire);
    struct table_directory *directory = atomic_load_explicit(&table->directory, memory_order_acquire);
    if (UNLIKELY(directory == NULL || buckets == 0)) {
        return (struct table_place){0};
    }
    uint32_t index = table_address((uint32_t)hash, buckets);
    PREFETCH((const char *)directory + sizeof(*directory) + index / TABLE_SEGMENT_BUCKETS * sizeof(void *));
    return (struct table_place){directory, index};
}

/* The bucket of a place; prefetches it. NULL: nothing to prefetch. */
static ALWAYS_INLINE struct table_bucket *table_prefetch_bucket(struct table_place place)
{
    /* The directory may be older or younger than the count of buckets that gave the index. */
    if (UNLIKELY(place.directory == NULL || place.index / TABLE_SEGMENT_BUCKETS >= place.directory->capacity)) {
        return NULL;
    }
    struct table_segment *segment =
        atomic_load_explicit(&place.directory->segments[place.index / TABLE_SEGMENT_BUCKETS], memory_order_acquire);
    if (UNLIKELY(segment == NULL)) {
        return NULL;
    }
    struct table_bucket *bucket = &segment->buckets[place.index % TABLE_SEGMENT_BUCKETS];
    PREFETCH(bucket);
    return bucket;
}

/* Without the lock: the address of the item whose tag matches first, to prefetch and never to dereference; or NULL. */
static ALWAYS_INLINE const void *table_prefetch_item(struct table_bucket *bucket, uint64_t hash)
{
    for (int i = 0; i < TABLE_BUCKET_WORDS; i++) {
        uint64_t word = table_load(&bucket->words[i]);
        if ((uint16_t)(word >> 48) == table_tag(hash) && word != 0) {
            return table_word_item(word);
        }
    }
    return NULL;
}

/* Finds the slot whose item satisfies `matches(item, wanted)`; word is NULL when there is none. Meant to be inlined
 * with a constant `matches`. */
static ALWAYS_INLINE struct table_slot table_find(const struct table *table, uint64_t hash,
                                                  bool (*matches)(const void *item, const void *wanted),
                                                  const void *wanted)
{
    struct table_bucket *bucket = table_home(table, hash);
    while (bucket != NULL) {
        struct table_bucket *next = NULL;
        for (int i = 0; i < TABLE_BUCKET_WORDS; i++) {
            uint64_t word = table_load(&bucket->words[i]);
            if (UNLIKELY((word & TABLE_LINK_BIT) != 0)) {
                next = table_word_item(word);
            } else if ((uint16_t)(word >> 48) == table_tag(hash) && word != 0 &&
                       LIKELY(matches(table_word_item(word), wanted))) {
                return (struct table_slot){&bucket->words[i]};
            }
        }
        bucket = next;
    }
    return (struct table_slot){NULL};
}

static ALWAYS_INLINE void *table_slot_item(struct table_slot slot)
{
    return table_word_item(table_load(slot.word));
}

/* Puts another item of the same hash in the slot. */
static ALWAYS_INLINE void table_slot_set(struct table_slot slot, const void *item)
{
    uint64_t tag = table_load(slot.word) & ~(TABLE_POINTER_MASK);
    table_store(slot.word, tag | (uint64_t)(uintptr_t)item);
}

/* Adds an item that is not there yet. Splits at most one bucket. Returns its slot. */
struct table_slot table_insert(struct table *table, const struct table_env *env, uint64_t hash, void *item);
/* Takes the item of a slot out; may merge one bucket. The item is the caller's again. */
void *table_remove(struct table *table, const struct table_env *env, uint64_t hash, struct table_slot slot);

/* Visits the items of the bucket at `position` whose own position is not before it, and returns the position to go on
 * with: TABLE_SCAN_END when that was the last. The visitor must not change the table. */
uint64_t table_scan(const struct table *table, const struct table_env *env, uint64_t position,
                    void (*visit)(void *context, void *item), void *context);
/* An item drawn by `random`, all being equally likely; NULL when the draw met a free place (draw again) or the table is
 * empty. */
void *table_sample(const struct table *table, uint64_t random);
/* Bytes of the table's own memory. */
size_t table_bytes(const struct table *table);

#endif

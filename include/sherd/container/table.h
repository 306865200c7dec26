/* SPDX-License-Identifier: BSD-3-Clause */
/* A hash table of pointers that grows and shrinks one bucket at a time (linear hashing): no rehash ever stalls it, and
 * its load is the same at every size.
 *
 *   bucket  8 words (container/words.h), one cache line. When it is full its last word becomes a link to an array of up
 *           to 16 further words, which grows and shrinks by pairs; when that is full, the same goes on from there.
 *   segment 16 buckets; the directory lists the segments.
 *   address the low bits of the hash: with n buckets and 2^L <= n < 2^(L+1), L+1 bits when that bucket exists, else L.
 *
 * Scanning walks positions: the low 32 hash bits reversed. Buckets are ranges of positions, splitting refines a range
 * and merging joins two, so a scan that goes on at a position meets every item that stays exactly once.
 *
 * Readers without the lock may only *prefetch*: they load the directory, then words (relaxed), and never dereference an
 * item. What they may still look at (segments, overflow arrays, the directory) is handed to `retire` instead of being
 * freed.
 *
 * Owner: whoever embeds it. Locks: the owner's; all but table_prefetch_* need them. */
#ifndef SHERD_CONTAINER_TABLE_H
#define SHERD_CONTAINER_TABLE_H

#include "sherd/container/words.h"

enum {
    TABLE_SEGMENT_BUCKETS = 16,
};

#define TABLE_SCAN_END (UINT64_C(1) << 32)

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

static ALWAYS_INLINE struct table_group table_bucket_group(struct table_bucket *bucket)
{
    return (struct table_group){bucket->words, TABLE_BUCKET_WORDS};
}

/* Without the lock: the address of the bucket's first item with the tag, to prefetch and never to dereference; or NULL.
 * Then `further` is the group to look in next (table_prefetch_further), prefetched here, or none. */
static ALWAYS_INLINE const void *table_prefetch_item(struct table_bucket *bucket, uint64_t hash,
                                                     struct table_group *further)
{
    unsigned found = table_match(bucket->words, table_tag(hash));
    if (LIKELY(found != 0)) {
        further->words = NULL;
        return table_word_item(table_load(&bucket->words[__builtin_ctz(found)]));
    }
    *further = table_group_next(table_bucket_group(bucket));
    PREFETCH((const void *)further->words);
    return NULL;
}

/* The same for an overflow array; what lies behind a full one is not prefetched. */
static ALWAYS_INLINE const void *table_prefetch_further(struct table_group group, uint64_t hash)
{
    for (uint32_t i = 0; i < group.count; i++) {
        uint64_t word = table_load(&group.words[i]);
        if ((uint16_t)(word >> 48) == table_tag(hash)) {
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
    if (UNLIKELY(bucket == NULL)) {
        return (struct table_slot){NULL};
    }
    uint16_t tag = table_tag(hash);
    for (unsigned found = table_match(bucket->words, tag); found != 0; found &= found - 1) {
        table_word *word = &bucket->words[__builtin_ctz(found)];
        if (LIKELY(matches(table_word_item(table_load(word)), wanted))) {
            return (struct table_slot){word};
        }
    }
    for (struct table_group group = table_group_next(table_bucket_group(bucket)); group.words != NULL;
         group = table_group_next(group)) {
        for (uint32_t i = 0; i < group.count; i++) {
            uint64_t word = table_load(&group.words[i]);
            if ((uint16_t)(word >> 48) == tag && LIKELY(matches(table_word_item(word), wanted))) {
                return (struct table_slot){&group.words[i]};
            }
        }
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

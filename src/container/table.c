/* SPDX-License-Identifier: BSD-3-Clause */
/* Growth, shrinking and scanning of the linear hash table.
 * Owner: whoever embeds the table. Locks: the owner's, held by every caller. */
#include "sherd/container/table.h"

#include <string.h>

#include "sherd/base/memory.h"

enum {
    /* A bucket is added above 7/8 of the slots. */
    TABLE_GROW_ITEMS = 7,
    /* A bucket is taken away below 3 items a bucket. */
    TABLE_SHRINK_ITEMS = 3,
    SHRINK_WORDS = 4, /* an overflow array shrinks when so many are free: more than it grows by, so that it rests */
    TABLE_SPLIT_MAX = 1024,   /* items of one chain moved through a buffer on the stack */
    TABLE_SAMPLE_PLACES = 16, /* a bucket is drawn from as if it had so many places; longer chains are rare */
};

void table_init(struct table *table)
{
    atomic_init(&table->directory, NULL);
    atomic_init(&table->buckets, 0);
    atomic_init(&table->used, 0);
}

static struct table_directory *table_directory(const struct table *table)
{
    return atomic_load_explicit(&table->directory, memory_order_relaxed);
}

static uint32_t table_buckets(const struct table *table)
{
    return atomic_load_explicit(&table->buckets, memory_order_relaxed);
}

/* The last word of a group, where a link stands. */
static table_word *group_last(struct table_group group)
{
    return &group.words[group.count - 1];
}

static void group_retire(struct table_group group, const struct table_env *env)
{
    env->retire(env->context, (void *)(uintptr_t)group.words);
}

/* Retires all groups from this one on. */
static void chain_retire(struct table_group group, const struct table_env *env)
{
    while (group.words != NULL) {
        struct table_group next = table_group_next(group);
        group_retire(group, env);
        group = next;
    }
}

void table_deinit(struct table *table, const struct table_env *env)
{
    struct table_directory *directory = table_directory(table);
    if (directory == NULL) {
        return;
    }
    uint32_t buckets = table_buckets(table);
    atomic_store_explicit(&table->buckets, 0, memory_order_release);
    atomic_store_explicit(&table->directory, NULL, memory_order_release);
    for (uint32_t i = 0; i < buckets; i++) {
        chain_retire(table_group_next(table_bucket_group(table_bucket_at(directory, i))), env);
    }
    for (uint32_t i = 0; i < directory->capacity; i++) {
        struct table_segment *segment = atomic_load_explicit(&directory->segments[i], memory_order_relaxed);
        if (segment != NULL) {
            env->retire(env->context, segment);
        }
    }
    env->retire(env->context, directory);
    table_init(table);
}

/* Makes the segment of bucket `index` exist. */
static void table_ensure_segment(struct table *table, const struct table_env *env, uint32_t index)
{
    uint32_t wanted = index / TABLE_SEGMENT_BUCKETS;
    struct table_directory *directory = table_directory(table);
    uint32_t capacity = directory == NULL ? 0 : directory->capacity;
    if (wanted >= capacity) {
        uint32_t larger_capacity = wanted + 2 + wanted / 2;
        size_t bytes = sizeof(*directory) + larger_capacity * sizeof(directory->segments[0]);
        struct table_directory *larger = memory_alloc_zeroed(bytes);
        larger->capacity = larger_capacity;
        for (uint32_t i = 0; i < capacity; i++) {
            struct table_segment *segment = atomic_load_explicit(&directory->segments[i], memory_order_relaxed);
            atomic_store_explicit(&larger->segments[i], segment, memory_order_relaxed);
        }
        atomic_store_explicit(&table->directory, larger, memory_order_release);
        if (directory != NULL) {
            env->retire(env->context, directory);
        }
        directory = larger;
    }
    if (atomic_load_explicit(&directory->segments[wanted], memory_order_relaxed) == NULL) {
        struct table_segment *segment = memory_alloc_line(sizeof(*segment));
        memset(segment, 0, sizeof(*segment));
        atomic_store_explicit(&directory->segments[wanted], segment, memory_order_release);
    }
}

/* Makes `link` lead to a new overflow array of `count` words that begins with those of `words`, as many as not 0. */
static struct table_group link_store(table_word *link, uint32_t count, const uint64_t *words)
{
    struct table_group group = {memory_alloc(count * sizeof(table_word)), count};
    for (uint32_t i = 0; i < count; i++) {
        atomic_init(&group.words[i], words[i]);
    }
    uint64_t pairs = count / 2;
    /* Release: prefetchers that see the link see the words. */
    atomic_store_explicit(link, (uint64_t)(uintptr_t)group.words | (pairs - 1) << 1 | TABLE_LINK_BIT,
                          memory_order_release);
    return group;
}

/* Gives an overflow array another size; its words beyond that are lost, new ones are free. */
static struct table_group group_resize(table_word *link, struct table_group group, uint32_t count,
                                       const struct table_env *env)
{
    uint64_t words[TABLE_OVERFLOW_MAX_WORDS] = {0};
    for (uint32_t i = 0; i < group.count && i < count; i++) {
        words[i] = table_load(&group.words[i]);
    }
    struct table_group resized = link_store(link, count, words);
    group_retire(group, env);
    return resized;
}

static table_word *group_put(struct table_group group, uint64_t word)
{
    for (uint32_t i = 0; i < group.count; i++) {
        if (table_load(&group.words[i]) == 0) {
            table_store(&group.words[i], word);
            return &group.words[i];
        }
    }
    return NULL;
}

/* Puts a word into a bucket or behind it, where room is made when all is full. */
static table_word *chain_put(struct table_bucket *bucket, const struct table_env *env, uint64_t word)
{
    struct table_group group = table_bucket_group(bucket);
    table_word *link = NULL; /* leads to `group`; NULL: it is the bucket itself */
    for (;;) {
        table_word *put = group_put(group, word);
        if (LIKELY(put != NULL)) {
            return put;
        }
        struct table_group next = table_group_next(group);
        if (next.words == NULL && link != NULL && group.count < TABLE_OVERFLOW_MAX_WORDS) {
            group = group_resize(link, group, group.count + 2, env);
        } else {
            link = group_last(group);
            group = next.words != NULL ? next : link_store(link, 2, (uint64_t[]){table_load(link), 0});
        }
    }
}

/* Takes all words out of a chain into `words`, leaves an empty bucket. At most `max` words. */
static size_t chain_take(struct table_bucket *head, const struct table_env *env, uint64_t *words, size_t max)
{
    size_t count = 0;
    struct table_group first = table_bucket_group(head);
    struct table_group further = table_group_next(first);
    for (struct table_group group = first; group.words != NULL; group = table_group_next(group)) {
        for (uint32_t i = 0; i < group.count; i++) {
            uint64_t word = table_load(&group.words[i]);
            if (table_word_is_item(word)) {
                ASSERT(count < max);
                words[count++] = word;
            }
        }
    }
    for (uint32_t i = 0; i < first.count; i++) {
        table_store(&first.words[i], 0);
    }
    chain_retire(further, env);
    return count;
}

static size_t chain_count(struct table_bucket *bucket)
{
    size_t count = 0;
    for (struct table_group group = table_bucket_group(bucket); group.words != NULL; group = table_group_next(group)) {
        for (uint32_t i = 0; i < group.count; i++) {
            count += table_word_is_item(table_load(&group.words[i]));
        }
    }
    return count;
}

/* Adds the next bucket and moves to it what belongs there. */
static void table_split(struct table *table, const struct table_env *env)
{
    uint32_t fresh = table_buckets(table);
    if (fresh == UINT32_MAX) {
        return;
    }
    uint32_t parent = fresh & ((UINT32_MAX >> __builtin_clz(fresh)) >> 1);
    struct table_bucket *from = table_bucket_at(table_directory(table), parent);
    if (chain_count(from) > TABLE_SPLIT_MAX) {
        return; /* only a broken hash gets here: stay correct, just slow */
    }
    table_ensure_segment(table, env, fresh);
    uint64_t words[TABLE_SPLIT_MAX];
    size_t count = chain_take(from, env, words, TABLE_SPLIT_MAX);
    for (size_t i = 0; i < count; i++) {
        PREFETCH(table_word_item(words[i]));
    }
    atomic_store_explicit(&table->buckets, fresh + 1, memory_order_release);
    struct table_bucket *to = table_bucket_at(table_directory(table), fresh);
    for (size_t i = 0; i < count; i++) {
        uint64_t hash = env->hash(env->context, table_word_item(words[i]));
        (void)chain_put(table_address((uint32_t)hash, fresh + 1) == fresh ? to : from, env, words[i]);
    }
}

/* Takes the last bucket away and moves its items to its parent. */
static void table_merge(struct table *table, const struct table_env *env)
{
    uint32_t last = table_buckets(table) - 1;
    struct table_directory *directory = table_directory(table);
    struct table_bucket *from = table_bucket_at(directory, last);
    if (chain_count(from) > TABLE_SPLIT_MAX) {
        return;
    }
    uint32_t parent = last & ((UINT32_MAX >> __builtin_clz(last)) >> 1);
    uint64_t words[TABLE_SPLIT_MAX];
    size_t count = chain_take(from, env, words, TABLE_SPLIT_MAX);
    atomic_store_explicit(&table->buckets, last, memory_order_release);
    struct table_bucket *to = table_bucket_at(directory, parent);
    for (size_t i = 0; i < count; i++) {
        (void)chain_put(to, env, words[i]);
    }
    if (last % TABLE_SEGMENT_BUCKETS == 0) {
        uint32_t index = last / TABLE_SEGMENT_BUCKETS;
        struct table_segment *segment = atomic_load_explicit(&directory->segments[index], memory_order_relaxed);
        atomic_store_explicit(&directory->segments[index], NULL, memory_order_release);
        env->retire(env->context, segment);
    }
}

struct table_slot table_insert(struct table *table, const struct table_env *env, uint64_t hash, void *item)
{
    uint32_t buckets = table_buckets(table);
    uint32_t used = table_used(table) + 1;
    if (UNLIKELY(buckets == 0)) {
        table_ensure_segment(table, env, 0);
        atomic_store_explicit(&table->buckets, 1, memory_order_release);
    } else if (used > (uint64_t)buckets * TABLE_GROW_ITEMS) {
        table_split(table, env);
    }
    ASSERT(((uintptr_t)item & ~(uintptr_t)TABLE_POINTER_MASK) == 0);
    atomic_store_explicit(&table->used, used, memory_order_relaxed);
    return (struct table_slot){chain_put(table_home(table, hash), env, table_word_make(hash, item))};
}

/* Fills the hole at `hole` with the last item behind the bucket, so that overflow arrays have no holes and shrink. */
static void chain_close_hole(struct table_bucket *head, const struct table_env *env, table_word *hole)
{
    struct table_group last = table_bucket_group(head);
    table_word *link = NULL;
    for (struct table_group next = table_group_next(last); next.words != NULL; next = table_group_next(last)) {
        link = group_last(last);
        last = next;
    }
    if (LIKELY(link == NULL)) {
        return;
    }
    uint32_t used = last.count;
    while (used > 0 && table_load(&last.words[used - 1]) == 0) {
        used--;
    }
    if (used > 0 && hole != &last.words[used]) {
        uint64_t word = table_load(&last.words[used - 1]);
        table_store(&last.words[used - 1], 0);
        table_store(hole, word);
        used--;
    }
    if (used <= 1) {
        table_store(link, table_load(&last.words[0]));
        group_retire(last, env);
    } else if (used + SHRINK_WORDS <= last.count) {
        (void)group_resize(link, last, used + (used & 1), env);
    }
}

void *table_remove(struct table *table, const struct table_env *env, uint64_t hash, struct table_slot slot)
{
    void *item = table_slot_item(slot);
    table_store(slot.word, 0);
    chain_close_hole(table_home(table, hash), env, slot.word);
    uint32_t used = table_used(table) - 1;
    atomic_store_explicit(&table->used, used, memory_order_relaxed);
    uint32_t buckets = table_buckets(table);
    if (buckets > TABLE_SEGMENT_BUCKETS && (uint64_t)used < (uint64_t)buckets * TABLE_SHRINK_ITEMS) {
        table_merge(table, env);
    }
    return item;
}

static uint32_t reverse_bits(uint32_t v)
{
    v = ((v >> 1) & 0x55555555U) | ((v & 0x55555555U) << 1);
    v = ((v >> 2) & 0x33333333U) | ((v & 0x33333333U) << 2);
    v = ((v >> 4) & 0x0f0f0f0fU) | ((v & 0x0f0f0f0fU) << 4);
    return __builtin_bswap32(v);
}

uint64_t table_scan(const struct table *table, const struct table_env *env, uint64_t position,
                    void (*visit)(void *context, void *item), void *context)
{
    uint32_t buckets = table_buckets(table);
    if (buckets == 0 || position >= TABLE_SCAN_END) {
        return TABLE_SCAN_END;
    }
    uint32_t index = table_address(reverse_bits((uint32_t)position), buckets);
    uint32_t mask = UINT32_MAX >> __builtin_clz(buckets);
    uint32_t half = (mask >> 1) + 1; /* 2^L */
    bool refined = index >= half || index + half < buckets;
    uint64_t range = (UINT64_C(1) << 32) / (refined ? (uint64_t)mask + 1 : half);
    uint64_t start = position - position % range;
    struct table_bucket *bucket = table_bucket_at(table_directory(table), index);
    for (struct table_group group = table_bucket_group(bucket); group.words != NULL; group = table_group_next(group)) {
        for (uint32_t i = 0; i < group.count; i++) {
            uint64_t word = table_load(&group.words[i]);
            if (!table_word_is_item(word)) {
                continue;
            }
            void *item = table_word_item(word);
            if (start == position || reverse_bits((uint32_t)env->hash(env->context, item)) >= position) {
                visit(context, item);
            }
        }
    }
    return start + range;
}

void *table_sample(const struct table *table, uint64_t random)
{
    uint32_t buckets = table_buckets(table);
    if (buckets == 0) {
        return NULL;
    }
    struct table_bucket *head = table_bucket_at(table_directory(table), (uint32_t)((random >> 32) % buckets));
    size_t count = chain_count(head);
    size_t wanted = (random & UINT32_MAX) % (count < TABLE_SAMPLE_PLACES ? TABLE_SAMPLE_PLACES : count);
    for (struct table_group group = table_bucket_group(head); group.words != NULL && wanted < count;
         group = table_group_next(group)) {
        for (uint32_t i = 0; i < group.count; i++) {
            uint64_t word = table_load(&group.words[i]);
            if (table_word_is_item(word) && wanted-- == 0) {
                return table_word_item(word);
            }
        }
    }
    return NULL;
}

size_t table_bytes(const struct table *table)
{
    struct table_directory *directory = table_directory(table);
    if (directory == NULL) {
        return 0;
    }
    uint32_t buckets = table_buckets(table);
    size_t segments = (buckets + TABLE_SEGMENT_BUCKETS - 1) / TABLE_SEGMENT_BUCKETS;
    return segments * sizeof(struct table_segment) + sizeof(*directory) +
           directory->capacity * sizeof(directory->segments[0]);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables of members: their making, lookups one by one and in batches, walking and sampling.
 * Owner: whoever embeds one. Locks: the owner's. */
#include "sherd/container/member_table.h"

#include "sherd/base/memory.h"

enum {
    /* Below so many members the table stays in the cache between commands: prefetching costs more than it saves. */
    PREFETCH_MIN_MEMBERS = 4096,
    MEMBER_MIN_BYTES = 16, /* table words want addresses that are multiples of 16 */
};

static uint64_t item_hash(const void *context, const void *item)
{
    const struct member_table *table = context;
    return hash_bytes(table->hash_key, member_bytes_of(item));
}

/* Nobody reads the table without its owner's lock. */
static void retire_at_once(void *context, void *memory)
{
    (void)context;
    memory_free(memory);
}

static ALWAYS_INLINE struct table_env env_of(const struct member_table *table)
{
    return (struct table_env){.hash = item_hash, .retire = retire_at_once, .context = (void *)(uintptr_t)table};
}

static size_t allocation_bytes(size_t len)
{
    size_t bytes = memory_class_bytes(offsetof(struct member, data) + len + (len < MEMBER_LONG ? 0 : sizeof(uint64_t)));
    return bytes < MEMBER_MIN_BYTES ? (size_t)MEMBER_MIN_BYTES : bytes;
}

static struct member *member_create(struct slice bytes)
{
    struct member *member = memory_alloc(allocation_bytes(bytes.len));
    char *data = member->data;
    if (LIKELY(bytes.len < MEMBER_LONG)) {
        member->len = (uint8_t)bytes.len;
    } else {
        uint64_t len = bytes.len;
        member->len = MEMBER_LONG;
        memcpy(data, &len, sizeof(len));
        data += sizeof(len);
    }
    if (bytes.len != 0) {
        memcpy(data, bytes.data, bytes.len);
    }
    return member;
}

/* Short members, nearly all of them, are told apart without a call of memcmp for the length. */
static ALWAYS_INLINE bool is_member(const void *item, const void *wanted)
{
    const struct member *member = item;
    const struct slice *bytes = wanted;
    if (LIKELY(bytes->len < MEMBER_LONG)) {
        return member->len == bytes->len && memcmp(member->data, bytes->data, bytes->len) == 0;
    }
    return slice_equals(member_bytes_of(member), *bytes);
}

static ALWAYS_INLINE bool is_same(const void *item, const void *wanted)
{
    return item == wanted;
}

static ALWAYS_INLINE struct table_slot find(const struct member_table *table, uint64_t hash, struct slice bytes)
{
    return table_find(&table->table, hash, is_member, &bytes);
}

static void add(struct member_table *table, uint64_t hash, struct slice bytes)
{
    struct table_env env = env_of(table);
    (void)table_insert(&table->table, &env, hash, member_create(bytes));
    table->member_bytes += allocation_bytes(bytes.len);
}

static struct member *take_slot(struct member_table *table, uint64_t hash, struct table_slot slot)
{
    struct table_env env = env_of(table);
    struct member *member = table_remove(&table->table, &env, hash, slot);
    table->member_bytes -= allocation_bytes(member_bytes_of(member).len);
    return member;
}

void member_table_init(struct member_table *table, const struct hash_key *hash_key)
{
    table_init(&table->table);
    table->hash_key = hash_key;
    table->member_bytes = 0;
}

void member_table_deinit(struct member_table *table)
{
    struct table_env env = env_of(table);
    struct member_walk walk = {.table = table};
    for (const struct member *member; (member = member_walk_next(&walk)) != NULL;) {
        memory_free((void *)(uintptr_t)member);
    }
    table_deinit(&table->table, &env);
    table->member_bytes = 0;
}

void member_table_copy(struct member_table *copy, const struct member_table *original)
{
    member_table_init(copy, original->hash_key);
    struct member_walk walk = {.table = original};
    for (const struct member *member; (member = member_walk_next(&walk)) != NULL;) {
        struct slice bytes = member_bytes_of(member);
        add(copy, hash_bytes(copy->hash_key, bytes), bytes);
    }
}

size_t member_table_bytes(const struct member_table *table)
{
    return table->member_bytes + table_bytes(&table->table);
}

bool member_table_contains(const struct member_table *table, struct slice bytes)
{
    return find(table, hash_bytes(table->hash_key, bytes), bytes).word != NULL;
}

bool member_table_insert(struct member_table *table, struct slice bytes)
{
    uint64_t hash = hash_bytes(table->hash_key, bytes);
    if (find(table, hash, bytes).word != NULL) {
        return false;
    }
    add(table, hash, bytes);
    return true;
}

bool member_table_remove(struct member_table *table, struct slice bytes)
{
    uint64_t hash = hash_bytes(table->hash_key, bytes);
    struct table_slot slot = find(table, hash, bytes);
    if (slot.word == NULL) {
        return false;
    }
    memory_free(take_slot(table, hash, slot));
    return true;
}

struct member *member_table_take(struct member_table *table, const struct member *member)
{
    uint64_t hash = hash_bytes(table->hash_key, member_bytes_of(member));
    struct table_slot slot = table_find(&table->table, hash, is_same, member);
    ASSERT(slot.word != NULL);
    return take_slot(table, hash, slot);
}

const struct member *member_table_sample(const struct member_table *table, struct random *random)
{
    const struct member *member;
    do {
        member = table_sample(&table->table, random_next(random));
    } while (member == NULL);
    return member;
}

uint64_t member_table_scan(const struct member_table *table, uint64_t position,
                           void (*visit)(void *context, void *member), void *context)
{
    struct table_env env = env_of(table);
    uint64_t next = table_scan(&table->table, &env, position, visit, context);
    return next == TABLE_SCAN_END ? 0 : next;
}

/* ---- batches ---- */

void member_batch_hash(struct member_batch *batch, const struct hash_key *hash_key)
{
    for (unsigned i = 0; i < batch->count; i++) {
        batch->hashes[i] = hash_bytes(hash_key, batch->members[i]);
    }
}

void member_batch_prefetch(const struct member_batch *batch, const struct member_table *table)
{
    if (member_table_count(table) < PREFETCH_MIN_MEMBERS) {
        return;
    }
    struct table_bucket *buckets[MEMBER_BATCH];
    for (unsigned i = 0; i < batch->count; i++) {
        buckets[i] = table_home(&table->table, batch->hashes[i]);
        PREFETCH(buckets[i]);
    }
    for (unsigned i = 0; i < batch->count; i++) {
        struct table_group further;
        const void *item = table_prefetch_item(buckets[i], batch->hashes[i], &further);
        if (item != NULL) {
            PREFETCH(item);
        }
    }
}

unsigned member_batch_find(const struct member_batch *batch, const struct member_table *table)
{
    unsigned found = 0;
    for (unsigned i = 0; i < batch->count; i++) {
        found |= (unsigned)(find(table, batch->hashes[i], batch->members[i]).word != NULL) << i;
    }
    return found;
}

unsigned member_batch_insert(const struct member_batch *batch, struct member_table *table)
{
    unsigned added = 0;
    for (unsigned i = 0; i < batch->count; i++) {
        if (find(table, batch->hashes[i], batch->members[i]).word == NULL) {
            add(table, batch->hashes[i], batch->members[i]);
            added++;
        }
    }
    return added;
}

/* ---- walking ---- */

/* Starts loading the items of a bucket: they lie all over the memory. */
static void prefetch_items(struct table_bucket *bucket)
{
    for (unsigned i = 0; i < TABLE_BUCKET_WORDS; i++) {
        uint64_t word = table_load(&bucket->words[i]);
        if (table_word_is_item(word)) {
            PREFETCH(table_word_item(word));
        }
    }
}

/* Goes to the next bucket; false when there is none. */
static bool walk_bucket(struct member_walk *walk)
{
    const struct table *table = &walk->table->table;
    struct table_directory *directory = atomic_load_explicit(&table->directory, memory_order_relaxed);
    uint32_t buckets = atomic_load_explicit(&table->buckets, memory_order_relaxed);
    if (walk->next_bucket >= buckets) {
        return false;
    }
    walk->group = table_bucket_group(table_bucket_at(directory, walk->next_bucket++));
    if (walk->next_bucket < buckets) {
        prefetch_items(table_bucket_at(directory, walk->next_bucket));
    }
    return true;
}

const struct member *member_walk_next(struct member_walk *walk)
{
    for (;;) {
        while (walk->place < walk->group.count) {
            uint64_t word = table_load(&walk->group.words[walk->place++]);
            if (table_word_is_item(word)) {
                return table_word_item(word);
            }
        }
        walk->place = 0;
        walk->group = walk->group.count == 0 ? walk->group : table_group_next(walk->group);
        if (walk->group.words == NULL && !walk_bucket(walk)) {
            walk->group = (struct table_group){NULL, 0};
            return NULL;
        }
    }
}

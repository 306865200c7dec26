/* SPDX-License-Identifier: BSD-3-Clause */
/* A sorted set as a table of members and an ordered index over them.
 * Owner: the set. Locks: none. */
#include "sherd/base/memory.h"
#include "zset_private.h"

static uint64_t item_hash(const void *context, const void *item)
{
    const struct zset_tree *tree = context;
    return hash_bytes(tree->hash_key, ordered_bytes_of(item));
}

/* Nobody reads the table without its key's shard. */
static void retire_at_once(void *context, void *memory)
{
    (void)context;
    memory_free(memory);
}

static struct table_env env_of(const struct zset_tree *tree)
{
    return (struct table_env){.hash = item_hash, .retire = retire_at_once, .context = (void *)(uintptr_t)tree};
}

static size_t member_bytes(size_t len)
{
    return memory_class_bytes(offsetof(struct ordered_member, bytes) + len);
}

struct zset_tree *zset_tree_create(const struct hash_key *hash_key)
{
    struct zset_tree *tree = memory_alloc(sizeof(*tree));
    table_init(&tree->members);
    ordered_init(&tree->order);
    tree->hash_key = hash_key;
    tree->longest_bytes = 0;
    tree->member_bytes = 0;
    return tree;
}

static void free_member(void *context, void *item)
{
    (void)context;
    memory_free(item);
}

uint64_t zset_tree_scan(const struct zset_tree *tree, uint64_t position, void (*visit)(void *context, void *item),
                        void *context)
{
    struct table_env env = env_of(tree);
    uint64_t next = table_scan(&tree->members, &env, position, visit, context);
    return next == TABLE_SCAN_END ? 0 : next;
}

void zset_tree_destroy(struct zset_tree *tree)
{
    struct table_env env = env_of(tree);
    /* A bucket is one range of positions as long as the table keeps its shape, so each is visited once. */
    for (uint64_t position = 0, next = 1; next != 0; position = next) {
        next = zset_tree_scan(tree, position, free_member, NULL);
    }
    table_deinit(&tree->members, &env);
    ordered_deinit(&tree->order);
    memory_free(tree);
}

struct zset_tree *zset_tree_copy(const struct zset_tree *tree)
{
    struct zset_tree *copy = zset_tree_create(tree->hash_key);
    struct ordered_place place = ordered_at(&tree->order, 0);
    for (; place.leaf != NULL; ordered_next(&place)) {
        const struct ordered_entry *entry = ordered_entry(place);
        struct slice bytes = ordered_bytes_of(entry->member);
        zset_tree_insert(copy, hash_bytes(copy->hash_key, bytes), bytes, entry->score);
    }
    return copy;
}

static bool is_member(const void *item, const void *wanted)
{
    const struct slice *bytes = wanted;
    return slice_equals(ordered_bytes_of(item), *bytes);
}

struct zset_found zset_tree_find(const struct zset_tree *tree, struct slice member)
{
    struct zset_found found = {.hash = hash_bytes(tree->hash_key, member)};
    found.slot = table_find(&tree->members, found.hash, is_member, &member);
    found.member = found.slot.word == NULL ? NULL : table_slot_item(found.slot);
    return found;
}

struct ordered_member *zset_tree_put(struct zset_tree *tree, uint64_t hash, struct slice member, double score)
{
    ASSERT(member.len <= UINT32_MAX);
    size_t bytes = member_bytes(member.len);
    struct ordered_member *added = memory_alloc(bytes);
    added->score = score;
    added->len = (uint32_t)member.len;
    memcpy(added->bytes, member.data, member.len);
    tree->member_bytes += bytes;
    struct table_env env = env_of(tree);
    (void)table_insert(&tree->members, &env, hash, added);
    return added;
}

void zset_tree_insert(struct zset_tree *tree, uint64_t hash, struct slice member, double score)
{
    ordered_insert(&tree->order, zset_tree_put(tree, hash, member, score));
}

void zset_tree_remove(struct zset_tree *tree, const struct zset_found *found)
{
    struct table_env env = env_of(tree);
    ordered_remove(&tree->order, found->member);
    (void)table_remove(&tree->members, &env, found->hash, found->slot);
    tree->member_bytes -= member_bytes(found->member->len);
    memory_free(found->member);
}

static bool is_same(const void *item, const void *wanted)
{
    return item == wanted;
}

void zset_tree_remove_range(struct zset_tree *tree, uint32_t first, uint32_t count)
{
    for (; count != 0; count--) {
        struct ordered_member *member = ordered_entry(ordered_at(&tree->order, first))->member;
        struct zset_found found = {.hash = hash_bytes(tree->hash_key, ordered_bytes_of(member)), .member = member};
        found.slot = table_find(&tree->members, found.hash, is_same, member);
        zset_tree_remove(tree, &found);
    }
}

size_t zset_tree_bytes(const struct zset_tree *tree)
{
    return memory_class_bytes(sizeof(*tree)) + tree->member_bytes + table_bytes(&tree->members) +
           ordered_bytes(&tree->order);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* A hash table of prefixes, and which lengths there are.
 * Owner: whoever embeds the set. Locks: that of its owner. */
#include "sherd/tracking/prefixes.h"

#include "sherd/base/memory.h"

static uint64_t stored_hash(const void *context, const void *item)
{
    (void)context;
    return ((const struct prefix *)item)->hash;
}

/* Nobody reads the table without the owner's lock. */
static void retire_at_once(void *context, void *memory)
{
    (void)context;
    memory_free(memory);
}

static const struct table_env env = {.hash = stored_hash, .retire = retire_at_once};

static bool has_text(const void *item, const void *wanted)
{
    return slice_equals(prefix_text(item), *(const struct slice *)wanted);
}

void prefix_set_init(struct prefix_set *set, const struct hash_key *hash_key)
{
    table_init(&set->table);
    set->hash_key = hash_key;
    set->lengths = NULL;
    set->length_count = 0;
}

void prefix_set_deinit(struct prefix_set *set)
{
    ASSERT(prefix_set_count(set) == 0);
    table_deinit(&set->table, &env);
    memory_free(set->lengths);
}

struct prefix *prefix_create(struct slice text, uint64_t hash)
{
    struct prefix *prefix = memory_alloc(sizeof(*prefix) + text.len);
    *prefix = (struct prefix){.hash = hash, .len = text.len};
    buffer_init(&prefix->pending);
    memcpy(prefix->text, text.data, text.len);
    return prefix;
}

void prefix_destroy(struct prefix *prefix)
{
    if (prefix != NULL) {
        buffer_deinit(&prefix->pending);
        memory_free(prefix->trackers);
        memory_free(prefix);
    }
}

/* The place of the length, or where it would stand. */
static uint32_t length_place(const struct prefix_set *set, size_t len)
{
    uint32_t low = 0;
    uint32_t high = set->length_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (set->lengths[middle].len < len) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* One more prefix of that length. */
static void length_join(struct prefix_set *set, size_t len)
{
    uint32_t at = length_place(set, len);
    if (at == set->length_count || set->lengths[at].len != len) {
        set->lengths = memory_resize(set->lengths, (set->length_count + 1) * sizeof(set->lengths[0]));
        memmove(&set->lengths[at + 1], &set->lengths[at], (set->length_count - at) * sizeof(set->lengths[0]));
        set->lengths[at] = (struct prefix_length){.len = len};
        set->length_count++;
    }
    set->lengths[at].count++;
}

/* One less. */
static void length_leave(struct prefix_set *set, size_t len)
{
    uint32_t at = length_place(set, len);
    if (--set->lengths[at].count == 0) {
        set->length_count--;
        memmove(&set->lengths[at], &set->lengths[at + 1], (set->length_count - at) * sizeof(set->lengths[0]));
    }
}

struct prefix *prefix_set_join(struct prefix_set *set, struct prefix *fresh, struct tracker *tracker)
{
    struct slice text = prefix_text(fresh);
    struct table_slot slot = table_find(&set->table, fresh->hash, has_text, &text);
    struct prefix *prefix = slot.word == NULL ? fresh : table_slot_item(slot);
    if (prefix->tracker_count == prefix->tracker_cap) {
        prefix->tracker_cap = prefix->tracker_cap == 0 ? 1 : prefix->tracker_cap * 2;
        prefix->trackers = memory_resize(prefix->trackers, prefix->tracker_cap * sizeof(struct tracker *));
    }
    prefix->trackers[prefix->tracker_count++] = tracker;
    if (prefix != fresh) {
        return fresh;
    }
    (void)table_insert(&set->table, &env, fresh->hash, fresh);
    length_join(set, fresh->len);
    return NULL;
}

struct prefix *prefix_set_leave(struct prefix_set *set, struct slice text, uint64_t hash, const struct tracker *tracker)
{
    struct table_slot slot = table_find(&set->table, hash, has_text, &text);
    ASSERT(slot.word != NULL);
    struct prefix *prefix = table_slot_item(slot);
    uint32_t at = 0;
    while (prefix->trackers[at] != tracker) {
        at++;
    }
    prefix->trackers[at] = prefix->trackers[--prefix->tracker_count];
    if (prefix->tracker_count != 0) {
        return NULL;
    }
    (void)table_remove(&set->table, &env, hash, slot);
    length_leave(set, text.len);
    return prefix;
}

uint32_t prefix_set_match(const struct prefix_set *set, struct slice key,
                          void (*visit)(void *context, struct prefix *prefix), void *context)
{
    uint32_t matches = 0;
    for (uint32_t i = 0; i < set->length_count && set->lengths[i].len <= key.len; i++) {
        struct slice text = slice_make(key.data, set->lengths[i].len);
        struct table_slot slot = table_find(&set->table, prefix_hash(set, text), has_text, &text);
        if (slot.word != NULL) {
            matches++;
            if (visit != NULL) {
                visit(context, table_slot_item(slot));
            }
        }
    }
    return matches;
}

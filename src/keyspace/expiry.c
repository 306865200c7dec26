/* SPDX-License-Identifier: BSD-3-Clause */
/* The expiry index: a heap of tags per keytable, firing, and its rebuilding in slices.
 * Owner: the keytable. Locks: the shard's, held by every caller. */
#include "sherd/keyspace/expiry.h"

#include "sherd/container/word_heap.h"
#include "sherd/keyspace/garbage.h"
#include "sherd/keyspace/keyref.h"

enum {
    TAG_HASH_BITS = 22,
    REBUILD_SLACK_TAGS = 64, /* small heaps are not worth rebuilding */
    REBUILD_BUCKETS = 32,    /* scanned in one slice */
    AVERAGE_SAMPLE_TAGS = 16,
    THIN_ELEMENTS = 32, /* removed from a collection when a tag fires: about as much work as the rest of it */
};

#define TAG_HASH_MASK    ((UINT64_C(1) << TAG_HASH_BITS) - 1)
#define TAG_DEADLINE_MAX ((INT64_C(1) << (64 - TAG_HASH_BITS)) - 1)

struct expiry_index {
    struct word_heap heap;
    struct word_heap fresh;    /* the heap being rebuilt */
    uint64_t rebuild_position; /* TABLE_SCAN_END: no rebuild under way */
};

static uint64_t tag_make(int64_t deadline_ms, uint64_t hash)
{
    int64_t clamped = deadline_ms < 0 ? 0 : deadline_ms > TAG_DEADLINE_MAX ? TAG_DEADLINE_MAX : deadline_ms;
    return ((uint64_t)clamped << TAG_HASH_BITS) | (hash & TAG_HASH_MASK);
}

static int64_t tag_deadline_ms(uint64_t tag)
{
    return (int64_t)(tag >> TAG_HASH_BITS);
}

static struct expiry_index *index_of(struct keytable *keytable)
{
    if (keytable->expiry == NULL) {
        struct expiry_index *index = memory_alloc_zeroed(sizeof(*index));
        index->rebuild_position = TABLE_SCAN_END;
        keytable->expiry = index;
    }
    return keytable->expiry;
}

static bool index_is_rebuilding(const struct expiry_index *index)
{
    return index->rebuild_position < TABLE_SCAN_END;
}

void expiry_index_destroy(struct expiry_index *index)
{
    if (index != NULL) {
        word_heap_deinit(&index->heap);
        word_heap_deinit(&index->fresh);
        memory_free(index);
    }
}

size_t expiry_index_tags(const struct expiry_index *index)
{
    return index == NULL ? 0 : index->heap.count;
}

uint64_t expiry_index_hash(const struct expiry_index *index, size_t at)
{
    return word_heap_at(&index->heap, (uint32_t)at) & TAG_HASH_MASK;
}

static void hint_lower(struct keyspace *keyspace, const struct shard *shard, int64_t fire_ms)
{
    _Atomic int64_t *hint = &keyspace->next_fire_ms[shard->index];
    if (atomic_load_explicit(hint, memory_order_relaxed) > fire_ms) {
        atomic_store_explicit(hint, fire_ms, memory_order_relaxed);
    }
}

static void index_push(struct expiry_index *index, uint64_t tag)
{
    word_heap_push(&index->heap, tag);
    if (index_is_rebuilding(index)) {
        word_heap_push(&index->fresh, tag);
    }
}

static bool index_wants_rebuild(const struct keytable *keytable, const struct expiry_index *index)
{
    uint64_t live = (uint64_t)atomic_load_explicit(&keytable->volatile_keys, memory_order_relaxed) +
                    atomic_load_explicit(&keytable->timed_keys, memory_order_relaxed);
    return index->heap.count > 2 * live + REBUILD_SLACK_TAGS;
}

void expiry_note_elements(struct keyspace *keyspace, struct shard *shard, struct keytable *keytable, uint64_t hash,
                          int64_t deadline_ms)
{
    struct expiry_index *index = index_of(keytable);
    index_push(index, tag_make(deadline_ms, hash));
    /* Stale tags would pile up until the first of them fires: the shard is visited for the rebuilding alone. */
    hint_lower(keyspace, shard, index_wants_rebuild(keytable, index) ? 0 : deadline_ms);
}

void expiry_note(struct keyspace *keyspace, struct shard *shard, struct keytable *keytable, struct entry *entry,
                 uint64_t hash)
{
    expiry_note_elements(keyspace, shard, keytable, hash, entry_deadline_ms(entry));
    entry->tagged = 1;
}

/* When an entry wants a visit: at its own deadline, or the earliest of its elements'; INT64_MAX: never. */
static int64_t entry_visit_ms(const struct entry *entry)
{
    int64_t visit_ms = entry->has_deadline ? entry_deadline_ms(entry) : INT64_MAX;
    if (entry_is_timed(entry)) {
        int64_t elements_ms = value_class((enum value_type)entry->type)->next_deadline_ms(entry_object(entry));
        visit_ms = elements_ms < visit_ms ? elements_ms : visit_ms;
    }
    return visit_ms;
}

/* One slice of rebuilding: tags for the keys with a deadline in the next buckets. */
struct rebuild_visit {
    const struct keyspace *keyspace;
    struct word_heap *fresh;
};

static void rebuild_visit(void *context, void *item)
{
    struct rebuild_visit *visit = context;
    struct entry *entry = item;
    int64_t visit_ms = entry_visit_ms(entry);
    if (visit_ms != INT64_MAX) {
        uint64_t hash = keyspace_hash(visit->keyspace, entry_key(entry));
        word_heap_push(visit->fresh, tag_make(visit_ms, hash));
        entry->tagged = entry->has_deadline;
    }
}

static void index_rebuild_slice(struct keyspace_user *user, struct keytable *keytable, struct expiry_index *index)
{
    if (!index_is_rebuilding(index)) {
        if (!index_wants_rebuild(keytable, index)) {
            return;
        }
        index->rebuild_position = 0;
    }
    struct table_env env = keyspace_table_env(user);
    struct rebuild_visit visit = {.keyspace = user->keyspace, .fresh = &index->fresh};
    for (int i = 0; i < REBUILD_BUCKETS && index_is_rebuilding(index); i++) {
        index->rebuild_position = table_scan(&keytable->table, &env, index->rebuild_position, rebuild_visit, &visit);
    }
    if (!index_is_rebuilding(index)) {
        word_heap_deinit(&index->heap);
        index->heap = index->fresh;
        index->fresh = (struct word_heap){0};
    }
}

/* Looks at the group of a tag that fired: removes what is due, returns the earliest deadline left (INT64_MAX: none). */
struct group_visit {
    const struct keyspace *keyspace;
    uint64_t group;
    int64_t now_ms;
    int64_t earliest_ms;
    struct entry *due; /* it, or elements of it */
    uint64_t due_hash;
    int64_t due_ms;
};

static void group_visit_bucket(struct group_visit *visit, struct table_bucket *bucket)
{
    for (struct table_group group = table_bucket_group(bucket); group.words != NULL; group = table_group_next(group)) {
        for (uint32_t i = 0; i < group.count; i++) {
            uint64_t word = table_load(&group.words[i]);
            struct entry *entry = table_word_item(word);
            if (!table_word_is_item(word) || (!entry->has_deadline && !entry_is_timed(entry))) {
                continue;
            }
            uint64_t hash = keyspace_hash(visit->keyspace, entry_key(entry));
            if ((hash & TAG_HASH_MASK) != visit->group) {
                continue;
            }
            int64_t visit_ms = entry_visit_ms(entry);
            if (visit_ms <= visit->now_ms) {
                visit->due = entry;
                visit->due_hash = hash;
                visit->due_ms = visit_ms;
            } else if (visit_ms < visit->earliest_ms) {
                visit->earliest_ms = visit_ms;
            }
        }
    }
}

void expiry_settle_top(const struct keyspace *keyspace, struct keytable *keytable, size_t budget)
{
    struct expiry_index *index = keytable->expiry;
    for (; budget > 0 && index->heap.count > 0; budget--) {
        uint64_t tag = word_heap_at(&index->heap, 0);
        struct group_visit visit = {
            .keyspace = keyspace, .group = tag & TAG_HASH_MASK, .now_ms = INT64_MIN, .earliest_ms = INT64_MAX};
        group_visit_bucket(&visit, table_home(&keytable->table, tag & TAG_HASH_MASK));
        if (visit.earliest_ms <= tag_deadline_ms(tag)) {
            return;
        }
        (void)word_heap_pop(&index->heap);
        if (visit.earliest_ms != INT64_MAX) {
            index_push(index, tag_make(visit.earliest_ms, tag));
        }
    }
}

/* Removes the key that a visit found due, or elements of it. False when elements are left that are due. */
static bool fire_due(struct keyspace_user *user, const struct group_visit *visit, unsigned db,
                     struct expiry_slice *slice) REQUIRES(shard_held)
{
    int64_t lag_ms = user->now_ms - visit->due_ms;
    slice->worst_lag_ms = lag_ms > slice->worst_lag_ms ? lag_ms : slice->worst_lag_ms;
    struct keyref ref;
    keyref_open_hashed(&ref, user, db, entry_key(visit->due), visit->due_hash);
    if (entry_is_expired(ref.entry, user->now_ms)) {
        keyref_expire(&ref);
        slice->removed++;
        return true;
    }
    slice->removed += keyref_thin(&ref, THIN_ELEMENTS);
    return ref.entry == NULL || entry_visit_ms(ref.entry) > user->now_ms;
}

static int64_t group_fire(struct keyspace_user *user, struct shard *shard, unsigned db, uint64_t tag,
                          struct expiry_slice *slice) REQUIRES(shard_held)
{
    struct group_visit visit = {.keyspace = user->keyspace, .group = tag & TAG_HASH_MASK, .now_ms = user->now_ms};
    struct keytable *keytable = &shard->databases[db];
    bool more = true;
    do {
        visit.earliest_ms = INT64_MAX;
        visit.due = NULL;
        group_visit_bucket(&visit, table_home(&keytable->table, tag & TAG_HASH_MASK));
        if (visit.due != NULL && !fire_due(user, &visit, db, slice)) {
            return user->now_ms; /* the tag fires again at once, as far as the budget goes */
        }
        more = visit.due != NULL;
    } while (more);
    return visit.earliest_ms;
}

static void keytable_fire(struct keyspace_user *user, struct shard *shard, unsigned db, size_t budget,
                          struct expiry_slice *slice) REQUIRES(shard_held)
{
    struct keytable *keytable = &shard->databases[db];
    struct expiry_index *index = keytable->expiry;
    while (index->heap.count > 0 && tag_deadline_ms(word_heap_at(&index->heap, 0)) <= user->now_ms) {
        if (slice->visited >= budget) {
            slice->more = true;
            return;
        }
        slice->visited++;
        uint64_t tag = word_heap_pop(&index->heap);
        int64_t earliest_ms = group_fire(user, shard, db, tag, slice);
        if (earliest_ms != INT64_MAX) {
            index_push(index, tag_make(earliest_ms, tag));
        }
    }
    index_rebuild_slice(user, keytable, index);
}

struct expiry_slice expiry_fire(struct keyspace_user *user, struct shard *shard, size_t budget)
{
    struct expiry_slice slice = {0};
    for (unsigned db = 0; db < user->keyspace->databases; db++) {
        if (shard->databases[db].expiry != NULL) {
            keytable_fire(user, shard, db, budget, &slice);
        }
    }
    expiry_refresh_hint(user->keyspace, shard);
    return slice;
}

void expiry_refresh_hint(struct keyspace *keyspace, struct shard *shard)
{
    int64_t soonest_ms = INT64_MAX;
    for (unsigned db = 0; db < keyspace->databases; db++) {
        const struct expiry_index *index = shard->databases[db].expiry;
        if (index == NULL) {
            continue;
        }
        if (index_is_rebuilding(index)) {
            soonest_ms = 0;
        } else if (index->heap.count > 0 && tag_deadline_ms(word_heap_at(&index->heap, 0)) < soonest_ms) {
            soonest_ms = tag_deadline_ms(word_heap_at(&index->heap, 0));
        }
    }
    atomic_store_explicit(&keyspace->next_fire_ms[shard->index], soonest_ms, memory_order_relaxed);
}

int64_t expiry_average_ttl_ms(struct keyspace_user *user, struct shard *shard, unsigned db)
{
    const struct expiry_index *index = shard->databases[db].expiry;
    if (index == NULL || index->heap.count == 0) {
        return 0;
    }
    uint32_t step = index->heap.count / AVERAGE_SAMPLE_TAGS + 1;
    int64_t sum_ms = 0;
    int64_t count = 0;
    for (uint32_t i = 0; i < index->heap.count; i += step) {
        int64_t left_ms = tag_deadline_ms(word_heap_at(&index->heap, i)) - user->now_ms;
        sum_ms += left_ms > 0 ? left_ms : 0;
        count++;
    }
    return sum_ms / count;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Consumer groups: groups and consumers by name, what is pending, and how far a group has read.
 * Owner: the stream. Locks: none. */
#include "sherd/value/stream_group.h"

#include "sherd/base/memory.h"
#include "sherd/value/stream.h"

enum {
    FIRST_NAMES = 2,
    FREED_TOGETHER = 128, /* records that one chunk holds, about */
};

static struct slice name_of_group(const void *item)
{
    return stream_group_name(item);
}

static struct slice name_of_consumer(const void *item)
{
    return stream_consumer_name(item);
}

/* The index of the first item whose name is not less; `*found` when it is that name. */
static uint32_t seek(const void *items, uint32_t count, struct slice (*name_of)(const void *), struct slice name,
                     bool *found)
{
    const void *const *all = items;
    uint32_t low = 0;
    uint32_t high = count;
    *found = false;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = slice_compare(name_of(all[middle]), name);
        if (order == 0) {
            *found = true;
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static uint32_t seek_group(const struct stream_groups *groups, struct slice name, bool *found)
{
    return seek(groups->items, groups->count, name_of_group, name, found);
}

static uint32_t seek_consumer(const struct stream_group *group, struct slice name, bool *found)
{
    return seek(group->consumers, group->consumer_count, name_of_consumer, name, found);
}

/* An array of pointers with room for one more, counted in `bytes`. */
static void *reserve(void *items, uint32_t count, uint32_t *cap, size_t *bytes)
{
    if (count < *cap) {
        return items;
    }
    uint32_t more = *cap == 0 ? FIRST_NAMES : *cap;
    *cap += more;
    *bytes += more * sizeof(void *);
    return memory_resize(items, *cap * sizeof(void *));
}

static size_t group_bytes(const struct stream_group *group)
{
    return sizeof(*group) + group->name_len;
}

static size_t consumer_bytes(const struct stream_consumer *consumer)
{
    return sizeof(*consumer) + consumer->name_len;
}

static struct stream_consumer *consumer_make(struct stream_groups *groups, struct slice name)
{
    struct stream_consumer *consumer = memory_alloc(sizeof(*consumer) + name.len);
    consumer->seen_ms = 0;
    consumer->active_ms = STREAM_NEVER_MS;
    consumer->name_len = (uint32_t)name.len;
    memcpy(consumer->name, name.data, name.len);
    stream_index_init(&consumer->pending, sizeof(struct stream_id), &groups->bytes);
    groups->bytes += consumer_bytes(consumer);
    return consumer;
}

static void consumer_free(struct stream_groups *groups, struct stream_consumer *consumer)
{
    stream_index_deinit(&consumer->pending);
    groups->bytes -= consumer_bytes(consumer);
    memory_free(consumer);
}

static struct stream_group *group_make(struct stream_groups *groups, struct slice name)
{
    struct stream_group *group = memory_alloc_zeroed(sizeof(*group) + name.len);
    group->name_len = (uint32_t)name.len;
    memcpy(group->name, name.data, name.len);
    stream_index_init(&group->pending, sizeof(struct stream_pending), &groups->bytes);
    groups->bytes += group_bytes(group);
    return group;
}

static void group_free(struct stream_groups *groups, struct stream_group *group)
{
    for (uint32_t i = 0; i < group->consumer_count; i++) {
        consumer_free(groups, group->consumers[i]);
    }
    stream_index_deinit(&group->pending);
    groups->bytes -= group_bytes(group) + group->consumer_cap * sizeof(void *);
    memory_free(group->consumers);
    memory_free(group);
}

void stream_groups_deinit(struct stream_groups *groups)
{
    for (uint32_t i = 0; i < groups->count; i++) {
        group_free(groups, groups->items[i]);
    }
    memory_free(groups->items);
    *groups = (struct stream_groups){.items = NULL};
}

static struct stream_group *group_copy(struct stream_groups *groups, const struct stream_group *original)
{
    struct stream_group *group = group_make(groups, stream_group_name(original));
    group->last_id = original->last_id;
    group->entries_read = original->entries_read;
    for (uint32_t i = 0; i < original->consumer_count; i++) {
        const struct stream_consumer *from = original->consumers[i];
        struct stream_consumer *consumer = consumer_make(groups, stream_consumer_name(from));
        consumer->seen_ms = from->seen_ms;
        consumer->active_ms = from->active_ms;
        stream_index_deinit(&consumer->pending);
        stream_index_copy(&consumer->pending, &from->pending, &groups->bytes);
        group->consumers = reserve(group->consumers, group->consumer_count, &group->consumer_cap, &groups->bytes);
        group->consumers[group->consumer_count++] = consumer;
    }
    stream_index_deinit(&group->pending);
    stream_index_copy(&group->pending, &original->pending, &groups->bytes);
    /* Records still name the original's consumers; runs of the same one are usual. */
    struct stream_index_place place = {.chunk = 0};
    struct stream_pending *pending;
    const struct stream_consumer *from = NULL;
    struct stream_consumer *to = NULL;
    for (; (pending = stream_index_at(&group->pending, place)) != NULL;
         place = stream_index_next(&group->pending, place)) {
        if (pending->consumer != from) {
            from = pending->consumer;
            to = stream_consumer_find(group, stream_consumer_name(from));
        }
        pending->consumer = to;
    }
    return group;
}

void stream_groups_copy(struct stream_groups *copy, const struct stream_groups *original)
{
    *copy = (struct stream_groups){.items = NULL};
    for (uint32_t i = 0; i < original->count; i++) {
        copy->items = reserve(copy->items, copy->count, &copy->cap, &copy->bytes);
        copy->items[copy->count++] = group_copy(copy, original->items[i]);
    }
}

struct stream_group *stream_group_find(const struct stream *stream, struct slice name)
{
    bool found;
    uint32_t at = seek_group(&stream->groups, name, &found);
    return found ? stream->groups.items[at] : NULL;
}

struct stream_group *stream_group_create(struct stream *stream, struct slice name, struct stream_id last_id,
                                         int64_t entries_read)
{
    struct stream_groups *groups = &stream->groups;
    bool found;
    uint32_t at = seek_group(groups, name, &found);
    if (found) {
        return NULL;
    }
    struct stream_group *group = group_make(groups, name);
    group->last_id = last_id;
    group->entries_read = entries_read;
    groups->items = reserve(groups->items, groups->count, &groups->cap, &groups->bytes);
    memmove(groups->items + at + 1, groups->items + at, (groups->count - at) * sizeof(group));
    groups->items[at] = group;
    groups->count++;
    return group;
}

void stream_group_destroy(struct stream *stream, struct stream_group *group)
{
    struct stream_groups *groups = &stream->groups;
    bool found;
    uint32_t at = seek_group(groups, stream_group_name(group), &found);
    ASSERT(found && groups->items[at] == group);
    groups->count--;
    memmove(groups->items + at, groups->items + at + 1, (groups->count - at) * sizeof(group));
    group_free(groups, group);
}

size_t stream_group_weight(const struct stream_group *group)
{
    /* Each consumer has an index of its own, and each pending id is in two. */
    return 3 * (size_t)group->consumer_count + 2 * group->pending.count / FREED_TOGETHER;
}

struct stream_consumer *stream_consumer_find(const struct stream_group *group, struct slice name)
{
    bool found;
    uint32_t at = seek_consumer(group, name, &found);
    return found ? group->consumers[at] : NULL;
}

struct stream_consumer *stream_consumer_see(struct stream *stream, struct stream_group *group, struct slice name,
                                            int64_t now_ms, bool *is_new)
{
    bool found;
    uint32_t at = seek_consumer(group, name, &found);
    *is_new = !found;
    if (!found) {
        struct stream_consumer *consumer = consumer_make(&stream->groups, name);
        group->consumers =
            reserve(group->consumers, group->consumer_count, &group->consumer_cap, &stream->groups.bytes);
        struct stream_consumer **place = group->consumers + at;
        memmove(place + 1, place, (group->consumer_count - at) * sizeof(consumer));
        *place = consumer;
        group->consumer_count++;
    }
    group->consumers[at]->seen_ms = now_ms;
    return group->consumers[at];
}

uint64_t stream_consumer_destroy(struct stream *stream, struct stream_group *group, struct stream_consumer *consumer)
{
    struct stream_index_place place = {.chunk = 0};
    const struct stream_id *id;
    for (; (id = stream_index_at(&consumer->pending, place)) != NULL;
         place = stream_index_next(&consumer->pending, place)) {
        stream_index_remove(&group->pending, *id);
    }
    uint64_t count = consumer->pending.count;
    bool found;
    uint32_t at = seek_consumer(group, stream_consumer_name(consumer), &found);
    ASSERT(found && group->consumers[at] == consumer);
    group->consumer_count--;
    memmove(group->consumers + at, group->consumers + at + 1, (group->consumer_count - at) * sizeof(consumer));
    consumer_free(&stream->groups, consumer);
    return count;
}

/* Whether entries at or after `id` may have been deleted one by one, so that counting by position is not to be
 * trusted there. */
static bool has_gaps_after(const struct stream *stream, struct stream_id id)
{
    if (stream->length == 0 || stream_id_is_zero(stream->max_deleted_entry_id)) {
        return false;
    }
    return stream_id_compare(stream->first_id, stream->max_deleted_entry_id) <= 0 &&
           stream_id_compare(id, stream->max_deleted_entry_id) <= 0;
}

/* How many entries were ever added up to and including `id`, when that can be told from the ends of the stream. */
static bool position_of(const struct stream *stream, struct stream_id id, int64_t *position)
{
    int64_t added = (int64_t)stream->entries_added;
    int to_last = stream_id_compare(id, stream->last_id);
    if (added == 0) {
        *position = 0;
        return true;
    }
    if (to_last == 0 || (stream->length == 0 && to_last < 0)) {
        *position = added;
        return true;
    }
    bool is_whole = stream_id_is_zero(stream->max_deleted_entry_id) ||
                    stream_id_compare(stream->max_deleted_entry_id, stream->first_id) < 0;
    int to_first = stream_id_compare(id, stream->first_id);
    if (to_last > 0 || to_first > 0 || !is_whole) {
        return false;
    }
    *position = added - (int64_t)stream->length + (to_first == 0);
    return true;
}

void stream_group_advance(const struct stream *stream, struct stream_group *group, struct stream_id id)
{
    if (stream_id_compare(id, group->last_id) <= 0) {
        return;
    }
    if (group->entries_read != STREAM_ENTRIES_READ_UNKNOWN && !has_gaps_after(stream, group->last_id)) {
        group->entries_read++;
    } else if (stream->entries_added != 0 && !position_of(stream, id, &group->entries_read)) {
        group->entries_read = STREAM_ENTRIES_READ_UNKNOWN;
    }
    group->last_id = id;
}

bool stream_group_lag(const struct stream *stream, const struct stream_group *group, int64_t *lag)
{
    int64_t added = (int64_t)stream->entries_added;
    int64_t read = group->entries_read;
    if (added == 0) {
        *lag = 0;
        return true;
    }
    if (read == STREAM_ENTRIES_READ_UNKNOWN || has_gaps_after(stream, group->last_id)) {
        if (!position_of(stream, group->last_id, &read)) {
            return false;
        }
    }
    *lag = added - read;
    return true;
}

void stream_group_deliver(struct stream_group *group, struct stream_consumer *consumer, struct stream_id id,
                          int64_t now_ms)
{
    bool is_new;
    bool is_free;
    struct stream_pending *pending = stream_index_add(&group->pending, id, &is_new);
    if (!is_new && pending->consumer != consumer) {
        stream_index_remove(&pending->consumer->pending, id);
    }
    if (is_new || pending->consumer != consumer) {
        stream_index_add(&consumer->pending, id, &is_free);
    }
    pending->delivered_ms = now_ms;
    pending->deliveries = 1;
    pending->consumer = consumer;
    consumer->active_ms = now_ms;
}

struct stream_pending *stream_group_pending(const struct stream_group *group, struct stream_id id)
{
    return stream_index_find(&group->pending, id);
}

void stream_group_hand_over(struct stream_pending *pending, struct stream_consumer *consumer)
{
    if (pending->consumer != consumer) {
        bool is_new;
        stream_index_remove(&pending->consumer->pending, pending->id);
        stream_index_add(&consumer->pending, pending->id, &is_new);
        pending->consumer = consumer;
    }
}

bool stream_group_acknowledge(struct stream_group *group, struct stream_id id)
{
    const struct stream_pending *pending = stream_index_find(&group->pending, id);
    if (pending == NULL) {
        return false;
    }
    stream_index_remove(&pending->consumer->pending, id);
    stream_index_remove(&group->pending, id);
    return true;
}

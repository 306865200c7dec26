/* SPDX-License-Identifier: BSD-3-Clause */
/* A sorted array of prefixes. A key's prefixes are looked up length by length, so that their number hardly matters.
 * Owner: whoever embeds the set. Locks: that of its owner. */
#include "prefixes.h"

#include "sherd/base/memory.h"

static int compare(struct slice one, struct slice other)
{
    size_t common = one.len < other.len ? one.len : other.len;
    int order = common == 0 ? 0 : memcmp(one.data, other.data, common);
    return order != 0 ? order : (one.len > other.len) - (one.len < other.len);
}

/* The place of the prefix, or where it would stand. */
static uint32_t place_of(const struct prefix_set *set, struct slice text, bool *found)
{
    uint32_t low = 0;
    uint32_t high = set->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = compare(blob_slice(set->list[middle]->text), text);
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
    *found = false;
    return low;
}

struct prefix *prefix_set_find(const struct prefix_set *set, struct slice text)
{
    bool found;
    uint32_t place = place_of(set, text, &found);
    return found ? set->list[place] : NULL;
}

/* One more prefix of that length, or one less. */
static void count_length(struct prefix_set *set, size_t len, bool more)
{
    uint32_t at = 0;
    while (at < set->length_count && set->lengths[at].len < len) {
        at++;
    }
    bool found = at < set->length_count && set->lengths[at].len == len;
    size_t behind = (set->length_count - at) * sizeof(set->lengths[0]);
    if (!found) {
        set->lengths = memory_resize(set->lengths, (set->length_count + 1) * sizeof(set->lengths[0]));
        memmove(&set->lengths[at + 1], &set->lengths[at], behind);
        set->lengths[at] = (struct prefix_length){.len = len};
        set->length_count++;
    }
    set->lengths[at].count += more ? 1 : UINT32_MAX;
    if (set->lengths[at].count == 0) {
        memmove(&set->lengths[at], &set->lengths[at + 1], behind - sizeof(set->lengths[0]));
        set->length_count--;
    }
}

static struct prefix *prefix_add(struct prefix_set *set, struct slice text, uint32_t place)
{
    if (set->count == set->cap) {
        set->cap = set->cap == 0 ? 4 : set->cap * 2;
        set->list = memory_resize(set->list, set->cap * sizeof(struct prefix *));
    }
    struct prefix *prefix = memory_alloc_zeroed(sizeof(*prefix));
    prefix->text = blob_from_slice(text);
    buffer_init(&prefix->pending);
    memmove(&set->list[place + 1], &set->list[place], (set->count - place) * sizeof(struct prefix *));
    set->list[place] = prefix;
    set->count++;
    count_length(set, text.len, true);
    return prefix;
}

static void prefix_remove(struct prefix_set *set, uint32_t place)
{
    struct prefix *prefix = set->list[place];
    count_length(set, prefix->text->len, false);
    set->count--;
    memmove(&set->list[place], &set->list[place + 1], (set->count - place) * sizeof(struct prefix *));
    if (set->count == 0) {
        memory_free(set->list);
        memory_free(set->lengths);
        *set = (struct prefix_set){0};
    }
    blob_release(prefix->text);
    buffer_deinit(&prefix->pending);
    memory_free(prefix->trackers);
    memory_free(prefix);
}

void prefix_set_join(struct prefix_set *set, struct slice text, struct tracker *tracker)
{
    bool found;
    uint32_t place = place_of(set, text, &found);
    struct prefix *prefix = found ? set->list[place] : prefix_add(set, text, place);
    if (prefix->tracker_count == prefix->tracker_cap) {
        prefix->tracker_cap = prefix->tracker_cap == 0 ? 1 : prefix->tracker_cap * 2;
        prefix->trackers = memory_resize(prefix->trackers, prefix->tracker_cap * sizeof(struct tracker *));
    }
    prefix->trackers[prefix->tracker_count++] = tracker;
}

void prefix_set_leave(struct prefix_set *set, struct slice text, const struct tracker *tracker)
{
    bool found;
    uint32_t place = place_of(set, text, &found);
    ASSERT(found);
    struct prefix *prefix = set->list[place];
    uint32_t at = 0;
    while (prefix->trackers[at] != tracker) {
        at++;
    }
    prefix->trackers[at] = prefix->trackers[--prefix->tracker_count];
    if (prefix->tracker_count == 0) {
        prefix_remove(set, place);
    }
}

uint32_t prefix_set_match(const struct prefix_set *set, struct slice key,
                          void (*visit)(void *context, struct prefix *prefix), void *context)
{
    uint32_t matches = 0;
    for (uint32_t i = 0; i < set->length_count && set->lengths[i].len <= key.len; i++) {
        struct prefix *prefix = prefix_set_find(set, slice_make(key.data, set->lengths[i].len));
        if (prefix != NULL) {
            matches++;
            if (visit != NULL) {
                visit(context, prefix);
            }
        }
    }
    return matches;
}

bool prefixes_overlap(struct slice one, struct slice other)
{
    size_t common = one.len < other.len ? one.len : other.len;
    return common == 0 || memcmp(one.data, other.data, common) == 0;
}

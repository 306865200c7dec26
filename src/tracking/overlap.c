/* SPDX-License-Identifier: BSD-3-Clause */
/* Overlaps of prefixes, by sorting: what begins with a prefix stands right behind it.
 * Owner: the caller. Locks: none. */
#include "sherd/tracking/overlap.h"

#include <stdlib.h>

enum { NOWHERE = UINT32_MAX };

static bool begins_with(struct slice text, struct slice prefix)
{
    return prefix.len == 0 || (text.len >= prefix.len && memcmp(text.data, prefix.data, prefix.len) == 0);
}

static bool overlaps(struct slice one, struct slice other)
{
    return begins_with(one, other) || begins_with(other, one);
}

static int compare(const void *one, const void *other)
{
    const struct given_prefix *left = one;
    const struct given_prefix *right = other;
    int order = slice_compare(left->text, right->text);
    return order != 0 ? order : (left->place > right->place) - (left->place < right->place);
}

static struct slice kept_text(struct ordered_place place)
{
    return ordered_bytes_of(ordered_entry(place)->member);
}

/* The first kept prefix that overlaps the text. */
static bool find_kept(const struct ordered *kept, struct slice text, struct slice *found)
{
    if (kept->count == 0) {
        return false;
    }
    *found = kept_text(ordered_at(kept, 0));
    if (found->len == 0) {
        return true;
    }
    struct ordered_bound bound = {.kind = ORDERED_FROM_MEMBER, .member = text};
    struct ordered_place place = ordered_seek(kept, &bound);
    if (place.rank > 0) { /* what stands between a prefix and its text begins with that prefix: so nothing does */
        *found = kept_text(ordered_at(kept, place.rank - 1));
        if (begins_with(text, *found)) {
            return true;
        }
    }
    if (place.leaf != NULL) {
        *found = kept_text(place);
        return begins_with(*found, text);
    }
    return false;
}

/* The first place of those that overlap another given one; NOWHERE when none does. */
static uint32_t first_overlapping(const struct given_prefix *sorted, uint32_t count)
{
    uint32_t first = NOWHERE;
    const struct given_prefix *root = sorted; /* the last one that begins with none before it */
    for (uint32_t i = 1; i < count; i++) {
        if (!begins_with(sorted[i].text, root->text)) {
            root = &sorted[i];
            continue;
        }
        uint32_t lower = root->place < sorted[i].place ? root->place : sorted[i].place;
        first = lower < first ? lower : first;
    }
    return first;
}

/* The first place behind that of `given` whose prefix overlaps it: there is one. */
static struct slice find_given(const struct given_prefix *all, uint32_t count, const struct given_prefix *given)
{
    const struct given_prefix *found = NULL;
    for (uint32_t i = 0; i < count; i++) {
        if (all[i].place > given->place && (found == NULL || all[i].place < found->place) &&
            overlaps(all[i].text, given->text)) {
            found = &all[i];
        }
    }
    ASSERT(found != NULL);
    return found->text;
}

bool overlap_find(const struct ordered *kept, struct given_prefix *given, uint32_t count, struct overlap *overlap)
{
    qsort(given, count, sizeof(given[0]), compare);
    uint32_t among = first_overlapping(given, count);
    uint32_t first = NOWHERE;
    const struct given_prefix *at_among = NULL;
    for (uint32_t i = 0; i < count; i++) {
        struct slice other;
        if (given[i].place == among) {
            at_among = &given[i];
        }
        if (given[i].place <= among && given[i].place < first && find_kept(kept, given[i].text, &other)) {
            first = given[i].place;
            *overlap = (struct overlap){.given = given[i].text, .other = other, .other_is_kept = true};
        }
    }
    if (first == NOWHERE && at_among != NULL) {
        *overlap = (struct overlap){.given = at_among->text, .other = find_given(given, count, at_among)};
        return true;
    }
    return first != NOWHERE;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Listpacks used from both ends: pushing and popping that moves no other element.
 * The bytes may begin anywhere in their allocation; what is free before them is the gap. Popping the first element
 * leaves its room in the gap, pushing takes it from there, and when one side has none left the bytes are moved over,
 * or a larger allocation is made.
 * Owner: whoever embeds the struct. Locks: none. */
#include "listpack_private.h"

/* Puts the bytes where `gap` is free before them. */
static void place_at(struct listpack *lp, size_t gap)
{
    unsigned char *base = lp->data - lp->gap;
    size_t all = listpack_allocated(lp);
    if (gap != lp->gap) {
        memmove(base + gap, lp->data, total_load(lp->data));
        lp->data = base + gap;
        lp->gap = (uint32_t)gap;
        lp->cap = (uint32_t)(all - gap);
    }
}

void listpack_close_gap(struct listpack *lp)
{
    place_at(lp, 0);
}

/* A larger allocation with all its room on one side. */
static void grow(struct listpack *lp, bool at_front, uint32_t all)
{
    size_t total = total_load(lp->data);
    if (!at_front && lp->gap == 0) {
        lp->data = memory_resize(lp->data, all);
        lp->cap = all;
        return;
    }
    uint32_t gap = at_front ? all - (uint32_t)total : 0;
    unsigned char *base = memory_alloc(all);
    memcpy(base + gap, lp->data, total);
    memory_free(lp->data - lp->gap);
    *lp = (struct listpack){.data = base + gap, .gap = gap, .cap = all - gap};
}

/* Makes room for `need` bytes on one side. Bytes are moved over only when that gains room for a good part of them, or
 * when the next pushes fit without more memory, so pushing stays linear. */
static void make_room(struct listpack *lp, bool at_front, size_t need)
{
    size_t total = total_load(lp->data);
    if (LIKELY(need <= (at_front ? lp->gap : lp->cap - total))) {
        return;
    }
    ASSERT(total + need <= UINT32_MAX);
    uint32_t fitting = cap_for(total + need);
    size_t all = listpack_allocated(lp);
    size_t unused = all - total;
    if (fitting > all && unused < need + total / 8) {
        grow(lp, at_front, fitting);
        return;
    }
    /* With much room both sides get some, for lists that are pushed to at both. */
    size_t wanted = unused < total / 4 + need ? unused : need + (unused - need) / 2;
    place_at(lp, at_front ? wanted : unused - wanted);
}

void listpack_push_first(struct listpack *lp, struct slice bytes)
{
    struct encoded element;
    encode_text(&element, bytes);
    size_t span = encoded_span(&element);
    make_room(lp, true, span);
    size_t total = total_load(lp->data);
    size_t count = count_load(lp->data);
    lp->data -= span;
    lp->gap -= (uint32_t)span;
    lp->cap += (uint32_t)span;
    store_le(lp->data, total + span, 4);
    store_le(lp->data + 4, count, 2);
    encoded_write(lp->data + LISTPACK_HEADER_BYTES, &element);
    count_add(lp, 1);
}

void listpack_push_last(struct listpack *lp, struct slice bytes)
{
    struct encoded element;
    encode_text(&element, bytes);
    size_t span = encoded_span(&element);
    make_room(lp, false, span);
    size_t total = total_load(lp->data);
    encoded_write(lp->data + total - 1, &element);
    lp->data[total + span - 1] = END_MARK;
    store_le(lp->data, total + span, 4);
    count_add(lp, 1);
}

void listpack_drop_first(struct listpack *lp, size_t count)
{
    size_t total = total_load(lp->data);
    size_t end = LISTPACK_HEADER_BYTES;
    for (size_t i = 0; i < count; i++) {
        ASSERT(lp->data[end] != END_MARK);
        end += element_span(lp->data + end);
    }
    count_subtract(lp, count);
    size_t stated = count_load(lp->data);
    size_t span = end - LISTPACK_HEADER_BYTES;
    lp->data += span;
    lp->gap += (uint32_t)span;
    lp->cap -= (uint32_t)span;
    store_le(lp->data, total - span, 4);
    store_le(lp->data + 4, stated, 2);
}

void listpack_trim_room(struct listpack *lp)
{
    if (listpack_allocated(lp) > 4 * listpack_bytes(lp) + 64) {
        listpack_shrink(lp);
    }
}

size_t listpack_read(const struct listpack *lp, size_t at, struct listpack_value *value)
{
    const unsigned char *from = lp->data + at;
    size_t span;
    if (from[0] < 0x80) {
        *value = (struct listpack_value){.integer = from[0], .is_integer = true};
        span = 2;
    } else if (from[0] < 0xC0) {
        size_t len = from[0] & 0x3FU;
        *value = (struct listpack_value){.text = slice_make(from + 1, len)};
        span = len + 2;
    } else {
        *value = listpack_get(lp, at);
        span = element_span(from);
    }
    return from[span] == END_MARK ? LISTPACK_NONE : at + span;
}

size_t listpack_divide(struct listpack *lp, size_t at, struct listpack *tail)
{
    size_t total = total_load(lp->data);
    size_t count = count_load(lp->data);
    size_t moved = 0;
    for (size_t next = at; next != LISTPACK_NONE; next = listpack_next(lp, next)) {
        moved++;
    }
    listpack_init(tail, LISTPACK_HEADER_BYTES + total - at);
    memcpy(tail->data + LISTPACK_HEADER_BYTES, lp->data + at, total - at);
    store_le(tail->data, LISTPACK_HEADER_BYTES + total - at, 4);
    store_le(tail->data + 4, moved < COUNT_UNKNOWN ? moved : COUNT_UNKNOWN, 2);
    lp->data[at] = END_MARK;
    store_le(lp->data, at + 1, 4);
    store_le(lp->data + 4, count != COUNT_UNKNOWN ? count - moved : COUNT_UNKNOWN, 2);
    return moved;
}

void listpack_join(struct listpack *lp, const struct listpack *more)
{
    size_t total = total_load(lp->data);
    size_t span = total_load(more->data) - LISTPACK_HEADER_BYTES - 1;
    size_t count = listpack_count(lp) + listpack_count(more);
    make_room(lp, false, span);
    memcpy(lp->data + total - 1, more->data + LISTPACK_HEADER_BYTES, span + 1);
    store_le(lp->data, total + span, 4);
    store_le(lp->data + 4, count < COUNT_UNKNOWN ? count : COUNT_UNKNOWN, 2);
}

size_t listpack_remove_equal(struct listpack *lp, struct slice bytes, size_t limit, bool the_last)
{
    size_t spared = 0; /* equal elements that stay, from the front */
    size_t at = listpack_first(lp);
    if (the_last) {
        while (at != LISTPACK_NONE && (at = listpack_find(lp, at, bytes, 0)) != LISTPACK_NONE) {
            spared++;
            at = listpack_next(lp, at);
        }
        spared = spared > limit ? spared - limit : 0;
        at = listpack_first(lp);
    }
    size_t removed = 0;
    size_t total = total_load(lp->data);
    size_t kept = 0; /* where the bytes kept so far end; 0 while nothing was removed */
    size_t from = 0; /* the beginning of those to keep next */
    while (removed < limit && at != LISTPACK_NONE && (at = listpack_find(lp, at, bytes, 0)) != LISTPACK_NONE) {
        size_t end = at + element_span(lp->data + at);
        if (spared != 0) {
            spared--;
        } else {
            if (removed++ == 0) {
                kept = at;
            } else {
                memmove(lp->data + kept, lp->data + from, at - from);
                kept += at - from;
            }
            from = end;
        }
        at = lp->data[end] == END_MARK ? LISTPACK_NONE : end;
    }
    if (removed != 0) {
        memmove(lp->data + kept, lp->data + from, total - from);
        store_le(lp->data, kept + total - from, 4);
        count_subtract(lp, removed);
    }
    return removed;
}

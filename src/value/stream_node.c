/* SPDX-License-Identifier: BSD-3-Clause */
/* The layout of stream entries inside one listpack.
 * Owner: the stream. Locks: none. */
#include "sherd/value/stream_node.h"

#define FLAG_DELETED       1
#define FLAG_MASTER_FIELDS 2
#define HEAD_ELEMENTS      3   /* flags, ms delta, seq delta */
#define FIRST_ROOM_BYTES   128 /* grows with the entries; shrunk to fit when the next node begins */

/* The element that holds the number of fields in the master. */
static size_t field_count_at(const struct stream_node *node)
{
    size_t at = listpack_first(&node->pack);
    at = listpack_next(&node->pack, at);
    return listpack_next(&node->pack, at);
}

static size_t skip(const struct listpack *pack, size_t at, size_t elements)
{
    while (elements-- != 0) {
        at = listpack_next(pack, at);
    }
    return at;
}

static size_t skip_back(const struct listpack *pack, size_t at, size_t elements)
{
    while (elements-- != 0) {
        at = listpack_prev(pack, at);
    }
    return at;
}

void stream_node_init(struct stream_node *node, struct stream_id id, struct stream_pairs pairs)
{
    node->master = id;
    listpack_init(&node->pack, FIRST_ROOM_BYTES);
    listpack_append_int(&node->pack, 0);
    listpack_append_int(&node->pack, 0);
    listpack_append_int(&node->pack, (int64_t)pairs.count);
    for (size_t i = 0; i < pairs.count; i++) {
        listpack_append(&node->pack, pairs.items[2 * i]);
    }
    listpack_append_int(&node->pack, 0);
}

void stream_node_deinit(struct stream_node *node)
{
    listpack_deinit(&node->pack);
}

bool stream_node_is_full(const struct stream_node *node, size_t more_bytes, const struct stream_limits *limits)
{
    size_t max_bytes = limits->node_max_bytes;
    if (max_bytes == 0 || max_bytes > STREAM_NODE_MAX_BYTES) {
        max_bytes = STREAM_NODE_MAX_BYTES;
    }
    if (listpack_bytes(&node->pack) + more_bytes >= max_bytes) {
        return true;
    }
    return limits->node_max_entries != 0 &&
           stream_node_live(node) + stream_node_deleted(node) >= limits->node_max_entries;
}

static bool has_master_fields(const struct stream_node *node, struct stream_pairs pairs)
{
    size_t at = field_count_at(node);
    if ((size_t)listpack_get_int(&node->pack, at) != pairs.count) {
        return false;
    }
    for (size_t i = 0; i < pairs.count; i++) {
        at = listpack_next(&node->pack, at);
        if (!listpack_equals(&node->pack, at, pairs.items[2 * i])) {
            return false;
        }
    }
    return true;
}

void stream_node_append(struct stream_node *node, struct stream_id id, struct stream_pairs pairs)
{
    struct listpack *pack = &node->pack;
    bool same = has_master_fields(node, pairs);
    listpack_replace_int(pack, listpack_first(pack), (int64_t)stream_node_live(node) + 1);
    listpack_append_int(pack, same ? FLAG_MASTER_FIELDS : 0);
    /* A sequence may be smaller than the master's, hence signed; the bits wrap and come back the same. */
    listpack_append_int(pack, (int64_t)(id.ms - node->master.ms));
    listpack_append_int(pack, (int64_t)(id.seq - node->master.seq));
    if (!same) {
        listpack_append_int(pack, (int64_t)pairs.count);
    }
    for (size_t i = 0; i < pairs.count; i++) {
        if (!same) {
            listpack_append(pack, pairs.items[2 * i]);
        }
        listpack_append(pack, pairs.items[2 * i + 1]);
    }
    size_t before = HEAD_ELEMENTS + (same ? pairs.count : 2 * pairs.count + 1);
    listpack_append_int(pack, (int64_t)before);
}

size_t stream_node_live(const struct stream_node *node)
{
    return (size_t)listpack_get_int(&node->pack, listpack_first(&node->pack));
}

size_t stream_node_deleted(const struct stream_node *node)
{
    return (size_t)listpack_get_int(&node->pack, listpack_next(&node->pack, listpack_first(&node->pack)));
}

/* Reads the head of the entry whose flags are at `at`; LISTPACK_NONE gives no entry. */
static void entry_read(const struct stream_node *node, size_t at, struct stream_entry *entry)
{
    const struct listpack *pack = &node->pack;
    entry->at = at;
    if (at == LISTPACK_NONE) {
        return;
    }
    int64_t flags = listpack_get_int(pack, at);
    entry->is_deleted = (flags & FLAG_DELETED) != 0;
    entry->has_master_fields = (flags & FLAG_MASTER_FIELDS) != 0;
    at = listpack_next(pack, at);
    entry->id.ms = node->master.ms + (uint64_t)listpack_get_int(pack, at);
    at = listpack_next(pack, at);
    entry->id.seq = node->master.seq + (uint64_t)listpack_get_int(pack, at);
    entry->cursor = listpack_next(pack, at);
    if (entry->has_master_fields) {
        at = field_count_at(node);
        entry->pairs_left = (size_t)listpack_get_int(pack, at);
        entry->field_cursor = listpack_next(pack, at);
    } else {
        entry->pairs_left = (size_t)listpack_get_int(pack, entry->cursor);
        entry->cursor = listpack_next(pack, entry->cursor);
        entry->field_cursor = LISTPACK_NONE;
    }
}

/* Reads the entry that ends with the element at `end`, which counts those before it; the master's end counts 0. */
static void entry_read_back(const struct stream_node *node, size_t end, struct stream_entry *entry)
{
    size_t before = (size_t)listpack_get_int(&node->pack, end);
    entry_read(node, before == 0 ? LISTPACK_NONE : skip_back(&node->pack, end, before), entry);
}

void stream_node_first(const struct stream_node *node, struct stream_entry *entry)
{
    size_t at = field_count_at(node);
    size_t fields = (size_t)listpack_get_int(&node->pack, at);
    at = skip(&node->pack, at, fields + 1);
    entry_read(node, listpack_next(&node->pack, at), entry);
}

void stream_node_last(const struct stream_node *node, struct stream_entry *entry)
{
    entry_read_back(node, listpack_last(&node->pack), entry);
}

void stream_node_next(const struct stream_node *node, struct stream_entry *entry)
{
    size_t rest = entry->has_master_fields ? entry->pairs_left : 2 * entry->pairs_left;
    size_t end = skip(&node->pack, entry->cursor, rest);
    entry_read(node, listpack_next(&node->pack, end), entry);
}

void stream_node_prev(const struct stream_node *node, struct stream_entry *entry)
{
    entry_read_back(node, listpack_prev(&node->pack, entry->at), entry);
}

void stream_node_reread(const struct stream_node *node, struct stream_entry *entry)
{
    entry_read(node, entry->at, entry);
}

void stream_node_flag_deleted(struct stream_node *node, const struct stream_entry *entry)
{
    /* Flags take one byte whatever they are, so nothing moves. */
    listpack_replace_int(&node->pack, entry->at, FLAG_DELETED | (entry->has_master_fields ? FLAG_MASTER_FIELDS : 0));
}

void stream_node_count_deleted(struct stream_node *node, size_t count)
{
    struct listpack *pack = &node->pack;
    size_t deleted = stream_node_deleted(node) + count;
    size_t at = listpack_first(pack);
    listpack_replace_int(pack, at, (int64_t)(stream_node_live(node) - count));
    listpack_replace_int(pack, listpack_next(pack, at), (int64_t)deleted);
}

/* Reads an integer element and steps over it; false at the end or on a string. */
static bool take_int(const struct listpack *pack, size_t *at, int64_t *value)
{
    if (*at == LISTPACK_NONE) {
        return false;
    }
    struct listpack_value element = listpack_get(pack, *at);
    *value = element.integer;
    *at = listpack_next(pack, *at);
    return element.is_integer;
}

/* Steps over `elements`; false when the list ends before them. */
static bool take_any(const struct listpack *pack, size_t *at, int64_t elements)
{
    if (elements < 0) {
        return false;
    }
    for (; elements > 0; elements--) {
        if (*at == LISTPACK_NONE) {
            return false;
        }
        *at = listpack_next(pack, *at);
    }
    return true;
}

static bool take_entry(const struct listpack *pack, size_t *at, int64_t master_fields, bool *deleted)
{
    int64_t flags, delta, before;
    int64_t fields = master_fields;
    int64_t expected = HEAD_ELEMENTS + master_fields;
    if (!take_int(pack, at, &flags) || (flags & ~(FLAG_DELETED | FLAG_MASTER_FIELDS)) != 0) {
        return false;
    }
    if (!take_int(pack, at, &delta) || !take_int(pack, at, &delta)) {
        return false;
    }
    if ((flags & FLAG_MASTER_FIELDS) == 0) {
        /* More fields than bytes cannot be; the bound keeps the doubling from overflowing. */
        if (!take_int(pack, at, &fields) || fields < 0 || fields > UINT32_MAX) {
            return false;
        }
        fields *= 2;
        expected = HEAD_ELEMENTS + 1 + fields;
    }
    *deleted = (flags & FLAG_DELETED) != 0;
    return take_any(pack, at, fields) && take_int(pack, at, &before) && before == expected;
}

bool stream_node_validate(const unsigned char *data, size_t len)
{
    if (!listpack_validate(data, len)) {
        return false;
    }
    /* Only read from here on. */
    const struct listpack pack = {.data = (unsigned char *)(uintptr_t)data, .cap = (uint32_t)len};
    int64_t live, deleted, fields, end;
    size_t at = listpack_first(&pack);
    if (!take_int(&pack, &at, &live) || !take_int(&pack, &at, &deleted) || !take_int(&pack, &at, &fields)) {
        return false;
    }
    if (!take_any(&pack, &at, fields) || !take_int(&pack, &at, &end) || end != 0) {
        return false;
    }
    while (at != LISTPACK_NONE) {
        bool is_deleted;
        if (!take_entry(&pack, &at, fields, &is_deleted)) {
            return false;
        }
        live -= !is_deleted;
        deleted -= is_deleted;
    }
    return live == 0 && deleted == 0;
}

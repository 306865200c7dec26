/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading the entries of a stream in a range of ids, in either direction.
 * Owner: the iterator's holder. Locks: none. */
#include "sherd/value/stream.h"

enum {
    ENTRY_WORK = 100, /* reading an entry takes about as long as copying so many bytes */
};

/* Enters the node at iterator->place from the side where reading begins. */
static void enter_node(struct stream_iterator *iterator)
{
    iterator->node = stream_nodes_at(&iterator->stream->nodes, iterator->place);
    if (iterator->node == NULL) {
        return;
    }
    if (iterator->is_reverse) {
        stream_node_last(iterator->node, &iterator->entry);
    } else {
        stream_node_first(iterator->node, &iterator->entry);
    }
}

static void step(struct stream_iterator *iterator)
{
    if (iterator->is_reverse) {
        stream_node_prev(iterator->node, &iterator->entry);
    } else {
        stream_node_next(iterator->node, &iterator->entry);
    }
}

static void leave_node(struct stream_iterator *iterator)
{
    const struct stream_nodes *nodes = &iterator->stream->nodes;
    iterator->place =
        iterator->is_reverse ? stream_nodes_prev(nodes, iterator->place) : stream_nodes_next(nodes, iterator->place);
    enter_node(iterator);
}

void stream_iterator_init(struct stream_iterator *iterator, const struct stream *stream, struct stream_id start,
                          struct stream_id end)
{
    iterator->stream = stream;
    iterator->start = start;
    iterator->end = end;
    iterator->is_reverse = false;
    iterator->node = NULL;
    iterator->entry.at = LISTPACK_NONE;
    iterator->place = stream_nodes_floor(&stream->nodes, start);
    if (stream_nodes_at(&stream->nodes, iterator->place) == NULL) {
        iterator->place = stream_nodes_first(&stream->nodes);
    }
}

void stream_iterator_init_reverse(struct stream_iterator *iterator, const struct stream *stream, struct stream_id start,
                                  struct stream_id end)
{
    iterator->stream = stream;
    iterator->start = start;
    iterator->end = end;
    iterator->is_reverse = true;
    iterator->node = NULL;
    iterator->entry.at = LISTPACK_NONE;
    /* No node begins at or before the end: nothing is in the range, and the place is past the last node. */
    iterator->place = stream_nodes_floor(&stream->nodes, end);
}

size_t stream_iterator_work(const struct stream_iterator *iterator, uint64_t count, size_t enough)
{
    const struct stream_nodes *nodes = &iterator->stream->nodes;
    struct stream_place place = iterator->place;
    const struct stream_node *node;
    size_t work = 0;
    uint64_t entries = 0;
    while (work < enough && (node = stream_nodes_at(nodes, place)) != NULL) {
        uint64_t live = stream_node_live(node);
        if (count != 0 && live > count - entries) {
            live = count - entries;
        }
        entries += live;
        work += node->pack.cap + (size_t)live * ENTRY_WORK;
        bool is_last = iterator->is_reverse ? stream_id_compare(node->master, iterator->start) <= 0
                                            : stream_id_compare(node->master, iterator->end) > 0;
        if (is_last || (count != 0 && entries == count)) {
            break;
        }
        place = iterator->is_reverse ? stream_nodes_prev(nodes, place) : stream_nodes_next(nodes, place);
    }
    return work < enough ? work : enough;
}

bool stream_iterator_next(struct stream_iterator *iterator, struct stream_id *id, size_t *pairs)
{
    struct stream_entry *entry = &iterator->entry;
    if (iterator->node == NULL) {
        enter_node(iterator);
    } else {
        step(iterator);
    }
    for (; iterator->node != NULL; step(iterator)) {
        while (iterator->node != NULL && entry->at == LISTPACK_NONE) {
            leave_node(iterator);
        }
        if (iterator->node == NULL) {
            break;
        }
        bool is_below = stream_id_compare(entry->id, iterator->start) < 0;
        bool is_above = stream_id_compare(entry->id, iterator->end) > 0;
        if (iterator->is_reverse ? is_below : is_above) {
            break;
        }
        if (!is_below && !is_above && !entry->is_deleted) {
            *id = entry->id;
            *pairs = entry->pairs_left;
            return true;
        }
    }
    /* Past the end it stays, should it be asked again. */
    iterator->node = NULL;
    iterator->place.chunk = SIZE_MAX;
    return false;
}

/* Whether the entry can only be at or behind the place where the iterator stands, in the same node. */
static bool is_ahead(const struct stream_iterator *iterator, struct stream_id id)
{
    if (iterator->node == NULL || iterator->entry.at == LISTPACK_NONE ||
        stream_id_compare(id, iterator->entry.id) < 0) {
        return false;
    }
    const struct stream_nodes *nodes = &iterator->stream->nodes;
    const struct stream_node *next = stream_nodes_at(nodes, stream_nodes_next(nodes, iterator->place));
    return next == NULL || stream_id_compare(id, next->master) < 0;
}

bool stream_iterator_find(struct stream_iterator *iterator, struct stream_id id, size_t *pairs)
{
    struct stream_entry *entry = &iterator->entry;
    if (!is_ahead(iterator, id)) {
        iterator->place = stream_nodes_floor(&iterator->stream->nodes, id);
        enter_node(iterator);
    } else if (stream_id_equals(entry->id, id)) {
        /* Its pairs may have been read: it is read again from its head. */
        stream_node_reread(iterator->node, entry);
    }
    if (iterator->node == NULL) {
        return false;
    }
    while (entry->at != LISTPACK_NONE && stream_id_compare(entry->id, id) < 0) {
        stream_node_next(iterator->node, entry);
    }
    *pairs = entry->pairs_left;
    return entry->at != LISTPACK_NONE && stream_id_equals(entry->id, id) && !entry->is_deleted;
}

bool stream_iterator_pair(struct stream_iterator *iterator, struct slice *field, struct slice *value)
{
    struct stream_entry *entry = &iterator->entry;
    if (entry->pairs_left == 0) {
        return false;
    }
    const struct listpack *pack = &iterator->node->pack;
    size_t *field_cursor = entry->has_master_fields ? &entry->field_cursor : &entry->cursor;
    *field = listpack_get_text(pack, *field_cursor, iterator->field_text);
    *field_cursor = listpack_next(pack, *field_cursor);
    *value = listpack_get_text(pack, entry->cursor, iterator->value_text);
    entry->cursor = listpack_next(pack, entry->cursor);
    entry->pairs_left--;
    return true;
}

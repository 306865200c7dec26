/* SPDX-License-Identifier: BSD-3-Clause */
/* Streams: life, appending, deleting and loading. Trimming is in stream_trim.c, reading in stream_iterator.c.
 * Owner: the holder of the struct. Locks: none. */
#include "sherd/value/stream.h"

#include "sherd/base/memory.h"
#include "sherd/value/object.h"
#include "stream_private.h"

#define FREED_TOGETHER_BYTES 256 /* of groups: an allocation is about so large on average */
/* Keeps the sum of a node's elements inside the 4 GiB of the format, beside the bound on bytes. */
#define PAIRS_MAX ((size_t)1 << 24)

struct stream *stream_create(void)
{
    struct stream *stream = memory_alloc_zeroed(sizeof(*stream));
    stream_nodes_init(&stream->nodes);
    return stream;
}

void stream_destroy(struct stream *stream)
{
    if (stream != NULL) {
        stream_nodes_deinit(&stream->nodes);
        stream_groups_deinit(&stream->groups);
        memory_free(stream);
    }
}

struct stream *stream_copy(const struct stream *stream)
{
    struct stream *copy = memory_alloc(sizeof(*copy));
    *copy = *stream;
    copy->pack_bytes = 0;
    stream_nodes_init(&copy->nodes);
    stream_groups_copy(&copy->groups, &stream->groups);
    const struct stream_nodes *nodes = &stream->nodes;
    const struct stream_node *node;
    struct stream_place place = stream_nodes_first(nodes);
    for (; (node = stream_nodes_at(nodes, place)) != NULL; place = stream_nodes_next(nodes, place)) {
        struct stream_node *added = stream_nodes_append(&copy->nodes);
        added->master = node->master;
        listpack_copy(&added->pack, &node->pack);
        copy->pack_bytes += added->pack.cap;
    }
    return copy;
}

size_t stream_bytes(const struct stream *stream)
{
    return sizeof(*stream) + stream->nodes.bytes + stream->pack_bytes + stream->groups.bytes;
}

size_t stream_node_count(const struct stream *stream)
{
    return stream->nodes.count;
}

enum stream_result stream_next_id(const struct stream *stream, const struct stream_addition *addition,
                                  struct stream_id *id)
{
    struct stream_id last = stream->last_id;
    struct stream_id next = last;
    if (!stream_id_increment(&next)) {
        return STREAM_IDS_EXHAUSTED;
    }
    switch (addition->rule) {
    case STREAM_ID_AUTO:
        if (addition->now_ms > last.ms) {
            next = (struct stream_id){.ms = addition->now_ms, .seq = 0};
        }
        break;
    case STREAM_ID_AUTO_SEQUENCE:
        /* Within last_id's millisecond the next sequence number, unless there is none: "ms-*" never moves in time. */
        if (addition->id.ms != next.ms || addition->id.ms != last.ms) {
            next = (struct stream_id){.ms = addition->id.ms, .seq = 0};
        }
        break;
    case STREAM_ID_EXPLICIT:
        next = addition->id;
        break;
    }
    if (stream_id_compare(next, last) <= 0) {
        return STREAM_ID_TOO_SMALL;
    }
    *id = next;
    return STREAM_OK;
}

enum stream_result stream_append(struct stream *stream, const struct stream_addition *addition, struct stream_id *added)
{
    struct stream_id id;
    enum stream_result result = stream_next_id(stream, addition, &id);
    if (result != STREAM_OK) {
        return result;
    }
    size_t bytes = 0;
    for (size_t i = 0; i < 2 * addition->pairs.count; i++) {
        bytes += addition->pairs.items[i].len;
    }
    if (bytes > STREAM_NODE_MAX_BYTES || addition->pairs.count > PAIRS_MAX) {
        return STREAM_ENTRY_TOO_LARGE;
    }
    struct stream_node *node = stream_nodes_tail(&stream->nodes);
    if (node != NULL && stream_node_is_full(node, bytes, &addition->limits)) {
        stream->pack_bytes -= node->pack.cap;
        listpack_shrink(&node->pack);
        stream->pack_bytes += node->pack.cap;
        node = NULL;
    }
    if (node == NULL) {
        node = stream_nodes_append(&stream->nodes);
        stream_node_init(node, id, addition->pairs);
    } else {
        stream->pack_bytes -= node->pack.cap;
    }
    stream_node_append(node, id, addition->pairs);
    stream->pack_bytes += node->pack.cap;
    stream->length++;
    stream->entries_added++;
    stream->last_id = id;
    if (stream->length == 1) {
        stream->first_id = id;
    }
    *added = id;
    return STREAM_OK;
}

void stream_drop_node(struct stream *stream, struct stream_place *place)
{
    struct stream_node *node = stream_nodes_at(&stream->nodes, *place);
    stream->pack_bytes -= node->pack.cap;
    stream_node_deinit(node);
    stream_nodes_drop(&stream->nodes, place);
}

void stream_count_deleted(struct stream *stream, struct stream_node *node, size_t count)
{
    stream->pack_bytes -= node->pack.cap;
    stream_node_count_deleted(node, count);
    stream->pack_bytes += node->pack.cap;
}

void stream_refresh_first_id(struct stream *stream)
{
    struct stream_iterator iterator;
    size_t pairs;
    stream_iterator_init(&iterator, stream, STREAM_ID_MIN, STREAM_ID_MAX);
    if (!stream_iterator_next(&iterator, &stream->first_id, &pairs)) {
        stream->first_id = STREAM_ID_MIN;
    }
}

bool stream_delete(struct stream *stream, struct stream_id id)
{
    struct stream_iterator iterator;
    struct stream_id found;
    size_t pairs;
    stream_iterator_init(&iterator, stream, id, id);
    if (!stream_iterator_next(&iterator, &found, &pairs)) {
        return false;
    }
    struct stream_node *node = stream_nodes_at(&stream->nodes, iterator.place);
    if (stream_node_live(node) == 1) {
        stream_drop_node(stream, &iterator.place);
    } else {
        stream_node_flag_deleted(node, &iterator.entry);
        stream_count_deleted(stream, node, 1);
    }
    stream->length--;
    if (stream_id_compare(id, stream->max_deleted_entry_id) > 0) {
        stream->max_deleted_entry_id = id;
    }
    if (stream->length == 0) {
        stream->first_id = STREAM_ID_MIN;
    } else if (stream_id_equals(id, stream->first_id)) {
        stream_refresh_first_id(stream);
    }
    return true;
}

bool stream_contains(const struct stream *stream, struct stream_id id)
{
    struct stream_iterator iterator;
    struct stream_id found;
    size_t pairs;
    stream_iterator_init(&iterator, stream, id, id);
    return stream_iterator_next(&iterator, &found, &pairs);
}

enum status stream_load_node(struct stream *stream, struct stream_id master, unsigned char *data, size_t len)
{
    const struct stream_node *tail = stream_nodes_tail(&stream->nodes);
    if ((tail != NULL && stream_id_compare(master, tail->master) <= 0) || !stream_node_validate(data, len)) {
        return STATUS_INVALID;
    }
    struct stream_node *node = stream_nodes_append(&stream->nodes);
    node->master = master;
    listpack_adopt(&node->pack, data, len);
    stream->pack_bytes += node->pack.cap;
    stream->length += stream_node_live(node);
    return STATUS_OK;
}

static void class_free(void *object)
{
    stream_destroy(object);
}

static size_t class_bytes(const void *object)
{
    return stream_bytes(object);
}

static void *class_copy(const void *object)
{
    return stream_copy(object);
}

static const char *class_encoding(const void *object)
{
    (void)object;
    return "stream";
}

static size_t class_elements(const void *object)
{
    const struct stream *stream = object;
    return stream_node_count(stream) + stream->groups.bytes / FREED_TOGETHER_BYTES;
}

static void digest_number(struct digest *digest, int64_t number)
{
    digest_mix(digest, slice_make(&number, sizeof(number)));
}

static void digest_group(const struct stream_group *group, struct digest *digest)
{
    digest_mix(digest, stream_group_name(group));
    digest_mix(digest, slice_make(&group->last_id, sizeof(group->last_id)));
    digest_number(digest, group->entries_read);
    for (uint32_t i = 0; i < group->consumer_count; i++) {
        digest_mix(digest, stream_consumer_name(group->consumers[i]));
        digest_number(digest, group->consumers[i]->seen_ms);
        digest_number(digest, group->consumers[i]->active_ms);
    }
    struct stream_index_place place = {.chunk = 0};
    const struct stream_pending *pending;
    for (; (pending = stream_index_at(&group->pending, place)) != NULL;
         place = stream_index_next(&group->pending, place)) {
        digest_mix(digest, slice_make(&pending->id, sizeof(pending->id)));
        digest_number(digest, pending->delivered_ms);
        digest_number(digest, (int64_t)pending->deliveries);
        digest_mix(digest, stream_consumer_name(pending->consumer));
    }
}

static void class_digest(const void *object, struct digest *digest)
{
    struct stream_iterator iterator;
    stream_iterator_init(&iterator, object, STREAM_ID_MIN, STREAM_ID_MAX);
    struct stream_id id;
    size_t pairs;
    while (stream_iterator_next(&iterator, &id, &pairs)) {
        digest_mix(digest, slice_make(&id, sizeof(id)));
        struct slice field;
        struct slice value;
        while (stream_iterator_pair(&iterator, &field, &value)) {
            digest_mix(digest, field);
            digest_mix(digest, value);
        }
    }
    const struct stream_groups *groups = &((const struct stream *)object)->groups;
    for (uint32_t i = 0; i < groups->count; i++) {
        digest_group(groups->items[i], digest);
    }
}

const struct value_class stream_class = {.name = "stream",
                                         .free = class_free,
                                         .bytes = class_bytes,
                                         .copy = class_copy,
                                         .encoding = class_encoding,
                                         .elements = class_elements,
                                         .digest = class_digest};

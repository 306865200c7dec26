/* SPDX-License-Identifier: BSD-3-Clause */
/* Trimming a stream from its old end, node by node and, when it is to be exact, entry by entry in the last node.
 * Owner: the holder of the stream. Locks: none. */
#include "stream_private.h"

/* Whether all of the first node is to go. */
static bool node_goes(const struct stream *stream, const struct stream_node *node,
                      const struct stream_trimming *trimming)
{
    if (trimming->strategy == STREAM_TRIM_MAXLEN) {
        return stream->length - stream_node_live(node) >= trimming->maxlen;
    }
    struct stream_entry last;
    stream_node_last(node, &last);
    return last.at == LISTPACK_NONE || stream_id_compare(last.id, trimming->minid) < 0;
}

/* Flags entries at the front of the node until the bound holds; gives how many. */
static size_t trim_within(struct stream *stream, struct stream_node *node, const struct stream_trimming *trimming)
{
    size_t removed = 0;
    struct stream_entry entry;
    for (stream_node_first(node, &entry); entry.at != LISTPACK_NONE; stream_node_next(node, &entry)) {
        if (trimming->strategy == STREAM_TRIM_MAXLEN ? stream->length <= trimming->maxlen
                                                     : stream_id_compare(entry.id, trimming->minid) >= 0) {
            break;
        }
        if (!entry.is_deleted) {
            stream_node_flag_deleted(node, &entry);
            stream->length--;
            removed++;
        }
    }
    if (removed != 0) {
        stream_count_deleted(stream, node, removed);
    }
    return removed;
}

uint64_t stream_trim(struct stream *stream, const struct stream_trimming *trimming)
{
    uint64_t removed = 0;
    struct stream_place place = stream_nodes_first(&stream->nodes);
    struct stream_node *node;
    while ((node = stream_nodes_at(&stream->nodes, place)) != NULL) {
        if (trimming->strategy == STREAM_TRIM_MAXLEN && stream->length <= trimming->maxlen) {
            break;
        }
        size_t live = stream_node_live(node);
        if (trimming->limit != 0 && removed + live > trimming->limit) {
            break;
        }
        if (!node_goes(stream, node, trimming)) {
            if (!trimming->is_approximate) {
                removed += trim_within(stream, node, trimming);
            }
            break;
        }
        stream_drop_node(stream, &place);
        stream->length -= live;
        removed += live;
    }
    if (stream->length == 0) {
        stream->first_id = STREAM_ID_MIN;
    } else if (removed != 0) {
        stream_refresh_first_id(stream);
    }
    return removed;
}

size_t stream_trim_work(const struct stream *stream, const struct stream_trimming *trimming, size_t enough)
{
    const struct stream_nodes *nodes = &stream->nodes;
    struct stream_place place = stream_nodes_first(nodes);
    const struct stream_node *node = stream_nodes_at(nodes, place);
    size_t work = 0;
    for (uint64_t removed = 0; node != NULL && work < enough; work++) {
        size_t live = stream_node_live(node);
        removed += live;
        place = stream_nodes_next(nodes, place);
        node = stream_nodes_at(nodes, place);
        bool goes = trimming->strategy == STREAM_TRIM_MAXLEN
                        ? stream->length - removed >= trimming->maxlen
                        : node == NULL || stream_id_compare(node->master, trimming->minid) <= 0;
        if (!goes || (trimming->limit != 0 && removed > trimming->limit)) {
            break;
        }
    }
    return work;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* One node of a stream: a listpack that holds a run of entries, in the layout of Redis, because RDB files and DUMP
 * payloads carry nodes verbatim and approximate trimming drops whole nodes.
 *
 *   master: live | deleted | fields | field ... | 0
 *   entry:  flags | ms delta | seq delta | value ... | elements before this one          with the master's fields
 *           flags | ms delta | seq delta | fields | field | value ... | elements before  otherwise
 *
 * The master is the first entry's list of field names; an entry with the same list stores only values. Deltas are
 * relative to the id of the first entry, which names the node. A deleted entry stays, flagged, until its node goes.
 * Owner: the stream. Locks: none. */
#ifndef SHERD_VALUE_STREAM_NODE_H
#define SHERD_VALUE_STREAM_NODE_H

#include "sherd/container/listpack.h"
#include "sherd/value/stream_id.h"

#define STREAM_NODE_MAX_BYTES ((size_t)1 << 30) /* no node is allowed to grow beyond this, whatever is configured */

struct stream_node {
    struct stream_id master; /* id of the first entry ever put into it */
    struct listpack pack;
};

/* When to begin a new node: options stream-node-max-bytes and stream-node-max-entries; 0 means no limit. */
struct stream_limits {
    size_t node_max_bytes;
    size_t node_max_entries;
};

/* The field-value pairs of an entry: items[0] is a field, items[1] its value, and so on. Borrowed. */
struct stream_pairs {
    const struct slice *items;
    size_t count; /* pairs, half the number of items */
};

/* A place in a node: what the head of one entry says, and how far its content has been read. */
struct stream_entry {
    size_t at; /* element with the flags; LISTPACK_NONE for no entry */
    struct stream_id id;
    bool is_deleted;
    bool has_master_fields;
    size_t pairs_left;   /* pairs not yet read */
    size_t cursor;       /* next element of the entry to read */
    size_t field_cursor; /* next field of the master, when has_master_fields */
};

/* A node without entries whose master has the field names of `pairs`. */
void stream_node_init(struct stream_node *node, struct stream_id id, struct stream_pairs pairs);
void stream_node_deinit(struct stream_node *node);
/* Whether an entry with that many bytes of fields and values has to go into a new node. */
bool stream_node_is_full(const struct stream_node *node, size_t more_bytes, const struct stream_limits *limits);
/* `id` is greater than all in the node. */
void stream_node_append(struct stream_node *node, struct stream_id id, struct stream_pairs pairs);

size_t stream_node_live(const struct stream_node *node);
size_t stream_node_deleted(const struct stream_node *node);

/* Reads the head of an entry, deleted ones included; `at` is LISTPACK_NONE in the result past either end.
 * `entry` for next and prev is any place in the node; next wants it as the head left it or partly read. */
void stream_node_first(const struct stream_node *node, struct stream_entry *entry);
void stream_node_last(const struct stream_node *node, struct stream_entry *entry);
void stream_node_next(const struct stream_node *node, struct stream_entry *entry);
void stream_node_prev(const struct stream_node *node, struct stream_entry *entry);
/* Goes back to the head of the same entry. */
void stream_node_reread(const struct stream_node *node, struct stream_entry *entry);

/* Flags the entry; the counts are put right by stream_node_count_deleted once for many. */
void stream_node_flag_deleted(struct stream_node *node, const struct stream_entry *entry);
/* Moves `count` entries from live to deleted; places in the node become invalid. */
void stream_node_count_deleted(struct stream_node *node, size_t count);

/* Whether untrusted bytes are a listpack of this layout, with counts that hold. */
NODISCARD bool stream_node_validate(const unsigned char *data, size_t len);

#endif

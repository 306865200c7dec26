/* SPDX-License-Identifier: BSD-3-Clause */
/* The stream data type: an append-only log of entries, each an id and a list of field-value pairs.
 * Semantics of XADD, XTRIM, XDEL, XRANGE, XSETID (https://redis.io/docs/latest/develop/data-types/streams/); the
 * entries live in nodes laid out as Redis lays them out (stream_node.h), so that "~" trimming removes the same entries.
 * Owner: the holder of the struct; one thread changes it at a time, readers want it unchanged. Locks: none. */
#ifndef SHERD_VALUE_STREAM_H
#define SHERD_VALUE_STREAM_H

#include "sherd/value/stream_group.h"
#include "sherd/value/stream_nodes.h"

struct stream {
    struct stream_nodes nodes;
    size_t pack_bytes;                     /* memory of the nodes' listpacks */
    uint64_t length;                       /* entries that are not deleted */
    uint64_t entries_added;                /* ever; XSETID and loading may set it */
    struct stream_id first_id;             /* of the first entry not deleted; 0-0 when empty */
    struct stream_id last_id;              /* the greatest ever given out, deleted or not; XSETID may set it */
    struct stream_id max_deleted_entry_id; /* the greatest ever deleted by id, not by trimming; XSETID may set it */
    struct stream_groups groups;
};

enum stream_result {
    STREAM_OK = 0,
    STREAM_ID_TOO_SMALL,    /* not greater than last_id */
    STREAM_IDS_EXHAUSTED,   /* last_id is the greatest id there is */
    STREAM_ENTRY_TOO_LARGE, /* more than 1 GiB of fields and values */
};

enum stream_id_rule {
    STREAM_ID_EXPLICIT,      /* `id` as it is */
    STREAM_ID_AUTO_SEQUENCE, /* "ms-*": id.ms and the next free sequence number */
    STREAM_ID_AUTO,          /* "*": `now_ms`, or after last_id when the clock is behind */
};

/* What XADD asks for. */
struct stream_addition {
    enum stream_id_rule rule;
    struct stream_id id;
    uint64_t now_ms;
    struct stream_pairs pairs; /* at least one */
    struct stream_limits limits;
};

enum stream_trim_strategy {
    STREAM_TRIM_MAXLEN, /* keep the last `maxlen` entries */
    STREAM_TRIM_MINID,  /* remove entries with ids less than `minid` */
};

struct stream_trimming {
    enum stream_trim_strategy strategy;
    bool is_approximate; /* "~": only whole nodes go */
    uint64_t maxlen;
    struct stream_id minid;
    uint64_t limit; /* no node goes that would make more than so many removed; 0 = no limit. Without LIMIT, the "~"
                     * default of the commands is 100 * node_max_entries, which is the caller's to fill in. */
};

NODISCARD struct stream *stream_create(void);
void stream_destroy(struct stream *stream);
/* A deep copy. */
NODISCARD struct stream *stream_copy(const struct stream *stream);
/* Memory in use, the struct and its groups included. O(1). */
size_t stream_bytes(const struct stream *stream);
/* "radix-tree-keys" of XINFO. */
size_t stream_node_count(const struct stream *stream);

/* Appends an entry; its id is put into `*added` on success, and nothing changes otherwise. O(entry). */
NODISCARD enum stream_result stream_append(struct stream *stream, const struct stream_addition *addition,
                                           struct stream_id *added);
/* The id that stream_append would give; the same errors, but for the size. */
NODISCARD enum stream_result stream_next_id(const struct stream *stream, const struct stream_addition *addition,
                                            struct stream_id *id);
/* Gives the number of entries removed. O(nodes removed), and one node's entries when exact. */
uint64_t stream_trim(struct stream *stream, const struct stream_trimming *trimming);
/* How many whole nodes such a trim would free, counted up to `enough`: what it costs. O(result). */
size_t stream_trim_work(const struct stream *stream, const struct stream_trimming *trimming, size_t enough);
/* Whether there was such an entry; it is gone. */
bool stream_delete(struct stream *stream, struct stream_id id);
bool stream_contains(const struct stream *stream, struct stream_id id);

/* Loading: adds a node at the end, taking ownership of `data` (from memory_alloc) on success only. STATUS_INVALID when
 * the bytes are not a well formed node or `master` is not greater than the last node's. Counts its live entries into
 * `length`; ids and entries_added are the loader's to set. */
NODISCARD enum status stream_load_node(struct stream *stream, struct stream_id master, unsigned char *data, size_t len);

/* Walks the entries that are not deleted with ids from start to end, both included, either way round.
 * The stream must not change meanwhile. No cleanup is needed. */
struct stream_iterator {
    const struct stream *stream;
    struct stream_id start, end;
    bool is_reverse;
    struct stream_place place;
    const struct stream_node *node; /* NULL when done */
    struct stream_entry entry;
    char field_text[LISTPACK_INT_TEXT_BYTES];
    char value_text[LISTPACK_INT_TEXT_BYTES];
};

void stream_iterator_init(struct stream_iterator *iterator, const struct stream *stream, struct stream_id start,
                          struct stream_id end);
/* From end to start. */
void stream_iterator_init_reverse(struct stream_iterator *iterator, const struct stream *stream, struct stream_id start,
                                  struct stream_id end);
/* What reading the range from a fresh iterator costs when it stops after `count` entries (0: never): the bytes of the
 * nodes concerned and 100 for each entry; a rough estimate, which stops at `enough`. O(nodes seen). */
size_t stream_iterator_work(const struct stream_iterator *iterator, uint64_t count, size_t enough);
/* Steps to the next entry: gives its id and number of pairs; false at the end of the range. */
NODISCARD bool stream_iterator_next(struct stream_iterator *iterator, struct stream_id *id, size_t *pairs);
/* Moves to the entry with that very id, anywhere in the stream and whatever the range; false when there is none or it
 * is deleted. Going forwards within a node costs the entries passed. Not to be mixed with stream_iterator_next. */
NODISCARD bool stream_iterator_find(struct stream_iterator *iterator, struct stream_id id, size_t *pairs);
/* The next pair of the current entry, false after the last. The slices are valid until the next call for this
 * iterator, or until the stream changes. */
NODISCARD bool stream_iterator_pair(struct stream_iterator *iterator, struct slice *field, struct slice *value);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* A quicklist: a long list kept as a sequence of nodes, each a listpack of some elements or one large element alone.
 *
 *   list -> chunk <-> chunk <-> chunk          a chunk: up to 64 nodes in order and how many elements they hold
 *             |
 *             nodes: [pack][pack][plain][pack]  a node: its kind, its elements' number, its bytes
 *
 * Both ends cost O(1); an index costs a hop for each chunk, then for each node of one chunk, then a walk in one node.
 * Nodes further than `compress_depth` from both ends are kept compressed (LZF) when that saves anything.
 * Limits of a node are those of Redis's list-max-listpack-size: positive, elements, and then 8 KiB at most; negative -1
 * to -5, 4 to 64 KiB. An element beyond the limit in bytes stands alone in a plain node, as a blob that replies may
 * reference.
 * Owner: whoever embeds or creates it; readers want it unchanged. Locks: none. */
#ifndef SHERD_CONTAINER_QUICKLIST_H
#define SHERD_CONTAINER_QUICKLIST_H

#include "sherd/base/blob.h"
#include "sherd/container/listpack.h"

enum quicklist_end {
    QUICKLIST_FRONT,
    QUICKLIST_BACK,
};

struct quicklist_chunk;

struct quicklist {
    struct quicklist_chunk *first; /* owned, with all that follow; NULL when there are no nodes */
    struct quicklist_chunk *last;
    uint64_t count;          /* elements */
    uint64_t nodes;          /* nodes */
    size_t plain_bytes;      /* elements of so many bytes stand alone; 0: those beyond the limit of a node */
    int32_t node_size;       /* as list-max-listpack-size, in range */
    uint32_t compress_depth; /* nodes left plain at either end; 0: nothing is compressed */
};

/* What an element may be added as. */
struct quicklist_source {
    struct slice text;
    struct blob *blob; /* NULL, or a blob with that text, of which a reference is taken when that saves the copy */
};

/* An element that was found: valid until the list changes, or until the iterator moves on. */
struct quicklist_item {
    struct listpack_value value;
    struct blob *blob; /* NULL, or what holds value.text; references may be taken */
};

/* Where an element stands: valid until the list changes. */
struct quicklist_place {
    struct quicklist_chunk *chunk; /* NULL: nowhere */
    uint32_t node;
    size_t at;
};

/* Settings as configured, out of range or not: they are bounded as Redis bounds them. */
NODISCARD struct quicklist *quicklist_create(int64_t node_size, int64_t compress_depth, size_t plain_bytes);
void quicklist_destroy(struct quicklist *list);
/* A deep copy; large elements are shared. */
NODISCARD struct quicklist *quicklist_copy(const struct quicklist *list);
/* Memory in use; estimated from the first nodes when there are many. */
size_t quicklist_bytes(const struct quicklist *list);
/* Would a node with so many bytes and elements exceed a limit that is configured as `node_size`? */
bool quicklist_exceeds(int64_t node_size, size_t bytes, uint64_t count);
/* The limits themselves: UINT64_MAX for the one that a size of that sign does not have. */
void quicklist_limits(int64_t node_size, uint64_t *bytes, uint64_t *count);

void quicklist_push(struct quicklist *list, enum quicklist_end end, struct quicklist_source source);
/* The element at an end; the list is not empty. */
struct quicklist_item quicklist_peek(const struct quicklist *list, enum quicklist_end end);
/* Removes `count` elements, of which there are as many. O(nodes), and the elements removed of one node. */
void quicklist_drop(struct quicklist *list, enum quicklist_end end, uint64_t count);

/* Adds a whole node at the back; takes ownership of the bytes of `pack`, which has elements. */
void quicklist_append_pack(struct quicklist *list, struct listpack pack);
/* Whether there is one node and it is a listpack; then the second gives its bytes (uncompressed), the third takes it
 * out, and leaves the list empty. */
bool quicklist_is_one_pack(const struct quicklist *list);
size_t quicklist_one_pack_bytes(const struct quicklist *list);
struct listpack quicklist_take_pack(struct quicklist *list);

/* Replaces the element of that index, below the count. */
void quicklist_replace(struct quicklist *list, uint64_t index, struct quicklist_source source);
/* Inserts before or after an element that an iterator gave. */
void quicklist_insert(struct quicklist *list, struct quicklist_place place, bool after, struct quicklist_source source);
/* Removes elements from `start` on, of which there are `count`. */
void quicklist_delete_range(struct quicklist *list, uint64_t start, uint64_t count);
/* Removes at most `limit` elements equal to `text`, from the front or from the back; gives how many. O(n) */
uint64_t quicklist_remove_equal(struct quicklist *list, struct slice text, uint64_t limit, enum quicklist_end from);

/* Walks from an element towards one end. The list must not change meanwhile. Needs quicklist_iterator_finish. */
struct quicklist_iterator {
    struct quicklist_place place; /* of the element to give next; `at` LISTPACK_NONE: in another node, if any */
    struct quicklist_place given; /* of the element given last */
    struct listpack pack;         /* the node's bytes, borrowed; data NULL: it is one large element */
    struct quicklist_item plain;
    unsigned char *scratch; /* owned: the node uncompressed */
    bool is_reverse;
};

/* `index` below the count. */
void quicklist_iterator_init(struct quicklist_iterator *iterator, const struct quicklist *list, uint64_t index,
                             bool is_reverse);
/* The same walk over a listpack of its own, as if it were a list of one node. */
void quicklist_iterator_init_pack(struct quicklist_iterator *iterator, const struct listpack *pack, uint64_t index,
                                  bool is_reverse);
NODISCARD bool quicklist_iterator_next(struct quicklist_iterator *iterator, struct quicklist_item *item);
void quicklist_iterator_finish(struct quicklist_iterator *iterator);

/* For DEBUG: how many nodes are compressed. O(n) */
uint64_t quicklist_compressed(const struct quicklist *list);

#endif

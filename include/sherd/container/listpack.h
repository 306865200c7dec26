/* SPDX-License-Identifier: BSD-3-Clause */
/* A listpack: a list of strings and integers packed into one run of bytes, readable in both directions.
 * The bytes are exactly those of the Redis format, because RDB files and DUMP payloads carry them verbatim:
 *
 *   total bytes (u32 LE) | elements (u16 LE, 65535 = unknown, count by walking) | element ... | 0xFF
 *   element = encoding and content | the length of that in 1 to 5 bytes, readable backwards
 *
 *   0xxxxxxx 7 bit unsigned       110xxxxx +1 13 bit signed       F1 +2  F2 +3  F3 +4  F4 +8  signed, LE
 *   10xxxxxx string up to 63      1110xxxx +1 string up to 4095   F0 +4 string up to 2^32-1
 *
 * A string that is the canonical text of a signed 64 bit integer is stored as that integer.
 * Elements are named by their offset from the start of the bytes; 0 (LISTPACK_NONE) names none. Offsets at or after
 * the place of a change become invalid with it. A slice handed to a call that changes the list must not point into it.
 * The caller bounds what it adds: the format ends at 4 GiB, and crossing that is a broken invariant.
 * Owner: whoever embeds the struct. Locks: none. */
#ifndef SHERD_CONTAINER_LISTPACK_H
#define SHERD_CONTAINER_LISTPACK_H

#include "sherd/base/slice.h"

#define LISTPACK_NONE           ((size_t)0)
#define LISTPACK_HEADER_BYTES   6
#define LISTPACK_INT_TEXT_BYTES 24 /* room for the text of any integer element */

struct listpack {
    unsigned char *data; /* owned; the format above */
    uint32_t cap;        /* bytes allocated from there on */
    uint32_t gap;        /* bytes allocated before it: room that pushing and popping at the front keeps */
};

/* One element: an integer, or text borrowed from the listpack until its next change. */
struct listpack_value {
    struct slice text;
    int64_t integer;
    bool is_integer;
};

/* An empty list with room for about `reserve_bytes` in all. */
void listpack_init(struct listpack *lp, size_t reserve_bytes);
void listpack_deinit(struct listpack *lp);
/* Takes ownership of `data` (from memory_alloc), which listpack_validate accepted with this length. */
void listpack_adopt(struct listpack *lp, unsigned char *data, size_t len);
/* Initialises `copy` as an exact-sized copy. */
void listpack_copy(struct listpack *copy, const struct listpack *original);
/* Gives back the room that was kept for growth. */
void listpack_shrink(struct listpack *lp);

/* Whole size in bytes, header and end mark included. */
size_t listpack_bytes(const struct listpack *lp);
/* Number of elements; O(n) only when there are 65535 or more. */
size_t listpack_count(const struct listpack *lp);

/* Walking. All give LISTPACK_NONE past either end. `at` is a valid element. */
size_t listpack_first(const struct listpack *lp);
size_t listpack_last(const struct listpack *lp);
size_t listpack_next(const struct listpack *lp, size_t at);
size_t listpack_prev(const struct listpack *lp, size_t at);
/* The element of that index: 0 is the first, -1 the last. O(n), from the nearer end. */
size_t listpack_seek(const struct listpack *lp, int64_t index);

/* The element at `at`, and where the next one is: as listpack_get and listpack_next together. */
NODISCARD size_t listpack_read(const struct listpack *lp, size_t at, struct listpack_value *value);
struct listpack_value listpack_get(const struct listpack *lp, size_t at);
/* The element as text; integers are printed into `text`. */
struct slice listpack_get_text(const struct listpack *lp, size_t at, char text[LISTPACK_INT_TEXT_BYTES]);
/* The element, known to be an integer. */
int64_t listpack_get_int(const struct listpack *lp, size_t at);
bool listpack_equals(const struct listpack *lp, size_t at, struct slice bytes);
/* The first element equal to `bytes` among `from` and every (skip+1)-th after it; LISTPACK_NONE when there is none. */
size_t listpack_find(const struct listpack *lp, size_t from, struct slice bytes, size_t skip);

void listpack_append(struct listpack *lp, struct slice bytes);
void listpack_append_int(struct listpack *lp, int64_t value);
/* Inserts before `at`, or at the end for LISTPACK_NONE; gives the new element. */
size_t listpack_insert(struct listpack *lp, size_t at, struct slice bytes);
size_t listpack_insert_int(struct listpack *lp, size_t at, int64_t value);
/* `at` keeps naming the replaced element. */
void listpack_replace(struct listpack *lp, size_t at, struct slice bytes);
void listpack_replace_int(struct listpack *lp, size_t at, int64_t value);
/* Removes `at` and up to `count`-1 elements after it; gives what follows, or LISTPACK_NONE. */
size_t listpack_delete_range(struct listpack *lp, size_t at, size_t count);
size_t listpack_delete(struct listpack *lp, size_t at);

/* Both ends, for what is pushed and popped there often: room is kept before the first element, so either end costs the
 * element alone. Memory grows by the allocator's next size and no more. Offsets change with every call. */
void listpack_push_first(struct listpack *lp, struct slice bytes);
void listpack_push_last(struct listpack *lp, struct slice bytes);
/* Removes the first `count` elements, of which there are as many. O(bytes removed). */
void listpack_drop_first(struct listpack *lp, size_t count);
/* Gives back most of the room when the list has lost most of its elements. */
void listpack_trim_room(struct listpack *lp);
/* Removes at most `limit` elements equal to `bytes`, the first or the last ones; gives how many. O(n) */
size_t listpack_remove_equal(struct listpack *lp, struct slice bytes, size_t limit, bool the_last);
/* Moves the elements from `at` on, which is not the first, to `tail`, which is initialised; gives how many. */
size_t listpack_divide(struct listpack *lp, size_t at, struct listpack *tail);
/* Appends the elements of `more`, which stays as it is. */
void listpack_join(struct listpack *lp, const struct listpack *more);
/* Bytes allocated, room at both ends included. */
static inline size_t listpack_allocated(const struct listpack *lp)
{
    return (size_t)lp->cap + lp->gap;
}

/* Whether `len` untrusted bytes are one well formed listpack that every function above can walk safely. */
NODISCARD bool listpack_validate(const unsigned char *data, size_t len);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of a set: which encoding it has. An allocation of 16 bytes, because there are many small sets.
 * Owner: the set. Locks: none. */
#ifndef SHERD_VALUE_SET_PRIVATE_H
#define SHERD_VALUE_SET_PRIVATE_H

#include "sherd/base/number.h"
#include "sherd/value/set.h"

struct set {
    union {
        unsigned char *data; /* of pack or ints; NULL: there is a table */
        struct listpack pack;
        struct intset ints;
        struct {
            void *no_data;
            struct member_table *members;
        } big;
    };
};

_Static_assert(sizeof(struct set) == 16, "a small size class");

/* The first four bytes of the data tell what it is: an intset begins with its width, 2, 4 or 8, and a listpack with its
 * whole size, which is 7 when it is empty and at least 9 otherwise. */
static inline enum set_encoding encoding_of(const struct set *set)
{
    if (set->data == NULL) {
        return SET_TABLE;
    }
    bool is_small = set->data[0] <= 8 && (set->data[1] | set->data[2] | set->data[3]) == 0;
    return is_small && set->data[0] != LISTPACK_HEADER_BYTES + 1 ? SET_INTSET : SET_LISTPACK;
}

/* Makes the set a table, with what it has. */
void set_convert_to_table(struct set *set, const struct hash_key *hash_key);

#endif

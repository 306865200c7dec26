/* SPDX-License-Identifier: BSD-3-Clause */
/* What every data type can do, whatever it is: the rows of value/types.def as a table.
 * Strings that stand inside their key's entry are no objects; a string *object* is a blob.
 * Owner: the key that holds the object. Locks: that key's shard. */
#ifndef SHERD_VALUE_OBJECT_H
#define SHERD_VALUE_OBJECT_H

#include "sherd/base/digest.h"

enum value_type {
#define VALUE_TYPE(identifier, type) VALUE_##identifier,
#include "sherd/value/types.def"
#undef VALUE_TYPE
    VALUE_TYPE_COUNT
};

struct value_class {
    const char *name;                                          /* as TYPE answers */
    void (*free)(void *object);                                /* takes ownership */
    size_t (*bytes)(const void *object);                       /* memory held, an estimate for large collections */
    void *(*copy)(const void *object);                         /* a deep copy, the caller's */
    const char *(*encoding)(const void *object);               /* as OBJECT ENCODING answers */
    size_t (*elements)(const void *object);                    /* what freeing costs, in elements; 0 when it is empty */
    void (*digest)(const void *object, struct digest *digest); /* mixes the contents in: not how they are encoded */
    /* Of types whose elements may have deadlines of their own, else NULL: */
    int64_t (*next_deadline_ms)(const void *object); /* the earliest; INT64_MAX: no element has one. O(1) */
    size_t (*expire)(void *object, int64_t now_ms, size_t budget); /* removes elements past theirs, at most so many */
    const char *expired_event;                                     /* the keyspace event of that */
};

/* Each type's own. */
#define VALUE_TYPE(identifier, type) extern const struct value_class type##_class;
#include "sherd/value/types.def"
#undef VALUE_TYPE

const struct value_class *value_class(enum value_type type);
/* Finds a type by its name, any case; VALUE_TYPE_COUNT when there is none. */
enum value_type value_type_by_name(struct slice name);

#endif

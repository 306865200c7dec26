/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of data types, built from value/types.def.
 * Owner: nobody, the table is constant. Locks: none. */
#include "sherd/value/object.h"

static const struct value_class *const classes[VALUE_TYPE_COUNT] = {
#define VALUE_TYPE(identifier, type) [VALUE_##identifier] = &type##_class,
#include "sherd/value/types.def"
#undef VALUE_TYPE
};

const struct value_class *value_class(enum value_type type)
{
    ASSERT(type < VALUE_TYPE_COUNT);
    return classes[type];
}

enum value_type value_type_by_name(struct slice name)
{
    for (unsigned i = 0; i < VALUE_TYPE_COUNT; i++) {
        if (slice_equals_word(name, classes[i]->name)) {
            return (enum value_type)i;
        }
    }
    return VALUE_TYPE_COUNT;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of data types, built from value/types.def.
 * Owner: nobody, the table is constant. Locks: none. */
#include "sherd/value/object.h"

#include "sherd/base/blob.h"
#include "sherd/value/stream.h"

static void string_value_free(void *object)
{
    blob_release(object);
}

static size_t string_value_bytes(const void *object)
{
    const struct blob *blob = object;
    return sizeof(*blob) + blob->cap;
}

static void *string_value_copy(const void *object)
{
    return blob_from_slice(blob_slice(object));
}

static const char *string_value_encoding(const void *object)
{
    (void)object;
    return "raw";
}

static size_t string_value_elements(const void *object)
{
    (void)object;
    return 1;
}

static void string_value_digest(const void *object, struct digest *digest)
{
    digest_mix(digest, blob_slice(object));
}

static void stream_value_free(void *object)
{
    stream_destroy(object);
}

static size_t stream_value_bytes(const void *object)
{
    return stream_bytes(object);
}

static void *stream_value_copy(const void *object)
{
    return stream_copy(object);
}

static const char *stream_value_encoding(const void *object)
{
    (void)object;
    return "stream";
}

static size_t stream_value_elements(const void *object)
{
    return stream_node_count(object);
}

static void stream_value_digest(const void *object, struct digest *digest)
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
}

static const struct value_class classes[VALUE_TYPE_COUNT] = {
#define VALUE_TYPE(identifier, type_name, prefix)                                                                      \
    [VALUE_##identifier] = {.name = (type_name),                                                                       \
                            .free = prefix##_value_free,                                                               \
                            .bytes = prefix##_value_bytes,                                                             \
                            .copy = prefix##_value_copy,                                                               \
                            .encoding = prefix##_value_encoding,                                                       \
                            .elements = prefix##_value_elements,                                                       \
                            .digest = prefix##_value_digest},
#include "sherd/value/types.def"
#undef VALUE_TYPE
};

const struct value_class *value_class(enum value_type type)
{
    ASSERT(type < VALUE_TYPE_COUNT);
    return &classes[type];
}

enum value_type value_type_by_name(struct slice name)
{
    for (unsigned i = 0; i < VALUE_TYPE_COUNT; i++) {
        if (slice_equals_word(name, classes[i].name)) {
            return (enum value_type)i;
        }
    }
    return VALUE_TYPE_COUNT;
}

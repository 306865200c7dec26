/* SPDX-License-Identifier: BSD-3-Clause */
/* The string type as far as it is an object: a blob. Shorter strings stand inside their key's entry.
 * Owner: the key that holds the blob, or whoever shares it. Locks: none; the count of a blob is atomic. */
#include "sherd/base/blob.h"
#include "sherd/value/object.h"

static void string_free(void *object)
{
    blob_release(object);
}

static size_t string_bytes(const void *object)
{
    const struct blob *blob = object;
    return sizeof(*blob) + blob->cap;
}

static void *string_copy(const void *object)
{
    return blob_from_slice(blob_slice(object));
}

static const char *string_encoding(const void *object)
{
    (void)object;
    return "raw";
}

static size_t string_elements(const void *object)
{
    (void)object;
    return 1;
}

static void string_digest(const void *object, struct digest *digest)
{
    digest_mix(digest, blob_slice(object));
}

const struct value_class string_class = {.name = "string",
                                         .free = string_free,
                                         .bytes = string_bytes,
                                         .copy = string_copy,
                                         .encoding = string_encoding,
                                         .elements = string_elements,
                                         .digest = string_digest};

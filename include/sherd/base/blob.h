/* SPDX-License-Identifier: BSD-3-Clause */
/* Reference-counted bytes: how a large value is shared between its key and the replies that still write it out.
 * The bytes may be changed in place only while there is one reference; references are taken only under the lock of
 * the value's shard, so a count of one cannot rise behind the writer's back.
 * Owner: every holder of a reference. Locks: none; the count is atomic. */
#ifndef SHERD_BASE_BLOB_H
#define SHERD_BASE_BLOB_H

#include <stdatomic.h>

#include "sherd/base/memory.h"
#include "sherd/base/slice.h"

struct blob {
    _Atomic uint32_t references; /* (a) */
    size_t len;                  /* bytes in use */
    size_t cap;                  /* bytes there is room for */
    char data[];
};

/* One reference, `len` bytes in use (uninitialised), room for at least `cap`. */
NODISCARD static inline struct blob *blob_create(size_t len, size_t cap)
{
    size_t bytes = memory_class_bytes(sizeof(struct blob) + (cap < len ? len : cap));
    struct blob *blob = memory_alloc(bytes);
    atomic_init(&blob->references, 1);
    blob->len = len;
    blob->cap = bytes - sizeof(struct blob);
    return blob;
}

NODISCARD static inline struct blob *blob_from_slice(struct slice bytes)
{
    struct blob *blob = blob_create(bytes.len, bytes.len);
    memcpy(blob->data, bytes.data, bytes.len);
    return blob;
}

/* Takes over memory of memory_alloc: the bytes move behind the head that is put before them. */
NODISCARD static inline struct blob *blob_from_bytes(char *data, size_t len)
{
    size_t bytes = memory_class_bytes(sizeof(struct blob) + len);
    struct blob *blob = memory_resize(data, bytes);
    memmove(blob->data, blob, len);
    atomic_init(&blob->references, 1);
    blob->len = len;
    blob->cap = bytes - sizeof(struct blob);
    return blob;
}

static inline struct blob *blob_reference(struct blob *blob)
{
    atomic_fetch_add_explicit(&blob->references, 1, memory_order_relaxed);
    return blob;
}

static inline void blob_release(struct blob *blob)
{
    if (atomic_fetch_sub_explicit(&blob->references, 1, memory_order_acq_rel) == 1) {
        memory_free(blob);
    }
}

/* True when the caller's reference is the only one: the bytes may be changed. */
static inline bool blob_is_sole(const struct blob *blob)
{
    return atomic_load_explicit(&blob->references, memory_order_acquire) == 1;
}

static inline struct slice blob_slice(const struct blob *blob)
{
    return (struct slice){.data = blob->data, .len = blob->len};
}

#endif

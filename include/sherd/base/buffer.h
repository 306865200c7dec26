/* SPDX-License-Identifier: BSD-3-Clause */
/* A growable run of bytes that owns its storage.
 * Owner: whoever embeds it. Locks: none. */
#ifndef SHERD_BASE_BUFFER_H
#define SHERD_BASE_BUFFER_H

#include "sherd/base/slice.h"

struct buffer {
    char *data;
    size_t len; /* bytes in use */
    size_t cap; /* bytes allocated */
};

void buffer_init(struct buffer *buffer); /* no allocation */
void buffer_deinit(struct buffer *buffer);
/* Makes room for `more` bytes after len; grows by doubling up to 1 MiB, then by an eighth or what is needed. */
void buffer_grow(struct buffer *buffer, size_t more);
/* Frees the storage when it is above `keep_bytes` and the buffer is empty. */
void buffer_shrink(struct buffer *buffer, size_t keep_bytes);
/* Drops `count` bytes from the front. */
void buffer_consume(struct buffer *buffer, size_t count);
void buffer_printf(struct buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);

static inline void buffer_reserve(struct buffer *buffer, size_t more)
{
    if (UNLIKELY(buffer->cap - buffer->len < more)) {
        buffer_grow(buffer, more);
    }
}

static ALWAYS_INLINE void buffer_append(struct buffer *buffer, const void *data, size_t len)
{
    buffer_reserve(buffer, len);
    if (len != 0) {
        memcpy(buffer->data + buffer->len, data, len);
        buffer->len += len;
    }
}

static inline void buffer_append_slice(struct buffer *buffer, struct slice bytes)
{
    buffer_append(buffer, bytes.data, bytes.len);
}

static inline struct slice buffer_slice(const struct buffer *buffer)
{
    return (struct slice){.data = buffer->data, .len = buffer->len};
}

#endif

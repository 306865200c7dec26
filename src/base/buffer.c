/* SPDX-License-Identifier: BSD-3-Clause */
/* Growth and release of owned byte runs.
 * Owner: whoever embeds the buffer. Locks: none. */
#include "sherd/base/buffer.h"

#include <stdarg.h>
#include <stdio.h>

#include "sherd/base/memory.h"

enum {
    BUFFER_FIRST_BYTES = 64,
    BUFFER_DOUBLING_BYTES = 1024 * 1024,
};

void buffer_init(struct buffer *buffer)
{
    *buffer = (struct buffer){0};
}

void buffer_deinit(struct buffer *buffer)
{
    memory_free(buffer->data);
    *buffer = (struct buffer){0};
}

void buffer_grow(struct buffer *buffer, size_t more)
{
    ASSERT(more <= SIZE_MAX / 2 - buffer->len);
    size_t need = buffer->len + more;
    size_t cap = buffer->cap < BUFFER_FIRST_BYTES ? BUFFER_FIRST_BYTES : buffer->cap;
    while (cap < need && cap < BUFFER_DOUBLING_BYTES) {
        cap *= 2;
    }
    if (cap < need) {
        cap = need + need / 8;
    }
    buffer->data = memory_resize(buffer->data, cap);
    buffer->cap = cap;
}

void buffer_shrink(struct buffer *buffer, size_t keep_bytes)
{
    if (buffer->len == 0 && buffer->cap > keep_bytes) {
        buffer_deinit(buffer);
    }
}

void buffer_consume(struct buffer *buffer, size_t count)
{
    ASSERT(count <= buffer->len);
    buffer->len -= count;
    if (count != 0 && buffer->len != 0) {
        memmove(buffer->data, buffer->data + count, buffer->len);
    }
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    int need = vsnprintf(NULL, 0, format, args);
    va_end(args);
    ASSERT(need >= 0);
    buffer_reserve(buffer, (size_t)need + 1);
    (void)vsnprintf(buffer->data + buffer->len, (size_t)need + 1, format, again);
    va_end(again);
    buffer->len += (size_t)need;
}

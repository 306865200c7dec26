/* SPDX-License-Identifier: BSD-3-Clause */
/* A borrowed run of bytes: pointer and length, binary safe, never owned, never NUL-terminated.
 * Owner: whoever owns the bytes. Locks: none. */
#ifndef SHERD_BASE_SLICE_H
#define SHERD_BASE_SLICE_H

#include <string.h>

#include "sherd/base/compiler.h"

struct slice {
    const char *data;
    size_t len; /* bytes */
};

#define SLICE_LITERAL(text) ((struct slice){.data = (text), .len = sizeof(text) - 1})

static inline struct slice slice_make(const void *data, size_t len)
{
    return (struct slice){.data = data, .len = len};
}

static inline struct slice slice_from_text(const char *text)
{
    return (struct slice){.data = text, .len = strlen(text)};
}

static inline bool slice_equals(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* ASCII case-insensitive comparison with a literal, as for every option word of the protocol. */
bool slice_equals_word(struct slice a, const char *word);

/* ASCII lower case of one byte; locale independent. */
static inline char ascii_lower(char c)
{
    return (c >= 'A' && c <= 'Z') ? (char)(c | 0x20) : c;
}

/* Orders as memcmp does, a prefix before the longer: <0, 0, >0. */
int slice_compare(struct slice a, struct slice b);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Replies as a test writes them down, on one line, whatever they nest:
 *
 *   +OK  -ERR no  :1  ,1.5  #t                  statuses, errors, integers, doubles and booleans as on the wire
 *   word  "two words"  ""                       bulk strings: quoted where they are not one printing word
 *   nil  nil-array  null                        $-1  *-1  _
 *   [a :1 [b]]  {a=1 b=2}  ~[a b]  >[a b]       arrays, maps, sets, pushes
 *   =txt:...                                    verbatim strings
 *
 * Owner: the test. Locks: none. */
#ifndef TESTS_SUPPORT_REPLY_TEXT_H
#define TESTS_SUPPORT_REPLY_TEXT_H

#include <ctype.h>
#include <stdlib.h>

#include "sherd/base/quote.h"

static inline bool reply_text_is_word(struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (!isgraph((unsigned char)bytes.data[i]) || strchr("\"[]{}=", bytes.data[i]) != NULL) {
            return false;
        }
    }
    return bytes.len != 0;
}

static inline void reply_text_append_bytes(struct buffer *text, struct slice bytes)
{
    if (reply_text_is_word(bytes)) {
        buffer_append_slice(text, bytes);
    } else {
        buffer_append_quoted(text, bytes);
    }
}

static inline const char *reply_text_append(struct buffer *text, const char *at);

/* The elements of an aggregate; those of a map in pairs. */
static inline const char *reply_text_append_many(struct buffer *text, const char *at, long count, bool is_map)
{
    buffer_append(text, is_map ? "{" : "[", 1);
    for (long i = 0; i < count; i++) {
        if (i != 0) {
            buffer_append(text, is_map && i % 2 == 1 ? "=" : " ", 1);
        }
        at = reply_text_append(text, at);
    }
    buffer_append(text, is_map ? "}" : "]", 1);
    return at;
}

/* Appends the reply that begins at `at`, which is whole and well formed; gives where the next one begins. */
static inline const char *reply_text_append(struct buffer *text, const char *at)
{
    const char *line_end = strstr(at, "\r\n");
    ASSERT(line_end != NULL);
    const char *next = line_end + 2;
    long number = strtol(at + 1, NULL, 10);
    switch (*at) {
    case '$':
    case '=':
        if (number < 0) {
            buffer_printf(text, "nil");
            return next;
        }
        buffer_append(text, at, *at == '=' ? 1 : 0);
        reply_text_append_bytes(text, slice_make(next, (size_t)number));
        ASSERT(memcmp(next + number, "\r\n", 2) == 0);
        return next + number + 2;
    case '_':
        buffer_printf(text, "null");
        return next;
    case '*':
    case '~':
    case '>':
        if (number < 0) {
            buffer_printf(text, "nil-array");
            return next;
        }
        buffer_append(text, at, *at == '*' ? 0 : 1);
        return reply_text_append_many(text, next, number, false);
    case '%':
        return reply_text_append_many(text, next, 2 * number, true);
    default:
        ASSERT(strchr("+-:,#", *at) != NULL);
        buffer_append(text, at, (size_t)(line_end - at));
        return next;
    }
}

#endif

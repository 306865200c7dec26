/* SPDX-License-Identifier: BSD-3-Clause */
/* Quoted text: showing binary data in logs and MONITOR, and splitting a line of the configuration or an inline command
 * into words.
 * Owner: the caller owns every result. Locks: none. */
#ifndef SHERD_BASE_QUOTE_H
#define SHERD_BASE_QUOTE_H

#include "sherd/base/buffer.h"

/* Appends `"bytes"`, with \\ \" \n \r \t \a \b and \xHH for what does not print. */
void buffer_append_quoted(struct buffer *buffer, struct slice bytes);

/* The words of a line; one allocation holds the array and the bytes. */
struct quote_words {
    struct slice *words; /* owned; NULL when there are none */
    size_t count;
};

/* Splits at white space. "double quotes" know \xHH \n \r \t \b \a and take any other escaped byte literally; 'single
 * quotes' know only \'. A closing quote must be followed by white space or the end; a NUL ends the line.
 * STATUS_INVALID, with nothing to release, when quotes are not balanced. The words do not refer to `line`. */
NODISCARD enum status quote_split(struct slice line, struct quote_words *out);
void quote_words_deinit(struct quote_words *words);

#endif

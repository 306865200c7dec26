/* SPDX-License-Identifier: BSD-3-Clause */
/* Writes replies in RESP2 or RESP3 into an output.
 * Owner: the call. Locks: none; writing allocates at most. */
#ifndef SHERD_RESP_REPLY_H
#define SHERD_RESP_REPLY_H

#include "sherd/resp/output.h"

enum error_text {
#define ERROR_TEXT(identifier, text) ERROR_##identifier,
#include "sherd/resp/errors.def"
#undef ERROR_TEXT
    ERROR_TEXT_COUNT
};

/* The line of a fixed error, without the leading '-'. */
struct slice error_text(enum error_text error);

struct reply {
    struct output *output;
    uint8_t version; /* 2 or 3 */
};

enum {
    REPLY_REFERENCE_BYTES = 16 * 1024, /* from here on a blob is referenced instead of copied */
};

void reply_status(struct reply *reply, const char *text);
void reply_status_slice(struct reply *reply, struct slice text);
/* `line` begins with the error's code; line breaks in it become spaces. */
void reply_error_slice(struct reply *reply, struct slice line);
void reply_integer(struct reply *reply, int64_t value);
void reply_bulk(struct reply *reply, struct slice bytes);
void reply_bulk_text(struct reply *reply, const char *text);
void reply_bulk_integer(struct reply *reply, int64_t value);
/* A value that may be large: copied or referenced. Under the lock of the value's shard. */
void reply_bulk_blob(struct reply *reply, struct blob *blob);
/* A missing value: $-1 or _ ; a missing array: *-1 or _ */
void reply_null(struct reply *reply);
void reply_null_array(struct reply *reply);
void reply_array(struct reply *reply, size_t count);
/* A map of `pairs` pairs: flat array in RESP2. */
void reply_map(struct reply *reply, size_t pairs);
void reply_set(struct reply *reply, size_t count);
void reply_push(struct reply *reply, size_t count);
/* RESP2: bulk string. */
void reply_double(struct reply *reply, double value);
/* RESP2: 1 or 0. */
void reply_bool(struct reply *reply, bool value);
/* RESP2: bulk string. `format` has three letters, such as "txt". */
void reply_verbatim(struct reply *reply, const char *format, struct slice text);

/* An aggregate whose count is known only at its end: mark, write the elements, close. */
struct output_mark reply_open(struct reply *reply);
void reply_close_array(struct reply *reply, struct output_mark mark, size_t count);
void reply_close_map(struct reply *reply, struct output_mark mark, size_t pairs);
void reply_close_set(struct reply *reply, struct output_mark mark, size_t count);
/* Puts bytes that were known too late before what was written since the mark. */
void reply_insert_raw(struct reply *reply, struct output_mark mark, struct slice bytes);

static ALWAYS_INLINE void reply_raw(struct reply *reply, const char *bytes, size_t len)
{
    buffer_append(&reply->output->bytes, bytes, len);
}

#define REPLY_LITERAL(reply, text) reply_raw((reply), (text), sizeof(text) - 1)

static ALWAYS_INLINE void reply_ok(struct reply *reply)
{
    REPLY_LITERAL(reply, "+OK\r\n");
}

#endif

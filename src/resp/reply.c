/* SPDX-License-Identifier: BSD-3-Clause */
/* The reply writers of both protocol versions.
 * Owner: the call. Locks: none. */
#include "sherd/resp/reply.h"

#include "sherd/base/number.h"

enum {
    HEADER_MAX_BYTES = 32, /* type byte, a 64-bit number, line end */
};

static const char *const texts[ERROR_TEXT_COUNT] = {
#define ERROR_TEXT(identifier, text) [ERROR_##identifier] = (text),
#include "sherd/resp/errors.def"
#undef ERROR_TEXT
};

struct slice error_text(enum error_text error)
{
    return slice_from_text(texts[error]);
}

/* Writes `type`, the number and the line end at `at`, which has HEADER_MAX_BYTES of room. */
static ALWAYS_INLINE size_t header_write(char *at, char type, int64_t number)
{
    at[0] = type;
    size_t len = 1;
    if (LIKELY(number >= 0 && number < 10)) {
        at[len++] = (char)('0' + number);
    } else {
        len += number_print_i64(at + len, number);
    }
    at[len++] = '\r';
    at[len++] = '\n';
    return len;
}

static void reply_header(struct reply *reply, char type, int64_t number)
{
    struct buffer *bytes = &reply->output->bytes;
    buffer_reserve(bytes, HEADER_MAX_BYTES);
    bytes->len += header_write(bytes->data + bytes->len, type, number);
}

void reply_status_slice(struct reply *reply, struct slice text)
{
    REPLY_LITERAL(reply, "+");
    reply_raw(reply, text.data, text.len);
    REPLY_LITERAL(reply, "\r\n");
}

void reply_status(struct reply *reply, const char *text)
{
    reply_status_slice(reply, slice_from_text(text));
}

void reply_error_slice(struct reply *reply, struct slice line)
{
    struct buffer *bytes = &reply->output->bytes;
    buffer_reserve(bytes, line.len + 3);
    char *at = bytes->data + bytes->len;
    *at++ = '-';
    for (size_t i = 0; i < line.len; i++) {
        char c = line.data[i];
        *at++ = c == '\r' || c == '\n' ? ' ' : c;
    }
    *at++ = '\r';
    *at++ = '\n';
    bytes->len += line.len + 3;
}

void reply_integer(struct reply *reply, int64_t value)
{
    reply_header(reply, ':', value);
}

void reply_bulk(struct reply *reply, struct slice value)
{
    struct buffer *bytes = &reply->output->bytes;
    buffer_reserve(bytes, HEADER_MAX_BYTES + value.len + 2);
    char *at = bytes->data + bytes->len;
    at += header_write(at, '$', (int64_t)value.len);
    if (value.len != 0) {
        memcpy(at, value.data, value.len);
        at += value.len;
    }
    *at++ = '\r';
    *at++ = '\n';
    bytes->len = (size_t)(at - bytes->data);
}

void reply_bulk_text(struct reply *reply, const char *text)
{
    reply_bulk(reply, slice_from_text(text));
}

void reply_bulk_integer(struct reply *reply, int64_t value)
{
    char digits[24];
    reply_bulk(reply, slice_make(digits, number_print_i64(digits, value)));
}

void reply_bulk_blob(struct reply *reply, struct blob *blob)
{
    if (blob->len < REPLY_REFERENCE_BYTES) {
        reply_bulk(reply, blob_slice(blob));
        return;
    }
    reply_header(reply, '$', (int64_t)blob->len);
    output_insert_blob(reply->output, blob_reference(blob));
    REPLY_LITERAL(reply, "\r\n");
}

void reply_null(struct reply *reply)
{
    if (reply->version >= 3) {
        REPLY_LITERAL(reply, "_\r\n");
    } else {
        REPLY_LITERAL(reply, "$-1\r\n");
    }
}

void reply_null_array(struct reply *reply)
{
    if (reply->version >= 3) {
        REPLY_LITERAL(reply, "_\r\n");
    } else {
        REPLY_LITERAL(reply, "*-1\r\n");
    }
}

void reply_array(struct reply *reply, size_t count)
{
    reply_header(reply, '*', (int64_t)count);
}

void reply_map(struct reply *reply, size_t pairs)
{
    reply_header(reply, reply->version >= 3 ? '%' : '*', (int64_t)(reply->version >= 3 ? pairs : 2 * pairs));
}

void reply_set(struct reply *reply, size_t count)
{
    reply_header(reply, reply->version >= 3 ? '~' : '*', (int64_t)count);
}

void reply_push(struct reply *reply, size_t count)
{
    reply_header(reply, reply->version >= 3 ? '>' : '*', (int64_t)count);
}

void reply_double(struct reply *reply, double value)
{
    char digits[128];
    struct slice text = slice_make(digits, number_print_double(digits, value));
    if (reply->version < 3) {
        reply_bulk(reply, text);
        return;
    }
    REPLY_LITERAL(reply, ",");
    reply_raw(reply, text.data, text.len);
    REPLY_LITERAL(reply, "\r\n");
}

void reply_bool(struct reply *reply, bool value)
{
    if (reply->version < 3) {
        reply_integer(reply, value);
    } else if (value) {
        REPLY_LITERAL(reply, "#t\r\n");
    } else {
        REPLY_LITERAL(reply, "#f\r\n");
    }
}

void reply_verbatim(struct reply *reply, const char *format, struct slice text)
{
    if (reply->version < 3) {
        reply_bulk(reply, text);
        return;
    }
    reply_header(reply, '=', (int64_t)text.len + 4);
    reply_raw(reply, format, 3);
    REPLY_LITERAL(reply, ":");
    reply_raw(reply, text.data, text.len);
    REPLY_LITERAL(reply, "\r\n");
}

struct output_mark reply_open(struct reply *reply)
{
    return output_mark(reply->output);
}

void reply_insert_raw(struct reply *reply, struct output_mark mark, struct slice bytes)
{
    struct output *output = reply->output;
    buffer_reserve(&output->bytes, bytes.len);
    char *at = output->bytes.data + mark.bytes;
    memmove(at + bytes.len, at, output->bytes.len - mark.bytes);
    memcpy(at, bytes.data, bytes.len);
    output->bytes.len += bytes.len;
    for (size_t i = mark.inserts; i < output->insert_count; i++) {
        output->inserts[i].at += bytes.len;
    }
}

static void reply_close(struct reply *reply, struct output_mark mark, char type, size_t count)
{
    char header[HEADER_MAX_BYTES];
    reply_insert_raw(reply, mark, slice_make(header, header_write(header, type, (int64_t)count)));
}

void reply_close_array(struct reply *reply, struct output_mark mark, size_t count)
{
    reply_close(reply, mark, '*', count);
}

void reply_close_map(struct reply *reply, struct output_mark mark, size_t pairs)
{
    reply_close(reply, mark, reply->version >= 3 ? '%' : '*', reply->version >= 3 ? pairs : 2 * pairs);
}

void reply_close_set(struct reply *reply, struct output_mark mark, size_t count)
{
    reply_close(reply, mark, reply->version >= 3 ? '~' : '*', count);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The reply writers, each in both versions of the protocol, and aggregates that are closed when their count is known.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>
#include <math.h>

#include "sherd/resp/reply.h"

/* A reply with the output it is written to. */
struct written {
    struct output output;
    struct reply reply;
};

static void written_init(struct written *written, uint8_t version)
{
    output_init(&written->output);
    written->reply = (struct reply){.output = &written->output, .version = version};
}

/* Everything written, referenced blobs included. */
static struct buffer flatten(const struct output *output)
{
    struct buffer flat;
    buffer_init(&flat);
    struct output_range range = output_all(output);
    struct iovec vectors[64];
    size_t count = output_vectors(output, &range, vectors, ARRAY_LENGTH(vectors));
    cr_assert_lt(count, ARRAY_LENGTH(vectors));
    for (size_t i = 0; i < count; i++) {
        buffer_append(&flat, vectors[i].iov_base, vectors[i].iov_len);
    }
    cr_assert_eq(flat.len, output_range_bytes(output, &range));
    return flat;
}

static void expect_written(struct written *written, struct slice expected)
{
    struct buffer flat = flatten(&written->output);
    cr_assert(slice_equals(buffer_slice(&flat), expected), "RESP%d: %.*s", written->reply.version, (int)flat.len,
              flat.data);
    buffer_deinit(&flat);
    output_deinit(&written->output);
}

/* Evaluates `statement` with `reply` in scope, once for each version. */
#define EXPECT(statement, resp2, resp3)                                                                                \
    do {                                                                                                               \
        for (uint8_t version = 2; version <= 3; version++) {                                                           \
            struct written written;                                                                                    \
            written_init(&written, version);                                                                           \
            struct reply *reply = &written.reply;                                                                      \
            statement;                                                                                                 \
            expect_written(&written, version == 2 ? SLICE_LITERAL(resp2) : SLICE_LITERAL(resp3));                      \
        }                                                                                                              \
    } while (0)

#define EXPECT_BOTH(statement, bytes) EXPECT(statement, bytes, bytes)

Test(reply, writes_statuses)
{
    EXPECT_BOTH(reply_ok(reply), "+OK\r\n");
    EXPECT_BOTH(reply_status(reply, "QUEUED"), "+QUEUED\r\n");
    EXPECT_BOTH(reply_status_slice(reply, SLICE_LITERAL("")), "+\r\n");
    EXPECT_BOTH(REPLY_LITERAL(reply, "+PONG\r\n"), "+PONG\r\n");
}

Test(reply, writes_errors_on_one_line)
{
    EXPECT_BOTH(reply_error_slice(reply, SLICE_LITERAL("ERR no")), "-ERR no\r\n");
    EXPECT_BOTH(reply_error_slice(reply, SLICE_LITERAL("ERR a\r\nb\nc")), "-ERR a  b c\r\n");
    EXPECT_BOTH(reply_error_slice(reply, error_text(ERROR_SYNTAX)), "-ERR syntax error\r\n");
    EXPECT_BOTH(reply_error_slice(reply, error_text(ERROR_WRONGTYPE)),
                "-WRONGTYPE Operation against a key holding the wrong kind of value\r\n");
}

Test(reply, knows_the_text_of_every_error)
{
    for (int i = 0; i < ERROR_TEXT_COUNT; i++) {
        struct slice text = error_text((enum error_text)i);
        cr_assert_gt(text.len, 4);
        cr_assert_neq(text.data[0], '-');
        cr_assert_null(memchr(text.data, '\n', text.len));
    }
}

Test(reply, writes_integers)
{
    EXPECT_BOTH(reply_integer(reply, 0), ":0\r\n");
    EXPECT_BOTH(reply_integer(reply, 9), ":9\r\n");
    EXPECT_BOTH(reply_integer(reply, 10), ":10\r\n");
    EXPECT_BOTH(reply_integer(reply, -1), ":-1\r\n");
    EXPECT_BOTH(reply_integer(reply, INT64_MAX), ":9223372036854775807\r\n");
    EXPECT_BOTH(reply_integer(reply, INT64_MIN), ":-9223372036854775808\r\n");
}

Test(reply, writes_bulk_strings)
{
    EXPECT_BOTH(reply_bulk(reply, SLICE_LITERAL("")), "$0\r\n\r\n");
    EXPECT_BOTH(reply_bulk(reply, ((struct slice){.data = NULL, .len = 0})), "$0\r\n\r\n");
    EXPECT_BOTH(reply_bulk(reply, SLICE_LITERAL("a\r\n\0b")), "$5\r\na\r\n\0b\r\n");
    EXPECT_BOTH(reply_bulk_text(reply, "twelve bytes"), "$12\r\ntwelve bytes\r\n");
    EXPECT_BOTH(reply_bulk_integer(reply, -42), "$3\r\n-42\r\n");
    EXPECT_BOTH(reply_bulk_integer(reply, INT64_MIN), "$20\r\n-9223372036854775808\r\n");
}

Test(reply, writes_nulls)
{
    EXPECT(reply_null(reply), "$-1\r\n", "_\r\n");
    EXPECT(reply_null_array(reply), "*-1\r\n", "_\r\n");
}

Test(reply, writes_aggregates)
{
    EXPECT_BOTH(reply_array(reply, 0), "*0\r\n");
    EXPECT_BOTH(reply_array(reply, 12), "*12\r\n");
    EXPECT(reply_map(reply, 3), "*6\r\n", "%3\r\n");
    EXPECT(reply_set(reply, 3), "*3\r\n", "~3\r\n");
    EXPECT(reply_push(reply, 3), "*3\r\n", ">3\r\n");
}

Test(reply, writes_doubles)
{
    EXPECT(reply_double(reply, 3.5), "$3\r\n3.5\r\n", ",3.5\r\n");
    EXPECT(reply_double(reply, 0), "$1\r\n0\r\n", ",0\r\n");
    EXPECT(reply_double(reply, -12), "$3\r\n-12\r\n", ",-12\r\n");
    EXPECT(reply_double(reply, INFINITY), "$3\r\ninf\r\n", ",inf\r\n");
    EXPECT(reply_double(reply, -INFINITY), "$4\r\n-inf\r\n", ",-inf\r\n");
}

Test(reply, writes_booleans)
{
    EXPECT(reply_bool(reply, true), ":1\r\n", "#t\r\n");
    EXPECT(reply_bool(reply, false), ":0\r\n", "#f\r\n");
}

Test(reply, writes_verbatim_strings)
{
    EXPECT(reply_verbatim(reply, "txt", SLICE_LITERAL("some text")), "$9\r\nsome text\r\n", "=13\r\ntxt:some text\r\n");
    EXPECT(reply_verbatim(reply, "txt", SLICE_LITERAL("")), "$0\r\n\r\n", "=4\r\ntxt:\r\n");
}

Test(reply, closes_aggregates_with_their_count)
{
    EXPECT_BOTH(reply_close_array(reply, reply_open(reply), 0), "*0\r\n");
    EXPECT(
        {
            struct output_mark map = reply_open(reply);
            reply_bulk_text(reply, "k");
            reply_integer(reply, 1);
            reply_close_map(reply, map, 1);
        },
        "*2\r\n$1\r\nk\r\n:1\r\n", "%1\r\n$1\r\nk\r\n:1\r\n");
    EXPECT(
        {
            struct output_mark set = reply_open(reply);
            reply_integer(reply, 1);
            reply_integer(reply, 2);
            reply_close_set(reply, set, 2);
        },
        "*2\r\n:1\r\n:2\r\n", "~2\r\n:1\r\n:2\r\n");
}

Test(reply, closes_aggregates_within_aggregates)
{
    EXPECT_BOTH(
        {
            reply_ok(reply);
            struct output_mark outer = reply_open(reply);
            for (int i = 0; i < 2; i++) {
                struct output_mark inner = reply_open(reply);
                for (int j = 0; j <= i; j++) {
                    reply_integer(reply, 10 * i + j);
                }
                reply_close_array(reply, inner, (size_t)i + 1);
            }
            reply_close_array(reply, outer, 2);
            reply_ok(reply);
        },
        "+OK\r\n*2\r\n*1\r\n:0\r\n*2\r\n:10\r\n:11\r\n+OK\r\n");
}

static struct blob *blob_of(char fill, size_t len)
{
    struct blob *blob = blob_create(len, len);
    memset(blob->data, fill, len);
    return blob;
}

static void append_fill(struct buffer *buffer, char fill, size_t len)
{
    buffer_reserve(buffer, len);
    memset(buffer->data + buffer->len, fill, len);
    buffer->len += len;
}

Test(reply, copies_small_blobs)
{
    struct blob *blob = blob_of('x', REPLY_REFERENCE_BYTES - 1);
    struct written written;
    written_init(&written, 2);
    reply_bulk_blob(&written.reply, blob);
    cr_assert(blob_is_sole(blob));
    cr_assert_eq(written.output.insert_count, 0);
    struct buffer expected;
    buffer_init(&expected);
    buffer_printf(&expected, "$%d\r\n", REPLY_REFERENCE_BYTES - 1);
    append_fill(&expected, 'x', REPLY_REFERENCE_BYTES - 1);
    buffer_printf(&expected, "\r\n");
    expect_written(&written, buffer_slice(&expected));
    buffer_deinit(&expected);
    blob_release(blob);
}

Test(reply, refers_to_large_blobs)
{
    struct blob *blob = blob_of('x', REPLY_REFERENCE_BYTES);
    struct written written;
    written_init(&written, 2);
    reply_bulk_blob(&written.reply, blob);
    cr_assert_not(blob_is_sole(blob));
    cr_assert_lt(written.output.bytes.len, 32);
    struct buffer expected;
    buffer_init(&expected);
    buffer_printf(&expected, "$%d\r\n", REPLY_REFERENCE_BYTES);
    append_fill(&expected, 'x', REPLY_REFERENCE_BYTES);
    buffer_printf(&expected, "\r\n");
    expect_written(&written, buffer_slice(&expected));
    cr_assert(blob_is_sole(blob), "the output gave its reference back");
    buffer_deinit(&expected);
    blob_release(blob);
}

Test(reply, keeps_blobs_in_place_when_an_aggregate_is_closed)
{
    struct blob *before = blob_of('b', REPLY_REFERENCE_BYTES);
    struct blob *inside = blob_of('i', REPLY_REFERENCE_BYTES + 1);
    struct written written;
    written_init(&written, 3);
    reply_bulk_blob(&written.reply, before);
    struct output_mark mark = reply_open(&written.reply);
    reply_bulk_blob(&written.reply, inside);
    reply_integer(&written.reply, 7);
    reply_bulk_blob(&written.reply, inside);
    reply_close_map(&written.reply, mark, 12);
    struct buffer expected;
    buffer_init(&expected);
    buffer_printf(&expected, "$%d\r\n", REPLY_REFERENCE_BYTES);
    append_fill(&expected, 'b', REPLY_REFERENCE_BYTES);
    buffer_printf(&expected, "\r\n%%12\r\n$%d\r\n", REPLY_REFERENCE_BYTES + 1);
    append_fill(&expected, 'i', REPLY_REFERENCE_BYTES + 1);
    buffer_printf(&expected, "\r\n:7\r\n$%d\r\n", REPLY_REFERENCE_BYTES + 1);
    append_fill(&expected, 'i', REPLY_REFERENCE_BYTES + 1);
    buffer_printf(&expected, "\r\n");
    expect_written(&written, buffer_slice(&expected));
    buffer_deinit(&expected);
    blob_release(before);
    blob_release(inside);
}

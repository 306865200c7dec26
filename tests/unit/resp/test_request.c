/* SPDX-License-Identifier: BSD-3-Clause */
/* Framing requests: both forms, every protocol error, and going on at any byte.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "sherd/base/memory.h"
#include "sherd/resp/request.h"

#define BULK_MAX_BYTES ((int64_t)512 * 1024 * 1024)

static const struct request_limits TRUSTED = {.bulk_max_bytes = BULK_MAX_BYTES, .authenticated = true};
static const struct request_limits STRANGER = {.bulk_max_bytes = BULK_MAX_BYTES, .authenticated = false};

/* A parser with its pool, and what it framed as text: "[SET][k][v];" for each request, "-line" for an error. */
struct framer {
    struct request_parser parser;
    struct argument_pool pool;
    struct request_result result;
    struct buffer text;
    size_t consumed;
    bool failed;
};

static void framer_init(struct framer *framer)
{
    request_parser_init(&framer->parser);
    argument_pool_init(&framer->pool);
    buffer_init(&framer->text);
    framer->consumed = 0;
    framer->failed = false;
}

static void framer_deinit(struct framer *framer)
{
    request_parser_deinit(&framer->parser);
    argument_pool_deinit(&framer->pool);
    buffer_deinit(&framer->text);
}

/* Frames all that can be framed of `input`, of which framer->consumed bytes are done with. */
static void framer_feed(struct framer *framer, struct slice input, const struct request_limits *limits)
{
    while (!framer->failed) {
        struct slice rest = slice_make(input.data + framer->consumed, input.len - framer->consumed);
        enum request_outcome outcome = request_parse(&framer->parser, rest, limits, &framer->pool, &framer->result);
        if (outcome == REQUEST_PART) {
            return;
        }
        if (outcome == REQUEST_ERROR) {
            buffer_printf(&framer->text, "-%s", framer->result.error);
            framer->failed = true;
            return;
        }
        const struct request *request = &framer->result.request;
        for (uint32_t i = 0; i < request->argc; i++) {
            buffer_append(&framer->text, "[", 1);
            buffer_append_slice(&framer->text, framer->pool.slots[request->first + i]);
            buffer_append(&framer->text, "]", 1);
        }
        buffer_append(&framer->text, ";", 1);
        framer->consumed += request->bytes;
    }
}

static void expect_framed(struct slice input, const struct request_limits *limits, struct slice expected)
{
    struct framer framer;
    framer_init(&framer);
    framer_feed(&framer, input, limits);
    cr_assert(slice_equals(buffer_slice(&framer.text), expected), "%.*s is framed as %.*s", (int)input.len, input.data,
              (int)framer.text.len, framer.text.data);
    framer_deinit(&framer);
}

#define EXPECT(input, expected) expect_framed(SLICE_LITERAL(input), &TRUSTED, SLICE_LITERAL(expected))

/* `head`, `count` times `fill`, `tail`. */
static struct buffer repeated(const char *head, char fill, size_t count, const char *tail)
{
    struct buffer buffer;
    buffer_init(&buffer);
    buffer_append_slice(&buffer, slice_from_text(head));
    buffer_reserve(&buffer, count);
    memset(buffer.data + buffer.len, fill, count);
    buffer.len += count;
    buffer_append_slice(&buffer, slice_from_text(tail));
    return buffer;
}

Test(request, frames_multibulk)
{
    EXPECT("*1\r\n$4\r\nPING\r\n", "[PING];");
    EXPECT("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n", "[SET][k][];");
    EXPECT("*2\r\n$4\r\nECHO\r\n$12\r\n\r\n$1\r\n*\0\"' x\r\n", "[ECHO][\r\n$1\r\n*\0\"' x];");
}

Test(request, frames_inline)
{
    EXPECT("PING\r\n", "[PING];");
    EXPECT("PING\n", "[PING];");
    EXPECT("  set\tfoo   bar  \r\n", "[set][foo][bar];");
    EXPECT("set \"a b\\x41\\n\" 'c d'\r\n", "[set][a bA\n][c d];");
    EXPECT("set \"\" ''\r\n", "[set][][];");
    EXPECT("$4\r\n", "[$4];");
}

Test(request, frames_a_pipeline_of_both_forms)
{
    EXPECT("*1\r\n$4\r\nPING\r\nPING\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\nGET b\n", "[PING];[PING];[GET][a];[GET][b];");
}

Test(request, lets_requests_without_arguments_pass)
{
    EXPECT("*0\r\n", ";");
    EXPECT("*-1\r\n", ";");
    EXPECT("*-2147483649\r\n", ";");
    EXPECT("\r\n", ";");
    EXPECT("\n", ";");
    EXPECT("   \r\n*0\r\nPING\r\n", ";;[PING];");
}

Test(request, waits_for_what_is_missing)
{
    EXPECT("", "");
    EXPECT("*", "");
    EXPECT("*3\r", "");
    EXPECT("*1\r\n", "");
    EXPECT("*1\r\n$4\r\nPIN", "");
    EXPECT("*1\r\n$4\r\nPING", "");
    EXPECT("*1\r\n$4\r\nPING\r", "");
    EXPECT("PING\r", "");
    EXPECT("PING\r\n*1\r\n$4\r\nPI", "[PING];");
}

Test(request, refuses_bad_counts)
{
    EXPECT("*x\r\n", "-ERR Protocol error: invalid multibulk length");
    EXPECT("*\r\n", "-ERR Protocol error: invalid multibulk length");
    EXPECT("*1x\r\n", "-ERR Protocol error: invalid multibulk length");
    EXPECT("* 1\r\n", "-ERR Protocol error: invalid multibulk length");
    EXPECT("*+1\r\n", "-ERR Protocol error: invalid multibulk length");
    EXPECT("*01\r\n", "-ERR Protocol error: invalid multibulk length");
    EXPECT("*-0\r\n", "-ERR Protocol error: invalid multibulk length");
    EXPECT("*2147483648\r\n", "-ERR Protocol error: invalid multibulk length");
    EXPECT("*9223372036854775808\r\n", "-ERR Protocol error: invalid multibulk length");
    EXPECT("*99999999999999999999999\r\n", "-ERR Protocol error: invalid multibulk length");
    EXPECT("PING\r\n*x\r\nPING\r\n", "[PING];-ERR Protocol error: invalid multibulk length");
}

Test(request, refuses_bad_lengths)
{
    EXPECT("*1\r\n$x\r\n", "-ERR Protocol error: invalid bulk length");
    EXPECT("*1\r\n$\r\n", "-ERR Protocol error: invalid bulk length");
    EXPECT("*1\r\n$-1\r\n", "-ERR Protocol error: invalid bulk length");
    EXPECT("*1\r\n$04\r\nPING\r\n", "-ERR Protocol error: invalid bulk length");
    EXPECT("*1\r\n$4 \r\nPING\r\n", "-ERR Protocol error: invalid bulk length");
    EXPECT("*1\r\n$2000000000\r\n", "-ERR Protocol error: invalid bulk length");
    EXPECT("*1\r\n$9223372036854775808\r\n", "-ERR Protocol error: invalid bulk length");
    EXPECT("*2\r\n$4\r\nECHO\r\n$-1\r\n", "-ERR Protocol error: invalid bulk length");
}

Test(request, refuses_another_type_of_argument)
{
    EXPECT("*1\r\n:1\r\n", "-ERR Protocol error: expected '$', got ':'");
    EXPECT("*1\r\nPING\r\n", "-ERR Protocol error: expected '$', got 'P'");
    EXPECT("*2\r\n$4\r\nPING\r\n*1\r\n", "-ERR Protocol error: expected '$', got '*'");
    EXPECT("*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n", "[PING];[PING];"); /* the end of an argument is not looked at */
}

Test(request, refuses_unbalanced_quotes)
{
    EXPECT("set \"a\r\n", "-ERR Protocol error: unbalanced quotes in request");
    EXPECT("set 'a\r\n", "-ERR Protocol error: unbalanced quotes in request");
    EXPECT("set \"a\"b\r\n", "-ERR Protocol error: unbalanced quotes in request");
}

Test(request, bounds_the_longest_argument)
{
    const struct request_limits small = {.bulk_max_bytes = 5, .authenticated = true};
    expect_framed(SLICE_LITERAL("*1\r\n$5\r\nabcde\r\n"), &small, SLICE_LITERAL("[abcde];"));
    expect_framed(SLICE_LITERAL("*1\r\n$6\r\nabcdef\r\n"), &small,
                  SLICE_LITERAL("-ERR Protocol error: invalid bulk length"));
    expect_framed(SLICE_LITERAL("*1\r\n$6\r\n"), &small, SLICE_LITERAL("-ERR Protocol error: invalid bulk length"));
}

Test(request, bounds_strangers_more_tightly)
{
    struct slice refused = SLICE_LITERAL("-ERR Protocol error: unauthenticated multibulk length");
    expect_framed(SLICE_LITERAL("*10\r\n"), &STRANGER, SLICE_LITERAL(""));
    expect_framed(SLICE_LITERAL("*11\r\n"), &STRANGER, refused);
    struct buffer largest = repeated("*1\r\n$16384\r\n", 'x', 16384, "\r\n");
    struct buffer framed = repeated("[", 'x', 16384, "];");
    expect_framed(buffer_slice(&largest), &STRANGER, buffer_slice(&framed));
    buffer_deinit(&largest);
    buffer_deinit(&framed);
    struct buffer larger = repeated("*1\r\n$16385\r\n", 'x', 16385, "\r\n");
    refused = SLICE_LITERAL("-ERR Protocol error: unauthenticated bulk length");
    expect_framed(buffer_slice(&larger), &STRANGER, refused);
    expect_framed(slice_make(larger.data, 12), &STRANGER, refused);
    framed = repeated("[", 'x', 16385, "];");
    expect_framed(buffer_slice(&larger), &TRUSTED, buffer_slice(&framed));
    buffer_deinit(&larger);
    buffer_deinit(&framed);
}

static void expect_line_bound(const char *head, const char *error)
{
    struct buffer line = repeated(head, '1', REQUEST_INLINE_MAX_BYTES, "");
    size_t before = strrchr(head, '\n') == NULL ? 0 : (size_t)(strrchr(head, '\n') - head) + 1;
    expect_framed(slice_make(line.data, before + REQUEST_INLINE_MAX_BYTES), &TRUSTED, SLICE_LITERAL(""));
    expect_framed(slice_make(line.data, before + REQUEST_INLINE_MAX_BYTES + 1), &TRUSTED, slice_from_text(error));
    buffer_deinit(&line);
}

Test(request, bounds_lines_without_an_end)
{
    expect_line_bound("P", "-ERR Protocol error: too big inline request");
    expect_line_bound("*", "-ERR Protocol error: too big mbulk count string");
    expect_line_bound("*1\r\n$", "-ERR Protocol error: too big bulk count string");
}

/* The whole, and the whole cut at every byte, and at every byte at once. */
static void expect_resumable(struct slice input, const struct request_limits *limits)
{
    struct framer whole;
    framer_init(&whole);
    framer_feed(&whole, input, limits);
    for (size_t cut = 0; cut <= input.len; cut++) {
        struct framer two, bytes;
        framer_init(&two);
        framer_init(&bytes);
        framer_feed(&two, slice_make(input.data, cut), limits);
        framer_feed(&two, input, limits);
        cr_assert(slice_equals(buffer_slice(&two.text), buffer_slice(&whole.text)), "cut at %zu: %.*s", cut,
                  (int)two.text.len, two.text.data);
        for (size_t len = 1; len <= input.len; len++) {
            framer_feed(&bytes, slice_make(input.data, len), limits);
        }
        cr_assert(slice_equals(buffer_slice(&bytes.text), buffer_slice(&whole.text)), "byte by byte: %.*s",
                  (int)bytes.text.len, bytes.text.data);
        framer_deinit(&two);
        framer_deinit(&bytes);
    }
    framer_deinit(&whole);
}

Test(request, goes_on_at_any_byte)
{
    expect_resumable(SLICE_LITERAL("*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$11\r\nhello\r\nworl\r\n*1\r\n$4\r\nPING\r\n"),
                     &TRUSTED);
    expect_resumable(SLICE_LITERAL("set \"a b\" 'c'\r\n\r\n*0\r\n*-1\r\nGET k\n*2\r\n$0\r\n\r\n$1\r\nx\r\n"), &TRUSTED);
    expect_resumable(SLICE_LITERAL("*2\r\n$4\r\nECHO\r\n$x\r\nPING\r\n"), &TRUSTED);
    expect_resumable(SLICE_LITERAL("PING\r\n*1\r\n:3\r\n"), &TRUSTED);
    expect_resumable(SLICE_LITERAL("*1\r\n$4\r\nPING\r\n*11\r\n$4\r\n"), &STRANGER);
    expect_resumable(
        SLICE_LITERAL("*12\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n$1\r\nd\r\n$1\r\ne\r\n$1\r\nf\r\n$1\r\ng\r\n"
                      "$1\r\nh\r\n$1\r\ni\r\n$1\r\nj\r\n$1\r\nk\r\n$1\r\nl\r\n"),
        &TRUSTED);
}

Test(request, finds_its_arguments_again_when_the_bytes_moved)
{
    struct framer framer;
    framer_init(&framer);
    struct slice input = SLICE_LITERAL("*2\r\n$4\r\nECHO\r\n$5\r\nhello\r\n");
    for (size_t len = 1; len <= input.len; len++) {
        char *moved = memory_alloc(len);
        memcpy(moved, input.data, len);
        framer_feed(&framer, slice_make(moved, len), &TRUSTED);
        memory_free(moved);
    }
    cr_assert(slice_equals(buffer_slice(&framer.text), SLICE_LITERAL("[ECHO][hello];")));
    framer_deinit(&framer);
}

Test(request, says_how_many_bytes_it_wants)
{
    struct framer framer;
    framer_init(&framer);
    cr_assert_eq(request_parser_wants(&framer.parser), 0);
    struct slice input = SLICE_LITERAL("*2\r\n$3\r\nSET\r\n$100000\r\nxyz");
    framer_feed(&framer, slice_make(input.data, 5), &TRUSTED);
    cr_assert_eq(request_parser_wants(&framer.parser), 0);
    framer_feed(&framer, input, &TRUSTED);
    cr_assert_eq(request_parser_wants(&framer.parser), input.len - 3 + 100000 + 2);
    framer_deinit(&framer);
}

Test(request, frames_arguments_of_any_length)
{
    static const size_t lengths[] = {9, 10, 999999, 1000000, 1000001, 9999999, 10000000, 10000001};
    for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++) {
        char head[64];
        (void)snprintf(head, sizeof(head), "*2\r\n$1\r\na\r\n$%zu\r\n", lengths[i]);
        struct buffer input = repeated(head, 'x', lengths[i], "\r\n");
        struct framer framer;
        framer_init(&framer);
        framer_feed(&framer, slice_make(input.data, input.len - 1), &TRUSTED);
        cr_assert_eq(framer.text.len, 0);
        framer_feed(&framer, buffer_slice(&input), &TRUSTED);
        cr_assert_eq(framer.consumed, input.len);
        cr_assert_eq(framer.pool.slots[framer.result.request.first + 1].len, lengths[i]);
        framer_deinit(&framer);
        buffer_deinit(&input);
    }
}

Test(request, keeps_the_arguments_of_a_whole_batch)
{
    enum { REQUESTS = 3000 };
    struct buffer input, expected;
    buffer_init(&input);
    buffer_init(&expected);
    for (int i = 0; i < REQUESTS; i++) {
        buffer_printf(&input, "*2\r\n$3\r\nGET\r\n$4\r\n%04d\r\n", i);
    }
    struct request_parser parser;
    struct argument_pool pool;
    struct request_result result;
    struct request requests[REQUESTS];
    request_parser_init(&parser);
    argument_pool_init(&pool);
    size_t at = 0;
    for (int i = 0; i < REQUESTS; i++) {
        struct slice rest = slice_make(input.data + at, input.len - at);
        cr_assert_eq(request_parse(&parser, rest, &TRUSTED, &pool, &result), REQUEST_WHOLE);
        requests[i] = result.request;
        at += result.request.bytes;
    }
    for (int i = 0; i < REQUESTS; i++) {
        expected.len = 0;
        buffer_printf(&expected, "%04d", i);
        cr_assert(slice_equals(pool.slots[requests[i].first + 1], buffer_slice(&expected)));
    }
    argument_pool_clear(&pool);
    cr_assert_eq(pool.count, 0);
    argument_pool_deinit(&pool);
    request_parser_deinit(&parser);
    buffer_deinit(&input);
    buffer_deinit(&expected);
}

Test(request, takes_a_hundred_thousand_arguments_whole_or_in_two)
{
    enum { ARGUMENTS = 100000 };
    struct buffer input;
    buffer_init(&input);
    buffer_printf(&input, "*%d\r\n", ARGUMENTS);
    for (int i = 0; i < ARGUMENTS; i++) {
        buffer_printf(&input, "$1\r\n%d\r\n", i % 10);
    }
    for (size_t cut = 0; cut < input.len; cut += input.len / 3) {
        struct framer framer;
        framer_init(&framer);
        framer_feed(&framer, slice_make(input.data, cut), &TRUSTED);
        framer_feed(&framer, buffer_slice(&input), &TRUSTED);
        cr_assert_eq(framer.result.request.argc, ARGUMENTS);
        cr_assert_eq(framer.text.len, 3 * ARGUMENTS + 1);
        framer_deinit(&framer);
    }
    buffer_deinit(&input);
}

/* A large argument arrives in `cut` bytes with the rest of the input, the others apart. */
static void expect_diverted(size_t large_len, size_t cut)
{
    struct request_parser parser;
    struct argument_pool pool;
    struct request_result result;
    request_parser_init(&parser);
    argument_pool_init(&pool);
    struct buffer input = repeated("*4\r\n$3\r\nSET\r\n$1\r\nk\r\n$", ' ', 0, "");
    buffer_printf(&input, "%zu\r\n", large_len);
    size_t head = input.len;
    struct buffer large = repeated("", 'v', large_len, "\r\n");
    buffer_append(&input, large.data, cut);
    cr_assert_eq(request_parse(&parser, buffer_slice(&input), &TRUSTED, &pool, &result), REQUEST_PART);
    cr_assert(request_parser_divert(&parser, buffer_slice(&input)));
    cr_assert_eq(parser.large_at, head);
    cr_assert_eq(request_parser_large_room(&parser), large_len + 2 - cut);
    input.len = parser.large_at;
    cr_assert_not(request_parser_divert(&parser, buffer_slice(&input)), "only one is taken apart");
    cr_assert_eq(request_parse(&parser, buffer_slice(&input), &TRUSTED, &pool, &result), REQUEST_PART);
    memcpy(parser.large->data + cut, large.data + cut, large.len - cut);
    parser.large_len = large.len;
    buffer_append(&input, "$2\r\nN", 5);
    cr_assert_eq(request_parse(&parser, buffer_slice(&input), &TRUSTED, &pool, &result), REQUEST_PART);
    buffer_append(&input, "X\r\n*1", 5);
    cr_assert_eq(request_parse(&parser, buffer_slice(&input), &TRUSTED, &pool, &result), REQUEST_WHOLE);
    cr_assert_eq(result.request.argc, 4);
    cr_assert_eq(result.request.bytes, input.len - 2, "what follows is the next request's");
    const struct slice *argv = pool.slots + result.request.first;
    struct blob *blob = request_parser_take_large(&parser);
    cr_assert_eq((const void *)argv[2].data, (const void *)blob->data, "the argument is the blob, not a copy");
    cr_assert(slice_equals(argv[2], slice_make(large.data, large_len)));
    cr_assert(slice_equals(argv[0], SLICE_LITERAL("SET")) && slice_equals(argv[3], SLICE_LITERAL("NX")));
    blob_release(blob);
    buffer_deinit(&large);
    buffer_deinit(&input);
    request_parser_deinit(&parser);
    argument_pool_deinit(&pool);
}

Test(request, receives_a_large_argument_apart_from_the_others)
{
    for (size_t len = REQUEST_LARGE_BYTES; len <= REQUEST_LARGE_BYTES * 4; len *= 2) {
        expect_diverted(len, 0);
        expect_diverted(len, 1);
        expect_diverted(len, len - 1);
        expect_diverted(len, len);
        expect_diverted(len, len + 1);
    }
}

Test(request, leaves_smaller_arguments_among_the_others)
{
    struct framer framer;
    framer_init(&framer);
    struct buffer input = repeated("*2\r\n$3\r\nGET\r\n$32767\r\n", 'k', 1000, "");
    framer_feed(&framer, buffer_slice(&input), &TRUSTED);
    cr_assert_not(request_parser_divert(&framer.parser, buffer_slice(&input)));
    buffer_deinit(&input);
    framer_deinit(&framer);
}

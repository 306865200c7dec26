/* SPDX-License-Identifier: BSD-3-Clause */
/* The request parser: bytes that arrive whole and the same bytes that arrive in pieces must be framed alike, into the
 * same requests and the same error. The first byte of the input says whether the client is authenticated and chooses
 * the size of equal pieces; it also seeds a second cut, into pieces of random sizes. Every read gets memory of its
 * exact size, so that ASan sees a look past its end.
 * Room: resp
 * Owner: each run owns its parsers and what it framed. Locks: none. */
#include <stdint.h>
#include <stdlib.h>

#include "sherd/resp/request.h"

enum {
    BULK_MAX_BYTES = 1024 * 1024,
    INPUT_MAX_BYTES = 60000, /* beyond it a line without end is refused or not depending on how much was read */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a run framed, written down in one buffer: arguments with their lengths, then the error or nothing. */
struct framing {
    struct request_parser parser;
    struct argument_pool pool;
    struct buffer framed;
    size_t consumed; /* of the input, by whole requests */
    bool failed;
};

/* How a run cuts its input. */
struct cut {
    size_t piece; /* bytes of every piece, or 0: random */
    uint32_t seed;
};

static void framing_init(struct framing *framing)
{
    request_parser_init(&framing->parser);
    argument_pool_init(&framing->pool);
    buffer_init(&framing->framed);
    framing->consumed = 0;
    framing->failed = false;
}

static void framing_deinit(struct framing *framing)
{
    request_parser_deinit(&framing->parser);
    argument_pool_deinit(&framing->pool);
    buffer_deinit(&framing->framed);
}

static void write_down(struct framing *framing, const struct request *request, struct slice input)
{
    ASSERT(request->bytes > 0 && request->bytes <= input.len);
    ASSERT(request->first + (size_t)request->argc <= framing->pool.count || request->argc == 0);
    buffer_printf(&framing->framed, "%u:", request->argc);
    for (uint32_t i = 0; i < request->argc; i++) {
        struct slice argument = framing->pool.slots[request->first + i];
        buffer_printf(&framing->framed, "%zu:", argument.len);
        buffer_append_slice(&framing->framed, argument);
    }
    framing->consumed += request->bytes;
}

/* Frames what it can of `input`, the bytes that were read and not yet consumed: a batch, with one pool for all. */
static void frame(struct framing *framing, struct slice input, const struct request_limits *limits)
{
    for (bool more = true; more;) {
        struct request_result result;
        switch (request_parse(&framing->parser, input, limits, &framing->pool, &result)) {
        case REQUEST_WHOLE:
            write_down(framing, &result.request, input);
            input = slice_make(input.data + result.request.bytes, input.len - result.request.bytes);
            break;
        case REQUEST_PART: {
            size_t wants = request_parser_wants(&framing->parser);
            ASSERT(wants == 0 || wants > input.len);
            more = false;
            break;
        }
        case REQUEST_ERROR:
            framing->failed = true;
            buffer_printf(&framing->framed, "-%s", result.error);
            more = false;
            break;
        }
    }
    argument_pool_clear(&framing->pool);
}

static size_t next_piece(struct cut *cut)
{
    if (cut->piece != 0) {
        return cut->piece;
    }
    cut->seed = cut->seed * 1664525U + 1013904223U;
    uint32_t draw = cut->seed >> 16;
    return (draw & 1) != 0 ? 1 + (draw >> 1) % 4 : 1 + (draw >> 1) % 200; /* many small, some large */
}

/* Feeds the input in pieces, each time in new memory that holds exactly what is not yet consumed. */
static void feed(struct framing *framing, struct slice input, struct cut cut, const struct request_limits *limits)
{
    for (size_t read = 0; read < input.len && !framing->failed;) {
        size_t piece = next_piece(&cut);
        read = input.len - read < piece ? input.len : read + piece;
        size_t open = read - framing->consumed;
        char *exact = malloc(open);
        ASSERT(exact != NULL);
        memcpy(exact, input.data + framing->consumed, open);
        frame(framing, slice_make(exact, open), limits);
        free(exact);
    }
}

static void compare(const struct framing *whole, struct slice input, struct cut cut,
                    const struct request_limits *limits)
{
    struct framing pieces;
    framing_init(&pieces);
    feed(&pieces, input, cut, limits);
    ASSERT(whole->failed == pieces.failed && whole->consumed == pieces.consumed);
    ASSERT(slice_equals(buffer_slice(&whole->framed), buffer_slice(&pieces.framed)));
    framing_deinit(&pieces);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > INPUT_MAX_BYTES) {
        return 0;
    }
    const struct request_limits limits = {.bulk_max_bytes = BULK_MAX_BYTES, .authenticated = (data[0] & 1) != 0};
    struct slice input = slice_make(data + 1, size - 1);
    struct framing whole;
    framing_init(&whole);
    feed(&whole, input, (struct cut){.piece = input.len}, &limits);
    compare(&whole, input, (struct cut){.piece = (size_t)(data[0] >> 1) + 1}, &limits);
    compare(&whole, input, (struct cut){.seed = data[0] * 2654435761U}, &limits);
    framing_deinit(&whole);
    return 0;
}

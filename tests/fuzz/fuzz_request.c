/* SPDX-License-Identifier: BSD-3-Clause */
/* The request parser: bytes that arrive whole and the same bytes that arrive in pieces must be framed alike, into the
 * same requests and the same error. The first byte of the input chooses the size of the pieces and whether the client
 * is authenticated; every read gets memory of its exact size, so that ASan sees a look past its end.
 * Room: resp
 * Owner: each run owns its parsers and what it framed. Locks: none. */
#include <stdint.h>
#include <stdlib.h>

#include "sherd/resp/request.h"

enum {
    BULK_MAX_BYTES = 1024 * 1024,
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
    buffer_printf(&framing->framed, "%u:", request->argc);
    for (uint32_t i = 0; i < request->argc; i++) {
        struct slice argument = framing->pool.slots[request->first + i];
        buffer_printf(&framing->framed, "%zu:", argument.len);
        buffer_append_slice(&framing->framed, argument);
    }
    framing->consumed += request->bytes;
}

/* Frames what it can of `input`, the bytes that were read and not yet consumed. */
static void frame(struct framing *framing, struct slice input, const struct request_limits *limits)
{
    while (!framing->failed) {
        struct request_result result;
        switch (request_parse(&framing->parser, input, limits, &framing->pool, &result)) {
        case REQUEST_WHOLE:
            write_down(framing, &result.request, input);
            input = slice_make(input.data + result.request.bytes, input.len - result.request.bytes);
            break;
        case REQUEST_PART:
            return;
        case REQUEST_ERROR:
            framing->failed = true;
            buffer_printf(&framing->framed, "-%s", result.error);
            break;
        }
        argument_pool_clear(&framing->pool);
    }
}

/* Feeds the input in pieces, each time in new memory that holds exactly what is not yet consumed. */
static void feed(struct framing *framing, struct slice input, size_t piece, const struct request_limits *limits)
{
    for (size_t read = 0; read < input.len && !framing->failed;) {
        read = input.len - read < piece ? input.len : read + piece;
        size_t open = read - framing->consumed;
        char *exact = malloc(open);
        ASSERT(exact != NULL);
        memcpy(exact, input.data + framing->consumed, open);
        frame(framing, slice_make(exact, open), limits);
        free(exact);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    const struct request_limits limits = {.bulk_max_bytes = BULK_MAX_BYTES, .authenticated = (data[0] & 1) != 0};
    struct slice input = slice_make(data + 1, size - 1);
    struct framing whole, pieces;
    framing_init(&whole);
    framing_init(&pieces);
    feed(&whole, input, input.len, &limits);
    feed(&pieces, input, (size_t)(data[0] >> 1) + 1, &limits);
    ASSERT(whole.failed == pieces.failed && whole.framed.len == pieces.framed.len);
    ASSERT(whole.framed.len == 0 || memcmp(whole.framed.data, pieces.framed.data, whole.framed.len) == 0);
    framing_deinit(&whole);
    framing_deinit(&pieces);
    return 0;
}

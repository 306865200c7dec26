/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames requests: bytes in, {argc, argv slices into those bytes} out; inline and multibulk; resumable at any byte.
 * Errors are Redis's, word for word.
 * Owner: a parser per session; an argument pool per worker, emptied every batch. Locks: none. */
#ifndef SHERD_RESP_REQUEST_H
#define SHERD_RESP_REQUEST_H

#include "sherd/base/blob.h"
#include "sherd/base/buffer.h"
#include "sherd/base/quote.h"

enum {
    REQUEST_INLINE_MAX_BYTES = 64 * 1024,
    REQUEST_UNAUTHENTICATED_ARGS = 10,
    REQUEST_UNAUTHENTICATED_BYTES = 16384,
    REQUEST_LARGE_BYTES = 32 * 1024, /* an argument of that size may be received into a blob of its own */
};

/* Arguments of the requests of one batch. They move when the pool grows: requests refer to them by index. */
struct argument_pool {
    struct slice *slots;
    size_t count;
    size_t cap;
    struct quote_words *words; /* of inline requests, freed with the batch */
    size_t words_count;
    size_t words_cap;
};

void argument_pool_init(struct argument_pool *pool);
void argument_pool_deinit(struct argument_pool *pool);
/* Ends a batch. */
void argument_pool_clear(struct argument_pool *pool);

struct request {
    uint32_t argc;
    uint32_t first; /* index of the first argument in the pool */
    size_t bytes;   /* length of the request on the wire */
};

struct request_limits {
    int64_t bulk_max_bytes;
    bool authenticated;
};

/* An argument framed so far, relative to the request's first byte. */
struct argument_place {
    size_t at, len;
};

/* What is kept of a request that has not arrived whole. All zero: nothing. */
struct request_parser {
    size_t at; /* next byte to look at, from the request's first byte; 0: fresh */
    int64_t arguments_left;
    int64_t bulk_len;              /* of the argument under way; -1: its header is still to come */
    struct argument_place *places; /* arguments framed so far */
    size_t places_count;
    size_t places_cap;
    struct blob *large; /* owned: the argument that is received apart from the input, CRLF included; NULL: none */
    size_t large_len;   /* bytes of it that have arrived */
    size_t large_at;    /* where it belongs, from the request's first byte */
    size_t large_place; /* which argument it is */
};

void request_parser_init(struct request_parser *parser);
void request_parser_deinit(struct request_parser *parser);

enum request_outcome {
    REQUEST_WHOLE, /* one request, its argc may be 0: skip it */
    REQUEST_PART,  /* more bytes are needed; the parser remembers where it was */
    REQUEST_ERROR, /* the connection cannot go on; the error line is in the result */
};

/* A request as it comes out, or why there is none. */
struct request_result {
    struct request request;
    char error[128]; /* of REQUEST_ERROR: the line without '-' */
};

/* Frames one request at the beginning of `input`. On REQUEST_PART call again with the same bytes and more behind them
 * (they may have moved). */
enum request_outcome request_parse(struct request_parser *parser, struct slice input,
                                   const struct request_limits *limits, struct argument_pool *pool,
                                   struct request_result *result);
/* How many bytes the argument under way needs in all, from the request's first byte; 0 when not known: lets a reader
 * make room for a large argument at once. */
size_t request_parser_wants(const struct request_parser *parser);

/* After REQUEST_PART, where a large argument is under way (the first of its request): lets the reader receive the rest
 * of it into parser->large, which may become the value without a copy. The bytes of it that `input` (the request's
 * bytes so far) ends with are taken over; true: the caller cuts `input` to parser->large_at bytes, puts what arrives
 * behind parser->large_len, at most request_parser_large_room bytes, and then parses on as usual. */
NODISCARD bool request_parser_divert(struct request_parser *parser, struct slice input);
/* What is still to be received into parser->large; 0: it is complete, or there is none. */
static inline size_t request_parser_large_room(const struct request_parser *parser)
{
    return UNLIKELY(parser->large != NULL) ? parser->large->len + 2 - parser->large_len : 0;
}
/* After REQUEST_WHOLE: takes the blob that holds one of the request's arguments; NULL when all stand in the input. */
NODISCARD static inline struct blob *request_parser_take_large(struct request_parser *parser)
{
    struct blob *large = parser->large;
    parser->large = NULL;
    return large;
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The request parser. A whole request goes straight into the pool; one that is cut off leaves its places behind.
 *
 *   fresh --'*'--> count --> [ '$' length --> bytes ]... --> whole
 *   fresh --other--> line --> whole
 *
 * Owner: the session's parser, the worker's pool. Locks: none. */
#include "sherd/resp/request.h"

#include <limits.h>
#include <stdio.h>

#include "sherd/base/memory.h"
#include "sherd/base/number.h"

enum {
    ERROR_BYTES = 128,
    POOL_FIRST_SLOTS = 1024,
    POOL_KEEP_SLOTS = 16 * 1024,
    PLACES_KEEP = 1024,
    BULK_UNKNOWN = -1,
    HEADER_MIN_BYTES = 4,      /* "*1\r\n" */
    ARGUMENT_MIN_BYTES = 6,    /* "$0\r\n\r\n" */
    LENGTH_FAST_MAX = 9999999, /* longer arguments are rare */
};

void argument_pool_init(struct argument_pool *pool)
{
    *pool = (struct argument_pool){0};
}

void argument_pool_deinit(struct argument_pool *pool)
{
    argument_pool_clear(pool);
    memory_free(pool->slots);
    memory_free(pool->words);
    *pool = (struct argument_pool){0};
}

void argument_pool_clear(struct argument_pool *pool)
{
    for (size_t i = 0; i < pool->words_count; i++) {
        quote_words_deinit(&pool->words[i]);
    }
    pool->words_count = 0;
    pool->count = 0;
    if (UNLIKELY(pool->cap > POOL_KEEP_SLOTS)) {
        memory_free(pool->slots);
        pool->slots = NULL;
        pool->cap = 0;
    }
}

static NOINLINE void pool_grow(struct argument_pool *pool, size_t more)
{
    size_t cap = pool->cap < POOL_FIRST_SLOTS ? POOL_FIRST_SLOTS : pool->cap;
    while (cap < pool->count + more) {
        cap *= 2;
    }
    pool->slots = memory_resize(pool->slots, cap * sizeof(pool->slots[0]));
    pool->cap = cap;
}

static ALWAYS_INLINE void pool_add(struct argument_pool *pool, struct slice argument)
{
    if (UNLIKELY(pool->count == pool->cap)) {
        pool_grow(pool, 1);
    }
    pool->slots[pool->count++] = argument;
}

static void pool_keep_words(struct argument_pool *pool, struct quote_words words)
{
    if (pool->words_count == pool->words_cap) {
        pool->words_cap = pool->words_cap == 0 ? 8 : pool->words_cap * 2;
        pool->words = memory_resize(pool->words, pool->words_cap * sizeof(pool->words[0]));
    }
    pool->words[pool->words_count++] = words;
}

void request_parser_init(struct request_parser *parser)
{
    *parser = (struct request_parser){.bulk_len = BULK_UNKNOWN};
}

void request_parser_deinit(struct request_parser *parser)
{
    memory_free(parser->places);
    if (parser->large != NULL) {
        blob_release(parser->large);
    }
    request_parser_init(parser);
}

static void parser_reset(struct request_parser *parser)
{
    parser->at = 0;
    parser->places_count = 0;
    parser->bulk_len = BULK_UNKNOWN;
    if (UNLIKELY(parser->places_cap > PLACES_KEEP)) {
        memory_free(parser->places);
        parser->places = NULL;
        parser->places_cap = 0;
    }
}

size_t request_parser_wants(const struct request_parser *parser)
{
    return parser->at != 0 && parser->bulk_len >= 0 ? parser->at + (size_t)parser->bulk_len + 2 : 0;
}

bool request_parser_divert(struct request_parser *parser, struct slice input)
{
    if (parser->at == 0 || parser->bulk_len < REQUEST_LARGE_BYTES || parser->large != NULL) {
        return false;
    }
    size_t len = (size_t)parser->bulk_len;
    struct blob *large = blob_create(len, len + 2);
    parser->large = large;
    parser->large_at = parser->at;
    parser->large_place = parser->places_count;
    parser->large_len = input.len - parser->at;
    ASSERT(parser->large_len < len + 2);
    memcpy(large->data, input.data + parser->at, parser->large_len);
    return true;
}

/* Is the argument under way the one that is received into a blob? */
static bool is_diverted(const struct request_parser *parser)
{
    return parser->large != NULL && parser->large_place == parser->places_count;
}

static enum request_outcome fail(char *error, const char *text)
{
    (void)snprintf(error, ERROR_BYTES, "ERR Protocol error: %s", text);
    return REQUEST_ERROR;
}

/* Reads the number and line end behind a type byte at `*at`. REQUEST_WHOLE moves `*at` behind the line end. */
static ALWAYS_INLINE enum request_outcome header_parse(struct slice input, size_t *at, int64_t *number, bool *valid)
{
    const char *begin = input.data + *at + 1;
    const char *end = input.data + input.len;
    const char *p = begin;
    int64_t value = 0;
    while (p < end && (unsigned char)(*p - '0') < 10 && p - begin < 18) {
        value = value * 10 + (*p - '0');
        p++;
    }
    if (LIKELY(end - p >= 2 && *p == '\r')) {
        *valid = p != begin && (*begin != '0' || p - begin == 1);
        *number = value;
        *at = (size_t)(p - input.data) + 2;
        return REQUEST_WHOLE;
    }
    const char *line_end = begin < end ? memchr(begin, '\r', (size_t)(end - begin)) : NULL;
    if (line_end == NULL || end - line_end < 2) {
        return line_end == NULL && end - begin >= REQUEST_INLINE_MAX_BYTES ? REQUEST_ERROR : REQUEST_PART;
    }
    *valid = number_parse_i64(slice_make(begin, (size_t)(line_end - begin)), number);
    *at = (size_t)(line_end - input.data) + 2;
    return REQUEST_WHOLE;
}

static void parser_keep(struct request_parser *parser, size_t at, size_t len)
{
    if (parser->places_count == parser->places_cap) {
        parser->places_cap = parser->places_cap == 0 ? 8 : parser->places_cap * 2;
        parser->places = memory_resize(parser->places, parser->places_cap * sizeof(parser->places[0]));
    }
    parser->places[parser->places_count++] = (struct argument_place){.at = at, .len = len};
}

/* Checks the header of one argument; true when its length is good. */
static bool bulk_len_ok(int64_t len, bool valid, const struct request_limits *limits, char *error)
{
    if (!valid || len < 0 || len > limits->bulk_max_bytes) {
        (void)fail(error, "invalid bulk length");
        return false;
    }
    if (len > REQUEST_UNAUTHENTICATED_BYTES && !limits->authenticated) {
        (void)fail(error, "unauthenticated bulk length");
        return false;
    }
    return true;
}

/* Goes on with the arguments of a multibulk request at parser->at; places are kept in the parser. */
static enum request_outcome arguments_resume(struct request_parser *parser, struct slice input,
                                             const struct request_limits *limits, char *error)
{
    while (parser->arguments_left > 0) {
        if (parser->bulk_len == BULK_UNKNOWN) {
            if (parser->at >= input.len) {
                return REQUEST_PART;
            }
            char type = input.data[parser->at];
            if (type != '$') {
                char text[64];
                (void)snprintf(text, sizeof(text), "expected '$', got '%c'", type);
                return fail(error, text);
            }
            int64_t len = 0;
            bool valid = false;
            enum request_outcome outcome = header_parse(input, &parser->at, &len, &valid);
            if (outcome != REQUEST_WHOLE) {
                return outcome == REQUEST_ERROR ? fail(error, "too big bulk count string") : outcome;
            }
            if (!bulk_len_ok(len, valid, limits, error)) {
                return REQUEST_ERROR;
            }
            parser->bulk_len = len;
        }
        size_t len = (size_t)parser->bulk_len;
        bool diverted = is_diverted(parser);
        if (diverted ? request_parser_large_room(parser) != 0 : input.len - parser->at < len + 2) {
            return REQUEST_PART;
        }
        parser_keep(parser, parser->at, len);
        parser->at += diverted ? 0 : len + 2;
        parser->bulk_len = BULK_UNKNOWN;
        parser->arguments_left--;
    }
    return REQUEST_WHOLE;
}

/* Hands a request that took several reads over to the pool. */
static void parser_deliver(struct request_parser *parser, struct slice input, struct argument_pool *pool,
                           struct request *request)
{
    request->first = (uint32_t)pool->count;
    request->argc = (uint32_t)parser->places_count;
    request->bytes = parser->at;
    if (pool->cap - pool->count < parser->places_count) {
        pool_grow(pool, parser->places_count);
    }
    for (size_t i = 0; i < parser->places_count; i++) {
        bool apart = parser->large != NULL && parser->large_place == i;
        const char *data = apart ? parser->large->data : input.data + parser->places[i].at;
        pool_add(pool, slice_make(data, parser->places[i].len));
    }
    parser_reset(parser);
}

/* Reads the length behind the '$' at `p` and returns where the argument begins; NULL at the first doubt. */
static ALWAYS_INLINE const char *length_fast(const char *p, const char *end, uint64_t *len)
{
    if (UNLIKELY(end - p < ARGUMENT_MIN_BYTES || *p != '$')) {
        return NULL;
    }
    uint64_t value = (uint64_t)(unsigned char)(p[1] - '0');
    uint64_t second = (uint64_t)(unsigned char)(p[2] - '0');
    p += 2;
    if (LIKELY(second <= 9)) {
        value = UNLIKELY(value - 1 > 8) ? UINT64_MAX : value * 10 + second; /* no leading zeros */
        p++;
        while (UNLIKELY(*p != '\r')) {
            uint64_t digit = (uint64_t)(unsigned char)(*p++ - '0');
            if (digit > 9 || value > LENGTH_FAST_MAX || p == end) {
                return NULL;
            }
            value = value * 10 + digit;
        }
        *len = value;
        return p + 2;
    }
    *len = *p == '\r' && value <= 9 ? value : UINT64_MAX;
    return p + 2;
}

/* The usual case: all request->argc arguments are here, from request->bytes on. Falls back (false) at the first doubt,
 * with the pool as it was: the caller then takes the careful way. */
static ALWAYS_INLINE bool arguments_fast(struct slice input, const struct request_limits *limits,
                                         struct argument_pool *pool, struct request *request)
{
    size_t first = pool->count;
    const char *p = input.data + request->bytes;
    const char *end = input.data + input.len;
    uint64_t most = (uint64_t)limits->bulk_max_bytes;
    most = most < LENGTH_FAST_MAX ? most : LENGTH_FAST_MAX;
    most = limits->authenticated || most < REQUEST_UNAUTHENTICATED_BYTES ? most : REQUEST_UNAUTHENTICATED_BYTES;
    for (uint32_t left = request->argc; left != 0; left--) {
        uint64_t len;
        p = length_fast(p, end, &len);
        if (UNLIKELY(p == NULL || len > most) || UNLIKELY(end - p < (int64_t)len + 2)) {
            pool->count = first;
            return false;
        }
        pool_add(pool, slice_make(p, len));
        p += len + 2;
    }
    request->first = (uint32_t)first;
    request->bytes = (size_t)(p - input.data);
    return true;
}

static enum request_outcome multibulk_begin(struct request_parser *parser, struct slice input,
                                            const struct request_limits *limits, char *error)
{
    int64_t count = 0;
    bool valid = false;
    size_t at = 0;
    enum request_outcome outcome = header_parse(input, &at, &count, &valid);
    if (outcome != REQUEST_WHOLE) {
        return outcome == REQUEST_ERROR ? fail(error, "too big mbulk count string") : outcome;
    }
    if (!valid || count > INT_MAX) {
        return fail(error, "invalid multibulk length");
    }
    if (count > REQUEST_UNAUTHENTICATED_ARGS && !limits->authenticated) {
        return fail(error, "unauthenticated multibulk length");
    }
    parser->at = at;
    parser->arguments_left = count;
    parser->bulk_len = BULK_UNKNOWN;
    return REQUEST_WHOLE;
}

static enum request_outcome multibulk_parse(struct request_parser *parser, struct slice input,
                                            const struct request_limits *limits, struct argument_pool *pool,
                                            struct request_result *result)
{
    if (LIKELY(parser->at == 0)) {
        /* "*n\r\n" with one digit, and everything behind it */
        unsigned char few = input.len > HEADER_MIN_BYTES ? (unsigned char)(input.data[1] - '1') : UCHAR_MAX;
        result->request = (struct request){.argc = few + 1U, .bytes = HEADER_MIN_BYTES};
        if (LIKELY(few < 9 && input.data[2] == '\r') && LIKELY(arguments_fast(input, limits, pool, &result->request))) {
            return REQUEST_WHOLE;
        }
        enum request_outcome outcome = multibulk_begin(parser, input, limits, result->error);
        if (UNLIKELY(outcome != REQUEST_WHOLE)) {
            return outcome;
        }
        if (UNLIKELY(parser->arguments_left <= 0)) {
            result->request = (struct request){.bytes = parser->at};
            parser_reset(parser);
            return REQUEST_WHOLE;
        }
        result->request = (struct request){.argc = (uint32_t)parser->arguments_left, .bytes = parser->at};
        if (LIKELY(arguments_fast(input, limits, pool, &result->request))) {
            parser->at = 0;
            return REQUEST_WHOLE;
        }
    }
    enum request_outcome outcome = arguments_resume(parser, input, limits, result->error);
    if (outcome == REQUEST_WHOLE) {
        parser_deliver(parser, input, pool, &result->request);
    }
    return outcome;
}

static enum request_outcome inline_parse(struct slice input, struct argument_pool *pool, struct request *request,
                                         char *error)
{
    const char *line_end = memchr(input.data, '\n', input.len);
    if (line_end == NULL) {
        return input.len > REQUEST_INLINE_MAX_BYTES ? fail(error, "too big inline request") : REQUEST_PART;
    }
    struct slice line = slice_make(input.data, (size_t)(line_end - input.data));
    if (line.len > 0 && line.data[line.len - 1] == '\r') {
        line.len--;
    }
    struct quote_words words;
    if (quote_split(line, &words) != STATUS_OK) {
        return fail(error, "unbalanced quotes in request");
    }
    request->first = (uint32_t)pool->count;
    request->argc = (uint32_t)words.count;
    request->bytes = (size_t)(line_end - input.data) + 1;
    for (size_t i = 0; i < words.count; i++) {
        pool_add(pool, words.words[i]);
    }
    pool_keep_words(pool, words);
    return REQUEST_WHOLE;
}

enum request_outcome request_parse(struct request_parser *parser, struct slice input,
                                   const struct request_limits *limits, struct argument_pool *pool,
                                   struct request_result *result)
{
    if (UNLIKELY(input.len == 0)) {
        return REQUEST_PART;
    }
    if (LIKELY(input.data[0] == '*')) {
        return multibulk_parse(parser, input, limits, pool, result);
    }
    return inline_parse(input, pool, &result->request, result->error);
}

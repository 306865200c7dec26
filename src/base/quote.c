/* SPDX-License-Identifier: BSD-3-Clause */
/* Escaping, and the splitter: a cursor over the line that unescapes each word behind the previous one.
 * Owner: the caller owns every result. Locks: none. */
#include "sherd/base/quote.h"

#include "sherd/base/memory.h"

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The letter that stands for a control byte behind a backslash, or 0. */
static char escape_letter(char c)
{
    switch (c) {
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    case '\a':
        return 'a';
    case '\b':
        return 'b';
    case '"':
    case '\\':
        return c;
    default:
        return '\0';
    }
}

/* The byte that an escaped one stands for between double quotes. */
static char escaped_byte(char letter)
{
    switch (letter) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'b':
        return '\b';
    case 'a':
        return '\a';
    default:
        return letter;
    }
}

static bool prints_as_itself(char c)
{
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

void buffer_append_quoted(struct buffer *buffer, struct slice bytes)
{
    static const char digits[] = "0123456789abcdef";
    buffer_append(buffer, "\"", 1);
    size_t at = 0;
    while (at < bytes.len) {
        size_t plain = at;
        while (plain < bytes.len && prints_as_itself(bytes.data[plain])) {
            plain++;
        }
        buffer_append(buffer, bytes.data + at, plain - at);
        at = plain;
        if (at < bytes.len) {
            char c = bytes.data[at++];
            char letter = escape_letter(c);
            char text[4] = {'\\', letter != '\0' ? letter : 'x', digits[(uint8_t)c >> 4], digits[(uint8_t)c & 15]};
            buffer_append(buffer, text, letter != '\0' ? 2 : 4);
        }
    }
    buffer_append(buffer, "\"", 1);
}

/* A line being split: `at` .. `end` is still to be read, `out` is where the next unescaped byte goes. */
struct splitter {
    const char *at;
    const char *end;
    char *out;
};

/* The byte `ahead` of the cursor; NUL behind the end, which the line itself does not contain. */
static char peek(const struct splitter *splitter, ptrdiff_t ahead)
{
    return splitter->end - splitter->at > ahead ? splitter->at[ahead] : '\0';
}

static void emit(struct splitter *splitter, char c, ptrdiff_t consumed)
{
    *splitter->out++ = c;
    splitter->at += consumed;
}

/* The value of a hexadecimal digit, or -1. */
static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The cursor is on the closing quote; what follows it must end the word. */
static bool close_quote(struct splitter *splitter)
{
    splitter->at++;
    char next = peek(splitter, 0);
    return next == '\0' || is_blank(next);
}

static bool read_double_quoted(struct splitter *splitter)
{
    for (;;) {
        char c = peek(splitter, 0);
        char next = peek(splitter, 1);
        if (c == '\0') {
            return false;
        }
        if (c == '"') {
            return close_quote(splitter);
        }
        int high = hex_value(peek(splitter, 2));
        int low = hex_value(peek(splitter, 3));
        if (c == '\\' && next == 'x' && high >= 0 && low >= 0) {
            emit(splitter, (char)(high * 16 + low), 4);
        } else if (c == '\\' && next != '\0') {
            emit(splitter, escaped_byte(next), 2);
        } else {
            emit(splitter, c, 1);
        }
    }
}

static bool read_single_quoted(struct splitter *splitter)
{
    for (;;) {
        char c = peek(splitter, 0);
        if (c == '\0') {
            return false;
        }
        if (c == '\'') {
            return close_quote(splitter);
        }
        if (c == '\\' && peek(splitter, 1) == '\'') {
            emit(splitter, '\'', 2);
        } else {
            emit(splitter, c, 1);
        }
    }
}

/* Reads one word. Quotes may open in its middle, but closing them ends it. Vertical tab and form feed separate words
 * yet do not end one (Redis 7.0). */
static bool read_word(struct splitter *splitter)
{
    for (;;) {
        char c = peek(splitter, 0);
        if (c == '\0' || (is_blank(c) && c != '\v' && c != '\f')) {
            return true;
        }
        if (c == '"' || c == '\'') {
            splitter->at++;
            return c == '"' ? read_double_quoted(splitter) : read_single_quoted(splitter);
        }
        emit(splitter, c, 1);
    }
}

/* At most so many words: each begins behind white space or at the start. */
static size_t count_starts(struct slice line)
{
    size_t starts = 0;
    bool blank = true;
    for (size_t i = 0; i < line.len; i++) {
        bool now_blank = is_blank(line.data[i]);
        starts += blank && !now_blank;
        blank = now_blank;
    }
    return starts;
}

enum status quote_split(struct slice line, struct quote_words *out)
{
    *out = (struct quote_words){0};
    const char *nul = line.len == 0 ? NULL : memchr(line.data, '\0', line.len);
    if (nul != NULL) {
        line.len = (size_t)(nul - line.data);
    }
    size_t starts = count_starts(line);
    if (starts == 0) {
        return STATUS_OK;
    }
    out->words = memory_alloc(starts * sizeof(*out->words) + line.len);
    struct splitter splitter = {.at = line.data, .end = line.data + line.len, .out = (char *)(out->words + starts)};
    for (;;) {
        while (is_blank(peek(&splitter, 0))) {
            splitter.at++;
        }
        if (peek(&splitter, 0) == '\0') {
            return STATUS_OK;
        }
        const char *word = splitter.out;
        if (!read_word(&splitter)) {
            quote_words_deinit(out);
            return STATUS_INVALID;
        }
        out->words[out->count++] = slice_make(word, (size_t)(splitter.out - word));
    }
}

void quote_words_deinit(struct quote_words *words)
{
    memory_free(words->words);
    *words = (struct quote_words){0};
}

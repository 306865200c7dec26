/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the load generator knows of the two protocols: RESP (2 and 3) and memcached's text. Requests are built once
 * as templates; replies are framed, that is, their ends are found.
 *
 * Owner: the caller owns every structure. Locks: none.
 */
#define _GNU_SOURCE
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- replies ---- */

static void element_done(struct framer *f)
{
    if (f->pending)
        return;
    if (f->push)
        f->push = false;
    else
        f->expect--;
}

static void note_error(struct framer *f, const char *line, size_t length)
{
    if (f->errors++ == 0)
        snprintf(f->first_error, sizeof f->first_error, "%.*s", (int)length, line);
}

/* Remembers a plain reply by its first line, so that the next one like it costs a compare and an addition. */
static void remember(struct framer *f, const char *line, size_t line_bytes, size_t reply_bytes)
{
    if (line_bytes > 8 || f->pending || f->push)
        return;
    f->head_mask = line_bytes == 8 ? UINT64_MAX : (UINT64_C(1) << 8 * line_bytes) - 1;
    f->head = 0;
    memcpy(&f->head, line, line_bytes);
    f->same_bytes = reply_bytes;
}

static void begin_aggregate(struct framer *f, char type, long long count)
{
    uint64_t elements = count > 0 ? (uint64_t)count : 0;
    if (type == '%' || type == '|')
        elements *= 2;
    if (type == '|')
        elements++; /* attributes come before the reply itself */
    if (type == '>' && f->pending == 0)
        f->push = true;
    f->pending += elements;
    element_done(f);
}

/* One whole line of RESP, its line end included. */
static void resp_line(struct framer *f, const char *line, size_t length)
{
    long long number = line[0] == '+' || line[0] == '-' ? 0 : strtoll(line + 1, NULL, 10);
    if (f->pending)
        f->pending--;
    switch (line[0]) {
    case '$':
    case '=':
    case '!':
        remember(f, line, length, length + (number < 0 ? 0 : (size_t)number + 2));
        if (number >= 0) {
            f->skip = (uint64_t)number + 2;
            return;
        }
        break;
    case '*':
    case '~':
    case '%':
    case '|':
    case '>':
        begin_aggregate(f, line[0], number);
        return;
    case '-':
        note_error(f, line, length);
        break;
    default:
        remember(f, line, length, length);
    }
    element_done(f);
}

/* One whole line of memcached's text protocol. */
static void text_line(struct framer *f, const char *line, size_t length)
{
    if (line[0] == 'V') {
        const char *digit = line + length - 2;
        while (digit[-1] != ' ')
            digit--;
        f->skip = strtoull(digit, NULL, 10) + 2;
        f->pending = 1; /* the closing END */
        return;
    }
    if (memmem(line, length, "ERROR", 5))
        note_error(f, line, length);
    f->pending = 0;
    f->expect--;
}

/* Takes bytes up to a line end; returns how many. A line cut short is kept for the next call. */
static size_t eat_line(struct framer *f, const char *bytes, size_t n, bool text)
{
    const char *end = memchr(bytes, '\n', n), *line = bytes;
    size_t taken = end ? (size_t)(end - bytes) + 1 : n, length = taken;
    if (!end || f->length) {
        if (f->length + taken > LINE_BYTES) {
            fputs("load: a reply line is longer than 1024 bytes\n", stderr);
            exit(1);
        }
        memcpy(f->line + f->length, bytes, taken);
        f->length += (unsigned)taken;
        if (!end)
            return taken;
        line = f->line;
        length = f->length;
        f->length = 0;
    }
    if (text)
        text_line(f, line, length);
    else
        resp_line(f, line, length);
    return taken;
}

static bool same_again(const struct framer *f, const char *at, size_t left)
{
    uint64_t head;
    memcpy(&head, at, sizeof head);
    return left >= f->same_bytes && (head & f->head_mask) == f->head;
}

size_t framer_eat(struct framer *f, const char *bytes, size_t n, bool text)
{
    const char *at = bytes, *end = bytes + n;
    while (at < end && f->expect) {
        size_t left = (size_t)(end - at);
        if (f->skip) {
            size_t taken = left < f->skip ? left : (size_t)f->skip;
            at += taken;
            f->skip -= taken;
            if (f->skip == 0 && !text)
                element_done(f);
        } else if (f->same_bytes && f->pending == 0 && f->length == 0 && same_again(f, at, left)) {
            at += f->same_bytes;
            f->expect--;
        } else {
            at += eat_line(f, at, left, text);
        }
    }
    return (size_t)(end - at);
}

/* ---- requests ---- */

static void bad(const char *what, const char *word)
{
    fprintf(stderr, "load: %s: %s\n", what, word);
    exit(2);
}

/* The bytes of one word with {key} and {data:N} replaced; slots gets the offset of each key. */
static void put_word(struct template *t, FILE *out, const char *word)
{
    for (const char *at = word; *at;) {
        char *end;
        if (strncmp(at, "{key}", 5) == 0) {
            if (t->slot_count == TEMPLATE_SLOTS)
                bad("too many keys in one request", word);
            t->slots[t->slot_count++] = (size_t)ftell(out);
            fputs("000000000000", out);
            at += 5;
        } else if (strncmp(at, "{data:", 6) == 0) {
            unsigned long bytes = strtoul(at + 6, &end, 10);
            if (*end != '}' || bytes > 1ul << 30)
                bad("bad data word", word);
            for (unsigned long i = 0; i < bytes; i++)
                fputc((int)('a' + i % 26), out);
            at = end + 1;
        } else {
            fputc(*at++, out);
        }
    }
}

static size_t word_length(const char *word)
{
    struct template scratch = {0};
    char *bytes = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&bytes, &length);
    put_word(&scratch, out, word);
    fclose(out);
    free(bytes);
    return length;
}

static void template_parse(struct template *t, char **words, int count, bool text)
{
    FILE *out = open_memstream(&t->bytes, &t->length);
    if (!text)
        fprintf(out, "*%d\r\n", count);
    for (int i = 0; i < count; i++) {
        if (!text)
            fprintf(out, "$%zu\r\n", word_length(words[i]));
        else if (i + 1 == count && strncmp(words[i], "{data:", 6) == 0)
            fprintf(out, "%zu\r\n", word_length(words[i]));
        put_word(t, out, words[i]);
        fputs(text && i + 1 < count ? " " : "\r\n", out);
    }
    fclose(out);
}

/* A leading word such as 10x is the template's weight. */
static unsigned take_weight(char ***words, int *count)
{
    char *end;
    unsigned long weight = strtoul((*words)[0], &end, 10);
    if (end == (*words)[0] || strcmp(end, "x") != 0)
        return 1;
    ++*words;
    --*count;
    return (unsigned)weight;
}

void mix_parse(struct mix *mix, char **words, int count, bool text)
{
    while (count > 0) {
        int n = 0;
        while (n < count && strcmp(words[n], ",") != 0)
            n++;
        char **own = words;
        int own_count = n;
        unsigned weight = n ? take_weight(&own, &own_count) : 0;
        if (own_count <= 0 || mix->count == TEMPLATES || mix->pick_count + weight > PICKS)
            bad("empty or too many templates", words[0]);
        template_parse(&mix->templates[mix->count], own, own_count, text);
        for (unsigned i = 0; i < weight; i++)
            mix->picks[mix->pick_count++] = (uint8_t)mix->count;
        mix->count++;
        words += n < count ? n + 1 : n;
        count -= n < count ? n + 1 : n;
    }
    if (mix->pick_count == 0)
        bad("no template has a weight", "");
}

void greeting_parse(struct template *t, const char *line, bool text)
{
    char *copy = strdup(line), *words[64], *rest = NULL;
    int count = 0;
    for (char *word = strtok_r(copy, " ", &rest); word && count < 64; word = strtok_r(NULL, " ", &rest))
        words[count++] = word;
    template_parse(t, words, count, text);
    free(copy);
}

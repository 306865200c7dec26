/* SPDX-License-Identifier: BSD-3-Clause */
/* From what was written to canonical text, from that to a typed field, to CONFIG GET and to a line of a file.
 * The error texts are those of Redis 7.2.
 * Owner: nobody, there is no state. Locks: none. */
#include "sherd/config/option.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "sherd/base/number.h"
#include "sherd/base/quote.h"

enum {
    PERCENT_MAX_DIGITS = 19,
    KIB = 1024,
};

static void append_text(struct buffer *buffer, const char *text)
{
    buffer_append(buffer, text, strlen(text));
}

static void append_i64(struct buffer *buffer, int64_t value)
{
    char digits[NUMBER_I64_BYTES];
    buffer_append(buffer, digits, number_print_i64(digits, value));
}

/* "75%" -> 75. */
static bool percent_parse(struct slice text, int64_t *percent)
{
    if (text.len < 2 || text.len > PERCENT_MAX_DIGITS || text.data[text.len - 1] != '%') {
        return false;
    }
    return number_parse_i64(slice_make(text.data, text.len - 1), percent) && *percent >= 0;
}

/* As strtoll with base 8, whose leading white space and sign are taken too; no digits mean zero, as in Redis. */
static bool octal_parse(struct slice text, int64_t *value)
{
    char digits[64];
    if (text.len >= sizeof(digits) || memchr(text.data, '\0', text.len) != NULL) {
        return false;
    }
    if (text.len != 0) {
        memcpy(digits, text.data, text.len);
    }
    digits[text.len] = '\0';
    char *end = NULL;
    errno = 0;
    *value = strtoll(digits, &end, 8);
    return errno == 0 && *end == '\0';
}

static bool within_bounds(const struct option *row, int64_t value, struct buffer *error)
{
    if (value >= row->min && value <= row->max) {
        return true;
    }
    if (row->type == OPTION_OCTAL) {
        buffer_printf(error, "argument must be between %" PRIo64 " and %" PRIo64 " inclusive", (uint64_t)row->min,
                      (uint64_t)row->max);
    } else {
        buffer_printf(error, "argument must be between %" PRId64 " and %" PRId64 " inclusive", row->min, row->max);
    }
    return false;
}

static bool read_bool(struct slice word, struct buffer *text, struct buffer *error)
{
    if (slice_equals_word(word, "yes")) {
        append_text(text, "yes");
    } else if (slice_equals_word(word, "no")) {
        append_text(text, "no");
    } else {
        append_text(error, "argument must be 'yes' or 'no'");
        return false;
    }
    return true;
}

static bool read_integer(const struct option *row, struct slice word, struct buffer *text, struct buffer *error)
{
    int64_t value;
    if (!number_parse_i64(word, &value)) {
        append_text(error, "argument couldn't be parsed into an integer");
        return false;
    }
    if (!within_bounds(row, value, error)) {
        return false;
    }
    append_i64(text, value);
    return true;
}

static bool read_octal(const struct option *row, struct slice word, struct buffer *text, struct buffer *error)
{
    int64_t value;
    if (!octal_parse(word, &value)) {
        append_text(error, "argument couldn't be parsed as an octal number");
        return false;
    }
    if (!within_bounds(row, value, error)) {
        return false;
    }
    buffer_printf(text, "%" PRIo64, (uint64_t)value);
    return true;
}

static bool read_percent(const struct option *row, int64_t percent, struct buffer *text, struct buffer *error)
{
    if (-percent < row->min) {
        buffer_printf(error, "percentage argument must be less or equal to %" PRId64, -row->min);
        return false;
    }
    append_i64(text, percent);
    append_text(text, "%");
    return true;
}

static bool read_memory(const struct option *row, struct slice word, struct buffer *text, struct buffer *error)
{
    bool takes_percent = (row->flags & OPTION_PERCENT) != 0;
    uint64_t bytes;
    int64_t percent;
    if (!number_parse_memory(word, &bytes)) {
        if (takes_percent && percent_parse(word, &percent)) {
            return read_percent(row, percent, text, error);
        }
        /* Where a percentage only stands for bytes (maxmemory) Redis knows none: there its text is the shorter one. */
        append_text(error, takes_percent && row->resolve == NULL ? "argument must be a memory or percent value"
                                                                 : "argument must be a memory value");
        return false;
    }
    if (bytes > INT64_MAX) {
        buffer_printf(error, "argument must be between %" PRId64 " and %" PRId64 " inclusive",
                      takes_percent ? (int64_t)0 : row->min, row->max);
        return false;
    }
    if (!within_bounds(row, (int64_t)bytes, error)) {
        return false;
    }
    append_i64(text, (int64_t)bytes);
    return true;
}

static bool word_value(const struct option *row, struct slice word, int *value)
{
    for (const struct option_word *entry = row->words; entry->word != NULL; entry++) {
        if (slice_equals_word(word, entry->word)) {
            *value = entry->value;
            return true;
        }
    }
    return false;
}

/* The words of a value: the one that says it whole, else those whose bits make it up. */
static void append_enum(const struct option *row, int value, struct buffer *text)
{
    for (const struct option_word *entry = row->words; entry->word != NULL; entry++) {
        if (entry->value == value) {
            append_text(text, entry->word);
            return;
        }
    }
    const char *separator = "";
    for (const struct option_word *entry = row->words; entry->word != NULL; entry++) {
        if (entry->value != 0 && (value & entry->value) == entry->value) {
            append_text(text, separator);
            append_text(text, entry->word);
            separator = " ";
            value &= ~entry->value;
        }
    }
}

static bool read_enum(const struct option *row, const struct option_given *given, struct buffer *text,
                      struct buffer *error)
{
    int value = 0;
    bool known = given->count == 1 || (given->count > 1 && option_takes_words(row));
    for (size_t i = 0; i < given->count && known; i++) {
        int one = 0;
        known = word_value(row, given->words[i], &one);
        value |= one;
    }
    if (known) {
        append_enum(row, value, text);
        return true;
    }
    const char *separator = "argument(s) must be one of the following: ";
    for (const struct option_word *entry = row->words; entry->word != NULL; entry++) {
        append_text(error, separator);
        append_text(error, entry->word);
        separator = ", ";
    }
    return false;
}

static void read_words(const struct option_given *given, struct buffer *text)
{
    for (size_t i = 0; i < given->count; i++) {
        if (i != 0) {
            append_text(text, " ");
        }
        buffer_append_slice(text, given->words[i]);
    }
}

static void read_string(const struct option *row, struct slice word, struct buffer *text)
{
    size_t len = word.len;
    if ((row->flags & OPTION_BINARY) == 0 && len != 0) {
        len = strnlen(word.data, len);
    }
    buffer_append(text, word.data, len);
}

static bool read_by_type(const struct option *row, const struct option_given *given, struct buffer *text,
                         struct buffer *error)
{
    struct slice word = given->count != 0 ? given->words[0] : SLICE_LITERAL("");
    switch (row->type) {
    case OPTION_BOOL:
        return read_bool(word, text, error);
    case OPTION_INTEGER:
        return read_integer(row, word, text, error);
    case OPTION_MEMORY:
        return read_memory(row, word, text, error);
    case OPTION_OCTAL:
        return read_octal(row, word, text, error);
    case OPTION_ENUM:
        return read_enum(row, given, text, error);
    case OPTION_STRING:
        read_string(row, word, text);
        return true;
    case OPTION_WORDS:
        read_words(given, text);
        return true;
    }
    return false;
}

bool option_read(const struct option *row, const struct option_given *given, struct buffer *text, struct buffer *error)
{
    if (given->count != 1 && !option_takes_words(row)) {
        append_text(error, "wrong number of arguments");
        return false;
    }
    size_t start = text->len;
    bool good;
    if (row->normalize != NULL) {
        struct buffer normal;
        buffer_init(&normal);
        const char *fault = row->normalize(given, &normal);
        good = fault == NULL;
        if (good) {
            struct slice word = buffer_slice(&normal);
            struct option_given again = {.words = &word, .count = 1, .now = given->now, .again = given->again};
            good = read_by_type(row, &again, text, error);
        } else {
            append_text(error, fault);
        }
        buffer_deinit(&normal);
    } else {
        good = read_by_type(row, given, text, error);
    }
    if (!good || row->check == NULL) {
        return good;
    }
    /* The check may treat the text as a C string. */
    buffer_append(text, "", 1);
    text->len--;
    const char *fault = row->check(slice_make(text->data + start, text->len - start));
    if (fault != NULL) {
        append_text(error, fault);
    }
    return fault == NULL;
}

static int64_t number_of(const struct option *row, void *context, struct slice text)
{
    int64_t value = 0;
    if (row->type == OPTION_OCTAL) {
        ASSERT(octal_parse(text, &value));
    } else if (percent_parse(text, &value)) {
        return row->resolve != NULL ? row->resolve(context, value) : -value;
    } else {
        ASSERT(number_parse_i64(text, &value));
    }
    return value;
}

static int enum_of(const struct option *row, struct slice text)
{
    int value = 0;
    while (text.len != 0) {
        const char *space = memchr(text.data, ' ', text.len);
        size_t len = space != NULL ? (size_t)(space - text.data) : text.len;
        int one = 0;
        ASSERT(word_value(row, slice_make(text.data, len), &one));
        value |= one;
        size_t used = len + (space != NULL ? 1 : 0);
        text = slice_make(text.data + used, text.len - used);
    }
    return value;
}

void option_store(const struct option *row, void *context, struct slice text, void *field)
{
    switch (row->type) {
    case OPTION_BOOL:
        *(bool *)field = slice_equals_word(text, "yes");
        break;
    case OPTION_INTEGER:
    case OPTION_MEMORY:
    case OPTION_OCTAL:
        *(int64_t *)field = number_of(row, context, text);
        break;
    case OPTION_ENUM:
        *(int *)field = enum_of(row, text);
        break;
    case OPTION_STRING:
    case OPTION_WORDS:
        if (row->store != NULL) {
            row->store(text, field);
        } else {
            *(struct slice *)field = text;
        }
        break;
    }
}

void option_show(const struct option *row, void *context, struct slice text, struct buffer *out)
{
    int64_t percent;
    if (row->show != NULL) {
        row->show(text, out);
    } else if (row->resolve != NULL && percent_parse(text, &percent)) {
        append_i64(out, row->resolve(context, percent));
    } else {
        buffer_append_slice(out, text);
    }
}

/* In the largest unit that divides it. */
static void append_memory(struct buffer *line, int64_t bytes)
{
    static const char *const units[] = {"", "kb", "mb", "gb"};
    size_t unit = 0;
    while (bytes != 0 && unit + 1 < ARRAY_LENGTH(units) && bytes % KIB == 0) {
        bytes /= KIB;
        unit++;
    }
    append_i64(line, bytes);
    append_text(line, units[unit]);
}

static bool needs_quotes(struct slice word)
{
    for (size_t i = 0; i < word.len; i++) {
        unsigned char c = (unsigned char)word.data[i];
        if (c <= ' ' || c >= 0x7f || c == '"' || c == '\'' || c == '\\') {
            return true;
        }
    }
    return word.len == 0;
}

static void append_word(struct buffer *line, struct slice word)
{
    append_text(line, " ");
    if (needs_quotes(word)) {
        buffer_append_quoted(line, word);
    } else {
        buffer_append_slice(line, word);
    }
}

void option_write(const struct option *row, struct slice text, struct buffer *line)
{
    append_text(line, row->name);
    int64_t bytes;
    if (row->type == OPTION_MEMORY && number_parse_i64(text, &bytes)) {
        append_text(line, " ");
        append_memory(line, bytes);
    } else if (row->type == OPTION_STRING) {
        append_text(line, " ");
        buffer_append_quoted(line, text);
    } else {
        const char *space;
        while ((space = memchr(text.data, ' ', text.len)) != NULL) {
            size_t len = (size_t)(space - text.data);
            append_word(line, slice_make(text.data, len));
            text = slice_make(space + 1, text.len - len - 1);
        }
        append_word(line, text);
    }
}

bool option_pending_accepts(const struct option *row, struct slice text)
{
    return slice_equals(text, option_default(row)) ||
           (row->off != NULL && slice_equals(text, slice_from_text(row->off)));
}

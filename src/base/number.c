/* SPDX-License-Identifier: BSD-3-Clause */
/* Parsing and printing of numbers. Integers are done by hand because they are on the hot path; doubles have a fast path
 * for short decimals and leave the rest to the C library (the process keeps the "C" numeric locale).
 * Owner: nobody, there is no state. Locks: none. */
#include "sherd/base/number.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sherd/base/memory.h"

enum {
    SAFE_DIGITS = 19,       /* any 19 digits fit in 64 bits without a check */
    EXACT_DIGITS = 15,      /* any 15 digits are exact in a double */
    TEXT_STACK_BYTES = 256, /* a longer double is copied to the heap */
    PRINTED_DIGITS = 17,
};

static inline unsigned digit_of(char c)
{
    return (unsigned)(unsigned char)c - '0';
}

/* Eight digits at once: neighbours are joined to pairs, pairs to fours, fours to the number, with three multiplications
 * where a loop has a chain of eight. False when any byte is not a digit. */
static inline bool parse_eight(const char *data, uint64_t *out)
{
    uint64_t word;
    memcpy(&word, data, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    /* A digit has the high half 3, and still has it after adding 6. */
    const uint64_t high_halves = 0xf0f0f0f0f0f0f0f0U;
    const uint64_t threes = 0x3030303030303030U;
    if ((word & high_halves) != threes || ((word + 0x0606060606060606U) & high_halves) != threes) {
        return false;
    }
    word -= threes;
    word = (word * 10 + (word >> 8)) & 0x00ff00ff00ff00ffU;
    word = (word * 100 + (word >> 16)) & 0x0000ffff0000ffffU;
    *out = (word * 10000 + (word >> 32)) & 0xffffffffU;
    return true;
}

/* Digits only, of any number; false outside uint64. No digits give 0. */
static inline bool parse_digits(const char *data, size_t len, uint64_t *out)
{
    uint64_t value = 0;
    size_t safe = len < SAFE_DIGITS ? len : SAFE_DIGITS;
    size_t at = 0;
    for (; at + 8 <= safe; at += 8) {
        uint64_t eight;
        if (UNLIKELY(!parse_eight(data + at, &eight))) {
            return false;
        }
        value = value * 100000000 + eight;
    }
    for (; at < safe; at++) {
        unsigned digit = digit_of(data[at]);
        if (UNLIKELY(digit > 9)) {
            return false;
        }
        value = value * 10 + digit;
    }
    for (; at < len; at++) {
        unsigned digit = digit_of(data[at]);
        if (digit > 9 || __builtin_mul_overflow(value, (uint64_t)10, &value) ||
            __builtin_add_overflow(value, (uint64_t)digit, &value)) {
            return false;
        }
    }
    *out = value;
    return true;
}

bool number_parse_i64(struct slice text, int64_t *out)
{
    if (UNLIKELY(text.len == 0)) {
        return false;
    }
    bool negative = text.data[0] == '-';
    const char *digits = text.data + negative;
    size_t count = text.len - negative;
    uint64_t value;
    if (UNLIKELY(count == 0 || count > SAFE_DIGITS)) {
        return false;
    }
    if (UNLIKELY(digits[0] == '0')) {
        if (count != 1 || negative) {
            return false;
        }
        *out = 0;
        return true;
    }
    if (!parse_digits(digits, count, &value) || value > (uint64_t)INT64_MAX + negative) {
        return false;
    }
    *out = (int64_t)(negative ? 0 - value : value);
    return true;
}

bool number_parse_u64(struct slice text, uint64_t *out)
{
    return text.len != 0 && parse_digits(text.data, text.len, out);
}

/* Up to 15 digits with an optional point: both the digits and the power of ten are exact doubles, so one division
 * rounds correctly and gives what strtod would. */
static bool parse_short_decimal(struct slice text, double *out)
{
    static const double powers[EXACT_DIGITS + 1] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    size_t at = text.len != 0 && text.data[0] == '-';
    size_t first = at;
    size_t point = text.len; /* index of the point, or the end */
    int64_t value = 0;
    if (text.len - at > EXACT_DIGITS + 1) {
        return false;
    }
    for (; at < text.len; at++) {
        unsigned digit = digit_of(text.data[at]);
        if (digit <= 9) {
            value = value * 10 + digit;
        } else if (text.data[at] == '.' && point == text.len) {
            point = at;
        } else {
            return false;
        }
    }
    size_t decimals = point == text.len ? 0 : text.len - point - 1;
    size_t digits = text.len - first - (point != text.len);
    if (digits == 0 || digits > EXACT_DIGITS) {
        return false;
    }
    double magnitude = (double)value / powers[decimals];
    *out = first == 1 ? -magnitude : magnitude;
    return true;
}

static bool parse_double_text(const char *text, size_t len, double *out)
{
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    bool lost = errno == ERANGE && (isinf(value) || fpclassify(value) == FP_ZERO);
    if ((size_t)(end - text) != len || lost || isnan(value)) {
        return false;
    }
    *out = value;
    return true;
}

bool number_parse_double(struct slice text, double *out)
{
    if (parse_short_decimal(text, out)) {
        return true;
    }
    if (text.len == 0 || isspace((unsigned char)text.data[0])) {
        return false;
    }
    char stack[TEXT_STACK_BYTES];
    char *copy = text.len < sizeof(stack) ? stack : memory_alloc(text.len + 1);
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    bool parsed = parse_double_text(copy, text.len, out);
    if (copy != stack) {
        memory_free(copy);
    }
    return parsed;
}

bool number_parse_long_double(struct slice text, long double *out)
{
    char copy[NUMBER_LONG_DOUBLE_BYTES];
    if (text.len == 0 || text.len >= sizeof(copy) || isspace((unsigned char)text.data[0])) {
        return false;
    }
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    char *end;
    errno = 0;
    long double value = strtold(copy, &end);
    bool lost = errno == ERANGE && (isinf(value) || fpclassify(value) == FP_ZERO);
    if ((size_t)(end - copy) != text.len || lost || isnan(value)) {
        return false;
    }
    *out = value;
    return true;
}

bool number_parse_memory(struct slice text, uint64_t *bytes)
{
    static const struct {
        char word[3];
        uint64_t factor;
    } units[] = {
        {"", 1},           {"b", 1},
        {"k", 1000},       {"kb", 1024},
        {"m", 1000000},    {"mb", 1024 * 1024},
        {"g", 1000000000}, {"gb", 1024 * 1024 * 1024},
    };
    size_t digits = 0;
    if (text.len == 0) {
        *bytes = 0; /* CONFIG SET takes the empty text for zero */
        return true;
    }
    while (digits < text.len && digit_of(text.data[digits]) <= 9) {
        digits++;
    }
    uint64_t amount = 0;
    if (!parse_digits(text.data, digits, &amount)) {
        return false;
    }
    struct slice unit = slice_make(text.data + digits, text.len - digits);
    for (size_t i = 0; i < ARRAY_LENGTH(units); i++) {
        if (slice_equals_word(unit, units[i].word)) {
            return !__builtin_mul_overflow(amount, units[i].factor, bytes);
        }
    }
    return false;
}

size_t number_digits_u64(uint64_t value)
{
    static const uint64_t powers[] = {0,
                                      10,
                                      100,
                                      1000,
                                      10000,
                                      100000,
                                      1000000,
                                      10000000,
                                      100000000,
                                      1000000000,
                                      10000000000,
                                      100000000000,
                                      1000000000000,
                                      10000000000000,
                                      100000000000000,
                                      1000000000000000,
                                      10000000000000000,
                                      100000000000000000,
                                      1000000000000000000,
                                      10000000000000000000U};
    /* 1233 / 4096 approximates log10(2): a guess from the bit length that is never too high by more than one. */
    size_t guess = (size_t)((64 - __builtin_clzll(value | 1)) * 1233) >> 12;
    return guess + (value >= powers[guess]);
}

size_t number_print_u64(char out[static NUMBER_I64_BYTES], uint64_t value)
{
    static const char pairs[] =
        "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243"
        "4445464748495051525354555657585960616263646566676869707172737475767778798081828384858687"
        "888990919293949596979899";
    size_t len = number_digits_u64(value);
    size_t at = len;
    out[len] = '\0';
    while (value >= 100) {
        at -= 2;
        memcpy(out + at, pairs + (value % 100) * 2, 2);
        value /= 100;
    }
    if (value >= 10) {
        memcpy(out, pairs + value * 2, 2);
    } else {
        out[0] = (char)('0' + value);
    }
    return len;
}

size_t number_print_i64(char out[static NUMBER_I64_BYTES], int64_t value)
{
    if (value >= 0) {
        return number_print_u64(out, (uint64_t)value);
    }
    /* The magnitude has at most 19 digits, so the sign leaves room for it and the NUL. */
    char digits[NUMBER_I64_BYTES];
    size_t len = number_print_u64(digits, 0 - (uint64_t)value);
    out[0] = '-';
    memcpy(out + 1, digits, len + 1);
    return len + 1;
}

static size_t print_word(char *out, const char *word)
{
    size_t len = strlen(word);
    memcpy(out, word, len + 1);
    return len;
}

size_t number_print_double(char out[static NUMBER_DOUBLE_BYTES], double value)
{
    if (isnan(value)) {
        return print_word(out, "nan"); /* the C library would show the sign */
    }
    if (isinf(value)) {
        return print_word(out, value > 0 ? "inf" : "-inf");
    }
    /* Whole numbers of up to 17 digits print without point or exponent; -0 does not take this way. */
    if (value > -1e17 && value < 1e17 && value == (double)(int64_t)value && !(value == 0 && signbit(value))) {
        return number_print_i64(out, (int64_t)value);
    }
    return (size_t)snprintf(out, NUMBER_DOUBLE_BYTES, "%.*g", PRINTED_DIGITS, value);
}

size_t number_print_long_double_human(char out[static NUMBER_LONG_DOUBLE_BYTES], long double value)
{
    if (isnan(value)) {
        return print_word(out, signbit(value) ? "-nan" : "nan");
    }
    if (isinf(value)) {
        return print_word(out, value > 0 ? "inf" : "-inf");
    }
    size_t len = (size_t)snprintf(out, NUMBER_LONG_DOUBLE_BYTES, "%.*Lf", PRINTED_DIGITS, value);
    while (out[len - 1] == '0') { /* there always is a point */
        len--;
    }
    if (out[len - 1] == '.') {
        len--;
    }
    if (len == 2 && out[0] == '-' && out[1] == '0') {
        out[0] = '0';
        len = 1;
    }
    out[len] = '\0';
    return len;
}

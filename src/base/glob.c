/* SPDX-License-Identifier: BSD-3-Clause */
/* Matching without recursion: every element but `*` eats exactly one byte, so after a mismatch only the last star has
 * to be tried one byte further on; earlier stars never need to give up what they took. Owner: nobody, there is no
 * state. Locks: none. */
#include "sherd/base/glob.h"

enum { STARS_MAX = 1000 }; /* Redis stops nesting there (7.0.12 on) */

/* The byte at `at`, or NUL behind the end, as if the pattern were a C string. Signed, as ranges compare it. */
static inline signed char pattern_byte(struct slice pattern, size_t at)
{
    return at < pattern.len ? (signed char)pattern.data[at] : 0;
}

static inline signed char folded(signed char byte, bool nocase)
{
    return nocase ? (signed char)ascii_lower((char)byte) : byte;
}

/* *at is behind a '['. Moves it behind the class and says whether `byte` is in it. */
static bool match_class(struct slice pattern, size_t *at, signed char byte, bool nocase)
{
    size_t p = *at;
    bool inverted = pattern_byte(pattern, p) == '^';
    bool found = false;
    p += inverted;
    for (; p < pattern.len && pattern.data[p] != ']'; p++) {
        size_t left = pattern.len - p;
        signed char first = pattern_byte(pattern, p);
        if (first == '\\' && left >= 2) {
            p++;
            found |= pattern_byte(pattern, p) == byte;
        } else if (left >= 3 && pattern.data[p + 1] == '-') {
            signed char last = pattern_byte(pattern, p + 2);
            signed char low = folded(first < last ? first : last, nocase);
            signed char high = folded(first < last ? last : first, nocase);
            signed char probe = folded(byte, nocase);
            found |= probe >= low && probe <= high;
            p += 2;
        } else {
            found |= folded(first, nocase) == folded(byte, nocase);
        }
    }
    *at = p < pattern.len ? p + 1 : pattern.len;
    return found != inverted;
}

/* Matches the one element at *at, which is not a star, and moves *at behind it. */
static bool match_element(struct slice pattern, size_t *at, signed char byte, bool nocase)
{
    signed char element = pattern_byte(pattern, *at);
    *at += 1;
    if (element == '?') {
        return true;
    }
    if (element == '[') {
        return match_class(pattern, at, byte, nocase);
    }
    if (element == '\\' && *at < pattern.len) {
        element = pattern_byte(pattern, *at);
        *at += 1;
    }
    return folded(element, nocase) == folded(byte, nocase);
}

static size_t skip_stars(struct slice pattern, size_t at)
{
    while (at < pattern.len && pattern.data[at] == '*') {
        at++;
    }
    return at;
}

enum glob_outcome glob_match_within(struct slice pattern, struct slice text, bool nocase, size_t *steps)
{
    size_t p = 0;
    size_t t = 0;
    size_t stars = 0;
    size_t after_star = 0; /* where the pattern goes on behind the last star */
    size_t star_text = 0;  /* where that part was last tried in the text */
    if (text.len == 0) {
        return pattern.len == 0 ? GLOB_FITS : GLOB_DIFFERS; /* not even "*" */
    }
    while (t < text.len) {
        size_t before = p;
        if (p < pattern.len && pattern.data[p] == '*') {
            p = skip_stars(pattern, p);
            if (p == pattern.len) {
                return GLOB_FITS;
            }
            if (++stars > STARS_MAX) {
                return GLOB_DIFFERS;
            }
            after_star = p;
            star_text = t;
        } else if (p < pattern.len && match_element(pattern, &p, (signed char)text.data[t], nocase)) {
            t++;
        } else if (stars != 0) {
            p = after_star;
            t = ++star_text;
        } else {
            return GLOB_DIFFERS;
        }
        size_t step = p > before ? p - before : 1;
        if (UNLIKELY(step > *steps)) {
            *steps = 0;
            return GLOB_UNDECIDED;
        }
        *steps -= step;
    }
    /* Reached by eating the last byte, or by moving a star to the end: then what follows it is not all stars. */
    return skip_stars(pattern, p) == pattern.len ? GLOB_FITS : GLOB_DIFFERS;
}

bool glob_match(struct slice pattern, struct slice text, bool nocase)
{
    size_t steps = SIZE_MAX;
    return glob_match_within(pattern, text, nocase, &steps) == GLOB_FITS;
}

bool glob_is_literal(struct slice pattern)
{
    for (size_t i = 0; i < pattern.len; i++) {
        char c = pattern.data[i];
        if (c == '*' || c == '?' || c == '[' || c == '\\') {
            return false;
        }
    }
    return true;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Bits of a byte string, numbered as SETBIT does: bit 0 is the most significant of the first byte. Counting, searching,
 * combining, and integers of any width at any bit ("bit fields").
 * Owner: nobody, there is no state; the bytes belong to the caller. Locks: none. */
#ifndef SHERD_BASE_BITS_H
#define SHERD_BASE_BITS_H

#include "sherd/base/slice.h"

enum {
    BITS_FIELD_MAX = 64, /* width of the widest field */
};

/* How many bits are set in `bytes`. */
uint64_t bits_count(struct slice bytes);
/* How many of the bits `first` to `last` are set; first <= last < 8 * bytes.len. */
uint64_t bits_count_between(struct slice bytes, uint64_t first, uint64_t last);
/* The first bit from `first` to `last` that equals `wanted`, or -1; first <= last < 8 * bytes.len. */
int64_t bits_find(struct slice bytes, uint64_t first, uint64_t last, bool wanted);

enum bits_operation {
    BITS_AND,
    BITS_OR,
    BITS_XOR,
    BITS_NOT, /* of the only source */
};

/* The bytes from `begin` on, before `end`. */
struct bits_range {
    size_t begin;
    size_t end;
};

/* Combines `count` (at least 1) sources into `out` for the bytes of a range; a source that ends earlier counts as zeros
 * behind its end. `out` overlaps no source. */
void bits_combine(enum bits_operation operation, const struct slice *sources, size_t count, char *out,
                  struct bits_range range);

/* The field of `width` (1 to 64) bits at bit `offset`; bits beyond the end are zero. */
uint64_t bits_field_get(struct slice bytes, uint64_t offset, unsigned width);
/* Writes the low `width` bits of `value` at bit `offset`; the field lies within the bytes. */
void bits_field_set(char *bytes, uint64_t offset, unsigned width, uint64_t value);

/* What a field means. */
struct bits_field {
    bool is_signed;
    uint8_t width; /* signed: 1 to 64, unsigned: 1 to 63, so that its values fit into int64_t */
};

enum bits_overflow {
    BITS_WRAP,
    BITS_SATURATE,
    BITS_FAIL,
};

/* The number that `bits` (as bits_field_get gives it) stands for. */
int64_t bits_field_number(struct bits_field field, uint64_t bits);
/* value + increment in the field's range; `value` lies in it. False when it overflows and `overflow` is BITS_FAIL. */
NODISCARD bool bits_field_add(struct bits_field field, enum bits_overflow overflow, int64_t value, int64_t increment,
                              int64_t *result);
/* `value` brought into the field's range, as BITFIELD SET does: an unsigned field takes a negative value for a huge
 * one. False when it does not fit and `overflow` is BITS_FAIL. */
NODISCARD bool bits_field_fit(struct bits_field field, enum bits_overflow overflow, int64_t value, int64_t *result);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers from text and back, with the exact rules of the Redis protocol: what is refused matters as much as what is
 * accepted. Printers return the length and also write a NUL after it, which is not counted.
 * Owner: nobody, there is no state; texts and outputs belong to the caller. Locks: none. */
#ifndef SHERD_BASE_NUMBER_H
#define SHERD_BASE_NUMBER_H

#include "sherd/base/slice.h"

enum {
    NUMBER_I64_BYTES = 21,           /* "-9223372036854775808" or "18446744073709551615", and the NUL */
    NUMBER_DOUBLE_BYTES = 128,       /* room for any double */
    NUMBER_LONG_DOUBLE_BYTES = 5120, /* room for LDBL_MAX written without an exponent; also the bound when parsing */
};

/* Integer as every command argument: an optional '-', then digits without leading zeros; no space, no '+', no "-0".
 * false, with *out untouched, for anything else or outside int64. */
NODISCARD bool number_parse_i64(struct slice text, int64_t *out);

/* Digits only, leading zeros allowed (stream ids and cursors may have them); false outside uint64. */
NODISCARD bool number_parse_u64(struct slice text, uint64_t *out);

/* Score or increment: what strtod takes, over the whole text ("inf", "1e5", "0x10" included), but no leading space, no
 * NaN, and neither overflow nor underflow to zero. */
NODISCARD bool number_parse_double(struct slice text, double *out);

/* As number_parse_double in long double precision (INCRBYFLOAT); longer than 5119 bytes is refused. */
NODISCARD bool number_parse_long_double(struct slice text, long double *out);

/* Amount of memory as in the configuration: digits and one of b k kb m mb g gb in either case ("1k" is 1000 bytes,
 * "1kb" 1024). No digits mean zero, as in Redis; an amount beyond uint64 is refused, where Redis lets it wrap. */
NODISCARD bool number_parse_memory(struct slice text, uint64_t *bytes);

size_t number_print_i64(char out[static NUMBER_I64_BYTES], int64_t value);
size_t number_print_u64(char out[static NUMBER_I64_BYTES], uint64_t value);

/* How many characters number_print_u64 writes: 1 to 20. */
size_t number_digits_u64(uint64_t value);

/* As Redis 7.0 replies with a double: 17 significant digits, "inf", "-inf", "nan". */
size_t number_print_double(char out[static NUMBER_DOUBLE_BYTES], double value);

/* As INCRBYFLOAT stores its result: 17 decimals, no exponent, trailing zeros removed, "-0" becomes "0". */
size_t number_print_long_double_human(char out[static NUMBER_LONG_DOUBLE_BYTES], long double value);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* What the string and bitmap commands share: lookups that insist on a string, bounds on lengths, and the question
 * whether a call does more than may be done under a spinlock.
 * Owner: the handler's stack. Locks: none taken. */
#ifndef SHERD_COMMANDS_STRING_ACCESS_H
#define SHERD_COMMANDS_STRING_ACCESS_H

#include "sherd/exec/call.h"

enum {
    STRING_LONG_BYTES = 256 * 1024, /* about what can be copied or cleared within 50 us */
    STRING_LONG_ARGUMENTS = 1024,   /* arguments, so keys or fields, that can be worked on in that time */
};

enum string_found {
    STRING_FOUND,
    STRING_MISSING,
    STRING_REFUSED, /* the key holds something else: the error is replied, return OUTCOME_ERROR */
};

/* As call_read and call_write. */
NODISCARD enum string_found string_read(struct call *call, uint32_t argument, struct keyref *ref) REQUIRES(shard_held);
NODISCARD enum string_found string_write(struct call *call, uint32_t argument, struct keyref *ref) REQUIRES(shard_held);

/* For the is_long of a row: the string under a key, without statistics and without a reply; empty if there is none. */
struct slice string_glance(struct call *call, uint32_t argument, char digits[static 24]) REQUIRES(shard_held);

/* The longest value that proto-max-bulk-len allows. */
int64_t string_max_bytes(const struct call *call);
/* May a value have size + more bytes (neither negative)? On false the error is replied. */
NODISCARD bool string_fits(struct call *call, int64_t size, int64_t more);

/* Does writing so many bytes into a value take longer than a worker may hold the shard? Then return OUTCOME_POSSESS. */
NODISCARD bool string_write_is_long(const struct call *call, size_t bytes);

/* A bit's offset as SETBIT takes it: within the longest value. With a `width` "#n" counts in fields of that width.
 * False without a reply when it is none: ERROR_BIT_OFFSET. */
NODISCARD bool string_bit_offset(const struct call *call, uint32_t argument, unsigned width, uint64_t *offset);

#endif

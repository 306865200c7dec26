/* SPDX-License-Identifier: BSD-3-Clause */
/* Single bits and stretches of bits: SETBIT, GETBIT, BITCOUNT, BITPOS.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include "sherd/base/bits.h"
#include "sherd/base/number.h"
#include "sherd/commands/families.h"
#include "sherd/exec/preparation.h"
#include "string_access.h"

COMMAND_HANDLER(setbit_command)
{
    uint64_t offset;
    int64_t bit;
    if (!string_bit_offset(call, 2, 0, &offset)) {
        return call_fail(call, ERROR_BIT_OFFSET);
    }
    if (!number_parse_i64(call->argv[3], &bit) || (bit != 0 && bit != 1)) {
        return call_fail(call, ERROR_BIT_VALUE);
    }
    struct keyref ref;
    enum string_found found = string_write(call, 1, &ref);
    if (found == STRING_REFUSED) {
        return OUTCOME_ERROR;
    }
    size_t had = found == STRING_FOUND ? entry_string_len(ref.entry) : 0;
    size_t need = (size_t)(offset / 8) + 1;
    char *bytes = call_edit_string(call, &ref, need > had ? need : had);
    if (bytes == NULL) {
        return OUTCOME_PREPARE;
    }
    uint64_t before = bits_field_get(slice_make(bytes, need), offset, 1);
    if (need > had || before != (uint64_t)bit) {
        bits_field_set(bytes, offset, 1, (uint64_t)bit);
        call_changed(call, &ref, EVENT_STRING, "setbit");
    }
    reply_integer(&call->reply, (int64_t)before);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(getbit_command)
{
    uint64_t offset;
    if (!string_bit_offset(call, 2, 0, &offset)) {
        return call_fail(call, ERROR_BIT_OFFSET);
    }
    struct keyref ref;
    enum string_found found = string_read(call, 1, &ref);
    if (found == STRING_REFUSED) {
        return OUTCOME_ERROR;
    }
    char digits[24];
    uint64_t bit = found == STRING_FOUND ? bits_field_get(entry_string(ref.entry, digits), offset, 1) : 0;
    reply_integer(&call->reply, (int64_t)bit);
    return OUTCOME_DONE;
}

enum stretch_status {
    STRETCH_GOOD,
    STRETCH_EMPTY,
    STRETCH_NO_INTEGER,
    STRETCH_SYNTAX,
};

/* The bits that a call is about. */
struct stretch {
    uint64_t first;
    uint64_t last;
    bool ends; /* the call says where it ends */
};

/* BYTE or BIT. */
static bool unit_parse(const struct call *call, uint32_t argument, bool *in_bits)
{
    *in_bits = call_argument_is(call, argument, "bit");
    return *in_bits || call_argument_is(call, argument, "byte");
}

/* Places `start` to `end` of a string of `len` bytes; negative ones count from its end. */
static enum stretch_status stretch_clip(int64_t start, int64_t end, size_t len, bool in_bits, struct stretch *stretch)
{
    int64_t total = (int64_t)len * (in_bits ? 8 : 1);
    start = start < 0 ? start + total : start;
    start = start < 0 ? 0 : start;
    end = end < 0 ? end + total : end;
    end = end < 0 ? 0 : end;
    end = end >= total ? total - 1 : end;
    if (start > end) {
        return STRETCH_EMPTY;
    }
    stretch->first = (uint64_t)start * (in_bits ? 1 : 8);
    stretch->last = in_bits ? (uint64_t)end : (uint64_t)end * 8 + 7;
    return STRETCH_GOOD;
}

/* BITCOUNT key [start end [BYTE|BIT]]; the order of the checks is that of Redis 7.2. */
static enum stretch_status bitcount_stretch(const struct call *call, size_t len, struct stretch *stretch)
{
    bool in_bits = false;
    int64_t start = 0;
    int64_t end = -1;
    if (call->argc == 3 || call->argc > 5) {
        return STRETCH_SYNTAX;
    }
    if (call->argc > 3) {
        if (!number_parse_i64(call->argv[2], &start) || !number_parse_i64(call->argv[3], &end)) {
            return STRETCH_NO_INTEGER;
        }
        if (start < 0 && end < 0 && start > end) {
            return STRETCH_EMPTY;
        }
        if (call->argc == 5 && !unit_parse(call, 4, &in_bits)) {
            return STRETCH_SYNTAX;
        }
    }
    return stretch_clip(start, end, len, in_bits, stretch);
}

/* BITPOS key bit [start [end [BYTE|BIT]]]; the unit is looked at before the end. */
static enum stretch_status bitpos_stretch(const struct call *call, size_t len, struct stretch *stretch)
{
    bool in_bits = false;
    int64_t start = 0;
    int64_t end = -1;
    stretch->ends = call->argc >= 5;
    if (call->argc > 6) {
        return STRETCH_SYNTAX;
    }
    if (call->argc > 3 && !number_parse_i64(call->argv[3], &start)) {
        return STRETCH_NO_INTEGER;
    }
    if (call->argc == 6 && !unit_parse(call, 5, &in_bits)) {
        return STRETCH_SYNTAX;
    }
    if (call->argc > 4 && !number_parse_i64(call->argv[4], &end)) {
        return STRETCH_NO_INTEGER;
    }
    return stretch_clip(start, end, len, in_bits, stretch);
}

/* What to do when there is no stretch: the reply is `if_empty`, or an error. */
static enum outcome stretch_fail(struct call *call, enum stretch_status status, int64_t if_empty)
{
    if (status == STRETCH_EMPTY) {
        reply_integer(&call->reply, if_empty);
        return OUTCOME_DONE;
    }
    return call_fail(call, status == STRETCH_SYNTAX ? ERROR_SYNTAX : ERROR_NOT_INTEGER);
}

static bool bitcount_is_long(struct call *call) REQUIRES(shard_held)
{
    char digits[24];
    struct slice bytes = string_glance(call, 1, digits);
    struct stretch stretch;
    return bytes.len > STRING_LONG_BYTES && bitcount_stretch(call, bytes.len, &stretch) == STRETCH_GOOD &&
           (stretch.last - stretch.first) / 8 > STRING_LONG_BYTES;
}

COMMAND_HANDLER(bitcount_command)
{
    struct keyref ref;
    enum string_found found = string_read(call, 1, &ref);
    if (found == STRING_REFUSED) {
        return OUTCOME_ERROR;
    }
    if (found == STRING_MISSING) {
        reply_integer(&call->reply, 0);
        return OUTCOME_DONE;
    }
    char digits[24];
    struct slice bytes = entry_string(ref.entry, digits);
    struct stretch stretch;
    enum stretch_status status = bitcount_stretch(call, bytes.len, &stretch);
    if (status != STRETCH_GOOD) {
        return stretch_fail(call, status, 0);
    }
    reply_integer(&call->reply, (int64_t)bits_count_between(bytes, stretch.first, stretch.last));
    return OUTCOME_DONE;
}

/* Long only when the bit is not found near the beginning. */
static bool bitpos_is_long(struct call *call) REQUIRES(shard_held)
{
    char digits[24];
    struct slice bytes = string_glance(call, 1, digits);
    struct stretch stretch;
    int64_t bit;
    const uint64_t near = (uint64_t)STRING_LONG_BYTES * 8;
    return bytes.len > STRING_LONG_BYTES && number_parse_i64(call->argv[2], &bit) &&
           bitpos_stretch(call, bytes.len, &stretch) == STRETCH_GOOD && stretch.last - stretch.first > near &&
           bits_find(bytes, stretch.first, stretch.first + near, bit == 1) < 0;
}

COMMAND_HANDLER(bitpos_command)
{
    int64_t bit;
    if (!call_integer(call, 2, &bit)) {
        return OUTCOME_ERROR;
    }
    if (bit != 0 && bit != 1) {
        return call_fail_slice(call, SLICE_LITERAL("ERR The bit argument must be 1 or 0."));
    }
    struct keyref ref;
    enum string_found found = string_read(call, 1, &ref);
    if (found == STRING_REFUSED) {
        return OUTCOME_ERROR;
    }
    if (found == STRING_MISSING) { /* endless zeros */
        reply_integer(&call->reply, bit == 1 ? -1 : 0);
        return OUTCOME_DONE;
    }
    char digits[24];
    struct slice bytes = entry_string(ref.entry, digits);
    struct stretch stretch;
    enum stretch_status status = bitpos_stretch(call, bytes.len, &stretch);
    if (status != STRETCH_GOOD) {
        return stretch_fail(call, status, -1);
    }
    int64_t found_at = bits_find(bytes, stretch.first, stretch.last, bit == 1);
    if (found_at < 0 && bit == 0 && !stretch.ends) {
        found_at = (int64_t)bytes.len * 8; /* as if zeros followed the string */
    }
    reply_integer(&call->reply, found_at);
    return OUTCOME_DONE;
}

static const struct command_history unit_history[] = {{"7.0.0", "Added the `BYTE|BIT` option."}, {0}};

const struct command_row bitmap_commands[] = {
    {.name = "setbit",
     .handler = setbit_command,
     .arity = 4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .categories = ACL_BITMAP,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_UPDATE, .begin = 1, .step = 1}},
     .summary = "Sets or clears one bit of a string, which may be missing, and returns what it was.",
     .since = "2.2.0",
     .group = "bitmap",
     .complexity = "O(1)",
     .arguments = "key:key offset:integer value:integer"},
    {.name = "getbit",
     .handler = getbit_command,
     .arity = 3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .categories = ACL_BITMAP,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .summary = "Returns one bit of a string.",
     .since = "2.2.0",
     .group = "bitmap",
     .complexity = "O(1)",
     .arguments = "key:key offset:integer"},
    {.name = "bitcount",
     .handler = bitcount_command,
     .arity = -2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_BITMAP,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .is_long = bitcount_is_long,
     .summary = "Counts the bits that are set in a string or in a part of it.",
     .since = "2.6.0",
     .group = "bitmap",
     .complexity = "O(N)",
     .history = unit_history,
     .arguments = "key:key range:(start:integer end:integer unit:(BYTE|BIT)?^7.0.0)?"},
    {.name = "bitpos",
     .handler = bitpos_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_BITMAP,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .is_long = bitpos_is_long,
     .summary = "Finds the first bit that is set or clear in a string or in a part of it.",
     .since = "2.8.7",
     .group = "bitmap",
     .complexity = "O(N)",
     .history = unit_history,
     .arguments = "key:key bit:integer range:(start:integer end-unit-block:(end:integer unit:(BYTE|BIT)?^7.0.0)?)?"},
    {0},
};

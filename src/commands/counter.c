/* SPDX-License-Identifier: BSD-3-Clause */
/* Strings as numbers: INCR, DECR, INCRBY, DECRBY, INCRBYFLOAT.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include <math.h>

#include "sherd/base/number.h"
#include "sherd/commands/families.h"
#include "string_access.h"

/* Adds to the number under the key; a missing key counts as 0. A key that holds a number changes in place. */
static enum outcome counter_add(struct call *call, int64_t increment) REQUIRES(shard_held)
{
    struct keyref ref;
    int64_t value = 0;
    bool exists = call_write(call, 1, &ref);
    bool in_place = exists && LIKELY(ref.entry->form == ENTRY_INTEGER);
    if (LIKELY(in_place)) {
        value = entry_integer(ref.entry);
    } else if (exists) {
        char digits[24];
        if (ref.entry->type != VALUE_STRING) {
            return call_fail(call, ERROR_WRONGTYPE);
        }
        if (!number_parse_i64(entry_string(ref.entry, digits), &value)) {
            return call_fail(call, ERROR_NOT_INTEGER);
        }
    }
    if (__builtin_add_overflow(value, increment, &value)) {
        return call_fail(call, ERROR_OVERFLOW);
    }
    if (LIKELY(in_place)) {
        keyref_update_integer(&ref, value);
    } else {
        keyref_set_integer(&ref, value, DEADLINE_KEEP);
    }
    call_changed(call, &ref, EVENT_STRING, "incrby");
    reply_integer(&call->reply, value);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(incr_command)
{
    return counter_add(call, 1);
}

COMMAND_HANDLER(decr_command)
{
    return counter_add(call, -1);
}

COMMAND_HANDLER(incrby_command)
{
    int64_t increment;
    if (!call_integer(call, 2, &increment)) {
        return OUTCOME_ERROR;
    }
    return counter_add(call, increment);
}

COMMAND_HANDLER(decrby_command)
{
    int64_t decrement;
    if (!call_integer(call, 2, &decrement)) {
        return OUTCOME_ERROR;
    }
    if (decrement == INT64_MIN) {
        return call_fail(call, ERROR_DECREMENT_OVERFLOW);
    }
    return counter_add(call, -decrement);
}

COMMAND_HANDLER(incrbyfloat_command)
{
    struct keyref ref;
    enum string_found found = string_write(call, 1, &ref);
    if (found == STRING_REFUSED) {
        return OUTCOME_ERROR;
    }
    char digits[24];
    long double value = 0;
    long double increment;
    if ((found == STRING_FOUND && !number_parse_long_double(entry_string(ref.entry, digits), &value)) ||
        !number_parse_long_double(call->argv[2], &increment)) {
        return call_fail(call, ERROR_NOT_FLOAT);
    }
    value += increment;
    if (isnan(value) || isinf(value)) {
        return call_fail(call, ERROR_NAN_OR_INFINITY);
    }
    char text[NUMBER_LONG_DOUBLE_BYTES];
    struct slice printed = slice_make(text, number_print_long_double_human(text, value));
    keyref_set_text(&ref, printed, DEADLINE_KEEP);
    call_changed(call, &ref, EVENT_STRING, "incrbyfloat");
    reply_bulk(&call->reply, printed);
    return OUTCOME_DONE;
}

const struct command_row counter_commands[] = {
    {.name = "incr",
     .handler = incr_command,
     .arity = 2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_FAST,
     .categories = ACL_STRING,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_UPDATE, .begin = 1, .step = 1}},
     .summary = "Adds one to the number under a key, which may be missing.",
     .since = "1.0.0",
     .group = "string",
     .complexity = "O(1)",
     .arguments = "key:key"},
    {.name = "decr",
     .handler = decr_command,
     .arity = 2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_FAST,
     .categories = ACL_STRING,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_UPDATE, .begin = 1, .step = 1}},
     .summary = "Subtracts one from the number under a key, which may be missing.",
     .since = "1.0.0",
     .group = "string",
     .complexity = "O(1)",
     .arguments = "key:key"},
    {.name = "incrby",
     .handler = incrby_command,
     .arity = 3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_FAST,
     .categories = ACL_STRING,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_UPDATE, .begin = 1, .step = 1}},
     .summary = "Adds an integer to the number under a key.",
     .since = "1.0.0",
     .group = "string",
     .complexity = "O(1)",
     .arguments = "key:key increment:integer"},
    {.name = "decrby",
     .handler = decrby_command,
     .arity = 3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_FAST,
     .categories = ACL_STRING,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_UPDATE, .begin = 1, .step = 1}},
     .summary = "Subtracts an integer from the number under a key.",
     .since = "1.0.0",
     .group = "string",
     .complexity = "O(1)",
     .arguments = "key:key decrement:integer"},
    {.name = "incrbyfloat",
     .handler = incrbyfloat_command,
     .arity = 3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_FAST,
     .categories = ACL_STRING,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_UPDATE, .begin = 1, .step = 1}},
     .summary = "Adds a floating point number to the number under a key.",
     .since = "2.6.0",
     .group = "string",
     .complexity = "O(1)",
     .arguments = "key:key increment:double"},
    {0},
};

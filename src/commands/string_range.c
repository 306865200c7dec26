/* SPDX-License-Identifier: BSD-3-Clause */
/* Parts of string values: APPEND, STRLEN, SETRANGE, GETRANGE and its old name SUBSTR.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include "sherd/base/number.h"
#include "sherd/commands/families.h"
#include "sherd/exec/preparation.h"
#include "string_access.h"

COMMAND_HANDLER(append_command)
{
    struct keyref ref;
    struct slice more = call->argv[2];
    enum string_found found = string_write(call, 1, &ref);
    if (found == STRING_REFUSED) {
        return OUTCOME_ERROR;
    }
    size_t len = 0;
    if (found == STRING_MISSING) {
        if (!call_value_ready(call, 2)) {
            return OUTCOME_PREPARE;
        }
        call_set_value(call, &ref, 2, DEADLINE_NONE); /* may become a number, as with SET */
    } else {
        len = entry_string_len(ref.entry);
        if (!string_fits(call, (int64_t)len, (int64_t)more.len)) {
            return OUTCOME_ERROR;
        }
        if (string_write_is_long(call, more.len)) {
            return OUTCOME_POSSESS;
        }
        char *bytes = call_edit_string(call, &ref, len + more.len);
        if (bytes == NULL) {
            return OUTCOME_PREPARE;
        }
        if (more.len != 0) {
            memcpy(bytes + len, more.data, more.len);
        }
    }
    call_changed(call, &ref, EVENT_STRING, "append");
    reply_integer(&call->reply, (int64_t)(len + more.len));
    return OUTCOME_DONE;
}

COMMAND_HANDLER(strlen_command)
{
    struct keyref ref;
    enum string_found found = string_read(call, 1, &ref);
    if (found == STRING_REFUSED) {
        return OUTCOME_ERROR;
    }
    reply_integer(&call->reply, found == STRING_FOUND ? (int64_t)entry_string_len(ref.entry) : 0);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(setrange_command)
{
    int64_t offset;
    struct slice part = call->argv[3];
    if (!call_integer(call, 2, &offset)) {
        return OUTCOME_ERROR;
    }
    if (offset < 0) {
        return call_fail(call, ERROR_OFFSET_RANGE);
    }
    struct keyref ref;
    enum string_found found = string_write(call, 1, &ref);
    if (found == STRING_REFUSED) {
        return OUTCOME_ERROR;
    }
    size_t len = found == STRING_FOUND ? entry_string_len(ref.entry) : 0;
    if (part.len != 0) {
        if (!string_fits(call, offset, (int64_t)part.len)) {
            return OUTCOME_ERROR;
        }
        size_t end = (size_t)offset + part.len;
        len = end > len ? end : len;
        if (string_write_is_long(call, part.len)) {
            return OUTCOME_POSSESS;
        }
        char *bytes = call_edit_string(call, &ref, len);
        if (bytes == NULL) {
            return OUTCOME_PREPARE;
        }
        memcpy(bytes + offset, part.data, part.len);
        call_changed(call, &ref, EVENT_STRING, "setrange");
    }
    reply_integer(&call->reply, (int64_t)len);
    return OUTCOME_DONE;
}

/* Bytes `start` to `end`, where negative ones count from the end of the string. */
static struct slice range_cut(struct slice bytes, int64_t start, int64_t end)
{
    int64_t len = (int64_t)bytes.len;
    bool crossed = start < 0 && end < 0 && start > end;
    start = start < 0 ? start + len : start;
    start = start < 0 ? 0 : start;
    end = end < 0 ? end + len : end;
    end = end < 0 ? 0 : end;
    end = end >= len ? len - 1 : end;
    if (crossed || start > end) {
        return slice_make("", 0);
    }
    return slice_make(bytes.data + start, (size_t)(end - start) + 1);
}

static bool getrange_is_long(struct call *call) REQUIRES(shard_held)
{
    char digits[24];
    struct slice bytes = string_glance(call, 1, digits);
    int64_t start;
    int64_t end;
    return bytes.len > STRING_LONG_BYTES && number_parse_i64(call->argv[2], &start) &&
           number_parse_i64(call->argv[3], &end) && range_cut(bytes, start, end).len > STRING_LONG_BYTES;
}

COMMAND_HANDLER(getrange_command)
{
    int64_t start;
    int64_t end;
    if (!call_integer(call, 2, &start) || !call_integer(call, 3, &end)) {
        return OUTCOME_ERROR;
    }
    struct keyref ref;
    enum string_found found = string_read(call, 1, &ref);
    if (found == STRING_REFUSED) {
        return OUTCOME_ERROR;
    }
    char digits[24];
    struct slice bytes = found == STRING_FOUND ? entry_string(ref.entry, digits) : slice_make("", 0);
    reply_bulk(&call->reply, range_cut(bytes, start, end));
    return OUTCOME_DONE;
}

const struct command_row string_range_commands[] = {
    {.name = "append",
     .handler = append_command,
     .arity = 3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_FAST,
     .categories = ACL_STRING,
     .keys = {{.flags = KEY_RW | KEY_INSERT, .begin = 1, .step = 1}},
     .summary = "Adds bytes to the end of a string, which may be missing.",
     .since = "2.0.0",
     .group = "string",
     .complexity = "O(N) where N is the number of bytes added, since room is made in advance.",
     .arguments = "key:key value"},
    {.name = "strlen",
     .handler = strlen_command,
     .arity = 2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .categories = ACL_STRING,
     .keys = {{.flags = KEY_RO, .begin = 1, .step = 1}},
     .summary = "Returns how many bytes a string has.",
     .since = "2.2.0",
     .group = "string",
     .complexity = "O(1)",
     .arguments = "key:key"},
    {.name = "setrange",
     .handler = setrange_command,
     .arity = 4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .categories = ACL_STRING,
     .keys = {{.flags = KEY_RW | KEY_UPDATE, .begin = 1, .step = 1}},
     .summary = "Overwrites the bytes of a string from an offset on; a gap is filled with zero bytes.",
     .since = "2.2.0",
     .group = "string",
     .complexity = "O(N) where N is the number of bytes written, the gap included.",
     .arguments = "key:key offset:integer value"},
    {.name = "getrange",
     .handler = getrange_command,
     .arity = 4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_STRING,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .is_long = getrange_is_long,
     .summary = "Returns the bytes of a string between two offsets.",
     .since = "2.4.0",
     .group = "string",
     .complexity = "O(N) where N is the number of bytes returned.",
     .arguments = "key:key start:integer end:integer"},
    {.name = "substr",
     .handler = getrange_command,
     .arity = 4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_STRING,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .is_long = getrange_is_long,
     .summary = "Returns the bytes of a string between two offsets, under the old name of GETRANGE.",
     .since = "1.0.0",
     .group = "string",
     .complexity = "O(N) where N is the number of bytes returned.",
     .replaced_by = "`GETRANGE`",
     .deprecated_since = "2.0.0",
     .arguments = "key:key start:integer end:integer"},
    {0},
};

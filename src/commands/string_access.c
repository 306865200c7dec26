/* SPDX-License-Identifier: BSD-3-Clause */
/* Lookups and bounds of the string and bitmap commands.
 * Owner: the handler's stack. Locks: none taken. */
#include "string_access.h"

#include "sherd/base/number.h"
#include "sherd/exec/exec.h"

static enum string_found string_checked(struct call *call, bool exists, const struct keyref *ref)
{
    if (!exists) {
        return STRING_MISSING;
    }
    if (UNLIKELY(ref->entry->type != VALUE_STRING)) {
        (void)call_fail(call, ERROR_WRONGTYPE);
        return STRING_REFUSED;
    }
    return STRING_FOUND;
}

enum string_found string_read(struct call *call, uint32_t argument, struct keyref *ref)
{
    return string_checked(call, call_read(call, argument, ref), ref);
}

enum string_found string_write(struct call *call, uint32_t argument, struct keyref *ref)
{
    return string_checked(call, call_write(call, argument, ref), ref);
}

struct slice string_glance(struct call *call, uint32_t argument, char digits[static 24])
{
    struct keyref ref;
    if (!call_peek(call, argument, &ref) || ref.entry->type != VALUE_STRING) {
        return slice_make("", 0);
    }
    return entry_string(ref.entry, digits);
}

int64_t string_max_bytes(const struct call *call)
{
    return atomic_load_explicit(&call->worker->exec->bulk_max_bytes, memory_order_relaxed);
}

bool string_fits(struct call *call, int64_t size, int64_t more)
{
    int64_t max = string_max_bytes(call);
    if (size > max || more > max - size) {
        (void)call_fail(call, ERROR_STRING_TOO_LONG);
        return false;
    }
    return true;
}

bool string_write_is_long(const struct call *call, size_t bytes)
{
    return UNLIKELY(bytes > STRING_LONG_BYTES) && !call->locks.possessed;
}

bool string_bit_offset(const struct call *call, uint32_t argument, unsigned width, uint64_t *offset)
{
    struct slice text = call->argv[argument];
    bool counts_fields = width != 0 && text.len != 0 && text.data[0] == '#';
    if (counts_fields) {
        text = slice_make(text.data + 1, text.len - 1);
    }
    int64_t value;
    if (!number_parse_i64(text, &value)) {
        return false;
    }
    if (counts_fields) {
        value = (int64_t)((uint64_t)value * width); /* may wrap, as in Redis */
    }
    *offset = (uint64_t)value;
    return value >= 0 && value / 8 < string_max_bytes(call);
}

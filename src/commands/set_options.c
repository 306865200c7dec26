/* SPDX-License-Identifier: BSD-3-Clause */
/* Parsing and applying the options of SET and GETEX.
 * Owner: the handler's stack. Locks: none taken. */
#include "set_options.h"

#include "sherd/base/number.h"

bool call_deadline(struct call *call, uint32_t argument, bool seconds, bool absolute, int64_t *deadline_ms)
{
    int64_t value;
    if (!call_integer(call, argument, &value)) {
        return false;
    }
    int64_t unit = seconds ? 1000 : 1;
    int64_t base = absolute ? 0 : call->now_ms;
    if (UNLIKELY(value <= 0 || __builtin_mul_overflow(value, unit, &value) ||
                 __builtin_add_overflow(value, base, deadline_ms))) {
        (void)call_fail_format(call, "ERR invalid expire time in '%s' command", call->command->full_name);
        return false;
    }
    return true;
}

static uint32_t flag_of_word(const struct call *call, uint32_t index)
{
    static const struct {
        const char *word;
        uint32_t flag;
    } words[] = {{"ex", SET_EX},     {"px", SET_PX},     {"nx", SET_NX},          {"xx", SET_XX},
                 {"get", SET_GET},   {"exat", SET_EXAT}, {"pxat", SET_PXAT},      {"keepttl", SET_KEEPTTL},
                 {"ifeq", SET_IFEQ}, {"ifne", SET_IFNE}, {"persist", SET_PERSIST}};
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (call_argument_is(call, index, words[i].word)) {
            return words[i].flag;
        }
    }
    return 0;
}

/* Which options exclude which. A word may be repeated: the last value counts. */
static bool flags_agree(uint32_t flags)
{
    const uint32_t conditions = flags & (SET_NX | SET_XX | SET_COMPARES);
    const uint32_t deadlines = flags & (SET_KEEPTTL | SET_EXPIRES | SET_PERSIST);
    return (conditions & (conditions - 1)) == 0 && (deadlines & (deadlines - 1)) == 0;
}

bool set_options_parse(struct call *call, uint32_t first, uint32_t accepts, struct set_options *options)
{
    for (uint32_t i = first; i < call->argc; i++) {
        uint32_t flag = flag_of_word(call, i);
        bool takes_value = (flag & (SET_EXPIRES | SET_COMPARES)) != 0;
        bool compares_twice = (options->flags & flag & SET_COMPARES) != 0;
        if ((flag & accepts) == 0 || (takes_value && i + 1 >= call->argc) || compares_twice ||
            !flags_agree(options->flags | flag)) {
            (void)call_fail(call, ERROR_SYNTAX);
            return false;
        }
        options->flags |= flag;
        if ((flag & SET_EXPIRES) != 0) {
            options->deadline_argument = ++i;
        } else if (takes_value) {
            options->comparand = call->argv[++i];
        }
    }
    return true;
}

bool set_options_deadline(struct call *call, struct set_options *options)
{
    if ((options->flags & SET_EXPIRES) == 0) {
        return true;
    }
    return call_deadline(call, options->deadline_argument, (options->flags & (SET_EX | SET_EXAT)) != 0,
                         (options->flags & (SET_EXAT | SET_PXAT)) != 0, &options->deadline_ms);
}

bool set_options_allow(struct call *call, const struct set_options *options, const struct keyref *ref, bool exists,
                       enum outcome *outcome)
{
    uint32_t flags = options->flags;
    if (exists && (flags & (SET_GET | SET_COMPARES)) != 0 && ref->entry->type != VALUE_STRING) {
        *outcome = call_fail(call, ERROR_WRONGTYPE);
        return false;
    }
    bool allowed = ((flags & SET_NX) == 0 || !exists) && ((flags & SET_XX) == 0 || exists);
    if ((flags & SET_COMPARES) != 0) {
        char digits[24];
        bool equal = exists && slice_equals(entry_string(ref->entry, digits), options->comparand);
        allowed = (flags & SET_IFEQ) != 0 ? equal : !equal;
    }
    if ((flags & SET_GET) != 0) {
        if (exists) {
            call_reply_string(call, ref->entry);
        } else {
            reply_null(&call->reply);
        }
    } else if (!allowed) {
        reply_null(&call->reply);
    }
    return allowed;
}

uint16_t set_key_flags(const struct call *call, uint32_t argument)
{
    (void)argument;
    for (uint32_t i = 3; i < call->argc; i++) {
        if (call_argument_is(call, i, "get")) {
            return KEY_RW | KEY_ACCESS | KEY_UPDATE;
        }
    }
    return KEY_OW | KEY_UPDATE;
}

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
    if (value <= 0 || value > INT64_MAX / unit || value * unit > INT64_MAX - base) {
        (void)call_fail_format(call, "ERR invalid expire time in '%s' command", call->command->full_name);
        return false;
    }
    *deadline_ms = value * unit + base;
    return true;
}

/* One of EX PX EXAT PXAT at `index`; false when the word is none of them. */
static bool expiry_word(const struct call *call, uint32_t index, bool *seconds, bool *absolute)
{
    *seconds = call_argument_is(call, index, "ex") || call_argument_is(call, index, "exat");
    *absolute = call_argument_is(call, index, "exat") || call_argument_is(call, index, "pxat");
    return *seconds || *absolute || call_argument_is(call, index, "px");
}

static uint32_t flag_of_word(const struct call *call, uint32_t index)
{
    static const struct {
        const char *word;
        uint32_t flag;
    } words[] = {{"nx", SET_NX},           {"xx", SET_XX},     {"get", SET_GET},  {"keepttl", SET_KEEPTTL},
                 {"persist", SET_PERSIST}, {"ifeq", SET_IFEQ}, {"ifne", SET_IFNE}};
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (call_argument_is(call, index, words[i].word)) {
            return words[i].flag;
        }
    }
    return 0;
}

/* Which options exclude which. */
static bool flags_agree(uint32_t flags)
{
    const uint32_t conditions = flags & (SET_NX | SET_XX | SET_IFEQ | SET_IFNE);
    const uint32_t deadlines = flags & (SET_KEEPTTL | SET_EXPIRES | SET_PERSIST);
    return (conditions & (conditions - 1)) == 0 && (deadlines & (deadlines - 1)) == 0;
}

bool set_options_parse(struct call *call, uint32_t first, uint32_t accepts, struct set_options *options)
{
    uint32_t deadline_argument = 0;
    bool seconds = false;
    bool absolute = false;
    for (uint32_t i = first; i < call->argc; i++) {
        bool this_seconds;
        bool this_absolute;
        uint32_t flag = flag_of_word(call, i);
        if ((accepts & SET_EXPIRES) != 0 && expiry_word(call, i, &this_seconds, &this_absolute)) {
            flag = (options->flags & SET_EXPIRES) == 0 ? SET_EXPIRES : 0;
            seconds = this_seconds;
            absolute = this_absolute;
        }
        bool takes_value = (flag & (SET_EXPIRES | SET_IFEQ | SET_IFNE)) != 0;
        if (flag == 0 || (flag & accepts) == 0 || (takes_value && i + 1 >= call->argc) ||
            !flags_agree(options->flags | flag)) {
            (void)call_fail(call, ERROR_SYNTAX);
            return false;
        }
        options->flags |= flag;
        if (flag == SET_EXPIRES) {
            deadline_argument = ++i;
        } else if (takes_value) {
            options->comparand = call->argv[++i];
        }
    }
    return deadline_argument == 0 ||
           call_deadline(call, deadline_argument, seconds, absolute, &options->deadline_ms);
}

bool set_options_allow(struct call *call, const struct set_options *options, const struct keyref *ref, bool exists,
                       enum outcome *outcome)
{
    uint32_t flags = options->flags;
    if (exists && (flags & (SET_GET | SET_IFEQ | SET_IFNE)) != 0 && ref->entry->type != VALUE_STRING) {
        *outcome = call_fail(call, ERROR_WRONGTYPE);
        return false;
    }
    bool allowed = ((flags & SET_NX) == 0 || !exists) && ((flags & SET_XX) == 0 || exists);
    if ((flags & (SET_IFEQ | SET_IFNE)) != 0) {
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

/* SPDX-License-Identifier: BSD-3-Clause */
/* Deadlines of keys: setting them (EXPIRE and its kin), telling them (TTL and its kin), removing them (PERSIST).
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the key's shard. */
#include "sherd/commands/families.h"
#include "sherd/exec/call.h"

enum expire_flag {
    EXPIRE_NX = 1 << 0,
    EXPIRE_XX = 1 << 1,
    EXPIRE_GT = 1 << 2,
    EXPIRE_LT = 1 << 3,
};

/* How a command counts time. */
enum time_form {
    TIME_RELATIVE = 0,
    TIME_ABSOLUTE = 1 << 0,
    TIME_SECONDS = 1 << 1,
};

static bool expire_flags(struct call *call, unsigned *flags)
{
    *flags = 0;
    for (uint32_t i = 3; i < call->argc; i++) {
        if (call_argument_is(call, i, "nx")) {
            *flags |= EXPIRE_NX;
        } else if (call_argument_is(call, i, "xx")) {
            *flags |= EXPIRE_XX;
        } else if (call_argument_is(call, i, "gt")) {
            *flags |= EXPIRE_GT;
        } else if (call_argument_is(call, i, "lt")) {
            *flags |= EXPIRE_LT;
        } else {
            struct slice option = call_argument(call, i);
            (void)call_fail_format(call, "ERR Unsupported option %.*s", (int)option.len, option.data);
            return false;
        }
    }
    if ((*flags & EXPIRE_NX) != 0 && *flags != EXPIRE_NX) {
        (void)call_fail_slice(call,
                              SLICE_LITERAL("ERR NX and XX, GT or LT options at the same time are not compatible"));
        return false;
    }
    if ((*flags & EXPIRE_GT) != 0 && (*flags & EXPIRE_LT) != 0) {
        (void)call_fail_slice(call, SLICE_LITERAL("ERR GT and LT options at the same time are not compatible"));
        return false;
    }
    return true;
}

/* The deadline that argument 2 means; it may lie in the past, even before 1970. */
static bool expire_deadline(struct call *call, unsigned form, int64_t *deadline_ms)
{
    int64_t value;
    if (!call_integer(call, 2, &value)) {
        return false;
    }
    int64_t unit = (form & TIME_SECONDS) != 0 ? 1000 : 1;
    int64_t base = (form & TIME_ABSOLUTE) != 0 ? 0 : call->now_ms;
    if (value > INT64_MAX / unit || value < INT64_MIN / unit || value * unit > INT64_MAX - base) {
        (void)call_fail_format(call, "ERR invalid expire time in '%s' command", call->command->full_name);
        return false;
    }
    *deadline_ms = value * unit + base;
    return true;
}

/* Do the options let an existing key get the deadline? A key without one counts as never expiring. */
static bool expire_allows(const struct keyref *ref, unsigned flags, int64_t deadline_ms)
{
    bool has = ref->entry->has_deadline;
    int64_t now_has_ms = has ? entry_deadline_ms(ref->entry) : INT64_MAX;
    if (((flags & EXPIRE_NX) != 0 && has) || ((flags & EXPIRE_XX) != 0 && !has)) {
        return false;
    }
    if ((flags & EXPIRE_GT) != 0 && (!has || deadline_ms <= now_has_ms)) {
        return false;
    }
    return (flags & EXPIRE_LT) == 0 || !has || deadline_ms < now_has_ms;
}

static enum outcome expire(struct call *call, unsigned form) REQUIRES(shard_held)
{
    unsigned flags;
    int64_t deadline_ms;
    if (!expire_flags(call, &flags) || !expire_deadline(call, form, &deadline_ms)) {
        return OUTCOME_ERROR;
    }
    struct keyref ref;
    if (!call_write(call, 1, &ref) || !expire_allows(&ref, flags, deadline_ms)) {
        reply_integer(&call->reply, 0);
        return OUTCOME_DONE;
    }
    if (deadline_ms <= call->now_ms) {
        keyref_remove(&ref);
        call_changed(call, &ref, EVENT_GENERIC, "del");
    } else {
        keyref_set_deadline(&ref, deadline_ms);
        call_changed(call, &ref, EVENT_GENERIC, "expire");
    }
    reply_integer(&call->reply, 1);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(expire_command)
{
    return expire(call, TIME_RELATIVE | TIME_SECONDS);
}

COMMAND_HANDLER(pexpire_command)
{
    return expire(call, TIME_RELATIVE);
}

COMMAND_HANDLER(expireat_command)
{
    return expire(call, TIME_ABSOLUTE | TIME_SECONDS);
}

COMMAND_HANDLER(pexpireat_command)
{
    return expire(call, TIME_ABSOLUTE);
}

/* -2: no such key, -1: it never expires; seconds are rounded to the nearest. */
static enum outcome reply_deadline(struct call *call, unsigned form) REQUIRES(shard_held)
{
    struct keyref ref;
    int64_t time;
    if (!call_look(call, 1, &ref)) {
        time = -2;
    } else if (!ref.entry->has_deadline) {
        time = -1;
    } else {
        time = entry_deadline_ms(ref.entry) - ((form & TIME_ABSOLUTE) != 0 ? 0 : call->now_ms);
        if (time < 0) {
            time = 0;
        }
        if ((form & TIME_SECONDS) != 0) {
            time = (int64_t)(((uint64_t)time + 500) / 1000);
        }
    }
    reply_integer(&call->reply, time);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(ttl_command)
{
    return reply_deadline(call, TIME_RELATIVE | TIME_SECONDS);
}

COMMAND_HANDLER(pttl_command)
{
    return reply_deadline(call, TIME_RELATIVE);
}

COMMAND_HANDLER(expiretime_command)
{
    return reply_deadline(call, TIME_ABSOLUTE | TIME_SECONDS);
}

COMMAND_HANDLER(pexpiretime_command)
{
    return reply_deadline(call, TIME_ABSOLUTE);
}

COMMAND_HANDLER(persist_command)
{
    struct keyref ref;
    bool removes = call_write(call, 1, &ref) && ref.entry->has_deadline;
    if (removes) {
        keyref_set_deadline(&ref, DEADLINE_NONE);
        call_changed(call, &ref, EVENT_GENERIC, "persist");
    }
    reply_integer(&call->reply, removes);
    return OUTCOME_DONE;
}

static const char *const changing_tips[] = {"nondeterministic_output", NULL};

static const struct command_history expire_history[] = {{"7.0.0", "Added options: `NX`, `XX`, `GT` and `LT`."}, {0}};
static const struct command_history ttl_history[] = {{"2.8.0", "Added the -2 reply."}, {0}};

#define DEADLINE_CONDITION " condition:(NX|XX|GT|LT)?^7.0.0"

#define EXPIRE_ROW(name_, since_, arguments_, summary_)                                                                \
    {                                                                                                                  \
        .name = #name_, .handler = name_##_command, .arity = -3, .lock = LOCK_KEYS,                                    \
        .flags = COMMAND_WRITE | COMMAND_FAST, .categories = ACL_KEYSPACE,                                             \
        .keys = {{.flags = KEY_RW | KEY_UPDATE, .begin = 1, .step = 1}}, .summary = (summary_), .since = (since_),     \
        .group = "generic", .complexity = "O(1)", .history = expire_history, .arguments = (arguments_)                 \
    }

#define TTL_ROW(name_, since_, summary_, tips_, history_)                                                              \
    {                                                                                                                  \
        .name = #name_, .handler = name_##_command, .arity = 2, .lock = LOCK_KEYS,                                     \
        .flags = COMMAND_READONLY | COMMAND_FAST, .categories = ACL_KEYSPACE,                                          \
        .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}}, .summary = (summary_), .since = (since_),     \
        .group = "generic", .complexity = "O(1)", .tips = (tips_), .history = (history_), .arguments = "key:key"       \
    }

const struct command_row expire_commands[] = {
    EXPIRE_ROW(expire, "1.0.0", "key:key seconds:integer" DEADLINE_CONDITION, "Lets a key expire in so many seconds."),
    EXPIRE_ROW(pexpire, "2.6.0", "key:key milliseconds:integer" DEADLINE_CONDITION,
               "Lets a key expire in so many milliseconds."),
    EXPIRE_ROW(expireat, "1.2.0", "key:key unix-time-seconds:unix-time" DEADLINE_CONDITION,
               "Lets a key expire at a time given in Unix seconds."),
    EXPIRE_ROW(pexpireat, "2.6.0", "key:key unix-time-milliseconds:unix-time" DEADLINE_CONDITION,
               "Lets a key expire at a time given in Unix milliseconds."),
    TTL_ROW(ttl, "1.0.0", "Tells the seconds that a key has left.", changing_tips, ttl_history),
    TTL_ROW(pttl, "2.6.0", "Tells the milliseconds that a key has left.", changing_tips, ttl_history),
    TTL_ROW(expiretime, "7.0.0", "Tells when a key expires, in Unix seconds.", NULL, NULL),
    TTL_ROW(pexpiretime, "7.0.0", "Tells when a key expires, in Unix milliseconds.", NULL, NULL),
    {.name = "persist",
     .handler = persist_command,
     .arity = 2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .categories = ACL_KEYSPACE,
     .keys = {{.flags = KEY_RW | KEY_UPDATE, .begin = 1, .step = 1}},
     .summary = "Removes the deadline of a key.",
     .since = "2.2.0",
     .group = "generic",
     .complexity = "O(1)",
     .arguments = "key:key"},
    {0},
};

/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole string values: GET, SET and their relatives.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include "set_options.h"
#include "sherd/commands/families.h"
#include "sherd/exec/preparation.h"
#include "string_access.h"

COMMAND_HANDLER(get_command)
{
    struct keyref ref;
    if (!call_read(call, 1, &ref)) {
        reply_null(&call->reply);
        return OUTCOME_DONE;
    }
    if (ref.entry->type != VALUE_STRING) {
        return call_fail(call, ERROR_WRONGTYPE);
    }
    call_reply_string(call, ref.entry);
    return OUTCOME_DONE;
}

/* Stores argument `value` under the key of `ref` with a fresh deadline or none, and notes it. */
static void store(struct call *call, struct keyref *ref, uint32_t value, int64_t deadline_ms) REQUIRES(shard_held)
{
    call_set_value(call, ref, value, deadline_ms);
    call_changed(call, ref, EVENT_STRING, "set");
    if (deadline_ms > 0) {
        call_changed_event(call, ref, EVENT_GENERIC, "expire");
    }
}

/* A value with a time to live from now, given in the argument `time`. A deadline that has passed is stored as well: the
 * next lookup removes the key. */
static ALWAYS_INLINE enum outcome set_for_a_time(struct call *call, uint32_t value, uint32_t time, bool seconds)
    REQUIRES(shard_held)
{
    int64_t deadline_ms;
    if (!call_deadline(call, time, seconds, false, &deadline_ms)) {
        return OUTCOME_ERROR;
    }
    if (!call_value_ready(call, value)) {
        return OUTCOME_PREPARE;
    }
    struct keyref ref;
    (void)call_write(call, 1, &ref);
    store(call, &ref, value, deadline_ms);
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

/* SET with options. */
static NOINLINE enum outcome set_with_options(struct call *call) REQUIRES(shard_held)
{
    if (call->argc == 5 && call->argv[3].len == 2 && (call->argv[3].data[1] | 0x20) == 'x') {
        char unit = (char)(call->argv[3].data[0] | 0x20);
        if (unit == 'e' || unit == 'p') { /* EX or PX and no more, as most callers say */
            return set_for_a_time(call, 2, 4, unit == 'e');
        }
    }
    struct set_options options = {0};
    if (!set_options_parse(call, 3, SET_ACCEPTS, &options) || !set_options_deadline(call, &options)) {
        return OUTCOME_ERROR;
    }
    if (!call_value_ready(call, 2)) {
        return OUTCOME_PREPARE;
    }
    struct keyref ref;
    bool gets = (options.flags & SET_GET) != 0;
    bool exists = gets ? call_read(call, 1, &ref) : call_write(call, 1, &ref);
    enum outcome outcome = OUTCOME_DONE;
    if (!set_options_allow(call, &options, &ref, exists, &outcome)) {
        return outcome;
    }
    store(call, &ref, 2, (options.flags & SET_KEEPTTL) != 0 ? DEADLINE_KEEP : options.deadline_ms);
    if (!gets) {
        reply_ok(&call->reply);
    }
    return OUTCOME_DONE;
}

COMMAND_HANDLER(set_command)
{
    if (UNLIKELY(call->argc > 3)) {
        return set_with_options(call);
    }
    if (!call_value_ready(call, 2)) {
        return OUTCOME_PREPARE;
    }
    struct keyref ref;
    (void)call_write(call, 1, &ref);
    store(call, &ref, 2, DEADLINE_NONE);
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(setnx_command)
{
    struct keyref ref;
    bool exists = call_write(call, 1, &ref);
    if (!exists && !call_value_ready(call, 2)) {
        return OUTCOME_PREPARE;
    }
    if (!exists) {
        store(call, &ref, 2, DEADLINE_NONE);
    }
    reply_integer(&call->reply, exists ? 0 : 1);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(setex_command)
{
    return set_for_a_time(call, 3, 2, true);
}

COMMAND_HANDLER(psetex_command)
{
    return set_for_a_time(call, 3, 2, false);
}

/* Replies the value of a key as GET does and says what was found. */
static enum string_found reply_value(struct call *call, struct keyref *ref) REQUIRES(shard_held)
{
    enum string_found found = string_read(call, 1, ref);
    if (found == STRING_FOUND) {
        call_reply_string(call, ref->entry);
    } else if (found == STRING_MISSING) {
        reply_null(&call->reply);
    }
    return found;
}

COMMAND_HANDLER(getset_command)
{
    if (!call_value_ready(call, 2)) {
        return OUTCOME_PREPARE;
    }
    struct keyref ref;
    if (reply_value(call, &ref) == STRING_REFUSED) {
        return OUTCOME_ERROR;
    }
    store(call, &ref, 2, DEADLINE_NONE);
    return OUTCOME_DONE;
}

static void remove_key(struct call *call, struct keyref *ref) REQUIRES(shard_held)
{
    keyref_remove(ref);
    call_changed(call, ref, EVENT_GENERIC, "del");
}

COMMAND_HANDLER(getdel_command)
{
    struct keyref ref;
    enum string_found found = reply_value(call, &ref);
    if (found == STRING_FOUND) {
        remove_key(call, &ref);
    }
    return found == STRING_REFUSED ? OUTCOME_ERROR : OUTCOME_DONE;
}

/* The number of an expiry option is looked at only once the key is known to hold a string, as in Redis. */
COMMAND_HANDLER(getex_command)
{
    struct set_options options = {0};
    if (!set_options_parse(call, 2, GETEX_ACCEPTS, &options)) {
        return OUTCOME_ERROR;
    }
    struct keyref ref;
    enum string_found found = string_read(call, 1, &ref);
    if (found == STRING_MISSING) {
        reply_null(&call->reply);
        return OUTCOME_DONE;
    }
    if (found == STRING_REFUSED || !set_options_deadline(call, &options)) {
        return OUTCOME_ERROR;
    }
    call_reply_string(call, ref.entry);
    if ((options.flags & SET_EXPIRES) != 0 && options.deadline_ms <= call->now_ms) {
        remove_key(call, &ref);
    } else if ((options.flags & SET_EXPIRES) != 0) {
        keyref_set_deadline(&ref, options.deadline_ms);
        call_changed(call, &ref, EVENT_GENERIC, "expire");
    } else if ((options.flags & SET_PERSIST) != 0 && ref.entry->has_deadline) {
        keyref_set_deadline(&ref, DEADLINE_NONE);
        call_changed(call, &ref, EVENT_GENERIC, "persist");
    }
    return OUTCOME_DONE;
}

/* As Valkey 9.0 has it. */
COMMAND_HANDLER(delifeq_command)
{
    struct keyref ref;
    enum string_found found = string_write(call, 1, &ref);
    if (found == STRING_REFUSED) {
        return OUTCOME_ERROR;
    }
    char digits[24];
    bool equal = found == STRING_FOUND && slice_equals(entry_string(ref.entry, digits), call->argv[2]);
    if (equal) {
        remove_key(call, &ref);
    }
    reply_integer(&call->reply, equal ? 1 : 0);
    return OUTCOME_DONE;
}

static const struct command_history set_history[] = {
    {"2.6.12", "Added the `EX`, `PX`, `NX` and `XX` options."},
    {"6.0.0", "Added the `KEEPTTL` option."},
    {"6.2.0", "Added the `GET`, `EXAT` and `PXAT` option."},
    {"7.0.0", "Allowed the `NX` and `GET` options to be used together."},
    {0},
};

const struct command_row string_commands[] = {
    {.name = "get",
     .handler = get_command,
     .arity = 2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .categories = ACL_STRING,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .summary = "Returns the value of a key that holds a string.",
     .since = "1.0.0",
     .group = "string",
     .complexity = "O(1)",
     .arguments = "key:key"},
    {.name = "set",
     .handler = set_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_BRIEF,
     .categories = ACL_STRING,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_UPDATE | KEY_VARIABLE_FLAGS,
               .begin = 1,
               .step = 1,
               .notes = "RW and ACCESS due to the optional `GET` argument"}},
     .key_flags = set_key_flags,
     .summary = "Stores a string under a key, whatever the key held before.",
     .since = "1.0.0",
     .group = "string",
     .complexity = "O(1)",
     .history = set_history,
     .arguments = "key:key value condition:(NX|XX|comparison-value=IFEQ^8.1.0|other-value=IFNE^8.4.0)?^2.6.12 "
                  "GET?^6.2.0 expiration:(seconds:integer=EX^2.6.12|milliseconds:integer=PX^2.6.12|"
                  "unix-time-seconds:unix-time=EXAT^6.2.0|unix-time-milliseconds:unix-time=PXAT^6.2.0|"
                  "KEEPTTL^6.0.0)?"},
    {.name = "setnx",
     .handler = setnx_command,
     .arity = 3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_FAST,
     .categories = ACL_STRING,
     .keys = {{.flags = KEY_OW | KEY_INSERT, .begin = 1, .step = 1}},
     .summary = "Stores a string under a key that does not exist yet.",
     .since = "1.0.0",
     .group = "string",
     .complexity = "O(1)",
     .replaced_by = "`SET` with the `NX` argument",
     .deprecated_since = "2.6.12",
     .arguments = "key:key value"},
    {.name = "setex",
     .handler = setex_command,
     .arity = 4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_BRIEF,
     .categories = ACL_STRING,
     .keys = {{.flags = KEY_OW | KEY_UPDATE, .begin = 1, .step = 1}},
     .summary = "Stores a string under a key for a number of seconds.",
     .since = "2.0.0",
     .group = "string",
     .complexity = "O(1)",
     .replaced_by = "`SET` with the `EX` argument",
     .deprecated_since = "2.6.12",
     .arguments = "key:key seconds:integer value"},
    {.name = "psetex",
     .handler = psetex_command,
     .arity = 4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_BRIEF,
     .categories = ACL_STRING,
     .keys = {{.flags = KEY_OW | KEY_UPDATE, .begin = 1, .step = 1}},
     .summary = "Stores a string under a key for a number of milliseconds.",
     .since = "2.6.0",
     .group = "string",
     .complexity = "O(1)",
     .replaced_by = "`SET` with the `PX` argument",
     .deprecated_since = "2.6.12",
     .arguments = "key:key milliseconds:integer value"},
    {.name = "getset",
     .handler = getset_command,
     .arity = 3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_FAST,
     .categories = ACL_STRING,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_UPDATE, .begin = 1, .step = 1}},
     .summary = "Stores a string under a key and returns what it held before.",
     .since = "1.0.0",
     .group = "string",
     .complexity = "O(1)",
     .replaced_by = "`SET` with the `!GET` argument",
     .deprecated_since = "6.2.0",
     .arguments = "key:key value"},
    {.name = "getdel",
     .handler = getdel_command,
     .arity = 2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .categories = ACL_STRING,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_DELETE, .begin = 1, .step = 1}},
     .summary = "Returns the value of a key and removes the key.",
     .since = "6.2.0",
     .group = "string",
     .complexity = "O(1)",
     .arguments = "key:key"},
    {.name = "getex",
     .handler = getex_command,
     .arity = -2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .categories = ACL_STRING,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_UPDATE,
               .begin = 1,
               .step = 1,
               .notes = "RW and UPDATE because it changes the TTL"}},
     .summary = "Returns the value of a key and may change when the key expires.",
     .since = "6.2.0",
     .group = "string",
     .complexity = "O(1)",
     .arguments = "key:key expiration:(seconds:integer=EX|milliseconds:integer=PX|"
                  "unix-time-seconds:unix-time=EXAT|unix-time-milliseconds:unix-time=PXAT|PERSIST)?"},
    {.name = "delifeq",
     .handler = delifeq_command,
     .arity = 3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .categories = ACL_STRING,
     .keys = {{.flags = KEY_RM | KEY_DELETE, .begin = 1, .step = 1}},
     .summary = "Removes a key while it holds a certain string.",
     .since = "9.0.0",
     .group = "string",
     .complexity = "O(1)",
     .arguments = "key:key value"},
    {0},
};

/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole string values: GET, SET and their relatives.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include "sherd/commands/families.h"
#include "sherd/exec/call.h"
#include "set_options.h"

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

COMMAND_HANDLER(set_command)
{
    struct set_options options = {0};
    if (UNLIKELY(call->argc > 3) && !set_options_parse(call, 3, SET_ACCEPTS_ALL, &options)) {
        return OUTCOME_ERROR;
    }
    struct keyref ref;
    bool exists = call_write(call, 1, &ref);
    if (UNLIKELY(options.flags != 0)) {
        enum outcome outcome = OUTCOME_DONE;
        if (!set_options_allow(call, &options, &ref, exists, &outcome)) {
            return outcome;
        }
    }
    int64_t deadline_ms = (options.flags & SET_KEEPTTL) != 0 ? DEADLINE_KEEP : options.deadline_ms;
    keyref_set_string(&ref, call->argv[2], deadline_ms);
    call_changed(call, &ref, EVENT_STRING, "set");
    if (UNLIKELY(options.deadline_ms != 0)) {
        call_changed_event(call, &ref, EVENT_GENERIC, "expire");
    }
    if (LIKELY((options.flags & SET_GET) == 0)) {
        reply_ok(&call->reply);
    }
    return OUTCOME_DONE;
}

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
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .categories = ACL_STRING,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_UPDATE | KEY_INSERT | KEY_VARIABLE_FLAGS,
               .begin = 1,
               .step = 1,
               .notes = "RW and ACCESS due to the optional `GET` argument"}},
     .key_flags = set_key_flags,
     .summary = "Stores a string under a key, whatever the key held before.",
     .since = "1.0.0",
     .group = "string",
     .complexity = "O(1)",
     .arguments = "key:key value"},
    {0},
};

/* SPDX-License-Identifier: BSD-3-Clause */
/* Strings of many keys at once: MGET, MSET, MSETNX. All shards are held, so each is atomic; lookups go in groups whose
 * memory is prefetched.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include "sherd/commands/families.h"
#include "sherd/exec/preparation.h"
#include "string_access.h"

static bool has_many_arguments(struct call *call)
{
    return call->argc > STRING_LONG_ARGUMENTS;
}

static bool values_ready(struct call *call)
{
    bool ready = true;
    for (uint32_t i = 2; i < call->argc; i += 2) {
        ready &= call_value_ready(call, i);
    }
    return ready;
}

COMMAND_HANDLER(mget_command)
{
    uint64_t hashes[CALL_PREFETCH_MAX];
    reply_array(&call->reply, call->argc - 1);
    for (uint32_t first = 1; first < call->argc; first += CALL_PREFETCH_MAX) {
        uint32_t left = call->argc - first;
        uint32_t count = left < CALL_PREFETCH_MAX ? left : CALL_PREFETCH_MAX;
        call_prefetch(call, first, 1, count, hashes);
        for (uint32_t i = 0; i < count; i++) {
            struct keyref ref;
            if (call_read_hashed(call, first + i, hashes[i], &ref) && ref.entry->type == VALUE_STRING) {
                call_reply_string(call, ref.entry);
            } else {
                reply_null(&call->reply);
            }
        }
    }
    return OUTCOME_DONE;
}

static void set_pairs(struct call *call) REQUIRES(shard_held)
{
    uint64_t hashes[CALL_PREFETCH_MAX];
    for (uint32_t first = 1; first < call->argc; first += 2 * CALL_PREFETCH_MAX) {
        uint32_t left = (call->argc - first) / 2;
        uint32_t count = left < CALL_PREFETCH_MAX ? left : CALL_PREFETCH_MAX;
        call_prefetch(call, first, 2, count, hashes);
        for (uint32_t i = 0; i < count; i++) {
            struct keyref ref; /* looked up only now: the pair before may have moved its slot */
            uint32_t argument = first + 2 * i;
            (void)call_write_hashed(call, argument, hashes[i], &ref);
            call_set_value(call, &ref, argument + 1, DEADLINE_NONE);
            call_changed(call, &ref, EVENT_STRING, "set");
        }
    }
}

COMMAND_HANDLER(mset_command)
{
    if (call->argc % 2 == 0) {
        return call_fail_arity(call);
    }
    if (!values_ready(call)) {
        return OUTCOME_PREPARE;
    }
    set_pairs(call);
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(msetnx_command)
{
    if (call->argc % 2 == 0) {
        return call_fail_arity(call);
    }
    for (uint32_t argument = 1; argument < call->argc; argument += 2) {
        struct keyref ref;
        if (call_write(call, argument, &ref)) {
            reply_integer(&call->reply, 0);
            return OUTCOME_DONE;
        }
    }
    if (!values_ready(call)) {
        return OUTCOME_PREPARE;
    }
    set_pairs(call);
    reply_integer(&call->reply, 1);
    return OUTCOME_DONE;
}

static const char *const mget_tips[] = {"request_policy:multi_shard", NULL};
static const char *const mset_tips[] = {"request_policy:multi_shard", "response_policy:all_succeeded", NULL};

const struct command_row string_many_commands[] = {
    {.name = "mget",
     .handler = mget_command,
     .arity = -2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .categories = ACL_STRING,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .last = -1, .step = 1}},
     .is_long = has_many_arguments,
     .summary = "Returns the values of several keys at one moment; nil for those that hold no string.",
     .since = "1.0.0",
     .group = "string",
     .complexity = "O(N) for N keys",
     .tips = mget_tips,
     .arguments = "key:key+"},
    {.name = "mset",
     .handler = mset_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .categories = ACL_STRING,
     .keys = {{.flags = KEY_OW | KEY_UPDATE, .begin = 1, .last = -1, .step = 2}},
     .is_long = has_many_arguments,
     .summary = "Stores strings under several keys at one moment.",
     .since = "1.0.1",
     .group = "string",
     .complexity = "O(N) for N keys",
     .tips = mset_tips,
     .arguments = "data:(key:key value)+"},
    {.name = "msetnx",
     .handler = msetnx_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .categories = ACL_STRING,
     .keys = {{.flags = KEY_OW | KEY_INSERT, .begin = 1, .last = -1, .step = 2}},
     .is_long = has_many_arguments,
     .summary = "Stores strings under several keys, all or none: only when none of them exists.",
     .since = "1.0.1",
     .group = "string",
     .complexity = "O(N) for N keys",
     .arguments = "data:(key:key value)+"},
    {0},
};

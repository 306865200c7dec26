/* SPDX-License-Identifier: BSD-3-Clause */
/* Keys whatever they hold: DEL, UNLINK, EXISTS, TYPE, TOUCH.
 * Large values are never freed by the worker that removes them, so DEL and UNLINK are the same here.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include "sherd/commands/families.h"
#include "sherd/exec/call.h"
#include "sherd/exec/exec.h"

enum {
    MANY_KEYS = 512, /* more are not looked up under spinlocks */
};

static bool has_many_keys(struct call *call)
{
    return call->argc > MANY_KEYS;
}

/* What is done with each key of a command with many; true when it counts. */
typedef bool key_action(struct call *call, uint32_t argument, uint64_t hash);

static ALWAYS_INLINE enum outcome count_keys(struct call *call, key_action *action)
{
    int64_t count = 0;
    uint64_t hashes[CALL_PREFETCH_MAX];
    for (uint32_t first = 1; first < call->argc; first += CALL_PREFETCH_MAX) {
        uint32_t left = call->argc - first;
        uint32_t group = left < CALL_PREFETCH_MAX ? left : CALL_PREFETCH_MAX;
        call_prefetch(call, first, 1, group, hashes);
        for (uint32_t i = 0; i < group; i++) {
            count += action(call, first + i, hashes[i]);
        }
    }
    reply_integer(&call->reply, count);
    return OUTCOME_DONE;
}

static bool remove_key(struct call *call, uint32_t argument, uint64_t hash) REQUIRES(shard_held)
{
    struct keyref ref;
    if (!call_write_hashed(call, argument, hash, &ref)) {
        return false;
    }
    keyref_remove(&ref);
    call_changed(call, &ref, EVENT_GENERIC, "del");
    return true;
}

static bool key_exists(struct call *call, uint32_t argument, uint64_t hash) REQUIRES(shard_held)
{
    struct keyref ref;
    return call_look_hashed(call, argument, hash, &ref);
}

static bool touch_key(struct call *call, uint32_t argument, uint64_t hash) REQUIRES(shard_held)
{
    struct keyref ref;
    bool exists = call_look_hashed(call, argument, hash, &ref);
    if (exists) {
        keyref_touch(&ref); /* even for a client that chose CLIENT NO-TOUCH */
    }
    return exists;
}

COMMAND_HANDLER(del_command)
{
    return count_keys(call, remove_key);
}

COMMAND_HANDLER(exists_command)
{
    return count_keys(call, key_exists);
}

COMMAND_HANDLER(touch_command)
{
    return count_keys(call, touch_key);
}

COMMAND_HANDLER(type_command)
{
    struct keyref ref;
    bool exists = call_look(call, 1, &ref);
    reply_status(&call->reply, exists ? value_class((enum value_type)ref.entry->type)->name : "none");
    return OUTCOME_DONE;
}

static const char *const sum_tips[] = {"request_policy:multi_shard", "response_policy:agg_sum", NULL};

static const struct command_history exists_history[] = {{"3.0.3", "Accepts multiple `key` arguments."}, {0}};

const struct command_row key_commands[] = {
    {.name = "del",
     .handler = del_command,
     .arity = -2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE,
     .categories = ACL_KEYSPACE,
     .keys = {{.flags = KEY_RM | KEY_DELETE, .begin = 1, .last = -1, .step = 1}},
     .is_long = has_many_keys,
     .summary = "Removes keys, whatever they hold.",
     .since = "1.0.0",
     .group = "generic",
     .complexity = "O(N) where N is the number of keys; large values are freed in the background.",
     .tips = sum_tips,
     .arguments = "key:key+"},
    {.name = "unlink",
     .handler = del_command,
     .arity = -2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .categories = ACL_KEYSPACE,
     .keys = {{.flags = KEY_RM | KEY_DELETE, .begin = 1, .last = -1, .step = 1}},
     .is_long = has_many_keys,
     .summary = "Removes keys; their memory is freed in the background.",
     .since = "4.0.0",
     .group = "generic",
     .complexity = "O(1) for each key; large values are freed in the background.",
     .tips = sum_tips,
     .arguments = "key:key+"},
    {.name = "exists",
     .handler = exists_command,
     .arity = -2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .categories = ACL_KEYSPACE,
     .keys = {{.flags = KEY_RO, .begin = 1, .last = -1, .step = 1}},
     .is_long = has_many_keys,
     .summary = "Counts which of the given keys exist.",
     .since = "1.0.0",
     .group = "generic",
     .complexity = "O(N) where N is the number of keys.",
     .tips = sum_tips,
     .history = exists_history,
     .arguments = "key:key+"},
    {.name = "touch",
     .handler = touch_command,
     .arity = -2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .categories = ACL_KEYSPACE,
     .keys = {{.flags = KEY_RO, .begin = 1, .last = -1, .step = 1}},
     .is_long = has_many_keys,
     .summary = "Marks keys as just used and counts those that exist.",
     .since = "3.2.1",
     .group = "generic",
     .complexity = "O(N) where N is the number of keys.",
     .tips = sum_tips,
     .arguments = "key:key+"},
    {.name = "type",
     .handler = type_command,
     .arity = 2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .categories = ACL_KEYSPACE,
     .keys = {{.flags = KEY_RO, .begin = 1, .step = 1}},
     .summary = "Tells the type of the value under a key.",
     .since = "1.0.0",
     .group = "generic",
     .complexity = "O(1)",
     .arguments = "key:key"},
    {0},
};

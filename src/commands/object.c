/* SPDX-License-Identifier: BSD-3-Clause */
/* OBJECT: how a value is kept, and when it was last used.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the key's shard. */
#include <limits.h>

#include "sherd/commands/families.h"
#include "sherd/exec/exec.h"

enum {
    SHARED_INTEGERS = 10000, /* numbers below are shared objects in Redis, with a count that never changes */
};

/* The key of a subcommand; false (and null replied) when there is none. */
static bool object_find(struct call *call, struct keyref *ref) REQUIRES(shard_held)
{
    bool exists = call_look_quietly(call, 2, ref);
    if (!exists) {
        reply_null(&call->reply);
    }
    return exists;
}

COMMAND_HANDLER(encoding_command)
{
    struct keyref ref;
    if (object_find(call, &ref)) {
        reply_bulk_text(&call->reply, entry_encoding(ref.entry));
    }
    return OUTCOME_DONE;
}

COMMAND_HANDLER(refcount_command)
{
    struct keyref ref;
    if (object_find(call, &ref)) {
        bool shared = !exec_evicts_by_use(call->worker->exec) && ref.entry->form == ENTRY_INTEGER &&
                      entry_integer(ref.entry) >= 0 && entry_integer(ref.entry) < SHARED_INTEGERS;
        reply_integer(&call->reply, shared ? INT_MAX : 1);
    }
    return OUTCOME_DONE;
}

COMMAND_HANDLER(idletime_command)
{
    struct keyref ref;
    if (!object_find(call, &ref)) {
        return OUTCOME_DONE;
    }
    const struct usage *usage = &call->worker->user.usage;
    if (usage->by_frequency) {
        return call_fail_slice(call, SLICE_LITERAL("ERR An LFU maxmemory policy is selected, idle time not tracked. "
                                                   "Please note that when switching between policies at runtime LRU "
                                                   "and LFU data will take some time to adjust."));
    }
    reply_integer(&call->reply, (int64_t)usage_idle_s(usage, (uint32_t)ref.entry->clock));
    return OUTCOME_DONE;
}

COMMAND_HANDLER(freq_command)
{
    struct keyref ref;
    if (!object_find(call, &ref)) {
        return OUTCOME_DONE;
    }
    const struct usage *usage = &call->worker->user.usage;
    if (usage->by_frequency) {
        reply_integer(&call->reply, (int64_t)usage_counter(usage, (uint32_t)ref.entry->clock));
        return OUTCOME_DONE;
    }
    return call_fail_slice(call, SLICE_LITERAL("ERR An LFU maxmemory policy is not selected, access frequency not "
                                               "tracked. Please note that when switching between policies at runtime "
                                               "LRU and LFU data will take some time to adjust."));
}

static enum outcome object_help(struct call *call)
{
    static const char *const lines[] = {
        "ENCODING <key>",
        "    Return the kind of internal representation used in order to store the value",
        "    associated with a <key>.",
        "FREQ <key>",
        "    Return the access frequency index of the <key>. The returned integer is",
        "    proportional to the logarithm of the recent access frequency of the key.",
        "IDLETIME <key>",
        "    Return the idle time of the <key>, that is the approximated number of",
        "    seconds elapsed since the last access to the key.",
        "REFCOUNT <key>",
        "    Return the number of references of the value associated with the specified",
        "    <key>.",
        NULL,
    };
    return call_reply_help(call, lines);
}

static const char *const changing_tips[] = {"nondeterministic_output", NULL};

#define OBJECT_ROW(name_, since_, summary_)                                                                            \
    {                                                                                                                  \
        .name = #name_, .handler = name_##_command, .arity = 3, .lock = LOCK_KEYS, .flags = COMMAND_READONLY,          \
        .categories = ACL_KEYSPACE, .keys = {{.flags = KEY_RO, .begin = 2, .step = 1}}, .summary = (summary_),         \
        .since = (since_), .group = "generic", .complexity = "O(1)", .tips = changing_tips, .arguments = "key:key"     \
    }

static const struct command_row object_subcommands[] = {
    OBJECT_ROW(encoding, "2.2.3", "Tells how the value of a key is kept in memory."),
    OBJECT_ROW(freq, "4.0.0", "Tells how often a key is used, on a logarithmic scale."),
    OBJECT_ROW(idletime, "2.2.3", "Tells for how many seconds a key has not been used."),
    OBJECT_ROW(refcount, "2.2.3", "Tells the number of references to the value of a key."),
    {.name = "help",
     .handler = object_help,
     .arity = 2,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .categories = ACL_KEYSPACE,
     .summary = "Lists the subcommands.",
     .since = "6.2.0",
     .group = "generic",
     .complexity = "O(1)"},
    {0},
};

const struct command_row object_commands[] = {
    {.name = "object",
     .arity = -2,
     .subcommands = object_subcommands,
     .summary = "A container for commands that look at how a value is kept.",
     .since = "2.2.3",
     .group = "generic",
     .complexity = "Depends on subcommand."},
    {0},
};

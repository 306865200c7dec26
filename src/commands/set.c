/* SPDX-License-Identifier: BSD-3-Clause */
/* Sets, by member: SADD SREM SISMEMBER SMISMEMBER SCARD SMOVE.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include "set_access.h"
#include "sherd/commands/families.h"

static bool many_is_long(struct call *call)
{
    return set_has_many_arguments(call);
}

COMMAND_HANDLER(sadd_command)
{
    struct set_change change;
    if (!set_write(call, 1, &change)) {
        return OUTCOME_ERROR;
    }
    struct set_limits limits = set_call_limits(call);
    uint32_t count = call->argc - 2;
    if (UNLIKELY(change.set == NULL)) {
        change.set = set_create(&limits, count, call->argv[2]);
        keyref_set_object(&change.ref, VALUE_SET, change.set, DEADLINE_NONE);
    } else if (UNLIKELY(count > limits.intset_entries || count > limits.listpack_entries)) {
        set_expect(change.set, &limits, count);
    }
    size_t added = set_add_many(change.set, &limits, call->argv + 2, count);
    if (added != 0) {
        set_changed(call, &change, added, "sadd");
    }
    reply_integer(&call->reply, (int64_t)added);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(srem_command)
{
    struct set_change change;
    if (!set_write(call, 1, &change)) {
        return OUTCOME_ERROR;
    }
    uint64_t removed = 0;
    for (uint32_t i = 2; change.set != NULL && i < call->argc; i++) {
        removed += set_remove(change.set, call->argv[i]);
    }
    if (removed != 0) {
        set_changed(call, &change, removed, "srem");
    }
    reply_integer(&call->reply, (int64_t)removed);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(sismember_command)
{
    const struct set *set;
    if (!set_read(call, &set)) {
        return OUTCOME_ERROR;
    }
    reply_integer(&call->reply, set != NULL && set_contains(set, call->argv[2]));
    return OUTCOME_DONE;
}

COMMAND_HANDLER(smismember_command)
{
    const struct set *set;
    if (!set_read(call, &set)) {
        return OUTCOME_ERROR;
    }
    reply_array(&call->reply, call->argc - 2);
    for (uint32_t i = 2; i < call->argc; i += MEMBER_BATCH) {
        unsigned count = call->argc - i < MEMBER_BATCH ? call->argc - i : MEMBER_BATCH;
        unsigned found = set == NULL ? 0 : set_contains_some(set, call->argv + i, count);
        for (unsigned j = 0; j < count; j++) {
            reply_integer(&call->reply, (found >> j) & 1);
        }
    }
    return OUTCOME_DONE;
}

COMMAND_HANDLER(scard_command)
{
    const struct set *set;
    if (!set_read(call, &set)) {
        return OUTCOME_ERROR;
    }
    reply_integer(&call->reply, set == NULL ? 0 : (int64_t)set_count(set));
    return OUTCOME_DONE;
}

/* The member has left the source: puts it into the destination. */
static void move_in(struct call *call, struct slice member) REQUIRES(shard_held)
{
    struct set_change target;
    struct set_limits limits = set_call_limits(call);
    if (!set_write(call, 2, &target)) { /* again: removing the source's key may have moved it */
        return;
    }
    if (target.set == NULL) {
        target.set = set_create(&limits, 1, member);
        keyref_set_object(&target.ref, VALUE_SET, target.set, DEADLINE_NONE);
    }
    if (set_add(target.set, &limits, member)) {
        set_changed(call, &target, 1, "sadd");
    }
}

COMMAND_HANDLER(smove_command)
{
    struct set_change source;
    struct set_change target;
    struct slice member = call->argv[3];
    if (!set_write(call, 1, &source)) {
        return OUTCOME_ERROR;
    }
    if (source.set == NULL) { /* then it does not matter what the destination is */
        reply_integer(&call->reply, 0);
        return OUTCOME_DONE;
    }
    if (!set_write(call, 2, &target)) {
        return OUTCOME_ERROR;
    }
    bool moves;
    if (source.set == target.set) {
        moves = set_contains(source.set, member);
    } else {
        moves = set_remove(source.set, member);
        if (moves) {
            set_changed(call, &source, 1, "srem");
            move_in(call, member);
        }
    }
    reply_integer(&call->reply, moves);
    return OUTCOME_DONE;
}

static const struct command_history many_history[] = {{"2.4.0", "Accepts multiple `member` arguments."}, {0}};

const struct command_row set_commands[] = {
    {.name = "sadd",
     .handler = sadd_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_FAST,
     .categories = ACL_SET,
     .keys = {{.flags = KEY_RW | KEY_INSERT, .begin = 1, .step = 1}},
     .is_long = many_is_long,
     .summary = "Adds members to a set, which is created when it is missing, and returns how many are new.",
     .since = "1.0.0",
     .group = "set",
     .complexity = "O(1) for each member.",
     .history = many_history,
     .arguments = "key:key member+"},
    {.name = "srem",
     .handler = srem_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .categories = ACL_SET,
     .keys = {{.flags = KEY_RW | KEY_DELETE, .begin = 1, .step = 1}},
     .is_long = many_is_long,
     .summary = "Removes members from a set, and the set with the last of them; returns how many there were.",
     .since = "1.0.0",
     .group = "set",
     .complexity = "O(1) for each member.",
     .history = many_history,
     .arguments = "key:key member+"},
    {.name = "sismember",
     .handler = sismember_command,
     .arity = 3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .categories = ACL_SET,
     .keys = {{.flags = KEY_RO, .begin = 1, .step = 1}},
     .summary = "Tells whether a set has a member.",
     .since = "1.0.0",
     .group = "set",
     .complexity = "O(1)",
     .arguments = "key:key member"},
    {.name = "smismember",
     .handler = smismember_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .categories = ACL_SET,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .is_long = many_is_long,
     .summary = "Tells which of several members a set has.",
     .since = "6.2.0",
     .group = "set",
     .complexity = "O(1) for each member.",
     .arguments = "key:key member+"},
    {.name = "scard",
     .handler = scard_command,
     .arity = 2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .categories = ACL_SET,
     .keys = {{.flags = KEY_RO, .begin = 1, .step = 1}},
     .summary = "Returns the number of members of a set.",
     .since = "1.0.0",
     .group = "set",
     .complexity = "O(1)",
     .arguments = "key:key"},
    {.name = "smove",
     .handler = smove_command,
     .arity = 4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .categories = ACL_SET,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_DELETE, .begin = 1, .step = 1},
              {.flags = KEY_RW | KEY_INSERT, .begin = 2, .step = 1}},
     .summary = "Moves a member from one set to another; nobody sees it in both, or in neither.",
     .since = "1.0.0",
     .group = "set",
     .complexity = "O(1)",
     .arguments = "source:key destination:key#1 member"},
    {0},
};

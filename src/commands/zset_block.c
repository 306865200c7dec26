/* SPDX-License-Identifier: BSD-3-Clause */
/* Sorted sets, waiting for a member: BZPOPMIN BZPOPMAX BZMPOP.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the shards of all keys; while a call is
 * served, that of the key that became ready. */
#include "sherd/commands/families.h"
#include "zset_pop.h"

static enum outcome pop_or_wait(struct call *call, bool is_max) REQUIRES(shard_held)
{
    uint32_t last = call->argc - 1;
    struct block_request wait = {
        .first_key = 1, .key_count = last - 1, .type = VALUE_ZSET, .reply = BLOCK_REPLY_NULL_ARRAY};
    if (!call_timeout(call, last, &wait.timeout_ms)) {
        return OUTCOME_ERROR;
    }
    for (uint32_t i = 1; i < last; i++) {
        struct keyref ref;
        void *zset;
        if (!call_looks_at(call, i)) {
            continue;
        }
        if (!call_write_object(call, i, VALUE_ZSET, &ref, &zset)) {
            return OUTCOME_ERROR;
        }
        if (zset != NULL) {
            reply_array(&call->reply, 3);
            reply_bulk(&call->reply, call->argv[i]);
            zset_pop(call, &ref, 1, is_max, ZSET_REPLY_BARE);
            return OUTCOME_DONE;
        }
    }
    if (call_waits(call)) {
        return call_block(call, &wait);
    }
    reply_null_array(&call->reply);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(bzpopmin_command)
{
    return pop_or_wait(call, false);
}

COMMAND_HANDLER(bzpopmax_command)
{
    return pop_or_wait(call, true);
}

COMMAND_HANDLER(bzmpop_command)
{
    struct block_request wait = {.type = VALUE_ZSET, .reply = BLOCK_REPLY_NULL_ARRAY};
    return zset_mpop(call, 2, &wait);
}

static const struct command_history fraction_history[] = {
    {"6.0.0", "`timeout` is interpreted as a double instead of an integer."}, {0}};

const struct command_row zset_block_commands[] = {
    {.name = "bzpopmin",
     .handler = bzpopmin_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_FAST | COMMAND_BLOCKING,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_DELETE, .begin = 1, .last = -2, .step = 1}},
     .summary = "Removes the member with the lowest score from the first set that has one, and waits while none has.",
     .since = "5.0.0",
     .group = "sorted-set",
     .complexity = "O(log(N)) where N is the number of members of the set.",
     .history = fraction_history,
     .arguments = "key:key+ timeout:double"},
    {.name = "bzpopmax",
     .handler = bzpopmax_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_FAST | COMMAND_BLOCKING,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_DELETE, .begin = 1, .last = -2, .step = 1}},
     .summary = "Removes the member with the highest score from the first set that has one, and waits while none has.",
     .since = "5.0.0",
     .group = "sorted-set",
     .complexity = "O(log(N)) where N is the number of members of the set.",
     .history = fraction_history,
     .arguments = "key:key+ timeout:double"},
    {.name = "bzmpop",
     .handler = bzmpop_command,
     .arity = -5,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_BLOCKING,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_DELETE, .begin = 2, .step = 1, .counted = true}},
     .summary = "Removes members as ZMPOP does, and waits while there are none.",
     .since = "7.0.0",
     .group = "sorted-set",
     .complexity = "O(K)+O(M*log(N)) where K is the number of keys, M that of popped members and N that of the set.",
     .arguments = "timeout:double numkeys:integer key:key+ where:(MIN|MAX) count:integer=COUNT?"},
    {0},
};

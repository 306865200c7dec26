/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists, waiting for an element: BLPOP BRPOP BLMOVE BRPOPLPUSH BLMPOP.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the shards of all keys; while a call is
 * served, those of the key that became ready and of the destination. */
#include "list_access.h"
#include "sherd/commands/families.h"

static enum outcome pop_or_wait(struct call *call, enum quicklist_end end) REQUIRES(shard_held)
{
    uint32_t last = call->argc - 1;
    struct block_request wait = {
        .first_key = 1, .key_count = last - 1, .type = VALUE_LIST, .reply = BLOCK_REPLY_NULL_ARRAY};
    if (!call_timeout(call, last, &wait.timeout_ms)) {
        return OUTCOME_ERROR;
    }
    for (uint32_t i = 1; i < last; i++) {
        struct keyref ref;
        void *list;
        if (!call_looks_at(call, i)) {
            continue;
        }
        if (!call_write_object(call, i, VALUE_LIST, &ref, &list)) {
            return OUTCOME_ERROR;
        }
        if (list != NULL) {
            reply_array(&call->reply, 2);
            reply_bulk(&call->reply, call->argv[i]);
            list_pop(call, &ref, (struct list_pop){.end = end}, &call->reply);
            return OUTCOME_DONE;
        }
    }
    if (call_waits(call)) {
        return call_block(call, &wait);
    }
    reply_null_array(&call->reply);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(blpop_command)
{
    return pop_or_wait(call, QUICKLIST_FRONT);
}

COMMAND_HANDLER(brpop_command)
{
    return pop_or_wait(call, QUICKLIST_BACK);
}

static enum outcome move_or_wait(struct call *call, struct list_move ends) REQUIRES(shard_held)
{
    struct block_request wait = {.first_key = 1,
                                 .key_count = 1,
                                 .destination_key = 2,
                                 .type = VALUE_LIST,
                                 .reply = BLOCK_REPLY_NULL_ARRAY}; /* BLMOVE, too, when time is over */
    if (!call_timeout(call, call->argc - 1, &wait.timeout_ms)) {
        return OUTCOME_ERROR;
    }
    return list_move(call, ends, &wait);
}

COMMAND_HANDLER(blmove_command)
{
    struct list_move ends;
    if (!list_argument_end(call, 3, &ends.from) || !list_argument_end(call, 4, &ends.to)) {
        return call_fail(call, ERROR_SYNTAX);
    }
    return move_or_wait(call, ends);
}

COMMAND_HANDLER(brpoplpush_command)
{
    return move_or_wait(call, (struct list_move){.from = QUICKLIST_BACK, .to = QUICKLIST_FRONT});
}

COMMAND_HANDLER(blmpop_command)
{
    struct block_request wait = {.type = VALUE_LIST, .reply = BLOCK_REPLY_NULL_ARRAY};
    return list_mpop(call, 2, &wait);
}

#define MOVE_KEYS                                                                                                      \
    {                                                                                                                  \
        {.flags = KEY_RW | KEY_ACCESS | KEY_DELETE, .begin = 1, .step = 1},                                            \
            {.flags = KEY_RW | KEY_INSERT, .begin = 2, .step = 1},                                                     \
    }

static const struct command_history fraction_history[] = {
    {"6.0.0", "`timeout` is interpreted as a double instead of an integer."}, {0}};

const struct command_row list_block_commands[] = {
    {.name = "blpop",
     .handler = blpop_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_BLOCKING,
     .categories = ACL_LIST,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_DELETE, .begin = 1, .last = -2, .step = 1}},
     .summary = "Removes the first element of the first list that is not empty, and waits while there is none.",
     .since = "2.0.0",
     .group = "list",
     .complexity = "O(N) where N is the number of keys",
     .history = fraction_history,
     .arguments = "key:key+ timeout:double"},
    {.name = "brpop",
     .handler = brpop_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_BLOCKING,
     .categories = ACL_LIST,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_DELETE, .begin = 1, .last = -2, .step = 1}},
     .summary = "Removes the last element of the first list that is not empty, and waits while there is none.",
     .since = "2.0.0",
     .group = "list",
     .complexity = "O(N) where N is the number of keys",
     .history = fraction_history,
     .arguments = "key:key+ timeout:double"},
    {.name = "blmove",
     .handler = blmove_command,
     .arity = 6,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_BLOCKING,
     .categories = ACL_LIST,
     .keys = MOVE_KEYS,
     .summary = "Moves an element as LMOVE does, and waits while there is none.",
     .since = "6.2.0",
     .group = "list",
     .complexity = "O(1)",
     .arguments = "source:key destination:key#1 wherefrom:(LEFT|RIGHT) whereto:(LEFT|RIGHT) timeout:double"},
    {.name = "brpoplpush",
     .handler = brpoplpush_command,
     .arity = 4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_BLOCKING,
     .categories = ACL_LIST,
     .keys = MOVE_KEYS,
     .summary = "Moves an element as RPOPLPUSH does, and waits while there is none.",
     .since = "2.2.0",
     .group = "list",
     .complexity = "O(1)",
     .history = fraction_history,
     .arguments = "source:key destination:key#1 timeout:double",
     .replaced_by = "`BLMOVE` with the `RIGHT` and `LEFT` arguments",
     .deprecated_since = "6.2.0"},
    {.name = "blmpop",
     .handler = blmpop_command,
     .arity = -5,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_BLOCKING,
     .categories = ACL_LIST,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_DELETE, .begin = 2, .counted = true, .step = 1}},
     .summary = "Removes elements as LMPOP does, and waits while there are none.",
     .since = "7.0.0",
     .group = "list",
     .complexity = "O(N+M), N being the keys given and M the elements returned.",
     .arguments = "timeout:double numkeys:integer key:key+ where:(LEFT|RIGHT) count:integer=COUNT?"},
    {0},
};

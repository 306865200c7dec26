/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists, both ends: LPUSH, RPUSH, LPUSHX, RPUSHX, LPOP, RPOP, and LLEN.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include "list_access.h"
#include "sherd/base/number.h"
#include "sherd/commands/families.h"
#include "sherd/exec/exec.h"

/* Bytes of the elements from argument 2 on. */
static size_t elements_bytes(const struct call *call)
{
    size_t bytes = 0;
    for (uint32_t i = 2; i < call->argc; i++) {
        bytes += call->argv[i].len;
    }
    return bytes;
}

static enum outcome push(struct call *call, enum quicklist_end end, bool must_exist) REQUIRES(shard_held)
{
    struct keyref ref;
    void *object;
    if (!call_write_object(call, 1, VALUE_LIST, &ref, &object)) {
        return OUTCOME_ERROR;
    }
    if (object == NULL && must_exist) {
        reply_integer(&call->reply, 0);
        return OUTCOME_DONE;
    }
    uint32_t count = call->argc - 2;
    size_t bytes = elements_bytes(call);
    if (UNLIKELY(count > LIST_SHORT_ARGUMENTS || bytes > LIST_SHORT_BYTES) && !call->locks.possessed) {
        struct quicklist_source source = list_source(call, call->argc - 1);
        bool is_shared = count == 1 && source.blob != NULL; /* then nothing is copied */
        list_source_done(source);
        if (!is_shared) {
            return OUTCOME_POSSESS;
        }
    }
    struct list *list = list_for_adding(&ref);
    struct list_limits limits = list_limits_of(call);
    list_will_grow(list, &limits, bytes, count);
    for (uint32_t i = 2; i < call->argc; i++) {
        struct quicklist_source source = list_source(call, i);
        list_push(list, end, source);
        list_source_done(source);
    }
    reply_integer(&call->reply, (int64_t)list_count(list));
    call_changed(call, &ref, EVENT_LIST, end == QUICKLIST_FRONT ? "lpush" : "rpush");
    call->effects.changes += count - 1;
    return OUTCOME_DONE;
}

COMMAND_HANDLER(lpush_command)
{
    return push(call, QUICKLIST_FRONT, false);
}

COMMAND_HANDLER(rpush_command)
{
    return push(call, QUICKLIST_BACK, false);
}

COMMAND_HANDLER(lpushx_command)
{
    return push(call, QUICKLIST_FRONT, true);
}

COMMAND_HANDLER(rpushx_command)
{
    return push(call, QUICKLIST_BACK, true);
}

static enum outcome pop(struct call *call, enum quicklist_end end) REQUIRES(shard_held)
{
    bool has_count = call->argc == 3;
    int64_t count = 0;
    if (call->argc > 3) {
        return call_fail_arity(call);
    }
    if (has_count && (!number_parse_i64(call->argv[2], &count) || count < 0)) {
        return call_fail_slice(call, SLICE_LITERAL("ERR value is out of range, must be positive"));
    }
    struct keyref ref;
    void *object;
    if (!call_write_object(call, 1, VALUE_LIST, &ref, &object)) {
        return OUTCOME_ERROR;
    }
    if (object == NULL) {
        if (has_count) {
            reply_null_array(&call->reply);
        } else {
            reply_null(&call->reply);
        }
    } else if (has_count && count == 0) {
        reply_array(&call->reply, 0);
    } else if (list_is_long(call, object, 0, list_bounded(object, (uint64_t)count))) {
        return OUTCOME_POSSESS;
    } else {
        list_pop(call, &ref, (struct list_pop){.end = end, .count = (uint64_t)count}, &call->reply);
    }
    return OUTCOME_DONE;
}

COMMAND_HANDLER(lpop_command)
{
    return pop(call, QUICKLIST_FRONT);
}

COMMAND_HANDLER(rpop_command)
{
    return pop(call, QUICKLIST_BACK);
}

COMMAND_HANDLER(llen_command)
{
    void *list;
    if (!call_read_object(call, 1, VALUE_LIST, &list)) {
        return OUTCOME_ERROR;
    }
    reply_integer(&call->reply, list == NULL ? 0 : (int64_t)list_count(list));
    return OUTCOME_DONE;
}

static const struct command_history push_history[] = {{"2.4.0", "Accepts multiple `element` arguments."}, {0}};
static const struct command_history pushx_history[] = {{"4.0.0", "Accepts multiple `element` arguments."}, {0}};
static const struct command_history pop_history[] = {{"6.2.0", "Added the `count` argument."}, {0}};

#define PUSH_ROW(name_, handler_, summary_, since_, history_)                                                          \
    {                                                                                                                  \
        .name = (name_), .handler = (handler_), .arity = -3, .lock = LOCK_KEYS,                                        \
        .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_FAST, .categories = ACL_LIST,                               \
        .keys = {{.flags = KEY_RW | KEY_INSERT, .begin = 1, .step = 1}}, .summary = (summary_), .since = (since_),     \
        .group = "list", .complexity = "O(1) for each element.", .history = (history_),                                \
        .arguments = "key:key element+"                                                                                \
    }
#define POP_ROW(name_, handler_, summary_)                                                                             \
    {                                                                                                                  \
        .name = (name_), .handler = (handler_), .arity = -2, .lock = LOCK_KEYS, .flags = COMMAND_WRITE | COMMAND_FAST, \
        .categories = ACL_LIST, .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_DELETE, .begin = 1, .step = 1}},          \
        .summary = (summary_), .since = "1.0.0", .group = "list", .complexity = "O(N), N being the elements popped.",  \
        .history = pop_history, .arguments = "key:key count:integer?^6.2.0"                                            \
    }

const struct command_row list_commands[] = {
    PUSH_ROW("lpush", lpush_command, "Adds elements at the front of a list, which is created when it is missing.",
             "1.0.0", push_history),
    PUSH_ROW("rpush", rpush_command, "Adds elements at the back of a list, which is created when it is missing.",
             "1.0.0", push_history),
    PUSH_ROW("lpushx", lpushx_command, "Adds elements at the front of a list that exists.", "2.2.0", pushx_history),
    PUSH_ROW("rpushx", rpushx_command, "Adds elements at the back of a list that exists.", "2.2.0", pushx_history),
    POP_ROW("lpop", lpop_command, "Removes the first elements of a list and returns them."),
    POP_ROW("rpop", rpop_command, "Removes the last elements of a list and returns them."),
    {.name = "llen",
     .handler = llen_command,
     .arity = 2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .categories = ACL_LIST,
     .keys = {{.flags = KEY_RO, .begin = 1, .step = 1}},
     .summary = "Returns the number of elements in a list.",
     .since = "1.0.0",
     .group = "list",
     .complexity = "O(1)",
     .arguments = "key:key"},
    {0},
};

/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists by index and by range: LINDEX, LSET, LRANGE, LTRIM.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include "list_access.h"
#include "sherd/commands/families.h"
#include "sherd/exec/exec.h"

/* An index, negative from the back, as one from the front; false when there is no such element. */
static bool bounded_index(const struct list *list, int64_t index, uint64_t *found)
{
    int64_t count = (int64_t)list_count(list);
    if (index < -count || index >= count) {
        return false;
    }
    *found = (uint64_t)(index < 0 ? index + count : index);
    return true;
}

/* A range as the commands give it; false when it is empty. */
static bool bounded_range(const struct list *list, int64_t start, int64_t stop, uint64_t *first, uint64_t *count)
{
    int64_t have = (int64_t)list_count(list);
    start = start < 0 ? start + have : start;
    stop = stop < 0 ? stop + have : stop;
    start = start < 0 ? 0 : start;
    if (start > stop || start >= have) {
        return false;
    }
    stop = stop >= have ? have - 1 : stop;
    *first = (uint64_t)start;
    *count = (uint64_t)(stop - start + 1);
    return true;
}

COMMAND_HANDLER(lindex_command)
{
    void *list;
    int64_t wanted;
    uint64_t index;
    if (!call_read_object(call, 1, VALUE_LIST, &list)) {
        return OUTCOME_ERROR;
    }
    if (list == NULL) {
        reply_null(&call->reply);
        return OUTCOME_DONE;
    }
    if (!call_integer(call, 2, &wanted)) {
        return OUTCOME_ERROR;
    }
    if (!bounded_index(list, wanted, &index)) {
        reply_null(&call->reply);
        return OUTCOME_DONE;
    }
    if (list_is_long(call, list, index, 1)) {
        return call_read_elsewhere(call);
    }
    struct quicklist_iterator iterator;
    struct quicklist_item item;
    list_iterate(&iterator, list, index, false);
    if (quicklist_iterator_next(&iterator, &item)) {
        list_reply_item(&call->reply, &item);
    }
    quicklist_iterator_finish(&iterator);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(lset_command)
{
    struct keyref ref;
    void *object;
    int64_t wanted;
    uint64_t index;
    if (!call_write_object(call, 1, VALUE_LIST, &ref, &object)) {
        return OUTCOME_ERROR;
    }
    if (object == NULL) {
        return call_fail(call, ERROR_NO_SUCH_KEY);
    }
    if (!call_integer(call, 2, &wanted)) {
        return OUTCOME_ERROR;
    }
    struct list *list = object;
    struct list_limits limits = list_limits_of(call);
    if (!bounded_index(list, wanted, &index)) {
        list_will_grow(list, &limits, call->argv[3].len, 1); /* as Redis, which finds out only later */
        return call_fail(call, ERROR_INDEX_RANGE);
    }
    struct quicklist_source source = list_source(call, 3);
    bool is_long = list_is_long(call, list, index, 1) ||
                   (source.blob == NULL && source.text.len > LIST_SHORT_BYTES && !call->locks.possessed);
    if (!is_long) {
        list_will_grow(list, &limits, source.text.len, 1);
        list_replace(list, index, source);
        list_has_shrunk(list, &limits);
        reply_ok(&call->reply);
        call_changed(call, &ref, EVENT_LIST, "lset");
    }
    list_source_done(source);
    return is_long ? OUTCOME_POSSESS : OUTCOME_DONE;
}

COMMAND_HANDLER(lrange_command)
{
    int64_t start, stop;
    void *list;
    uint64_t first, count;
    if (!call_integer(call, 2, &start) || !call_integer(call, 3, &stop) ||
        !call_read_object(call, 1, VALUE_LIST, &list)) {
        return OUTCOME_ERROR;
    }
    if (list == NULL || !bounded_range(list, start, stop, &first, &count)) {
        reply_array(&call->reply, 0);
        return OUTCOME_DONE;
    }
    if (list_is_long(call, list, first, count)) {
        return call_read_elsewhere(call);
    }
    list_reply_range(&call->reply, list, first, count, false);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(ltrim_command)
{
    int64_t start, stop;
    struct keyref ref;
    void *object;
    uint64_t first, count;
    if (!call_integer(call, 2, &start) || !call_integer(call, 3, &stop) ||
        !call_write_object(call, 1, VALUE_LIST, &ref, &object)) {
        return OUTCOME_ERROR;
    }
    if (object == NULL) {
        reply_ok(&call->reply);
        return OUTCOME_DONE;
    }
    struct list *list = object;
    uint64_t have = list_count(list);
    bool is_empty = !bounded_range(list, start, stop, &first, &count);
    if (!is_empty && list_removal_is_long(call, list, have - count)) {
        return OUTCOME_POSSESS;
    }
    reply_ok(&call->reply);
    if (is_empty) {
        /* The key goes with its list, which is freed after the lock. */
        call_changed_event(call, &ref, EVENT_LIST, "ltrim");
        call->effects.changes += (uint32_t)have;
        keyref_remove(&ref);
        call_changed_event(call, &ref, EVENT_GENERIC, "del");
        return OUTCOME_DONE;
    }
    list_drop(list, QUICKLIST_FRONT, first);
    list_drop(list, QUICKLIST_BACK, have - first - count);
    list_removed(call, &ref, "ltrim", have - count);
    return OUTCOME_DONE;
}

const struct command_row list_range_commands[] = {
    {.name = "lindex",
     .handler = lindex_command,
     .arity = 3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_LIST,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .summary = "Returns the element of a list at an index.",
     .since = "1.0.0",
     .group = "list",
     .complexity = "O(1) near both ends; in between a step for 64 nodes, and one for each element of a node.",
     .arguments = "key:key index:integer"},
    {.name = "lset",
     .handler = lset_command,
     .arity = 4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .categories = ACL_LIST,
     .keys = {{.flags = KEY_RW | KEY_UPDATE, .begin = 1, .step = 1}},
     .summary = "Replaces the element of a list at an index.",
     .since = "1.0.0",
     .group = "list",
     .complexity = "As LINDEX.",
     .arguments = "key:key index:integer element"},
    {.name = "lrange",
     .handler = lrange_command,
     .arity = 4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_LIST,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .summary = "Returns the elements of a list between two indexes.",
     .since = "1.0.0",
     .group = "list",
     .complexity = "O(S+N), S being the way to the first index as LINDEX goes it and N the elements returned.",
     .arguments = "key:key start:integer stop:integer"},
    {.name = "ltrim",
     .handler = ltrim_command,
     .arity = 4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE,
     .categories = ACL_LIST,
     .keys = {{.flags = KEY_RW | KEY_DELETE, .begin = 1, .step = 1}},
     .summary = "Removes the elements of a list that are not between two indexes.",
     .since = "1.0.0",
     .group = "list",
     .complexity = "O(N), N being the nodes removed and the elements removed of two more.",
     .arguments = "key:key start:integer stop:integer"},
    {0},
};

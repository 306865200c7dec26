/* SPDX-License-Identifier: BSD-3-Clause */
/* What the list commands share.
 * Owner: the handler's stack. Locks: none taken; dispatch holds the keys' shards. */
#include "list_access.h"

#include "sherd/commands/options.h"
#include "sherd/exec/exec.h"
#include "sherd/exec/preparation.h"

struct list_limits list_limits_of(const struct call *call)
{
    const struct commands_state *state = call->context;
    const struct commands_options *options = call_options(call, state->config_slot);
    const struct keyspace *keyspace = call->worker->exec->keyspace;
    return (struct list_limits){
        .node_size = options->list_max_listpack_size,
        .compress_depth = options->list_compress_depth,
        .plain_bytes = atomic_load_explicit(&keyspace->list_plain_bytes, memory_order_relaxed),
    };
}

/* Nodes that hold about so many elements. */
static uint64_t nodes_of(const struct quicklist *quick, uint64_t elements)
{
    return (uint64_t)((double)elements * (double)quick->nodes / (double)quick->count);
}

bool list_is_long(const struct call *call, const struct list *list, uint64_t index, uint64_t elements)
{
    if (call->locks.possessed) {
        return false;
    }
    if (elements > LIST_SHORT_ELEMENTS) {
        return true;
    }
    if (list_is_short(list) || list->quick->nodes <= 2) {
        return false;
    }
    uint64_t distance = index < list->quick->count - index ? index : list->quick->count - index;
    return list_walk_bytes(list, elements) > LIST_SHORT_BYTES ||
           (distance > LIST_SHORT_DISTANCE && nodes_of(list->quick, distance) > LIST_SHORT_DISTANCE);
}

bool list_removal_is_long(const struct call *call, const struct list *list, uint64_t elements)
{
    return !call->locks.possessed && !list_is_short(list) && nodes_of(list->quick, elements) > LIST_SHORT_NODES;
}

struct quicklist_source list_source(const struct call *call, uint32_t argument)
{
    return (struct quicklist_source){.text = call->argv[argument], .blob = call_share_argument(call, argument)};
}

bool list_argument_end(const struct call *call, uint32_t argument, enum quicklist_end *end)
{
    bool is_left = call_argument_is(call, argument, "left");
    *end = is_left ? QUICKLIST_FRONT : QUICKLIST_BACK;
    return is_left || call_argument_is(call, argument, "right");
}

void list_reply_range(struct reply *reply, const struct list *list, uint64_t index, uint64_t count, bool is_reverse)
{
    struct quicklist_iterator iterator;
    struct quicklist_item item;
    reply_array(reply, (size_t)count);
    list_iterate(&iterator, list, index, is_reverse);
    for (; count != 0 && quicklist_iterator_next(&iterator, &item); count--) {
        list_reply_item(reply, &item);
    }
    quicklist_iterator_finish(&iterator);
}

void list_removed(struct call *call, struct keyref *ref, const char *event, uint64_t count)
{
    struct list *list = entry_object(ref->entry);
    call_changed_event(call, ref, EVENT_LIST, event);
    call->effects.changes += (uint32_t)count;
    if (list_count(list) == 0) {
        keyref_remove(ref);
        call_changed_event(call, ref, EVENT_GENERIC, "del");
    } else if (!list_is_short(list)) {
        struct list_limits limits = list_limits_of(call);
        list_has_shrunk(list, &limits);
    }
}

void list_pop(struct call *call, struct keyref *ref, struct list_pop pop, struct reply *reply)
{
    struct list *list = entry_object(ref->entry);
    uint64_t have = list_count(list);
    uint64_t count = pop.count < have ? pop.count : have;
    bool at_back = pop.end == QUICKLIST_BACK;
    if (pop.count == 0) {
        struct quicklist_item item = list_peek(list, pop.end);
        list_reply_item(reply, &item);
        count = 1;
    } else {
        list_reply_range(reply, list, at_back ? have - 1 : 0, count, at_back);
    }
    if (count == have) {
        /* The key goes with its list, which is freed after the lock. */
        call_changed_event(call, ref, EVENT_LIST, at_back ? "rpop" : "lpop");
        call->effects.changes += (uint32_t)count;
        keyref_remove(ref);
        call_changed_event(call, ref, EVENT_GENERIC, "del");
        return;
    }
    list_drop(list, pop.end, count);
    list_removed(call, ref, at_back ? "rpop" : "lpop", count);
}

struct list *list_for_adding(struct keyref *ref)
{
    if (ref->entry == NULL) {
        keyref_set_object(ref, VALUE_LIST, list_create(), DEADLINE_NONE);
    }
    return entry_object(ref->entry);
}

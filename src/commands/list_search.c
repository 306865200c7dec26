/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists by their elements: LREM, LINSERT, LPOS.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include "list_access.h"
#include "sherd/base/number.h"
#include "sherd/commands/families.h"
#include "sherd/exec/exec.h"

/* Does visiting up to `count` elements take too long? */
static bool search_is_long(const struct call *call, const struct list *list, uint64_t count)
{
    return list_is_long(call, list, 0, list_bounded(list, count) / LIST_COMPARED_TOGETHER);
}

COMMAND_HANDLER(lrem_command)
{
    int64_t count;
    struct keyref ref;
    void *object;
    if (!call_integer_between(call, 2, -INT64_MAX, INT64_MAX, &count) ||
        !call_write_object(call, 1, VALUE_LIST, &ref, &object)) {
        return OUTCOME_ERROR;
    }
    if (object == NULL) {
        reply_integer(&call->reply, 0);
        return OUTCOME_DONE;
    }
    if (search_is_long(call, object, UINT64_MAX)) {
        return OUTCOME_POSSESS;
    }
    uint64_t limit = count == 0 ? UINT64_MAX : (uint64_t)(count < 0 ? -count : count);
    uint64_t removed = list_remove_equal(object, call->argv[3], limit, count < 0 ? QUICKLIST_BACK : QUICKLIST_FRONT);
    if (removed != 0) {
        list_removed(call, &ref, "lrem", removed);
    }
    reply_integer(&call->reply, (int64_t)removed);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(linsert_command)
{
    bool after = call_argument_is(call, 2, "after");
    struct keyref ref;
    void *object;
    if (!after && !call_argument_is(call, 2, "before")) {
        return call_fail(call, ERROR_SYNTAX);
    }
    if (!call_write_object(call, 1, VALUE_LIST, &ref, &object)) {
        return OUTCOME_ERROR;
    }
    if (object == NULL) {
        reply_integer(&call->reply, 0);
        return OUTCOME_DONE;
    }
    struct list *list = object;
    bool copies = call->argv[4].len > LIST_SHORT_BYTES && !call->locks.possessed;
    if (copies || search_is_long(call, list, UINT64_MAX)) {
        return OUTCOME_POSSESS;
    }
    /* As Redis: the list changes its form for the new element even when there turns out to be no pivot. */
    struct list_limits limits = list_limits_of(call);
    struct quicklist_source source = list_source(call, 4);
    list_will_grow(list, &limits, source.text.len, 1);
    bool inserted = list_insert(list, call->argv[3], after, source);
    list_source_done(source);
    if (inserted) {
        call_changed(call, &ref, EVENT_LIST, "linsert");
    }
    reply_integer(&call->reply, inserted ? (int64_t)list_count(list) : -1);
    return OUTCOME_DONE;
}

struct position_search {
    int64_t rank;    /* not 0; negative: from the back */
    int64_t matches; /* -1: one, as itself; 0: all */
    int64_t maxlen;  /* 0: all elements */
};

static bool parse_positive(struct call *call, uint32_t index, const char *refusal, int64_t *value)
{
    if (!number_parse_i64(call->argv[index], value) || *value < 0) {
        (void)call_fail_slice(call, slice_from_text(refusal));
        return false;
    }
    return true;
}

static bool parse_search(struct call *call, struct position_search *search)
{
    *search = (struct position_search){.rank = 1, .matches = -1};
    for (uint32_t i = 3; i < call->argc; i += 2) {
        bool has_value = i + 1 < call->argc;
        if (has_value && call_argument_is(call, i, "rank")) {
            if (!call_integer_between(call, i + 1, -INT64_MAX, INT64_MAX, &search->rank)) {
                return false;
            }
            if (search->rank == 0) {
                (void)call_fail_slice(
                    call, SLICE_LITERAL("ERR RANK can't be zero: use 1 to start from the first match, 2 from the "
                                        "second ... or use negative to start from the end of the list"));
                return false;
            }
        } else if (has_value && call_argument_is(call, i, "count")) {
            if (!parse_positive(call, i + 1, "ERR COUNT can't be negative", &search->matches)) {
                return false;
            }
        } else if (has_value && call_argument_is(call, i, "maxlen")) {
            if (!parse_positive(call, i + 1, "ERR MAXLEN can't be negative", &search->maxlen)) {
                return false;
            }
        } else {
            (void)call_fail(call, ERROR_SYNTAX);
            return false;
        }
    }
    return true;
}

/* Replies the index of each match that is wanted; gives how many there were. */
static size_t reply_positions(struct call *call, const struct list *list, const struct position_search *search)
{
    struct list_wanted wanted = list_wanted(call->argv[2]);
    bool is_reverse = search->rank < 0;
    uint64_t rank = (uint64_t)(is_reverse ? -search->rank : search->rank);
    uint64_t limit = search->matches < 0 ? 1 : (uint64_t)search->matches;
    uint64_t have = list_count(list);
    uint64_t visits = search->maxlen == 0 ? have : list_bounded(list, (uint64_t)search->maxlen);
    uint64_t seen = 0;
    size_t replied = 0;
    struct quicklist_iterator iterator;
    struct quicklist_item item;
    list_iterate(&iterator, list, is_reverse ? have - 1 : 0, is_reverse);
    for (uint64_t i = 0; i < visits && quicklist_iterator_next(&iterator, &item); i++) {
        if (!list_is_wanted(&wanted, &item.value) || ++seen < rank) {
            continue;
        }
        reply_integer(&call->reply, (int64_t)(is_reverse ? have - i - 1 : i));
        if (++replied == limit) {
            break;
        }
    }
    quicklist_iterator_finish(&iterator);
    return replied;
}

COMMAND_HANDLER(lpos_command)
{
    struct position_search search;
    void *list;
    if (!parse_search(call, &search) || !call_read_object(call, 1, VALUE_LIST, &list)) {
        return OUTCOME_ERROR;
    }
    if (list != NULL && search_is_long(call, list, search.maxlen == 0 ? UINT64_MAX : (uint64_t)search.maxlen)) {
        return call_read_elsewhere(call);
    }
    struct output_mark mark = reply_open(&call->reply);
    size_t replied = list == NULL ? 0 : reply_positions(call, list, &search);
    if (search.matches >= 0) {
        reply_close_array(&call->reply, mark, replied);
    } else if (replied == 0) {
        reply_null(&call->reply);
    }
    return OUTCOME_DONE;
}

const struct command_row list_search_commands[] = {
    {.name = "lrem",
     .handler = lrem_command,
     .arity = 4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE,
     .categories = ACL_LIST,
     .keys = {{.flags = KEY_RW | KEY_DELETE, .begin = 1, .step = 1}},
     .summary = "Removes the first or last elements of a list that are equal to one.",
     .since = "1.0.0",
     .group = "list",
     .complexity = "O(N), N being the length of the list.",
     .arguments = "key:key count:integer element"},
    {.name = "linsert",
     .handler = linsert_command,
     .arity = 5,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .categories = ACL_LIST,
     .keys = {{.flags = KEY_RW | KEY_INSERT, .begin = 1, .step = 1}},
     .summary = "Inserts an element into a list before or after another one.",
     .since = "2.2.0",
     .group = "list",
     .complexity = "O(N), N being the elements before the other one.",
     .arguments = "key:key where:(BEFORE|AFTER) pivot element"},
    {.name = "lpos",
     .handler = lpos_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_LIST,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .summary = "Returns the indexes of the elements of a list that are equal to one.",
     .since = "6.0.6",
     .group = "list",
     .complexity = "O(N), N being the elements compared: those before the last match wanted, MAXLEN at most.",
     .arguments = "key:key element rank:integer=RANK? num-matches:integer=COUNT? len:integer=MAXLEN?"},
    {0},
};

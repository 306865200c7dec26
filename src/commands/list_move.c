/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists, several at a time: LMOVE, RPOPLPUSH, LMPOP.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the shards of all keys. */
#include "list_access.h"
#include "sherd/base/memory.h"
#include "sherd/base/number.h"
#include "sherd/commands/families.h"
#include "sherd/exec/exec.h"

static const char *pop_event(enum quicklist_end end)
{
    return end == QUICKLIST_FRONT ? "lpop" : "rpop";
}

static const char *push_event(enum quicklist_end end)
{
    return end == QUICKLIST_FRONT ? "lpush" : "rpush";
}

/* An element as what it can be added as; the digits of a number go to `digits`. */
static struct quicklist_source item_source(const struct quicklist_item *item, char digits[NUMBER_I64_BYTES])
{
    if (item->value.is_integer) {
        return (struct quicklist_source){.text = slice_make(digits, number_print_i64(digits, item->value.integer))};
    }
    return (struct quicklist_source){.text = item->value.text, .blob = item->blob};
}

static void add(struct call *call, struct list *list, enum quicklist_end end, struct quicklist_source source)
{
    struct list_limits limits = list_limits_of(call);
    list_will_grow(list, &limits, source.text.len, 1);
    list_push(list, end, source);
}

/* From one end of a list to the same or the other: what is pushed must not lie in the list, so it is set aside. */
static void rotate(struct call *call, struct list *list, struct list_move move, struct quicklist_source source)
{
    char here[256];
    char *aside = here;
    if (source.blob != NULL) {
        source.blob = blob_reference(source.blob);
    } else {
        aside = source.text.len <= sizeof(here) ? here : memory_alloc(source.text.len);
        memcpy(aside, source.text.data, source.text.len);
        source.text.data = aside;
    }
    list_drop(list, move.from, 1);
    add(call, list, move.to, source);
    list_source_done(source);
    if (aside != here) {
        memory_free(aside);
    }
}

/* Moves an element from the list of `from`, which is not empty, to the list of key `to`, the argument `destination`;
 * replies it. */
static void move_element(struct call *call, struct keyref *from, struct keyref *to, struct list_move move)
    REQUIRES(shard_held)
{
    char digits[NUMBER_I64_BYTES];
    struct list *list = entry_object(from->entry);
    struct quicklist_item item = list_peek(list, move.from);
    struct quicklist_source source = item_source(&item, digits);
    list_reply_item(&call->reply, &item);
    if (to->entry == from->entry) {
        rotate(call, list, move, source);
        call_changed_event(call, to, EVENT_LIST, push_event(move.to));
        list_removed(call, from, pop_event(move.from), 1);
        return;
    }
    add(call, list_for_adding(to), move.to, source);
    call_changed_event(call, to, EVENT_LIST, push_event(move.to));
    list_drop(list, move.from, 1);
    keyref_open_hashed(from, from->user, from->db, from->key, from->hash); /* a new key may have moved its slot */
    list_removed(call, from, pop_event(move.from), 1);
}

enum outcome list_move(struct call *call, struct list_move move, const struct block_request *wait)
{
    struct keyref from, to;
    void *source, *destination;
    if (!call_write_object(call, 1, VALUE_LIST, &from, &source)) {
        return OUTCOME_ERROR;
    }
    if (source == NULL && wait != NULL && call_waits(call)) {
        return call_block(call, wait);
    }
    if (source == NULL) {
        reply_null(&call->reply);
        return OUTCOME_DONE;
    }
    if (!call_write_object(call, 2, VALUE_LIST, &to, &destination)) {
        return OUTCOME_ERROR;
    }
    keyref_open_hashed(&from, from.user, from.db, from.key, from.hash);
    move_element(call, &from, &to, move);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(lmove_command)
{
    struct list_move ends;
    if (!list_argument_end(call, 3, &ends.from) || !list_argument_end(call, 4, &ends.to)) {
        return call_fail(call, ERROR_SYNTAX);
    }
    return list_move(call, ends, NULL);
}

COMMAND_HANDLER(rpoplpush_command)
{
    return list_move(call, (struct list_move){.from = QUICKLIST_BACK, .to = QUICKLIST_FRONT}, NULL);
}

/* numkeys key [key ...] LEFT|RIGHT [COUNT count], from argument `first` on */
static bool parse_mpop(struct call *call, uint32_t first, int64_t *keys, struct list_pop *pop)
{
    int64_t count = -1;
    if (!number_parse_i64(call->argv[first], keys) || *keys < 1) {
        (void)call_fail_slice(call, SLICE_LITERAL("ERR numkeys should be greater than 0"));
        return false;
    }
    uint32_t i = *keys < (int64_t)call->argc ? (uint32_t)*keys + first + 1 : call->argc;
    if (i >= call->argc || !list_argument_end(call, i, &pop->end)) {
        (void)call_fail(call, ERROR_SYNTAX);
        return false;
    }
    for (i++; i < call->argc; i += 2) {
        if (count != -1 || i + 1 >= call->argc || !call_argument_is(call, i, "count")) {
            (void)call_fail(call, ERROR_SYNTAX);
            return false;
        }
        if (!number_parse_i64(call->argv[i + 1], &count) || count < 1) {
            (void)call_fail_slice(call, SLICE_LITERAL("ERR count should be greater than 0"));
            return false;
        }
    }
    pop->count = count == -1 ? 1 : (uint64_t)count;
    return true;
}

enum outcome list_mpop(struct call *call, uint32_t first, struct block_request *wait)
{
    int64_t keys;
    struct list_pop pop;
    if (!parse_mpop(call, first, &keys, &pop) || (wait != NULL && !call_timeout(call, first - 1, &wait->timeout_ms))) {
        return OUTCOME_ERROR;
    }
    for (uint32_t i = first + 1; i < (uint32_t)keys + first + 1; i++) {
        struct keyref ref;
        void *list;
        if (!call_looks_at(call, i)) {
            continue;
        }
        if (!call_write_object(call, i, VALUE_LIST, &ref, &list)) {
            return OUTCOME_ERROR;
        }
        if (list == NULL) {
            continue;
        }
        if (list_is_long(call, list, 0, list_bounded(list, pop.count))) {
            return OUTCOME_POSSESS;
        }
        reply_array(&call->reply, 2);
        reply_bulk(&call->reply, call->argv[i]);
        list_pop(call, &ref, pop, &call->reply);
        return OUTCOME_DONE;
    }
    if (wait != NULL && call_waits(call)) {
        wait->first_key = first + 1;
        wait->key_count = (uint32_t)keys;
        return call_block(call, wait);
    }
    reply_null_array(&call->reply);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(lmpop_command)
{
    return list_mpop(call, 1, NULL);
}

#define MOVE_KEYS                                                                                                      \
    {                                                                                                                  \
        {.flags = KEY_RW | KEY_ACCESS | KEY_DELETE, .begin = 1, .step = 1},                                            \
            {.flags = KEY_RW | KEY_INSERT, .begin = 2, .step = 1},                                                     \
    }

const struct command_row list_move_commands[] = {
    {.name = "lmove",
     .handler = lmove_command,
     .arity = 5,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .categories = ACL_LIST,
     .keys = MOVE_KEYS,
     .summary = "Moves an element from one end of a list to one end of another or the same list, and returns it.",
     .since = "6.2.0",
     .group = "list",
     .complexity = "O(1)",
     .arguments = "source:key destination:key#1 wherefrom:(LEFT|RIGHT) whereto:(LEFT|RIGHT)"},
    {.name = "rpoplpush",
     .handler = rpoplpush_command,
     .arity = 3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .categories = ACL_LIST,
     .keys = MOVE_KEYS,
     .summary = "Moves the last element of a list to the front of another or the same list, and returns it.",
     .since = "1.2.0",
     .group = "list",
     .complexity = "O(1)",
     .arguments = "source:key destination:key#1",
     .replaced_by = "`LMOVE` with the `RIGHT` and `LEFT` arguments",
     .deprecated_since = "6.2.0"},
    {.name = "lmpop",
     .handler = lmpop_command,
     .arity = -4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE,
     .categories = ACL_LIST,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_DELETE, .begin = 1, .counted = true, .step = 1}},
     .summary = "Removes elements from one end of the first list that is not empty, and returns them with its key.",
     .since = "7.0.0",
     .group = "list",
     .complexity = "O(N+M), N being the keys given and M the elements returned.",
     .arguments = "numkeys:integer key:key+ where:(LEFT|RIGHT) count:integer=COUNT?"},
    {0},
};

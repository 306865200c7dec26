/* SPDX-License-Identifier: BSD-3-Clause */
/* Sets, many members at once or random ones: SMEMBERS SPOP SRANDMEMBER SSCAN.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include "scan_arguments.h"
#include "set_access.h"
#include "sherd/base/number.h"
#include "sherd/commands/families.h"

static void write_member(void *context, struct slice member)
{
    reply_bulk(context, member);
}

static void write_members(struct reply *reply, const struct set *set)
{
    struct set_iterator iterator;
    struct slice member;
    set_iterator_init(&iterator, set);
    while (set_iterator_next(&iterator, &member)) {
        reply_bulk(reply, member);
    }
}

COMMAND_HANDLER(smembers_command)
{
    const struct set *set;
    if (!set_read(call, &set)) {
        return OUTCOME_ERROR;
    }
    if (set == NULL) {
        reply_set(&call->reply, 0);
        return OUTCOME_DONE;
    }
    if (set_is_long(call, set_count(set), SET_SHORT_WALK)) {
        return call_read_elsewhere(call);
    }
    reply_set(&call->reply, set_count(set));
    write_members(&call->reply, set);
    return OUTCOME_DONE;
}

/* ---- SPOP ---- */

static enum outcome pop_one(struct call *call) REQUIRES(shard_held)
{
    struct set_change change;
    if (!set_write(call, 1, &change)) {
        return OUTCOME_ERROR;
    }
    if (change.set == NULL) {
        reply_null(&call->reply);
        return OUTCOME_DONE;
    }
    struct set_limits limits = set_call_limits(call);
    struct set_draw draw = {.count = 1, .random = &call->worker->random};
    if (set_count(change.set) == 1) {
        set_sample(change.set, &draw, write_member, &call->reply);
        call_changed(call, &change.ref, EVENT_SET, "spop");
        keyref_remove(&change.ref);
        call_changed_event(call, &change.ref, EVENT_GENERIC, "del");
        return OUTCOME_DONE;
    }
    set_pop(change.set, &limits, &draw, write_member, &call->reply);
    call_changed(call, &change.ref, EVENT_SET, "spop");
    return OUTCOME_DONE;
}

static enum outcome pop_many(struct call *call, uint64_t wanted) REQUIRES(shard_held)
{
    struct set_change change;
    if (!set_write(call, 1, &change)) {
        return OUTCOME_ERROR;
    }
    size_t count = change.set == NULL ? 0 : set_count(change.set);
    uint64_t taken = wanted < count ? wanted : count;
    if (taken == 0) {
        reply_set(&call->reply, 0);
        return OUTCOME_DONE;
    }
    if (set_is_long(call, taken, SET_SHORT_LOOKUPS)) {
        return OUTCOME_POSSESS;
    }
    reply_set(&call->reply, taken);
    if (taken == count) {
        write_members(&call->reply, change.set);
        call_changed(call, &change.ref, EVENT_SET, "spop");
        keyref_remove(&change.ref);
        call_changed_event(call, &change.ref, EVENT_GENERIC, "del");
    } else {
        struct set_limits limits = set_call_limits(call);
        struct set_draw draw = {.count = taken, .random = &call->worker->random};
        set_pop(change.set, &limits, &draw, write_member, &call->reply);
        call_changed(call, &change.ref, EVENT_SET, "spop");
    }
    call->effects.changes += (uint32_t)(taken - 1);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(spop_command)
{
    int64_t wanted;
    if (call->argc == 2) {
        return pop_one(call);
    }
    if (call->argc > 3) {
        return call_fail(call, ERROR_SYNTAX);
    }
    if (!number_parse_i64(call->argv[2], &wanted) || wanted < 0) {
        return call_fail_slice(call, SLICE_LITERAL("ERR value is out of range, must be positive"));
    }
    return pop_many(call, (uint64_t)wanted);
}

/* ---- SRANDMEMBER ---- */

/* About how many members are visited to draw so many. */
static uint64_t draw_work(const struct set *set, uint64_t draws, bool with_repeats)
{
    size_t count = set_count(set);
    if (!with_repeats && draws >= count / 4) {
        return count;
    }
    /* A draw is a lookup, and then some: it may meet free places. */
    uint64_t weight = SET_SHORT_WALK / SET_SHORT_LOOKUPS;
    return draws < UINT64_MAX / weight ? draws * weight : UINT64_MAX;
}

static enum outcome draw_many(struct call *call, int64_t wanted) REQUIRES(shard_held)
{
    const struct set *set;
    if (!set_read(call, &set)) {
        return OUTCOME_ERROR;
    }
    if (set == NULL || wanted == 0) {
        reply_array(&call->reply, 0);
        return OUTCOME_DONE;
    }
    size_t count = set_count(set);
    uint64_t draws = wanted < 0 ? 0 - (uint64_t)wanted : (uint64_t)wanted;
    if (wanted > 0 && draws > count) {
        draws = count;
    }
    if (set_is_long(call, draw_work(set, draws, wanted < 0), SET_SHORT_WALK)) {
        return call_read_elsewhere(call);
    }
    struct set_draw draw = {.count = draws, .random = &call->worker->random};
    reply_array(&call->reply, draws);
    if (wanted < 0) {
        set_sample(set, &draw, write_member, &call->reply);
    } else {
        set_choose(set, &draw, write_member, &call->reply);
    }
    return OUTCOME_DONE;
}

COMMAND_HANDLER(srandmember_command)
{
    if (call->argc > 3) {
        return call_fail(call, ERROR_SYNTAX);
    }
    if (call->argc == 3) {
        int64_t wanted;
        return call_integer_between(call, 2, -INT64_MAX, INT64_MAX, &wanted) ? draw_many(call, wanted) : OUTCOME_ERROR;
    }
    const struct set *set;
    struct set_draw draw = {.count = 1, .random = &call->worker->random};
    if (!set_read(call, &set)) {
        return OUTCOME_ERROR;
    }
    if (set == NULL) {
        reply_null(&call->reply);
    } else {
        set_sample(set, &draw, write_member, &call->reply);
    }
    return OUTCOME_DONE;
}

/* ---- SSCAN ---- */

struct scanning {
    struct reply *reply;
    const struct scan_options *options;
    struct scan_match match;
    uint64_t seen;
    uint64_t written;
};

static void scan_visited(void *context, struct slice member)
{
    struct scanning *scanning = context;
    scanning->seen++;
    if (scan_matches(scanning->options, member, &scanning->match)) {
        reply_bulk(scanning->reply, member);
        scanning->written++;
    }
}

COMMAND_HANDLER(sscan_command)
{
    uint64_t cursor;
    const struct set *set;
    struct scan_options options;
    enum error_text error;
    if (!scan_cursor_parse(call->argv[2], &cursor)) {
        return call_fail(call, ERROR_INVALID_CURSOR);
    }
    if (!set_read(call, &set)) {
        return OUTCOME_ERROR;
    }
    if (set == NULL) {
        scan_reply_head(call, reply_open(&call->reply), 0, 0);
        return OUTCOME_DONE;
    }
    if (!scan_options_parse(call, 3, 0, &options, &error)) {
        return call_fail(call, error);
    }
    size_t count = set_count(set);
    bool is_table = set_encoding(set) == SET_TABLE;
    uint64_t visits = is_table && (uint64_t)options.count < count ? (uint64_t)options.count : count;
    if (set_is_long(call, visits * (is_table ? 2 : 1), SET_SHORT_WALK)) {
        return call_read_elsewhere(call);
    }
    struct output_mark mark = reply_open(&call->reply);
    struct scanning scanning = {.reply = &call->reply, .options = &options, .match = scan_match_begin(call)};
    uint64_t buckets = scan_options_buckets(&options);
    do {
        cursor = set_scan(set, cursor, scan_visited, &scanning);
    } while (cursor != 0 && scanning.seen < (uint64_t)options.count && --buckets != 0 && !scanning.match.undecided);
    if (UNLIKELY(scanning.match.undecided)) {
        output_truncate(call->reply.output, mark);
        return call_read_elsewhere(call);
    }
    scan_reply_head(call, mark, cursor, scanning.written);
    return OUTCOME_DONE;
}

static const char *const order_tips[] = {"nondeterministic_output_order", NULL};
static const char *const output_tips[] = {"nondeterministic_output", NULL};
static const struct command_history spop_history[] = {{"3.2.0", "Added the `count` argument."}, {0}};
static const struct command_history srandmember_history[] = {{"2.6.0", "Added the optional `count` argument."}, {0}};

const struct command_row set_many_commands[] = {
    {.name = "smembers",
     .handler = smembers_command,
     .arity = 2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_SET,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .summary = "Returns all members of a set.",
     .since = "1.0.0",
     .group = "set",
     .complexity = "O(N) where N is the number of members.",
     .tips = order_tips,
     .arguments = "key:key"},
    {.name = "spop",
     .handler = spop_command,
     .arity = -2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .categories = ACL_SET,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_DELETE, .begin = 1, .step = 1}},
     .summary = "Removes random members from a set, and the set with the last of them, and returns them.",
     .since = "1.0.0",
     .group = "set",
     .complexity = "O(N) where N is the number of members returned.",
     .tips = output_tips,
     .history = spop_history,
     .arguments = "key:key count:integer?^3.2.0"},
    {.name = "srandmember",
     .handler = srandmember_command,
     .arity = -2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_SET,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .summary = "Returns random members of a set; with a negative count the same one may come more than once.",
     .since = "1.0.0",
     .group = "set",
     .complexity = "O(N) where N is the number of members returned.",
     .tips = output_tips,
     .history = srandmember_history,
     .arguments = "key:key count:integer?^2.6.0"},
    {.name = "sscan",
     .handler = sscan_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_SET,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .summary = "Walks over the members of a set, a few with each call.",
     .since = "2.8.0",
     .group = "set",
     .complexity = "O(COUNT) for a call, O(N) for a complete walk over N members.",
     .tips = output_tips,
     .arguments = "key:key cursor:integer pattern:pattern=MATCH? count:integer=COUNT?"},
    {0},
};

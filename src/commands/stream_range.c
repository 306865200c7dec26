/* SPDX-License-Identifier: BSD-3-Clause */
/* Streams, reading in ranges: XRANGE, XREVRANGE.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include "sherd/base/number.h"
#include "sherd/commands/families.h"
#include "stream_arguments.h"

struct range {
    struct stream_id start, end;
    bool is_reverse;
    int64_t count; /* -1: all */
};

static struct slice parse_range(const struct call *call, bool is_reverse, struct range *range)
{
    *range = (struct range){.is_reverse = is_reverse, .count = -1};
    struct slice error = stream_parse_end(call->argv[is_reverse ? 3 : 2], true, &range->start);
    if (error.len == 0) {
        error = stream_parse_end(call->argv[is_reverse ? 2 : 3], false, &range->end);
    }
    for (uint32_t i = 4; error.len == 0 && i < call->argc; i += 2) {
        if (i + 1 >= call->argc || !call_argument_is(call, i, "count")) {
            error = error_text(ERROR_SYNTAX);
        } else if (!number_parse_i64(call->argv[i + 1], &range->count)) {
            error = error_text(ERROR_NOT_INTEGER);
        } else if (range->count < 0) {
            range->count = 0;
        }
    }
    return error;
}

static void range_iterate(const struct range *range, const struct stream *stream, struct stream_iterator *iterator)
{
    if (range->is_reverse) {
        stream_iterator_init_reverse(iterator, stream, range->start, range->end);
    } else {
        stream_iterator_init(iterator, stream, range->start, range->end);
    }
}

static uint64_t range_limit(const struct range *range)
{
    return range->count < 0 ? 0 : (uint64_t)range->count;
}

static bool range_is_long(struct call *call, bool is_reverse) REQUIRES(shard_held)
{
    struct range range;
    struct keyref ref;
    if (parse_range(call, is_reverse, &range).len != 0 || range.count == 0 || !call_peek(call, 1, &ref) ||
        ref.entry->type != VALUE_STREAM) {
        return false;
    }
    struct stream_iterator iterator;
    range_iterate(&range, entry_object(ref.entry), &iterator);
    return stream_iterator_work(&iterator, range_limit(&range), STREAM_SHORT_WORK) >= STREAM_SHORT_WORK;
}

static bool xrange_is_long(struct call *call) REQUIRES(shard_held)
{
    return range_is_long(call, false);
}

static bool xrevrange_is_long(struct call *call) REQUIRES(shard_held)
{
    return range_is_long(call, true);
}

static enum outcome reply_range(struct call *call, bool is_reverse) REQUIRES(shard_held)
{
    struct range range;
    struct slice error = parse_range(call, is_reverse, &range);
    if (error.len != 0) {
        return call_fail_slice(call, error);
    }
    struct keyref ref;
    if (!call_read(call, 1, &ref)) {
        reply_array(&call->reply, 0);
        return OUTCOME_DONE;
    }
    if (ref.entry->type != VALUE_STREAM) {
        return call_fail(call, ERROR_WRONGTYPE);
    }
    if (range.count == 0) {
        reply_null_array(&call->reply);
        return OUTCOME_DONE;
    }
    struct stream_iterator iterator;
    range_iterate(&range, entry_object(ref.entry), &iterator);
    stream_reply_entries(&call->reply, &iterator, range_limit(&range));
    return OUTCOME_DONE;
}

COMMAND_HANDLER(xrange_command)
{
    return reply_range(call, false);
}

COMMAND_HANDLER(xrevrange_command)
{
    return reply_range(call, true);
}

static const struct command_history range_history[] = {{"6.2.0", "Added exclusive ranges."}, {0}};

const struct command_row stream_range_commands[] = {
    {.name = "xrange",
     .handler = xrange_command,
     .arity = -4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_STREAM,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .is_long = xrange_is_long,
     .summary = "Returns the entries of a stream whose ids lie between two ids.",
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(N) where N is the number of entries returned.",
     .history = range_history,
     .arguments = "key:key start end count:integer=COUNT?"},
    {.name = "xrevrange",
     .handler = xrevrange_command,
     .arity = -4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_STREAM,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .is_long = xrevrange_is_long,
     .summary = "Returns the entries of a stream whose ids lie between two ids, newest first.",
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(N) where N is the number of entries returned.",
     .history = range_history,
     .arguments = "key:key end start count:integer=COUNT?"},
    {0},
};

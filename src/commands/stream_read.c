/* SPDX-License-Identifier: BSD-3-Clause */
/* Streams, reading: XRANGE, XREVRANGE, XREAD.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include "sherd/base/memory.h"
#include "sherd/base/number.h"
#include "sherd/commands/families.h"
#include "stream_arguments.h"

static const struct slice no_error = {.data = "", .len = 0};

struct range {
    struct stream_id start, end;
    bool is_reverse;
    int64_t count; /* -1: all */
};

/* One end of a range: "-", "+", an id, or "(" and an id that is itself outside. */
static struct slice parse_end(const struct call *call, uint32_t index, bool is_start, struct stream_id *id)
{
    struct slice text = call->argv[index];
    bool is_exclusive = text.len > 1 && text.data[0] == '(';
    if (is_exclusive) {
        text = slice_make(text.data + 1, text.len - 1);
    } else if (stream_argument_is(text, '-') || stream_argument_is(text, '+')) {
        *id = text.data[0] == '-' ? STREAM_ID_MIN : STREAM_ID_MAX;
        return no_error;
    }
    if (!stream_id_parse(text, is_start ? 0 : UINT64_MAX, id)) {
        return error_text(ERROR_STREAM_ID);
    }
    if (is_exclusive && is_start && !stream_id_increment(id)) {
        return SLICE_LITERAL("ERR invalid start ID for the interval");
    }
    if (is_exclusive && !is_start && !stream_id_decrement(id)) {
        return SLICE_LITERAL("ERR invalid end ID for the interval");
    }
    return no_error;
}

static struct slice parse_range(const struct call *call, bool is_reverse, struct range *range)
{
    *range = (struct range){.is_reverse = is_reverse, .count = -1};
    struct slice error = parse_end(call, is_reverse ? 3 : 2, true, &range->start);
    if (error.len == 0) {
        error = parse_end(call, is_reverse ? 2 : 3, false, &range->end);
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

enum {
    READ_FEW = 8, /* streams whose ids fit on the stack */
};

struct read {
    uint64_t count; /* 0: all */
    bool blocks;
    uint32_t keys;           /* the first key's argument */
    uint32_t streams;        /* as many keys, then as many ids */
    struct stream_id *after; /* by stream: the last id that the client has */
    struct stream_id few[READ_FEW];
};

static struct slice parse_timeout(const struct call *call, uint32_t index)
{
    int64_t timeout_ms;
    if (!number_parse_i64(call->argv[index], &timeout_ms)) {
        return SLICE_LITERAL("ERR timeout is not an integer or out of range");
    }
    if (timeout_ms < 0) {
        return SLICE_LITERAL("ERR timeout is negative");
    }
    return timeout_ms > INT64_MAX - call->now_ms ? SLICE_LITERAL("ERR timeout is out of range") : no_error;
}

static struct slice parse_streams(const struct call *call, uint32_t first, struct read *read)
{
    if ((call->argc - first) % 2 != 0) {
        return SLICE_LITERAL("ERR Unbalanced 'xread' list of streams: for each stream key an ID or '$' must be "
                             "specified.");
    }
    read->keys = first;
    read->streams = (call->argc - first) / 2;
    return no_error;
}

/* The options up to the list of streams. */
static struct slice parse_read(const struct call *call, struct read *read)
{
    *read = (struct read){.count = 0};
    struct slice error = no_error;
    for (uint32_t i = 1; read->keys == 0 && error.len == 0 && i < call->argc; i++) {
        uint32_t more = call->argc - i - 1;
        int64_t count;
        if (more >= 1 && call_argument_is(call, i, "block")) {
            read->blocks = true;
            error = parse_timeout(call, ++i);
        } else if (more >= 1 && call_argument_is(call, i, "count")) {
            if (!number_parse_i64(call->argv[++i], &count)) {
                return error_text(ERROR_NOT_INTEGER);
            }
            read->count = count < 0 ? 0 : (uint64_t)count;
        } else if (more >= 1 && call_argument_is(call, i, "streams")) {
            error = parse_streams(call, i + 1, read);
        } else if (more >= 2 && call_argument_is(call, i, "group")) {
            error = SLICE_LITERAL("ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.");
        } else if (call_argument_is(call, i, "noack")) {
            error = SLICE_LITERAL("ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.");
        } else {
            error = error_text(ERROR_SYNTAX);
        }
    }
    return error.len == 0 && read->keys == 0 ? error_text(ERROR_SYNTAX) : error;
}

/* The id after which stream `index` is read. `stream` is NULL when there is none. */
static bool parse_after(struct call *call, const struct read *read, uint32_t index, const struct stream *stream)
{
    uint32_t argument = read->keys + read->streams + index;
    struct slice text = call->argv[argument];
    struct stream_id *after = &read->after[index];
    if (stream_argument_is(text, '$')) {
        *after = stream == NULL ? STREAM_ID_MIN : stream->last_id;
        return true;
    }
    if (stream_argument_is(text, '>')) {
        (void)call_fail_slice(call, SLICE_LITERAL("ERR The > ID can be specified only when calling XREADGROUP using "
                                                  "the GROUP <group> <consumer> option."));
        return false;
    }
    return stream_argument_id(call, argument, 0, after);
}

/* Begins behind an id; false when there is nothing. */
static bool iterate_after(const struct stream *stream, struct stream_id after, struct stream_iterator *iterator)
{
    if (!stream_id_increment(&after)) {
        return false;
    }
    struct stream_iterator probe;
    struct stream_id id;
    size_t pairs;
    stream_iterator_init(&probe, stream, after, STREAM_ID_MAX);
    *iterator = probe;
    return stream_iterator_next(&probe, &id, &pairs);
}

static bool xread_is_long(struct call *call) REQUIRES(shard_held)
{
    struct read read;
    if (parse_read(call, &read).len != 0) {
        return false;
    }
    size_t work = 0;
    for (uint32_t i = 0; i < read.streams && work < STREAM_SHORT_WORK; i++) {
        struct keyref ref;
        struct stream_id after;
        if (!call_peek(call, read.keys + i, &ref) || ref.entry->type != VALUE_STREAM ||
            !stream_id_parse(call->argv[read.keys + read.streams + i], 0, &after)) {
            continue;
        }
        struct stream_iterator iterator;
        stream_iterator_init(&iterator, entry_object(ref.entry), after, STREAM_ID_MAX);
        work += stream_iterator_work(&iterator, read.count, STREAM_SHORT_WORK);
    }
    return work >= STREAM_SHORT_WORK;
}

/* Checks keys and ids in the client's order and counts the streams that have something; false: an error is replied. */
static bool read_prepare(struct call *call, const struct read *read, uint32_t *ready) REQUIRES(shard_held)
{
    *ready = 0;
    for (uint32_t i = 0; i < read->streams; i++) {
        struct keyref ref;
        struct stream_iterator iterator;
        bool exists = call_read(call, read->keys + i, &ref);
        if (exists && ref.entry->type != VALUE_STREAM) {
            (void)call_fail(call, ERROR_WRONGTYPE);
            return false;
        }
        const struct stream *stream = exists ? entry_object(ref.entry) : NULL;
        if (!parse_after(call, read, i, stream)) {
            return false;
        }
        *ready += exists && iterate_after(stream, read->after[i], &iterator);
    }
    return true;
}

/* A map of key -> entries; in RESP2 an array of pairs, not a flat one. */
static void read_reply(struct call *call, const struct read *read, uint32_t ready) REQUIRES(shard_held)
{
    struct reply *reply = &call->reply;
    if (reply->version >= 3) {
        reply_map(reply, ready);
    } else {
        reply_array(reply, ready);
    }
    for (uint32_t i = 0; i < read->streams; i++) {
        struct keyref ref;
        struct stream_iterator iterator;
        if (!call_peek(call, read->keys + i, &ref) ||
            !iterate_after(entry_object(ref.entry), read->after[i], &iterator)) {
            continue;
        }
        if (reply->version < 3) {
            reply_array(reply, 2);
        }
        reply_bulk(reply, ref.key);
        stream_reply_entries(reply, &iterator, read->count);
    }
}

static enum outcome read_streams(struct call *call, const struct read *read) REQUIRES(shard_held)
{
    uint32_t ready;
    if (!read_prepare(call, read, &ready)) {
        return OUTCOME_ERROR;
    }
    if (ready != 0) {
        read_reply(call, read, ready);
        return OUTCOME_DONE;
    }
    if (read->blocks) {
        return call_fail_slice(call, SLICE_LITERAL("ERR XREAD found no new entries, and this version cannot wait for "
                                                   "them: BLOCK is not supported yet"));
    }
    reply_null_array(&call->reply);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(xread_command)
{
    struct read read;
    struct slice error = parse_read(call, &read);
    if (error.len != 0) {
        return call_fail_slice(call, error);
    }
    if (read.streams <= READ_FEW) {
        read.after = read.few;
        return read_streams(call, &read);
    }
    read.after = memory_alloc(read.streams * sizeof(*read.after));
    enum outcome outcome = read_streams(call, &read);
    memory_free(read.after);
    return outcome;
}

static const struct command_history range_history[] = {{"6.2.0", "Added exclusive ranges."}, {0}};

const struct command_row stream_read_commands[] = {
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
    {.name = "xread",
     .handler = xread_command,
     .arity = -4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY | COMMAND_BLOCKING,
     .categories = ACL_STREAM,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .keyword = "STREAMS", .last = -1, .step = 1, .limit = 2}},
     .is_long = xread_is_long,
     .summary = "Returns the entries of several streams that are newer than the ids given for them.",
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(N) for each stream, where N is the number of its entries returned.",
     .arguments = "count:integer=COUNT? milliseconds:integer=BLOCK? streams:(key:key+ id+)=STREAMS"},
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

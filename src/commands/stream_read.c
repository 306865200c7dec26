/* SPDX-License-Identifier: BSD-3-Clause */
/* Streams, reading what is new: XREAD, and XREADGROUP for a consumer of a group, which can also read again what is
 * pending with it.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include "sherd/base/memory.h"
#include "sherd/base/number.h"
#include "sherd/commands/families.h"
#include "sherd/exec/blocking.h"
#include "stream_arguments.h"

static const struct slice no_error = {.data = "", .len = 0};

enum {
    READ_FEW = 8, /* streams that fit on the stack */
};

/* One of the streams to be read. */
struct source {
    struct stream *stream;      /* NULL: there is no such key */
    struct stream_group *group; /* XREADGROUP */
    struct stream_id after;     /* the last id that the client has */
    bool wants_new;             /* XREADGROUP: ">", whatever no consumer has had yet */
    bool wants_last;            /* XREAD: "+", the last entry alone */
};

struct read {
    bool in_group; /* XREADGROUP */
    struct slice group;
    struct slice consumer;
    bool group_given;
    bool is_acknowledged; /* NOACK: as soon as read; nothing becomes pending */
    uint64_t count;       /* 0: all */
    bool blocks;
    int64_t timeout_ms;     /* of BLOCK; 0: for ever */
    uint32_t keys;          /* the first key's argument */
    uint32_t streams;       /* as many keys, then as many ids */
    struct source *sources; /* by stream */
    struct source few[READ_FEW];
};

static struct slice parse_timeout(const struct call *call, uint32_t index, struct read *read)
{
    if (!number_parse_i64(call->argv[index], &read->timeout_ms)) {
        return SLICE_LITERAL("ERR timeout is not an integer or out of range");
    }
    if (read->timeout_ms < 0) {
        return SLICE_LITERAL("ERR timeout is negative");
    }
    return read->timeout_ms > INT64_MAX - call->now_ms ? SLICE_LITERAL("ERR timeout is out of range") : no_error;
}

static struct slice parse_streams(const struct call *call, uint32_t first, struct read *read)
{
    if ((call->argc - first) % 2 != 0) {
        return read->in_group ? SLICE_LITERAL("ERR Unbalanced 'xreadgroup' list of streams: for each stream key an ID "
                                              "or '>' must be specified.")
                              : SLICE_LITERAL("ERR Unbalanced 'xread' list of streams: for each stream key an ID or "
                                              "'$' must be specified.");
    }
    read->keys = first;
    read->streams = (call->argc - first) / 2;
    return no_error;
}

static struct slice parse_group(const struct call *call, uint32_t *index, struct read *read)
{
    if (!read->in_group) {
        return SLICE_LITERAL("ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.");
    }
    read->group = call->argv[++*index];
    read->consumer = call->argv[++*index];
    read->group_given = true;
    return no_error;
}

static struct slice parse_noack(struct read *read)
{
    read->is_acknowledged = true;
    return read->in_group ? no_error
                          : SLICE_LITERAL("ERR The NOACK option is only supported by XREADGROUP. You called XREAD "
                                          "instead.");
}

/* The options up to the list of streams. */
static struct slice parse_read(const struct call *call, bool in_group, struct read *read)
{
    *read = (struct read){.in_group = in_group};
    struct slice error = no_error;
    for (uint32_t i = 1; read->keys == 0 && error.len == 0 && i < call->argc; i++) {
        uint32_t more = call->argc - i - 1;
        int64_t count;
        if (more >= 1 && call_argument_is(call, i, "block")) {
            read->blocks = true;
            error = parse_timeout(call, ++i, read);
        } else if (more >= 1 && call_argument_is(call, i, "count")) {
            if (!number_parse_i64(call->argv[++i], &count)) {
                return error_text(ERROR_NOT_INTEGER);
            }
            read->count = count < 0 ? 0 : (uint64_t)count;
        } else if (more >= 1 && call_argument_is(call, i, "streams")) {
            error = parse_streams(call, i + 1, read);
        } else if (more >= 2 && call_argument_is(call, i, "group")) {
            error = parse_group(call, &i, read);
        } else if (call_argument_is(call, i, "noack")) {
            error = parse_noack(read);
        } else {
            error = error_text(ERROR_SYNTAX);
        }
    }
    if (error.len == 0 && read->keys == 0) {
        return error_text(ERROR_SYNTAX);
    }
    if (error.len == 0 && in_group && !read->group_given) {
        return SLICE_LITERAL("ERR Missing GROUP option for XREADGROUP");
    }
    return error;
}

#define MEANINGLESS(id)                                                                                                \
    SLICE_LITERAL("ERR The " id                                                                                        \
                  " ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by " \
                  "specifying a proper ID, or use the > ID to get new messages. The " id                               \
                  " ID would just return an empty result set.")

/* The id after which a stream is read. */
static bool parse_after(struct call *call, const struct read *read, uint32_t index)
{
    uint32_t argument = read->keys + read->streams + index;
    struct slice text = call->argv[argument];
    struct source *source = &read->sources[index];
    if (stream_argument_is(text, '$') || stream_argument_is(text, '+')) {
        if (read->in_group) {
            (void)call_fail_slice(call, text.data[0] == '$' ? MEANINGLESS("$") : MEANINGLESS("+"));
            return false;
        }
        source->wants_last = text.data[0] == '+'; /* since 7.4 */
        source->after = source->stream == NULL ? STREAM_ID_MIN : source->stream->last_id;
        return true;
    }
    if (stream_argument_is(text, '>')) {
        source->wants_new = true;
        if (!read->in_group) {
            (void)call_fail_slice(call, SLICE_LITERAL("ERR The > ID can be specified only when calling XREADGROUP "
                                                      "using the GROUP <group> <consumer> option."));
        }
        return read->in_group;
    }
    if (!stream_argument_id(call, argument, 0, &source->after)) {
        return false;
    }
    source->wants_new = read->in_group && stream_id_equals(source->after, STREAM_ID_MAX);
    return true;
}

/* Begins behind an id, standing on the first entry; false when there is none. */
static bool iterate_after(const struct stream *stream, struct stream_id after, struct stream_iterator *iterator,
                          struct stream_id *id, size_t *pairs)
{
    if (stream_id_compare(after, stream->last_id) >= 0 || !stream_id_increment(&after)) {
        return false;
    }
    stream_iterator_init(iterator, stream, after, STREAM_ID_MAX);
    return stream_iterator_next(iterator, id, pairs);
}

/* What serving one of the streams costs, about. */
static size_t source_work(struct call *call, const struct read *read, uint32_t index) REQUIRES(shard_held)
{
    void *object;
    struct slice text = call->argv[read->keys + read->streams + index];
    struct stream_id after = STREAM_ID_MAX;
    if (!call_peek_object(call, read->keys + index, VALUE_STREAM, &object) || object == NULL) {
        return 0;
    }
    const struct stream_group *group = read->in_group ? stream_group_find(object, read->group) : NULL;
    if (group != NULL && stream_argument_is(text, '>')) {
        after = group->last_id;
    } else if (!stream_id_parse(text, 0, &after)) {
        return 0;
    } else if (group != NULL) {
        const struct stream_consumer *consumer = stream_consumer_find(group, read->consumer);
        size_t pending = consumer == NULL ? 0 : consumer->pending.count;
        return (read->count != 0 && read->count < pending ? read->count : pending) * STREAM_FIND_WORK;
    }
    struct stream_iterator iterator;
    stream_iterator_init(&iterator, object, after, STREAM_ID_MAX);
    return stream_iterator_work(&iterator, read->count, STREAM_SHORT_WORK);
}

static bool read_is_long(struct call *call, bool in_group) REQUIRES(shard_held)
{
    struct read read;
    if (parse_read(call, in_group, &read).len != 0) {
        return false;
    }
    size_t work = 0;
    for (uint32_t i = 0; i < read.streams && work < STREAM_SHORT_WORK; i++) {
        work += source_work(call, &read, i);
    }
    return work >= STREAM_SHORT_WORK;
}

static bool xread_is_long(struct call *call) REQUIRES(shard_held)
{
    return read_is_long(call, false);
}

static bool xreadgroup_is_long(struct call *call) REQUIRES(shard_held)
{
    return read_is_long(call, true);
}

/* Finds keys, groups and ids in the client's order; false: an error is replied. */
static bool read_prepare(struct call *call, const struct read *read) REQUIRES(shard_held)
{
    for (uint32_t i = 0; i < read->streams; i++) {
        void *object;
        if (!call_looks_at(call, read->keys + i)) {
            continue;
        }
        if (!call_read_object(call, read->keys + i, VALUE_STREAM, &object)) {
            return false;
        }
        read->sources[i] = (struct source){.stream = object};
        if (read->in_group) {
            read->sources[i].group = object == NULL ? NULL : stream_group_find(object, read->group);
            if (read->sources[i].group == NULL) {
                struct slice key = call->argv[read->keys + i];
                (void)call_fail_format(
                    call, "NOGROUP No such key '%.*s' or consumer group '%.*s' in XREADGROUP with GROUP option",
                    (int)key.len, key.data, (int)read->group.len, read->group.data);
                return false;
            }
        }
        if (!parse_after(call, read, i)) {
            return false;
        }
    }
    return true;
}

/* The key of a stream, before its entries: a map of key -> entries; in RESP2 an array of pairs, not a flat one. */
static void reply_key(struct call *call, const struct read *read, uint32_t index)
{
    if (call->reply.version < 3) {
        reply_array(&call->reply, 2);
    }
    reply_bulk(&call->reply, call->argv[read->keys + index]);
}

static bool serve_plain(struct call *call, const struct read *read, uint32_t index) REQUIRES(shard_held)
{
    const struct source *source = &read->sources[index];
    struct stream_iterator iterator;
    struct stream_id id;
    size_t pairs;
    if (source->stream == NULL) {
        struct keyref ref;
        return call_read(call, read->keys + index, &ref); /* as in Redis, a key that is missing is missed twice */
    }
    if (source->wants_last) {
        stream_iterator_init_reverse(&iterator, source->stream, STREAM_ID_MIN, STREAM_ID_MAX);
        if (!stream_iterator_next(&iterator, &id, &pairs)) {
            return false;
        }
    } else if (!iterate_after(source->stream, source->after, &iterator, &id, &pairs)) {
        return false;
    }
    uint64_t limit = source->wants_last ? 1 : read->count;
    reply_key(call, read, index);
    struct output_mark mark = reply_open(&call->reply);
    uint64_t written = 0;
    do {
        stream_reply_found(&call->reply, &iterator, id, pairs);
        written++;
    } while ((limit == 0 || written < limit) && stream_iterator_next(&iterator, &id, &pairs));
    reply_close_array(&call->reply, mark, written);
    return true;
}

/* Entries that no consumer of the group has had. */
static bool serve_new(struct call *call, const struct read *read, uint32_t index, struct stream_consumer *consumer)
    REQUIRES(shard_held)
{
    const struct source *source = &read->sources[index];
    struct stream_iterator iterator;
    struct stream_id id;
    size_t pairs;
    if (!iterate_after(source->stream, source->group->last_id, &iterator, &id, &pairs)) {
        return false;
    }
    reply_key(call, read, index);
    struct output_mark mark = reply_open(&call->reply);
    uint64_t written = 0;
    do {
        stream_group_advance(source->stream, source->group, id);
        stream_reply_found(&call->reply, &iterator, id, pairs);
        if (!read->is_acknowledged) {
            stream_group_deliver(source->group, consumer, id, call->now_ms);
        }
        written++;
    } while ((read->count == 0 || written < read->count) && stream_iterator_next(&iterator, &id, &pairs));
    reply_close_array(&call->reply, mark, written);
    return true;
}

/* What is pending with the consumer, once more; entries that were deleted since come without content. */
static void serve_history(struct call *call, const struct read *read, uint32_t index,
                          const struct stream_consumer *consumer) REQUIRES(shard_held)
{
    struct reply *reply = &call->reply;
    const struct source *source = &read->sources[index];
    struct stream_id after = source->after;
    struct stream_iterator iterator;
    bool has_more = stream_id_increment(&after); /* always: the greatest id means ">" */
    reply_key(call, read, index);
    struct output_mark mark = reply_open(reply);
    uint64_t written = 0;
    stream_iterator_init(&iterator, source->stream, STREAM_ID_MIN, STREAM_ID_MAX);
    const struct stream_id *id;
    struct stream_index_place place = stream_index_seek(&consumer->pending, after);
    for (; has_more && (read->count == 0 || written < read->count) &&
           (id = stream_index_at(&consumer->pending, place)) != NULL;
         place = stream_index_next(&consumer->pending, place), written++) {
        size_t pairs;
        if (stream_iterator_find(&iterator, *id, &pairs)) {
            stream_reply_found(reply, &iterator, *id, pairs);
            struct stream_pending *pending = stream_group_pending(source->group, *id);
            pending->delivered_ms = call->now_ms;
            pending->deliveries++;
        } else {
            reply_array(reply, 2);
            stream_reply_id(reply, *id);
            reply_null_array(reply);
        }
    }
    reply_close_array(reply, mark, written);
}

static bool serve_consumer(struct call *call, const struct read *read, uint32_t index) REQUIRES(shard_held)
{
    const struct source *source = &read->sources[index];
    struct stream_consumer *consumer =
        stream_see_consumer(call, source->stream, source->group, read->keys + index, read->consumer);
    if (!source->wants_new) {
        serve_history(call, read, index, consumer);
    } else if (!serve_new(call, read, index, consumer)) {
        return false;
    }
    call->effects.changes++;
    return true;
}

/* Waits for what comes behind the ids of now: "$" and "+" mean what was last when the call came. */
static enum outcome wait_for_entries(struct call *call, const struct read *read) REQUIRES(shard_held)
{
    struct slice *argv = memory_alloc(call->argc * sizeof(*argv));
    char(*texts)[STREAM_ID_TEXT_BYTES] = memory_alloc(read->streams * sizeof(*texts));
    memcpy(argv, call->argv, call->argc * sizeof(*argv));
    uint32_t ids = read->keys + read->streams;
    for (uint32_t i = 0; i < read->streams && call->only_key == 0 && !read->in_group; i++) {
        argv[ids + i] = slice_make(texts[i], stream_id_print(read->sources[i].after, texts[i]));
    }
    struct block_request request = {.argv = argv,
                                    .first_key = read->keys,
                                    .key_count = read->streams,
                                    .type = VALUE_STREAM,
                                    .wants_removal = read->in_group,
                                    .timeout_ms = read->timeout_ms,
                                    .reply = BLOCK_REPLY_NULL_ARRAY};
    enum outcome outcome = call_block(call, &request);
    memory_free(texts);
    memory_free(argv);
    return outcome;
}

static enum outcome read_streams(struct call *call, const struct read *read) REQUIRES(shard_held)
{
    if (!read_prepare(call, read)) {
        return OUTCOME_ERROR;
    }
    struct reply *reply = &call->reply;
    struct output_mark mark = reply_open(reply);
    uint32_t served = 0;
    for (uint32_t i = 0; i < read->streams; i++) {
        if (!call_looks_at(call, read->keys + i)) {
            continue;
        }
        served += read->in_group ? serve_consumer(call, read, i) : serve_plain(call, read, i);
    }
    if (served != 0 && reply->version >= 3) {
        reply_close_map(reply, mark, served);
    } else if (served != 0) {
        reply_close_array(reply, mark, served);
    } else if (read->blocks && call_waits(call)) {
        return wait_for_entries(call, read);
    } else {
        reply_null_array(reply);
    }
    return OUTCOME_DONE;
}

static enum outcome read_command(struct call *call, bool in_group) REQUIRES(shard_held)
{
    struct read read;
    struct slice error = parse_read(call, in_group, &read);
    if (error.len != 0) {
        return call_fail_slice(call, error);
    }
    if (read.streams <= READ_FEW) {
        read.sources = read.few;
        return read_streams(call, &read);
    }
    read.sources = memory_alloc(read.streams * sizeof(*read.sources));
    enum outcome outcome = read_streams(call, &read);
    memory_free(read.sources);
    return outcome;
}

COMMAND_HANDLER(xread_command)
{
    return read_command(call, false);
}

COMMAND_HANDLER(xreadgroup_command)
{
    return read_command(call, true);
}

const struct command_row stream_read_commands[] = {
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
    {.name = "xreadgroup",
     .handler = xreadgroup_command,
     .arity = -7,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_BLOCKING,
     .categories = ACL_STREAM,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 4, .keyword = "STREAMS", .last = -1, .step = 1, .limit = 2}},
     .is_long = xreadgroup_is_long,
     .summary = "Gives a consumer of a group entries that nobody in it has had, or those pending with it once more.",
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(N) for each stream, where N is the number of its entries returned.",
     .arguments = "group-block:(group consumer)=GROUP count:integer=COUNT? milliseconds:integer=BLOCK? NOACK? "
                  "streams:(key:key+ id+)=STREAMS"},
    {0},
};

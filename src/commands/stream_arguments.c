/* SPDX-License-Identifier: BSD-3-Clause */
/* Parsing what XADD and XTRIM take, and writing ids and entries.
 * Owner: the handler's stack. Locks: none taken. */
#include "stream_arguments.h"

#include "sherd/base/memory.h"
#include "sherd/base/number.h"

enum {
    LIMIT_NODES = 100, /* without LIMIT, "~" removes about so many full nodes at a time */
    LIMIT_DEFAULT = 10000,
    LIMIT_MAX = 1000000,
};

static const struct slice no_error = {.data = "", .len = 0};

static struct slice parse_threshold(const struct call *call, uint32_t index, struct stream_trimming *trimming)
{
    if (trimming->strategy == STREAM_TRIM_MINID) {
        return stream_id_parse(call->argv[index], 0, &trimming->minid) ? no_error : error_text(ERROR_STREAM_ID);
    }
    int64_t maxlen;
    if (!number_parse_i64(call->argv[index], &maxlen)) {
        return error_text(ERROR_NOT_INTEGER);
    }
    trimming->maxlen = (uint64_t)maxlen;
    return maxlen < 0 ? SLICE_LITERAL("ERR The MAXLEN argument must be >= 0.") : no_error;
}

/* MAXLEN or MINID at `*index`, which moves to the threshold. */
static struct slice parse_strategy(const struct call *call, uint32_t *index, struct stream_arguments *arguments)
{
    if (arguments->trims) {
        return SLICE_LITERAL("ERR syntax error, MAXLEN and MINID options at the same time are not compatible");
    }
    struct stream_trimming *trimming = &arguments->trimming;
    trimming->strategy = call_argument_is(call, *index, "minid") ? STREAM_TRIM_MINID : STREAM_TRIM_MAXLEN;
    *index += 1;
    if (call->argc - *index >= 2) {
        struct slice word = call->argv[*index];
        trimming->is_approximate = stream_argument_is(word, '~');
        *index += trimming->is_approximate || stream_argument_is(word, '=') ? 1 : 0;
    }
    arguments->trims = true;
    return parse_threshold(call, *index, trimming);
}

static struct slice parse_limit(const struct call *call, uint32_t index, struct stream_arguments *arguments)
{
    if (!number_parse_i64(call->argv[index], &arguments->limit)) {
        return error_text(ERROR_NOT_INTEGER);
    }
    arguments->limit_given = true;
    return arguments->limit < 0 ? SLICE_LITERAL("ERR The LIMIT argument must be >= 0.") : no_error;
}

static struct slice parse_new_id(const struct call *call, uint32_t index, struct stream_arguments *arguments)
{
    bool seq_is_auto;
    if (!stream_id_parse_new(call->argv[index], &arguments->id, &seq_is_auto)) {
        return error_text(ERROR_STREAM_ID);
    }
    arguments->rule = seq_is_auto ? STREAM_ID_AUTO_SEQUENCE : STREAM_ID_EXPLICIT;
    return no_error;
}

/* What only shows when all options are read; fills in the limit. */
static struct slice settle_limit(bool adds, int64_t node_max_entries, struct stream_arguments *arguments)
{
    if (!arguments->trims) {
        if (arguments->limit != 0) {
            return SLICE_LITERAL("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy");
        }
        if (!adds) {
            return SLICE_LITERAL("ERR syntax error, XTRIM must be called with a trimming strategy");
        }
    }
    bool is_approximate = arguments->trimming.is_approximate;
    if (arguments->limit_given && !is_approximate) {
        return SLICE_LITERAL("ERR syntax error, LIMIT cannot be used without the special ~ option");
    }
    if (!arguments->limit_given && is_approximate) {
        bool is_known = node_max_entries > 0;
        int64_t entries = node_max_entries < LIMIT_MAX / LIMIT_NODES ? node_max_entries : LIMIT_MAX / LIMIT_NODES;
        arguments->limit = is_known ? entries * LIMIT_NODES : LIMIT_DEFAULT;
    }
    arguments->trimming.limit = (uint64_t)arguments->limit;
    return no_error;
}

struct slice stream_arguments_parse(const struct call *call, bool adds, int64_t node_max_entries,
                                    struct stream_arguments *arguments)
{
    *arguments = (struct stream_arguments){.rule = STREAM_ID_AUTO};
    uint32_t i = 2;
    for (bool more = true; more && i < call->argc; i++) {
        bool has_value = i + 1 < call->argc;
        struct slice error = no_error;
        if (adds && stream_argument_is(call->argv[i], '*')) {
            more = false;
        } else if (has_value && (call_argument_is(call, i, "maxlen") || call_argument_is(call, i, "minid"))) {
            error = parse_strategy(call, &i, arguments);
        } else if (has_value && call_argument_is(call, i, "limit")) {
            error = parse_limit(call, ++i, arguments);
        } else if (adds && call_argument_is(call, i, "nomkstream")) {
            arguments->must_exist = true;
        } else if (adds) {
            error = parse_new_id(call, i, arguments);
            more = false;
        } else {
            error = error_text(ERROR_SYNTAX);
        }
        if (error.len != 0) {
            return error;
        }
        arguments->fields = i + 1;
    }
    return settle_limit(adds, node_max_entries, arguments);
}

bool stream_argument_id(struct call *call, uint32_t index, uint64_t missing_seq, struct stream_id *id)
{
    if (!stream_id_parse(call->argv[index], missing_seq, id)) {
        (void)call_fail(call, ERROR_STREAM_ID);
        return false;
    }
    return true;
}

struct slice stream_parse_end(struct slice text, bool is_start, struct stream_id *id)
{
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

void stream_reply_id(struct reply *reply, struct stream_id id)
{
    char text[STREAM_ID_TEXT_BYTES];
    reply_bulk(reply, slice_make(text, stream_id_print(id, text)));
}

void stream_reply_found(struct reply *reply, struct stream_iterator *iterator, struct stream_id id, size_t pairs)
{
    reply_array(reply, 2);
    stream_reply_id(reply, id);
    reply_array(reply, 2 * pairs);
    struct slice field, value;
    while (stream_iterator_pair(iterator, &field, &value)) {
        reply_bulk(reply, field);
        reply_bulk(reply, value);
    }
}

bool stream_reply_entry(struct reply *reply, struct stream_iterator *iterator)
{
    struct stream_id id;
    size_t pairs;
    if (!stream_iterator_next(iterator, &id, &pairs)) {
        return false;
    }
    stream_reply_found(reply, iterator, id, pairs);
    return true;
}

void stream_reply_entries(struct reply *reply, struct stream_iterator *iterator, uint64_t count)
{
    struct output_mark mark = reply_open(reply);
    uint64_t written = 0;
    while ((count == 0 || written < count) && stream_reply_entry(reply, iterator)) {
        written++;
    }
    reply_close_array(reply, mark, written);
}

void stream_ids_take(const struct call *call, uint32_t first, struct stream_ids *ids)
{
    uint32_t most = call->argc - first;
    ids->items = most <= STREAM_FEW_IDS ? ids->few : memory_alloc(most * sizeof(*ids->items));
    ids->count = 0;
    while (ids->count < most && stream_id_parse(call->argv[first + ids->count], 0, &ids->items[ids->count])) {
        ids->count++;
    }
}

void stream_ids_release(struct stream_ids *ids)
{
    if (ids->items != ids->few) {
        memory_free(ids->items);
    }
}

bool stream_find_group(struct call *call, void **stream, struct stream_group **group)
{
    *group = NULL;
    if (!call_read_object(call, 1, VALUE_STREAM, stream)) {
        return false;
    }
    if (*stream != NULL) {
        *group = stream_group_find(*stream, call->argv[2]);
    }
    return true;
}

bool stream_peek_group(struct call *call, void **stream, struct stream_group **group)
{
    *group = NULL;
    if (call_peek_object(call, 1, VALUE_STREAM, stream) && *stream != NULL) {
        *group = stream_group_find(*stream, call->argv[2]);
    }
    return *group != NULL;
}

enum outcome stream_fail_group(struct call *call)
{
    struct slice key = call->argv[1];
    struct slice group = call->argv[2];
    return call_fail_format(call, "NOGROUP No such key '%.*s' or consumer group '%.*s'", (int)key.len, key.data,
                            (int)group.len, group.data);
}

struct stream_consumer *stream_see_consumer(struct call *call, struct stream *stream, struct stream_group *group,
                                            uint32_t key, struct slice name)
{
    bool is_new;
    struct stream_consumer *consumer = stream_consumer_see(stream, group, name, call->now_ms, &is_new);
    struct keyref ref;
    if (is_new && call_peek(call, key, &ref)) {
        call_changed(call, &ref, EVENT_STREAM, "xgroup-createconsumer");
    }
    return consumer;
}

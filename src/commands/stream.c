/* SPDX-License-Identifier: BSD-3-Clause */
/* Streams, writing: XADD, XDEL, XTRIM, XSETID, and XLEN.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include "sherd/base/memory.h"
#include "sherd/base/number.h"
#include "sherd/commands/families.h"
#include "sherd/commands/options.h"
#include "sherd/exec/exec.h"
#include "stream_arguments.h"

static const struct commands_options *options_of(const struct call *call)
{
    const struct commands_state *state = call->context;
    return call_options(call, state->config_slot);
}

static struct slice parse(const struct call *call, bool adds, struct stream_arguments *arguments)
{
    return stream_arguments_parse(call, adds, options_of(call)->stream_node_max_entries, arguments);
}

/* XADD with "*" or a number first trims nothing, so the usual call is not parsed twice. */
static bool xadd_is_long(struct call *call) REQUIRES(shard_held)
{
    char first = call->argv[2].len == 0 ? '*' : call->argv[2].data[0];
    if (call->argc > STREAM_SHORT_ITEMS) {
        return true;
    }
    if (first == '*' || (first >= '0' && first <= '9')) {
        return false;
    }
    struct stream_arguments arguments;
    struct keyref ref;
    if (parse(call, true, &arguments).len != 0 || !arguments.trims || !call_peek(call, 1, &ref) ||
        ref.entry->type != VALUE_STREAM) {
        return false;
    }
    return stream_trim_work(entry_object(ref.entry), &arguments.trimming, STREAM_SHORT_NODES) >= STREAM_SHORT_NODES;
}

static enum outcome fail_append(struct call *call, enum stream_result result)
{
    switch (result) {
    case STREAM_IDS_EXHAUSTED:
        return call_fail(call, ERROR_STREAM_ID_EXHAUSTED);
    case STREAM_ENTRY_TOO_LARGE:
        return call_fail_slice(call, SLICE_LITERAL("ERR Elements are too large to be stored"));
    default:
        return call_fail(call, ERROR_STREAM_ID_SMALL);
    }
}

/* Appends to the stream of `ref`, which is created when it is missing and the entry can be appended. */
static enum stream_result append(struct keyref *ref, const struct stream_addition *addition, struct stream_id *id)
    REQUIRES(shard_held)
{
    if (ref->entry != NULL) {
        return stream_append(entry_object(ref->entry), addition, id);
    }
    struct stream *stream = stream_create();
    enum stream_result result = stream_append(stream, addition, id);
    if (result != STREAM_OK) {
        stream_destroy(stream);
        return result;
    }
    keyref_set_object(ref, VALUE_STREAM, stream, DEADLINE_NONE);
    return STREAM_OK;
}

COMMAND_HANDLER(xadd_command)
{
    struct stream_arguments arguments;
    struct slice error = parse(call, true, &arguments);
    if (error.len != 0) {
        return call_fail_slice(call, error);
    }
    uint32_t items = call->argc - arguments.fields;
    if (items < 2 || items % 2 != 0) {
        return call_fail_arity(call);
    }
    if (arguments.rule == STREAM_ID_EXPLICIT && stream_id_is_zero(arguments.id)) {
        return call_fail(call, ERROR_STREAM_ID_ZERO);
    }
    struct keyref ref;
    bool exists = call_write(call, 1, &ref);
    if (exists && ref.entry->type != VALUE_STREAM) {
        return call_fail(call, ERROR_WRONGTYPE);
    }
    if (!exists && arguments.must_exist) {
        reply_null(&call->reply);
        return OUTCOME_DONE;
    }
    const struct commands_options *options = options_of(call);
    struct stream_addition addition = {
        .rule = arguments.rule,
        .id = arguments.id,
        .now_ms = (uint64_t)call->now_ms,
        .pairs = {.items = &call->argv[arguments.fields], .count = items / 2},
        .limits = {.node_max_bytes = (size_t)options->stream_node_max_bytes,
                   .node_max_entries = (size_t)options->stream_node_max_entries},
    };
    struct stream_id id;
    enum stream_result result = append(&ref, &addition, &id);
    if (result != STREAM_OK) {
        return fail_append(call, result);
    }
    stream_reply_id(&call->reply, id);
    call_changed(call, &ref, EVENT_STREAM, "xadd");
    if (arguments.trims && stream_trim(entry_object(ref.entry), &arguments.trimming) != 0) {
        call_changed_event(call, &ref, EVENT_STREAM, "xtrim");
    }
    return OUTCOME_DONE;
}

COMMAND_HANDLER(xlen_command)
{
    struct keyref ref;
    if (!call_read(call, 1, &ref)) {
        reply_integer(&call->reply, 0);
        return OUTCOME_DONE;
    }
    if (ref.entry->type != VALUE_STREAM) {
        return call_fail(call, ERROR_WRONGTYPE);
    }
    const struct stream *stream = entry_object(ref.entry);
    reply_integer(&call->reply, (int64_t)stream->length);
    return OUTCOME_DONE;
}

/* Notes a change that counts as `count`, and replies it. */
static enum outcome reply_removed(struct call *call, const struct keyref *ref, uint64_t count, const char *event)
    REQUIRES(shard_held)
{
    if (count != 0) {
        call_changed(call, ref, EVENT_STREAM, event);
        call->effects.changes += (uint32_t)(count - 1);
    }
    reply_integer(&call->reply, (int64_t)count);
    return OUTCOME_DONE;
}

static bool xdel_is_long(struct call *call)
{
    return call->argc > STREAM_SHORT_DELETES + 2;
}

COMMAND_HANDLER(xdel_command)
{
    struct keyref ref;
    if (!call_write(call, 1, &ref)) {
        reply_integer(&call->reply, 0);
        return OUTCOME_DONE;
    }
    if (ref.entry->type != VALUE_STREAM) {
        return call_fail(call, ERROR_WRONGTYPE);
    }
    struct stream_id id;
    for (uint32_t i = 2; i < call->argc; i++) {
        if (!stream_argument_id(call, i, 0, &id)) {
            return OUTCOME_ERROR;
        }
    }
    uint64_t deleted = 0;
    for (uint32_t i = 2; i < call->argc; i++) {
        if (stream_id_parse(call->argv[i], 0, &id) && stream_delete(entry_object(ref.entry), id)) {
            deleted++;
        }
    }
    return reply_removed(call, &ref, deleted, "xdel");
}

static bool xtrim_is_long(struct call *call) REQUIRES(shard_held)
{
    struct stream_arguments arguments;
    struct keyref ref;
    if (parse(call, false, &arguments).len != 0 || !call_peek(call, 1, &ref) || ref.entry->type != VALUE_STREAM) {
        return false;
    }
    return stream_trim_work(entry_object(ref.entry), &arguments.trimming, STREAM_SHORT_NODES) >= STREAM_SHORT_NODES;
}

COMMAND_HANDLER(xtrim_command)
{
    struct stream_arguments arguments;
    struct slice error = parse(call, false, &arguments);
    if (error.len != 0) {
        return call_fail_slice(call, error);
    }
    struct keyref ref;
    if (!call_write(call, 1, &ref)) {
        reply_integer(&call->reply, 0);
        return OUTCOME_DONE;
    }
    if (ref.entry->type != VALUE_STREAM) {
        return call_fail(call, ERROR_WRONGTYPE);
    }
    return reply_removed(call, &ref, stream_trim(entry_object(ref.entry), &arguments.trimming), "xtrim");
}

struct setid {
    struct stream_id id;
    struct stream_id max_deleted; /* 0-0: keep */
    int64_t entries_added;        /* -1: keep */
};

static bool parse_setid(struct call *call, struct setid *setid)
{
    *setid = (struct setid){.entries_added = -1};
    if (!stream_argument_id(call, 2, 0, &setid->id)) {
        return false;
    }
    for (uint32_t i = 3; i < call->argc; i += 2) {
        if (i + 1 < call->argc && call_argument_is(call, i, "entriesadded")) {
            if (!call_integer(call, i + 1, &setid->entries_added)) {
                return false;
            }
            if (setid->entries_added < 0) {
                (void)call_fail_slice(call, SLICE_LITERAL("ERR entries_added must be positive"));
                return false;
            }
        } else if (i + 1 < call->argc && call_argument_is(call, i, "maxdeletedid")) {
            if (!stream_argument_id(call, i + 1, 0, &setid->max_deleted)) {
                return false;
            }
            if (stream_id_compare(setid->id, setid->max_deleted) < 0) {
                (void)call_fail_slice(call, SLICE_LITERAL("ERR The ID specified in XSETID is smaller than the "
                                                          "provided max_deleted_entry_id"));
                return false;
            }
        } else {
            (void)call_fail(call, ERROR_SYNTAX);
            return false;
        }
    }
    return true;
}

/* Why the stream cannot be set so; an empty slice when it can. */
static struct slice setid_refusal(const struct stream *stream, const struct setid *setid)
{
    if (stream_id_compare(setid->id, stream->max_deleted_entry_id) < 0) { /* since 7.2 */
        return SLICE_LITERAL("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id");
    }
    struct stream_iterator iterator;
    struct stream_id last;
    size_t pairs;
    stream_iterator_init_reverse(&iterator, stream, STREAM_ID_MIN, STREAM_ID_MAX);
    if (!stream_iterator_next(&iterator, &last, &pairs)) {
        return SLICE_LITERAL("");
    }
    if (stream_id_compare(setid->id, last) < 0) {
        return SLICE_LITERAL("ERR The ID specified in XSETID is smaller than the target stream top item");
    }
    if (setid->entries_added != -1 && stream->length > (uint64_t)setid->entries_added) {
        return SLICE_LITERAL("ERR The entries_added specified in XSETID is smaller than the target stream length");
    }
    return SLICE_LITERAL("");
}

COMMAND_HANDLER(xsetid_command)
{
    struct setid setid;
    if (!parse_setid(call, &setid)) {
        return OUTCOME_ERROR;
    }
    struct keyref ref;
    if (!call_write(call, 1, &ref)) {
        return call_fail(call, ERROR_NO_SUCH_KEY);
    }
    if (ref.entry->type != VALUE_STREAM) {
        return call_fail(call, ERROR_WRONGTYPE);
    }
    struct stream *stream = entry_object(ref.entry);
    struct slice refusal = setid_refusal(stream, &setid);
    if (refusal.len != 0) {
        return call_fail_slice(call, refusal);
    }
    stream->last_id = setid.id;
    if (setid.entries_added != -1) {
        stream->entries_added = (uint64_t)setid.entries_added;
    }
    if (!stream_id_is_zero(setid.max_deleted)) {
        stream->max_deleted_entry_id = setid.max_deleted;
    }
    reply_ok(&call->reply);
    call_changed(call, &ref, EVENT_STREAM, "xsetid");
    return OUTCOME_DONE;
}

static const char *const nondeterministic_tips[] = {"nondeterministic_output", NULL};
static const struct command_history xadd_history[] = {
    {"6.2.0", "Added the `NOMKSTREAM` option, `MINID` trimming strategy and the `LIMIT` option."},
    {"7.0.0", "Added support for the `<ms>-*` explicit ID form."},
    {0}};
static const struct command_history xtrim_history[] = {
    {"6.2.0", "Added the `MINID` trimming strategy and the `LIMIT` option."}, {0}};
static const struct command_history xsetid_history[] = {
    {"7.0.0", "Added the `entries_added` and `max_deleted_entry_id` arguments."}, {0}};

const struct command_row stream_commands[] = {
    {.name = "xadd",
     .handler = xadd_command,
     .arity = -5,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_FAST,
     .categories = ACL_STREAM,
     .keys = {{.flags = KEY_RW | KEY_UPDATE,
               .begin = 1,
               .step = 1,
               .notes = "UPDATE instead of INSERT because of the optional trimming feature"}},
     .is_long = xadd_is_long,
     .summary = "Adds an entry at the end of a stream, which is created when it is missing.",
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(1) to add an entry; O(N) more when N entries are trimmed.",
     .tips = nondeterministic_tips,
     .history = xadd_history,
     .arguments = "key:key NOMKSTREAM?^6.2.0 trim:(strategy:(MAXLEN|MINID^6.2.0) operator:(equal:token==|"
                  "approximately:token=~)? threshold count:integer=LIMIT?^6.2.0)? id-selector:(auto-id:token=*|"
                  "id) data:(field value)+"},
    {.name = "xdel",
     .handler = xdel_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .categories = ACL_STREAM,
     .keys = {{.flags = KEY_RW | KEY_DELETE, .begin = 1, .step = 1}},
     .is_long = xdel_is_long,
     .summary = "Deletes entries by their ids and returns how many there were.",
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(1) for each id, whatever the size of the stream.",
     .arguments = "key:key id+"},
    {.name = "xlen",
     .handler = xlen_command,
     .arity = 2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .categories = ACL_STREAM,
     .keys = {{.flags = KEY_RO, .begin = 1, .step = 1}},
     .summary = "Returns the number of entries in a stream.",
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(1)",
     .arguments = "key:key"},
    {.name = "xsetid",
     .handler = xsetid_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_FAST,
     .categories = ACL_STREAM,
     .keys = {{.flags = KEY_RW | KEY_UPDATE, .begin = 1, .step = 1}},
     .summary = "Sets the last id of a stream; meant for replication.",
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(1)",
     .history = xsetid_history,
     .arguments = "key:key last-id entries-added:integer=ENTRIESADDED?^7.0.0 max-deleted-id=MAXDELETEDID?^7.0.0"},
    {.name = "xtrim",
     .handler = xtrim_command,
     .arity = -4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE,
     .categories = ACL_STREAM,
     .keys = {{.flags = KEY_RW | KEY_DELETE, .begin = 1, .step = 1}},
     .is_long = xtrim_is_long,
     .summary = "Removes the oldest entries of a stream until it has the wanted length or least id.",
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(N) where N is the number of removed entries; whole nodes of entries go at once.",
     .tips = nondeterministic_tips,
     .history = xtrim_history,
     .arguments = "key:key trim:(strategy:(MAXLEN|MINID^6.2.0) operator:(equal:token==|approximately:token=~)? "
                  "threshold count:integer=LIMIT?^6.2.0)"},
    {0},
};

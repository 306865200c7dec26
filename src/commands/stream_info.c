/* SPDX-License-Identifier: BSD-3-Clause */
/* XINFO: what a stream is. There are no consumer groups, so none is ever listed.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include "sherd/base/number.h"
#include "sherd/commands/families.h"
#include "stream_arguments.h"

enum {
    FULL_DEFAULT_COUNT = 10,
    SHORT_FIELDS = 10,
    FULL_FIELDS = 9,
};

/* The stream at argument 2, or NULL with the error replied. */
static const struct stream *find_stream(struct call *call) REQUIRES(shard_held)
{
    struct keyref ref;
    if (!call_read(call, 2, &ref)) {
        (void)call_fail(call, ERROR_NO_SUCH_KEY);
        return NULL;
    }
    if (ref.entry->type != VALUE_STREAM) {
        (void)call_fail(call, ERROR_WRONGTYPE);
        return NULL;
    }
    return entry_object(ref.entry);
}

/* FULL [COUNT count]; false: an error is replied. */
static bool parse_full(struct call *call, bool *full, int64_t *count)
{
    *full = call->argc > 3;
    *count = FULL_DEFAULT_COUNT;
    if (!*full) {
        return true;
    }
    if ((call->argc != 4 && call->argc != 6) || !call_argument_is(call, 3, "full") ||
        (call->argc == 6 && !call_argument_is(call, 4, "count"))) {
        (void)call_fail_subcommand(call);
        return false;
    }
    if (call->argc == 6 && !call_integer(call, 5, count)) {
        return false;
    }
    if (*count < 0) {
        *count = FULL_DEFAULT_COUNT;
    }
    return true;
}

static bool xinfo_stream_is_long(struct call *call) REQUIRES(shard_held)
{
    int64_t count;
    struct keyref ref;
    if (call->argc != 6 || !number_parse_i64(call->argv[5], &count) || count < 0 || !call_peek(call, 2, &ref) ||
        ref.entry->type != VALUE_STREAM) {
        return false;
    }
    struct stream_iterator iterator;
    stream_iterator_init(&iterator, entry_object(ref.entry), STREAM_ID_MIN, STREAM_ID_MAX);
    return stream_iterator_work(&iterator, (uint64_t)count, STREAM_SHORT_WORK) >= STREAM_SHORT_WORK;
}

static void reply_field_id(struct reply *reply, const char *name, struct stream_id id)
{
    reply_bulk_text(reply, name);
    stream_reply_id(reply, id);
}

static void reply_field_number(struct reply *reply, const char *name, uint64_t number)
{
    reply_bulk_text(reply, name);
    reply_integer(reply, (int64_t)number);
}

static void reply_field_entry(struct reply *reply, const char *name, struct stream_iterator *iterator)
{
    reply_bulk_text(reply, name);
    if (!stream_reply_entry(reply, iterator)) {
        reply_null(reply);
    }
}

COMMAND_HANDLER(xinfo_stream_command)
{
    const struct stream *stream = find_stream(call);
    bool full;
    int64_t count;
    if (stream == NULL || !parse_full(call, &full, &count)) {
        return OUTCOME_ERROR;
    }
    struct reply *reply = &call->reply;
    size_t nodes = stream_node_count(stream);
    reply_map(reply, full ? FULL_FIELDS : SHORT_FIELDS);
    reply_field_number(reply, "length", stream->length);
    reply_field_number(reply, "radix-tree-keys", nodes);
    /* There is no radix tree; this is what one has with that many keys when they share nothing but a prefix. */
    reply_field_number(reply, "radix-tree-nodes", nodes + 1);
    reply_field_id(reply, "last-generated-id", stream->last_id);
    reply_field_id(reply, "max-deleted-entry-id", stream->max_deleted_entry_id);
    reply_field_number(reply, "entries-added", stream->entries_added);
    reply_field_id(reply, "recorded-first-entry-id", stream->first_id);
    struct stream_iterator iterator;
    stream_iterator_init(&iterator, stream, STREAM_ID_MIN, STREAM_ID_MAX);
    if (full) {
        reply_bulk_text(reply, "entries");
        stream_reply_entries(reply, &iterator, (uint64_t)count);
        reply_bulk_text(reply, "groups");
        reply_array(reply, 0);
        return OUTCOME_DONE;
    }
    reply_field_number(reply, "groups", 0);
    reply_field_entry(reply, "first-entry", &iterator);
    stream_iterator_init_reverse(&iterator, stream, STREAM_ID_MIN, STREAM_ID_MAX);
    reply_field_entry(reply, "last-entry", &iterator);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(xinfo_groups_command)
{
    if (find_stream(call) == NULL) {
        return OUTCOME_ERROR;
    }
    reply_array(&call->reply, 0);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(xinfo_consumers_command)
{
    if (find_stream(call) == NULL) {
        return OUTCOME_ERROR;
    }
    struct slice key = call->argv[2];
    struct slice group = call->argv[3];
    return call_fail_format(call, "NOGROUP No such consumer group '%.*s' for key name '%.*s'", (int)group.len,
                            group.data, (int)key.len, key.data);
}

static enum outcome xinfo_help_command(struct call *call)
{
    static const char *const lines[] = {"CONSUMERS <key> <groupname>",
                                        "    Show consumers of <groupname>.",
                                        "GROUPS <key>",
                                        "    Show the stream consumer groups.",
                                        "STREAM <key> [FULL [COUNT <count>]",
                                        "    Show information about the stream.",
                                        NULL};
    return call_reply_help(call, lines);
}

static const char *const nondeterministic_tips[] = {"nondeterministic_output", NULL};
static const struct command_history consumers_history[] = {
    {"7.2.0", "Added the `inactive` field, and changed the meaning of `idle`."}, {0}};
static const struct command_history groups_history[] = {{"7.0.0", "Added the `entries-read` and `lag` fields"}, {0}};
static const struct command_history info_history[] = {
    {"6.0.0", "Added the `FULL` modifier."},
    {"7.0.0", "Added the `max-deleted-entry-id`, `entries-added`, `recorded-first-entry-id`, `entries-read` and `lag` "
              "fields"},
    {"7.2.0", "Added the `active-time` field, and changed the meaning of `seen-time`."},
    {0}};

static const struct command_row xinfo_subcommands[] = {
    {.name = "consumers",
     .handler = xinfo_consumers_command,
     .arity = 4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_STREAM,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 2, .step = 1}},
     .summary = "Lists the consumers of a consumer group.",
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(1)",
     .tips = nondeterministic_tips,
     .history = consumers_history,
     .arguments = "key:key group"},
    {.name = "groups",
     .handler = xinfo_groups_command,
     .arity = 3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_STREAM,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 2, .step = 1}},
     .summary = "Lists the consumer groups of a stream.",
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(1)",
     .history = groups_history,
     .arguments = "key:key"},
    {.name = "help",
     .handler = xinfo_help_command,
     .arity = 2,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .categories = ACL_STREAM,
     .summary = "Says what the subcommands do.",
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(1)"},
    {.name = "stream",
     .handler = xinfo_stream_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_STREAM,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 2, .step = 1}},
     .is_long = xinfo_stream_is_long,
     .summary = "Describes a stream.",
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(1)",
     .history = info_history,
     .arguments = "key:key full-block:(FULL count:integer=COUNT?)?"},
    {0},
};

const struct command_row stream_info_commands[] = {
    {.name = "xinfo",
     .arity = -2,
     .subcommands = xinfo_subcommands,
     .summary = "A container for commands that describe streams.",
     .since = "5.0.0",
     .group = "stream",
     .complexity = "Depends on subcommand."},
    {0},
};

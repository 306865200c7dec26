/* SPDX-License-Identifier: BSD-3-Clause */
/* XINFO: what a stream is, with its consumer groups and their consumers.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include "sherd/base/number.h"
#include "sherd/commands/families.h"
#include "stream_arguments.h"

enum {
    FULL_DEFAULT_COUNT = 10,
    SHORT_FIELDS = 10,
    FULL_FIELDS = 9,
    GROUP_FIELDS = 6,
    GROUP_FULL_FIELDS = 7,
    CONSUMER_FIELDS = 4,
    CONSUMER_FULL_FIELDS = 5,
    PENDING_WORK = 100,  /* listing one that is pending, in the measure of STREAM_SHORT_WORK */
    CONSUMER_WORK = 300, /* and a consumer, or a group */
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

/* What listing groups in full costs, each with at most `count` that are pending (0: all). */
static size_t groups_work(const struct stream_groups *groups, uint64_t count)
{
    size_t work = 0;
    for (uint32_t i = 0; i < groups->count && work < STREAM_SHORT_WORK; i++) {
        const struct stream_group *group = groups->items[i];
        uint64_t listed = count != 0 && count < group->pending.count ? count : group->pending.count;
        /* Those of the consumers are together no more than the group's, and than what COUNT gives each. */
        uint64_t more = count != 0 && count * group->consumer_count < group->pending.count
                            ? count * group->consumer_count
                            : group->pending.count;
        work += (listed + more) * PENDING_WORK + (size_t)(group->consumer_count + 1) * CONSUMER_WORK;
    }
    return work;
}

static bool xinfo_stream_is_long(struct call *call) REQUIRES(shard_held)
{
    int64_t count = FULL_DEFAULT_COUNT;
    void *object;
    if (call->argc < 4 || (call->argc == 6 && !number_parse_i64(call->argv[5], &count)) ||
        !call_peek_object(call, 2, VALUE_STREAM, &object) || object == NULL) {
        return false;
    }
    uint64_t limit = (uint64_t)(count < 0 ? FULL_DEFAULT_COUNT : count);
    limit = limit > UINT32_MAX ? UINT32_MAX : limit;
    const struct stream *stream = object;
    struct stream_iterator iterator;
    stream_iterator_init(&iterator, stream, STREAM_ID_MIN, STREAM_ID_MAX);
    return stream_iterator_work(&iterator, limit, STREAM_SHORT_WORK) + groups_work(&stream->groups, limit) >=
           STREAM_SHORT_WORK;
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

static void reply_field_name(struct reply *reply, struct slice name)
{
    reply_bulk_text(reply, "name");
    reply_bulk(reply, name);
}

static void reply_counters(struct reply *reply, const struct stream *stream, const struct stream_group *group)
{
    int64_t lag;
    reply_bulk_text(reply, "entries-read");
    if (group->entries_read == STREAM_ENTRIES_READ_UNKNOWN) {
        reply_null(reply);
    } else {
        reply_integer(reply, group->entries_read);
    }
    reply_bulk_text(reply, "lag");
    if (stream_group_lag(stream, group, &lag)) {
        reply_integer(reply, lag);
    } else {
        reply_null(reply);
    }
}

/* The first `count` (0: all) that are pending with the consumer, or with the group for NULL. */
static void reply_pending(struct reply *reply, const struct stream_group *group, const struct stream_consumer *consumer,
                          uint64_t count)
{
    const struct stream_index *index = consumer == NULL ? &group->pending : &consumer->pending;
    uint64_t listed = count != 0 && count < index->count ? count : index->count;
    struct stream_index_place place = {.chunk = 0};
    reply_bulk_text(reply, "pending");
    reply_array(reply, listed);
    for (; listed != 0; listed--, place = stream_index_next(index, place)) {
        const struct stream_id *id = stream_index_at(index, place);
        const struct stream_pending *pending = stream_group_pending(group, *id);
        reply_array(reply, consumer == NULL ? 4 : 3);
        stream_reply_id(reply, *id);
        if (consumer == NULL) {
            reply_bulk(reply, stream_consumer_name(pending->consumer));
        }
        reply_integer(reply, pending->delivered_ms);
        reply_integer(reply, (int64_t)pending->deliveries);
    }
}

static void reply_group_in_full(struct reply *reply, const struct stream *stream, const struct stream_group *group,
                                uint64_t count)
{
    reply_map(reply, GROUP_FULL_FIELDS);
    reply_field_name(reply, stream_group_name(group));
    reply_field_id(reply, "last-delivered-id", group->last_id);
    reply_counters(reply, stream, group);
    reply_field_number(reply, "pel-count", group->pending.count);
    reply_pending(reply, group, NULL, count);
    reply_bulk_text(reply, "consumers");
    reply_array(reply, group->consumer_count);
    for (uint32_t i = 0; i < group->consumer_count; i++) {
        const struct stream_consumer *consumer = group->consumers[i];
        reply_map(reply, CONSUMER_FULL_FIELDS);
        reply_field_name(reply, stream_consumer_name(consumer));
        reply_bulk_text(reply, "seen-time");
        reply_integer(reply, consumer->seen_ms);
        reply_bulk_text(reply, "active-time");
        reply_integer(reply, consumer->active_ms);
        reply_field_number(reply, "pel-count", consumer->pending.count);
        reply_pending(reply, group, consumer, count);
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
        reply_array(reply, stream->groups.count);
        for (uint32_t i = 0; i < stream->groups.count; i++) {
            reply_group_in_full(reply, stream, stream->groups.items[i], (uint64_t)count);
        }
        return OUTCOME_DONE;
    }
    reply_field_number(reply, "groups", stream->groups.count);
    reply_field_entry(reply, "first-entry", &iterator);
    stream_iterator_init_reverse(&iterator, stream, STREAM_ID_MIN, STREAM_ID_MAX);
    reply_field_entry(reply, "last-entry", &iterator);
    return OUTCOME_DONE;
}

static bool xinfo_groups_is_long(struct call *call) REQUIRES(shard_held)
{
    void *object;
    return call_peek_object(call, 2, VALUE_STREAM, &object) && object != NULL &&
           ((const struct stream *)object)->groups.count > STREAM_SHORT_PENDING;
}

COMMAND_HANDLER(xinfo_groups_command)
{
    const struct stream *stream = find_stream(call);
    if (stream == NULL) {
        return OUTCOME_ERROR;
    }
    struct reply *reply = &call->reply;
    reply_array(reply, stream->groups.count);
    for (uint32_t i = 0; i < stream->groups.count; i++) {
        const struct stream_group *group = stream->groups.items[i];
        reply_map(reply, GROUP_FIELDS);
        reply_field_name(reply, stream_group_name(group));
        reply_field_number(reply, "consumers", group->consumer_count);
        reply_field_number(reply, "pending", group->pending.count);
        reply_field_id(reply, "last-delivered-id", group->last_id);
        reply_counters(reply, stream, group);
    }
    return OUTCOME_DONE;
}

static bool xinfo_consumers_is_long(struct call *call) REQUIRES(shard_held)
{
    void *object;
    const struct stream_group *group = NULL;
    if (call_peek_object(call, 2, VALUE_STREAM, &object) && object != NULL) {
        group = stream_group_find(object, call->argv[3]);
    }
    return group != NULL && group->consumer_count > STREAM_SHORT_PENDING;
}

COMMAND_HANDLER(xinfo_consumers_command)
{
    const struct stream *stream = find_stream(call);
    if (stream == NULL) {
        return OUTCOME_ERROR;
    }
    struct slice key = call->argv[2];
    struct slice name = call->argv[3];
    const struct stream_group *group = stream_group_find(stream, name);
    if (group == NULL) {
        return call_fail_format(call, "NOGROUP No such consumer group '%.*s' for key name '%.*s'", (int)name.len,
                                name.data, (int)key.len, key.data);
    }
    struct reply *reply = &call->reply;
    reply_array(reply, group->consumer_count);
    for (uint32_t i = 0; i < group->consumer_count; i++) {
        const struct stream_consumer *consumer = group->consumers[i];
        int64_t idle_ms = call->now_ms - consumer->seen_ms;
        int64_t inactive_ms = call->now_ms - consumer->active_ms;
        bool is_active = consumer->active_ms != STREAM_NEVER_MS;
        reply_map(reply, CONSUMER_FIELDS);
        reply_field_name(reply, stream_consumer_name(consumer));
        reply_field_number(reply, "pending", consumer->pending.count);
        reply_field_number(reply, "idle", (uint64_t)(idle_ms < 0 ? 0 : idle_ms));
        reply_bulk_text(reply, "inactive");
        reply_integer(reply, !is_active ? STREAM_NEVER_MS : inactive_ms < 0 ? 0 : inactive_ms);
    }
    return OUTCOME_DONE;
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
     .is_long = xinfo_consumers_is_long,
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
     .is_long = xinfo_groups_is_long,
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

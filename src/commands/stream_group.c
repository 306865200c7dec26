/* SPDX-License-Identifier: BSD-3-Clause */
/* Consumer groups of streams: XGROUP and XACK. Reading for a consumer is in stream_read.c, what is pending in
 * stream_claim.c.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include "sherd/commands/families.h"
#include "stream_arguments.h"

/* What XGROUP's subcommands say behind the id. */
struct options {
    bool makes_stream;    /* MKSTREAM */
    int64_t entries_read; /* ENTRIESREAD */
};

/* From argument 5 on; false: an error is replied. */
static bool parse_options(struct call *call, bool creates, struct options *options)
{
    *options = (struct options){.entries_read = STREAM_ENTRIES_READ_UNKNOWN};
    for (uint32_t i = 5; i < call->argc; i++) {
        if (creates && call_argument_is(call, i, "mkstream")) {
            options->makes_stream = true;
        } else if (i + 1 < call->argc && call_argument_is(call, i, "entriesread")) {
            if (!call_integer(call, ++i, &options->entries_read)) {
                return false;
            }
            if (options->entries_read < 0 && options->entries_read != STREAM_ENTRIES_READ_UNKNOWN) {
                (void)call_fail_slice(call, SLICE_LITERAL("ERR value for ENTRIESREAD must be positive or -1"));
                return false;
            }
        } else {
            (void)call_fail_subcommand(call);
            return false;
        }
    }
    return true;
}

static enum outcome fail_no_key(struct call *call)
{
    return call_fail_slice(call, SLICE_LITERAL("ERR The XGROUP subcommand requires the key to exist. Note that for "
                                               "CREATE you may want to use the MKSTREAM option to create an empty "
                                               "stream automatically."));
}

static enum outcome fail_no_group(struct call *call)
{
    struct slice key = call->argv[2];
    struct slice group = call->argv[3];
    return call_fail_format(call, "NOGROUP No such consumer group '%.*s' for key name '%.*s'", (int)group.len,
                            group.data, (int)key.len, key.data);
}

/* The stream at argument 2 and the group at argument 3, NULL when there is none; false: an error is replied. */
static bool find(struct call *call, struct keyref *ref, struct stream **stream, struct stream_group **group)
    REQUIRES(shard_held)
{
    void *object;
    if (!call_write_object(call, 2, VALUE_STREAM, ref, &object)) {
        return false;
    }
    if (object == NULL) {
        (void)fail_no_key(call);
        return false;
    }
    *stream = object;
    *group = stream_group_find(*stream, call->argv[3]);
    return true;
}

/* The same where the group has to exist. */
static bool find_both(struct call *call, struct keyref *ref, struct stream **stream, struct stream_group **group)
    REQUIRES(shard_held)
{
    if (!find(call, ref, stream, group)) {
        return false;
    }
    if (*group == NULL) {
        (void)fail_no_group(call);
    }
    return *group != NULL;
}

COMMAND_HANDLER(xgroup_create_command)
{
    struct options options;
    struct keyref ref;
    void *object;
    if (!parse_options(call, true, &options) || !call_write_object(call, 2, VALUE_STREAM, &ref, &object)) {
        return OUTCOME_ERROR;
    }
    if (object == NULL && !options.makes_stream) {
        return fail_no_key(call);
    }
    if (call->argc > 8) { /* a word twice */
        return call_fail_subcommand(call);
    }
    struct stream *stream = object;
    struct stream_id id = STREAM_ID_MIN;
    if (stream_argument_is(call->argv[4], '$')) {
        id = stream == NULL ? STREAM_ID_MIN : stream->last_id;
    } else if (!stream_argument_id(call, 4, 0, &id)) {
        return OUTCOME_ERROR;
    }
    if (stream == NULL) {
        stream = stream_create();
        keyref_set_object(&ref, VALUE_STREAM, stream, DEADLINE_NONE);
    }
    if (stream_group_create(stream, call->argv[3], id, options.entries_read) == NULL) {
        return call_fail_slice(call, SLICE_LITERAL("BUSYGROUP Consumer Group name already exists"));
    }
    call_changed(call, &ref, EVENT_STREAM, "xgroup-create");
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(xgroup_setid_command)
{
    struct options options;
    struct keyref ref;
    struct stream *stream;
    struct stream_group *group;
    struct stream_id id;
    if (!parse_options(call, false, &options) || !find_both(call, &ref, &stream, &group)) {
        return OUTCOME_ERROR;
    }
    if (call->argc > 7) { /* the word twice */
        return call_fail_subcommand(call);
    }
    struct slice text = call->argv[4];
    if (stream_argument_is(text, '$')) {
        id = stream->last_id;
    } else if (stream_argument_is(text, '-') || stream_argument_is(text, '+')) {
        id = text.data[0] == '-' ? STREAM_ID_MIN : STREAM_ID_MAX;
    } else if (!stream_argument_id(call, 4, 0, &id)) {
        return OUTCOME_ERROR;
    }
    group->last_id = id;
    group->entries_read = options.entries_read;
    call_changed(call, &ref, EVENT_STREAM, "xgroup-setid");
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

static bool xgroup_destroy_is_long(struct call *call) REQUIRES(shard_held)
{
    void *object;
    const struct stream_group *group = NULL;
    if (call_peek_object(call, 2, VALUE_STREAM, &object) && object != NULL) {
        group = stream_group_find(object, call->argv[3]);
    }
    return group != NULL && stream_group_weight(group) > STREAM_SHORT_PENDING;
}

COMMAND_HANDLER(xgroup_destroy_command)
{
    struct keyref ref;
    struct stream *stream;
    struct stream_group *group;
    if (!find(call, &ref, &stream, &group)) {
        return OUTCOME_ERROR;
    }
    if (group != NULL) {
        stream_group_destroy(stream, group);
        call_changed(call, &ref, EVENT_STREAM, "xgroup-destroy");
    }
    reply_integer(&call->reply, group != NULL);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(xgroup_createconsumer_command)
{
    struct keyref ref;
    struct stream *stream;
    struct stream_group *group;
    if (!find_both(call, &ref, &stream, &group)) {
        return OUTCOME_ERROR;
    }
    bool exists = stream_consumer_find(group, call->argv[4]) != NULL;
    if (!exists) {
        stream_see_consumer(call, stream, group, 2, call->argv[4]);
    }
    reply_integer(&call->reply, !exists);
    return OUTCOME_DONE;
}

static bool xgroup_delconsumer_is_long(struct call *call) REQUIRES(shard_held)
{
    void *object;
    const struct stream_group *group = NULL;
    if (call_peek_object(call, 2, VALUE_STREAM, &object) && object != NULL) {
        group = stream_group_find(object, call->argv[3]);
    }
    const struct stream_consumer *consumer = group == NULL ? NULL : stream_consumer_find(group, call->argv[4]);
    return consumer != NULL && consumer->pending.count > STREAM_SHORT_PENDING;
}

COMMAND_HANDLER(xgroup_delconsumer_command)
{
    struct keyref ref;
    struct stream *stream;
    struct stream_group *group;
    if (!find_both(call, &ref, &stream, &group)) {
        return OUTCOME_ERROR;
    }
    struct stream_consumer *consumer = stream_consumer_find(group, call->argv[4]);
    uint64_t pending = 0;
    if (consumer != NULL) {
        pending = stream_consumer_destroy(stream, group, consumer);
        call_changed(call, &ref, EVENT_STREAM, "xgroup-delconsumer");
    }
    reply_integer(&call->reply, (int64_t)pending);
    return OUTCOME_DONE;
}

static enum outcome xgroup_help_command(struct call *call)
{
    static const char *const lines[] = {"CREATE <key> <groupname> <id|$> [option]",
                                        "    Create a new consumer group. Options are:",
                                        "    * MKSTREAM",
                                        "      Create the empty stream if it does not exist.",
                                        "    * ENTRIESREAD entries_read",
                                        "      Set the group's entries_read counter (internal use).",
                                        "CREATECONSUMER <key> <groupname> <consumer>",
                                        "    Create a new consumer in the specified group.",
                                        "DELCONSUMER <key> <groupname> <consumer>",
                                        "    Remove the specified consumer.",
                                        "DESTROY <key> <groupname>",
                                        "    Remove the specified group.",
                                        "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
                                        "    Set the current group ID and entries_read counter.",
                                        NULL};
    return call_reply_help(call, lines);
}

static bool xack_is_long(struct call *call)
{
    return call->argc > STREAM_SHORT_PENDING + 3;
}

COMMAND_HANDLER(xack_command)
{
    void *stream;
    struct stream_group *group;
    if (!stream_find_group(call, &stream, &group)) {
        return OUTCOME_ERROR;
    }
    if (group == NULL) {
        reply_integer(&call->reply, 0);
        return OUTCOME_DONE;
    }
    struct stream_ids ids;
    uint32_t acknowledged = 0;
    stream_ids_take(call, 3, &ids);
    bool all_are_ids = ids.count == call->argc - 3;
    for (uint32_t i = 0; all_are_ids && i < ids.count; i++) {
        acknowledged += stream_group_acknowledge(group, ids.items[i]);
    }
    stream_ids_release(&ids);
    if (!all_are_ids) {
        return call_fail(call, ERROR_STREAM_ID);
    }
    call->effects.changes += acknowledged;
    reply_integer(&call->reply, acknowledged);
    return OUTCOME_DONE;
}

static const struct command_history create_history[] = {{"7.0.0", "Added the `entries_read` named argument."}, {0}};
static const struct command_history setid_history[] = {{"7.0.0", "Added the optional `entries_read` argument."}, {0}};

static const struct command_row xgroup_subcommands[] = {
    {.name = "create",
     .handler = xgroup_create_command,
     .arity = -5,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .categories = ACL_STREAM,
     .keys = {{.flags = KEY_RW | KEY_INSERT, .begin = 2, .step = 1}},
     .summary = "Makes a consumer group that begins behind an id of the stream.",
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(log N) where N is the number of groups of the stream.",
     .history = create_history,
     .arguments = "key:key group id-selector:(id|new-id:token=$) MKSTREAM? entriesread'entries-read':integer="
                  "ENTRIESREAD?"},
    {.name = "createconsumer",
     .handler = xgroup_createconsumer_command,
     .arity = 5,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .categories = ACL_STREAM,
     .keys = {{.flags = KEY_RW | KEY_INSERT, .begin = 2, .step = 1}},
     .summary = "Adds a consumer to a group.",
     .since = "6.2.0",
     .group = "stream",
     .complexity = "O(log N) where N is the number of consumers in the group.",
     .arguments = "key:key group consumer"},
    {.name = "delconsumer",
     .handler = xgroup_delconsumer_command,
     .arity = 5,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE,
     .categories = ACL_STREAM,
     .keys = {{.flags = KEY_RW | KEY_DELETE, .begin = 2, .step = 1}},
     .is_long = xgroup_delconsumer_is_long,
     .summary = "Removes a consumer from a group, with what is pending with it, and returns how much that was.",
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(N log M) where N entries are pending with the consumer and M in the group.",
     .arguments = "key:key group consumer"},
    {.name = "destroy",
     .handler = xgroup_destroy_command,
     .arity = 4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE,
     .categories = ACL_STREAM,
     .keys = {{.flags = KEY_RW | KEY_DELETE, .begin = 2, .step = 1}},
     .is_long = xgroup_destroy_is_long,
     .summary = "Removes a consumer group with its consumers and all that is pending.",
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(N) where N is the number of pending entries and consumers.",
     .arguments = "key:key group"},
    {.name = "help",
     .handler = xgroup_help_command,
     .arity = 2,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .categories = ACL_STREAM,
     .summary = "Says what the subcommands do.",
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(1)"},
    {.name = "setid",
     .handler = xgroup_setid_command,
     .arity = -5,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE,
     .categories = ACL_STREAM,
     .keys = {{.flags = KEY_RW | KEY_UPDATE, .begin = 2, .step = 1}},
     .summary = "Sets the id behind which a group goes on reading.",
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(1)",
     .history = setid_history,
     .arguments = "key:key group id-selector:(id|new-id:token=$) entriesread'entries-read':integer=ENTRIESREAD?"},
    {0},
};

const struct command_row stream_group_commands[] = {
    {.name = "xack",
     .handler = xack_command,
     .arity = -4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .categories = ACL_STREAM,
     .keys = {{.flags = KEY_RW | KEY_UPDATE, .begin = 1, .step = 1}},
     .is_long = xack_is_long,
     .summary = "Acknowledges entries that are pending in a group and returns how many were.",
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(log N) for each id, where N entries are pending.",
     .arguments = "key:key group id+"},
    {.name = "xgroup",
     .arity = -2,
     .subcommands = xgroup_subcommands,
     .summary = "A container for commands that manage consumer groups.",
     .since = "5.0.0",
     .group = "stream",
     .complexity = "Depends on subcommand."},
    {0},
};

/* SPDX-License-Identifier: BSD-3-Clause */
/* SUBSCRIBE and its kin, PUBLISH, PUBSUB; what a RESP2 subscriber may not do; the lines of INFO.
 * Owner: nobody, handlers keep no state. Locks: none here. */
#include "sherd/pubsub/commands.h"

#include <stdio.h>

#include "sherd/pubsub/pubsub.h"

static const char *const kind_prefixes[SUBSCRIPTION_KIND_COUNT] = {"", "p", "s"};

/* The line that confirms: how many subscriptions are left, channels and patterns together, shard channels apart. */
static void confirm(struct call *call, enum subscription_kind kind, const char *what, const struct slice *name)
{
    const struct session *session = call->session;
    uint32_t count = kind == SUBSCRIPTION_SHARD ? session_subscriptions_of(session, SUBSCRIPTION_SHARD)
                                                : session_subscriptions_of(session, SUBSCRIPTION_CHANNEL) +
                                                      session_subscriptions_of(session, SUBSCRIPTION_PATTERN);
    char word[sizeof("punsubscribe")];
    (void)snprintf(word, sizeof(word), "%s%s", kind_prefixes[kind], what);
    reply_push(&call->reply, 3);
    reply_bulk_text(&call->reply, word);
    if (name == NULL) {
        reply_null(&call->reply);
    } else {
        reply_bulk(&call->reply, *name);
    }
    reply_integer(&call->reply, count);
}

static enum outcome subscribe(struct call *call, enum subscription_kind kind)
{
    for (uint32_t i = 1; i < call->argc; i++) {
        (void)pubsub_subscribe(call->context, call->session, kind, call->argv[i]);
        confirm(call, kind, "subscribe", &call->argv[i]);
    }
    return OUTCOME_DONE;
}

static enum outcome unsubscribe(struct call *call, enum subscription_kind kind)
{
    for (uint32_t i = 1; i < call->argc; i++) {
        (void)pubsub_unsubscribe(call->context, call->session, kind, call->argv[i]);
        confirm(call, kind, "unsubscribe", &call->argv[i]);
    }
    if (call->argc > 1) {
        return OUTCOME_DONE;
    }
    struct blob *name = pubsub_first(call->session, kind);
    if (name == NULL) {
        confirm(call, kind, "unsubscribe", NULL);
    }
    for (; name != NULL; name = pubsub_first(call->session, kind)) {
        struct slice text = blob_slice(name);
        (void)pubsub_unsubscribe(call->context, call->session, kind, text);
        confirm(call, kind, "unsubscribe", &text);
        blob_release(name);
    }
    return OUTCOME_DONE;
}

static enum outcome subscribe_command(struct call *call)
{
    return subscribe(call, SUBSCRIPTION_CHANNEL);
}

static enum outcome psubscribe_command(struct call *call)
{
    return subscribe(call, SUBSCRIPTION_PATTERN);
}

static enum outcome ssubscribe_command(struct call *call)
{
    return subscribe(call, SUBSCRIPTION_SHARD);
}

static enum outcome unsubscribe_command(struct call *call)
{
    return unsubscribe(call, SUBSCRIPTION_CHANNEL);
}

static enum outcome punsubscribe_command(struct call *call)
{
    return unsubscribe(call, SUBSCRIPTION_PATTERN);
}

static enum outcome sunsubscribe_command(struct call *call)
{
    return unsubscribe(call, SUBSCRIPTION_SHARD);
}

static enum outcome publish_command(struct call *call)
{
    reply_integer(&call->reply, pubsub_publish(call->context, SUBSCRIPTION_CHANNEL, call->argv[1], call->argv[2]));
    return OUTCOME_DONE;
}

static enum outcome spublish_command(struct call *call)
{
    reply_integer(&call->reply, pubsub_publish(call->context, SUBSCRIPTION_SHARD, call->argv[1], call->argv[2]));
    return OUTCOME_DONE;
}

static enum outcome reply_channels(struct call *call, enum subscription_kind kind)
{
    if (call->argc > 3) {
        return call_fail_subcommand(call);
    }
    size_t count;
    struct blob **names =
        pubsub_channels(call->context, kind, call->argc == 3 ? call->argv[2] : SLICE_LITERAL("*"), &count);
    reply_array(&call->reply, count);
    for (size_t i = 0; i < count; i++) {
        reply_bulk(&call->reply, blob_slice(names[i]));
        blob_release(names[i]);
    }
    memory_free(names);
    return OUTCOME_DONE;
}

static enum outcome reply_subscribers(struct call *call, enum subscription_kind kind)
{
    reply_array(&call->reply, (size_t)(call->argc - 2) * 2);
    for (uint32_t i = 2; i < call->argc; i++) {
        reply_bulk(&call->reply, call->argv[i]);
        reply_integer(&call->reply, pubsub_subscribers(call->context, kind, call->argv[i]));
    }
    return OUTCOME_DONE;
}

static enum outcome pubsub_channels_command(struct call *call)
{
    return reply_channels(call, SUBSCRIPTION_CHANNEL);
}

static enum outcome pubsub_shardchannels_command(struct call *call)
{
    return reply_channels(call, SUBSCRIPTION_SHARD);
}

static enum outcome pubsub_numsub_command(struct call *call)
{
    return reply_subscribers(call, SUBSCRIPTION_CHANNEL);
}

static enum outcome pubsub_shardnumsub_command(struct call *call)
{
    return reply_subscribers(call, SUBSCRIPTION_SHARD);
}

static enum outcome pubsub_numpat_command(struct call *call)
{
    struct pubsub *pubsub = call->context;
    reply_integer(&call->reply, atomic_load_explicit(&pubsub->topics[SUBSCRIPTION_PATTERN], memory_order_relaxed));
    return OUTCOME_DONE;
}

static enum outcome pubsub_help_command(struct call *call)
{
    static const char *const lines[] = {
        "CHANNELS [<pattern>]",
        "    Return the currently active channels matching a <pattern> (default: '*').",
        "NUMPAT",
        "    Return number of subscriptions to patterns.",
        "NUMSUB [<channel> ...]",
        "    Return the number of subscribers for the specified channels, excluding",
        "    pattern subscriptions(default: no channels).",
        "SHARDCHANNELS [<pattern>]",
        "    Return the currently active shard level channels matching a <pattern> (default: '*').",
        "SHARDNUMSUB [<shardchannel> ...]",
        "    Return the number of subscribers for the specified shard level channel(s)",
        NULL,
    };
    return call_reply_help(call, lines);
}

enum outcome pubsub_guard(struct call *call, void *context)
{
    (void)context;
    if (call->session->resp == 3 || (call->command->flags & COMMAND_SUBSCRIBED) != 0) {
        return OUTCOME_DONE;
    }
    return call_fail_format(call,
                            "ERR Can't execute '%s': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are "
                            "allowed in this context",
                            call->command->full_name);
}

static unsigned topics(struct pubsub *pubsub, enum subscription_kind kind)
{
    return atomic_load_explicit(&pubsub->topics[kind], memory_order_relaxed);
}

void pubsub_info_clients(void *context, struct exec_worker *worker, struct buffer *out)
{
    (void)worker;
    struct pubsub *pubsub = context;
    buffer_printf(out, "pubsub_clients:%u\r\n", atomic_load_explicit(&pubsub->clients, memory_order_relaxed));
}

void pubsub_info_stats(void *context, struct exec_worker *worker, struct buffer *out)
{
    (void)worker;
    buffer_printf(out, "pubsub_channels:%u\r\n", topics(context, SUBSCRIPTION_CHANNEL));
    buffer_printf(out, "pubsub_patterns:%u\r\n", topics(context, SUBSCRIPTION_PATTERN));
    buffer_printf(out, "pubsubshard_channels:%u\r\n", topics(context, SUBSCRIPTION_SHARD));
}

/* clang-format off: one line of facts per row */
enum {
    SHOW_FLAGS = COMMAND_PUBSUB | COMMAND_LOADING | COMMAND_STALE,
    LISTEN_FLAGS = SHOW_FLAGS | COMMAND_NOSCRIPT | COMMAND_SUBSCRIBED,
};

#define SHARD_KEYS(until) .keys = {{.flags = KEY_NOT_KEY, .begin = 1, .last = (until), .step = 1}}
#define ROW(word, function, args, bits, from)                                                                          \
    .name = (word), .handler = (function), .arity = (args), .flags = (bits), .since = (from), .group = "pubsub"

static const struct command_row pubsub_subcommands[] = {
    {ROW("channels", pubsub_channels_command, -2, SHOW_FLAGS, "2.8.0"),
     .summary = "Lists the channels that have subscribers.",
     .complexity = "O(N) where N is the number of channels with subscribers", .arguments = "pattern:pattern?"},
    {ROW("numpat", pubsub_numpat_command, 2, SHOW_FLAGS, "2.8.0"),
     .summary = "Counts the different patterns that are subscribed to.", .complexity = "O(1)"},
    {ROW("numsub", pubsub_numsub_command, -2, SHOW_FLAGS, "2.8.0"), .summary = "Counts the subscribers of channels.",
     .complexity = "O(N) where N is the number of channels asked for", .arguments = "channel?+"},
    {ROW("shardchannels", pubsub_shardchannels_command, -2, SHOW_FLAGS, "7.0.0"),
     .summary = "Lists the shard channels that have subscribers.",
     .complexity = "O(N) where N is the number of shard channels with subscribers", .arguments = "pattern:pattern?"},
    {ROW("shardnumsub", pubsub_shardnumsub_command, -2, SHOW_FLAGS, "7.0.0"),
     .summary = "Counts the subscribers of shard channels.",
     .complexity = "O(N) where N is the number of shard channels asked for", .arguments = "shardchannel?+"},
    {ROW("help", pubsub_help_command, 2, COMMAND_LOADING | COMMAND_STALE, "6.2.0"), .summary = "Lists the subcommands.",
     .complexity = "O(1)"},
    {0},
};

const struct command_row pubsub_commands[] = {
    {ROW("subscribe", subscribe_command, -2, LISTEN_FLAGS, "2.0.0"),
     .summary = "Subscribes this connection to channels.", .complexity = "O(N) where N is the number of channels",
     .arguments = "channel+"},
    {ROW("unsubscribe", unsubscribe_command, -1, LISTEN_FLAGS, "2.0.0"),
     .summary = "Ends subscriptions to channels, to all when none is named.",
     .complexity = "O(N) where N is the number of channels", .arguments = "channel?+"},
    {ROW("psubscribe", psubscribe_command, -2, LISTEN_FLAGS, "2.0.0"),
     .summary = "Subscribes this connection to all channels that fit patterns.",
     .complexity = "O(N) where N is the number of patterns", .arguments = "pattern:(pattern:pattern)+"},
    {ROW("punsubscribe", punsubscribe_command, -1, LISTEN_FLAGS, "2.0.0"),
     .summary = "Ends subscriptions to patterns, to all when none is named.",
     .complexity = "O(N) where N is the number of patterns", .arguments = "pattern:pattern?+"},
    {ROW("ssubscribe", ssubscribe_command, -2, LISTEN_FLAGS, "7.0.0"), SHARD_KEYS(-1),
     .summary = "Subscribes this connection to shard channels.",
     .complexity = "O(N) where N is the number of shard channels", .arguments = "shardchannel+"},
    {ROW("sunsubscribe", sunsubscribe_command, -1, LISTEN_FLAGS, "7.0.0"), SHARD_KEYS(-1),
     .summary = "Ends subscriptions to shard channels, to all when none is named.",
     .complexity = "O(N) where N is the number of shard channels", .arguments = "shardchannel?+"},
    {ROW("publish", publish_command, 3, SHOW_FLAGS | COMMAND_FAST | COMMAND_MAY_REPLICATE, "2.0.0"),
     .summary = "Sends a message to the subscribers of a channel.",
     .complexity = "O(N+M) where N is the number of subscribers and M that of all patterns",
     .arguments = "channel message"},
    {ROW("spublish", spublish_command, 3, SHOW_FLAGS | COMMAND_FAST | COMMAND_MAY_REPLICATE, "7.0.0"), SHARD_KEYS(0),
     .summary = "Sends a message to the subscribers of a shard channel.",
     .complexity = "O(N) where N is the number of subscribers", .arguments = "shardchannel message"},
    {ROW("pubsub", NULL, -2, 0, "2.8.0"), .subcommands = pubsub_subcommands,
     .summary = "Tells about channels, patterns and their subscribers.", .complexity = "That of the subcommand"},
    {0},
};

/* SPDX-License-Identifier: BSD-3-Clause */
/* SUBSCRIBE and its kin as a client says them: confirmations and their counts, what a subscriber may not do, what
 * PUBSUB and INFO tell.
 * Owner: each test. Locks: those of the room. */
#include "sherd/pubsub/commands.h"

#include <criterion/criterion.h>

#include "reply_text.h"
#include "sherd/pubsub/pubsub.h"
#include "small_commands.h"
#include "small_server.h"

static const struct command_row key_rows[] = {SMALL_COMMANDS, {0}};

static struct small_server server;
static struct pubsub *pubsub;
static struct mailbox box;
static struct recorder ann;
static struct recorder ben;
static struct buffer text;

static void begin(void)
{
    pubsub = memory_alloc_line(sizeof(*pubsub));
    const struct command_family families[] = {{key_rows, NULL}, {pubsub_commands, pubsub}};
    small_server_compose(&server, config_create(NULL, 0, &(struct config_hooks){0}),
                         command_table_create(families, ARRAY_LENGTH(families)));
    exec_add_guard(&server.exec, (struct guard){.session_flags = SESSION_SUBSCRIBED, .check = pubsub_guard});
    pubsub_init(pubsub, &server.exec);
    small_server_start(&server, 1);
    cr_assert_eq(mailbox_init(&box), STATUS_OK);
    server.worker->box = &box;
    recorder_init(&ann, server.worker);
    recorder_init(&ben, server.worker);
    buffer_init(&text);
}

static void end(void)
{
    recorder_deinit(&ann);
    recorder_deinit(&ben);
    buffer_deinit(&text);
    pubsub_deinit(pubsub);
    memory_free(pubsub);
    mailbox_deinit(&box);
    small_server_stop(&server);
}

TestSuite(pubsub_command, .init = begin, .fini = end);

/* All that a command answers, a blank between two. */
static const char *run(struct recorder *client, const char *words)
{
    text.len = 0;
    for (const char *at = small_run(client, words); *at != '\0';) {
        buffer_append(&text, " ", text.len == 0 ? 0 : 1);
        at = reply_text_append(&text, at);
    }
    buffer_append(&text, "", 1);
    return text.data;
}

#define EXPECT(client, words, replies) cr_expect_str_eq(run(client, words), (replies), "%s", words)

Test(pubsub_command, confirms_each_channel_with_the_number_so_far)
{
    EXPECT(&ann, "subscribe a b", "[subscribe a :1] [subscribe b :2]");
}

Test(pubsub_command, confirms_with_pushes_in_resp3)
{
    ann.session.resp = 3;
    EXPECT(&ann, "subscribe a", ">[subscribe a :1]");
    EXPECT(&ann, "unsubscribe", ">[unsubscribe a :0]");
    EXPECT(&ann, "unsubscribe", ">[unsubscribe null :0]");
}

Test(pubsub_command, confirms_again_what_was_subscribed_already)
{
    EXPECT(&ann, "subscribe a a", "[subscribe a :1] [subscribe a :1]");
    EXPECT(&ben, "pubsub numsub a", "[a :1]");
}

Test(pubsub_command, counts_channels_and_patterns_together)
{
    EXPECT(&ann, "subscribe a", "[subscribe a :1]");
    EXPECT(&ann, "psubscribe a b*", "[psubscribe a :2] [psubscribe b* :3]");
    EXPECT(&ann, "punsubscribe b*", "[punsubscribe b* :2]");
}

Test(pubsub_command, counts_shard_channels_apart)
{
    EXPECT(&ann, "subscribe a", "[subscribe a :1]");
    EXPECT(&ann, "ssubscribe a", "[ssubscribe a :1]");
    EXPECT(&ann, "sunsubscribe a", "[sunsubscribe a :0]");
}

Test(pubsub_command, unsubscribing_from_nothing_is_confirmed_once)
{
    EXPECT(&ann, "unsubscribe", "[unsubscribe nil :0]");
    EXPECT(&ann, "punsubscribe", "[punsubscribe nil :0]");
    EXPECT(&ann, "sunsubscribe", "[sunsubscribe nil :0]");
}

Test(pubsub_command, unsubscribing_from_what_was_never_subscribed_is_confirmed)
{
    EXPECT(&ann, "unsubscribe x y", "[unsubscribe x :0] [unsubscribe y :0]");
}

Test(pubsub_command, unsubscribing_without_a_name_leaves_other_kinds_alone)
{
    EXPECT(&ann, "subscribe a b", "[subscribe a :1] [subscribe b :2]");
    EXPECT(&ann, "psubscribe p*", "[psubscribe p* :3]");
    EXPECT(&ann, "unsubscribe", "[unsubscribe a :2] [unsubscribe b :1]");
    cr_assert((ann.session.flags & SESSION_SUBSCRIBED) != 0);
}

Test(pubsub_command, a_subscriber_may_do_nothing_else_in_resp2)
{
    const char *error = "-ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are "
                        "allowed in this context";
    EXPECT(&ann, "subscribe a", "[subscribe a :1]");
    EXPECT(&ann, "get k", error);
    EXPECT(&ann, "unsubscribe a", "[unsubscribe a :0]");
    EXPECT(&ann, "get k", "nil");
}

Test(pubsub_command, a_subscriber_in_resp3_may_do_anything)
{
    ann.session.resp = 3;
    EXPECT(&ann, "subscribe a", ">[subscribe a :1]");
    EXPECT(&ann, "set k v", "+OK");
}

Test(pubsub_command, a_subscriber_to_patterns_may_not_publish_in_resp2)
{
    EXPECT(&ann, "psubscribe *", "[psubscribe * :1]");
    EXPECT(&ann, "publish a x",
           "-ERR Can't execute 'publish': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / "
           "RESET are allowed in this context");
}

Test(pubsub_command, publishing_answers_how_many_subscriptions_it_reaches)
{
    EXPECT(&ann, "subscribe a", "[subscribe a :1]");
    EXPECT(&ann, "psubscribe a* ?", "[psubscribe a* :2] [psubscribe ? :3]");
    EXPECT(&ben, "publish a x", ":3");
    EXPECT(&ben, "publish abc x", ":1");
    EXPECT(&ben, "spublish a x", ":0");
}

Test(pubsub_command, channels_are_listed_without_patterns_and_once)
{
    EXPECT(&ann, "subscribe news", "[subscribe news :1]");
    EXPECT(&ben, "pubsub channels", "[news]");
    EXPECT(&ann, "psubscribe n*", "[psubscribe n* :2]");
    EXPECT(&ann, "ssubscribe shard", "[ssubscribe shard :1]");
    EXPECT(&ben, "pubsub channels", "[news]");
    EXPECT(&ben, "pubsub shardchannels", "[shard]");
}

Test(pubsub_command, channels_are_filtered_by_a_pattern)
{
    EXPECT(&ann, "subscribe news sport", "[subscribe news :1] [subscribe sport :2]");
    EXPECT(&ben, "pubsub channels s*", "[sport]");
    EXPECT(&ben, "pubsub channels x*", "[]");
    EXPECT(&ben, "pubsub channels s* x*",
           "-ERR unknown subcommand or wrong number of arguments for 'channels'. Try PUBSUB HELP.");
}

Test(pubsub_command, numsub_answers_for_every_name_and_for_none)
{
    EXPECT(&ann, "subscribe a", "[subscribe a :1]");
    EXPECT(&ben, "pubsub numsub a b a", "[a :1 b :0 a :1]");
    EXPECT(&ben, "pubsub numsub", "[]");
    EXPECT(&ben, "pubsub shardnumsub a", "[a :0]");
}

Test(pubsub_command, numpat_counts_different_patterns)
{
    EXPECT(&ann, "psubscribe a* b*", "[psubscribe a* :1] [psubscribe b* :2]");
    ben.session.resp = 3;
    EXPECT(&ben, "psubscribe a*", ">[psubscribe a* :1]");
    EXPECT(&ben, "pubsub numpat", ":2");
}

Test(pubsub_command, a_session_that_ends_leaves_nothing_behind)
{
    EXPECT(&ann, "subscribe a", "[subscribe a :1]");
    EXPECT(&ann, "psubscribe a*", "[psubscribe a* :2]");
    EXPECT(&ann, "ssubscribe a", "[ssubscribe a :1]");
    session_end_parts(&ann.session);
    EXPECT(&ben, "pubsub channels", "[]");
    EXPECT(&ben, "pubsub numpat", ":0");
    EXPECT(&ben, "publish a x", ":0");
    EXPECT(&ben, "spublish a x", ":0");
}

Test(pubsub_command, info_counts_clients_channels_and_patterns)
{
    EXPECT(&ann, "subscribe a b", "[subscribe a :1] [subscribe b :2]");
    EXPECT(&ben, "psubscribe a*", "[psubscribe a* :1]");
    text.len = 0;
    pubsub_info_clients(pubsub, server.worker, &text);
    pubsub_info_stats(pubsub, server.worker, &text);
    cr_assert(
        slice_equals(buffer_slice(&text), SLICE_LITERAL("pubsub_clients:2\r\npubsub_channels:2\r\npubsub_patterns:1\r\n"
                                                        "pubsubshard_channels:0\r\n")),
        "%.*s", (int)text.len, text.data);
}

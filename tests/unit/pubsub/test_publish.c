/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages to sessions of one worker: who gets them, in which words, and what is left when they go.
 * Owner: each test. Locks: those of the room. */
#include <criterion/criterion.h>

#include "sherd/base/glob.h"
#include "sherd/pubsub/pubsub.h"
#include "small_server.h"

static const struct command_row no_rows[] = {{0}};
static struct small_server server;
static struct pubsub *pubsub;
static struct mailbox box;
static struct session one, two;
static unsigned pushes;

static void note_push(UNUSED struct session *session)
{
    pushes++;
}

static const struct session_sink sink = {.pushed = note_push};

static void begin(void)
{
    small_server_init(&server, no_rows, NULL);
    small_server_start(&server, 1);
    cr_assert_eq(mailbox_init(&box), STATUS_OK);
    server.worker->box = &box;
    pubsub = memory_alloc_line(sizeof(*pubsub));
    pubsub_init(pubsub, &server.exec);
    session_init(&one, 1, server.worker, &sink);
    session_init(&two, 2, server.worker, &sink);
    pushes = 0;
}

static void end(void)
{
    session_deinit(&one);
    session_deinit(&two);
    pubsub_deinit(pubsub);
    memory_free(pubsub);
    mailbox_deinit(&box);
    small_server_stop(&server);
}

TestSuite(publish, .init = begin, .fini = end);

static bool join(struct session *session, enum subscription_kind kind, const char *name)
{
    return pubsub_subscribe(pubsub, session, kind, slice_from_text(name));
}

static uint32_t publish(enum subscription_kind kind, const char *channel, const char *payload)
{
    return pubsub_publish(pubsub, kind, slice_from_text(channel), slice_from_text(payload));
}

/* What there is for the session to be written is just that. */
static bool received(struct session *session, const char *bytes)
{
    session_settle(session);
    return slice_equals(buffer_slice(&session->own.bytes), slice_from_text(bytes));
}

Test(publish, to_nobody_sends_nothing)
{
    cr_assert_eq(publish(SUBSCRIPTION_CHANNEL, "c", "x"), 0);
    cr_assert(join(&one, SUBSCRIPTION_CHANNEL, "other"));
    cr_assert_eq(publish(SUBSCRIPTION_CHANNEL, "c", "x"), 0);
    cr_assert_eq(mailbox_deliver(&box, NULL), 0);
}

Test(publish, reaches_all_sessions_of_a_worker_with_one_mail)
{
    cr_assert(join(&one, SUBSCRIPTION_CHANNEL, "c"));
    cr_assert_not(join(&one, SUBSCRIPTION_CHANNEL, "c"));
    cr_assert(join(&two, SUBSCRIPTION_CHANNEL, "c"));
    two.resp = 3;
    cr_assert_eq(publish(SUBSCRIPTION_CHANNEL, "c", "x"), 2);
    cr_assert_eq(pushes, 0);
    cr_assert_eq(mailbox_deliver(&box, NULL), 1);
    cr_assert_eq(pushes, 2);
    cr_assert(received(&one, "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n"));
    cr_assert(received(&two, ">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n"));
}

Test(publish, reaches_patterns_but_shard_channels_only_by_their_name)
{
    cr_assert(join(&one, SUBSCRIPTION_PATTERN, "c*"));
    cr_assert(join(&two, SUBSCRIPTION_SHARD, "c"));
    cr_assert_eq(publish(SUBSCRIPTION_CHANNEL, "c", "x"), 1);
    cr_assert_eq(publish(SUBSCRIPTION_SHARD, "c", "y"), 1);
    cr_assert_eq(mailbox_deliver(&box, NULL), 2);
    cr_assert(received(&one, "*4\r\n$8\r\npmessage\r\n$2\r\nc*\r\n$1\r\nc\r\n$1\r\nx\r\n"));
    cr_assert(received(&two, "*3\r\n$8\r\nsmessage\r\n$1\r\nc\r\n$1\r\ny\r\n"));
}

Test(publish, keeps_older_messages_from_a_new_subscriber)
{
    cr_assert(join(&one, SUBSCRIPTION_CHANNEL, "c"));
    cr_assert_eq(publish(SUBSCRIPTION_CHANNEL, "c", "x"), 1);
    cr_assert(join(&two, SUBSCRIPTION_CHANNEL, "c"));
    (void)mailbox_deliver(&box, NULL);
    cr_assert(received(&two, ""));
    cr_assert_not(received(&one, ""));
}

Test(publish, sends_nothing_to_who_left_meanwhile)
{
    cr_assert(join(&one, SUBSCRIPTION_CHANNEL, "c"));
    cr_assert(join(&two, SUBSCRIPTION_CHANNEL, "c"));
    cr_assert_eq(publish(SUBSCRIPTION_CHANNEL, "c", "x"), 2);
    cr_assert(pubsub_unsubscribe(pubsub, &one, SUBSCRIPTION_CHANNEL, SLICE_LITERAL("c")));
    session_end_parts(&two);
    (void)mailbox_deliver(&box, NULL);
    cr_assert_eq(pushes, 0);
    cr_assert_eq(pubsub_subscribers(pubsub, SUBSCRIPTION_CHANNEL, SLICE_LITERAL("c")), 0);
    cr_assert_eq(atomic_load(&pubsub->clients), 0);
    cr_assert_eq(two.flags & SESSION_SUBSCRIBED, 0);
}

Test(publish, counts_subscriptions_as_memory_of_the_client)
{
    cr_assert(join(&one, SUBSCRIPTION_CHANNEL, "c"));
    size_t short_name = one.kept_bytes;
    cr_assert_gt(short_name, 1);
    cr_assert(join(&one, SUBSCRIPTION_PATTERN, "longer*"));
    cr_assert_eq(one.kept_bytes, 2 * short_name + sizeof("onger*") - 1);
    cr_assert(pubsub_unsubscribe(pubsub, &one, SUBSCRIPTION_CHANNEL, SLICE_LITERAL("c")));
    cr_assert_not(pubsub_unsubscribe(pubsub, &one, SUBSCRIPTION_CHANNEL, SLICE_LITERAL("c")));
    session_end_parts(&one);
    cr_assert_eq(one.kept_bytes, 0);
}

Test(publish, to_a_session_whose_command_is_elsewhere_waits_beside_its_replies)
{
    cr_assert(join(&one, SUBSCRIPTION_CHANNEL, "c"));
    one.flags |= SESSION_AWAY;
    cr_assert_eq(publish(SUBSCRIPTION_CHANNEL, "c", "x"), 1);
    (void)mailbox_deliver(&box, NULL);
    cr_assert(output_is_empty(&one.own));
    exec_errand_finish(&one);
    cr_assert(received(&one, "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n"));
    cr_assert_null(one.held);
}

Test(publish, writes_down_once_what_goes_to_many)
{
    cr_assert(join(&one, SUBSCRIPTION_CHANNEL, "c"));
    cr_assert(join(&two, SUBSCRIPTION_CHANNEL, "c"));
    cr_assert_eq(publish(SUBSCRIPTION_CHANNEL, "c", "x"), 2);
    cr_assert_eq(publish(SUBSCRIPTION_CHANNEL, "c", "y"), 2);
    (void)mailbox_deliver(&box, NULL);
    size_t bytes = 2 * strlen("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n");
    cr_assert_eq(server.worker->out.bytes.len, bytes);
    cr_assert(one.in_turn && two.in_turn);
    cr_assert_eq(one.turn.end, bytes);
    cr_assert_eq(memcmp(&one.turn, &two.turn, sizeof(one.turn)), 0);
    cr_assert(output_is_empty(&one.own) && output_is_empty(&two.own));
}

Test(publish, keeps_the_order_when_others_receive_something_in_between)
{
    cr_assert(join(&one, SUBSCRIPTION_CHANNEL, "c"));
    cr_assert(join(&two, SUBSCRIPTION_CHANNEL, "c"));
    cr_assert(join(&two, SUBSCRIPTION_CHANNEL, "d"));
    for (const char *next = "cdcc"; *next != '\0'; next++) {
        char channel[2] = {*next};
        cr_assert_gt(publish(SUBSCRIPTION_CHANNEL, channel, channel), 0);
    }
    (void)mailbox_deliver(&box, NULL);
#define MESSAGE(channel) "*3\r\n$7\r\nmessage\r\n$1\r\n" channel "\r\n$1\r\n" channel "\r\n"
    cr_assert(received(&one, MESSAGE("c") MESSAGE("c") MESSAGE("c")));
    cr_assert(received(&two, MESSAGE("c") MESSAGE("d") MESSAGE("c") MESSAGE("c")));
}

Test(publish, refers_to_a_large_payload_instead_of_copying_it)
{
    char *large = memory_alloc(REPLY_REFERENCE_BYTES + 1);
    memset(large, 'x', REPLY_REFERENCE_BYTES);
    large[REPLY_REFERENCE_BYTES] = '\0';
    cr_assert(join(&one, SUBSCRIPTION_CHANNEL, "c"));
    cr_assert(join(&two, SUBSCRIPTION_CHANNEL, "c"));
    cr_assert_eq(publish(SUBSCRIPTION_CHANNEL, "c", large), 2);
    (void)mailbox_deliver(&box, NULL);
    cr_assert_eq(one.own.insert_count, 1);
    cr_assert_eq(one.own.inserts[0].blob, two.own.inserts[0].blob);
    memory_free(large);
}

Test(publish, finds_each_of_many_channels_again)
{
    for (uint32_t i = 0; i < 1000; i++) {
        cr_assert(pubsub_subscribe(pubsub, &one, SUBSCRIPTION_CHANNEL, slice_make((char *)&i, sizeof(i))));
    }
    size_t count;
    struct blob **names = pubsub_channels(pubsub, SUBSCRIPTION_CHANNEL, SLICE_LITERAL("*"), &count);
    cr_assert_eq(count, 1000);
    for (size_t i = 0; i < count; i++) {
        cr_assert(pubsub_unsubscribe(pubsub, &one, SUBSCRIPTION_CHANNEL, blob_slice(names[i])));
        blob_release(names[i]);
    }
    memory_free(names);
    cr_assert_eq(session_subscriptions(&one), 0);
}

Test(publish, counts_receivers_by_patterns_that_take_many_steps)
{
    char channel[301], fits[102], differs[103];
    memset(channel, 'a', 300);
    channel[300] = '\0';
    memset(fits, 'a', 101);
    fits[0] = '*';
    fits[101] = '\0';
    memcpy(differs, fits, 101);
    memcpy(differs + 101, "b", 2);
    size_t steps = 4096;
    cr_assert_eq(glob_match_within(slice_from_text(fits), slice_from_text(channel), false, &steps), GLOB_UNDECIDED);
    cr_assert(join(&one, SUBSCRIPTION_PATTERN, fits));
    cr_assert(join(&one, SUBSCRIPTION_PATTERN, differs));
    cr_assert(join(&two, SUBSCRIPTION_PATTERN, "a*"));
    cr_assert(join(&two, SUBSCRIPTION_CHANNEL, channel));
    cr_assert_eq(publish(SUBSCRIPTION_CHANNEL, channel, "x"), 3);
    cr_assert_eq(mailbox_deliver(&box, NULL), 1);
}

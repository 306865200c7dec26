/* SPDX-License-Identifier: BSD-3-Clause */
/* Keyspace events as messages: for which letters, in which order, and when nobody is asked to tell of anything.
 * Owner: each test. Locks: those of the room. */
#include "sherd/pubsub/notify.h"

#include <criterion/criterion.h>

#include "sherd/pubsub/pubsub.h"
#include "small_commands.h"
#include "small_server.h"

enum { SLOT_PUBSUB = 1 };

static struct small_server server;
static struct pubsub *pubsub;
static struct mailbox box;
static struct recorder client;
static struct session listener;
static struct buffer heard; /* "channel payload, channel payload" */

static void ignore_push(UNUSED struct session *session)
{
}

static const struct session_sink listener_sink = {.pushed = ignore_push};
static const struct command_row rows[] = {SMALL_COMMANDS, {0}};

static void begin(void)
{
    pubsub = memory_alloc_line(sizeof(*pubsub));
    const struct option_section section = {.room = "pubsub",
                                           .rows = pubsub_option_rows,
                                           .count = pubsub_option_count,
                                           .options_bytes = sizeof(struct pubsub_options),
                                           .context = pubsub};
    const struct command_family family = {rows, NULL};
    small_server_compose(&server, config_create(&section, 1, &(struct config_hooks){0}),
                         command_table_create(&family, 1));
    pubsub_init(pubsub, &server.exec);
    notify_configure(&pubsub->notify, SLOT_PUBSUB);
    small_server_start(&server, 1);
    cr_assert_eq(mailbox_init(&box), STATUS_OK);
    server.worker->box = &box;
    recorder_init(&client, server.worker);
    session_init(&listener, 100, server.worker, &listener_sink);
    buffer_init(&heard);
}

static void end(void)
{
    session_deinit(&listener);
    recorder_deinit(&client);
    pubsub_deinit(pubsub);
    mailbox_deinit(&box);
    small_server_stop(&server);
    memory_free(pubsub);
    buffer_deinit(&heard);
}

TestSuite(notify, .init = begin, .fini = end);

static const char *set_events(const char *letters)
{
    static char error[200];
    struct buffer text;
    buffer_init(&text);
    const struct slice words[] = {SLICE_LITERAL("notify-keyspace-events"), slice_from_text(letters)};
    bool good = config_set(server.config, words, 1, true, &text);
    size_t len = good ? 0 : text.len < sizeof(error) - 1 ? text.len : sizeof(error) - 1;
    memcpy(error, text.data == NULL ? "" : text.data, len);
    error[len] = '\0';
    buffer_deinit(&text);
    return error;
}

static bool subscribe(enum subscription_kind kind, const char *name)
{
    return pubsub_subscribe(pubsub, &listener, kind, slice_from_text(name));
}

static bool listens(void)
{
    return atomic_load(&server.exec.listening) != 0;
}

static const char *shown_events(void)
{
    static char shown[32];
    struct slice value;
    cr_assert(
        config_value(server.config, config_current(server.config), SLICE_LITERAL("notify-keyspace-events"), &value));
    memcpy(shown, value.data, value.len);
    shown[value.len] = '\0';
    return shown;
}

/* What the listener was sent since the last look, as RESP2. */
static const char *hear(void)
{
    (void)mailbox_deliver(&box, server.worker);
    heard.len = 0;
    session_collect(&listener, &heard);
    buffer_append(&heard, "", 1);
    return heard.data;
}

#define EVENT(pattern_len, pattern, channel_len, channel, payload_len, payload)                                        \
    "*4\r\n$8\r\npmessage\r\n$" pattern_len "\r\n" pattern "\r\n$" channel_len "\r\n" channel "\r\n$" payload_len      \
    "\r\n" payload "\r\n"

Test(notify, sends_the_event_to_the_key_and_the_key_to_the_event)
{
    cr_assert_str_eq(set_events("KE$"), "");
    cr_assert(subscribe(SUBSCRIPTION_PATTERN, "__key*"));
    (void)small_run(&client, "SET key 1");
    cr_expect_str_eq(hear(), EVENT("6", "__key*", "18", "__keyspace@0__:key", "3", "set")
                                 EVENT("6", "__key*", "18", "__keyevent@0__:set", "3", "key"));
}

Test(notify, sends_what_the_letters_name)
{
    cr_assert(subscribe(SUBSCRIPTION_CHANNEL, "__keyspace@0__:a"));
    cr_assert_str_eq(set_events("Kl"), "");
    (void)small_run(&client, "SET a 1");
    cr_expect_str_eq(hear(), "");
    cr_assert_str_eq(set_events("Knm"), "");
    (void)small_run(&client, "SET a 2");
    cr_expect_str_eq(hear(), "");
    (void)small_run(&client, "MGET a b");
    cr_expect_str_eq(hear(), "");
    (void)small_run(&client, "SET b 1");
    cr_expect_str_eq(hear(), "");
    cr_assert(subscribe(SUBSCRIPTION_CHANNEL, "__keyspace@0__:c"));
    (void)small_run(&client, "GET c");
    (void)small_run(&client, "SET c 1");
    cr_expect_str_eq(hear(), "*3\r\n$7\r\nmessage\r\n$16\r\n__keyspace@0__:c\r\n$7\r\nkeymiss\r\n"
                             "*3\r\n$7\r\nmessage\r\n$16\r\n__keyspace@0__:c\r\n$3\r\nnew\r\n");
}

Test(notify, leaves_the_matching_to_the_worker_that_delivers)
{
    cr_assert_str_eq(set_events("KEA"), "");
    cr_assert(subscribe(SUBSCRIPTION_PATTERN, "__key*:other"));
    (void)small_run(&client, "SET key 1");
    cr_expect_eq(mailbox_deliver(&box, server.worker), 2, "both messages");
    cr_expect_str_eq(hear(), "");
}

Test(notify, listens_while_an_event_is_wanted_and_somebody_may_hear_it)
{
    cr_assert_str_eq(set_events("KEA"), "");
    cr_expect_not(listens());
    cr_assert(subscribe(SUBSCRIPTION_CHANNEL, "news"));
    cr_assert(subscribe(SUBSCRIPTION_SHARD, "__keyspace@0__:a"));
    cr_assert(subscribe(SUBSCRIPTION_PATTERN, "news*"));
    cr_expect_not(listens());
    cr_assert(subscribe(SUBSCRIPTION_PATTERN, "[_]*"));
    cr_expect(listens());
    static const char *const idle[] = {"", "K", "KE", "A", "g$", "d"};
    for (size_t i = 0; i < ARRAY_LENGTH(idle); i++) {
        cr_assert_str_eq(set_events(idle[i]), "");
        cr_expect_not(listens(), "%s", idle[i]);
    }
    cr_assert_str_eq(set_events("Ex"), "");
    cr_expect(listens());
    cr_assert(pubsub_unsubscribe(pubsub, &listener, SUBSCRIPTION_PATTERN, SLICE_LITERAL("[_]*")));
    cr_expect_not(listens());
    cr_assert(subscribe(SUBSCRIPTION_CHANNEL, "__keyevent@0__:expired"));
    cr_expect(listens());
    session_end_parts(&listener);
    cr_expect_not(listens());
}

Test(notify, knows_which_names_may_fit_an_event)
{
    static const char *const good[] = {"*", "?", "__key*", "__keyspace@0__:a", "__k[a-f]*", "\\_*", "__key"};
    static const char *const bad[] = {"", "a*", "__kex*", "__ke", "_a*"};
    for (size_t i = 0; i < ARRAY_LENGTH(good); i++) {
        cr_expect(notify_may_fit(slice_from_text(good[i])), "%s", good[i]);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        cr_expect_not(notify_may_fit(slice_from_text(bad[i])), "%s", bad[i]);
    }
}

Test(notify, shows_the_letters_as_redis_does)
{
    static const char *const cases[][2] = {{"KEA", "AKE"},    {"mKxgn", "gxnKm"}, {"g$lshzxetd", "A"},
                                           {"AKEmn", "AKEm"}, {"KKK", "K"},       {"", ""}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        cr_assert_str_eq(set_events(cases[i][0]), "");
        cr_expect_str_eq(shown_events(), cases[i][1]);
    }
    cr_expect_str_eq(set_events("Kq"),
                     "ERR CONFIG SET failed (possibly related to argument 'notify-keyspace-events') - "
                     "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
}

Test(notify, keeps_the_n_beside_an_A)
{
    cr_assert_str_eq(set_events("KAn"), "");
    cr_assert(subscribe(SUBSCRIPTION_CHANNEL, "__keyspace@0__:a"));
    (void)small_run(&client, "SET a 1");
    cr_expect_not_null(strstr(hear(), "new"));
}

Test(notify, tells_of_keys_that_fell_due)
{
    cr_assert_str_eq(set_events("Ex"), "");
    cr_assert(subscribe(SUBSCRIPTION_CHANNEL, "__keyevent@0__:expired"));
    (void)small_run(&client, "SET a 1 1000001");
    fake_clock_advance_ms(&server.clock, 10);
    (void)small_run(&client, "GET a");
    cr_expect_str_eq(hear(), "*3\r\n$7\r\nmessage\r\n$22\r\n__keyevent@0__:expired\r\n$1\r\na\r\n");
}

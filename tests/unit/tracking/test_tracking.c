/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is told of which change, and where it is written: with one worker, whose mail is delivered by hand.
 * Owner: each test. Locks: those of the room. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "sherd/exec/transaction.h"
#include "sherd/tracking/commands.h"
#include "sherd/tracking/tracking.h"
#include "small_server.h"

static enum outcome changed(struct call *call)
{
    struct keyref ref;
    for (uint32_t i = 1; i < call->argc; i++) {
        (void)call_write(call, i, &ref);
        call_changed(call, &ref, EVENT_STRING, "set");
    }
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

static enum outcome replied(struct call *call)
{
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

static enum outcome flushed(struct call *call)
{
    call_flushed(call, 0, 1);
    return replied(call);
}

static const struct command_row client_subcommands[] = {{.name = "other", .handler = replied, .arity = 2}, {0}};

static const struct command_row rows[] = {
    {.name = "client", .arity = -2, .subcommands = client_subcommands},
    {.name = "read",
     .handler = replied,
     .arity = -2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .last = -1, .step = 1}}},
    {.name = "write",
     .handler = changed,
     .arity = -2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE,
     .keys = {{.flags = KEY_RW | KEY_UPDATE, .begin = 1, .last = -1, .step = 1}}},
    {.name = "flush", .handler = flushed, .arity = 1, .lock = LOCK_ALL_SHARDS, .flags = COMMAND_WRITE},
    {0},
};

static struct small_server server;
static struct tracking *tracking;
static struct mailbox box;
static struct recorder one, two;
static unsigned pushes;

static bool find_worker(UNUSED void *context, uint64_t id, uint32_t *worker)
{
    *worker = server.worker->index;
    return id == one.session.id || id == two.session.id;
}

static struct session *find_session(UNUSED void *context, UNUSED struct exec_worker *worker, uint64_t id)
{
    struct session *found = id == one.session.id ? &one.session : &two.session;
    return found->id == id && !atomic_load(&found->doomed) ? found : NULL;
}

static void note_push(UNUSED struct session *session)
{
    pushes++;
}

static const struct session_sink sink = {.pushed = note_push};

static void begin(void)
{
    small_server_init(&server, rows, NULL);
    tracking = memory_alloc_line(sizeof(*tracking));
    command_table_destroy(server.commands);
    const struct command_family families[] = {
        {rows, NULL}, {transaction_commands, NULL}, {tracking_commands, tracking}};
    server.commands = command_table_create(families, ARRAY_LENGTH(families));
    server.exec.commands = server.commands;
    tracking_init(tracking, &server.exec, (struct tracking_clients){find_worker, find_session, NULL}, 0);
    small_server_start(&server, 1);
    cr_assert_eq(mailbox_init(&box), STATUS_OK);
    server.worker->box = &box;
    recorder_init(&one, server.worker);
    recorder_init(&two, server.worker);
    one.session.sink = &sink;
    two.session.sink = &sink;
    one.session.resp = 3;
    session_show(&one.session);
    pushes = 0;
}

static void end(void)
{
    recorder_deinit(&one);
    recorder_deinit(&two);
    (void)mailbox_deliver(&box, NULL);
    tracking_deinit(tracking);
    memory_free(tracking);
    mailbox_deinit(&box);
    small_server_stop(&server);
}

TestSuite(tracking, .init = begin, .fini = end);

/* Runs a command; then what it told is delivered. */
static void run(struct recorder *who, const char *words)
{
    (void)small_run(who, words);
    (void)mailbox_deliver(&box, NULL);
}

static bool told(struct recorder *who, const char *bytes)
{
    return strcmp(recorder_replies(who), bytes) == 0;
}

static uint64_t keys(void)
{
    return atomic_load(&tracking->keys);
}

#define INVALIDATE ">2\r\n$10\r\ninvalidate\r\n"

Test(tracking, tells_of_a_change_once)
{
    run(&one, "client tracking on");
    run(&one, "read k");
    run(&two, "write k");
    cr_assert(told(&one, INVALIDATE "*1\r\n$1\r\nk\r\n"));
    run(&two, "write k");
    cr_assert(told(&one, ""));
}

Test(tracking, counts_keys_and_clients_until_they_are_told)
{
    run(&one, "client tracking on");
    run(&two, "client tracking on");
    run(&one, "read a b");
    run(&two, "read a");
    cr_assert_eq(keys(), 2);
    cr_assert_eq(atomic_load(&tracking->items), 3);
    run(&one, "write a");
    cr_assert_eq(keys(), 1);
    cr_assert_eq(atomic_load(&tracking->items), 1);
}

Test(tracking, says_nothing_to_a_client_of_resp2)
{
    run(&two, "client tracking on");
    run(&two, "read k");
    run(&one, "write k");
    cr_assert(told(&two, ""));
    cr_assert_eq(pushes, 0);
}

Test(tracking, says_nothing_of_own_changes_with_noloop)
{
    run(&one, "client tracking on noloop");
    run(&one, "read k");
    run(&one, "write k");
    cr_assert(told(&one, ""));
}

Test(tracking, remembers_nothing_with_optin_until_asked_to)
{
    run(&one, "client tracking on optin");
    run(&one, "read a");
    cr_assert_eq(keys(), 0);
    run(&one, "client caching yes");
    run(&one, "client other");
    run(&one, "read b");
    run(&one, "read c");
    cr_assert_eq(keys(), 1);
    run(&two, "write b");
    cr_assert(told(&one, INVALIDATE "*1\r\n$1\r\nb\r\n"));
}

Test(tracking, forgets_what_caching_said_when_a_command_is_refused)
{
    run(&one, "client tracking on optin");
    run(&one, "client caching yes");
    run(&one, "nonsense");
    run(&one, "read a");
    cr_assert_eq(keys(), 0);
}

Test(tracking, caching_holds_for_a_whole_transaction)
{
    run(&one, "client tracking on optout");
    run(&one, "client caching no");
    run(&one, "multi");
    run(&one, "read a");
    run(&one, "read b");
    run(&one, "exec");
    cr_assert_eq(keys(), 0);
    run(&one, "read c");
    cr_assert_eq(keys(), 1);
}

Test(tracking, broadcasts_what_a_batch_changed_in_one_message)
{
    run(&one, "client tracking on bcast prefix a prefix b");
    struct small_batch batch;
    small_batch_begin(&batch, server.worker);
    small_batch_add(&batch, &two, "write a2 c b");
    small_batch_add(&batch, &two, "write a1 a2");
    small_batch_run(&batch);
    (void)mailbox_deliver(&box, NULL);
    cr_assert(told(&one, INVALIDATE "*2\r\n$2\r\na1\r\n$2\r\na2\r\n" INVALIDATE "*1\r\n$1\r\nb\r\n"));
}

Test(tracking, prefixes_count_as_memory_of_their_client)
{
    run(&one, "client tracking on bcast prefix a");
    size_t tracker_and_one = one.session.kept_bytes;
    run(&one, "client tracking on bcast prefix b");
    size_t each = one.session.kept_bytes - tracker_and_one;
    cr_assert_gt(each, 0);
    run(&one, "client tracking on bcast prefix c1234 prefix d");
    cr_assert_eq(one.session.kept_bytes, tracker_and_one + 3 * each + 3 * (sizeof("1234") - 1));
    run(&one, "client tracking off");
    cr_assert_eq(one.session.kept_bytes, 0);
    cr_assert_eq(atomic_load(&tracking->prefix_count), 0);
    run(&one, "client tracking on");
    cr_assert_eq(one.session.kept_bytes, tracker_and_one - each);
}

Test(tracking, many_prefixes_are_left_turn_by_turn)
{
    enum { PREFIXES = 3000 };
    struct recorder guest;
    recorder_init(&guest, server.worker);
    guest.session.sink = &sink;
    run(&one, "client tracking on bcast prefix 2");
    for (unsigned i = 1; i <= PREFIXES; i++) {
        char words[64];
        (void)snprintf(words, sizeof(words), "client tracking on bcast prefix %u:", i);
        run(&guest, words);
    }
    cr_assert_eq(atomic_load(&tracking->prefix_count), PREFIXES + 1);
    recorder_deinit(&guest);
    uint32_t left = atomic_load(&tracking->prefix_count);
    cr_assert(left > 1 && left < PREFIXES);
    cr_assert_eq(atomic_load(&tracking->client_count), 1);
    (void)small_run(&two, "write 1:a 2:a 999:a"); /* of which the guest hears nothing any more */
    (void)mailbox_deliver(&box, NULL);
    cr_assert(told(&one, INVALIDATE "*1\r\n$3\r\n2:a\r\n"));
    cr_assert_lt(atomic_load(&tracking->prefix_count), left);
    while (mailbox_deliver(&box, NULL) != 0) {
    }
    cr_assert_eq(atomic_load(&tracking->prefix_count), 1);
}

Test(tracking, a_flush_tells_all_and_forgets_all)
{
    run(&one, "client tracking on");
    run(&one, "read a b c");
    run(&two, "flush");
    cr_assert(told(&one, INVALIDATE "_\r\n"));
    cr_assert_eq(keys(), 0);
    run(&two, "write a");
    cr_assert(told(&one, ""));
}

Test(tracking, what_comes_while_an_executor_works_waits_for_the_reply)
{
    run(&one, "client tracking on");
    run(&one, "read k");
    one.session.flags |= SESSION_AWAY;
    run(&two, "write k");
    cr_assert(output_is_empty(&one.session.own));
    cr_assert_not_null(one.session.held);
    one.session.flags &= ~(uint32_t)SESSION_AWAY;
    session_release_held(&one.session);
    cr_assert(told(&one, INVALIDATE "*1\r\n$1\r\nk\r\n"));
}

Test(tracking, tells_the_client_of_a_redirection)
{
    char words[64];
    (void)snprintf(words, sizeof(words), "client tracking on redirect %llu", (unsigned long long)one.session.id);
    run(&two, words);
    run(&two, "read k");
    run(&one, "write k");
    (void)mailbox_deliver(&box, NULL);
    cr_assert(told(&one, INVALIDATE "*1\r\n$1\r\nk\r\n"));
    cr_assert(told(&two, ""));
}

Test(tracking, says_that_the_client_of_a_redirection_is_gone)
{
    char words[64];
    (void)snprintf(words, sizeof(words), "client tracking on redirect %llu", (unsigned long long)two.session.id);
    run(&one, words);
    run(&one, "read k");
    atomic_store(&two.session.doomed, true); /* find_session finds it no more */
    run(&one, "write k");
    (void)mailbox_deliver(&box, NULL);
    (void)mailbox_deliver(&box, NULL);
    char expected[64];
    (void)snprintf(expected, sizeof(expected), ">2\r\n$21\r\ntracking-redir-broken\r\n:%llu\r\n",
                   (unsigned long long)two.session.id);
    cr_assert(told(&one, expected));
    cr_assert((atomic_load(&one.session.shown_tracking) & SESSION_SHOWS_BROKEN) != 0);
}

Test(tracking, keeps_to_the_limit_of_keys)
{
    char words[32];
    atomic_store(&tracking->max_keys, KEYSPACE_SHARDS / 4);
    run(&one, "client tracking on");
    for (unsigned i = 0; i < 4 * KEYSPACE_SHARDS; i++) {
        (void)snprintf(words, sizeof(words), "read %u", i);
        run(&one, words);
        (void)recorder_replies(&one);
    }
    cr_assert_leq(keys(), KEYSPACE_SHARDS + KEYSPACE_SHARDS / 4);
    exec_turn_begin(server.worker);
    for (unsigned i = 0; i < 10; i++) {
        exec_cron(server.worker);
    }
    exec_turn_end(server.worker);
    (void)mailbox_deliver(&box, NULL);
    cr_assert_eq(keys(), KEYSPACE_SHARDS / 4);
}

Test(tracking, forgets_all_when_nobody_tracks_any_more)
{
    run(&one, "client tracking on");
    run(&one, "read a b c");
    run(&one, "client tracking off");
    cr_assert_eq(keys(), 3);
    exec_turn_begin(server.worker);
    exec_cron(server.worker);
    exec_turn_end(server.worker);
    cr_assert_eq(keys(), 0);
    cr_assert_eq(atomic_load(&server.exec.listening), 0);
}

Test(tracking, clients_that_come_and_go_do_not_pile_up_behind_a_key)
{
    for (unsigned i = 0; i < 1000; i++) {
        struct recorder guest;
        recorder_init(&guest, server.worker);
        guest.session.sink = &sink;
        run(&guest, "client tracking on");
        run(&guest, "read k");
        recorder_deinit(&guest);
    }
    cr_assert_leq(atomic_load(&tracking->items), 32);
}

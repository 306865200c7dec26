/* SPDX-License-Identifier: BSD-3-Clause */
/* Monitors: the line of a call, what is not shown, who hears what, and that nobody is asked when nobody listens.
 * Owner: each test. Locks: none here. */
#include <criterion/criterion.h>

#include "sherd/observe/monitor.h"
#include "small_server.h"

static enum outcome small_ping(struct call *call)
{
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

static const struct command_row rows[] = {
    {.name = "ping", .handler = small_ping, .arity = -1},
    {.name = "auth", .handler = small_ping, .arity = -2},
    {.name = "secret", .handler = small_ping, .arity = -1, .flags = COMMAND_SKIP_MONITOR},
    {.name = "manage", .handler = small_ping, .arity = -1, .flags = COMMAND_ADMIN},
    {0},
};

static struct small_server server;
static struct monitors *monitors;
static struct mailbox box;
static struct recorder client;
static struct session one, two;
static unsigned pushes;

static void note_push(UNUSED struct session *session)
{
    pushes++;
}

static const struct session_sink sink = {.pushed = note_push};

static void begin(void)
{
    small_server_init(&server, rows, NULL);
    monitors = memory_alloc_zeroed(sizeof(*monitors));
    monitors_init(monitors, &server.exec);
    small_server_start(&server, 1);
    cr_assert_eq(mailbox_init(&box), STATUS_OK);
    server.worker->box = &box;
    recorder_init(&client, server.worker);
    session_init(&one, 1, server.worker, &sink);
    session_init(&two, 2, server.worker, &sink);
    pushes = 0;
}

static void end(void)
{
    (void)mailbox_deliver(&box, NULL);
    session_deinit(&one);
    session_deinit(&two);
    recorder_deinit(&client);
    memory_free(monitors);
    mailbox_deinit(&box);
    small_server_stop(&server);
}

TestSuite(monitor, .init = begin, .fini = end);

/* What the session was shown since the last look. */
static bool shown(struct session *session, const char *lines)
{
    (void)mailbox_deliver(&box, NULL);
    bool same = slice_equals(buffer_slice(&session->own.bytes), slice_from_text(lines));
    output_clear(&session->own, 0);
    return same;
}

Test(monitor, is_shown_the_time_the_database_the_client_and_the_words)
{
    monitors_join(monitors, server.worker, &one);
    client.session.db = 1;
    (void)small_run(&client, "ping a\"b");
    cr_assert(shown(&one, "+1000.000000 [1 nowhere] \"ping\" \"a\\\"b\"\r\n"));
    cr_assert_eq(pushes, 1);
}

Test(monitor, is_not_shown_what_administers_or_hides)
{
    monitors_join(monitors, server.worker, &one);
    (void)small_run(&client, "secret");
    (void)small_run(&client, "manage");
    (void)small_run(&client, "nosuch");
    cr_assert(shown(&one, ""));
    (void)small_run(&client, "auth me password");
    cr_assert(shown(&one, "+1000.000000 [0 nowhere] \"auth\" \"(redacted)\" \"(redacted)\"\r\n"));
}

Test(monitor, hears_nothing_of_what_ran_before)
{
    monitors_join(monitors, server.worker, &one);
    (void)small_run(&client, "ping 1");
    monitors_join(monitors, server.worker, &two);
    (void)small_run(&client, "ping 2");
    (void)mailbox_deliver(&box, NULL);
    cr_assert(shown(&two, "+1000.000000 [0 nowhere] \"ping\" \"2\"\r\n"));
    cr_assert(shown(&one, "+1000.000000 [0 nowhere] \"ping\" \"1\"\r\n+1000.000000 [0 nowhere] \"ping\" \"2\"\r\n"));
}

Test(monitor, that_wants_no_replies_gets_no_lines)
{
    monitors_join(monitors, server.worker, &one);
    one.flags |= SESSION_REPLY_OFF;
    (void)small_run(&client, "ping");
    cr_assert(shown(&one, ""));
    cr_assert_eq(pushes, 0);
}

Test(monitor, the_last_one_that_ends_switches_the_witness_off)
{
    cr_assert(!atomic_load(&server.exec.witnessed));
    monitors_join(monitors, server.worker, &one);
    monitors_join(monitors, server.worker, &two);
    session_reset(&one);
    cr_assert(atomic_load(&server.exec.witnessed));
    cr_assert_eq(one.flags & SESSION_MONITOR, 0);
    session_reset(&two);
    cr_assert(!atomic_load(&server.exec.witnessed));
    (void)small_run(&client, "ping");
    cr_assert_eq(mailbox_deliver(&box, NULL), 0);
}

Test(monitor, a_line_under_way_to_one_that_ends_is_forgotten)
{
    monitors_join(monitors, server.worker, &one);
    (void)small_run(&client, "ping");
    session_reset(&one);
    cr_assert(shown(&one, ""));
}

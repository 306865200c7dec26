/* SPDX-License-Identifier: BSD-3-Clause */
/* Sessions: how they begin, their texts, what RESET leaves and what others may see.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>

#include "small_commands.h"
#include "small_server.h"

static const struct command_row rows[] = {SMALL_COMMANDS, {0}};

static struct small_server server;
static struct recorder client;

static void setup(void)
{
    small_server_init(&server, rows, NULL);
    small_server_start(&server, 0);
    recorder_init(&client, server.worker);
}

static void teardown(void)
{
    recorder_deinit(&client);
    small_server_stop(&server);
}

TestSuite(session, .init = setup, .fini = teardown);

static bool text_is(enum session_text which, const char *text)
{
    return slice_equals(session_text(&client.session, which), slice_from_text(text));
}

Test(session, begins_with_the_older_protocol_in_the_first_database)
{
    const struct session *session = &client.session;
    cr_assert(session->resp == 2 && session->db == 0 && session->flags == 0 && session->id == 1);
    cr_assert_eq(session->created_ms, SMALL_SERVER_NOW_MS);
    cr_assert_null(session->last_command);
    cr_assert(text_is(SESSION_NAME, ""));
}

Test(session, keeps_its_own_copy_of_a_text)
{
    char name[] = "ann";
    session_set_text(&client.session, SESSION_NAME, slice_from_text(name));
    name[0] = 'x';
    cr_assert(text_is(SESSION_NAME, "ann") && text_is(SESSION_USER, ""));
    session_set_text(&client.session, SESSION_NAME, SLICE_LITERAL("ben"));
    cr_assert(text_is(SESSION_NAME, "ben"));
    session_set_text(&client.session, SESSION_NAME, SLICE_LITERAL(""));
    cr_assert(text_is(SESSION_NAME, ""));
    cr_assert_null(client.session.texts[SESSION_NAME]);
}

Test(session, gives_others_a_reference_that_outlives_the_text)
{
    cr_assert_null(session_text_reference(&client.session, SESSION_NAME));
    session_set_text(&client.session, SESSION_NAME, SLICE_LITERAL("ann"));
    struct blob *name = session_text_reference(&client.session, SESSION_NAME);
    session_set_text(&client.session, SESSION_NAME, SLICE_LITERAL("ben"));
    cr_assert(slice_equals(blob_slice(name), SLICE_LITERAL("ann")));
    blob_release(name);
}

Test(session, shows_its_state_when_it_says_so)
{
    struct session *session = &client.session;
    session->db = 1;
    session->resp = 3;
    session->flags = SESSION_NO_EVICT;
    cr_assert(session->shown_db == 0 && session->shown_resp == 2 && session->shown_flags == 0);
    session_show(session);
    cr_assert(session->shown_db == 1 && session->shown_resp == 3 && session->shown_flags == SESSION_NO_EVICT);
}

Test(session, forgets_by_reset_what_the_client_has_chosen_but_not_who_it_is)
{
    struct session *session = &client.session;
    session->db = 1;
    session->resp = 3;
    session->flags = SESSION_UNAUTHENTICATED | SESSION_LOCAL | SESSION_REPLY_OFF | SESSION_REPLY_SKIP |
                     SESSION_REPLY_SKIP_NEXT | SESSION_NO_EVICT | SESSION_NO_TOUCH;
    session_set_text(session, SESSION_NAME, SLICE_LITERAL("ann"));
    session_set_text(session, SESSION_LIBRARY_NAME, SLICE_LITERAL("library"));
    session_reset(session);
    cr_assert(session->resp == 2 && session->db == 0);
    /* What SKIP skips is RESET itself. */
    cr_assert_eq(session->flags, SESSION_UNAUTHENTICATED | SESSION_LOCAL | SESSION_REPLY_SKIP);
    cr_assert(text_is(SESSION_NAME, "") && text_is(SESSION_LIBRARY_NAME, "library"));
    cr_assert(session->shown_resp == 2 && session->shown_flags == session->flags);
}

Test(session, describes_itself_through_its_sink)
{
    struct buffer out;
    buffer_init(&out);
    client.session.sink->describe(&client.session, &out);
    cr_assert(slice_equals(buffer_slice(&out), SLICE_LITERAL("nowhere")));
    buffer_deinit(&out);
}

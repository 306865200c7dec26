/* SPDX-License-Identifier: BSD-3-Clause */
/* What is paused until when, and what a pause does to guards and to keys that fall due. There are no workers: nobody is
 * told.
 * Owner: each test. Locks: none held. */
#include "sherd/net/pause.h"

#include <criterion/criterion.h>

#include "sherd/net/net.h"
#include "small_commands.h"
#include "small_server.h"

enum {
    NOW_MS = SMALL_SERVER_NOW_MS,
};

static const struct command_row rows[] = {SMALL_COMMANDS, {0}};

static struct small_server server;
static struct net net;

static void setup(void)
{
    small_server_init(&server, rows, NULL);
    net.exec = &server.exec;
    pause_init(&net);
    small_server_start(&server, 1);
}

static void teardown(void)
{
    small_server_stop(&server);
}

TestSuite(pause, .init = setup, .fini = teardown);

static uint32_t armed(void)
{
    return atomic_load(&server.exec.guard_command_flags);
}

Test(pause, is_off_at_first)
{
    cr_assert_eq(pause_mode_at(&net.pause, NOW_MS), PAUSE_OFF);
    cr_assert(armed() == 0 && server.keyspace.expiry_deletes);
}

Test(pause, ends_with_its_last_millisecond)
{
    pause_begin(&net, PAUSE_WRITE, NOW_MS, NOW_MS + 100);
    cr_assert_eq(pause_mode_at(&net.pause, NOW_MS + 99), PAUSE_WRITE);
    cr_assert_eq(pause_mode_at(&net.pause, NOW_MS + 100), PAUSE_OFF);
}

Test(pause, of_no_time_is_none)
{
    pause_begin(&net, PAUSE_ALL, NOW_MS, NOW_MS);
    cr_assert_eq(pause_mode_at(&net.pause, NOW_MS), PAUSE_OFF);
    cr_assert_eq(armed(), 0);
}

Test(pause, becomes_only_longer)
{
    pause_begin(&net, PAUSE_WRITE, NOW_MS, NOW_MS + 100);
    pause_begin(&net, PAUSE_WRITE, NOW_MS, NOW_MS + 50);
    cr_assert_eq(pause_mode_at(&net.pause, NOW_MS + 99), PAUSE_WRITE);
    pause_begin(&net, PAUSE_WRITE, NOW_MS, NOW_MS + 200);
    cr_assert_eq(pause_mode_at(&net.pause, NOW_MS + 199), PAUSE_WRITE);
}

Test(pause, becomes_only_stricter)
{
    pause_begin(&net, PAUSE_WRITE, NOW_MS, NOW_MS + 100);
    pause_begin(&net, PAUSE_ALL, NOW_MS, NOW_MS);
    cr_assert_eq(pause_mode_at(&net.pause, NOW_MS + 99), PAUSE_ALL);
    pause_begin(&net, PAUSE_WRITE, NOW_MS, NOW_MS + 200);
    cr_assert_eq(pause_mode_at(&net.pause, NOW_MS + 199), PAUSE_ALL);
}

Test(pause, forgets_one_that_is_over)
{
    pause_begin(&net, PAUSE_ALL, NOW_MS, NOW_MS + 100);
    pause_begin(&net, PAUSE_WRITE, NOW_MS + 100, NOW_MS + 150);
    cr_assert_eq(pause_mode_at(&net.pause, NOW_MS + 149), PAUSE_WRITE);
    cr_assert_eq(armed(), (uint32_t)COMMAND_WRITES);
}

Test(pause, lasts_as_long_as_time_goes)
{
    pause_begin(&net, PAUSE_ALL, NOW_MS, INT64_MAX);
    cr_assert_eq(pause_mode_at(&net.pause, INT64_MAX - 1), PAUSE_ALL);
}

Test(pause, arms_the_guard_of_what_it_postpones)
{
    pause_begin(&net, PAUSE_WRITE, NOW_MS, NOW_MS + 100);
    cr_assert_eq(armed(), (uint32_t)COMMAND_WRITES);
    pause_begin(&net, PAUSE_ALL, NOW_MS, NOW_MS + 100);
    cr_assert_eq(armed(), (uint32_t)COMMAND_WRITES | COMMAND_EVERY);
    pause_end(&net);
    cr_assert_eq(armed(), 0);
}

Test(pause, keeps_keys_that_fall_due)
{
    struct recorder ann;
    recorder_init(&ann, server.worker);
    ann.session.flags = SESSION_INTERNAL;
    (void)small_run(&ann, "set k v 1000050");
    pause_begin(&net, PAUSE_WRITE, NOW_MS, NOW_MS + 100);
    fake_clock_advance_ms(&server.clock, 60);
    cr_assert_str_eq(small_run(&ann, "get k"), "$-1\r\n");
    cr_assert_eq(exec_statistic(&server.exec, STATISTIC_EXPIRED_KEYS), 0);
    pause_end(&net);
    cr_assert_str_eq(small_run(&ann, "get k"), "$-1\r\n");
    cr_assert_eq(exec_statistic(&server.exec, STATISTIC_EXPIRED_KEYS), 1);
    recorder_deinit(&ann);
}

Test(pause, is_not_for_sessions_that_are_no_clients)
{
    struct recorder ann;
    recorder_init(&ann, server.worker);
    ann.session.flags = SESSION_INTERNAL;
    pause_begin(&net, PAUSE_ALL, NOW_MS, NOW_MS + 100);
    cr_assert_str_eq(small_run(&ann, "set k v"), "+OK\r\n");
    recorder_deinit(&ann);
}

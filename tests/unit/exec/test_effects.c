/* SPDX-License-Identifier: BSD-3-Clause */
/* What commands change: counted while nobody listens; shown in order and under the shards when somebody does. Keys that
 * fall due are internal writes.
 * Owner: each test. Locks: those of the commands. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "sherd/keyspace/expiry.h"
#include "small_commands.h"
#include "small_server.h"

/* A listener that writes down what it is shown: "set@0:a expire@0:a [SET a 1]\n" for each commit, "ran [GET a]\n" for
 * each call of a session it is interested in. */
struct notes {
    uint32_t bit;
    struct buffer text;
    bool all;           /* also what is no change */
    bool always_locked; /* the shards of all keys were held */
};

static struct small_server server;
static struct recorder client;
static struct notes notes;
static struct notes others;
static uint32_t changes_at_end;

/* MARK key value: two events for one change. */
COMMAND_HANDLER(mark_handler)
{
    struct keyref ref;
    (void)call_write(call, 1, &ref);
    keyref_set_string(&ref, call->argv[2], DEADLINE_NONE);
    call_changed(call, &ref, EVENT_STRING, "set");
    call_changed_event(call, &ref, EVENT_GENERIC, "expire");
    changes_at_end = call->effects.changes;
    cr_assert(call->effects.listeners != 0 ? call->effects.count >= 2 : call->effects.count == 0);
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

/* DEL key [key ...] */
COMMAND_HANDLER(del_handler)
{
    int64_t removed = 0;
    for (uint32_t i = 1; i < call->argc; i++) {
        struct keyref ref;
        if (call_write(call, i, &ref)) {
            keyref_remove(&ref);
            call_changed(call, &ref, EVENT_GENERIC, "del");
            removed++;
        }
    }
    reply_integer(&call->reply, removed);
    return OUTCOME_DONE;
}

static const struct command_row rows[] = {
    SMALL_COMMANDS,
    {.name = "mark", .handler = mark_handler, .arity = 3, .lock = LOCK_KEYS, .keys = {SMALL_KEY(KEY_OW)}},
    {.name = "del",
     .handler = del_handler,
     .arity = -2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE,
     .keys = {{.flags = KEY_RM | KEY_DELETE, .begin = 1, .last = -1, .step = 1}}},
    {0},
};

static void note_arguments(struct notes *to, const struct call *call)
{
    for (uint32_t i = 0; i < call->argc; i++) {
        buffer_printf(&to->text, "%s%.*s", i == 0 ? "[" : " ", (int)call->argv[i].len, call->argv[i].data);
    }
    buffer_printf(&to->text, "]\n");
}

static void committed(void *context, const struct call *call)
{
    struct notes *to = context;
    bool shown = false;
    for (uint32_t i = 0; i < call->effects.count; i++) {
        const struct effect *effect = &call->effects.list[i];
        if (!effect_is_change(effect) && !to->all) {
            continue;
        }
        shown = true;
        buffer_printf(&to->text, "%s@%u:%.*s ", effect->event, effect->db, (int)effect->key.len, effect->key.data);
        uint32_t shard = keyspace_shard_of(keyspace_hash(&server.keyspace, effect->key));
        to->always_locked &= small_shard_is_locked(&server, shard);
    }
    if (shown) {
        note_arguments(to, call);
    }
}

static void ran(void *context, const struct call *call)
{
    struct notes *to = context;
    buffer_printf(&to->text, "ran ");
    note_arguments(to, call);
}

static void add_listener(struct notes *to)
{
    to->always_locked = true;
    to->bit = exec_add_listener(
        &server.exec, (struct effects_listener){
                          .committed = committed, .ran = ran, .session_flags = SESSION_NO_TOUCH, .context = to});
    buffer_init(&to->text);
    to->all = false;
}

static void listen(struct notes *to)
{
    exec_listen(&server.exec, to->bit, true);
}

/* What was noted since the last look. */
static const char *noted(struct notes *of)
{
    buffer_append(&of->text, "", 1);
    of->text.len = 0;
    return of->text.data;
}

static void setup(void)
{
    small_server_init(&server, rows, NULL);
    add_listener(&notes);
    add_listener(&others);
    small_server_start(&server, 1);
    recorder_init(&client, server.worker);
}

static void teardown(void)
{
    buffer_deinit(&notes.text);
    buffer_deinit(&others.text);
    recorder_deinit(&client);
    small_server_stop(&server);
}

TestSuite(effects, .init = setup, .fini = teardown);

static uint64_t statistic(enum statistic which)
{
    return exec_statistic(&server.exec, which);
}

Test(effects, only_counts_while_nobody_listens)
{
    (void)small_run(&client, "mark a 1");
    cr_assert_eq(changes_at_end, 1);
    (void)small_run(&client, "mset a 1 b 2 c 3");
    (void)small_run(&client, "get a");
    cr_assert_eq(statistic(STATISTIC_CHANGES), 4);
    cr_assert_eq(notes.text.len, 0);
}

Test(effects, are_shown_to_nobody_who_has_stopped_listening)
{
    listen(&notes);
    exec_listen(&server.exec, notes.bit, false);
    (void)small_run(&client, "mark a 1");
    cr_assert_eq(notes.text.len, 0);
}

Test(effects, come_with_the_calls_of_sessions_that_a_listener_is_interested_in)
{
    listen(&notes);
    (void)small_run(&client, "get a");
    cr_assert_eq(notes.text.len, 0);
    client.session.flags |= SESSION_NO_TOUCH;
    (void)small_run(&client, "get a");
    (void)small_run(&client, "set a 1");
    cr_assert_str_eq(noted(&notes), "ran [get a]\nset@0:a [set a 1]\nran [set a 1]\n");
}

Test(effects, are_shown_in_order_with_keys_events_and_arguments)
{
    listen(&notes);
    (void)small_run(&client, "mark a 1");
    cr_assert_str_eq(noted(&notes), "set@0:a expire@0:a [mark a 1]\n");
    (void)small_run(&client, "mset b 1 a 2 b 3");
    cr_assert_str_eq(noted(&notes), "set@0:b set@0:a set@0:b [mset b 1 a 2 b 3]\n");
    client.session.db = 1;
    (void)small_run(&client, "set a 1");
    cr_assert_str_eq(noted(&notes), "set@1:a [set a 1]\n");
}

Test(effects, are_shown_while_the_shards_are_held)
{
    listen(&notes);
    (void)small_run(&client, "mset a 1 b 2 c 3 d 4");
    (void)small_run(&client, "set a 1 1000001");
    fake_clock_advance_ms(&server.clock, 5);
    (void)small_run(&client, "get a");
    cr_assert(notes.always_locked);
}

Test(effects, have_no_bound)
{
    listen(&notes);
    struct buffer words;
    struct buffer expected;
    buffer_init(&words);
    buffer_init(&expected);
    buffer_printf(&words, "mset");
    for (int i = 0; i < 50; i++) {
        buffer_printf(&words, " %d v", i);
        buffer_printf(&expected, "set@0:%d ", i);
    }
    buffer_append(&words, "", 1);
    buffer_printf(&expected, "[%s]\n", words.data);
    buffer_append(&expected, "", 1);
    (void)small_run(&client, words.data);
    cr_assert_str_eq(noted(&notes), expected.data);
    cr_assert_eq(statistic(STATISTIC_CHANGES), 50);
    buffer_deinit(&words);
    buffer_deinit(&expected);
}

Test(effects, are_not_shown_when_there_are_none)
{
    listen(&notes);
    (void)small_run(&client, "get a");
    (void)small_run(&client, "del a");
    (void)small_run(&client, "ping");
    cr_assert_eq(notes.text.len, 0);
    (void)small_run(&client, "set a 1");
    (void)small_run(&client, "del a b");
    cr_assert_str_eq(noted(&notes), "set@0:a [set a 1]\ndel@0:a [del a b]\n");
}

Test(effects, are_shown_to_all_who_listen)
{
    listen(&notes);
    listen(&others);
    (void)small_run(&client, "set a 1");
    cr_assert_str_eq(noted(&notes), "set@0:a [set a 1]\n");
    cr_assert_str_eq(noted(&others), "set@0:a [set a 1]\n");
}

Test(effects, of_a_key_that_falls_due_are_those_of_an_internal_write)
{
    (void)small_run(&client, "set a 1 1000005");
    listen(&notes);
    cr_assert_str_eq(small_run(&client, "get a"), "$1\r\n1\r\n");
    fake_clock_advance_ms(&server.clock, 5);
    cr_assert_str_eq(small_run(&client, "get a"), "$-1\r\n");
    cr_assert_str_eq(noted(&notes), "expired@0:a [DEL a]\n");
    cr_assert(statistic(STATISTIC_EXPIRED_KEYS) == 1 && statistic(STATISTIC_EXPIRED_LAZILY) == 1);
    cr_assert_eq(statistic(STATISTIC_CHANGES), 2);
    cr_assert_eq(statistic(STATISTIC_KEYSPACE_MISSES), 1);
    uint64_t keys;
    uint64_t volatile_keys;
    keyspace_count(&server.keyspace, 0, &keys, &volatile_keys);
    cr_assert(keys == 0 && volatile_keys == 0);
}

Test(effects, of_expiry_come_before_those_of_the_write_that_met_it)
{
    (void)small_run(&client, "set a 1 1000005");
    listen(&notes);
    fake_clock_advance_ms(&server.clock, 5);
    (void)small_run(&client, "set a 2");
    cr_assert_str_eq(noted(&notes), "expired@0:a [DEL a]\nset@0:a [set a 2]\n");
}

Test(effects, of_the_expiry_cycle_are_shown_too)
{
    (void)small_run(&client, "set a 1 1000005");
    listen(&notes);
    fake_clock_advance_ms(&server.clock, 5);
    exec_turn_begin(server.worker);
    struct shard *shard = keyspace_shard(&server.keyspace, small_shard(&server, "a"));
    cr_assert(shard_try_hold(shard));
    struct expiry_slice slice = expiry_fire(&server.worker->user, shard, 100);
    shard_let_go(shard);
    exec_release_garbage(server.worker);
    exec_turn_end(server.worker);
    cr_assert_eq(slice.removed, 1);
    cr_assert_str_eq(noted(&notes), "expired@0:a [DEL a]\n");
    cr_assert(statistic(STATISTIC_EXPIRED_KEYS) == 1 && statistic(STATISTIC_EXPIRED_LAZILY) == 0);
}

Test(effects, are_none_where_past_due_keys_are_only_hidden)
{
    (void)small_run(&client, "set a 1 1000005");
    listen(&notes);
    atomic_store(&server.keyspace.expiry_deletes, false);
    fake_clock_advance_ms(&server.clock, 5);
    cr_assert_str_eq(small_run(&client, "get a"), "$-1\r\n");
    cr_assert_eq(notes.text.len, 0);
    uint64_t keys;
    uint64_t volatile_keys;
    keyspace_count(&server.keyspace, 0, &keys, &volatile_keys);
    cr_assert(keys == 1 && volatile_keys == 1);
    atomic_store(&server.keyspace.expiry_deletes, true);
    (void)small_run(&client, "get a");
    keyspace_count(&server.keyspace, 0, &keys, &volatile_keys);
    cr_assert_eq(keys, 0);
}

Test(effects, tell_of_a_new_key_before_what_made_it)
{
    listen(&notes);
    notes.all = true;
    (void)small_run(&client, "MSET a 1 b 2");
    cr_expect_str_eq(noted(&notes), "new@0:a set@0:a new@0:b set@0:b [MSET a 1 b 2]\n");
    (void)small_run(&client, "SET a 3");
    cr_expect_str_eq(noted(&notes), "set@0:a [SET a 3]\n");
}

Test(effects, tell_of_reads_that_find_nothing)
{
    listen(&notes);
    notes.all = true;
    (void)small_run(&client, "GET a");
    cr_expect_str_eq(noted(&notes), "keymiss@0:a [GET a]\n");
    (void)small_run(&client, "SET a 1");
    (void)noted(&notes);
    (void)small_run(&client, "GET a");
    cr_expect_str_eq(noted(&notes), "");
}

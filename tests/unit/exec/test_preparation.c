/* SPDX-License-Identifier: BSD-3-Clause */
/* Copies that handlers ask for: made while the shards are free, worth something only while the value is still there,
 * gone when nobody takes them.
 * Owner: each test. Locks: those of the commands. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "sherd/exec/preparation.h"
#include "small_commands.h"
#include "small_server.h"

enum {
    SMALL = ENTRY_EMBED_MAX_BYTES,
    LARGE = ENTRY_EMBED_MAX_BYTES + 1,
    EDITED = 200000,
    HUGE = PREPARATION_HERE_BYTES + 1,
};

static struct small_server server;
static struct recorder ann;
static struct recorder ben;
static uint32_t runs;      /* of the handlers below */
static uint32_t runs_away; /* of these on an executor */
static char request[HUGE + 64];

static void note_run(const struct call *call)
{
    runs++;
    runs_away += call->worker->is_executor;
}

/* PUT key value: stores it where there is no key. */
COMMAND_HANDLER(put_handler)
{
    note_run(call);
    if (!call_value_ready(call, 2)) {
        return OUTCOME_PREPARE;
    }
    struct keyref ref;
    bool exists = call_write(call, 1, &ref);
    if (!exists) {
        call_set_value(call, &ref, 2, DEADLINE_NONE);
    }
    reply_integer(&call->reply, exists ? 0 : 1);
    return OUTCOME_DONE;
}

/* PAIR key value key value */
COMMAND_HANDLER(pair_handler)
{
    note_run(call);
    bool first = call_value_ready(call, 2);
    bool second = call_value_ready(call, 4);
    if (!first || !second) {
        return OUTCOME_PREPARE;
    }
    for (uint32_t i = 1; i < 5; i += 2) {
        struct keyref ref;
        (void)call_write(call, i, &ref);
        call_set_value(call, &ref, i + 1, DEADLINE_NONE);
    }
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

/* ADD key: one byte more at the end of the value. */
COMMAND_HANDLER(add_handler)
{
    note_run(call);
    struct keyref ref;
    size_t len = call_write(call, 1, &ref) ? entry_string_len(ref.entry) : 0;
    char *bytes = call_edit_string(call, &ref, len + 1);
    if (bytes == NULL) {
        return OUTCOME_PREPARE;
    }
    bytes[len] = '+';
    reply_integer(&call->reply, (int64_t)len + 1);
    return OUTCOME_DONE;
}

/* GROW key len: zero bytes behind what is there. */
COMMAND_HANDLER(grow_handler)
{
    note_run(call);
    int64_t len;
    struct keyref ref;
    (void)call_write(call, 1, &ref);
    if (!call_integer(call, 2, &len)) {
        return OUTCOME_ERROR;
    }
    if (call_edit_string(call, &ref, (size_t)len) == NULL) {
        return OUTCOME_PREPARE;
    }
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(possess_handler)
{
    note_run(call);
    if (!call->worker->is_executor) {
        return OUTCOME_POSSESS;
    }
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

static const struct command_row rows[] = {
    SMALL_COMMANDS,
    {.name = "put", .handler = put_handler, .arity = 3, .lock = LOCK_KEYS, .keys = {SMALL_KEY(KEY_OW)}},
    {.name = "pair",
     .handler = pair_handler,
     .arity = 5,
     .lock = LOCK_KEYS,
     .keys = {{.flags = KEY_OW, .begin = 1, .last = -1, .step = 2}}},
    {.name = "add", .handler = add_handler, .arity = 2, .lock = LOCK_KEYS, .keys = {SMALL_KEY(KEY_RW)}},
    {.name = "grow", .handler = grow_handler, .arity = 3, .lock = LOCK_KEYS, .keys = {SMALL_KEY(KEY_RW)}},
    {.name = "possess", .handler = possess_handler, .arity = 2, .lock = LOCK_KEYS, .keys = {SMALL_KEY(KEY_RW)}},
    {0},
};

static void setup(void)
{
    runs = 0;
    runs_away = 0;
    small_server_init(&server, rows, NULL);
    small_server_start(&server, 1);
    recorder_init(&ann, server.worker);
    recorder_init(&ben, server.worker);
}

static void teardown(void)
{
    recorder_deinit(&ann);
    recorder_deinit(&ben);
    small_server_stop(&server);
}

TestSuite(preparation, .init = setup, .fini = teardown);

/* "<words> <len bytes of fill>" */
static const char *with_bytes(const char *words, size_t len, char fill)
{
    size_t at = (size_t)snprintf(request, sizeof(request), "%s ", words);
    memset(request + at, fill, len);
    request[at + len] = '\0';
    return request;
}

/* The value of "k" as GET replies it. */
static struct slice value(struct recorder *recorder)
{
    const char *reply = small_run(recorder, "get k");
    const char *begin = strstr(reply, "\r\n") + 2;
    return slice_make(begin, (size_t)strtoul(reply + 1, NULL, 10));
}

static bool consists_of(struct slice bytes, size_t len, char fill)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (bytes.data[i] != fill) {
            return false;
        }
    }
    return bytes.len == len;
}

/* Reads "k" and does not take the reply, which refers to the value. */
static void begin_reading(struct recorder *recorder)
{
    cr_assert_eq(small_try(recorder, "get k"), ITEM_DONE);
    output_move(&recorder->session.own, &server.worker->out, &recorder->session.turn);
    recorder->session.in_turn = false;
    output_clear(&server.worker->out, 0);
}

static void come_back(struct recorder *recorder, uint32_t times)
{
    cr_assert(recorder_await(&recorder->returned, times));
    exec_errand_finish(&recorder->session);
}

Test(preparation, leaves_short_values_alone)
{
    cr_assert_str_eq(small_run(&ann, with_bytes("put k", SMALL, 's')), ":1\r\n");
    cr_assert_eq(runs, 1);
    cr_assert(consists_of(value(&ann), SMALL, 's'));
}

Test(preparation, copies_a_large_value_before_the_second_run)
{
    cr_assert_str_eq(small_run(&ann, with_bytes("put k", LARGE, 'l')), ":1\r\n");
    cr_assert_eq(runs, 2);
    cr_assert_null(ann.session.preparation);
    cr_assert(consists_of(value(&ann), LARGE, 'l'));
}

Test(preparation, forgets_a_value_that_is_not_stored)
{
    (void)small_run(&ann, "set k v");
    cr_assert_str_eq(small_run(&ann, with_bytes("put k", LARGE, 'l')), ":0\r\n");
    cr_assert_null(ann.session.preparation);
    cr_assert(consists_of(value(&ann), 1, 'v'));
}

Test(preparation, keeps_the_values_of_one_request_apart)
{
    size_t at = (size_t)snprintf(request, sizeof(request), "pair k ");
    memset(request + at, 'a', LARGE);
    at += LARGE;
    at += (size_t)snprintf(request + at, sizeof(request) - at, " other ");
    memset(request + at, 'b', LARGE + 1);
    request[at + LARGE + 1] = '\0';
    cr_assert_str_eq(small_run(&ann, request), "+OK\r\n");
    cr_assert_eq(runs, 2);
    cr_assert(consists_of(value(&ann), LARGE, 'a'));
}

Test(preparation, has_an_executor_copy_a_huge_value_while_others_use_the_key)
{
    const char *put = with_bytes("put k", HUGE, 'h');
    cr_assert_eq(small_try(&ann, put), ITEM_PREPARING);
    cr_assert_eq(small_try(&ann, "get k"), ITEM_SKIPPED, "a request overtook the one before it");
    cr_assert_str_eq(small_run(&ben, "get k"), "$-1\r\n");
    come_back(&ann, 1);
    cr_assert_str_eq(small_run(&ann, put), ":1\r\n");
    cr_assert_eq(runs, 2);
    cr_assert_eq(runs_away, 0);
    cr_assert(consists_of(value(&ben), HUGE, 'h'));
}

Test(preparation, survives_that_the_shard_is_possessed_meanwhile)
{
    const char *put = with_bytes("put k", HUGE, 'h');
    cr_assert_eq(small_try(&ann, put), ITEM_PREPARING);
    struct small_owner owner;
    small_possess(&owner, &server, "k");
    come_back(&ann, 1);
    cr_assert_eq(small_try(&ann, put), ITEM_SUSPENDED);
    cr_assert_not_null(ann.session.preparation);
    small_give_back(&owner);
    small_wake(&ann);
    cr_assert_str_eq(small_run(&ann, put), ":1\r\n");
    cr_assert_null(ann.session.preparation);
    cr_assert_eq(atomic_load(&ann.returned), 1, "it was copied twice");
}

Test(preparation, dies_with_its_session)
{
    cr_assert_eq(small_try(&ann, with_bytes("put k", HUGE, 'h')), ITEM_PREPARING);
    come_back(&ann, 1);
}

Test(preparation, edits_in_place_what_nobody_reads)
{
    (void)small_run(&ann, with_bytes("put k", EDITED, 'e'));
    (void)small_run(&ann, "add k"); /* makes room */
    runs = 0;
    cr_assert_str_eq(small_run(&ann, "add k"), ":200002\r\n");
    cr_assert_eq(runs, 1);
}

Test(preparation, copies_what_somebody_reads_before_it_is_edited)
{
    (void)small_run(&ann, with_bytes("put k", EDITED, 'e'));
    begin_reading(&ben);
    runs = 0;
    cr_assert_str_eq(small_run(&ann, "add k"), ":200001\r\n");
    cr_assert_eq(runs, 2);
    cr_assert_eq(strlen(recorder_replies(&ben)), strlen("$200000\r\n\r\n") + EDITED, "the reader's bytes are others");
    cr_assert_eq(value(&ann).data[EDITED], '+');
    cr_assert(consists_of(slice_make(value(&ann).data, EDITED), EDITED, 'e'));
}

/* Puts another value there, which is read as well. */
static void replace_and_read(struct recorder *recorder, char fill)
{
    (void)small_run(recorder, with_bytes("set k", HUGE, fill));
    begin_reading(recorder);
}

Test(preparation, copies_again_when_another_value_stands_there)
{
    (void)small_run(&ann, with_bytes("set k", HUGE, 'a'));
    begin_reading(&ben);
    cr_assert_eq(small_try(&ann, "add k"), ITEM_PREPARING);
    replace_and_read(&ben, 'b');
    come_back(&ann, 1);
    cr_assert_eq(small_try(&ann, "add k"), ITEM_PREPARING);
    come_back(&ann, 2);
    cr_assert_eq(strtol(small_run(&ann, "add k") + 1, NULL, 10), HUGE + 1);
    cr_assert(consists_of(slice_make(value(&ann).data, HUGE), HUGE, 'b'));
}

Test(preparation, possesses_the_shard_when_the_value_always_changes)
{
    (void)small_run(&ann, with_bytes("set k", HUGE, 'a'));
    begin_reading(&ben);
    for (uint32_t i = 1; i <= PREPARATION_TRIES; i++) {
        cr_assert_eq(small_try(&ann, "add k"), ITEM_PREPARING);
        replace_and_read(&ben, 'b');
        come_back(&ann, i);
    }
    cr_assert_eq(small_try(&ann, "add k"), ITEM_AWAY);
    come_back(&ann, PREPARATION_TRIES + 1);
    cr_assert_eq(runs_away, 1);
    cr_assert_eq(strtol(recorder_replies(&ann) + 1, NULL, 10), HUGE + 1);
    cr_assert_null(ann.session.preparation);
}

Test(preparation, clears_what_lies_between_the_value_and_the_edit)
{
    (void)small_run(&ann, "set k v");
    cr_assert_str_eq(small_run(&ann, "grow k 300000"), "+OK\r\n");
    cr_assert_eq(runs, 2);
    struct slice bytes = value(&ann);
    cr_assert_eq(bytes.data[0], 'v');
    cr_assert(consists_of(slice_make(bytes.data + 1, bytes.len - 1), 299999, '\0'));
}

Test(preparation, runs_on_an_executor_what_wants_possession)
{
    cr_assert_eq(small_try(&ann, "possess k"), ITEM_AWAY);
    come_back(&ann, 1);
    cr_assert_eq(runs_away, 1);
    cr_assert_str_eq(recorder_replies(&ann), "+OK\r\n");
    cr_assert_str_eq(small_run(&ben, "set k v"), "+OK\r\n");
}

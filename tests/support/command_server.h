/* SPDX-License-Identifier: BSD-3-Clause */
/* All command families over the keyspace with their options, in a small server with one client: a test says a command
 * and what it expects to be answered (reply_text.h), or which keyspace events came of it.
 *
 *   TestSuite(zadd, .init = command_server_setup, .fini = command_server_teardown);
 *   Test(zadd, counts_new_members) { EXPECT("ZADD z 1 a 2 b", ":2"); EXPECT_EVENTS("ZADD z 3 c", "zadd z"); }
 *
 * Owner: the test, one server a process. Locks: those of the commands. */
#ifndef TESTS_SUPPORT_COMMAND_SERVER_H
#define TESTS_SUPPORT_COMMAND_SERVER_H

#include <criterion/criterion.h>
#include <inttypes.h>

#include "reply_text.h"
#include "sherd/commands/families.h"
#include "sherd/commands/options.h"
#include "sherd/exec/transaction.h"
#include "small_server.h"

enum {
    COMMAND_SERVER_BULK_MAX_BYTES = 512 * 1024 * 1024, /* what proto-max-bulk-len is at first */
};

struct command_server {
    struct small_server small;
    struct commands_state state;
    struct recorder client;
    struct buffer text;    /* of the last reply */
    struct buffer events;  /* of the last command: "set k, del other" */
    uint64_t changes;      /* that it counted */
    uint32_t listener_bit; /* what tells of them */
};

static struct command_server command_server;

static inline void command_server_note(UNUSED void *context, const struct call *call)
{
    struct buffer *events = &command_server.events;
    for (uint32_t i = 0; i < call->effects.count; i++) {
        const struct effect *effect = &call->effects.list[i];
        if (effect->event_class != EVENT_NONE && effect_is_change(effect)) {
            buffer_printf(events, "%s%s %.*s", events->len == 0 ? "" : ", ", effect->event, (int)effect->key.len,
                          effect->key.data);
        }
    }
}

static inline struct command_table *command_server_table(struct commands_state *state)
{
    const struct command_family families[] = {
        {string_commands, NULL},        {string_many_commands, NULL},   {string_range_commands, NULL},
        {counter_commands, NULL},       {lcs_commands, NULL},           {bitmap_commands, NULL},
        {bitfield_commands, NULL},      {bitop_commands, NULL},         {key_commands, NULL},
        {expire_commands, NULL},        {move_commands, NULL},          {walk_commands, NULL},
        {object_commands, NULL},        {flush_commands, state},        {hyperloglog_commands, state},
        {pfdebug_commands, state},      {hash_commands, state},         {hash_many_commands, state},
        {hash_expire_commands, state},  {hash_timed_commands, state},   {set_commands, state},
        {set_many_commands, state},     {set_combine_commands, state},  {sort_commands, state},
        {geo_commands, state},          {geo_search_commands, state},   {list_commands, state},
        {list_range_commands, state},   {list_search_commands, state},  {list_move_commands, state},
        {list_block_commands, state},   {stream_commands, state},       {stream_range_commands, state},
        {stream_read_commands, state},  {stream_group_commands, state}, {stream_claim_commands, state},
        {stream_info_commands, state},  {zset_commands, state},         {zset_range_commands, state},
        {zset_pop_commands, state},     {zset_block_commands, state},   {zset_walk_commands, state},
        {zset_combine_commands, state}, {transaction_commands, NULL},   {config_commands, NULL},
        {command_commands, NULL},
    };
    return command_table_create(families, ARRAY_LENGTH(families));
}

static void command_server_setup(void)
{
    struct command_server *server = &command_server;
    const struct option_section section = {.room = "commands",
                                           .rows = commands_option_rows,
                                           .count = commands_option_count,
                                           .options_bytes = sizeof(struct commands_options),
                                           .context = &server->state};
    struct config *config = config_create(&section, 1, &(struct config_hooks){0});
    server->state.config_slot = 1;
    small_server_compose(&server->small, config, command_server_table(&server->state));
    atomic_store(&server->small.exec.bulk_max_bytes, COMMAND_SERVER_BULK_MAX_BYTES);
    struct effects_listener listener = {.committed = command_server_note};
    server->listener_bit = exec_add_listener(&server->small.exec, listener);
    small_server_start(&server->small, 1);
    exec_listen(&server->small.exec, server->listener_bit, true);
    recorder_init(&server->client, server->small.worker);
    buffer_init(&server->text);
    buffer_init(&server->events);
}

static void command_server_teardown(void)
{
    recorder_deinit(&command_server.client);
    buffer_deinit(&command_server.text);
    buffer_deinit(&command_server.events);
    small_server_stop(&command_server.small);
}

/* One try; false when the executor only prepared something for the next. */
static inline bool command_server_try(const char *line, const struct quote_words *words)
{
    struct recorder *client = &command_server.client;
    struct argument_pool *pool = &client->session.worker->pool;
    struct small_batch batch = {.worker = client->session.worker, .count = 1};
    batch.items[0] = (struct item){
        .session = &client->session,
        .request = {.argc = (uint32_t)words->count, .first = (uint32_t)pool->count, .bytes = strlen(line)}};
    for (size_t i = 0; i < words->count; i++) {
        small_push_argument(pool, words->words[i]);
    }
    small_batch_run(&batch);
    enum item_outcome outcome = batch.items[0].outcome;
    if (outcome == ITEM_AWAY || outcome == ITEM_PREPARING) {
        cr_assert(recorder_await(&client->returned, 1), "%s", line);
        atomic_store(&client->returned, 0);
        exec_errand_finish(&client->session);
        return outcome == ITEM_AWAY;
    }
    cr_assert_eq(outcome, ITEM_DONE, "%s", line);
    return true;
}

/* Runs one command, here or on the executor, its words quoted as redis-cli takes them; its reply as text, valid until
 * the next one. */
static inline const char *command_server_run(const char *line)
{
    struct recorder *client = &command_server.client;
    struct quote_words words;
    ASSERT(quote_split(slice_from_text(line), &words) == STATUS_OK);
    command_server.events.len = 0;
    uint64_t changes = exec_statistic(&command_server.small.exec, STATISTIC_CHANGES);
    while (!command_server_try(line, &words)) {
    }
    command_server.changes = exec_statistic(&command_server.small.exec, STATISTIC_CHANGES) - changes;
    const char *reply = recorder_replies(client);
    output_clear(&client->session.worker->out, 0);
    command_server.text.len = 0;
    cr_assert_eq(*reply_text_append(&command_server.text, reply), '\0', "one reply to %s", line);
    buffer_append(&command_server.text, "", 1);
    buffer_append(&command_server.events, "", 1);
    quote_words_deinit(&words);
    return command_server.text.data;
}

/* Replies come in RESP2 (at first) or RESP3 from now on. */
static inline void command_server_speak(uint8_t version)
{
    command_server.client.session.resp = version;
}

/* What SELECT does; the small server has two databases. */
static inline void command_server_select(unsigned db)
{
    command_server.client.session.db = db;
}

static inline void command_server_advance_ms(int64_t ms)
{
    fake_clock_advance_ms(&command_server.small.clock, ms);
}

/* Errors that many commands answer. */
#define WRONGTYPE    "-WRONGTYPE Operation against a key holding the wrong kind of value"
#define SYNTAX_ERROR "-ERR syntax error"
#define NOT_INTEGER  "-ERR value is not an integer or out of range"

/* What a command answers. */
#define EXPECT(line, reply)                                                                                            \
    cr_expect_str_eq(command_server_run(line), (reply), "%s answers %s", line, command_server.text.data)
/* The keyspace events it makes, in their order; "" for none. */
#define EXPECT_EVENTS(line, list)                                                                                      \
    cr_expect_str_eq((command_server_run(line), command_server.events.data), (list), "%s tells %s", line,              \
                     command_server.events.data)
/* How many changes it counts, as INFO's rdb_changes_since_last_save does. */
#define EXPECT_CHANGES(line, number)                                                                                   \
    cr_expect_eq((command_server_run(line), command_server.changes), (number), "%s counts %" PRIu64, line,             \
                 command_server.changes)

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* INFO, SLOWLOG, LATENCY, MEMORY and DEBUG as a client says them, and the options behind them.
 * Owner: each test. Locks: those of the commands. */
#include "sherd/observe/commands.h"

#include <criterion/criterion.h>

#include "reply_text.h"
#include "sherd/observe/info.h"
#include "sherd/observe/observe.h"
#include "small_commands.h"
#include "small_server.h"

enum { SLOT = 1 };

static const struct command_row key_rows[] = {SMALL_COMMANDS, {0}};

static struct small_server server;
static struct observe *observe;
static struct log nowhere;
static struct recorder client;
static struct buffer text;

static const struct info_section *sections(void)
{
    static struct info_section rows[4];
    rows[0] = (struct info_section){"Commandstats", false, info_write_commandstats, observe};
    rows[1] = (struct info_section){"Errorstats", true, info_write_errorstats, observe};
    rows[2] = (struct info_section){"Keyspace", true, info_write_keyspace, observe};
    return rows;
}

static void begin(void)
{
    observe = memory_alloc_zeroed(sizeof(*observe));
    const struct option_section section = {.room = "observe",
                                           .rows = observe_option_rows,
                                           .count = observe_option_count,
                                           .options_bytes = sizeof(struct observe_options),
                                           .context = observe};
    const struct command_family families[] = {
        {key_rows, NULL},           {info_commands, observe}, {slowlog_commands, observe}, {latency_commands, observe},
        {memory_commands, observe}, {debug_commands, observe}};
    small_server_compose(&server, config_create(&section, 1, &(struct config_hooks){0}),
                         command_table_create(families, ARRAY_LENGTH(families)));
    log_init(&nowhere, LOG_LEVEL_NOTHING, SLICE_LITERAL(""));
    observe_init(observe, &(struct observe_setup){
                              .exec = &server.exec, .log = &nowhere, .config_slot = SLOT, .sections = sections()});
    small_server_start(&server, 1);
    recorder_init(&client, server.worker);
    buffer_init(&text);
}

static void end(void)
{
    recorder_deinit(&client);
    buffer_deinit(&text);
    observe_deinit(observe);
    memory_free(observe);
    log_deinit(&nowhere);
    small_server_stop(&server);
}

TestSuite(observe_command, .init = begin, .fini = end);
TestSuite(observe_option, .init = begin, .fini = end);

static const char *run(const char *words)
{
    text.len = 0;
    (void)reply_text_append(&text, small_run(&client, words));
    buffer_append(&text, "", 1);
    return text.data;
}

#define EXPECT(words, reply) cr_expect_str_eq(run(words), (reply), "%s", words)

/* CONFIG SET; what is wrong, or "". */
static const char *set(const char *name, const char *value)
{
    const struct slice pair[] = {slice_from_text(name), slice_from_text(value)};
    text.len = 0;
    bool done = config_set(server.config, pair, 1, true, &text);
    buffer_append(&text, "", 1);
    cr_expect_eq(done, text.len == 1);
    return text.data;
}

static const struct observe_options *options(void)
{
    return observe_options(observe, config_current(server.config));
}

Test(observe_command, info_gives_the_sections_of_the_default)
{
    EXPECT("set k v", "+OK");
    EXPECT("info", "\"# Errorstats\\r\\n\\r\\n# Keyspace\\r\\ndb0:keys=1,expires=0,avg_ttl=0\\r\\n\"");
}

Test(observe_command, info_gives_a_section_by_its_name_in_any_case)
{
    EXPECT("info KEYSPACE", "\"# Keyspace\\r\\n\"");
}

Test(observe_command, info_of_an_unknown_section_is_empty)
{
    EXPECT("info nonsense", "\"\"");
}

Test(observe_command, info_gives_each_section_once_in_its_own_order)
{
    EXPECT("info keyspace errorstats keyspace", "\"# Errorstats\\r\\n\\r\\n# Keyspace\\r\\n\"");
}

Test(observe_command, info_counts_calls_failures_and_refusals)
{
    EXPECT("get k", "nil");
    EXPECT("get", "-ERR wrong number of arguments for 'get' command");
    EXPECT("set k v x", "-ERR value is not an integer or out of range");
    EXPECT("info commandstats",
           "\"# Commandstats\\r\\n"
           "cmdstat_get:calls=1,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=0\\r\\n"
           "cmdstat_set:calls=1,usec=0,usec_per_call=0.00,rejected_calls=0,failed_calls=1\\r\\n\"");
}

Test(observe_command, info_counts_errors_by_their_first_word)
{
    EXPECT("get", "-ERR wrong number of arguments for 'get' command");
    EXPECT("nonsense", "-ERR unknown command 'nonsense', with args beginning with: ");
    EXPECT("info errorstats", "\"# Errorstats\\r\\nerrorstat_ERR:count=2\\r\\n\"");
}

Test(observe_command, info_is_a_verbatim_text_in_resp3)
{
    client.session.resp = 3;
    EXPECT("info keyspace", "=\"txt:# Keyspace\\r\\n\"");
}

Test(observe_command, time_is_seconds_and_microseconds)
{
    fake_clock_advance_ms(&server.clock, 7);
    EXPECT("time", "[1000 7000]");
}

Test(observe_command, slowlog_refuses_a_count_below_minus_one)
{
    EXPECT("slowlog get -2", "-ERR count should be greater than or equal to -1");
    EXPECT("slowlog get x", "-ERR count should be greater than or equal to -1");
    EXPECT("slowlog get 9223372036854775808", "-ERR count should be greater than or equal to -1");
    EXPECT("slowlog get -1", "[]");
}

Test(observe_command, slowlog_takes_no_second_count)
{
    EXPECT("slowlog get 1 2", "-ERR unknown subcommand or wrong number of arguments for 'get'. Try SLOWLOG HELP.");
    EXPECT("slowlog nonsense", "-ERR unknown subcommand 'nonsense'. Try SLOWLOG HELP.");
}

Test(observe_command, slowlog_shows_what_took_longer_than_the_option)
{
    cr_assert_str_eq(set("slowlog-log-slower-than", "0"), "");
    EXPECT("ping", "+PONG");
    EXPECT("slowlog get 1", "[[:0 :1000 :0 [ping] nowhere \"\"]]");
    EXPECT("slowlog len", ":2");
    cr_assert_str_eq(set("slowlog-log-slower-than", "-1"), "");
    EXPECT("slowlog reset", "+OK");
    EXPECT("slowlog len", ":0");
}

Test(observe_command, latency_of_an_unknown_event_is_empty_or_refused)
{
    EXPECT("latency history nonsense", "[]");
    EXPECT("latency latest", "[]");
    EXPECT("latency graph nonsense", "-ERR No samples available for event 'nonsense'");
    EXPECT("latency reset nonsense", ":0");
}

Test(observe_command, memory_usage_of_a_missing_key_is_nothing)
{
    EXPECT("memory usage nokey", "nil");
    EXPECT("memory usage nokey samples 0", "nil");
}

Test(observe_command, memory_usage_refuses_samples_that_are_none)
{
    EXPECT("memory usage k samples -1", "-ERR syntax error");
    EXPECT("memory usage k samples x", "-ERR value is not an integer or out of range");
    EXPECT("memory usage k samples", "-ERR syntax error");
    EXPECT("memory usage k other 1", "-ERR syntax error");
}

Test(observe_command, memory_usage_grows_with_the_value)
{
    EXPECT("set k v", "+OK");
    long small = strtol(run("memory usage k") + 1, NULL, 10);
    EXPECT("set k 0123456789012345678901234567890123456789012345678901234567890123456789", "+OK");
    long large = strtol(run("memory usage k") + 1, NULL, 10);
    cr_assert_geq(large, small + 64);
}

Test(observe_command, debug_is_refused_unless_the_option_allows_it)
{
    const char *error =
        "-ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can "
        "run it from a local connection, otherwise you need to set this option in the configuration "
        "file, and then restart the server.";
    EXPECT("debug sleep 0", error);
    text.len = 0;
    cr_assert_eq(config_load_text(server.config, SLICE_LITERAL("enable-debug-command local"), &text), STATUS_OK);
    EXPECT("debug set-active-expire 1", error);
    client.session.flags |= SESSION_LOCAL;
    EXPECT("debug set-active-expire 1", "+OK");
}

Test(observe_option, percentiles_are_kept_without_needless_zeros)
{
    cr_assert_str_eq(set("latency-tracking-info-percentiles", "50.0 99.990 100"), "");
    cr_assert_eq(options()->percentiles.count, 3);
    cr_assert_eq(options()->percentiles.values[1], 99.99);
    struct slice shown;
    cr_assert(config_value(server.config, config_current(server.config),
                           SLICE_LITERAL("latency-tracking-info-percentiles"), &shown));
    cr_assert(slice_equals(shown, SLICE_LITERAL("50 99.99 100")));
}

Test(observe_option, percentiles_outside_of_a_hundred_are_refused)
{
    const char *reason = "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]";
    cr_assert_not_null(strstr(set("latency-tracking-info-percentiles", "100.1"), reason));
    cr_assert_not_null(strstr(set("latency-tracking-info-percentiles", "50 -1"), reason));
    cr_assert_not_null(
        strstr(set("latency-tracking-info-percentiles", "x"), "Invalid latency-tracking-info-percentiles parameters"));
    cr_assert_eq(options()->percentiles.count, 3, "those of before stand");
}

Test(observe_option, no_percentiles_at_all_are_allowed)
{
    cr_assert_str_eq(set("latency-tracking-info-percentiles", ""), "");
    cr_assert_eq(options()->percentiles.count, 0);
}

Test(observe_option, a_share_of_the_memory_is_resolved_to_bytes)
{
    cr_assert_str_eq(set("maxmemory", "50%"), "");
    cr_assert_gt(options()->maxmemory_bytes, 1024 * 1024);
    int64_t half = options()->maxmemory_bytes;
    cr_assert_str_eq(set("maxmemory", "100%"), "");
    cr_assert_leq(llabs(options()->maxmemory_bytes - 2 * half), 2);
    cr_assert_str_eq(set("maxmemory", "0"), "");
}

Test(observe_option, an_unknown_policy_lists_those_there_are)
{
    cr_assert_not_null(strstr(set("maxmemory-policy", "nonsense"),
                              "argument(s) must be one of the following: volatile-lru, volatile-lfu, volatile-random, "
                              "volatile-ttl, allkeys-lru, allkeys-lfu, allkeys-random, noeviction"));
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* CONFIG GET and SET: what is matched, what is refused with which text, and that a change is all or nothing. */
#include "example_section.h"

struct fixture {
    struct example example;
    struct config *config;
    struct buffer out;
};

static struct fixture *fixture_create(void)
{
    struct fixture *fixture = memory_alloc_zeroed(sizeof(struct fixture));
    fixture->example.fail_at_port = -1;
    fixture->config = example_config(&fixture->example);
    return fixture;
}

static void fixture_destroy(struct fixture *fixture)
{
    config_destroy(fixture->config);
    buffer_deinit(&fixture->out);
    memory_free(fixture);
}

#define SET(...)             EXAMPLE_SET(fixture->config, &fixture->out, __VA_ARGS__)
#define FAILED(name, reason) "ERR CONFIG SET failed (possibly related to argument '" name "') - " reason

static const char *get(struct fixture *fixture, const char *first, const char *second)
{
    struct slice patterns[] = {slice_from_text(first), slice_from_text(second != NULL ? second : "")};
    example_get(fixture->config, patterns, second != NULL ? 2 : 1, &fixture->out);
    return example_text(&fixture->out);
}

Test(config_get, answers_an_exact_name_as_it_was_asked_for)
{
    struct fixture *fixture = fixture_create();
    cr_expect_str_eq(get(fixture, "PORT", NULL), "PORT=6379");
    cr_expect_str_eq(get(fixture, "Harbour", "port"), "Harbour=6379;port=6379");
    cr_expect_str_eq(get(fixture, "SLAVEOF", "replicaof"), "SLAVEOF=;replicaof=");
    cr_expect_str_eq(get(fixture, "nothing", ""), "");
    fixture_destroy(fixture);
}

Test(config_get, lists_every_name_once_whatever_matches_it)
{
    struct fixture *fixture = fixture_create();
    cr_expect_str_eq(get(fixture, "PORT", "por?"), "PORT=6379");
    cr_expect_str_eq(get(fixture, "por*", "port"), "port=6379");
    cr_expect_str_eq(get(fixture, "H[ZY]", "hz"), "hz=10");
    cr_expect_str_eq(get(fixture, "*-priority", NULL), "replica-priority=100;slave-priority=100");
    fixture_destroy(fixture);
}

Test(config_get, shows_hidden_options_for_their_exact_name_only)
{
    struct fixture *fixture = fixture_create();
    cr_expect_str_eq(get(fixture, "compat-*", NULL), "");
    cr_expect_str_eq(get(fixture, "compat-pending", NULL), "compat-pending=no");
    cr_expect_str_eq(get(fixture, "use-exit*", "use-exit-on-panic"), "use-exit-on-panic=no");
    fixture_destroy(fixture);
}

Test(config_get, shows_the_bytes_of_a_percentage)
{
    struct fixture *fixture = fixture_create();
    cr_expect_str_eq(SET("maxmemory", "75%"), "");
    cr_expect_eq(example_now(fixture->config)->maxmemory, 75000);
    cr_expect_str_eq(get(fixture, "maxmemory", NULL), "maxmemory=75000");
    fixture_destroy(fixture);
}

Test(config_set, stores_every_type)
{
    struct fixture *fixture = fixture_create();
    cr_expect_str_eq(SET("port", "7000", "PROTECTED-MODE", "No", "maxmemory", "2kb", "loglevel", "WARNING", "logfile",
                         "a b", "bind", "::1 127.0.0.1", "client-output-buffer-limit", "pubsub 7"),
                     "");
    const struct example_options *now = example_now(fixture->config);
    cr_expect_eq(now->port, 7000);
    cr_expect_not(now->protected_mode);
    cr_expect_eq(now->maxmemory, 2048);
    cr_expect_eq(now->loglevel, 3);
    cr_expect_str_eq(now->logfile.data, "a b");
    cr_expect_str_eq(now->bind.data, "::1 127.0.0.1");
    cr_expect_eq(now->limits.normal, 0);
    cr_expect_eq(now->limits.pubsub, 7);
    cr_expect_eq(now->threads, 3);
    example_expect_value(fixture->config, "client-output-buffer-limit", "normal 0 pubsub 7");
    example_expect_value(fixture->config, "protected-mode", "no");
    fixture_destroy(fixture);
}

Test(config_set, says_what_is_wrong_with_a_value)
{
    struct fixture *fixture = fixture_create();
    cr_expect_str_eq(SET("PORT", "abc"), FAILED("port", "argument couldn't be parsed into an integer"));
    cr_expect_str_eq(SET("port", ""), FAILED("port", "argument couldn't be parsed into an integer"));
    cr_expect_str_eq(SET("harbour", "65536"), FAILED("harbour", "argument must be between 0 and 65535 inclusive"));
    cr_expect_str_eq(SET("port", "-1"), FAILED("port", "argument must be between 0 and 65535 inclusive"));
    cr_expect_str_eq(SET("protected-mode", "on"), FAILED("protected-mode", "argument must be 'yes' or 'no'"));
    cr_expect_str_eq(SET("maxmemory", "1x"), FAILED("maxmemory", "argument must be a memory value"));
    cr_expect_str_eq(SET("maxmemory", "-1"), FAILED("maxmemory", "argument must be a memory value"));
    cr_expect_str_eq(SET("maxmemory", "101%"), FAILED("maxmemory", "percentage argument must be less or equal to 100"));
    cr_expect_str_eq(SET("loglevel", "loud"),
                     FAILED("loglevel", "argument(s) must be one of the following: debug, verbose, notice, warning"));
    cr_expect_str_eq(SET("logfile", "/a?"), FAILED("logfile", "no such place"));
    cr_expect_str_eq(SET("client-output-buffer-limit", "normal"),
                     FAILED("client-output-buffer-limit", "Wrong number of arguments in buffer limit configuration."));
    cr_expect_eq(config_current(fixture->config)->version, 1, "nothing was published");
    fixture_destroy(fixture);
}

Test(config_set, judges_all_names_before_any_value)
{
    struct fixture *fixture = fixture_create();
    cr_expect_str_eq(SET("port", "abc", "nope", "1"),
                     "ERR Unknown option or number of arguments for CONFIG SET - 'nope'");
    cr_expect_str_eq(SET("no\r\npe", "1"), "ERR Unknown option or number of arguments for CONFIG SET - 'no  pe'");
    cr_expect_str_eq(SET("UnixSocketPerm", "700"), FAILED("UnixSocketPerm", "can't set immutable config"));
    cr_expect_str_eq(SET("dir", "/"), FAILED("dir", "can't set protected config"));
    cr_expect_str_eq(SET("hz", "1", "HZ", "2"), FAILED("HZ", "duplicate parameter"));
    cr_expect_str_eq(SET("compat-pending", "yes"), FAILED("compat-pending", "can't set immutable config"));
    fixture_destroy(fixture);
}

Test(config_set, takes_an_option_and_its_alias_in_one_command_the_later_wins)
{
    struct fixture *fixture = fixture_create();
    cr_expect_str_eq(SET("port", "1", "harbour", "2"), "");
    cr_expect_eq(example_now(fixture->config)->port, 2);
    fixture_destroy(fixture);
}

Test(config_set, changes_nothing_when_a_later_value_is_wrong)
{
    struct fixture *fixture = fixture_create();
    cr_expect_str_eq(SET("logfile", "x", "port", "1", "hz", "ab"),
                     FAILED("hz", "argument couldn't be parsed into an integer"));
    cr_expect_eq(example_now(fixture->config)->port, 6379);
    cr_expect_eq(example_now(fixture->config)->logfile.len, 0);
    cr_expect_eq(fixture->example.applied, 0);
    fixture_destroy(fixture);
}

Test(config_set, applies_a_shared_callback_once_and_only_when_something_changed)
{
    struct fixture *fixture = fixture_create();
    cr_expect_str_eq(SET("hz", "20", "port", "8000"), "");
    cr_expect_eq(fixture->example.applied, 1);
    cr_expect_eq(fixture->example.applied_port, 8000);
    cr_expect_str_eq(SET("hz", "20", "port", "8000"), "");
    cr_expect_eq(fixture->example.applied, 1);
    fixture_destroy(fixture);
}

Test(config_set, applies_the_old_options_again_when_a_callback_fails)
{
    struct fixture *fixture = fixture_create();
    fixture->example.fail_at_port = 1;
    cr_expect_str_eq(SET("logfile", "x", "port", "1"),
                     FAILED("port", "Unable to listen on this port. Check server logs."));
    cr_expect_eq(fixture->example.applied, 2);
    cr_expect_eq(fixture->example.applied_port, 6379);
    cr_expect_eq(example_now(fixture->config)->logfile.len, 0);
    fixture_destroy(fixture);
}

Test(config_set, lets_the_room_correct_a_value)
{
    struct fixture *fixture = fixture_create();
    cr_expect_str_eq(SET("hz", "1000"), "");
    example_expect_value(fixture->config, "hz", "500");
    fixture_destroy(fixture);
}

Test(config_set, keeps_binary_passwords_and_ends_other_strings_at_a_nul)
{
    struct fixture *fixture = fixture_create();
    struct slice pairs[] = {SLICE_LITERAL("requirepass"), SLICE_LITERAL("a\0b"), SLICE_LITERAL("logfile"),
                            SLICE_LITERAL("a\0b")};
    fixture->out.len = 0;
    cr_assert(config_set(fixture->config, pairs, 2, false, &fixture->out));
    cr_expect(slice_equals(example_now(fixture->config)->requirepass, SLICE_LITERAL("a\0b")));
    cr_expect(slice_equals(example_now(fixture->config)->logfile, SLICE_LITERAL("a")));
    cr_expect(config_is_sensitive(fixture->config, SLICE_LITERAL("RequirePass")));
    cr_expect_not(config_is_sensitive(fixture->config, SLICE_LITERAL("port")));
    cr_expect_not(config_is_sensitive(fixture->config, SLICE_LITERAL("nope")));
    fixture_destroy(fixture);
}

Test(config_set, opens_protected_options_as_enable_protected_configs_says)
{
    struct fixture *fixture = fixture_create();
    struct slice pairs[] = {SLICE_LITERAL("dir"), SLICE_LITERAL("/")};
    fixture->out.len = 0;
    cr_assert_eq(config_load_text(fixture->config, SLICE_LITERAL("enable-protected-configs local"), &fixture->out),
                 STATUS_OK);
    cr_expect_not(config_set(fixture->config, pairs, 1, false, &fixture->out));
    cr_expect(config_set(fixture->config, pairs, 1, true, &fixture->out));
    cr_assert_eq(config_load_text(fixture->config, SLICE_LITERAL("enable-protected-configs yes"), &fixture->out),
                 STATUS_OK);
    cr_expect(config_set(fixture->config, pairs, 1, false, &fixture->out));
    fixture_destroy(fixture);
}

static void count_retired(void *context, const struct config_snapshot *old)
{
    (*(int *)context)++;
    config_snapshot_free(old);
}

Test(config_set, hands_the_replaced_snapshot_to_the_retire_hook)
{
    int retired = 0;
    struct config_hooks hooks = {.context = &retired, .retire = count_retired};
    struct config *config = config_create(NULL, 0, &hooks);
    struct buffer out = {0};
    cr_expect_str_eq(EXAMPLE_SET(config, &out, "crash-log-enabled", "no"), "");
    cr_expect_eq(retired, 1);
    cr_expect_eq(config_current(config)->version, 2);
    buffer_deinit(&out);
    config_destroy(config);
}

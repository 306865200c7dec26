/* SPDX-License-Identifier: BSD-3-Clause */
/* Pending options: Redis's defaults, refusal of anything else, and storing under --compat-pending yes. */
#include "example_section.h"

struct fixture {
    struct config *config;
    struct buffer out;
};

static struct fixture *fixture_create(bool compat)
{
    struct fixture *fixture = memory_alloc_zeroed(sizeof(struct fixture));
    struct config_hooks hooks = {0};
    fixture->config = config_create(NULL, 0, &hooks);
    char *argv[] = {"server", "--compat-pending", "yes"};
    struct config_outcome outcome;
    if (compat) {
        cr_assert_eq(config_load_arguments(fixture->config, 3, argv, &outcome), STATUS_OK);
        config_outcome_deinit(&outcome);
    }
    return fixture;
}

static void fixture_destroy(struct fixture *fixture)
{
    config_destroy(fixture->config);
    buffer_deinit(&fixture->out);
    memory_free(fixture);
}

#define SET(...)                  EXAMPLE_SET(fixture->config, &fixture->out, __VA_ARGS__)
#define FAILED(name, reason)      "ERR CONFIG SET failed (possibly related to argument '" name "') - " reason
#define EXPECT_VALUE(name, value) example_expect_value(fixture->config, name, value)

Test(pending, answers_the_defaults_of_redis)
{
    struct fixture *fixture = fixture_create(false);
    EXPECT_VALUE("save", "");
    EXPECT_VALUE("appendonly", "no");
    EXPECT_VALUE("appendfsync", "everysec");
    EXPECT_VALUE("lua-time-limit", "5000");
    EXPECT_VALUE("oom-score-adj-values", "0 200 800");
    EXPECT_VALUE("repl-backlog-size", "1048576");
    EXPECT_VALUE("io-threads", "1");
    fixture_destroy(fixture);
}

Test(pending, takes_the_default_and_the_value_that_means_off)
{
    struct fixture *fixture = fixture_create(false);
    cr_expect_str_eq(SET("appendonly", "NO", "save", "", "appendfsync", "everysec"), "");
    cr_expect_str_eq(SET("stop-writes-on-bgsave-error", "no", "repl-backlog-size", "1mb"), "");
    EXPECT_VALUE("stop-writes-on-bgsave-error", "no");
    fixture_destroy(fixture);
}

Test(pending, refuses_any_other_value_with_one_clear_error)
{
    struct fixture *fixture = fixture_create(false);
    cr_expect_str_eq(SET("appendonly", "yes"),
                     FAILED("appendonly", "appendonly with another value than 'no' is not supported yet"));
    cr_expect_str_eq(SET("save", "3600 1"), FAILED("save", "save with another value than '' is not supported yet"));
    cr_expect_str_eq(
        SET("lua-time-limit", "10"),
        FAILED("lua-time-limit", "busy-reply-threshold with another value than '5000' or '0' is not supported yet"));
    cr_expect_str_eq(SET("appendfsync", "always"),
                     FAILED("appendfsync", "appendfsync with another value than 'everysec' is not supported yet"));
    EXPECT_VALUE("appendonly", "no");
    fixture_destroy(fixture);
}

Test(pending, says_first_what_redis_would_say_about_a_wrong_value)
{
    struct fixture *fixture = fixture_create(false);
    cr_expect_str_eq(SET("appendonly", "maybe"), FAILED("appendonly", "argument must be 'yes' or 'no'"));
    cr_expect_str_eq(SET("save", "60"), FAILED("save", "Invalid save parameters"));
    cr_expect_str_eq(SET("oom-score-adj-values", "1 2"), FAILED("oom-score-adj-values", "wrong number of arguments"));
    cr_expect_str_eq(
        SET("oom-score-adj-values", "1 2 2001"),
        FAILED("oom-score-adj-values", "Invalid oom-score-adj-values, elements must be between -2000 and 2000."));
    cr_expect_str_eq(SET("replicaof", "a 1"), FAILED("replicaof", "can't set immutable config"));
    fixture_destroy(fixture);
}

Test(pending, stores_any_value_under_compat_pending)
{
    struct fixture *fixture = fixture_create(true);
    cr_expect_str_eq(SET("save", "3600 1 60 0", "appendonly", "yes", "slave-priority", "7"), "");
    EXPECT_VALUE("save", "3600 1 60 0");
    EXPECT_VALUE("slave-priority", "7");
    cr_expect_str_eq(SET("save", "60 1  5 2"), FAILED("save", "Invalid save parameters"));
    cr_expect_str_eq(SET("save", "0 1"), FAILED("save", "Invalid save parameters"));
    cr_expect_str_eq(SET("save", "60 1"), "");
    EXPECT_VALUE("save", "60 1");
    cr_expect_str_eq(SET("save", ""), "");
    EXPECT_VALUE("save", "");
    fixture_destroy(fixture);
}

Test(pending, joins_the_words_of_a_shutdown_option)
{
    struct fixture *fixture = fixture_create(true);
    cr_expect_str_eq(SET("shutdown-on-sigint", "force save"), "");
    EXPECT_VALUE("shutdown-on-sigint", "save force");
    cr_expect_str_eq(SET("shutdown-on-sigint", "save nosave"),
                     FAILED("shutdown-on-sigint", "shutdown options SAVE and NOSAVE can't be used simultaneously"));
    cr_expect_str_eq(SET("shutdown-on-sigint", "nosave"), "");
    cr_expect_str_eq(
        SET("shutdown-on-sigint", ""),
        FAILED("shutdown-on-sigint", "argument(s) must be one of the following: default, save, nosave, now, force"));
    fixture_destroy(fixture);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Files, includes, standard input and the command line, with the error block of redis-server. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "example_section.h"

struct fixture {
    struct example example;
    struct config *config;
    struct config_outcome outcome;
    struct buffer out;
    char directory[32];
};

static struct fixture *fixture_create(void)
{
    struct fixture *fixture = memory_alloc_zeroed(sizeof(struct fixture));
    fixture->example.fail_at_port = -1;
    fixture->config = example_config(&fixture->example);
    (void)snprintf(fixture->directory, sizeof(fixture->directory), "/tmp/sherd-config-XXXXXX");
    cr_assert_not_null(mkdtemp(fixture->directory));
    cr_assert_eq(chdir(fixture->directory), 0);
    return fixture;
}

static void fixture_destroy(struct fixture *fixture)
{
    char command[64];
    (void)snprintf(command, sizeof(command), "rm -r %s", fixture->directory);
    cr_expect_eq(chdir("/"), 0);
    cr_expect_eq(system(command), 0);
    config_outcome_deinit(&fixture->outcome);
    buffer_deinit(&fixture->out);
    config_destroy(fixture->config);
    memory_free(fixture);
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    cr_assert_not_null(file);
    cr_assert_geq(fputs(text, file), 0);
    cr_assert_eq(fclose(file), 0);
}

/* Loads the arguments after the program's name; "" or the error. */
static const char *load(struct fixture *fixture, const char *const *arguments, int count)
{
    char *argv[16] = {"server"};
    for (int i = 0; i < count; i++) {
        argv[i + 1] = (char *)(uintptr_t)arguments[i];
    }
    config_outcome_deinit(&fixture->outcome);
    enum status status = config_load_arguments(fixture->config, count + 1, argv, &fixture->outcome);
    cr_expect_eq(status == STATUS_OK, fixture->outcome.error.len == 0);
    return example_text(&fixture->outcome.error);
}

#define LOAD(...)                                                                                                      \
    load(fixture, (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))
#define EXPECT_VALUE(name, value)            example_expect_value(fixture->config, name, value)
#define ARGUMENT_ERROR(number, line, reason) "Bad configuration: " line ": " reason " (command line)\n"

Test(config_load, publishes_the_defaults_before_anything_is_loaded)
{
    struct fixture *fixture = fixture_create();
    cr_expect_str_eq(load(fixture, NULL, 0), "");
    cr_expect_eq(example_now(fixture->config)->port, 6379);
    cr_expect_eq(example_now(fixture->config)->limits.pubsub, 32);
    cr_expect_null(fixture->config->file);
    EXPECT_VALUE("threads", "3");
    fixture_destroy(fixture);
}

Test(config_load, takes_flags_in_the_style_of_redis_server)
{
    struct fixture *fixture = fixture_create();
    cr_expect_str_eq(LOAD("--port", "7000", "--bind", "127.0.0.1", "::1", "--save", "", "--LogFile", "a b"), "");
    EXPECT_VALUE("port", "7000");
    EXPECT_VALUE("bind", "127.0.0.1 ::1");
    EXPECT_VALUE("logfile", "a b");
    cr_expect_str_eq(LOAD("--port 7001", "--bind", "10.0.0.1 10.0.0.2"), "");
    EXPECT_VALUE("port", "7001");
    EXPECT_VALUE("bind", "10.0.0.1 10.0.0.2");
    cr_expect_str_eq(LOAD("--save", "--port", "7002", "--save"), "");
    EXPECT_VALUE("port", "7002");
    cr_expect_str_eq(LOAD("--port=7003", "--requirepass", "--x y"), "");
    EXPECT_VALUE("port", "7003");
    EXPECT_VALUE("requirepass", "--x y");
    fixture_destroy(fixture);
}

Test(config_load, prints_the_block_of_redis_server_after_one_clear_line)
{
    struct fixture *fixture = fixture_create();
    cr_expect_str_eq(LOAD("--port", "7000", "--foo", "bar"),
                     ARGUMENT_ERROR("3", "foo \"bar\"", "Bad directive or wrong number of arguments"));
    cr_expect_str_eq(LOAD("--port", "abc"),
                     ARGUMENT_ERROR("2", "port \"abc\"", "argument couldn't be parsed into an integer"));
    cr_expect_str_eq(LOAD("--hz", "1", "--port"), ARGUMENT_ERROR("3", "port", "wrong number of arguments"));
    cr_expect_str_eq(LOAD("--port", "1", "2"), ARGUMENT_ERROR("2", "port \"1\" \"2\"", "wrong number of arguments"));
    cr_expect_str_eq(LOAD("-x"), ARGUMENT_ERROR("2", "\"-x\"", "Bad directive or wrong number of arguments"));
    cr_expect_str_eq(LOAD("--unixsocketperm", "999"),
                     ARGUMENT_ERROR("2", "unixsocketperm \"999\"", "argument couldn't be parsed as an octal number"));
    cr_expect_str_eq(LOAD("--unixsocketperm", "2000"),
                     ARGUMENT_ERROR("2", "unixsocketperm \"2000\"", "argument must be between 0 and 777 inclusive"));
    cr_expect_eq(example_now(fixture->config)->port, 6379);
    fixture_destroy(fixture);
}

Test(config_load, reads_a_file_with_comments_quotes_and_any_case)
{
    struct fixture *fixture = fixture_create();
    write_file("a.conf", "# comment\r\n\n  PORT 7000\r\nlogfile \"a\\x41 b\" # no comment\n");
    cr_expect_neq(strstr(LOAD("a.conf"), "wrong number of arguments ("), NULL);
    write_file("a.conf", "# comment\r\n\n  PORT 7000\r\nlogfile \"a\\x41 b\"\nunixsocketperm 700\nmaxmemory 1gb");
    cr_expect_str_eq(LOAD("a.conf", "--port", "7001"), "");
    EXPECT_VALUE("port", "7001");
    EXPECT_VALUE("logfile", "aA b");
    EXPECT_VALUE("unixsocketperm", "700");
    cr_expect_eq(example_now(fixture->config)->unixsocketperm, 0700);
    EXPECT_VALUE("maxmemory", "1073741824");
    cr_expect_eq(fixture->config->file[0], '/', "the path is absolute");
    fixture_destroy(fixture);
}

Test(config_load, names_file_and_line_of_an_error)
{
    struct fixture *fixture = fixture_create();
    write_file("b.conf", "port 1\n\n port \"77\n");
    const char *error = LOAD("b.conf");
    cr_expect_neq(strstr(error, "Bad configuration:"), NULL, "%s", error);
    cr_expect_neq(strstr(error, "port \"77: Unbalanced quotes in configuration line ("), NULL);
    cr_expect_neq(strstr(error, "b.conf, line 3)\n"), NULL);
    cr_expect_neq(strstr(LOAD("nowhere.conf"), "nowhere.conf': No such file or directory\n"), NULL);
    fixture_destroy(fixture);
}

Test(config_load, follows_includes_and_wildcards_but_not_for_ever)
{
    struct fixture *fixture = fixture_create();
    write_file("1.part", "port 1\n");
    write_file("2.part", "hz 22\n");
    write_file("main.conf", "port 9\ninclude *.part\ninclude none*.part\n");
    cr_expect_str_eq(LOAD("main.conf"), "");
    EXPECT_VALUE("port", "1");
    EXPECT_VALUE("hz", "22");
    write_file("main.conf", "include nope.conf\n");
    cr_expect_str_eq(LOAD("main.conf"), "Fatal error, can't open config file 'nope.conf': No such file or directory\n");
    write_file("loop.conf", "include loop.conf\n");
    cr_expect_neq(strstr(LOAD("loop.conf"), "nested too deeply (loop.conf, line 1)"), NULL);
    fixture_destroy(fixture);
}

Test(config_load, refuses_directives_that_would_be_ignored)
{
    struct fixture *fixture = fixture_create();
    cr_expect_neq(strstr(LOAD("--rename-command", "FLUSHALL", ""), "rename-command is not supported"), NULL);
    cr_expect_neq(strstr(LOAD("--user", "alice on"), "user directive is not supported yet"), NULL);
    cr_expect_neq(strstr(LOAD("--loadmodule", "x.so"), "loadmodule is not supported"), NULL);
    cr_expect_neq(strstr(LOAD("--save", "60 1"), "save with another value than '' is not supported yet (command"),
                  NULL);
    cr_expect_str_eq(LOAD("--lua-replicate-commands", "yes"), "");
    fixture_destroy(fixture);
}

Test(config_load, takes_compat_pending_on_the_command_line_only)
{
    struct fixture *fixture = fixture_create();
    write_file("c.conf", "appendonly yes\n");
    cr_expect_neq(strstr(LOAD("c.conf"), "appendonly with another value than 'no' is not supported yet"), NULL);
    cr_expect_str_eq(LOAD("c.conf", "--save", "60 1", "--save", "5 2", "--compat-pending", "yes"), "");
    EXPECT_VALUE("appendonly", "yes");
    EXPECT_VALUE("save", "60 1 5 2");
    write_file("c.conf", "compat-pending yes\n");
    cr_expect_neq(strstr(LOAD("c.conf"), "only accepted on the command line"), NULL);
    fixture_destroy(fixture);
}

Test(config_load, adds_up_lines_of_save_until_an_empty_one)
{
    struct fixture *fixture = fixture_create();
    write_file("s.conf", "save 60 1\nsave \"\"\nsave 5 2\nsave 6 3\n");
    cr_expect_str_eq(LOAD("s.conf", "--compat-pending", "yes"), "");
    EXPECT_VALUE("save", "5 2 6 3");
    fixture_destroy(fixture);
}

Test(config_load, reads_standard_input_for_a_dash_at_either_end)
{
    struct fixture *fixture = fixture_create();
    write_file("in", "hz 7\nport 5\n");
    int saved = dup(STDIN_FILENO);
    int fd = open("in", O_RDONLY);
    cr_assert(fd >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
    write_file("f.conf", "hz 3\nlogfile x\n");
    cr_expect_str_eq(LOAD("f.conf", "--port", "6", "-"), "");
    EXPECT_VALUE("hz", "7");
    EXPECT_VALUE("port", "6");
    EXPECT_VALUE("logfile", "x");
    cr_assert_eq(lseek(fd, 0, SEEK_SET), 0);
    cr_expect_str_eq(LOAD("-", "--hz", "9"), "");
    EXPECT_VALUE("hz", "9");
    EXPECT_VALUE("port", "5");
    cr_assert_eq(dup2(saved, STDIN_FILENO), STDIN_FILENO);
    cr_expect_eq(close(fd) + close(saved), 0);
    fixture_destroy(fixture);
}

Test(config_load, leaves_special_flags_to_the_caller)
{
    struct fixture *fixture = fixture_create();
    static const struct {
        const char *flag;
        enum config_action action;
    } specials[] = {{"-v", CONFIG_VERSION},  {"--version", CONFIG_VERSION},         {"-h", CONFIG_HELP},
                    {"--help", CONFIG_HELP}, {"--test-memory", CONFIG_TEST_MEMORY}, {"--port", CONFIG_RUN}};
    for (size_t i = 0; i < ARRAY_LENGTH(specials); i++) {
        cr_expect_str_eq(LOAD(specials[i].flag, "1"), "");
        cr_expect_eq(fixture->outcome.action, specials[i].action, "%s", specials[i].flag);
    }
    fixture_destroy(fixture);
}

Test(config_load, accepts_an_empty_text)
{
    struct fixture *fixture = fixture_create();
    cr_expect_eq(config_load_text(fixture->config, SLICE_LITERAL(""), &fixture->out), STATUS_OK);
    cr_expect_eq(config_load_text(fixture->config, SLICE_LITERAL("\n \n#"), &fixture->out), STATUS_OK);
    cr_expect_eq(config_load_text(fixture->config, SLICE_LITERAL("\"\" x"), &fixture->out), STATUS_INVALID);
    fixture_destroy(fixture);
}

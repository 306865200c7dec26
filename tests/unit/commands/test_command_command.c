/* SPDX-License-Identifier: BSD-3-Clause */
/* COMMAND: what it tells of commands and subcommands, and which keys a call would touch.
 * Owner: each test. Locks: those of the commands. */
#include "command_server.h"

#define INVALID_COMMAND   "-ERR Invalid command specified"
#define INVALID_ARGUMENTS "-ERR Invalid arguments specified for command"

TestSuite(command_info, .init = command_server_setup, .fini = command_server_teardown);
TestSuite(command_list, .init = command_server_setup, .fini = command_server_teardown);
TestSuite(command_getkeys, .init = command_server_setup, .fini = command_server_teardown);

Test(command_info, tells_arity_flags_keys_categories_and_specs)
{
    EXPECT("COMMAND INFO get", "[[get :2 [+readonly +fast] :1 :1 :1 [+@read +@string +@fast] [] "
                               "[[flags [+RO +access] begin_search [type index spec [index :1]] "
                               "find_keys [type range spec [lastkey :0 keystep :1 limit :0]]]] []]]");
}

Test(command_info, tells_sets_and_maps_in_resp3)
{
    command_server_speak(3);
    EXPECT("COMMAND INFO strlen", "[[strlen :2 ~[+readonly +fast] :1 :1 :1 ~[+@read +@string +@fast] ~[] "
                                  "~[{flags=~[+RO] begin_search={type=index spec={index=:1}} "
                                  "find_keys={type=range spec={lastkey=:0 keystep=:1 limit=:0}}}] ~[]]]");
}

Test(command_info, takes_any_case_and_knows_subcommands_by_their_full_names)
{
    EXPECT("COMMAND INFO OBJECT|HELP", "[[object|help :2 [+loading +stale] :0 :0 :0 [+@keyspace +@slow] [] [] []]]");
    EXPECT("COMMAND INFO nosuch", "[nil]");
    EXPECT("COMMAND INFO object|nosuch", "[nil]");
}

Test(command_info, of_several_commands_keeps_their_order)
{
    EXPECT("COMMAND INFO nosuch dbsize nosuch", "[nil [dbsize :1 [+readonly +fast] :0 :0 :0 [+@keyspace +@read +@fast] "
                                                "[request_policy:all_shards response_policy:agg_sum] [] []] nil]");
}

Test(command_info, count_is_that_of_the_whole_table)
{
    uint32_t count = command_table_count(command_server.small.commands);
    cr_expect_eq(strtoul(command_server_run("COMMAND COUNT") + 1, NULL, 10), count);
    cr_expect_gt(count, 150);
}

Test(command_info, docs_of_what_is_none_are_empty)
{
    EXPECT("COMMAND DOCS nosuch", "[]");
    command_server_speak(3);
    EXPECT("COMMAND DOCS nosuch nosuch2", "{}");
}

Test(command_info, docs_begin_with_the_name_and_name_the_group)
{
    const char *docs = command_server_run("COMMAND DOCS GET");
    cr_expect_eq(strncmp(docs, "[get [summary ", 14), 0, "%s", docs);
    cr_expect_not_null(strstr(docs, "since 1.0.0 group string complexity O(1)"), "%s", docs);
}

Test(command_info, refuses_subcommands_that_are_none)
{
    EXPECT("COMMAND NOSUCH", "-ERR unknown subcommand 'NOSUCH'. Try COMMAND HELP.");
    EXPECT("COMMAND COUNT x", "-ERR wrong number of arguments for 'command|count' command");
}

Test(command_list, filters_by_pattern_in_any_case)
{
    EXPECT("COMMAND LIST FILTERBY PATTERN getr*", "[getrange]");
    EXPECT("COMMAND LIST filterby pattern OBJECT|F*", "[object|freq]");
    EXPECT("COMMAND LIST FILTERBY PATTERN nosuch", "[]");
}

Test(command_list, filters_by_category_and_module)
{
    EXPECT("COMMAND LIST FILTERBY ACLCAT nosuch", "[]");
    EXPECT("COMMAND LIST FILTERBY MODULE any", "[]");
    cr_expect_not_null(strstr(command_server_run("COMMAND LIST FILTERBY ACLCAT bitmap"), "bitcount"));
    cr_expect_null(strstr(command_server_run("COMMAND LIST FILTERBY ACLCAT bitmap"), "lpush"));
}

Test(command_list, refuses_filters_that_are_none)
{
    EXPECT("COMMAND LIST FILTERBY", SYNTAX_ERROR);
    EXPECT("COMMAND LIST FILTERBY PATTERN", SYNTAX_ERROR);
    EXPECT("COMMAND LIST FILTERBY NAME get", SYNTAX_ERROR);
    EXPECT("COMMAND LIST BY PATTERN get", SYNTAX_ERROR);
    EXPECT("COMMAND LIST FILTERBY PATTERN a b", SYNTAX_ERROR);
}

Test(command_list, answers_a_hostile_pattern_in_bounded_time)
{
    EXPECT("COMMAND LIST FILTERBY PATTERN *e*e*e*e*e*e*e*e*e*e*e*e*e*e*e*e*e*e*e*e*e*e*e*e*e*e*e*e*e*e*e", "[]");
}

Test(command_getkeys, finds_keys_at_fixed_places)
{
    EXPECT("COMMAND GETKEYS get a", "[a]");
    EXPECT("COMMAND GETKEYS MSET a 1 b 2", "[a b]");
    EXPECT("COMMAND GETKEYS DEL a b a", "[a b a]");
    EXPECT("COMMAND GETKEYS OBJECT ENCODING a", "[a]");
}

Test(command_getkeys, finds_counted_keys)
{
    EXPECT("COMMAND GETKEYS LMPOP 2 a b LEFT", "[a b]");
    EXPECT("COMMAND GETKEYS ZUNIONSTORE to 2 a b WEIGHTS 1 2", "[to a b]");
    EXPECT("COMMAND GETKEYS LMPOP 3 a b", INVALID_ARGUMENTS);
    EXPECT("COMMAND GETKEYS LMPOP x a LEFT", INVALID_ARGUMENTS);
}

Test(command_getkeys, finds_keys_behind_words)
{
    EXPECT("COMMAND GETKEYS SORT a STORE b", "[a b]");
    EXPECT("COMMAND GETKEYS SORT a BY x*", "[a]");
    EXPECT("COMMAND GETKEYS XREAD COUNT 2 STREAMS a b 0 0", "[a b]");
}

Test(command_getkeys, refuses_what_has_no_keys_or_is_no_command)
{
    EXPECT("COMMAND GETKEYS nosuch a", INVALID_COMMAND);
    EXPECT("COMMAND GETKEYS DBSIZE", "-ERR The command has no key arguments");
    EXPECT("COMMAND GETKEYS GET", "-ERR Invalid number of arguments specified for command");
    EXPECT("COMMAND GETKEYS GET a b", "-ERR Invalid number of arguments specified for command");
    EXPECT("COMMAND GETKEYS", "-ERR wrong number of arguments for 'command|getkeys' command");
}

Test(command_getkeys, tells_flags_that_depend_on_options)
{
    EXPECT("COMMAND GETKEYSANDFLAGS SET a 1", "[[a [+OW +update]]]");
    EXPECT("COMMAND GETKEYSANDFLAGS SET a 1 GET", "[[a [+RW +access +update]]]");
    EXPECT("COMMAND GETKEYSANDFLAGS BITFIELD a GET u8 0", "[[a [+RO +access]]]");
    EXPECT("COMMAND GETKEYSANDFLAGS BITFIELD a SET u8 0 1", "[[a [+RW +access +update]]]");
    EXPECT("COMMAND GETKEYSANDFLAGS SORT a STORE b", "[[a [+RO +access]] [b [+OW +update]]]");
}

Test(command_getkeys, tells_both_sides_of_a_move)
{
    EXPECT("COMMAND GETKEYSANDFLAGS LMOVE a b LEFT RIGHT", "[[a [+RW +access +delete]] [b [+RW +insert]]]");
    EXPECT("COMMAND GETKEYSANDFLAGS COPY a b", "[[a [+RO +access]] [b [+OW +update]]]");
}

Test(command_info, alone_answers_the_whole_table)
{
    struct buffer all;
    buffer_init(&all);
    buffer_printf(&all, "%s", command_server_run("COMMAND"));
    buffer_append(&all, "", 1);
    EXPECT("COMMAND INFO", all.data);
    cr_expect_not_null(strstr(all.data, "[get :2 [+readonly +fast]"));
    cr_expect_not_null(strstr(all.data, "[zrank :-3 [+readonly +fast]"));
    cr_expect_not_null(strstr(all.data, "[object|freq :3 [+readonly]"));
    buffer_deinit(&all);
}

Test(command_info, tells_specs_of_keys_behind_a_word_a_number_or_nowhere)
{
    const char *info = command_server_run("COMMAND INFO xread");
    cr_expect_not_null(strstr(info, "begin_search [type keyword spec [keyword STREAMS startfrom :1]] "
                                    "find_keys [type range spec [lastkey :-1 keystep :1 limit :2]]"));
    info = command_server_run("COMMAND INFO lmpop");
    cr_expect_not_null(strstr(info, "begin_search [type index spec [index :1]] "
                                    "find_keys [type keynum spec [keynumidx :0 firstkey :1 keystep :1]]"));
    info = command_server_run("COMMAND INFO sort");
    cr_expect_not_null(strstr(info, "begin_search [type unknown spec []] find_keys [type unknown spec []]"));
}

Test(command_info, docs_alone_tell_of_every_command)
{
    const char *docs = command_server_run("COMMAND DOCS");
    cr_expect_not_null(strstr(docs, " lpush [summary "));
    cr_expect_not_null(strstr(docs, " object|help [summary "));
}

Test(command_info, docs_tell_tokens_flags_and_nested_arguments)
{
    const char *docs = command_server_run("COMMAND DOCS lmpop");
    cr_expect_not_null(strstr(docs, "[name numkeys type integer display_text numkeys] "
                                    "[name key type key display_text key key_spec_index :0 flags [+multiple]] "
                                    "[name where type oneof arguments [[name left type pure-token display_text left "
                                    "token LEFT] [name right type pure-token display_text right token RIGHT]]] "
                                    "[name count type integer display_text count token COUNT flags [+optional]]"));
}

Test(command_list, without_a_filter_lists_commands_and_subcommands)
{
    const char *list = command_server_run("COMMAND LIST");
    cr_expect_not_null(strstr(list, " lpush "));
    cr_expect_not_null(strstr(list, " config|set "));
    cr_expect_null(strstr(list, " nosuch "));
}

Test(command_list, help_lists_the_subcommands)
{
    cr_expect_not_null(strstr(command_server_run("COMMAND HELP"), "+GETKEYSANDFLAGS <full-command>"));
    cr_expect_not_null(strstr(command_server_run("CONFIG HELP"), "+RESETSTAT"));
}

Test(command_getkeys, passes_words_on_overflow)
{
    EXPECT("COMMAND GETKEYSANDFLAGS BITFIELD a OVERFLOW SAT GET u8 0", "[[a [+RO +access]]]");
    EXPECT("COMMAND GETKEYSANDFLAGS BITFIELD a GET u8 0 OVERFLOW SAT INCRBY u8 0 1", "[[a [+RW +access +update]]]");
}

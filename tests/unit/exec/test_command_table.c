/* SPDX-License-Identifier: BSD-3-Clause */
/* The command table: names are found in any case, keys where the key specs say.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>

#include "sherd/exec/command.h"

static const struct command_row subcommands[] = {
    {.name = "usage", .arity = -3, .keys = {{.flags = KEY_RO, .begin = 2, .step = 1}}},
    {.name = "doctor", .arity = 2},
    {0},
};

static const struct command_row rows[] = {
    {.name = "get", .arity = 2, .keys = {{.flags = KEY_RO, .begin = 1, .step = 1}}},
    {.name = "mset", .arity = -3, .keys = {{.flags = KEY_OW, .begin = 1, .last = -1, .step = 2}}},
    {.name = "rename",
     .arity = 3,
     .keys = {{.flags = KEY_RW, .begin = 1, .step = 1}, {.flags = KEY_OW, .begin = 2, .step = 1}}},
    {.name = "bitop",
     .arity = -4,
     .keys = {{.flags = KEY_OW, .begin = 2, .step = 1}, {.flags = KEY_RO, .begin = 3, .last = -1, .step = 1}}},
    {.name = "zunionstore",
     .arity = -4,
     .keys = {{.flags = KEY_OW, .begin = 1, .step = 1}, {.flags = KEY_RO, .begin = 2, .step = 1, .counted = true}}},
    {.name = "xread",
     .arity = -4,
     .keys = {{.flags = KEY_RO, .begin = 1, .keyword = "STREAMS", .last = -1, .step = 1, .limit = 2}}},
    {.name = "sort",
     .arity = -2,
     .keys = {{.flags = KEY_RO, .begin = 1, .step = 1}, {.flags = KEY_RO | KEY_INCOMPLETE}}},
    {.name = "spublish", .arity = 3, .keys = {{.flags = KEY_NOT_KEY, .begin = 1, .step = 1}}},
    {.name = "memory", .arity = -2, .subcommands = subcommands},
    {.name = "a-name-that-is-much-longer-than-16", .arity = 1},
    {0},
};

static const struct command_row further_subcommands[] = {{.name = "stats", .arity = 2}, {0}};

static const struct command_row further_rows[] = {
    {.name = "memory", .subcommands = further_subcommands, .extends = true}, {.name = "late", .arity = 1}, {0}};

static struct command_table *table;
static int other_room;

static void build(void)
{
    const struct command_family families[] = {{rows, NULL}, {further_rows, &other_room}};
    table = command_table_create(families, ARRAY_LENGTH(families));
}

static void destroy(void)
{
    command_table_destroy(table);
}

TestSuite(command_table, .init = build, .fini = destroy);

static const struct command *found(const char *name)
{
    return command_find_full(table, slice_from_text(name));
}

static bool triple_is(const char *name, int first, int last, int step)
{
    const struct command *command = found(name);
    return command->first_key == first && command->last_key == last && command->key_step == step;
}

static bool is_movable(const char *name)
{
    return (found(name)->flags & COMMAND_MOVABLE_KEYS) != 0;
}

Test(command_table, finds_names_in_any_case)
{
    cr_assert_eq(found("get"), found("GeT"));
    cr_assert_not_null(found("A-NAME-that-is-much-longer-than-16"));
    cr_assert_null(found("a-name-that-is-much-longer-than-17"));
    cr_assert_null(found("gets"));
    cr_assert_null(found(""));
}

Test(command_table, finds_subcommands_behind_a_bar)
{
    cr_assert_str_eq(found("MEMORY|USAGE")->full_name, "memory|usage");
    cr_assert_eq(found("memory|usage")->parent, found("memory"));
    cr_assert_null(found("memory|"));
    cr_assert_null(found("memory|nosuch"));
    cr_assert_null(found("get|usage"));
    cr_assert_null(found("|"));
}

Test(command_table, a_room_adds_subcommands_to_the_command_of_another)
{
    const struct command *memory = found("memory");
    const struct command *added = found("memory|stats");
    cr_assert_not_null(added);
    cr_assert_eq(added->parent, memory);
    cr_assert_eq(added->context, &other_room);
    cr_assert_null(memory->context);
    cr_assert_eq(memory->subcommand_count, 3);
    cr_assert_eq(command_table_by_id(table, added->id), added);
    cr_assert_eq(command_table_at(table, command_table_count(table) - 1), found("late"));
}

Test(command_table, resolves_a_request_to_its_subcommand)
{
    const struct slice usage[] = {SLICE_LITERAL("memory"), SLICE_LITERAL("Usage"), SLICE_LITERAL("k")};
    const struct slice nosuch[] = {SLICE_LITERAL("memory"), SLICE_LITERAL("nosuch")};
    cr_assert_eq(command_resolve(table, usage, 3), found("memory|usage"));
    cr_assert_eq(command_resolve(table, usage, 1), found("memory"));
    cr_assert_eq(command_resolve(table, nosuch, 2), found("memory"));
}

Test(command_table, derives_the_legacy_triple)
{
    cr_assert(triple_is("get", 1, 1, 1));
    cr_assert(triple_is("mset", 1, -1, 2));
    cr_assert(triple_is("rename", 1, 2, 1));
    cr_assert(triple_is("bitop", 2, -1, 1));
    cr_assert(triple_is("zunionstore", 1, 1, 1));
    cr_assert(triple_is("xread", 0, 0, 0));
    cr_assert(triple_is("sort", 1, 1, 1));
    cr_assert(triple_is("spublish", 1, 1, 1));
    cr_assert(triple_is("memory|usage", 2, 2, 1));
    cr_assert(triple_is("memory", 0, 0, 0));
}

Test(command_table, marks_keys_that_stand_at_no_fixed_place)
{
    cr_assert(is_movable("zunionstore") && is_movable("xread") && is_movable("sort"));
    cr_assert(!is_movable("get") && !is_movable("bitop") && !is_movable("rename") && !is_movable("spublish"));
    cr_assert(found("bitop")->simple_keys && found("mset")->simple_keys && found("memory|doctor")->simple_keys);
    cr_assert(!found("zunionstore")->simple_keys && !found("spublish")->simple_keys);
}

static int64_t keys_of(const char *name, const struct slice *argv, uint32_t argc, struct key_place *places)
{
    return command_keys(found(name), argv, argc, places, 8);
}

Test(command_table, finds_the_keys_of_a_request)
{
    struct key_place places[8];
    const struct slice mset[] = {SLICE_LITERAL("mset"), SLICE_LITERAL("a"), SLICE_LITERAL("1"), SLICE_LITERAL("b"),
                                 SLICE_LITERAL("2")};
    cr_assert_eq(keys_of("mset", mset, 5, places), 2);
    cr_assert(places[0].argument == 1 && places[1].argument == 3 && places[1].flags == KEY_OW);

    const struct slice zunionstore[] = {SLICE_LITERAL("zunionstore"), SLICE_LITERAL("d"), SLICE_LITERAL("2"),
                                        SLICE_LITERAL("a"),           SLICE_LITERAL("b"), SLICE_LITERAL("WEIGHTS")};
    cr_assert_eq(keys_of("zunionstore", zunionstore, 6, places), 3);
    cr_assert(places[0].argument == 1 && places[1].argument == 3 && places[2].argument == 4);
    cr_assert_eq(keys_of("zunionstore", zunionstore, 4, places), -1);

    const struct slice xread[] = {SLICE_LITERAL("xread"),   SLICE_LITERAL("count"), SLICE_LITERAL("2"),
                                  SLICE_LITERAL("streams"), SLICE_LITERAL("a"),     SLICE_LITERAL("b"),
                                  SLICE_LITERAL("0"),       SLICE_LITERAL("0")};
    cr_assert_eq(keys_of("xread", xread, 8, places), 2);
    cr_assert(places[0].argument == 4 && places[1].argument == 5);

    const struct slice sort[] = {SLICE_LITERAL("sort"), SLICE_LITERAL("l"), SLICE_LITERAL("BY"), SLICE_LITERAL("w*")};
    cr_assert_eq(keys_of("sort", sort, 4, places), 1);
    cr_assert_eq(keys_of("spublish", sort, 3, places), 0);
}

Test(command_table, checks_arity)
{
    cr_assert(command_arity_ok(found("get"), 2) && !command_arity_ok(found("get"), 3));
    cr_assert(command_arity_ok(found("mset"), 9) && !command_arity_ok(found("mset"), 2));
}

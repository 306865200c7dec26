/* SPDX-License-Identifier: BSD-3-Clause */
/* COMMAND: what clients may ask about commands.
 * Owner: nobody, handlers keep no state; the table is constant. Locks: none. */
#include "command_facts.h"
#include "sherd/base/glob.h"
#include "sherd/base/memory.h"
#include "sherd/base/number.h"
#include "sherd/commands/families.h"
#include "sherd/exec/call.h"
#include "sherd/exec/command_words.h"
#include "sherd/exec/exec.h"

static const struct command_table *table_of(const struct call *call)
{
    return call->worker->exec->commands;
}

/* Every top-level command. */
static enum outcome reply_whole_table(struct call *call)
{
    uint32_t count = command_table_count(table_of(call));
    reply_array(&call->reply, count);
    for (uint32_t i = 0; i < count; i++) {
        reply_command_info(&call->reply, command_table_at(table_of(call), i));
    }
    return OUTCOME_DONE;
}

static enum outcome command_command(struct call *call)
{
    return reply_whole_table(call);
}

static enum outcome command_count_command(struct call *call)
{
    reply_integer(&call->reply, command_table_count(table_of(call)));
    return OUTCOME_DONE;
}

static enum outcome command_info_command(struct call *call)
{
    if (call->argc == 2) {
        return reply_whole_table(call);
    }
    reply_array(&call->reply, call->argc - 2);
    for (uint32_t i = 2; i < call->argc; i++) {
        const struct command *command = command_find_full(table_of(call), call->argv[i]);
        if (command != NULL) {
            reply_command_info(&call->reply, command);
        } else {
            reply_null(&call->reply);
        }
    }
    return OUTCOME_DONE;
}

static void reply_docs_of(struct call *call, const struct command *command)
{
    reply_bulk_text(&call->reply, command->full_name);
    reply_command_docs(&call->reply, command);
}

static enum outcome command_docs_command(struct call *call)
{
    if (call->argc == 2) {
        uint32_t all = command_table_count(table_of(call));
        reply_map(&call->reply, all);
        for (uint32_t i = 0; i < all; i++) {
            reply_docs_of(call, command_table_at(table_of(call), i));
        }
        return OUTCOME_DONE;
    }
    size_t count = 0;
    struct output_mark mark = reply_open(&call->reply);
    for (uint32_t i = 2; i < call->argc; i++) {
        const struct command *command = command_find_full(table_of(call), call->argv[i]);
        if (command != NULL) {
            reply_docs_of(call, command);
            count++;
        }
    }
    reply_close_map(&call->reply, mark, count);
    return OUTCOME_DONE;
}

/* ---- COMMAND LIST ---- */

enum list_filter {
    FILTER_NONE,
    FILTER_MODULE,
    FILTER_CATEGORY,
    FILTER_PATTERN,
};

struct listing {
    enum list_filter filter;
    struct slice pattern;
    uint32_t category;
};

static bool listing_takes(const struct listing *listing, const struct command *command)
{
    switch (listing->filter) {
    case FILTER_NONE:
        return true;
    case FILTER_CATEGORY:
        return (command->categories & listing->category) != 0;
    case FILTER_PATTERN:
        return glob_match(listing->pattern, slice_from_text(command->full_name), true);
    default:
        return false; /* there are no modules */
    }
}

static size_t list_command(struct call *call, const struct listing *listing, const struct command *command)
{
    size_t count = 0;
    if (listing_takes(listing, command)) {
        reply_bulk_text(&call->reply, command->full_name);
        count++;
    }
    for (uint32_t i = 0; i < command->subcommand_count; i++) {
        if (listing_takes(listing, &command->subcommands[i])) {
            reply_bulk_text(&call->reply, command->subcommands[i].full_name);
            count++;
        }
    }
    return count;
}

static bool listing_parse(const struct call *call, struct listing *listing)
{
    if (call->argc == 2) {
        return true;
    }
    if (call->argc != 5 || !call_argument_is(call, 2, "filterby")) {
        return false;
    }
    listing->pattern = call->argv[4];
    if (call_argument_is(call, 3, "module")) {
        listing->filter = FILTER_MODULE;
    } else if (call_argument_is(call, 3, "aclcat")) {
        listing->filter = FILTER_CATEGORY;
        listing->category = command_category_find(call->argv[4]);
    } else if (call_argument_is(call, 3, "pattern")) {
        listing->filter = FILTER_PATTERN;
    } else {
        return false;
    }
    return true;
}

static enum outcome command_list_command(struct call *call)
{
    struct listing listing = {.filter = FILTER_NONE};
    if (!listing_parse(call, &listing)) {
        return call_fail(call, ERROR_SYNTAX);
    }
    size_t count = 0;
    struct output_mark mark = reply_open(&call->reply);
    for (uint32_t i = 0; i < command_table_count(table_of(call)); i++) {
        count += list_command(call, &listing, command_table_at(table_of(call), i));
    }
    reply_close_array(&call->reply, mark, count);
    return OUTCOME_DONE;
}

/* ---- COMMAND GETKEYS ---- */

static bool has_keys(const struct command *command)
{
    for (int i = 0; i < KEY_SPECS_MAX && command->row->keys[i].flags != 0; i++) {
        if ((command->row->keys[i].flags & KEY_NOT_KEY) == 0) {
            return true;
        }
    }
    return false;
}

static void reply_key_places(struct call *call, const struct key_place *places, size_t count, bool with_flags)
{
    struct call asked = {
        .worker = call->worker, .session = call->session, .argv = call->argv + 2, .argc = call->argc - 2};
    asked.command = command_resolve(table_of(call), asked.argv, asked.argc);
    reply_array(&call->reply, count);
    for (size_t i = 0; i < count; i++) {
        if (!with_flags) {
            reply_bulk(&call->reply, asked.argv[places[i].argument]);
            continue;
        }
        uint16_t flags = places[i].flags;
        if ((flags & KEY_VARIABLE_FLAGS) != 0 && asked.command->row->key_flags != NULL) {
            flags = asked.command->row->key_flags(&asked, places[i].argument);
        }
        reply_array(&call->reply, 2);
        reply_bulk(&call->reply, asked.argv[places[i].argument]);
        reply_key_flags(&call->reply, flags);
    }
}

/* ZUNIONSTORE key 0: a destination alone makes no sense. */
static bool counts_no_keys(const struct command *command, const struct slice *argv, uint32_t argc)
{
    for (int i = 0; i < KEY_SPECS_MAX && command->row->keys[i].flags != 0; i++) {
        const struct key_spec *spec = &command->row->keys[i];
        int64_t count;
        if (spec->counted && spec->keyword == NULL && (uint32_t)spec->begin < argc &&
            number_parse_i64(argv[spec->begin], &count) && count == 0) {
            return true;
        }
    }
    return false;
}

static enum outcome getkeys(struct call *call, bool with_flags)
{
    const struct slice *argv = call->argv + 2;
    uint32_t argc = call->argc - 2;
    const struct command *command = command_resolve(table_of(call), argv, argc);
    if (command == NULL || (command->subcommand_count != 0 && argc > 1)) {
        return call_fail_slice(call, SLICE_LITERAL("ERR Invalid command specified"));
    }
    if (!has_keys(command)) {
        return call_fail_slice(call, SLICE_LITERAL("ERR The command has no key arguments"));
    }
    if (!command_arity_ok(command, argc)) {
        return call_fail_slice(call, SLICE_LITERAL("ERR Invalid number of arguments specified for command"));
    }
    /* No more keys than arguments for each spec. */
    struct key_place *places = memory_alloc((size_t)KEY_SPECS_MAX * argc * sizeof(*places));
    int64_t count = command_keys(command, argv, argc, places, (size_t)KEY_SPECS_MAX * argc);
    enum outcome outcome = OUTCOME_DONE;
    if (count > 0 && !counts_no_keys(command, argv, argc)) {
        reply_key_places(call, places, (size_t)count, with_flags);
    } else if ((command->flags & COMMAND_NO_MANDATORY_KEYS) != 0) {
        reply_array(&call->reply, 0);
    } else {
        outcome = call_fail_slice(call, SLICE_LITERAL("ERR Invalid arguments specified for command"));
    }
    memory_free(places);
    return outcome;
}

static enum outcome command_getkeys_command(struct call *call)
{
    return getkeys(call, false);
}

static enum outcome command_getkeysandflags_command(struct call *call)
{
    return getkeys(call, true);
}

static enum outcome command_help_command(struct call *call)
{
    static const char *const lines[] = {
        "(no subcommand)",
        "    Return details about all Redis commands.",
        "COUNT",
        "    Return the total number of commands in this Redis server.",
        "LIST",
        "    Return a list of all commands in this Redis server.",
        "INFO [<command-name> ...]",
        "    Return details about multiple Redis commands.",
        "    If no command names are given, documentation details for all",
        "    commands are returned.",
        "DOCS [<command-name> ...]",
        "    Return documentation details about multiple Redis commands.",
        "    If no command names are given, documentation details for all",
        "    commands are returned.",
        "GETKEYS <full-command>",
        "    Return the keys from a full Redis command.",
        "GETKEYSANDFLAGS <full-command>",
        "    Return the keys and the access flags from a full Redis command.",
        NULL,
    };
    return call_reply_help(call, lines);
}

static const char *const unordered_tips[] = {"nondeterministic_output_order", NULL};

static const struct command_history info_history[] = {
    {"7.0.0", "Allowed to be called with no argument to get info on all commands."},
    {0},
};

static const struct command_row command_subcommands[] = {
    {.name = "count",
     .handler = command_count_command,
     .arity = 2,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .categories = ACL_CONNECTION,
     .summary = "Counts the commands.",
     .since = "2.8.13",
     .group = "server",
     .complexity = "O(1)"},
    {.name = "info",
     .handler = command_info_command,
     .arity = -2,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .categories = ACL_CONNECTION,
     .summary = "Tells arity, flags, keys and categories of commands.",
     .since = "2.8.13",
     .group = "server",
     .complexity = "O(N) for N commands",
     .tips = unordered_tips,
     .history = info_history,
     .arguments = "command-name?+"},
    {.name = "docs",
     .handler = command_docs_command,
     .arity = -2,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .categories = ACL_CONNECTION,
     .summary = "Documents commands and their arguments.",
     .since = "7.0.0",
     .group = "server",
     .complexity = "O(N) for N commands",
     .tips = unordered_tips,
     .arguments = "command-name?+"},
    {.name = "list",
     .handler = command_list_command,
     .arity = -2,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .categories = ACL_CONNECTION,
     .summary = "Lists the names of commands.",
     .since = "7.0.0",
     .group = "server",
     .complexity = "O(N) for all N commands",
     .tips = unordered_tips,
     .arguments = "filterby:(module-name=MODULE|category=ACLCAT|pattern:pattern=PATTERN)=FILTERBY?"},
    {.name = "getkeys",
     .handler = command_getkeys_command,
     .arity = -3,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .categories = ACL_CONNECTION,
     .summary = "Finds the keys among the arguments of a command.",
     .since = "2.8.13",
     .group = "server",
     .complexity = "O(N) for N arguments",
     .arguments = "command arg?+"},
    {.name = "getkeysandflags",
     .handler = command_getkeysandflags_command,
     .arity = -3,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .categories = ACL_CONNECTION,
     .summary = "Finds the keys among the arguments of a command, and what it does with them.",
     .since = "7.0.0",
     .group = "server",
     .complexity = "O(N) for N arguments",
     .arguments = "command arg?+"},
    {.name = "help",
     .handler = command_help_command,
     .arity = 2,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .categories = ACL_CONNECTION,
     .summary = "Lists the subcommands of COMMAND.",
     .since = "5.0.0",
     .group = "server",
     .complexity = "O(1)"},
    {0},
};

const struct command_row command_commands[] = {
    {.name = "command",
     .handler = command_command,
     .arity = -1,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .categories = ACL_CONNECTION,
     .subcommands = command_subcommands,
     .summary = "Tells arity, flags, keys and categories of every command.",
     .since = "2.8.13",
     .group = "server",
     .complexity = "O(N) for all N commands",
     .tips = unordered_tips},
    {0},
};

/* SPDX-License-Identifier: BSD-3-Clause */
/* INFO: which sections are asked for, and their headings. TIME and LOLWUT.
 * Owner: struct observe. Locks: none. */
#include "apply.h"
#include "sherd/base/version.h"
#include "sherd/observe/commands.h"

/* Does a word of the request mean this section? "module_list" is another name of Redis for the modules. */
static bool word_means(struct slice word, const struct info_section *section)
{
    return slice_equals_word(word, "all") || slice_equals_word(word, "everything") ||
           (section->in_default && slice_equals_word(word, "default")) || slice_equals_word(word, section->name) ||
           (slice_equals_word(word, "module_list") && strcmp(section->name, "Modules") == 0);
}

static bool section_is_wanted(const struct call *call, const struct info_section *section)
{
    if (call->argc == 1) {
        return section->in_default;
    }
    for (uint32_t i = 1; i < call->argc; i++) {
        if (word_means(call->argv[i], section)) {
            return true;
        }
    }
    return false;
}

static enum outcome info_command(struct call *call)
{
    const struct observe *observe = call->context;
    struct buffer text;
    buffer_init(&text);
    const char *heading = NULL;
    for (const struct info_section *section = observe->setup.sections; section->name != NULL; section++) {
        if (!section_is_wanted(call, section)) {
            continue;
        }
        if (heading == NULL || strcmp(heading, section->name) != 0) {
            buffer_printf(&text, "%s# %s\r\n", heading == NULL ? "" : "\r\n", section->name);
            heading = section->name;
        }
        section->write(section->context, call->worker, &text);
    }
    reply_verbatim(&call->reply, "txt", buffer_slice(&text));
    buffer_deinit(&text);
    return OUTCOME_DONE;
}

static enum outcome time_command(struct call *call)
{
    int64_t now_us = clock_source_us(call->worker->exec->clock);
    reply_array(&call->reply, 2);
    reply_bulk_integer(&call->reply, now_us / 1000000);
    reply_bulk_integer(&call->reply, now_us % 1000000);
    return OUTCOME_DONE;
}

/* Cracks that wander down a jar, differently every time. */
static void draw_sherds(struct random *random, struct buffer *out)
{
    enum { ROWS = 8, COLUMNS = 40 };
    static const char edges[] = "/|\\";
    uint64_t at[4];
    for (size_t i = 0; i < ARRAY_LENGTH(at); i++) {
        at[i] = random_below(random, COLUMNS);
    }
    for (int row = 0; row < ROWS; row++) {
        char line[COLUMNS + 1];
        memset(line, ' ', COLUMNS);
        line[COLUMNS] = '\n';
        for (size_t i = 0; i < ARRAY_LENGTH(at); i++) {
            uint64_t step = random_below(random, 3);
            line[at[i]] = edges[step];
            at[i] = (at[i] + COLUMNS + step - 1) % COLUMNS;
        }
        buffer_append(out, line, sizeof(line));
    }
}

static enum outcome lolwut_command(struct call *call)
{
    int64_t version;
    if (call->argc >= 3 && call_argument_is(call, 1, "version") && !call_integer(call, 2, &version)) {
        return OUTCOME_ERROR;
    }
    struct buffer text;
    buffer_init(&text);
    draw_sherds(&call->worker->random, &text);
    buffer_printf(&text, "\nPotsherds: together they are the jar.\n\nRedis ver. %s\n", SHERD_REDIS_VERSION);
    reply_verbatim(&call->reply, "txt", buffer_slice(&text));
    buffer_deinit(&text);
    return OUTCOME_DONE;
}

static const char *const info_tips[] = {"nondeterministic_output", "request_policy:all_shards",
                                        "response_policy:special", NULL};
static const char *const time_tips[] = {"nondeterministic_output", NULL};
static const struct command_history info_history[] = {{"7.0.0", "Added support for taking multiple section arguments."},
                                                      {0}};

const struct command_row info_commands[] = {
    {.name = "info",
     .handler = info_command,
     .arity = -1,
     .flags = COMMAND_LOADING | COMMAND_STALE,
     .categories = ACL_DANGEROUS,
     .summary = "Tells what the server is, how it is set up, and what it has done.",
     .since = "1.0.0",
     .group = "server",
     .complexity = "O(1)",
     .tips = info_tips,
     .history = info_history,
     .arguments = "section?+"},
    {.name = "time",
     .handler = time_command,
     .arity = 1,
     .flags = COMMAND_LOADING | COMMAND_STALE | COMMAND_FAST,
     .summary = "Tells the time of day in seconds and microseconds.",
     .since = "2.6.0",
     .group = "server",
     .complexity = "O(1)",
     .tips = time_tips},
    {.name = "lolwut",
     .handler = lolwut_command,
     .arity = -1,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .summary = "Draws something, and tells the version.",
     .since = "5.0.0",
     .group = "server",
     .arguments = "version:integer=VERSION?"},
    {0},
};

/* SPDX-License-Identifier: BSD-3-Clause */
/* COMMAND INFO and COMMAND DOCS of one command, from its row.
 * Owner: nobody. Locks: none. */
#include "command_facts.h"

#include "sherd/exec/command_docs.h"
#include "sherd/exec/command_words.h"

enum {
    WORD_BYTES = 64,
};

/* The words of the bits that are set, as a set of statuses; `prefix` is "" or "@". */
static void reply_words(struct reply *reply, uint32_t bits, const struct command_word *words, const char *prefix)
{
    size_t count = 0;
    for (const struct command_word *word = words; word->word != NULL; word++) {
        count += (bits & word->bit) != 0;
    }
    reply_set(reply, count);
    for (const struct command_word *word = words; word->word != NULL; word++) {
        if ((bits & word->bit) != 0) {
            REPLY_LITERAL(reply, "+");
            reply_raw(reply, prefix, strlen(prefix));
            reply_raw(reply, word->word, strlen(word->word));
            REPLY_LITERAL(reply, "\r\n");
        }
    }
}

void reply_key_flags(struct reply *reply, uint16_t flags)
{
    reply_words(reply, flags, key_flag_words, "");
}

static void reply_number_pair(struct reply *reply, const char *name, int64_t value)
{
    reply_bulk_text(reply, name);
    reply_integer(reply, value);
}

static void reply_text_pair(struct reply *reply, const char *name, const char *value)
{
    reply_bulk_text(reply, name);
    reply_bulk_text(reply, value);
}

/* Opens { type, spec } with a spec of `pairs` pairs. */
static void reply_search_type(struct reply *reply, const char *type, size_t pairs)
{
    reply_map(reply, 2);
    reply_text_pair(reply, "type", type);
    reply_bulk_text(reply, "spec");
    reply_map(reply, pairs);
}

static void reply_begin_search(struct reply *reply, const struct key_spec *spec)
{
    if (spec->keyword != NULL) {
        reply_search_type(reply, "keyword", 2);
        reply_text_pair(reply, "keyword", spec->keyword);
        reply_number_pair(reply, "startfrom", spec->begin);
    } else if (spec->begin != 0) {
        reply_search_type(reply, "index", 1);
        reply_number_pair(reply, "index", spec->begin);
    } else {
        reply_search_type(reply, "unknown", 0);
    }
}

static void reply_find_keys(struct reply *reply, const struct key_spec *spec)
{
    if (spec->counted) {
        reply_search_type(reply, "keynum", 3);
        reply_number_pair(reply, "keynumidx", 0);
        reply_number_pair(reply, "firstkey", 1);
        reply_number_pair(reply, "keystep", spec->step);
    } else if (spec->begin != 0) {
        reply_search_type(reply, "range", 3);
        reply_number_pair(reply, "lastkey", spec->last);
        reply_number_pair(reply, "keystep", spec->step);
        reply_number_pair(reply, "limit", spec->limit);
    } else {
        reply_search_type(reply, "unknown", 0);
    }
}

static void reply_key_specs(struct reply *reply, const struct command_row *row)
{
    size_t count = 0;
    while (count < KEY_SPECS_MAX && row->keys[count].flags != 0) {
        count++;
    }
    reply_set(reply, count);
    for (size_t i = 0; i < count; i++) {
        const struct key_spec *spec = &row->keys[i];
        reply_map(reply, spec->notes != NULL ? 4 : 3);
        if (spec->notes != NULL) {
            reply_text_pair(reply, "notes", spec->notes);
        }
        reply_bulk_text(reply, "flags");
        reply_key_flags(reply, spec->flags);
        reply_bulk_text(reply, "begin_search");
        reply_begin_search(reply, spec);
        reply_bulk_text(reply, "find_keys");
        reply_find_keys(reply, spec);
    }
}

static void reply_tips(struct reply *reply, const char *const *tips)
{
    size_t count = 0;
    while (tips != NULL && tips[count] != NULL) {
        count++;
    }
    reply_set(reply, count);
    for (size_t i = 0; i < count; i++) {
        reply_bulk_text(reply, tips[i]);
    }
}

/* All of an element but its subcommands. */
static void reply_own_info(struct reply *reply, const struct command *command)
{
    reply_array(reply, 10);
    reply_bulk_text(reply, command->full_name);
    reply_integer(reply, command->row->arity);
    reply_words(reply, command->flags, command_flag_words, "");
    reply_integer(reply, command->first_key);
    reply_integer(reply, command->last_key);
    reply_integer(reply, command->key_step);
    reply_words(reply, command->categories, command_category_words, "@");
    reply_tips(reply, command->row->tips);
    reply_key_specs(reply, command->row);
    if (command->subcommand_count != 0) {
        reply_array(reply, command->subcommand_count);
    } else {
        reply_set(reply, 0);
    }
}

void reply_command_info(struct reply *reply, const struct command *command)
{
    reply_own_info(reply, command);
    for (uint32_t i = 0; i < command->subcommand_count; i++) {
        reply_own_info(reply, &command->subcommands[i]);
    }
}

/* ---- COMMAND DOCS ---- */

/* The name of a bare token is the token in lower case. */
static void reply_argument_name(struct reply *reply, struct slice name)
{
    char lower[WORD_BYTES];
    size_t len = name.len < sizeof(lower) ? name.len : sizeof(lower);
    for (size_t i = 0; i < len; i++) {
        lower[i] = ascii_lower(name.data[i]);
    }
    reply_bulk(reply, slice_make(lower, len));
}

static void reply_argument_flags(struct reply *reply, unsigned flags)
{
    static const struct command_word words[] = {
        {ARGUMENT_OPTIONAL, "optional"},
        {ARGUMENT_MULTIPLE, "multiple"},
        {ARGUMENT_MULTIPLE_TOKEN, "multiple_token"},
        {0, NULL},
    };
    reply_words(reply, flags, words, "");
}

static bool argument_is_group(const struct command_argument *argument)
{
    return argument->type == ARGUMENT_ONEOF || argument->type == ARGUMENT_BLOCK;
}

/* An argument without the arguments within it, for which the key is written last. */
static void reply_argument(struct reply *reply, const struct command_argument *argument)
{
    bool group = argument_is_group(argument);
    reply_map(reply, 3 + (size_t)(argument->key_spec >= 0) + (size_t)argument->has_token +
                         (size_t)(argument->since.len != 0) + (size_t)(argument->deprecated_since.len != 0) +
                         (size_t)(argument->flags != 0));
    reply_bulk_text(reply, "name");
    reply_argument_name(reply, argument->name);
    reply_text_pair(reply, "type", argument_type_name(argument->type));
    if (!group) {
        reply_bulk_text(reply, "display_text");
        reply_argument_name(reply, argument->display);
    }
    if (argument->key_spec >= 0) {
        reply_number_pair(reply, "key_spec_index", argument->key_spec);
    }
    if (argument->has_token) {
        reply_bulk_text(reply, "token");
        reply_bulk(reply, argument->token);
    }
    if (argument->since.len != 0) {
        reply_bulk_text(reply, "since");
        reply_bulk(reply, argument->since);
    }
    if (argument->deprecated_since.len != 0) {
        reply_bulk_text(reply, "deprecated_since");
        reply_bulk(reply, argument->deprecated_since);
    }
    if (argument->flags != 0) {
        reply_bulk_text(reply, "flags");
        reply_argument_flags(reply, argument->flags);
    }
    if (group) {
        reply_bulk_text(reply, "arguments");
    }
}

static void reply_arguments(struct reply *reply, struct slice notation)
{
    struct slice rest[ARGUMENT_DEPTH_MAX + 1] = {notation};
    unsigned depth = 0;
    struct command_argument argument;
    reply_array(reply, command_argument_count(notation));
    for (;;) {
        if (!command_argument_next(&rest[depth], &argument)) {
            if (depth == 0) {
                return;
            }
            depth--;
            continue;
        }
        reply_argument(reply, &argument);
        if (argument_is_group(&argument)) {
            reply_array(reply, command_argument_count(argument.parts));
            rest[++depth] = argument.parts;
        }
    }
}

static void reply_history(struct reply *reply, const struct command_history *history)
{
    size_t count = 0;
    while (history[count].version != NULL) {
        count++;
    }
    reply_bulk_text(reply, "history");
    reply_set(reply, count);
    for (size_t i = 0; i < count; i++) {
        reply_array(reply, 2);
        reply_bulk_text(reply, history[i].version);
        reply_bulk_text(reply, history[i].change);
    }
}

/* Everything but the subcommands, for which the key is written last. */
static void reply_own_docs(struct reply *reply, const struct command *command)
{
    const struct command_row *row = command->row;
    bool deprecated = row->deprecated_since != NULL;
    bool syscmd = (command->flags & COMMAND_SYSTEM) != 0;
    const struct {
        const char *name;
        const char *text;
    } texts[] = {
        {"summary", row->summary}, {"since", row->since}, {"group", row->group}, {"complexity", row->complexity}};
    size_t pairs = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        pairs += texts[i].text != NULL;
    }
    reply_map(reply, pairs + (size_t)(deprecated || syscmd) + (size_t)deprecated + (size_t)(row->replaced_by != NULL) +
                         (size_t)(row->history != NULL) + (size_t)(row->arguments != NULL) +
                         (size_t)(command->subcommand_count != 0));
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        if (texts[i].text != NULL) {
            reply_text_pair(reply, texts[i].name, texts[i].text);
        }
    }
    if (deprecated || syscmd) {
        static const struct command_word words[] = {{1, "deprecated"}, {2, "syscmd"}, {0, NULL}};
        reply_bulk_text(reply, "doc_flags");
        reply_words(reply, (deprecated ? 1U : 0U) | (syscmd ? 2U : 0U), words, "");
    }
    if (deprecated) {
        reply_text_pair(reply, "deprecated_since", row->deprecated_since);
    }
    if (row->replaced_by != NULL) {
        reply_text_pair(reply, "replaced_by", row->replaced_by);
    }
    if (row->history != NULL) {
        reply_history(reply, row->history);
    }
    if (row->arguments != NULL) {
        reply_bulk_text(reply, "arguments");
        reply_arguments(reply, slice_from_text(row->arguments));
    }
    if (command->subcommand_count != 0) {
        reply_bulk_text(reply, "subcommands");
        reply_map(reply, command->subcommand_count);
    }
}

void reply_command_docs(struct reply *reply, const struct command *command)
{
    reply_own_docs(reply, command);
    for (uint32_t i = 0; i < command->subcommand_count; i++) {
        reply_bulk_text(reply, command->subcommands[i].full_name);
        reply_own_docs(reply, &command->subcommands[i]);
    }
}

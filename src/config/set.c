/* SPDX-License-Identifier: BSD-3-Clause */
/* CONFIG GET and CONFIG SET, with the order of checks and the texts of Redis 7.2.
 * Owner: nothing between calls. Locks: `changing` for the length of a CONFIG SET. */
#include "sherd/base/glob.h"
#include "sherd/base/memory.h"
#include "sherd/config/draft.h"
#include "sherd/config/pending.h"

/* Redis takes a name without these bytes for an exact one; a lone backslash does not make it a pattern. */
static bool is_pattern(struct slice name)
{
    for (size_t i = 0; i < name.len && name.data[i] != '\0'; i++) {
        if (name.data[i] == '[' || name.data[i] == '*' || name.data[i] == '?') {
            return true;
        }
    }
    return false;
}

struct match_list {
    const struct config *config;
    const struct config_snapshot *snapshot;
    struct config_match *matches;
    size_t count;
    bool *taken; /* by index into config->names */
};

static void take_match(struct match_list *list, const struct config_name *name, struct slice shown_name)
{
    size_t index = (size_t)(name - list->config->names);
    if (list->taken[index]) {
        return;
    }
    list->taken[index] = true;
    list->matches[list->count++] =
        (struct config_match){.name = shown_name, .value = list->snapshot->texts[name->option].shown};
}

size_t config_match(const struct config *config, const struct config_snapshot *snapshot, const struct slice *patterns,
                    size_t count, struct config_match **matches)
{
    struct match_list list = {.config = config, .snapshot = snapshot};
    list.matches = memory_alloc(config->name_count * sizeof(struct config_match));
    list.taken = memory_alloc_zeroed(config->name_count);
    for (size_t i = 0; i < count; i++) {
        if (!is_pattern(patterns[i])) {
            const struct config_name *found = config_find(config, patterns[i]);
            if (found != NULL) {
                take_match(&list, found, patterns[i]);
            }
            continue;
        }
        for (uint32_t n = 0; n < config->name_count; n++) {
            const struct config_name *name = &config->names[n];
            bool hidden = (config->options[name->option].row->flags & OPTION_HIDDEN) != 0;
            if (!hidden && glob_match(patterns[i], slice_from_text(name->name), true)) {
                take_match(&list, name, slice_from_text(name->name));
            }
        }
    }
    memory_free(list.taken);
    *matches = list.matches;
    return list.count;
}

/* A CONFIG SET while it runs. */
struct change {
    struct config *config;
    struct config_draft draft;
    const struct slice *pairs;
    size_t count;
    bool may_set_protected;
    const struct config_name **names; /* of each pair */
    struct buffer *error;
};

/* The text of an error reply may not break the line. */
static void append_on_one_line(struct buffer *error, struct slice text)
{
    size_t start = error->len;
    buffer_append_slice(error, text);
    for (size_t i = start; i < error->len; i++) {
        if (error->data[i] == '\r' || error->data[i] == '\n') {
            error->data[i] = ' ';
        }
    }
}

static bool fail(const struct change *change, struct slice name, struct slice reason)
{
    buffer_printf(change->error, "ERR CONFIG SET failed (possibly related to argument '");
    append_on_one_line(change->error, name);
    buffer_printf(change->error, "') - ");
    append_on_one_line(change->error, reason);
    return false;
}

static bool fail_unknown(const struct change *change, struct slice name)
{
    buffer_printf(change->error, "ERR Unknown option or number of arguments for CONFIG SET - '");
    append_on_one_line(change->error, name);
    buffer_printf(change->error, "'");
    return false;
}

/* Every name is looked up and judged before any value is read. */
static bool resolve_names(struct change *change)
{
    bool *taken = memory_alloc_zeroed(change->config->name_count);
    bool good = true;
    for (size_t i = 0; i < change->count && good; i++) {
        struct slice asked = change->pairs[2 * i];
        const struct config_name *name = config_find(change->config, asked);
        if (name == NULL) {
            good = fail_unknown(change, asked);
            continue;
        }
        uint32_t flags = change->config->options[name->option].row->flags;
        size_t index = (size_t)(name - change->config->names);
        if ((flags & OPTION_IMMUTABLE) != 0) {
            good = fail(change, asked, SLICE_LITERAL("can't set immutable config"));
        } else if ((flags & OPTION_PROTECTED) != 0 && !change->may_set_protected) {
            good = fail(change, asked, SLICE_LITERAL("can't set protected config"));
        } else if (taken[index]) {
            good = fail(change, asked, SLICE_LITERAL("duplicate parameter"));
        }
        taken[index] = true;
        change->names[i] = name;
    }
    memory_free(taken);
    return good;
}

/* CONFIG SET splits at every single space, so that two in a row make an empty word; nothing has no words. */
static size_t split_at_spaces(struct slice value, struct slice **words)
{
    size_t count = value.len != 0 ? 1 : 0;
    for (size_t i = 0; i < value.len; i++) {
        count += value.data[i] == ' ';
    }
    *words = memory_alloc((count + 1) * sizeof(struct slice));
    size_t start = 0;
    size_t next = 0;
    for (size_t i = 0; i <= value.len && count != 0; i++) {
        if (i == value.len || value.data[i] == ' ') {
            (*words)[next++] = slice_make(value.data + start, i - start);
            start = i + 1;
        }
    }
    return count;
}

static bool set_value(struct change *change, size_t i)
{
    const struct config_name *name = change->names[i];
    const struct option *row = change->config->options[name->option].row;
    struct slice value = change->pairs[2 * i + 1];
    struct slice *words = &value;
    size_t count = 1;
    if (option_takes_words(row)) {
        count = split_at_spaces(value, &words);
    }
    struct buffer reason;
    buffer_init(&reason);
    bool good = draft_set(&change->draft, name->option, words, count, &reason);
    if (!good) {
        (void)fail(change, slice_from_text(name->name), buffer_slice(&reason));
    }
    buffer_deinit(&reason);
    if (words != &value) {
        memory_free(words);
    }
    return good;
}

/* The section whose callbacks a pair runs. */
static void *context_of(const struct change *change, size_t i)
{
    return change->config->sections[change->config->options[change->names[i]->option].slot].context;
}

static const struct option *row_of(const struct change *change, size_t i)
{
    return change->config->options[change->names[i]->option].row;
}

/* Whether the value that pair i sets has to take effect at all. */
static bool wants_apply(const struct change *change, size_t i)
{
    const struct option *row = row_of(change, i);
    return row->apply != NULL &&
           (draft_differs(&change->draft, change->names[i]->option) || (row->flags & OPTION_VOLATILE) != 0);
}

/* Whether it is pair i whose callback runs: options that share one have it run once. */
static bool must_apply(const struct change *change, size_t i)
{
    if (!wants_apply(change, i)) {
        return false;
    }
    for (size_t j = 0; j < i; j++) {
        if (wants_apply(change, j) && row_of(change, j)->apply == row_of(change, i)->apply &&
            context_of(change, j) == context_of(change, i)) {
            return false;
        }
    }
    return true;
}

static bool apply_all(struct change *change, const struct config_snapshot *next)
{
    for (size_t i = 0; i < change->count; i++) {
        if (!must_apply(change, i)) {
            continue;
        }
        const char *fault = row_of(change, i)->apply(context_of(change, i), next);
        if (fault == NULL) {
            continue;
        }
        (void)fail(change, slice_from_text(change->names[i]->name), slice_from_text(fault));
        for (size_t j = 0; j <= i; j++) {
            if (must_apply(change, j)) {
                /* What was in force a moment ago is taken back; if that fails there is nothing better to do. */
                (void)row_of(change, j)->apply(context_of(change, j), change->draft.base);
            }
        }
        return false;
    }
    return true;
}

static bool make_change(struct change *change)
{
    bool good = true;
    for (size_t i = 0; i < change->count && good; i++) {
        good = set_value(change, i);
    }
    if (good) {
        struct config_snapshot *next = draft_build(&change->draft);
        good = apply_all(change, next);
        if (good) {
            config_publish(change->config, next);
        } else {
            config_snapshot_free(next);
        }
    }
    return good;
}

bool config_set(struct config *config, const struct slice *pairs, size_t count, bool local, struct buffer *error)
{
    struct change change = {.config = config, .pairs = pairs, .count = count, .error = error};
    const struct config_options *own = config_section(config_current(config), CONFIG_SLOT_OWN);
    change.may_set_protected = own->enable_protected_configs == PROTECTED_ACTION_YES ||
                               (own->enable_protected_configs == PROTECTED_ACTION_LOCAL && local);
    change.names = memory_alloc((count != 0 ? count : 1) * sizeof(*change.names));
    bool good = resolve_names(&change);
    if (good) {
        spin_acquire(&config->changing);
        draft_init(&change.draft, config);
        good = make_change(&change);
        draft_deinit(&change.draft);
        spin_release(&config->changing);
    }
    memory_free(change.names);
    return good;
}

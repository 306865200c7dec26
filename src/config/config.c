/* SPDX-License-Identifier: BSD-3-Clause */
/* The catalogue of options: checked and sorted at create, looked up by name; and the published snapshot.
 * Owner: the server. Locks: none here; writers hold `changing`. */
#include "sherd/config/config.h"

#include <stdlib.h>

#include "sherd/base/memory.h"
#include "sherd/config/pending.h"

static int compare_names(const void *left, const void *right)
{
    return strcmp(((const struct config_name *)left)->name, ((const struct config_name *)right)->name);
}

/* Orders a name as the client wrote it against one of ours, ignoring case. */
static int compare_name(struct slice asked, const char *name)
{
    for (size_t i = 0; i < asked.len; i++) {
        int difference = (unsigned char)ascii_lower(asked.data[i]) - (unsigned char)name[i];
        if (difference != 0 || name[i] == '\0') {
            return difference != 0 ? difference : 1;
        }
    }
    return name[asked.len] == '\0' ? 0 : -1;
}

const struct config_name *config_find(const struct config *config, struct slice name)
{
    uint32_t low = 0;
    uint32_t high = config->name_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = compare_name(name, config->names[middle].name);
        if (order == 0) {
            return &config->names[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

bool config_is_sensitive(const struct config *config, struct slice name)
{
    const struct config_name *found = config_find(config, name);
    return found != NULL && (config->options[found->option].row->flags & OPTION_SENSITIVE) != 0;
}

bool config_value(const struct config *config, const struct config_snapshot *snapshot, struct slice name,
                  struct slice *value)
{
    const struct config_name *found = config_find(config, name);
    if (found == NULL) {
        return false;
    }
    *value = snapshot->texts[found->option].shown;
    return true;
}

/* What the machine says the default is, as an owned string. */
static char *initial_text(const struct option *row, void *context)
{
    if (row->initial == NULL) {
        return NULL;
    }
    struct buffer text;
    buffer_init(&text);
    row->initial(context, &text);
    buffer_append(&text, "", 1);
    return text.data;
}

static void collect_options(struct config *config)
{
    for (unsigned slot = 0; slot < config->section_count; slot++) {
        config->option_count += (uint32_t)config->sections[slot].count;
    }
    config->options = memory_alloc_zeroed(config->option_count * sizeof(struct config_option));
    uint32_t next = 0;
    for (unsigned slot = 0; slot < config->section_count; slot++) {
        const struct option_section *section = &config->sections[slot];
        for (size_t i = 0; i < section->count; i++) {
            const struct option *row = &section->rows[i];
            config->options[next++] =
                (struct config_option){.row = row, .slot = slot, .initial = initial_text(row, section->context)};
            config->name_count += row->alias != NULL ? 2 : 1;
        }
    }
}

static void collect_names(struct config *config)
{
    config->names = memory_alloc(config->name_count * sizeof(struct config_name));
    uint32_t next = 0;
    for (uint32_t i = 0; i < config->option_count; i++) {
        const struct option *row = config->options[i].row;
        config->names[next++] = (struct config_name){.name = row->name, .option = i};
        if (row->alias != NULL) {
            config->names[next++] = (struct config_name){.name = row->alias, .option = i, .is_alias = true};
        }
    }
    qsort(config->names, config->name_count, sizeof(struct config_name), compare_names);
    for (uint32_t i = 1; i < config->name_count; i++) {
        ASSERT(strcmp(config->names[i - 1].name, config->names[i].name) != 0);
    }
}

/* A table whose default its own type refuses is wrong; a mistake that the first start of any build shows. */
static void check_default(const struct option *row, struct slice text)
{
    struct buffer canonical;
    struct buffer error;
    buffer_init(&canonical);
    buffer_init(&error);
    struct option plain = *row;
    plain.normalize = NULL;
    struct option_given given = {.words = &text, .count = 1};
    ASSERT(option_read(&plain, &given, &canonical, &error));
    ASSERT(slice_equals(buffer_slice(&canonical), text));
    buffer_deinit(&canonical);
    buffer_deinit(&error);
}

static void publish_defaults(struct config *config)
{
    struct slice *texts = memory_alloc(config->option_count * sizeof(struct slice));
    for (uint32_t i = 0; i < config->option_count; i++) {
        const struct config_option *option = &config->options[i];
        texts[i] = option->initial != NULL ? slice_from_text(option->initial) : option_default(option->row);
        check_default(option->row, texts[i]);
    }
    atomic_init(&config->current, snapshot_build(config, texts, 1));
    memory_free(texts);
}

struct config *config_create(const struct option_section *sections, unsigned count, const struct config_hooks *hooks)
{
    struct config *config = memory_alloc_zeroed(sizeof(struct config));
    spin_init(&config->changing, LOCK_RANK_CONFIG, 0);
    config->hooks = *hooks;
    config->section_count = count + 1;
    config->sections = memory_alloc(config->section_count * sizeof(struct option_section));
    config->sections[CONFIG_SLOT_OWN] = config_own_section();
    for (unsigned i = 0; i < count; i++) {
        config->sections[i + 1] = sections[i];
    }
    collect_options(config);
    collect_names(config);
    publish_defaults(config);
    return config;
}

void config_destroy(struct config *config)
{
    config_snapshot_free(config_current(config));
    for (uint32_t i = 0; i < config->option_count; i++) {
        memory_free(config->options[i].initial);
    }
    memory_free(config->options);
    memory_free(config->names);
    memory_free(config->sections);
    memory_free(config->file);
    memory_free(config);
}

void config_publish(struct config *config, const struct config_snapshot *next)
{
    const struct config_snapshot *old = config_current(config);
    atomic_store_explicit(&config->current, next, memory_order_release);
    if (config->hooks.retire != NULL) {
        config->hooks.retire(config->hooks.context, old);
    } else {
        config_snapshot_free(old);
    }
}

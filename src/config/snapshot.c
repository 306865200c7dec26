/* SPDX-License-Identifier: BSD-3-Clause */
/* Building and freeing snapshots.
 * Owner: the caller of snapshot_build. Locks: none. */
#include "sherd/config/snapshot.h"

#include "sherd/base/memory.h"
#include "sherd/config/config.h"

enum { SECTION_ALIGN = CACHE_LINE_BYTES };

static size_t round_up(size_t bytes)
{
    return (bytes + SECTION_ALIGN - 1) / SECTION_ALIGN * SECTION_ALIGN;
}

static struct slice place(char **free_bytes, struct slice bytes)
{
    char *to = *free_bytes;
    if (bytes.len != 0) {
        memcpy(to, bytes.data, bytes.len);
    }
    to[bytes.len] = '\0';
    *free_bytes = to + bytes.len + 1;
    return slice_make(to, bytes.len);
}

static bool is_shown_otherwise(const struct option *row, struct slice text)
{
    return row->show != NULL || (row->resolve != NULL && text.len != 0 && text.data[text.len - 1] == '%');
}

/* What CONFIG GET shows where that is not the text, one after the other, a NUL after each. */
static void show_all(const struct config *config, const struct slice *texts, struct buffer *shown)
{
    for (uint32_t i = 0; i < config->option_count; i++) {
        const struct config_option *option = &config->options[i];
        if (is_shown_otherwise(option->row, texts[i])) {
            option_show(option->row, config->sections[option->slot].context, texts[i], shown);
            buffer_append(shown, "", 1);
        }
    }
}

static void fill(const struct config *config, struct config_snapshot *snapshot, struct snapshot_text *all,
                 const char *shown)
{
    for (uint32_t i = 0; i < config->option_count; i++) {
        const struct config_option *option = &config->options[i];
        const struct option *row = option->row;
        all[i].shown = all[i].text;
        if (is_shown_otherwise(row, all[i].text)) {
            all[i].shown = slice_from_text(shown);
            shown += all[i].shown.len + 1;
        }
        if ((row->flags & OPTION_PENDING) == 0) {
            const struct option_section *section = &config->sections[option->slot];
            char *base = (char *)snapshot + snapshot->offsets[option->slot];
            option_store(row, section->context, all[i].text, base + row->offset);
        }
    }
}

struct config_snapshot *snapshot_build(const struct config *config, const struct slice *texts, uint64_t version)
{
    struct buffer shown;
    buffer_init(&shown);
    show_all(config, texts, &shown);

    size_t bytes = round_up(sizeof(struct config_snapshot) + config->section_count * sizeof(uint32_t));
    size_t sections_at = bytes;
    for (unsigned slot = 0; slot < config->section_count; slot++) {
        bytes += round_up(config->sections[slot].options_bytes);
    }
    size_t texts_at = bytes;
    bytes += config->option_count * sizeof(struct snapshot_text) + shown.len;
    for (uint32_t i = 0; i < config->option_count; i++) {
        bytes += texts[i].len + 1;
    }
    struct config_snapshot *snapshot = memory_alloc_line(bytes);
    memset(snapshot, 0, texts_at);
    struct snapshot_text *all = (struct snapshot_text *)((char *)snapshot + texts_at);
    snapshot->version = version;
    snapshot->texts = all;
    size_t at = sections_at;
    for (unsigned slot = 0; slot < config->section_count; slot++) {
        snapshot->offsets[slot] = (uint32_t)at;
        at += round_up(config->sections[slot].options_bytes);
    }
    char *free_bytes = (char *)(all + config->option_count);
    for (uint32_t i = 0; i < config->option_count; i++) {
        all[i].text = place(&free_bytes, texts[i]);
    }
    if (shown.len != 0) {
        memcpy(free_bytes, shown.data, shown.len);
    }
    fill(config, snapshot, all, free_bytes);
    buffer_deinit(&shown);
    return snapshot;
}

void config_snapshot_free(const struct config_snapshot *snapshot)
{
    memory_free((void *)(uintptr_t)snapshot);
}

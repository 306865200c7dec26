/* SPDX-License-Identifier: BSD-3-Clause */
/* Changing options before anybody sees it.
 * Owner: the caller. Locks: none. */
#include "sherd/config/draft.h"

#include "sherd/base/memory.h"

void draft_init(struct config_draft *draft, const struct config *config)
{
    *draft = (struct config_draft){.config = config, .base = config_current(config)};
    draft->texts = memory_alloc(config->option_count * sizeof(struct slice));
    draft->changed = memory_alloc_zeroed(config->option_count);
    for (uint32_t i = 0; i < config->option_count; i++) {
        draft->texts[i] = draft->base->texts[i].text;
    }
}

static void release_text(struct config_draft *draft, uint32_t option)
{
    if (draft->changed[option]) {
        memory_free((void *)(uintptr_t)draft->texts[option].data);
    }
}

void draft_deinit(struct config_draft *draft)
{
    for (uint32_t i = 0; i < draft->config->option_count; i++) {
        release_text(draft, i);
    }
    memory_free(draft->texts);
    memory_free(draft->changed);
}

static void refuse_pending(const struct option *row, struct buffer *error)
{
    struct slice expected = option_default(row);
    buffer_printf(error, "%s with another value than '%.*s'", row->name, (int)expected.len, expected.data);
    if (row->off != NULL) {
        buffer_printf(error, " or '%s'", row->off);
    }
    buffer_printf(error, " is not supported yet");
}

bool draft_set(struct config_draft *draft, uint32_t option, const struct slice *words, size_t count,
               struct buffer *error)
{
    const struct option *row = draft->config->options[option].row;
    struct option_given given = {
        .words = words, .count = count, .now = draft->texts[option], .again = draft->changed[option]};
    struct buffer text;
    buffer_init(&text);
    buffer_reserve(&text, 1);
    bool good = option_read(row, &given, &text, error);
    if (good && (row->flags & OPTION_PENDING) != 0 && !draft->config->compat_pending) {
        good = option_pending_accepts(row, buffer_slice(&text));
        if (!good) {
            refuse_pending(row, error);
        }
    }
    if (!good) {
        buffer_deinit(&text);
        return false;
    }
    release_text(draft, option);
    draft->texts[option] = buffer_slice(&text);
    draft->changed[option] = true;
    return true;
}

bool draft_differs(const struct config_draft *draft, uint32_t option)
{
    return !slice_equals(draft->texts[option], draft->base->texts[option].text);
}

struct config_snapshot *draft_build(const struct config_draft *draft)
{
    return snapshot_build(draft->config, draft->texts, draft->base->version + 1);
}

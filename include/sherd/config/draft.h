/* SPDX-License-Identifier: BSD-3-Clause */
/* The texts of all options while some of them are being changed: starts as the published snapshot, ends as the next.
 * Owner: whoever loads or sets, on its stack. Locks: none; the caller keeps the base snapshot from being replaced. */
#ifndef SHERD_CONFIG_DRAFT_H
#define SHERD_CONFIG_DRAFT_H

#include "sherd/config/config.h"

struct config_draft {
    const struct config *config;
    const struct config_snapshot *base;
    struct slice *texts; /* by option; into the base, or owned where `changed` */
    bool *changed;       /* by option: set in this draft, even to the same text */
};

void draft_init(struct config_draft *draft, const struct config *config);
void draft_deinit(struct config_draft *draft);

/* Sets one option from words; the reason goes to `error` when it is refused. Pending rows are checked here. */
NODISCARD bool draft_set(struct config_draft *draft, uint32_t option, const struct slice *words, size_t count,
                         struct buffer *error);

/* Whether the option's text differs from the base. */
NODISCARD bool draft_differs(const struct config_draft *draft, uint32_t option);

/* The snapshot that the texts make. */
NODISCARD struct config_snapshot *draft_build(const struct config_draft *draft);

#endif

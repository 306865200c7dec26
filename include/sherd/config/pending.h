/* SPDX-License-Identifier: BSD-3-Clause */
/* This room's own section: the options about options, and those of Redis 7.2 whose feature does not exist yet.
 * A pending row answers CONFIG GET with Redis's default and takes only that value (or its `off`); a room that builds
 * the feature moves the row into its own table.
 * Owner: constants. Locks: none. */
#ifndef SHERD_CONFIG_PENDING_H
#define SHERD_CONFIG_PENDING_H

#include "sherd/config/option.h"

enum protected_action { PROTECTED_ACTION_NO, PROTECTED_ACTION_YES, PROTECTED_ACTION_LOCAL };

/* Slot CONFIG_SLOT_OWN. */
struct config_options {
    bool compat_pending;          /* pending options store any value: for runs of the public test suite */
    int enable_protected_configs; /* enum protected_action */
};

/* no, yes, local: also for the options of that kind in other rooms. */
extern const struct option_word config_protected_words[];

/* The section for slot 0. */
struct option_section config_own_section(void);

#endif

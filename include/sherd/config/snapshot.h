/* SPDX-License-Identifier: BSD-3-Clause */
/* All options at one moment: one immutable allocation with the structs of every room, their strings, and the
 * canonical text of every option.
 *   [ header, offset of each section | section 0 | section 1 | ... | texts of all options | bytes of the texts ]
 * Owner: `struct config` while published, then whoever its retire hook hands it to. Locks: none, nothing changes. */
#ifndef SHERD_CONFIG_SNAPSHOT_H
#define SHERD_CONFIG_SNAPSHOT_H

#include "sherd/config/option.h"

struct config;

struct snapshot_text {
    struct slice text;  /* canonical; a NUL follows */
    struct slice shown; /* for CONFIG GET; mostly the same */
};

struct config_snapshot {
    uint64_t version;                  /* rises by one with every publication */
    const struct snapshot_text *texts; /* by option, in the order of the sections and their rows */
    uint32_t offsets[];                /* where section i begins, in bytes from the start of this object */
};

/* The room's struct in this snapshot; `slot` is the room's (see config_create). Valid as long as the snapshot. */
static inline const void *config_section(const struct config_snapshot *snapshot, unsigned slot)
{
    return (const char *)snapshot + snapshot->offsets[slot];
}

/* Builds a snapshot from one canonical text for every option. The texts are copied. */
NODISCARD struct config_snapshot *snapshot_build(const struct config *config, const struct slice *texts,
                                                 uint64_t version);

/* For the retire hook, once no reader is left. */
void config_snapshot_free(const struct config_snapshot *snapshot);

#endif

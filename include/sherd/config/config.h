/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of the whole server: loading them, CONFIG GET, SET and REWRITE, and the published snapshot that
 * everybody reads.
 * Owner: `struct config` belongs to the server. Locks: `changing` (rank CONFIG) serialises writers; readers load one
 * pointer. */
#ifndef SHERD_CONFIG_CONFIG_H
#define SHERD_CONFIG_CONFIG_H

#include <stdatomic.h>

#include "sherd/config/snapshot.h"
#include "sherd/sync/spin.h"

/* Slot 0 is this room's own section (config/pending.h); the sections given to config_create follow from 1. */
enum { CONFIG_SLOT_OWN = 0 };

struct config_hooks {
    void *context; /* owned by the caller */
    /* Takes a snapshot that was replaced and calls config_snapshot_free when nobody can be reading it any more. NULL:
     * it is freed at once (before the threads start, and in tests). */
    void (*retire)(void *context, const struct config_snapshot *old);
};

struct config_option {
    const struct option *row;
    unsigned slot;
    char *initial; /* the default where the row computes it; owned; NULL otherwise */
};

struct config_name {
    const char *name;
    uint32_t option; /* index into config->options */
    bool is_alias;
};

struct config {
    _Atomic(const struct config_snapshot *) current; /* (a) never NULL */
    struct spin changing;                            /* held while a new snapshot is made and published */
    struct config_hooks hooks;                       /* (c) */
    struct option_section *sections;                 /* (c) by slot */
    unsigned section_count;                          /* (c) */
    struct config_option *options;                   /* (c) */
    uint32_t option_count;                           /* (c) */
    struct config_name *names;                       /* (c) names and aliases, sorted */
    uint32_t name_count;                             /* (c) */
    char *file;                                      /* (c) after loading: absolute path, or NULL */
    bool compat_pending;                             /* (c) after loading: pending options store any value */
};

/* Checks the tables (a name that occurs twice, a default that does not parse: a programmer's error, it asserts) and
 * publishes the defaults. sections[i] gets slot i + 1; the array is copied, rows and contexts are referred to. */
NODISCARD struct config *config_create(const struct option_section *sections, unsigned count,
                                       const struct config_hooks *hooks);
/* Frees the published snapshot too. No reader may be left. */
void config_destroy(struct config *config);

/* The options as they are now. Valid until the end of the caller's grace period (see the retire hook). Any thread. */
static inline const struct config_snapshot *config_current(const struct config *config)
{
    return atomic_load_explicit(&config->current, memory_order_acquire);
}

/* The entry of a name or alias in any case; NULL when there is none. */
const struct config_name *config_find(const struct config *config, struct slice name);

/* Whether the option's value must not appear in logs, SLOWLOG and MONITOR; false for an unknown name. */
NODISCARD bool config_is_sensitive(const struct config *config, struct slice name);

/* What CONFIG GET would show for one option; false for an unknown name. *value lives as long as the snapshot. */
NODISCARD bool config_value(const struct config *config, const struct config_snapshot *snapshot, struct slice name,
                            struct slice *value);

/* Publishes `next` and hands the replaced snapshot to the retire hook. The caller holds `changing` or is alone. */
void config_publish(struct config *config, const struct config_snapshot *next);

/* ---- loading: before the threads start ---- */

enum config_action {
    CONFIG_RUN,         /* start the server */
    CONFIG_VERSION,     /* -v, --version */
    CONFIG_HELP,        /* -h, --help */
    CONFIG_TEST_MEMORY, /* --test-memory; argv[2] is the caller's */
    CONFIG_CHECK_SYSTEM /* --check-system */
};

struct config_outcome {
    enum config_action action;
    struct buffer error; /* one line for stderr, with its end */
};

/* Reads `server [file.conf] [--option value ...] [-]` (- reads standard input) and publishes the result. Precedence:
 * the last wins, in the order file, standard input, arguments. Anything but STATUS_OK leaves the defaults published and
 * the reason in outcome->error. The outcome is initialised here and released with config_outcome_deinit. */
NODISCARD enum status config_load_arguments(struct config *config, int argc, char *const *argv,
                                            struct config_outcome *outcome);
void config_outcome_deinit(struct config_outcome *outcome);

/* Reads text in the syntax of redis.conf on top of what is published, and publishes the result. */
NODISCARD enum status config_load_text(struct config *config, struct slice text, struct buffer *error);

/* ---- commands: any thread ---- */

struct config_match {
    struct slice name;  /* the client's own bytes for an exact name, ours for a pattern */
    struct slice value; /* lives as long as the snapshot */
};

/* CONFIG GET: what the patterns match, every name once. An exact name answers as it was asked for, aliases included.
 * Returns how many; *matches is the caller's to free with memory_free. */
NODISCARD size_t config_match(const struct config *config, const struct config_snapshot *snapshot,
                              const struct slice *patterns, size_t count, struct config_match **matches);

/* CONFIG SET name value [name value ...]: all or nothing. `pairs` holds 2 * count slices. `local`: the client is on
 * this machine (for enable-protected-configs local). On false the whole error reply without its '-' ("ERR ...") is
 * appended to `error`. Takes `changing`; runs `apply` under it. */
NODISCARD bool config_set(struct config *config, const struct slice *pairs, size_t count, bool local,
                          struct buffer *error);

/* CONFIG REWRITE: brings the loaded file up to date: changed lines in place, new options at its end, everything else
 * untouched; written to a temporary file, synced and renamed. Errors as for config_set. Does file I/O: hold no shard.
 */
NODISCARD bool config_rewrite(struct config *config, struct buffer *error);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Which arguments are secrets: AUTH, HELLO, MIGRATE, CONFIG SET.
 * Owner: the caller. Locks: none. */
#include "redaction.h"

static const char redacted[] = "(redacted)";

static void blot(struct slice *argv, uint32_t shown, uint32_t index)
{
    if (index < shown) {
        argv[index] = slice_from_text(redacted);
    }
}

/* AUTH and AUTH2 of MIGRATE, as far as its options make sense. */
static void blot_migrate(const struct call *call, struct slice *argv, uint32_t shown)
{
    for (uint32_t i = 6; i < shown; i++) {
        uint32_t more = call->argc - 1 - i;
        if (slice_equals_word(argv[i], "auth") && more >= 1) {
            blot(argv, shown, ++i);
        } else if (slice_equals_word(argv[i], "auth2") && more >= 2) {
            blot(argv, shown, ++i);
            blot(argv, shown, ++i);
        } else if (!slice_equals_word(argv[i], "copy") && !slice_equals_word(argv[i], "replace")) {
            return;
        }
    }
}

void redact(const struct call *call, struct slice *argv, uint32_t shown)
{
    const char *name = call->command->full_name;
    if (strcmp(name, "auth") == 0 && call->argc <= 3) {
        blot(argv, shown, 1);
        blot(argv, shown, 2);
    } else if (strcmp(name, "hello") == 0) {
        for (uint32_t i = 2; i < shown; i++) {
            if (slice_equals_word(argv[i], "auth") && i + 2 < call->argc) {
                blot(argv, shown, i + 1);
                blot(argv, shown, i + 2);
                i += 2;
            }
        }
    } else if (strcmp(name, "migrate") == 0) {
        blot_migrate(call, argv, shown);
    } else if (strcmp(name, "config|set") == 0) {
        for (uint32_t i = 2; i < shown; i += 2) {
            if (config_is_sensitive(call->worker->exec->config, argv[i])) {
                blot(argv, shown, i + 1);
            }
        }
    }
}

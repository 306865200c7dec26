/* SPDX-License-Identifier: BSD-3-Clause */
/* The log, in the format of Redis: `pid:role DD Mon YYYY HH:MM:SS.mmm <level> message`, level one of . - * #
 * Owner: the server embeds one and outlives every thread that writes. Locks: none: a line is one write(), and the
 * system appends it whole. Never to be called while a shard is held. */
#ifndef SHERD_BASE_LOG_H
#define SHERD_BASE_LOG_H

#include <stdatomic.h>

#include "sherd/base/slice.h"

enum log_level {
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_VERBOSE,
    LOG_LEVEL_NOTICE,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_NOTHING, /* as the least level to show: silence */
};

struct log {
    _Atomic int level; /* (a) least level that is written */
    _Atomic char role; /* (a) 'M' primary, 'S' replica, 'C' child, 'X' sentinel */
    char *path;        /* (c) owned; NULL writes to standard output */
};

/* `path` is copied; empty means standard output. The file is opened for each line, so that it can be rotated. */
void log_init(struct log *log, enum log_level level, struct slice path);
void log_deinit(struct log *log);

void log_set_level(struct log *log, enum log_level level);
void log_set_role(struct log *log, char role);

static inline bool log_shows(const struct log *log, enum log_level level)
{
    return (int)level >= atomic_load_explicit(&log->level, memory_order_relaxed);
}

/* Writes one line when the level is shown; messages are cut at 1023 bytes. A line that cannot be written is lost. */
void log_write(struct log *log, enum log_level level, const char *format, ...) PRINTF_LIKE(3, 4);

#endif

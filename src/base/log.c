/* SPDX-License-Identifier: BSD-3-Clause */
/* Formats a line on the stack and hands it to the system in one write.
 * Owner: the server embeds the log. Locks: none of ours (the C library's own around the time zone). */
#include "sherd/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "sherd/base/clock.h"
#include "sherd/base/memory.h"

enum {
    MESSAGE_BYTES = 1024, /* with its NUL */
    HEAD_BYTES = 80,
    US_PER_S = 1000000,
    US_PER_MS = 1000,
};

void log_init(struct log *log, enum log_level level, struct slice path)
{
    atomic_init(&log->level, (int)level);
    atomic_init(&log->role, 'M');
    log->path = NULL;
    if (path.len != 0) {
        log->path = memory_alloc(path.len + 1);
        memcpy(log->path, path.data, path.len);
        log->path[path.len] = '\0';
    }
}

void log_deinit(struct log *log)
{
    memory_free(log->path);
    log->path = NULL;
}

void log_set_level(struct log *log, enum log_level level)
{
    atomic_store_explicit(&log->level, (int)level, memory_order_relaxed);
}

void log_set_role(struct log *log, char role)
{
    atomic_store_explicit(&log->role, role, memory_order_relaxed);
}

static void append_line(const struct log *log, const char *line, size_t len)
{
    int fd = STDOUT_FILENO;
    if (log->path != NULL) {
        fd = open(log->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
        if (fd < 0) {
            return;
        }
    }
    while (write(fd, line, len) < 0 && errno == EINTR) {
    }
    if (log->path != NULL) {
        (void)close(fd);
    }
}

/* Everything before the message. The month's name is English because the process stays in the "C" locale. */
static size_t print_head(char out[static HEAD_BYTES], const struct log *log, enum log_level level)
{
    static const char marks[] = ".-*#";
    int64_t now_us = clock_realtime_us();
    time_t now = (time_t)(now_us / US_PER_S);
    struct tm local;
    char date[32];
    (void)localtime_r(&now, &local);
    (void)strftime(date, sizeof(date), "%d %b %Y %H:%M:%S", &local);
    char role = atomic_load_explicit(&log->role, memory_order_relaxed);
    int len = snprintf(out, HEAD_BYTES, "%d:%c %s.%03d %c ", (int)getpid(), role, date,
                       (int)(now_us % US_PER_S / US_PER_MS), marks[level]);
    return (size_t)len;
}

void log_write(struct log *log, enum log_level level, const char *format, ...)
{
    if (level >= LOG_LEVEL_NOTHING || !log_shows(log, level)) {
        return;
    }
    int saved_errno = errno; /* callers log and then look at it */
    char line[HEAD_BYTES + MESSAGE_BYTES];
    size_t len = print_head(line, log, level);
    va_list args;
    va_start(args, format);
    errno = saved_errno; /* for %m */
    int message = vsnprintf(line + len, MESSAGE_BYTES, format, args);
    va_end(args);
    if (message > 0) {
        len += message < MESSAGE_BYTES ? (size_t)message : MESSAGE_BYTES - 1;
    }
    line[len++] = '\n';
    append_line(log, line, len);
    errno = saved_errno;
}

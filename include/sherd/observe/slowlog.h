/* SPDX-License-Identifier: BSD-3-Clause */
/* The slow log: the last commands that took long, newest first. Entries never change; readers take references, so that
 * the lock is held for pointers only.
 * Owner: struct observe. Locks: lock (LOCK_RANK_OBSERVE). */
#ifndef SHERD_OBSERVE_SLOWLOG_H
#define SHERD_OBSERVE_SLOWLOG_H

#include <stdatomic.h>

#include "sherd/base/slice.h"
#include "sherd/sync/spin.h"

enum {
    SLOWLOG_ARGUMENTS_MAX = 32,       /* shown; the last of them may say how many more there were */
    SLOWLOG_ARGUMENT_BYTES_MAX = 128, /* shown of each, and how many more bytes there were */
};

struct slowlog_entry {
    struct slowlog_entry *older, *newer; /* (lock) */
    _Atomic uint32_t references;         /* (a) the log's own and those of readers */
    uint64_t id;                         /* (c) rises, also over a reset */
    int64_t time_s;                      /* (c) when the command ended, since 1970 */
    uint64_t duration_us;                /* (c) */
    struct slice client;                 /* (c) its address; all bytes lie behind the arguments */
    struct slice client_name;            /* (c) */
    uint32_t argc;                       /* (c) */
    struct slice argv[];                 /* (c) cut to the limits above */
};

struct slowlog {
    struct spin lock;
    struct slowlog_entry *newest, *oldest; /* (lock) */
    uint64_t count;                        /* (lock) */
    uint64_t next_id;                      /* (lock) */
};

/* What is to be logged; everything is copied. */
struct slowlog_event {
    int64_t time_s;
    uint64_t duration_us;
    struct slice client;
    struct slice client_name;
    const struct slice *argv; /* the first SLOWLOG_ARGUMENTS_MAX are enough */
    uint32_t argc;
};

void slowlog_init(struct slowlog *slowlog);
void slowlog_deinit(struct slowlog *slowlog);
/* Adds an entry and drops the oldest beyond `max`. */
void slowlog_push(struct slowlog *slowlog, const struct slowlog_event *event, uint64_t max);
void slowlog_reset(struct slowlog *slowlog);
uint64_t slowlog_length(struct slowlog *slowlog);
/* References to the newest entries, at most `max`; returns how many. Give each back with slowlog_release. */
NODISCARD size_t slowlog_take(struct slowlog *slowlog, struct slowlog_entry **entries, size_t max);
void slowlog_release(struct slowlog_entry *entry);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* What a command changed: noted by the handler while its shards are held, read by commit. While nobody listens only a
 * count is kept; with a listener (a journal reader, keyspace events, tracking) also which keys and events, and the
 * call draws a sequence number before its first write.
 * Owner: the call. Locks: noted and committed under the shards of the call. */
#ifndef SHERD_EXEC_EFFECTS_H
#define SHERD_EXEC_EFFECTS_H

#include "sherd/base/slice.h"

/* The letters of notify-keyspace-events. */
enum event_class {
    EVENT_NONE = 0, /* a change that no keyspace event tells of */
    EVENT_GENERIC = 1 << 0,
    EVENT_STRING = 1 << 1,
    EVENT_LIST = 1 << 2,
    EVENT_SET = 1 << 3,
    EVENT_HASH = 1 << 4,
    EVENT_ZSET = 1 << 5,
    EVENT_EXPIRED = 1 << 6,
    EVENT_EVICTED = 1 << 7,
    EVENT_STREAM = 1 << 8,
    EVENT_KEY_MISS = 1 << 9,
    EVENT_NEW = 1 << 10,
};

struct effect {
    enum event_class event_class;
    const char *event; /* constant */
    unsigned db;
    struct slice key; /* borrowed: valid until commit is over */
};

enum {
    EFFECTS_INLINE = 4,
};

struct effects {
    uint64_t sequence; /* drawn when somebody listens; 0: not drawn */
    uint32_t changes;  /* INFO's rdb_changes_since_last_save */
    uint32_t count;    /* of `list`, only while somebody listens */
    uint32_t cap;
    struct effect *list;
    struct effect first[EFFECTS_INLINE];
};

/* Whoever wants to see writes: the journal's readers, keyspace events, tracking. Called under the shards of the call,
 * so: bounded, no I/O, no lock but those of a higher rank. */
struct effects_listener {
    void (*committed)(void *context, const struct effects *effects, const struct slice *argv, uint32_t argc);
    void *context;
    struct effects_listener *next;
};

#endif

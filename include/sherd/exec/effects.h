/* SPDX-License-Identifier: BSD-3-Clause */
/* What a command changed: noted by the handler while its shards are held, read by commit. While nobody listens only a
 * count is kept; with a listener (keyspace events, tracking) also which keys and events.
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
    EVENT_KEY_MISS = 1 << 9, /* a read found no key: no change */
    EVENT_NEW = 1 << 10,     /* a key came into being: comes before the effect that says by what */
};

struct effect {
    enum event_class event_class;
    const char *event; /* constant */
    unsigned db;
    struct slice key; /* borrowed: valid until commit is over; with NULL data: all keys of the database */
};

/* Whether the effect is a change, rather than a further word about one, or none. */
static inline bool effect_is_change(const struct effect *effect)
{
    return (effect->event_class & (EVENT_KEY_MISS | EVENT_NEW)) == 0;
}

enum {
    EFFECTS_INLINE = 4,
};

struct effects {
    uint32_t listeners; /* bits of those who listened when the call had its shards; 0: nobody */
    uint32_t changes;   /* INFO's rdb_changes_since_last_save */
    uint32_t count;     /* of `list`, only while somebody listens */
    uint32_t cap;
    struct effect *list;
    struct effect first[EFFECTS_INLINE];
};

struct call;
struct command;
struct exec_worker;
struct session;

/* Whoever wants to see what calls did, under their shards, so: bounded, no I/O, no lock but those of a higher rank. */
struct effects_listener {
    /* The call has effects, maybe none that is a change. That of an internal write (a key fell due, was evicted) has
     * neither session nor command; its arguments are what a client would have said. */
    void (*committed)(void *context, const struct call *call);
    /* The call's handler is through, whether it changed something or not, and its session has one of `session_flags`.
     * NULL: not asked for. */
    void (*ran)(void *context, const struct call *call);
    /* A call of such a session ends without having run: refused, or its wait is over. NULL: not asked for. */
    void (*refused)(void *context, struct session *session, const struct command *command);
    uint32_t session_flags;
    /* By a thread that has set worker->gathers: the end of a batch, before its replies are written, or of a turn. No
     * shard is held. NULL: not asked for. */
    void (*flush)(void *context, struct exec_worker *worker);
    void *context;
};

struct exec;

/* Returns the bit by which exec_listen turns it on and off; it is off. Before exec_start. */
NODISCARD uint32_t exec_add_listener(struct exec *exec, struct effects_listener listener);
/* Calls that take their shards from now on are shown to the listener, or no longer. Any thread. */
void exec_listen(struct exec *exec, uint32_t listener, bool on);

#endif

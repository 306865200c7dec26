/* SPDX-License-Identifier: BSD-3-Clause */
/* Keyspace events: what happens to keys, published as messages.
 *
 *   K: channel __keyspace@<db>__:<key>, the event is the payload     E: __keyevent@<db>__:<event>, the key is
 *
 * Listens to calls while the option notify-keyspace-events names an event class and K or E, and somebody has subscribed
 * to what an event may fit. The messages of an event enter the mailboxes under the shard of its key: events of a key
 * arrive in the order of the changes.
 * Owner: struct pubsub. Locks: its own, a leaf; publishing takes that of a channel. */
#ifndef SHERD_PUBSUB_NOTIFY_H
#define SHERD_PUBSUB_NOTIFY_H

#include "sherd/config/option.h"
#include "sherd/exec/exec.h"

struct pubsub;

struct notify {
    struct pubsub *pubsub;    /* (c) */
    uint32_t listener;        /* (c) */
    unsigned config_slot;     /* (c) of struct pubsub_options */
    struct spin lock;         /* guards `topics` and the decision whether to listen */
    uint32_t topics;          /* lock; channels and patterns with subscribers that events may fit */
    _Atomic uint32_t classes; /* (a) enum event_class and enum notify_flag; changed under the lock */
};

struct pubsub_options {
    uint32_t events; /* enum event_class and enum notify_flag */
};

/* The context of the rows is a struct pubsub. */
extern const struct option pubsub_option_rows[];
extern const size_t pubsub_option_count;

void notify_init(struct notify *notify, struct pubsub *pubsub);
/* Takes what the option says now, and its changes from now on. Before the threads start. */
void notify_configure(struct notify *notify, unsigned config_slot);

/* Whether a channel or pattern of that name can get an event: as far as its first wildcard it begins like one. */
NODISCARD bool notify_may_fit(struct slice name);
/* So many more of these have subscribers (UINT32_MAX: one fewer). Locks: its own. */
void notify_count_topics(struct notify *notify, uint32_t change);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* CLIENT PAUSE: until a deadline or CLIENT UNPAUSE, clients' writes are postponed, or all their calls; keys are neither
 * expired nor evicted. Reads go on under PAUSE_WRITE, and so does what only queues, shows or sets something.
 *
 *   OFF --PAUSE WRITE--> WRITE --PAUSE ALL--> ALL        a pause under way becomes only longer and stricter
 *    ^                     |                   |
 *    +-----deadline, UNPAUSE (which ALL postpones, too, unless EXEC brings it)
 *
 * A guard that is disarmed while there is no pause postpones (exec/postponement.h). Every worker is told of changes by
 * mail and has a timer for the deadline; whoever notices first that it is over says so for all.
 * Owner: struct net; each worker its pause_watch. Locks: changes (LOCK_RANK_LEAF), while a pause begins or ends. */
#ifndef SHERD_NET_PAUSE_H
#define SHERD_NET_PAUSE_H

#include <event2/event_struct.h>

#include "sherd/exec/exec.h"

enum pause_mode {
    PAUSE_OFF,
    PAUSE_WRITE, /* what writes or may be replicated waits */
    PAUSE_ALL,
};

struct net;

struct pause {
    struct spin changes;     /* held by who changes it, the guard's arming and the keyspace's expiry together */
    _Atomic uint64_t paused; /* (a) end in milliseconds, and in the lowest bit whether it is for all; 0: none */
};

/* A worker's part. */
struct pause_watch {
    struct event timer;        /* (w) the deadline */
    enum pause_mode strictest; /* (w) under which requests of its clients were postponed since the last resumption */
    struct mail mail;          /* (m) */
    _Atomic bool told;         /* (a) the mail is under way */
};

/* After net_init: no pause; attaches the guard, for which the place is behind all that refuse. */
void pause_init(struct net *net);
/* Pauses until `end_ms`, or longer or more strictly if a pause is under way at `now_ms`. Any thread. */
void pause_begin(struct net *net, enum pause_mode mode, int64_t now_ms, int64_t end_ms);
/* Ends the pause, if there is one. Any thread. */
void pause_end(struct net *net);
/* What is paused at that time. Any thread. */
enum pause_mode pause_mode_at(const struct pause *pause, int64_t now_ms);

#endif

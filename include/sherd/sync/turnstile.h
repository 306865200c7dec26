/* SPDX-License-Identifier: BSD-3-Clause */
/* Lets a bounded number of threads run at once; the others sleep, and are let in one by one in the order in which they
 * came. For threads with long work, each of which gives its place up for a moment every now and then, so that all get
 * on while no more of them compete for processors than there are places.
 * Owner: whoever embeds it. Locks: its own (LOCK_RANK_LEAF); a thread that holds any lock must not wait here. */
#ifndef SHERD_SYNC_TURNSTILE_H
#define SHERD_SYNC_TURNSTILE_H

#include <stdatomic.h>

#include "sherd/sync/spin.h"

struct turnstile_waiter;

struct turnstile {
    struct spin lock;
    unsigned places;                /* (lock) that are free; 0 while somebody waits */
    struct turnstile_waiter *first; /* (lock) the next to be let in */
    struct turnstile_waiter **end;  /* (lock) where the last one's link is */
    _Atomic bool crowded;           /* (a) somebody waits */
};

/* At least one place. */
void turnstile_init(struct turnstile *turnstile, unsigned places);
/* Waits for a place. Whoever has one must not come again, and must not wait for another who needs one. */
void turnstile_enter(struct turnstile *turnstile);
/* Gives the place to whoever has waited longest. */
void turnstile_leave(struct turnstile *turnstile);
/* The same, and queues up again behind all who wait; nothing happens when nobody does. */
void turnstile_let_pass(struct turnstile *turnstile);

#endif

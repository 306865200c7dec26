/* SPDX-License-Identifier: BSD-3-Clause */
/* Work handed to another thread: an unbounded intrusive queue with many producers and one consumer, and a wake-up.
 * The consumer may sleep on `wake_fd` (an eventfd); a producer wakes it only when it sleeps.
 *   producer: push, look at `sleeping` -> write the eventfd
 *   consumer: set `sleeping`, look at the queue again -> sleep only when it is empty
 * (all four sequentially consistent: one of them sees the other)
 * Plain C11 atomics (push by compare-and-swap, take all by exchange), which TSan can follow.
 * Owner: the consumer's thread. Locks: none. */
#ifndef SHERD_SYNC_MAILBOX_H
#define SHERD_SYNC_MAILBOX_H

#include <stdatomic.h>

#include "sherd/base/compiler.h"

/* Embedded in whatever is sent; `deliver` runs on the consumer's thread and owns the message from then on. */
struct mail {
    struct mail *next; /* older mail in the box */
    void (*deliver)(struct mail *mail, void *receiver);
};

struct mailbox {
    CACHE_ALIGNED struct mail *_Atomic newest; /* (a) linked from the newest to the oldest */
    _Atomic bool sleeping;                     /* (a) the consumer waits for wake_fd */
    int wake_fd;                               /* (c) */
};

NODISCARD enum status mailbox_init(struct mailbox *box);
void mailbox_deinit(struct mailbox *box);
/* Hands `mail` over; it must stay allocated until delivered. Any thread; never blocks, never fails. */
void mailbox_send(struct mailbox *box, struct mail *mail);
/* Wakes the consumer without a message. Any thread. */
void mailbox_wake(struct mailbox *box);
/* Consumer: delivers everything sent so far, oldest first; returns how many. */
size_t mailbox_deliver(struct mailbox *box, void *receiver);
/* Consumer: true when it may sleep now (nothing waits); then pair it with mailbox_awake. */
NODISCARD bool mailbox_may_sleep(struct mailbox *box);
void mailbox_awake(struct mailbox *box);
/* Consumer: empties the eventfd after it became readable. */
void mailbox_clear_wake(struct mailbox *box);

#endif

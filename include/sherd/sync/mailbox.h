/* SPDX-License-Identifier: BSD-3-Clause */
/* Work handed to another thread: an unbounded intrusive queue with many producers and one consumer, and a wake-up.
 * The consumer may sleep on `wake_fd` (an eventfd); a producer wakes it only when it sleeps.
 *   producer: push, full fence, look at `sleeping` -> write the eventfd
 *   consumer: set `sleeping`, full fence, look at the queue again -> sleep only when it is empty
 * Owner: the consumer's thread. Locks: none. */
#ifndef SHERD_SYNC_MAILBOX_H
#define SHERD_SYNC_MAILBOX_H

#include <ck_stack.h>
#include <stdatomic.h>

#include "sherd/base/compiler.h"

/* Embedded in whatever is sent; `deliver` runs on the consumer's thread and owns the message from then on. */
struct mail {
    ck_stack_entry_t link;
    void (*deliver)(struct mail *mail, void *receiver);
};

struct mailbox {
    CACHE_ALIGNED ck_stack_t stack; /* (a) newest first */
    _Atomic bool sleeping;          /* (a) the consumer waits for wake_fd */
    int wake_fd;                    /* (c) */
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

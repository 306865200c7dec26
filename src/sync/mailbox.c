/* SPDX-License-Identifier: BSD-3-Clause */
/* The mailbox between threads, on C11 atomics and eventfd.
 * Owner: the consumer's thread. Locks: none. */
#include "sherd/sync/mailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

enum status mailbox_init(struct mailbox *box)
{
    atomic_init(&box->newest, NULL);
    atomic_init(&box->sleeping, false);
    box->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return box->wake_fd < 0 ? STATUS_SYSTEM : STATUS_OK;
}

void mailbox_deinit(struct mailbox *box)
{
    if (box->wake_fd >= 0) {
        (void)close(box->wake_fd);
        box->wake_fd = -1;
    }
}

void mailbox_wake(struct mailbox *box)
{
    uint64_t one = 1;
    /* A full counter means that the consumer is awake or about to be: nothing is lost. */
    ssize_t written = write(box->wake_fd, &one, sizeof(one));
    (void)written;
}

void mailbox_send(struct mailbox *box, struct mail *mail)
{
    mail->next = atomic_load_explicit(&box->newest, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&box->newest, &mail->next, mail, memory_order_seq_cst,
                                                  memory_order_relaxed)) {
    }
    if (atomic_load_explicit(&box->sleeping, memory_order_seq_cst)) {
        mailbox_wake(box);
    }
}

size_t mailbox_deliver(struct mailbox *box, void *receiver)
{
    if (atomic_load_explicit(&box->newest, memory_order_relaxed) == NULL) {
        return 0;
    }
    struct mail *newest = atomic_exchange_explicit(&box->newest, NULL, memory_order_acquire);
    struct mail *oldest = NULL;
    while (newest != NULL) {
        struct mail *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    size_t count = 0;
    while (oldest != NULL) {
        struct mail *next = oldest->next;
        oldest->deliver(oldest, receiver);
        oldest = next;
        count++;
    }
    return count;
}

bool mailbox_may_sleep(struct mailbox *box)
{
    atomic_store_explicit(&box->sleeping, true, memory_order_seq_cst);
    if (atomic_load_explicit(&box->newest, memory_order_seq_cst) == NULL) {
        return true;
    }
    atomic_store_explicit(&box->sleeping, false, memory_order_relaxed);
    return false;
}

void mailbox_awake(struct mailbox *box)
{
    atomic_store_explicit(&box->sleeping, false, memory_order_relaxed);
}

void mailbox_clear_wake(struct mailbox *box)
{
    uint64_t count;
    ssize_t got = read(box->wake_fd, &count, sizeof(count));
    (void)got;
}

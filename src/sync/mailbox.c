/* SPDX-License-Identifier: BSD-3-Clause */
/* The mailbox between threads, on ck_stack and eventfd.
 * Owner: the consumer's thread. Locks: none. */
#include "sherd/sync/mailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "sherd/sync/annotate.h"

enum status mailbox_init(struct mailbox *box)
{
    ck_stack_init(&box->stack);
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
    TSAN_RELEASE(mail);
    ck_stack_push_upmc(&box->stack, &mail->link);
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&box->sleeping, memory_order_relaxed)) {
        mailbox_wake(box);
    }
}

size_t mailbox_deliver(struct mailbox *box, void *receiver)
{
    if (CK_STACK_ISEMPTY(&box->stack)) {
        return 0;
    }
    ck_stack_entry_t *newest = ck_stack_batch_pop_upmc(&box->stack);
    ck_stack_entry_t *oldest = NULL;
    while (newest != NULL) {
        ck_stack_entry_t *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    size_t count = 0;
    while (oldest != NULL) {
        ck_stack_entry_t *next = oldest->next;
        struct mail *mail = CONTAINER_OF(oldest, struct mail, link);
        TSAN_ACQUIRE(mail);
        mail->deliver(mail, receiver);
        oldest = next;
        count++;
    }
    return count;
}

bool mailbox_may_sleep(struct mailbox *box)
{
    atomic_store_explicit(&box->sleeping, true, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    if (CK_STACK_ISEMPTY(&box->stack)) {
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

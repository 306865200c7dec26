/* SPDX-License-Identifier: BSD-3-Clause */
/* The turnstile: places, and a queue of threads that each sleep on a semaphore of their own.
 * Owner: whoever embeds it; a waiter stands on its thread's stack. Locks: the turnstile's. */
#include "sherd/sync/turnstile.h"

#include <errno.h>
#include <semaphore.h>

struct turnstile_waiter {
    struct turnstile_waiter *next; /* (lock) */
    sem_t let_in;
};

void turnstile_init(struct turnstile *turnstile, unsigned places)
{
    ASSERT(places != 0);
    spin_init(&turnstile->lock, LOCK_RANK_LEAF, 0);
    turnstile->places = places;
    turnstile->first = NULL;
    turnstile->end = &turnstile->first;
    atomic_init(&turnstile->crowded, false);
}

/* Takes the first one out of the queue, or NULL. Under the lock. */
static struct turnstile_waiter *queue_take(struct turnstile *turnstile)
{
    struct turnstile_waiter *first = turnstile->first;
    if (first != NULL) {
        turnstile->first = first->next;
        if (first->next == NULL) {
            turnstile->end = &turnstile->first;
            atomic_store_explicit(&turnstile->crowded, false, memory_order_relaxed);
        }
    }
    return first;
}

/* Under the lock. */
static void queue_add(struct turnstile *turnstile, struct turnstile_waiter *waiter)
{
    int made = sem_init(&waiter->let_in, 0, 0);
    ASSERT(made == 0);
    waiter->next = NULL;
    *turnstile->end = waiter;
    turnstile->end = &waiter->next;
    atomic_store_explicit(&turnstile->crowded, true, memory_order_relaxed);
}

static void queue_wait(struct turnstile_waiter *waiter)
{
    while (sem_wait(&waiter->let_in) != 0) {
        ASSERT(errno == EINTR);
    }
    (void)sem_destroy(&waiter->let_in);
}

void turnstile_enter(struct turnstile *turnstile)
{
    struct turnstile_waiter self;
    spin_acquire(&turnstile->lock);
    bool waits = turnstile->places == 0;
    if (waits) {
        queue_add(turnstile, &self);
    } else {
        turnstile->places--;
    }
    spin_release(&turnstile->lock);
    if (waits) {
        queue_wait(&self);
    }
}

void turnstile_leave(struct turnstile *turnstile)
{
    spin_acquire(&turnstile->lock);
    struct turnstile_waiter *next = queue_take(turnstile);
    turnstile->places += next == NULL;
    spin_release(&turnstile->lock);
    if (next != NULL) {
        (void)sem_post(&next->let_in);
    }
}

void turnstile_let_pass(struct turnstile *turnstile)
{
    if (!atomic_load_explicit(&turnstile->crowded, memory_order_relaxed)) {
        return;
    }
    struct turnstile_waiter self;
    spin_acquire(&turnstile->lock);
    struct turnstile_waiter *next = queue_take(turnstile);
    if (next != NULL) {
        queue_add(turnstile, &self);
    }
    spin_release(&turnstile->lock);
    if (next != NULL) {
        (void)sem_post(&next->let_in);
        queue_wait(&self);
    }
}

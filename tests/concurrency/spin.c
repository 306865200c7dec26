/* SPDX-License-Identifier: BSD-3-Clause */
/* More threads than cores move amounts between accounts, each behind its own spinlock, two locks at a time in
 * ascending order; some give up when a lock is long in coming. The sum never changes and no lock is held twice.
 * Room: sync
 * Owner: main owns the accounts. Locks: the accounts', ascending. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "sherd/sync/spin.h"

enum {
    THREADS = 8,
    ACCOUNTS = 5,
    MOVES = 30000,
    START_AMOUNT = 1000,
};

struct account {
    struct spin lock;
    long amount; /* (s) */
    int holders; /* (s) */
};

struct mover {
    pthread_t thread;
    struct account *accounts;
    unsigned seed;
    long moved, gave_up; /* (w) */
};

static void hold(struct account *account)
{
    ASSERT(account->holders++ == 0);
}

static void let_go(struct account *account) UNCHECKED_LOCKING
{
    ASSERT(--account->holders == 0);
    spin_release(&account->lock);
}

/* Takes the lower lock patiently, the higher one for a bounded time. */
static bool move(struct account *low, struct account *high, long amount) UNCHECKED_LOCKING
{
    spin_acquire(&low->lock);
    hold(low);
    bool both = spin_acquire_bounded(&high->lock);
    if (both) {
        hold(high);
        low->amount -= amount;
        high->amount += amount;
        let_go(high);
    }
    let_go(low);
    return both;
}

static void *keep_moving(void *argument)
{
    struct mover *mover = argument;
    for (int i = 0; i < MOVES; i++) {
        int low = rand_r(&mover->seed) % (ACCOUNTS - 1);
        int high = low + 1 + rand_r(&mover->seed) % (ACCOUNTS - 1 - low);
        if (move(&mover->accounts[low], &mover->accounts[high], i % 7)) {
            mover->moved++;
        } else {
            mover->gave_up++;
        }
    }
    return NULL;
}

int main(void)
{
    struct account accounts[ACCOUNTS];
    struct mover movers[THREADS];
    for (uint32_t i = 0; i < ACCOUNTS; i++) {
        accounts[i] = (struct account){.amount = START_AMOUNT};
        spin_init(&accounts[i].lock, LOCK_RANK_SHARD, i);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        movers[i] = (struct mover){.accounts = accounts, .seed = i};
        ASSERT(pthread_create(&movers[i].thread, NULL, keep_moving, &movers[i]) == 0);
    }
    long sum = 0, moved = 0, gave_up = 0;
    for (int i = 0; i < THREADS; i++) {
        (void)pthread_join(movers[i].thread, NULL);
        moved += movers[i].moved;
        gave_up += movers[i].gave_up;
    }
    for (int i = 0; i < ACCOUNTS; i++) {
        sum += accounts[i].amount;
    }
    printf("%ld moved, %ld gave up, sum %ld\n", moved, gave_up, sum);
    return sum == ACCOUNTS * START_AMOUNT && moved + gave_up == THREADS * MOVES ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* More threads than cores move amounts between keys, each move under the lockset of its keys, some of them possessed.
 * Who is told to queue sleeps until he is called. The sum never changes, no shard has two holders, nobody is forgotten.
 * Room: keyspace
 * Owner: main owns the keyspace; each thread its user. Locks: the shards of a move, through its lockset. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sherd/keyspace/lockset.h"
#include "test_keyspace.h"

/* TSan's own check of lock orders takes at most 64 locks in one thread's hands. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "detect_deadlocks=0";
}

enum {
    THREADS = 8,
    KEYS = 12,
    MOVES = 6000,
    START_AMOUNT = 1000,
    POSSESS_ONE_IN = 16,
    PATIENCE_SECONDS = 60,
};

struct mover {
    pthread_t thread;
    struct test_keyspace *shared;
    struct garbage garbage;
    struct keyspace_user user;
    struct shard_waiter waiter;
    sem_t called;
    _Atomic int *holders; /* (a) by shard */
    unsigned seed;
    long queued, busy; /* (w) */
};

static void call_mover(struct shard_waiter *waiter)
{
    (void)sem_post(&CONTAINER_OF(waiter, struct mover, waiter)->called);
}

static void wait_for_call(struct mover *mover)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_SECONDS;
    while (sem_timedwait(&mover->called, &until) != 0) {
        ASSERT(errno == EINTR); /* otherwise: queued and forgotten */
    }
}

static void acquire(struct mover *mover, struct lockset *set, bool possess) UNCHECKED_LOCKING
{
    for (;;) {
        switch (lockset_acquire(set, &mover->shared->keyspace, &mover->waiter, possess)) {
        case LOCKSET_HELD:
            return;
        case LOCKSET_QUEUED:
            mover->queued++;
            wait_for_call(mover);
            break;
        case LOCKSET_BUSY:
            mover->busy++;
            (void)sched_yield();
            break;
        }
    }
}

static void key_open(struct mover *mover, int number, char name[16], struct keyref *ref) UNCHECKED_LOCKING
{
    struct slice key = slice_make(name, (size_t)snprintf(name, 16, "account:%d", number));
    keyref_open_hashed(ref, &mover->user, 0, key, keyspace_hash(&mover->shared->keyspace, key));
}

static void add_key(struct mover *mover, struct lockset *set, int number)
{
    char name[16];
    struct slice key = slice_make(name, (size_t)snprintf(name, sizeof(name), "account:%d", number));
    lockset_add(set, keyspace_shard_of(keyspace_hash(&mover->shared->keyspace, key)));
}

static void change(struct mover *mover, int number, int64_t amount) UNCHECKED_LOCKING
{
    char name[16];
    struct keyref ref;
    key_open(mover, number, name, &ref);
    ASSERT(atomic_fetch_add(&mover->holders[ref.shard->index], 1) == 0);
    keyref_set_integer(&ref, entry_integer(ref.entry) + amount, DEADLINE_KEEP);
    ASSERT(atomic_fetch_sub(&mover->holders[ref.shard->index], 1) == 1);
}

static void *keep_moving(void *argument) UNCHECKED_LOCKING
{
    struct mover *mover = argument;
    for (int i = 0; i < MOVES; i++) {
        struct lockset set;
        int from = rand_r(&mover->seed) % KEYS;
        int to = rand_r(&mover->seed) % KEYS;
        bool possess = rand_r(&mover->seed) % POSSESS_ONE_IN == 0;
        lockset_init(&set);
        if (i % 500 == 499) {
            lockset_add_all(&set);
        } else {
            add_key(mover, &set, from);
            add_key(mover, &set, to);
        }
        acquire(mover, &set, possess);
        if (possess) {
            lockset_possess(&set, &mover->shared->keyspace);
        }
        change(mover, from, -(i % 7));
        if (possess) {
            (void)sched_yield();
        }
        change(mover, to, i % 7);
        lockset_release(&set, &mover->shared->keyspace);
        garbage_release(&mover->garbage);
    }
    return NULL;
}

static void mover_init(struct mover *mover, struct test_keyspace *shared, _Atomic int *holders, unsigned seed)
{
    memset((void *)mover, 0, sizeof(*mover));
    mover->shared = shared;
    mover->holders = holders;
    mover->seed = seed;
    garbage_init(&mover->garbage);
    shard_waiter_init(&mover->waiter, call_mover);
    (void)sem_init(&mover->called, 0, 0);
    mover->user = shared->user;
    mover->user.epoch = epoch_register(&shared->epoch);
    mover->user.garbage = &mover->garbage;
}

int main(void)
{
    static struct test_keyspace shared;
    static struct mover movers[THREADS];
    static _Atomic int holders[KEYSPACE_SHARDS];
    char name[16];
    struct keyref ref;
    test_keyspace_init(&shared);
    for (unsigned i = 0; i < THREADS; i++) {
        mover_init(&movers[i], &shared, holders, i + 1);
    }
    for (int i = 0; i < KEYS; i++) {
        key_open(&movers[0], i, name, &ref);
        keyref_set_integer(&ref, START_AMOUNT, DEADLINE_NONE);
    }
    for (int i = 0; i < THREADS; i++) {
        ASSERT(pthread_create(&movers[i].thread, NULL, keep_moving, &movers[i]) == 0);
    }
    long queued = 0;
    long busy = 0;
    for (int i = 0; i < THREADS; i++) {
        (void)pthread_join(movers[i].thread, NULL);
        queued += movers[i].queued;
        busy += movers[i].busy;
    }
    int64_t sum = 0;
    for (int i = 0; i < KEYS; i++) {
        key_open(&movers[0], i, name, &ref);
        sum += entry_integer(ref.entry);
    }
    for (uint32_t i = 0; i < KEYSPACE_SHARDS; i++) {
        ASSERT(keyspace_shard(&shared.keyspace, i)->first_waiter == NULL);
    }
    for (int i = 0; i < THREADS; i++) {
        epoch_drain(movers[i].user.epoch);
        garbage_deinit(&movers[i].garbage);
    }
    test_keyspace_deinit(&shared);
    (void)printf("%d moves, %ld queued, %ld busy, sum %lld\n", THREADS * MOVES, queued, busy, (long long)sum);
    return sum == (int64_t)KEYS * START_AMOUNT ? 0 : 1;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Writers fill and empty the keyspace while scanners walk over it, one shard at a time, and prefetchers look at its
 * tables without any lock. Every walk meets each key that stays exactly once.
 * Room: keyspace
 * Owner: main owns the keyspace; each thread its user. Locks: one shard at a time. */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "sherd/base/random.h"
#include "sherd/keyspace/lockset.h"
#include "sherd/keyspace/walk.h"
#include "test_keyspace.h"

enum {
    STAYING = 4000,
    PASSING = 30000,
    WRITERS = 2,
    SCANNERS = 2,
    PREFETCHERS = 1,
    WRITES = 400000, /* the scanners walk until so many are done */
    TURN = 64,       /* operations between two epoch sections */
    THREADS = WRITERS + SCANNERS + PREFETCHERS,
};

struct actor {
    pthread_t thread;
    struct test_keyspace *shared;
    _Atomic bool *stop;        /* (a) */
    _Atomic uint64_t *written; /* (a) by all writers */
    struct garbage garbage;
    struct keyspace_user user;
    struct random random;
    uint64_t work;              /* (w) */
    unsigned char met[STAYING]; /* (w) of a scanner's walk */
};

static void hold(struct shard *shard) UNCHECKED_LOCKING
{
    while (!shard_try_hold(shard)) {
        (void)sched_yield();
    }
}

static void turn_end(struct actor *actor)
{
    epoch_leave(actor->user.epoch);
    garbage_release(&actor->garbage);
    epoch_poll(actor->user.epoch);
}

/* Passing keys come in long waves, so that tables grow and shrink. */
static void *keep_writing(void *argument) UNCHECKED_LOCKING
{
    struct actor *actor = argument;
    const struct keyspace *keyspace = &actor->shared->keyspace;
    char name[16];
    while (!atomic_load(actor->stop)) {
        epoch_enter(actor->user.epoch);
        for (int i = 0; i < TURN; i++) {
            bool rising = actor->work++ / PASSING % 2 == 0;
            int number = (int)random_below(&actor->random, PASSING);
            struct slice key = slice_make(name, (size_t)snprintf(name, sizeof(name), "p%d", number));
            uint64_t hash = keyspace_hash(keyspace, key);
            struct shard *shard = keyspace_shard(keyspace, keyspace_shard_of(hash));
            struct keyref ref;
            hold(shard);
            keyref_open_hashed(&ref, &actor->user, 0, key, hash);
            if (rising) {
                keyref_set_integer(&ref, number, DEADLINE_NONE);
            } else if (ref.entry != NULL) {
                keyref_remove(&ref);
            }
            shard_let_go(shard);
        }
        turn_end(actor);
        atomic_fetch_add(actor->written, TURN);
    }
    return NULL;
}

static void *keep_prefetching(void *argument)
{
    struct actor *actor = argument;
    const struct keyspace *keyspace = &actor->shared->keyspace;
    while (!atomic_load(actor->stop)) {
        epoch_enter(actor->user.epoch);
        for (int i = 0; i < TURN; i++) {
            uint64_t hash = random_next(&actor->random);
            struct table_bucket *bucket = table_prefetch_bucket(keyspace_prefetch_place(keyspace, 0, hash));
            if (bucket != NULL) {
                struct table_group further;
                keyspace_prefetch_entry(bucket, hash, &further);
                if (further.words != NULL) {
                    keyspace_prefetch_further(further, hash);
                }
            }
        }
        turn_end(actor);
    }
    return NULL;
}

static void meet(void *context, void *item)
{
    struct actor *actor = context;
    struct slice key = entry_key(item);
    if (key.data[0] == 's') {
        char digits[16] = {0};
        memcpy(digits, key.data + 1, key.len - 1);
        actor->met[strtoul(digits, NULL, 10)]++;
    }
}

static void *keep_scanning(void *argument) UNCHECKED_LOCKING
{
    struct actor *actor = argument;
    while (atomic_load(actor->written) < WRITES) {
        memset(actor->met, 0, sizeof(actor->met));
        uint64_t cursor = 0;
        do {
            epoch_enter(actor->user.epoch);
            struct shard *shard = keyspace_shard(&actor->shared->keyspace, walk_cursor_shard(cursor));
            hold(shard);
            cursor = walk_bucket(&actor->user, 0, cursor, meet, actor);
            shard_let_go(shard);
            turn_end(actor);
        } while (cursor != 0);
        actor->work++;
        for (int i = 0; i < STAYING; i++) {
            ASSERT(actor->met[i] == 1);
        }
    }
    return NULL;
}

static void actor_init(struct actor *actor, struct test_keyspace *shared, uint64_t seed)
{
    memset((void *)actor, 0, sizeof(*actor));
    actor->shared = shared;
    random_init_seed(&actor->random, seed);
    garbage_init(&actor->garbage);
    actor->user = shared->user;
    actor->user.epoch = epoch_register(&shared->epoch);
    actor->user.garbage = &actor->garbage;
}

int main(void)
{
    static struct test_keyspace shared;
    static struct actor actors[THREADS];
    static _Atomic bool stop;
    static _Atomic uint64_t written;
    char name[16];
    test_keyspace_init(&shared);
    for (int i = 0; i < STAYING; i++) {
        (void)snprintf(name, sizeof(name), "s%d", i);
        test_keyspace_set(&shared, name, "v", DEADLINE_NONE);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        void *(*act)(void *) = i < SCANNERS ? keep_scanning : i < SCANNERS + WRITERS ? keep_writing : keep_prefetching;
        actor_init(&actors[i], &shared, i + 1);
        actors[i].stop = &stop;
        actors[i].written = &written;
        ASSERT(pthread_create(&actors[i].thread, NULL, act, &actors[i]) == 0);
    }
    uint64_t walks = 0;
    for (unsigned i = 0; i < THREADS; i++) {
        if (i == SCANNERS) {
            atomic_store(&stop, true);
        }
        (void)pthread_join(actors[i].thread, NULL);
        walks += i < SCANNERS ? actors[i].work : 0;
    }
    for (unsigned i = 0; i < THREADS; i++) {
        epoch_drain(actors[i].user.epoch);
        garbage_deinit(&actors[i].garbage);
    }
    test_keyspace_deinit(&shared);
    (void)printf("%llu walks beside %llu writes\n", (unsigned long long)walks,
                 (unsigned long long)atomic_load(&written));
    return 0;
}

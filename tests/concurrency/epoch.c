/* SPDX-License-Identifier: BSD-3-Clause */
/* A writer replaces a record that readers follow without a lock, and retires the old one. A reader inside its section
 * never sees a record that was released (the release scribbles over it), and in the end every record is released.
 * Room: sync
 * Owner: main owns the shared pointer; retired records belong to the epoch. Locks: none. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "sherd/sync/epoch.h"

enum {
    READERS = 4,
    REPLACEMENTS = 50000,
    ALIVE = 0x5a5a5a5a,
    DEAD = 0x0badbad0,
};

struct record {
    int first, last; /* ALIVE until released */
    _Atomic int *released;
};

struct shared {
    struct epoch epoch;
    _Atomic(struct record *) current;
    _Atomic bool done;
    _Atomic int released;
};

struct reader {
    pthread_t thread;
    struct shared *shared;
    long looks, wrong; /* (w) */
    struct epoch_record *record;
};

static struct record *record_create(struct shared *shared)
{
    struct record *record = malloc(sizeof(*record));
    ASSERT(record != NULL);
    *record = (struct record){.first = ALIVE, .last = ALIVE, .released = &shared->released};
    return record;
}

static void record_release(void *memory)
{
    struct record *record = memory;
    record->first = record->last = DEAD;
    atomic_fetch_add(record->released, 1);
    free(record);
}

static void *keep_reading(void *argument)
{
    struct reader *reader = argument;
    reader->record = epoch_register(&reader->shared->epoch);
    while (!atomic_load(&reader->shared->done)) {
        epoch_enter(reader->record);
        const struct record *record = atomic_load_explicit(&reader->shared->current, memory_order_acquire);
        reader->wrong += record->first != ALIVE || record->last != ALIVE;
        epoch_leave(reader->record);
        reader->looks++;
    }
    return NULL;
}

/* What piled up behind a section that was open for long is freed a few at a time, not in one go. */
static bool frees_a_little_at_a_time(void)
{
    enum { PILE = 10000, POLLS_MAX = 100 };
    struct shared shared = {.done = false};
    epoch_init(&shared.epoch);
    struct epoch_record *writer = epoch_register(&shared.epoch);
    struct epoch_record *reader = epoch_register(&shared.epoch);
    epoch_enter(reader);
    for (int i = 0; i < PILE; i++) {
        epoch_retire(writer, record_create(&shared), record_release);
        epoch_poll(writer);
    }
    int early = atomic_load(&shared.released);
    epoch_leave(reader);
    int most = 0, polls = 0;
    for (; atomic_load(&shared.released) < PILE && polls < POLLS_MAX; polls++) {
        int before = atomic_load(&shared.released);
        (void)epoch_tidy(writer);
        int freed = atomic_load(&shared.released) - before;
        most = freed > most ? freed : most;
    }
    epoch_drain(writer);
    int released = atomic_load(&shared.released);
    epoch_deinit(&shared.epoch);
    printf("%d released early, at most %d at once, %d of %d after %d polls\n", early, most, released, PILE, polls);
    return early == 0 && most < PILE / 4 && released == PILE && polls < POLLS_MAX;
}

/* However much is retired between two polls, what is not yet freed does not grow with time. */
static bool keeps_pace(void)
{
    enum { ROUNDS = 200, EACH = 1000, PENDING_MAX = 10 * EACH };
    struct shared shared = {.done = false};
    epoch_init(&shared.epoch);
    struct epoch_record *writer = epoch_register(&shared.epoch);
    unsigned most = 0;
    for (int round = 0; round < ROUNDS; round++) {
        epoch_enter(writer);
        for (int i = 0; i < EACH; i++) {
            epoch_retire(writer, record_create(&shared), record_release);
        }
        epoch_leave(writer);
        epoch_poll(writer);
        unsigned pending = epoch_pending(writer);
        most = pending > most ? pending : most;
    }
    epoch_drain(writer);
    bool exact = epoch_pending(writer) == 0 && atomic_load(&shared.released) == ROUNDS * EACH;
    epoch_deinit(&shared.epoch);
    printf("at most %u of %d pending\n", most, ROUNDS * EACH);
    return exact && most < PENDING_MAX;
}

int main(void)
{
    bool slowly = frees_a_little_at_a_time() && keeps_pace();
    struct shared shared = {.done = false};
    struct reader readers[READERS];
    epoch_init(&shared.epoch);
    struct epoch_record *writer = epoch_register(&shared.epoch);
    atomic_store(&shared.current, record_create(&shared));
    for (int i = 0; i < READERS; i++) {
        readers[i] = (struct reader){.shared = &shared};
        ASSERT(pthread_create(&readers[i].thread, NULL, keep_reading, &readers[i]) == 0);
    }
    for (int i = 0; i < REPLACEMENTS; i++) {
        struct record *old = atomic_exchange(&shared.current, record_create(&shared));
        epoch_retire(writer, old, record_release);
        epoch_poll(writer);
    }
    int released_early = atomic_load(&shared.released);
    atomic_store(&shared.done, true);
    long looks = 0, wrong = 0;
    for (int i = 0; i < READERS; i++) {
        (void)pthread_join(readers[i].thread, NULL);
        looks += readers[i].looks;
        wrong += readers[i].wrong;
    }
    epoch_drain(writer);
    epoch_deinit(&shared.epoch);
    free(atomic_load(&shared.current));
    int released = atomic_load(&shared.released);
    printf("%ld looks, %ld wrong, %d of %d released before the end\n", looks, wrong, released_early, released);
    return slowly && wrong == 0 && released == REPLACEMENTS ? EXIT_SUCCESS : EXIT_FAILURE;
}

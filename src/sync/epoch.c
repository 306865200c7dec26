/* SPDX-License-Identifier: BSD-3-Clause */
/* Grace periods on ck_epoch, with the happens-before edges told to TSan (which cannot see through ck's atomics).
 * Owner: the domain owns its records; a record is used by one thread. Locks: none. */
#include "sherd/sync/epoch.h"

#include <string.h>

#include "sherd/base/memory.h"
#include "sherd/sync/annotate.h"

enum {
    EPOCH_POLL_EVERY = 32, /* retirements between two polls */
    EPOCHS_TO_FREE = 4,    /* polls after which everything is due when no section is open */
    RELEASES_MAX = 128,    /* in one poll, beside two for each retirement since: about 20 us */
    RELEASES_TIDY = 1024,  /* when there is little else to do */
};

struct retired {
    ck_epoch_entry_t entry;
    void *memory;
    void (*release)(void *memory);
    const void *domain; /* for the TSan edge only */
};

void epoch_init(struct epoch *epoch)
{
    ck_epoch_init(&epoch->domain);
    atomic_init(&epoch->records, NULL);
}

void epoch_deinit(struct epoch *epoch)
{
    struct epoch_record *record = atomic_exchange(&epoch->records, NULL);
    while (record != NULL) {
        struct epoch_record *next = record->next;
        memory_free(record);
        record = next;
    }
}

struct epoch_record *epoch_register(struct epoch *epoch)
{
    struct epoch_record *record = memory_alloc_line(sizeof(*record));
    memset((void *)record, 0, sizeof(*record));
    ck_stack_init(&record->due);
    ck_epoch_register(&epoch->domain, &record->record, NULL);
    record->next = atomic_load_explicit(&epoch->records, memory_order_relaxed);
    while (!atomic_compare_exchange_weak(&epoch->records, &record->next, record)) {
    }
    return record;
}

void epoch_enter(struct epoch_record *record)
{
    ck_epoch_begin(&record->record, NULL);
}

void epoch_leave(struct epoch_record *record)
{
    TSAN_RELEASE(record->record.global);
    (void)ck_epoch_end(&record->record, NULL);
}

static void retired_release(ck_epoch_entry_t *entry)
{
    struct retired *retired = CONTAINER_OF(entry, struct retired, entry);
    TSAN_ACQUIRE(retired->domain);
    retired->release(retired->memory);
    memory_free(retired);
}

void epoch_retire(struct epoch_record *record, void *memory, void (*release)(void *memory))
{
    struct retired *retired = memory_alloc(sizeof(*retired));
    retired->memory = memory;
    retired->release = release;
    retired->domain = record->record.global;
    ck_epoch_call(&record->record, &retired->entry, retired_release);
    record->retired++;
    record->unpaid++;
}

/* Finds out what has become due. */
static void collect_due(struct epoch_record *record)
{
    unsigned pending = record->record.n_pending;
    (void)ck_epoch_poll_deferred(&record->record, &record->due);
    record->due_count += pending - record->record.n_pending;
}

/* Frees at most `max` of what is due; true when nothing of it is left. */
static bool release_due(struct epoch_record *record, size_t max)
{
    for (size_t i = 0; i < max && !CK_STACK_ISEMPTY(&record->due); i++) {
        ck_stack_entry_t *first = ck_stack_pop_npsc(&record->due);
        retired_release(CONTAINER_OF(first, ck_epoch_entry_t, stack_entry));
        record->due_count--;
    }
    return CK_STACK_ISEMPTY(&record->due);
}

void epoch_poll(struct epoch_record *record)
{
    if (UNLIKELY(record->retired >= EPOCH_POLL_EVERY)) {
        record->retired = 0;
        collect_due(record);
    }
    if (UNLIKELY(!CK_STACK_ISEMPTY(&record->due))) {
        /* Faster than more comes, or what is left would grow as long as there is work. */
        (void)release_due(record, RELEASES_MAX + 2 * (size_t)record->unpaid);
        record->unpaid = 0;
    }
}

bool epoch_tidy(struct epoch_record *record)
{
    record->retired = 0;
    for (int i = 0; i < EPOCHS_TO_FREE && record->record.n_pending != 0; i++) {
        collect_due(record);
    }
    return release_due(record, RELEASES_TIDY) && record->record.n_pending == 0;
}

void epoch_drain(struct epoch_record *record)
{
    ck_epoch_barrier(&record->record);
    (void)release_due(record, SIZE_MAX);
    record->due_count = 0;
}

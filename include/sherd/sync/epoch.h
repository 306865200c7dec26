/* SPDX-License-Identifier: BSD-3-Clause */
/* Grace periods: memory that a lock-free reader may still look at is retired here and freed when every section that
 * could have seen it has ended. The only place that calls Concurrency Kit's epochs.
 * Owner: one `epoch` per server, which owns the records; a record is used by one thread. Locks: none. */
#ifndef SHERD_SYNC_EPOCH_H
#define SHERD_SYNC_EPOCH_H

#include <ck_epoch.h>
#include <stdatomic.h>

#include "sherd/base/compiler.h"

struct epoch_record {
    ck_epoch_record_t record;  /* (w) the domain keeps it linked for ever */
    struct epoch_record *next; /* (c) */
    unsigned retired;          /* (w) since the last look for what is due */
    unsigned unpaid;           /* (w) since the last release */
    unsigned due_count;        /* (w) of `due` */
    ck_stack_t due;            /* (w) nobody can see these any more; freed a few at a time */
};

struct epoch {
    ck_epoch_t domain;                    /* (a) */
    struct epoch_record *_Atomic records; /* (a) all that were ever registered */
};

void epoch_init(struct epoch *epoch);
/* Frees the records. No thread uses them any more. */
void epoch_deinit(struct epoch *epoch);
/* Each thread that reads or retires registers one record, which it alone uses; it lives as long as the epoch does. */
NODISCARD struct epoch_record *epoch_register(struct epoch *epoch);
/* A section: what was reachable when it began stays allocated until it ends. Not nested. */
void epoch_enter(struct epoch_record *record);
void epoch_leave(struct epoch_record *record);
/* Frees `memory` with `release` after a grace period. `memory` may not be reachable for new readers any more. Takes
 * ownership. Never blocks. */
void epoch_retire(struct epoch_record *record, void *memory, void (*release)(void *memory));
/* Frees what has become due, but not much more than was retired since: a section that was open for seconds leaves a
 * lot behind. Call it outside a section, now and then. */
void epoch_poll(struct epoch_record *record);
/* The same however little there is: for threads that may retire no more for a while. False when something is left:
 * because there is much, or because an open section may still see it. */
bool epoch_tidy(struct epoch_record *record);
/* How many retirements of this record are not freed yet. */
static inline unsigned epoch_pending(const struct epoch_record *record)
{
    return record->record.n_pending + record->due_count;
}
/* Waits and frees everything this record retired (at the end of a thread). */
void epoch_drain(struct epoch_record *record);

#endif

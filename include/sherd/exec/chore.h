/* SPDX-License-Identifier: BSD-3-Clause */
/* Work of the server's own that is too long for a worker's turn and that nobody waits for: an executor does it.
 *
 *   idle --exec_chore_send--> under way --run--> idle
 *
 * Owner: whoever embeds it; the executor while it is under way. Locks: what `run` takes. */
#ifndef SHERD_EXEC_CHORE_H
#define SHERD_EXEC_CHORE_H

#include "sherd/exec/exec.h"
#include "sherd/sync/mailbox.h"

struct chore {
    struct mail mail;
    void (*run)(void *context, struct exec_worker *worker); /* (c) within a turn of the executor; may hold shards */
    void *context;                                          /* (c) */
    _Atomic bool under_way;                                 /* (a) */
};

void chore_init(struct chore *chore, void (*run)(void *context, struct exec_worker *worker), void *context);
/* Has the chore done soon, by an executor that no long command keeps from the processor; does nothing while it is under
 * way. By any thread; the chore lives until exec_stop. */
void exec_chore_send(struct exec *exec, struct chore *chore);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Dispatch's side of effects: beginning, adding, committing.
 * Owner: the call. Locks: the shards of the call, held by the caller. */
#ifndef SHERD_EXEC_EFFECTS_COMMIT_H
#define SHERD_EXEC_EFFECTS_COMMIT_H

#include "sherd/exec/exec.h"

static ALWAYS_INLINE void effects_reset(struct effects *effects, uint64_t sequence)
{
    effects->changes = 0;
    effects->count = 0;
    effects->cap = 0;
    effects->list = effects->first;
    effects->sequence = sequence;
}

/* Forgets everything; draws a sequence number when somebody listens. Under the full lockset, before the first write. */
static ALWAYS_INLINE void effects_begin(struct call *call)
{
    struct effects *effects = &call->effects;
    effects_reset(effects, 0);
    struct exec *exec = call->worker->exec;
    if (UNLIKELY(atomic_load_explicit(&exec->listeners, memory_order_relaxed) != NULL)) {
        effects->sequence = atomic_fetch_add_explicit(&exec->sequence, 1, memory_order_acq_rel) + 1;
    }
}

void effects_add(struct effects *effects, const struct effect *effect);
/* Counts the changes and shows the effects to the listeners. */
void effects_commit(struct call *call);
void effects_deinit(struct effects *effects);

#endif

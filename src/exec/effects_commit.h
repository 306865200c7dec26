/* SPDX-License-Identifier: BSD-3-Clause */
/* Dispatch's side of effects: beginning, adding, committing.
 * Owner: the call. Locks: the shards of the call, held by the caller. */
#ifndef SHERD_EXEC_EFFECTS_COMMIT_H
#define SHERD_EXEC_EFFECTS_COMMIT_H

#include "sherd/exec/exec.h"

static ALWAYS_INLINE void effects_reset(struct effects *effects, uint32_t listeners)
{
    effects->changes = 0;
    effects->count = 0;
    effects->cap = 0;
    effects->list = effects->first;
    effects->listeners = listeners;
}

/* Forgets everything, and looks who listens. Under the full lockset, before the first write. */
static ALWAYS_INLINE void effects_begin(struct call *call)
{
    effects_reset(&call->effects, atomic_load_explicit(&call->worker->exec->listening, memory_order_relaxed));
}

void effects_add(struct effects *effects, const struct effect *effect);
/* Shows what the call did to those who listen. */
void effects_show(const struct call *call);
/* Counts the changes and shows them, unless the handler is to run again or to wait: then it has not done anything. */
static ALWAYS_INLINE void effects_commit(struct call *call, enum outcome outcome)
{
    statistics_add(&call->worker->statistics, STATISTIC_CHANGES, call->effects.changes);
    if (UNLIKELY(call->effects.listeners != 0) && outcome != OUTCOME_PREPARE && outcome != OUTCOME_POSSESS &&
        outcome != OUTCOME_BLOCK) {
        effects_show(call);
    }
}
/* Tells those who listen to the session that its command ends without having run; NULL: an unknown command. */
void effects_refused(struct session *session, const struct command *command);
/* Has those who listen send what they gathered, if this thread did. */
void effects_flush(struct exec_worker *worker);
void effects_deinit(struct effects *effects);

#endif

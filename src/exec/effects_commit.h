/* SPDX-License-Identifier: BSD-3-Clause */
/* Dispatch's side of effects: beginning, adding, committing.
 * Owner: the call. Locks: the shards of the call, held by the caller. */
#ifndef SHERD_EXEC_EFFECTS_COMMIT_H
#define SHERD_EXEC_EFFECTS_COMMIT_H

#include "sherd/exec/exec.h"

/* Forgets everything; `listeners` are those who listen. */
static ALWAYS_INLINE void effects_clear(struct effects *effects, uint32_t listeners)
{
    effects->changes = 0;
    effects->count = 0;
    effects->cap = 0;
    effects->list = effects->first;
    effects->listeners = listeners;
}

/* From now on the keys that the thread creates are noted as the call's, until effects_commit. */
void effects_note_new_keys(struct call *call);
void effects_ignore_new_keys(struct exec_worker *worker);

/* Before the handler runs. Under the full lockset. */
static ALWAYS_INLINE void effects_reset(struct call *call, uint32_t listeners)
{
    effects_clear(&call->effects, listeners);
    if (UNLIKELY(listeners != 0)) {
        effects_note_new_keys(call);
    }
}

/* The same, looking who listens. */
static ALWAYS_INLINE void effects_begin(struct call *call)
{
    effects_reset(call, atomic_load_explicit(&call->worker->exec->listening, memory_order_relaxed));
}

void effects_add(struct effects *effects, const struct effect *effect);
/* Shows what the call did to those who listen; unless it is `over`, it is going to run again. */
void effects_show(const struct call *call, bool over);
/* Counts the changes and shows them, unless the handler is to run again at once: then it has not done anything. */
static ALWAYS_INLINE void effects_commit(struct call *call, enum outcome outcome)
{
    statistics_add(&call->worker->statistics, STATISTIC_CHANGES, call->effects.changes);
    if (UNLIKELY(call->effects.listeners != 0)) {
        effects_ignore_new_keys(call->worker);
        if (outcome != OUTCOME_PREPARE && outcome != OUTCOME_POSSESS) {
            effects_show(call, outcome != OUTCOME_BLOCK);
        }
    }
}
/* Tells those who listen to the session that its command ends without having run; NULL: an unknown command. */
void effects_refused(struct session *session, const struct command *command);
/* Has those who listen send what they gathered, if this thread did. */
void effects_flush(struct exec_worker *worker);
void effects_deinit(struct effects *effects);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls that a guard wants later: their sessions rest in their worker's list, with nothing of the request done, until
 * whoever armed the guard has the worker resume them. The request then runs from its beginning, guards and all.
 *
 *   request -> guard: OUTCOME_POSTPONE -> list -> exec_resume_postponed -> sink->resume -> request, once more
 *
 * Owner: the session's worker. Locks: none; what is said here is called by that worker alone. */
#ifndef SHERD_EXEC_POSTPONEMENT_H
#define SHERD_EXEC_POSTPONEMENT_H

#include "sherd/exec/exec.h"

/* What dispatch does after OUTCOME_POSTPONE: the session is suspended, last in the list unless it is there already, and
 * counts as a blocked client. */
void session_postpone(struct session *session);
/* It is about to try again, or its connection closes: takes it off the list if it is there. */
void session_unpostpone(struct session *session);
/* Calls sink->resume of all that are postponed, first come, first served; each leaves the list when it tries again. */
void exec_resume_postponed(struct exec_worker *worker);

/* Might a guard that is armed now postpone this command? */
static inline bool exec_may_postpone(const struct exec *exec, const struct command *command)
{
    uint32_t armed = atomic_load_explicit(&exec->guard_command_flags, memory_order_relaxed);
    return (armed & exec->postponing_flags & command->flags) != 0;
}

#endif

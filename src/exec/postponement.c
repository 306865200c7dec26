/* SPDX-License-Identifier: BSD-3-Clause */
/* The list of a worker's postponed sessions.
 * Owner: the worker. Locks: none. */
#include "sherd/exec/postponement.h"

/* A call that waited and is made anew counts as blocked all the time. */
static bool is_counted(const struct session *session)
{
    return session->blocked == NULL;
}

void session_postpone(struct session *session)
{
    struct exec_worker *worker = session->worker;
    session->flags |= SESSION_SUSPENDED;
    if ((session->flags & SESSION_POSTPONED) != 0) {
        return;
    }
    session->flags |= SESSION_POSTPONED;
    session->next_postponed = NULL;
    session->prev_postponed = worker->last_postponed;
    if (worker->last_postponed == NULL) {
        worker->first_postponed = session;
    } else {
        worker->last_postponed->next_postponed = session;
    }
    worker->last_postponed = session;
    if (is_counted(session)) {
        atomic_fetch_add_explicit(&worker->exec->blocked_clients, 1, memory_order_relaxed);
    }
    session_show(session);
}

void session_unpostpone(struct session *session)
{
    if ((session->flags & SESSION_POSTPONED) == 0) {
        return;
    }
    struct exec_worker *worker = session->worker;
    struct session *next = session->next_postponed;
    struct session *prev = session->prev_postponed;
    *(next == NULL ? &worker->last_postponed : &next->prev_postponed) = prev;
    *(prev == NULL ? &worker->first_postponed : &prev->next_postponed) = next;
    session->flags &= ~(uint32_t)SESSION_POSTPONED;
    if (is_counted(session)) {
        atomic_fetch_sub_explicit(&worker->exec->blocked_clients, 1, memory_order_relaxed);
    }
    session_show(session);
}

void exec_resume_postponed(struct exec_worker *worker)
{
    struct session *next;
    for (struct session *session = worker->first_postponed; session != NULL; session = next) {
        next = session->next_postponed; /* resuming may take it out */
        session->sink->resume(session);
    }
}

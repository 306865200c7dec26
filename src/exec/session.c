/* SPDX-License-Identifier: BSD-3-Clause */
/* Sessions: beginning, end, RESET.
 * Owner: the session's worker. Locks: names, while they change. */
#include "sherd/exec/session.h"

#include "sherd/exec/exec.h"

static void session_called(struct shard_waiter *waiter)
{
    struct session *session = CONTAINER_OF(waiter, struct session, waiter);
    session->sink->resume(session);
}

void session_init(struct session *session, uint64_t id, struct exec_worker *worker, const struct session_sink *sink)
{
    memset(session, 0, sizeof(*session));
    session->id = id;
    session->worker = worker;
    session->sink = sink;
    session->resp = 2;
    session->created_ms = worker->user.now_ms;
    shard_waiter_init(&session->waiter, session_called);
    output_init(&session->own);
    spin_init(&session->names, LOCK_RANK_SESSION, 0);
    buffer_init(&session->name);
    buffer_init(&session->library_name);
    buffer_init(&session->library_version);
    (void)strcpy(session->user, "default");
    atomic_init(&session->doomed, false);
    atomic_init(&session->active_ms, session->created_ms);
    atomic_init(&session->shown_db, 0);
    atomic_init(&session->shown_flags, 0);
    atomic_init(&session->shown_command, 0);
    atomic_init(&session->shown_resp, 2);
}

void session_deinit(struct session *session)
{
    ASSERT((session->flags & SESSION_AWAY) == 0);
    shard_waiter_leave(&session->waiter);
    output_deinit(&session->own);
    buffer_deinit(&session->name);
    buffer_deinit(&session->library_name);
    buffer_deinit(&session->library_version);
}

void session_reset(struct session *session)
{
    session->resp = 2;
    session->db = 0;
    session->flags &= ~(uint32_t)(SESSION_REPLY_OFF | SESSION_REPLY_SKIP | SESSION_REPLY_SKIP_NEXT | SESSION_NO_EVICT |
                                  SESSION_NO_TOUCH);
    spin_acquire(&session->names);
    session->name.len = 0;
    spin_release(&session->names);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Sessions: beginning, end, RESET.
 * Owner: the session's worker. Locks: names, while they change. */
#include "sherd/exec/session.h"

#include "sherd/exec/blocking.h"
#include "sherd/exec/preparation.h"
#include "sherd/exec/transaction.h"

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
    atomic_init(&session->doomed, false);
    atomic_init(&session->touched, false);
    atomic_init(&session->block_state, BLOCK_NONE);
    atomic_init(&session->active_ms, session->created_ms);
    atomic_init(&session->shown_db, 0);
    atomic_init(&session->shown_flags, 0);
    atomic_init(&session->shown_resp, 2);
    atomic_init(&session->shown_queued, -1);
    atomic_init(&session->shown_watched, 0);
    atomic_init(&session->shown_tracking, 0);
    atomic_init(&session->shown_redirect, 0);
}

void session_deinit(struct session *session)
{
    ASSERT((session->flags & (SESSION_AWAY | SESSION_BLOCKED)) == 0);
    shard_waiter_leave(&session->waiter);
    preparation_discard(session);
    transaction_discard(session);
    session_end_parts(session);
    output_deinit(&session->own);
    if (session->held != NULL) {
        output_deinit(session->held);
        memory_free(session->held);
    }
    for (int i = 0; i < SESSION_TEXT_COUNT; i++) {
        if (session->texts[i] != NULL) {
            blob_release(session->texts[i]);
        }
    }
}

struct session_part *session_part_find(const struct session *session,
                                       void (*end)(struct session_part *part, struct session *session))
{
    struct session_part *part = session->parts;
    while (part != NULL && part->end != end) {
        part = part->next;
    }
    return part;
}

void session_part_add(struct session *session, struct session_part *part,
                      void (*end)(struct session_part *part, struct session *session))
{
    part->end = end;
    part->next = session->parts;
    session->parts = part;
}

void session_part_remove(struct session *session, struct session_part *part)
{
    struct session_part **link = &session->parts;
    while (*link != part) {
        link = &(*link)->next;
    }
    *link = part->next;
}

void session_end_parts(struct session *session)
{
    while (session->parts != NULL) {
        struct session_part *part = session->parts;
        session->parts = part->next;
        part->end(part, session);
    }
}

static struct output *held_output(struct session *session)
{
    if (session->held == NULL) {
        session->held = memory_alloc(sizeof(*session->held));
        output_init(session->held);
    }
    return session->held;
}

void session_settle(struct session *session)
{
    if (session->in_turn) {
        output_move(&session->own, &session->worker->out, &session->turn);
        session->in_turn = false;
    }
}

struct output *session_push_output(struct session *session)
{
    if ((session->flags & SESSION_AWAY) != 0) {
        return held_output(session);
    }
    session_settle(session);
    return &session->own;
}

struct output *session_push_output_behind(struct session *session, uint64_t wait)
{
    bool is_to_come = (session->flags & SESSION_BLOCKED) != 0 && session_wait_number(session) == wait;
    return is_to_come ? held_output(session) : session_push_output(session);
}

void session_push_shared(struct session *session, struct output_range bytes)
{
    ASSERT(bytes.insert_begin == bytes.insert_end); /* a reference goes to one reader alone */
    if ((session->flags & SESSION_AWAY) == 0 && output_is_empty(&session->own)) {
        if (!session->in_turn) {
            session->in_turn = true;
            session->turn = bytes;
            return;
        }
        if (session->turn.end == bytes.begin && session->turn.insert_end == bytes.insert_begin) {
            session->turn.end = bytes.end;
            return;
        }
    }
    output_move(session_push_output(session), &session->worker->out, &bytes);
}

void session_release_held(struct session *session)
{
    if (session->held != NULL) {
        struct output_range range = output_all(session->held);
        output_move(&session->own, session->held, &range);
        output_deinit(session->held);
        memory_free(session->held);
        session->held = NULL;
    }
}

void session_reset(struct session *session)
{
    transaction_discard(session);
    session_end_parts(session);
    session->resp = 2;
    session->db = 0;
    session->flags &= ~(uint32_t)(SESSION_REPLY_OFF | SESSION_REPLY_SKIP_NEXT | SESSION_NO_EVICT | SESSION_NO_TOUCH);
    session_set_text(session, SESSION_NAME, SLICE_LITERAL(""));
    session_show(session);
}

void session_show(struct session *session)
{
    atomic_store_explicit(&session->shown_flags, *session_own_flags(session), memory_order_relaxed);
    atomic_store_explicit(&session->shown_db, session->db, memory_order_relaxed);
    atomic_store_explicit(&session->shown_resp, *session_own_resp(session), memory_order_relaxed);
    const struct transaction *transaction = session->transaction;
    uint32_t queued = transaction == NULL ? 0 : transaction->count;
    atomic_store_explicit(&session->shown_queued, session_has(session, SESSION_MULTI) ? (int32_t)queued : -1,
                          memory_order_relaxed);
    atomic_store_explicit(&session->shown_watched, transaction == NULL ? 0 : transaction->watch_count,
                          memory_order_relaxed);
}

void session_set_text(struct session *session, enum session_text which, struct slice text)
{
    struct blob *fresh = text.len == 0 ? NULL : blob_from_slice(text);
    spin_acquire(&session->names);
    struct blob *old = session->texts[which];
    session->texts[which] = fresh;
    spin_release(&session->names);
    if (old != NULL) {
        blob_release(old);
    }
}

struct slice session_text(const struct session *session, enum session_text which)
{
    const struct blob *text = session->texts[which];
    return text == NULL ? SLICE_LITERAL("") : blob_slice(text);
}

struct blob *session_text_reference(struct session *session, enum session_text which)
{
    spin_acquire(&session->names);
    struct blob *text = session->texts[which];
    if (text != NULL) {
        (void)blob_reference(text);
    }
    spin_release(&session->names);
    return text;
}

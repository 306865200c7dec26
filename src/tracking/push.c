/* SPDX-License-Identifier: BSD-3-Clause */
/* What clients are told: on their own connection (RESP3), or on that of the client they redirect to, be it on another
 * worker: then by mail, and by mail back when that client is gone.
 * Owner: a mail is its receiver's. Locks: the hub of the worker, where it is not held yet. */
#include "internal.h"

#include "sherd/exec/broadcast.h"
#include "sherd/resp/reply.h"

/* To the worker of whom a tracker redirects to. */
struct forward_mail {
    struct mail mail;
    struct tracking *tracking;
    uint64_t to;
    uint32_t to_worker;
    uint64_t from; /* who tracks */
    uint32_t from_worker;
    struct blob *keys; /* one reference; NULL: all keys */
};

/* All keys are gone: to all workers with clients that track. */
struct flush {
    struct broadcast broadcast;
    struct tracking *tracking; /* (c) */
};

/* Only what other threads may read of a session is looked at here: an executor may be using it. */
static uint8_t version_of(const struct session *session)
{
    return atomic_load_explicit(&session->shown_resp, memory_order_relaxed);
}

static void write_keys(struct reply *reply, struct blob *keys)
{
    if (keys == NULL) {
        reply_null(reply);
    } else if (keys->len >= REPLY_REFERENCE_BYTES) {
        output_insert_blob(reply->output, blob_reference(keys));
    } else {
        buffer_append_slice(&reply->output->bytes, blob_slice(keys));
    }
}

static void write_push(struct session *session, struct output *output, struct blob *keys)
{
    struct reply reply = {.output = output, .version = version_of(session)};
    reply_push(&reply, 2);
    reply_bulk_text(&reply, "invalidate");
    write_keys(&reply, keys);
    session->sink->pushed(session);
}

/* To the client of a redirection: in RESP2 as a message, if it has subscribed to anything. */
static void push_redirected(struct session *session, struct blob *keys)
{
    if (version_of(session) == 3) {
        write_push(session, session_push_output(session), keys);
    } else if (session_subscriptions(session) != 0) {
        struct reply reply = {.output = session_push_output(session), .version = 2};
        reply_array(&reply, 3);
        reply_bulk_text(&reply, "message");
        reply_bulk_text(&reply, "__redis__:invalidate");
        write_keys(&reply, keys);
        session->sink->pushed(session);
    }
}

/* Whom the tracker redirects to is gone. */
static void push_broken(const struct tracker *tracker)
{
    struct session *session = tracker->session;
    atomic_fetch_or_explicit(&session->shown_tracking, SESSION_SHOWS_BROKEN, memory_order_relaxed);
    if (version_of(session) == 3) {
        struct reply reply = {.output = session_push_output(session), .version = 3};
        reply_push(&reply, 2);
        reply_bulk_text(&reply, "tracking-redir-broken");
        reply_integer(&reply, (int64_t)tracker->redirect);
        session->sink->pushed(session);
    }
}

static void deliver_broken(struct mail *mail, void *receiver)
{
    (void)receiver;
    struct forward_mail *forward = CONTAINER_OF(mail, struct forward_mail, mail);
    struct tracking_hub *hub = &forward->tracking->hubs[forward->from_worker];
    spin_acquire(&hub->lock);
    const struct tracker *tracker = tracker_find(hub, forward->from);
    if (tracker != NULL && tracker->redirect == forward->to) {
        push_broken(tracker);
    }
    spin_release(&hub->lock);
    memory_free(forward);
}

static struct session *find_session(const struct tracking *tracking, uint32_t worker, uint64_t id)
{
    struct exec_worker *own = atomic_load_explicit(&tracking->exec->workers[worker], memory_order_acquire);
    return tracking->clients.find_session(tracking->clients.context, own, id);
}

static void deliver_forward(struct mail *mail, void *receiver)
{
    (void)receiver;
    struct forward_mail *forward = CONTAINER_OF(mail, struct forward_mail, mail);
    struct session *session = find_session(forward->tracking, forward->to_worker, forward->to);
    if (session != NULL) {
        push_redirected(session, forward->keys);
    }
    if (forward->keys != NULL) {
        blob_release(forward->keys);
    }
    if (session != NULL) {
        memory_free(forward);
    } else {
        forward->mail = (struct mail){.deliver = deliver_broken};
        mailbox_send(worker_box(forward->tracking->exec, forward->from_worker), &forward->mail);
    }
}

/* By mail, where the session of whom the tracker redirects to, or the tracker's own, is on another worker. */
static void forward(const struct tracker *tracker, struct blob *keys, bool is_broken)
{
    struct tracking *tracking = tracker->hub->tracking;
    const struct session *from = tracker->session;
    struct forward_mail *forward = memory_alloc(sizeof(*forward));
    *forward = (struct forward_mail){.mail = {.deliver = is_broken ? deliver_broken : deliver_forward},
                                     .tracking = tracking,
                                     .to = tracker->redirect,
                                     .to_worker = tracker->redirect_worker,
                                     .from = from->id,
                                     .from_worker = from->worker->index,
                                     .keys = keys == NULL ? NULL : blob_reference(keys)};
    uint32_t worker = is_broken ? forward->from_worker : forward->to_worker;
    mailbox_send(worker_box(tracking->exec, worker), &forward->mail);
}

static void redirect(const struct tracker *tracker, const struct tracking_hub *here, struct blob *keys)
{
    uint32_t shown = atomic_load_explicit(&tracker->session->shown_tracking, memory_order_relaxed);
    struct session *session = NULL;
    if ((shown & SESSION_SHOWS_BROKEN) == 0) {
        if (tracker_route(tracker) != here) {
            forward(tracker, keys, false);
            return;
        }
        session = find_session(tracker->hub->tracking, tracker->redirect_worker, tracker->redirect);
    }
    if (session != NULL) {
        push_redirected(session, keys);
    } else if (tracker->hub == here) {
        push_broken(tracker);
    } else {
        forward(tracker, NULL, true);
    }
}

void push_invalidation(const struct tracker *tracker, const struct tracking_hub *here, struct blob *keys,
                       const struct author *author)
{
    struct session *session = tracker->session;
    if (tracker->redirect != 0) {
        redirect(tracker, here, keys);
    } else if (version_of(session) == 3) {
        bool is_behind = author->id == session->id && author->wait != 0;
        write_push(session,
                   is_behind ? session_push_output_behind(session, author->wait) : session_push_output(session), keys);
    }
}

static void flush_visit(void *context, void *tracker)
{
    (void)context;
    push_invalidation(tracker, ((const struct tracker *)tracker)->hub, NULL, &(struct author){0});
}

static void deliver_flush(struct broadcast *broadcast, uint32_t worker)
{
    const struct flush *flush = CONTAINER_OF(broadcast, struct flush, broadcast);
    struct tracking_hub *hub = &flush->tracking->hubs[worker];
    spin_acquire(&hub->lock);
    trackers_visit(hub, flush_visit, NULL);
    spin_release(&hub->lock);
}

static void end_flush(struct broadcast *broadcast)
{
    (void)broadcast;
}

static const struct broadcast_kind flush_kind = {.deliver = deliver_flush, .end = end_flush};

void push_flush(struct tracking *tracking)
{
    struct flush *flush = broadcast_create(tracking->exec, sizeof(*flush), &flush_kind);
    flush->tracking = tracking;
    for (uint32_t i = 0; i < flush->broadcast.worker_count; i++) {
        if (atomic_load_explicit(&tracking->hubs[i].clients, memory_order_relaxed) != 0) {
            broadcast_address(&flush->broadcast, i);
        }
    }
    if (flush->broadcast.addressed == 0) {
        broadcast_destroy(&flush->broadcast);
    } else {
        broadcast_send(&flush->broadcast);
    }
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The writing half of a connection. Replies go out straight from the turn's shared output; only what the socket does
 * not take becomes the session's own. In one turn a connection writes a bounded stretch, however fast its peer reads:
 * the rest waits for the write event, so that the worker's other connections are served in between.
 * Owner: the connection's worker. Locks: none here. */
#include <errno.h>
#include <sys/uio.h>

#include "internal.h"
#include "socket.h"

enum {
    VECTORS_MAX = 64,
    WRITE_TURN_BYTES = 512 * 1024,     /* written to one connection in one turn */
    REPLY_CHECKED_BYTES = 16 * 1024,   /* smaller replies are written without a look at the limits */
    BACKLOG_MOVED_BYTES = 1024 * 1024, /* a smaller rest is moved to a fresh buffer when half is out, */
    BACKLOG_SPENT_PARTS = 8,           /* a larger one when all but an eighth is out */
};

/* Cuts the vectors behind `max` bytes; returns how many are left. *total becomes their bytes. */
static size_t vectors_cut(struct iovec *vectors, size_t count, size_t max, size_t *total)
{
    *total = 0;
    for (size_t i = 0; i < count; i++) {
        if (vectors[i].iov_len >= max - *total) {
            vectors[i].iov_len = max - *total;
            *total = max;
            return i + 1;
        }
        *total += vectors[i].iov_len;
    }
    return count;
}

/* Writes a range that refers to values, at most `max` bytes; *asked says how many were offered. */
static ssize_t write_vectors(const struct conn *conn, const struct output *output, const struct output_range *range,
                             size_t max, size_t *asked)
{
    struct iovec vectors[VECTORS_MAX];
    struct msghdr message = {.msg_iov = vectors};
    message.msg_iovlen = vectors_cut(vectors, output_vectors(output, range, vectors, VECTORS_MAX), max, asked);
    return sendmsg(conn->fd, &message, MSG_NOSIGNAL);
}

/* Writes a range, at most *budget bytes of it, from which it takes what was written; false when the connection is
 * broken. What is not written stays in the range. */
static bool write_range(struct conn *conn, struct output *output, struct output_range *range, size_t *budget)
{
    struct statistics *statistics = &conn->worker->exec.statistics;
    while (range->begin < range->end || range->insert_begin < range->insert_end) {
        ssize_t written;
        size_t asked;
        if (LIKELY(range->insert_begin == range->insert_end)) {
            asked = range->end - range->begin < *budget ? range->end - range->begin : *budget;
            written = socket_write(conn->fd, output->bytes.data + range->begin, asked);
        } else {
            written = write_vectors(conn, output, range, *budget, &asked);
        }
        if (written < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        statistics_add(statistics, STATISTIC_OUTPUT_BYTES, (uint64_t)written);
        statistics_add(statistics, STATISTIC_WRITES, 1);
        output_advance(output, range, (size_t)written);
        *budget -= (size_t)written;
        if (UNLIKELY((size_t)written < asked || *budget == 0)) {
            return true; /* the socket is full, or the turn belongs to others */
        }
    }
    return true;
}

/* What the socket did not take waits in the session's own output for the write event. */
static void keep_backlog(struct conn *conn, bool ends)
{
    if (ends) {
        conn_pause(conn); /* nothing more is executed, so nothing more is read */
        session_show(&conn->session);
    }
    if ((conn->flags & CONN_WRITE_ARMED) == 0) {
        conn->flags |= CONN_WRITE_ARMED;
        (void)event_add(&conn->write_event, NULL);
    }
    if (client_backlog_exceeds(conn)) {
        client_close_over_limit(conn);
    }
}

/* Storage of replies that are out is given back now and then: so rarely that a slow reader costs no more than a copy of
 * what it is sent, and never by a copy that takes long. */
static bool is_worth_moving(const struct output_range *rest)
{
    size_t left = rest->end - rest->begin;
    if (left > BACKLOG_MOVED_BYTES) {
        return left < rest->end / BACKLOG_SPENT_PARTS;
    }
    return rest->begin > left || rest->insert_begin > rest->insert_end / 2;
}

/* Writes the session's own output; false when the connection is broken. */
static bool write_own(struct conn *conn, size_t *budget)
{
    struct output *own = &conn->session.own;
    struct output_range rest = client_pending_output(conn);
    bool alive = write_range(conn, own, &rest, budget);
    atomic_store_explicit(&conn->session.active_ms, conn->worker->exec.user.now_ms, memory_order_relaxed);
    if (rest.begin == rest.end && rest.insert_begin == rest.insert_end) {
        output_deinit(own);
        conn->own_begin = 0;
        conn->own_insert_begin = 0;
        (void)client_output_note(conn);
        return alive;
    }
    if (is_worth_moving(&rest)) {
        struct output moved;
        output_init(&moved);
        output_move(&moved, own, &rest);
        output_deinit(own);
        *own = moved;
        rest = (struct output_range){0};
    }
    conn->own_begin = rest.begin;
    conn->own_insert_begin = rest.insert_begin;
    return alive;
}

/* A reply with which the hard limit is broken is not even begun, as in Redis. */
static NOINLINE bool reply_exceeds(struct conn *conn)
{
    const struct session *session = &conn->session;
    struct output_range pending = client_pending_output(conn);
    size_t bytes = pending.end - pending.begin + session->own.insert_bytes;
    bytes += session->in_turn ? output_range_bytes(&conn->worker->exec.out, &session->turn) : 0;
    if (LIKELY(!client_reply_exceeds(conn, bytes))) {
        return false;
    }
    atomic_store_explicit(&conn->shown_output, bytes, memory_order_relaxed); /* for the log */
    return true;
}

/* Are there replies of more bytes than are written unseen? */
static ALWAYS_INLINE bool reply_is_large(const struct session *session)
{
    return session->turn.end - session->turn.begin > REPLY_CHECKED_BYTES ||
           session->turn.insert_begin != session->turn.insert_end;
}

/* Writes the turn's replies; those that cannot go out become the session's own. False when the connection is broken. */
static ALWAYS_INLINE bool write_turn(struct conn *conn, size_t *budget)
{
    struct session *session = &conn->session;
    struct output *out = &conn->worker->exec.out;
    bool alive = true;
    session->in_turn = false;
    if (LIKELY(output_is_empty(&session->own))) {
        alive = write_range(conn, out, &session->turn, budget);
    }
    if (UNLIKELY(session->turn.begin < session->turn.end || session->turn.insert_begin < session->turn.insert_end)) {
        output_move(&session->own, out, &session->turn);
    }
    return alive;
}

void conn_write(struct conn *conn)
{
    struct session *session = &conn->session;
    if ((conn->flags & CONN_CLOSED) != 0) {
        session->in_turn = false;
        return;
    }
    if (UNLIKELY((session->in_turn && reply_is_large(session)) || !output_is_empty(&session->own)) &&
        reply_exceeds(conn)) {
        session->in_turn = false;
        client_close_over_limit(conn);
        return;
    }
    bool alive = true;
    size_t budget = WRITE_TURN_BYTES;
    if (LIKELY(session->in_turn)) {
        alive = write_turn(conn, &budget);
    }
    if (UNLIKELY(!output_is_empty(&session->own)) && alive && (conn->flags & CONN_WRITE_ARMED) == 0 && budget != 0) {
        alive = write_own(conn, &budget);
    }
    /* A peer that has ended its side still gets the answers to what it sent. */
    uint32_t working_flags = (session->flags & SESSION_POSTPONED) != 0 ? 0 : SESSION_SUSPENDED | SESSION_AWAY;
    bool working = (session->flags & working_flags) != 0 || (conn->flags & CONN_READY) != 0;
    bool ends = (session->flags & SESSION_CLOSING) != 0 || ((conn->flags & CONN_ASKED_TO_CLOSE) != 0 && !working);
    bool drained = output_is_empty(&session->own);
    if (UNLIKELY(!alive || (ends && drained))) {
        conn_close(conn);
    } else if (UNLIKELY(!drained)) {
        keep_backlog(conn, ends);
    }
}

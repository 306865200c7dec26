/* SPDX-License-Identifier: BSD-3-Clause */
/* One connection: reading, writing, closing. It has an input buffer while it is active; replies are written straight
 * from the turn's shared output, and only what the socket does not take becomes the session's own.
 * Owner: the connection's worker. Locks: registry, when it joins or leaves the list. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/uio.h>
#include <unistd.h>

#include "internal.h"
#include "sizes.h"
#include "socket.h"

enum {
    VECTORS_MAX = 64,
    INPUT_IDLE_MS = 2000, /* after so long a client gives its input buffer back */
    UNAUTHENTICATED_OUTPUT_BYTES = 16 * 1024,
};

/* Sends the wake-up mail unless it is under way. */
static void wake_for(struct conn *conn, enum wake_reason reason)
{
    if (atomic_fetch_or_explicit(&conn->wake_reasons, reason, memory_order_acq_rel) == 0) {
        mailbox_send(&conn->worker->box, &conn->wake);
    }
}

void conn_wake(struct conn *conn)
{
    wake_for(conn, WAKE_LOOK);
}

static void conn_resume(struct session *session)
{
    wake_for(conn_of(session), WAKE_LOOK);
}

static void conn_returned(struct session *session)
{
    wake_for(conn_of(session), WAKE_RETURNED);
}

static void conn_describe(const struct session *session, struct buffer *out)
{
    const struct conn *conn = CONTAINER_OF(session, const struct conn, session);
    address_append(&conn->peer, &conn->local, out);
}

static const struct session_sink conn_sink = {
    .resume = conn_resume, .returned = conn_returned, .describe = conn_describe};

static void conn_free(struct conn *conn)
{
    session_deinit(&conn->session);
    request_parser_deinit(&conn->parser);
    buffer_deinit(&conn->input);
    memory_free(conn);
}

/* Frees a closed connection once no mail and no executor can reach it. */
static void conn_release(struct conn *conn)
{
    if ((conn->session.flags & SESSION_AWAY) == 0 &&
        atomic_load_explicit(&conn->wake_reasons, memory_order_acquire) == 0) {
        conn_free(conn);
    } else {
        conn->flags |= CONN_ORPHAN;
    }
}

void conn_bury(struct net_worker *worker)
{
    struct conn *closed = worker->first_closed;
    worker->first_closed = NULL;
    while (closed != NULL) {
        struct conn *conn = closed;
        closed = conn->next_closed;
        if ((conn->flags & (CONN_READY | CONN_TOUCHED)) != 0) {
            conn->next_closed = worker->first_closed; /* a list still leads to it: the next turn takes it off */
            worker->first_closed = conn;
        } else {
            conn_release(conn);
        }
    }
}

static void wake_deliver(struct mail *mail, void *receiver)
{
    (void)receiver;
    struct conn *conn = CONTAINER_OF(mail, struct conn, wake);
    struct session *session = &conn->session;
    /* An exchange and no mere store: who finds the mail under way relies on what it published being seen here. */
    uint32_t reasons = atomic_exchange_explicit(&conn->wake_reasons, 0, memory_order_acq_rel);
    if ((reasons & WAKE_RETURNED) != 0) {
        exec_errand_finish(session);
    }
    if ((conn->flags & CONN_CLOSED) != 0) {
        if ((conn->flags & CONN_ORPHAN) != 0) {
            conn_release(conn);
        }
        return;
    }
    if (atomic_load_explicit(&session->doomed, memory_order_acquire)) {
        conn_close(conn);
        return;
    }
    if ((session->flags & SESSION_AWAY) != 0) {
        return; /* the flags are not to be touched while an executor reads them */
    }
    session->flags &= ~(uint32_t)SESSION_SUSPENDED;
    if ((reasons & WAKE_RETURNED) != 0) {
        conn_touch(conn);
    }
    conn_continue(conn);
    conn_ready(conn);
}

static void on_readable(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    struct conn *conn = argument;
    conn->flags |= CONN_HAS_NEWS;
    conn_ready(conn);
}

static void on_writable(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    struct conn *conn = argument;
    conn->flags &= ~(uint32_t)CONN_WRITE_ARMED;
    conn_touch(conn);
}

static void set_socket_options(const struct conn *conn, const struct net_options *options)
{
    if ((conn->flags & CONN_UNIX) != 0) {
        return;
    }
    int on = 1;
    (void)setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (options->tcp_keepalive_seconds > 0) {
        int idle = (int)options->tcp_keepalive_seconds;
        int interval = idle / 3 > 0 ? idle / 3 : 1;
        int probes = 3;
        (void)setsockopt(conn->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
        (void)setsockopt(conn->fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
        (void)setsockopt(conn->fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
        (void)setsockopt(conn->fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
    }
}

void conn_open(struct net_worker *worker, struct handoff *handoff)
{
    struct exec *exec = worker->net->exec;
    const struct net_options *options = worker_options(worker);
    struct conn *conn = memory_alloc_zeroed(sizeof(*conn));
    uint64_t id = atomic_fetch_add_explicit(&exec->session_ids, 1, memory_order_relaxed) + 1;
    session_init(&conn->session, id, &worker->exec, &conn_sink);
    conn->worker = worker;
    conn->fd = handoff->fd;
    conn->flags = handoff->is_unix ? CONN_UNIX : 0;
    conn->session.flags |= handoff->is_local ? SESSION_LOCAL : 0;
    conn->peer = handoff->peer;
    socklen_t len = sizeof(conn->local);
    (void)getsockname(conn->fd, (struct sockaddr *)&conn->local, &len);
    conn->wake.deliver = wake_deliver;
    request_parser_init(&conn->parser);
    buffer_init(&conn->input);
    if (options->requirepass.len > 0) {
        conn->session.flags |= SESSION_UNAUTHENTICATED;
    }
    set_socket_options(conn, options);
    (void)event_assign(&conn->read_event, worker->base, conn->fd, EV_READ | EV_PERSIST, on_readable, conn);
    (void)event_assign(&conn->write_event, worker->base, conn->fd, EV_WRITE, on_writable, conn);
    session_show(&conn->session);
    registry_join(conn);
    statistics_add(&worker->exec.statistics, STATISTIC_CONNECTIONS, 1);
    (void)event_add(&conn->read_event, NULL);
}

void conn_ready(struct conn *conn)
{
    struct net_worker *worker = conn->worker;
    if ((conn->flags & (CONN_READY | CONN_CLOSED)) == 0) {
        conn->flags |= CONN_READY;
        conn->next_ready = NULL;
        if (worker->last_ready != NULL) {
            worker->last_ready->next_ready = conn;
        } else {
            worker->first_ready = conn;
        }
        worker->last_ready = conn;
    }
}

void conn_touch(struct conn *conn)
{
    if ((conn->flags & CONN_TOUCHED) == 0) {
        conn->flags |= CONN_TOUCHED;
        conn->next_touched = conn->worker->first_touched;
        conn->worker->first_touched = conn;
    }
}

void conn_pause(struct conn *conn)
{
    if ((conn->flags & CONN_READ_OFF) == 0) {
        conn->flags |= CONN_READ_OFF;
        (void)event_del(&conn->read_event);
    }
}

void conn_continue(struct conn *conn)
{
    if ((conn->flags & (CONN_READ_OFF | CONN_CLOSED)) == CONN_READ_OFF) {
        conn->flags &= ~(uint32_t)CONN_READ_OFF;
        (void)event_add(&conn->read_event, NULL);
    }
}

/* After a read of `got` bytes (0: the peer has ended, -1: errno). */
static void read_result(struct conn *conn, ssize_t got)
{
    struct net_worker *worker = conn->worker;
    if (got > 0) {
        statistics_add(&worker->exec.statistics, STATISTIC_INPUT_BYTES, (uint64_t)got);
        statistics_add(&worker->exec.statistics, STATISTIC_READS, 1);
        atomic_store_explicit(&conn->session.active_ms, worker->exec.user.now_ms, memory_order_relaxed);
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        conn->flags |= CONN_ASKED_TO_CLOSE;
        conn_touch(conn);
    }
}

/* How much room the next read gets: the rest of a large argument at once, more than usual for one who filled the buffer
 * last time. */
static size_t read_room(const struct conn *conn)
{
    size_t wants = request_parser_wants(&conn->parser);
    if (UNLIKELY(wants > conn->input.len + NET_READ_BYTES)) {
        return wants - conn->input.len;
    }
    bool filled = conn->input.cap > 0 && conn->input_peak >= conn->input.cap;
    return filled ? (size_t)NET_READ_MAX_BYTES : (size_t)NET_READ_BYTES;
}

void conn_read(struct conn *conn)
{
    struct buffer *input = &conn->input;
    conn->used = 0;
    conn->framed = 0;
    if ((conn->flags & CONN_HAS_NEWS) != 0) {
        conn->flags &= ~(uint32_t)CONN_HAS_NEWS;
        if (UNLIKELY(input->cap - input->len < NET_READ_BYTES) || UNLIKELY(conn->input_peak >= input->cap)) {
            buffer_reserve(input, read_room(conn));
        }
        ssize_t got = socket_read(conn->fd, input->data + input->len, input->cap - input->len);
        read_result(conn, got);
        input->len += got > 0 ? (size_t)got : 0;
        conn->input_peak = input->len > conn->input_peak ? input->len : conn->input_peak;
    }
}

/* Tells CLIENT LIST how much of the buffer is in use. */
static void show_input(struct conn *conn)
{
    atomic_store_explicit(&conn->shown_input, conn->input.len, memory_order_relaxed);
    atomic_store_explicit(&conn->shown_input_free, conn->input.cap - conn->input.len, memory_order_relaxed);
    peaks_note(conn->worker, conn->input.cap, 0);
}

void conn_keep_rest(struct conn *conn)
{
    buffer_consume(&conn->input, conn->used);
    conn->framed = 0;
    conn->used = 0;
    show_input(conn);
}

/* Once in a while: an idle client gives its buffer back, one that needed a large buffer no more gives most of it. */
static void trim_input(struct conn *conn, int64_t idle_ms)
{
    struct buffer *input = &conn->input;
    size_t peak = conn->input_peak;
    conn->input_peak = input->len;
    if (input->len == 0 && idle_ms >= INPUT_IDLE_MS) {
        buffer_deinit(input);
    } else if (input->cap > 2 * NET_READ_BYTES && peak < input->cap / 2 && request_parser_wants(&conn->parser) == 0) {
        input->cap = peak < NET_READ_BYTES ? (size_t)NET_READ_BYTES : peak;
        input->data = memory_resize(input->data, input->cap);
    } else {
        return;
    }
    show_input(conn);
}

/* Writes a range; false when the connection is broken. What the socket does not take stays in the range. */
static bool write_range(struct conn *conn, struct output *output, struct output_range *range)
{
    struct statistics *statistics = &conn->worker->exec.statistics;
    while (range->begin < range->end || range->insert_begin < range->insert_end) {
        ssize_t written;
        if (LIKELY(range->insert_begin == range->insert_end)) {
            written = socket_write(conn->fd, output->bytes.data + range->begin, range->end - range->begin);
        } else {
            struct iovec vectors[VECTORS_MAX];
            struct msghdr message = {.msg_iov = vectors};
            message.msg_iovlen = output_vectors(output, range, vectors, VECTORS_MAX);
            written = sendmsg(conn->fd, &message, MSG_NOSIGNAL);
        }
        if (written < 0) {
            return errno == EAGAIN || errno == EINTR;
        }
        statistics_add(statistics, STATISTIC_OUTPUT_BYTES, (uint64_t)written);
        statistics_add(statistics, STATISTIC_WRITES, 1);
        output_advance(output, range, (size_t)written);
    }
    return true;
}

/* What of the session's own output the socket has not taken yet. */
static struct output_range pending_output(const struct conn *conn)
{
    struct output_range range = output_all(&conn->session.own);
    range.begin = conn->own_begin;
    range.insert_begin = conn->own_insert_begin;
    return range;
}

/* Measures the backlog; true when the client is to be closed for it. */
static bool over_output_limit(struct conn *conn)
{
    const struct net_options *options = worker_options(conn->worker);
    const struct output_limit *limit = &options->output_limits.classes[CLIENT_NORMAL];
    struct output_range pending = pending_output(conn);
    int64_t bytes = (int64_t)output_range_bytes(&conn->session.own, &pending);
    atomic_store_explicit(&conn->shown_output, (size_t)bytes, memory_order_relaxed);
    atomic_store_explicit(&conn->shown_copied, pending.end - pending.begin, memory_order_relaxed);
    atomic_store_explicit(&conn->shown_inserts, (uint32_t)(pending.insert_end - pending.insert_begin),
                          memory_order_relaxed);
    peaks_note(conn->worker, 0, (size_t)bytes);
    if ((conn->session.flags & SESSION_UNAUTHENTICATED) != 0 && bytes > UNAUTHENTICATED_OUTPUT_BYTES) {
        return true;
    }
    if (limit->soft_bytes == 0 || bytes < limit->soft_bytes) {
        conn->soft_limit_since_ms = 0;
    } else if (conn->soft_limit_since_ms == 0) {
        conn->soft_limit_since_ms = conn->worker->exec.user.now_ms;
    } else if (conn->worker->exec.user.now_ms - conn->soft_limit_since_ms > limit->soft_seconds * 1000) {
        return true;
    }
    return limit->hard_bytes > 0 && bytes >= limit->hard_bytes;
}

static void close_over_limit(struct conn *conn)
{
    statistics_add(&conn->worker->exec.statistics, STATISTIC_OUTPUT_BUFFER_DISCONNECTIONS, 1);
    log_write(conn->worker->net->log, LOG_LEVEL_WARNING,
              "Client id=%llu closed for overcoming of output buffer limits.", (unsigned long long)conn->session.id);
    conn_close(conn);
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
    if (over_output_limit(conn)) {
        close_over_limit(conn);
    }
}

/* Writes the session's own output; false when the connection is broken. */
static bool write_own(struct conn *conn)
{
    struct output *own = &conn->session.own;
    struct output_range rest = pending_output(conn);
    bool alive = write_range(conn, own, &rest);
    atomic_store_explicit(&conn->session.active_ms, conn->worker->exec.user.now_ms, memory_order_relaxed);
    if (rest.begin == rest.end && rest.insert_begin == rest.insert_end) {
        output_clear(own, 0);
        rest = (struct output_range){0};
        atomic_store_explicit(&conn->shown_output, 0, memory_order_relaxed);
        atomic_store_explicit(&conn->shown_copied, 0, memory_order_relaxed);
        atomic_store_explicit(&conn->shown_inserts, 0, memory_order_relaxed);
        conn->soft_limit_since_ms = 0;
    } else if (rest.begin > rest.end / 2 || rest.insert_begin > rest.insert_end / 2) {
        /* Only now and then, so that a slow reader costs no more than a copy of what it is sent. */
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

void conn_write(struct conn *conn)
{
    struct session *session = &conn->session;
    if ((conn->flags & CONN_CLOSED) != 0) {
        session->in_turn = false;
        return;
    }
    bool alive = true;
    if (LIKELY(session->in_turn)) {
        struct output *out = &conn->worker->exec.out;
        session->in_turn = false;
        if (LIKELY(output_is_empty(&session->own))) {
            alive = write_range(conn, out, &session->turn);
        }
        if (UNLIKELY(session->turn.begin < session->turn.end ||
                     session->turn.insert_begin < session->turn.insert_end)) {
            output_move(&session->own, out, &session->turn);
        }
    }
    if (UNLIKELY(!output_is_empty(&session->own)) && alive && (conn->flags & CONN_WRITE_ARMED) == 0) {
        alive = write_own(conn);
    }
    /* A peer that has ended its side still gets the answers to what it sent. */
    bool working = (session->flags & (SESSION_SUSPENDED | SESSION_AWAY)) != 0 || (conn->flags & CONN_READY) != 0;
    bool ends = (session->flags & SESSION_CLOSING) != 0 || ((conn->flags & CONN_ASKED_TO_CLOSE) != 0 && !working);
    bool drained = output_is_empty(&session->own);
    if (UNLIKELY(!alive || (ends && drained))) {
        conn_close(conn);
    } else if (UNLIKELY(!drained)) {
        keep_backlog(conn, ends);
    }
}

void conn_close(struct conn *conn)
{
    if ((conn->flags & CONN_CLOSED) != 0) {
        return;
    }
    struct net_worker *worker = conn->worker;
    conn->flags |= CONN_CLOSED;
    /* Before the close: who sees it may come back at once, and its descriptor may be that of another connection. */
    registry_leave(conn);
    atomic_fetch_sub_explicit(&worker->net->clients, 1, memory_order_relaxed);
    (void)event_del(&conn->read_event);
    (void)event_del(&conn->write_event);
    (void)close(conn->fd);
    conn->fd = -1;
    shard_waiter_leave(&conn->session.waiter);
    conn->next_closed = worker->first_closed;
    worker->first_closed = conn;
}

void conn_sweep(struct conn *conn, const struct net_options *options, int64_t now_ms)
{
    int64_t idle_ms = now_ms - atomic_load_explicit(&conn->session.active_ms, memory_order_relaxed);
    bool busy = (conn->session.flags & (SESSION_SUSPENDED | SESSION_AWAY)) != 0;
    if (options->timeout_seconds > 0 && !busy && idle_ms > options->timeout_seconds * 1000) {
        log_write(conn->worker->net->log, LOG_LEVEL_VERBOSE, "Closing idle client");
        conn_close(conn);
    } else if (conn->soft_limit_since_ms != 0 && over_output_limit(conn)) {
        close_over_limit(conn);
    }
    if ((conn->flags & CONN_CLOSED) == 0 && !busy) {
        trim_input(conn, idle_ms);
    }
}

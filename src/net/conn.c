/* SPDX-License-Identifier: BSD-3-Clause */
/* One connection: opening, reading, waking, closing. It has an input buffer while it is active.
 * Owner: the connection's worker. Locks: registry, when it joins or leaves the list. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "internal.h"
#include "sherd/exec/blocking.h"
#include "sherd/exec/postponement.h"
#include "sizes.h"
#include "socket.h"

enum {
    INPUT_IDLE_MS = 2000, /* after so long a client gives its input buffer back */
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

static void conn_served(struct session *session)
{
    wake_for(conn_of(session), WAKE_SERVED);
}

static void on_time(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    conn_wake(argument);
}

static void wait_arm(struct conn *conn, int64_t deadline_ms)
{
    int64_t left_ms = deadline_ms - conn->worker->exec.user.now_ms;
    left_ms = left_ms < 0 ? 0 : left_ms;
    if (conn->wait_event == NULL) {
        conn->wait_event = memory_alloc(sizeof(*conn->wait_event));
        (void)event_assign(conn->wait_event, conn->worker->base, -1, 0, on_time, conn);
    }
    struct timeval after = {.tv_sec = left_ms / 1000, .tv_usec = (left_ms % 1000) * 1000};
    (void)event_add(conn->wait_event, &after);
}

static void conn_await(struct session *session, int64_t deadline_ms)
{
    if (deadline_ms != 0) {
        wait_arm(conn_of(session), deadline_ms);
    }
}

static void conn_pushed(struct session *session)
{
    struct conn *conn = conn_of(session);
    if ((conn->flags & CONN_CLOSED) == 0) {
        conn_touch(conn);
    }
}

static void conn_describe(const struct session *session, struct buffer *out)
{
    const struct conn *conn = CONTAINER_OF(session, const struct conn, session);
    address_append(&conn->peer, &conn->local, out);
}

static const struct session_sink conn_sink = {.resume = conn_resume,
                                              .returned = conn_returned,
                                              .await = conn_await,
                                              .served = conn_served,
                                              .pushed = conn_pushed,
                                              .describe = conn_describe,
                                              .pins_arguments = true};

static void conn_free(struct conn *conn)
{
    client_memory_gone(conn);
    if (conn->session.argument != NULL) {
        blob_release(conn->session.argument);
    }
    session_deinit(&conn->session);
    request_parser_deinit(&conn->parser);
    buffer_deinit(&conn->input);
    memory_free(conn->wait_event);
    memory_free(conn);
}

/* Frees a closed connection once no mail and no executor can reach it. */
static void conn_release(struct conn *conn)
{
    if ((conn->session.flags & (SESSION_AWAY | SESSION_BLOCKED)) == 0 &&
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

/* Looks at a wait; true when it is over and its reply is there. Of a closed connection only what was served is left. */
static bool wait_ended(struct conn *conn, bool was_served)
{
    struct session *session = &conn->session;
    int64_t deadline_ms;
    if (((conn->flags & CONN_CLOSED) != 0 && !was_served) ||
        !exec_block_ended(session, conn->worker->exec.user.now_ms, was_served, &deadline_ms)) {
        if ((conn->flags & CONN_CLOSED) == 0 && (session->flags & SESSION_BLOCKED) != 0 && deadline_ms != 0) {
            wait_arm(conn, deadline_ms); /* woken too early, or for something else */
        }
        return false;
    }
    if (conn->wait_event != NULL) {
        (void)event_del(conn->wait_event);
    }
    return true;
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
    bool ended = (session->flags & SESSION_BLOCKED) != 0 && wait_ended(conn, (reasons & WAKE_SERVED) != 0);
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
    if (ended) {
        conn_touch(conn);
    }
    if ((session->flags & SESSION_BLOCKED) != 0) {
        return;
    }
    if ((session->flags & SESSION_AWAY) != 0) {
        conn_pause(conn); /* a call that waited and was made anew may have gone away */
        return;           /* the flags are not to be touched while an executor reads them */
    }
    session_unpostpone(session);
    session->flags &= ~(uint32_t)SESSION_SUSPENDED;
    if ((session->flags & SESSION_RESIZED) != 0) {
        client_memory_resized(conn);
    }
    if ((reasons & WAKE_RETURNED) != 0) {
        conn_large_done(conn);
        conn_keep_rest(conn);
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
    client_memory_note(conn);
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

/* Tells CLIENT LIST how much of the buffer is in use. */
static void show_input(struct conn *conn)
{
    size_t bytes = LIKELY(conn->parser.large == NULL) ? conn->input.len : conn->parser.large_len;
    atomic_store_explicit(&conn->shown_input, bytes, memory_order_relaxed);
    atomic_store_explicit(&conn->shown_input_free, conn->input.cap - conn->input.len, memory_order_relaxed);
    peaks_note(conn->worker, conn->input.cap, 0);
}

/* Receives more of a large argument, and nothing beyond it. */
static NOINLINE void read_large(struct conn *conn)
{
    struct request_parser *parser = &conn->parser;
    ssize_t got = socket_read(conn->fd, parser->large->data + parser->large_len, request_parser_large_room(parser));
    read_result(conn, got);
    parser->large_len += got > 0 ? (size_t)got : 0;
}

/* From here on the rest of a large argument is received into a blob of its own. */
static NOINLINE void divert_large(struct conn *conn)
{
    if (request_parser_divert(&conn->parser, buffer_slice(&conn->input))) {
        conn->input.len = conn->parser.large_at;
        conn->input_peak = conn->input.len;
        show_input(conn);
        client_memory_note(conn);
    }
}

/* The request is to be framed again another time: its large argument goes where it would have been received. */
static COLD void restore_large(struct conn *conn)
{
    struct buffer *input = &conn->input;
    struct blob *large = conn->session.argument;
    size_t at = conn->parser.large_at;
    size_t bytes = large->len + 2;
    ASSERT(conn->used == 0 && at <= input->len);
    buffer_reserve(input, bytes);
    memmove(input->data + at + bytes, input->data + at, input->len - at);
    memcpy(input->data + at, large->data, bytes);
    input->len += bytes;
    conn->session.argument = NULL;
    blob_release(large);
    client_memory_note(conn);
}

void conn_large_done(struct conn *conn)
{
    struct session *session = &conn->session;
    if (session->argument != NULL && (session->flags & SESSION_AWAY) == 0 && conn->used == conn->framed) {
        blob_release(session->argument);
        session->argument = NULL;
        client_memory_note(conn);
    }
}

void conn_read(struct conn *conn)
{
    struct buffer *input = &conn->input;
    conn->used = 0;
    conn->framed = 0;
    if ((conn->flags & CONN_HAS_NEWS) != 0) {
        conn->flags &= ~(uint32_t)CONN_HAS_NEWS;
        if (UNLIKELY(request_parser_large_room(&conn->parser) != 0)) {
            read_large(conn);
            return;
        }
        if (UNLIKELY(input->cap - input->len < NET_READ_BYTES) || UNLIKELY(conn->input_peak >= input->cap)) {
            buffer_reserve(input, read_room(conn));
            show_input(conn);
            client_memory_note(conn);
        }
        ssize_t got = socket_read(conn->fd, input->data + input->len, input->cap - input->len);
        read_result(conn, got);
        input->len += got > 0 ? (size_t)got : 0;
        conn->input_peak = input->len > conn->input_peak ? input->len : conn->input_peak;
    }
}

void conn_keep_rest(struct conn *conn)
{
    if (UNLIKELY(conn->framed != conn->used)) {
        if (conn->session.argument != NULL) {
            restore_large(conn);
        }
        request_parser_deinit(&conn->parser);
    }
    buffer_consume(&conn->input, conn->used);
    conn->framed = 0;
    conn->used = 0;
    if (UNLIKELY(conn->parser.bulk_len >= REQUEST_LARGE_BYTES)) {
        divert_large(conn);
    }
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
    client_memory_note(conn);
}

void conn_close(struct conn *conn)
{
    if ((conn->flags & CONN_CLOSED) != 0) {
        return;
    }
    struct net_worker *worker = conn->worker;
    conn->flags |= CONN_CLOSED;
    client_memory_forget(conn);
    /* Before the close: who sees it may come back at once, and its descriptor may be that of another connection. */
    registry_leave(conn);
    session_unpostpone(&conn->session);
    if ((conn->session.flags & SESSION_BLOCKED) != 0) {
        (void)exec_block_abandon(&conn->session); /* from here on nobody serves it, nor looks at its parts */
    }
    if ((conn->session.flags & SESSION_AWAY) == 0) {
        session_end_parts(&conn->session); /* else when it is freed */
    }
    atomic_fetch_sub_explicit(&worker->net->clients, 1, memory_order_relaxed);
    (void)event_del(&conn->read_event);
    (void)event_del(&conn->write_event);
    (void)close(conn->fd);
    conn->fd = -1;
    shard_waiter_leave(&conn->session.waiter);
    if (conn->wait_event != NULL) {
        (void)event_del(conn->wait_event);
    }
    conn->next_closed = worker->first_closed;
    worker->first_closed = conn;
}

void conn_sweep(struct conn *conn, const struct net_options *options, int64_t now_ms)
{
    int64_t idle_ms = now_ms - atomic_load_explicit(&conn->session.active_ms, memory_order_relaxed);
    bool busy = (conn->session.flags & SESSION_STOPPED) != 0;
    bool listens = session_subscriptions(&conn->session) != 0 || (conn->session.flags & SESSION_MONITOR) != 0;
    if (options->timeout_seconds > 0 && !busy && !listens && idle_ms > options->timeout_seconds * 1000) {
        log_write(conn->worker->net->log, LOG_LEVEL_VERBOSE, "Closing idle client");
        conn_close(conn);
    } else if (!output_is_empty(&conn->session.own) && client_backlog_exceeds(conn)) {
        client_close_over_limit(conn);
    }
    if ((conn->flags & CONN_CLOSED) == 0 && !busy) {
        trim_input(conn, idle_ms);
        client_peak_ages(conn);
    }
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What clients occupy, and the limits of one client: counted where a buffer changes its size, which is rare, so that
 * exec->clients_bytes and CLIENT LIST are right at any time and an ordinary request counts nothing.
 *
 * counted_bytes is exchanged, never added to, by the connection's worker and by who dooms it: whatever the order, the
 * sum over all connections stays what exec->clients_bytes says.
 * Owner: the connection's worker. Locks: none here. */
#include "internal.h"
#include "sherd/base/quote.h"
#include "sherd/exec/transaction.h"
#include "sherd/net/registry.h"

enum {
    UNAUTHENTICATED_OUTPUT_BYTES = 16 * 1024,
    PEAK_MS = 5000,         /* rbp of CLIENT LIST is the peak of so long */
    SHOWN_QUERY_BYTES = 64, /* of a query that is too long, for the log */
};

/* What a connection occupies. Values that its replies refer to count in full, as they would if they were copied. */
static size_t conn_bytes(const struct conn *conn)
{
    const struct output *own = &conn->session.own;
    const struct blob *large = conn->parser.large;
    return (large == NULL ? 0 : sizeof(*large) + large->cap) + sizeof(*conn) + sizeof(struct registry_slot) +
           conn->input.cap + own->bytes.cap + own->insert_bytes + own->insert_cap * sizeof(own->inserts[0]) +
           conn->parser.places_cap * sizeof(conn->parser.places[0]) + transaction_bytes(&conn->session) +
           atomic_load_explicit(&conn->session.kept_bytes, memory_order_relaxed);
}

/* Makes `bytes` the connection's part of the sum; true when the sum grew. */
static bool count(struct conn *conn, size_t bytes)
{
    size_t before = atomic_exchange_explicit(&conn->counted_bytes, bytes, memory_order_relaxed);
    if (before != bytes) {
        atomic_fetch_add_explicit(&conn->worker->net->exec->clients_bytes, bytes - before, memory_order_relaxed);
    }
    return bytes > before;
}

void client_memory_note(struct conn *conn)
{
    if (!atomic_load_explicit(&conn->session.doomed, memory_order_relaxed) && count(conn, conn_bytes(conn))) {
        clients_evict(conn->worker->net, conn->worker->exec.config);
    }
}

void client_memory_resized(struct conn *conn)
{
    conn->session.flags &= ~(uint32_t)SESSION_RESIZED;
    atomic_store_explicit(&conn->shown_queued_bytes, transaction_bytes(&conn->session), memory_order_relaxed);
    client_memory_note(conn);
}

static void soft_limit_met(struct conn *conn, bool over)
{
    if (over != ((conn->flags & CONN_OVER_SOFT) != 0)) {
        conn->flags ^= CONN_OVER_SOFT;
        atomic_fetch_add_explicit(&conn->worker->net->over_soft, over ? 1 : UINT32_MAX, memory_order_relaxed);
    }
    if (!over) {
        conn->soft_limit_since_ms = 0;
    } else if (conn->soft_limit_since_ms == 0) {
        conn->soft_limit_since_ms = conn->worker->exec.user.now_ms;
    }
}

void client_memory_forget(struct conn *conn)
{
    (void)count(conn, 0);
    soft_limit_met(conn, false);
}

void client_memory_gone(struct conn *conn)
{
    size_t leaving = atomic_load_explicit(&conn->leaving_bytes, memory_order_relaxed);
    if (leaving != 0) {
        atomic_fetch_sub_explicit(&conn->worker->net->leaving_bytes, leaving, memory_order_relaxed);
    }
}

struct output_range client_pending_output(const struct conn *conn)
{
    struct output_range range = output_all(&conn->session.own);
    range.begin = conn->own_begin;
    range.insert_begin = conn->own_insert_begin;
    return range;
}

size_t client_output_note(struct conn *conn)
{
    const struct output *own = &conn->session.own;
    struct output_range pending = client_pending_output(conn);
    size_t bytes = pending.end - pending.begin + own->insert_bytes;
    atomic_store_explicit(&conn->shown_output, bytes, memory_order_relaxed);
    atomic_store_explicit(&conn->shown_copied, pending.end - pending.begin, memory_order_relaxed);
    atomic_store_explicit(&conn->shown_inserts, (uint32_t)(pending.insert_end - pending.insert_begin),
                          memory_order_relaxed);
    atomic_store_explicit(&conn->shown_room, own->bytes.cap, memory_order_relaxed);
    if (bytes > conn->output_peak) {
        conn->output_peak = bytes;
        atomic_store_explicit(&conn->shown_peak, bytes, memory_order_relaxed);
    }
    peaks_note(conn->worker, 0, bytes);
    if (bytes == 0) {
        soft_limit_met(conn, false);
    }
    client_memory_note(conn);
    return bytes;
}

void client_peak_ages(struct conn *conn)
{
    int64_t now_ms = conn->worker->exec.user.now_ms;
    if (now_ms - conn->peak_since_ms >= PEAK_MS) {
        conn->peak_since_ms = now_ms;
        conn->output_peak = atomic_load_explicit(&conn->shown_output, memory_order_relaxed);
        atomic_store_explicit(&conn->shown_peak, conn->output_peak, memory_order_relaxed);
    }
}

static const struct output_limit *limit_of(const struct conn *conn)
{
    enum client_class class = session_subscriptions(&conn->session) != 0 ? CLIENT_PUBSUB : CLIENT_NORMAL;
    return &worker_options(conn->worker)->output_limits.classes[class];
}

bool client_reply_exceeds(const struct conn *conn, size_t bytes)
{
    int64_t hard_bytes = limit_of(conn)->hard_bytes;
    bool unauthenticated = (conn->session.flags & SESSION_UNAUTHENTICATED) != 0;
    return (hard_bytes > 0 && bytes >= (size_t)hard_bytes) || (unauthenticated && bytes > UNAUTHENTICATED_OUTPUT_BYTES);
}

bool client_backlog_exceeds(struct conn *conn)
{
    const struct output_limit *limit = limit_of(conn);
    size_t bytes = client_output_note(conn);
    soft_limit_met(conn, limit->soft_bytes > 0 && bytes >= (size_t)limit->soft_bytes);
    return client_reply_exceeds(conn, bytes) ||
           (conn->soft_limit_since_ms != 0 &&
            conn->worker->exec.user.now_ms - conn->soft_limit_since_ms > limit->soft_seconds * 1000);
}

/* The line of CLIENT LIST, for the log; NUL-terminated. */
static void print_client(struct conn *conn, struct buffer *line)
{
    struct client_view view;
    buffer_init(line);
    client_view_of(&view, conn);
    client_view_print(&view, conn->worker->exec.user.now_ms, line);
    buffer_append(line, "", 1);
    client_view_deinit(&view);
}

COLD void client_close_over_limit(struct conn *conn)
{
    struct buffer line;
    print_client(conn, &line);
    statistics_add(&conn->worker->exec.statistics, STATISTIC_OUTPUT_BUFFER_DISCONNECTIONS, 1);
    log_write(conn->worker->net->log, LOG_LEVEL_WARNING, "Client %s closed for overcoming of output buffer limits.",
              line.data);
    buffer_deinit(&line);
    conn_close(conn);
}

COLD void client_close_long_query(struct conn *conn)
{
    struct buffer line;
    struct buffer query;
    print_client(conn, &line);
    buffer_init(&query);
    size_t shown = conn->input.len < SHOWN_QUERY_BYTES ? conn->input.len : (size_t)SHOWN_QUERY_BYTES;
    buffer_append_quoted(&query, slice_make(conn->input.data, shown));
    buffer_append(&query, "", 1);
    statistics_add(&conn->worker->exec.statistics, STATISTIC_QUERY_BUFFER_DISCONNECTIONS, 1);
    log_write(conn->worker->net->log, LOG_LEVEL_WARNING,
              "Closing client that reached max query buffer length: %s (qbuf initial bytes: %s)", line.data,
              query.data);
    buffer_deinit(&query);
    buffer_deinit(&line);
    conn_close(conn);
}

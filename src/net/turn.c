/* SPDX-License-Identifier: BSD-3-Clause */
/* A turn of a worker: all ready connections are read, then the clock once, then their requests are framed and executed
 * in batches, then every reply is written.
 *
 *   ready list -> read -> clock -> frame -> batch -> ... -> write -> bury
 *
 * A connection with complete input left (its session came up against a busy shard) stays ready for the next turn.
 * Owner: the worker. Locks: none here. */
#include "internal.h"
#include "sizes.h"

/* Writes what the turn has produced so far and empties the shared output. */
static void write_touched(struct net_worker *worker)
{
    while (worker->first_touched != NULL) {
        struct conn *conn = worker->first_touched;
        worker->first_touched = conn->next_touched;
        conn->flags &= ~(uint32_t)CONN_TOUCHED;
        conn_write(conn);
    }
    output_clear(&worker->exec.out, NET_OUTPUT_KEEP_BYTES);
}

/* After a batch: what became of one request. */
static void item_finished(const struct item *item, struct conn *conn)
{
    switch (item->outcome) {
    case ITEM_DONE:
        conn->used += item->request.bytes;
        conn_touch(conn);
        if (UNLIKELY((conn->session.flags & (SESSION_RESIZED | SESSION_AWAY)) == SESSION_RESIZED)) {
            client_memory_resized(conn);
        }
        break;
    case ITEM_AWAY:
        conn->used += item->request.bytes;
        conn_pause(conn);
        break;
    case ITEM_BLOCKED: /* reading goes on: that is how its peer's end is noticed */
        conn->used += item->request.bytes;
        client_memory_note(conn); /* the flags stay as they are: who serves it may be reading them */
        break;
    case ITEM_SUSPENDED:
    case ITEM_PREPARING:
        conn_pause(conn);
        break;
    case ITEM_POSTPONED: /* the same; of its input nothing is used up */
    case ITEM_BUSY:      /* the batch's end makes it ready */
    case ITEM_SKIPPED:
        break;
    }
}

_Static_assert((int)NET_OUTPUT_FLUSH_BYTES <= (int)EXEC_BATCH_REPLY_BYTES,
               "a batch that ends early has its replies written");

static void run_batch(struct net_worker *worker)
{
    size_t count = worker->item_count;
    if (count == 0) {
        return;
    }
    worker->item_count = 0;
    exec_batch(&worker->exec, worker->items, count);
    const struct conn *stopped = NULL; /* its later requests are framed again another time */
    struct conn *served = NULL;        /* some of its requests ran, the rest comes behind those of the others */
    for (size_t i = 0; i < count; i++) {
        struct conn *conn = worker->item_conns[i];
        if (UNLIKELY(conn == stopped)) {
            continue;
        }
        item_finished(&worker->items[i], conn);
        if (UNLIKELY(worker->items[i].outcome == ITEM_BUSY)) {
            stopped = conn;
            if (served == NULL && i != 0 && worker->item_conns[i - 1] == conn) {
                served = conn;
            } else {
                conn_ready(conn);
            }
        }
    }
    if (UNLIKELY(served != NULL)) {
        conn_ready(served);
    }
    argument_pool_clear(&worker->exec.pool);
    if (UNLIKELY(worker->exec.out.bytes.len > NET_OUTPUT_FLUSH_BYTES)) {
        write_touched(worker);
    }
}

/* The bytes are not the protocol: says so and closes. */
static COLD void conn_protocol_error(struct conn *conn, const char *error)
{
    struct net_worker *worker = conn->worker;
    run_batch(worker);
    if ((conn->session.flags & (SESSION_CLOSING | SESSION_STOPPED)) != 0 ||
        (conn->flags & (CONN_CLOSED | CONN_READY)) != 0) {
        return;
    }
    session_settle(&conn->session); /* earlier replies first */
    struct reply reply = {.output = &conn->session.own, .version = conn->session.resp};
    statistics_error(&worker->exec.statistics, slice_from_text(error));
    reply_error_slice(&reply, slice_from_text(error));
    conn->session.flags |= SESSION_CLOSING;
    log_write(worker->net->log, LOG_LEVEL_VERBOSE, "Protocol error (%s) from client id=%llu", error,
              (unsigned long long)conn->session.id);
    conn_touch(conn);
}

static ALWAYS_INLINE bool conn_stopped(const struct conn *conn)
{
    return (conn->session.flags & (SESSION_CLOSING | SESSION_STOPPED)) != 0 ||
           (conn->flags & (CONN_CLOSED | CONN_READY)) != 0;
}

/* More than client-query-buffer-limit of a request, or behind one that waits: closes. */
static ALWAYS_INLINE void limit_input(struct conn *conn, size_t begin, const struct net_options *options)
{
    size_t bytes = conn->input.len - begin + conn_large_bytes(conn);
    if (UNLIKELY((int64_t)bytes > options->query_buffer_limit_bytes)) {
        client_close_long_query(conn);
    }
}

/* Cuts the connection's bytes into requests and adds them to the batch, which runs when it is full. */
static void conn_frame(struct conn *conn, const struct net_options *options)
{
    struct net_worker *worker = conn->worker;
    struct request_limits limits = {.bulk_max_bytes = options->bulk_max_bytes};
    while (!conn_stopped(conn)) {
        struct slice rest = slice_make(conn->input.data + conn->framed, conn->input.len - conn->framed);
        struct request_result result;
        limits.authenticated = (conn->session.flags & SESSION_UNAUTHENTICATED) == 0 || options->requirepass.len == 0;
        enum request_outcome outcome = request_parse(&conn->parser, rest, &limits, &worker->exec.pool, &result);
        if (outcome == REQUEST_PART) {
            limit_input(conn, conn->framed, options);
            return;
        }
        if (UNLIKELY(outcome == REQUEST_ERROR)) {
            conn_protocol_error(conn, result.error);
            return;
        }
        conn->framed += result.request.bytes;
        if (UNLIKELY(result.request.argc == 0)) {
            /* An empty request: skipped together with the ones before it. */
            run_batch(worker);
            conn->used += conn_stopped(conn) ? 0 : result.request.bytes;
            continue;
        }
        struct item *item = &worker->items[worker->item_count];
        item->session = &conn->session;
        item->request = result.request;
        worker->item_conns[worker->item_count++] = conn;
        if (UNLIKELY(conn->parser.large != NULL)) {
            conn->session.argument = request_parser_take_large(&conn->parser);
            run_batch(worker);
            conn_large_done(conn);
        } else if (UNLIKELY(worker->item_count == EXEC_BATCH_MAX) ||
                   UNLIKELY((conn->session.flags & SESSION_UNAUTHENTICATED) != 0)) {
            run_batch(worker);
        }
    }
    if (UNLIKELY((conn->session.flags & (SESSION_BLOCKED | SESSION_POSTPONED)) != 0)) {
        limit_input(conn, conn->used, options);
    }
}

/* Reads all ready connections; returns them as a list. */
static struct conn *read_ready(struct net_worker *worker)
{
    struct conn *ready = worker->first_ready;
    worker->first_ready = NULL;
    worker->last_ready = NULL;
    struct conn *first = NULL;
    struct conn **end = &first;
    while (ready != NULL) {
        struct conn *conn = ready;
        ready = conn->next_ready;
        conn->flags &= ~(uint32_t)CONN_READY;
        if (UNLIKELY((conn->flags & CONN_CLOSED) != 0)) {
            continue;
        }
        conn_read(conn);
        *end = conn;
        end = &conn->next_serving;
    }
    *end = NULL;
    return first;
}

void worker_turn(struct net_worker *worker)
{
    struct conn *serving = read_ready(worker);
    exec_refresh(&worker->exec);
    const struct net_options *options = worker_options(worker);
    for (struct conn *conn = serving; conn != NULL; conn = conn->next_serving) {
        conn_frame(conn, options);
    }
    run_batch(worker);
    for (struct conn *conn = serving; conn != NULL; conn = conn->next_serving) {
        if (LIKELY((conn->flags & CONN_CLOSED) == 0 && (conn->session.flags & SESSION_AWAY) == 0)) {
            conn_keep_rest(conn);
        }
    }
    write_touched(worker);
    conn_bury(worker);
}

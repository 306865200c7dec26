/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of this room share.
 * Owner: as sherd/net/net.h says. Locks: as there. */
#ifndef SHERD_NET_INTERNAL_H
#define SHERD_NET_INTERNAL_H

#include "sherd/net/net.h"

/* A socket on its way from the acceptor to its worker. */
struct handoff {
    struct mail mail;
    int fd;
    bool is_unix;
    bool is_local; /* from this machine */
    struct sockaddr_storage peer;
};

/* conn.c: all on the connection's worker. */
void conn_open(struct net_worker *worker, struct handoff *handoff);
/* Reads what the socket has into the connection's input. */
void conn_read(struct conn *conn);
/* Puts the connection on the list of this turn. */
void conn_ready(struct conn *conn);
/* Notes that there is output to write at the end of the turn. */
void conn_touch(struct conn *conn);
/* Writes this turn's replies and what was left over; closes when it should. */
void conn_write(struct conn *conn);
/* Forgets the part of the input that was used. Not while an executor may be reading the arguments (SESSION_AWAY). */
void conn_keep_rest(struct conn *conn);
/* A request with a large argument apart from the input has run, perhaps: lets go of the argument if it has. */
void conn_large_done(struct conn *conn);
/* Bytes of an argument that is being received apart from the input. */
static inline size_t conn_large_bytes(const struct conn *conn)
{
    return UNLIKELY(conn->parser.large != NULL) ? conn->parser.large_len : 0;
}
/* Stops or starts listening to the socket. */
void conn_pause(struct conn *conn);
void conn_continue(struct conn *conn);
/* Closes the socket; the object lives on while somebody may resume it. */
void conn_close(struct conn *conn);
/* At the end of a turn, when no list holds them any more: frees what was closed. */
void conn_bury(struct net_worker *worker);
/* Idle time, soft output limit; may close. */
void conn_sweep(struct conn *conn, const struct net_options *options, int64_t now_ms);

/* client_memory.c: all on the connection's worker, inside its turn. */
/* A buffer of the connection changed its size: counts it; may doom clients, this one included, when all together exceed
 * maxmemory-clients. */
void client_memory_note(struct conn *conn);
/* What the session keeps beside the buffers has changed in size (SESSION_RESIZED): counts it. */
void client_memory_resized(struct conn *conn);
/* The connection closes: it counts no more. */
void client_memory_forget(struct conn *conn);
/* It is about to be freed: what net_shed_clients expects of it is here. */
void client_memory_gone(struct conn *conn);
/* What of the session's own output the socket has not taken yet. */
struct output_range client_pending_output(const struct conn *conn);
/* The session's own output changed: shows it to CLIENT LIST and counts it. Returns the bytes that wait. */
size_t client_output_note(struct conn *conn);
/* Now and then: rbp of CLIENT LIST is the peak of the last seconds. */
void client_peak_ages(struct conn *conn);
/* Would so many bytes of replies break the hard limit? */
bool client_reply_exceeds(const struct conn *conn, size_t bytes);
/* Measures the backlog; true when the client is to be closed for it. */
bool client_backlog_exceeds(struct conn *conn);
/* Close it, saying why in the log and in INFO. */
void client_close_over_limit(struct conn *conn);
void client_close_long_query(struct conn *conn);

/* client_eviction.c: dooms the largest clients while all exceed maxmemory-clients. Inside a turn, under no lock. */
void clients_evict(struct net *net, const struct config_snapshot *now);

/* The options of the current turn. */
static inline const struct net_options *worker_options(const struct net_worker *worker)
{
    return net_options(worker->net, worker->exec.config);
}

/* address.c: appends "127.0.0.1:6379", "[::1]:6379" or, for a unix socket's client, "/path/to/socket:0". */
void address_append(const struct sockaddr_storage *peer, const struct sockaddr_storage *local, struct buffer *out);

/* client_commands.c: may a client's name or its library's be that? Printable ASCII without spaces. */
bool client_text_is_plain(struct slice text);

/* registry.c: on the connection's worker. */
void registry_join(struct conn *conn);
/* From here on nobody else can reach the connection, except through a wake that is under way. */
void registry_leave(struct conn *conn);

/* pause.c: before the worker's thread starts. */
void pause_watch_init(struct net_worker *worker);
/* CLIENT PAUSE and CLIENT UNPAUSE. */
enum outcome client_pause(struct call *call);
enum outcome client_unpause(struct call *call);

/* peaks.c: the largest buffers of the last seconds, for INFO; on the worker. */
void peaks_note(struct net_worker *worker, size_t input_bytes, size_t output_bytes);
/* A new second begins. */
void peaks_advance(struct net_worker *worker);

/* turn.c */
void worker_turn(struct net_worker *worker);

/* sweep.c: active expiry and what is looked at ten times a second; returns the milliseconds until the next look. */
int64_t worker_tick(struct net_worker *worker);

/* worker.c */
NODISCARD enum status worker_start(struct net *net, unsigned index);
void worker_stop(struct net_worker *worker);

/* acceptor.c */
NODISCARD enum status acceptor_open(struct net *net);
NODISCARD enum status acceptor_start(struct net *net);
/* Ends the thread and closes what it listens on. */
void acceptor_stop(struct net *net);
/* When no worker runs any more: a CONFIG SET may be looking for the acceptor until then. */
void acceptor_free(struct net *net);

#endif

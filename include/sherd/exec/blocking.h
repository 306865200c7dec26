/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls that wait for a key (BLPOP, XREAD BLOCK) or for a time alone (WAIT). The handler that finds nothing asks to
 * wait; its session then stops, and who changes the key runs the handler again for it, before the shards of the change
 * are free, with only that key to look at. First come, first served.
 *
 *           +--------- not served ---------+
 *           v                              |
 *   --> WAITING --a writer claims it--> SERVING --> SERVED --mail--> the session's worker takes the reply
 *           |                           SERVING --the writer of another key comes by--> MISSED --> SERVED, or AGAIN
 *           |--its time is over--> TIMED_OUT
 *           |--CLIENT UNBLOCK--> UNBLOCKED_TIMEOUT, UNBLOCKED_ERROR (mail)
 *           |--the key went by itself, or a guard may postpone what would serve it--> AGAIN (mail): the call is made
 *           |                                                                anew, with the deadline that it had
 *           +--the connection closes--> CLOSED
 *
 * Each arrow from WAITING is one compare-and-swap of session->block_state, so that exactly one of them happens. SERVED
 * is delivery: what was popped is the client's, even if its connection is gone by then.
 * Owner: the session; while SERVING the thread that serves. Locks: waiters are linked under their shards
 * (keyspace/interest.h). */
#ifndef SHERD_EXEC_BLOCKING_H
#define SHERD_EXEC_BLOCKING_H

#include "sherd/exec/exec.h"
#include "sherd/keyspace/interest.h"

enum block_state {
    BLOCK_NONE,
    BLOCK_WAITING,
    BLOCK_SERVING,
    BLOCK_MISSED,
    BLOCK_SERVED,
    BLOCK_TIMED_OUT,
    BLOCK_UNBLOCKED_TIMEOUT,
    BLOCK_UNBLOCKED_ERROR,
    BLOCK_AGAIN,
    BLOCK_CLOSED,
};

/* What the client gets when nothing came. */
enum block_reply {
    BLOCK_REPLY_NULL_ARRAY,
    BLOCK_REPLY_ZERO,
    BLOCK_REPLY_TWO_ZEROS,
};

struct block_request {
    const struct slice *argv; /* what to run again, with call->argc arguments; NULL: the call's own */
    uint32_t first_key;       /* in argv; 0: no key */
    uint32_t key_count;
    enum value_type type;     /* of the keys that serve it */
    bool wants_removal;       /* the call is also to run again when a key goes or holds another type */
    uint32_t destination_key; /* in argv; 0: none */
    int64_t timeout_ms;       /* 0: for ever */
    enum block_reply reply;
};

/* May this call wait? Not in a transaction, not on an executor, not while it is being served. */
bool call_may_block(const struct call *call);
/* The same or, while it is being served: when there is nothing for it, the handler returns call_block. */
static inline bool call_waits(const struct call *call)
{
    return call->only_key != 0 || call_may_block(call);
}
/* Has the session wait; to be returned by the handler, which has neither changed nor replied anything. */
NODISCARD enum outcome call_block(struct call *call, const struct block_request *request) REQUIRES(shard_held);
/* Whether the handler is to look at this key argument: all, or, while it is being served, that one alone. */
static inline bool call_looks_at(const struct call *call, uint32_t argument)
{
    return call->only_key == 0 || call->only_key == argument;
}
/* Reads a timeout in seconds, which may have a fraction: milliseconds, 0 for ever. On false the error is replied. */
NODISCARD bool call_timeout(struct call *call, uint32_t argument, int64_t *timeout_ms);
/* The same of whole milliseconds. */
NODISCARD bool call_timeout_whole(struct call *call, uint32_t argument, int64_t *timeout_ms);

/* Serves those who wait for keys that this thread has changed; all their shards are held. */
void exec_serve(struct exec_worker *worker, const struct lockset *locks, uint32_t listeners) REQUIRES(shard_held);
/* Adds the destinations of those who may be served under these locks; true when that added shards. */
bool exec_add_destinations(struct exec_worker *worker, struct lockset *locks) REQUIRES(shard_held);

/* The session's worker, inside a turn: looks whether the wait is over and, if so, puts the reply into session->own.
 * `now_ms` past the deadline ends it; `was_served`: session->sink->served came. Otherwise `*deadline_ms` is when to
 * look again, 0: never. */
NODISCARD bool exec_block_ended(struct session *session, int64_t now_ms, bool was_served, int64_t *deadline_ms)
    EXCLUDES(shard_held);
/* The same worker, when the session's connection closes. True when nothing of the wait is left; otherwise
 * session->sink->served is still to come. */
bool exec_block_abandon(struct session *session) EXCLUDES(shard_held);
/* Tells one wait of the session from the next. Its thread, or who serves it. */
uint64_t session_wait_number(const struct session *session);
/* Does the session wait? Any thread that knows it is alive. */
bool session_waits(const struct session *session);
/* CLIENT UNBLOCK: any thread that knows the session is alive. True when it was waiting; its worker is told. */
NODISCARD bool session_unblock(struct session *session, bool with_error);

#endif

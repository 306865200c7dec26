/* SPDX-License-Identifier: BSD-3-Clause */
/* What a client is, without its socket: who it is, its protocol version and database, where its replies go.
 * A session is used by one thread at a time (its worker; an executor while it runs a long command for it).
 * Other threads reach the fields marked (a), and those marked (n) under `names`.
 * Owner: its worker. Locks: names (LOCK_RANK_SESSION). */
#ifndef SHERD_EXEC_SESSION_H
#define SHERD_EXEC_SESSION_H

#include "sherd/base/blob.h"
#include "sherd/keyspace/lockset.h"
#include "sherd/resp/output.h"
#include "sherd/resp/request.h"

enum session_flag {
    SESSION_UNAUTHENTICATED = 1 << 0,
    SESSION_CLOSING = 1 << 1,    /* closes when its output is out; executes nothing more */
    SESSION_REPLY_OFF = 1 << 2,  /* CLIENT REPLY OFF */
    SESSION_REPLY_SKIP = 1 << 3, /* this one command stays silent */
    SESSION_REPLY_SKIP_NEXT = 1 << 4,
    SESSION_NO_EVICT = 1 << 5,
    SESSION_NO_TOUCH = 1 << 6,
    SESSION_INTERNAL = 1 << 7,  /* not a client: nothing of it is counted or limited */
    SESSION_SUSPENDED = 1 << 8, /* its next request waits for a shard */
    SESSION_AWAY = 1 << 9,      /* an executor runs its request */
    SESSION_LOCAL = 1 << 10,    /* comes from this machine: loopback or unix socket */
    SESSION_PREPARED = 1 << 11, /* `preparation` is there */
    SESSION_MULTI = 1 << 12,    /* queues its commands until EXEC */
    SESSION_BLOCKED = 1 << 14,  /* its call waits for a key or a time */
    SESSION_STOPPED = SESSION_SUSPENDED | SESSION_AWAY | SESSION_BLOCKED, /* executes nothing for now */
    SESSION_SUBSCRIBED = 1 << 15, /* has subscribed to something: in RESP2 it runs little else */
    SESSION_RESIZED = 1 << 13,    /* what it keeps beside its buffers has another size than was counted last */
    SESSION_MONITOR = 1 << 17,    /* is shown the calls of all clients */
    SESSION_SIFTED = 1 << 19,     /* its reply is without what is not to be heard already */
    SESSION_POSTPONED = 1 << 16,  /* a guard wants its next request later: it is suspended until then */
    SESSION_TRACKING = 1 << 18,   /* hears of changes of the keys it has read, or of all keys */
};

/* What CLIENT LIST shows of a session that is tracking. */
enum session_tracking {
    SESSION_SHOWS_TRACKING = 1 << 0,  /* t */
    SESSION_SHOWS_BROKEN = 1 << 1,    /* R: whom it redirects to is gone */
    SESSION_SHOWS_BROADCAST = 1 << 2, /* B */
};

struct blocked;
struct command;
struct errand;
struct exec_worker;
struct preparation;
struct session;
struct transaction;

/* What happens to a session from outside its own requests. */
struct session_sink {
    /* It may try again: from any thread. */
    void (*resume)(struct session *session);
    /* Its long command is done: from an executor, which does not touch the session any more. The session's worker then
     * takes the reply with exec_errand_finish. */
    void (*returned)(struct session *session);
    /* Its call waits, until `deadline_ms` (0: for ever): then, or on `resume`, it looks at exec_block_ended. By the
     * session's worker. NULL: sessions of this kind do not wait. */
    void (*await)(struct session *session, int64_t deadline_ms);
    /* Its wait was served; the thread that served does not touch the session any more. */
    void (*served)(struct session *session);
    /* What is not the reply to a request of its own has been written to session_push_output. By the session's worker,
     * inside a turn, outside a batch. */
    void (*pushed)(struct session *session);
    /* Appends the address of the client: "127.0.0.1:6379", "[::1]:6379", "/path/to/socket:0". Any thread that knows the
     * session is alive. */
    void (*describe)(const struct session *session, struct buffer *out);
    /* The bytes of the arguments stay where they are while SESSION_AWAY: an executor need not copy them. */
    bool pins_arguments;
};

/* The texts that clients give about themselves; absent while empty. */
enum session_text {
    SESSION_NAME,            /* CLIENT SETNAME */
    SESSION_LIBRARY_NAME,    /* CLIENT SETINFO */
    SESSION_LIBRARY_VERSION, /* CLIENT SETINFO */
    SESSION_USER,            /* who it authenticated as; absent: the default user */
    SESSION_TEXT_COUNT,
};

/* What may be subscribed to. */
enum subscription_kind {
    SUBSCRIPTION_CHANNEL,
    SUBSCRIPTION_PATTERN,
    SUBSCRIPTION_SHARD, /* a shard channel */
    SUBSCRIPTION_KIND_COUNT,
};

/* What a room keeps for a session, embedded there; `end` (which names the room's part, too) unhooks and frees it. */
struct session_part {
    void (*end)(struct session_part *part, struct session *session);
    struct session_part *next;
};

struct session {
    uint64_t id;                                /* (c) */
    struct exec_worker *worker;                 /* (c) */
    const struct session_sink *sink;            /* (c) */
    uint32_t flags;                             /* (w) enum session_flag; stays as it is while SESSION_AWAY */
    uint8_t resp;                               /* (w) 2 or 3; stays as it is while SESSION_AWAY */
    unsigned db;                                /* (w) */
    const struct command *_Atomic last_command; /* (a) what it ran last; NULL: nothing, or an unknown command */
    struct shard_waiter waiter;                 /* see keyspace.h */
    struct output own;                          /* (w) replies that the socket has not taken yet */
    /* The stretch of the turn's shared output that holds this turn's replies. */
    struct output_range turn;        /* (w) */
    bool in_turn;                    /* (w) `turn` is valid */
    _Atomic bool touched;            /* (a) a watched key has changed: EXEC will do nothing */
    _Atomic bool doomed;             /* (a) killed: executes nothing more */
    uint32_t away_flags;             /* by its executor while SESSION_AWAY: what `flags` will be, */
    uint8_t away_resp;               /* and `resp` */
    struct errand *errand;           /* (w) while SESSION_AWAY: the call that an executor runs; NULL: it only copies */
    struct preparation *preparation; /* (w) what its request had copied, while it has not run; or NULL */
    struct blocked *blocked;         /* (w) while SESSION_BLOCKED: the call that waits */
    _Atomic uint64_t block_state;    /* (a) see exec/blocking.h */
    struct session_part *parts;      /* (w) of rooms that keep something for it */
    struct output *held;             /* (w) pushes that come behind the reply it waits for; or NULL */
    struct transaction *transaction; /* (w) what it has queued and watches; or NULL */
    _Atomic size_t kept_bytes;       /* (a) of what is kept for it beside its buffers and its transaction */
    struct blob *argument;           /* (w) a large argument of its request, received into a blob; NULL: none is */
    struct session *next_postponed;  /* (w) while SESSION_POSTPONED: its neighbours in the worker's list */
    struct session *prev_postponed;  /* (w) */

    struct spin names;                      /* guards what follows */
    struct blob *texts[SESSION_TEXT_COUNT]; /* (n) changed by the worker alone, which reads without the lock */

    int64_t created_ms;             /* (c) */
    _Atomic int64_t active_ms;      /* (a) last request */
    _Atomic uint32_t shown_db;      /* (a) copies for CLIENT LIST */
    _Atomic uint32_t shown_flags;   /* (a) */
    _Atomic uint8_t shown_resp;     /* (a) */
    _Atomic int32_t shown_queued;   /* (a) commands queued since MULTI; -1: not in MULTI */
    _Atomic uint32_t shown_watched; /* (a) keys */
    _Atomic uint32_t shown_subscriptions[SUBSCRIPTION_KIND_COUNT]; /* (a) */
    _Atomic uint32_t shown_tracking;                               /* (a) enum session_tracking */
    _Atomic uint64_t shown_redirect; /* (a) who gets its invalidations; 0: it does itself */
};

void session_init(struct session *session, uint64_t id, struct exec_worker *worker, const struct session_sink *sink);
void session_deinit(struct session *session);
/* RESET: RESP2, database 0, no name, replies on; who the client is stays as it is. */
void session_reset(struct session *session);
/* After a change of flags, protocol or database: lets other threads see it. By the thread that runs it. */
void session_show(struct session *session);

/* The part that ends by `end`, or NULL. */
struct session_part *session_part_find(const struct session *session,
                                       void (*end)(struct session_part *part, struct session *session));
void session_part_add(struct session *session, struct session_part *part,
                      void (*end)(struct session_part *part, struct session *session));
/* Takes a part out without ending it. By the thread that runs the session. */
void session_part_remove(struct session *session, struct session_part *part);
/* Ends all parts: RESET, or the client is gone. Not while SESSION_AWAY. By its worker. */
void session_end_parts(struct session *session);

/* Flags and protocol for the thread that runs the session's commands, to read and to change. While that is an executor
 * it has its own copies, and the session's worker, which looks at them at any time, takes them over when the session
 * comes back. */
static inline uint32_t *session_own_flags(struct session *session)
{
    return (session->flags & SESSION_AWAY) != 0 ? &session->away_flags : &session->flags;
}
static inline uint8_t *session_own_resp(struct session *session)
{
    return (session->flags & SESSION_AWAY) != 0 ? &session->away_resp : &session->resp;
}
static inline bool session_has(struct session *session, uint32_t flags)
{
    return (*session_own_flags(session) & flags) != 0;
}
static inline void session_change(struct session *session, uint32_t remove, uint32_t add)
{
    uint32_t *own = session_own_flags(session);
    *own = (*own & ~remove) | add;
}

/* Something of so many bytes is kept for the session from now on, or no longer: part of the client's memory. By the
 * thread that runs it. */
static inline void session_keeps(struct session *session, size_t bytes)
{
    atomic_fetch_add_explicit(&session->kept_bytes, bytes, memory_order_relaxed);
    session_change(session, 0, SESSION_RESIZED);
}
static inline void session_keeps_no_more(struct session *session, size_t bytes)
{
    atomic_fetch_sub_explicit(&session->kept_bytes, bytes, memory_order_relaxed);
    session_change(session, 0, SESSION_RESIZED);
}

/* Where a push is written; then call sink->pushed. By the session's worker, outside a batch. */
struct output *session_push_output(struct session *session);
/* The same for a push that comes behind the reply of a call that was served: `wait` is that of session_wait_number
 * (exec/blocking.h). */
struct output *session_push_output_behind(struct session *session, uint64_t wait);
/* The reply is in session->own: what was to come behind it follows. */
void session_release_held(struct session *session);
/* Pushes bytes that stand in the worker's turn output, for this session and perhaps for others: they are copied only
 * when something else came before. Then call sink->pushed. By the session's worker, outside a batch. */
void session_push_shared(struct session *session, struct output_range bytes);
/* What the turn holds for the session becomes its own, so that something can be written behind it there. */
void session_settle(struct session *session);

static inline uint32_t session_subscriptions_of(const struct session *session, enum subscription_kind kind)
{
    return atomic_load_explicit(&session->shown_subscriptions[kind], memory_order_relaxed);
}
/* Of all kinds. Any thread that knows the session is alive. */
static inline uint32_t session_subscriptions(const struct session *session)
{
    return session_subscriptions_of(session, SUBSCRIPTION_CHANNEL) +
           session_subscriptions_of(session, SUBSCRIPTION_PATTERN) +
           session_subscriptions_of(session, SUBSCRIPTION_SHARD);
}

/* Sets one of the texts (a copy is made), or removes it when `text` is empty. By its worker. Locks: names. */
void session_set_text(struct session *session, enum session_text which, struct slice text);
/* The text, empty when there is none; valid until it is set again. By its worker, which needs no lock. */
struct slice session_text(const struct session *session, enum session_text which);
/* A reference to the text, or NULL when there is none. Any thread that knows the session is alive. Locks: names. */
NODISCARD struct blob *session_text_reference(struct session *session, enum session_text which);

#endif

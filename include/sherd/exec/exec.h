/* SPDX-License-Identifier: BSD-3-Clause */
/* Running commands: the shared half (`struct exec`, one per server) and the half of each thread that executes
 * (`struct exec_worker`). exec_batch is the single entrance: sockets, executors and later scripts, AOF loading and the
 * replica's applier all use it. No feature is named here: guards, listeners and hooks are lists that wiring fills.
 * Owner: the server; each exec_worker belongs to its thread. Locks: the shards of a call, through its lockset. */
#ifndef SHERD_EXEC_EXEC_H
#define SHERD_EXEC_EXEC_H

#include "sherd/base/clock.h"
#include "sherd/base/random.h"
#include "sherd/config/config.h"
#include "sherd/exec/call.h"
#include "sherd/exec/eviction.h"
#include "sherd/exec/hooks.h"
#include "sherd/exec/statistics.h"
#include "sherd/sync/mailbox.h"

struct executor_pool;
enum {
    EXEC_WORKERS_MAX = 256,
    EXEC_GUARDS_MAX = 16,
    EXEC_HOOKS_MAX = 8,   /* of each kind */
    EXEC_BATCH_MAX = 128, /* requests executed between two looks at the sockets */
    /* Replies are written before more is executed than these bytes of them and one reply (references do not count). */
    EXEC_BATCH_REPLY_BYTES = 512 * 1024,
};

struct exec {
    struct keyspace *keyspace;                             /* (c) */
    struct epoch *epoch;                                   /* (c) */
    struct config *config;                                 /* (c) */
    const struct command_table *commands;                  /* (c) */
    const struct clock_source *clock;                      /* (c) */
    struct clock_scale ticks;                              /* (c) */
    struct guard guards[EXEC_GUARDS_MAX];                  /* (c) in the order of their checks */
    unsigned guard_count;                                  /* (c) */
    _Atomic uint32_t guard_command_flags;                  /* (a) union over the guards that are armed */
    uint32_t postponing_flags;                             /* (c) of the guards that postpone, armed or not */
    uint32_t guard_session_flags;                          /* (c) of the guards, and SESSION_PREPARED */
    struct slow_hook slow_hook;                            /* (c) */
    struct witness witness;                                /* (c) */
    struct spike_hook spike_hook;                          /* (c) */
    struct shed_hook shed_hook;                            /* (c) */
    struct eviction eviction;                              /* (a) hardly ever written */
    struct cron_hook crons[EXEC_HOOKS_MAX];                /* (c) */
    unsigned cron_count;                                   /* (c) */
    struct reset_hook resets[EXEC_HOOKS_MAX];              /* (c) */
    unsigned reset_count;                                  /* (c) */
    struct executor_pool *executors;                       /* (c) */
    _Atomic bool stopping;                                 /* (a) commands that only wait come to an end */
    _Atomic uint64_t slow_ns;                              /* (a) UINT64_MAX: no call is slow */
    _Atomic bool witnessed;                                /* (a) the witness sees calls */
    _Atomic bool track_latency;                            /* (a) histograms on */
    _Atomic int64_t bulk_max_bytes;                        /* (a) proto-max-bulk-len: no value grows beyond it */
    struct effects_listener listeners[EXEC_HOOKS_MAX];     /* (c) in the order of their calls */
    unsigned listener_count;                               /* (c) */
    _Atomic uint32_t listening;                            /* (a) a bit for each of them */
    _Atomic uint32_t worker_count;                         /* (a) registered so far */
    struct exec_worker *_Atomic workers[EXEC_WORKERS_MAX]; /* (a) whose statistics readers sum */
    /* What stands above is read by every call and hardly ever written; below is what workers write. */
    CACHE_ALIGNED _Atomic int64_t memory_used; /* (a) bytes, flushed by the workers once a turn */
    _Atomic size_t clients_bytes;              /* (a) of connections and their buffers */
    _Atomic uint32_t blocked_clients;          /* (a) sessions that wait */
    _Atomic uint64_t evicted_clients;          /* (a) since a reset: for maxmemory-clients */
    _Atomic uint64_t worst_expiry_lag_ms;      /* (a) the latest removal after its deadline, since a reset */
    _Atomic uint64_t session_ids;              /* (a) last given */
    _Atomic uint64_t lazyfree_pending;         /* (a) objects */
    _Atomic size_t leaving_bytes;              /* (a) of large values among them, and of tables eviction retired */
};

_Static_assert(offsetof(struct exec, memory_used) % CACHE_LINE_BYTES == 0,
               "what calls read shares no line with what they write");

struct exec_worker {
    struct exec *exec;                    /* (c) */
    uint32_t index;                       /* (c) its place in exec->workers */
    struct mailbox *box;                  /* (c) mail to it; NULL: it takes none */
    struct keyspace_user user;            /* (w) */
    struct epoch_record *epoch;           /* (c) this thread's */
    struct garbage garbage;               /* (w) */
    struct argument_pool pool;            /* (w) of the batch */
    struct output out;                    /* (w) replies of the turn */
    const struct config_snapshot *config; /* (w) of the turn, inside its epoch section */
    struct random random;                 /* (w) */
    struct memory_meter meter;            /* (w) */
    _Atomic uint64_t turn;                /* (a) odd inside a turn, rises at its begin and end */
    int64_t now_us;                       /* (w) frozen time of the batch */
    uint64_t turn_ticks;                  /* (w) when the clock was read */
    uint64_t last_ticks;                  /* (w) when the last timed call ended */
    const struct command *untimed;        /* (w) what ran since: one brief command, */
    uint32_t untimed_count;               /* (w) so many times */
    bool is_executor;                     /* (c) */
    bool gathers;                         /* (w) listeners have something to send (effects_listener.flush) */
    uint32_t guard_command_flags;         /* (w) of the batch: the armed ones it may concern */
    bool witnessed;                       /* (w) of the batch: exec's */
    struct session *first_postponed;      /* (w) in the order in which they were */
    struct session *last_postponed;       /* (w) */
    int64_t last_trim_ms;                 /* (w) */
    size_t retired_told_bytes;            /* (w) of user.retired_bytes, in exec->leaving_bytes */
    struct evict_pool evict_pool;         /* (w) */
    struct statistics statistics;         /* (w) read by all */
};

void exec_init(struct exec *exec, struct keyspace *keyspace, struct epoch *epoch, struct config *config,
               const struct command_table *commands);
void exec_add_guard(struct exec *exec, struct guard guard);
/* A guard that mostly has nothing to refuse is not even asked while its command flags, which belong to it alone, are
 * disarmed; that of COMMAND_DENYOOM besides only in batches that begin near the ceiling on memory. Any thread. */
void exec_arm_guard(struct exec *exec, uint32_t command_flags, bool armed);
/* Switches the witness on or off, for batches that begin from now on; `worker`, whose thread calls, is in the middle of
 * one that it applies to, too. NULL: none is. Any thread. */
void exec_witness(struct exec *exec, struct exec_worker *worker, bool on);
void exec_add_cron(struct exec *exec, struct cron_hook hook);
void exec_add_reset(struct exec *exec, struct reset_hook hook);
/* Starts the threads for long commands; of more than two, two are kept for walks and copies. At most `at_once` (1 or
 * more) of them work on possessed shards at the same time. After all guards and hooks are set. */
NODISCARD enum status exec_start(struct exec *exec, unsigned executors, unsigned at_once);
void exec_stop(struct exec *exec);

/* Called by the thread itself. */
void exec_worker_init(struct exec_worker *worker, struct exec *exec, bool is_executor);
void exec_worker_deinit(struct exec_worker *worker);

enum {
    EXEC_UNTIMED_MAX = 7,         /* calls of a brief command that are timed together with the one behind them */
    EXEC_UNTIMED_ARGC = 8,        /* arguments of such a call: brief work */
    EXEC_TIMED_BELOW_NS = 1000000 /* with a lower threshold of slow calls every call is timed */
};

enum item_outcome {
    ITEM_DONE,      /* executed (perhaps with an error as its reply) */
    ITEM_SKIPPED,   /* not executed: its session is closing, suspended or away */
    ITEM_SUSPENDED, /* not executed: its session waits for a shard and will be resumed */
    ITEM_BUSY,      /* not executed: try again after other work */
    ITEM_AWAY,      /* an executor runs it; its session will be resumed with the reply */
    ITEM_BLOCKED,   /* its session waits for a key or a time, and will be resumed with the reply */
    ITEM_PREPARING, /* not executed: an executor copies for it; its session will be resumed to try again */
    ITEM_POSTPONED, /* not executed: a guard wants it later; its session will be resumed to try again */
};

/* One request of a batch. The caller fills session and request; argv lies in worker->pool. */
struct item {
    struct session *session;
    struct request request;
    enum item_outcome outcome;
    /* filled by exec_batch: */
    const struct command *command;
    const struct slice *argv;
    uint64_t hash; /* of the first key, when hashed */
    bool hashed;
    bool timed; /* struct call's */
};

/* A turn: an epoch section with one option snapshot (worker->config). Everything that looks at options, tables or the
 * clock happens inside. The end frees retired memory and flushes the memory meter. */
void exec_turn_begin(struct exec_worker *worker);
void exec_turn_end(struct exec_worker *worker);
/* Between turns, by a thread that may not begin another one soon: frees retired memory however little there is. False
 * when something is left: come again. */
bool exec_tidy(struct exec_worker *worker);
/* Reads the clock anew: after the read phase, after a long call. */
void exec_refresh(struct exec_worker *worker);
/* Executes the items in order; replies go to worker->out (or to the session's own output where that is not empty).
 * When there are more than EXEC_BATCH_REPLY_BYTES of them it leaves the other items alone: they are ITEM_BUSY. At most
 * EXEC_BATCH_MAX items; inside a turn. */
void exec_batch(struct exec_worker *worker, struct item *items, size_t count);
/* Learns which guards are armed: at the beginning of a batch, and before a call outside one. */
void exec_look_at_guards(struct exec_worker *worker);
/* Runs one call for a session: everything from the guards to the hooks. */
enum item_outcome exec_dispatch(struct call *call);
/* Counts the calls that wait for a timed one, when there are any and it did not come. */
void exec_count_untimed(struct exec_worker *worker);

/* Tells the witness of a call, with the database that its session has chosen by now. After it ran, with its shards
 * free. */
void exec_show_call(struct call *call) EXCLUDES(shard_held);
/* Counts a call that ran within another one. */
void exec_count_call(struct call *call, enum outcome outcome, uint64_t nanoseconds);

enum away_outcome {
    AWAY_DONE,
    AWAY_AGAIN,  /* LOCK_EACH_SHARD: not finished; call again after other work */
    AWAY_QUEUED, /* LOCK_EACH_SHARD: not finished; `waiter` is resumed when it may go on */
};
/* The second half of a call that went to an executor: its guards are passed, its shards possessed (LOCK_EACH_SHARD: it
 * takes them one by one). */
NODISCARD enum away_outcome exec_dispatch_away(struct call *call, struct shard_waiter *waiter);

/* A long command on an executor. It comes back to its session's worker through session->sink->returned; that worker
 * then takes the reply with exec_errand_finish. */
void exec_errand_send(struct call *call);
/* Has an executor make what the session's request asked for (exec/preparation.h); it comes back in the same way. */
void exec_preparation_send(struct exec_worker *worker, struct session *session);
/* On the session's worker, once after session->sink->returned: moves the reply, if there is one, into session->own and
 * ends SESSION_AWAY. */
void exec_errand_finish(struct session *session);
/* Frees what the thread has taken out of the keyspace; detached tables and large values on an executor, unless this is
 * one or they are to be gone before the reply (garbage.at_once). */
void exec_release_garbage(struct exec_worker *worker) EXCLUDES(shard_held);

/* Which shards a worker fires, and where it goes on: first, first + step, ... */
struct expiry_round {
    uint32_t first, step, next;
};
/* Fires what is due in the round's shards for at most about `budget_us`; inside a turn. Returns the milliseconds until
 * the next visit is worthwhile, 0 when time ran out. */
int64_t exec_expire(struct exec_worker *worker, struct expiry_round *round, int64_t budget_us) EXCLUDES(shard_held);

/* Whether what an entry's clock tells decides about eviction: then Redis shares no numbers between keys. */
static inline bool exec_evicts_by_use(const struct exec *exec)
{
    return atomic_load_explicit(&exec->eviction.limit_bytes, memory_order_relaxed) != INT64_MAX &&
           (atomic_load_explicit(&exec->eviction.policy, memory_order_relaxed) & (EVICT_RECENCY | EVICT_FREQUENCY)) !=
               0;
}

/* Sums over all workers. */
uint64_t exec_statistic(const struct exec *exec, enum statistic which);
/* CONFIG RESETSTAT: forgets what all workers counted, and calls the reset hooks. Any thread; single counts under way
 * may survive. */
void exec_reset_statistics(struct exec *exec);
/* Calls the cron hooks; by one worker, inside its turn. */
void exec_cron(struct exec_worker *worker);
/* Waits until every worker is outside the turn that it may be in now, so that all see what was published before:
 * options, guards' rules. Executors are not waited for, since their calls keep what they began with. Not on a worker;
 * takes a turn's length at most. */
void exec_await_turns(struct exec *exec);

static inline const void *call_options(const struct call *call, unsigned slot)
{
    return config_section(call->worker->config, slot);
}

#endif

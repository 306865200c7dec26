/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls that wait, and how they are served.
 * Owner: the session. Locks: the shards of who serves. */
#include "sherd/exec/blocking.h"

#include <math.h>
#include <sched.h>

#include "arguments.h"
#include "effects_commit.h"
#include "sherd/base/number.h"
#include "sherd/exec/postponement.h"

struct blocked {
    struct session *session;
    const struct command *command;
    struct output out; /* the reply, once served */
    struct slice *argv;
    uint32_t argc;
    int64_t deadline_ms; /* 0: none; stays when the call is made anew */
    enum block_reply reply;
    uint32_t waiter_count;
    size_t bytes;                /* of it all, while they count as the session's */
    struct key_waiter waiters[]; /* behind them the argv and its bytes */
};

enum {
    STATE_BITS = 4, /* of session->block_state; the rest tells one wait from the next */
    STATE_MASK = (1 << STATE_BITS) - 1,
};

static enum block_state state_of(uint64_t word)
{
    return (enum block_state)(word & STATE_MASK);
}

static bool state_change(struct session *session, enum block_state from, enum block_state to)
{
    uint64_t word = atomic_load_explicit(&session->block_state, memory_order_acquire);
    uint64_t wanted = (word & ~(uint64_t)STATE_MASK) | to;
    return state_of(word) == from &&
           atomic_compare_exchange_strong_explicit(&session->block_state, &word, wanted, memory_order_acq_rel,
                                                   memory_order_acquire);
}

bool call_may_block(const struct call *call)
{
    return call->only_key == 0 && (call->session->flags & SESSION_MULTI) == 0 && !call->worker->is_executor &&
           call->session->sink->await != NULL;
}

bool call_timeout(struct call *call, uint32_t argument, int64_t *timeout_ms)
{
    long double seconds;
    if (!number_parse_long_double(call->argv[argument], &seconds)) {
        (void)call_fail_slice(call, SLICE_LITERAL("ERR timeout is not a float or out of range"));
        return false;
    }
    long double milliseconds = ceill(seconds * 1000.0L);
    if (milliseconds > (long double)(INT64_MAX - call->now_ms)) {
        (void)call_fail_slice(call, SLICE_LITERAL("ERR timeout is out of range"));
        return false;
    }
    if (milliseconds < 0) {
        (void)call_fail_slice(call, SLICE_LITERAL("ERR timeout is negative"));
        return false;
    }
    *timeout_ms = (int64_t)milliseconds;
    return true;
}

bool call_timeout_whole(struct call *call, uint32_t argument, int64_t *timeout_ms)
{
    if (!number_parse_i64(call->argv[argument], timeout_ms)) {
        (void)call_fail_slice(call, SLICE_LITERAL("ERR timeout is not an integer or out of range"));
        return false;
    }
    if (*timeout_ms < 0) {
        (void)call_fail_slice(call, SLICE_LITERAL("ERR timeout is negative"));
        return false;
    }
    if (*timeout_ms > INT64_MAX - call->now_ms) {
        (void)call_fail_slice(call, SLICE_LITERAL("ERR timeout is out of range"));
        return false;
    }
    return true;
}

/* The key went by itself: the call is to be made anew by its own worker. */
static void waiter_removed(struct key_waiter *waiter)
{
    struct session *session = waiter->blocked->session;
    if (state_change(session, BLOCK_WAITING, BLOCK_AGAIN)) {
        session->sink->resume(session);
    }
}

static struct blocked *blocked_create(const struct call *call, const struct block_request *request)
{
    const struct slice *argv = request->argv != NULL ? request->argv : call->argv;
    size_t bytes = arguments_bytes(argv, call->argc);
    size_t fixed = sizeof(struct blocked) + request->key_count * sizeof(struct key_waiter);
    bytes += fixed + call->argc * sizeof(struct slice);
    struct blocked *blocked = memory_alloc_zeroed(bytes);
    blocked->session = call->session;
    blocked->bytes = bytes;
    blocked->command = call->command;
    blocked->argc = call->argc;
    blocked->argv = (struct slice *)((char *)blocked + fixed);
    arguments_copy(blocked->argv, (char *)(blocked->argv + call->argc), argv, call->argc);
    output_init(&blocked->out);
    blocked->deadline_ms = request->timeout_ms == 0 ? 0 : call->now_ms + request->timeout_ms;
    if (call->session->blocked != NULL) { /* made anew: it has waited for a while already */
        blocked->deadline_ms = call->session->blocked->deadline_ms;
    }
    blocked->reply = request->reply;
    blocked->waiter_count = request->key_count;
    return blocked;
}

enum outcome call_block(struct call *call, const struct block_request *request)
{
    if (call->only_key != 0) {
        return OUTCOME_BLOCK; /* it waits already, and goes on to */
    }
    struct session *session = call->session;
    const struct keyspace *keyspace = call->worker->exec->keyspace;
    struct blocked *blocked = blocked_create(call, request);
    session->blocked = blocked;
    session_keeps(session, blocked->bytes);
    uint64_t word = atomic_load_explicit(&session->block_state, memory_order_relaxed);
    word = (word & ~(uint64_t)STATE_MASK) + (UINT64_C(1) << STATE_BITS) + BLOCK_WAITING;
    atomic_store_explicit(&session->block_state, word, memory_order_release);
    uint32_t destination = 0;
    if (request->destination_key != 0) {
        destination = keyspace_shard_of(keyspace_hash(keyspace, call->argv[request->destination_key]));
    }
    for (uint32_t i = 0; i < request->key_count; i++) {
        struct keyref ref;
        struct slice key = blocked->argv[request->first_key + i];
        keyref_open_hashed(&ref, &call->worker->user, call->db, key, keyspace_hash(keyspace, key));
        blocked->waiters[i] = (struct key_waiter){.blocked = blocked,
                                                  .argument = request->first_key + i,
                                                  .type = request->type,
                                                  .wants_removal = request->wants_removal,
                                                  .moves = request->destination_key != 0,
                                                  .destination = destination,
                                                  .removed = waiter_removed};
        interest_wait(&ref, &blocked->waiters[i]);
    }
    session->flags |= SESSION_BLOCKED;
    atomic_fetch_add_explicit(&call->worker->exec->blocked_clients, 1, memory_order_relaxed);
    session->sink->await(session, blocked->deadline_ms);
    return OUTCOME_BLOCK;
}

/* Whether the key as it is now may serve this waiter. */
static bool key_suits(const struct keyref *ref, const struct key_waiter *waiter)
{
    bool suits = ref->entry != NULL && ref->entry->type == waiter->type;
    return suits || waiter->wants_removal;
}

/* Only one of its keys serves a session at a time. The writer of another one does not wait, since the two could wait
 * for each other: it leaves word, in case that the first has nothing for the session after all. */
static bool claim(struct key_waiter *waiter, const struct keyref *ref)
{
    struct session *session = waiter->blocked->session;
    if (!key_suits(ref, waiter) || atomic_load_explicit(&session->doomed, memory_order_acquire)) {
        return false;
    }
    /* Then its own worker makes the call anew, which asks the guard. */
    bool again = exec_may_postpone(session->worker->exec, waiter->blocked->command);
    enum block_state state;
    do {
        if (state_change(session, BLOCK_WAITING, again ? BLOCK_AGAIN : BLOCK_SERVING)) {
            if (UNLIKELY(again)) {
                session->sink->resume(session);
            }
            return !again;
        }
        if (state_change(session, BLOCK_SERVING, BLOCK_MISSED)) {
            return false;
        }
        state = state_of(atomic_load_explicit(&session->block_state, memory_order_acquire));
    } while (state == BLOCK_WAITING || state == BLOCK_SERVING);
    return false;
}

/* The claimed session goes on to wait; when another of its keys became ready meanwhile, its call is made anew. Called
 * under the spinlock of a shard where it waits: so it is still there to be told. */
static void claim_end(struct key_waiter *waiter)
{
    struct session *session = waiter->blocked->session;
    if (!state_change(session, BLOCK_SERVING, BLOCK_WAITING) && state_change(session, BLOCK_MISSED, BLOCK_AGAIN)) {
        session->sink->resume(session);
    }
}

static void claim_served(struct keyspace *keyspace, struct key_waiter *waiter) REQUIRES(shard_held)
{
    struct session *session = waiter->blocked->session;
    interest_served(keyspace, waiter);
    if (!state_change(session, BLOCK_SERVING, BLOCK_SERVED)) {
        (void)state_change(session, BLOCK_MISSED, BLOCK_SERVED);
    }
    session->sink->served(session);
}

/* Runs a claimed call on behalf of its session. True when it got what it waited for. */
static bool serve_one(struct exec_worker *worker, const struct lockset *locks, uint32_t listeners,
                      struct key_waiter *waiter) REQUIRES(shard_held)
{
    struct blocked *blocked = waiter->blocked;
    struct session *session = blocked->session;
    struct call call = {.worker = worker,
                        .session = session,
                        .command = blocked->command,
                        .context = blocked->command->context,
                        .argv = blocked->argv,
                        .argc = blocked->argc,
                        .db = session->db,
                        .now_ms = worker->user.now_ms,
                        .timed = true,
                        .only_key = waiter->argument,
                        .reply = {.output = &blocked->out, .version = session->resp},
                        .locks = *locks};
    call.locks.possessed = true; /* it is served here and now: it is not to ask for an executor */
    const struct clock_scale *ticks = &worker->exec->ticks;
    uint64_t begin = clock_ticks(ticks);
    effects_reset(&call, listeners);
    enum outcome outcome = blocked->command->row->handler(&call);
    effects_commit(&call, outcome);
    effects_deinit(&call.effects);
    if (outcome == OUTCOME_BLOCK) {
        return false;
    }
    exec_count_call(&call, outcome, clock_ticks_to_ns(ticks, clock_ticks(ticks) - begin));
    return true;
}

static void serve_key(struct exec_worker *worker, const struct lockset *locks, uint32_t listeners,
                      struct interest_key *key) REQUIRES(shard_held)
{
    struct keyspace *keyspace = worker->exec->keyspace;
    struct keyref ref;
    struct key_waiter *waiter = NULL;
    struct key_waiter *next;
    bool served = false;
    do {
        interest_open(key, &worker->user, &ref);
        bool more = ref.entry != NULL || interest_wants_removal(key);
        /* The one before stays claimed until this one is, so that it still leads here. */
        next = more ? interest_claim(keyspace, key, waiter, &ref, claim) : NULL;
        if (waiter != NULL && served) {
            claim_served(keyspace, waiter);
        } else if (waiter != NULL) {
            interest_claim_end(keyspace, waiter, claim_end);
        }
        waiter = next;
        ASSERT(waiter == NULL || !waiter->moves || lockset_contains(locks, waiter->destination));
        served = waiter != NULL && serve_one(worker, locks, listeners, waiter);
    } while (waiter != NULL);
}

void exec_serve(struct exec_worker *worker, const struct lockset *locks, uint32_t listeners)
{
    struct interest_key *key;
    while ((key = interest_take_ready(&worker->user)) != NULL) {
        serve_key(worker, locks, listeners, key);
        interest_ready_done(worker->exec->keyspace, key);
    }
}

static void add_shard(void *context, uint32_t shard)
{
    lockset_add(context, shard);
}

bool exec_add_destinations(struct exec_worker *worker, struct lockset *locks)
{
    const struct lockset held = *locks; /* what is added is not: nobody looks into it yet */
    struct keyspace *keyspace = worker->exec->keyspace;
    if (held.count == 1) {
        interest_add_destinations(keyspace_shard(keyspace, held.single), add_shard, locks);
        return locks->count != 1;
    }
    for (uint32_t i = 0; i < KEYSPACE_SHARDS && held.count != KEYSPACE_SHARDS; i++) {
        if (lockset_contains(&held, i)) {
            interest_add_destinations(keyspace_shard(keyspace, i), add_shard, locks);
        }
    }
    return locks->count != held.count;
}

/* The owner: nobody else knows of the wait any more. */
static void blocked_leave(struct session *session)
{
    struct blocked *blocked = session->blocked;
    for (uint32_t i = 0; i < blocked->waiter_count; i++) {
        interest_wait_end(&blocked->waiters[i], session->worker->exec->keyspace);
    }
    blocked->waiter_count = 0;
    session_keeps_no_more(session, blocked->bytes);
    blocked->bytes = 0; /* a call that is made anew may have to be made once more */
    session->flags &= ~(uint32_t)SESSION_BLOCKED;
    atomic_fetch_sub_explicit(&session->worker->exec->blocked_clients, 1, memory_order_relaxed);
}

static void blocked_free(struct blocked *blocked)
{
    output_deinit(&blocked->out);
    memory_free(blocked);
}

/* The owner's end of a wait, whatever ended it. */
static void blocked_end(struct session *session)
{
    session_unpostpone(session); /* while it still counts as one who waits */
    blocked_leave(session);
    blocked_free(session->blocked);
    session->blocked = NULL;
    uint64_t word = atomic_load_explicit(&session->block_state, memory_order_relaxed);
    atomic_store_explicit(&session->block_state, word & ~(uint64_t)STATE_MASK, memory_order_relaxed);
}

static void reply_nothing(struct session *session, enum block_state state)
{
    struct reply reply = {.output = &session->own, .version = session->resp};
    if (state == BLOCK_UNBLOCKED_ERROR) {
        struct slice line = SLICE_LITERAL("UNBLOCKED client unblocked via CLIENT UNBLOCK");
        statistics_error(&session->worker->statistics, line);
        reply_error_slice(&reply, line);
        return;
    }
    switch (session->blocked->reply) {
    case BLOCK_REPLY_NULL_ARRAY:
        reply_null_array(&reply);
        break;
    case BLOCK_REPLY_ZERO:
        reply_integer(&reply, 0);
        break;
    case BLOCK_REPLY_TWO_ZEROS:
        reply_array(&reply, 2);
        reply_integer(&reply, 0);
        reply_integer(&reply, 0);
        break;
    }
}

/* The call once more, as if it had just come, but for its deadline. When it meets a shard that is not to be had, it is
 * still to be made the next time that the session is resumed. */
static enum item_outcome call_anew(struct session *session)
{
    struct blocked *blocked = session->blocked;
    struct exec *exec = session->worker->exec;
    struct call call = {.worker = session->worker,
                        .session = session,
                        .command = blocked->command,
                        .context = blocked->command->context,
                        .argv = blocked->argv,
                        .argc = blocked->argc,
                        .db = session->db,
                        .now_ms = session->worker->user.now_ms,
                        .timed = true,
                        .reply = {.output = &session->own, .version = session->resp}};
    session_unpostpone(session);
    blocked_leave(session);
    struct output_mark mark = output_mark(&session->own);
    exec_look_at_guards(session->worker);
    session->worker->witnessed = false; /* it was shown when it began to wait */
    enum item_outcome outcome = exec_dispatch(&call);
    if (outcome != ITEM_DONE) {
        output_truncate(&session->own, mark);
    }
    if (outcome == ITEM_SUSPENDED || outcome == ITEM_BUSY || outcome == ITEM_POSTPONED) {
        session->flags = (session->flags & ~(uint32_t)SESSION_SUSPENDED) | SESSION_BLOCKED;
        atomic_fetch_add_explicit(&exec->blocked_clients, 1, memory_order_relaxed);
        if (outcome == ITEM_BUSY) {
            session->sink->resume(session);
        }
        return outcome;
    }
    ASSERT(outcome != ITEM_PREPARING); /* calls that wait copy nothing beforehand */
    if (session->blocked == blocked) {
        session->blocked = NULL;
        uint64_t word = atomic_load_explicit(&session->block_state, memory_order_relaxed);
        atomic_store_explicit(&session->block_state, word & ~(uint64_t)STATE_MASK, memory_order_relaxed);
    }
    blocked_free(blocked);
    return outcome;
}

/* Is it still open how the wait ends? */
static bool state_is_open(enum block_state state)
{
    return state == BLOCK_WAITING || state == BLOCK_SERVING || state == BLOCK_MISSED;
}

bool exec_block_ended(struct session *session, int64_t now_ms, bool was_served, int64_t *deadline_ms)
{
    struct blocked *blocked = session->blocked;
    *deadline_ms = blocked->deadline_ms;
    if (blocked->deadline_ms != 0 && now_ms >= blocked->deadline_ms) {
        (void)state_change(session, BLOCK_WAITING, BLOCK_TIMED_OUT);
    }
    enum block_state state = state_of(atomic_load_explicit(&session->block_state, memory_order_acquire));
    if (state_is_open(state) || (state == BLOCK_SERVED && !was_served)) {
        return false; /* who serves may still be about to send the mail */
    }
    bool silent = (session->flags & (SESSION_REPLY_OFF | SESSION_REPLY_SKIP)) != 0;
    session_settle(session); /* what was pushed before comes first */
    struct output_mark mark = output_mark(&session->own);
    if (state == BLOCK_AGAIN) {
        *deadline_ms = 0; /* a new wait has set its own time */
        enum item_outcome outcome = call_anew(session);
        if (outcome != ITEM_DONE) {
            return outcome == ITEM_AWAY;
        }
    } else if (state == BLOCK_SERVED) {
        struct output_range range = output_all(&blocked->out);
        output_move(&session->own, &blocked->out, &range);
        blocked_end(session);
    } else {
        reply_nothing(session, state);
        effects_refused(session, blocked->command);
        struct command_statistics *statistics = &session->worker->statistics.commands[blocked->command->id];
        counter_add(&statistics->calls, 1);
        counter_add(&statistics->failed, state == BLOCK_UNBLOCKED_ERROR);
        blocked_end(session);
    }
    if (silent) {
        output_truncate(&session->own, mark);
        session->flags &= ~(uint32_t)SESSION_REPLY_SKIP;
    }
    if ((session->flags & (SESSION_AWAY | SESSION_BLOCKED)) == 0) {
        session_release_held(session);
    }
    return true;
}

bool exec_block_abandon(struct session *session)
{
    for (;;) {
        enum block_state state = state_of(atomic_load_explicit(&session->block_state, memory_order_acquire));
        if (state == BLOCK_SERVED) {
            return false; /* the mail is under way, or about to be */
        }
        if (!state_is_open(state)) {
            break;
        }
        if (state_change(session, BLOCK_WAITING, BLOCK_CLOSED)) {
            break;
        }
        sched_yield(); /* somebody holds a shard and serves: bounded work */
    }
    blocked_end(session);
    return true;
}

uint64_t session_wait_number(const struct session *session)
{
    return atomic_load_explicit(&session->block_state, memory_order_relaxed) >> STATE_BITS;
}

bool session_waits(const struct session *session)
{
    return state_is_open(state_of(atomic_load_explicit(&session->block_state, memory_order_relaxed)));
}

bool session_unblock(struct session *session, bool with_error)
{
    if (!state_change(session, BLOCK_WAITING, with_error ? BLOCK_UNBLOCKED_ERROR : BLOCK_UNBLOCKED_TIMEOUT)) {
        return false;
    }
    session->sink->resume(session);
    return true;
}

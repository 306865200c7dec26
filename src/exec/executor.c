/* SPDX-License-Identifier: BSD-3-Clause */
/* Executors: threads for what has no bound. A long command comes as an errand, with copies of its arguments and with
 * its shards possessed; its reply goes back through the session's sink. Detached tables are freed here too, and the
 * server's own chores done.
 * Owner: the pool; an errand belongs to its executor until it is done, then to its session's worker.
 * Locks: an errand's shards, possessed on its behalf. */
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "arguments.h"
#include "sherd/exec/chore.h"
#include "sherd/exec/exec.h"
#include "sherd/exec/preparation.h"
#include "sherd/exec/transaction.h"
#include "sherd/sync/turnstile.h"
#include "silence.h"

enum {
    TIDY_AGAIN_MS = 20,     /* another thread's section is still open */
    COPY_MAX_BYTES = 16384, /* longer arguments stay where they are, if they may */
    NICER_THAN_WORKERS = 10,
    PLACE_NS = 10000000, /* how long one keeps its place while others wait for one */
    WALKERS = 2,         /* the last ones of the pool */
};

struct executor {
    struct mailbox box;
    pthread_t thread;
    struct exec_worker *worker; /* (w) */
    struct exec *exec;          /* (c) */
    _Atomic uint32_t waiting;   /* (a) errands under way or queued */
    bool gives_way;             /* (c) workers go first where there are fewer cores than threads */
    bool stop;                  /* (w) set by mail */
};

/* Which executors are asked. The first ones have a low priority: what they run may take seconds, and nobody spins for
 * it. The last ones walk from shard to shard under spinlocks, so they must not be kept from a core. */
enum lane {
    LANE_LONG,  /* possesses its shards, or has none */
    LANE_WALK,  /* holds one shard at a time, in slices */
    LANE_SHORT, /* a copy: wherever there is the least to do */
};

struct errand;

/* Long commands that may write: sent, not done yet; and those that are done but answer only when there is none. */
struct writes {
    struct spin lock; /* guards the two below */
    uint32_t under_way;
    struct errand *awaiting; /* linked by next_awaiting */
};

struct executor_pool {
    unsigned count;   /* (c) */
    unsigned lenient; /* (c) so many, the first, give way to workers */
    /* Possessed shards are worked on by so many at once as leave workers a processor; who waits holds nobody up but
     * those who want its keys, and its turn comes every few slices. */
    struct turnstile turnstile;
    struct writes writes;
    struct executor executors[];
};

struct errand {
    struct mail mail;
    struct call call;
    struct executor *executor;
    struct shard_waiter waiter; /* where it waits for a shard, if it does */
    uint64_t begin_ticks;       /* when it began; 0: not yet */
    uint64_t place_ticks;       /* since when it has its place at the turnstile; 0: it has none */
    bool is_shown;              /* the witness is to hear of it: it is not a call that is made anew */
    bool writes;                /* counted as a write under way */
    bool awaits_writes;         /* answers when there is none that began before */
    struct errand *next_awaiting;
    struct output out;
    struct slice argv[]; /* the bytes follow, unless they stay where they are */
};

struct freeing {
    struct mail mail;
    struct garbage_table *tables;
    size_t keys;
    size_t bytes;
    struct executor *executor;
};

struct stop_mail {
    struct mail mail;
};

/* The one of a lane with the least to do. */
static struct executor *executor_choose(struct executor_pool *pool, enum lane lane)
{
    unsigned first = lane == LANE_WALK ? pool->lenient : 0;
    unsigned end = lane == LANE_LONG && pool->lenient != 0 ? pool->lenient : pool->count;
    struct executor *best = &pool->executors[first];
    for (unsigned i = first + 1; i < end; i++) {
        if (atomic_load_explicit(&pool->executors[i].waiting, memory_order_relaxed) <
            atomic_load_explicit(&best->waiting, memory_order_relaxed)) {
            best = &pool->executors[i];
        }
    }
    atomic_fetch_add_explicit(&best->waiting, 1, memory_order_relaxed);
    return best;
}

/* May this call, or one that it has queued, change something? */
static bool call_writes(const struct call *call)
{
    return (transaction_guard_flags(call) & COMMAND_WRITES) != 0;
}

static void writes_begin(struct writes *writes)
{
    spin_acquire(&writes->lock);
    writes->under_way++;
    spin_release(&writes->lock);
}

/* Hands a finished errand back; it belongs to its session's worker from then on. */
static void errand_answer(struct errand *errand)
{
    struct session *session = errand->call.session;
    session->sink->returned(session);
}

/* Whoever ends the last write answers those who waited for that. */
static void writes_end(struct writes *writes)
{
    struct errand *answered = NULL;
    spin_acquire(&writes->lock);
    if (--writes->under_way == 0) {
        answered = writes->awaiting;
        writes->awaiting = NULL;
    }
    spin_release(&writes->lock);
    while (answered != NULL) {
        struct errand *next = answered->next_awaiting;
        errand_answer(answered);
        answered = next;
    }
}

/* False when there is none; otherwise the errand is answered later. */
static bool writes_await(struct writes *writes, struct errand *errand)
{
    spin_acquire(&writes->lock);
    bool waits = writes->under_way != 0;
    if (waits) {
        errand->next_awaiting = writes->awaiting;
        writes->awaiting = errand;
    }
    spin_release(&writes->lock);
    return waits;
}

/* The errand's call is done, its executor outside its turn. */
static void errand_done(struct errand *errand, struct exec *exec)
{
    struct writes *writes = &exec->executors->writes;
    output_seal(&errand->out);
    if (errand->writes) {
        writes_end(writes); /* before it waits for others of its kind, which may wait for it */
    }
    if ((errand->call.command->flags & COMMAND_GRACE) != 0 || errand->awaits_writes) {
        exec_await_turns(exec);
    }
    atomic_fetch_sub_explicit(&errand->executor->waiting, 1, memory_order_relaxed);
    if (!errand->awaits_writes || !writes_await(writes, errand)) {
        errand_answer(errand);
    }
}

static void errand_deliver(struct mail *mail, void *receiver)
{
    struct errand *errand = CONTAINER_OF(mail, struct errand, mail);
    struct executor *executor = receiver;
    struct exec_worker *worker = executor->worker;
    bool takes_place = errand->call.locks.held; /* the others only walk, sleep or set options */
    if (takes_place) {
        turnstile_enter(&worker->exec->executors->turnstile);
        errand->place_ticks = clock_ticks(&worker->exec->ticks);
    }
    exec_turn_begin(worker);
    if (errand->begin_ticks == 0) {
        errand->begin_ticks = clock_ticks(&worker->exec->ticks);
        statistics_add(&worker->statistics, STATISTIC_LONG_COMMANDS, 1);
    }
    worker->last_ticks = errand->begin_ticks;
    errand->call.worker = worker;
    enum away_outcome outcome = exec_dispatch_away(&errand->call, &errand->waiter);
    if (outcome == AWAY_DONE && errand->is_shown &&
        atomic_load_explicit(&worker->exec->witnessed, memory_order_relaxed)) {
        exec_show_call(&errand->call);
    }
    exec_turn_end(worker);
    if (takes_place) {
        turnstile_leave(&worker->exec->executors->turnstile);
    }
    if (outcome == AWAY_AGAIN) {
        mailbox_send(&executor->box, &errand->mail);
    }
    if (outcome != AWAY_DONE) {
        return; /* queued: perhaps it was resumed already, and stands in this executor's box */
    }
    errand_done(errand, worker->exec);
}

void call_rest(const struct call *call)
{
    struct errand *errand = call->session->errand;
    if (errand == NULL || errand->place_ticks == 0) {
        return;
    }
    struct exec *exec = call->worker->exec;
    uint64_t now = clock_ticks(&exec->ticks);
    if (clock_ticks_to_ns(&exec->ticks, now - errand->place_ticks) >= PLACE_NS) {
        turnstile_let_pass(&exec->executors->turnstile);
        errand->place_ticks = clock_ticks(&exec->ticks);
    }
}

void call_await_writes(const struct call *call)
{
    ASSERT(call->session->errand != NULL);
    call->session->errand->awaits_writes = true;
}

static void errand_resume(struct shard_waiter *waiter)
{
    struct errand *errand = CONTAINER_OF(waiter, struct errand, waiter);
    mailbox_send(&errand->executor->box, &errand->mail);
}

void exec_errand_send(struct call *call)
{
    size_t bytes = arguments_bytes(call->argv, call->argc);
    /* The words of inline requests go with the batch, those of a call that is made anew with its wait. */
    bool stays = bytes > COPY_MAX_BYTES && call->session->sink->pins_arguments && call->worker->pool.words_count == 0 &&
                 call->session->blocked == NULL;
    struct errand *errand = memory_alloc(sizeof(*errand) + call->argc * sizeof(struct slice) + (stays ? 0 : bytes));
    errand->mail = (struct mail){.deliver = errand_deliver};
    errand->call = *call;
    if (stays) {
        memcpy(errand->argv, call->argv, call->argc * sizeof(struct slice));
    } else {
        arguments_copy(errand->argv, (char *)&errand->argv[call->argc], call->argv, call->argc);
    }
    output_init(&errand->out);
    errand->call.argv = errand->argv;
    errand->call.timed = true;
    errand->call.reply.output = &errand->out;
    errand->call.carried_mark = output_mark(&errand->out);
    shard_waiter_init(&errand->waiter, errand_resume);
    errand->begin_ticks = 0;
    errand->place_ticks = 0;
    errand->awaits_writes = false;
    errand->is_shown = call->command->row->lock != LOCK_TRANSACTION && call->session->blocked == NULL;
    errand->writes = call_writes(call);
    if (errand->writes) {
        writes_begin(&call->worker->exec->executors->writes);
    }
    call->session->errand = errand;
    call->session->flags |= SESSION_AWAY;
    call->session->away_flags = call->session->flags;
    call->session->away_resp = call->session->resp;
    bool walks = call->command->row->lock == LOCK_EACH_SHARD;
    errand->executor = executor_choose(call->worker->exec->executors, walks ? LANE_WALK : LANE_LONG);
    mailbox_send(&errand->executor->box, &errand->mail);
}

static void preparation_deliver(struct mail *mail, void *receiver)
{
    struct preparation *preparation = CONTAINER_OF(mail, struct preparation, mail);
    struct executor *executor = receiver;
    struct session *session = preparation->session;
    exec_turn_begin(executor->worker);
    preparation_make(preparation);
    exec_turn_end(executor->worker);
    atomic_fetch_sub_explicit(&executor->waiting, 1, memory_order_relaxed);
    session->sink->returned(session);
}

void exec_preparation_send(struct exec_worker *worker, struct session *session)
{
    struct preparation *preparation = session->preparation;
    preparation->mail = (struct mail){.deliver = preparation_deliver};
    session->flags |= SESSION_AWAY;
    preparation->executor = executor_choose(worker->exec->executors, LANE_SHORT);
    mailbox_send(&preparation->executor->box, &preparation->mail);
}

void exec_errand_finish(struct session *session)
{
    struct errand *errand = session->errand;
    session_settle(session);
    if (errand == NULL) {
        session->flags &= ~(uint32_t)SESSION_AWAY;
        session_release_held(session);
        return;
    }
    session->flags = session->away_flags & ~(uint32_t)SESSION_AWAY;
    session->resp = session->away_resp;
    if (session->transaction != NULL && session->transaction->has_run) {
        errand->call.worker = session->worker; /* the executor has left: what it ran ends here */
        transaction_finish(&errand->call);
    }
    struct output_range range = output_all(&errand->out);
    bool silent = silence_reply(session);
    if (!silent && output_is_empty(&session->own)) {
        struct output spare = session->own; /* a reply of any length changes hands without a copy */
        session->own = errand->out;
        errand->out = spare;
    } else if (!silent) {
        output_move(&session->own, &errand->out, &range);
    }
    output_deinit(&errand->out);
    memory_free(errand);
    session->errand = NULL;
    session_release_held(session);
}

static void freeing_deliver(struct mail *mail, void *receiver)
{
    struct freeing *freeing = CONTAINER_OF(mail, struct freeing, mail);
    struct executor *executor = receiver;
    struct exec_worker *worker = executor->worker;
    exec_turn_begin(worker);
    freeing->tables = garbage_table_free_some(freeing->tables, &worker->user);
    if (freeing->tables != NULL) { /* others in between; and memory that was retired meanwhile becomes free */
        exec_turn_end(worker);
        mailbox_send(&executor->box, &freeing->mail);
        return;
    }
    statistics_add(&worker->statistics, STATISTIC_LAZYFREED_OBJECTS, freeing->keys);
    atomic_fetch_sub_explicit(&worker->exec->lazyfree_pending, freeing->keys, memory_order_relaxed);
    atomic_fetch_sub_explicit(&executor->waiting, 1, memory_order_relaxed);
    exec_turn_end(worker); /* which reports the memory as free */
    atomic_fetch_sub_explicit(&worker->exec->leaving_bytes, freeing->bytes, memory_order_relaxed);
    memory_free(freeing);
}

static void free_later(struct exec_worker *worker)
{
    struct freeing *freeing = memory_alloc(sizeof(*freeing));
    freeing->mail = (struct mail){.deliver = freeing_deliver};
    freeing->bytes = worker->garbage.tables_bytes;
    freeing->tables = garbage_take_tables(&worker->garbage, &freeing->keys);
    atomic_fetch_add_explicit(&worker->exec->lazyfree_pending, freeing->keys, memory_order_relaxed);
    atomic_fetch_add_explicit(&worker->exec->leaving_bytes, freeing->bytes, memory_order_relaxed);
    freeing->executor = executor_choose(worker->exec->executors, LANE_LONG);
    mailbox_send(&freeing->executor->box, &freeing->mail);
}

void exec_release_garbage(struct exec_worker *worker)
{
    struct garbage *garbage = &worker->garbage;
    garbage_release(garbage);
    if (LIKELY(garbage->tables == NULL)) {
        return;
    }
    if (worker->is_executor || garbage->at_once) {
        size_t keys;
        garbage_table_free(garbage_take_tables(garbage, &keys), &worker->user);
    } else {
        free_later(worker);
    }
}

static void chore_deliver(struct mail *mail, void *receiver)
{
    struct chore *chore = CONTAINER_OF(mail, struct chore, mail);
    struct executor *executor = receiver;
    exec_turn_begin(executor->worker);
    chore->run(chore->context, executor->worker);
    exec_turn_end(executor->worker);
    atomic_fetch_sub_explicit(&executor->waiting, 1, memory_order_relaxed);
    atomic_store_explicit(&chore->under_way, false, memory_order_release);
}

void chore_init(struct chore *chore, void (*run)(void *context, struct exec_worker *worker), void *context)
{
    chore->mail = (struct mail){.deliver = chore_deliver};
    chore->run = run;
    chore->context = context;
    atomic_init(&chore->under_way, false);
}

void exec_chore_send(struct exec *exec, struct chore *chore)
{
    if (atomic_exchange_explicit(&chore->under_way, true, memory_order_acquire)) {
        return;
    }
    mailbox_send(&executor_choose(exec->executors, LANE_WALK)->box, &chore->mail);
}

static void stop_deliver(struct mail *mail, void *receiver)
{
    struct executor *executor = receiver;
    executor->stop = true;
    memory_free(CONTAINER_OF(mail, struct stop_mail, mail));
}

static void *executor_main(void *argument)
{
    struct executor *executor = argument;
    (void)pthread_setname_np(pthread_self(), "executor");
    if (executor->gives_way) {
        (void)!nice(NICER_THAN_WORKERS); /* of this thread alone, on Linux; without it they compete */
    }
    executor->worker = memory_alloc_line(sizeof(*executor->worker));
    exec_worker_init(executor->worker, executor->exec, true);
    while (!executor->stop) {
        if (mailbox_deliver(&executor->box, executor) == 0 && mailbox_may_sleep(&executor->box)) {
            struct pollfd wait = {.fd = executor->box.wake_fd, .events = POLLIN};
            (void)poll(&wait, 1, exec_tidy(executor->worker) ? -1 : TIDY_AGAIN_MS);
            mailbox_awake(&executor->box);
            mailbox_clear_wake(&executor->box);
        }
    }
    (void)mailbox_deliver(&executor->box, executor);
    return NULL;
}

enum status exec_start(struct exec *exec, unsigned executors, unsigned at_once)
{
    struct executor_pool *pool =
        memory_alloc_line(sizeof(*pool) + executors * sizeof(struct executor) + CACHE_LINE_BYTES);
    memset((void *)pool, 0, sizeof(*pool) + executors * sizeof(struct executor));
    exec->executors = pool;
    turnstile_init(&pool->turnstile, at_once);
    spin_init(&pool->writes.lock, LOCK_RANK_LEAF, 0);
    pool->lenient = executors > WALKERS ? executors - WALKERS : 0;
    for (unsigned i = 0; i < executors; i++) {
        struct executor *executor = &pool->executors[i];
        executor->exec = exec;
        executor->gives_way = i < pool->lenient;
        if (mailbox_init(&executor->box) != STATUS_OK ||
            pthread_create(&executor->thread, NULL, executor_main, executor) != 0) {
            return STATUS_SYSTEM;
        }
        pool->count++;
    }
    return STATUS_OK;
}

void exec_stop(struct exec *exec)
{
    struct executor_pool *pool = exec->executors;
    if (pool == NULL) {
        return;
    }
    atomic_store_explicit(&exec->stopping, true, memory_order_relaxed);
    for (unsigned i = 0; i < pool->count; i++) {
        struct stop_mail *stop = memory_alloc(sizeof(*stop));
        stop->mail = (struct mail){.deliver = stop_deliver};
        mailbox_send(&pool->executors[i].box, &stop->mail);
    }
    for (unsigned i = 0; i < pool->count; i++) {
        struct executor *executor = &pool->executors[i];
        (void)pthread_join(executor->thread, NULL);
        mailbox_deinit(&executor->box);
        exec_worker_deinit(executor->worker);
        memory_free(executor->worker);
    }
    memory_free(pool);
    exec->executors = NULL;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* CLIENT PAUSE and CLIENT UNPAUSE, their guard, and what each worker does when a pause begins, changes or ends.
 * Semantics: https://redis.io/docs/latest/commands/client-pause/
 * Owner: struct net; each worker its pause_watch. Locks: changes. */
#include "sherd/net/pause.h"

#include "internal.h"
#include "sherd/exec/blocking.h"
#include "sherd/exec/postponement.h"
#include "sherd/exec/transaction.h"

enum {
    TIMER_MAX_MS = 60000, /* later ends are looked at again: the clock of the day may be set meanwhile */
};

static uint64_t paused_until(enum pause_mode mode, int64_t end_ms)
{
    return (uint64_t)end_ms << 1 | (mode == PAUSE_ALL ? 1 : 0);
}

static int64_t paused_end_ms(uint64_t paused)
{
    return (int64_t)(paused >> 1);
}

static enum pause_mode paused_mode(uint64_t paused, int64_t now_ms)
{
    if (paused_end_ms(paused) <= now_ms) {
        return PAUSE_OFF;
    }
    return (paused & 1) != 0 ? PAUSE_ALL : PAUSE_WRITE;
}

enum pause_mode pause_mode_at(const struct pause *pause, int64_t now_ms)
{
    return paused_mode(atomic_load_explicit(&pause->paused, memory_order_acquire), now_ms);
}

/* Under `changes`. Who reads the one thing before the other was set has not ended its turn since, and is waited for. */
static void publish(struct net *net, uint64_t paused)
{
    struct exec *exec = net->exec;
    atomic_store_explicit(&net->pause.paused, paused, memory_order_release);
    exec_arm_guard(exec, COMMAND_WRITES, paused != 0);
    exec_arm_guard(exec, COMMAND_EVERY, (paused & 1) != 0);
    atomic_store_explicit(&exec->keyspace->expiry_deletes, paused == 0, memory_order_relaxed);
}

static void tell_worker(struct net_worker *worker)
{
    if (!atomic_exchange_explicit(&worker->pause.told, true, memory_order_acq_rel)) {
        mailbox_send(&worker->box, &worker->pause.mail);
    }
}

static void tell_workers(const struct net *net)
{
    for (unsigned i = 0; i < net->worker_count; i++) {
        tell_worker(net->workers[i]);
    }
}

void pause_begin(struct net *net, enum pause_mode mode, int64_t now_ms, int64_t end_ms)
{
    struct pause *pause = &net->pause;
    spin_acquire(&pause->changes);
    uint64_t before = atomic_load_explicit(&pause->paused, memory_order_relaxed);
    enum pause_mode mode_before = paused_mode(before, now_ms);
    if (mode_before != PAUSE_OFF) {
        mode = mode_before > mode ? mode_before : mode;
        end_ms = paused_end_ms(before) > end_ms ? paused_end_ms(before) : end_ms;
    }
    if (end_ms > now_ms) {
        publish(net, paused_until(mode, end_ms));
    }
    spin_release(&pause->changes);
    tell_workers(net);
}

void pause_end(struct net *net)
{
    spin_acquire(&net->pause.changes);
    publish(net, 0);
    spin_release(&net->pause.changes);
    tell_workers(net);
}

/* Nobody need be told: every worker has a timer of its own. */
static void end_if_over(struct net *net, int64_t now_ms)
{
    struct pause *pause = &net->pause;
    spin_acquire(&pause->changes);
    if (paused_end_ms(atomic_load_explicit(&pause->paused, memory_order_relaxed)) <= now_ms) {
        publish(net, 0);
    }
    spin_release(&pause->changes);
}

/* The worker learns that something has changed, or that time has passed. */
static void look(struct mail *mail, void *receiver)
{
    (void)mail;
    struct net_worker *worker = receiver;
    struct pause_watch *watch = &worker->pause;
    struct pause *pause = &worker->net->pause;
    int64_t now_ms = worker->exec.user.now_ms;
    (void)atomic_exchange_explicit(&watch->told, false, memory_order_acq_rel);
    uint64_t paused = atomic_load_explicit(&pause->paused, memory_order_acquire);
    enum pause_mode mode = paused_mode(paused, now_ms);
    if (mode == PAUSE_OFF) {
        if (paused != 0) {
            end_if_over(worker->net, now_ms);
        }
        (void)event_del(&watch->timer);
    } else {
        int64_t left_ms = paused_end_ms(paused) - now_ms;
        left_ms = left_ms < TIMER_MAX_MS ? left_ms : TIMER_MAX_MS;
        struct timeval after = {.tv_sec = left_ms / 1000, .tv_usec = (left_ms % 1000) * 1000};
        (void)event_add(&watch->timer, &after);
    }
    if (mode < watch->strictest) {
        watch->strictest = PAUSE_OFF; /* those who still have to wait are postponed again */
        exec_resume_postponed(&worker->exec);
    }
}

static void on_time(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    tell_worker(argument); /* to look inside a turn */
}

void pause_watch_init(struct net_worker *worker)
{
    worker->pause.mail.deliver = look;
    (void)event_assign(&worker->pause.timer, worker->base, -1, 0, on_time, worker);
}

/* EXEC counts by what it has queued. What is no client is not kept. */
static enum outcome guard_pause(struct call *call, void *context)
{
    const struct net *net = context;
    enum pause_mode mode = pause_mode_at(&net->pause, call->now_ms);
    if (mode == PAUSE_OFF || (call->session->flags & SESSION_INTERNAL) != 0 ||
        (mode == PAUSE_WRITE && (transaction_guard_flags(call) & COMMAND_WRITES) == 0)) {
        return OUTCOME_DONE;
    }
    struct pause_watch *watch = &conn_of(call->session)->worker->pause;
    watch->strictest = mode > watch->strictest ? mode : watch->strictest;
    return OUTCOME_POSTPONE;
}

void pause_init(struct net *net)
{
    spin_init(&net->pause.changes, LOCK_RANK_LEAF, 0);
    exec_add_guard(net->exec, (struct guard){.command_flags = COMMAND_WRITES | COMMAND_EVERY,
                                             .check = guard_pause,
                                             .context = net,
                                             .postpones = true});
    publish(net, 0);
}

enum outcome client_pause(struct call *call)
{
    enum pause_mode mode = PAUSE_ALL;
    int64_t timeout_ms;
    if (call->argc > 4) {
        return call_fail_subcommand(call);
    }
    if (call->argc == 4 && call_argument_is(call, 3, "write")) {
        mode = PAUSE_WRITE;
    } else if (call->argc == 4 && !call_argument_is(call, 3, "all")) {
        return call_fail_slice(call, SLICE_LITERAL("ERR CLIENT PAUSE mode must be WRITE or ALL"));
    }
    if (!call_timeout_whole(call, 2, &timeout_ms)) {
        return OUTCOME_ERROR;
    }
    pause_begin(call->context, mode, call->now_ms, call->now_ms + timeout_ms);
    call_await_writes(call);
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

enum outcome client_unpause(struct call *call)
{
    pause_end(call->context);
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

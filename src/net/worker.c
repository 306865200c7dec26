/* SPDX-License-Identifier: BSD-3-Clause */
/* A worker: its thread, its event loop, its mailbox. The loop is driven one round at a time, so that all ready
 * connections are read before any is executed.
 *
 *   let others run? -> may sleep? -> events -> deliver mail -> turn -> (again)
 *
 * Where the workers leave no processor free, whoever is to bring the next requests (a client on this machine, the
 * kernel's own threads, another worker) waits for one of theirs: they give it up between turns, find more requests in
 * the next one, and sleep and wake less often.
 *
 * Owner: the worker's thread. Locks: none here. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "internal.h"
#include "sizes.h"

struct stop_mail {
    struct mail mail;
};

static void on_wake(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    struct net_worker *worker = argument;
    mailbox_clear_wake(&worker->box);
}

static void on_tick(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    struct net_worker *worker = argument;
    int64_t next_ms = worker_tick(worker);
    struct timeval after = {.tv_sec = next_ms / 1000, .tv_usec = (next_ms % 1000) * 1000};
    (void)event_add(&worker->tick_event, &after);
}

static void close_all(struct net_worker *worker)
{
    while (worker->slot_count != 0) {
        conn_close(worker->slots[worker->slot_count - 1].conn);
    }
    for (struct conn *conn = worker->first_closed; conn != NULL; conn = conn->next_closed) {
        conn->flags &= ~(uint32_t)(CONN_READY | CONN_TOUCHED); /* there is no next turn */
    }
    conn_bury(worker);
}

/* To the worker's processor of server-cpulist; where the system refuses, it runs wherever it may. */
static void settle(const struct net_worker *worker)
{
    const struct cpu_list *cpus = &worker->net->cpus;
    if (cpus->count != 0 && !cpus_pin(cpus_choose(cpus, worker->index))) {
        log_write(worker->net->log, LOG_LEVEL_WARNING, "worker-%u: not pinned to processor %u: %s", worker->index,
                  cpus_choose(cpus, worker->index), strerror(errno));
    }
}

static void *worker_main(void *argument)
{
    struct net_worker *worker = argument;
    struct statistics *statistics = &worker->exec.statistics;
    const struct clock_scale *ticks = &worker->exec.exec->ticks;
    char name[16];
    (void)snprintf(name, sizeof(name), "worker-%u", worker->index);
    (void)pthread_setname_np(pthread_self(), name);
    settle(worker);
    memory_meter_init(&worker->exec.meter);
    on_tick(-1, 0, worker);
    while (!worker->stop) {
        if (worker->net->shares_cpus) {
            (void)sched_yield();
        }
        bool sleep = worker->first_ready == NULL && mailbox_may_sleep(&worker->box);
        (void)event_base_loop(worker->base, EVLOOP_ONCE | (sleep ? 0 : EVLOOP_NONBLOCK));
        mailbox_awake(&worker->box);
        uint64_t begin = clock_ticks(ticks);
        exec_turn_begin(&worker->exec);
        (void)mailbox_deliver(&worker->box, worker);
        worker_turn(worker);
        exec_turn_end(&worker->exec);
        statistics_add(statistics, STATISTIC_TURNS, 1);
        statistics_add(statistics, STATISTIC_TURN_NANOSECONDS, clock_ticks_to_ns(ticks, clock_ticks(ticks) - begin));
    }
    exec_turn_begin(&worker->exec);
    (void)mailbox_deliver(&worker->box, worker);
    close_all(worker);
    exec_turn_end(&worker->exec);
    return NULL;
}

static struct event_base *base_create(void)
{
    struct event_config *config = event_config_new();
    (void)event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    (void)event_config_set_flag(config, EVENT_BASE_FLAG_NO_CACHE_TIME);
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
}

enum status worker_start(struct net *net, unsigned index)
{
    struct net_worker *worker = memory_alloc_line(sizeof(*worker));
    memset((void *)worker, 0, sizeof(*worker));
    net->workers[index] = worker;
    worker->net = net;
    worker->index = index;
    worker->expiry = (struct expiry_round){.first = index, .step = net->worker_count, .next = index};
    exec_worker_init(&worker->exec, net->exec, false);
    worker->exec.box = &worker->box;
    spin_init(&worker->registry, LOCK_RANK_REGISTRY, index);
    worker->base = base_create();
    if (worker->base == NULL || mailbox_init(&worker->box) != STATUS_OK) {
        return STATUS_SYSTEM;
    }
    (void)event_assign(&worker->wake_event, worker->base, worker->box.wake_fd, EV_READ | EV_PERSIST, on_wake, worker);
    (void)event_add(&worker->wake_event, NULL);
    (void)event_assign(&worker->tick_event, worker->base, -1, 0, on_tick, worker);
    pause_watch_init(worker);
    return pthread_create(&worker->thread, NULL, worker_main, worker) == 0 ? STATUS_OK : STATUS_SYSTEM;
}

static void stop_deliver(struct mail *mail, void *receiver)
{
    struct net_worker *worker = receiver;
    worker->stop = true;
    memory_free(CONTAINER_OF(mail, struct stop_mail, mail));
}

void worker_stop(struct net_worker *worker)
{
    struct stop_mail *stop = memory_alloc(sizeof(*stop));
    stop->mail = (struct mail){.deliver = stop_deliver};
    mailbox_send(&worker->box, &stop->mail);
    (void)pthread_join(worker->thread, NULL);
}

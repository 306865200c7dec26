/* SPDX-License-Identifier: BSD-3-Clause */
/* Giving up clients for memory: the largest ones while all together exceed maxmemory-clients, and, when the server as a
 * whole needs memory, those over a limit of their own. A client is doomed through the registry: it executes nothing
 * more, and its worker closes it in the next turn.
 * Owner: a list belongs to whoever collected it. Locks: registry (a slice at a time), under it a session's names. */
#include <stdlib.h>

#include "internal.h"
#include "sherd/net/registry.h"

enum {
    SLICE_SLOTS = 2048,        /* connections looked at in one hold of the lock */
    SLICE_DOOMED = 16,         /* connections doomed in one hold */
    NOBODY_LEFT_WAIT_MS = 100, /* between two searches that find protected clients only */
    SHED_WAIT_MS = 20,         /* between two searches for those over their soft limit */
};

/* A client that may be given up. */
struct candidate {
    uint64_t id;
    size_t bytes;
    size_t output_bytes;
};

struct candidates {
    struct candidate *all;
    size_t count, cap;
    size_t sum_bytes; /* of all clients, protected ones included */
};

static void collect_slice(struct candidates *list, struct net_worker *worker, uint32_t *next)
{
    if (list->cap - list->count < SLICE_SLOTS) {
        list->cap = list->cap * 2 + SLICE_SLOTS;
        list->all = memory_resize(list->all, list->cap * sizeof(list->all[0]));
    }
    spin_acquire(&worker->registry);
    uint32_t at = *next < worker->slot_count ? *next : worker->slot_count;
    for (size_t looked = 0; looked < SLICE_SLOTS && at > 0; looked++) {
        struct conn *conn = worker->slots[--at].conn;
        if (atomic_load_explicit(&conn->session.doomed, memory_order_relaxed)) {
            continue;
        }
        size_t bytes = atomic_load_explicit(&conn->counted_bytes, memory_order_relaxed);
        list->sum_bytes += bytes;
        if ((atomic_load_explicit(&conn->session.shown_flags, memory_order_relaxed) & SESSION_NO_EVICT) == 0) {
            list->all[list->count++] = (struct candidate){
                conn->session.id, bytes, atomic_load_explicit(&conn->shown_output, memory_order_relaxed)};
        }
    }
    *next = at;
    spin_release(&worker->registry);
}

static void collect(struct candidates *list, struct net *net)
{
    *list = (struct candidates){0};
    for (unsigned i = 0; i < net->worker_count; i++) {
        uint32_t next = UINT32_MAX;
        while (next != 0) {
            collect_slice(list, net->workers[i], &next);
        }
    }
}

static int compare_sizes(const void *a, const void *b)
{
    size_t left = ((const struct candidate *)a)->bytes;
    size_t right = ((const struct candidate *)b)->bytes;
    return left > right ? -1 : left < right;
}

static int compare_ids(const void *a, const void *b)
{
    uint64_t left = ((const struct candidate *)a)->id;
    uint64_t right = ((const struct candidate *)b)->id;
    return left < right ? -1 : left > right;
}

/* Registry lock held. What the client occupies is counted as leaving from here on. */
static bool doom(struct net *net, struct conn *conn, struct client_view *view)
{
    if (atomic_exchange_explicit(&conn->session.doomed, true, memory_order_acq_rel)) {
        return false;
    }
    client_view_fill(view, conn);
    size_t bytes = atomic_exchange_explicit(&conn->counted_bytes, 0, memory_order_relaxed);
    atomic_fetch_sub_explicit(&net->exec->clients_bytes, bytes, memory_order_relaxed);
    atomic_fetch_add_explicit(&net->leaving_bytes, bytes, memory_order_relaxed);
    atomic_store_explicit(&conn->leaving_bytes, bytes, memory_order_relaxed);
    conn_wake(conn); /* under the lock, since it cannot be freed before it left the registry */
    return true;
}

/* Dooms those of the chosen (by ascending id) that stand in a slice of slots; views show them as they were. */
static size_t doom_slice(struct net_worker *worker, const struct candidates *chosen, uint32_t *next,
                         struct client_view views[static SLICE_DOOMED])
{
    size_t doomed = 0;
    spin_acquire(&worker->registry);
    uint32_t at = *next < worker->slot_count ? *next : worker->slot_count;
    for (size_t looked = 0; looked < SLICE_SLOTS && doomed < SLICE_DOOMED && at > 0; looked++) {
        const struct registry_slot *slot = &worker->slots[--at];
        struct candidate key = {.id = slot->id};
        if (bsearch(&key, chosen->all, chosen->count, sizeof(key), compare_ids) != NULL &&
            doom(worker->net, slot->conn, &views[doomed])) {
            doomed++;
        }
    }
    *next = at;
    spin_release(&worker->registry);
    return doomed;
}

/* How the log tells that a client was given up: its line stands between the two. */
struct farewell {
    enum log_level level;
    const char *before, *after;
};

/* Dooms the candidates and logs each. Returns how many. */
static size_t doom_all(struct net *net, struct candidates *chosen, const struct farewell *farewell)
{
    size_t doomed = 0;
    struct client_view views[SLICE_DOOMED];
    struct buffer text;
    buffer_init(&text);
    qsort(chosen->all, chosen->count, sizeof(chosen->all[0]), compare_ids);
    for (unsigned i = 0; i < net->worker_count; i++) {
        uint32_t next = UINT32_MAX;
        while (next != 0) {
            size_t here = doom_slice(net->workers[i], chosen, &next, views);
            for (size_t k = 0; k < here; k++) {
                text.len = 0;
                client_view_print(&views[k], clock_source_us(net->exec->clock) / 1000, &text);
                client_view_deinit(&views[k]);
                log_write(net->log, farewell->level, "%s%.*s%s", farewell->before, (int)text.len, text.data,
                          farewell->after);
            }
            doomed += here;
        }
    }
    buffer_deinit(&text);
    return doomed;
}

/* maxmemory-clients in bytes; 0: no limit. */
static size_t clients_limit(const struct net *net, const struct config_snapshot *now)
{
    int64_t limit = net_options(net, now)->maxmemory_clients;
    if (limit >= 0) {
        return (size_t)limit;
    }
    int64_t ceiling = net->ceiling.bytes == NULL ? 0 : net->ceiling.bytes(net->ceiling.context, now);
    return (size_t)(ceiling / 100 * -limit + ceiling % 100 * -limit / 100);
}

static bool may_evict(const struct net *net, size_t limit)
{
    return UNLIKELY(limit != 0) && atomic_load_explicit(&net->exec->clients_bytes, memory_order_relaxed) >= limit &&
           atomic_load_explicit(&net->evict_after_ms, memory_order_relaxed) <= clock_source_us(net->exec->clock) / 1000;
}

void clients_evict(struct net *net, const struct config_snapshot *now)
{
    size_t limit = clients_limit(net, now);
    if (!may_evict(net, limit)) {
        return;
    }
    struct candidates list;
    collect(&list, net);
    qsort(list.all, list.count, sizeof(list.all[0]), compare_sizes);
    size_t all = list.count;
    list.count = 0;
    while (list.sum_bytes >= limit && list.count < all) {
        list.sum_bytes -= list.all[list.count++].bytes;
    }
    size_t evicted = doom_all(net, &list, &(struct farewell){LOG_LEVEL_NOTICE, "Evicting client: ", ""});
    atomic_fetch_add_explicit(&net->exec->evicted_clients, evicted, memory_order_relaxed);
    if (list.sum_bytes >= limit) {
        log_write(net->log, LOG_LEVEL_WARNING, "Over client maxmemory after evicting all evictable clients");
        atomic_store_explicit(&net->evict_after_ms, clock_source_us(net->exec->clock) / 1000 + NOBODY_LEFT_WAIT_MS,
                              memory_order_relaxed);
    }
    memory_free(list.all);
}

const char *net_apply_maxmemory_clients(void *context, const struct config_snapshot *now)
{
    struct net *net = context;
    atomic_store_explicit(&net->evict_after_ms, 0, memory_order_relaxed);
    clients_evict(net, now);
    return NULL;
}

/* Dooms those whose replies exceed their soft limit for however short a time. */
static void shed_over_soft(struct net *net, struct exec_worker *worker)
{
    int64_t now_ms = clock_source_us(net->exec->clock) / 1000;
    int64_t after_ms = atomic_load_explicit(&net->shed_after_ms, memory_order_relaxed);
    if (now_ms < after_ms ||
        !atomic_compare_exchange_strong_explicit(&net->shed_after_ms, &after_ms, now_ms + SHED_WAIT_MS,
                                                 memory_order_relaxed, memory_order_relaxed)) {
        return;
    }
    const struct output_limit *limit = &net_options(net, worker->config)->output_limits.classes[CLIENT_NORMAL];
    struct candidates list;
    collect(&list, net);
    size_t all = list.count;
    list.count = 0;
    for (size_t i = 0; limit->soft_bytes > 0 && i < all; i++) {
        if (list.all[i].output_bytes >= (size_t)limit->soft_bytes) {
            list.all[list.count++] = list.all[i];
        }
    }
    const struct farewell farewell = {LOG_LEVEL_WARNING, "Client ", " closed for overcoming of output buffer limits."};
    size_t shed = doom_all(net, &list, &farewell);
    statistics_add(&worker->statistics, STATISTIC_OUTPUT_BUFFER_DISCONNECTIONS, shed);
    memory_free(list.all);
}

size_t net_shed_clients(void *context, struct exec_worker *worker)
{
    struct net *net = context;
    if (UNLIKELY(atomic_load_explicit(&net->over_soft, memory_order_relaxed) != 0)) {
        shed_over_soft(net, worker);
    }
    if (UNLIKELY(net_options(net, worker->config)->maxmemory_clients != 0)) {
        clients_evict(net, worker->config);
    }
    return atomic_load_explicit(&net->leaving_bytes, memory_order_relaxed);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Walking the connections of all workers: copies for CLIENT LIST, dooming for CLIENT KILL.
 * Owner: each worker its slots. Locks: registry (a slice at a time), under it the names of one session. */
#include "sherd/net/registry.h"

#include <stdlib.h>

#include "internal.h"
#include "sherd/exec/blocking.h"

enum {
    SLICE_VIEWS = 64,   /* connections copied in one hold of the lock */
    SLICE_SLOTS = 4096, /* slots compared in one hold */
    SLICE_DOOMED = 64,  /* connections doomed in one hold */
    SLOTS_AT_FIRST = 64,
};

/* Room for one more; the old array is freed by the caller, after the lock. Only the worker changes cap and slots. */
static struct registry_slot *slots_grown(const struct net_worker *worker)
{
    if (worker->slot_count < worker->slot_cap) {
        return NULL;
    }
    size_t cap = worker->slot_cap == 0 ? SLOTS_AT_FIRST : (size_t)worker->slot_cap * 2;
    struct registry_slot *grown = memory_alloc(cap * sizeof(*grown));
    if (worker->slot_count != 0) {
        memcpy(grown, worker->slots, worker->slot_count * sizeof(*grown));
    }
    return grown;
}

void registry_join(struct conn *conn)
{
    struct net_worker *worker = conn->worker;
    struct registry_slot *grown = slots_grown(worker);
    struct registry_slot *old = NULL;
    spin_acquire(&worker->registry);
    if (grown != NULL) {
        old = worker->slots;
        worker->slots = grown;
        worker->slot_cap = worker->slot_cap == 0 ? SLOTS_AT_FIRST : worker->slot_cap * 2;
    }
    conn->registry_index = worker->slot_count++;
    worker->slots[conn->registry_index] = (struct registry_slot){.id = conn->session.id, .conn = conn};
    spin_release(&worker->registry);
    memory_free(old);
    atomic_fetch_add_explicit(&worker->connections, 1, memory_order_relaxed);
}

void registry_leave(struct conn *conn)
{
    struct net_worker *worker = conn->worker;
    spin_acquire(&worker->registry);
    struct registry_slot last = worker->slots[--worker->slot_count];
    worker->slots[conn->registry_index] = last;
    last.conn->registry_index = conn->registry_index;
    spin_release(&worker->registry);
    atomic_fetch_sub_explicit(&worker->connections, 1, memory_order_relaxed);
}

void client_view_fill(struct client_view *view, struct conn *conn)
{
    struct session *session = &conn->session;
    *view = (struct client_view){
        .id = session->id,
        .fd = conn->fd,
        .resp = atomic_load_explicit(&session->shown_resp, memory_order_relaxed),
        .flags = atomic_load_explicit(&session->shown_flags, memory_order_relaxed),
        .db = atomic_load_explicit(&session->shown_db, memory_order_relaxed),
        .created_ms = session->created_ms,
        .active_ms = atomic_load_explicit(&session->active_ms, memory_order_relaxed),
        .last_command = atomic_load_explicit(&session->last_command, memory_order_relaxed),
        .input_bytes = atomic_load_explicit(&conn->shown_input, memory_order_relaxed),
        .input_free_bytes = atomic_load_explicit(&conn->shown_input_free, memory_order_relaxed),
        .output_bytes = atomic_load_explicit(&conn->shown_output, memory_order_relaxed),
        .output_copied_bytes = atomic_load_explicit(&conn->shown_copied, memory_order_relaxed),
        .output_inserts = atomic_load_explicit(&conn->shown_inserts, memory_order_relaxed),
        .output_room_bytes = atomic_load_explicit(&conn->shown_room, memory_order_relaxed),
        .output_peak_bytes = atomic_load_explicit(&conn->shown_peak, memory_order_relaxed),
        .queued_bytes = atomic_load_explicit(&conn->shown_queued_bytes, memory_order_relaxed),
        .queued = atomic_load_explicit(&session->shown_queued, memory_order_relaxed),
        .is_blocked = session_waits(session),
        .touched = atomic_load_explicit(&session->touched, memory_order_relaxed),
        .tracking = atomic_load_explicit(&session->shown_tracking, memory_order_relaxed),
        .redirect = atomic_load_explicit(&session->shown_redirect, memory_order_relaxed),
        .counted_bytes = atomic_load_explicit(&conn->counted_bytes, memory_order_relaxed),
        .peer = conn->peer,
        .local = conn->local,
    };
    for (int kind = 0; kind < SUBSCRIPTION_KIND_COUNT; kind++) {
        view->subscriptions[kind] = session_subscriptions_of(session, (enum subscription_kind)kind);
    }
    view->is_unix = view->local.ss_family == AF_UNIX;
    view->is_writing = view->output_bytes != 0;
    for (int i = 0; i < SESSION_TEXT_COUNT; i++) {
        view->texts[i] = session_text_reference(session, (enum session_text)i);
    }
}

/* With what is being executed, unless that is elsewhere: the input is its worker's. */
static void view_add_input(struct client_view *view, const struct conn *self)
{
    if ((self->session.flags & SESSION_AWAY) == 0) {
        view->input_bytes = self->input.len - self->used;
        view->input_free_bytes = self->input.cap - view->input_bytes;
    }
}

void client_view_of(struct client_view *view, struct conn *self)
{
    client_view_fill(view, self);
    view_add_input(view, self);
}

void client_view_deinit(struct client_view *view)
{
    for (int i = 0; i < SESSION_TEXT_COUNT; i++) {
        if (view->texts[i] != NULL) {
            blob_release(view->texts[i]);
        }
    }
}

void client_list_deinit(struct client_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        client_view_deinit(&list->clients[i]);
    }
    memory_free(list->clients);
}

static void list_reserve(struct client_list *list, size_t more)
{
    if (list->cap - list->count < more) {
        list->cap = (list->count + more) * 2;
        list->clients = memory_resize(list->clients, list->cap * sizeof(list->clients[0]));
    }
}

static void collect_worker(struct client_list *list, struct net_worker *worker, const struct conn *self)
{
    uint32_t next = UINT32_MAX;
    while (next != 0) {
        list_reserve(list, SLICE_VIEWS);
        spin_acquire(&worker->registry);
        next = next < worker->slot_count ? next : worker->slot_count;
        for (size_t i = 0; i < SLICE_VIEWS && next > 0; i++) {
            struct conn *conn = worker->slots[--next].conn;
            if (atomic_load_explicit(&conn->session.doomed, memory_order_relaxed)) {
                continue;
            }
            struct client_view *view = &list->clients[list->count++];
            client_view_fill(view, conn);
            if (conn == self) {
                view_add_input(view, self);
            }
        }
        spin_release(&worker->registry);
    }
}

static int compare_views(const void *a, const void *b)
{
    uint64_t left = ((const struct client_view *)a)->id;
    uint64_t right = ((const struct client_view *)b)->id;
    return left < right ? -1 : left > right;
}

void client_list_collect(struct client_list *list, struct net *net, const struct conn *self)
{
    *list = (struct client_list){0};
    for (unsigned i = 0; i < net->worker_count; i++) {
        collect_worker(list, net->workers[i], self);
    }
    if (list->count == 0) {
        return;
    }
    qsort(list->clients, list->count, sizeof(list->clients[0]), compare_views);
    size_t kept = 0;
    for (size_t i = 1; i < list->count; i++) {
        if (list->clients[i].id == list->clients[kept].id) {
            client_view_deinit(&list->clients[i]);
        } else {
            list->clients[++kept] = list->clients[i];
        }
    }
    list->count = kept + 1;
}

const struct client_view *client_list_find(const struct client_list *list, uint64_t id)
{
    struct client_view key = {.id = id};
    return list->count == 0 ? NULL : bsearch(&key, list->clients, list->count, sizeof(list->clients[0]), compare_views);
}

static int compare_ids(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

/* One slice from slot `*next` downwards. */
static size_t doom_slice(struct net_worker *worker, const uint64_t *ids, size_t count, uint32_t *next)
{
    size_t doomed = 0;
    spin_acquire(&worker->registry);
    uint32_t at = *next < worker->slot_count ? *next : worker->slot_count;
    for (size_t looked = 0; looked < SLICE_SLOTS && doomed < SLICE_DOOMED && at > 0; looked++) {
        const struct registry_slot *slot = &worker->slots[--at];
        if (bsearch(&slot->id, ids, count, sizeof(ids[0]), compare_ids) != NULL &&
            !atomic_exchange_explicit(&slot->conn->session.doomed, true, memory_order_acq_rel)) {
            doomed++;
            conn_wake(slot->conn); /* under the lock, since it cannot be freed before it left the registry */
        }
    }
    *next = at;
    spin_release(&worker->registry);
    return doomed;
}

bool registry_unblock(struct net *net, uint64_t id, bool with_error)
{
    bool found = false;
    for (unsigned i = 0; i < net->worker_count && !found; i++) {
        struct net_worker *worker = net->workers[i];
        spin_acquire(&worker->registry);
        for (uint32_t at = 0; at < worker->slot_count; at++) {
            if (worker->slots[at].id == id) {
                found = session_unblock(&worker->slots[at].conn->session, with_error);
                break;
            }
        }
        spin_release(&worker->registry);
    }
    return found;
}

bool net_find_worker(void *context, uint64_t id, uint32_t *worker)
{
    const struct net *net = context;
    bool found = false;
    for (unsigned i = 0; i < net->worker_count && !found; i++) {
        struct net_worker *each = net->workers[i];
        spin_acquire(&each->registry);
        for (uint32_t at = 0; at < each->slot_count && !found; at++) {
            found = each->slots[at].id == id;
        }
        spin_release(&each->registry);
        *worker = each->exec.index;
    }
    return found;
}

struct session *net_find_session(void *context, struct exec_worker *worker, uint64_t id)
{
    (void)context;
    struct net_worker *own = CONTAINER_OF(worker, struct net_worker, exec);
    uint32_t at = own->found_slot; /* one that is asked for often stays where it was */
    if (at >= own->slot_count || own->slots[at].id != id) {
        for (at = 0; at < own->slot_count && own->slots[at].id != id; at++) {
        }
    }
    own->found_slot = at;
    return at < own->slot_count ? &own->slots[at].conn->session : NULL;
}

size_t registry_doom(struct net *net, const uint64_t *ids, size_t count)
{
    size_t doomed = 0;
    for (unsigned i = 0; i < net->worker_count && count != 0; i++) {
        uint32_t next = UINT32_MAX;
        while (next != 0) {
            doomed += doom_slice(net->workers[i], ids, count, &next);
        }
    }
    return doomed;
}

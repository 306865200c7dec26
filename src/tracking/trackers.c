/* SPDX-License-Identifier: BSD-3-Clause */
/* The sessions that track: beginning, changing, ending.
 * Owner: the session. Locks: tracking, then the hub of the session's worker. */
#include "internal.h"

static const uint64_t id_mixer = 0x9E3779B97F4A7C15u;

static uint64_t id_hash(uint64_t id)
{
    return id * id_mixer;
}

static uint64_t tracker_hash(const void *context, const void *item)
{
    (void)context;
    return id_hash(((const struct tracker *)item)->session->id);
}

/* Nobody reads the table without the hub's lock. */
static void retire_at_once(void *context, void *memory)
{
    (void)context;
    memory_free(memory);
}

static const struct table_env env = {.hash = tracker_hash, .retire = retire_at_once};

static bool has_id(const void *item, const void *wanted)
{
    return ((const struct tracker *)item)->session->id == *(const uint64_t *)wanted;
}

struct tracker *tracker_find(const struct tracking_hub *hub, uint64_t id)
{
    struct table_slot slot = table_find(&hub->trackers, id_hash(id), has_id, &id);
    return slot.word == NULL ? NULL : table_slot_item(slot);
}

void trackers_visit(struct tracking_hub *hub, void (*visit)(void *context, void *tracker), void *context)
{
    for (uint64_t position = 0; position != TABLE_SCAN_END && table_used(&hub->trackers) != 0;) {
        position = table_scan(&hub->trackers, &env, position, visit, context);
    }
}

void trackers_deinit(struct tracking *tracking)
{
    for (uint32_t i = 0; i < EXEC_WORKERS_MAX; i++) {
        table_deinit(&tracking->hubs[i].trackers, &env);
        prefix_set_deinit(&tracking->hubs[i].prefixes);
    }
    prefix_set_deinit(&tracking->prefixes);
}

static void tracker_end(struct session_part *part, struct session *session);

struct tracker *tracker_of(const struct session *session)
{
    struct session_part *part = session_part_find(session, tracker_end);
    return part == NULL ? NULL : CONTAINER_OF(part, struct tracker, part);
}

void tracker_keeps(struct tracker *tracker, size_t bytes)
{
    tracker->kept_bytes += bytes;
    session_keeps(tracker->session, bytes);
}

/* Takes the tracker off its hub; its prefixes and itself go now or soon. */
static void tracker_leave(struct tracker *tracker)
{
    struct session *session = tracker->session;
    struct tracking_hub *hub = tracker->hub;
    struct tracking *tracking = hub->tracking;
    spin_acquire(&tracking->lock);
    spin_acquire(&hub->lock);
    struct table_slot slot = table_find(&hub->trackers, id_hash(session->id), has_id, &session->id);
    (void)table_remove(&hub->trackers, &env, id_hash(session->id), slot);
    tracker->session = NULL;
    atomic_fetch_sub_explicit(&hub->clients, 1, memory_order_relaxed);
    if ((tracker->mode & TRACKING_BCAST) != 0) {
        atomic_fetch_sub_explicit(&hub->broadcast_clients, 1, memory_order_relaxed);
    }
    atomic_fetch_sub_explicit(&tracking->client_count, 1, memory_order_relaxed);
    spin_release(&hub->lock);
    spin_release(&tracking->lock);
    session_keeps_no_more(session, tracker->kept_bytes);
    session_change(session, SESSION_TRACKING, 0);
    atomic_store_explicit(&session->shown_tracking, 0, memory_order_relaxed);
    atomic_store_explicit(&session->shown_redirect, 0, memory_order_relaxed);
    prefixes_leave(tracker);
}

static void tracker_end(struct session_part *part, struct session *session)
{
    (void)session;
    tracker_leave(CONTAINER_OF(part, struct tracker, part));
}

void tracking_disable(struct session *session)
{
    struct tracker *tracker = tracker_of(session);
    if (tracker != NULL) {
        session_part_remove(session, &tracker->part);
        tracker_leave(tracker);
    }
}

static struct tracker *tracker_create(struct tracking *tracking, struct session *session)
{
    struct tracker *tracker = memory_alloc_zeroed(sizeof(*tracker));
    tracker->hub = &tracking->hubs[session->worker->index];
    tracker->session = session;
    ordered_init(&tracker->prefixes);
    tracker_keeps(tracker, sizeof(*tracker));
    session_part_add(session, &tracker->part, tracker_end);
    return tracker;
}

/* Under tracking's lock and the hub's. */
static void tracker_join(struct tracking *tracking, struct tracker *tracker, uint32_t mode)
{
    struct tracking_hub *hub = tracker->hub;
    (void)table_insert(&hub->trackers, &env, id_hash(tracker->session->id), tracker);
    atomic_fetch_add_explicit(&hub->clients, 1, memory_order_relaxed);
    if ((mode & TRACKING_BCAST) != 0) {
        atomic_fetch_add_explicit(&hub->broadcast_clients, 1, memory_order_relaxed);
    }
    atomic_fetch_add_explicit(&tracking->client_count, 1, memory_order_relaxed);
    if (!tracking->listens) {
        tracking->listens = true;
        exec_listen(tracking->exec, tracking->listener, true);
    }
}

/* It is the first one then. */
static bool has_empty_prefix(const struct tracker *tracker)
{
    return tracker->prefixes.count != 0 && ordered_entry(ordered_at(&tracker->prefixes, 0))->member->len == 0;
}

void tracking_enable(struct tracking *tracking, struct session *session, const struct tracking_request *request)
{
    struct tracker *tracker = tracker_of(session);
    bool is_new = tracker == NULL;
    if (is_new) {
        tracker = tracker_create(tracking, session);
    }
    spin_acquire(&tracking->lock);
    spin_acquire(&tracker->hub->lock);
    tracker->mode = request->mode;
    tracker->redirect = request->redirect;
    tracker->redirect_worker = request->redirect_worker;
    if (is_new) {
        tracker_join(tracking, tracker, request->mode);
    }
    spin_release(&tracker->hub->lock);
    spin_release(&tracking->lock);
    prefixes_join(tracker, request->prefixes, request->prefix_count);
    if ((request->mode & TRACKING_BCAST) != 0 && request->prefix_count == 0 && !has_empty_prefix(tracker)) {
        prefixes_join(tracker, &(struct given_prefix){.text = SLICE_LITERAL("")}, 1);
    }
    session_change(session, 0, SESSION_TRACKING);
    uint32_t shown = SESSION_SHOWS_TRACKING | ((request->mode & TRACKING_BCAST) != 0 ? SESSION_SHOWS_BROADCAST : 0U);
    atomic_store_explicit(&session->shown_tracking, shown, memory_order_relaxed);
    atomic_store_explicit(&session->shown_redirect, request->redirect, memory_order_relaxed);
}

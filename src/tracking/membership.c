/* SPDX-License-Identifier: BSD-3-Clause */
/* Which tracker has which prefixes. A client may have very many: they are joined and left some at a time, the locks
 * being free in between and held for linking only; and those of a client that is gone are left by its worker between
 * turns.
 * Owner: the tracker's session, then its hub's worker. Locks: tracking and the hub, never both. */
#include "internal.h"

enum {
    AT_ONCE = 64,          /* prefixes joined or left under a lock */
    LEFT_IN_A_TURN = 1024, /* a fraction of a millisecond */
};

/* What a prefix takes of its client's memory; the sets count although others may have it, too. */
static size_t prefix_bytes(struct slice text)
{
    return sizeof(struct ordered_entry) + sizeof(struct ordered_member) + 2 * sizeof(struct prefix) + 3 * text.len;
}

static void keep_text(struct tracker *tracker, struct slice text)
{
    struct ordered_member *member = memory_alloc(sizeof(*member) + text.len);
    member->score = 0;
    member->len = (uint32_t)text.len;
    memcpy(member->bytes, text.data, text.len);
    ordered_insert(&tracker->prefixes, member);
    tracker_keeps(tracker, prefix_bytes(text));
}

/* Under tracking's lock. */
static void count_changed(struct tracking *tracking)
{
    atomic_store_explicit(&tracking->prefix_count, prefix_set_count(&tracking->prefixes), memory_order_release);
}

static void destroy_all(struct prefix *const *prefixes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        prefix_destroy(prefixes[i]);
    }
}

/* Joins at most AT_ONCE. */
static void join_some(struct tracker *tracker, const struct given_prefix *given, uint32_t count)
{
    struct tracking_hub *hub = tracker->hub;
    struct tracking *tracking = hub->tracking;
    struct prefix *of_all[AT_ONCE];
    struct prefix *of_hub[AT_ONCE];
    for (uint32_t i = 0; i < count; i++) {
        uint64_t hash = prefix_hash(&tracking->prefixes, given[i].text);
        of_all[i] = prefix_create(given[i].text, hash);
        of_hub[i] = prefix_create(given[i].text, hash);
        keep_text(tracker, given[i].text);
    }
    spin_acquire(&hub->lock);
    for (uint32_t i = 0; i < count; i++) {
        of_hub[i] = prefix_set_join(&hub->prefixes, of_hub[i], tracker);
    }
    spin_release(&hub->lock);
    spin_acquire(&tracking->lock);
    for (uint32_t i = 0; i < count; i++) {
        of_all[i] = prefix_set_join(&tracking->prefixes, of_all[i], tracker);
    }
    count_changed(tracking);
    spin_release(&tracking->lock);
    destroy_all(of_hub, count);
    destroy_all(of_all, count);
}

void prefixes_join(struct tracker *tracker, const struct given_prefix *given, uint32_t count)
{
    for (uint32_t i = 0; i < count; i += AT_ONCE) {
        join_some(tracker, &given[i], count - i < AT_ONCE ? count - i : AT_ONCE);
    }
}

/* Leaves at most AT_ONCE. */
static void leave_some(struct tracker *tracker)
{
    struct tracking_hub *hub = tracker->hub;
    struct tracking *tracking = hub->tracking;
    struct ordered_member *members[AT_ONCE];
    uint64_t hashes[AT_ONCE];
    struct prefix *of_all[AT_ONCE];
    struct prefix *of_hub[AT_ONCE];
    uint32_t count = 0;
    for (; count < AT_ONCE && tracker->next_left.leaf != NULL; ordered_next(&tracker->next_left)) {
        members[count] = ordered_entry(tracker->next_left)->member;
        hashes[count] = prefix_hash(&tracking->prefixes, ordered_bytes_of(members[count]));
        count++;
    }
    spin_acquire(&tracking->lock);
    for (uint32_t i = 0; i < count; i++) {
        of_all[i] = prefix_set_leave(&tracking->prefixes, ordered_bytes_of(members[i]), hashes[i], tracker);
    }
    count_changed(tracking);
    spin_release(&tracking->lock);
    spin_acquire(&hub->lock);
    for (uint32_t i = 0; i < count; i++) {
        of_hub[i] = prefix_set_leave(&hub->prefixes, ordered_bytes_of(members[i]), hashes[i], tracker);
    }
    spin_release(&hub->lock);
    destroy_all(of_hub, count);
    destroy_all(of_all, count);
    for (uint32_t i = 0; i < count; i++) {
        memory_free(members[i]);
    }
}

static void deliver(struct mail *mail, void *receiver)
{
    (void)receiver;
    struct tracker *tracker = CONTAINER_OF(mail, struct tracker, mail);
    const struct exec *exec = tracker->hub->tracking->exec;
    bool at_once = atomic_load_explicit(&exec->stopping, memory_order_relaxed); /* no turn comes after this one */
    for (uint32_t left = 0; tracker->next_left.leaf != NULL && (at_once || left < LEFT_IN_A_TURN); left += AT_ONCE) {
        leave_some(tracker);
    }
    if (tracker->next_left.leaf == NULL) {
        ordered_deinit(&tracker->prefixes);
        memory_free(tracker);
    } else {
        mailbox_send(worker_box(exec, (uint32_t)(tracker->hub - tracker->hub->tracking->hubs)), &tracker->mail);
    }
}

void prefixes_leave(struct tracker *tracker)
{
    tracker->mail = (struct mail){.deliver = deliver};
    tracker->next_left = ordered_at(&tracker->prefixes, 0);
    deliver(&tracker->mail, NULL);
}

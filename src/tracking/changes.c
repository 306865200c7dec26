/* SPDX-License-Identifier: BSD-3-Clause */
/* Broadcasting: a thread notes the keys that its calls change, and at the end of a batch sends those that anybody wants
 * to the workers of clients that broadcast: so what one batch or one transaction changed makes one message for each
 * prefix. There a key stands once, and counts as changed by who changed it last.
 *
 * This is later than the writes, but still before their replies are written; a push that comes later than it could
 * never leaves anybody with a stale value.
 * Owner: a thread its unsent changes, then the workers together. Locks: tracking; the hub of the worker. */
#include "internal.h"

#include <stdlib.h>

#include "sherd/exec/broadcast.h"

enum {
    UNSENT_MAX_BYTES = 256 * 1024, /* more are sent at once: a long transaction does not pile them up */
    LOOKUPS_AT_ONCE = 1024,        /* about so many prefixes are looked up before others get the lock */
};

/* Stands before the key's bytes. */
struct change_head {
    uint64_t author;
    size_t len;
};

struct change {
    uint64_t author;
    uint32_t number; /* the later the higher */
    struct slice key;
};

struct changes {
    struct broadcast broadcast;
    struct tracking *tracking; /* (c) */
    struct buffer keys;        /* (m) struct change_head and key, one after the other */
};

/* The next change behind *at; false at the end. */
static bool next_change(const struct changes *changes, size_t *at, struct change *change)
{
    struct change_head head;
    if (*at == changes->keys.len) {
        return false;
    }
    memcpy(&head, changes->keys.data + *at, sizeof(head));
    change->author = head.author;
    change->number++;
    change->key = slice_make(changes->keys.data + *at + sizeof(head), head.len);
    *at += sizeof(head) + head.len;
    return true;
}

static void deliver(struct broadcast *broadcast, uint32_t worker);

static void end(struct broadcast *broadcast)
{
    buffer_deinit(&CONTAINER_OF(broadcast, struct changes, broadcast)->keys);
}

static const struct broadcast_kind kind = {.deliver = deliver, .end = end};

void changes_note(struct tracking *tracking, struct exec_worker *worker, struct slice key, uint64_t author)
{
    struct tracking_hub *hub = &tracking->hubs[worker->index];
    if (hub->unsent == NULL) {
        hub->unsent = broadcast_create(tracking->exec, sizeof(*hub->unsent), &kind);
        hub->unsent->tracking = tracking;
        buffer_init(&hub->unsent->keys);
    }
    struct buffer *keys = &hub->unsent->keys;
    struct change_head head = {.author = author, .len = key.len};
    buffer_append(keys, &head, sizeof(head));
    buffer_append_slice(keys, key);
    worker->gathers = true;
    if (keys->len > UNSENT_MAX_BYTES) {
        changes_send(tracking, worker);
    }
}

/* Leaves only the changes of keys that somebody wants to hear of. */
static void keep_wanted(struct tracking *tracking, struct changes *changes)
{
    struct buffer wanted;
    struct change change = {0};
    buffer_init(&wanted);
    spin_acquire(&tracking->lock);
    size_t at = 0;
    uint32_t lookups = 0;
    for (size_t begin = 0; next_change(changes, &at, &change); begin = at) {
        lookups += 1 + tracking->prefixes.length_count;
        if (lookups > LOOKUPS_AT_ONCE) {
            lookups = 0;
            spin_release(&tracking->lock);
            spin_acquire(&tracking->lock);
        }
        if (prefix_set_match(&tracking->prefixes, change.key, NULL, NULL) != 0) {
            buffer_append(&wanted, changes->keys.data + begin, at - begin);
        }
    }
    spin_release(&tracking->lock);
    buffer_deinit(&changes->keys);
    changes->keys = wanted;
}

/* For one prefix. */
static int compare(const void *one, const void *other)
{
    const struct change *left = one;
    const struct change *right = other;
    int order = slice_compare(left->key, right->key);
    return order != 0 ? order : (left->number > right->number) - (left->number < right->number);
}

/* Sorts by key and keeps the last change of each; returns how many are left. */
static size_t keep_last(struct change *changes, size_t count)
{
    qsort(changes, count, sizeof(changes[0]), compare);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (i + 1 == count || !slice_equals(changes[i].key, changes[i + 1].key)) {
            changes[kept++] = changes[i];
        }
    }
    return kept;
}

/* The keys as an array, but for those of `except` (0: nobody); NULL when there is none. */
static struct blob *keys_body(const struct change *changes, size_t count, uint64_t except)
{
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        left += except == 0 || changes[i].author != except;
    }
    if (left == 0) {
        return NULL;
    }
    struct buffer body;
    buffer_init(&body);
    buffer_printf(&body, "*%zu\r\n", left);
    for (size_t i = 0; i < count; i++) {
        if (except == 0 || changes[i].author != except) {
            buffer_printf(&body, "$%zu\r\n", changes[i].key.len);
            buffer_append_slice(&body, changes[i].key);
            buffer_append(&body, "\r\n", 2);
        }
    }
    struct blob *blob = blob_from_slice(buffer_slice(&body));
    buffer_deinit(&body);
    return blob;
}

static void push_prefix(struct prefix *prefix)
{
    struct change *changes = (struct change *)(void *)prefix->pending.data;
    size_t count = keep_last(changes, prefix->pending.len / sizeof(struct change));
    struct blob *all = keys_body(changes, count, 0);
    for (uint32_t i = 0; i < prefix->tracker_count; i++) {
        const struct tracker *tracker = prefix->trackers[i];
        if (tracker->session == NULL) {
            continue;
        }
        struct blob *body = (tracker->mode & TRACKING_NOLOOP) != 0 ? keys_body(changes, count, tracker->session->id)
                                                                   : blob_reference(all);
        if (body != NULL) {
            push_invalidation(tracker, tracker->hub, body, &(struct author){0});
            blob_release(body);
        }
    }
    blob_release(all);
    buffer_deinit(&prefix->pending);
    buffer_init(&prefix->pending);
}

/* What a change is added to. */
struct delivery {
    struct change change;
    struct buffer prefixes; /* struct prefix *: those that have changes pending */
};

static void add_pending(void *context, struct prefix *prefix)
{
    struct delivery *delivery = context;
    if (prefix->pending.len == 0) {
        buffer_append(&delivery->prefixes, &prefix, sizeof(prefix));
    }
    buffer_append(&prefix->pending, &delivery->change, sizeof(delivery->change));
}

static int compare_prefixes(const void *one, const void *other)
{
    return slice_compare(prefix_text(*(struct prefix *const *)one), prefix_text(*(struct prefix *const *)other));
}

/* In ascending order, as in Redis. */
static void push_prefixes(struct buffer *prefixes)
{
    struct prefix **list = (struct prefix **)(void *)prefixes->data;
    size_t count = prefixes->len / sizeof(struct prefix *);
    if (count > 1) {
        qsort(list, count, sizeof(struct prefix *), compare_prefixes);
    }
    for (size_t i = 0; i < count; i++) {
        push_prefix(list[i]);
    }
}

static void deliver(struct broadcast *broadcast, uint32_t worker)
{
    const struct changes *changes = CONTAINER_OF(broadcast, struct changes, broadcast);
    struct tracking_hub *hub = &changes->tracking->hubs[worker];
    struct delivery delivery = {0};
    buffer_init(&delivery.prefixes);
    spin_acquire(&hub->lock);
    for (size_t at = 0; next_change(changes, &at, &delivery.change);) {
        (void)prefix_set_match(&hub->prefixes, delivery.change.key, add_pending, &delivery);
    }
    push_prefixes(&delivery.prefixes);
    spin_release(&hub->lock);
    buffer_deinit(&delivery.prefixes);
}

void changes_send(void *context, struct exec_worker *worker)
{
    struct tracking *tracking = context;
    struct tracking_hub *hub = &tracking->hubs[worker->index];
    struct changes *changes = hub->unsent;
    if (changes == NULL) {
        return;
    }
    hub->unsent = NULL;
    keep_wanted(tracking, changes);
    for (uint32_t i = 0; changes->keys.len != 0 && i < changes->broadcast.worker_count; i++) {
        if (atomic_load_explicit(&tracking->hubs[i].broadcast_clients, memory_order_relaxed) != 0) {
            broadcast_address(&changes->broadcast, i);
        }
    }
    if (changes->broadcast.addressed == 0) {
        broadcast_destroy(&changes->broadcast);
    } else {
        broadcast_send(&changes->broadcast);
    }
}

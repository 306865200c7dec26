/* SPDX-License-Identifier: BSD-3-Clause */
/* Who listens to what: subscribing, unsubscribing, the end of a session.
 * Owner: the pubsub room. Locks: the stripe of the channel (or that of the patterns), then the hub of the worker. */
#include "internal.h"

static const uint64_t session_mixer = 0x9E3779B97F4A7C15u;

void pubsub_init(struct pubsub *pubsub, struct exec *exec)
{
    memset((void *)pubsub, 0, sizeof(*pubsub));
    pubsub->exec = exec;
    hash_key_randomize(&pubsub->key);
    for (uint32_t i = 0; i < PUBSUB_STRIPES; i++) {
        spin_init(&pubsub->stripes[i].lock, LOCK_RANK_CHANNEL, i);
    }
    spin_init(&pubsub->patterns.lock, LOCK_RANK_PATTERN, 0);
    for (uint32_t i = 0; i < EXEC_WORKERS_MAX; i++) {
        spin_init(&pubsub->hubs[i].lock, LOCK_RANK_HUB, i);
    }
    notify_init(&pubsub->notify, pubsub);
}

void pubsub_deinit(struct pubsub *pubsub)
{
    for (uint32_t i = 0; i < PUBSUB_STRIPES; i++) {
        ASSERT(pubsub->stripes[i].channels.count == 0);
    }
    ASSERT(pubsub->patterns.channels.count == 0);
}

struct channel *channel_find(const struct stripe *stripe, uint64_t hash, enum subscription_kind kind, struct slice name)
{
    for (struct chain_node *node = chain_first(&stripe->channels, hash); node != NULL; node = node->next) {
        struct channel *channel = CONTAINER_OF(node, struct channel, node);
        if (node->hash == hash && channel->kind == kind && slice_equals(blob_slice(channel->name), name)) {
            return channel;
        }
    }
    return NULL;
}

static struct chain_table *audiences(struct hub *hub, enum subscription_kind kind)
{
    return kind == SUBSCRIPTION_PATTERN ? &hub->patterns : &hub->channels;
}

struct audience *audience_find(struct hub *hub, uint64_t hash, enum subscription_kind kind, struct slice name)
{
    for (struct chain_node *node = chain_first(audiences(hub, kind), hash); node != NULL; node = node->next) {
        struct audience *audience = CONTAINER_OF(node, struct audience, node);
        if (node->hash == hash && audience->kind == kind && slice_equals(blob_slice(audience->name), name)) {
            return audience;
        }
    }
    return NULL;
}

static uint64_t link_hash(const struct session *session, uint64_t hash)
{
    return hash ^ (session->id * session_mixer);
}

static struct subscription *link_find(const struct hub *hub, const struct session *session, enum subscription_kind kind,
                                      uint64_t hash, struct slice name)
{
    uint64_t wanted = link_hash(session, hash);
    for (struct chain_node *node = chain_first(&hub->links, wanted); node != NULL; node = node->next) {
        struct subscription *found = CONTAINER_OF(node, struct subscription, link);
        if (node->hash == wanted && found->session == session && found->audience->kind == kind &&
            slice_equals(blob_slice(found->audience->name), name)) {
            return found;
        }
    }
    return NULL;
}

/* A channel or pattern has its first subscriber, or (UINT32_MAX) none any more. Under the stripe. */
static void count_topic(struct pubsub *pubsub, struct stripe *stripe, const struct channel *channel, uint32_t change)
{
    atomic_fetch_add_explicit(&stripe->count, change, memory_order_relaxed);
    atomic_fetch_add_explicit(&pubsub->topics[channel->kind], change, memory_order_relaxed);
    if (channel->kind != SUBSCRIPTION_SHARD && notify_may_fit(blob_slice(channel->name))) {
        notify_count_topics(&pubsub->notify, change);
    }
}

/* The same of one worker. Under the hub. */
static void count_audience(struct hub *hub, const struct audience *audience, uint32_t change)
{
    if (audience->kind == SUBSCRIPTION_PATTERN && notify_may_fit(blob_slice(audience->name))) {
        atomic_fetch_add_explicit(&hub->event_patterns, change, memory_order_relaxed);
    }
}

/* What a subscription is to. */
struct topic {
    enum subscription_kind kind;
    uint64_t hash;
    struct slice name;
};

/* One more subscription of a worker's session; returns the channel's name. */
static struct blob *channel_join(struct pubsub *pubsub, struct stripe *stripe, const struct topic *topic,
                                 uint32_t worker)
{
    struct channel *channel = channel_find(stripe, topic->hash, topic->kind, topic->name);
    if (channel == NULL) {
        uint32_t workers = atomic_load_explicit(&pubsub->exec->worker_count, memory_order_acquire);
        channel = memory_alloc_zeroed(sizeof(*channel) + workers * sizeof(channel->per_worker[0]));
        channel->node.hash = topic->hash;
        channel->kind = topic->kind;
        channel->name = blob_from_slice(topic->name);
        chain_insert(&stripe->channels, &channel->node);
        count_topic(pubsub, stripe, channel, 1);
    }
    channel->total++;
    channel->per_worker[worker]++;
    return channel->name;
}

static void channel_leave(struct pubsub *pubsub, struct stripe *stripe, const struct audience *audience,
                          uint32_t worker)
{
    struct channel *channel = channel_find(stripe, audience->node.hash, audience->kind, blob_slice(audience->name));
    channel->per_worker[worker]--;
    if (--channel->total == 0) {
        chain_remove(&stripe->channels, &channel->node);
        count_topic(pubsub, stripe, channel, UINT32_MAX);
        blob_release(channel->name);
        memory_free(channel);
    }
}

static void audience_join(struct hub *hub, struct subscription *fresh, uint64_t hash, enum subscription_kind kind,
                          struct blob *name)
{
    struct audience *audience = audience_find(hub, hash, kind, blob_slice(name));
    if (audience == NULL) {
        audience = memory_alloc_zeroed(sizeof(*audience));
        audience->node.hash = hash;
        audience->kind = kind;
        audience->name = blob_reference(name);
        chain_insert(audiences(hub, kind), &audience->node);
        count_audience(hub, audience, 1);
    }
    fresh->audience = audience;
    fresh->previous = audience->last;
    *(audience->last == NULL ? &audience->first : &audience->last->next) = fresh;
    audience->last = fresh;
    chain_insert(&hub->links, &fresh->link);
}

static void audience_leave(struct hub *hub, struct subscription *old)
{
    struct audience *audience = old->audience;
    chain_remove(&hub->links, &old->link);
    *(old->previous == NULL ? &audience->first : &old->previous->next) = old->next;
    *(old->next == NULL ? &audience->last : &old->next->previous) = old->previous;
    if (audience->first == NULL) {
        chain_remove(audiences(hub, audience->kind), &audience->node);
        count_audience(hub, audience, UINT32_MAX);
        blob_release(audience->name);
        memory_free(audience);
    }
}

/* What a subscription takes of its client's memory; the name counts although it is shared. */
static size_t subscription_bytes(struct slice name)
{
    return sizeof(struct subscription) + name.len;
}

static void leave(struct pubsub *pubsub, struct subscription *old)
{
    uint32_t worker = old->session->worker->index;
    struct hub *hub = &pubsub->hubs[worker];
    struct stripe *stripe = pubsub_stripe(pubsub, old->audience->kind, old->audience->node.hash);
    session_keeps_no_more(old->session, subscription_bytes(blob_slice(old->audience->name)));
    spin_acquire(&stripe->lock);
    spin_acquire(&hub->lock);
    channel_leave(pubsub, stripe, old->audience, worker);
    audience_leave(hub, old);
    spin_release(&hub->lock);
    spin_release(&stripe->lock);
    memory_free(old);
}

/* The session goes, or is RESET. */
static void subscriber_end(struct session_part *part, struct session *session)
{
    struct subscriber *subscriber = CONTAINER_OF(part, struct subscriber, part);
    bool had_any = false;
    for (int kind = 0; kind < SUBSCRIPTION_KIND_COUNT; kind++) {
        struct subscription *next;
        for (struct subscription *old = subscriber->first[kind]; old != NULL; old = next) {
            next = old->next_of_session;
            leave(subscriber->pubsub, old);
            had_any = true;
        }
        atomic_store_explicit(&session->shown_subscriptions[kind], 0, memory_order_relaxed);
    }
    session_change(session, SESSION_SUBSCRIBED, 0);
    if (had_any) {
        atomic_fetch_sub_explicit(&subscriber->pubsub->clients, 1, memory_order_relaxed);
    }
    memory_free(subscriber);
}

static struct subscriber *subscriber_of(const struct session *session)
{
    struct session_part *part = session_part_find(session, subscriber_end);
    return part == NULL ? NULL : CONTAINER_OF(part, struct subscriber, part);
}

static void count_changed(struct pubsub *pubsub, struct session *session, enum subscription_kind kind, uint32_t change)
{
    bool had_any = session_subscriptions(session) != 0;
    atomic_fetch_add_explicit(&session->shown_subscriptions[kind], change, memory_order_relaxed);
    bool has_any = session_subscriptions(session) != 0;
    if (had_any != has_any) {
        atomic_fetch_add_explicit(&pubsub->clients, change, memory_order_relaxed);
        session_change(session, SESSION_SUBSCRIBED, has_any ? SESSION_SUBSCRIBED : 0);
        session_show(session);
    }
}

bool pubsub_subscribe(struct pubsub *pubsub, struct session *session, enum subscription_kind kind, struct slice name)
{
    uint64_t hash = pubsub_hash(pubsub, kind, name);
    struct stripe *stripe = pubsub_stripe(pubsub, kind, hash);
    struct hub *hub = &pubsub->hubs[session->worker->index];
    struct subscription *fresh = memory_alloc_zeroed(sizeof(*fresh));
    fresh->session = session;
    fresh->link.hash = link_hash(session, hash);
    spin_acquire(&stripe->lock);
    spin_acquire(&hub->lock);
    bool is_new = link_find(hub, session, kind, hash, name) == NULL;
    if (is_new) {
        fresh->since = atomic_load_explicit(&pubsub->sequence, memory_order_relaxed);
        struct topic topic = {kind, hash, name};
        struct blob *kept = channel_join(pubsub, stripe, &topic, session->worker->index);
        audience_join(hub, fresh, hash, kind, kept);
    }
    spin_release(&hub->lock);
    spin_release(&stripe->lock);
    if (!is_new) {
        memory_free(fresh);
        return false;
    }
    struct subscriber *subscriber = subscriber_of(session);
    if (subscriber == NULL) {
        subscriber = memory_alloc_zeroed(sizeof(*subscriber));
        subscriber->pubsub = pubsub;
        session_part_add(session, &subscriber->part, subscriber_end);
    }
    fresh->previous_of_session = subscriber->last[kind];
    *(subscriber->last[kind] == NULL ? &subscriber->first[kind] : &subscriber->last[kind]->next_of_session) = fresh;
    subscriber->last[kind] = fresh;
    session_keeps(session, subscription_bytes(name));
    count_changed(pubsub, session, kind, 1);
    return true;
}

bool pubsub_unsubscribe(struct pubsub *pubsub, struct session *session, enum subscription_kind kind, struct slice name)
{
    struct hub *hub = &pubsub->hubs[session->worker->index];
    uint64_t hash = pubsub_hash(pubsub, kind, name);
    spin_acquire(&hub->lock);
    struct subscription *old = link_find(hub, session, kind, hash, name);
    spin_release(&hub->lock);
    if (old == NULL) {
        return false;
    }
    struct subscriber *subscriber = subscriber_of(session);
    struct subscription *next = old->next_of_session;
    struct subscription *previous = old->previous_of_session;
    *(previous == NULL ? &subscriber->first[kind] : &previous->next_of_session) = next;
    *(next == NULL ? &subscriber->last[kind] : &next->previous_of_session) = previous;
    leave(pubsub, old);
    count_changed(pubsub, session, kind, UINT32_MAX);
    return true;
}

struct blob *pubsub_first(const struct session *session, enum subscription_kind kind)
{
    const struct subscriber *subscriber = subscriber_of(session);
    return subscriber == NULL || subscriber->first[kind] == NULL
               ? NULL
               : blob_reference(subscriber->first[kind]->audience->name);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Which clients may have which key in their caches: remembered when they read it, told and forgotten when it changes.
 * The clients of a key stand in one array for each worker, and that array is the mail by which its worker hears of the
 * change: telling is one mail to each worker, however many clients there are, and allocates nothing. A client that
 * redirects stands with the worker of whom it redirects to, so that who listens for several hears in the order of the
 * changes.
 *
 * There are at most tracking-table-max-keys keys: for one more another one of the same shard is told as if it had
 * changed. Where the limit was lowered, the cron does so.
 * Owner: a table is under its shard; a mail is its receiver's. Locks: tracking, when tables are dropped whole. */
#include "internal.h"
#include "sherd/base/random.h"
#include "sherd/keyspace/lockset.h"

enum {
    LIMIT_EFFORT = 100,       /* keys told in one tick, times the ticks in a row */
    FREED_IN_A_TICK = 10000,  /* keys of tables that were dropped */
    RENEWED_MIN_CLIENTS = 16, /* so many clients of one key may be gone without anybody caring */
    HOME_BITS = 8,
};

_Static_assert(EXEC_WORKERS_MAX <= 1 << HOME_BITS, "a client's worker stands beside its id");

/* A key that was read. */
struct tracked {
    struct audience *audiences;  /* (s) */
    uint64_t hash;               /* (c) */
    _Atomic uint32_t references; /* (a) the table, and mails that are under way */
    size_t len;                  /* (c) */
    char key[];                  /* (c) */
};

/* Clients that read it and hear of it on one worker: each as its id and, in the low bits, its own worker's index. */
struct audience {
    struct mail mail;
    struct tracking_hub *hub; /* (c) */
    struct tracked *tracked;  /* (c) */
    struct audience *next;    /* (s) of the key */
    struct author author;     /* (m) */
    uint32_t count;           /* (s), then (m) */
    uint32_t cap;             /* (s) */
    uint64_t clients[];       /* (s), then (m); ascending */
};

/* Tables that were taken out of all shards together. */
struct dropped_tables {
    struct dropped_tables *next;
    uint32_t freed; /* so many, the first */
    struct table tables[KEYSPACE_SHARDS];
};

static uint64_t tracked_hash(const void *context, const void *item)
{
    (void)context;
    return ((const struct tracked *)item)->hash;
}

/* Nobody reads the table without its shard. */
static void retire_at_once(void *context, void *memory)
{
    (void)context;
    memory_free(memory);
}

static const struct table_env env = {.hash = tracked_hash, .retire = retire_at_once};

static bool has_key(const void *item, const void *wanted)
{
    const struct tracked *tracked = item;
    return slice_equals(slice_make(tracked->key, tracked->len), *(const struct slice *)wanted);
}

static void tracked_release(struct tracked *tracked)
{
    if (atomic_fetch_sub_explicit(&tracked->references, 1, memory_order_acq_rel) == 1) {
        memory_free(tracked);
    }
}

static void deliver(struct mail *mail, void *receiver);

/* Into the mailbox of its worker. */
static void audience_mail(struct audience *audience)
{
    struct tracking *tracking = audience->hub->tracking;
    atomic_fetch_add_explicit(&audience->tracked->references, 1, memory_order_relaxed);
    audience->mail = (struct mail){.deliver = deliver};
    mailbox_send(worker_box(tracking->exec, (uint32_t)(audience->hub - tracking->hubs)), &audience->mail);
}

/* One of the clients hears of it on another worker by now. */
static void audience_forward(const struct audience *audience, uint64_t client, struct tracking_hub *to)
{
    struct audience *one = memory_alloc(sizeof(*one) + sizeof(client));
    *one = (struct audience){.hub = to, .tracked = audience->tracked, .author = audience->author, .count = 1, .cap = 1};
    one->clients[0] = client;
    audience_mail(one);
}

/* Tells one client, if it still tracks. */
static void tell(const struct audience *audience, uint64_t client, struct blob *keys)
{
    struct tracking *tracking = audience->hub->tracking;
    struct tracking_hub *home = &tracking->hubs[client & ((1U << HOME_BITS) - 1)];
    struct tracking_hub *route = audience->hub;
    uint64_t id = client >> HOME_BITS;
    spin_acquire(&home->lock);
    const struct tracker *tracker = tracker_find(home, id);
    if (tracker != NULL && (tracker->mode & TRACKING_BCAST) == 0 &&
        !(id == audience->author.id && (tracker->mode & TRACKING_NOLOOP) != 0)) {
        route = tracker_route(tracker);
        if (route == audience->hub) {
            push_invalidation(tracker, audience->hub, keys, &audience->author);
        }
    }
    spin_release(&home->lock);
    if (route != audience->hub) {
        audience_forward(audience, client, route);
    }
}

static void deliver(struct mail *mail, void *receiver)
{
    (void)receiver;
    struct audience *audience = CONTAINER_OF(mail, struct audience, mail);
    struct tracked *tracked = audience->tracked;
    struct buffer keys;
    buffer_init(&keys);
    buffer_printf(&keys, "*1\r\n$%zu\r\n", tracked->len);
    buffer_append(&keys, tracked->key, tracked->len);
    buffer_append(&keys, "\r\n", 2);
    struct blob *body = blob_from_slice(buffer_slice(&keys));
    buffer_deinit(&keys);
    for (uint32_t i = 0; i < audience->count; i++) {
        tell(audience, audience->clients[i], body);
    }
    blob_release(body);
    tracked_release(tracked);
    memory_free(audience);
}

static struct tracked_shard *shard_of(const struct tracking *tracking, uint64_t hash)
{
    return &tracking->shards[keyspace_shard_of(hash)];
}

static void count_items(struct tracking *tracking, const struct tracked *tracked, int64_t change) REQUIRES(shard_held)
{
    shard_of(tracking, tracked->hash)->items += (uint64_t)change;
    atomic_fetch_add_explicit(&tracking->items, (uint64_t)change, memory_order_relaxed);
}

/* The audience, which no key leads to any more. */
static void audience_send(struct tracking *tracking, struct audience *audience, struct author author)
    REQUIRES(shard_held)
{
    count_items(tracking, audience->tracked, -(int64_t)audience->count);
    audience->author = author;
    audience_mail(audience);
}

/* Takes the key out of its table and tells its clients. */
static void tracked_tell(struct tracking *tracking, struct table_slot slot, struct author author) REQUIRES(shard_held)
{
    struct tracked *tracked = table_slot_item(slot);
    (void)table_remove(&shard_of(tracking, tracked->hash)->keys, &env, tracked->hash, slot);
    atomic_fetch_sub_explicit(&tracking->keys, 1, memory_order_relaxed);
    struct audience *next;
    for (struct audience *audience = tracked->audiences; audience != NULL; audience = next) {
        next = audience->next;
        audience_send(tracking, audience, author);
    }
    tracked_release(tracked);
}

static bool is_item(const void *item, const void *wanted)
{
    return item == wanted;
}

/* Tells a key drawn at random as if it had changed. False when the table has none but `spared`. */
static bool tell_any(struct tracking *tracking, struct table *table, struct random *random,
                     const struct tracked *spared) REQUIRES(shard_held)
{
    struct tracked *drawn = NULL;
    while (table_used(table) > (spared == NULL ? 0U : 1U) && (drawn == NULL || drawn == spared)) {
        drawn = table_sample(table, random_next(random));
    }
    if (drawn == NULL) {
        return false;
    }
    tracked_tell(tracking, table_find(table, drawn->hash, is_item, drawn), (struct author){0});
    return true;
}

/* The place of the link to this worker's audience, or of where it would stand. */
static struct audience **audience_link(struct tracked *tracked, const struct tracking_hub *hub)
{
    struct audience **link = &tracked->audiences;
    while (*link != NULL && (*link)->hub != hub) {
        link = &(*link)->next;
    }
    return link;
}

/* Makes room for one more. Where most of the clients must be gone by now, all are told as if the key had changed: so
 * the ids of those who come and go do not pile up behind a key that nobody changes. */
static struct audience *audience_grow(struct tracking *tracking, struct tracked *tracked, struct tracking_hub *hub)
    REQUIRES(shard_held)
{
    struct audience **link = audience_link(tracked, hub);
    struct audience *audience = *link;
    uint32_t cap = audience == NULL ? 1 : audience->cap * 2;
    uint32_t clients = atomic_load_explicit(&tracking->client_count, memory_order_relaxed);
    if (audience != NULL && audience->cap >= RENEWED_MIN_CLIENTS && audience->cap / 2 >= clients) {
        *link = audience->next;
        audience_send(tracking, audience, (struct author){0});
        link = audience_link(tracked, hub);
        audience = NULL;
        cap = 1;
    }
    *link = memory_resize(audience, sizeof(*audience) + cap * sizeof(audience->clients[0]));
    if (audience == NULL) {
        **link = (struct audience){.hub = hub, .tracked = tracked};
    }
    (*link)->cap = cap;
    return *link;
}

static void audience_add(struct tracking *tracking, struct tracked *tracked, const struct tracker *tracker)
    REQUIRES(shard_held)
{
    struct tracking_hub *hub = tracker_route(tracker);
    struct audience *audience = *audience_link(tracked, hub);
    uint64_t client = tracker->session->id << HOME_BITS | (uint64_t)(tracker->hub - tracking->hubs);
    uint32_t low = 0;
    uint32_t high = audience == NULL ? 0 : audience->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (audience->clients[middle] < client) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (audience != NULL && low < audience->count && audience->clients[low] == client) {
        return;
    }
    if (audience == NULL || audience->count == audience->cap) {
        audience = audience_grow(tracking, tracked, hub);
        low = audience->count == 0 ? 0 : low;
    }
    memmove(&audience->clients[low + 1], &audience->clients[low],
            (audience->count - low) * sizeof(audience->clients[0]));
    audience->clients[low] = client;
    audience->count++;
    count_items(tracking, tracked, 1);
}

void tracking_remember(struct tracking *tracking, const struct call *call, const struct tracker *tracker,
                       struct slice key)
{
    uint64_t hash = keyspace_hash(tracking->exec->keyspace, key);
    struct table *table = &shard_of(tracking, hash)->keys;
    struct table_slot slot = table_find(table, hash, has_key, &key);
    if (slot.word != NULL) {
        audience_add(tracking, table_slot_item(slot), tracker);
        return;
    }
    struct tracked *tracked = memory_alloc(sizeof(*tracked) + key.len);
    tracked->audiences = NULL;
    tracked->hash = hash;
    tracked->len = key.len;
    memcpy(tracked->key, key.data, key.len);
    atomic_init(&tracked->references, 1);
    (void)table_insert(table, &env, hash, tracked);
    audience_add(tracking, tracked, tracker);
    uint64_t keys = atomic_fetch_add_explicit(&tracking->keys, 1, memory_order_relaxed) + 1;
    if (UNLIKELY(keys > atomic_load_explicit(&tracking->max_keys, memory_order_relaxed))) {
        (void)tell_any(tracking, table, &call->worker->random, tracked);
    }
}

void tracking_invalidate(struct tracking *tracking, struct slice key, struct author author)
{
    uint64_t hash = keyspace_hash(tracking->exec->keyspace, key);
    struct table_slot slot = table_find(&shard_of(tracking, hash)->keys, hash, has_key, &key);
    if (slot.word != NULL) {
        tracked_tell(tracking, slot, author);
    }
}

/* Leaves the shard empty. */
static struct table table_take(struct tracked_shard *from) REQUIRES(shard_held)
{
    struct table taken = from->keys;
    table_init(&from->keys);
    from->items = 0;
    return taken;
}

void tracking_forget_all(struct tracking *tracking)
{
    if (atomic_load_explicit(&tracking->keys, memory_order_relaxed) == 0) {
        return;
    }
    struct dropped_tables *dropped = memory_alloc_zeroed(sizeof(*dropped));
    for (uint32_t i = 0; i < KEYSPACE_SHARDS; i++) {
        dropped->tables[i] = table_take(&tracking->shards[i]);
    }
    atomic_store_explicit(&tracking->keys, 0, memory_order_relaxed);
    atomic_store_explicit(&tracking->items, 0, memory_order_relaxed);
    spin_acquire(&tracking->lock);
    dropped->next = tracking->dropped;
    tracking->dropped = dropped;
    spin_release(&tracking->lock);
}

static void tracked_free(void *context, void *item)
{
    uint64_t *keys = context;
    struct tracked *tracked = item;
    struct audience *next;
    for (struct audience *audience = tracked->audiences; audience != NULL; audience = next) {
        next = audience->next;
        memory_free(audience);
    }
    tracked_release(tracked);
    ++*keys;
}

/* Returns how many keys it had. */
static uint64_t table_free(struct table *table)
{
    uint64_t keys = 0;
    for (uint64_t position = 0; position != TABLE_SCAN_END && table_used(table) != 0;) {
        position = table_scan(table, &env, position, tracked_free, &keys);
    }
    table_deinit(table, &env);
    table_init(table);
    return keys;
}

/* The next table of those that were dropped; or, in *finished, tables that are all freed. Neither: there is none. */
static struct table *dropped_next(struct tracking *tracking, struct dropped_tables **finished)
{
    struct table *table = NULL;
    *finished = NULL;
    spin_acquire(&tracking->lock);
    struct dropped_tables *dropped = tracking->dropped;
    if (dropped != NULL && dropped->freed == KEYSPACE_SHARDS) {
        tracking->dropped = dropped->next;
        *finished = dropped;
    } else if (dropped != NULL) {
        table = &dropped->tables[dropped->freed++];
    }
    spin_release(&tracking->lock);
    return table;
}

/* True when something may be left. */
static bool free_dropped(struct tracking *tracking, uint64_t max_keys)
{
    for (uint64_t keys = 0; keys < max_keys;) {
        struct dropped_tables *finished;
        struct table *table = dropped_next(tracking, &finished);
        if (table == NULL && finished == NULL) {
            return false;
        }
        if (table != NULL) {
            keys += table_free(table);
        }
        memory_free(finished);
    }
    return true;
}

/* Nobody tracks any more: what was remembered is of no use. Asked again under each shard, since who has begun to track
 * may have read there meanwhile. */
static void forget_some(struct tracking *tracking)
{
    uint64_t keys = 0;
    for (uint32_t i = 0; i < KEYSPACE_SHARDS && keys < FREED_IN_A_TICK; i++) {
        struct tracked_shard *from = &tracking->shards[i];
        struct shard *shard = keyspace_shard(tracking->exec->keyspace, i);
        if (table_used(&from->keys) == 0 || !shard_try_hold(shard)) {
            continue;
        }
        struct table taken;
        table_init(&taken);
        if (atomic_load_explicit(&tracking->client_count, memory_order_acquire) == 0) {
            atomic_fetch_sub_explicit(&tracking->keys, table_used(&from->keys), memory_order_relaxed);
            atomic_fetch_sub_explicit(&tracking->items, from->items, memory_order_relaxed);
            taken = table_take(from);
        }
        shard_let_go(shard);
        keys += table_free(&taken);
    }
}

void tracking_free_some(struct tracking *tracking)
{
    if (!free_dropped(tracking, FREED_IN_A_TICK) &&
        atomic_load_explicit(&tracking->client_count, memory_order_acquire) == 0) {
        forget_some(tracking);
    }
}

void tracking_free_all(struct tracking *tracking)
{
    (void)free_dropped(tracking, UINT64_MAX);
    for (uint32_t i = 0; i < KEYSPACE_SHARDS; i++) {
        (void)table_free(&tracking->shards[i].keys);
    }
}

static bool is_over_limit(struct tracking *tracking)
{
    return atomic_load_explicit(&tracking->keys, memory_order_relaxed) >
           atomic_load_explicit(&tracking->max_keys, memory_order_relaxed);
}

void tracking_limit(struct tracking *tracking, struct exec_worker *worker)
{
    if (!is_over_limit(tracking)) {
        tracking->over_limit_ticks = 0;
        return;
    }
    uint32_t effort = LIMIT_EFFORT * ++tracking->over_limit_ticks;
    uint32_t at = (uint32_t)random_next(&worker->random) % KEYSPACE_SHARDS;
    for (uint32_t idle = 0; idle < KEYSPACE_SHARDS && effort > 0 && is_over_limit(tracking); idle++) {
        struct shard *shard = keyspace_shard(tracking->exec->keyspace, at);
        struct table *keys = &tracking->shards[at].keys;
        if (table_used(keys) != 0 && shard_try_hold(shard)) {
            if (tell_any(tracking, keys, &worker->random, NULL)) {
                effort--;
                idle = 0;
            }
            shard_let_go(shard);
        }
        at = (at + 1) % KEYSPACE_SHARDS;
    }
}

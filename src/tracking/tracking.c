/* SPDX-License-Identifier: BSD-3-Clause */
/* What the room hears of calls, and what it does by the clock.
 * Owner: struct tracking. Locks: those of the room; calls are heard of under their shards. */
#include "sherd/tracking/tracking.h"

#include "internal.h"
#include "sherd/exec/blocking.h"

enum {
    PLACES = 16, /* keys of a call that are found without an allocation */
};

static void committed(void *context, const struct call *call) REQUIRES(shard_held)
{
    struct tracking *tracking = context;
    const struct effects *effects = &call->effects;
    bool broadcast = atomic_load_explicit(&tracking->prefix_count, memory_order_acquire) != 0;
    bool flushed = false;
    struct author author = {.id = call->session == NULL ? 0 : call->session->id};
    author.wait = call->only_key == 0 ? 0 : session_wait_number(call->session);
    for (uint32_t i = 0; i < effects->count; i++) {
        struct slice key = effects->list[i].key;
        if (!effect_is_change(&effects->list[i])) {
            continue;
        }
        if (key.data == NULL) {
            flushed = true;
            continue;
        }
        tracking_invalidate(tracking, key, author);
        if (broadcast) {
            changes_note(tracking, call->worker, key, author.id);
        }
    }
    if (flushed) { /* of whatever database: keys are remembered without theirs */
        tracking_forget_all(tracking);
        push_flush(tracking);
    }
}

/* The keys that the call has read, or would have read if they existed. */
static void remember_keys(struct tracking *tracking, const struct call *call, const struct tracker *tracker)
    REQUIRES(shard_held)
{
    struct key_place few[PLACES];
    struct key_place *places = few;
    if (call->only_key != 0) {
        tracking_remember(tracking, call, tracker, call->argv[call->only_key]);
        return;
    }
    int64_t count = command_keys(call->command, call->argv, call->argc, few, PLACES);
    if (count > PLACES) {
        places = memory_alloc((size_t)count * sizeof(places[0]));
        count = command_keys(call->command, call->argv, call->argc, places, (size_t)count);
    }
    for (int64_t i = 0; i < count; i++) {
        if ((places[i].flags & KEY_NOT_KEY) == 0) {
            tracking_remember(tracking, call, tracker, call->argv[places[i].argument]);
        }
    }
    if (places != few) {
        memory_free(places);
    }
}

/* CLIENT CACHING is for the next command that is not CLIENT's own, or for the next transaction. */
static void caching_ends(const struct tracking *tracking, struct tracker *tracker, const struct command *command)
{
    bool own = command != NULL && (command == tracking->client_command || command->parent == tracking->client_command);
    bool in_transaction =
        (tracker->session->flags & SESSION_MULTI) != 0 && (command == NULL || command->row->lock != LOCK_TRANSACTION);
    if (!own && !in_transaction) {
        tracker->caching = false;
    }
}

static void ran(void *context, const struct call *call) REQUIRES(shard_held)
{
    struct tracking *tracking = context;
    struct tracker *tracker = tracker_of(call->session);
    bool reads = (call->command->flags & (COMMAND_READONLY | COMMAND_PUBSUB)) == COMMAND_READONLY;
    bool wanted = (tracker->mode & TRACKING_OPTIN) != 0 ? tracker->caching
                                                        : (tracker->mode & TRACKING_OPTOUT) == 0 || !tracker->caching;
    if (reads && wanted && (tracker->mode & TRACKING_BCAST) == 0) {
        remember_keys(tracking, call, tracker);
    }
    if (UNLIKELY(tracker->caching)) {
        caching_ends(tracking, tracker, call->command);
    }
}

static void refused(void *context, struct session *session, const struct command *command)
{
    caching_ends(context, tracker_of(session), command);
}

/* Stops listening when nobody tracks and nothing is remembered. */
static void rest(struct tracking *tracking)
{
    spin_acquire(&tracking->lock);
    if (tracking->listens && atomic_load_explicit(&tracking->client_count, memory_order_relaxed) == 0 &&
        atomic_load_explicit(&tracking->keys, memory_order_relaxed) == 0) {
        tracking->listens = false;
        exec_listen(tracking->exec, tracking->listener, false);
    }
    spin_release(&tracking->lock);
}

static void tick(void *context, struct exec_worker *worker)
{
    struct tracking *tracking = context;
    tracking_limit(tracking, worker);
    tracking_free_some(tracking);
    rest(tracking);
}

void tracking_init(struct tracking *tracking, struct exec *exec, struct tracking_clients clients, unsigned config_slot)
{
    memset((void *)tracking, 0, sizeof(*tracking));
    tracking->exec = exec;
    tracking->clients = clients;
    tracking->client_command = command_find(exec->commands, SLICE_LITERAL("client"));
    tracking->config_slot = config_slot;
    atomic_init(&tracking->max_keys, UINT64_MAX);
    spin_init(&tracking->lock, LOCK_RANK_TRACKING, 0);
    hash_key_randomize(&tracking->hash_key);
    prefix_set_init(&tracking->prefixes, &tracking->hash_key);
    tracking->shards = memory_alloc_zeroed(KEYSPACE_SHARDS * sizeof(tracking->shards[0]));
    for (uint32_t i = 0; i < KEYSPACE_SHARDS; i++) {
        table_init(&tracking->shards[i].keys);
    }
    for (uint32_t i = 0; i < EXEC_WORKERS_MAX; i++) {
        struct tracking_hub *hub = &tracking->hubs[i];
        spin_init(&hub->lock, LOCK_RANK_TRACKERS, i);
        hub->tracking = tracking;
        table_init(&hub->trackers);
        prefix_set_init(&hub->prefixes, &tracking->hash_key);
    }
    tracking->listener = exec_add_listener(exec, (struct effects_listener){.committed = committed,
                                                                           .ran = ran,
                                                                           .refused = refused,
                                                                           .session_flags = SESSION_TRACKING,
                                                                           .flush = changes_send,
                                                                           .context = tracking});
    exec_add_cron(exec, (struct cron_hook){tick, tracking});
}

void tracking_deinit(struct tracking *tracking)
{
    ASSERT(atomic_load_explicit(&tracking->client_count, memory_order_relaxed) == 0);
    tracking_free_all(tracking);
    trackers_deinit(tracking);
    memory_free(tracking->shards);
}

/* Sent by CONFIG SET, under the lock of the options: the tables are cut by a worker. */
struct limit_mail {
    struct mail mail;
    struct tracking *tracking;
    struct exec_worker *worker; /* its receiver */
};

static void deliver_limit(struct mail *mail, void *receiver)
{
    (void)receiver;
    struct limit_mail *limit = CONTAINER_OF(mail, struct limit_mail, mail);
    tracking_limit(limit->tracking, limit->worker);
    memory_free(limit);
}

static void send_limit(struct tracking *tracking)
{
    uint32_t workers = atomic_load_explicit(&tracking->exec->worker_count, memory_order_acquire);
    for (uint32_t i = 0; i < workers; i++) {
        struct exec_worker *worker = atomic_load_explicit(&tracking->exec->workers[i], memory_order_acquire);
        if (worker != NULL && worker->box != NULL) { /* executors take no mail */
            struct limit_mail *limit = memory_alloc(sizeof(*limit));
            *limit = (struct limit_mail){.mail = {.deliver = deliver_limit}, .tracking = tracking, .worker = worker};
            mailbox_send(worker->box, &limit->mail);
            return;
        }
    }
}

const char *tracking_apply_max_keys(void *context, const struct config_snapshot *now)
{
    struct tracking *tracking = context;
    const struct tracking_options *options = config_section(now, tracking->config_slot);
    uint64_t max_keys = options->table_max_keys == 0 ? UINT64_MAX : (uint64_t)options->table_max_keys;
    atomic_store_explicit(&tracking->max_keys, max_keys, memory_order_relaxed);
    if (atomic_load_explicit(&tracking->keys, memory_order_relaxed) > max_keys) {
        send_limit(tracking);
    }
    return NULL;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The least that commands can run in: a keyspace, a configuration without sections, a command table of the test's own
 * rows, one worker (the calling thread) and one executor. Its clock stands still, and calls take no time at all until
 * small_server_let_time_count.
 * Owner: the test. Locks: none here. */
#ifndef TESTS_SUPPORT_SMALL_SERVER_H
#define TESTS_SUPPORT_SMALL_SERVER_H

#include "fake_clock.h"
#include "recorder.h"

enum {
    SMALL_SERVER_DATABASES = 2,
    SMALL_SERVER_NOW_MS = 1000000,
};

struct small_server {
    struct keyspace keyspace;
    struct epoch epoch;
    struct config *config;
    struct command_table *commands;
    struct fake_clock clock;
    struct exec exec;
    struct exec_worker *worker; /* of the thread that runs the test */
};

/* Requests of several sessions that run as one batch. */
struct small_batch {
    struct exec_worker *worker;
    size_t count;
    struct item items[EXEC_BATCH_MAX];
};

/* With a configuration and a command table that the caller made and the server takes over. Guards and hooks are added
 * between this and _start. */
static inline void small_server_compose(struct small_server *server, struct config *config,
                                        struct command_table *commands)
{
    memset((void *)server, 0, sizeof(*server));
    ASSERT(keyspace_init(&server->keyspace, SMALL_SERVER_DATABASES) == STATUS_OK);
    epoch_init(&server->epoch);
    server->config = config;
    server->commands = commands;
    fake_clock_init(&server->clock, SMALL_SERVER_NOW_MS);
    exec_init(&server->exec, &server->keyspace, &server->epoch, server->config, server->commands);
    server->exec.clock = &server->clock.source;
    server->exec.ticks = (struct clock_scale){.ns_per_tick = 0, .counter = false};
}

/* `context` is what handlers find in call->context. */
static inline void small_server_init(struct small_server *server, const struct command_row *rows, void *context)
{
    const struct command_family family = {rows, context};
    small_server_compose(server, config_create(NULL, 0, &(struct config_hooks){0}), command_table_create(&family, 1));
}

static inline struct exec_worker *small_worker_create(struct small_server *server)
{
    struct exec_worker *worker = memory_alloc_line(sizeof(*worker));
    exec_worker_init(worker, &server->exec, false);
    return worker;
}

static inline void small_worker_destroy(struct exec_worker *worker)
{
    exec_worker_deinit(worker);
    memory_free(worker);
}

static inline void small_server_start(struct small_server *server, unsigned executors)
{
    ASSERT(exec_start(&server->exec, executors, 1) == STATUS_OK);
    server->worker = small_worker_create(server);
}

static inline void small_server_stop(struct small_server *server)
{
    exec_stop(&server->exec);
    struct exec_worker *worker = server->worker;
    keyspace_deinit(&server->keyspace, &worker->user);
    small_worker_destroy(worker);
    command_table_destroy(server->commands);
    config_destroy(server->config);
    epoch_deinit(&server->epoch);
}

/* From now on ticks are nanoseconds of the monotonic clock: calls take the time that they take. */
static inline void small_server_let_time_count(struct small_server *server)
{
    server->exec.ticks.ns_per_tick = UINT64_C(1) << 32;
}

static inline const struct command *small_command(const struct small_server *server, const char *full_name)
{
    return command_find_full(server->commands, slice_from_text(full_name));
}

static inline uint32_t small_shard(const struct small_server *server, const char *key)
{
    return keyspace_shard_of(keyspace_hash(&server->keyspace, slice_from_text(key)));
}

/* Writes a key that is not in the shard of `other` into `key` (at least 24 bytes). */
static inline void small_key_elsewhere(const struct small_server *server, const char *other, char *key)
{
    unsigned number = 0;
    do {
        size_t at = 0;
        for (unsigned rest = ++number; rest > 0; rest /= 10) {
            key[at++] = (char)('0' + rest % 10);
        }
        key[at] = '\0';
    } while (small_shard(server, key) == small_shard(server, other));
}

/* A mere look: trying to take the lock would break the order of ranks of a thread that holds higher ones. */
static inline bool small_shard_is_locked(const struct small_server *server, uint32_t index)
{
    struct shard *shard = keyspace_shard(&server->keyspace, index);
    return ck_spinlock_fas_locked(&shard->lock.lock);
}

/* How many shards somebody holds by their spinlocks. */
static inline uint32_t small_locked_count(const struct small_server *server)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < KEYSPACE_SHARDS; i++) {
        count += small_shard_is_locked(server, i) ? 1 : 0;
    }
    return count;
}

/* Adds an argument to the worker's pool; the bytes are borrowed until the batch has run. */
static inline void small_push_argument(struct argument_pool *pool, struct slice argument)
{
    if (pool->count == pool->cap) {
        pool->cap = pool->cap == 0 ? 64 : pool->cap * 2;
        pool->slots = memory_resize(pool->slots, pool->cap * sizeof(pool->slots[0]));
    }
    pool->slots[pool->count++] = argument;
}

static inline void small_batch_begin(struct small_batch *batch, struct exec_worker *worker)
{
    batch->worker = worker;
    batch->count = 0;
}

/* Adds a request: words with single spaces between them, borrowed until the batch has run. */
static inline void small_batch_add_session(struct small_batch *batch, struct session *session, const char *words)
{
    struct argument_pool *pool = &batch->worker->pool;
    struct request request = {.first = (uint32_t)pool->count, .bytes = strlen(words)};
    while (*words != '\0') {
        size_t len = strcspn(words, " ");
        small_push_argument(pool, slice_make(words, len));
        request.argc++;
        words += len + (words[len] == ' ' ? 1 : 0);
    }
    batch->items[batch->count++] = (struct item){.session = session, .request = request};
}

static inline void small_batch_add(struct small_batch *batch, struct recorder *recorder, const char *words)
{
    small_batch_add_session(batch, &recorder->session, words);
}

/* Runs the batch in a turn of its own. */
static inline void small_batch_run(struct small_batch *batch)
{
    exec_turn_begin(batch->worker);
    exec_batch(batch->worker, batch->items, batch->count);
    argument_pool_clear(&batch->worker->pool);
    exec_turn_end(batch->worker);
}

/* One request alone; what became of it. */
static inline enum item_outcome small_try(struct recorder *recorder, const char *words)
{
    struct small_batch batch;
    small_batch_begin(&batch, recorder->session.worker);
    small_batch_add(&batch, recorder, words);
    small_batch_run(&batch);
    return batch.items[0].outcome;
}

/* One request that is expected to run; its reply, valid until the session's next. */
static inline const char *small_run(struct recorder *recorder, const char *words)
{
    ASSERT(small_try(recorder, words) == ITEM_DONE);
    const char *replies = recorder_replies(recorder);
    output_clear(&recorder->session.worker->out, 0);
    return replies;
}

/* What a session's worker does when sink->resume has called. */
static inline void small_wake(struct recorder *recorder)
{
    recorder->session.flags &= ~(uint32_t)SESSION_SUSPENDED;
}

/* Somebody who possesses the shard of a key. */
struct small_owner {
    struct small_server *server;
    struct lockset locks;
    struct shard_waiter waiter;
};

static inline void small_owner_called(UNUSED struct shard_waiter *waiter)
{
}

static inline void small_possess(struct small_owner *owner, struct small_server *server,
                                 const char *key) UNCHECKED_LOCKING
{
    owner->server = server;
    shard_waiter_init(&owner->waiter, small_owner_called);
    lockset_init(&owner->locks);
    lockset_add(&owner->locks, small_shard(server, key));
    ASSERT(lockset_acquire(&owner->locks, &server->keyspace, &owner->waiter, true) == LOCKSET_HELD);
    lockset_possess(&owner->locks, &server->keyspace);
}

static inline void small_give_back(struct small_owner *owner) UNCHECKED_LOCKING
{
    lockset_release(&owner->locks, &owner->server->keyspace);
}

#endif

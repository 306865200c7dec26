/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole databases: FLUSHDB, FLUSHALL, SWAPDB. With every shard held each of them does a fixed amount of work per shard
 * and database: tables are detached or change places. The keys of detached tables are freed with no shard held: with
 * ASYNC in the background, with SYNC before the reply.
 * Owner: nobody; the context is the room's constant state. Locks: none taken; dispatch holds all shards. */
#include "sherd/base/number.h"
#include "sherd/commands/families.h"
#include "sherd/commands/options.h"
#include "sherd/exec/call.h"
#include "sherd/exec/exec.h"

enum {
    FLUSH_FEW_KEYS = 1000, /* more are not freed by a worker */
};

enum flush_mode {
    FLUSH_ASYNC,
    FLUSH_SYNC,
    FLUSH_WRONG,
};

static enum flush_mode flush_mode(const struct call *call)
{
    if (call->argc == 1) {
        const struct commands_state *state = call->context;
        const struct commands_options *options = call_options(call, state->config_slot);
        return options->lazyfree_lazy_user_flush ? FLUSH_ASYNC : FLUSH_SYNC;
    }
    if (call->argc == 2 && call_argument_is(call, 1, "async")) {
        return FLUSH_ASYNC;
    }
    return call->argc == 2 && call_argument_is(call, 1, "sync") ? FLUSH_SYNC : FLUSH_WRONG;
}

/* Detaches the databases from `db` on, below `end`. */
static enum outcome flush(struct call *call, unsigned db, unsigned end) REQUIRES(shard_held)
{
    enum flush_mode mode = flush_mode(call);
    if (mode == FLUSH_WRONG) {
        return call_fail(call, ERROR_SYNTAX);
    }
    struct exec_worker *worker = call->worker;
    for (unsigned each = db; each < end; each++) {
        uint64_t removed = 0;
        for (uint32_t i = 0; i < KEYSPACE_SHARDS; i++) {
            removed += keyspace_detach(&worker->user, keyspace_shard(worker->exec->keyspace, i), each);
        }
        call_flushed(call, each, removed);
    }
    worker->garbage.at_once = mode == FLUSH_SYNC;
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

/* Freeing many keys before the reply is work for an executor. */
static bool flush_is_long(const struct call *call, unsigned db, unsigned end)
{
    uint64_t sum = 0;
    for (; db < end && flush_mode(call) == FLUSH_SYNC; db++) {
        uint64_t keys;
        uint64_t volatile_keys;
        keyspace_count(call->worker->exec->keyspace, db, &keys, &volatile_keys);
        sum += keys;
    }
    return sum > FLUSH_FEW_KEYS;
}

COMMAND_HANDLER(flushdb_command)
{
    return flush(call, call->db, call->db + 1);
}

static bool flushdb_is_long(struct call *call)
{
    return flush_is_long(call, call->db, call->db + 1);
}

COMMAND_HANDLER(flushall_command)
{
    return flush(call, 0, call->worker->exec->keyspace->databases);
}

static bool flushall_is_long(struct call *call)
{
    return flush_is_long(call, 0, call->worker->exec->keyspace->databases);
}

/* A database number of SWAPDB, whose errors say which of the two is wrong. */
static bool swap_number(struct call *call, uint32_t argument, int64_t *db)
{
    if (!number_parse_i64(call_argument(call, argument), db) || *db < INT32_MIN || *db > INT32_MAX) {
        (void)call_fail_format(call, "ERR invalid %s DB index", argument == 1 ? "first" : "second");
        return false;
    }
    return true;
}

COMMAND_HANDLER(swapdb_command)
{
    int64_t one;
    int64_t other;
    if (!swap_number(call, 1, &one) || !swap_number(call, 2, &other)) {
        return OUTCOME_ERROR;
    }
    struct exec_worker *worker = call->worker;
    struct keyspace *keyspace = worker->exec->keyspace;
    if (one < 0 || other < 0 || one >= keyspace->databases || other >= keyspace->databases) {
        return call_fail(call, ERROR_DB_INDEX);
    }
    for (uint32_t i = 0; i < KEYSPACE_SHARDS && one != other; i++) {
        keyspace_swap(&worker->user, keyspace_shard(keyspace, i), (unsigned)one, (unsigned)other);
    }
    call->effects.changes++;
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

static const char *const flush_tips[] = {"request_policy:all_shards", "response_policy:all_succeeded", NULL};

static const struct command_history flush_history[] = {
    {"4.0.0", "Added the `ASYNC` flushing mode modifier."}, {"6.2.0", "Added the `SYNC` flushing mode modifier."}, {0}};

const struct command_row flush_commands[] = {
    {.name = "flushdb",
     .handler = flushdb_command,
     .arity = -1,
     .lock = LOCK_ALL_SHARDS,
     .flags = COMMAND_WRITE,
     .categories = ACL_KEYSPACE | ACL_DANGEROUS,
     .is_long = flushdb_is_long,
     .summary = "Removes all keys of the selected database.",
     .since = "1.0.0",
     .group = "server",
     .complexity = "O(1) for others; freeing is O(N) where N is the number of keys in the selected database",
     .tips = flush_tips,
     .history = flush_history,
     .arguments = "flush-type:(ASYNC^4.0.0|SYNC^6.2.0)?"},
    {.name = "flushall",
     .handler = flushall_command,
     .arity = -1,
     .lock = LOCK_ALL_SHARDS,
     .flags = COMMAND_WRITE,
     .categories = ACL_KEYSPACE | ACL_DANGEROUS,
     .is_long = flushall_is_long,
     .summary = "Removes all keys of all databases.",
     .since = "1.0.0",
     .group = "server",
     .complexity = "O(1) for others; freeing is O(N) where N is the total number of keys in all databases",
     .tips = flush_tips,
     .history = flush_history,
     .arguments = "flush-type:(ASYNC^4.0.0|SYNC^6.2.0)?"},
    {.name = "swapdb",
     .handler = swapdb_command,
     .arity = 3,
     .lock = LOCK_ALL_SHARDS,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .categories = ACL_KEYSPACE | ACL_DANGEROUS,
     .summary = "Lets two databases change places.",
     .since = "4.0.0",
     .group = "server",
     .complexity = "O(1)",
     .arguments = "index1:integer index2:integer"},
    {0},
};

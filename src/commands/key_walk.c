/* SPDX-License-Identifier: BSD-3-Clause */
/* Walking over a database: SCAN, KEYS, RANDOMKEY, DBSIZE. A walk holds one shard at a time, and gives it back after a
 * slice of buckets; between slices it carries its cursor in the call. Empty shards are passed without being held.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the shard of the slice. */
#include "scan_arguments.h"
#include "sherd/base/glob.h"
#include "sherd/commands/families.h"
#include "sherd/exec/call.h"
#include "sherd/exec/exec.h"
#include "sherd/keyspace/walk.h"

enum {
    SLICE_BUCKETS = 48,        /* visited in one hold of a shard */
    SLICE_SPARE_STEPS = 16000, /* of matching; with fewer left a slice ends early */
    SLICE_DUE_KEYS = 16,       /* past-due keys that are removed per bucket */
    WALK_FEW_KEYS = 2000,      /* more are not walked over in a worker's turn */
    DRAWS_PER_SHARD = 500,
    PAST_DUE_DRAWS = 100, /* in one hold of a shard */
    DRAWN_SHARDS = 64,    /* found empty in a row: then all are looked at, one after the other */
};

static uint64_t database_keys(const struct call *call)
{
    uint64_t keys;
    uint64_t volatile_keys;
    keyspace_count(call->worker->exec->keyspace, call->db, &keys, &volatile_keys);
    return keys;
}

static struct scan_options pattern_filter(struct slice pattern)
{
    return (struct scan_options){.pattern = pattern, .matches_all = slice_equals(pattern, SLICE_LITERAL("*"))};
}

/* A bucket under way. */
struct walk_visit {
    struct call *call;
    const struct scan_options *filter;
    struct scan_match match;
    unsigned due_count;
    const struct entry *due[SLICE_DUE_KEYS];
};

static void visit_key(void *context, void *item)
{
    struct walk_visit *visit = context;
    const struct entry *entry = item;
    const struct scan_options *filter = visit->filter;
    struct call *call = visit->call;
    call->carried.seen++;
    if (entry_is_expired(entry, call->worker->user.now_ms)) {
        if (visit->due_count < SLICE_DUE_KEYS) {
            visit->due[visit->due_count++] = entry;
        }
        return;
    }
    if (filter->by_type && entry->type != filter->type) {
        return;
    }
    struct slice key = entry_key(entry);
    if (!scan_matches(filter, key, &visit->match)) {
        return;
    }
    call->carried.found++;
    reply_bulk(&call->reply, key);
}

/* Removes the past-due keys that a bucket's visit met. */
static void remove_due(struct walk_visit *visit) REQUIRES(shard_held)
{
    struct exec_worker *worker = visit->call->worker;
    for (unsigned i = 0; i < visit->due_count; i++) {
        struct slice key = entry_key(visit->due[i]);
        struct keyref ref;
        keyref_open_hashed(&ref, &worker->user, visit->call->db, key, keyspace_hash(worker->exec->keyspace, key));
        if (keyref_expire_if_due(&ref)) {
            statistics_add(&worker->statistics, STATISTIC_EXPIRED_LAZILY, 1);
        }
    }
    visit->due_count = 0;
}

/* From the beginning of an empty shard to the beginning of the next that is not; 0: there is none. */
static uint64_t pass_empty_shards(const struct call *call, uint64_t cursor)
{
    const struct keyspace *keyspace = call->worker->exec->keyspace;
    while (cursor != 0 && cursor < KEYSPACE_SHARDS &&
           table_used(&keyspace_shard(keyspace, (uint32_t)cursor)->databases[call->db].table) == 0) {
        cursor = cursor + 1 < KEYSPACE_SHARDS ? cursor + 1 : 0;
    }
    return cursor;
}

/* Replies the keys of a slice of the held shard from call->carried.cursor on, and moves that: 0 when all is done. Ends
 * early when `seen` keys or `steps` buckets have been visited by the call. False: nothing is done, because a key could
 * not be matched in the time that a shard may be held for; its call returns OUTCOME_POSSESS. */
NODISCARD static bool walk_slice(struct call *call, const struct scan_options *filter, uint64_t seen, uint64_t steps)
    REQUIRES(shard_held)
{
    struct call_carried *carried = &call->carried;
    struct walk_visit visit = {.call = call, .filter = filter, .match = scan_match_begin(call)};
    struct call_carried before = *carried;
    struct output_mark mark = output_mark(call->reply.output);
    uint32_t shard = walk_cursor_shard(carried->cursor);
    unsigned buckets = 0;
    do {
        carried->cursor = walk_bucket(&call->worker->user, call->db, carried->cursor, visit_key, &visit);
        remove_due(&visit);
        carried->steps++;
        buckets++;
    } while (carried->cursor != 0 && walk_cursor_shard(carried->cursor) == shard && carried->seen < seen &&
             carried->steps < steps && buckets < SLICE_BUCKETS && visit.match.steps >= SLICE_SPARE_STEPS);
    if (UNLIKELY(visit.match.undecided)) {
        *carried = before;
        output_truncate(call->reply.output, mark);
        return false;
    }
    carried->cursor = pass_empty_shards(call, carried->cursor);
    call->next_shard = walk_cursor_shard(carried->cursor);
    return true;
}

/* ---- SCAN ---- */

static uint32_t scan_first_shard(struct call *call)
{
    uint64_t cursor;
    return scan_cursor_parse(call_argument(call, 1), &cursor) ? walk_cursor_shard(cursor) : 0;
}

static bool scan_is_long(struct call *call)
{
    struct scan_options options;
    enum error_text error;
    return scan_options_parse(call, 2, SCAN_TAKES_TYPE, &options, &error) && options.count > WALK_FEW_KEYS &&
           database_keys(call) > WALK_FEW_KEYS;
}

COMMAND_HANDLER(scan_command)
{
    uint64_t cursor;
    struct scan_options options;
    enum error_text error = ERROR_INVALID_CURSOR;
    if (!scan_cursor_parse(call_argument(call, 1), &cursor) ||
        !scan_options_parse(call, 2, SCAN_TAKES_TYPE, &options, &error)) {
        return call_fail(call, error);
    }
    struct call_carried *carried = &call->carried;
    if (carried->steps == 0) {
        carried->cursor = cursor;
    }
    uint64_t seen = (uint64_t)options.count;
    uint64_t steps = scan_options_buckets(&options);
    if (UNLIKELY(!walk_slice(call, &options, seen, steps))) {
        return OUTCOME_POSSESS;
    }
    if (carried->cursor != 0 && carried->seen < seen && carried->steps < steps) {
        return OUTCOME_NEXT_SHARD;
    }
    scan_reply_head(call, call->carried_mark, carried->cursor, carried->found);
    return OUTCOME_DONE;
}

/* ---- KEYS ---- */

static uint32_t keys_first_shard(struct call *call)
{
    struct slice pattern = call_argument(call, 1);
    if (!glob_is_literal(pattern)) {
        return 0;
    }
    return keyspace_shard_of(keyspace_hash(call->worker->exec->keyspace, pattern));
}

static bool keys_is_long(struct call *call)
{
    return !glob_is_literal(call_argument(call, 1)) && database_keys(call) > WALK_FEW_KEYS;
}

COMMAND_HANDLER(keys_command)
{
    struct slice pattern = call_argument(call, 1);
    if (glob_is_literal(pattern)) {
        struct keyref ref;
        bool exists = call_peek(call, 1, &ref);
        reply_array(&call->reply, exists);
        if (exists) {
            reply_bulk(&call->reply, pattern);
        }
        return OUTCOME_DONE;
    }
    struct scan_options filter = pattern_filter(pattern);
    if (UNLIKELY(!walk_slice(call, &filter, UINT64_MAX, UINT64_MAX))) {
        return OUTCOME_POSSESS;
    }
    if (call->carried.cursor != 0) {
        return OUTCOME_NEXT_SHARD;
    }
    reply_close_array(&call->reply, call->carried_mark, call->carried.found);
    return OUTCOME_DONE;
}

/* ---- RANDOMKEY ---- */

static uint32_t randomkey_first_shard(struct call *call)
{
    struct exec_worker *worker = call->worker;
    uint32_t shard = walk_random_shard(worker->exec->keyspace, call->db, random_next(&worker->random));
    return shard < KEYSPACE_SHARDS ? shard : 0;
}

static void visit_any(void *context, void *item)
{
    const struct entry **any = context;
    *any = item;
}

/* A random entry of the held shard, NULL when it has none. */
static const struct entry *draw_entry(struct call *call) REQUIRES(shard_held)
{
    struct exec_worker *worker = call->worker;
    const struct shard *shard = keyspace_shard(worker->exec->keyspace, call->next_shard);
    const struct entry *entry = NULL;
    for (int i = 0; i < DRAWS_PER_SHARD && entry == NULL; i++) {
        entry = walk_random_entry(shard, call->db, random_next(&worker->random));
    }
    /* Sparse: the first key behind some position. */
    uint64_t cursor = (random_next(&worker->random) >> 32 << KEYSPACE_SHARD_BITS) | call->next_shard;
    for (int round = 0; round < 2 && entry == NULL; round++) {
        while (entry == NULL && cursor != 0 && walk_cursor_shard(cursor) == call->next_shard) {
            cursor = walk_bucket(&worker->user, call->db, cursor, visit_any, &entry);
        }
        cursor = call->next_shard;
    }
    return entry;
}

/* The shard was empty: draws another, in the end takes one after the other. False when all were looked at. */
static bool randomkey_next_shard(struct call *call)
{
    uint64_t step = ++call->carried.steps;
    if (step <= DRAWN_SHARDS) {
        struct exec_worker *worker = call->worker;
        uint32_t shard = walk_random_shard(worker->exec->keyspace, call->db, random_next(&worker->random));
        call->next_shard = shard;
        return shard < KEYSPACE_SHARDS;
    }
    call->next_shard = (uint32_t)(step - DRAWN_SHARDS - 1);
    return call->next_shard < KEYSPACE_SHARDS;
}

/* The reply for now; it takes the place of an earlier one. */
static void randomkey_reply(struct call *call, struct slice key)
{
    output_truncate(call->reply.output, call->carried_mark);
    reply_bulk(&call->reply, key);
    call->carried.found = 1;
}

static bool all_are_volatile(const struct call *call)
{
    uint64_t keys;
    uint64_t volatile_keys;
    keyspace_count(call->worker->exec->keyspace, call->db, &keys, &volatile_keys);
    return keys == volatile_keys;
}

/* Where past-due keys are only hidden one of them is answered, if nothing better is found. */
COMMAND_HANDLER(randomkey_command)
{
    struct exec_worker *worker = call->worker;
    bool deletes = atomic_load_explicit(&worker->exec->keyspace->expiry_deletes, memory_order_relaxed);
    const struct entry *entry = draw_entry(call);
    for (int tries = 1; entry != NULL; tries++) {
        struct slice key = entry_key(entry);
        struct keyref ref;
        keyref_open_hashed(&ref, &worker->user, call->db, key, keyspace_hash(worker->exec->keyspace, key));
        if (!keyref_expire_if_due(&ref)) {
            randomkey_reply(call, key);
            return OUTCOME_DONE;
        }
        if (tries == PAST_DUE_DRAWS && !deletes) {
            randomkey_reply(call, key);
            if (all_are_volatile(call)) {
                return OUTCOME_DONE;
            }
            break;
        }
        statistics_add(&worker->statistics, STATISTIC_EXPIRED_LAZILY, 1);
        if (tries == PAST_DUE_DRAWS) {
            return OUTCOME_NEXT_SHARD; /* the same again: it has fewer keys each time */
        }
        entry = draw_entry(call);
    }
    if (randomkey_next_shard(call)) {
        return OUTCOME_NEXT_SHARD;
    }
    if (call->carried.found == 0) {
        reply_null(&call->reply);
    }
    return OUTCOME_DONE;
}

static enum outcome dbsize_command(struct call *call)
{
    reply_integer(&call->reply, (int64_t)database_keys(call));
    return OUTCOME_DONE;
}

static const char *const scan_tips[] = {"nondeterministic_output", "request_policy:special", "response_policy:special",
                                        NULL};
static const char *const keys_tips[] = {"request_policy:all_shards", "nondeterministic_output_order", NULL};
static const char *const randomkey_tips[] = {"request_policy:all_shards", "response_policy:special",
                                             "nondeterministic_output", NULL};
static const char *const dbsize_tips[] = {"request_policy:all_shards", "response_policy:agg_sum", NULL};

static const struct command_history scan_history[] = {{"6.0.0", "Added the `TYPE` subcommand."}, {0}};

const struct command_row walk_commands[] = {
    {.name = "scan",
     .handler = scan_command,
     .arity = -2,
     .lock = LOCK_EACH_SHARD,
     .flags = COMMAND_READONLY,
     .categories = ACL_KEYSPACE,
     .is_long = scan_is_long,
     .first_shard = scan_first_shard,
     .summary = "Walks over the keys of a database, a few with each call.",
     .since = "2.8.0",
     .group = "generic",
     .complexity = "O(COUNT) for a call, O(N) for a complete walk over N keys.",
     .tips = scan_tips,
     .history = scan_history,
     .arguments = "cursor:integer pattern:pattern=MATCH? count:integer=COUNT? type=TYPE?^6.0.0"},
    {.name = "keys",
     .handler = keys_command,
     .arity = 2,
     .lock = LOCK_EACH_SHARD,
     .flags = COMMAND_READONLY,
     .categories = ACL_KEYSPACE | ACL_DANGEROUS,
     .is_long = keys_is_long,
     .first_shard = keys_first_shard,
     .summary = "Lists the keys that match a pattern.",
     .since = "1.0.0",
     .group = "generic",
     .complexity = "O(N) where N is the number of keys in the database; O(1) for a pattern that is a plain name.",
     .tips = keys_tips,
     .arguments = "pattern:pattern"},
    {.name = "randomkey",
     .handler = randomkey_command,
     .arity = 1,
     .lock = LOCK_EACH_SHARD,
     .flags = COMMAND_READONLY,
     .categories = ACL_KEYSPACE,
     .first_shard = randomkey_first_shard,
     .summary = "Answers any key of the database.",
     .since = "1.0.0",
     .group = "generic",
     .complexity = "O(1)",
     .tips = randomkey_tips},
    {.name = "dbsize",
     .handler = dbsize_command,
     .arity = 1,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .categories = ACL_KEYSPACE,
     .summary = "Counts the keys of the database.",
     .since = "1.0.0",
     .group = "server",
     .complexity = "O(1)",
     .tips = dbsize_tips},
    {0},
};

/* SPDX-License-Identifier: BSD-3-Clause */
/* Walking over a database: SCAN, KEYS, RANDOMKEY, DBSIZE. A walk holds one shard at a time, and gives it back after a
 * slice of buckets; between slices it carries its cursor in the call. Empty shards are passed without being held.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the shard of the slice. */
#include <stdio.h>

#include "sherd/base/glob.h"
#include "sherd/base/number.h"
#include "sherd/commands/families.h"
#include "sherd/exec/call.h"
#include "sherd/exec/exec.h"
#include "sherd/keyspace/walk.h"

enum {
    SLICE_BUCKETS = 48,        /* visited in one hold of a shard */
    SLICE_MATCH_STEPS = 20000, /* pattern bytes times key bytes: ends a slice early */
    SLICE_DUE_KEYS = 16,       /* past-due keys that are removed per bucket */
    WALK_FEW_KEYS = 2000,      /* more are not walked over in a worker's turn */
    SCAN_COUNT_DEFAULT = 10,
    SCAN_BUCKETS_PER_COUNT = 10,
    DRAWS_PER_SHARD = 500,
    PAST_DUE_DRAWS = 100, /* in one hold of a shard; where such keys are only hidden, one of them is answered */
    DRAWN_SHARDS = 64,    /* found empty in a row: then all are looked at, one after the other */
};

struct walk_filter {
    struct slice pattern;
    bool matches_all;
    bool by_type;
    enum value_type type; /* VALUE_TYPE_COUNT: no key has it */
};

static uint64_t database_keys(const struct call *call)
{
    uint64_t keys;
    uint64_t volatile_keys;
    keyspace_count(call->worker->exec->keyspace, call->db, &keys, &volatile_keys);
    return keys;
}

static struct walk_filter pattern_filter(struct slice pattern)
{
    return (struct walk_filter){.pattern = pattern, .matches_all = slice_equals(pattern, SLICE_LITERAL("*"))};
}

/* A bucket under way. */
struct walk_visit {
    struct call *call;
    const struct walk_filter *filter;
    uint64_t match_steps;
    unsigned due_count;
    const struct entry *due[SLICE_DUE_KEYS];
};

static void visit_key(void *context, void *item)
{
    struct walk_visit *visit = context;
    const struct entry *entry = item;
    const struct walk_filter *filter = visit->filter;
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
    if (!filter->matches_all) {
        visit->match_steps += filter->pattern.len * key.len;
        if (!glob_match(filter->pattern, key, false)) {
            return;
        }
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
 * early when `seen` keys or `steps` buckets have been visited by the call. */
static void walk_slice(struct call *call, const struct walk_filter *filter, uint64_t seen, uint64_t steps)
    REQUIRES(shard_held)
{
    struct call_carried *carried = &call->carried;
    struct walk_visit visit = {.call = call, .filter = filter};
    uint32_t shard = walk_cursor_shard(carried->cursor);
    unsigned buckets = 0;
    do {
        carried->cursor = walk_bucket(&call->worker->user, call->db, carried->cursor, visit_key, &visit);
        remove_due(&visit);
        carried->steps++;
        buckets++;
    } while (carried->cursor != 0 && walk_cursor_shard(carried->cursor) == shard && carried->seen < seen &&
             carried->steps < steps && buckets < SLICE_BUCKETS && visit.match_steps < SLICE_MATCH_STEPS);
    carried->cursor = pass_empty_shards(call, carried->cursor);
    call->next_shard = walk_cursor_shard(carried->cursor);
}

/* ---- SCAN ---- */

/* As strtoul reads it: a sign is fine, no digit at all is zero only for an empty text, a NUL ends it. */
static bool scan_cursor(struct slice text, uint64_t *cursor)
{
    const char *end = text.len == 0 ? NULL : memchr(text.data, '\0', text.len);
    struct slice digits = end == NULL ? text : slice_make(text.data, (size_t)(end - text.data));
    bool negative = digits.len != 0 && digits.data[0] == '-';
    if (digits.len == 0) {
        *cursor = 0;
        return true;
    }
    if (negative || digits.data[0] == '+') {
        digits = slice_make(digits.data + 1, digits.len - 1);
    }
    uint64_t value;
    if (!number_parse_u64(digits, &value)) {
        return false;
    }
    *cursor = negative ? 0 - value : value;
    return true;
}

struct scan_options {
    struct walk_filter filter;
    int64_t count;
};

/* Reads what follows the cursor; false, with the error, when it makes no sense. */
static bool scan_options(const struct call *call, struct scan_options *options, enum error_text *error)
{
    *options = (struct scan_options){.filter = {.matches_all = true}, .count = SCAN_COUNT_DEFAULT};
    *error = ERROR_SYNTAX;
    for (uint32_t i = 2; i < call->argc; i += 2) {
        if (i + 1 == call->argc) {
            return false;
        }
        struct slice value = call_argument(call, i + 1);
        if (call_argument_is(call, i, "count")) {
            if (!number_parse_i64(value, &options->count)) {
                *error = ERROR_NOT_INTEGER;
                return false;
            }
            if (options->count < 1) {
                return false;
            }
        } else if (call_argument_is(call, i, "match")) {
            options->filter.pattern = value;
            options->filter.matches_all = pattern_filter(value).matches_all;
        } else if (call_argument_is(call, i, "type")) {
            options->filter.by_type = true;
            options->filter.type = value_type_by_name(value);
        } else {
            return false;
        }
    }
    return true;
}

static uint32_t scan_first_shard(struct call *call)
{
    uint64_t cursor;
    return scan_cursor(call_argument(call, 1), &cursor) ? walk_cursor_shard(cursor) : 0;
}

static bool scan_is_long(struct call *call)
{
    struct scan_options options;
    enum error_text error;
    return scan_options(call, &options, &error) && options.count > WALK_FEW_KEYS && database_keys(call) > WALK_FEW_KEYS;
}

COMMAND_HANDLER(scan_command)
{
    uint64_t cursor;
    struct scan_options options;
    enum error_text error = ERROR_INVALID_CURSOR;
    if (!scan_cursor(call_argument(call, 1), &cursor) || !scan_options(call, &options, &error)) {
        return call_fail(call, error);
    }
    struct call_carried *carried = &call->carried;
    if (carried->steps == 0) {
        carried->cursor = cursor;
    }
    uint64_t seen = (uint64_t)options.count;
    uint64_t steps = seen < UINT64_MAX / SCAN_BUCKETS_PER_COUNT ? seen * SCAN_BUCKETS_PER_COUNT : UINT64_MAX;
    walk_slice(call, &options.filter, seen, steps);
    if (carried->cursor != 0 && carried->seen < seen && carried->steps < steps) {
        return OUTCOME_NEXT_SHARD;
    }
    reply_close_array(&call->reply, call->carried_mark, carried->found);
    char digits[NUMBER_I64_BYTES];
    size_t len = number_print_u64(digits, carried->cursor);
    char head[64];
    int head_len = snprintf(head, sizeof(head), "*2\r\n$%zu\r\n%s\r\n", len, digits);
    reply_insert_raw(&call->reply, call->carried_mark, slice_make(head, (size_t)head_len));
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
    struct walk_filter filter = pattern_filter(pattern);
    walk_slice(call, &filter, UINT64_MAX, UINT64_MAX);
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

COMMAND_HANDLER(randomkey_command)
{
    struct exec_worker *worker = call->worker;
    const struct entry *entry = draw_entry(call);
    for (int tries = 1; entry != NULL; tries++) {
        struct slice key = entry_key(entry);
        struct keyref ref;
        keyref_open_hashed(&ref, &worker->user, call->db, key, keyspace_hash(worker->exec->keyspace, key));
        if (!keyref_expire_if_due(&ref) ||
            (tries == PAST_DUE_DRAWS && !atomic_load(&worker->exec->keyspace->expiry_deletes))) {
            reply_bulk(&call->reply, key);
            return OUTCOME_DONE;
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
    reply_null(&call->reply);
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

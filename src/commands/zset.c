/* SPDX-License-Identifier: BSD-3-Clause */
/* Sorted sets, single members: ZADD, ZINCRBY, ZREM, ZCARD, ZSCORE, ZMSCORE, ZRANK, ZREVRANK.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include "sherd/base/number.h"
#include "sherd/commands/families.h"
#include "zset_arguments.h"

enum {
    SCORES_KEPT = 16, /* parsed scores that are kept; those of further pairs are parsed again */
};

/* ZADD key [NX|XX] [GT|LT] [CH] [INCR] score member ... */
struct zadd {
    unsigned flags; /* enum zset_add_flag */
    bool counts_updates;
    uint32_t first; /* argument of the first score */
    uint32_t pairs;
    double scores[SCORES_KEPT];
};

static bool zadd_option(const struct call *call, uint32_t index, struct zadd *zadd)
{
    static const struct {
        const char *word;
        unsigned flag;
    } words[] = {{"nx", ZSET_NX}, {"xx", ZSET_XX}, {"incr", ZSET_INCR}, {"gt", ZSET_GT}, {"lt", ZSET_LT}};
    struct slice word = call_argument(call, index);
    if (LIKELY(word.len == 0 || word.data[0] < 'A' || word.len > 4)) {
        return false;
    }
    if (slice_equals_word(word, "ch")) {
        zadd->counts_updates = true;
        return true;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (slice_equals_word(word, words[i].word)) {
            zadd->flags |= words[i].flag;
            return true;
        }
    }
    return false;
}

/* Options that do not go together; an empty slice when these do. */
static struct slice zadd_conflict(const struct zadd *zadd)
{
    bool nx = (zadd->flags & ZSET_NX) != 0, gt = (zadd->flags & ZSET_GT) != 0, lt = (zadd->flags & ZSET_LT) != 0;
    if (nx && (zadd->flags & ZSET_XX) != 0) {
        return SLICE_LITERAL("ERR XX and NX options at the same time are not compatible");
    }
    if ((gt && nx) || (lt && nx) || (gt && lt)) {
        return SLICE_LITERAL("ERR GT, LT, and/or NX options at the same time are not compatible");
    }
    if ((zadd->flags & ZSET_INCR) != 0 && zadd->pairs > 1) {
        return SLICE_LITERAL("ERR INCR option supports a single increment-element pair");
    }
    return (struct slice){0};
}

static bool zadd_parse(struct call *call, struct zadd *zadd)
{
    uint32_t first = 2;
    while (first < call->argc && zadd_option(call, first, zadd)) {
        first++;
    }
    uint32_t left = call->argc - first;
    if (left == 0 || left % 2 != 0) {
        (void)call_fail(call, ERROR_SYNTAX);
        return false;
    }
    zadd->first = first;
    zadd->pairs = left / 2;
    struct slice conflict = zadd->flags == 0 ? (struct slice){0} : zadd_conflict(zadd);
    if (conflict.len != 0) {
        (void)call_fail_slice(call, conflict);
        return false;
    }
    for (uint32_t i = 0; i < zadd->pairs; i++) {
        double further;
        double *score = i < SCORES_KEPT ? &zadd->scores[i] : &further;
        if (!number_parse_double(call->argv[first + 2 * i], score)) {
            (void)call_fail(call, ERROR_NOT_FLOAT);
            return false;
        }
    }
    return true;
}

struct zadd_tally {
    uint32_t added, updated;
    bool processed; /* one was not refused */
    double score;   /* of the last one */
};

/* Adds all pairs; false when a sum is no number, which comes with the only pair. */
static bool zadd_all(struct call *call, const struct zadd *zadd, struct zset *zset, struct zadd_tally *tally)
{
    struct zset_limits limits = zset_limits_of(call);
    if (zadd->pairs > 1) {
        zset_expect(zset, &limits, zadd->pairs);
    }
    for (uint32_t i = 0; i < zadd->pairs; i++) {
        uint32_t at = zadd->first + 2 * i;
        struct zset_addition addition = {
            .member = call->argv[at + 1], .score = zadd->scores[i % SCORES_KEPT], .flags = zadd->flags};
        if (i >= SCORES_KEPT && !number_parse_double(call->argv[at], &addition.score)) {
            return false;
        }
        enum zset_add_result result = zset_add(zset, &limits, &addition);
        if (result == ZSET_NAN) {
            return false;
        }
        tally->added += result == ZSET_ADDED;
        tally->updated += result == ZSET_UPDATED;
        tally->processed = tally->processed || result != ZSET_REFUSED;
        tally->score = addition.score;
    }
    return true;
}

static void zadd_reply(struct call *call, const struct zadd *zadd, const struct zadd_tally *tally)
{
    if ((zadd->flags & ZSET_INCR) == 0) {
        reply_integer(&call->reply, tally->added + (zadd->counts_updates ? tally->updated : 0));
    } else if (tally->processed) {
        reply_double(&call->reply, tally->score);
    } else {
        reply_null(&call->reply);
    }
}

static enum outcome zadd_run(struct call *call, unsigned flags) REQUIRES(shard_held)
{
    struct zadd zadd;
    zadd.flags = flags;
    zadd.counts_updates = false;
    if (!zadd_parse(call, &zadd)) {
        return OUTCOME_ERROR;
    }
    if (zset_is_long(call, zadd.pairs, ZSET_SHORT_LOOKUPS)) {
        return OUTCOME_POSSESS;
    }
    struct keyref ref;
    void *object;
    if (!call_write_object(call, 1, VALUE_ZSET, &ref, &object)) {
        return OUTCOME_ERROR;
    }
    struct zadd_tally tally = {0};
    struct zset *zset = object;
    if (zset == NULL && (flags & ZSET_XX) == 0 && (zadd.flags & ZSET_XX) == 0) {
        struct zset_limits limits = zset_limits_of(call);
        zset = zset_create(&limits, zadd.pairs, call->argv[zadd.first + 1].len);
        keyref_set_object(&ref, VALUE_ZSET, zset, DEADLINE_NONE);
    }
    if (zset != NULL && !zadd_all(call, &zadd, zset, &tally)) {
        return call_fail_slice(call, SLICE_LITERAL("ERR resulting score is not a number (NaN)"));
    }
    zadd_reply(call, &zadd, &tally);
    if (tally.added + tally.updated != 0) {
        call_changed(call, &ref, EVENT_ZSET, (zadd.flags & ZSET_INCR) != 0 ? "zincr" : "zadd");
        call->effects.changes += tally.added + tally.updated - 1;
    }
    return OUTCOME_DONE;
}

COMMAND_HANDLER(zadd_command)
{
    return zadd_run(call, 0);
}

COMMAND_HANDLER(zincrby_command)
{
    return zadd_run(call, ZSET_INCR);
}

COMMAND_HANDLER(zrem_command)
{
    struct keyref ref;
    void *zset;
    if (!call_write_object(call, 1, VALUE_ZSET, &ref, &zset)) {
        return OUTCOME_ERROR;
    }
    if (zset != NULL && zset_is_long(call, call->argc - 2, ZSET_SHORT_LOOKUPS)) {
        return OUTCOME_POSSESS;
    }
    uint32_t removed = 0;
    for (uint32_t i = 2; zset != NULL && i < call->argc && zset_count(zset) != 0; i++) {
        removed += zset_remove(zset, call->argv[i]);
    }
    if (removed != 0) {
        call_changed(call, &ref, EVENT_ZSET, "zrem");
        call->effects.changes += removed - 1;
        if (zset_count(zset) == 0) {
            keyref_remove(&ref);
            call_changed_event(call, &ref, EVENT_GENERIC, "del");
        }
    }
    reply_integer(&call->reply, removed);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(zcard_command)
{
    void *zset;
    if (!call_read_object(call, 1, VALUE_ZSET, &zset)) {
        return OUTCOME_ERROR;
    }
    reply_integer(&call->reply, zset == NULL ? 0 : zset_count(zset));
    return OUTCOME_DONE;
}

static void reply_score(struct call *call, const struct zset *zset, struct slice member)
{
    double score;
    if (zset != NULL && zset_score(zset, member, &score)) {
        reply_double(&call->reply, score);
    } else {
        reply_null(&call->reply);
    }
}

COMMAND_HANDLER(zscore_command)
{
    void *zset;
    if (!call_read_object(call, 1, VALUE_ZSET, &zset)) {
        return OUTCOME_ERROR;
    }
    reply_score(call, zset, call->argv[2]);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(zmscore_command)
{
    void *zset;
    if (!call_read_object(call, 1, VALUE_ZSET, &zset)) {
        return OUTCOME_ERROR;
    }
    if (zset != NULL && zset_read_is_long(call, call->argc - 2, ZSET_SHORT_LOOKUPS, 1)) {
        return OUTCOME_POSSESS;
    }
    reply_array(&call->reply, call->argc - 2);
    for (uint32_t i = 2; i < call->argc; i++) {
        reply_score(call, zset, call->argv[i]);
    }
    return OUTCOME_DONE;
}

static enum outcome zrank_run(struct call *call, bool is_reverse) REQUIRES(shard_held)
{
    if (call->argc > 4) {
        return call_fail_arity(call);
    }
    bool with_score = call->argc == 4 && call_argument_is(call, 3, "withscore");
    if (call->argc > 3 && !with_score) {
        return call_fail(call, ERROR_SYNTAX);
    }
    void *zset;
    if (!call_read_object(call, 1, VALUE_ZSET, &zset)) {
        return OUTCOME_ERROR;
    }
    uint32_t rank;
    double score;
    if (zset == NULL || !zset_rank(zset, call->argv[2], &rank, &score)) {
        if (with_score) {
            reply_null_array(&call->reply);
        } else {
            reply_null(&call->reply);
        }
        return OUTCOME_DONE;
    }
    if (with_score) {
        reply_array(&call->reply, 2);
    }
    reply_integer(&call->reply, is_reverse ? zset_count(zset) - 1 - rank : rank);
    if (with_score) {
        reply_double(&call->reply, score);
    }
    return OUTCOME_DONE;
}

COMMAND_HANDLER(zrank_command)
{
    return zrank_run(call, false);
}

COMMAND_HANDLER(zrevrank_command)
{
    return zrank_run(call, true);
}

static const struct command_history zadd_history[] = {{"2.4.0", "Accepts multiple elements."},
                                                      {"3.0.2", "Added the `XX`, `NX`, `CH` and `INCR` options."},
                                                      {"6.2.0", "Added the `GT` and `LT` options."},
                                                      {0}};
static const struct command_history zrem_history[] = {{"2.4.0", "Accepts multiple elements."}, {0}};
static const struct command_history zrank_history[] = {{"7.2.0", "Added the optional `WITHSCORE` argument."}, {0}};
static const struct command_history zrevrank_history[] = {{"7.2.0", "Added the optional `WITHSCORE` argument."}, {0}};

const struct command_row zset_commands[] = {
    {.name = "zadd",
     .handler = zadd_command,
     .arity = -4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_FAST,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RW | KEY_UPDATE, .begin = 1, .step = 1}},
     .summary = "Adds members to a sorted set, or gives members that are there other scores.",
     .since = "1.2.0",
     .group = "sorted-set",
     .complexity = "O(log(N)) for each member, where N is the number of members of the set.",
     .history = zadd_history,
     .arguments = "key:key condition:(NX|XX)?^3.0.2 comparison:(GT|LT)?^6.2.0 change:token=CH?^3.0.2 "
                  "increment:token=INCR?^3.0.2 data:(score:double member)+"},
    {.name = "zincrby",
     .handler = zincrby_command,
     .arity = 4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_FAST,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_UPDATE, .begin = 1, .step = 1}},
     .summary = "Adds to the score of a member, which is created when it is missing.",
     .since = "1.2.0",
     .group = "sorted-set",
     .complexity = "O(log(N)) where N is the number of members of the set.",
     .arguments = "key:key increment:integer member"},
    {.name = "zrem",
     .handler = zrem_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RW | KEY_DELETE, .begin = 1, .step = 1}},
     .summary = "Removes members from a sorted set, and the set with the last of them.",
     .since = "1.2.0",
     .group = "sorted-set",
     .complexity = "O(M*log(N)) where M is the number of members to remove and N that of the set.",
     .history = zrem_history,
     .arguments = "key:key member+"},
    {.name = "zcard",
     .handler = zcard_command,
     .arity = 2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RO, .begin = 1, .step = 1}},
     .summary = "Counts the members of a sorted set.",
     .since = "1.2.0",
     .group = "sorted-set",
     .complexity = "O(1)",
     .arguments = "key:key"},
    {.name = "zscore",
     .handler = zscore_command,
     .arity = 3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .summary = "Returns the score of a member.",
     .since = "1.2.0",
     .group = "sorted-set",
     .complexity = "O(1)",
     .arguments = "key:key member"},
    {.name = "zmscore",
     .handler = zmscore_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .summary = "Returns the scores of several members.",
     .since = "6.2.0",
     .group = "sorted-set",
     .complexity = "O(N) where N is the number of members asked for.",
     .arguments = "key:key member+"},
    {.name = "zrank",
     .handler = zrank_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .summary = "Returns how many members stand before a member, from the lowest score.",
     .since = "2.0.0",
     .group = "sorted-set",
     .complexity = "O(log(N)) where N is the number of members of the set.",
     .history = zrank_history,
     .arguments = "key:key member WITHSCORE?"},
    {.name = "zrevrank",
     .handler = zrevrank_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .summary = "Returns how many members stand before a member, from the highest score.",
     .since = "2.0.0",
     .group = "sorted-set",
     .complexity = "O(log(N)) where N is the number of members of the set.",
     .history = zrevrank_history,
     .arguments = "key:key member WITHSCORE?"},
    {0},
};

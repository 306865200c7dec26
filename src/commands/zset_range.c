/* SPDX-License-Identifier: BSD-3-Clause */
/* Sorted sets, reading ranges: ZRANGE and its older forms, ZRANGESTORE, ZCOUNT, ZLEXCOUNT.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include "sherd/base/number.h"
#include "sherd/commands/families.h"
#include "zset_arguments.h"

enum range_kind {
    RANGE_ANY, /* not said yet: by rank unless an option says otherwise */
    RANGE_RANK,
    RANGE_SCORE,
    RANGE_LEX,
};

/* What is asked for; the older commands fix `kind` and direction. */
struct query {
    uint32_t first; /* argument of the first bound; the source's key stands before it */
    enum range_kind kind;
    bool may_reverse; /* REV is an option */
    bool is_reverse;
    bool stores;
    bool with_scores;
    int64_t offset, limit; /* limit negative: no limit */
    int64_t start, stop;
    struct zset_score_range scores;
    struct zset_lex_range lex;
};

/* The options behind the bounds. On false the error is replied. */
static bool parse_options(struct call *call, struct query *query)
{
    for (uint32_t i = query->first + 2; i < call->argc; i++) {
        if (!query->stores && call_argument_is(call, i, "withscores")) {
            query->with_scores = true;
        } else if (call->argc - i > 2 && call_argument_is(call, i, "limit")) {
            if (!call_integer(call, i + 1, &query->offset) || !call_integer(call, i + 2, &query->limit)) {
                return false;
            }
            i += 2;
        } else if (query->may_reverse && !query->is_reverse && call_argument_is(call, i, "rev")) {
            query->is_reverse = true;
        } else if (query->kind == RANGE_ANY && call_argument_is(call, i, "bylex")) {
            query->kind = RANGE_LEX;
        } else if (query->kind == RANGE_ANY && call_argument_is(call, i, "byscore")) {
            query->kind = RANGE_SCORE;
        } else {
            (void)call_fail(call, ERROR_SYNTAX);
            return false;
        }
    }
    query->kind = query->kind == RANGE_ANY ? RANGE_RANK : query->kind;
    if (query->limit != -1 && query->kind == RANGE_RANK) {
        (void)call_fail_slice(call, SLICE_LITERAL("ERR syntax error, LIMIT is only supported in combination with "
                                                  "either BYSCORE or BYLEX"));
        return false;
    }
    if (query->with_scores && query->kind == RANGE_LEX) {
        (void)call_fail_slice(call, SLICE_LITERAL("ERR syntax error, WITHSCORES not supported in combination with "
                                                  "BYLEX"));
        return false;
    }
    return true;
}

static bool parse_query(struct call *call, struct query *query)
{
    query->limit = -1;
    if (!parse_options(call, query)) {
        return false;
    }
    if (query->kind == RANGE_RANK) {
        return call_integer(call, query->first, &query->start) && call_integer(call, query->first + 1, &query->stop);
    }
    /* Reversed, the upper bound comes first. */
    uint32_t min = query->first + query->is_reverse;
    uint32_t max = query->first + !query->is_reverse;
    return query->kind == RANGE_SCORE ? zset_argument_scores(call, min, max, &query->scores)
                                      : zset_argument_lex(call, min, max, &query->lex);
}

/* The run that a query means, beginning with the rank at which it begins in its direction. */
static struct zset_range resolve(const struct zset *zset, const struct query *query)
{
    struct zset_range run;
    if (query->kind == RANGE_RANK) {
        run = zset_range_by_rank(zset, query->start, query->stop);
        if (query->is_reverse) {
            run.first = zset_count(zset) - 1 - run.first;
        }
        return run;
    }
    run = query->kind == RANGE_SCORE ? zset_range_by_score(zset, &query->scores) : zset_range_by_lex(zset, &query->lex);
    if (query->offset < 0 || query->offset >= run.count) {
        return (struct zset_range){0};
    }
    uint32_t offset = (uint32_t)query->offset;
    run.first = query->is_reverse ? run.first + run.count - 1 - offset : run.first + offset;
    run.count -= offset;
    run.count = query->limit >= 0 && query->limit < run.count ? (uint32_t)query->limit : run.count;
    return run;
}

static enum outcome range_run(struct call *call, struct query *query) REQUIRES(shard_held)
{
    query->first = 2;
    if (!parse_query(call, query)) {
        return OUTCOME_ERROR;
    }
    void *zset;
    if (!call_read_object(call, 1, VALUE_ZSET, &zset)) {
        return OUTCOME_ERROR;
    }
    if (zset == NULL) {
        reply_array(&call->reply, 0);
        return OUTCOME_DONE;
    }
    struct zset_range run = resolve(zset, query);
    if (zset_read_is_long(call, run.count, ZSET_SHORT_WALK, 1)) {
        return OUTCOME_POSSESS;
    }
    zset_reply_run(call, zset, run, query->is_reverse, zset_reply_style(call, query->with_scores));
    return OUTCOME_DONE;
}

COMMAND_HANDLER(zrange_command)
{
    return range_run(call, &(struct query){.may_reverse = true});
}

COMMAND_HANDLER(zrevrange_command)
{
    return range_run(call, &(struct query){.kind = RANGE_RANK, .is_reverse = true});
}

COMMAND_HANDLER(zrangebyscore_command)
{
    return range_run(call, &(struct query){.kind = RANGE_SCORE});
}

COMMAND_HANDLER(zrevrangebyscore_command)
{
    return range_run(call, &(struct query){.kind = RANGE_SCORE, .is_reverse = true});
}

COMMAND_HANDLER(zrangebylex_command)
{
    return range_run(call, &(struct query){.kind = RANGE_LEX});
}

COMMAND_HANDLER(zrevrangebylex_command)
{
    return range_run(call, &(struct query){.kind = RANGE_LEX, .is_reverse = true});
}

/* ---- ZRANGESTORE ---- */

/* A new set of the run's members. As in Redis only a run by rank is known to be too long for a listpack, which forgets
 * the sign of -0, before it is copied. */
static struct zset *copy_run(const struct call *call, const struct zset *zset, struct zset_range run,
                             const struct query *query)
{
    struct zset_limits limits = zset_limits_of(call);
    struct zset *copy = zset_create(&limits, query->kind == RANGE_RANK ? run.count : 0, 0);
    bool is_reverse = query->is_reverse;
    struct zset_iterator iterator;
    struct zset_element element;
    /* Rising, whatever the direction: so each member is appended. */
    zset_iterator_init(&iterator, zset, is_reverse && run.count != 0 ? run.first - (run.count - 1) : run.first, false);
    while (run.count-- != 0 && zset_iterator_next(&iterator, &element)) {
        (void)!zset_add(copy, &limits, &(struct zset_addition){.member = element.member, .score = element.score});
    }
    return copy;
}

COMMAND_HANDLER(zrangestore_command)
{
    struct query query = {.first = 3, .may_reverse = true, .stores = true};
    if (!parse_query(call, &query)) {
        return OUTCOME_ERROR;
    }
    void *zset;
    if (!call_read_object(call, 2, VALUE_ZSET, &zset)) {
        return OUTCOME_ERROR;
    }
    struct zset_range run = zset == NULL ? (struct zset_range){0} : resolve(zset, &query);
    if (zset_read_is_long(call, run.count, ZSET_SHORT_LOOKUPS, 1)) {
        return OUTCOME_POSSESS;
    }
    struct zset_limits limits = zset_limits_of(call);
    struct zset *copy = zset == NULL ? zset_create(&limits, 0, 0) : copy_run(call, zset, run, &query);
    zset_store(call, 1, copy, "zrangestore");
    return OUTCOME_DONE;
}

/* ---- counting ---- */

COMMAND_HANDLER(zcount_command)
{
    struct zset_score_range scores;
    void *zset;
    if (!zset_argument_scores(call, 2, 3, &scores) || !call_read_object(call, 1, VALUE_ZSET, &zset)) {
        return OUTCOME_ERROR;
    }
    reply_integer(&call->reply, zset == NULL ? 0 : zset_range_by_score(zset, &scores).count);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(zlexcount_command)
{
    struct zset_lex_range lex;
    void *zset;
    if (!zset_argument_lex(call, 2, 3, &lex) || !call_read_object(call, 1, VALUE_ZSET, &zset)) {
        return OUTCOME_ERROR;
    }
    reply_integer(&call->reply, zset == NULL ? 0 : zset_range_by_lex(zset, &lex).count);
    return OUTCOME_DONE;
}

static const struct command_history zrange_history[] = {
    {"6.2.0", "Added the `REV`, `BYSCORE`, `BYLEX` and `LIMIT` options."}, {0}};
static const struct command_history zrangebyscore_history[] = {{"2.0.0", "Added the `WITHSCORES` modifier."}, {0}};
static const struct command_history zrevrangebyscore_history[] = {{"2.1.6", "`min` and `max` can be exclusive."}, {0}};

const struct command_row zset_range_commands[] = {
    {.name = "zrange",
     .handler = zrange_command,
     .arity = -4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .summary = "Returns a range of members: by rank, by score or by their bytes.",
     .since = "1.2.0",
     .group = "sorted-set",
     .complexity = "O(log(N)+M) where N is the number of members of the set and M that of the range.",
     .history = zrange_history,
     .arguments = "key:key start stop sortby:(BYSCORE|BYLEX)?^6.2.0 REV?^6.2.0 limit:(offset:integer "
                  "count:integer)=LIMIT?^6.2.0 WITHSCORES?"},
    {.name = "zrevrange",
     .handler = zrevrange_command,
     .arity = -4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .summary = "Returns a range of members by rank, counted from the highest score.",
     .since = "1.2.0",
     .group = "sorted-set",
     .complexity = "O(log(N)+M) where N is the number of members of the set and M that of the range.",
     .arguments = "key:key start:integer stop:integer WITHSCORES?",
     .replaced_by = "`ZRANGE` with the `REV` argument",
     .deprecated_since = "6.2.0"},
    {.name = "zrangebyscore",
     .handler = zrangebyscore_command,
     .arity = -4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .summary = "Returns the members with scores between two bounds, rising.",
     .since = "1.0.5",
     .group = "sorted-set",
     .complexity = "O(log(N)+M) where N is the number of members of the set and M that of the range.",
     .history = zrangebyscore_history,
     .arguments = "key:key min:double max:double WITHSCORES?^2.0.0 limit:(offset:integer count:integer)=LIMIT?",
     .replaced_by = "`ZRANGE` with the `BYSCORE` argument",
     .deprecated_since = "6.2.0"},
    {.name = "zrevrangebyscore",
     .handler = zrevrangebyscore_command,
     .arity = -4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .summary = "Returns the members with scores between two bounds, falling.",
     .since = "2.2.0",
     .group = "sorted-set",
     .complexity = "O(log(N)+M) where N is the number of members of the set and M that of the range.",
     .history = zrevrangebyscore_history,
     .arguments = "key:key max:double min:double WITHSCORES? limit:(offset:integer count:integer)=LIMIT?",
     .replaced_by = "`ZRANGE` with the `REV` and `BYSCORE` arguments",
     .deprecated_since = "6.2.0"},
    {.name = "zrangebylex",
     .handler = zrangebylex_command,
     .arity = -4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .summary = "Returns the members between two strings, where all scores are equal.",
     .since = "2.8.9",
     .group = "sorted-set",
     .complexity = "O(log(N)+M) where N is the number of members of the set and M that of the range.",
     .arguments = "key:key min max limit:(offset:integer count:integer)=LIMIT?",
     .replaced_by = "`ZRANGE` with the `BYLEX` argument",
     .deprecated_since = "6.2.0"},
    {.name = "zrevrangebylex",
     .handler = zrevrangebylex_command,
     .arity = -4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .summary = "Returns the members between two strings backwards, where all scores are equal.",
     .since = "2.8.9",
     .group = "sorted-set",
     .complexity = "O(log(N)+M) where N is the number of members of the set and M that of the range.",
     .arguments = "key:key max min limit:(offset:integer count:integer)=LIMIT?",
     .replaced_by = "`ZRANGE` with the `REV` and `BYLEX` arguments",
     .deprecated_since = "6.2.0"},
    {.name = "zrangestore",
     .handler = zrangestore_command,
     .arity = -5,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_OW | KEY_UPDATE, .begin = 1, .step = 1},
              {.flags = KEY_RO | KEY_ACCESS, .begin = 2, .step = 1}},
     .summary = "Stores a range of members as another sorted set.",
     .since = "6.2.0",
     .group = "sorted-set",
     .complexity = "O(log(N)+M) where N is the number of members of the set and M that of the range.",
     .arguments = "dst:key src:key#1 min max sortby:(BYSCORE|BYLEX)? REV? limit:(offset:integer "
                  "count:integer)=LIMIT?"},
    {.name = "zcount",
     .handler = zcount_command,
     .arity = 4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .summary = "Counts the members with scores between two bounds.",
     .since = "2.0.0",
     .group = "sorted-set",
     .complexity = "O(log(N)) where N is the number of members of the set.",
     .arguments = "key:key min:double max:double"},
    {.name = "zlexcount",
     .handler = zlexcount_command,
     .arity = 4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .summary = "Counts the members between two strings, where all scores are equal.",
     .since = "2.8.9",
     .group = "sorted-set",
     .complexity = "O(log(N)) where N is the number of members of the set.",
     .arguments = "key:key min max"},
    {0},
};

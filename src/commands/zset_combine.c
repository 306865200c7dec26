/* SPDX-License-Identifier: BSD-3-Clause */
/* Sorted sets out of several: ZUNION, ZINTER, ZDIFF, their STORE forms, ZINTERCARD.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include <math.h>
#include <stdlib.h>

#include "sherd/base/memory.h"
#include "sherd/base/number.h"
#include "sherd/commands/families.h"
#include "zset_arguments.h"
#include "zset_sources.h"

enum {
    SOURCES_INLINE = 16, /* more are allocated */
};

enum operation {
    OPERATION_UNION,
    OPERATION_INTER,
    OPERATION_DIFF,
    OPERATION_CARD, /* ZINTERCARD */
};

enum aggregate {
    AGGREGATE_SUM,
    AGGREGATE_MIN,
    AGGREGATE_MAX,
};

struct combination {
    enum operation operation;
    bool stores; /* into the key at argument 1 */
    enum aggregate aggregate;
    bool with_scores;
    int64_t limit;      /* of ZINTERCARD; 0: none */
    uint32_t count_at;  /* argument of the number of keys */
    uint32_t count;     /* of sources */
    uint64_t keys_read; /* of those that are there */
    struct zset_source *sources;
    struct zset_source few[SOURCES_INLINE];
};

/* ---- arguments ---- */

static bool parse_keys(struct call *call, struct combination *combination)
{
    int64_t count;
    if (!call_integer(call, combination->count_at, &count)) {
        return false;
    }
    if (count < 1) {
        (void)call_fail_format(call, "ERR at least 1 input key is needed for '%s' command", call->command->full_name);
        return false;
    }
    if (count > (int64_t)call->argc - combination->count_at - 1) {
        (void)call_fail(call, ERROR_SYNTAX);
        return false;
    }
    combination->count = (uint32_t)count;
    return true;
}

static bool read_sources(struct call *call, struct combination *combination) REQUIRES(shard_held)
{
    for (uint32_t i = 0; i < combination->count; i++) {
        struct zset_source *source = &combination->sources[i];
        if (!zset_source_read(call, combination->count_at + 1 + i, source)) {
            return false;
        }
        combination->keys_read += source->count != 0;
    }
    return true;
}

static bool parse_weights(struct call *call, uint32_t first, struct combination *combination)
{
    for (uint32_t i = 0; i < combination->count; i++) {
        if (!number_parse_double(call->argv[first + i], &combination->sources[i].weight)) {
            (void)call_fail_slice(call, SLICE_LITERAL("ERR weight value is not a float"));
            return false;
        }
    }
    return true;
}

static bool parse_aggregate(struct call *call, uint32_t index, struct combination *combination)
{
    static const char *const words[] = {[AGGREGATE_SUM] = "sum", [AGGREGATE_MIN] = "min", [AGGREGATE_MAX] = "max"};
    for (unsigned i = 0; i < ARRAY_LENGTH(words); i++) {
        if (call_argument_is(call, index, words[i])) {
            combination->aggregate = (enum aggregate)i;
            return true;
        }
    }
    (void)call_fail(call, ERROR_SYNTAX);
    return false;
}

static bool parse_limit(struct call *call, uint32_t index, struct combination *combination)
{
    if (!number_parse_i64(call->argv[index], &combination->limit) || combination->limit < 0) {
        (void)call_fail_slice(call, SLICE_LITERAL("ERR LIMIT can't be negative"));
        return false;
    }
    return true;
}

/* One option at *index, which moves behind it. On false the error is replied. */
static bool parse_option(struct call *call, uint32_t *index, struct combination *combination)
{
    uint32_t at = *index;
    uint32_t left = call->argc - at;
    bool aggregates = combination->operation == OPERATION_UNION || combination->operation == OPERATION_INTER;
    if (aggregates && left > combination->count && call_argument_is(call, at, "weights")) {
        *index += 1 + combination->count;
        return parse_weights(call, at + 1, combination);
    }
    if (aggregates && left >= 2 && call_argument_is(call, at, "aggregate")) {
        *index += 2;
        return parse_aggregate(call, at + 1, combination);
    }
    if (!combination->stores && combination->operation != OPERATION_CARD && call_argument_is(call, at, "withscores")) {
        *index += 1;
        combination->with_scores = true;
        return true;
    }
    if (combination->operation == OPERATION_CARD && left >= 2 && call_argument_is(call, at, "limit")) {
        *index += 2;
        return parse_limit(call, at + 1, combination);
    }
    (void)call_fail(call, ERROR_SYNTAX);
    return false;
}

static bool parse_options(struct call *call, struct combination *combination)
{
    uint32_t index = combination->count_at + 1 + combination->count;
    while (index < call->argc) {
        if (!parse_option(call, &index, combination)) {
            return false;
        }
    }
    return true;
}

/* ---- combining ---- */

static int compare_counts(const void *a, const void *b)
{
    const struct zset_source *left = a;
    const struct zset_source *right = b;
    return (left->count > right->count) - (left->count < right->count);
}

/* 0 times infinity is 0, as is infinity less infinity. */
static double weighted(const struct zset_source *source, double score)
{
    double value = source->weight * score;
    return isnan(value) ? 0 : value;
}

static void aggregate(double *target, double value, enum aggregate how)
{
    switch (how) {
    case AGGREGATE_SUM:
        *target += value;
        *target = isnan(*target) ? 0 : *target;
        break;
    case AGGREGATE_MIN:
        *target = value < *target ? value : *target;
        break;
    default:
        *target = value > *target ? value : *target;
        break;
    }
}

static void unite(const struct combination *combination, struct zset *result)
{
    for (uint32_t i = 0; i < combination->count; i++) {
        const struct zset_source *source = &combination->sources[i];
        struct zset_source_walk walk;
        struct zset_element element;
        zset_source_walk_init(&walk, source);
        while (zset_source_walk_next(&walk, &element)) {
            bool is_new;
            double value = weighted(source, element.score);
            double *score = zset_build_put(result, element.member, value, &is_new);
            if (!is_new) {
                aggregate(score, value, combination->aggregate);
            }
        }
    }
}

/* Whether a member of the first source is in all others; then `*score` becomes the aggregate. */
static bool is_in_all(const struct combination *combination, struct slice member, double *score)
{
    for (uint32_t i = 1; i < combination->count; i++) {
        const struct zset_source *source = &combination->sources[i];
        double value;
        if (!zset_source_find(source, member, &value)) {
            return false;
        }
        aggregate(score, value * source->weight, combination->aggregate);
    }
    return true;
}

/* Returns how many there are, at most the limit; without a result they are only counted. */
static uint64_t intersect(const struct combination *combination, struct zset *result)
{
    uint64_t found = 0;
    struct zset_source_walk walk;
    struct zset_element element;
    zset_source_walk_init(&walk, &combination->sources[0]);
    while (zset_source_walk_next(&walk, &element)) {
        double score = weighted(&combination->sources[0], element.score);
        if (!is_in_all(combination, element.member, &score)) {
            continue;
        }
        found++;
        if (result != NULL) {
            bool is_new;
            (void)zset_build_put(result, element.member, score, &is_new);
        } else if ((int64_t)found == combination->limit) {
            break;
        }
    }
    return found;
}

static void subtract(const struct combination *combination, struct zset *result)
{
    struct zset_source_walk walk;
    struct zset_element element;
    zset_source_walk_init(&walk, &combination->sources[0]);
    while (zset_source_walk_next(&walk, &element)) {
        bool stays = true;
        double score;
        for (uint32_t i = 1; stays && i < combination->count; i++) {
            stays = !zset_source_find(&combination->sources[i], element.member, &score);
        }
        if (stays) {
            bool is_new;
            (void)zset_build_put(result, element.member, element.score, &is_new);
        }
    }
}

/* About how many members are looked up or added. */
static uint64_t work_of(const struct combination *combination)
{
    uint64_t work = combination->count;
    if (combination->operation != OPERATION_UNION) {
        return work + (uint64_t)combination->sources[0].count * combination->count;
    }
    for (uint32_t i = 0; i < combination->count; i++) {
        work += combination->sources[i].count;
    }
    return work;
}

static struct zset *combine(struct call *call, const struct combination *combination)
{
    struct zset_limits limits = zset_limits_of(call);
    struct zset *result = zset_build_create(limits.hash_key);
    switch (combination->operation) {
    case OPERATION_UNION:
        unite(combination, result);
        break;
    case OPERATION_INTER:
        (void)intersect(combination, result);
        break;
    default:
        subtract(combination, result);
        break;
    }
    zset_build_finish(result, combination->stores ? &limits : NULL);
    return result;
}

static enum outcome combine_read(struct call *call, struct combination *combination) REQUIRES(shard_held)
{
    static const char *const events[] = {
        [OPERATION_UNION] = "zunionstore", [OPERATION_INTER] = "zinterstore", [OPERATION_DIFF] = "zdiffstore"};
    if (!read_sources(call, combination) || !parse_options(call, combination)) {
        return OUTCOME_ERROR;
    }
    if (combination->operation != OPERATION_DIFF) {
        /* The smallest first. */
        qsort(combination->sources, combination->count, sizeof(*combination->sources), compare_counts);
    }
    if (zset_read_is_long(call, work_of(combination), ZSET_SHORT_LOOKUPS, combination->keys_read)) {
        return OUTCOME_POSSESS;
    }
    if (combination->operation == OPERATION_CARD) {
        reply_integer(&call->reply, (int64_t)intersect(combination, NULL));
        return OUTCOME_DONE;
    }
    struct zset *result = combine(call, combination);
    if (combination->stores) {
        zset_store(call, 1, result, events[combination->operation]);
        return OUTCOME_DONE;
    }
    struct zset_range all = {.count = zset_count(result)};
    zset_reply_run(call, result, all, false, zset_reply_style(call, combination->with_scores));
    zset_destroy(result);
    return OUTCOME_DONE;
}

static enum outcome combine_run(struct call *call, enum operation operation, bool stores) REQUIRES(shard_held)
{
    struct combination combination;
    combination.operation = operation;
    combination.stores = stores;
    combination.aggregate = AGGREGATE_SUM;
    combination.with_scores = false;
    combination.limit = 0;
    combination.count_at = stores ? 2 : 1;
    combination.keys_read = 0;
    if (!parse_keys(call, &combination)) {
        return OUTCOME_ERROR;
    }
    bool few = combination.count <= SOURCES_INLINE;
    combination.sources = few ? combination.few : memory_alloc(combination.count * sizeof(*combination.sources));
    enum outcome outcome = combine_read(call, &combination);
    if (!few) {
        memory_free(combination.sources);
    }
    return outcome;
}

COMMAND_HANDLER(zunion_command)
{
    return combine_run(call, OPERATION_UNION, false);
}

COMMAND_HANDLER(zinter_command)
{
    return combine_run(call, OPERATION_INTER, false);
}

COMMAND_HANDLER(zdiff_command)
{
    return combine_run(call, OPERATION_DIFF, false);
}

COMMAND_HANDLER(zunionstore_command)
{
    return combine_run(call, OPERATION_UNION, true);
}

COMMAND_HANDLER(zinterstore_command)
{
    return combine_run(call, OPERATION_INTER, true);
}

COMMAND_HANDLER(zdiffstore_command)
{
    return combine_run(call, OPERATION_DIFF, true);
}

COMMAND_HANDLER(zintercard_command)
{
    return combine_run(call, OPERATION_CARD, false);
}

const struct command_row zset_combine_commands[] = {
    {.name = "zunion",
     .handler = zunion_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1, .counted = true}},
     .summary = "Returns the union of sorted sets, with weighted and aggregated scores.",
     .since = "6.2.0",
     .group = "sorted-set",
     .complexity = "O(N)+O(M*log(M)) where N is the number of members of all sources and M that of the result.",
     .arguments = "numkeys:integer key:key+ weight:integer=WEIGHTS?+ aggregate:(SUM|MIN|MAX)=AGGREGATE? WITHSCORES?"},
    {.name = "zinter",
     .handler = zinter_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1, .counted = true}},
     .summary = "Returns the intersection of sorted sets, with weighted and aggregated scores.",
     .since = "6.2.0",
     .group = "sorted-set",
     .complexity = "O(N*K)+O(M*log(M)) where N is the size of the smallest of K sources and M that of the result.",
     .arguments = "numkeys:integer key:key+ weight:integer=WEIGHTS?+ aggregate:(SUM|MIN|MAX)=AGGREGATE? WITHSCORES?"},
    {.name = "zdiff",
     .handler = zdiff_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1, .counted = true}},
     .summary = "Returns the members of the first sorted set that are in none of the others.",
     .since = "6.2.0",
     .group = "sorted-set",
     .complexity = "O(N*K)+O(M*log(M)) where N is the size of the first of K sources and M that of the result.",
     .arguments = "numkeys:integer key:key+ WITHSCORES?"},
    {.name = "zunionstore",
     .handler = zunionstore_command,
     .arity = -4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_OW | KEY_UPDATE, .begin = 1, .step = 1},
              {.flags = KEY_RO | KEY_ACCESS, .begin = 2, .step = 1, .counted = true}},
     .summary = "Stores the union of sorted sets, with weighted and aggregated scores.",
     .since = "2.0.0",
     .group = "sorted-set",
     .complexity = "O(N)+O(M*log(M)) where N is the number of members of all sources and M that of the result.",
     .arguments = "destination:key numkeys:integer key:key#1+ weight:integer=WEIGHTS?+ "
                  "aggregate:(SUM|MIN|MAX)=AGGREGATE?"},
    {.name = "zinterstore",
     .handler = zinterstore_command,
     .arity = -4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_OW | KEY_UPDATE, .begin = 1, .step = 1},
              {.flags = KEY_RO | KEY_ACCESS, .begin = 2, .step = 1, .counted = true}},
     .summary = "Stores the intersection of sorted sets, with weighted and aggregated scores.",
     .since = "2.0.0",
     .group = "sorted-set",
     .complexity = "O(N*K)+O(M*log(M)) where N is the size of the smallest of K sources and M that of the result.",
     .arguments = "destination:key numkeys:integer key:key#1+ weight:integer=WEIGHTS?+ "
                  "aggregate:(SUM|MIN|MAX)=AGGREGATE?"},
    {.name = "zdiffstore",
     .handler = zdiffstore_command,
     .arity = -4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_OW | KEY_UPDATE, .begin = 1, .step = 1},
              {.flags = KEY_RO | KEY_ACCESS, .begin = 2, .step = 1, .counted = true}},
     .summary = "Stores the members of the first sorted set that are in none of the others.",
     .since = "6.2.0",
     .group = "sorted-set",
     .complexity = "O(N*K)+O(M*log(M)) where N is the size of the first of K sources and M that of the result.",
     .arguments = "destination:key numkeys:integer key:key#1+"},
    {.name = "zintercard",
     .handler = zintercard_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1, .counted = true}},
     .summary = "Counts the members that several sorted sets have in common.",
     .since = "7.0.0",
     .group = "sorted-set",
     .complexity = "O(N*K) where N is the size of the smallest of K sources.",
     .arguments = "numkeys:integer key:key+ limit:integer=LIMIT?"},
    {0},
};

/* SPDX-License-Identifier: BSD-3-Clause */
/* Sets out of several: SINTER SUNION SDIFF, their STORE forms, SINTERCARD.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include "set_access.h"
#include "sherd/base/memory.h"
#include "sherd/base/number.h"
#include "sherd/commands/families.h"

enum {
    SETS_INLINE = 16, /* more are allocated */
    /* What the work of a combination is counted in: looking a batch up in a table, member by member. */
    PACK_MEMBERS_EACH = 16, /* a lookup in a listpack looks at so many members in that time */
    ADD_COST = 3,           /* a member added to a result */
    REST_MEMBERS = 4096,    /* after so many members of a result others may go on: about 100 us */
    MANY_UNION_SETS = 4,    /* beyond so many sets a union is a table first */
};

enum operation {
    OPERATION_INTER,
    OPERATION_UNION,
    OPERATION_DIFF,
};

struct combination {
    enum operation operation;
    bool stores;        /* into the key at argument 1 */
    uint32_t first_key; /* of the sources */
    uint32_t count;
    uint32_t missing;
    const struct set **sets;
    const struct set *few[SETS_INLINE];
};

/* ---- sources ---- */

static bool read_sets(struct call *call, struct combination *combination) REQUIRES(shard_held)
{
    combination->missing = 0;
    for (uint32_t i = 0; i < combination->count; i++) {
        void *object;
        if (!call_read_object(call, combination->first_key + i, VALUE_SET, &object)) {
            return false;
        }
        combination->sets[i] = object;
        combination->missing += object == NULL;
    }
    return true;
}

static uint64_t lookup_cost(const struct set *set)
{
    return set_encoding(set) == SET_LISTPACK ? 1 + set_count(set) / PACK_MEMBERS_EACH : 1;
}

static uint64_t count_of(const struct set *set)
{
    return set == NULL ? 0 : set_count(set);
}

/* About how much is to be done, at most. */
static uint64_t work_of(const struct combination *combination)
{
    uint64_t least = UINT64_MAX, total = 0, lookups = 0;
    for (uint32_t i = 0; i < combination->count; i++) {
        uint64_t count = count_of(combination->sets[i]);
        least = count < least ? count : least;
        total += count;
        lookups += count == 0 ? 0 : lookup_cost(combination->sets[i]);
    }
    uint64_t kept = combination->stores ? ADD_COST : 0;
    switch (combination->operation) {
    case OPERATION_INTER:
        return combination->count + least * (lookups + kept);
    case OPERATION_UNION:
        return combination->count + total * ((combination->count > MANY_UNION_SETS ? ADD_COST : lookups) + kept);
    default: /* the sets to subtract become a table when that is cheaper */
        return combination->count + count_of(combination->sets[0]) * (1 + kept) +
               (combination->count > MANY_UNION_SETS ? total * ADD_COST : count_of(combination->sets[0]) * lookups);
    }
}

/* Whether the work must be done elsewhere; what was looked up will be counted again there. */
static bool moves_elsewhere(struct call *call, const struct combination *combination)
{
    if (!set_is_long(call, work_of(combination), SET_SHORT_COMBINED)) {
        return false;
    }
    uint64_t found = combination->count - combination->missing;
    statistics_add(&call->worker->statistics, STATISTIC_KEYSPACE_HITS, 0 - found);
    statistics_add(&call->worker->statistics, STATISTIC_KEYSPACE_MISSES, 0 - (uint64_t)combination->missing);
    return true;
}

static void combine(const struct call *call, const struct combination *combination, set_taker *take, void *context)
{
    struct set_operands operands = {
        .sets = combination->sets, .count = combination->count, .hash_key = &call->worker->exec->keyspace->hash_key};
    switch (combination->operation) {
    case OPERATION_INTER:
        if (combination->missing == 0) {
            set_intersect(&operands, take, context);
        }
        break;
    case OPERATION_UNION:
        set_unite(&operands, take, context);
        break;
    default:
        set_subtract(&operands, take, context);
        break;
    }
}

/* ---- results ---- */

struct writing {
    struct call *call;
    size_t count;
};

static bool write_taken(void *context, struct slice member)
{
    struct writing *writing = context;
    reply_bulk(&writing->call->reply, member);
    if (UNLIKELY(++writing->count % REST_MEMBERS == 0)) {
        call_rest(writing->call);
    }
    return true;
}

static void reply_result(struct call *call, const struct combination *combination)
{
    struct writing writing = {.call = call};
    struct output_mark mark = reply_open(&call->reply);
    combine(call, combination, write_taken, &writing);
    reply_close_set(&call->reply, mark, writing.count);
}

struct building {
    const struct call *call;
    size_t count;
    struct set_limits limits;
    struct set *set; /* NULL until there is a member: that chooses the encoding */
};

static bool build_taken(void *context, struct slice member)
{
    struct building *building = context;
    if (building->set == NULL) {
        building->set = set_create(&building->limits, 1, member);
    }
    (void)set_add(building->set, &building->limits, member);
    if (UNLIKELY(++building->count % REST_MEMBERS == 0)) {
        call_rest(building->call);
    }
    return true;
}

/* Redis takes the other sets out of a copy of the first one when that is less work than looking its members up in all
 * of them. What that copy was encoded as shows in the result, so it is begun with that encoding here. */
static void begin_difference(const struct combination *combination, struct building *building)
{
    const struct set *first = combination->sets[0];
    uint64_t by_lookups = 0, by_removal = 0;
    for (uint32_t i = 0; i < combination->count; i++) {
        by_lookups += combination->sets[i] == NULL ? 0 : count_of(first);
        by_removal += count_of(combination->sets[i]);
    }
    if (first == NULL || by_lookups / 2 <= by_removal) {
        return;
    }
    struct set_iterator iterator;
    struct slice member = SLICE_LITERAL("0");
    int64_t value;
    set_iterator_init(&iterator, first);
    while (set_iterator_next(&iterator, &member) && number_parse_i64(member, &value)) {
    }
    building->set = set_create(&building->limits, count_of(first), member);
}

static void store_result(struct call *call, const struct combination *combination) REQUIRES(shard_held)
{
    static const char *const events[] = {
        [OPERATION_INTER] = "sinterstore", [OPERATION_UNION] = "sunionstore", [OPERATION_DIFF] = "sdiffstore"};
    struct building building = {.call = call, .limits = set_call_limits(call)};
    struct keyref ref;
    if (combination->operation == OPERATION_DIFF) {
        begin_difference(combination, &building);
    }
    combine(call, combination, build_taken, &building);
    bool exists = call_write(call, 1, &ref);
    if (building.set != NULL && set_count(building.set) == 0) {
        set_destroy(building.set);
        building.set = NULL;
    }
    if (building.set != NULL) {
        reply_integer(&call->reply, (int64_t)set_count(building.set));
        keyref_set_object(&ref, VALUE_SET, building.set, DEADLINE_NONE);
        call_changed(call, &ref, EVENT_SET, events[combination->operation]);
        return;
    }
    reply_integer(&call->reply, 0);
    if (exists) {
        keyref_remove(&ref);
        call_changed(call, &ref, EVENT_GENERIC, "del");
    }
}

static enum outcome run_read(struct call *call, struct combination *combination) REQUIRES(shard_held)
{
    if (!read_sets(call, combination)) {
        return OUTCOME_ERROR;
    }
    if (moves_elsewhere(call, combination)) {
        return OUTCOME_POSSESS;
    }
    if (combination->stores) {
        store_result(call, combination);
    } else {
        reply_result(call, combination);
    }
    return OUTCOME_DONE;
}

static void sets_begin(struct combination *combination)
{
    size_t bytes = combination->count * sizeof(*combination->sets);
    combination->sets = combination->count <= SETS_INLINE ? combination->few : memory_alloc(bytes);
}

static void sets_end(struct combination *combination)
{
    if (combination->sets != combination->few) {
        memory_free((void *)combination->sets);
    }
}

static enum outcome run(struct call *call, enum operation operation, bool stores) REQUIRES(shard_held)
{
    struct combination combination;
    combination.operation = operation;
    combination.stores = stores;
    combination.first_key = stores ? 2 : 1;
    combination.count = call->argc - combination.first_key;
    sets_begin(&combination);
    enum outcome outcome = run_read(call, &combination);
    sets_end(&combination);
    return outcome;
}

COMMAND_HANDLER(sinter_command)
{
    return run(call, OPERATION_INTER, false);
}

COMMAND_HANDLER(sinterstore_command)
{
    return run(call, OPERATION_INTER, true);
}

COMMAND_HANDLER(sunion_command)
{
    return run(call, OPERATION_UNION, false);
}

COMMAND_HANDLER(sunionstore_command)
{
    return run(call, OPERATION_UNION, true);
}

COMMAND_HANDLER(sdiff_command)
{
    return run(call, OPERATION_DIFF, false);
}

COMMAND_HANDLER(sdiffstore_command)
{
    return run(call, OPERATION_DIFF, true);
}

/* ---- SINTERCARD ---- */

struct counting {
    uint64_t count;
    uint64_t limit; /* 0: none */
};

static bool count_taken(void *context, struct slice member)
{
    struct counting *counting = context;
    (void)member;
    return ++counting->count != counting->limit;
}

/* On false the error is replied. */
static bool parse_card(struct call *call, uint32_t *keys, struct counting *counting)
{
    int64_t number;
    *counting = (struct counting){.count = 0};
    if (!number_parse_i64(call->argv[1], &number) || number < 1) {
        (void)call_fail_slice(call, SLICE_LITERAL("ERR numkeys should be greater than 0"));
        return false;
    }
    if (number > (int64_t)call->argc - 2) {
        (void)call_fail_slice(call, SLICE_LITERAL("ERR Number of keys can't be greater than number of args"));
        return false;
    }
    *keys = (uint32_t)number;
    for (uint32_t i = 2 + *keys; i < call->argc; i += 2) {
        if (i + 1 == call->argc || !call_argument_is(call, i, "limit")) {
            (void)call_fail(call, ERROR_SYNTAX);
            return false;
        }
        if (!number_parse_i64(call->argv[i + 1], &number) || number < 0) {
            (void)call_fail_slice(call, SLICE_LITERAL("ERR LIMIT can't be negative"));
            return false;
        }
        counting->limit = (uint64_t)number;
    }
    return true;
}

COMMAND_HANDLER(sintercard_command)
{
    struct combination combination = {.operation = OPERATION_INTER, .first_key = 2};
    struct counting counting;
    if (!parse_card(call, &combination.count, &counting)) {
        return OUTCOME_ERROR;
    }
    sets_begin(&combination);
    enum outcome outcome = OUTCOME_DONE;
    if (!read_sets(call, &combination)) {
        outcome = OUTCOME_ERROR;
    } else if (moves_elsewhere(call, &combination)) {
        outcome = OUTCOME_POSSESS;
    } else {
        combine(call, &combination, count_taken, &counting);
        reply_integer(&call->reply, (int64_t)counting.count);
    }
    sets_end(&combination);
    return outcome;
}

static const char *const order_tips[] = {"nondeterministic_output_order", NULL};

#define COMBINE_ROW(name_, summary_, complexity_)                                                                      \
    {                                                                                                                  \
        .name = #name_, .handler = name_##_command, .arity = -2, .lock = LOCK_KEYS, .flags = COMMAND_READONLY,         \
        .categories = ACL_SET, .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .last = -1, .step = 1}},            \
        .summary = (summary_), .since = "1.0.0", .group = "set", .complexity = (complexity_), .tips = order_tips,      \
        .arguments = "key:key+"                                                                                        \
    }

#define STORE_ROW(name_, target_, summary_, complexity_)                                                               \
    {                                                                                                                  \
        .name = #name_, .handler = name_##_command, .arity = -3, .lock = LOCK_KEYS,                                    \
        .flags = COMMAND_WRITE | COMMAND_DENYOOM, .categories = ACL_SET,                                               \
        .keys = {{.flags = (target_) | KEY_UPDATE, .begin = 1, .step = 1},                                             \
                 {.flags = KEY_RO | KEY_ACCESS, .begin = 2, .last = -1, .step = 1}},                                   \
        .summary = (summary_), .since = "1.0.0", .group = "set", .complexity = (complexity_),                          \
        .arguments = "destination:key key:key#1+"                                                                      \
    }

#define INTER_COMPLEXITY "O(N*M) where N is the size of the smallest set and M the number of sets."
#define UNION_COMPLEXITY "O(N) where N is the number of members of all sets together."

const struct command_row set_combine_commands[] = {
    COMBINE_ROW(sinter, "Returns the members that all of the sets have.", INTER_COMPLEXITY),
    COMBINE_ROW(sunion, "Returns the members that any of the sets has.", UNION_COMPLEXITY),
    COMBINE_ROW(sdiff, "Returns the members of the first set that none of the others has.", UNION_COMPLEXITY),
    STORE_ROW(sinterstore, KEY_RW, "Stores the members that all of the sets have as a set.", INTER_COMPLEXITY),
    STORE_ROW(sunionstore, KEY_OW, "Stores the members that any of the sets has as a set.", UNION_COMPLEXITY),
    STORE_ROW(sdiffstore, KEY_OW, "Stores the members of the first set that none of the others has as a set.",
              UNION_COMPLEXITY),
    {.name = "sintercard",
     .handler = sintercard_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_SET,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .counted = true, .step = 1}},
     .summary = "Counts the members that all of the sets have, up to a limit.",
     .since = "7.0.0",
     .group = "set",
     .complexity = INTER_COMPLEXITY,
     .arguments = "numkeys:integer key:key+ limit:integer=LIMIT?"},
    {0},
};

/* SPDX-License-Identifier: BSD-3-Clause */
/* Sorted sets, members in no order: ZRANDMEMBER, ZSCAN.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include "scan_arguments.h"
#include "sherd/base/memory.h"
#include "sherd/base/number.h"
#include "sherd/commands/families.h"
#include "zset_arguments.h"

enum {
    SAMPLE_ALL_SHARE = 3,    /* so many times the wanted members, or fewer: walks over all of them */
    DRAWN_INLINE_SLOTS = 64, /* a power of two; twice as many as are drawn without allocating */
    DOOMED_CHECK = 4096,     /* draws after which it is seen whether the client is still there */
};

/* ---- ZRANDMEMBER ---- */

static void reply_rank(struct call *call, const struct zset *zset, uint32_t rank, enum zset_reply_style style)
{
    struct zset_iterator iterator;
    struct zset_element element;
    zset_iterator_init(&iterator, zset, rank, false);
    if (zset_iterator_next(&iterator, &element)) {
        zset_reply_element(&call->reply, style, &element);
    }
}

static uint32_t draw_rank(struct call *call, const struct zset *zset)
{
    return (uint32_t)random_below(&call->worker->random, zset_count(zset));
}

/* Nobody will read the reply. */
static bool is_in_vain(const struct call *call)
{
    return atomic_load_explicit(&call->session->doomed, memory_order_relaxed) ||
           atomic_load_explicit(&call->worker->exec->stopping, memory_order_relaxed);
}

/* With repetition. */
static void reply_draws(struct call *call, const struct zset *zset, uint64_t count, enum zset_reply_style style)
{
    zset_reply_begin(&call->reply, style, count);
    for (uint64_t i = 0; i < count; i++) {
        reply_rank(call, zset, draw_rank(call, zset), style);
        if (UNLIKELY(i % DOOMED_CHECK == DOOMED_CHECK - 1) && is_in_vain(call)) {
            return;
        }
    }
}

/* `count` different ones, each choice of them being equally likely: of the members that are left, each is taken with
 * the chance that the number still wanted gives it. */
static void reply_sample(struct call *call, const struct zset *zset, uint32_t count, enum zset_reply_style style)
{
    uint32_t left = zset_count(zset);
    struct zset_iterator iterator;
    struct zset_element element;
    zset_iterator_init(&iterator, zset, 0, false);
    for (; count != 0 && zset_iterator_next(&iterator, &element); left--) {
        if (random_below(&call->worker->random, left) < count) {
            zset_reply_element(&call->reply, style, &element);
            count--;
        }
    }
}

/* The same for few of many: draws until there are enough different ranks. `slots` is a power of two, at least twice the
 * count, and all zero. */
static void reply_few(struct call *call, const struct zset *zset, uint32_t count, enum zset_reply_style style,
                      struct slice slots)
{
    uint32_t *drawn = (uint32_t *)(uintptr_t)slots.data; /* rank + 1, or 0 */
    uint32_t mask = (uint32_t)(slots.len / sizeof(*drawn)) - 1;
    while (count != 0) {
        uint32_t rank = draw_rank(call, zset);
        uint32_t slot = rank & mask;
        while (drawn[slot] != 0 && drawn[slot] != rank + 1) {
            slot = (slot + 1) & mask;
        }
        if (drawn[slot] == 0) {
            drawn[slot] = rank + 1;
            reply_rank(call, zset, rank, style);
            count--;
        }
    }
}

static void reply_different(struct call *call, const struct zset *zset, uint32_t count, enum zset_reply_style style)
{
    zset_reply_begin(&call->reply, style, count);
    if (zset_is_listpack(zset) || (uint64_t)count * SAMPLE_ALL_SHARE > zset_count(zset)) {
        reply_sample(call, zset, count, style);
        return;
    }
    size_t slots = DRAWN_INLINE_SLOTS;
    while (slots < (size_t)count * 2) {
        slots *= 2;
    }
    uint32_t few[DRAWN_INLINE_SLOTS] = {0};
    uint32_t *drawn = slots == DRAWN_INLINE_SLOTS ? few : memory_alloc_zeroed(slots * sizeof(*drawn));
    reply_few(call, zset, count, style, slice_make(drawn, slots * sizeof(*drawn)));
    if (drawn != few) {
        memory_free(drawn);
    }
}

/* Parses the count and WITHSCORES. On false the error is replied. */
static bool parse_random(struct call *call, int64_t *count, bool *with_scores)
{
    if (!call_integer_between(call, 2, -INT64_MAX, INT64_MAX, count)) {
        return false;
    }
    *with_scores = call->argc == 4 && call_argument_is(call, 3, "withscores");
    if (call->argc > 3 && !*with_scores) {
        (void)call_fail(call, ERROR_SYNTAX);
        return false;
    }
    if (*with_scores && (*count < -INT64_MAX / 2 || *count > INT64_MAX / 2)) {
        (void)call_fail_slice(call, SLICE_LITERAL("ERR value is out of range"));
        return false;
    }
    return true;
}

/* What it costs, in members visited. */
static uint64_t random_work(const struct zset *zset, int64_t count)
{
    uint64_t members = zset_count(zset);
    uint64_t wanted = count < 0 ? 0 - (uint64_t)count : (uint64_t)count;
    if (count > 0 && (wanted * SAMPLE_ALL_SHARE > members || wanted > members || zset_is_listpack(zset))) {
        return members;
    }
    uint64_t each = ZSET_SHORT_WALK / ZSET_SHORT_LOOKUPS; /* a draw costs as much as a lookup */
    return wanted < UINT64_MAX / each ? wanted * each : UINT64_MAX;
}

static enum outcome random_one(struct call *call) REQUIRES(shard_held)
{
    void *zset;
    if (!call_read_object(call, 1, VALUE_ZSET, &zset)) {
        return OUTCOME_ERROR;
    }
    if (zset == NULL) {
        reply_null(&call->reply);
    } else {
        reply_rank(call, zset, draw_rank(call, zset), ZSET_REPLY_MEMBERS);
    }
    return OUTCOME_DONE;
}

COMMAND_HANDLER(zrandmember_command)
{
    if (call->argc == 2) {
        return random_one(call);
    }
    int64_t count;
    bool with_scores;
    void *zset;
    if (!parse_random(call, &count, &with_scores) || !call_read_object(call, 1, VALUE_ZSET, &zset)) {
        return OUTCOME_ERROR;
    }
    if (zset == NULL || count == 0) {
        reply_array(&call->reply, 0);
        return OUTCOME_DONE;
    }
    if (zset_read_is_long(call, random_work(zset, count), ZSET_SHORT_WALK, 1)) {
        return OUTCOME_POSSESS;
    }
    enum zset_reply_style style = zset_reply_style(call, with_scores);
    if (count < 0) {
        reply_draws(call, zset, 0 - (uint64_t)count, style);
    } else {
        uint32_t members = zset_count(zset);
        reply_different(call, zset, (uint64_t)count < members ? (uint32_t)count : members, style);
    }
    return OUTCOME_DONE;
}

/* ---- ZSCAN ---- */

struct scan_visit {
    struct call *call;
    const struct scan_options *options;
    bool is_listpack;
    uint64_t visited;
    uint64_t found;
    struct scan_match match;
};

static void reply_scanned_score(struct call *call, double score, bool is_listpack)
{
    const double whole_max = (double)(INT64_C(1) << 62);
    if (is_listpack && score >= -whole_max && score <= whole_max && (double)(int64_t)score == score) {
        reply_bulk_integer(&call->reply,
                           (int64_t)score); /* as it stands there, which is never in digits and exponent */
        return;
    }
    char text[NUMBER_DOUBLE_BYTES];
    size_t len = number_print_double(text, score);
    reply_bulk(&call->reply, slice_make(text, len));
}

static void visit_scanned(void *context, const struct zset_element *element)
{
    struct scan_visit *visit = context;
    visit->visited++;
    if (scan_matches(visit->options, element->member, &visit->match)) {
        visit->found++;
        reply_bulk(&visit->call->reply, element->member);
        if (!visit->options->without_values) {
            visit->found++;
            reply_scanned_score(visit->call, element->score, visit->is_listpack);
        }
    }
}

COMMAND_HANDLER(zscan_command)
{
    uint64_t cursor;
    if (!scan_cursor_parse(call_argument(call, 2), &cursor)) {
        return call_fail(call, ERROR_INVALID_CURSOR);
    }
    void *object;
    if (!call_read_object(call, 1, VALUE_ZSET, &object)) {
        return OUTCOME_ERROR;
    }
    struct output_mark mark = output_mark(call->reply.output);
    if (object == NULL) {
        scan_reply_head(call, mark, 0, 0);
        return OUTCOME_DONE;
    }
    struct scan_options options;
    enum error_text error;
    if (!scan_options_parse(call, 3, SCAN_TAKES_NOSCORES, &options, &error)) {
        return call_fail(call, error);
    }
    const struct zset *zset = object;
    uint64_t wanted = (uint64_t)options.count;
    if (zset_read_is_long(call, wanted < zset_count(zset) ? wanted : zset_count(zset), ZSET_SHORT_WALK, 1)) {
        return OUTCOME_POSSESS;
    }
    struct scan_visit visit = {
        .call = call, .options = &options, .is_listpack = zset_is_listpack(zset), .match = scan_match_begin(call)};
    uint64_t buckets = scan_options_buckets(&options);
    do {
        cursor = zset_scan(zset, cursor, visit_scanned, &visit);
    } while (cursor != 0 && visit.visited < wanted && --buckets != 0 && !visit.match.undecided);
    if (UNLIKELY(visit.match.undecided)) {
        output_truncate(call->reply.output, mark);
        return call_read_elsewhere(call);
    }
    scan_reply_head(call, mark, cursor, visit.found);
    return OUTCOME_DONE;
}

static const char *const zrandmember_tips[] = {"nondeterministic_output", NULL};
static const char *const zscan_tips[] = {"nondeterministic_output", NULL};

const struct command_row zset_walk_commands[] = {
    {.name = "zrandmember",
     .handler = zrandmember_command,
     .arity = -2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .summary = "Returns random members of a sorted set.",
     .since = "6.2.0",
     .group = "sorted-set",
     .complexity = "O(M*log(N)) where M is the number of returned members and N that of the set; O(N) when M is "
                   "near N.",
     .tips = zrandmember_tips,
     .arguments = "key:key options:(count:integer WITHSCORES?)?"},
    {.name = "zscan",
     .handler = zscan_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .summary = "Walks over the members of a sorted set, a few with each call.",
     .since = "2.8.0",
     .group = "sorted-set",
     .complexity = "O(COUNT) for a call, O(N) for a complete walk over N members.",
     .tips = zscan_tips,
     .arguments = "key:key cursor:integer pattern:pattern=MATCH? count:integer=COUNT? NOSCORES?^8.0.0"},
    {0},
};

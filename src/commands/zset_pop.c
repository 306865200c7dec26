/* SPDX-License-Identifier: BSD-3-Clause */
/* Sorted sets, removing runs of members: ZREMRANGEBYRANK, ZREMRANGEBYSCORE, ZREMRANGEBYLEX, ZPOPMIN, ZPOPMAX, ZMPOP.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include "zset_pop.h"

#include "sherd/base/number.h"
#include "sherd/commands/families.h"

void zset_remove_run(struct call *call, struct keyref *ref, struct zset_range run, const char *event)
{
    struct zset *zset = entry_object(ref->entry);
    if (run.count == 0) {
        return;
    }
    bool all = run.count == zset_count(zset);
    if (!all) {
        zset_remove_range(zset, run);
    }
    call_changed(call, ref, EVENT_ZSET, event);
    call->effects.changes += run.count - 1;
    if (all) {
        keyref_remove(ref);
        call_changed_event(call, ref, EVENT_GENERIC, "del");
    }
}

/* Whether removing the run takes long; the set as a whole goes to the garbage, which does not. */
static bool removal_is_long(struct call *call, const struct zset *zset, struct zset_range run)
{
    return run.count != zset_count(zset) && zset_is_long(call, run.count, ZSET_SHORT_LOOKUPS);
}

static enum outcome remove_range(struct call *call, struct keyref *ref, struct zset_range run, const char *event)
    REQUIRES(shard_held)
{
    if (removal_is_long(call, entry_object(ref->entry), run)) {
        return OUTCOME_POSSESS;
    }
    zset_remove_run(call, ref, run, event);
    reply_integer(&call->reply, run.count);
    return OUTCOME_DONE;
}

static enum outcome reply_nothing_removed(struct call *call)
{
    reply_integer(&call->reply, 0);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(zremrangebyrank_command)
{
    int64_t start, stop;
    struct keyref ref;
    void *zset;
    if (!call_integer(call, 2, &start) || !call_integer(call, 3, &stop) ||
        !call_write_object(call, 1, VALUE_ZSET, &ref, &zset)) {
        return OUTCOME_ERROR;
    }
    return zset == NULL ? reply_nothing_removed(call)
                        : remove_range(call, &ref, zset_range_by_rank(zset, start, stop), "zremrangebyrank");
}

COMMAND_HANDLER(zremrangebyscore_command)
{
    struct zset_score_range scores;
    struct keyref ref;
    void *zset;
    if (!zset_argument_scores(call, 2, 3, &scores) || !call_write_object(call, 1, VALUE_ZSET, &ref, &zset)) {
        return OUTCOME_ERROR;
    }
    return zset == NULL ? reply_nothing_removed(call)
                        : remove_range(call, &ref, zset_range_by_score(zset, &scores), "zremrangebyscore");
}

COMMAND_HANDLER(zremrangebylex_command)
{
    struct zset_lex_range lex;
    struct keyref ref;
    void *zset;
    if (!zset_argument_lex(call, 2, 3, &lex) || !call_write_object(call, 1, VALUE_ZSET, &ref, &zset)) {
        return OUTCOME_ERROR;
    }
    return zset == NULL ? reply_nothing_removed(call)
                        : remove_range(call, &ref, zset_range_by_lex(zset, &lex), "zremrangebylex");
}

/* ---- popping ---- */

static uint32_t popped_count(const struct zset *zset, uint64_t count)
{
    return count < zset_count(zset) ? (uint32_t)count : zset_count(zset);
}

void zset_pop(struct call *call, struct keyref *ref, uint64_t count, bool is_max, enum zset_reply_style style)
{
    struct zset *zset = entry_object(ref->entry);
    uint32_t total = zset_count(zset);
    struct zset_range run = {.first = is_max ? total - 1 : 0, .count = popped_count(zset, count)};
    zset_reply_run(call, zset, run, is_max, style);
    run.first = is_max ? total - run.count : 0;
    zset_remove_run(call, ref, run, is_max ? "zpopmax" : "zpopmin");
}

static bool pop_is_long(struct call *call, const struct zset *zset, uint64_t count)
{
    return zset_is_long(call, popped_count(zset, count), ZSET_SHORT_LOOKUPS);
}

/* An argument of 0 or 1 up; on false that error is replied, whatever is wrong. */
static bool parse_count(struct call *call, uint32_t index, int64_t min, int64_t *count, const char *error)
{
    if (!number_parse_i64(call->argv[index], count) || *count < min) {
        (void)call_fail_slice(call, slice_from_text(error));
        return false;
    }
    return true;
}

static enum outcome pop_run(struct call *call, bool is_max) REQUIRES(shard_held)
{
    if (call->argc > 3) {
        return call_fail(call, ERROR_SYNTAX);
    }
    int64_t count = 1;
    if (call->argc == 3 && !parse_count(call, 2, 0, &count, "ERR value is out of range, must be positive")) {
        return OUTCOME_ERROR;
    }
    struct keyref ref;
    void *zset;
    if (!call_write_object(call, 1, VALUE_ZSET, &ref, &zset)) {
        return OUTCOME_ERROR;
    }
    if (zset == NULL || count == 0) {
        reply_array(&call->reply, 0);
        return OUTCOME_DONE;
    }
    if (pop_is_long(call, zset, (uint64_t)count)) {
        return OUTCOME_POSSESS;
    }
    bool nested = call->argc == 3 && call->reply.version > 2;
    zset_pop(call, &ref, (uint64_t)count, is_max, nested ? ZSET_REPLY_NESTED : ZSET_REPLY_FLAT);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(zpopmin_command)
{
    return pop_run(call, false);
}

COMMAND_HANDLER(zpopmax_command)
{
    return pop_run(call, true);
}

struct mpop {
    uint32_t keys;
    bool is_max;
    int64_t count;
};

static bool parse_mpop(struct call *call, uint32_t first, struct mpop *mpop)
{
    int64_t keys;
    if (!parse_count(call, first, 1, &keys, "ERR numkeys should be greater than 0")) {
        return false;
    }
    enum error_text error = ERROR_SYNTAX;
    if (keys >= call->argc - first - 1) {
        (void)call_fail(call, error);
        return false;
    }
    mpop->keys = (uint32_t)keys;
    uint32_t where = first + 1 + mpop->keys;
    mpop->is_max = call_argument_is(call, where, "max");
    bool understood = mpop->is_max || call_argument_is(call, where, "min");
    mpop->count = -1;
    for (uint32_t i = where + 1; understood && i < call->argc; i += 2) {
        understood = mpop->count == -1 && i + 1 < call->argc && call_argument_is(call, i, "count");
        if (understood && !parse_count(call, i + 1, 1, &mpop->count, "ERR count should be greater than 0")) {
            return false;
        }
    }
    if (!understood) {
        (void)call_fail(call, error);
        return false;
    }
    mpop->count = mpop->count == -1 ? 1 : mpop->count;
    return true;
}

enum outcome zset_mpop(struct call *call, uint32_t first, struct block_request *wait)
{
    struct mpop mpop;
    if (!parse_mpop(call, first, &mpop) || (wait != NULL && !call_timeout(call, first - 1, &wait->timeout_ms))) {
        return OUTCOME_ERROR;
    }
    struct keyref ref;
    void *zset = NULL;
    uint32_t key = first + 1;
    for (; key < first + 1 + mpop.keys && zset == NULL; key++) {
        if (call_looks_at(call, key) && !call_write_object(call, key, VALUE_ZSET, &ref, &zset)) {
            return OUTCOME_ERROR;
        }
    }
    if (zset == NULL && wait != NULL && call_waits(call)) {
        wait->first_key = first + 1;
        wait->key_count = mpop.keys;
        return call_block(call, wait);
    }
    if (zset == NULL) {
        reply_null_array(&call->reply);
        return OUTCOME_DONE;
    }
    if (pop_is_long(call, zset, (uint64_t)mpop.count)) {
        return OUTCOME_POSSESS;
    }
    reply_array(&call->reply, 2);
    reply_bulk(&call->reply, call->argv[key - 1]);
    zset_pop(call, &ref, (uint64_t)mpop.count, mpop.is_max, ZSET_REPLY_NESTED);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(zmpop_command)
{
    return zset_mpop(call, 1, NULL);
}

const struct command_row zset_pop_commands[] = {
    {.name = "zremrangebyrank",
     .handler = zremrangebyrank_command,
     .arity = 4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RW | KEY_DELETE, .begin = 1, .step = 1}},
     .summary = "Removes the members between two ranks.",
     .since = "2.0.0",
     .group = "sorted-set",
     .complexity = "O(M*log(N)) where M is the number of removed members and N that of the set.",
     .arguments = "key:key start:integer stop:integer"},
    {.name = "zremrangebyscore",
     .handler = zremrangebyscore_command,
     .arity = 4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RW | KEY_DELETE, .begin = 1, .step = 1}},
     .summary = "Removes the members with scores between two bounds.",
     .since = "1.2.0",
     .group = "sorted-set",
     .complexity = "O(M*log(N)) where M is the number of removed members and N that of the set.",
     .arguments = "key:key min:double max:double"},
    {.name = "zremrangebylex",
     .handler = zremrangebylex_command,
     .arity = 4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RW | KEY_DELETE, .begin = 1, .step = 1}},
     .summary = "Removes the members between two strings, where all scores are equal.",
     .since = "2.8.9",
     .group = "sorted-set",
     .complexity = "O(M*log(N)) where M is the number of removed members and N that of the set.",
     .arguments = "key:key min max"},
    {.name = "zpopmin",
     .handler = zpopmin_command,
     .arity = -2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_DELETE, .begin = 1, .step = 1}},
     .summary = "Removes the members with the lowest scores and returns them.",
     .since = "5.0.0",
     .group = "sorted-set",
     .complexity = "O(M*log(N)) where M is the number of popped members and N that of the set.",
     .arguments = "key:key count:integer?"},
    {.name = "zpopmax",
     .handler = zpopmax_command,
     .arity = -2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_DELETE, .begin = 1, .step = 1}},
     .summary = "Removes the members with the highest scores and returns them.",
     .since = "5.0.0",
     .group = "sorted-set",
     .complexity = "O(M*log(N)) where M is the number of popped members and N that of the set.",
     .arguments = "key:key count:integer?"},
    {.name = "zmpop",
     .handler = zmpop_command,
     .arity = -4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE,
     .categories = ACL_SORTEDSET,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_DELETE, .begin = 1, .step = 1, .counted = true}},
     .summary = "Pops members with the lowest or highest scores from the first sorted set that is not empty.",
     .since = "7.0.0",
     .group = "sorted-set",
     .complexity = "O(K)+O(M*log(N)) where K is the number of keys, M that of popped members and N that of the set.",
     .arguments = "numkeys:integer key:key+ where:(MIN|MAX) count:integer=COUNT?"},
    {0},
};

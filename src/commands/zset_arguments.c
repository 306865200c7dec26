/* SPDX-License-Identifier: BSD-3-Clause */
/* Parsing bounds of ranges of sorted sets, replying their elements, storing results.
 * Owner: the handler's stack. Locks: none taken; dispatch holds the keys' shards. */
#include "zset_arguments.h"

#include <math.h>
#include <stdlib.h>

#include "sherd/base/number.h"
#include "sherd/commands/options.h"

enum {
    BOUND_TEXT_BYTES = 512, /* a longer bound of a score range is no number */
};

struct zset_limits zset_limits_of(const struct call *call)
{
    const struct commands_state *state = call->context;
    const struct commands_options *options = call_options(call, state->config_slot);
    return (struct zset_limits){.max_entries = (size_t)options->zset_max_listpack_entries,
                                .max_value_bytes = (size_t)options->zset_max_listpack_value,
                                .hash_key = &call->worker->exec->keyspace->hash_key};
}

bool zset_read_is_long(struct call *call, uint64_t work, uint64_t limit, uint64_t keys)
{
    if (!zset_is_long(call, work, limit)) {
        return false;
    }
    statistics_add(&call->worker->statistics, STATISTIC_KEYSPACE_HITS, 0 - keys);
    return true;
}

/* As strtod reads it, up to a NUL: nothing at all is 0, and what is too large is infinite. */
static bool parse_bound(struct slice text, double *score, bool *exclusive)
{
    *exclusive = text.len != 0 && text.data[0] == '(';
    text = slice_make(text.data + *exclusive, text.len - *exclusive);
    if (LIKELY(number_parse_double(text, score))) {
        return true;
    }
    char copy[BOUND_TEXT_BYTES];
    if (text.len >= sizeof(copy)) {
        return false;
    }
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    char *end;
    *score = strtod(copy, &end);
    return *end == '\0' && !isnan(*score);
}

bool zset_argument_scores(struct call *call, uint32_t min, uint32_t max, struct zset_score_range *range)
{
    if (!parse_bound(call->argv[min], &range->min, &range->min_exclusive) ||
        !parse_bound(call->argv[max], &range->max, &range->max_exclusive)) {
        (void)call_fail_slice(call, SLICE_LITERAL("ERR min or max is not a float"));
        return false;
    }
    return true;
}

static bool parse_lex(struct slice text, struct zset_lex_bound *bound)
{
    char first = text.len == 0 ? '\0' : text.data[0];
    bool is_alone = text.len == 1 || (text.len > 1 && text.data[1] == '\0');
    switch (first) {
    case '-':
    case '+':
        *bound = (struct zset_lex_bound){.kind = first == '-' ? ZSET_LEX_MIN : ZSET_LEX_MAX, .exclusive = true};
        return is_alone;
    case '(':
    case '[':
        *bound = (struct zset_lex_bound){
            .kind = ZSET_LEX_VALUE, .exclusive = first == '(', .bytes = slice_make(text.data + 1, text.len - 1)};
        return true;
    default:
        return false;
    }
}

bool zset_argument_lex(struct call *call, uint32_t min, uint32_t max, struct zset_lex_range *range)
{
    if (!parse_lex(call->argv[min], &range->min) || !parse_lex(call->argv[max], &range->max)) {
        (void)call_fail_slice(call, SLICE_LITERAL("ERR min or max not valid string range item"));
        return false;
    }
    return true;
}

void zset_reply_run(struct call *call, const struct zset *zset, struct zset_range run, bool is_reverse,
                    enum zset_reply_style style)
{
    zset_reply_begin(&call->reply, style, run.count);
    if (run.count == 0) {
        return;
    }
    struct zset_iterator iterator;
    struct zset_element element;
    zset_iterator_init(&iterator, zset, run.first, is_reverse);
    while (run.count-- != 0 && zset_iterator_next(&iterator, &element)) {
        zset_reply_element(&call->reply, style, &element);
    }
}

void zset_store(struct call *call, uint32_t argument, struct zset *zset, const char *event)
{
    struct keyref ref;
    uint32_t count = zset_count(zset);
    bool exists = call_write(call, argument, &ref);
    if (count != 0) {
        keyref_set_object(&ref, VALUE_ZSET, zset, DEADLINE_NONE);
        call_changed(call, &ref, EVENT_ZSET, event);
    } else {
        zset_destroy(zset);
        if (exists) {
            keyref_remove(&ref);
            call_changed(call, &ref, EVENT_GENERIC, "del");
        }
    }
    reply_integer(&call->reply, (int64_t)count);
}

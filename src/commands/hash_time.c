/* SPDX-License-Identifier: BSD-3-Clause */
/* What the commands about deadlines of hash fields share.
 * Owner: the handler's stack. Locks: none. */
#include "hash_time.h"

#include "sherd/base/number.h"
#include "sherd/exec/exec.h"

bool hash_fields_parse(struct call *call, uint32_t at, const char *bad_count, struct hash_fields *fields)
{
    int64_t count;
    if (at >= call->argc || !call_argument_is(call, at, "fields")) {
        (void)call_fail_slice(call,
                              SLICE_LITERAL("ERR Mandatory argument FIELDS is missing or not at the right position"));
        return false;
    }
    if (at + 1 >= call->argc || !number_parse_i64(call->argv[at + 1], &count) || count <= 0) {
        (void)call_fail_slice(call, slice_from_text(bad_count));
        return false;
    }
    *fields = (struct hash_fields){.first = at + 2, .count = call->argc - at - 2};
    if (count != (int64_t)fields->count) {
        (void)call_fail_slice(call, SLICE_LITERAL("ERR The `numfields` parameter must match the number of arguments"));
        return false;
    }
    return true;
}

bool hash_time_parse(struct call *call, uint32_t at, unsigned form, int64_t *deadline_ms)
{
    int64_t value;
    if (!call_integer(call, at, &value)) {
        return false;
    }
    if (value < 0) {
        (void)call_fail_slice(call, SLICE_LITERAL("ERR invalid expire time, must be >= 0"));
        return false;
    }
    int64_t unit = (form & HASH_TIME_SECONDS) != 0 ? 1000 : 1;
    int64_t base = (form & HASH_TIME_ABSOLUTE) != 0 ? 0 : call->now_ms;
    if (value > HASH_DEADLINE_MAX / unit || value * unit > HASH_DEADLINE_MAX - base) {
        (void)call_fail_format(call, "ERR invalid expire time in '%s' command", call->command->full_name);
        return false;
    }
    *deadline_ms = value * unit + base;
    if (*deadline_ms == HASH_DEADLINE_NONE) {
        *deadline_ms = 1; /* as long past */
    }
    return true;
}

bool hash_time_option(struct call *call, uint32_t at, bool *is_time, int64_t *deadline_ms)
{
    static const struct {
        const char *word;
        unsigned form;
    } options[] = {{"ex", HASH_TIME_SECONDS},
                   {"px", 0},
                   {"exat", HASH_TIME_SECONDS | HASH_TIME_ABSOLUTE},
                   {"pxat", HASH_TIME_ABSOLUTE}};
    *is_time = false;
    for (size_t i = 0; i < ARRAY_LENGTH(options); i++) {
        if (at + 1 < call->argc && call_argument_is(call, at, options[i].word)) {
            *is_time = true;
            return hash_time_parse(call, at + 1, options[i].form, deadline_ms);
        }
    }
    return true;
}

void hash_apply_deadline(struct hash_change *change, struct slice field, int64_t deadline_ms,
                         struct hash_outcome *outcome)
{
    if (deadline_ms <= change->call->now_ms) {
        outcome->deleted += hash_delete(change->hash, field, change->call->now_ms);
    } else {
        hash_set_deadline(change->hash, field, deadline_ms, &change->limits);
        outcome->timed++;
    }
}

void hash_note_outcome(struct hash_change *change, const struct hash_outcome *outcome)
{
    hash_note(change, outcome->timed, "hexpire");
    hash_note(change, outcome->deleted, "hdel");
    if (outcome->deleted != 0) {
        statistics_add(&change->call->worker->statistics, STATISTIC_EXPIRED_ELEMENTS, outcome->deleted);
    }
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* HyperLogLogs, which are strings: PFADD, PFCOUNT, PFMERGE. Their debugging aids are in hyperloglog_debug.c.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include "hyperloglog_access.h"
#include "sherd/commands/families.h"
#include "sherd/commands/options.h"
#include "sherd/exec/exec.h"

enum {
    LONG_OPCODE_STEPS = 40000, /* opcodes walked over, and elements hashed at 32 each, in about 50 us */
    ELEMENT_STEPS = 32,
    LONG_KEYS = 8, /* joining and reading that many dense ones takes about 50 us */
};

bool hyperloglog_check(struct call *call, const struct keyref *ref, struct slice *bytes)
{
    if (ref->entry->type != VALUE_STRING) {
        (void)call_fail(call, ERROR_WRONGTYPE);
        return false;
    }
    char digits[24];
    *bytes = entry_string(ref->entry, digits);
    if (entry_has_word(ref->entry) && ref->entry->form != ENTRY_BLOB) {
        *bytes = slice_make("", 0); /* a number; its digits would not outlive this function */
    }
    if (!hll_is_valid(*bytes)) {
        (void)call_fail(call, ERROR_HLL_TYPE);
        return false;
    }
    return true;
}

size_t hyperloglog_sparse_max(const struct call *call)
{
    const struct commands_state *state = call->context;
    const struct commands_options *options = call_options(call, state->config_slot);
    return (size_t)options->hll_sparse_max_bytes;
}

static bool pfadd_is_long(struct call *call) REQUIRES(shard_held)
{
    if (call->argc < LONG_OPCODE_STEPS / HLL_SPARSE_MAX_BYTES + 2) {
        return false;
    }
    char digits[24];
    struct slice bytes = string_glance(call, 1, digits);
    size_t elements = call->argc - 2;
    bool dense = bytes.len == 0 || bytes.len == HLL_DENSE_BYTES;
    size_t steps = ELEMENT_STEPS + (dense ? 0 : bytes.len < HLL_SPARSE_MAX_BYTES ? bytes.len : HLL_SPARSE_MAX_BYTES);
    return elements > LONG_OPCODE_STEPS || elements * steps > LONG_OPCODE_STEPS;
}

/* Notes that the HyperLogLog of `ref` was changed so many times. */
static void note_changes(struct call *call, const struct keyref *ref, uint32_t changes) REQUIRES(shard_held)
{
    call_changed(call, ref, EVENT_STRING, "pfadd");
    call->effects.changes += changes - 1;
}

/* Adds to a dense one, in place. */
static uint32_t add_dense(struct call *call, struct keyref *ref, struct slice bytes) REQUIRES(shard_held)
{
    char *data = NULL;
    uint32_t changes = 0;
    for (uint32_t i = 2; i < call->argc; i++) {
        struct hll_place place = hll_locate(call->argv[i]);
        if (!hll_rises(bytes, place)) {
            continue;
        }
        if (data == NULL) {
            data = keyref_edit_string(ref, HLL_DENSE_BYTES);
            bytes = slice_make(data, HLL_DENSE_BYTES);
            hll_stale(data);
        }
        hll_dense_set(data, place);
        changes++;
    }
    return changes;
}

/* Adds the elements from argument `first` on to a draft and stores that. False: the error is replied. */
static bool add_draft(struct call *call, struct keyref *ref, struct hll_draft *draft, uint32_t first, uint32_t *changes)
    REQUIRES(shard_held)
{
    for (uint32_t i = first; i < call->argc; i++) {
        enum hll_change change = hll_draft_raise(draft, hll_locate(call->argv[i]));
        if (change == HLL_CORRUPT) {
            (void)call_fail(call, ERROR_HLL_CORRUPT);
            return false;
        }
        *changes += change == HLL_CHANGED ? 1 : 0;
    }
    if (*changes != 0) {
        hll_stale((char *)draft->bytes);
        keyref_set_edited(ref, hll_draft_slice(draft), DEADLINE_KEEP);
    }
    return true;
}

/* Most elements of a filter that has seen many are no news: then nothing is copied. */
static bool add_sparse(struct call *call, struct keyref *ref, struct slice bytes, uint32_t *changes)
    REQUIRES(shard_held)
{
    uint32_t first = 2;
    while (first < call->argc && !hll_rises(bytes, hll_locate(call->argv[first]))) {
        first++;
    }
    if (first == call->argc) {
        return true;
    }
    struct hll_draft draft;
    if (!hll_draft_load(&draft, bytes, hyperloglog_sparse_max(call))) {
        (void)call_fail(call, ERROR_HLL_CORRUPT);
        return false;
    }
    return add_draft(call, ref, &draft, first, changes);
}

COMMAND_HANDLER(pfadd_command)
{
    struct keyref ref;
    uint32_t changes = 0;
    if (!call_write(call, 1, &ref)) {
        struct hll_draft draft;
        hll_draft_init(&draft, hyperloglog_sparse_max(call));
        changes = 1; /* a new one counts, too */
        if (!add_draft(call, &ref, &draft, 2, &changes)) {
            return OUTCOME_ERROR;
        }
    } else {
        struct slice bytes;
        if (!hyperloglog_check(call, &ref, &bytes)) {
            return OUTCOME_ERROR;
        }
        if (hll_is_dense(bytes)) {
            changes = add_dense(call, &ref, bytes);
        } else if (!add_sparse(call, &ref, bytes, &changes)) {
            return OUTCOME_ERROR;
        }
    }
    if (changes != 0) {
        note_changes(call, &ref, changes);
    }
    reply_integer(&call->reply, changes != 0 ? 1 : 0);
    return OUTCOME_DONE;
}

/* Joins what the keys from argument 1 on hold. False: the error is replied. */
static bool join_keys(struct call *call, struct hll_registers *registers, bool *any_dense) REQUIRES(shard_held)
{
    memset(registers, 0, sizeof(*registers));
    *any_dense = false;
    for (uint32_t i = 1; i < call->argc; i++) {
        struct keyref ref;
        struct slice bytes;
        if (!call_read(call, i, &ref)) {
            continue;
        }
        if (!hyperloglog_check(call, &ref, &bytes)) {
            return false;
        }
        *any_dense = *any_dense || hll_is_dense(bytes);
        if (!hll_join(registers, bytes)) {
            (void)call_fail(call, ERROR_HLL_CORRUPT);
            return false;
        }
    }
    return true;
}

static bool pfcount_is_long(struct call *call) REQUIRES(shard_held)
{
    return call->argc > LONG_KEYS + 1;
}

/* The estimate is kept in the value: a read that writes, and counts as a change without an event, as in Redis. */
static enum outcome count_one(struct call *call) REQUIRES(shard_held)
{
    struct keyref ref;
    struct slice bytes;
    if (!call_read(call, 1, &ref)) {
        reply_integer(&call->reply, 0);
        return OUTCOME_DONE;
    }
    if (!hyperloglog_check(call, &ref, &bytes)) {
        return OUTCOME_ERROR;
    }
    uint64_t cardinality;
    if (!hll_cached(bytes, &cardinality)) {
        if (!hll_estimate(bytes, &cardinality)) {
            return call_fail(call, ERROR_HLL_CORRUPT);
        }
        hll_cache(keyref_edit_string(&ref, bytes.len), cardinality);
        call_changed(call, &ref, EVENT_NONE, NULL);
    }
    reply_integer(&call->reply, (int64_t)cardinality);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(pfcount_command)
{
    if (call->argc == 2) {
        return count_one(call);
    }
    struct hll_registers registers;
    bool any_dense;
    if (!join_keys(call, &registers, &any_dense)) {
        return OUTCOME_ERROR;
    }
    reply_integer(&call->reply, (int64_t)hll_estimate_registers(&registers));
    return OUTCOME_DONE;
}

COMMAND_HANDLER(pfmerge_command)
{
    struct hll_registers registers;
    bool dense;
    if (!join_keys(call, &registers, &dense)) {
        return OUTCOME_ERROR;
    }
    struct keyref ref;
    struct hll_draft draft;
    if (call_write(call, 1, &ref)) {
        struct slice bytes;
        if (!hyperloglog_check(call, &ref, &bytes)) {
            return OUTCOME_ERROR;
        }
        if (!hll_draft_load(&draft, bytes, hyperloglog_sparse_max(call))) {
            return call_fail(call, ERROR_HLL_CORRUPT);
        }
    } else {
        hll_draft_init(&draft, hyperloglog_sparse_max(call));
    }
    if ((dense && !hll_draft_to_dense(&draft)) || hll_draft_raise_all(&draft, &registers) == HLL_CORRUPT) {
        return call_fail(call, ERROR_HLL_CORRUPT);
    }
    hll_stale((char *)draft.bytes);
    keyref_set_edited(&ref, hll_draft_slice(&draft), DEADLINE_KEEP);
    note_changes(call, &ref, 1);
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

const struct command_row hyperloglog_commands[] = {
    {.name = "pfadd",
     .handler = pfadd_command,
     .arity = -2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_FAST,
     .categories = ACL_HYPERLOGLOG,
     .keys = {{.flags = KEY_RW | KEY_INSERT, .begin = 1, .step = 1}},
     .is_long = pfadd_is_long,
     .summary = "Adds elements to a HyperLogLog, which may be missing.",
     .since = "2.8.9",
     .group = "hyperloglog",
     .complexity = "O(1) for each element.",
     .arguments = "key:key element?+"},
    {.name = "pfcount",
     .handler = pfcount_command,
     .arity = -2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY | COMMAND_MAY_REPLICATE,
     .categories = ACL_HYPERLOGLOG,
     .keys = {{.flags = KEY_RW | KEY_ACCESS,
               .begin = 1,
               .last = -1,
               .step = 1,
               .notes = "RW because it may change the internal representation of the key, and propagate to replicas"}},
     .is_long = pfcount_is_long,
     .summary = "Estimates how many different elements were added to one or several HyperLogLogs.",
     .since = "2.8.9",
     .group = "hyperloglog",
     .complexity = "O(1) with one key, where the estimate is kept; O(N) with N keys.",
     .arguments = "key:key+"},
    {.name = "pfmerge",
     .handler = pfmerge_command,
     .arity = -2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .categories = ACL_HYPERLOGLOG,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_INSERT, .begin = 1, .step = 1},
              {.flags = KEY_RO | KEY_ACCESS, .begin = 2, .last = -1, .step = 1}},
     .is_long = pfcount_is_long,
     .summary = "Joins HyperLogLogs into one key.",
     .since = "2.8.9",
     .group = "hyperloglog",
     .complexity = "O(N) with N HyperLogLogs.",
     .arguments = "destkey:key sourcekey:key#1?+"},
    {0},
};

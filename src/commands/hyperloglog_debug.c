/* SPDX-License-Identifier: BSD-3-Clause */
/* PFDEBUG, which shows the inside of a HyperLogLog, and PFSELFTEST.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include <math.h>

#include "hyperloglog_access.h"
#include "sherd/base/random.h"
#include "sherd/commands/families.h"
#include "sherd/exec/exec.h"

enum {
    SELF_TEST_CYCLES = 1000,
    SELF_TEST_ELEMENTS = 10000000,
};

/* Makes the value dense. False: the error is replied. */
static bool make_dense(struct call *call, struct keyref *ref, struct slice bytes) REQUIRES(shard_held)
{
    struct hll_draft draft;
    if (!hll_draft_load(&draft, bytes, hyperloglog_sparse_max(call)) || !hll_draft_to_dense(&draft)) {
        (void)call_fail(call, ERROR_HLL_CORRUPT);
        return false;
    }
    keyref_set_edited(ref, hll_draft_slice(&draft), DEADLINE_KEEP);
    call_changed(call, ref, EVENT_NONE, NULL);
    return true;
}

static enum outcome debug_registers(struct call *call, struct keyref *ref, struct slice bytes) REQUIRES(shard_held)
{
    struct hll_registers registers = {0};
    if (!hll_join(&registers, bytes)) {
        return call_fail(call, ERROR_HLL_CORRUPT);
    }
    if (!hll_is_dense(bytes) && !make_dense(call, ref, bytes)) {
        return OUTCOME_ERROR;
    }
    reply_array(&call->reply, HLL_REGISTERS);
    for (size_t i = 0; i < HLL_REGISTERS; i++) {
        reply_integer(&call->reply, registers.ranks[i]);
    }
    return OUTCOME_DONE;
}

static enum outcome debug_decode(struct call *call, struct slice bytes)
{
    if (hll_is_dense(bytes)) {
        return call_fail_slice(call, SLICE_LITERAL("ERR HLL encoding is not sparse"));
    }
    struct buffer text;
    buffer_init(&text);
    hll_decode(bytes, &text);
    reply_bulk(&call->reply, buffer_slice(&text));
    buffer_deinit(&text);
    return OUTCOME_DONE;
}

static enum outcome debug_to_dense(struct call *call, struct keyref *ref, struct slice bytes) REQUIRES(shard_held)
{
    bool was_sparse = !hll_is_dense(bytes);
    if (was_sparse && !make_dense(call, ref, bytes)) {
        return OUTCOME_ERROR;
    }
    reply_integer(&call->reply, was_sparse ? 1 : 0);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(pfdebug_command)
{
    struct keyref ref;
    struct slice bytes;
    if (!call_write(call, 2, &ref)) {
        return call_fail_slice(call, SLICE_LITERAL("ERR The specified key does not exist"));
    }
    if (!hyperloglog_check(call, &ref, &bytes)) {
        return OUTCOME_ERROR;
    }
    if (call_argument_is(call, 1, "getreg")) {
        return debug_registers(call, &ref, bytes);
    }
    if (call_argument_is(call, 1, "decode")) {
        return debug_decode(call, bytes);
    }
    if (call_argument_is(call, 1, "encoding")) {
        reply_status(&call->reply, hll_is_dense(bytes) ? "dense" : "sparse");
        return OUTCOME_DONE;
    }
    if (call_argument_is(call, 1, "todense")) {
        return debug_to_dense(call, &ref, bytes);
    }
    struct slice word = call->argv[1];
    return call_fail_format(call, "ERR Unknown PFDEBUG subcommand '%.*s'", (int)word.len, word.data);
}

static bool pfdebug_is_long(struct call *call) REQUIRES(shard_held)
{
    return call_argument_is(call, 1, "getreg") || call_argument_is(call, 1, "decode");
}

/* Random values in all registers of a dense one, read back. False: an error is replied. */
static bool self_test_registers(struct call *call, struct random *random)
{
    char dense[HLL_DENSE_BYTES] = "HYLL";
    struct slice bytes = slice_make(dense, sizeof(dense));
    for (unsigned cycle = 0; cycle < SELF_TEST_CYCLES; cycle++) {
        uint8_t expected[HLL_REGISTERS];
        for (uint32_t i = 0; i < HLL_REGISTERS; i++) {
            expected[i] = (uint8_t)(random_next(random) & 63);
            hll_dense_set(dense, (struct hll_place){.index = i, .rank = expected[i]});
        }
        struct hll_registers found = {0};
        bool joined = hll_join(&found, bytes);
        for (uint32_t i = 0; i < HLL_REGISTERS; i++) {
            if (!joined || found.ranks[i] != expected[i]) {
                (void)call_fail_format(call, "TESTFAILED Register %u should be %u but is %u", (unsigned)i,
                                       (unsigned)expected[i], (unsigned)found.ranks[i]);
                return false;
            }
        }
    }
    return true;
}

/* At a power of ten: are both encodings of one mind, and near the truth? False: an error is replied. */
static bool self_test_check(struct call *call, const char *dense, const struct hll_draft *draft, int64_t added)
{
    uint64_t of_dense;
    uint64_t of_draft;
    if (added < (int64_t)(draft->sparse_max_bytes / 2) && hll_is_dense(hll_draft_slice(draft))) {
        (void)call_fail_slice(call, SLICE_LITERAL("TESTFAILED sparse encoding not used"));
        return false;
    }
    bool counted =
        hll_estimate(slice_make(dense, HLL_DENSE_BYTES), &of_dense) && hll_estimate(hll_draft_slice(draft), &of_draft);
    if (!counted || of_dense != of_draft) {
        (void)call_fail_slice(call, SLICE_LITERAL("TESTFAILED dense/sparse disagree"));
        return false;
    }
    /* Six times the standard error; among ten elements a collision of two is not rare. */
    int64_t bound = added == 10 ? 1 : (int64_t)ceil(1.04 / sqrt(HLL_REGISTERS) * 6 * (double)added);
    int64_t error = added > (int64_t)of_dense ? added - (int64_t)of_dense : (int64_t)of_dense - added;
    if (error > bound) {
        (void)call_fail_format(call, "TESTFAILED Too big error. card:%llu abserr:%llu", (unsigned long long)added,
                               (unsigned long long)error);
        return false;
    }
    return true;
}

static bool self_test_estimates(struct call *call, struct random *random)
{
    char dense[HLL_DENSE_BYTES] = "HYLL";
    struct hll_draft draft;
    hll_draft_init(&draft, hyperloglog_sparse_max(call));
    uint64_t seed = random_next(random);
    int64_t checkpoint = 1;
    for (int64_t i = 1; i <= SELF_TEST_ELEMENTS; i++) {
        uint64_t element = (uint64_t)i ^ seed;
        struct hll_place place = hll_locate(slice_make(&element, sizeof(element)));
        if (hll_rises(slice_make(dense, sizeof(dense)), place)) {
            hll_dense_set(dense, place);
        }
        if (hll_draft_raise(&draft, place) == HLL_CORRUPT) {
            return call_fail(call, ERROR_HLL_CORRUPT) == OUTCOME_DONE;
        }
        if (i == checkpoint) {
            if (!self_test_check(call, dense, &draft, i)) {
                return false;
            }
            checkpoint *= 10;
        }
    }
    return true;
}

static enum outcome pfselftest_command(struct call *call)
{
    struct random random;
    random_init(&random);
    if (!self_test_registers(call, &random) || !self_test_estimates(call, &random)) {
        return OUTCOME_ERROR;
    }
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

const struct command_row pfdebug_commands[] = {
    {.name = "pfdebug",
     .handler = pfdebug_command,
     .arity = 3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_ADMIN | COMMAND_SYSTEM,
     .categories = ACL_HYPERLOGLOG,
     .keys = {{.flags = KEY_RW | KEY_ACCESS, .begin = 2, .step = 1}},
     .is_long = pfdebug_is_long,
     .summary = "Shows the registers and the encoding of a HyperLogLog, or makes it dense.",
     .since = "2.8.9",
     .group = "hyperloglog",
     .complexity = "N/A",
     .arguments = "subcommand key:key"},
    {.name = "pfselftest",
     .handler = pfselftest_command,
     .arity = 1,
     .lock = LOCK_NONE,
     .flags = COMMAND_ADMIN | COMMAND_ELSEWHERE | COMMAND_SYSTEM,
     .categories = ACL_HYPERLOGLOG,
     .summary = "Checks that the HyperLogLogs of this build store and estimate as they should.",
     .since = "2.8.9",
     .group = "hyperloglog",
     .complexity = "N/A"},
    {0},
};

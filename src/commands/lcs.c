/* SPDX-License-Identifier: BSD-3-Clause */
/* LCS: the longest common subsequence of two values, its length, or where its parts stand.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include "sherd/container/lcs.h"

#include "sherd/base/number.h"
#include "sherd/commands/families.h"
#include "string_access.h"

enum {
    LCS_LONG_PAIRS = 1024 * 1024, /* of bytes: about 30 us */
    LCS_PAIR_BYTES = 4,           /* what Redis needs for a pair, and so what proto-max-bulk-len is held against */
};

struct lcs_options {
    bool len;
    bool idx;
    bool with_match_len;
    int64_t min_match_len;
};

static bool lcs_is_long(struct call *call) REQUIRES(shard_held)
{
    char digits[2][24];
    struct slice a = string_glance(call, 1, digits[0]);
    struct slice b = string_glance(call, 2, digits[1]);
    return a.len != 0 && b.len > LCS_LONG_PAIRS / a.len;
}

/* On false the error is replied. */
static bool lcs_options_parse(struct call *call, struct lcs_options *options)
{
    for (uint32_t i = 3; i < call->argc; i++) {
        if (call_argument_is(call, i, "idx")) {
            options->idx = true;
        } else if (call_argument_is(call, i, "len")) {
            options->len = true;
        } else if (call_argument_is(call, i, "withmatchlen")) {
            options->with_match_len = true;
        } else if (call_argument_is(call, i, "minmatchlen") && i + 1 < call->argc) {
            if (!call_integer(call, ++i, &options->min_match_len)) {
                return false;
            }
        } else {
            (void)call_fail(call, ERROR_SYNTAX);
            return false;
        }
    }
    if (options->len && options->idx) {
        (void)call_fail_slice(call, SLICE_LITERAL("ERR If you want both the length and indexes, please just use IDX."));
        return false;
    }
    return true;
}

/* Would Redis have the memory for its table? Ours needs less, the bound on what a client may ask for is the same. */
static bool lcs_fits(struct call *call, struct slice a, struct slice b)
{
    if (a.len >= UINT32_MAX - 1 || b.len >= UINT32_MAX - 1) {
        (void)call_fail_slice(call, SLICE_LITERAL("ERR String too long for LCS"));
        return false;
    }
    uint64_t bytes;
    if (__builtin_mul_overflow((uint64_t)(a.len + 1) * LCS_PAIR_BYTES, (uint64_t)(b.len + 1), &bytes) ||
        bytes > (uint64_t)string_max_bytes(call)) {
        (void)call_fail_slice(
            call, SLICE_LITERAL("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"));
        return false;
    }
    return true;
}

static void reply_place(struct call *call, size_t begin, size_t len)
{
    reply_array(&call->reply, 2);
    reply_integer(&call->reply, (int64_t)begin);
    reply_integer(&call->reply, (int64_t)(begin + len - 1));
}

static void reply_matches(struct call *call, const struct lcs *lcs, const struct lcs_options *options)
{
    struct lcs_walk walk = lcs_walk_begin(lcs);
    struct lcs_run run;
    size_t count = 0;
    reply_map(&call->reply, 2);
    reply_bulk_text(&call->reply, "matches");
    struct output_mark mark = reply_open(&call->reply);
    while (lcs_next_run(lcs, &walk, &run)) {
        if ((int64_t)run.len >= options->min_match_len) {
            reply_array(&call->reply, options->with_match_len ? 3 : 2);
            reply_place(call, run.in_a, run.len);
            reply_place(call, run.in_b, run.len);
            if (options->with_match_len) {
                reply_integer(&call->reply, (int64_t)run.len);
            }
            count++;
        }
    }
    reply_close_array(&call->reply, mark, count);
    reply_bulk_text(&call->reply, "len");
    reply_integer(&call->reply, (int64_t)lcs->len);
}

static void reply_subsequence(struct call *call, const struct lcs *lcs)
{
    struct lcs_walk walk = lcs_walk_begin(lcs);
    struct lcs_run run;
    char *bytes = memory_alloc(lcs->len + 1);
    size_t at = lcs->len;
    while (lcs_next_run(lcs, &walk, &run)) {
        at -= run.len;
        memcpy(bytes + at, lcs->a.data + run.in_a, run.len);
    }
    reply_bulk(&call->reply, slice_make(bytes, lcs->len));
    memory_free(bytes);
}

static void lcs_rest(const void *call)
{
    call_rest(call);
}

COMMAND_HANDLER(lcs_command)
{
    struct keyref refs[2];
    struct slice strings[2] = {slice_make("", 0), slice_make("", 0)};
    char digits[2][24];
    bool found[2] = {call_read(call, 1, &refs[0]), call_read(call, 2, &refs[1])};
    for (int i = 0; i < 2; i++) {
        if (found[i] && refs[i].entry->type != VALUE_STRING) {
            return call_fail_slice(call, SLICE_LITERAL("ERR The specified keys must contain string values"));
        }
        if (found[i]) {
            strings[i] = entry_string(refs[i].entry, digits[i]);
        }
    }
    struct lcs_options options = {0};
    if (!lcs_options_parse(call, &options) || !lcs_fits(call, strings[0], strings[1])) {
        return OUTCOME_ERROR;
    }
    struct lcs lcs;
    struct pause pause = {.rest = lcs_rest, .context = call};
    lcs_init(&lcs, strings[0], strings[1], !options.len, &pause);
    if (options.idx) {
        reply_matches(call, &lcs, &options);
    } else if (options.len) {
        reply_integer(&call->reply, (int64_t)lcs.len);
    } else {
        reply_subsequence(call, &lcs);
    }
    lcs_deinit(&lcs);
    return OUTCOME_DONE;
}

const struct command_row lcs_commands[] = {
    {.name = "lcs",
     .handler = lcs_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_STRING,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .last = 1, .step = 1}},
     .is_long = lcs_is_long,
     .summary = "Finds the longest common subsequence of two strings.",
     .since = "7.0.0",
     .group = "string",
     .complexity = "O(N*M/64) where N and M are the lengths of the strings.",
     .arguments = "key1:key key2:key LEN? IDX? min-match-len:integer=MINMATCHLEN? WITHMATCHLEN?"},
    {0},
};

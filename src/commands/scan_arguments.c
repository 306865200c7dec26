/* SPDX-License-Identifier: BSD-3-Clause */
/* The arguments that SCAN, HSCAN, SSCAN and ZSCAN have in common, and the head of their reply.
 * Owner: the handler's stack. Locks: none. */
#include "scan_arguments.h"

#include <stdio.h>

#include "sherd/base/glob.h"
#include "sherd/base/number.h"

bool scan_cursor_parse(struct slice text, uint64_t *cursor)
{
    const char *end = text.len == 0 ? NULL : memchr(text.data, '\0', text.len);
    struct slice digits = end == NULL ? text : slice_make(text.data, (size_t)(end - text.data));
    bool negative = digits.len != 0 && digits.data[0] == '-';
    if (digits.len == 0) {
        *cursor = 0;
        return true;
    }
    if (negative || digits.data[0] == '+') {
        digits = slice_make(digits.data + 1, digits.len - 1);
    }
    uint64_t value;
    if (!number_parse_u64(digits, &value)) {
        return false;
    }
    *cursor = negative ? 0 - value : value;
    return true;
}

/* One option with a value; false, with the error, when it is none or its value makes no sense. */
static bool parse_valued(const struct call *call, uint32_t at, unsigned extras, struct scan_options *options,
                         enum error_text *error)
{
    *error = ERROR_SYNTAX;
    if (at + 1 == call->argc) {
        return false;
    }
    struct slice value = call_argument(call, at + 1);
    if (call_argument_is(call, at, "count")) {
        if (!number_parse_i64(value, &options->count)) {
            *error = ERROR_NOT_INTEGER;
            return false;
        }
        return options->count >= 1;
    }
    if (call_argument_is(call, at, "match")) {
        options->pattern = value;
        options->matches_all = slice_equals(value, SLICE_LITERAL("*"));
        return true;
    }
    if ((extras & SCAN_TAKES_TYPE) != 0 && call_argument_is(call, at, "type")) {
        options->by_type = true;
        options->type = value_type_by_name(value);
        return true;
    }
    return false;
}

bool scan_options_parse(const struct call *call, uint32_t first, unsigned extras, struct scan_options *options,
                        enum error_text *error)
{
    *options = (struct scan_options){.matches_all = true, .count = SCAN_COUNT_DEFAULT};
    for (uint32_t i = first; i < call->argc; i++) {
        if (((extras & SCAN_TAKES_NOVALUES) != 0 && call_argument_is(call, i, "novalues")) ||
            ((extras & SCAN_TAKES_NOSCORES) != 0 && call_argument_is(call, i, "noscores"))) {
            options->without_values = true;
        } else if (parse_valued(call, i, extras, options, error)) {
            i++;
        } else {
            return false;
        }
    }
    return true;
}

struct scan_match scan_match_begin(const struct call *call)
{
    return (struct scan_match){.steps = call->locks.possessed ? SIZE_MAX : SCAN_MATCH_STEPS};
}

bool scan_matches(const struct scan_options *options, struct slice text, struct scan_match *match)
{
    if (options->matches_all) {
        return true;
    }
    if (UNLIKELY(match->undecided)) {
        return false;
    }
    enum glob_outcome outcome = glob_match_within(options->pattern, text, false, &match->steps);
    match->undecided = outcome == GLOB_UNDECIDED;
    return outcome == GLOB_FITS;
}

uint64_t scan_options_buckets(const struct scan_options *options)
{
    uint64_t count = (uint64_t)options->count;
    return count < UINT64_MAX / SCAN_BUCKETS_PER_COUNT ? count * SCAN_BUCKETS_PER_COUNT : UINT64_MAX;
}

void scan_reply_head(struct call *call, struct output_mark mark, uint64_t cursor, uint64_t elements)
{
    reply_close_array(&call->reply, mark, elements);
    char digits[NUMBER_I64_BYTES];
    size_t len = number_print_u64(digits, cursor);
    char head[64];
    int head_len = snprintf(head, sizeof(head), "*2\r\n$%zu\r\n%s\r\n", len, digits);
    reply_insert_raw(&call->reply, mark, slice_make(head, (size_t)head_len));
}

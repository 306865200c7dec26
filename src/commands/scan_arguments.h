/* SPDX-License-Identifier: BSD-3-Clause */
/* The arguments that SCAN, HSCAN, SSCAN and ZSCAN have in common: the cursor, MATCH, COUNT, and what some of them add.
 * Owner: the handler's stack. Locks: none. */
#ifndef SHERD_COMMANDS_SCAN_ARGUMENTS_H
#define SHERD_COMMANDS_SCAN_ARGUMENTS_H

#include "sherd/exec/call.h"

enum {
    SCAN_COUNT_DEFAULT = 10,
    SCAN_BUCKETS_PER_COUNT = 10, /* buckets visited at most for each element that COUNT asks for */
    SCAN_MATCH_STEPS = 20000,    /* of matching, in one hold of a shard */
};

/* Which further options a command takes. */
enum scan_extra {
    SCAN_TAKES_TYPE = 1 << 0,     /* TYPE name */
    SCAN_TAKES_NOVALUES = 1 << 1, /* NOVALUES */
    SCAN_TAKES_NOSCORES = 1 << 2, /* NOSCORES, which means the same */
};

struct scan_options {
    struct slice pattern; /* borrowed from the request */
    bool matches_all;     /* no MATCH, or one that everything matches */
    bool by_type;
    bool without_values;
    enum value_type type; /* with by_type; VALUE_TYPE_COUNT: no key has it */
    int64_t count;        /* at least 1 */
};

/* How much a visit may still match; when that is used up it ends, and is made again with the shard possessed. */
struct scan_match {
    size_t steps; /* left */
    bool undecided;
};

struct scan_match scan_match_begin(const struct call *call);
/* Does the text fit the pattern of the options? False also when that could not be told. */
NODISCARD bool scan_matches(const struct scan_options *options, struct slice text, struct scan_match *match);

/* Reads a cursor as strtoul does: a sign is fine, no digit at all is zero only for an empty text, a NUL ends it. */
NODISCARD bool scan_cursor_parse(struct slice text, uint64_t *cursor);
/* Reads the arguments from `first` on; `extras` is of enum scan_extra. False, with the error, when they make no
 * sense. */
NODISCARD bool scan_options_parse(const struct call *call, uint32_t first, unsigned extras,
                                  struct scan_options *options, enum error_text *error);
/* How many buckets a call may visit. */
uint64_t scan_options_buckets(const struct scan_options *options);
/* Replies what begins every answer, before what was written since `mark`: "*2", the cursor, and the count of
 * elements. */
void scan_reply_head(struct call *call, struct output_mark mark, uint64_t cursor, uint64_t elements);

#endif

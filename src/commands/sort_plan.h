/* SPDX-License-Identifier: BSD-3-Clause */
/* What a SORT asks for: its options, and the patterns that turn an element into a key.
 * Owner: the handler's stack. Locks: none. */
#ifndef SHERD_COMMANDS_SORT_PLAN_H
#define SHERD_COMMANDS_SORT_PLAN_H

#include "sherd/exec/call.h"

enum sort_pattern_kind {
    SORT_PATTERN_NOTHING, /* without a '*': there is nothing */
    SORT_PATTERN_ELEMENT, /* "#" */
    SORT_PATTERN_KEY,     /* "weight_*" */
    SORT_PATTERN_FIELD,   /* "object_*->field" */
};

struct sort_pattern {
    enum sort_pattern_kind kind;
    struct slice before; /* of the key, around the element */
    struct slice after;
    struct slice field;
};

enum {
    SORT_FEW_GETS = 8, /* kept on the stack */
};

struct sort_plan {
    bool descending;
    bool alpha;
    bool sorts;      /* not BY a word without '*' */
    bool has_weight; /* BY a pattern */
    struct sort_pattern weight;
    int64_t limit_start;
    int64_t limit_count; /* negative: all */
    uint32_t store;      /* argument that names the destination; 0: none */
    uint32_t get_count;
    uint32_t get_lookups; /* patterns of GET that look a key up */
    struct sort_pattern *gets;
    struct sort_pattern few[SORT_FEW_GETS];
};

/* Reads the arguments from the second on. On false the error is replied. Needs sort_plan_deinit in both cases. */
NODISCARD bool sort_plan_init(struct sort_plan *plan, struct call *call, bool may_store);
void sort_plan_deinit(struct sort_plan *plan);

/* For the row: the keys that are named, and whether patterns reach others. */
int64_t sort_find_keys(const struct slice *argv, uint32_t argc, struct key_place *places, size_t max);
int64_t sort_ro_find_keys(const struct slice *argv, uint32_t argc, struct key_place *places, size_t max);
bool sort_reaches_further(const struct slice *argv, uint32_t argc);

#endif

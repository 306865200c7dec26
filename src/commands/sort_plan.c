/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading the arguments of SORT and SORT_RO.
 * Owner: the handler's stack. Locks: none. */
#include "sort_plan.h"

#include "sherd/base/memory.h"

enum word {
    WORD_NONE,
    WORD_ASC,
    WORD_DESC,
    WORD_ALPHA,
    WORD_LIMIT,
    WORD_STORE,
    WORD_BY,
    WORD_GET,
};

static const struct {
    const char *text;
    uint32_t arguments;
} words[] = {
    [WORD_ASC] = {"asc", 0},     [WORD_DESC] = {"desc", 0}, [WORD_ALPHA] = {"alpha", 0}, [WORD_LIMIT] = {"limit", 2},
    [WORD_STORE] = {"store", 1}, [WORD_BY] = {"by", 1},     [WORD_GET] = {"get", 1},
};

/* The option at argument `at`, if its own arguments are there, too. */
static enum word word_at(const struct slice *argv, uint32_t argc, uint32_t at)
{
    for (unsigned i = WORD_ASC; i < ARRAY_LENGTH(words); i++) {
        if (argc - at - 1 >= words[i].arguments && slice_equals_word(argv[at], words[i].text)) {
            return (enum word)i;
        }
    }
    return WORD_NONE;
}

static const char *find_byte(struct slice text, char byte)
{
    return text.len == 0 ? NULL : memchr(text.data, byte, text.len);
}

/* A pattern ends at a zero byte as far as its special marks are concerned, as in Redis. */
static struct sort_pattern pattern_parse(struct slice text)
{
    const char *zero = find_byte(text, '\0');
    struct slice seen = zero == NULL ? text : slice_make(text.data, (size_t)(zero - text.data));
    if (seen.len == 1 && seen.data[0] == '#') {
        return (struct sort_pattern){.kind = SORT_PATTERN_ELEMENT};
    }
    const char *star = find_byte(seen, '*');
    if (star == NULL) {
        return (struct sort_pattern){.kind = SORT_PATTERN_NOTHING};
    }
    const char *end = text.data + text.len;
    struct sort_pattern pattern = {.kind = SORT_PATTERN_KEY,
                                   .before = slice_make(text.data, (size_t)(star - text.data)),
                                   .after = slice_make(star + 1, (size_t)(end - star - 1))};
    for (const char *at = star + 1; at + 2 < seen.data + seen.len; at++) {
        if (at[0] == '-' && at[1] == '>') {
            pattern.kind = SORT_PATTERN_FIELD;
            pattern.after = slice_make(star + 1, (size_t)(at - star - 1));
            pattern.field = slice_make(at + 2, (size_t)(end - at - 2));
            break;
        }
    }
    return pattern;
}

static bool pattern_looks_up(const struct sort_pattern *pattern)
{
    return pattern->kind == SORT_PATTERN_KEY || pattern->kind == SORT_PATTERN_FIELD;
}

static void plan_by(struct sort_plan *plan, struct slice text)
{
    const char *zero = find_byte(text, '\0');
    const char *star = find_byte(text, '*');
    if (star == NULL || (zero != NULL && zero < star)) {
        plan->sorts = false; /* for good, whatever other BY there is */
    }
    plan->weight = pattern_parse(text);
    plan->has_weight = true;
}

static void plan_get(struct sort_plan *plan, struct slice text, uint32_t room)
{
    if (plan->get_count == SORT_FEW_GETS) {
        plan->gets = memory_alloc((SORT_FEW_GETS + room) * sizeof(*plan->gets));
        memcpy(plan->gets, plan->few, sizeof(plan->few));
    }
    struct sort_pattern *pattern = &plan->gets[plan->get_count++];
    *pattern = pattern_parse(text);
    plan->get_lookups += pattern_looks_up(pattern) ? 1 : 0;
}

bool sort_plan_init(struct sort_plan *plan, struct call *call, bool may_store)
{
    *plan = (struct sort_plan){.sorts = true, .limit_count = -1};
    plan->gets = plan->few;
    for (uint32_t at = 2; at < call->argc; at++) {
        enum word word = word_at(call->argv, call->argc, at);
        switch (word) {
        case WORD_ASC:
        case WORD_DESC:
            plan->descending = word == WORD_DESC;
            break;
        case WORD_ALPHA:
            plan->alpha = true;
            break;
        case WORD_LIMIT:
            if (!call_integer(call, at + 1, &plan->limit_start) || !call_integer(call, at + 2, &plan->limit_count)) {
                return false;
            }
            break;
        case WORD_BY:
            plan_by(plan, call->argv[at + 1]);
            break;
        case WORD_GET:
            plan_get(plan, call->argv[at + 1], call->argc - at);
            break;
        default:
            if (word == WORD_NONE || !may_store) {
                (void)call_fail(call, ERROR_SYNTAX);
                return false;
            }
            plan->store = at + 1;
            break;
        }
        at += words[word].arguments;
    }
    return true;
}

void sort_plan_deinit(struct sort_plan *plan)
{
    if (plan->gets != plan->few) {
        memory_free(plan->gets);
    }
}

int64_t sort_find_keys(const struct slice *argv, uint32_t argc, struct key_place *places, size_t max)
{
    uint32_t store = 0;
    for (uint32_t at = 2; at < argc; at++) {
        enum word word = word_at(argv, argc, at);
        if (word == WORD_STORE) {
            store = at + 1; /* the last one counts */
        }
        at += words[word].arguments;
    }
    if (max > 0) {
        places[0] = (struct key_place){.argument = 1, .flags = KEY_RO | KEY_ACCESS};
    }
    if (max > 1 && store != 0) {
        places[1] = (struct key_place){.argument = store, .flags = KEY_OW | KEY_UPDATE};
    }
    return store != 0 ? 2 : 1;
}

int64_t sort_ro_find_keys(const struct slice *argv, uint32_t argc, struct key_place *places, size_t max)
{
    (void)argv;
    if (max > 0 && argc > 1) {
        places[0] = (struct key_place){.argument = 1, .flags = KEY_RO | KEY_ACCESS};
    }
    return 1;
}

bool sort_reaches_further(const struct slice *argv, uint32_t argc)
{
    for (uint32_t at = 2; at < argc; at++) {
        enum word word = word_at(argv, argc, at);
        if (word == WORD_BY || word == WORD_GET) {
            struct sort_pattern pattern = pattern_parse(argv[at + 1]);
            if (pattern_looks_up(&pattern)) {
                return true;
            }
        }
        at += words[word].arguments;
    }
    return false;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* SORT and SORT_RO. Patterns of BY and GET lead to keys that no argument names, so such calls hold the whole keyspace.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include "hash_access.h"
#include "sherd/base/number.h"
#include "sherd/commands/families.h"
#include "sherd/container/sorting.h"
#include "sherd/exec/exec.h"
#include "sherd/value/set.h"
#include "sherd/value/zset.h"
#include "sort_plan.h"
#include "sort_store.h"

enum {
    LONG_WORK = 1000, /* elements walked over or sorted in about 50 us */
    LOOKUP_WORK = 6,  /* a lookup takes the time of so many */
};

/* What is sorted, and which of its elements are wanted once they are in order. */
struct source {
    enum value_type type;
    const void *object; /* NULL: the key is missing */
    int64_t count;
    int64_t first; /* of the result: from first to last, none when last < first */
    int64_t last;
};

static bool source_open(struct call *call, const struct keyref *ref, struct source *source) REQUIRES(shard_held)
{
    source->type = (enum value_type)ref->entry->type;
    source->object = ref->entry->form == ENTRY_OBJECT ? entry_object(ref->entry) : NULL;
    switch (source->type) {
    case VALUE_LIST:
        source->count = (int64_t)list_count(source->object);
        return true;
    case VALUE_ZSET:
        source->count = zset_count(source->object);
        return true;
    case VALUE_SET:
        source->count = (int64_t)set_count(source->object);
        return true;
    default:
        (void)call_fail(call, ERROR_WRONGTYPE);
        return false;
    }
}

static void source_limit(struct source *source, const struct sort_plan *plan)
{
    int64_t count = source->count;
    int64_t start = plan->limit_start < 0 ? 0 : plan->limit_start > count ? count : plan->limit_start;
    int64_t want = plan->limit_count > count ? count : plan->limit_count;
    int64_t end = want < 0 ? count - 1 : start + want - 1;
    source->first = start;
    source->last = start >= count ? start - 1 : end >= count ? count - 1 : end;
}

static bool is_long(const struct source *source, const struct sort_plan *plan)
{
    int64_t results = source->last - source->first + 1;
    bool whole = plan->sorts || source->type == VALUE_SET;
    int64_t work = whole ? source->count : results;
    work += plan->sorts && plan->has_weight ? source->count * LOOKUP_WORK : 0;
    return work + results * (1 + LOOKUP_WORK * (int64_t)plan->get_lookups) > LONG_WORK;
}

/* ---- elements ---- */

static void load_item(struct sorting *sorting, const struct listpack_value *value, bool is_lasting)
{
    if (value->is_integer) {
        char digits[NUMBER_I64_BYTES];
        size_t len = number_print_i64(digits, value->integer);
        sorting_add(sorting, arena_keep(&sorting->arena, slice_make(digits, len)));
    } else {
        sorting_add(sorting, is_lasting ? value->text : arena_keep(&sorting->arena, value->text));
    }
}

/* `count` elements from an index on, in the order of the list or from its end. */
static void load_list(struct sorting *sorting, const struct list *list, int64_t index, int64_t count, bool is_reverse)
{
    struct quicklist_iterator iterator;
    struct quicklist_item item;
    uint64_t from = is_reverse ? list_count(list) - 1 - (uint64_t)index : (uint64_t)index;
    list_iterate(&iterator, list, from, is_reverse);
    for (; count > 0 && quicklist_iterator_next(&iterator, &item); count--) {
        load_item(sorting, &item.value, list_is_short(list) || item.blob != NULL);
    }
    quicklist_iterator_finish(&iterator);
}

static void load_zset(struct sorting *sorting, const struct zset *zset, int64_t index, int64_t count, bool is_reverse)
{
    struct zset_iterator iterator;
    struct zset_element element;
    uint32_t rank = is_reverse ? zset_count(zset) - 1 - (uint32_t)index : (uint32_t)index;
    zset_iterator_init(&iterator, zset, rank, is_reverse);
    for (; count > 0 && zset_iterator_next(&iterator, &element); count--) {
        sorting_add(sorting, arena_keep(&sorting->arena, element.member));
    }
}

/* A set has no order: what is skipped are any members. */
static void load_set(struct sorting *sorting, const struct set *set, int64_t index, int64_t count)
{
    struct set_iterator iterator;
    struct slice member;
    set_iterator_init(&iterator, set);
    for (; index > 0 && set_iterator_next(&iterator, &member); index--) {
    }
    for (; count > 0 && set_iterator_next(&iterator, &member); count--) {
        sorting_add(sorting, arena_keep(&sorting->arena, member));
    }
}

/* Loads what is sorted or, when nothing is, what is wanted: then from the first result on. */
static void load(struct sorting *sorting, struct source *source, const struct sort_plan *plan)
{
    bool whole = plan->sorts;
    int64_t first = whole ? 0 : source->first;
    int64_t count = whole ? source->count : source->last - source->first + 1;
    bool is_reverse = !plan->sorts && plan->descending;
    sorting_init(sorting, (size_t)count);
    if (count == 0) {
        return;
    }
    if (source->type == VALUE_LIST) {
        load_list(sorting, source->object, first, count, is_reverse);
    } else if (source->type == VALUE_SET) {
        load_set(sorting, source->object, first, count);
    } else {
        load_zset(sorting, source->object, first, count, is_reverse);
    }
    if (!whole) {
        source->last -= source->first;
        source->first = 0;
    }
}

/* ---- patterns ---- */

/* What a pattern leads to. */
struct found {
    bool is_found;
    const struct entry *entry; /* a string; NULL: `value`, or the element itself */
    struct slice text;
    struct hash_value value;
    char digits[24];
};

/* Follows a pattern from an element; `key` is scratch. */
static void follow(struct call *call, const struct sort_pattern *pattern, struct slice element, struct buffer *key,
                   struct found *found) REQUIRES(shard_held)
{
    struct keyref ref;
    found->is_found = false;
    found->entry = NULL;
    if (pattern->kind == SORT_PATTERN_ELEMENT) {
        found->is_found = true;
        found->text = element;
        return;
    }
    if (pattern->kind == SORT_PATTERN_NOTHING) {
        return;
    }
    key->len = 0;
    buffer_append_slice(key, pattern->before);
    buffer_append_slice(key, element);
    buffer_append_slice(key, pattern->after);
    if (!call_read_named(call, buffer_slice(key), &ref)) {
        return;
    }
    if (pattern->kind == SORT_PATTERN_KEY && ref.entry->type == VALUE_STRING) {
        found->is_found = true;
        found->entry = ref.entry;
        found->text = entry_string(ref.entry, found->digits);
    } else if (pattern->kind == SORT_PATTERN_FIELD && ref.entry->type == VALUE_HASH) {
        found->is_found = hash_get(entry_object(ref.entry), pattern->field, call->now_ms, &found->value);
        found->text = found->value.text;
    }
}

/* The weight of each element. False: some are no numbers. */
static bool weigh(struct call *call, struct sorting *sorting, const struct sort_plan *plan) REQUIRES(shard_held)
{
    bool good = true;
    struct buffer key;
    buffer_init(&key);
    for (size_t i = 0; i < sorting->count; i++) {
        struct sorting_item *item = &sorting->items[i];
        struct found found;
        if (!plan->has_weight) {
            found.text = item->element;
        } else {
            follow(call, &plan->weight, item->element, &key, &found);
            if (!found.is_found) {
                continue;
            }
        }
        if (sorting->rule == SORTING_NUMBERS) {
            good = sorting_score(found.text, &item->score) && good;
        } else {
            item->weight = sorting_keep_weight(sorting, found.text);
        }
    }
    buffer_deinit(&key);
    return good;
}

/* ---- results ---- */

static void reply_found_value(struct call *call, const struct found *found) REQUIRES(shard_held)
{
    if (!found->is_found) {
        reply_null(&call->reply);
    } else if (found->entry != NULL) {
        call_reply_string(call, found->entry);
    } else {
        reply_bulk(&call->reply, found->text);
    }
}

static void reply_results(struct call *call, const struct sorting *sorting, const struct source *source,
                          const struct sort_plan *plan) REQUIRES(shard_held)
{
    struct buffer key;
    buffer_init(&key);
    size_t results = (size_t)(source->last - source->first + 1);
    reply_array(&call->reply, plan->get_count == 0 ? results : results * plan->get_count);
    for (int64_t i = source->first; i <= source->last; i++) {
        if (plan->get_count == 0) {
            reply_bulk(&call->reply, sorting->items[i].element);
        }
        for (uint32_t get = 0; get < plan->get_count; get++) {
            struct found found;
            follow(call, &plan->gets[get], sorting->items[i].element, &key, &found);
            reply_found_value(call, &found);
        }
    }
    buffer_deinit(&key);
}

static void store_results(struct call *call, const struct sorting *sorting, const struct source *source,
                          const struct sort_plan *plan) REQUIRES(shard_held)
{
    struct buffer key;
    struct sort_store store;
    buffer_init(&key);
    sort_store_init(&store, call);
    for (int64_t i = source->first; i <= source->last; i++) {
        if (plan->get_count == 0) {
            sort_store_push(&store, sorting->items[i].element);
        }
        for (uint32_t get = 0; get < plan->get_count; get++) {
            struct found found;
            follow(call, &plan->gets[get], sorting->items[i].element, &key, &found);
            sort_store_push(&store, found.is_found ? found.text : slice_make("", 0));
        }
    }
    buffer_deinit(&key);
    reply_integer(&call->reply, (int64_t)sort_store_finish(&store, plan->store));
}

/* Redis sorts a part alone when LIMIT wants a part and BY weighs; that decides which of equal weights come first. */
static void sort_wanted(struct sorting *sorting, const struct source *source, const struct sort_plan *plan)
{
    bool wants_all = source->first == 0 && source->last == source->count - 1;
    if (plan->has_weight && !wants_all && source->last >= source->first) {
        sorting_sort_part(sorting, (size_t)source->first, (size_t)source->last);
    } else if (source->last >= source->first) {
        sorting_sort(sorting);
    }
}

static enum outcome sort_source(struct call *call, struct source *source, const struct sort_plan *plan)
    REQUIRES(shard_held)
{
    struct sorting sorting;
    enum outcome outcome = OUTCOME_DONE;
    load(&sorting, source, plan);
    if (plan->sorts) {
        sorting.descending = plan->descending;
        sorting.whole_texts = plan->store != 0;
        sorting.rule = !plan->alpha ? SORTING_NUMBERS : plan->has_weight ? SORTING_WEIGHTS : SORTING_ELEMENTS;
        if (sorting.rule != SORTING_ELEMENTS && !weigh(call, &sorting, plan)) {
            outcome = call_fail_slice(call, SLICE_LITERAL("ERR One or more scores can't be converted into double"));
        } else {
            sort_wanted(&sorting, source, plan);
        }
    }
    if (outcome == OUTCOME_DONE && plan->store != 0) {
        store_results(call, &sorting, source, plan);
    } else if (outcome == OUTCOME_DONE) {
        reply_results(call, &sorting, source, plan);
    }
    sorting_deinit(&sorting);
    return outcome;
}

static enum outcome sort_planned(struct call *call, struct sort_plan *plan) REQUIRES(shard_held)
{
    struct keyref ref;
    struct source source = {.type = VALUE_LIST};
    if (call_peek(call, 1, &ref) && !source_open(call, &ref, &source)) {
        return OUTCOME_ERROR;
    }
    if (source.type == VALUE_SET && !plan->sorts && plan->store != 0) {
        /* What is stored shall not depend on the order of a table: Redis sorts the members as texts. */
        plan->sorts = true;
        plan->alpha = true;
        plan->has_weight = false;
    }
    source_limit(&source, plan);
    if (is_long(&source, plan) && !call->locks.possessed) {
        return OUTCOME_POSSESS;
    }
    if (!call_read(call, 1, &ref)) { /* counts the lookup, now that it leads to something */
        ASSERT(source.object == NULL);
    }
    return sort_source(call, &source, plan);
}

static enum outcome sort_generic(struct call *call, bool may_store) REQUIRES(shard_held)
{
    struct sort_plan plan;
    enum outcome outcome = OUTCOME_ERROR;
    if (sort_plan_init(&plan, call, may_store)) {
        outcome = sort_planned(call, &plan);
    }
    sort_plan_deinit(&plan);
    return outcome;
}

COMMAND_HANDLER(sort_command)
{
    return sort_generic(call, true);
}

COMMAND_HANDLER(sort_ro_command)
{
    return sort_generic(call, false);
}

#define SORT_COMPLEXITY                                                                                                \
    "O(N+M*log(M)) where N is the number of elements and M the number of those returned; O(N) when nothing is sorted."
#define SORT_PATTERN_NOTES                                                                                             \
    "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the "    \
    "key we sort"
#define SORT_STORE_NOTES                                                                                               \
    "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the argument "  \
    "array"
#define SORT_ARGUMENTS                                                                                                 \
    "key:key by-pattern'pattern':pattern#1=BY? limit:(offset:integer count:integer)=LIMIT? "                           \
    "get-pattern'pattern':pattern#1=GET?++ order:(ASC|DESC)? sorting:token=ALPHA?"

const struct command_row sort_commands[] = {
    {.name = "sort",
     .handler = sort_command,
     .arity = -2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .categories = ACL_SET | ACL_SORTEDSET | ACL_LIST | ACL_DANGEROUS,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1},
              {.flags = KEY_RO | KEY_ACCESS, .notes = SORT_PATTERN_NOTES},
              {.flags = KEY_OW | KEY_UPDATE, .notes = SORT_STORE_NOTES}},
     .find_keys = sort_find_keys,
     .reaches_further = sort_reaches_further,
     .summary = "Sorts the elements of a list, a set or a sorted set, and may store the result.",
     .since = "1.0.0",
     .group = "generic",
     .complexity = SORT_COMPLEXITY,
     .arguments = SORT_ARGUMENTS " destination:key#2=STORE?"},
    {.name = "sort_ro",
     .handler = sort_ro_command,
     .arity = -2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_SET | ACL_SORTEDSET | ACL_LIST | ACL_DANGEROUS,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1},
              {.flags = KEY_RO | KEY_ACCESS, .notes = SORT_PATTERN_NOTES}},
     .find_keys = sort_ro_find_keys,
     .reaches_further = sort_reaches_further,
     .summary = "Sorts the elements of a list, a set or a sorted set.",
     .since = "7.0.0",
     .group = "generic",
     .complexity = SORT_COMPLEXITY,
     .arguments = SORT_ARGUMENTS},
    {0},
};

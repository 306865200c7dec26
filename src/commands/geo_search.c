/* SPDX-License-Identifier: BSD-3-Clause */
/* Searching around a place: GEOSEARCH, GEOSEARCHSTORE, and the older GEORADIUS and GEORADIUSBYMEMBER.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include <stdlib.h>

#include "geo_arguments.h"
#include "sherd/base/arena.h"
#include "sherd/base/memory.h"
#include "sherd/commands/families.h"
#include "sherd/container/partial_sort.h"
#include "sherd/exec/exec.h"

enum {
    LONG_CANDIDATES = 400, /* members in the cells that are searched: each costs a distance, about 120 ns */
};

struct found {
    struct slice member; /* in the arena */
    double score;
    double metres;
};

struct found_list {
    struct found *items;
    size_t count;
    size_t cap;
    struct arena arena;
};

static void found_add(struct found_list *list, const struct zset_element *element, double metres)
{
    if (list->count == list->cap) {
        list->cap = list->cap == 0 ? 16 : list->cap * 2;
        list->items = memory_resize(list->items, list->cap * sizeof(*list->items));
    }
    list->items[list->count++] =
        (struct found){.member = arena_keep(&list->arena, element->member), .score = element->score, .metres = metres};
}

/* The members whose scores fall into each cell. */
struct candidates {
    struct zset_range ranges[GEO_CELLS_MAX];
    unsigned cells;
    size_t count;
};

static void candidates_find(const struct geo_search *search, struct candidates *candidates)
{
    struct geo_cell cells[GEO_CELLS_MAX];
    candidates->cells = geo_shape_cells(&search->shape, cells);
    candidates->count = 0;
    for (unsigned i = 0; i < candidates->cells; i++) {
        struct zset_score_range range = {.min = cells[i].min, .max = cells[i].max, .max_exclusive = true};
        candidates->ranges[i] = zset_range_by_score(search->zset, &range);
        candidates->count += candidates->ranges[i].count;
    }
}

static void candidates_filter(const struct geo_search *search, const struct candidates *candidates,
                              struct found_list *list)
{
    for (unsigned i = 0; i < candidates->cells; i++) {
        struct zset_iterator iterator;
        struct zset_element element;
        zset_iterator_init(&iterator, search->zset, candidates->ranges[i].first, false);
        for (uint32_t left = candidates->ranges[i].count; left > 0 && zset_iterator_next(&iterator, &element); left--) {
            double metres;
            if (search->any && list->count >= (size_t)search->count) {
                return;
            }
            if (geo_shape_contains(&search->shape, geohash_decode(element.score), &metres)) {
                found_add(list, &element, metres);
            }
        }
    }
}

static int nearer(const void *a, const void *b)
{
    const struct found *left = a;
    const struct found *right = b;
    return (left->metres > right->metres) - (left->metres < right->metres);
}

static int compare_nearer(const void *a, const void *b, void *context)
{
    (void)context;
    return nearer(a, b);
}

static int compare_farther(const void *a, const void *b, void *context)
{
    (void)context;
    return nearer(b, a);
}

static int farther(const void *a, const void *b)
{
    return nearer(b, a);
}

/* Brings the first `count`, which is not 0, to the front in order. */
static void found_sort_some(struct found_list *list, size_t count, enum geo_order order)
{
    void **pointers = memory_alloc(list->count * sizeof(*pointers));
    for (size_t i = 0; i < list->count; i++) {
        pointers[i] = &list->items[i];
    }
    struct partial_order by = {.compare = order == GEO_NEAREST_FIRST ? compare_nearer : compare_farther};
    partial_sort(pointers, list->count, 0, count - 1, &by);
    struct found *first = memory_alloc(count * sizeof(*first));
    for (size_t i = 0; i < count; i++) {
        first[i] = *(const struct found *)pointers[i];
    }
    memory_free(pointers);
    memory_free(list->items);
    list->items = first;
    list->count = count;
}

static void found_sort(struct found_list *list, const struct geo_search *search)
{
    bool is_cut = search->count != 0 && (size_t)search->count < list->count;
    if (search->order == GEO_ANY_ORDER) {
        list->count = is_cut ? (size_t)search->count : list->count;
    } else if (is_cut) {
        found_sort_some(list, (size_t)search->count, search->order);
    } else if (list->count > 1) {
        qsort(list->items, list->count, sizeof(*list->items), search->order == GEO_NEAREST_FIRST ? nearer : farther);
    }
}

static void reply_found(struct call *call, const struct geo_search *search, const struct found *items, size_t count)
{
    size_t extras = (size_t)search->with_distance + search->with_hash + search->with_point;
    reply_array(&call->reply, count);
    for (size_t i = 0; i < count; i++) {
        if (extras != 0) {
            reply_array(&call->reply, extras + 1);
        }
        reply_bulk(&call->reply, items[i].member);
        if (search->with_distance) {
            geo_reply_distance(call, items[i].metres / search->shape.unit_metres);
        }
        if (search->with_hash) {
            reply_integer(&call->reply, (int64_t)items[i].score);
        }
        if (search->with_point) {
            geo_reply_point(call, geohash_decode(items[i].score));
        }
    }
}

/* What was found, or nothing, takes the place of the destination. */
static void store_found(struct call *call, const struct geo_search *search, const struct found *items, size_t count)
    REQUIRES(shard_held)
{
    struct zset_limits limits = zset_limits_of(call);
    struct zset *zset = zset_build_create(limits.hash_key);
    for (size_t i = 0; i < count; i++) {
        bool is_new;
        double score = search->store_distance ? items[i].metres / search->shape.unit_metres : items[i].score;
        (void)zset_build_put(zset, items[i].member, score, &is_new);
    }
    zset_build_finish(zset, &limits);
    bool searches = (search->variant & GEO_VARIANT_BITS) == GEO_FROM_OPTION;
    zset_store(call, search->store, zset, searches ? "geosearchstore" : "georadiusstore");
    call->effects.changes += count == 0 ? 0 : (uint32_t)count - 1; /* each place counts */
}

static void answer(struct call *call, const struct geo_search *search, const struct found *items, size_t count)
    REQUIRES(shard_held)
{
    if (search->store != 0) {
        store_found(call, search, items, count);
    } else {
        reply_found(call, search, items, count);
    }
}

static enum outcome search_generic(struct call *call, uint32_t source, unsigned variant) REQUIRES(shard_held)
{
    void *object;
    struct geo_search search = {.variant = variant};
    if (!call_read_object(call, source, VALUE_ZSET, &object)) {
        return OUTCOME_ERROR;
    }
    search.zset = object;
    if (!geo_search_parse(call, &search)) {
        return OUTCOME_ERROR;
    }
    if (search.zset == NULL) {
        answer(call, &search, NULL, 0);
        return OUTCOME_DONE;
    }
    struct candidates candidates;
    candidates_find(&search, &candidates);
    bool stops = search.any && search.count < LONG_CANDIDATES / 4;
    if (!stops && zset_read_is_long(call, candidates.count, LONG_CANDIDATES, 1)) {
        return OUTCOME_POSSESS;
    }
    if (search.count != 0 && !search.any && search.order == GEO_ANY_ORDER) {
        search.order = GEO_NEAREST_FIRST; /* the first so many of no order would be of no use */
    }
    struct found_list list = {0};
    arena_init(&list.arena);
    candidates_filter(&search, &candidates, &list);
    found_sort(&list, &search);
    answer(call, &search, list.items, list.count);
    arena_deinit(&list.arena);
    memory_free(list.items);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(georadius_command)
{
    return search_generic(call, 1, GEO_FROM_POINT | GEO_MAY_STORE);
}

COMMAND_HANDLER(georadius_ro_command)
{
    return search_generic(call, 1, GEO_FROM_POINT);
}

COMMAND_HANDLER(georadiusbymember_command)
{
    return search_generic(call, 1, GEO_FROM_MEMBER | GEO_MAY_STORE);
}

COMMAND_HANDLER(georadiusbymember_ro_command)
{
    return search_generic(call, 1, GEO_FROM_MEMBER);
}

COMMAND_HANDLER(geosearch_command)
{
    return search_generic(call, 1, GEO_FROM_OPTION);
}

COMMAND_HANDLER(geosearchstore_command)
{
    return search_generic(call, 2, GEO_FROM_OPTION | GEO_MAY_STORE);
}

struct key_list {
    struct key_place *places;
    size_t max;
    size_t count;
};

static void key_list_add(struct key_list *list, uint32_t argument, uint16_t flags)
{
    if (list->count < list->max) {
        list->places[list->count] = (struct key_place){.argument = argument, .flags = flags};
    }
    list->count++;
}

/* What the key specs say: the first STORE and the first STOREDIST. But the last of all of them is what counts. */
static int64_t georadius_find_keys(const struct slice *argv, uint32_t argc, struct key_place *places, size_t max)
{
    uint32_t first_store = 0;
    uint32_t first_distances = 0;
    uint32_t last = 0;
    for (uint32_t i = 5; i + 1 < argc; i++) {
        bool is_store = slice_equals_word(argv[i], "store");
        if (!is_store && !slice_equals_word(argv[i], "storedist")) {
            continue;
        }
        uint32_t *first = is_store ? &first_store : &first_distances;
        last = ++i;
        *first = *first == 0 ? last : *first;
    }
    struct key_list list = {.places = places, .max = max};
    key_list_add(&list, 1, KEY_RO | KEY_ACCESS);
    if (first_store != 0) {
        key_list_add(&list, first_store, KEY_OW | KEY_UPDATE);
    }
    if (first_distances != 0) {
        key_list_add(&list, first_distances, KEY_OW | KEY_UPDATE);
    }
    if (last != first_store && last != first_distances) {
        key_list_add(&list, last, KEY_OW | KEY_UPDATE);
    }
    return (int64_t)list.count;
}

static const struct command_history uppercase_history[] = {
    {"7.0.0", "Added support for uppercase unit names."},
    {0},
};

static const struct command_history any_history[] = {
    {"6.2.0", "Added the `ANY` option for `COUNT`."},
    {0},
};

static const struct command_history any_uppercase_history[] = {
    {"6.2.0", "Added the `ANY` option for `COUNT`."},
    {"7.0.0", "Added support for uppercase unit names."},
    {0},
};

#define GEO_COMPLEXITY                                                                                                 \
    "O(N+log(M)) where N is the number of members in the cells around the shape and M of those in the set."
#define GEO_UNIT  "unit:(M|KM|FT|MI)"
#define GEO_WITH  " WITHCOORD? WITHDIST? WITHHASH?"
#define GEO_ORDER " order:(ASC|DESC)?"
#define GEO_STORE " key:key#1=STORE? key:key#2=STOREDIST?"
#define GEO_FROM_BY                                                                                                    \
    "from:(member=FROMMEMBER|longitude-latitude'longitude_latitude':(longitude:double latitude:double)=FROMLONLAT) "   \
    "by:(circle:(radius:double=BYRADIUS " GEO_UNIT ")|box:(width:double=BYBOX height:double " GEO_UNIT "))" GEO_ORDER  \
    " count:(count:integer=COUNT ANY?)?"

const struct command_row geo_search_commands[] = {
    {.name = "georadius",
     .handler = georadius_command,
     .arity = -6,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .categories = ACL_GEO,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1},
              {.flags = KEY_OW | KEY_UPDATE, .begin = 6, .keyword = "STORE", .step = 1},
              {.flags = KEY_OW | KEY_UPDATE, .begin = 6, .keyword = "STOREDIST", .step = 1}},
     .find_keys = georadius_find_keys,
     .summary = "Searches a sorted set of places within a distance from a point, and may store what it finds.",
     .since = "3.2.0",
     .group = "geo",
     .complexity = GEO_COMPLEXITY,
     .replaced_by = "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument",
     .deprecated_since = "6.2.0",
     .history = any_uppercase_history,
     .arguments = "key:key longitude:double latitude:double radius:double " GEO_UNIT GEO_WITH
                  " count:(count:integer=COUNT ANY?^6.2.0)?" GEO_ORDER GEO_STORE},
    {.name = "georadius_ro",
     .handler = georadius_ro_command,
     .arity = -6,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_GEO,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .summary = "Searches a sorted set of places within a distance from a point.",
     .since = "3.2.10",
     .group = "geo",
     .complexity = GEO_COMPLEXITY,
     .replaced_by = "`GEOSEARCH` with the `BYRADIUS` argument",
     .deprecated_since = "6.2.0",
     .history = any_history,
     .arguments = "key:key longitude:double latitude:double radius:double " GEO_UNIT GEO_WITH
                  " count:(count:integer=COUNT ANY?^6.2.0)?" GEO_ORDER},
    {.name = "georadiusbymember",
     .handler = georadiusbymember_command,
     .arity = -5,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .categories = ACL_GEO,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1},
              {.flags = KEY_OW | KEY_UPDATE, .begin = 5, .keyword = "STORE", .step = 1},
              {.flags = KEY_OW | KEY_UPDATE, .begin = 5, .keyword = "STOREDIST", .step = 1}},
     .find_keys = georadius_find_keys,
     .summary = "Searches a sorted set of places within a distance from a member, and may store what it finds.",
     .since = "3.2.0",
     .group = "geo",
     .complexity = GEO_COMPLEXITY,
     .replaced_by = "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments",
     .deprecated_since = "6.2.0",
     .history = uppercase_history,
     .arguments =
         "key:key member radius:double " GEO_UNIT GEO_WITH " count:(count:integer=COUNT ANY?)?" GEO_ORDER GEO_STORE},
    {.name = "georadiusbymember_ro",
     .handler = georadiusbymember_ro_command,
     .arity = -5,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_GEO,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .summary = "Searches a sorted set of places within a distance from a member.",
     .since = "3.2.10",
     .group = "geo",
     .complexity = GEO_COMPLEXITY,
     .replaced_by = "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments",
     .deprecated_since = "6.2.0",
     .arguments = "key:key member radius:double " GEO_UNIT GEO_WITH " count:(count:integer=COUNT ANY?)?" GEO_ORDER},
    {.name = "geosearch",
     .handler = geosearch_command,
     .arity = -7,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_GEO,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .summary = "Searches a sorted set of places within a circle or a box.",
     .since = "6.2.0",
     .group = "geo",
     .complexity = GEO_COMPLEXITY,
     .history = uppercase_history,
     .arguments = "key:key " GEO_FROM_BY GEO_WITH},
    {.name = "geosearchstore",
     .handler = geosearchstore_command,
     .arity = -8,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM,
     .categories = ACL_GEO,
     .keys = {{.flags = KEY_OW | KEY_UPDATE, .begin = 1, .step = 1},
              {.flags = KEY_RO | KEY_ACCESS, .begin = 2, .step = 1}},
     .summary = "Searches a sorted set of places within a circle or a box and stores what it finds.",
     .since = "6.2.0",
     .group = "geo",
     .complexity = GEO_COMPLEXITY,
     .history = uppercase_history,
     .arguments = "destination:key source:key#1 " GEO_FROM_BY " STOREDIST?"},
    {0},
};

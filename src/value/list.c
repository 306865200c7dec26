/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists: which of the two forms a list has, and what is done to either.
 * Owner: the key that holds it. Locks: none. */
#include "sherd/value/list.h"

#include "sherd/base/memory.h"
#include "sherd/base/number.h"
#include "sherd/value/object.h"

struct list *list_create(void)
{
    struct list *list = memory_alloc(sizeof(*list));
    listpack_init(&list->pack, 0);
    return list;
}

void list_destroy(struct list *list)
{
    if (list == NULL) {
        return;
    }
    if (list_is_short(list)) {
        listpack_deinit(&list->pack);
    } else {
        quicklist_destroy(list->quick);
    }
    memory_free(list);
}

struct list *list_copy(const struct list *list)
{
    struct list *copy = memory_alloc(sizeof(*copy));
    if (list_is_short(list)) {
        listpack_copy(&copy->pack, &list->pack);
    } else {
        copy->no_pack = NULL;
        copy->quick = quicklist_copy(list->quick);
    }
    return copy;
}

size_t list_bytes(const struct list *list)
{
    return sizeof(*list) + (list_is_short(list) ? listpack_allocated(&list->pack) : quicklist_bytes(list->quick));
}

size_t list_nodes(const struct list *list)
{
    return list_is_short(list) ? 1 : (size_t)list->quick->nodes;
}

void list_will_grow(struct list *list, const struct list_limits *limits, size_t bytes, uint64_t count)
{
    if (!list_is_short(list)) {
        list->quick->plain_bytes = limits->plain_bytes;
        return;
    }
    struct listpack pack = list->pack;
    uint64_t have = listpack_count(&pack);
    if (LIKELY(!quicklist_exceeds(limits->node_size, listpack_bytes(&pack) + bytes, have + count))) {
        return;
    }
    list->no_pack = NULL;
    list->quick = quicklist_create(limits->node_size, limits->compress_depth, limits->plain_bytes);
    if (have != 0) {
        quicklist_append_pack(list->quick, pack);
    } else {
        listpack_deinit(&pack);
    }
}

void list_has_shrunk(struct list *list, const struct list_limits *limits)
{
    if (list_is_short(list) || !quicklist_is_one_pack(list->quick)) {
        return;
    }
    struct quicklist *quick = list->quick;
    uint64_t most_bytes, most_count;
    quicklist_limits(limits->node_size, &most_bytes, &most_count);
    /* Half of the limit, so that a list at the limit does not change its form with every command. */
    if (quicklist_one_pack_bytes(quick) <= most_bytes / 2 && quick->count <= most_count / 2) {
        list->pack = quicklist_take_pack(quick);
        quicklist_destroy(quick);
    }
}

void list_push(struct list *list, enum quicklist_end end, struct quicklist_source source)
{
    if (!list_is_short(list)) {
        quicklist_push(list->quick, end, source);
    } else if (end == QUICKLIST_FRONT) {
        listpack_push_first(&list->pack, source.text);
    } else {
        listpack_push_last(&list->pack, source.text);
    }
}

struct quicklist_item list_peek(const struct list *list, enum quicklist_end end)
{
    if (!list_is_short(list)) {
        return quicklist_peek(list->quick, end);
    }
    size_t at = end == QUICKLIST_FRONT ? listpack_first(&list->pack) : listpack_last(&list->pack);
    return (struct quicklist_item){.value = listpack_get(&list->pack, at)};
}

void list_drop(struct list *list, enum quicklist_end end, uint64_t count)
{
    if (!list_is_short(list)) {
        quicklist_drop(list->quick, end, count);
        return;
    }
    if (end == QUICKLIST_FRONT) {
        listpack_drop_first(&list->pack, (size_t)count);
    } else if (count != 0) {
        (void)listpack_delete_range(&list->pack, listpack_seek(&list->pack, -(int64_t)count), (size_t)count);
    }
    listpack_trim_room(&list->pack);
}

void list_replace(struct list *list, uint64_t index, struct quicklist_source source)
{
    if (list_is_short(list)) {
        listpack_replace(&list->pack, listpack_seek(&list->pack, (int64_t)index), source.text);
        listpack_trim_room(&list->pack);
    } else {
        quicklist_replace(list->quick, index, source);
    }
}

/* The place of the first element equal to `text`; false when there is none. */
static bool find(const struct list *list, struct slice text, struct quicklist_place *place)
{
    struct list_wanted wanted = list_wanted(text);
    struct quicklist_iterator iterator;
    struct quicklist_item item;
    bool found = false;
    list_iterate(&iterator, list, 0, false);
    while (!found && quicklist_iterator_next(&iterator, &item)) {
        found = list_is_wanted(&wanted, &item.value);
    }
    *place = iterator.given;
    quicklist_iterator_finish(&iterator);
    return found;
}

bool list_insert(struct list *list, struct slice pivot, bool after, struct quicklist_source source)
{
    struct quicklist_place place;
    if (!find(list, pivot, &place)) {
        return false;
    }
    if (list_is_short(list)) {
        size_t at = after ? listpack_next(&list->pack, place.at) : place.at;
        (void)listpack_insert(&list->pack, at, source.text);
    } else {
        quicklist_insert(list->quick, place, after, source);
    }
    return true;
}

uint64_t list_remove_equal(struct list *list, struct slice text, uint64_t limit, enum quicklist_end from)
{
    if (!list_is_short(list)) {
        return quicklist_remove_equal(list->quick, text, limit, from);
    }
    uint64_t removed = listpack_remove_equal(&list->pack, text, (size_t)limit, from == QUICKLIST_BACK);
    listpack_trim_room(&list->pack);
    return removed;
}

struct list_wanted list_wanted(struct slice text)
{
    struct list_wanted wanted = {.text = text};
    wanted.is_integer = number_parse_i64(text, &wanted.integer);
    return wanted;
}

uint64_t list_walk_bytes(const struct list *list, uint64_t count)
{
    if (list_is_short(list)) {
        return listpack_bytes(&list->pack);
    }
    uint64_t most_bytes, most_count;
    quicklist_limits(list->quick->node_size, &most_bytes, &most_count);
    if (most_bytes == UINT64_MAX) {
        most_bytes = 8192;
    }
    double nodes = (double)list->quick->nodes / (double)(list->quick->count + 1) * (double)count;
    return (uint64_t)(nodes * (double)most_bytes);
}

static void class_free(void *object)
{
    list_destroy(object);
}

static size_t class_bytes(const void *object)
{
    return list_bytes(object);
}

static void *class_copy(const void *object)
{
    return list_copy(object);
}

static const char *class_encoding(const void *object)
{
    return list_is_short(object) ? "listpack" : "quicklist";
}

static size_t class_elements(const void *object)
{
    return list_nodes(object);
}

static void class_digest(const void *object, struct digest *digest)
{
    struct quicklist_iterator iterator;
    struct quicklist_item item;
    list_iterate(&iterator, object, 0, false);
    while (quicklist_iterator_next(&iterator, &item)) {
        char digits[LISTPACK_INT_TEXT_BYTES];
        digest_mix(digest, item.value.is_integer ? slice_make(digits, number_print_i64(digits, item.value.integer))
                                                 : item.value.text);
    }
    quicklist_iterator_finish(&iterator);
}

const struct value_class list_class = {.name = "list",
                                       .free = class_free,
                                       .bytes = class_bytes,
                                       .copy = class_copy,
                                       .encoding = class_encoding,
                                       .elements = class_elements,
                                       .digest = class_digest};

/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists: when the two forms change into each other, and random changes beside an array on either side of that.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "sherd/base/memory.h"
#include "sherd/base/number.h"
#include "sherd/value/list.h"
#include "sherd/value/object.h"

enum {
    MODEL_MAX = 400,
};

struct model {
    int items[MODEL_MAX];
    size_t count;
};

static struct quicklist_source source_of(int item, char bytes[96])
{
    size_t len = number_print_i64(bytes, item);
    if (item % 3 == 0) { /* a text, not a number */
        memset(bytes + len, 't', 60);
        len += 60;
    }
    return (struct quicklist_source){.text = slice_make(bytes, len)};
}

static void expect(const struct list *list, uint64_t index, int item)
{
    char bytes[96];
    struct quicklist_iterator iterator;
    struct quicklist_item found;
    struct list_wanted wanted = list_wanted(source_of(item, bytes).text);
    list_iterate(&iterator, list, index, index % 2 == 0);
    cr_assert(quicklist_iterator_next(&iterator, &found));
    cr_assert(list_is_wanted(&wanted, &found.value), "element %zu", (size_t)index);
    quicklist_iterator_finish(&iterator);
}

static void compare(const struct list *list, const struct model *model)
{
    cr_assert_eq(list_count(list), model->count);
    for (size_t i = 0; i < model->count; i++) {
        expect(list, i, model->items[i]);
    }
}

static void model_insert(struct model *model, size_t index, int item)
{
    memmove(model->items + index + 1, model->items + index, (model->count - index) * sizeof(int));
    model->items[index] = item;
    model->count++;
}

static void model_delete(struct model *model, size_t index, size_t count)
{
    memmove(model->items + index, model->items + index + count, (model->count - index - count) * sizeof(int));
    model->count -= count;
}

static void push(struct list *list, struct model *model, const struct list_limits *limits, int item)
{
    char bytes[96];
    struct quicklist_source source = source_of(item, bytes);
    bool at_front = random() % 2 == 0;
    list_will_grow(list, limits, source.text.len, 1);
    list_push(list, at_front ? QUICKLIST_FRONT : QUICKLIST_BACK, source);
    model_insert(model, at_front ? 0 : model->count, item);
}

static void insert(struct list *list, struct model *model, const struct list_limits *limits, int item)
{
    char bytes[96], pivot_bytes[96];
    struct quicklist_source source = source_of(item, bytes);
    int pivot = (int)(random() % 60);
    bool after = random() % 2 == 0;
    size_t at = 0;
    while (at < model->count && model->items[at] != pivot) {
        at++;
    }
    list_will_grow(list, limits, source.text.len, 1);
    cr_assert_eq(list_insert(list, source_of(pivot, pivot_bytes).text, after, source), at < model->count);
    if (at < model->count) {
        model_insert(model, at + after, item);
    }
}

static void remove_equal(struct list *list, struct model *model, bool from_back)
{
    char bytes[96];
    int item = (int)(random() % 60);
    uint64_t limit = 1 + (uint64_t)random() % 3;
    uint64_t expected = 0;
    for (size_t n = model->count, i = from_back ? n : 0; n > 0 && expected < limit; n--) {
        i -= from_back;
        if (model->items[i] == item) {
            model_delete(model, i, 1);
            expected++;
        } else {
            i += !from_back;
        }
    }
    enum quicklist_end from = from_back ? QUICKLIST_BACK : QUICKLIST_FRONT;
    cr_assert_eq(list_remove_equal(list, source_of(item, bytes).text, limit, from), expected);
}

static void drop(struct list *list, struct model *model, bool at_front)
{
    size_t some = (size_t)random() % (model->count < 40 ? model->count + 1 : 40);
    list_drop(list, at_front ? QUICKLIST_FRONT : QUICKLIST_BACK, some);
    model_delete(model, at_front ? 0 : model->count - some, some);
}

static void change(struct list *list, struct model *model, const struct list_limits *limits)
{
    char bytes[96];
    int item = (int)(random() % 60);
    long action = random() % 16;
    if (model->count == 0 || (action < 8 && model->count < MODEL_MAX - 1)) {
        push(list, model, limits, item);
    } else if (action < 10 && model->count < MODEL_MAX - 1) {
        insert(list, model, limits, item);
    } else if (action < 12) {
        size_t index = (size_t)random() % model->count;
        struct quicklist_source source = source_of(item, bytes);
        list_will_grow(list, limits, source.text.len, 1);
        list_replace(list, index, source);
        model->items[index] = item;
        list_has_shrunk(list, limits);
    } else if (action < 14) {
        remove_equal(list, model, action == 12);
        list_has_shrunk(list, limits);
    } else if (random() % 12 == 0) {
        drop(list, model, action == 14);
        list_has_shrunk(list, limits);
    }
}

Test(list, agrees_with_an_array_in_both_forms)
{
    static const struct list_limits limits[] = {{.node_size = 5},
                                                {.node_size = 32, .compress_depth = 1},
                                                {.node_size = -1},
                                                {.node_size = 64, .plain_bytes = 61}};
    srandom(5);
    for (size_t i = 0; i < ARRAY_LENGTH(limits); i++) {
        struct model *model = memory_alloc_zeroed(sizeof(*model));
        struct list *list = list_create();
        size_t seen_short = 0, seen_long = 0;
        for (int round = 0; round < 4000; round++) {
            change(list, model, &limits[i]);
            seen_short += list_is_short(list);
            seen_long += !list_is_short(list);
            if (round % 64 == 0) {
                compare(list, model);
            }
        }
        cr_assert(seen_short != 0 && seen_long != 0, "both forms occur with limits %zu", i);
        struct list *copy = list_copy(list);
        list_destroy(list);
        compare(copy, model);
        list_destroy(copy);
        memory_free(model);
    }
}

static const struct list_limits OF_TEN = {.node_size = 10};

static struct list *make(int count)
{
    struct list *list = list_create();
    for (int i = 0; i < count; i++) {
        char bytes[96];
        struct quicklist_source source = source_of(i, bytes);
        list_will_grow(list, &OF_TEN, source.text.len, 1);
        list_push(list, QUICKLIST_BACK, source);
    }
    return list;
}

Test(list, becomes_a_quicklist_beyond_the_limit_and_a_listpack_at_half_of_it)
{
    struct list *list = make(10);
    cr_assert_str_eq(list_class.encoding(list), "listpack");
    list_destroy(list);
    list = make(11);
    cr_assert_str_eq(list_class.encoding(list), "quicklist");
    list_drop(list, QUICKLIST_BACK, 1);
    list_has_shrunk(list, &OF_TEN);
    list_drop(list, QUICKLIST_BACK, 4);
    list_has_shrunk(list, &OF_TEN);
    cr_assert_str_eq(list_class.encoding(list), "quicklist", "six are more than half");
    list_drop(list, QUICKLIST_FRONT, 1);
    list_has_shrunk(list, &OF_TEN);
    cr_assert_str_eq(list_class.encoding(list), "listpack");
    expect(list, 0, 1);
    list_destroy(list);
}

Test(list, counts_all_that_is_about_to_come_before_any_of_it_is_added)
{
    struct list *list = make(4);
    list_will_grow(list, &OF_TEN, 6, 6);
    cr_assert(list_is_short(list));
    list_will_grow(list, &OF_TEN, 7, 7);
    cr_assert_not(list_is_short(list));
    cr_assert_eq(list_count(list), 4);
    list_destroy(list);
    static const struct list_limits bytes = {.node_size = -1};
    list = make(4);
    list_will_grow(list, &bytes, 4096 - listpack_bytes(&list->pack), 1);
    cr_assert(list_is_short(list));
    list_will_grow(list, &bytes, 4097 - listpack_bytes(&list->pack), 1);
    cr_assert_not(list_is_short(list));
    list_destroy(list);
}

Test(list, has_one_digest_in_both_forms)
{
    struct list *list = make(10);
    struct digest as_pack = {0}, as_nodes = {0}, other = {0};
    list_class.digest(list, &as_pack);
    list_will_grow(list, &OF_TEN, 1, 1);
    cr_assert_not(list_is_short(list));
    list_class.digest(list, &as_nodes);
    cr_assert_arr_eq(&as_pack, &as_nodes, sizeof(as_pack));
    list_drop(list, QUICKLIST_BACK, 1);
    list_class.digest(list, &other);
    cr_assert_neq(as_pack.lanes[0], other.lanes[0]);
    list_destroy(list);
}

Test(list, takes_little_more_than_its_bytes)
{
    struct list *list = make(10);
    cr_assert_leq(list_class.bytes(list), sizeof(struct list) + memory_class_bytes(listpack_bytes(&list->pack)));
    cr_assert_leq(sizeof(struct list), 16);
    list_destroy(list);
}

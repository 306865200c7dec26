/* SPDX-License-Identifier: BSD-3-Clause */
/* Quicklists: random changes beside an array, at all kinds of limits and depths; compression; shape.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "sherd/base/memory.h"
#include "sherd/base/number.h"
#include "sherd/container/quicklist.h"

enum {
    MODEL_MAX = 1200,
    TEXT_MAX = 256,
};

/* Even numbers stand for themselves, odd ones for a text of so many letters (modulo the longest). */
struct model {
    int items[MODEL_MAX];
    size_t count;
};

static struct slice text_of(int item, char bytes[TEXT_MAX])
{
    if (item % 2 == 0) {
        return slice_make(bytes, number_print_i64(bytes, item));
    }
    size_t len = (size_t)(item % TEXT_MAX);
    memset(bytes, 'a' + item % 7, len);
    return slice_make(bytes, len);
}

static struct slice item_text(const struct quicklist_item *item, char bytes[TEXT_MAX])
{
    return item->value.is_integer ? slice_make(bytes, number_print_i64(bytes, item->value.integer)) : item->value.text;
}

static void expect_item(const struct quicklist_item *item, int wanted)
{
    char have[TEXT_MAX], bytes[TEXT_MAX];
    cr_assert(slice_equals(item_text(item, have), text_of(wanted, bytes)));
    cr_assert(item->blob == NULL || slice_equals(blob_slice(item->blob), item->value.text));
}

/* Walks from a random element to both ends. */
static void compare(struct quicklist *list, const struct model *model)
{
    struct quicklist_iterator iterator;
    struct quicklist_item item;
    cr_assert_eq(list->count, model->count);
    if (model->count == 0) {
        cr_assert_eq(list->nodes, 0);
        return;
    }
    item = quicklist_peek(list, QUICKLIST_FRONT);
    expect_item(&item, model->items[0]);
    item = quicklist_peek(list, QUICKLIST_BACK);
    expect_item(&item, model->items[model->count - 1]);
    size_t start = (size_t)random() % model->count;
    quicklist_iterator_init(&iterator, list, start, false);
    for (size_t i = start; i < model->count; i++) {
        cr_assert(quicklist_iterator_next(&iterator, &item));
        expect_item(&item, model->items[i]);
    }
    cr_assert_not(quicklist_iterator_next(&iterator, &item));
    quicklist_iterator_finish(&iterator);
    quicklist_iterator_init(&iterator, list, start, true);
    for (size_t i = start + 1; i-- > 0;) {
        cr_assert(quicklist_iterator_next(&iterator, &item));
        expect_item(&item, model->items[i]);
    }
    cr_assert_not(quicklist_iterator_next(&iterator, &item));
    cr_assert_not(quicklist_iterator_next(&iterator, &item));
    quicklist_iterator_finish(&iterator);
    cr_assert_leq(quicklist_compressed(list), list->nodes);
    if (list->nodes <= 2 * (uint64_t)list->compress_depth) {
        cr_assert_eq(quicklist_compressed(list), 0);
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

static void push(struct quicklist *list, struct model *model, int item)
{
    char bytes[TEXT_MAX];
    bool at_front = random() % 2 == 0;
    model_insert(model, at_front ? 0 : model->count, item);
    quicklist_push(list, at_front ? QUICKLIST_FRONT : QUICKLIST_BACK,
                   (struct quicklist_source){.text = text_of(item, bytes)});
}

static void insert(struct quicklist *list, struct model *model, int item)
{
    char bytes[TEXT_MAX];
    struct quicklist_iterator iterator;
    struct quicklist_item found;
    bool after = random() % 2 == 0;
    size_t index = (size_t)random() % model->count;
    quicklist_iterator_init(&iterator, list, index, random() % 2 == 0);
    cr_assert(quicklist_iterator_next(&iterator, &found));
    struct quicklist_place place = iterator.given;
    quicklist_iterator_finish(&iterator);
    quicklist_insert(list, place, after, (struct quicklist_source){.text = text_of(item, bytes)});
    model_insert(model, index + after, item);
}

static void remove_equal(struct quicklist *list, struct model *model, int item, bool from_back)
{
    char bytes[TEXT_MAX], others[TEXT_MAX];
    uint64_t limit = (uint64_t)random() % 5;
    uint64_t removed =
        quicklist_remove_equal(list, text_of(item, bytes), limit, from_back ? QUICKLIST_BACK : QUICKLIST_FRONT);
    uint64_t expected = 0;
    size_t count = model->count;
    for (size_t n = 0, i = from_back ? count : 0; n < count && expected < limit; n++) {
        i -= from_back;
        if (slice_equals(text_of(model->items[i], others), text_of(item, bytes))) {
            model_delete(model, i, 1);
            expected++;
        } else {
            i += !from_back;
        }
    }
    cr_assert_eq(removed, expected);
}

static void delete_some(struct quicklist *list, struct model *model, long action)
{
    size_t start = (size_t)random() % model->count;
    size_t many = 1 + (size_t)random() % (random() % 8 == 0 ? 60 : 3);
    many = many > model->count - start ? model->count - start : many;
    if (action == 0) {
        quicklist_delete_range(list, start, many);
    } else if (action == 1) {
        start = 0;
        quicklist_drop(list, QUICKLIST_FRONT, many);
    } else {
        start = model->count - many;
        quicklist_drop(list, QUICKLIST_BACK, many);
    }
    model_delete(model, start, many);
}

static void change(struct quicklist *list, struct model *model)
{
    char bytes[TEXT_MAX];
    int item = (int)(random() >> (random() % 31));
    long action = random() % 20;
    if (model->count == 0 || (action < 9 && model->count < MODEL_MAX - 1)) {
        push(list, model, item);
    } else if (action < 12 && model->count < MODEL_MAX - 1) {
        insert(list, model, item);
    } else if (action < 15) {
        size_t index = (size_t)random() % model->count;
        model->items[index] = item;
        quicklist_replace(list, index, (struct quicklist_source){.text = text_of(item, bytes)});
    } else if (action < 18) {
        delete_some(list, model, action - 15);
    } else {
        remove_equal(list, model, model->items[(size_t)random() % model->count], action == 19);
    }
}

static void run(int64_t node_size, int64_t depth, size_t plain_bytes)
{
    struct model *model = memory_alloc_zeroed(sizeof(*model));
    struct quicklist *list = quicklist_create(node_size, depth, plain_bytes);
    for (int round = 0; round < 3000; round++) {
        change(list, model);
        if (round % 32 == 0) {
            compare(list, model);
        }
    }
    struct quicklist *copy = quicklist_copy(list);
    quicklist_drop(list, QUICKLIST_BACK, list->count);
    compare(copy, model);
    quicklist_destroy(copy);
    quicklist_destroy(list);
    memory_free(model);
}

Test(quicklist, agrees_with_an_array_under_random_changes)
{
    static const int64_t sizes[] = {0, 1, 2, 5, 64, 100000, -1, -2, -100};
    srandom(3);
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        run(sizes[i], 0, 0);
        run(sizes[i], 0, 60);
    }
}

Test(quicklist, agrees_with_an_array_while_it_is_compressed)
{
    srandom(4);
    for (int64_t depth = 1; depth <= 4; depth++) {
        run(1, depth, 0);
        run(4, depth, 0);
        run(-1, depth, 0);
        run(4, depth, 60);
    }
}

static struct quicklist *make(int64_t node_size, int64_t depth, int count)
{
    struct quicklist *list = quicklist_create(node_size, depth, 0);
    for (int i = 0; i < count; i++) {
        char bytes[TEXT_MAX];
        quicklist_push(list, QUICKLIST_BACK, (struct quicklist_source){.text = text_of(2 * i * 100 + 101, bytes)});
    }
    return list;
}

Test(quicklist, compresses_all_nodes_but_those_near_the_ends)
{
    struct quicklist *list = make(2, 3, 100);
    size_t compressed_bytes = quicklist_bytes(list);
    cr_assert_eq(list->nodes, 50);
    cr_assert_eq(quicklist_compressed(list), 44);
    quicklist_drop(list, QUICKLIST_FRONT, 2);
    cr_assert_eq(quicklist_compressed(list), 43);
    quicklist_drop(list, QUICKLIST_BACK, 80);
    cr_assert_eq(list->nodes, 9);
    cr_assert_eq(quicklist_compressed(list), 3);
    quicklist_delete_range(list, 8, 6);
    cr_assert_eq(list->nodes, 6);
    cr_assert_eq(quicklist_compressed(list), 0);
    quicklist_destroy(list);
    list = make(2, 0, 100);
    cr_assert_eq(quicklist_compressed(list), 0);
    cr_assert_gt(quicklist_bytes(list), compressed_bytes);
    quicklist_destroy(list);
}

Test(quicklist, a_change_far_from_the_ends_leaves_its_node_compressed)
{
    char bytes[TEXT_MAX];
    struct quicklist *list = make(4, 1, 100);
    cr_assert_eq(quicklist_compressed(list), list->nodes - 2);
    quicklist_replace(list, 50, (struct quicklist_source){.text = text_of(151, bytes)});
    cr_assert_eq(quicklist_compressed(list), list->nodes - 2);
    for (int i = 0; i < 20; i++) {
        struct quicklist_iterator iterator;
        struct quicklist_item item;
        quicklist_iterator_init(&iterator, list, (uint64_t)(40 + i), false);
        cr_assert(quicklist_iterator_next(&iterator, &item));
        struct quicklist_place place = iterator.given;
        quicklist_iterator_finish(&iterator);
        quicklist_insert(list, place, i % 2 == 0, (struct quicklist_source){.text = text_of(151, bytes)});
        cr_assert_eq(quicklist_compressed(list), list->nodes - 2, "after %d", i);
    }
    quicklist_destroy(list);
}

Test(quicklist, an_element_beyond_the_limit_is_a_blob_that_can_be_shared)
{
    struct blob *blob = blob_create(10000, 10000);
    memset(blob->data, 'L', 10000);
    struct quicklist *list = quicklist_create(-2, 0, 0);
    quicklist_push(list, QUICKLIST_BACK, (struct quicklist_source){.text = blob_slice(blob), .blob = blob});
    quicklist_push(list, QUICKLIST_BACK, (struct quicklist_source){.text = slice_make(blob->data, 100)});
    cr_assert_eq(list->nodes, 2);
    cr_assert_eq(quicklist_peek(list, QUICKLIST_FRONT).blob, blob);
    cr_assert_null(quicklist_peek(list, QUICKLIST_BACK).blob);
    cr_assert_not(blob_is_sole(blob));
    quicklist_replace(list, 0, (struct quicklist_source){.text = SLICE_LITERAL("small")});
    cr_assert(blob_is_sole(blob));
    cr_assert_null(quicklist_peek(list, QUICKLIST_FRONT).blob);
    quicklist_destroy(list);
    blob_release(blob);
}

Test(quicklist, nodes_keep_to_their_limits)
{
    uint64_t bytes, count;
    quicklist_limits(-2, &bytes, &count);
    cr_assert(bytes == 8192 && count == UINT64_MAX);
    quicklist_limits(-9, &bytes, &count);
    cr_assert(bytes == 65536 && count == UINT64_MAX);
    quicklist_limits(0, &bytes, &count);
    cr_assert(bytes == UINT64_MAX && count == 1);
    quicklist_limits(1 << 20, &bytes, &count);
    cr_assert(bytes == UINT64_MAX && count == INT16_MAX);
    cr_assert_not(quicklist_exceeds(-1, 4096, 5000));
    cr_assert(quicklist_exceeds(-1, 4097, 1));
    cr_assert(quicklist_exceeds(3, 8193, 1));
    cr_assert(quicklist_exceeds(3, 100, 4));
    struct quicklist *list = make(3, 0, 100);
    cr_assert_eq(list->nodes, 34);
    quicklist_destroy(list);
}

Test(quicklist, gives_its_only_pack_away_and_takes_one_over)
{
    struct quicklist *list = make(128, 0, 10);
    cr_assert(quicklist_is_one_pack(list));
    size_t bytes = quicklist_one_pack_bytes(list);
    struct listpack pack = quicklist_take_pack(list);
    cr_assert_eq(listpack_bytes(&pack), bytes);
    cr_assert_eq(list->count, 0);
    cr_assert_not(quicklist_is_one_pack(list));
    quicklist_append_pack(list, pack);
    cr_assert_eq(list->count, 10);
    quicklist_destroy(list);
}

Test(quicklist, a_long_one_takes_hardly_more_than_its_bytes)
{
    struct quicklist *list = quicklist_create(-2, 0, 0);
    size_t payload = 0;
    for (int i = 0; i < 200000; i++) {
        char bytes[NUMBER_I64_BYTES];
        struct slice text = slice_make(bytes, number_print_i64(bytes, i));
        payload += i < 128 ? 2 : i < 4096 ? 3 : i < 32768 ? 4 : 5;
        quicklist_push(list, i % 2 == 0 ? QUICKLIST_FRONT : QUICKLIST_BACK, (struct quicklist_source){.text = text});
    }
    cr_assert_leq(quicklist_bytes(list), payload + payload / 50 + 8192);
    quicklist_destroy(list);
}

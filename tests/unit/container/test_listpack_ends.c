/* SPDX-License-Identifier: BSD-3-Clause */
/* Listpacks as queues: pushing and popping at both ends, beside an array, mixed with changes in the middle.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "sherd/base/memory.h"
#include "sherd/base/number.h"
#include "sherd/container/listpack.h"

enum {
    MODEL_MAX = 600,
    TEXT_MAX = 300,
};

/* The elements, in the middle of an array so that both ends can grow. Odd numbers stand for texts of that length. */
struct model {
    int items[2 * MODEL_MAX];
    size_t begin, end;
};

static struct slice model_text(int item, char bytes[TEXT_MAX])
{
    if (item % 2 == 0) {
        return slice_make(bytes, number_print_i64(bytes, item));
    }
    memset(bytes, 'q', TEXT_MAX);
    return slice_make(bytes, (size_t)(item % TEXT_MAX));
}

static void compare(const struct listpack *lp, const struct model *model)
{
    char bytes[TEXT_MAX];
    cr_assert(listpack_validate(lp->data, listpack_bytes(lp)));
    cr_assert_eq(listpack_count(lp), model->end - model->begin);
    size_t at = listpack_first(lp);
    for (size_t i = model->begin; i < model->end; i++) {
        struct listpack_value value;
        cr_assert(listpack_equals(lp, at, model_text(model->items[i], bytes)));
        at = listpack_read(lp, at, &value);
        cr_assert_eq(value.is_integer, model->items[i] % 2 == 0);
        if (value.is_integer) {
            cr_assert_eq(value.integer, model->items[i]);
        } else {
            cr_assert(slice_equals(value.text, model_text(model->items[i], bytes)));
        }
    }
    cr_assert_eq(at, LISTPACK_NONE);
}

static void push(struct listpack *lp, struct model *model, bool at_front)
{
    char bytes[TEXT_MAX];
    int item = (int)(random() >> (random() % 31));
    struct slice text = model_text(item, bytes);
    if (model->end - model->begin == MODEL_MAX || model->begin == 0 || model->end == 2 * MODEL_MAX) {
        return;
    }
    if (at_front) {
        model->items[--model->begin] = item;
        listpack_push_first(lp, text);
    } else {
        model->items[model->end++] = item;
        listpack_push_last(lp, text);
    }
}

static void drop(struct listpack *lp, struct model *model, bool at_front)
{
    size_t count = model->end - model->begin;
    size_t some = count == 0 ? 0 : 1 + (size_t)random() % (count < 4 ? count : 4);
    if (at_front) {
        model->begin += some;
        listpack_drop_first(lp, some);
    } else if (count != 0) {
        model->end -= some;
        (void)listpack_delete_range(lp, listpack_seek(lp, -(int64_t)some), some);
    }
}

static void change_middle(struct listpack *lp, struct model *model)
{
    char bytes[TEXT_MAX];
    int item = (int)random() % 100000;
    size_t count = model->end - model->begin;
    if (count != 0) {
        size_t index = (size_t)random() % count;
        model->items[model->begin + index] = item;
        listpack_replace(lp, listpack_seek(lp, (int64_t)index), model_text(item, bytes));
    }
}

Test(listpack_ends, agree_with_an_array_under_random_pushes_and_pops)
{
    srandom(11);
    for (int run = 0; run < 20; run++) {
        struct model *model = memory_alloc_zeroed(sizeof(*model));
        struct listpack lp;
        model->begin = model->end = MODEL_MAX;
        listpack_init(&lp, run % 2 == 0 ? 0 : 8192);
        for (int round = 0; round < 2000; round++) {
            long action = random() % 16;
            if (action < 9) {
                /* Runs push at the front, at the back or at both. */
                push(&lp, model, run % 3 == 0 || (run % 3 == 1 && action % 2 == 0));
            } else if (action < 14) {
                drop(&lp, model, action % 2 == 0);
            } else if (action == 14) {
                change_middle(&lp, model);
            } else if (random() % 8 == 0) {
                listpack_shrink(&lp);
                cr_assert_leq(listpack_allocated(&lp), memory_class_bytes(listpack_bytes(&lp)));
            }
            if (round % 16 == 0) {
                compare(&lp, model);
            }
        }
        compare(&lp, model);
        listpack_deinit(&lp);
        memory_free(model);
    }
}

Test(listpack_ends, a_pop_at_the_front_moves_no_other_element)
{
    struct listpack lp;
    listpack_init(&lp, 0);
    for (int i = 0; i < 1000; i++) {
        listpack_push_last(&lp, SLICE_LITERAL("element"));
    }
    const unsigned char *last = lp.data + listpack_last(&lp);
    listpack_drop_first(&lp, 500);
    cr_assert_eq(lp.data + listpack_last(&lp), last);
    listpack_push_first(&lp, SLICE_LITERAL("element"));
    cr_assert_eq(lp.data + listpack_last(&lp), last);
    cr_assert_eq(listpack_count(&lp), 501);
    listpack_deinit(&lp);
}

Test(listpack_ends, pushing_takes_no_more_than_the_next_size)
{
    struct listpack first, last;
    listpack_init(&first, 0);
    listpack_init(&last, 0);
    for (int i = 0; i < 2000; i++) {
        char digits[NUMBER_I64_BYTES];
        struct slice text = slice_make(digits, number_print_i64(digits, i * 7919));
        listpack_push_first(&first, text);
        listpack_push_last(&last, text);
        cr_assert_leq(listpack_allocated(&first), memory_class_bytes(listpack_bytes(&first)));
        cr_assert_leq(listpack_allocated(&last), memory_class_bytes(listpack_bytes(&last)));
    }
    listpack_deinit(&first);
    listpack_deinit(&last);
}

Test(listpack_ends, counts_past_65535_by_walking)
{
    struct listpack lp;
    listpack_init(&lp, 0);
    for (int i = 0; i < 65540; i++) {
        if (i % 2 == 0) {
            listpack_push_first(&lp, SLICE_LITERAL("1"));
        } else {
            listpack_push_last(&lp, SLICE_LITERAL("2"));
        }
    }
    cr_assert_eq(listpack_count(&lp), 65540);
    listpack_drop_first(&lp, 40);
    cr_assert_eq(listpack_count(&lp), 65500);
    cr_assert(listpack_validate(lp.data, listpack_bytes(&lp)));
    listpack_deinit(&lp);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Intsets beside a sorted array; their bytes; untrusted bytes.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>

#include "sherd/base/memory.h"
#include "sherd/base/random.h"
#include "sherd/container/intset.h"

enum { MODEL_MAX = 700 };

struct model {
    struct intset set;
    int64_t values[MODEL_MAX];
    size_t count;
    struct random random;
};

static void model_init(struct model *model, uint64_t seed)
{
    intset_init(&model->set);
    model->count = 0;
    random_init_seed(&model->random, seed);
}

/* Narrow at first, then wider ones of both signs. */
static int64_t draw(struct model *model, unsigned bits)
{
    return (int64_t)random_next(&model->random) >> (64 - bits);
}

static void model_insert(struct model *model, int64_t value)
{
    size_t at = 0;
    while (at < model->count && model->values[at] < value) {
        at++;
    }
    bool is_new = at == model->count || model->values[at] != value;
    cr_assert_eq(intset_contains(&model->set, value), !is_new);
    cr_assert_eq(intset_insert(&model->set, value), is_new);
    if (is_new) {
        memmove(model->values + at + 1, model->values + at, (model->count - at) * sizeof(value));
        model->values[at] = value;
        model->count++;
    }
}

static void model_remove(struct model *model, int64_t value)
{
    size_t at = 0;
    while (at < model->count && model->values[at] != value) {
        at++;
    }
    cr_assert_eq(intset_remove(&model->set, value), at < model->count);
    if (at < model->count) {
        model->count--;
        memmove(model->values + at, model->values + at + 1, (model->count - at) * sizeof(value));
    }
}

static void check(const struct model *model)
{
    cr_assert_eq(intset_count(&model->set), model->count);
    cr_assert_geq(model->set.cap, intset_bytes(&model->set));
    for (size_t i = 0; i < model->count; i++) {
        cr_assert_eq(intset_get(&model->set, i), model->values[i]);
    }
    cr_assert(model->count == 0 || intset_validate(model->set.data, intset_bytes(&model->set)));
}

Test(intset, agrees_with_a_sorted_array_at_every_width)
{
    struct model model;
    for (unsigned most_bits = 8; most_bits <= 64; most_bits += 8) {
        model_init(&model, most_bits);
        for (unsigned i = 0; i < 3000; i++) {
            unsigned bits = 1 + (unsigned)random_below(&model.random, i < 1000 && most_bits > 16 ? 16 : most_bits);
            bool adds = model.count < MODEL_MAX && random_below(&model.random, 1000) < (i % 1500 < 900 ? 700 : 200);
            if (adds) {
                model_insert(&model, draw(&model, bits));
            } else if (model.count != 0 && i % 3 != 0) {
                model_remove(&model, model.values[random_below(&model.random, model.count)]);
            } else {
                model_remove(&model, draw(&model, bits));
            }
            if (i % 50 == 0) {
                check(&model);
            }
        }
        check(&model);
        while (model.count != 0) {
            intset_remove_at(&model.set, model.count - 1);
            model.count--;
        }
        check(&model);
        cr_assert_leq(model.set.cap, 32, "memory is given back");
        intset_deinit(&model.set);
    }
}

Test(intset, keeps_the_extremes_of_every_width)
{
    static const int64_t extremes[] = {INT16_MAX,
                                       INT16_MIN,
                                       (int64_t)INT16_MAX + 1,
                                       (int64_t)INT16_MIN - 1,
                                       INT32_MAX,
                                       INT32_MIN,
                                       (int64_t)INT32_MAX + 1,
                                       (int64_t)INT32_MIN - 1,
                                       INT64_MAX,
                                       INT64_MIN,
                                       0};
    struct model model;
    model_init(&model, 1);
    for (size_t i = 0; i < ARRAY_LENGTH(extremes); i++) {
        model_insert(&model, extremes[i]);
        check(&model);
        for (size_t j = i + 1; j < ARRAY_LENGTH(extremes); j++) {
            cr_assert_not(intset_contains(&model.set, extremes[j]), "wider than what is stored");
            cr_assert_not(intset_remove(&model.set, extremes[j]));
        }
    }
    intset_deinit(&model.set);
}

Test(intset, has_the_bytes_of_the_format)
{
    static const unsigned char narrow[] = {2, 0, 0, 0, 3, 0, 0, 0, 0xff, 0xff, 5, 0, 0x2c, 1};
    static const unsigned char wide[] = {4, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 0xa0, 0x86, 1, 0};
    struct intset set;
    intset_init(&set);
    (void)intset_insert(&set, 300);
    (void)intset_insert(&set, -1);
    (void)intset_insert(&set, 5);
    cr_assert_eq(intset_bytes(&set), sizeof(narrow));
    cr_assert_arr_eq(set.data, narrow, sizeof(narrow));
    (void)intset_remove(&set, 300);
    (void)intset_insert(&set, 100000);
    (void)intset_remove(&set, -1);
    cr_assert_eq(intset_bytes(&set), sizeof(wide));
    cr_assert_arr_eq(set.data, wide, sizeof(wide));
    intset_deinit(&set);
}

Test(intset, copies_and_adopts)
{
    struct intset set;
    struct intset copy;
    struct intset adopted;
    intset_init(&set);
    intset_reserve(&set, 100);
    for (int64_t i = 0; i < 100; i++) {
        (void)intset_insert(&set, i * 1000);
    }
    intset_copy(&copy, &set);
    (void)intset_remove(&set, 5000);
    cr_assert(intset_contains(&copy, 5000));
    unsigned char *bytes = memory_alloc(intset_bytes(&copy));
    memcpy(bytes, copy.data, intset_bytes(&copy));
    intset_adopt(&adopted, bytes, intset_bytes(&copy));
    cr_assert(intset_insert(&adopted, 7));
    cr_assert_eq(intset_count(&adopted), 101);
    intset_deinit(&set);
    intset_deinit(&copy);
    intset_deinit(&adopted);
}

Test(intset, refuses_malformed_bytes)
{
    static const unsigned char good[] = {2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 2, 0};
    unsigned char bad[sizeof(good)];
    cr_assert(intset_validate(good, sizeof(good)));
    for (size_t len = 0; len < sizeof(good); len++) {
        cr_assert_not(intset_validate(good, len), "cut off");
    }
    static const struct {
        size_t at;
        unsigned char byte;
    } changes[] = {{0, 3}, {0, 4}, {0, 0}, {3, 1}, {4, 1}, {4, 3}, {7, 0x80}, {8, 2}, {8, 3}, {11, 0x80}};
    for (size_t i = 0; i < ARRAY_LENGTH(changes); i++) {
        memcpy(bad, good, sizeof(good));
        bad[changes[i].at] = changes[i].byte;
        cr_assert_not(intset_validate(bad, sizeof(bad)), "change %zu", i);
    }
    static const unsigned char empty[] = {2, 0, 0, 0, 0, 0, 0, 0};
    cr_assert_not(intset_validate(empty, sizeof(empty)));
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The ordered index beside a sorted array: random operations, ranks, seeking by score and by bytes, walking both ways.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sherd/base/memory.h"
#include "sherd/base/random.h"
#include "sherd/container/ordered.h"

enum { MEMBERS = 3000 };

struct model {
    struct ordered ordered;
    struct ordered_member *all[MEMBERS]; /* by number */
    bool is_in[MEMBERS];
    struct ordered_member *sorted[MEMBERS]; /* those that are in */
    uint32_t count;
    struct random random;
};

static struct ordered_member *make_member(const char *text, double score)
{
    size_t len = strlen(text);
    struct ordered_member *member = memory_alloc(offsetof(struct ordered_member, bytes) + len);
    member->score = score;
    member->len = (uint32_t)len;
    memcpy(member->bytes, text, len);
    return member;
}

static int compare(const struct ordered_member *a, const struct ordered_member *b)
{
    if (a->score != b->score) {
        return a->score < b->score ? -1 : 1;
    }
    return slice_compare(ordered_bytes_of(a), ordered_bytes_of(b));
}

static int compare_places(const void *a, const void *b)
{
    struct ordered_member *const *left = a;
    struct ordered_member *const *right = b;
    return compare(*left, *right);
}

static struct model *model_create(uint64_t seed)
{
    struct model *model = memory_alloc_zeroed(sizeof(*model));
    ordered_init(&model->ordered);
    random_init_seed(&model->random, seed);
    for (int i = 0; i < MEMBERS; i++) {
        char text[16];
        (void)snprintf(text, sizeof(text), "m%d", i * 7919 % MEMBERS);
        model->all[i] = make_member(text, 0);
    }
    return model;
}

static void model_destroy(struct model *model)
{
    ordered_deinit(&model->ordered);
    for (int i = 0; i < MEMBERS; i++) {
        memory_free(model->all[i]);
    }
    memory_free(model);
}

static void model_sort(struct model *model)
{
    model->count = 0;
    for (int i = 0; i < MEMBERS; i++) {
        if (model->is_in[i]) {
            model->sorted[model->count++] = model->all[i];
        }
    }
    qsort(model->sorted, model->count, sizeof(model->sorted[0]), compare_places);
}

/* Everything that can be asked is as the model has it. */
static void model_check(struct model *model)
{
    model_sort(model);
    cr_assert_eq(model->ordered.count, model->count);
    struct ordered_place place = ordered_at(&model->ordered, 0);
    for (uint32_t i = 0; i < model->count; i++) {
        cr_assert_eq(ordered_entry(place)->member, model->sorted[i], "rank %u", i);
        cr_assert_eq(ordered_entry(place)->score, model->sorted[i]->score);
        cr_assert_eq(ordered_rank(&model->ordered, model->sorted[i]), i);
        cr_assert_eq(ordered_entry(ordered_at(&model->ordered, i))->member, model->sorted[i]);
        ordered_next(&place);
    }
    cr_assert_null(place.leaf);
    cr_assert_null(ordered_at(&model->ordered, model->count).leaf);
    if (model->count == 0) {
        cr_assert_eq(ordered_bytes(&model->ordered), 0);
        return;
    }
    place = ordered_at(&model->ordered, model->count - 1);
    for (uint32_t i = model->count; i-- > 0; ordered_prev(&place)) {
        cr_assert_eq(ordered_entry(place)->member, model->sorted[i]);
    }
    cr_assert_null(place.leaf);
}

static uint32_t seek_score(const struct model *model, enum ordered_bound_kind kind, double score)
{
    struct ordered_place place = ordered_seek(&model->ordered, &(struct ordered_bound){.kind = kind, .score = score});
    if (place.rank < model->count) {
        cr_assert_eq(ordered_entry(place)->member, model->sorted[place.rank]);
    } else {
        cr_assert_null(place.leaf);
    }
    return place.rank;
}

static void check_scores(struct model *model, double from, double to, double step)
{
    model_sort(model);
    for (double score = from; score <= to; score += step) {
        uint32_t below = 0, upto = 0;
        for (uint32_t i = 0; i < model->count; i++) {
            below += model->sorted[i]->score < score;
            upto += model->sorted[i]->score <= score;
        }
        cr_assert_eq(seek_score(model, ORDERED_FROM_SCORE, score), below);
        cr_assert_eq(seek_score(model, ORDERED_AFTER_SCORE, score), upto);
    }
}

/* One random operation: members come more often while `filling`. */
static void step(struct model *model, bool filling, double spread)
{
    uint64_t draw = random_below(&model->random, MEMBERS);
    struct ordered_member *member = model->all[draw];
    double score = floor((double)random_below(&model->random, 1000) * spread / 1000) - 3;
    if (!model->is_in[draw]) {
        if (filling || random_below(&model->random, 4) == 0) {
            member->score = score;
            ordered_insert(&model->ordered, member);
            model->is_in[draw] = true;
        }
    } else if (filling && random_below(&model->random, 4) != 0) {
        if (random_below(&model->random, 2) == 0) {
            score = member->score + 1; /* mostly stays near */
        }
        ordered_move(&model->ordered, member, score);
        cr_assert_eq(member->score, score);
    } else {
        ordered_remove(&model->ordered, member);
        model->is_in[draw] = false;
    }
}

static void run_randomly(uint64_t seed, double spread)
{
    struct model *model = model_create(seed);
    for (int round = 0; round < 12; round++) {
        for (int i = 0; i < 4000; i++) {
            step(model, round % 4 < 2, spread);
        }
        model_check(model);
    }
    check_scores(model, -4, spread < 50 ? spread : 50, 0.5);
    model_destroy(model);
}

Test(ordered, agrees_with_a_sorted_array_when_scores_differ)
{
    run_randomly(1, 100000);
}

Test(ordered, agrees_with_a_sorted_array_when_scores_repeat)
{
    run_randomly(2, 20);
}

Test(ordered, agrees_with_a_sorted_array_when_all_scores_are_equal)
{
    run_randomly(3, 0);
}

Test(ordered, is_empty_at_first_and_again_at_the_end)
{
    struct model *model = model_create(4);
    model_check(model);
    cr_assert_null(ordered_seek(&model->ordered, &(struct ordered_bound){.kind = ORDERED_FROM_SCORE}).leaf);
    for (int i = 0; i < MEMBERS; i++) {
        model->all[i]->score = i;
        ordered_insert(&model->ordered, model->all[i]);
    }
    for (int i = 0; i < MEMBERS; i++) {
        ordered_remove(&model->ordered, model->all[i]);
    }
    model_check(model);
    cr_assert_eq(model->ordered.leaves + model->ordered.inners, 0);
    model_destroy(model);
}

static double bytes_per_member(struct model *model, double first, double step)
{
    for (int i = 0; i < MEMBERS; i++) {
        model->all[i]->score = first + step * i;
        model->is_in[i] = true;
        ordered_insert(&model->ordered, model->all[i]);
    }
    model_check(model);
    return (double)ordered_bytes(&model->ordered) / MEMBERS;
}

Test(ordered, fills_its_leaves_when_scores_rise_or_fall)
{
    struct model *rising = model_create(5);
    cr_assert_lt(bytes_per_member(rising, 0, 1), 18);
    model_destroy(rising);
    struct model *falling = model_create(5);
    cr_assert_lt(bytes_per_member(falling, 0, -1), 18);
    model_destroy(falling);
}

Test(ordered, takes_little_for_few_members)
{
    struct model *model = model_create(6);
    for (int i = 0; i < 4; i++) {
        ordered_insert(&model->ordered, model->all[i]);
        model->is_in[i] = true;
    }
    model_check(model);
    cr_assert_leq(ordered_bytes(&model->ordered), 96);
    model_destroy(model);
}

Test(ordered, empties_from_either_end)
{
    for (int from_end = 0; from_end < 2; from_end++) {
        struct model *model = model_create(7);
        (void)bytes_per_member(model, 0, from_end != 0 ? 1 : -1);
        for (int i = MEMBERS; i-- > 0;) {
            ordered_remove(&model->ordered, model->all[i]);
            model->is_in[i] = false;
            if (i % 500 == 0) {
                model_check(model);
            }
        }
        model_destroy(model);
    }
}

Test(ordered, keeps_infinite_scores_at_the_ends_and_zeroes_together)
{
    static const double scores[] = {INFINITY, -0.0, -INFINITY, 0.0, 1e300, -1e300};
    struct model *model = model_create(8);
    for (int i = 0; i < 6; i++) {
        model->all[i]->score = scores[i];
        model->is_in[i] = true;
        ordered_insert(&model->ordered, model->all[i]);
    }
    model_check(model);
    cr_assert_eq(seek_score(model, ORDERED_FROM_SCORE, -INFINITY), 0);
    cr_assert_eq(seek_score(model, ORDERED_AFTER_SCORE, -INFINITY), 1);
    cr_assert_eq(seek_score(model, ORDERED_FROM_SCORE, 0), 2);
    cr_assert_eq(seek_score(model, ORDERED_AFTER_SCORE, -0.0), 4);
    cr_assert_eq(seek_score(model, ORDERED_FROM_SCORE, INFINITY), 5);
    cr_assert_eq(seek_score(model, ORDERED_AFTER_SCORE, INFINITY), 6);
    model_destroy(model);
}

Test(ordered, seeks_by_bytes_when_scores_are_equal)
{
    struct model *model = model_create(9);
    for (int i = 0; i < MEMBERS; i += 2) {
        model->is_in[i] = true;
        ordered_insert(&model->ordered, model->all[i]);
    }
    model_check(model);
    for (int i = 0; i < MEMBERS; i++) {
        struct slice bytes = ordered_bytes_of(model->all[i]);
        uint32_t below = 0, upto = 0;
        for (uint32_t j = 0; j < model->count; j++) {
            int order = slice_compare(ordered_bytes_of(model->sorted[j]), bytes);
            below += order < 0;
            upto += order <= 0;
        }
        struct ordered_bound bound = {.kind = ORDERED_FROM_MEMBER, .member = bytes};
        cr_assert_eq(ordered_seek(&model->ordered, &bound).rank, below);
        bound.kind = ORDERED_AFTER_MEMBER;
        cr_assert_eq(ordered_seek(&model->ordered, &bound).rank, upto);
    }
    model_destroy(model);
}

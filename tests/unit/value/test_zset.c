/* SPDX-License-Identifier: BSD-3-Clause */
/* Sorted sets beside a sorted array, in both encodings; conversion at the limits; scores at their edges.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sherd/base/memory.h"
#include "sherd/value/object.h"
#include "sherd/value/zset.h"

enum { NAMES = 200 };

static struct zset_limits limits_of(const struct hash_key *key, size_t entries)
{
    return (struct zset_limits){.max_entries = entries, .max_value_bytes = 64, .hash_key = key};
}

struct row {
    char name[80];
    double score;
    bool is_in;
};

struct model {
    struct hash_key key;
    struct zset_limits limits;
    struct zset *zset;
    struct row rows[NAMES];
    struct row *sorted[NAMES];
    uint32_t count;
    struct random random;
};

static struct model *model_create(size_t entries, uint64_t seed)
{
    struct model *model = memory_alloc_zeroed(sizeof(*model));
    hash_key_randomize(&model->key);
    model->limits = limits_of(&model->key, entries);
    model->zset = zset_create(&model->limits, 1, 1);
    random_init_seed(&model->random, seed);
    for (int i = 0; i < NAMES; i++) {
        /* Some look like numbers, which a listpack stores in another way. */
        (void)snprintf(model->rows[i].name, sizeof(model->rows[i].name), i % 3 == 0 ? "%d" : "name-%d", i * 37);
    }
    return model;
}

static void model_destroy(struct model *model)
{
    zset_destroy(model->zset);
    memory_free(model);
}

static int compare_rows(const void *a, const void *b)
{
    const struct row *left = *(struct row *const *)a;
    const struct row *right = *(struct row *const *)b;
    if (left->score != right->score) {
        return left->score < right->score ? -1 : 1;
    }
    return slice_compare(slice_from_text(left->name), slice_from_text(right->name));
}

static void model_sort(struct model *model)
{
    model->count = 0;
    for (int i = 0; i < NAMES; i++) {
        if (model->rows[i].is_in) {
            model->sorted[model->count++] = &model->rows[i];
        }
    }
    qsort(model->sorted, model->count, sizeof(model->sorted[0]), compare_rows);
}

static void check_walk(const struct model *model, const struct zset *zset, uint32_t first, bool is_reverse)
{
    struct zset_iterator iterator;
    struct zset_element element;
    zset_iterator_init(&iterator, zset, first, is_reverse);
    uint32_t rank = first;
    for (; zset_iterator_next(&iterator, &element); rank = is_reverse ? rank - 1 : rank + 1) {
        cr_assert_lt(rank, model->count);
        cr_assert(slice_equals(element.member, slice_from_text(model->sorted[rank]->name)));
        cr_assert_eq(element.score, model->sorted[rank]->score);
    }
    cr_assert_eq(rank, is_reverse ? UINT32_MAX : model->count);
}

static void check_members(const struct model *model, const struct zset *zset)
{
    uint32_t seen = 0;
    for (int i = 0; i < NAMES; i++) {
        double score = -1, other = -1;
        uint32_t rank;
        struct slice name = slice_from_text(model->rows[i].name);
        cr_assert_eq(zset_score(zset, name, &score), model->rows[i].is_in);
        cr_assert_eq(zset_rank(zset, name, &rank, &other), model->rows[i].is_in);
        if (model->rows[i].is_in) {
            cr_assert_eq(score, model->rows[i].score);
            cr_assert_eq(other, score);
            cr_assert_eq(model->sorted[rank], &model->rows[i]);
            seen++;
        }
    }
    cr_assert_eq(seen, zset_count(zset));
}

static void check_score_ranges(const struct model *model)
{
    for (double min = -3; min < 8; min += 0.5) {
        for (unsigned how = 0; how < 4; how++) {
            struct zset_score_range range = {min, min + 2, (how & 1) != 0, (how & 2) != 0};
            struct zset_range found = zset_range_by_score(model->zset, &range);
            uint32_t count = 0;
            for (uint32_t i = 0; i < model->count; i++) {
                double score = model->sorted[i]->score;
                bool inside = (range.min_exclusive ? score > min : score >= min) &&
                              (range.max_exclusive ? score < min + 2 : score <= min + 2);
                cr_assert(!inside || i == found.first + count, "%u of %u", i, found.first);
                count += inside;
            }
            cr_assert_eq(found.count, count);
        }
    }
}

static void check_lex_ranges(const struct model *model)
{
    for (int i = 0; i < NAMES; i += 7) {
        struct slice min = slice_from_text(model->rows[i].name);
        struct slice max = slice_from_text(model->rows[(i * 3 + 50) % NAMES].name);
        for (unsigned how = 0; how < 4; how++) {
            struct zset_lex_range range = {{ZSET_LEX_VALUE, (how & 1) != 0, min},
                                           {ZSET_LEX_VALUE, (how & 2) != 0, max}};
            uint32_t count = 0;
            struct zset_range found = zset_range_by_lex(model->zset, &range);
            for (uint32_t j = 0; j < model->count; j++) {
                int low = slice_compare(slice_from_text(model->sorted[j]->name), min);
                int high = slice_compare(slice_from_text(model->sorted[j]->name), max);
                bool inside =
                    (range.min.exclusive ? low > 0 : low >= 0) && (range.max.exclusive ? high < 0 : high <= 0);
                cr_assert(!inside || j == found.first + count);
                count += inside;
            }
            cr_assert_eq(found.count, count);
        }
    }
    struct zset_lex_range all = {{.kind = ZSET_LEX_MIN}, {.kind = ZSET_LEX_MAX}};
    cr_assert_eq(zset_range_by_lex(model->zset, &all).count, model->count);
    struct zset_lex_range none = {{.kind = ZSET_LEX_MAX}, {.kind = ZSET_LEX_MIN}};
    cr_assert_eq(zset_range_by_lex(model->zset, &none).count, 0);
}

static void model_check(struct model *model)
{
    model_sort(model);
    cr_assert_eq(zset_count(model->zset), model->count);
    check_members(model, model->zset);
    check_walk(model, model->zset, 0, false);
    if (model->count != 0) {
        check_walk(model, model->zset, model->count / 2, false);
        check_walk(model, model->zset, model->count / 2, true);
        check_walk(model, model->zset, model->count - 1, true);
    }
    check_score_ranges(model);
    struct zset *copy = zset_class.copy(model->zset);
    check_walk(model, copy, 0, false);
    cr_assert_eq(zset_is_listpack(copy), zset_is_listpack(model->zset));
    struct digest digest = {0}, copied = {0};
    zset_class.digest(model->zset, &digest);
    zset_class.digest(copy, &copied);
    cr_assert_arr_eq(&digest, &copied, sizeof(digest));
    zset_destroy(copy);
}

static double draw_score(struct model *model, bool equal)
{
    uint64_t draw = random_below(&model->random, 24);
    return equal ? 0 : (double)draw / 4;
}

static void put(struct model *model, struct row *row, double score, unsigned flags)
{
    struct zset_addition addition = {.member = slice_from_text(row->name), .score = score, .flags = flags};
    double wanted = (flags & ZSET_INCR) != 0 && row->is_in ? row->score + score : score;
    bool refused = row->is_in ? (flags & ZSET_NX) != 0 || ((flags & ZSET_GT) != 0 && wanted <= row->score) ||
                                    ((flags & ZSET_LT) != 0 && wanted >= row->score)
                              : (flags & ZSET_XX) != 0;
    enum zset_add_result same = wanted == row->score ? ZSET_SAME : ZSET_UPDATED;
    enum zset_add_result expected = refused ? ZSET_REFUSED : row->is_in ? same : ZSET_ADDED;
    cr_assert_eq(zset_add(model->zset, &model->limits, &addition), expected);
    if (!refused) {
        cr_assert_eq(addition.score, wanted);
        row->score = wanted;
        row->is_in = true;
    }
}

static void step(struct model *model, bool filling, bool equal)
{
    static const unsigned flags[] = {0, 0, 0, ZSET_NX, ZSET_XX, ZSET_GT, ZSET_LT, ZSET_INCR, ZSET_INCR | ZSET_GT};
    struct row *row = &model->rows[random_below(&model->random, NAMES)];
    if (filling || random_below(&model->random, 3) == 0) {
        unsigned how = equal ? 0 : flags[random_below(&model->random, sizeof(flags) / sizeof(flags[0]))];
        put(model, row, draw_score(model, equal), how);
    } else if (random_below(&model->random, 8) != 0 || !equal) {
        cr_assert_eq(zset_remove(model->zset, slice_from_text(row->name)), row->is_in);
        row->is_in = false;
    } else {
        model_sort(model);
        struct zset_range range = zset_range_by_rank(model->zset, 3, -(int64_t)(model->count / 2) - 1);
        for (uint32_t i = 0; i < range.count; i++) {
            model->sorted[range.first + i]->is_in = false;
        }
        zset_remove_range(model->zset, range);
    }
}

static void run_randomly(size_t entries, uint64_t seed, bool equal)
{
    struct model *model = model_create(entries, seed);
    for (int round = 0; round < 30; round++) {
        for (int i = 0; i < 150; i++) {
            step(model, round % 6 < 3, equal);
        }
        model_check(model);
        if (equal) {
            check_lex_ranges(model);
        }
    }
    model_destroy(model);
}

Test(zset, agrees_with_a_sorted_array_as_a_listpack)
{
    run_randomly(NAMES, 1, false);
    run_randomly(NAMES, 2, true);
}

Test(zset, agrees_with_a_sorted_array_as_a_table)
{
    run_randomly(0, 3, false);
    run_randomly(0, 4, true);
}

Test(zset, agrees_with_a_sorted_array_when_it_is_converted_on_the_way)
{
    run_randomly(60, 5, false);
}

static enum zset_add_result add(struct zset *zset, const struct zset_limits *limits, const char *name, double score)
{
    return zset_add(zset, limits, &(struct zset_addition){.member = slice_from_text(name), .score = score});
}

Test(zset, is_a_listpack_up_to_its_limits)
{
    struct model *model = model_create(3, 6);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(add(model->zset, &model->limits, model->rows[i].name, i), ZSET_ADDED);
    }
    cr_assert(zset_is_listpack(model->zset));
    cr_assert_str_eq(zset_class.encoding(model->zset), "listpack");
    cr_assert_eq(add(model->zset, &model->limits, model->rows[0].name, 9), ZSET_UPDATED);
    cr_assert(zset_is_listpack(model->zset));
    cr_assert_eq(add(model->zset, &model->limits, model->rows[3].name, 3), ZSET_ADDED);
    cr_assert_str_eq(zset_class.encoding(model->zset), "skiplist");
    cr_assert_eq(zset_count(model->zset), 4);
    model_destroy(model);
}

Test(zset, keeps_members_of_64_bytes_in_a_listpack_and_no_longer_ones)
{
    char name[66];
    memset(name, 'x', sizeof(name));
    name[64] = '\0';
    struct model *model = model_create(100, 7);
    cr_assert_eq(add(model->zset, &model->limits, name, 1), ZSET_ADDED);
    cr_assert(zset_is_listpack(model->zset));
    name[64] = 'x';
    name[65] = '\0';
    cr_assert_eq(add(model->zset, &model->limits, name, 1), ZSET_ADDED);
    cr_assert(!zset_is_listpack(model->zset));
    cr_assert_eq(zset_count(model->zset), 2);
    model_destroy(model);
}

Test(zset, expects_many_members_by_becoming_a_table)
{
    struct model *model = model_create(10, 8);
    cr_assert_eq(add(model->zset, &model->limits, "a", 1), ZSET_ADDED);
    zset_expect(model->zset, &model->limits, 10);
    cr_assert(zset_is_listpack(model->zset));
    zset_expect(model->zset, &model->limits, 11);
    cr_assert(!zset_is_listpack(model->zset));
    cr_assert_eq(zset_count(model->zset), 1);
    model_destroy(model);
}

static void check_edges(size_t entries)
{
    static const double scores[] = {-INFINITY, -1.7976931348623157e308, -9007199254740993.0,   -0.1, 0,     5e-324,
                                    0.1,       3.0000000000000004,      4611686018427387904.0, 1e19, 1e300, INFINITY};
    struct model *model = model_create(entries, 9);
    for (int i = 0; i < 12; i++) {
        cr_assert_eq(add(model->zset, &model->limits, model->rows[i].name, scores[i]), ZSET_ADDED);
        model->rows[i].score = scores[i];
        model->rows[i].is_in = true;
    }
    model_check(model);
    struct zset_addition addition = {
        .member = slice_from_text(model->rows[11].name), .score = -INFINITY, .flags = ZSET_INCR};
    cr_assert_eq(zset_add(model->zset, &model->limits, &addition), ZSET_NAN);
    model_check(model);
    model_destroy(model);
}

Test(zset, keeps_scores_exactly_and_refuses_what_is_no_number)
{
    check_edges(100);
    check_edges(0);
}

static void note_scanned(void *context, const struct zset_element *element)
{
    struct model *model = context;
    for (int i = 0; i < NAMES; i++) {
        if (slice_equals(element->member, slice_from_text(model->rows[i].name))) {
            model->rows[i].score++;
        }
    }
}

Test(zset, scanning_meets_every_member_once_when_nothing_changes)
{
    for (size_t entries = 0; entries <= NAMES; entries += NAMES) {
        struct model *model = model_create(entries, 10);
        for (int i = 0; i < NAMES; i++) {
            cr_assert_eq(add(model->zset, &model->limits, model->rows[i].name, 5), ZSET_ADDED);
        }
        uint64_t position = 0;
        do {
            position = zset_scan(model->zset, position, note_scanned, model);
        } while (position != 0);
        for (int i = 0; i < NAMES; i++) {
            cr_assert_eq(model->rows[i].score, 1);
        }
        model_destroy(model);
    }
}

static void check_build(size_t entries, bool listpack)
{
    struct model *model = model_create(entries, 11);
    zset_destroy(model->zset);
    model->zset = zset_build_create(&model->key);
    for (int i = 0; i < 2 * NAMES; i++) {
        struct row *row = &model->rows[i % NAMES];
        bool is_new;
        double *score = zset_build_put(model->zset, slice_from_text(row->name), i, &is_new);
        cr_assert_eq(is_new, i < NAMES);
        *score = row->score = (double)(i % 17);
        row->is_in = true;
    }
    cr_assert_eq(zset_build_count(model->zset), NAMES);
    zset_build_finish(model->zset, &model->limits);
    cr_assert_eq(zset_is_listpack(model->zset), listpack);
    model_check(model);
    model_destroy(model);
}

Test(zset, is_built_in_any_order_and_then_as_small_as_it_may_be)
{
    check_build(NAMES, true);
    check_build(NAMES - 1, false);
}

Test(zset, takes_no_more_memory_than_it_says)
{
    struct model *model = model_create(0, 12);
    size_t empty = zset_class.bytes(model->zset);
    for (int i = 0; i < NAMES; i++) {
        cr_assert_eq(add(model->zset, &model->limits, model->rows[i].name, i), ZSET_ADDED);
    }
    size_t full = zset_class.bytes(model->zset);
    cr_assert_geq(full - empty, NAMES * (16 + 8 + 16));
    cr_assert_leq(full - empty, NAMES * (32 + 16 + 24));
    for (int i = 0; i < NAMES; i++) {
        cr_assert(zset_remove(model->zset, slice_from_text(model->rows[i].name)));
    }
    cr_assert_leq(zset_class.bytes(model->zset), empty + 16 * 64 + 1024);
    model_destroy(model);
}

Test(zset, ranges_by_rank_count_from_either_end)
{
    struct model *model = model_create(NAMES, 13);
    for (int i = 0; i < 10; i++) {
        cr_assert_eq(add(model->zset, &model->limits, model->rows[i].name, i), ZSET_ADDED);
    }
    static const struct {
        int64_t start, stop;
        uint32_t first, count;
    } cases[] = {{0, -1, 0, 10}, {0, 0, 0, 1},   {-3, -1, 7, 3},   {-100, 2, 0, 3}, {8, 100, 8, 2},
                 {5, 4, 0, 0},   {10, 20, 0, 0}, {-1, -100, 0, 0}, {-1, -1, 9, 1},  {INT64_MIN, INT64_MAX, 0, 10}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct zset_range range = zset_range_by_rank(model->zset, cases[i].start, cases[i].stop);
        cr_assert_eq(range.count, cases[i].count);
        cr_assert_eq(range.first, cases[i].first);
    }
    model_destroy(model);
}

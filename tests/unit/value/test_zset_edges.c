/* SPDX-License-Identifier: BSD-3-Clause */
/* Sorted sets at their edges: what each flag does to each kind of member, sums that are no number, infinite scores and
 * zeroes, ranges beyond either end, bounds that exclude; each in both encodings.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>
#include <math.h>

#include "sherd/value/zset.h"

static const struct hash_key KEY; /* any key will do */
static const struct zset_limits SMALL = {.max_entries = 128, .max_value_bytes = 64, .hash_key = &KEY};
static const struct zset_limits TABLE = {.max_entries = 0, .max_value_bytes = 64, .hash_key = &KEY};

/* Runs the rest of the test body for both encodings: `limits` is what it creates its sets with. */
#define FOR_BOTH_ENCODINGS(limits)                                                                                     \
    for (const struct zset_limits *limits = &SMALL; limits != NULL; limits = limits == &SMALL ? &TABLE : NULL)

static enum zset_add_result add(struct zset *zset, const struct zset_limits *limits, const char *member, double score)
{
    struct zset_addition addition = {.member = slice_from_text(member), .score = score};
    return zset_add(zset, limits, &addition);
}

/* a 1, b 2, c 3, d 4, e 5 */
static struct zset *five(const struct zset_limits *limits)
{
    struct zset *zset = zset_create(limits, 1, 1);
    for (int i = 0; i < 5; i++) {
        cr_assert_eq(add(zset, limits, (const char[]){(char)('a' + i), '\0'}, i + 1), ZSET_ADDED);
    }
    cr_assert_eq(zset_is_listpack(zset), limits == &SMALL);
    return zset;
}

static double score_of(const struct zset *zset, const char *member)
{
    double score;
    return zset_score(zset, slice_from_text(member), &score) ? score : NAN;
}

/* Adds to the set of five and checks the result, the score told and the score kept. */
static void expect_added(const struct zset_addition *wanted, enum zset_add_result result, double score)
{
    FOR_BOTH_ENCODINGS(limits)
    {
        struct zset *zset = five(limits);
        struct zset_addition addition = *wanted;
        double before = 0;
        bool was_there = zset_score(zset, addition.member, &before);
        cr_assert_eq(zset_add(zset, limits, &addition), result);
        double after = 0;
        cr_assert_eq(zset_score(zset, addition.member, &after), was_there || result == ZSET_ADDED);
        if (result == ZSET_REFUSED || result == ZSET_NAN) {
            cr_assert_eq(after, before, "refused means unchanged");
        } else {
            cr_assert_eq(addition.score, score);
            cr_assert_eq(after, score);
        }
        zset_destroy(zset);
    }
}

#define EXPECT_ADDED(name, value, how, result, score_after)                                                            \
    expect_added(&(struct zset_addition){.member = SLICE_LITERAL(name), .score = (value), .flags = (how)}, (result),   \
                 (score_after))

Test(zset_edges, nx_leaves_a_member_alone)
{
    EXPECT_ADDED("b", 9, ZSET_NX, ZSET_REFUSED, 2);
}

Test(zset_edges, nx_adds_what_is_missing)
{
    EXPECT_ADDED("x", 9, ZSET_NX, ZSET_ADDED, 9);
}

Test(zset_edges, xx_adds_nothing)
{
    EXPECT_ADDED("x", 9, ZSET_XX, ZSET_REFUSED, 0);
}

Test(zset_edges, xx_updates_what_is_there)
{
    EXPECT_ADDED("b", 9, ZSET_XX, ZSET_UPDATED, 9);
}

Test(zset_edges, gt_adds_what_is_missing)
{
    EXPECT_ADDED("x", -9, ZSET_GT, ZSET_ADDED, -9);
}

Test(zset_edges, gt_refuses_a_lower_score)
{
    EXPECT_ADDED("b", 1.5, ZSET_GT, ZSET_REFUSED, 2);
}

Test(zset_edges, gt_takes_a_greater_score)
{
    EXPECT_ADDED("b", 2.5, ZSET_GT, ZSET_UPDATED, 2.5);
}

Test(zset_edges, lt_refuses_a_greater_score)
{
    EXPECT_ADDED("b", 2.5, ZSET_LT, ZSET_REFUSED, 2);
}

Test(zset_edges, lt_takes_a_lower_score)
{
    EXPECT_ADDED("b", -2.5, ZSET_LT, ZSET_UPDATED, -2.5);
}

Test(zset_edges, gt_with_xx_adds_nothing)
{
    EXPECT_ADDED("x", 9, ZSET_GT | ZSET_XX, ZSET_REFUSED, 0);
}

Test(zset_edges, gt_judges_the_sum_of_an_increment)
{
    EXPECT_ADDED("b", -1, ZSET_GT | ZSET_INCR, ZSET_REFUSED, 2);
    EXPECT_ADDED("b", 1, ZSET_GT | ZSET_INCR, ZSET_UPDATED, 3);
}

Test(zset_edges, the_same_score_again_is_no_update)
{
    EXPECT_ADDED("b", 2, 0, ZSET_SAME, 2);
}

Test(zset_edges, an_increment_by_nothing_is_no_update)
{
    EXPECT_ADDED("b", 0, ZSET_INCR, ZSET_SAME, 2);
}

Test(zset_edges, an_increment_of_a_missing_member_begins_at_zero)
{
    EXPECT_ADDED("x", -0.5, ZSET_INCR, ZSET_ADDED, -0.5);
}

Test(zset_edges, infinities_of_both_signs_have_no_sum)
{
    FOR_BOTH_ENCODINGS(limits)
    {
        struct zset *zset = five(limits);
        cr_assert_eq(add(zset, limits, "b", INFINITY), ZSET_UPDATED);
        struct zset_addition addition = {.member = SLICE_LITERAL("b"), .score = -INFINITY, .flags = ZSET_INCR};
        cr_assert_eq(zset_add(zset, limits, &addition), ZSET_NAN);
        cr_assert_eq(score_of(zset, "b"), INFINITY);
        zset_destroy(zset);
    }
}

Test(zset_edges, a_sum_beyond_all_doubles_is_infinite)
{
    FOR_BOTH_ENCODINGS(limits)
    {
        struct zset *zset = five(limits);
        cr_assert_eq(add(zset, limits, "b", 1.7e308), ZSET_UPDATED);
        struct zset_addition addition = {.member = SLICE_LITERAL("b"), .score = 1.7e308, .flags = ZSET_INCR};
        cr_assert_eq(zset_add(zset, limits, &addition), ZSET_UPDATED);
        cr_assert_eq(addition.score, INFINITY);
        zset_destroy(zset);
    }
}

Test(zset_edges, members_of_equal_scores_stand_in_the_order_of_their_bytes)
{
    FOR_BOTH_ENCODINGS(limits)
    {
        struct zset *zset = zset_create(limits, 1, 1);
        static const char *const names[] = {"b", "10", "", "2", "B", "aa", "a", "\xff"};
        static const char *const sorted[] = {"", "10", "2", "B", "a", "aa", "b", "\xff"};
        for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
            cr_assert_eq(add(zset, limits, names[i], 0), ZSET_ADDED);
        }
        struct zset_iterator iterator;
        struct zset_element element;
        zset_iterator_init(&iterator, zset, 0, false);
        for (size_t i = 0; i < ARRAY_LENGTH(sorted); i++) {
            cr_assert(zset_iterator_next(&iterator, &element));
            cr_assert(slice_equals(element.member, slice_from_text(sorted[i])), "place %zu", i);
        }
        zset_destroy(zset);
    }
}

Test(zset_edges, zeroes_of_both_signs_are_one_score)
{
    FOR_BOTH_ENCODINGS(limits)
    {
        struct zset *zset = five(limits);
        cr_assert_eq(add(zset, limits, "n", -0.0), ZSET_ADDED);
        cr_assert_eq(add(zset, limits, "p", 0.0), ZSET_ADDED);
        struct zset_range range = zset_range_by_score(zset, &(struct zset_score_range){.min = 0.0, .max = -0.0});
        cr_assert_eq(range.first, 0);
        cr_assert_eq(range.count, 2);
        zset_destroy(zset);
    }
}

static void expect_rank_range(int64_t start, int64_t stop, uint32_t first, uint32_t count)
{
    FOR_BOTH_ENCODINGS(limits)
    {
        struct zset *zset = five(limits);
        struct zset_range range = zset_range_by_rank(zset, start, stop);
        cr_assert_eq(range.count, count, "%lld to %lld", (long long)start, (long long)stop);
        cr_assert(count == 0 || range.first == first, "%lld to %lld", (long long)start, (long long)stop);
        zset_destroy(zset);
    }
}

Test(zset_edges, ranks_beyond_either_end_are_cut_to_what_is_there)
{
    expect_rank_range(INT64_MIN, INT64_MAX, 0, 5);
    expect_rank_range(-100, 1, 0, 2);
    expect_rank_range(3, 100, 3, 2);
}

Test(zset_edges, ranks_that_lie_wholly_beyond_an_end_name_nothing)
{
    expect_rank_range(5, 5, 0, 0);
    expect_rank_range(INT64_MAX, INT64_MAX, 0, 0);
    expect_rank_range(INT64_MIN, -6, 0, 0);
    expect_rank_range(INT64_MIN, INT64_MIN, 0, 0);
}

Test(zset_edges, ranks_in_the_wrong_order_name_nothing)
{
    expect_rank_range(3, 2, 0, 0);
    expect_rank_range(-1, -2, 0, 0);
}

Test(zset_edges, negative_ranks_count_from_the_end)
{
    expect_rank_range(-1, -1, 4, 1);
    expect_rank_range(-5, -4, 0, 2);
    expect_rank_range(1, -2, 1, 3);
}

static void expect_score_range(struct zset_score_range wanted, uint32_t first, uint32_t count)
{
    FOR_BOTH_ENCODINGS(limits)
    {
        struct zset *zset = five(limits);
        struct zset_range range = zset_range_by_score(zset, &wanted);
        cr_assert_eq(range.count, count);
        cr_assert(count == 0 || range.first == first);
        zset_destroy(zset);
    }
}

Test(zset_edges, exclusive_scores_leave_their_own_members_out)
{
    expect_score_range((struct zset_score_range){.min = 2, .max = 4, .min_exclusive = true}, 2, 2);
    expect_score_range((struct zset_score_range){.min = 2, .max = 4, .max_exclusive = true}, 1, 2);
    expect_score_range((struct zset_score_range){2, 4, true, true}, 2, 1);
}

Test(zset_edges, one_score_that_is_excluded_at_one_end_names_nothing)
{
    expect_score_range((struct zset_score_range){.min = 3, .max = 3, .min_exclusive = true}, 0, 0);
    expect_score_range((struct zset_score_range){.min = 3, .max = 3, .max_exclusive = true}, 0, 0);
}

Test(zset_edges, scores_in_the_wrong_order_name_nothing)
{
    expect_score_range((struct zset_score_range){.min = 4, .max = 2}, 0, 0);
    expect_score_range((struct zset_score_range){.min = INFINITY, .max = -INFINITY}, 0, 0);
}

Test(zset_edges, infinite_bounds_name_infinite_members_unless_excluded)
{
    FOR_BOTH_ENCODINGS(limits)
    {
        struct zset *zset = five(limits);
        cr_assert_eq(add(zset, limits, "low", -INFINITY), ZSET_ADDED);
        cr_assert_eq(add(zset, limits, "high", INFINITY), ZSET_ADDED);
        struct zset_score_range range = {.min = -INFINITY, .max = INFINITY};
        cr_assert_eq(zset_range_by_score(zset, &range).count, 7);
        range.min_exclusive = range.max_exclusive = true;
        cr_assert_eq(zset_range_by_score(zset, &range).count, 5);
        cr_assert_eq(zset_range_by_score(zset, &range).first, 1);
        zset_destroy(zset);
    }
}

static struct zset_lex_bound at(const char *bytes, bool exclusive)
{
    return (struct zset_lex_bound){.kind = ZSET_LEX_VALUE, .exclusive = exclusive, .bytes = slice_from_text(bytes)};
}

static void expect_lex_range(struct zset_lex_bound min, struct zset_lex_bound max, uint32_t first, uint32_t count)
{
    FOR_BOTH_ENCODINGS(limits)
    {
        struct zset *zset = zset_create(limits, 1, 1);
        static const char *const names[] = {"", "a", "aa", "b", "c"};
        for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
            cr_assert_eq(add(zset, limits, names[i], 7), ZSET_ADDED);
        }
        struct zset_range range = zset_range_by_lex(zset, &(struct zset_lex_range){.min = min, .max = max});
        cr_assert_eq(range.count, count);
        cr_assert(count == 0 || range.first == first);
        zset_destroy(zset);
    }
}

Test(zset_edges, bytes_between_members_bound_a_range_as_well)
{
    expect_lex_range(at("aaa", false), at("bb", false), 3, 1);
}

Test(zset_edges, exclusive_bytes_leave_their_own_member_out)
{
    expect_lex_range(at("a", true), at("b", true), 2, 1);
    expect_lex_range(at("", true), at("a", false), 1, 1);
}

Test(zset_edges, the_empty_text_is_the_least_member_and_lies_behind_the_minimum)
{
    struct zset_lex_bound least = {.kind = ZSET_LEX_MIN};
    expect_lex_range(least, at("", false), 0, 1);
    expect_lex_range(least, at("", true), 0, 0);
}

Test(zset_edges, the_maximum_as_lower_bound_names_nothing)
{
    struct zset_lex_bound least = {.kind = ZSET_LEX_MIN}, most = {.kind = ZSET_LEX_MAX};
    expect_lex_range(most, least, 0, 0);
    expect_lex_range(most, most, 0, 0);
    expect_lex_range(least, least, 0, 0);
}

Test(zset_edges, a_range_that_is_all_leaves_an_empty_set)
{
    FOR_BOTH_ENCODINGS(limits)
    {
        struct zset *zset = five(limits);
        zset_remove_range(zset, (struct zset_range){.first = 0, .count = 5});
        cr_assert_eq(zset_count(zset), 0);
        cr_assert_eq(add(zset, limits, "again", 1), ZSET_ADDED);
        zset_destroy(zset);
    }
}

Test(zset_edges, a_walk_up_from_the_count_gives_nothing)
{
    FOR_BOTH_ENCODINGS(limits)
    {
        struct zset *zset = five(limits);
        struct zset_iterator iterator;
        struct zset_element element;
        zset_iterator_init(&iterator, zset, 5, false);
        cr_assert_not(zset_iterator_next(&iterator, &element));
        zset_destroy(zset);
    }
}

Test(zset_edges, building_puts_members_with_the_same_score_in_the_order_of_bytes)
{
    struct zset *zset = zset_build_create(&KEY);
    bool is_new;
    *zset_build_put(zset, SLICE_LITERAL("b"), 1, &is_new) = 2;
    cr_assert(is_new);
    (void)zset_build_put(zset, SLICE_LITERAL("a"), 2, &is_new);
    double *score = zset_build_put(zset, SLICE_LITERAL("b"), 99, &is_new);
    cr_assert_not(is_new);
    cr_assert_eq(*score, 2, "what was put first stands");
    cr_assert_eq(zset_build_count(zset), 2);
    zset_build_finish(zset, &SMALL);
    uint32_t rank;
    double found;
    cr_assert(zset_rank(zset, SLICE_LITERAL("b"), &rank, &found));
    cr_assert_eq(rank, 1);
    zset_destroy(zset);
}

Test(zset_edges, one_member_beyond_the_limit_makes_a_table)
{
    const struct zset_limits limits = {.max_entries = 5, .max_value_bytes = 64, .hash_key = &KEY};
    struct zset *zset = zset_create(&limits, 1, 1);
    for (int i = 0; i < 5; i++) {
        cr_assert_eq(add(zset, &limits, (const char[]){(char)('a' + i), '\0'}, i), ZSET_ADDED);
    }
    cr_assert(zset_is_listpack(zset));
    cr_assert_eq(add(zset, &limits, "a", 7), ZSET_UPDATED);
    cr_assert(zset_is_listpack(zset), "an update adds no member");
    cr_assert_eq(add(zset, &limits, "f", 7), ZSET_ADDED);
    cr_assert_not(zset_is_listpack(zset));
    zset_destroy(zset);
}

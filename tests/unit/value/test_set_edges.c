/* SPDX-License-Identifier: BSD-3-Clause */
/* Sets at their edges: which members look like integers, both sides of each limit, what each encoding does when it is
 * emptied, copied, scanned and drawn from, and set algebra with what may be missing.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "sherd/value/object.h"
#include "sherd/value/set.h"

static const struct hash_key KEY; /* any key will do */
static const struct set_limits LIMITS = {
    .intset_entries = 4, .listpack_entries = 3, .listpack_value_bytes = 8, .hash_key = &KEY};

/* A set of the words of `text`, with the limits above. */
static struct set *set_of(const char *text)
{
    struct set *set = NULL;
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        struct slice word = slice_make(text, len);
        if (set == NULL) {
            set = set_create(&LIMITS, 1, word);
        }
        set_add(set, &LIMITS, word);
        text += len + strspn(text + len, " ");
    }
    return set;
}

static bool has(const struct set *set, const char *member)
{
    return set_contains(set, slice_from_text(member));
}

static void count_member(void *context, UNUSED struct slice member)
{
    (*(size_t *)context)++;
}

static bool count_taken(void *context, UNUSED struct slice member)
{
    (*(size_t *)context)++;
    return true;
}

Test(set_edges, canonical_integers_alone_stay_an_intset)
{
    struct set *set = set_of("0 -9223372036854775808 9223372036854775807");
    cr_assert_eq(set_encoding(set), SET_INTSET);
    cr_assert(has(set, "-9223372036854775808") && has(set, "9223372036854775807"));
    set_destroy(set);
}

Test(set_edges, a_number_beyond_64_bits_is_a_text)
{
    struct set_limits limits = LIMITS;
    limits.listpack_value_bytes = 19;
    struct set *set = set_create(&limits, 1, SLICE_LITERAL("9223372036854775808"));
    cr_assert(set_add(set, &limits, SLICE_LITERAL("9223372036854775808")));
    cr_assert_eq(set_encoding(set), SET_LISTPACK);
    set_destroy(set);
}

Test(set_edges, texts_that_are_no_canonical_integers_are_members_of_their_own)
{
    struct set *set = set_of("1 01");
    cr_assert_eq(set_encoding(set), SET_LISTPACK);
    cr_assert_eq(set_count(set), 2);
    cr_assert_not(has(set, "+1"));
    cr_assert_not(has(set, "1 "));
    cr_assert_not(has(set, "-0"));
    set_destroy(set);
}

Test(set_edges, an_intset_at_its_limit_takes_one_it_has_and_stays)
{
    struct set *set = set_of("1 2 3 4");
    cr_assert_not(set_add(set, &LIMITS, SLICE_LITERAL("4")));
    cr_assert_eq(set_encoding(set), SET_INTSET);
    set_destroy(set);
}

Test(set_edges, an_intset_one_beyond_its_limit_is_a_table)
{
    struct set *set = set_of("1 2 3 4 5");
    cr_assert_eq(set_encoding(set), SET_TABLE);
    cr_assert_eq(set_count(set), 5);
    set_destroy(set);
}

Test(set_edges, a_full_intset_that_meets_a_text_skips_the_listpack)
{
    struct set *set = set_of("1 2 3");
    cr_assert_eq(set_encoding(set), SET_INTSET);
    cr_assert(set_add(set, &LIMITS, SLICE_LITERAL("x")));
    cr_assert_eq(set_encoding(set), SET_TABLE, "four members do not fit into a listpack of three");
    cr_assert(has(set, "1") && has(set, "3") && has(set, "x"));
    set_destroy(set);
}

Test(set_edges, a_small_intset_that_meets_a_short_text_is_a_listpack)
{
    struct set *set = set_of("1 2 12345678");
    cr_assert_eq(set_encoding(set), SET_INTSET);
    set_remove(set, SLICE_LITERAL("2"));
    cr_assert(set_add(set, &LIMITS, SLICE_LITERAL("abcdefgh")));
    cr_assert_eq(set_encoding(set), SET_LISTPACK);
    set_destroy(set);
}

Test(set_edges, integers_longer_than_a_listpack_takes_make_a_table)
{
    struct set *set = set_of("123456789 1");
    cr_assert(set_add(set, &LIMITS, SLICE_LITERAL("x")));
    cr_assert_eq(set_encoding(set), SET_TABLE, "nine digits are more than eight bytes");
    cr_assert(has(set, "123456789"));
    set_destroy(set);
}

Test(set_edges, a_member_of_the_longest_length_stays_in_a_listpack_and_one_more_byte_does_not)
{
    struct set *set = set_of("abcdefgh");
    cr_assert_eq(set_encoding(set), SET_LISTPACK);
    cr_assert(set_add(set, &LIMITS, SLICE_LITERAL("abcdefghi")));
    cr_assert_eq(set_encoding(set), SET_TABLE);
    set_destroy(set);
}

Test(set_edges, an_empty_text_and_bytes_of_zero_are_members)
{
    struct set *set = set_of("x");
    cr_assert(set_add(set, &LIMITS, SLICE_LITERAL("")));
    cr_assert(set_add(set, &LIMITS, SLICE_LITERAL("\0")));
    cr_assert_not(set_add(set, &LIMITS, SLICE_LITERAL("")));
    cr_assert_eq(set_count(set), 3);
    cr_assert(set_remove(set, SLICE_LITERAL("\0")));
    cr_assert(set_contains(set, SLICE_LITERAL("")));
    set_destroy(set);
}

Test(set_edges, removing_what_is_not_there_changes_nothing_in_any_encoding)
{
    static const char *const texts[] = {"1 2", "a b", "a b c d e"};
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        struct set *set = set_of(texts[i]);
        size_t count = set_count(set);
        cr_assert_eq(set_encoding(set), (enum set_encoding)i);
        cr_assert_not(set_remove(set, SLICE_LITERAL("7")));
        cr_assert_not(set_remove(set, SLICE_LITERAL("z")));
        cr_assert_eq(set_count(set), count);
        set_destroy(set);
    }
}

Test(set_edges, a_table_never_goes_back_when_it_is_emptied_one_by_one)
{
    struct set *set = set_of("1 2 3 4 5");
    for (char member = '1'; member <= '4'; member++) {
        cr_assert(set_remove(set, slice_make(&member, 1)));
    }
    cr_assert_eq(set_encoding(set), SET_TABLE);
    cr_assert_eq(set_count(set), 1);
    set_destroy(set);
}

Test(set_edges, adding_the_same_member_many_times_in_one_call_counts_it_once)
{
    struct set *set = set_of("1");
    const struct slice members[] = {SLICE_LITERAL("a"), SLICE_LITERAL("a"), SLICE_LITERAL("1"), SLICE_LITERAL("a")};
    cr_assert_eq(set_add_many(set, &LIMITS, members, ARRAY_LENGTH(members)), 1);
    cr_assert_eq(set_count(set), 2);
    set_destroy(set);
}

Test(set_edges, small_sets_are_scanned_in_one_step)
{
    static const char *const texts[] = {"1 2 3", "a b c"};
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        struct set *set = set_of(texts[i]);
        size_t visited = 0;
        cr_assert_eq(set_scan(set, 0, count_member, &visited), 0);
        cr_assert_eq(visited, 3);
        set_destroy(set);
    }
}

Test(set_edges, any_position_that_is_made_up_ends_a_scan)
{
    struct set *set = set_of("a b c d e");
    static const uint64_t positions[] = {1, 63, UINT32_MAX, UINT64_C(1) << 53, UINT64_C(1) << 63, UINT64_MAX};
    for (size_t i = 0; i < ARRAY_LENGTH(positions); i++) {
        size_t visited = 0;
        uint64_t position = positions[i];
        for (int steps = 0; position != 0; steps++) {
            cr_assert_lt(steps, 1000);
            position = set_scan(set, position, count_member, &visited);
        }
        cr_assert_leq(visited, 5);
    }
    set_destroy(set);
}

Test(set_edges, choosing_as_many_as_there_are_gives_each_once)
{
    struct random random;
    random_init_seed(&random, 1);
    static const char *const texts[] = {"1 2 3", "a b c", "a b c d e"};
    static const size_t counts[] = {3, 3, 5};
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        struct set *set = set_of(texts[i]);
        size_t visited = 0;
        set_choose(set, &(struct set_draw){.count = counts[i], .random = &random}, count_member, &visited);
        cr_assert_eq(visited, counts[i]);
        set_destroy(set);
    }
}

Test(set_edges, sampling_more_than_there_are_repeats_members)
{
    struct random random;
    random_init_seed(&random, 2);
    struct set *set = set_of("1 2");
    size_t visited = 0;
    set_sample(set, &(struct set_draw){.count = 1000, .random = &random}, count_member, &visited);
    cr_assert_eq(visited, 1000);
    cr_assert_eq(set_count(set), 2);
    set_destroy(set);
}

Test(set_edges, a_set_without_the_first_operand_is_empty)
{
    struct set *other = set_of("a b");
    const struct set *sets[] = {NULL, other};
    struct set_operands operands = {.sets = sets, .count = 2, .hash_key = &KEY};
    size_t taken = 0;
    set_subtract(&operands, count_taken, &taken);
    cr_assert_eq(taken, 0);
    set_destroy(other);
}

Test(set_edges, the_union_of_missing_sets_alone_is_empty)
{
    const struct set *sets[] = {NULL, NULL, NULL};
    struct set_operands operands = {.sets = sets, .count = 3, .hash_key = &KEY};
    size_t taken = 0;
    set_unite(&operands, count_taken, &taken);
    cr_assert_eq(taken, 0);
}

Test(set_edges, an_integer_is_the_same_member_in_every_encoding)
{
    struct set *intset = set_of("1 2 3"), *listpack = set_of("a 1 2"), *table = set_of("a b c d 2");
    const struct set *sets[] = {table, listpack, intset};
    struct set_operands operands = {.sets = sets, .count = 3, .hash_key = &KEY};
    size_t taken = 0;
    set_intersect(&operands, count_taken, &taken);
    cr_assert_eq(taken, 1, "2 alone is in all of them");
    set_destroy(intset);
    set_destroy(listpack);
    set_destroy(table);
}

Test(set_edges, the_digest_does_not_tell_encodings_apart)
{
    struct set *intset = set_of("1 2 3"), *table = set_of("1 2 3 4 5");
    set_remove(table, SLICE_LITERAL("4"));
    set_remove(table, SLICE_LITERAL("5"));
    struct digest a = {0}, b = {0};
    set_class.digest(intset, &a);
    set_class.digest(table, &b);
    cr_assert_arr_eq(a.lanes, b.lanes, sizeof(a.lanes));
    set_destroy(intset);
    set_destroy(table);
}

Test(set_edges, a_copy_keeps_the_encoding_and_is_changed_alone)
{
    static const char *const texts[] = {"1 2", "a b", "a b c d e"};
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        struct set *set = set_of(texts[i]);
        struct set *copy = set_class.copy(set);
        cr_assert_eq(set_encoding(copy), set_encoding(set));
        cr_assert(set_add(copy, &LIMITS, SLICE_LITERAL("new")));
        cr_assert_not(has(set, "new"));
        set_destroy(set);
        set_destroy(copy);
    }
}

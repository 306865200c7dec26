/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a quicklist begins a new node, and what list-max-listpack-size and list-compress-depth mean beyond their range;
 * deleting and inserting at the edges of nodes.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>

#include "sherd/base/number.h"
#include "sherd/container/quicklist.h"

static struct quicklist_source text(const char *bytes)
{
    return (struct quicklist_source){.text = slice_from_text(bytes)};
}

/* Elements "0", "1" ... in nodes of so many. */
static struct quicklist *numbered(int64_t node_size, uint64_t count)
{
    struct quicklist *list = quicklist_create(node_size, 0, 0);
    for (uint64_t i = 0; i < count; i++) {
        char digits[NUMBER_I64_BYTES];
        struct slice bytes = slice_make(digits, number_print_u64(digits, i));
        quicklist_push(list, QUICKLIST_BACK, (struct quicklist_source){.text = bytes});
    }
    return list;
}

static int64_t number_at(const struct quicklist *list, uint64_t index)
{
    struct quicklist_iterator iterator;
    struct quicklist_item item;
    quicklist_iterator_init(&iterator, list, index, false);
    cr_assert(quicklist_iterator_next(&iterator, &item));
    cr_assert(item.value.is_integer);
    int64_t number = item.value.integer;
    quicklist_iterator_finish(&iterator);
    return number;
}

Test(quicklist_limits, a_positive_size_is_a_number_of_elements)
{
    cr_assert_not(quicklist_exceeds(3, 100, 3));
    cr_assert(quicklist_exceeds(3, 100, 4));
}

Test(quicklist_limits, a_positive_size_still_holds_to_8_kibibytes)
{
    cr_assert_not(quicklist_exceeds(3, 8192, 2));
    cr_assert(quicklist_exceeds(3, 8193, 2));
}

Test(quicklist_limits, each_negative_size_is_twice_the_one_before)
{
    for (int64_t size = -1, bytes = 4096; size >= -5; size--, bytes *= 2) {
        cr_assert_not(quicklist_exceeds(size, (size_t)bytes, 1000000), "%lld", (long long)size);
        cr_assert(quicklist_exceeds(size, (size_t)bytes + 1, 1), "%lld", (long long)size);
    }
}

Test(quicklist_limits, a_size_below_minus_five_means_minus_five)
{
    struct quicklist *list = quicklist_create(-100, 0, 0);
    cr_assert_eq(list->node_size, -5);
    quicklist_destroy(list);
}

Test(quicklist_limits, a_size_beyond_a_signed_sixteen_bits_is_cut)
{
    struct quicklist *list = quicklist_create(1000000, 0, 0);
    cr_assert_eq(list->node_size, 32767);
    quicklist_destroy(list);
}

Test(quicklist_limits, a_size_of_nothing_puts_every_element_alone)
{
    struct quicklist *list = numbered(0, 5);
    cr_assert_eq(list->nodes, 5);
    cr_assert_eq(number_at(list, 4), 4);
    quicklist_destroy(list);
}

Test(quicklist_limits, a_negative_depth_compresses_nothing)
{
    struct quicklist *list = quicklist_create(1, -3, 0);
    cr_assert_eq(list->compress_depth, 0);
    quicklist_destroy(list);
}

Test(quicklist_limits, a_full_node_makes_the_next_element_begin_another)
{
    struct quicklist *list = numbered(4, 4);
    cr_assert_eq(list->nodes, 1);
    quicklist_push(list, QUICKLIST_FRONT, text("x"));
    cr_assert_eq(list->nodes, 2);
    quicklist_destroy(list);
}

Test(quicklist_limits, inserting_into_a_full_node_divides_it)
{
    struct quicklist *list = numbered(4, 4);
    struct quicklist_iterator iterator;
    struct quicklist_item item;
    quicklist_iterator_init(&iterator, list, 1, false);
    cr_assert(quicklist_iterator_next(&iterator, &item));
    struct quicklist_place place = iterator.given;
    quicklist_iterator_finish(&iterator);
    quicklist_insert(list, place, true, text("99"));
    cr_assert_eq(list->count, 5);
    cr_assert_geq(list->nodes, 2);
    static const int64_t wanted[] = {0, 1, 99, 2, 3};
    for (uint64_t i = 0; i < ARRAY_LENGTH(wanted); i++) {
        cr_assert_eq(number_at(list, i), wanted[i]);
    }
    quicklist_destroy(list);
}

/* How many elements the first node has shows in when it goes. */
static void insert_into_full_node(bool after, uint64_t of_the_first_node)
{
    struct quicklist *list = numbered(4, 4);
    struct quicklist_iterator iterator;
    struct quicklist_item item;
    quicklist_iterator_init(&iterator, list, 1, false);
    cr_assert(quicklist_iterator_next(&iterator, &item));
    struct quicklist_place place = iterator.given;
    quicklist_iterator_finish(&iterator);
    quicklist_insert(list, place, after, text("99"));
    cr_assert_eq(list->nodes, 2);
    quicklist_delete_range(list, 0, of_the_first_node - 1);
    cr_assert_eq(list->nodes, 2);
    quicklist_delete_range(list, 0, 1);
    cr_assert_eq(list->nodes, 1);
    quicklist_destroy(list);
}

Test(quicklist_limits, what_is_inserted_stays_in_the_part_of_the_element_it_was_put_beside)
{
    insert_into_full_node(true, 2);  /* 0 1 | 99 2 3 */
    insert_into_full_node(false, 2); /* 0 99 | 1 2 3 */
}

Test(quicklist_limits, a_large_element_in_the_place_of_a_small_one_joins_what_stands_around_it)
{
    struct quicklist *list = quicklist_create(3, 0, 10);
    for (int i = 0; i < 5; i++) {
        quicklist_push(list, QUICKLIST_BACK, text("7"));
    }
    quicklist_delete_range(list, 1, 1);
    cr_assert_eq(list->nodes, 2, "two and two");
    quicklist_push(list, QUICKLIST_FRONT, text("6"));
    quicklist_replace(list, 1, text("a large element"));
    cr_assert_eq(list->nodes, 3, "one, the large one, and the three behind it in one node");
    quicklist_destroy(list);
}

Test(quicklist_limits, deleting_across_nodes_leaves_the_rest_in_order)
{
    struct quicklist *list = numbered(4, 20);
    quicklist_delete_range(list, 2, 13);
    static const int64_t wanted[] = {0, 1, 15, 16, 17, 18, 19};
    cr_assert_eq(list->count, ARRAY_LENGTH(wanted));
    for (uint64_t i = 0; i < ARRAY_LENGTH(wanted); i++) {
        cr_assert_eq(number_at(list, i), wanted[i]);
    }
    quicklist_destroy(list);
}

Test(quicklist_limits, deleting_everything_leaves_no_node)
{
    struct quicklist *list = numbered(4, 20);
    quicklist_delete_range(list, 0, 20);
    cr_assert_eq(list->count, 0);
    cr_assert_eq(list->nodes, 0);
    cr_assert_null(list->first);
    quicklist_destroy(list);
}

Test(quicklist_limits, removing_equal_elements_counts_from_the_end_that_was_named)
{
    struct quicklist *list = quicklist_create(2, 0, 0);
    static const char *const elements[] = {"7", "1", "7", "2", "7"};
    for (size_t i = 0; i < ARRAY_LENGTH(elements); i++) {
        quicklist_push(list, QUICKLIST_BACK, text(elements[i]));
    }
    cr_assert_eq(quicklist_remove_equal(list, SLICE_LITERAL("7"), 2, QUICKLIST_BACK), 2);
    static const int64_t wanted[] = {7, 1, 2};
    cr_assert_eq(list->count, ARRAY_LENGTH(wanted));
    for (uint64_t i = 0; i < ARRAY_LENGTH(wanted); i++) {
        cr_assert_eq(number_at(list, i), wanted[i]);
    }
    quicklist_destroy(list);
}

Test(quicklist_limits, a_number_is_not_equal_to_its_text_with_a_zero_before_it)
{
    struct quicklist *list = numbered(4, 8);
    cr_assert_eq(quicklist_remove_equal(list, SLICE_LITERAL("07"), 8, QUICKLIST_FRONT), 0);
    cr_assert_eq(quicklist_remove_equal(list, SLICE_LITERAL("7"), 8, QUICKLIST_FRONT), 1);
    quicklist_destroy(list);
}

Test(quicklist_limits, a_large_element_that_replaces_a_small_one_stands_alone)
{
    struct quicklist *list = quicklist_create(-2, 0, 10);
    for (int i = 0; i < 3; i++) {
        quicklist_push(list, QUICKLIST_BACK, text("5"));
    }
    cr_assert_eq(list->nodes, 1);
    quicklist_replace(list, 1, text("a large element"));
    cr_assert_eq(list->nodes, 3, "one before it and one after it");
    quicklist_replace(list, 1, text("6"));
    cr_assert_eq(list->nodes, 2, "a small one again stands with what is behind it");
    cr_assert_eq(number_at(list, 1), 6);
    cr_assert_eq(list->count, 3);
    quicklist_destroy(list);
}

Test(quicklist_limits, a_copy_is_changed_alone)
{
    struct quicklist *list = numbered(2, 6);
    struct quicklist *copy = quicklist_copy(list);
    quicklist_replace(copy, 3, text("77"));
    quicklist_drop(copy, QUICKLIST_BACK, 1);
    cr_assert_eq(number_at(list, 3), 3);
    cr_assert_eq(number_at(copy, 3), 77);
    cr_assert_eq(list->count, 6);
    quicklist_destroy(list);
    quicklist_destroy(copy);
}

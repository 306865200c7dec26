/* SPDX-License-Identifier: BSD-3-Clause */
/* The layout of entries inside a node, element by element, and refusing malformed nodes.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>

#include "sherd/base/memory.h"
#include "sherd/value/stream_node.h"

static const struct slice TEMPERATURE[] = {SLICE_LITERAL("t"), SLICE_LITERAL("20")};
static const struct slice HUMIDITY[] = {SLICE_LITERAL("h"), SLICE_LITERAL("wet")};

static struct stream_id id_of(uint64_t ms, uint64_t seq)
{
    return (struct stream_id){.ms = ms, .seq = seq};
}

static struct stream_pairs one(const struct slice *items)
{
    return (struct stream_pairs){.items = items, .count = 1};
}

/* Entries 100-5 and 101-2 with the master's field, and 101-3 with another. */
static void make_three(struct stream_node *node)
{
    stream_node_init(node, id_of(100, 5), one(TEMPERATURE));
    stream_node_append(node, id_of(100, 5), one(TEMPERATURE));
    stream_node_append(node, id_of(101, 2), one(TEMPERATURE));
    stream_node_append(node, id_of(101, 3), one(HUMIDITY));
}

static void expect_elements(const struct stream_node *node, const char *expected)
{
    char line[512];
    size_t len = 0;
    for (size_t at = listpack_first(&node->pack); at != LISTPACK_NONE; at = listpack_next(&node->pack, at)) {
        char text[LISTPACK_INT_TEXT_BYTES];
        struct slice element = listpack_get_text(&node->pack, at, text);
        memcpy(line + len, element.data, element.len);
        len += element.len;
        line[len++] = ' ';
    }
    cr_assert(slice_equals(slice_make(line, len), slice_from_text(expected)), "%.*s", (int)len, line);
}

static bool is_valid(const struct stream_node *node)
{
    return stream_node_validate(node->pack.data, listpack_bytes(&node->pack));
}

Test(stream_node, lays_out_a_master_and_its_entries)
{
    struct stream_node node;
    make_three(&node);
    expect_elements(&node, "3 0 1 t 0 "
                           "2 0 0 20 4 "
                           "2 1 -3 20 4 "
                           "0 1 -2 1 h wet 6 ");
    cr_assert(is_valid(&node));
    stream_node_deinit(&node);
}

Test(stream_node, reads_entries_in_both_directions)
{
    static const uint64_t ms[] = {100, 101, 101};
    static const uint64_t seq[] = {5, 2, 3};
    struct stream_node node;
    struct stream_entry entry;
    make_three(&node);
    size_t seen = 0;
    for (stream_node_first(&node, &entry); entry.at != LISTPACK_NONE; stream_node_next(&node, &entry), seen++) {
        cr_assert(stream_id_equals(entry.id, id_of(ms[seen], seq[seen])));
        cr_assert_eq(entry.pairs_left, 1);
        cr_assert_eq(entry.has_master_fields, seen < 2);
        cr_assert_not(entry.is_deleted);
    }
    cr_assert_eq(seen, 3);
    for (stream_node_last(&node, &entry); entry.at != LISTPACK_NONE; stream_node_prev(&node, &entry)) {
        seen--;
        cr_assert(stream_id_equals(entry.id, id_of(ms[seen], seq[seen])));
    }
    cr_assert_eq(seen, 0);
    stream_node_deinit(&node);
}

Test(stream_node, flags_deleted_entries_and_counts_them)
{
    struct stream_node node;
    struct stream_entry entry;
    make_three(&node);
    stream_node_first(&node, &entry);
    stream_node_flag_deleted(&node, &entry);
    stream_node_last(&node, &entry);
    stream_node_flag_deleted(&node, &entry);
    stream_node_count_deleted(&node, 2);
    expect_elements(&node, "1 2 1 t 0 "
                           "3 0 0 20 4 "
                           "2 1 -3 20 4 "
                           "1 1 -2 1 h wet 6 ");
    cr_assert_eq(stream_node_live(&node), 1);
    cr_assert_eq(stream_node_deleted(&node), 2);
    cr_assert(is_valid(&node));
    stream_node_deinit(&node);
}

Test(stream_node, is_full_by_entries_deleted_ones_included)
{
    struct stream_node node;
    struct stream_entry entry;
    make_three(&node);
    stream_node_first(&node, &entry);
    stream_node_flag_deleted(&node, &entry);
    stream_node_count_deleted(&node, 1);
    struct stream_limits limits = {.node_max_bytes = 0, .node_max_entries = 3};
    cr_assert(stream_node_is_full(&node, 1, &limits));
    limits.node_max_entries = 4;
    cr_assert_not(stream_node_is_full(&node, 1, &limits));
    limits.node_max_entries = 0;
    cr_assert_not(stream_node_is_full(&node, 1, &limits));
    stream_node_deinit(&node);
}

Test(stream_node, is_full_when_fields_and_values_would_reach_the_bytes)
{
    struct stream_node node;
    make_three(&node);
    size_t have = listpack_bytes(&node.pack);
    struct stream_limits limits = {.node_max_bytes = have + 10, .node_max_entries = 0};
    cr_assert_not(stream_node_is_full(&node, 9, &limits));
    cr_assert(stream_node_is_full(&node, 10, &limits));
    limits.node_max_bytes = 0;
    cr_assert(stream_node_is_full(&node, STREAM_NODE_MAX_BYTES, &limits), "1 GiB is the end without a limit too");
    stream_node_deinit(&node);
}

Test(stream_node, carries_the_greatest_differences_of_ids)
{
    struct stream_node node;
    struct stream_entry entry;
    stream_node_init(&node, id_of(0, UINT64_MAX), one(TEMPERATURE));
    stream_node_append(&node, id_of(0, UINT64_MAX), one(TEMPERATURE));
    stream_node_append(&node, id_of(UINT64_MAX, 0), one(TEMPERATURE));
    stream_node_last(&node, &entry);
    cr_assert(stream_id_equals(entry.id, id_of(UINT64_MAX, 0)));
    stream_node_deinit(&node);
}

/* Replaces one element by an integer and tells whether the node is still taken for valid. */
static bool is_valid_with(int64_t index, int64_t value)
{
    struct stream_node node;
    make_three(&node);
    listpack_replace_int(&node.pack, listpack_seek(&node.pack, index), value);
    bool valid = is_valid(&node);
    stream_node_deinit(&node);
    return valid;
}

Test(stream_node, refuses_nodes_whose_numbers_do_not_hold)
{
    cr_assert(is_valid_with(0, 3), "as it was");
    cr_assert_not(is_valid_with(0, 2), "live");
    cr_assert_not(is_valid_with(1, 1), "deleted");
    cr_assert_not(is_valid_with(2, 2), "fields of the master");
    cr_assert_not(is_valid_with(2, -1), "negative fields");
    cr_assert_not(is_valid_with(2, INT64_MAX), "more fields than bytes");
    cr_assert_not(is_valid_with(4, 1), "end of the master");
    cr_assert_not(is_valid_with(5, 4), "unknown flag");
    cr_assert_not(is_valid_with(5, 3), "deleted but not counted");
    cr_assert_not(is_valid_with(9, 5), "elements before");
    cr_assert_not(is_valid_with(18, 2), "fields of an entry");
    cr_assert_not(is_valid_with(18, INT64_MAX), "fields that overflow");
}

Test(stream_node, refuses_nodes_that_are_cut_short)
{
    struct stream_node node;
    make_three(&node);
    while (listpack_first(&node.pack) != LISTPACK_NONE) {
        (void)listpack_delete(&node.pack, listpack_last(&node.pack));
        cr_assert_not(is_valid(&node));
    }
    cr_assert_not(stream_node_validate((const unsigned char *)"", 0));
    stream_node_deinit(&node);
}

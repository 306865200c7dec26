/* SPDX-License-Identifier: BSD-3-Clause */
/* The index of a stream's nodes, beside a plain array of ids.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "sherd/base/memory.h"
#include "sherd/value/stream_nodes.h"

#define MODEL_NODES 5000

struct model {
    uint64_t ms[MODEL_NODES];
    size_t count;
};

static void append(struct stream_nodes *nodes, uint64_t ms)
{
    struct slice items[] = {SLICE_LITERAL("f"), SLICE_LITERAL("v")};
    struct stream_node *node = stream_nodes_append(nodes);
    stream_node_init(node, (struct stream_id){.ms = ms, .seq = 0}, (struct stream_pairs){.items = items, .count = 1});
}

static void drop(struct stream_nodes *nodes, struct stream_place *place)
{
    stream_node_deinit(stream_nodes_at(nodes, *place));
    stream_nodes_drop(nodes, place);
}

static void compare(const struct stream_nodes *nodes, const struct model *model)
{
    cr_assert_eq(nodes->count, model->count);
    struct stream_place place = stream_nodes_first(nodes);
    for (size_t i = 0; i < model->count; i++, place = stream_nodes_next(nodes, place)) {
        cr_assert_eq(stream_nodes_at(nodes, place)->master.ms, model->ms[i]);
    }
    cr_assert_null(stream_nodes_at(nodes, place));
    place = stream_nodes_last(nodes);
    for (size_t i = model->count; i-- > 0; place = stream_nodes_prev(nodes, place)) {
        cr_assert_eq(stream_nodes_at(nodes, place)->master.ms, model->ms[i]);
    }
    cr_assert_null(stream_nodes_at(nodes, place));
}

/* What floor should find: the index, or MODEL_NODES for none. */
static size_t model_floor(const struct model *model, uint64_t ms)
{
    size_t found = MODEL_NODES;
    for (size_t i = 0; i < model->count && model->ms[i] <= ms; i++) {
        found = i;
    }
    return found;
}

Test(stream_nodes, is_empty_at_first_and_costs_nothing)
{
    struct stream_nodes nodes;
    stream_nodes_init(&nodes);
    cr_assert_eq(nodes.bytes, 0);
    cr_assert_null(stream_nodes_tail(&nodes));
    cr_assert_null(stream_nodes_at(&nodes, stream_nodes_first(&nodes)));
    cr_assert_null(stream_nodes_at(&nodes, stream_nodes_floor(&nodes, STREAM_ID_MAX)));
    stream_nodes_deinit(&nodes);
}

Test(stream_nodes, keeps_one_node_small)
{
    struct stream_nodes nodes;
    stream_nodes_init(&nodes);
    append(&nodes, 1);
    cr_assert_lt(nodes.bytes, 128);
    stream_nodes_deinit(&nodes);
}

Test(stream_nodes, slides_as_a_queue_without_growing)
{
    struct stream_nodes nodes;
    stream_nodes_init(&nodes);
    for (uint64_t ms = 1; ms <= 1000; ms++) {
        append(&nodes, ms);
    }
    for (uint64_t ms = 1001; ms <= 100000; ms++) {
        struct stream_place first = stream_nodes_first(&nodes);
        append(&nodes, ms);
        drop(&nodes, &first);
        cr_assert_eq(stream_nodes_at(&nodes, first)->master.ms, ms - 999);
    }
    cr_assert_eq(nodes.count, 1000);
    cr_assert_lt(nodes.bytes, 1000 * sizeof(struct stream_node) * 3 / 2);
    stream_nodes_deinit(&nodes);
}

Test(stream_nodes, accounts_for_all_its_memory)
{
    struct stream_nodes nodes;
    stream_nodes_init(&nodes);
    for (uint64_t ms = 1; ms <= 3000; ms++) {
        append(&nodes, ms);
    }
    size_t full = nodes.bytes;
    struct stream_place place = stream_nodes_first(&nodes);
    while (nodes.count != 0) {
        drop(&nodes, &place);
    }
    cr_assert_lt(nodes.bytes, full / 100);
    cr_assert_eq(nodes.bytes, nodes.cap * sizeof(void *), "only the directory is left");
    append(&nodes, 9000);
    cr_assert_eq(stream_nodes_tail(&nodes)->master.ms, 9000);
    stream_nodes_deinit(&nodes);
}

static void random_step(struct stream_nodes *nodes, struct model *model, uint64_t *ms, int appending)
{
    if (model->count < MODEL_NODES && random() % 100 < appending) {
        *ms += 1 + (uint64_t)random() % 3;
        append(nodes, *ms);
        model->ms[model->count++] = *ms;
        return;
    }
    if (model->count == 0) {
        return;
    }
    size_t index = random() % 2 ? 0 : (size_t)random() % model->count;
    struct stream_place place = stream_nodes_floor(nodes, (struct stream_id){.ms = model->ms[index], .seq = 5});
    cr_assert_eq(stream_nodes_at(nodes, place)->master.ms, model->ms[index]);
    drop(nodes, &place);
    model->count--;
    memmove(model->ms + index, model->ms + index + 1, (model->count - index) * sizeof(uint64_t));
    const struct stream_node *next = stream_nodes_at(nodes, place);
    cr_assert_eq(next == NULL, index == model->count);
    cr_assert(next == NULL || next->master.ms == model->ms[index]);
}

Test(stream_nodes, agrees_with_an_array_under_random_changes)
{
    struct model *model = memory_alloc_zeroed(sizeof(*model));
    struct stream_nodes nodes;
    uint64_t ms = 10;
    stream_nodes_init(&nodes);
    srandom(11);
    for (int round = 0; round < 60000; round++) {
        random_step(&nodes, model, &ms, (round / 6000) % 2 ? 20 : 90);
        uint64_t wanted = (uint64_t)random() % (ms + 2);
        const struct stream_node *node =
            stream_nodes_at(&nodes, stream_nodes_floor(&nodes, (struct stream_id){.ms = wanted, .seq = 0}));
        size_t expected = round % 16 == 0 ? model_floor(model, wanted) : MODEL_NODES + 1;
        if (expected <= MODEL_NODES) {
            cr_assert_eq(node == NULL, expected == MODEL_NODES);
            cr_assert(node == NULL || node->master.ms == model->ms[expected]);
        }
        if (round % 500 == 0) {
            compare(&nodes, model);
        }
    }
    stream_nodes_deinit(&nodes);
    memory_free(model);
}

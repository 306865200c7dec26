/* SPDX-License-Identifier: BSD-3-Clause */
/* Records ordered by stream id: both ends, the middle, splitting and joining of chunks; a random run beside a naive
 * array.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "sherd/base/memory.h"
#include "sherd/value/stream_index.h"

struct record {
    struct stream_id id;
    uint64_t tag;
};

static struct stream_id id_of(uint64_t ms)
{
    return (struct stream_id){.ms = ms / 7, .seq = ms % 7};
}

static void put(struct stream_index *index, uint64_t number)
{
    bool is_new;
    struct record *record = stream_index_add(index, id_of(number), &is_new);
    cr_assert(is_new);
    record->tag = number;
}

static void check_order(const struct stream_index *index)
{
    size_t seen = 0;
    struct stream_id before = STREAM_ID_MIN;
    struct stream_index_place place = {.chunk = 0};
    const struct record *record;
    for (; (record = stream_index_at(index, place)) != NULL; place = stream_index_next(index, place)) {
        cr_assert(seen == 0 || stream_id_compare(before, record->id) < 0);
        cr_assert(stream_id_equals(record->id, id_of(record->tag)));
        before = record->id;
        seen++;
    }
    cr_assert_eq(seen, index->count);
}

Test(stream_index, is_empty_at_first)
{
    size_t bytes = 0;
    struct stream_index index;
    stream_index_init(&index, sizeof(struct record), &bytes);
    cr_assert_null(stream_index_find(&index, id_of(1)));
    cr_assert_null(stream_index_first(&index));
    cr_assert_null(stream_index_last(&index));
    cr_assert_null(stream_index_at(&index, stream_index_seek(&index, id_of(0))));
    cr_assert_not(stream_index_remove(&index, id_of(1)));
    stream_index_deinit(&index);
    cr_assert_eq(bytes, 0);
}

Test(stream_index, keeps_a_queue_that_is_filled_at_the_end_and_emptied_at_the_front)
{
    size_t bytes = 0;
    struct stream_index index;
    stream_index_init(&index, sizeof(struct record), &bytes);
    size_t most = 0;
    for (uint64_t i = 1; i <= 20000; i++) {
        put(&index, i);
        if (i > 100) {
            cr_assert(stream_index_remove(&index, id_of(i - 100)));
        }
        most = bytes > most ? bytes : most;
    }
    check_order(&index);
    cr_assert_eq(index.count, 100);
    cr_assert(most < 4 * 127 * sizeof(struct record), "no room is lost at the front: %zu bytes", most);
    stream_index_deinit(&index);
    cr_assert_eq(bytes, 0);
}

Test(stream_index, fills_chunks_when_ids_grow)
{
    size_t bytes = 0;
    struct stream_index index;
    stream_index_init(&index, sizeof(struct record), &bytes);
    for (uint64_t i = 0; i < 127000; i++) {
        put(&index, i);
    }
    cr_assert(bytes < 127000 * sizeof(struct record) * 103 / 100, "%zu bytes", bytes);
    stream_index_deinit(&index);
}

Test(stream_index, gives_memory_back_as_it_empties_anywhere)
{
    size_t bytes = 0;
    struct stream_index index;
    stream_index_init(&index, sizeof(struct record), &bytes);
    for (uint64_t i = 0; i < 12700; i++) {
        put(&index, i);
    }
    size_t full = bytes;
    for (uint64_t i = 0; i < 12700; i++) {
        if (i % 20 != 0) {
            cr_assert(stream_index_remove(&index, id_of(i)));
        }
    }
    check_order(&index);
    cr_assert(bytes < full / 4, "a twentieth is left in %zu of %zu bytes", bytes, full);
    for (uint64_t i = 20; i < 12700; i += 20) {
        cr_assert(stream_index_remove(&index, id_of(i)));
    }
    cr_assert(bytes < 1000, "one is left in %zu bytes", bytes);
    cr_assert(stream_index_remove(&index, id_of(0)));
    cr_assert_eq(bytes, 0);
    stream_index_deinit(&index);
}

Test(stream_index, goes_on_growing_from_a_copy_of_any_size)
{
    for (uint64_t count = 1; count < 140; count++) {
        size_t bytes = 0;
        size_t copy_bytes = 0;
        struct stream_index index, copy;
        stream_index_init(&index, sizeof(struct record), &bytes);
        for (uint64_t i = 0; i < count; i++) {
            put(&index, i);
        }
        stream_index_copy(&copy, &index, &copy_bytes);
        for (uint64_t i = count; i < count + 10; i++) {
            put(&copy, i);
        }
        check_order(&copy);
        cr_assert_eq(index.count, count);
        stream_index_deinit(&index);
        stream_index_deinit(&copy);
        cr_assert_eq(copy_bytes, 0);
    }
}

enum {
    RANGE = 3000, /* numbers in play */
};

/* Compares one place of the index with the model, in which true means there. */
static void check_seek(const struct stream_index *index, const bool *model, uint64_t from)
{
    const struct record *record = stream_index_at(index, stream_index_seek(index, id_of(from)));
    uint64_t expected = from;
    while (expected < RANGE && !model[expected]) {
        expected++;
    }
    cr_assert_eq(record == NULL, expected == RANGE);
    cr_assert(record == NULL || record->tag == expected);
    cr_assert_eq(stream_index_find(index, id_of(from)) != NULL, model[from]);
}

Test(stream_index, behaves_like_a_sorted_array)
{
    size_t bytes = 0;
    size_t copy_bytes = 0;
    struct stream_index index;
    bool *model = memory_alloc_zeroed(RANGE * sizeof(*model));
    stream_index_init(&index, sizeof(struct record), &bytes);
    unsigned seed = 20261122;
    size_t count = 0;
    for (unsigned step = 0; step < 60000; step++) {
        uint64_t number = (uint64_t)rand_r(&seed) % RANGE;
        /* Phases of growing and shrinking, so that chunks split and join. */
        bool adds = rand_r(&seed) % 100 < (step / 6000 % 2 == 0 ? 75 : 25);
        bool is_new;
        if (adds) {
            struct record *record = stream_index_add(&index, id_of(number), &is_new);
            cr_assert_eq(is_new, !model[number]);
            cr_assert(is_new || record->tag == number);
            record->tag = number;
            count += is_new;
        } else {
            cr_assert_eq(stream_index_remove(&index, id_of(number)), model[number]);
            count -= model[number];
        }
        model[number] = adds;
        cr_assert_eq(index.count, count);
        check_seek(&index, model, (uint64_t)rand_r(&seed) % RANGE);
        if (step % 2000 == 0) {
            check_order(&index);
            struct stream_index copy;
            stream_index_copy(&copy, &index, &copy_bytes);
            check_order(&copy);
            stream_index_deinit(&copy);
            cr_assert_eq(copy_bytes, 0);
        }
    }
    stream_index_deinit(&index);
    cr_assert_eq(bytes, 0, "every byte was counted both ways");
    memory_free(model);
}

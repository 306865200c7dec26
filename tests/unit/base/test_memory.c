/* SPDX-License-Identifier: BSD-3-Clause */
/* Allocation, size classes and the counters of the allocator.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>
#include <pthread.h>

#ifndef SHERD_SANITIZED
#include <jemalloc/jemalloc.h>
#endif

#include "sherd/base/memory.h"

Test(memory, gives_zeroed_and_aligned_blocks)
{
    char *zeroed = memory_alloc_zeroed(100);
    for (int i = 0; i < 100; i++) {
        cr_assert_eq(zeroed[i], 0);
    }
    memory_free(zeroed);
    for (size_t bytes = 0; bytes < 300; bytes += 37) {
        void *line = memory_alloc_line(bytes);
        cr_expect_eq((uintptr_t)line % CACHE_LINE_BYTES, 0);
        cr_expect_geq(memory_usable_bytes(line), bytes);
        memory_free(line);
    }
}

Test(memory, zero_bytes_are_a_block_too)
{
    void *block = memory_alloc(0);
    cr_assert_not_null(block);
    block = memory_resize(block, 0);
    cr_assert_not_null(block);
    block = memory_resize(block, 5000);
    cr_expect_geq(memory_usable_bytes(block), 5000);
    memory_free(block);
    memory_free(NULL);
}

#ifndef SHERD_SANITIZED

Test(memory, trying_for_more_than_there_is_gives_null)
{
    cr_expect_null(memory_try_alloc(SIZE_MAX / 4));
}

Test(memory, size_classes_follow_the_allocator)
{
    cr_expect_eq(memory_class_bytes(0), 8);
    for (size_t bytes = 1; bytes <= 70000; bytes++) {
        cr_assert_eq(memory_class_bytes(bytes), nallocx(bytes, 0), "%zu", bytes);
    }
    for (size_t power = 65536; power <= (size_t)1 << 40; power *= 2) {
        const size_t near[] = {power - 1,        power, power + 1, power + power / 4, power + power / 4 + 1,
                               power + power / 3};
        for (size_t i = 0; i < ARRAY_LENGTH(near); i++) {
            cr_assert_eq(memory_class_bytes(near[i]), nallocx(near[i], 0), "%zu", near[i]);
        }
    }
}

Test(memory, a_block_occupies_its_class)
{
    for (size_t bytes = 1; bytes < 5000; bytes += 7) {
        void *block = memory_alloc(bytes);
        cr_assert_eq(memory_usable_bytes(block), memory_class_bytes(bytes));
        memory_free(block);
    }
}

Test(memory, a_meter_takes_what_changed_since_the_last_time)
{
    struct memory_meter meter;
    memory_meter_init(&meter);
    (void)memory_meter_take(&meter);
    void *block = memory_alloc(100000);
    cr_expect_eq(memory_meter_take(&meter), (int64_t)memory_class_bytes(100000));
    cr_expect_eq(memory_meter_take(&meter), 0);
    memory_free(block);
    cr_expect_eq(memory_meter_take(&meter), -(int64_t)memory_class_bytes(100000));
}

struct parcel {
    void *block;
    int64_t change;
};

static void *free_elsewhere(void *context)
{
    struct parcel *parcel = context;
    struct memory_meter meter;
    memory_meter_init(&meter);
    (void)memory_meter_take(&meter);
    memory_free(parcel->block);
    parcel->change = memory_meter_take(&meter);
    return NULL;
}

Test(memory, a_block_freed_by_another_thread_is_subtracted_there)
{
    struct parcel parcel = {.block = memory_alloc(4096)};
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, free_elsewhere, &parcel), 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_expect_eq(parcel.change, -4096);
}

Test(memory, names_jemalloc_with_three_numbers)
{
    cr_expect_eq(strncmp(memory_allocator_name(), "jemalloc-5.", 11), 0, "%s", memory_allocator_name());
}

#endif

Test(memory, figures_grow_with_a_large_allocation)
{
    struct memory_figures before;
    struct memory_figures after;
    enum { LARGE_BYTES = 8 << 20 };
    memory_figures_read(&before);
    char *block = memory_alloc(LARGE_BYTES);
    memset(block, 1, LARGE_BYTES);
    memory_figures_read(&after);
    cr_expect_geq(after.allocated, before.allocated + LARGE_BYTES);
    cr_expect_geq(after.active, before.active + LARGE_BYTES);
    cr_expect_gt(after.rss, before.rss);
    cr_expect_geq(after.resident, after.allocated / 2);
    memory_free(block);
    memory_purge();
    memory_figures_read(&after);
    cr_expect_leq(after.allocated, before.allocated + LARGE_BYTES / 2);
}

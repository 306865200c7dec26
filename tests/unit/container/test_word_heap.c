/* SPDX-License-Identifier: BSD-3-Clause */
/* Heaps of words: the smallest comes first whatever is pushed and popped, and memory follows what is held.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>

#include "sherd/base/random.h"
#include "sherd/container/word_heap.h"

enum {
    WORDS = 20000,
};

static int by_size(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

Test(word_heap, gives_the_words_in_their_order)
{
    static uint64_t words[WORDS];
    struct word_heap heap = {0};
    struct random random;
    random_init_seed(&random, 11);
    for (int i = 0; i < WORDS; i++) {
        words[i] = random_below(&random, WORDS); /* some are equal */
        word_heap_push(&heap, words[i]);
    }
    cr_assert_eq(heap.count, WORDS);
    qsort(words, WORDS, sizeof(words[0]), by_size);
    for (int i = 0; i < WORDS; i++) {
        cr_assert_eq(word_heap_at(&heap, 0), words[i]);
        cr_assert_eq(word_heap_pop(&heap), words[i]);
    }
    cr_assert_eq(heap.count, 0);
    word_heap_deinit(&heap);
}

/* Every word is not smaller than the one it hangs from. */
static void check_order(const struct word_heap *heap)
{
    for (uint32_t i = 1; i < heap->count; i++) {
        cr_assert_geq(word_heap_at(heap, i), word_heap_at(heap, (i - 1) / 2));
    }
}

Test(word_heap, keeps_its_order_around_the_border_of_a_chunk)
{
    struct word_heap heap = {0};
    struct random random;
    random_init_seed(&random, 12);
    for (int i = 0; i < 3 * WORD_HEAP_CHUNK; i++) {
        word_heap_push(&heap, random_next(&random));
    }
    for (int i = 0; i < WORDS; i++) {
        if (random_below(&random, 2) == 0) {
            word_heap_push(&heap, random_next(&random));
        } else if (heap.count != 0) {
            (void)word_heap_pop(&heap);
        }
        if (i % 1000 == 0) {
            check_order(&heap);
        }
    }
    word_heap_deinit(&heap);
}

Test(word_heap, takes_a_chunk_more_at_a_time)
{
    struct word_heap heap = {0};
    for (uint64_t i = 0; i < WORD_HEAP_CHUNK; i++) {
        word_heap_push(&heap, i);
        cr_assert_leq(heap.cap, heap.count + heap.count / 8 + 4);
    }
    cr_assert_eq(heap.cap, WORD_HEAP_CHUNK);
    const uint64_t *first = heap.chunks[0];
    for (uint64_t i = 0; i < 100 * WORD_HEAP_CHUNK; i++) {
        word_heap_push(&heap, i);
    }
    cr_assert_eq(heap.cap, 101 * WORD_HEAP_CHUNK);
    cr_assert_eq(heap.chunks[0], first, "what is there is not moved");
    word_heap_deinit(&heap);
}

Test(word_heap, gives_its_memory_back)
{
    struct word_heap heap = {0};
    for (uint64_t i = 0; i < WORDS; i++) {
        word_heap_push(&heap, i);
    }
    while (heap.count > 0) {
        (void)word_heap_pop(&heap);
        cr_assert_lt(heap.cap - heap.count, WORD_HEAP_CHUNK + WORD_HEAP_CHUNK / 2);
    }
    cr_assert_leq(heap.cap, 64);
    word_heap_push(&heap, 5);
    cr_assert_eq(word_heap_pop(&heap), 5, "and begins again");
    word_heap_deinit(&heap);
    cr_assert_eq(heap.cap, 0);
}

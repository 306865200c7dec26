/* SPDX-License-Identifier: BSD-3-Clause */
/* The heap of words in chunks.
 * Owner: whoever embeds the struct. Locks: none. */
#include "sherd/container/word_heap.h"

#include "sherd/base/memory.h"

enum {
    FIRST_WORDS = 4,
    KEPT_WORDS = 64, /* a small first chunk is not worth shrinking */
};

static uint64_t *word_of(const struct word_heap *heap, uint32_t place)
{
    return &heap->chunks[place / WORD_HEAP_CHUNK][place % WORD_HEAP_CHUNK];
}

/* Gives the last chunk, `index`, so many words, keeping what it holds. */
static void chunk_resize(struct word_heap *heap, uint32_t index, uint32_t words)
{
    heap->chunks[index] = memory_resize(heap->chunks[index], words * sizeof(uint64_t));
    heap->cap = index * WORD_HEAP_CHUNK + words;
}

static void grow(struct word_heap *heap)
{
    if (heap->cap != 0 && heap->cap < WORD_HEAP_CHUNK) {
        uint32_t words = heap->cap + heap->cap / 8 + FIRST_WORDS;
        chunk_resize(heap, 0, words < WORD_HEAP_CHUNK ? words : WORD_HEAP_CHUNK);
        return;
    }
    uint32_t index = heap->cap / WORD_HEAP_CHUNK;
    if (index == heap->chunk_slots) {
        heap->chunk_slots = index == 0 ? 1 : index * 2;
        heap->chunks = memory_resize(heap->chunks, heap->chunk_slots * sizeof(heap->chunks[0]));
    }
    heap->chunks[index] = NULL;
    chunk_resize(heap, index, index == 0 ? FIRST_WORDS : WORD_HEAP_CHUNK);
}

/* A chunk goes when half of the one before it is empty too, so that the heap rests at the border. */
static void shrink(struct word_heap *heap)
{
    if (heap->cap > WORD_HEAP_CHUNK) {
        if (heap->cap - heap->count >= WORD_HEAP_CHUNK + WORD_HEAP_CHUNK / 2) {
            heap->cap -= WORD_HEAP_CHUNK;
            memory_free(heap->chunks[heap->cap / WORD_HEAP_CHUNK]);
        }
    } else if (heap->cap > KEPT_WORDS && heap->count < heap->cap / 4) {
        chunk_resize(heap, 0, heap->cap / 2);
    }
}

void word_heap_deinit(struct word_heap *heap)
{
    for (uint32_t i = 0; i * WORD_HEAP_CHUNK < heap->cap; i++) {
        memory_free(heap->chunks[i]);
    }
    memory_free(heap->chunks);
    *heap = (struct word_heap){0};
}

void word_heap_push(struct word_heap *heap, uint64_t word)
{
    if (heap->count == heap->cap) {
        grow(heap);
    }
    uint32_t at = heap->count++;
    for (; at > 0 && word_heap_at(heap, (at - 1) / 2) > word; at = (at - 1) / 2) {
        *word_of(heap, at) = word_heap_at(heap, (at - 1) / 2);
    }
    *word_of(heap, at) = word;
}

uint64_t word_heap_pop(struct word_heap *heap)
{
    uint64_t top = word_heap_at(heap, 0);
    uint64_t last = word_heap_at(heap, --heap->count);
    uint32_t at = 0;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= heap->count) {
            break;
        }
        if (child + 1 < heap->count && word_heap_at(heap, child + 1) < word_heap_at(heap, child)) {
            child++;
        }
        if (word_heap_at(heap, child) >= last) {
            break;
        }
        *word_of(heap, at) = word_heap_at(heap, child);
        at = child;
    }
    *word_of(heap, at) = last;
    shrink(heap);
    return top;
}

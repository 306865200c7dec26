/* SPDX-License-Identifier: BSD-3-Clause */
/* A binary heap of 64-bit words, the smallest first, equal ones allowed.
 *
 *   chunks -> [ 512 words ][ 512 words ] ... [ 512 words ]     cap 512 n, or
 *             [ 4 .. 512 words ]                               while one is enough
 *
 * It grows and shrinks by a chunk of a page, so that no push copies what is there: a heap of 2^17 words that doubled in
 * one piece kept its shard for the faults of 256 pages.
 * Owner: whoever embeds the struct. Locks: none. All zeros is an empty heap. */
#ifndef SHERD_CONTAINER_WORD_HEAP_H
#define SHERD_CONTAINER_WORD_HEAP_H

#include <stdint.h>

enum {
    WORD_HEAP_CHUNK = 512, /* words */
};

struct word_heap {
    uint64_t **chunks;
    uint32_t count;
    uint32_t cap;         /* words that fit into the chunks */
    uint32_t chunk_slots; /* of `chunks` */
};

/* Frees what it holds; it is empty afterwards. */
void word_heap_deinit(struct word_heap *heap);
void word_heap_push(struct word_heap *heap, uint64_t word);
/* Removes and gives the smallest. There is one. */
uint64_t word_heap_pop(struct word_heap *heap);

/* The word at a place below `count`: 0 is the smallest, the rest in no order. */
static inline uint64_t word_heap_at(const struct word_heap *heap, uint32_t place)
{
    return heap->chunks[place / WORD_HEAP_CHUNK][place % WORD_HEAP_CHUNK];
}

#endif

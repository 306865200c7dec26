/* SPDX-License-Identifier: BSD-3-Clause */
/* Blocks that are filled from the front; what is larger than a block gets its own.
 * Owner: the arena's. Locks: none. */
#include "sherd/base/arena.h"

#include "sherd/base/memory.h"

enum {
    FIRST_BYTES = 1024,
    BLOCK_BYTES = 64 * 1024,
};

struct arena_block {
    struct arena_block *next;
    size_t used;
    size_t cap;
    _Alignas(8) char bytes[];
};

void arena_deinit(struct arena *arena)
{
    while (arena->blocks != NULL) {
        struct arena_block *next = arena->blocks->next;
        memory_free(arena->blocks);
        arena->blocks = next;
    }
}

static struct arena_block *block_add(struct arena *arena, size_t bytes)
{
    size_t cap = arena->blocks == NULL ? FIRST_BYTES : arena->blocks->cap * 2;
    cap = cap > BLOCK_BYTES ? BLOCK_BYTES : cap;
    cap = cap < bytes ? bytes : cap;
    struct arena_block *block = memory_alloc(sizeof(*block) + cap);
    *block = (struct arena_block){.next = arena->blocks, .cap = cap};
    arena->blocks = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    size_t rounded = (bytes + 7) & ~(size_t)7;
    struct arena_block *block = arena->blocks;
    if (block == NULL || block->cap - block->used < rounded) {
        block = block_add(arena, rounded);
    }
    char *room = block->bytes + block->used;
    block->used += rounded;
    return room;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Bytes that are made one after the other and freed together: what a long command keeps until its reply is out.
 * Owner: whoever embeds the arena. Locks: none. */
#ifndef SHERD_BASE_ARENA_H
#define SHERD_BASE_ARENA_H

#include "sherd/base/slice.h"

struct arena_block;

struct arena {
    struct arena_block *blocks; /* owned; NULL: empty */
};

static inline void arena_init(struct arena *arena)
{
    arena->blocks = NULL;
}
void arena_deinit(struct arena *arena);
/* Room for so many bytes, aligned to 8, until the arena goes. */
NODISCARD void *arena_alloc(struct arena *arena, size_t bytes);
/* Copies bytes. */
NODISCARD static inline struct slice arena_keep(struct arena *arena, struct slice bytes)
{
    char *room = arena_alloc(arena, bytes.len);
    if (bytes.len != 0) {
        memcpy(room, bytes.data, bytes.len);
    }
    return slice_make(room, bytes.len);
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Arenas: what is kept stays, whatever comes after it.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>

#include "sherd/base/arena.h"

Test(arena, keeps_bytes_of_all_sizes_until_it_goes)
{
    struct arena arena;
    arena_init(&arena);
    char big[40000];
    memset(big, 'x', sizeof(big));
    struct slice kept[500];
    for (size_t i = 0; i < ARRAY_LENGTH(kept); i++) {
        big[0] = (char)i;
        kept[i] = arena_keep(&arena, slice_make(big, (i * i + 1) % sizeof(big)));
    }
    for (size_t i = 0; i < ARRAY_LENGTH(kept); i++) {
        cr_assert_eq(kept[i].len, (i * i + 1) % sizeof(big));
        cr_assert_eq((uintptr_t)kept[i].data % 8, 0);
        cr_assert_eq(kept[i].data[0], (char)i);
        cr_assert(kept[i].len < 2 || kept[i].data[kept[i].len - 1] == 'x');
    }
    cr_assert_eq(arena_keep(&arena, slice_make(NULL, 0)).len, 0);
    arena_deinit(&arena);
    cr_assert_null(arena.blocks);
}

Test(arena, may_stay_empty)
{
    struct arena arena;
    arena_init(&arena);
    arena_deinit(&arena);
}

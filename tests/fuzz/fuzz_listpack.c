/* SPDX-License-Identifier: BSD-3-Clause */
/* Listpacks from outside: what validation accepts can be walked both ways, read, searched, changed and copied, and the
 * result is valid again.
 * Room: container
 * Owner: each run owns its lists. Locks: none. */
#include <stdint.h>

#include "sherd/base/memory.h"
#include "sherd/container/listpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Walks forwards, then backwards over the same elements. */
static void walk(const struct listpack *lp)
{
    size_t forwards = 0, backwards = 0;
    for (size_t at = listpack_first(lp); at != LISTPACK_NONE; at = listpack_next(lp, at)) {
        char text[LISTPACK_INT_TEXT_BYTES];
        struct slice element = listpack_get_text(lp, at, text);
        ASSERT(listpack_equals(lp, at, element));
        forwards++;
    }
    for (size_t at = listpack_last(lp); at != LISTPACK_NONE; at = listpack_prev(lp, at)) {
        backwards++;
    }
    ASSERT(forwards == backwards && forwards == listpack_count(lp));
}

static void change(struct listpack *lp, uint8_t choice)
{
    size_t count = listpack_count(lp);
    size_t at = listpack_seek(lp, count == 0 ? 0 : choice % (int64_t)count);
    (void)listpack_insert_int(lp, at, choice - 100);
    (void)listpack_insert(lp, listpack_first(lp), SLICE_LITERAL("one more"));
    ASSERT(listpack_count(lp) == count + 2);
    listpack_replace(lp, listpack_last(lp),
                     SLICE_LITERAL("the last one, a text that is longer than sixty-three bytes"));
    (void)listpack_delete_range(lp, listpack_first(lp), 1 + choice % 3);
    listpack_append_int(lp, INT64_MIN);
    ASSERT(listpack_validate(lp->data, listpack_bytes(lp)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || !listpack_validate(data + 1, size - 1)) {
        return 0;
    }
    unsigned char *owned = memory_alloc(size - 1);
    memcpy(owned, data + 1, size - 1);
    struct listpack lp, copy;
    listpack_adopt(&lp, owned, size - 1);
    walk(&lp);
    listpack_copy(&copy, &lp);
    change(&lp, data[0]);
    walk(&lp);
    ASSERT(listpack_validate(copy.data, listpack_bytes(&copy)));
    listpack_deinit(&copy);
    listpack_deinit(&lp);
    return 0;
}

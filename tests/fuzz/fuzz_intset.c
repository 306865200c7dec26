/* SPDX-License-Identifier: BSD-3-Clause */
/* Intsets from outside: what validation accepts can be read, searched, changed and copied, and the result is valid
 * again.
 * Room: container
 * Owner: each run owns its sets. Locks: none. */
#include <stdint.h>
#include <string.h>

#include "sherd/base/memory.h"
#include "sherd/container/intset.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const struct intset *set)
{
    size_t count = intset_count(set);
    for (size_t i = 0; i < count; i++) {
        int64_t value = intset_get(set, i);
        ASSERT(intset_contains(set, value));
        ASSERT(i == 0 || intset_get(set, i - 1) < value);
    }
}

static void change(struct intset *set, const uint8_t *choice)
{
    int64_t value;
    memcpy(&value, choice, sizeof(value));
    value >>= choice[8] % 64;
    bool was_there = intset_contains(set, value);
    size_t count = intset_count(set);
    ASSERT(intset_insert(set, value) != was_there);
    ASSERT(intset_count(set) == count + !was_there);
    ASSERT(intset_validate(set->data, intset_bytes(set)));
    intset_remove_at(set, choice[9] % intset_count(set));
    ASSERT(intset_count(set) == count - was_there);
    ASSERT(count == was_there || intset_validate(set->data, intset_bytes(set)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { CHOICE_BYTES = 10 };
    if (size < CHOICE_BYTES || !intset_validate(data + CHOICE_BYTES, size - CHOICE_BYTES)) {
        return 0;
    }
    unsigned char *owned = memory_alloc(size - CHOICE_BYTES);
    memcpy(owned, data + CHOICE_BYTES, size - CHOICE_BYTES);
    struct intset set, copy;
    intset_adopt(&set, owned, size - CHOICE_BYTES);
    look(&set);
    intset_copy(&copy, &set);
    change(&set, data);
    look(&set);
    ASSERT(intset_validate(copy.data, intset_bytes(&copy)));
    intset_deinit(&copy);
    intset_deinit(&set);
    return 0;
}

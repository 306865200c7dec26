/* SPDX-License-Identifier: BSD-3-Clause */
/* HyperLogLogs from outside: whatever the bytes after a good head are, reading them finds that they are corrupt or
 * agrees with itself, and changing intact ones keeps them intact.
 * Room: container
 * Owner: each run owns its bytes. Locks: none. */
#include <stdint.h>

#include "sherd/container/hll.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Raises registers that the input names, three bytes each. */
static void change(struct hll_draft *draft, const uint8_t *data, size_t size, bool intact)
{
    for (size_t i = 0; i + 3 <= size && i < 300; i += 3) {
        struct hll_place place = {.index = ((uint32_t)data[i] << 8 | data[i + 1]) % HLL_REGISTERS,
                                  .rank = (uint8_t)(1 + data[i + 2] % HLL_RANK_MAX)};
        enum hll_change result = hll_draft_raise(draft, place);
        ASSERT(!intact || result != HLL_CORRUPT);
        ASSERT(!intact || !hll_rises(hll_draft_slice(draft), place));
    }
    ASSERT(hll_is_valid(hll_draft_slice(draft)));
    ASSERT(!intact || hll_is_intact(hll_draft_slice(draft)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || !hll_is_valid(slice_make(data + 2, size - 2))) {
        return 0;
    }
    struct slice bytes = slice_make(data + 2, size - 2);
    bool intact = hll_is_intact(bytes);
    struct hll_registers registers = {0};
    struct hll_draft draft;
    uint64_t one = 0;
    ASSERT(hll_join(&registers, bytes) == intact);
    ASSERT(hll_estimate(bytes, &one) == intact);
    ASSERT(!intact || one == hll_estimate_registers(&registers));
    struct buffer text;
    buffer_init(&text);
    if (!hll_is_dense(bytes)) {
        hll_decode(bytes, &text);
    }
    buffer_deinit(&text);
    if (hll_draft_load(&draft, bytes, (size_t)data[0] << 4)) {
        change(&draft, data + 2, size - 2, intact);
        ASSERT(hll_draft_to_dense(&draft) || !intact);
    } else {
        ASSERT(!intact);
    }
    return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* HyperLogLog: changing one. The opcodes that come out are those that Redis would have written, so the order of
 * splitting and merging matters as much as the registers.
 * Owner: the draft's. Locks: none. */
#include "hll_opcode.h"
#include "sherd/container/hll.h"

enum {
    MERGE_OPCODES = 5, /* so many are looked at, from the one before the change on */
};

void hll_draft_init(struct hll_draft *draft, size_t sparse_max_bytes)
{
    static const char head[HLL_HEADER_BYTES] = {'H', 'Y', 'L', 'L', 1};
    draft->sparse_max_bytes = sparse_max_bytes;
    draft->hint = 0;
    draft->hint_index = 0;
    memcpy(draft->bytes, head, HLL_HEADER_BYTES);
    draft->len = HLL_HEADER_BYTES + hll_opcode_write_zeros(draft->bytes + HLL_HEADER_BYTES, HLL_REGISTERS);
}

bool hll_draft_load(struct hll_draft *draft, struct slice bytes, size_t sparse_max_bytes)
{
    if (bytes.len > HLL_SPARSE_MAX_BYTES) {
        return false;
    }
    draft->sparse_max_bytes = sparse_max_bytes;
    draft->hint = 0;
    draft->hint_index = 0;
    draft->len = bytes.len;
    memcpy(draft->bytes, bytes.data, bytes.len);
    return true;
}

bool hll_draft_to_dense(struct hll_draft *draft)
{
    struct slice bytes = hll_draft_slice(draft);
    if (hll_is_dense(bytes)) {
        return true;
    }
    if (!hll_is_intact(bytes)) {
        return false;
    }
    char dense[HLL_DENSE_BYTES] = {0};
    memcpy(dense, draft->bytes, HLL_HEADER_BYTES); /* the cached cardinality stays good */
    dense[4] = 0;
    uint32_t index = 0;
    const unsigned char *end = draft->bytes + draft->len;
    for (const unsigned char *at = draft->bytes + HLL_HEADER_BYTES; at < end;) {
        struct hll_opcode opcode = hll_opcode_read(at, end);
        for (uint32_t i = index; opcode.rank != 0 && i < index + opcode.run; i++) {
            hll_dense_set(dense, (struct hll_place){.index = i, .rank = opcode.rank});
        }
        index += opcode.run;
        at += opcode.bytes;
    }
    draft->len = HLL_DENSE_BYTES;
    memcpy(draft->bytes, dense, HLL_DENSE_BYTES);
    return true;
}

static enum hll_change raise_dense(struct hll_draft *draft, struct hll_place place)
{
    if (!hll_rises(hll_draft_slice(draft), place)) {
        return HLL_SAME;
    }
    hll_dense_set((char *)draft->bytes, place);
    hll_stale((char *)draft->bytes);
    return HLL_CHANGED;
}

static enum hll_change raise_promoting(struct hll_draft *draft, struct hll_place place)
{
    return hll_draft_to_dense(draft) ? raise_dense(draft, place) : HLL_CORRUPT;
}

/* An opcode, and the places of those before it. */
struct spot {
    struct hll_opcode opcode;
    size_t at;
    uint32_t first; /* its first register */
    size_t prev;    /* 0: there is none */
};

/* Finds the opcode that covers a register, from the opcode at `at` on, whose first register is `first`. */
static bool find_from(struct hll_draft *draft, size_t at, uint32_t first, uint32_t index, struct spot *spot)
{
    const unsigned char *end = draft->bytes + draft->len;
    size_t prev = 0;
    uint32_t prev_first = first;
    draft->hint = at; /* the opcode before the previous one: a change reaches back to the previous one */
    draft->hint_index = first;
    while (at < draft->len) {
        struct hll_opcode opcode = hll_opcode_read(draft->bytes + at, end);
        if (opcode.bytes == 0) {
            return false;
        }
        if (index < first + opcode.run) {
            *spot = (struct spot){.opcode = opcode, .at = at, .first = first, .prev = prev};
            return true;
        }
        if (prev != 0) {
            draft->hint = prev;
            draft->hint_index = prev_first;
        }
        prev = at;
        prev_first = first;
        at += opcode.bytes;
        first += opcode.run;
    }
    return false;
}

/* False: corrupt. */
static bool find_spot(struct hll_draft *draft, uint32_t index, struct spot *spot)
{
    if (draft->hint > HLL_HEADER_BYTES && draft->hint_index <= index) {
        bool found = find_from(draft, draft->hint, draft->hint_index, index, spot);
        if (!found || spot->prev != 0) {
            return found;
        }
        /* The very opcode of the hint: what stands before it has to be known, too. */
    }
    return find_from(draft, HLL_HEADER_BYTES, 0, index, spot);
}

/* What an opcode becomes when one of its registers is raised: up to three opcodes. Returns their bytes. */
static size_t split(const struct spot *spot, struct hll_place place, unsigned char out[static 5])
{
    uint32_t before = place.index - spot->first;
    uint32_t after = spot->opcode.run - before - 1;
    uint8_t rank = spot->opcode.rank;
    size_t len = 0;
    if (before != 0 && rank == 0) {
        len += hll_opcode_write_zeros(out, before);
    } else if (before != 0) {
        out[len++] = hll_opcode_value(rank, before);
    }
    out[len++] = hll_opcode_value(place.rank, 1);
    if (after != 0 && rank == 0) {
        len += hll_opcode_write_zeros(out + len, after);
    } else if (after != 0) {
        out[len++] = hll_opcode_value(rank, after);
    }
    return len;
}

/* Joins neighbours with the same rank around a change. */
static void merge_around(struct hll_draft *draft, size_t at)
{
    int left = MERGE_OPCODES;
    while (at < draft->len && left-- > 0) {
        const unsigned char *end = draft->bytes + draft->len;
        struct hll_opcode one = hll_opcode_read(draft->bytes + at, end);
        if (one.rank != 0 && at + 1 < draft->len) {
            struct hll_opcode two = hll_opcode_read(draft->bytes + at + 1, end);
            if (two.rank == one.rank && one.run + two.run <= HLL_VALUE_RUN_MAX) {
                draft->bytes[at] = hll_opcode_value(one.rank, one.run + two.run);
                memmove(draft->bytes + at + 1, draft->bytes + at + 2, draft->len - at - 2);
                draft->len--;
                continue; /* what was joined may go on to the right */
            }
        }
        at += one.bytes == 0 ? 1 : one.bytes;
    }
}

enum hll_change hll_draft_raise(struct hll_draft *draft, struct hll_place place)
{
    if (hll_is_dense(hll_draft_slice(draft))) {
        return raise_dense(draft, place);
    }
    if (place.rank > HLL_SPARSE_RANK_MAX) {
        return raise_promoting(draft, place);
    }
    struct spot spot;
    if (!find_spot(draft, place.index, &spot)) {
        return HLL_CORRUPT;
    }
    if (spot.opcode.rank >= place.rank) {
        return HLL_SAME;
    }
    unsigned char fresh[5];
    size_t fresh_bytes = split(&spot, place, fresh);
    size_t old_bytes = spot.opcode.bytes;
    if (fresh_bytes > old_bytes && (draft->len + fresh_bytes - old_bytes > draft->sparse_max_bytes ||
                                    draft->len + fresh_bytes - old_bytes > HLL_SPARSE_MAX_BYTES)) {
        return raise_promoting(draft, place);
    }
    memmove(draft->bytes + spot.at + fresh_bytes, draft->bytes + spot.at + old_bytes, draft->len - spot.at - old_bytes);
    memcpy(draft->bytes + spot.at, fresh, fresh_bytes);
    draft->len = draft->len + fresh_bytes - old_bytes;
    merge_around(draft, spot.prev != 0 ? spot.prev : HLL_HEADER_BYTES);
    hll_stale((char *)draft->bytes);
    return HLL_CHANGED;
}

enum hll_change hll_draft_raise_all(struct hll_draft *draft, const struct hll_registers *registers)
{
    enum hll_change change = HLL_SAME;
    for (uint32_t i = 0; i < HLL_REGISTERS; i++) {
        if (registers->ranks[i] == 0) {
            continue;
        }
        enum hll_change one = hll_draft_raise(draft, (struct hll_place){.index = i, .rank = registers->ranks[i]});
        if (one == HLL_CORRUPT) {
            return HLL_CORRUPT;
        }
        change = one == HLL_CHANGED ? HLL_CHANGED : change;
    }
    return change;
}

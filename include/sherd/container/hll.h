/* SPDX-License-Identifier: BSD-3-Clause */
/* HyperLogLog in the string format of Redis, byte by byte, because GET, SET, DUMP and RDB files carry it verbatim:
 *
 *   "HYLL" | encoding 1 | unused 3 | cached cardinality u64 LE, its top bit set when it is stale | registers
 *
 *   dense   16384 registers of 6 bits, lowest bits first: always 12304 bytes in all
 *   sparse  00nnnnnn            n+1 registers are 0                        (zero)
 *           01nnnnnn nnnnnnnn   n+1 registers are 0, big endian            (xzero)
 *           1vvvvvnn            n+1 registers are v+1                      (value)
 *
 * An element picks a register with the low 14 bits of its hash; the register keeps the greatest rank seen: the place of
 * the lowest set bit of the rest. Hash: MurmurHash64A with seed 0xadc83b19. Estimate: O. Ertl, "New cardinality
 * estimation algorithms for HyperLogLog sketches", arXiv:1702.01284.
 * What hll_is_valid accepts may still be corrupt further in: everything here bears that, and says so.
 * Owner: whoever holds the bytes. Locks: none. */
#ifndef SHERD_CONTAINER_HLL_H
#define SHERD_CONTAINER_HLL_H

#include "sherd/base/buffer.h"

enum {
    HLL_REGISTERS = 16384,
    HLL_RANK_MAX = 51, /* of an element; a dense register has room for 63 */
    HLL_HEADER_BYTES = 16,
    HLL_DENSE_BYTES = HLL_HEADER_BYTES + HLL_REGISTERS * 6 / 8,
    HLL_SPARSE_MAX_BYTES = HLL_HEADER_BYTES + 2 * HLL_REGISTERS, /* no intact one is longer */
};

/* Where an element counts. */
struct hll_place {
    uint32_t index;
    uint8_t rank; /* 1 .. HLL_RANK_MAX */
};

struct hll_place hll_locate(struct slice element);

/* Is this a HyperLogLog, by its head and its length? */
NODISCARD bool hll_is_valid(struct slice bytes);
/* The functions below take bytes that are valid in that sense. */
bool hll_is_dense(struct slice bytes);
/* Are sparse registers well formed, and as many as there should be? */
NODISCARD bool hll_is_intact(struct slice bytes);
/* Has the register of the place a lower rank than that? Also true for a sparse one that ends before it. */
bool hll_rises(struct slice bytes, struct hll_place place);
/* The cached cardinality; false when it is stale. */
NODISCARD bool hll_cached(struct slice bytes, uint64_t *cardinality);
/* Writes the cached cardinality into the head, or marks it stale. */
void hll_cache(char *bytes, uint64_t cardinality);
void hll_stale(char *bytes);
/* Sets a register of a dense one. */
void hll_dense_set(char *bytes, struct hll_place place);
/* False: corrupt. O(registers), as what follows. */
NODISCARD bool hll_estimate(struct slice bytes, uint64_t *cardinality);
/* As PFDEBUG DECODE shows a sparse one: "Z:100 v:2,1 z:63". */
void hll_decode(struct slice bytes, struct buffer *text);

/* Registers, one a byte: for joining several. */
struct hll_registers {
    uint8_t ranks[HLL_REGISTERS];
};

/* Takes the maximum of each register; `registers` begin as zeros. False: corrupt, and some of it is in already. */
NODISCARD bool hll_join(struct hll_registers *registers, struct slice bytes);
uint64_t hll_estimate_registers(const struct hll_registers *registers);

/* One that is being changed, in room enough for whatever may become of it. */
struct hll_draft {
    size_t len;
    size_t sparse_max_bytes; /* option hll-sparse-max-bytes: a sparse one does not grow beyond it, it becomes dense */
    /* Where the search may begin for places in ascending order; 0: at the beginning. */
    size_t hint;
    uint32_t hint_index;                           /* the first register of the opcode there */
    unsigned char bytes[HLL_SPARSE_MAX_BYTES + 8]; /* a change adds 3 bytes at most */
};

enum hll_change {
    HLL_SAME,
    HLL_CHANGED,
    HLL_CORRUPT,
};

/* An empty one, sparse. */
void hll_draft_init(struct hll_draft *draft, size_t sparse_max_bytes);
/* A copy of valid bytes; false when they are too long for an intact one. */
NODISCARD bool hll_draft_load(struct hll_draft *draft, struct slice bytes, size_t sparse_max_bytes);
static inline struct slice hll_draft_slice(const struct hll_draft *draft)
{
    return slice_make(draft->bytes, draft->len);
}
/* Raises a register to the rank, if it is lower. A change makes the cached cardinality stale.
 * O(opcodes) when sparse. */
NODISCARD enum hll_change hll_draft_raise(struct hll_draft *draft, struct hll_place place);
/* The same for every place that `registers` have, in ascending order. O(registers). */
NODISCARD enum hll_change hll_draft_raise_all(struct hll_draft *draft, const struct hll_registers *registers);
/* False: corrupt, and nothing changed. */
NODISCARD bool hll_draft_to_dense(struct hll_draft *draft);

#endif

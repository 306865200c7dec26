/* SPDX-License-Identifier: BSD-3-Clause */
/* HyperLogLog: reading and estimating. Changing sparse ones is in hll_draft.c.
 * Owner: the holder of the bytes. Locks: none. */
#include "sherd/container/hll.h"

#include <math.h>

#include "hll_opcode.h"

enum {
    INDEX_BITS = 14,
    ENCODING_DENSE = 0,
    ENCODING_SPARSE = 1,
    CARDINALITY_AT = 8,
    STALE_AT = 15,
    STALE_BIT = 0x80,
    HISTOGRAM = 64, /* dense registers of hostile bytes may hold up to 63 */
};

static const uint64_t HASH_SEED = 0xadc83b19;

static uint64_t murmur64a(struct slice bytes)
{
    const uint64_t multiplier = UINT64_C(0xc6a4a7935bd1e995);
    uint64_t hash = HASH_SEED ^ (uint64_t)bytes.len * multiplier;
    const char *at = bytes.data;
    size_t left = bytes.len;
    for (; left >= 8; left -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, sizeof(word));
        word *= multiplier;
        word ^= word >> 47;
        hash = (hash ^ word * multiplier) * multiplier;
    }
    if (left != 0) {
        uint64_t word = 0;
        memcpy(&word, at, left);
        hash = (hash ^ word) * multiplier;
    }
    hash = (hash ^ hash >> 47) * multiplier;
    return hash ^ hash >> 47;
}

struct hll_place hll_locate(struct slice element)
{
    uint64_t hash = murmur64a(element);
    uint64_t rest = hash >> INDEX_BITS | UINT64_C(1) << (64 - INDEX_BITS); /* a rank of HLL_RANK_MAX at most */
    return (struct hll_place){.index = (uint32_t)(hash & (HLL_REGISTERS - 1)),
                              .rank = (uint8_t)(__builtin_ctzll(rest) + 1)};
}

bool hll_is_valid(struct slice bytes)
{
    if (bytes.len < HLL_HEADER_BYTES || memcmp(bytes.data, "HYLL", 4) != 0) {
        return false;
    }
    return bytes.data[4] == ENCODING_SPARSE || (bytes.data[4] == ENCODING_DENSE && bytes.len == HLL_DENSE_BYTES);
}

bool hll_is_dense(struct slice bytes)
{
    return bytes.data[4] == ENCODING_DENSE;
}

static unsigned dense_get(struct slice bytes, uint32_t index)
{
    size_t bit = (size_t)index * 6;
    const unsigned char *at = (const unsigned char *)bytes.data + HLL_HEADER_BYTES + bit / 8;
    unsigned shift = bit % 8;
    unsigned value = *at >> shift;
    if (shift > 2) {
        value |= (unsigned)at[1] << (8 - shift);
    }
    return value & 63;
}

void hll_dense_set(char *bytes, struct hll_place place)
{
    size_t bit = (size_t)place.index * 6;
    unsigned char *at = (unsigned char *)bytes + HLL_HEADER_BYTES + bit / 8;
    unsigned shift = bit % 8;
    at[0] = (unsigned char)((at[0] & ~(63U << shift)) | (unsigned)place.rank << shift);
    if (shift > 2) {
        at[1] = (unsigned char)((at[1] & ~(63U >> (8 - shift))) | (unsigned)place.rank >> (8 - shift));
    }
}

/* The opcodes of a sparse one, in order. */
struct walk {
    const unsigned char *at;
    const unsigned char *end;
    uint32_t index; /* of the first register that was not walked over */
};

static struct walk walk_begin(struct slice bytes)
{
    const unsigned char *data = (const unsigned char *)bytes.data;
    return (struct walk){.at = data + HLL_HEADER_BYTES, .end = data + bytes.len};
}

/* False at the end, and where the bytes are corrupt: then `index` is not HLL_REGISTERS or `at` not `end`. */
static ALWAYS_INLINE bool walk_next(struct walk *walk, struct hll_opcode *opcode)
{
    if (walk->at == walk->end) {
        return false;
    }
    *opcode = hll_opcode_read(walk->at, walk->end);
    if (opcode->bytes == 0 || opcode->run > HLL_REGISTERS - walk->index) {
        return false;
    }
    walk->at += opcode->bytes;
    walk->index += opcode->run;
    return true;
}

static bool walk_was_whole(const struct walk *walk)
{
    return walk->at == walk->end && walk->index == HLL_REGISTERS;
}

bool hll_is_intact(struct slice bytes)
{
    if (hll_is_dense(bytes)) {
        return true;
    }
    struct walk walk = walk_begin(bytes);
    struct hll_opcode opcode;
    while (walk_next(&walk, &opcode)) {
    }
    return walk_was_whole(&walk);
}

bool hll_rises(struct slice bytes, struct hll_place place)
{
    if (hll_is_dense(bytes)) {
        return dense_get(bytes, place.index) < place.rank;
    }
    struct walk walk = walk_begin(bytes);
    struct hll_opcode opcode;
    while (walk_next(&walk, &opcode)) {
        if (walk.index > place.index) {
            return opcode.rank < place.rank;
        }
    }
    return true;
}

bool hll_cached(struct slice bytes, uint64_t *cardinality)
{
    memcpy(cardinality, bytes.data + CARDINALITY_AT, sizeof(*cardinality));
    return ((unsigned char)bytes.data[STALE_AT] & STALE_BIT) == 0;
}

void hll_cache(char *bytes, uint64_t cardinality)
{
    memcpy(bytes + CARDINALITY_AT, &cardinality, sizeof(cardinality));
}

void hll_stale(char *bytes)
{
    bytes[STALE_AT] = (char)((unsigned char)bytes[STALE_AT] | STALE_BIT);
}

/* Four registers stand in three bytes. */
static ALWAYS_INLINE void dense_unpack(const unsigned char *at, uint8_t ranks[static 4])
{
    ranks[0] = at[0] & 63;
    ranks[1] = (uint8_t)((at[0] >> 6 | at[1] << 2) & 63);
    ranks[2] = (uint8_t)((at[1] >> 4 | at[2] << 4) & 63);
    ranks[3] = at[2] >> 2;
}

static void dense_unpack_all(struct slice bytes, uint8_t *ranks)
{
    const unsigned char *at = (const unsigned char *)bytes.data + HLL_HEADER_BYTES;
    for (size_t i = 0; i < HLL_REGISTERS; i += 4, at += 3) {
        dense_unpack(at, ranks + i);
    }
}

static bool sparse_join(struct hll_registers *registers, struct slice bytes)
{
    struct walk walk = walk_begin(bytes);
    struct hll_opcode opcode;
    while (walk_next(&walk, &opcode)) {
        for (uint32_t i = walk.index - opcode.run; opcode.rank != 0 && i < walk.index; i++) {
            if (opcode.rank > registers->ranks[i]) {
                registers->ranks[i] = opcode.rank;
            }
        }
    }
    return walk_was_whole(&walk);
}

bool hll_join(struct hll_registers *registers, struct slice bytes)
{
    if (!hll_is_dense(bytes)) {
        return sparse_join(registers, bytes);
    }
    uint8_t ranks[HLL_REGISTERS];
    dense_unpack_all(bytes, ranks);
    for (size_t i = 0; i < HLL_REGISTERS; i++) {
        registers->ranks[i] = ranks[i] > registers->ranks[i] ? ranks[i] : registers->ranks[i];
    }
    return true;
}

/* Ertl's sigma and tau: the corrections for registers that are empty, and full. */
static double estimate_sigma(double x)
{
    if (x == 1.0) {
        return HUGE_VAL;
    }
    double before;
    double weight = 1.0;
    double sum = x;
    do {
        x *= x;
        before = sum;
        sum += x * weight;
        weight += weight;
    } while (before != sum);
    return sum;
}

static double estimate_tau(double x)
{
    if (x == 0.0 || x == 1.0) {
        return 0.0;
    }
    double before;
    double weight = 1.0;
    double sum = 1.0 - x;
    do {
        x = sqrt(x);
        before = sum;
        weight *= 0.5;
        sum -= (1.0 - x) * (1.0 - x) * weight;
    } while (before != sum);
    return sum / 3.0;
}

static uint64_t estimate(const uint32_t histogram[static HISTOGRAM])
{
    const double alpha = 0.721347520444481703680; /* 1 / (2 ln 2) */
    const double registers = HLL_REGISTERS;
    double sum = registers * estimate_tau((registers - histogram[HLL_RANK_MAX]) / registers);
    for (int rank = HLL_RANK_MAX - 1; rank >= 1; rank--) {
        sum += histogram[rank];
        sum *= 0.5;
    }
    sum += registers * estimate_sigma(histogram[0] / registers);
    return (uint64_t)llround(alpha * registers * registers / sum);
}

uint64_t hll_estimate_registers(const struct hll_registers *registers)
{
    /* Several histograms: neighbours often have the same rank, and one counter would wait for itself. */
    uint32_t parts[4][HISTOGRAM] = {0};
    for (size_t i = 0; i < HLL_REGISTERS; i++) {
        parts[i % 4][registers->ranks[i] & (HISTOGRAM - 1)]++;
    }
    for (size_t rank = 0; rank < HISTOGRAM; rank++) {
        parts[0][rank] += parts[1][rank] + parts[2][rank] + parts[3][rank];
    }
    return estimate(parts[0]);
}

bool hll_estimate(struct slice bytes, uint64_t *cardinality)
{
    if (hll_is_dense(bytes)) {
        struct hll_registers registers;
        dense_unpack_all(bytes, registers.ranks);
        *cardinality = hll_estimate_registers(&registers);
        return true;
    }
    uint32_t histogram[HISTOGRAM] = {0};
    struct walk walk = walk_begin(bytes);
    struct hll_opcode opcode;
    while (walk_next(&walk, &opcode)) {
        histogram[opcode.rank] += opcode.run;
    }
    *cardinality = estimate(histogram);
    return walk_was_whole(&walk);
}

void hll_decode(struct slice bytes, struct buffer *text)
{
    const unsigned char *at = (const unsigned char *)bytes.data + HLL_HEADER_BYTES;
    const unsigned char *end = (const unsigned char *)bytes.data + bytes.len;
    size_t begin = text->len;
    while (at < end) {
        struct hll_opcode opcode = hll_opcode_read(at, end);
        if (opcode.bytes == 0) {
            break;
        }
        const char *space = text->len == begin ? "" : " ";
        if (opcode.rank != 0) {
            buffer_printf(text, "%sv:%u,%u", space, (unsigned)opcode.rank, (unsigned)opcode.run);
        } else {
            buffer_printf(text, "%s%c:%u", space, opcode.bytes == 2 ? 'Z' : 'z', (unsigned)opcode.run);
        }
        at += opcode.bytes;
    }
}

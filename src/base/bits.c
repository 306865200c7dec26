/* SPDX-License-Identifier: BSD-3-Clause */
/* Bit strings eight bytes at a time, and bit fields.
 * Owner: nobody, there is no state. Locks: none. */
#include "sherd/base/bits.h"

enum {
    COMBINE_BLOCK_BYTES = 4096, /* stays in the first cache while all sources pass over it */
};

/* Eight bytes with the first bit of the string in the most significant place. */
static inline uint64_t word_load(const char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    return __builtin_bswap64(word);
}

/* The word of which `bytes` holds the first `len` bytes (fewer than 8), zeros behind them. */
static inline uint64_t word_load_part(const char *bytes, size_t len)
{
    uint64_t word = 0;
    memcpy(&word, bytes, len);
    return __builtin_bswap64(word);
}

uint64_t bits_count(struct slice bytes)
{
    uint64_t count[4] = {0};
    const char *at = bytes.data;
    size_t left = bytes.len;
    for (; left >= 32; left -= 32, at += 32) {
        uint64_t words[4];
        memcpy(words, at, sizeof(words));
        for (int i = 0; i < 4; i++) {
            count[i] += (uint64_t)__builtin_popcountll(words[i]);
        }
    }
    for (; left >= 8; left -= 8, at += 8) {
        count[0] += (uint64_t)__builtin_popcountll(word_load(at));
    }
    if (left != 0) {
        count[0] += (uint64_t)__builtin_popcountll(word_load_part(at, left));
    }
    return count[0] + count[1] + count[2] + count[3];
}

uint64_t bits_count_between(struct slice bytes, uint64_t first, uint64_t last)
{
    ASSERT(first <= last && last / 8 < bytes.len);
    size_t begin = (size_t)(first / 8);
    size_t end = (size_t)(last / 8);
    uint64_t count = bits_count(slice_make(bytes.data + begin, end - begin + 1));
    unsigned before = (unsigned char)bytes.data[begin] >> (8 - first % 8);
    unsigned behind = (unsigned char)bytes.data[end] & ((1U << (7 - last % 8)) - 1);
    return count - (uint64_t)__builtin_popcount(before) - (uint64_t)__builtin_popcount(behind);
}

/* Where the first run of 32 bytes begins that are not all `same`, from `at` on; the tail is left to the caller. */
static size_t skip_same(struct slice bytes, size_t at, size_t end, uint64_t same)
{
    for (; end - at >= 32; at += 32) {
        uint64_t words[4];
        memcpy(words, bytes.data + at, sizeof(words));
        if (((words[0] ^ same) | (words[1] ^ same) | (words[2] ^ same) | (words[3] ^ same)) != 0) {
            break;
        }
    }
    return at;
}

int64_t bits_find(struct slice bytes, uint64_t first, uint64_t last, bool wanted)
{
    ASSERT(first <= last && last / 8 < bytes.len);
    uint64_t flip = wanted ? 0 : UINT64_MAX; /* what is looked for becomes a one */
    size_t at = (size_t)(first / 8);
    size_t end = (size_t)(last / 8) + 1;
    uint64_t keep = UINT64_MAX >> (first % 8); /* of the first word only */
    while (at < end) {
        size_t len = end - at < 8 ? end - at : 8;
        uint64_t word = len == 8 ? word_load(bytes.data + at) : word_load_part(bytes.data + at, len);
        word = (word ^ flip) & keep;
        if (word != 0) {
            uint64_t found = 8 * (uint64_t)at + (uint64_t)__builtin_clzll(word);
            return found <= last ? (int64_t)found : -1;
        }
        keep = UINT64_MAX;
        at = skip_same(bytes, at + len, end, flip);
    }
    return -1;
}

/* Applies one more source to a block; written so that the compiler makes vectors of it. */
static void block_apply(enum bits_operation operation, char *restrict out, const char *restrict in, size_t len)
{
    switch (operation) {
    case BITS_AND:
        for (size_t i = 0; i < len; i++) {
            out[i] = (char)(out[i] & in[i]);
        }
        break;
    case BITS_OR:
        for (size_t i = 0; i < len; i++) {
            out[i] = (char)(out[i] | in[i]);
        }
        break;
    case BITS_XOR:
        for (size_t i = 0; i < len; i++) {
            out[i] = (char)(out[i] ^ in[i]);
        }
        break;
    case BITS_NOT:
        break;
    }
}

/* How many bytes of `source` lie in the block of `len` bytes at `at`. */
static size_t block_part(struct slice source, size_t at, size_t len)
{
    size_t rest = source.len > at ? source.len - at : 0;
    return rest < len ? rest : len;
}

void bits_combine(enum bits_operation operation, const struct slice *sources, size_t count, char *out,
                  struct bits_range range)
{
    for (size_t at = range.begin; at < range.end; at += COMBINE_BLOCK_BYTES) {
        size_t block = range.end - at < COMBINE_BLOCK_BYTES ? range.end - at : COMBINE_BLOCK_BYTES;
        size_t part = block_part(sources[0], at, block);
        if (part != 0) {
            memcpy(out + at, sources[0].data + at, part);
        }
        memset(out + at + part, 0, block - part);
        for (size_t i = 1; i < count; i++) {
            part = block_part(sources[i], at, block);
            if (part != 0) {
                block_apply(operation, out + at, sources[i].data + at, part);
            }
            if (operation == BITS_AND) {
                memset(out + at + part, 0, block - part);
            }
        }
        if (operation == BITS_NOT) {
            for (size_t i = 0; i < block; i++) {
                out[at + i] = (char)~out[at + i];
            }
        }
    }
}

uint64_t bits_field_get(struct slice bytes, uint64_t offset, unsigned width)
{
    unsigned char window[9] = {0}; /* a field of 64 bits may begin inside a byte */
    uint64_t begin = offset / 8;
    if (begin < bytes.len) {
        size_t rest = bytes.len - (size_t)begin;
        memcpy(window, bytes.data + begin, rest < sizeof(window) ? rest : sizeof(window));
    }
    unsigned shift = (unsigned)(offset % 8);
    uint64_t word = word_load((const char *)window);
    if (shift != 0) {
        word = (word << shift) | (uint64_t)(window[8] >> (8 - shift));
    }
    return word >> (BITS_FIELD_MAX - width);
}

void bits_field_set(char *bytes, uint64_t offset, unsigned width, uint64_t value)
{
    while (width != 0) {
        unsigned inside = (unsigned)(offset % 8);
        unsigned part = 8 - inside < width ? 8 - inside : width; /* bits that go into this byte */
        unsigned place = 8 - inside - part;                      /* and how far they stand from its end */
        unsigned mask = ((1U << part) - 1) << place;
        unsigned bits = (unsigned)(value >> (width - part)) << place;
        char *byte = bytes + offset / 8;
        *byte = (char)(((unsigned char)*byte & ~mask) | (bits & mask));
        offset += part;
        width -= part;
    }
}

static int64_t field_max(struct bits_field field)
{
    unsigned value_bits = field.is_signed ? field.width - 1U : field.width;
    return (int64_t)((UINT64_C(1) << value_bits) - 1);
}

static int64_t field_min(struct bits_field field)
{
    return field.is_signed ? -field_max(field) - 1 : 0;
}

int64_t bits_field_number(struct bits_field field, uint64_t bits)
{
    unsigned unused = BITS_FIELD_MAX - field.width;
    uint64_t high = bits << unused;
    return field.is_signed ? (int64_t)high >> unused : (int64_t)(high >> unused);
}

/* The result of something that did not fit. */
static bool field_overflowed(struct bits_field field, enum bits_overflow overflow, uint64_t wrapped, bool above,
                             int64_t *result)
{
    switch (overflow) {
    case BITS_WRAP:
        *result = bits_field_number(field, wrapped);
        return true;
    case BITS_SATURATE:
        *result = above ? field_max(field) : field_min(field);
        return true;
    case BITS_FAIL:
        break;
    }
    return false;
}

bool bits_field_add(struct bits_field field, enum bits_overflow overflow, int64_t value, int64_t increment,
                    int64_t *result)
{
    int64_t sum;
    bool beyond = __builtin_add_overflow(value, increment, &sum);
    if (!beyond && sum <= field_max(field) && sum >= field_min(field)) {
        *result = sum;
        return true;
    }
    return field_overflowed(field, overflow, (uint64_t)value + (uint64_t)increment, increment > 0, result);
}

bool bits_field_fit(struct bits_field field, enum bits_overflow overflow, int64_t value, int64_t *result)
{
    int64_t max = field_max(field);
    if (value <= max && value >= field_min(field)) {
        *result = value;
        return true;
    }
    /* Redis finds out by max - value, which wraps for values next to INT64_MIN: those count as too large. */
    bool above = value > max || !field.is_signed || (int64_t)((uint64_t)max - (uint64_t)value) < 0;
    return field_overflowed(field, overflow, (uint64_t)value, above, result);
}

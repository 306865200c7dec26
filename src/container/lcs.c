/* SPDX-License-Identifier: BSD-3-Clause */
/* Bit-parallel longest common subsequence.
 * Owner: the caller. Locks: none. */
#include "sherd/container/lcs.h"

#include "sherd/base/memory.h"

enum {
    WORD_BITS = 64,
    WORDS_BETWEEN_PAUSES = 64 * 1024, /* about 50 us */
};

/* For every byte that occurs in `a`: where it stands in `b`. */
struct places {
    uint16_t index[256]; /* of the byte's set, plus 1; 0: it does not occur in `a` */
    uint64_t *sets;
};

static void places_init(struct places *places, struct slice a, struct slice b, size_t words)
{
    memset(places->index, 0, sizeof(places->index));
    uint16_t distinct = 0;
    for (size_t i = 0; i < a.len && distinct < 256; i++) {
        uint16_t *index = &places->index[(unsigned char)a.data[i]];
        if (*index == 0) {
            *index = ++distinct;
        }
    }
    places->sets = memory_alloc_zeroed(distinct * words * sizeof(uint64_t));
    for (size_t j = 0; j < b.len; j++) {
        uint16_t index = places->index[(unsigned char)b.data[j]];
        if (index != 0) {
            places->sets[(index - 1U) * words + j / WORD_BITS] |= UINT64_C(1) << (j % WORD_BITS);
        }
    }
}

/* One byte further in `a`. `above` and `row` may be the same. Bits behind the end of `b` stay ones. */
static void row_step(const uint64_t *above, const uint64_t *places, uint64_t *row, size_t words)
{
    unsigned long long carry = 0;
    for (size_t w = 0; w < words; w++) {
        unsigned long long old = above[w];
        unsigned long long matches = old & places[w];
        unsigned long long sum;
        bool first = __builtin_uaddll_overflow(old, matches, &sum);
        bool second = __builtin_uaddll_overflow(sum, carry, &sum);
        carry = first || second;
        row[w] = sum | (old & ~matches);
    }
}

void lcs_init(struct lcs *lcs, struct slice a, struct slice b, bool path, const struct pause *pause)
{
    *lcs = (struct lcs){.a = a, .b = b, .words = (b.len + WORD_BITS - 1) / WORD_BITS, .path = path};
    if (a.len == 0 || b.len == 0) {
        return;
    }
    size_t words = lcs->words;
    struct places places;
    places_init(&places, a, b, words);
    lcs->rows = memory_alloc((path ? a.len : 1) * words * sizeof(uint64_t));
    uint64_t *row = lcs->rows;
    memset(row, 0xff, words * sizeof(uint64_t));
    const uint64_t *above = row;
    size_t since_pause = 0;
    for (size_t i = 0; i < a.len; i++) {
        const uint64_t *set = places.sets + (places.index[(unsigned char)a.data[i]] - 1U) * words;
        row_step(above, set, row, words);
        above = row;
        row += path ? words : 0;
        since_pause += words;
        if (since_pause >= WORDS_BETWEEN_PAUSES) {
            since_pause = 0;
            pause_take(pause);
        }
    }
    for (size_t w = 0; w < words; w++) {
        lcs->len += (size_t)__builtin_popcountll(~above[w]);
    }
    memory_free(places.sets);
}

void lcs_deinit(struct lcs *lcs)
{
    memory_free(lcs->rows);
    lcs->rows = NULL;
}

/* Does L(i, j) exceed L(i, j - 1)? Both count from 1. */
static bool grows(const struct lcs *lcs, size_t i, size_t j)
{
    uint64_t word = lcs->rows[(i - 1) * lcs->words + (j - 1) / WORD_BITS];
    return ((word >> ((j - 1) % WORD_BITS)) & 1) == 0;
}

bool lcs_next_run(const struct lcs *lcs, struct lcs_walk *walk, struct lcs_run *run)
{
    const char *a = lcs->a.data;
    const char *b = lcs->b.data;
    size_t i = walk->i;
    size_t j = walk->j;
    /* Where the bytes differ L(i, j) is the larger of L(i - 1, j) and L(i, j - 1), so it grows over the second exactly
     * when the first is larger. */
    while (i > 0 && j > 0 && a[i - 1] != b[j - 1]) {
        if (grows(lcs, i, j)) {
            i--;
        } else {
            j--;
        }
    }
    size_t len = 0;
    while (i > 0 && j > 0 && a[i - 1] == b[j - 1]) {
        i--;
        j--;
        len++;
    }
    *walk = (struct lcs_walk){.i = i, .j = j};
    *run = (struct lcs_run){.in_a = i, .in_b = j, .len = len};
    return len != 0;
}

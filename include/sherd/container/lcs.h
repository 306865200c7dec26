/* SPDX-License-Identifier: BSD-3-Clause */
/* The longest common subsequence of two byte strings, one bit for each pair of bytes and 64 pairs an operation.
 *
 * With L(i, j) the length for the first i bytes of `a` and j of `b`, row i holds for every j whether L(i, j) equals
 * L(i, j - 1) (a one) or exceeds it by one (a zero). A row follows from the one above with an addition, since the bytes
 * of `b` that equal a[i] are a bit set. Walking back from the last bit of the last row finds the subsequence.
 *
 * Owner: the caller; the strings are borrowed. Locks: none. */
#ifndef SHERD_CONTAINER_LCS_H
#define SHERD_CONTAINER_LCS_H

#include "sherd/base/pause.h"
#include "sherd/base/slice.h"

struct lcs {
    struct slice a;
    struct slice b;
    size_t len;     /* of the subsequence */
    size_t words;   /* of a row */
    uint64_t *rows; /* row 1 to a.len when the path is kept, else the last row */
    bool path;
};

/* Computes the length and, with `path`, what lcs_next_run needs. Memory: at most a.len * b.len / 4 bits and a bit.
 * Pauses every now and then. */
void lcs_init(struct lcs *lcs, struct slice a, struct slice b, bool path, const struct pause *pause);
void lcs_deinit(struct lcs *lcs);

/* A stretch of the subsequence that is contiguous in both strings. */
struct lcs_run {
    size_t in_a;
    size_t in_b;
    size_t len;
};

/* A walk from the end of both strings to their beginning. */
struct lcs_walk {
    size_t i; /* bytes of `a` that are left */
    size_t j; /* bytes of `b` that are left */
};

static inline struct lcs_walk lcs_walk_begin(const struct lcs *lcs)
{
    return (struct lcs_walk){.i = lcs->a.len, .j = lcs->b.len};
}

/* The next longest run towards the beginning; false when there is none. Where several subsequences are equally long it
 * is the one that Redis finds: it moves back in `a` only where that is better than moving back in `b`. */
NODISCARD bool lcs_next_run(const struct lcs *lcs, struct lcs_walk *walk, struct lcs_run *run);

#endif

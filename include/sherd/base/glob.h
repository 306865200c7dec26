/* SPDX-License-Identifier: BSD-3-Clause */
/* Glob patterns as KEYS, SCAN MATCH, PSUBSCRIBE and CONFIG GET take them.
 * Owner: nobody, there is no state. Locks: none. */
#ifndef SHERD_BASE_GLOB_H
#define SHERD_BASE_GLOB_H

#include "sherd/base/slice.h"

/* Whether the whole of `text` fits `pattern`: `*` any run, `?` any byte, `[a-z]` and `[^a-z]` a class, `\` takes the
 * next byte literally. The oddities of Redis are kept: an empty text fits only an empty pattern, `[` without `]` is
 * closed by the end of the pattern, an escaped byte in a class ignores `nocase`, and patterns with more than 1000
 * separate stars that must be walked fit nothing. At most pattern.len * text.len steps, no recursion. */
NODISCARD bool glob_match(struct slice pattern, struct slice text, bool nocase);

enum glob_outcome {
    GLOB_DIFFERS,
    GLOB_FITS,
    GLOB_UNDECIDED, /* the steps did not suffice */
};

/* The same with a bound: takes what it needs from *steps, about one for each byte of pattern or text that it looks at,
 * and stops when none are left. */
NODISCARD enum glob_outcome glob_match_within(struct slice pattern, struct slice text, bool nocase, size_t *steps);

/* Whether the pattern can only fit one text, itself: it has none of the bytes `*?[\`. */
NODISCARD bool glob_is_literal(struct slice pattern);

#endif

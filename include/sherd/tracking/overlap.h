/* SPDX-License-Identifier: BSD-3-Clause */
/* Which prefixes of one client would overlap: one begins with the other, or they are the same. It may not have such;
 * only the empty one, which it has when it asked for none, may stand beside others.
 * Owner: the caller. Locks: none. */
#ifndef SHERD_TRACKING_OVERLAP_H
#define SHERD_TRACKING_OVERLAP_H

#include "sherd/container/ordered.h"

/* A prefix that is asked for. */
struct given_prefix {
    struct slice text;
    uint32_t place; /* among those that are given together, from 0 */
};

struct overlap {
    struct slice given;
    struct slice other;
    bool other_is_kept; /* otherwise it is given, too, at a later place */
};

/* Finds the overlap that this would find first: each given prefix, by place, is compared with those that are kept, in
 * their order, and then with those that are given at later places. False when there is none. `kept`: with equal scores;
 * no two of them overlap, but with the empty one. Leaves the given ones sorted by their texts.
 * O((given + kept) * log), however they overlap. */
NODISCARD bool overlap_find(const struct ordered *kept, struct given_prefix *given, uint32_t count,
                            struct overlap *overlap);

#endif

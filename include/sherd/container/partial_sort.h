/* SPDX-License-Identifier: BSD-3-Clause */
/* Puts a stretch of an order in its place, and no more: what LIMIT and COUNT ask for. J. Bentley and M. McIlroy,
 * "Engineering a sort function" (1993), entered only where the stretch lies. Not stable; which of several equal
 * elements come first is decided as that algorithm decides it, because Redis answers with those.
 * Owner: the caller. Locks: none. */
#ifndef SHERD_CONTAINER_PARTIAL_SORT_H
#define SHERD_CONTAINER_PARTIAL_SORT_H

#include "sherd/base/compiler.h"

/* <0, 0, >0 */
typedef int partial_compare(const void *a, const void *b, void *context);

struct partial_order {
    partial_compare *compare;
    void *context;
};

/* Afterwards items[first] to items[last] are those that a whole sort would put there; first <= last < count. */
void partial_sort(void **items, size_t count, size_t first, size_t last, const struct partial_order *order);

#endif

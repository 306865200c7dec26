/* SPDX-License-Identifier: BSD-3-Clause */
/* Comparisons of borrowed byte runs.
 * Owner: nobody, there is no state. Locks: none. */
#include "sherd/base/slice.h"

bool slice_equals_word(struct slice a, const char *word)
{
    for (size_t i = 0; i < a.len; i++) {
        if (word[i] == '\0' || ascii_lower(a.data[i]) != ascii_lower(word[i])) {
            return false;
        }
    }
    return word[a.len] == '\0';
}

int slice_compare(struct slice a, struct slice b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
    if (order != 0) {
        return order;
    }
    return (a.len > b.len) - (a.len < b.len);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Digests: order and borders of what is mixed in, joining.
 * Owner: each test its own. Locks: none. */
#include <criterion/criterion.h>

#include "sherd/base/digest.h"

static bool same(const struct digest *a, const struct digest *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

Test(digest, of_nothing_is_forty_zeros)
{
    struct digest digest = {0};
    char text[DIGEST_TEXT_BYTES];
    digest_print(text, &digest);
    cr_assert_str_eq(text, "0000000000000000000000000000000000000000");
}

Test(digest, depends_on_order_and_borders)
{
    struct digest ab = {0};
    struct digest ba = {0};
    struct digest joined = {0};
    digest_mix(&ab, slice_from_text("a"));
    digest_mix(&ab, slice_from_text("b"));
    digest_mix(&ba, slice_from_text("b"));
    digest_mix(&ba, slice_from_text("a"));
    digest_mix(&joined, slice_from_text("ab"));
    cr_assert_not(same(&ab, &ba));
    cr_assert_not(same(&ab, &joined));
}

Test(digest, joins_without_order)
{
    struct digest a = {0};
    struct digest b = {0};
    digest_mix(&a, slice_from_text("a"));
    digest_mix(&b, slice_from_text(""));
    struct digest ab = a;
    struct digest ba = b;
    digest_join(&ab, &b);
    digest_join(&ba, &a);
    cr_assert(same(&ab, &ba));
    digest_join(&ab, &ab);
    cr_assert(same(&ab, &(struct digest){0}));
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The words of hash table buckets: tags, links, and the search of a bucket beside a plain one.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>

#include "sherd/base/random.h"
#include "sherd/container/words.h"

Test(words, show_a_tag_that_is_never_zero)
{
    cr_assert_eq(table_tag(0), 1);
    cr_assert_eq(table_tag(UINT64_C(0xffff00000000ffff)), 1);
    cr_assert_eq(table_tag(UINT64_C(0x0000abcd00000000)), 0xabcd);
    cr_assert(table_word_is_item(table_word_make(0, (void *)(uintptr_t)0x7ffffffffff0)));
    cr_assert_eq(table_word_item(table_word_make(UINT64_MAX, (void *)(uintptr_t)0x7ffffffffff0)),
                 (void *)(uintptr_t)0x7ffffffffff0);
    cr_assert_not(table_word_is_item(0));
    cr_assert_not(table_word_is_item(UINT64_C(0x00007fffffffffff)));
}

Test(words, match_just_those_with_the_tag)
{
    CACHE_ALIGNED table_word words[TABLE_BUCKET_WORDS];
    struct random random;
    random_init_seed(&random, 1);
    for (int round = 0; round < 20000; round++) {
        uint64_t drawn = random_next(&random);
        uint16_t tag = table_tag((drawn >> 60) % 3 == 0 ? UINT64_C(0x8000) << 32 : drawn << 13);
        unsigned expected = 0;
        for (unsigned i = 0; i < TABLE_BUCKET_WORDS; i++) {
            /* The tag, its neighbours, a free word, a link, and address bits that must not count. */
            uint16_t near[] = {tag, (uint16_t)(tag + 1), (uint16_t)(tag ^ 0x8000), 0, tag};
            uint16_t top = near[(drawn >> (3 * i)) % 5];
            uint64_t low = random_next(&random) & UINT64_C(0x0000ffffffffffff);
            atomic_init(&words[i], ((uint64_t)top << 48) | low);
            expected |= (unsigned)(top == tag) << i;
        }
        cr_assert_eq(table_match(words, tag), expected);
    }
}

Test(words, find_the_group_that_a_link_leads_to)
{
    table_word bucket[TABLE_BUCKET_WORDS] = {0};
    CACHE_ALIGNED table_word overflow[TABLE_OVERFLOW_MAX_WORDS] = {0};
    struct table_group home = {bucket, TABLE_BUCKET_WORDS};
    cr_assert_null((const void *)table_group_next(home).words);
    table_store(&bucket[TABLE_BUCKET_WORDS - 1], table_word_make(5, overflow));
    cr_assert_null((const void *)table_group_next(home).words);
    for (uint64_t pairs = 1; pairs <= TABLE_OVERFLOW_MAX_WORDS / 2; pairs++) {
        table_store(&bucket[TABLE_BUCKET_WORDS - 1], (uint64_t)(uintptr_t)overflow | (pairs - 1) << 1 | TABLE_LINK_BIT);
        struct table_group next = table_group_next(home);
        cr_assert_eq(next.words, overflow);
        cr_assert_eq(next.count, 2 * pairs);
    }
}

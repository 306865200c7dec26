/* SPDX-License-Identifier: BSD-3-Clause */
/* The search for overlapping prefixes beside a loop over all pairs.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>

#include "sherd/base/memory.h"
#include "sherd/base/random.h"
#include "sherd/tracking/overlap.h"

enum {
    RUNS = 200000,
    GIVEN_MAX = 8,
    KEPT_MAX = 12,
    TEXT_MAX = 4,
};

struct prefixes {
    struct slice texts[KEPT_MAX];
    uint32_t count;
};

static bool overlaps(struct slice one, struct slice other)
{
    size_t common = one.len < other.len ? one.len : other.len;
    return common == 0 || memcmp(one.data, other.data, common) == 0;
}

/* What Redis does; `kept` is sorted. */
static bool find_slowly(const struct prefixes *kept, const struct prefixes *given, struct overlap *overlap)
{
    for (uint32_t i = 0; i < given->count; i++) {
        for (uint32_t j = 0; j < kept->count; j++) {
            if (overlaps(given->texts[i], kept->texts[j])) {
                *overlap = (struct overlap){given->texts[i], kept->texts[j], true};
                return true;
            }
        }
        for (uint32_t j = i + 1; j < given->count; j++) {
            if (overlaps(given->texts[i], given->texts[j])) {
                *overlap = (struct overlap){given->texts[i], given->texts[j], false};
                return true;
            }
        }
    }
    return false;
}

/* The same by overlap_find. */
static bool find(const struct prefixes *kept, const struct prefixes *given, struct overlap *overlap)
{
    struct ordered ordered;
    struct ordered_member *members[KEPT_MAX];
    struct given_prefix places[GIVEN_MAX];
    ordered_init(&ordered);
    for (uint32_t i = 0; i < kept->count; i++) {
        members[i] = memory_alloc_zeroed(sizeof(*members[i]) + TEXT_MAX);
        members[i]->len = (uint32_t)kept->texts[i].len;
        memcpy(members[i]->bytes, kept->texts[i].data, kept->texts[i].len);
        ordered_insert(&ordered, members[i]);
    }
    for (uint32_t i = 0; i < given->count; i++) {
        places[i] = (struct given_prefix){given->texts[i], i};
    }
    bool found = overlap_find(&ordered, places, given->count, overlap);
    if (found && overlap->other_is_kept) { /* the texts of the members go */
        for (uint32_t i = 0; i < kept->count; i++) {
            if (slice_equals(overlap->other, kept->texts[i])) {
                overlap->other = kept->texts[i];
                break;
            }
        }
    }
    ordered_deinit(&ordered);
    for (uint32_t i = 0; i < kept->count; i++) {
        memory_free(members[i]);
    }
    return found;
}

static void check(const struct prefixes *kept, const struct prefixes *given)
{
    struct overlap expected;
    struct overlap overlap;
    bool exists = find_slowly(kept, given, &expected);
    cr_assert_eq(find(kept, given, &overlap), exists);
    if (exists) {
        cr_assert(slice_equals(overlap.given, expected.given));
        cr_assert(slice_equals(overlap.other, expected.other));
        cr_assert_eq(overlap.other_is_kept, expected.other_is_kept);
    }
}

/* Up to `longest` letters, of which there are two. */
static struct slice random_text(struct random *random, char *bytes, size_t longest)
{
    size_t len = random_below(random, longest + 1);
    for (size_t i = 0; i < len; i++) {
        bytes[i] = random_below(random, 2) == 0 ? 'a' : 'b';
    }
    return slice_make(bytes, len);
}

/* Keeps what overlaps nothing but perhaps the empty one, in order. */
static void keep(struct prefixes *kept, struct slice text)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < kept->count; i++) {
        struct slice other = kept->texts[i];
        if (overlaps(text, other) && (text.len == 0) == (other.len == 0)) {
            return;
        }
        at += slice_compare(other, text) < 0;
    }
    memmove(&kept->texts[at + 1], &kept->texts[at], (kept->count - at) * sizeof(kept->texts[0]));
    kept->texts[at] = text;
    kept->count++;
}

Test(overlap, names_the_pair_that_comparing_all_finds_first)
{
    struct random random;
    random_init_seed(&random, 1);
    for (int run = 0; run < RUNS; run++) {
        char bytes[GIVEN_MAX + KEPT_MAX][TEXT_MAX];
        struct prefixes kept = {.count = 0};
        struct prefixes given = {.count = (uint32_t)random_below(&random, GIVEN_MAX + 1)};
        size_t longest = 1 + random_below(&random, TEXT_MAX);
        uint64_t tries = random_below(&random, KEPT_MAX);
        for (uint32_t i = 0; i < given.count; i++) {
            given.texts[i] = random_text(&random, bytes[i], longest);
        }
        for (uint32_t i = 0; i < tries; i++) {
            keep(&kept, random_text(&random, bytes[GIVEN_MAX + i], longest));
        }
        check(&kept, &given);
    }
}

Test(overlap, none_is_found_where_no_prefix_is_given)
{
    struct prefixes kept = {.texts = {SLICE_LITERAL("a"), SLICE_LITERAL("b")}, .count = 2};
    struct prefixes given = {.count = 0};
    struct overlap overlap;
    cr_assert_not(find(&kept, &given, &overlap));
    check(&kept, &given);
}

Test(overlap, the_empty_prefix_overlaps_every_other)
{
    struct prefixes none = {.count = 0};
    struct prefixes kept = {.texts = {SLICE_LITERAL(""), SLICE_LITERAL("b")}, .count = 2};
    struct prefixes given = {.texts = {SLICE_LITERAL("b"), SLICE_LITERAL("")}, .count = 2};
    struct overlap overlap;
    cr_assert(find(&kept, &given, &overlap));
    cr_assert(overlap.other_is_kept && overlap.other.len == 0);
    cr_assert(find(&none, &given, &overlap));
    cr_assert(slice_equals(overlap.given, SLICE_LITERAL("b")) && overlap.other.len == 0);
}

Test(overlap, sorts_what_was_given)
{
    const struct ordered kept = {0};
    struct overlap overlap;
    struct given_prefix given[] = {{SLICE_LITERAL("c"), 0}, {SLICE_LITERAL("a"), 1}, {SLICE_LITERAL("b"), 2}};
    cr_assert_not(overlap_find(&kept, given, 3, &overlap));
    cr_assert(given[0].place == 1 && given[1].place == 2 && given[2].place == 0);
}

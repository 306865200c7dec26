/* SPDX-License-Identifier: BSD-3-Clause */
/* The set of prefixes: who has joined which, and with which of them a key begins.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>

#include "sherd/base/memory.h"
#include "sherd/base/random.h"
#include "sherd/tracking/prefixes.h"

enum {
    TEXT_MAX = 5,
    TEXTS = (1 << (TEXT_MAX + 1)) - 1, /* of two letters, the empty one included */
    STEPS = 50000,
};

static struct hash_key hash_key;
static struct prefix_set set;
static char trackers[3]; /* only their addresses matter */

static void begin(void)
{
    hash_key_randomize(&hash_key);
    prefix_set_init(&set, &hash_key);
}

static void end(void)
{
    prefix_set_deinit(&set);
}

TestSuite(prefixes, .init = begin, .fini = end);

static struct tracker *tracker(size_t number)
{
    return (struct tracker *)(void *)&trackers[number];
}

/* Whether the set had no such prefix. */
static bool join(struct slice text, size_t number)
{
    struct prefix *useless = prefix_set_join(&set, prefix_create(text, prefix_hash(&set, text)), tracker(number));
    prefix_destroy(useless);
    return useless == NULL;
}

/* Whether the set has no such prefix any more. */
static bool leave(struct slice text, size_t number)
{
    struct prefix *gone = prefix_set_leave(&set, text, prefix_hash(&set, text), tracker(number));
    bool is_gone = gone != NULL;
    cr_assert(!is_gone || slice_equals(prefix_text(gone), text));
    prefix_destroy(gone);
    return is_gone;
}

static uint32_t matches(const char *key)
{
    return prefix_set_match(&set, slice_from_text(key), NULL, NULL);
}

Test(prefixes, a_prefix_stays_until_its_last_tracker_leaves)
{
    struct slice text = SLICE_LITERAL("user:");
    cr_assert(join(text, 0));
    cr_assert_not(join(text, 1));
    cr_assert_not(join(text, 2));
    cr_assert_eq(prefix_set_count(&set), 1);
    cr_assert_not(leave(text, 1));
    cr_assert_not(leave(text, 0));
    cr_assert_eq(matches("user:1"), 1);
    cr_assert(leave(text, 2));
    cr_assert_eq(prefix_set_count(&set), 0);
    cr_assert_eq(set.length_count, 0);
    cr_assert_eq(matches("user:1"), 0);
}

/* The lengths of the prefixes that are visited, one after the other. */
static void note_length(void *context, struct prefix *prefix)
{
    size_t *noted = context;
    *noted = *noted * 10 + prefix->len;
    cr_assert_eq(prefix->tracker_count, 1);
    cr_assert_eq(prefix->trackers[0], tracker(prefix->len % 3));
}

Test(prefixes, a_key_is_led_to_all_its_prefixes)
{
    const struct slice texts[] = {SLICE_LITERAL("abc"), SLICE_LITERAL(""), SLICE_LITERAL("abcde"), SLICE_LITERAL("abd"),
                                  SLICE_LITERAL("a")};
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        cr_assert(join(texts[i], texts[i].len % 3));
    }
    size_t noted = 9;
    cr_assert_eq(prefix_set_match(&set, SLICE_LITERAL("abcd"), note_length, &noted), 3);
    cr_assert_eq(noted, 9013);
    cr_assert_eq(matches("abcde"), 4);
    cr_assert_eq(matches("b"), 1);
    cr_assert_eq(prefix_set_match(&set, SLICE_LITERAL(""), NULL, NULL), 1);
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        cr_assert(leave(texts[i], texts[i].len % 3));
    }
}

Test(prefixes, whoever_comes_and_goes_the_set_knows_what_is_there)
{
    char letters[TEXTS][TEXT_MAX];
    struct slice texts[TEXTS];
    bool joined[TEXTS][3] = {{false}};
    for (uint32_t i = 0; i < TEXTS; i++) { /* the bits of i + 1 behind its first one */
        texts[i] = slice_make(letters[i], 31U - (uint32_t)__builtin_clz(i + 1));
        for (uint32_t j = 0; j < texts[i].len; j++) {
            letters[i][j] = ((i + 1) >> (texts[i].len - 1 - j)) & 1 ? 'b' : 'a';
        }
    }
    struct random random;
    random_init_seed(&random, 7);
    for (int step = 0; step < STEPS; step++) {
        uint32_t at = (uint32_t)random_below(&random, TEXTS);
        uint32_t who = (uint32_t)random_below(&random, 3);
        bool others = joined[at][(who + 1) % 3] || joined[at][(who + 2) % 3];
        joined[at][who] = !joined[at][who];
        cr_assert_eq(joined[at][who] ? join(texts[at], who) : leave(texts[at], who), !others);
        uint32_t expected = 0;
        struct slice key = texts[random_below(&random, TEXTS)];
        for (uint32_t i = 0; i < TEXTS; i++) {
            bool begins = texts[i].len <= key.len && memcmp(texts[i].data, key.data, texts[i].len) == 0;
            expected += begins && (joined[i][0] || joined[i][1] || joined[i][2]);
        }
        cr_assert_eq(prefix_set_match(&set, key, NULL, NULL), expected);
    }
    for (uint32_t i = 0; i < TEXTS; i++) {
        for (uint32_t who = 0; who < 3; who++) {
            if (joined[i][who]) {
                (void)leave(texts[i], who);
            }
        }
    }
    cr_assert_eq(prefix_set_count(&set), 0);
}

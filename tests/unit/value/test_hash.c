/* SPDX-License-Identifier: BSD-3-Clause */
/* Hashes: encodings, deadlines, walking, scanning and drawing; and long random runs beside a naive array.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "hash_model.h"
#include "sherd/base/digest.h"
#include "sherd/value/object.h"

static const struct hash_key HASH_KEY = {.secret = {1, 2, 3}};
static const struct hash_limits SMALL = {.listpack_entries = 8, .listpack_value_bytes = 16, .hash_key = &HASH_KEY};

static bool set(struct hash *hash, const char *field, const char *value, int64_t deadline_ms)
{
    struct hash_setting setting = {.limits = &SMALL, .now_ms = 1000, .deadline_ms = deadline_ms};
    return hash_set(hash, slice_from_text(field), slice_from_text(value), &setting);
}

static bool has(const struct hash *hash, const char *field, const char *value, int64_t now_ms)
{
    struct hash_value found;
    return hash_get(hash, slice_from_text(field), now_ms, &found) && slice_equals(found.text, slice_from_text(value));
}

/* Fields f0, f1 ... */
static struct hash *make(int count)
{
    struct hash *hash = hash_create();
    for (int i = 0; i < count; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "f%d", i);
        cr_assert(set(hash, name, "v", HASH_DEADLINE_NONE));
    }
    return hash;
}

Test(hash, sets_and_overwrites_and_deletes)
{
    struct hash *hash = hash_create();
    cr_assert(set(hash, "a", "1", HASH_DEADLINE_NONE));
    cr_assert_not(set(hash, "a", "two", HASH_DEADLINE_NONE));
    cr_assert(has(hash, "a", "two", 0));
    cr_assert_not(hash_contains(hash, slice_from_text("b"), 0));
    cr_assert(hash_delete(hash, slice_from_text("a"), 0));
    cr_assert_not(hash_delete(hash, slice_from_text("a"), 0));
    cr_assert_eq(hash_length(hash), 0);
    hash_destroy(hash);
}

Test(hash, becomes_a_table_with_one_field_too_many)
{
    struct hash *hash = make(8);
    cr_assert_not(hash_is_table(hash));
    cr_assert(set(hash, "9", "9", HASH_DEADLINE_NONE));
    cr_assert(hash_is_table(hash));
    cr_assert(has(hash, "f0", "v", 0) && has(hash, "f7", "v", 0) && has(hash, "9", "9", 0));
    cr_assert_eq(hash_length(hash), 9);
    hash_destroy(hash);
}

Test(hash, becomes_a_table_with_a_long_field_or_value)
{
    struct hash *hash = make(1);
    cr_assert(set(hash, "0123456789abcdef", "0123456789abcdef", HASH_DEADLINE_NONE));
    cr_assert_not(hash_is_table(hash));
    cr_assert(set(hash, "x", "0123456789abcdefg", HASH_DEADLINE_NONE));
    cr_assert(hash_is_table(hash));
    hash_destroy(hash);
    hash = make(1);
    cr_assert(set(hash, "0123456789abcdefg", "x", HASH_DEADLINE_NONE));
    cr_assert(hash_is_table(hash));
    hash_destroy(hash);
}

Test(hash, becomes_a_table_when_it_is_changed_under_a_lower_limit)
{
    struct hash *hash = make(6);
    const struct hash_limits lower = {.listpack_entries = 4, .listpack_value_bytes = 16, .hash_key = &HASH_KEY};
    struct hash_setting setting = {.limits = &lower};
    cr_assert_not(hash_set(hash, slice_from_text("f1"), slice_from_text("w"), &setting));
    cr_assert(hash_is_table(hash));
    cr_assert(has(hash, "f1", "w", 0));
    hash_destroy(hash);
}

Test(hash, becomes_a_table_at_once_for_what_is_expected)
{
    struct hash *hash = make(1);
    hash_expect(hash, 8, 16, &SMALL);
    cr_assert_not(hash_is_table(hash));
    hash_expect(hash, 9, 1, &SMALL);
    cr_assert(hash_is_table(hash));
    cr_assert(has(hash, "f0", "v", 0));
    hash_destroy(hash);
}

Test(hash, becomes_a_table_with_its_first_deadline)
{
    struct hash *hash = make(3);
    cr_assert_eq(hash_next_deadline_ms(hash), HASH_NEVER);
    hash_set_deadline(hash, slice_from_text("f1"), HASH_DEADLINE_NONE, &SMALL);
    cr_assert_not(hash_is_table(hash));
    hash_set_deadline(hash, slice_from_text("f1"), 2000, &SMALL);
    cr_assert(hash_is_table(hash));
    cr_assert_eq(hash_next_deadline_ms(hash), 2000);
    cr_assert_eq(hash_timed(hash), 1);
    hash_destroy(hash);
}

Test(hash, hides_a_field_from_its_deadline_on)
{
    struct hash *hash = make(2);
    int64_t deadline_ms;
    cr_assert(set(hash, "x", "y", 2000));
    cr_assert(has(hash, "x", "y", 1999));
    cr_assert(hash_deadline(hash, slice_from_text("x"), 1999, &deadline_ms));
    cr_assert_eq(deadline_ms, 2000);
    cr_assert_not(has(hash, "x", "y", 2000));
    cr_assert_not(hash_deadline(hash, slice_from_text("x"), 2000, &deadline_ms));
    cr_assert_not(hash_delete(hash, slice_from_text("x"), 2000));
    cr_assert_eq(hash_length(hash), 3);
    cr_assert_eq(hash_dead(hash, 2000, 10), 1);
    cr_assert_eq(hash_expire(hash, 1999, 10), 0);
    cr_assert_eq(hash_expire(hash, 2000, 10), 1);
    cr_assert_eq(hash_length(hash), 2);
    cr_assert_eq(hash_next_deadline_ms(hash), HASH_NEVER);
    hash_destroy(hash);
}

Test(hash, keeps_or_drops_a_deadline_when_it_is_set_anew)
{
    struct hash *hash = make(1);
    int64_t deadline_ms;
    cr_assert(set(hash, "x", "1", 2000));
    cr_assert_not(set(hash, "x", "2", HASH_DEADLINE_KEEP));
    cr_assert(hash_deadline(hash, slice_from_text("x"), 0, &deadline_ms));
    cr_assert_eq(deadline_ms, 2000);
    cr_assert_not(set(hash, "x", "a much longer value than before", HASH_DEADLINE_KEEP));
    cr_assert_eq(hash_next_deadline_ms(hash), 2000);
    cr_assert_not(set(hash, "x", "3", HASH_DEADLINE_NONE));
    cr_assert_eq(hash_next_deadline_ms(hash), HASH_NEVER);
    cr_assert_not(set(hash, "x", "3", 3000));
    cr_assert_not(set(hash, "x", "4", 2500));
    cr_assert_eq(hash_next_deadline_ms(hash), 2500);
    hash_destroy(hash);
}

Test(hash, counts_a_dead_field_that_is_set_as_new_and_immortal)
{
    struct hash *hash = make(1);
    int64_t deadline_ms;
    cr_assert(set(hash, "x", "1", 2000));
    struct hash_setting later = {.limits = &SMALL, .now_ms = 2000, .deadline_ms = HASH_DEADLINE_KEEP};
    cr_assert(hash_set(hash, slice_from_text("x"), slice_from_text("2"), &later));
    cr_assert(hash_deadline(hash, slice_from_text("x"), INT64_MAX, &deadline_ms));
    cr_assert_eq(deadline_ms, HASH_DEADLINE_NONE);
    hash_destroy(hash);
}

Test(hash, shares_large_values)
{
    struct hash *hash = make(1);
    static char large[5000];
    memset(large, 'x', sizeof(large));
    struct hash_setting setting = {.limits = &SMALL, .now_ms = 0, .deadline_ms = 9000};
    struct hash_value value;
    cr_assert(hash_set(hash, slice_from_text("x"), slice_make(large, sizeof(large)), &setting));
    cr_assert(hash_get(hash, slice_from_text("x"), 0, &value));
    cr_assert_not_null(value.blob);
    struct blob *kept = blob_reference(value.blob);
    hash_set_deadline(hash, slice_from_text("x"), HASH_DEADLINE_NONE, &SMALL);
    cr_assert(hash_get(hash, slice_from_text("x"), 0, &value));
    cr_assert_eq(value.blob, kept);
    cr_assert_not(set(hash, "x", "small", HASH_DEADLINE_NONE));
    cr_assert(blob_is_sole(kept));
    cr_assert_eq(kept->len, sizeof(large));
    blob_release(kept);
    hash_destroy(hash);
}

Test(hash, digests_alike_in_either_encoding_and_order)
{
    struct hash *pack = make(6);
    struct hash *table = hash_create();
    hash_expect(table, 9, 1, &SMALL);
    for (const char *const *name = (const char *const[]){"f5", "f3", "f0", "f1", "f2", "f4", NULL}; *name != NULL;
         name++) {
        cr_assert(set(table, *name, "v", HASH_DEADLINE_NONE));
    }
    struct digest one = {0}, other = {0};
    hash_class.digest(pack, &one);
    hash_class.digest(table, &other);
    cr_assert_arr_eq(one.lanes, other.lanes, sizeof(one.lanes));
    cr_assert_not(set(table, "f5", "w", HASH_DEADLINE_NONE));
    other = (struct digest){0};
    hash_class.digest(table, &other);
    cr_assert_neq(one.lanes[0], other.lanes[0]);
    hash_destroy(pack);
    hash_destroy(table);
}

/* ---- drawing ---- */

enum { DRAWN_FIELDS = 40 };

struct tally {
    unsigned times[DRAWN_FIELDS];
    unsigned all;
};

static void tally(void *context, struct slice field, const struct hash_value *value)
{
    struct tally *tally = context;
    unsigned index;
    char text[16] = {0};
    memcpy(text, field.data, field.len);
    cr_assert_eq(sscanf(text, "f%u", &index), 1);
    cr_assert(slice_equals(value->text, SLICE_LITERAL("v")));
    tally->times[index]++;
    tally->all++;
}

/* Chi-square for DRAWN_FIELDS - 1 = 39 degrees of freedom: above 80 one time in 8,000. */
static double unevenness(const struct tally *tally)
{
    double sum = 0;
    for (int i = 0; i < DRAWN_FIELDS; i++) {
        double expected = (double)tally->all / DRAWN_FIELDS;
        double off = tally->times[i] - expected;
        sum += off * off / expected;
    }
    return sum;
}

static void draw_evenly(const struct hash_limits *limits, size_t chosen)
{
    struct hash *hash = hash_create();
    struct hash_setting setting = {.limits = limits};
    for (int i = 0; i < DRAWN_FIELDS; i++) {
        char name[16];
        int len = snprintf(name, sizeof(name), "f%d", i);
        cr_assert(hash_set(hash, slice_make(name, (size_t)len), slice_from_text("v"), &setting));
    }
    struct random random;
    random_init_seed(&random, 3);
    struct tally drawn = {0}, chosen_tally = {0};
    struct hash_draw draw = {.count = 20000, .now_ms = 0, .random = &random};
    cr_assert_eq(hash_sample(hash, &draw, tally, &drawn), 20000);
    cr_assert_lt(unevenness(&drawn), 80);
    draw.count = chosen;
    for (int i = 0; i < 3000; i++) {
        struct tally once = {0};
        hash_choose(hash, &draw, tally, &once);
        cr_assert_eq(once.all, chosen);
        for (int f = 0; f < DRAWN_FIELDS; f++) {
            cr_assert_leq(once.times[f], 1);
            chosen_tally.times[f] += once.times[f];
        }
        chosen_tally.all += once.all;
    }
    cr_assert_lt(unevenness(&chosen_tally), 80);
    hash_destroy(hash);
}

Test(hash, draws_fields_of_a_listpack_evenly)
{
    static const struct hash_limits limits = {
        .listpack_entries = 100, .listpack_value_bytes = 16, .hash_key = &HASH_KEY};
    draw_evenly(&limits, 7);
}

Test(hash, draws_fields_of_a_table_evenly)
{
    draw_evenly(&SMALL, 7);
    draw_evenly(&SMALL, 30);
}

Test(hash, draws_only_what_lives)
{
    struct hash *hash = make(30);
    for (int i = 1; i < 30; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "f%d", i);
        hash_set_deadline(hash, slice_from_text(name), 2000, &SMALL);
    }
    struct random random;
    random_init_seed(&random, 3);
    struct hash_draw draw = {.count = 50, .now_ms = 3000, .random = &random};
    struct tally drawn = {0}, chosen = {0};
    cr_assert_eq(hash_sample(hash, &draw, tally, &drawn), 50);
    cr_assert_eq(drawn.times[0], 50);
    hash_choose(hash, &draw, tally, &chosen);
    cr_assert_eq(chosen.all, 1);
    cr_assert(hash_delete(hash, slice_from_text("f0"), 3000));
    cr_assert_eq(hash_sample(hash, &draw, tally, &drawn), 0);
    hash_destroy(hash);
}

/* ---- beside the model ---- */

Test(hash, agrees_with_a_plain_array_as_a_listpack)
{
    static const struct hash_limits limits = {
        .listpack_entries = 1000, .listpack_value_bytes = 1000, .hash_key = &HASH_KEY};
    hash_model_run(&(struct hash_model_run){.limits = limits, .seed = 1, .steps = 20000, .names = 40});
}

Test(hash, agrees_with_a_plain_array_around_the_change_of_encoding)
{
    for (uint64_t seed = 1; seed <= 40; seed++) {
        hash_model_run(&(struct hash_model_run){.limits = SMALL, .seed = seed, .steps = 300, .names = 14});
    }
}

Test(hash, agrees_with_a_plain_array_as_a_table_with_deadlines)
{
    hash_model_run(
        &(struct hash_model_run){.limits = SMALL, .seed = 2, .steps = 20000, .names = 150, .deadlines = true});
}

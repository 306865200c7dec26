/* SPDX-License-Identifier: BSD-3-Clause */
/* Sets beside an array of flags, on either side of each limit; draws; sets made of sets.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "sherd/base/memory.h"
#include "sherd/base/number.h"
#include "sherd/value/object.h"
#include "sherd/value/set.h"

enum { NAMES = 600 };

struct model {
    struct hash_key key;
    struct set_limits limits;
    struct set *set;
    struct random random;
    unsigned text_from; /* names from this index on are no integers */
    char names[NAMES][16];
    bool is_in[NAMES];
    uint32_t seen[NAMES];
    size_t count;
};

static struct model *model_create(uint64_t seed, unsigned text_from, size_t intset_entries, size_t listpack_entries)
{
    struct model *model = memory_alloc_zeroed(sizeof(*model));
    hash_key_randomize(&model->key);
    model->limits = (struct set_limits){.intset_entries = intset_entries,
                                        .listpack_entries = listpack_entries,
                                        .listpack_value_bytes = 12,
                                        .hash_key = &model->key};
    random_init_seed(&model->random, seed);
    model->text_from = text_from;
    for (unsigned i = 0; i < NAMES; i++) {
        (void)snprintf(model->names[i], sizeof(model->names[i]), i < text_from ? "%d" : "name-%d", (int)i * 37 - 99);
    }
    model->set = set_create(&model->limits, 1, slice_from_text(model->names[0]));
    return model;
}

static void model_destroy(struct model *model)
{
    set_destroy(model->set);
    memory_free(model);
}

/* Makes the empty set anew with the hash key of another model, as sets of one keyspace have. */
static void model_share_key(struct model *model, const struct model *other)
{
    set_destroy(model->set);
    model->limits.hash_key = other->limits.hash_key;
    model->set = set_create(&model->limits, 1, slice_from_text(model->names[0]));
}

static struct slice name_of(const struct model *model, unsigned index)
{
    return slice_from_text(model->names[index]);
}

static unsigned index_of(const struct model *model, struct slice name)
{
    int64_t number;
    bool is_text = name.len > 5 && memcmp(name.data, "name-", 5) == 0;
    struct slice digits = is_text ? slice_make(name.data + 5, name.len - 5) : name;
    cr_assert(number_parse_i64(digits, &number), "%.*s", (int)name.len, name.data);
    unsigned index = (unsigned)((number + 99) / 37);
    cr_assert_lt(index, (unsigned)NAMES);
    cr_assert(slice_equals(name, name_of(model, index)));
    return index;
}

static void model_add(struct model *model, unsigned index)
{
    cr_assert_eq(set_add(model->set, &model->limits, name_of(model, index)), !model->is_in[index]);
    model->count += !model->is_in[index];
    model->is_in[index] = true;
}

static void model_remove(struct model *model, unsigned index)
{
    cr_assert_eq(set_remove(model->set, name_of(model, index)), model->is_in[index]);
    model->count -= model->is_in[index];
    model->is_in[index] = false;
}

/* Fills with the first `count` names. */
static void model_fill(struct model *model, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        model_add(model, i);
    }
}

static void note_seen(void *context, struct slice member)
{
    struct model *model = context;
    model->seen[index_of(model, member)]++;
}

static void check_content(struct model *model, const struct set *set)
{
    struct set_iterator iterator;
    struct slice member;
    size_t met = 0;
    cr_assert_eq(set_count(set), model->count);
    memset(model->seen, 0, sizeof(model->seen));
    set_iterator_init(&iterator, set);
    while (set_iterator_next(&iterator, &member)) {
        unsigned index = index_of(model, member);
        cr_assert(model->is_in[index]);
        cr_assert_eq(model->seen[index]++, 0);
        met++;
    }
    cr_assert_eq(met, model->count);
    for (unsigned i = 0; i < NAMES; i++) {
        cr_assert_eq(set_contains(set, name_of(model, i)), model->is_in[i]);
    }
    memset(model->seen, 0, sizeof(model->seen));
    uint64_t position = 0;
    do {
        position = set_scan(set, position, note_seen, model);
    } while (position != 0);
    for (unsigned i = 0; i < NAMES; i++) {
        cr_assert_eq(model->seen[i], model->is_in[i]);
    }
}

/* Random additions and removals; whatever the encodings on the way, the content is the model's. */
static void run_model(uint64_t seed, unsigned text_from, size_t intset_entries, size_t listpack_entries)
{
    struct model *model = model_create(seed, text_from, intset_entries, listpack_entries);
    for (unsigned i = 0; i < 4000; i++) {
        unsigned range = 20 + i / 8; /* integers alone at first, and few */
        unsigned index = (unsigned)random_below(&model->random, range < NAMES ? range : NAMES);
        if (random_below(&model->random, 100) < (i % 1000 < 700 ? 65 : 30)) {
            model_add(model, index);
        } else {
            model_remove(model, index);
        }
        if (i % 97 == 0) {
            check_content(model, model->set);
        }
    }
    struct set *copy = set_class.copy(model->set);
    struct digest one = {0}, other = {0};
    check_content(model, copy);
    set_class.digest(model->set, &one);
    set_class.digest(copy, &other);
    cr_assert_arr_eq(&one, &other, sizeof(one));
    set_destroy(copy);
    model_destroy(model);
}

Test(set, agrees_with_a_naive_set_whatever_the_limits)
{
    run_model(1, 300, 512, 128);
    run_model(2, 30, 512, 128);
    run_model(3, NAMES, 20, 128);
    run_model(4, 0, 512, 40);
    run_model(5, 100, 0, 0);
    run_model(6, 25, 512, 1000);
    run_model(7, NAMES, 512, 0);
}

static void expect_encoding(const struct set *set, const char *encoding)
{
    cr_assert_str_eq(set_class.encoding(set), encoding);
}

Test(set, chooses_its_encoding_by_the_first_member_and_the_number)
{
    struct hash_key key;
    hash_key_randomize(&key);
    struct set_limits limits = {4, 3, 10, &key};
    static const struct {
        size_t members;
        const char *first;
        const char *encoding;
    } cases[] = {{1, "5", "intset"},   {4, "5", "intset"},    {5, "5", "hashtable"}, {1, "x", "listpack"},
                 {3, "x", "listpack"}, {4, "x", "hashtable"}, {1, "05", "listpack"}, {4, "-", "hashtable"}};
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct set *set = set_create(&limits, cases[i].members, slice_from_text(cases[i].first));
        expect_encoding(set, cases[i].encoding);
        cr_assert_eq(set_class.elements(set), 0);
        set_destroy(set);
    }
}

Test(set, converts_exactly_beyond_its_limits)
{
    struct model *model = model_create(8, 5, 4, 6);
    model_fill(model, 4);
    expect_encoding(model->set, "intset");
    model_add(model, 4); /* one integer too many */
    expect_encoding(model->set, "hashtable");
    model_destroy(model);

    model = model_create(8, 3, 4, 6);
    model_fill(model, 3);
    model_add(model, 3); /* the first text */
    expect_encoding(model->set, "listpack");
    model_add(model, 4);
    model_add(model, 5);
    expect_encoding(model->set, "listpack");
    model_add(model, 5);
    expect_encoding(model->set, "listpack");
    model_add(model, 6); /* the seventh */
    expect_encoding(model->set, "hashtable");
    check_content(model, model->set);
    model_destroy(model);

    model = model_create(8, 7, 10, 6);
    model_fill(model, 6);
    model_add(model, 7); /* a text, and too many for a listpack */
    expect_encoding(model->set, "hashtable");
    check_content(model, model->set);
    model_destroy(model);
}

Test(set, becomes_a_table_for_a_long_member)
{
    struct model *model = model_create(9, 2, 4, 6);
    model_fill(model, 3);
    expect_encoding(model->set, "listpack");
    cr_assert(set_add(model->set, &model->limits, SLICE_LITERAL("twelve bytes")));
    expect_encoding(model->set, "listpack");
    cr_assert(set_add(model->set, &model->limits, SLICE_LITERAL("thirteen byte")));
    expect_encoding(model->set, "hashtable");
    model_destroy(model);

    model = model_create(9, 2, 4, 6);
    model_fill(model, 2);
    cr_assert(set_add(model->set, &model->limits, SLICE_LITERAL("thirteen byte")));
    expect_encoding(model->set, "hashtable");
    model_destroy(model);

    model = model_create(9, 2, 4, 6); /* an integer whose digits are too many for a listpack */
    cr_assert(set_add(model->set, &model->limits, SLICE_LITERAL("-123456789012")));
    cr_assert(set_add(model->set, &model->limits, SLICE_LITERAL("x")));
    expect_encoding(model->set, "hashtable");
    model_destroy(model);
}

Test(set, expecting_many_makes_it_a_table)
{
    struct model *model = model_create(10, 5, 8, 6);
    model_fill(model, 2);
    set_expect(model->set, &model->limits, 8);
    expect_encoding(model->set, "intset");
    set_expect(model->set, &model->limits, 9);
    expect_encoding(model->set, "hashtable");
    check_content(model, model->set);
    model_destroy(model);
}

Test(set, adds_many_as_it_adds_one_by_one)
{
    struct model *model = model_create(11, 30, 20, 25);
    for (unsigned round = 0; round < 60; round++) {
        struct slice members[50];
        size_t expected = 0;
        size_t count = 1 + random_below(&model->random, ARRAY_LENGTH(members));
        for (size_t i = 0; i < count; i++) {
            unsigned index = (unsigned)random_below(&model->random, round < 10 ? 30 : NAMES);
            members[i] = name_of(model, index);
            expected += !model->is_in[index];
            model->is_in[index] = true;
        }
        model->count += expected;
        cr_assert_eq(set_add_many(model->set, &model->limits, members, count), expected);
        check_content(model, model->set);
    }
    model_destroy(model);
}

/* ---- random members ---- */

static struct model *model_of(enum set_encoding encoding, unsigned count)
{
    bool is_intset = encoding == SET_INTSET;
    struct model *model = model_create(40 + (uint64_t)encoding, is_intset ? NAMES : 0, is_intset ? NAMES : 0,
                                       encoding == SET_LISTPACK ? NAMES : 0);
    model_fill(model, count);
    cr_assert_eq(set_encoding(model->set), encoding);
    return model;
}

static double chi_square(const struct model *model, unsigned count, double expected)
{
    double sum = 0;
    for (unsigned i = 0; i < count; i++) {
        double off = (double)model->seen[i] - expected;
        sum += off * off / expected;
    }
    return sum;
}

Test(set, samples_all_members_with_the_same_chance)
{
    enum { MEMBERS = 40, DRAWS = 20000 };
    for (enum set_encoding encoding = SET_INTSET; encoding <= SET_TABLE; encoding++) {
        for (unsigned each = 1; each <= 10; each += 9) {
            struct model *model = model_of(encoding, MEMBERS);
            struct set_draw draw = {each, &model->random};
            for (unsigned i = 0; i < DRAWS / each; i++) {
                set_sample(model->set, &draw, note_seen, model);
            }
            cr_assert_lt(chi_square(model, MEMBERS, (double)DRAWS / MEMBERS), 78, "39 degrees, p < 0.0002");
            model_destroy(model);
        }
    }
}

Test(set, chooses_different_members_evenly)
{
    enum { MEMBERS = 40, ROUNDS = 3000 };
    static const unsigned counts[] = {0, 1, 5, 20, 39, 40};
    for (enum set_encoding encoding = SET_INTSET; encoding <= SET_TABLE; encoding++) {
        for (size_t c = 0; c < ARRAY_LENGTH(counts); c++) {
            struct model *model = model_of(encoding, MEMBERS);
            struct set_draw draw = {counts[c], &model->random};
            for (unsigned round = 1; round <= ROUNDS; round++) {
                set_choose(model->set, &draw, note_seen, model);
                uint64_t total = 0;
                for (unsigned i = 0; i < MEMBERS; i++) {
                    cr_assert_leq(model->seen[i], round, "no member twice in a choice");
                    total += model->seen[i];
                }
                cr_assert_eq(total, (uint64_t)round * counts[c]);
            }
            if (counts[c] != 0) {
                cr_assert_lt(chi_square(model, MEMBERS, (double)ROUNDS * counts[c] / MEMBERS), 78);
            }
            model_destroy(model);
        }
    }
}

Test(set, pops_what_it_visits_and_nothing_else)
{
    for (enum set_encoding encoding = SET_INTSET; encoding <= SET_TABLE; encoding++) {
        for (unsigned taken = 1; taken < 100; taken += taken < 5 ? 1 : 13) {
            struct model *model = model_of(encoding, 100);
            struct set_draw draw = {taken, &model->random};
            set_pop(model->set, &model->limits, &draw, note_seen, model);
            for (unsigned i = 0; i < 100; i++) {
                cr_assert_leq(model->seen[i], 1);
                model->is_in[i] = model->seen[i] == 0;
                model->count -= model->seen[i];
            }
            cr_assert_eq(model->count, 100 - taken);
            check_content(model, model->set);
            model_destroy(model);
        }
    }
}

Test(set, pops_all_members_with_the_same_chance)
{
    enum { MEMBERS = 20, ROUNDS = 4000 };
    static const unsigned counts[] = {1, 7, 18};
    for (enum set_encoding encoding = SET_INTSET; encoding <= SET_TABLE; encoding++) {
        for (size_t c = 0; c < ARRAY_LENGTH(counts); c++) {
            struct model *model = model_of(encoding, MEMBERS);
            for (unsigned round = 0; round < ROUNDS; round++) {
                struct set *copy = set_class.copy(model->set);
                struct set_draw draw = {counts[c], &model->random};
                set_pop(copy, &model->limits, &draw, note_seen, model);
                set_destroy(copy);
            }
            cr_assert_lt(chi_square(model, MEMBERS, (double)ROUNDS * counts[c] / MEMBERS), 49, "19 degrees");
            model_destroy(model);
        }
    }
}

Test(set, a_table_that_loses_most_members_is_made_anew)
{
    struct model *model = model_create(12, 600, 50, 50);
    model_fill(model, 100);
    expect_encoding(model->set, "hashtable");
    struct set_draw draw = {60, &model->random};
    set_pop(model->set, &model->limits, &draw, note_seen, model);
    expect_encoding(model->set, "hashtable");
    draw.count = 36;
    set_pop(model->set, &model->limits, &draw, note_seen, model);
    expect_encoding(model->set, "intset");
    cr_assert_eq(set_count(model->set), 4);
    model_destroy(model);
}

/* ---- sets from sets ---- */

enum { SETS = 8 };

struct family {
    struct model *models[SETS];
    const struct set *sets[SETS];
    size_t count;
    unsigned taken[NAMES];
    size_t left; /* how many are taken before it says stop */
};

static bool note_taken(void *context, struct slice member)
{
    struct family *family = context;
    unsigned index = index_of(family->models[0], member);
    cr_assert_eq(family->taken[index]++, 0, "each member once");
    return --family->left != 0;
}

/* Sets over the same names, in random encodings and sizes; some are missing or the same when `loosely`. */
static void family_make(struct family *family, struct random *random, bool loosely)
{
    static const size_t limits[][2] = {{NAMES, 0}, {0, NAMES}, {0, 0}, {512, 128}};
    unsigned text_from = (unsigned)random_below(random, 3) * 300;
    family->count = 1 + random_below(random, SETS);
    for (size_t i = 0; i < family->count; i++) {
        const size_t *limit = limits[random_below(random, ARRAY_LENGTH(limits))];
        struct model *model = model_create(random_next(random) | 1, text_from, limit[0], limit[1]);
        if (i > 0) {
            model_share_key(model, family->models[0]);
        }
        unsigned share = 1 + (unsigned)random_below(random, 99);
        for (unsigned j = 0; j < NAMES; j++) {
            if (random_below(random, 100) < share) {
                model_add(model, j);
            }
        }
        family->models[i] = model;
        family->sets[i] = model->set;
    }
    for (size_t i = 0; loosely && i < family->count; i++) {
        size_t other = random_below(random, family->count);
        family->sets[i] = random_below(random, 10) == 0 ? NULL : family->sets[i];
        family->sets[i] = random_below(random, 10) == 0 ? family->sets[other] : family->sets[i];
    }
    memset(family->taken, 0, sizeof(family->taken));
    family->left = SIZE_MAX;
}

static void family_destroy(struct family *family)
{
    for (size_t i = 0; i < family->count; i++) {
        model_destroy(family->models[i]);
    }
}

enum operation { INTERSECT, UNITE, SUBTRACT };

static bool expected_in(const struct family *family, enum operation operation, unsigned index)
{
    const struct set *const *sets = family->sets;
    struct slice name = name_of(family->models[0], index);
    unsigned found = 0;
    for (size_t i = 0; i < family->count; i++) {
        found += sets[i] != NULL && set_contains(sets[i], name);
    }
    switch (operation) {
    case INTERSECT:
        return found == family->count;
    case UNITE:
        return found != 0;
    default:
        return found == 1 && sets[0] != NULL && set_contains(sets[0], name);
    }
}

static void run_family(uint64_t seed, enum operation operation, bool loosely)
{
    static void (*const run[])(struct set_operands *, set_taker *, void *) = {set_intersect, set_unite, set_subtract};
    struct random random;
    struct family family;
    random_init_seed(&random, seed);
    for (unsigned round = 0; round < 60; round++) {
        family_make(&family, &random, loosely);
        bool expected[NAMES];
        for (unsigned i = 0; i < NAMES; i++) {
            expected[i] = expected_in(&family, operation, i);
        }
        struct set_operands operands = {family.sets, family.count, family.models[0]->limits.hash_key};
        run[operation](&operands, note_taken, &family);
        for (unsigned i = 0; i < NAMES; i++) {
            cr_assert_eq(family.taken[i], expected[i], "member %u of round %u", i, round);
        }
        family_destroy(&family);
    }
}

Test(set, intersects_as_a_naive_set_does)
{
    run_family(101, INTERSECT, false);
}

Test(set, unites_as_a_naive_set_does_with_missing_and_equal_operands)
{
    run_family(102, UNITE, true);
    run_family(103, UNITE, false);
}

Test(set, subtracts_as_a_naive_set_does_with_missing_and_equal_operands)
{
    run_family(104, SUBTRACT, true);
    run_family(105, SUBTRACT, false);
}

Test(set, stops_when_enough_is_taken)
{
    struct model *model = model_of(SET_TABLE, 300);
    struct model *other = model_of(SET_LISTPACK, 200);
    struct family family = {.models = {model}, .left = 7};
    const struct set *sets[] = {model->set, other->set};
    struct set_operands operands = {sets, 2, &model->key};
    set_intersect(&operands, note_taken, &family);
    cr_assert_eq(family.left, 0);
    model_destroy(model);
    model_destroy(other);
}

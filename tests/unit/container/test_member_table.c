/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables of members beside an array of flags: random operations, batches, walks, scans, draws, lengths at their edges.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "sherd/base/memory.h"
#include "sherd/container/member_table.h"

enum { NAMES = 3000 };

struct model {
    struct hash_key key;
    struct member_table table;
    struct random random;
    char names[NAMES][16];
    bool is_in[NAMES];
    uint32_t seen[NAMES];
    uint32_t count;
};

static struct model *model_create(uint64_t seed)
{
    struct model *model = memory_alloc_zeroed(sizeof(*model));
    hash_key_randomize(&model->key);
    member_table_init(&model->table, &model->key);
    random_init_seed(&model->random, seed);
    for (unsigned i = 0; i < NAMES; i++) {
        (void)snprintf(model->names[i], sizeof(model->names[i]), "%u", i);
    }
    return model;
}

static void model_destroy(struct model *model)
{
    member_table_deinit(&model->table);
    memory_free(model);
}

static struct slice name_of(const struct model *model, unsigned index)
{
    return slice_from_text(model->names[index]);
}

static unsigned index_of(struct slice bytes)
{
    char text[16] = {0};
    unsigned index = NAMES;
    cr_assert_lt(bytes.len, sizeof(text));
    memcpy(text, bytes.data, bytes.len);
    cr_assert_eq(sscanf(text, "%u", &index), 1);
    cr_assert_lt(index, (unsigned)NAMES);
    return index;
}

static void model_step(struct model *model, bool adds)
{
    unsigned index = (unsigned)random_below(&model->random, NAMES);
    if (adds) {
        cr_assert_eq(member_table_insert(&model->table, name_of(model, index)), !model->is_in[index]);
        model->count += !model->is_in[index];
    } else {
        cr_assert_eq(member_table_remove(&model->table, name_of(model, index)), model->is_in[index]);
        model->count -= model->is_in[index];
    }
    model->is_in[index] = adds;
    cr_assert_eq(member_table_count(&model->table), model->count);
}

static void check_walk(struct model *model, const struct member_table *table)
{
    struct member_walk walk = {.table = table};
    uint32_t met = 0;
    memset(model->seen, 0, sizeof(model->seen));
    for (const struct member *member; (member = member_walk_next(&walk)) != NULL; met++) {
        unsigned index = index_of(member_bytes_of(member));
        cr_assert(model->is_in[index]);
        cr_assert_eq(model->seen[index]++, 0);
    }
    cr_assert_eq(met, model->count);
    cr_assert_null(member_walk_next(&walk), "the end stays the end");
}

static void check_lookups(const struct model *model)
{
    for (unsigned i = 0; i < NAMES; i++) {
        cr_assert_eq(member_table_contains(&model->table, name_of(model, i)), model->is_in[i]);
    }
}

Test(member_table, agrees_with_a_naive_set_through_growth_and_shrinking)
{
    struct model *model = model_create(11);
    for (unsigned round = 0; round < 12; round++) {
        unsigned share = round % 4 < 2 ? 80 : 15; /* per cent of additions */
        for (unsigned i = 0; i < 2500; i++) {
            model_step(model, random_below(&model->random, 100) < share);
        }
        check_walk(model, &model->table);
        check_lookups(model);
    }
    model_destroy(model);
}

Test(member_table, counts_its_bytes_down_to_nothing)
{
    struct model *model = model_create(12);
    for (unsigned i = 0; i < 2000; i++) {
        model_step(model, true);
    }
    cr_assert_geq(member_table_bytes(&model->table), model->count * 16U);
    for (unsigned i = 0; i < NAMES; i++) {
        (void)member_table_remove(&model->table, name_of(model, i));
    }
    cr_assert_eq(model->table.member_bytes, 0);
    cr_assert_eq(member_table_count(&model->table), 0);
    model->count = 0;
    memset(model->is_in, 0, sizeof(model->is_in));
    check_walk(model, &model->table);
    model_destroy(model);
}

Test(member_table, copies_are_equal_and_their_own)
{
    struct model *model = model_create(13);
    struct member_table copy;
    for (unsigned i = 0; i < 1500; i++) {
        model_step(model, true);
    }
    member_table_copy(&copy, &model->table);
    cr_assert_eq(copy.member_bytes, model->table.member_bytes);
    check_walk(model, &copy);
    for (unsigned i = 0; i < NAMES; i++) {
        (void)member_table_remove(&copy, name_of(model, i));
    }
    check_walk(model, &model->table);
    member_table_deinit(&copy);
    model_destroy(model);
}

Test(member_table, batches_do_what_single_calls_do)
{
    struct model *model = model_create(14);
    struct member_batch batch;
    for (unsigned round = 0; round < 600; round++) { /* up to more members than prefetching begins with */
        unsigned added = 0;
        batch.count = 1 + (unsigned)random_below(&model->random, MEMBER_BATCH);
        unsigned expected = 0;
        unsigned indices[MEMBER_BATCH];
        for (unsigned i = 0; i < batch.count; i++) {
            indices[i] = (unsigned)random_below(&model->random, NAMES);
            batch.members[i] = name_of(model, indices[i]);
            expected |= (unsigned)model->is_in[indices[i]] << i;
        }
        member_batch_hash(&batch, &model->key);
        member_batch_prefetch(&batch, &model->table);
        cr_assert_eq(member_batch_find(&batch, &model->table), expected);
        for (unsigned i = 0; i < batch.count; i++) {
            added += !model->is_in[indices[i]];
            model->is_in[indices[i]] = true;
        }
        cr_assert_eq(member_batch_insert(&batch, &model->table), added);
        model->count += added;
    }
    check_walk(model, &model->table);
    model_destroy(model);
}

Test(member_table, batches_find_members_of_a_large_table)
{
    struct hash_key key;
    struct member_table table;
    struct member_batch batch = {.count = 2};
    hash_key_randomize(&key);
    member_table_init(&table, &key);
    for (uint64_t i = 0; i < 20000; i++) {
        cr_assert(member_table_insert(&table, slice_make(&i, sizeof(i))));
    }
    for (uint64_t i = 0; i < 20000; i++) {
        uint64_t missing = i + 20000;
        batch.members[0] = slice_make(&i, sizeof(i));
        batch.members[1] = slice_make(&missing, sizeof(missing));
        member_batch_hash(&batch, &key);
        member_batch_prefetch(&batch, &table);
        cr_assert_eq(member_batch_find(&batch, &table), 1);
    }
    member_table_deinit(&table);
}

static void note_seen(void *context, void *member)
{
    struct model *model = context;
    model->seen[index_of(member_bytes_of(member))]++;
}

Test(member_table, scans_meet_every_member_that_stays)
{
    struct model *model = model_create(15);
    for (unsigned i = 0; i < NAMES; i++) {
        (void)member_table_insert(&model->table, name_of(model, i));
    }
    uint64_t position = 0;
    unsigned gone = 1; /* odd names leave while the scan goes on */
    do {
        position = member_table_scan(&model->table, position, note_seen, model);
        for (unsigned i = 0; i < 5 && gone < NAMES; i++, gone += 2) {
            (void)member_table_remove(&model->table, name_of(model, gone));
        }
    } while (position != 0);
    for (unsigned i = 0; i < NAMES; i += 2) {
        cr_assert_geq(model->seen[i], 1);
    }
    model_destroy(model);
}

Test(member_table, draws_all_members_with_the_same_chance)
{
    enum { MEMBERS = 50, DRAWS = 50000 };
    struct model *model = model_create(16);
    for (unsigned i = 0; i < MEMBERS; i++) {
        (void)member_table_insert(&model->table, name_of(model, i));
    }
    for (unsigned i = 0; i < DRAWS; i++) {
        model->seen[index_of(member_bytes_of(member_table_sample(&model->table, &model->random)))]++;
    }
    double chi_square = 0;
    for (unsigned i = 0; i < MEMBERS; i++) {
        double off = (double)model->seen[i] - (double)DRAWS / MEMBERS;
        chi_square += off * off / ((double)DRAWS / MEMBERS);
    }
    cr_assert_lt(chi_square, 92, "of 49 degrees of freedom: p < 0.0002");
    model_destroy(model);
}

Test(member_table, takes_the_very_member_out)
{
    struct model *model = model_create(17);
    for (unsigned i = 0; i < 100; i++) {
        (void)member_table_insert(&model->table, name_of(model, i));
    }
    for (unsigned left = 100; left != 0; left--) {
        const struct member *drawn = member_table_sample(&model->table, &model->random);
        struct member *taken = member_table_take(&model->table, drawn);
        cr_assert_eq((const struct member *)taken, drawn);
        cr_assert_not(member_table_contains(&model->table, member_bytes_of(taken)));
        cr_assert_eq(member_table_count(&model->table), left - 1);
        memory_free(taken);
    }
    model_destroy(model);
}

Test(member_table, keeps_members_of_all_lengths)
{
    static const size_t lengths[] = {0, 1, 14, 15, 16, 254, 255, 256, 70000};
    struct hash_key key;
    struct member_table table;
    char *bytes = memory_alloc_zeroed(70000);
    hash_key_randomize(&key);
    member_table_init(&table, &key);
    for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++) {
        struct slice member = slice_make(bytes, lengths[i]);
        cr_assert_not(member_table_contains(&table, member));
        cr_assert(member_table_insert(&table, member));
        cr_assert_not(member_table_insert(&table, member));
    }
    size_t total = 0;
    struct member_walk walk = {.table = &table};
    for (const struct member *member; (member = member_walk_next(&walk)) != NULL;) {
        total += member_bytes_of(member).len;
    }
    cr_assert_eq(total, 0 + 1 + 14 + 15 + 16 + 254 + 255 + 256 + 70000);
    for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++) {
        cr_assert(member_table_remove(&table, slice_make(bytes, lengths[i])));
    }
    cr_assert_eq(table.member_bytes, 0);
    member_table_deinit(&table);
    memory_free(bytes);
}

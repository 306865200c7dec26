/* SPDX-License-Identifier: BSD-3-Clause */
/* A naive hash, an array of fields, and random runs of the real one beside it.
 * Owner: the test. Locks: none. */
#ifndef SHERD_TESTS_HASH_MODEL_H
#define SHERD_TESTS_HASH_MODEL_H

#include <criterion/criterion.h>
#include <stdio.h>

#include "sherd/value/hash.h"

enum {
    HASH_MODEL_NAMES = 200,
    HASH_MODEL_VALUE_BYTES = 6000, /* beyond what stands inside a field */
    HASH_MODEL_NAME_BYTES = 40,
};

struct hash_model_run {
    struct hash_limits limits;
    uint64_t seed;
    int steps;
    unsigned names;
    bool deadlines;
};

struct hash_model_field {
    char name[HASH_MODEL_NAME_BYTES];
    bool exists; /* dead ones included */
    int64_t deadline_ms;
    size_t len;
    char value[HASH_MODEL_VALUE_BYTES];
};

struct hash_model {
    const struct hash_model_run *run;
    struct hash *hash;
    struct random random;
    int64_t now_ms;
    struct hash_model_field fields[HASH_MODEL_NAMES];
    size_t visited;
    bool seen[HASH_MODEL_NAMES];
};

static inline bool hash_model_lives(const struct hash_model *model, const struct hash_model_field *field)
{
    return field->exists && (field->deadline_ms == HASH_DEADLINE_NONE || field->deadline_ms > model->now_ms);
}

static inline struct slice hash_model_value(const struct hash_model_field *field)
{
    return slice_make(field->value, field->len);
}

static inline int64_t hash_model_random_deadline(struct hash_model *model)
{
    bool has = model->run->deadlines && random_below(&model->random, 2) == 0;
    return has ? model->now_ms + 1 + (int64_t)random_below(&model->random, 50) : HASH_DEADLINE_NONE;
}

static inline void hash_model_set(struct hash_model *model, struct hash_model_field *field)
{
    static const size_t lengths[] = {0, 1, 3, 8, 15, 16, 17, 60, 200, 5000};
    bool was_alive = hash_model_lives(model, field);
    size_t kind = model->run->limits.listpack_value_bytes > 100 && random_below(&model->random, 100) != 0 ? 7 : 10;
    size_t len = lengths[random_below(&model->random, kind)];
    struct hash_setting setting = {
        .limits = &model->run->limits, .now_ms = model->now_ms, .deadline_ms = hash_model_random_deadline(model)};
    if (!model->run->deadlines && model->run->limits.listpack_entries > 100) {
        len = len > 60 ? 60 : len;
    }
    for (size_t i = 0; i < len; i++) {
        field->value[i] = (char)('0' + random_below(&model->random, 10));
    }
    field->len = len;
    if (random_below(&model->random, 3) == 0) {
        setting.deadline_ms = HASH_DEADLINE_KEEP;
        field->deadline_ms = was_alive ? field->deadline_ms : HASH_DEADLINE_NONE;
    } else {
        field->deadline_ms = setting.deadline_ms;
    }
    bool is_new = hash_set(model->hash, slice_from_text(field->name), hash_model_value(field), &setting);
    cr_assert_eq(is_new, !was_alive, "seed %llu", (unsigned long long)model->run->seed);
    field->exists = true;
}

static inline void hash_model_compare_field(const struct hash_model *model, const struct hash_model_field *field)
{
    struct hash_value value;
    struct slice name = slice_from_text(field->name);
    int64_t deadline_ms;
    bool lives = hash_model_lives(model, field);
    cr_assert_eq(hash_get(model->hash, name, model->now_ms, &value), lives);
    cr_assert_eq(hash_contains(model->hash, name, model->now_ms), lives);
    cr_assert_eq(hash_deadline(model->hash, name, model->now_ms, &deadline_ms), lives);
    if (lives) {
        cr_assert(slice_equals(value.text, hash_model_value(field)));
        cr_assert_eq(deadline_ms, field->deadline_ms);
    }
}

static inline void hash_model_visit(void *context, struct slice name, const struct hash_value *value)
{
    struct hash_model *model = context;
    unsigned index = 0;
    char text[HASH_MODEL_NAME_BYTES] = {0};
    memcpy(text, name.data, name.len);
    (void)sscanf(text, "%u", &index);
    const struct hash_model_field *field = &model->fields[index];
    cr_assert(slice_equals(name, slice_from_text(field->name)));
    cr_assert(hash_model_lives(model, field));
    cr_assert(slice_equals(value->text, hash_model_value(field)));
    model->visited++;
    model->seen[index] = true;
}

/* Lengths, deadlines and all that walking and scanning give. */
static inline void hash_model_compare(struct hash_model *model)
{
    size_t all = 0, living = 0, timed = 0;
    int64_t next_ms = HASH_NEVER;
    for (unsigned i = 0; i < model->run->names; i++) {
        const struct hash_model_field *field = &model->fields[i];
        bool is_timed = field->exists && field->deadline_ms != HASH_DEADLINE_NONE;
        all += field->exists;
        living += hash_model_lives(model, field);
        timed += is_timed;
        next_ms = is_timed && field->deadline_ms < next_ms ? field->deadline_ms : next_ms;
    }
    cr_assert_eq(hash_length(model->hash), all);
    cr_assert_eq(hash_timed(model->hash), timed);
    cr_assert_eq(hash_dead(model->hash, model->now_ms, SIZE_MAX), all - living);
    cr_assert_eq(hash_next_deadline_ms(model->hash), next_ms);
    model->visited = 0;
    hash_walk(model->hash, model->now_ms, hash_model_visit, model);
    cr_assert_eq(model->visited, living);
    memset(model->seen, 0, sizeof(model->seen));
    uint64_t position = 0;
    do {
        position = hash_scan(model->hash, position, model->now_ms, hash_model_visit, model);
    } while (position != 0);
    for (unsigned i = 0; i < model->run->names; i++) {
        cr_assert_eq(model->seen[i], hash_model_lives(model, &model->fields[i]));
    }
}

static inline void hash_model_step(struct hash_model *model)
{
    struct hash_model_field *field = &model->fields[random_below(&model->random, model->run->names)];
    struct slice name = slice_from_text(field->name);
    uint64_t choice = random_below(&model->random, 100);
    if (choice < 50) {
        hash_model_set(model, field);
    } else if (choice < 75) {
        bool lives = hash_model_lives(model, field);
        cr_assert_eq(hash_delete(model->hash, name, model->now_ms), lives);
        field->exists = field->exists && !lives;
    } else if (choice < 85 && hash_model_lives(model, field)) {
        field->deadline_ms = hash_model_random_deadline(model);
        hash_set_deadline(model->hash, name, field->deadline_ms, &model->run->limits);
    } else if (choice < 90) {
        model->now_ms += (int64_t)random_below(&model->random, 10);
    } else if (choice < 94) {
        size_t dead = hash_dead(model->hash, model->now_ms, SIZE_MAX);
        cr_assert_eq(hash_expire(model->hash, model->now_ms, SIZE_MAX), dead);
        for (unsigned i = 0; i < model->run->names; i++) {
            model->fields[i].exists = hash_model_lives(model, &model->fields[i]);
        }
    } else if (choice < 95) {
        struct hash *copy = hash_copy(model->hash);
        hash_destroy(model->hash);
        model->hash = copy;
    }
    hash_model_compare_field(model, field);
}

static inline void hash_model_run(const struct hash_model_run *run)
{
    static struct hash_model model;
    model = (struct hash_model){.run = run, .hash = hash_create(), .now_ms = 1000};
    random_init_seed(&model.random, run->seed);
    for (unsigned i = 0; i < run->names; i++) {
        /* Some names are numbers, which a listpack packs as such; some are long. */
        const char *tail = i % 3 == 0 ? "" : i % 7 == 0 ? "-a-rather-long-name" : "x";
        (void)snprintf(model.fields[i].name, sizeof(model.fields[i].name), "%u%s", i, tail);
    }
    for (int step = 0; step < run->steps; step++) {
        hash_model_step(&model);
        if (step % 50 == 0) {
            hash_model_compare(&model);
        }
    }
    hash_model_compare(&model);
    cr_assert_geq(hash_bytes_used(model.hash), hash_length(model.hash));
    hash_destroy(model.hash);
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* Hashes: visiting many of their fields, in order, from a position, or at random.
 * Owner: whoever holds the hash. Locks: none. */
#include "hash_private.h"
#include "sherd/base/memory.h"

enum {
    SAMPLE_TRIES = 500,      /* draws that may miss before the whole table is walked over: most of it is dead */
    SPARSE_FACTOR = 3,       /* up to a third of the fields are drawn one by one, more are chosen while walking */
    CHOSEN_ON_STACK = 64,    /* places of a set of the chosen */
    OFFSETS_ON_STACK = 1024, /* pairs of a listpack */
};

/* ---- listpacks ---- */

/* The pair at `at`; gives where the next one is. */
static size_t visit_pair(const struct listpack *pack, size_t at, hash_visitor *visit, void *context)
{
    struct listpack_value element;
    char digits[LISTPACK_INT_TEXT_BYTES];
    struct hash_value value;
    value.blob = NULL;
    size_t value_at = listpack_next(pack, at);
    struct slice field = listpack_get_text(pack, at, digits);
    size_t next = listpack_read(pack, value_at, &element);
    value.text = element.is_integer ? listpack_get_text(pack, value_at, value.digits) : element.text;
    visit(context, field, &value);
    return next;
}

static void pack_walk(const struct listpack *pack, hash_visitor *visit, void *context)
{
    size_t at = listpack_first(pack);
    while (at != LISTPACK_NONE) {
        at = visit_pair(pack, at, visit, context);
    }
}

/* Draws with repeats: where each pair begins is looked up once. */
static void pack_sample(const struct listpack *pack, size_t count, struct random *random, hash_visitor *visit,
                        void *context)
{
    uint32_t some[OFFSETS_ON_STACK];
    size_t pairs = listpack_count(pack) / 2;
    uint32_t *offsets = pairs <= OFFSETS_ON_STACK ? some : memory_alloc(pairs * sizeof(*offsets));
    size_t at = listpack_first(pack);
    for (size_t i = 0; i < pairs; i++) {
        offsets[i] = (uint32_t)at;
        at = listpack_next(pack, listpack_next(pack, at));
    }
    for (size_t i = 0; i < count; i++) {
        (void)visit_pair(pack, offsets[random_below(random, pairs)], visit, context);
    }
    if (offsets != some) {
        memory_free(offsets);
    }
}

static void pack_choose(const struct listpack *pack, size_t count, struct random *random, hash_visitor *visit,
                        void *context)
{
    size_t left = listpack_count(pack) / 2;
    size_t at = listpack_first(pack);
    for (; count > 0 && left > 0; left--) {
        if (random_below(random, left) < count) {
            at = visit_pair(pack, at, visit, context);
            count--;
        } else {
            at = listpack_next(pack, listpack_next(pack, at));
        }
    }
}

/* ---- tables ---- */

struct walk {
    int64_t now_ms;
    hash_visitor *visit;
    void *context;
};

static void visit_field(const struct walk *walk, const struct hash_field *field)
{
    struct hash_value value;
    field_value(field, &value);
    walk->visit(walk->context, field_name(field), &value);
}

static void walk_field(void *context, const struct hash_field *field)
{
    const struct walk *walk = context;
    if (!field_is_dead(field, walk->now_ms)) {
        visit_field(walk, field);
    }
}

static void scan_field(void *context, void *item)
{
    walk_field(context, item);
}

static uint64_t table_item_hash(const void *context, const void *item)
{
    const struct hash_table *table = context;
    return hash_bytes(table->hash_key, field_name(item));
}

void hash_walk(const struct hash *hash, int64_t now_ms, hash_visitor *visit, void *context)
{
    const struct hash_table *table = hash_table_of(hash);
    if (table == NULL) {
        pack_walk(&hash->pack, visit, context);
        return;
    }
    struct walk walk = {now_ms, visit, context};
    hash_table_each(table, walk_field, &walk);
}

uint64_t hash_scan(const struct hash *hash, uint64_t position, int64_t now_ms, hash_visitor *visit, void *context)
{
    const struct hash_table *table = hash_table_of(hash);
    if (table == NULL) {
        pack_walk(&hash->pack, visit, context);
        return 0;
    }
    struct walk walk = {now_ms, visit, context};
    struct table_env env = {.hash = table_item_hash, .context = (void *)(uintptr_t)table};
    uint64_t next = table_scan(&table->fields, &env, position, scan_field, &walk);
    return next >= TABLE_SCAN_END ? 0 : next;
}

/* One of the living fields, each with the same chance, by walking over all of them. */
struct reservoir {
    int64_t now_ms;
    struct random *random;
    uint64_t seen;
    const struct hash_field *chosen;
};

static void reservoir_field(void *context, const struct hash_field *field)
{
    struct reservoir *reservoir = context;
    if (!field_is_dead(field, reservoir->now_ms) && random_below(reservoir->random, ++reservoir->seen) == 0) {
        reservoir->chosen = field;
    }
}

/* NULL: none lives. */
static const struct hash_field *table_draw(const struct hash_table *table, int64_t now_ms, struct random *random)
{
    for (int i = 0; i < SAMPLE_TRIES; i++) {
        const struct hash_field *field = table_sample(&table->fields, random_next(random));
        if (field != NULL && !field_is_dead(field, now_ms)) {
            return field;
        }
    }
    struct reservoir reservoir = {.now_ms = now_ms, .random = random};
    hash_table_each(table, reservoir_field, &reservoir);
    return reservoir.chosen;
}

size_t hash_sample(const struct hash *hash, const struct hash_draw *draw, hash_visitor *visit, void *context)
{
    const struct hash_table *table = hash_table_of(hash);
    if (table == NULL) {
        if (listpack_count(&hash->pack) == 0) {
            return 0;
        }
        pack_sample(&hash->pack, draw->count, draw->random, visit, context);
        return draw->count;
    }
    struct walk walk = {draw->now_ms, visit, context};
    for (size_t i = 0; i < draw->count; i++) {
        const struct hash_field *field = table_draw(table, draw->now_ms, draw->random);
        if (field == NULL) {
            return i;
        }
        visit_field(&walk, field);
    }
    return draw->count;
}

/* Fields that were drawn already: an open-addressed set of their addresses, at most half full. */
struct chosen {
    size_t mask;
    const struct hash_field **places;
    const struct hash_field *some[CHOSEN_ON_STACK];
};

static void chosen_init(struct chosen *chosen, size_t count)
{
    size_t places = CHOSEN_ON_STACK;
    while (places < 2 * count) {
        places *= 2;
    }
    chosen->mask = places - 1;
    chosen->places = chosen->some;
    memset(chosen->some, 0, sizeof(chosen->some));
    if (places > CHOSEN_ON_STACK) {
        chosen->places = memory_alloc_zeroed(places * sizeof(chosen->places[0]));
    }
}

/* False when it was in already. */
static bool chosen_add(struct chosen *chosen, const struct hash_field *field)
{
    size_t at = ((uintptr_t)field >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 20 & chosen->mask;
    while (chosen->places[at] != NULL) {
        if (chosen->places[at] == field) {
            return false;
        }
        at = (at + 1) & chosen->mask;
    }
    chosen->places[at] = field;
    return true;
}

static void table_choose_few(const struct hash_table *table, const struct hash_draw *draw, const struct walk *walk)
{
    struct chosen chosen;
    chosen_init(&chosen, draw->count);
    for (size_t i = 0; i < draw->count;) {
        const struct hash_field *field = table_draw(table, draw->now_ms, draw->random);
        if (chosen_add(&chosen, field)) {
            visit_field(walk, field);
            i++;
        }
    }
    if (chosen.places != chosen.some) {
        memory_free(chosen.places);
    }
}

struct selection {
    struct walk walk;
    struct random *random;
    size_t wanted;
    size_t left; /* living fields not yet walked over */
};

static void select_field(void *context, const struct hash_field *field)
{
    struct selection *selection = context;
    if (field_is_dead(field, selection->walk.now_ms)) {
        return;
    }
    if (random_below(selection->random, selection->left--) < selection->wanted) {
        selection->wanted--;
        visit_field(&selection->walk, field);
    }
}

void hash_choose(const struct hash *hash, const struct hash_draw *draw, hash_visitor *visit, void *context)
{
    const struct hash_table *table = hash_table_of(hash);
    if (table == NULL) {
        pack_choose(&hash->pack, draw->count, draw->random, visit, context);
        return;
    }
    size_t living = hash_length(hash) - hash_dead(hash, draw->now_ms, SIZE_MAX);
    struct walk walk = {draw->now_ms, visit, context};
    if (draw->count < living / SPARSE_FACTOR) {
        table_choose_few(table, draw, &walk);
        return;
    }
    struct selection selection = {.walk = walk, .random = draw->random, .wanted = draw->count, .left = living};
    hash_table_each(table, select_field, &selection);
}

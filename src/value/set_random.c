/* SPDX-License-Identifier: BSD-3-Clause */
/* Random members of sets, looked at or taken out.
 * Owner: the key that holds the set. Locks: none; changed under the key's shard. */
#include "set_private.h"
#include "sherd/base/memory.h"

enum {
    SPARSE_FACTOR = 4, /* so much fewer members than there are get drawn one by one, drawing again what came before */
    DRAWN_ON_STACK = 128, /* places */
    SEEK_DRAWS = 4,       /* draws from a listpack for which its elements are counted through each time */
    ANEW_FACTOR = 5,      /* as Redis: with so many times more taken than left, what is left is moved instead */
};

/* ---- what was drawn before ---- */

/* Numbers, none of them 0: an open-addressed table, at most half full. */
struct drawn {
    size_t mask;
    uint64_t *places;
    uint64_t some[DRAWN_ON_STACK];
};

static void drawn_init(struct drawn *drawn, size_t count)
{
    size_t places = DRAWN_ON_STACK;
    while (places < 2 * count) {
        places *= 2;
    }
    drawn->mask = places - 1;
    drawn->places = drawn->some;
    if (places > DRAWN_ON_STACK) {
        drawn->places = memory_alloc_zeroed(places * sizeof(drawn->places[0]));
    } else {
        memset(drawn->some, 0, sizeof(drawn->some));
    }
}

static void drawn_deinit(struct drawn *drawn)
{
    if (drawn->places != drawn->some) {
        memory_free(drawn->places);
    }
}

/* False when it is in already. */
static bool drawn_add(struct drawn *drawn, uint64_t number)
{
    size_t at = (size_t)(number * UINT64_C(0x9e3779b97f4a7c15) >> 20) & drawn->mask;
    while (drawn->places[at] != 0) {
        if (drawn->places[at] == number) {
            return false;
        }
        at = (at + 1) & drawn->mask;
    }
    drawn->places[at] = number;
    return true;
}

/* ---- single members ---- */

static void visit_integer(int64_t value, set_visitor *visit, void *context)
{
    char digits[NUMBER_I64_BYTES];
    visit(context, slice_make(digits, number_print_i64(digits, value)));
}

static void visit_packed(const struct listpack *pack, size_t at, set_visitor *visit, void *context)
{
    char digits[LISTPACK_INT_TEXT_BYTES];
    visit(context, listpack_get_text(pack, at, digits));
}

static size_t pack_draw(const struct listpack *pack, struct random *random)
{
    return listpack_seek(pack, (int64_t)random_below(random, listpack_count(pack)));
}

/* Many draws from a listpack: where its elements are is found once. */
static void pack_sample(const struct listpack *pack, const struct set_draw *draw, set_visitor *visit, void *context)
{
    if (draw->count <= SEEK_DRAWS) {
        for (size_t i = 0; i < draw->count; i++) {
            visit_packed(pack, pack_draw(pack, draw->random), visit, context);
        }
        return;
    }
    size_t count = 0;
    uint32_t *places = memory_alloc(listpack_count(pack) * sizeof(*places));
    for (size_t at = listpack_first(pack); at != LISTPACK_NONE; at = listpack_next(pack, at)) {
        places[count++] = (uint32_t)at;
    }
    for (size_t i = 0; i < draw->count; i++) {
        visit_packed(pack, places[random_below(draw->random, count)], visit, context);
    }
    memory_free(places);
}

void set_sample(const struct set *set, const struct set_draw *draw, set_visitor *visit, void *context)
{
    switch (encoding_of(set)) {
    case SET_INTSET:
        for (size_t i = 0; i < draw->count; i++) {
            size_t index = random_below(draw->random, intset_count(&set->ints));
            visit_integer(intset_get(&set->ints, index), visit, context);
        }
        break;
    case SET_LISTPACK:
        pack_sample(&set->pack, draw, visit, context);
        break;
    default:
        for (size_t i = 0; i < draw->count; i++) {
            visit(context, member_bytes_of(member_table_sample(set->big.members, draw->random)));
        }
        break;
    }
}

/* ---- several different members ---- */

/* A few of many, drawn again when they came before. */
static void choose_few(const struct set *set, const struct set_draw *draw, set_visitor *visit, void *context)
{
    struct drawn drawn;
    drawn_init(&drawn, draw->count);
    for (size_t done = 0; done < draw->count;) {
        if (set->data != NULL) {
            size_t index = random_below(draw->random, intset_count(&set->ints));
            if (drawn_add(&drawn, index + 1)) {
                visit_integer(intset_get(&set->ints, index), visit, context);
                done++;
            }
            continue;
        }
        const struct member *member = member_table_sample(set->big.members, draw->random);
        if (drawn_add(&drawn, (uint64_t)(uintptr_t)member)) {
            visit(context, member_bytes_of(member));
            done++;
        }
    }
    drawn_deinit(&drawn);
}

/* Walking over things of which some are to be chosen, every choice being equally likely. */
struct selection {
    struct random *random;
    size_t wanted;
    size_t left; /* not yet walked over */
};

/* Whether the next one is chosen. */
static bool selection_next(struct selection *selection)
{
    bool chosen = random_below(selection->random, selection->left--) < selection->wanted;
    selection->wanted -= chosen;
    return chosen;
}

void set_choose(const struct set *set, const struct set_draw *draw, set_visitor *visit, void *context)
{
    size_t count = set_count(set);
    if (encoding_of(set) != SET_LISTPACK && draw->count < count / SPARSE_FACTOR) {
        choose_few(set, draw, visit, context);
        return;
    }
    struct selection selection = {draw->random, draw->count, count};
    struct set_iterator iterator;
    struct slice member;
    set_iterator_init(&iterator, set);
    while (selection.wanted != 0 && set_iterator_next(&iterator, &member)) {
        if (selection_next(&selection)) {
            visit(context, member);
        }
    }
}

/* ---- taking out ---- */

static void ints_pop(struct intset *ints, const struct set_draw *draw, set_visitor *visit, void *context)
{
    size_t count = intset_count(ints);
    if (draw->count == 1) {
        size_t index = random_below(draw->random, count);
        visit_integer(intset_get(ints, index), visit, context);
        intset_remove_at(ints, index);
        return;
    }
    struct selection selection = {draw->random, draw->count, count};
    struct intset staying;
    intset_init(&staying);
    for (size_t i = 0; i < count; i++) {
        int64_t value = intset_get(ints, i);
        if (selection_next(&selection)) {
            visit_integer(value, visit, context);
        } else {
            (void)intset_insert(&staying, value);
        }
    }
    intset_deinit(ints);
    *ints = staying;
}

static void pack_pop(struct listpack *pack, const struct set_draw *draw, set_visitor *visit, void *context)
{
    if (draw->count == 1) {
        size_t at = pack_draw(pack, draw->random);
        visit_packed(pack, at, visit, context);
        (void)listpack_delete(pack, at);
        return;
    }
    struct selection selection = {draw->random, draw->count, listpack_count(pack)};
    struct listpack staying;
    listpack_init(&staying, listpack_bytes(pack) / 2);
    for (size_t at = listpack_first(pack); at != LISTPACK_NONE; at = listpack_next(pack, at)) {
        char digits[LISTPACK_INT_TEXT_BYTES];
        if (selection_next(&selection)) {
            visit_packed(pack, at, visit, context);
        } else {
            listpack_push_last(&staying, listpack_get_text(pack, at, digits));
        }
    }
    listpack_shrink(&staying);
    listpack_deinit(pack);
    *pack = staying;
}

static void table_pop(struct member_table *table, const struct set_draw *draw, set_visitor *visit, void *context)
{
    for (size_t i = 0; i < draw->count; i++) {
        struct member *member = member_table_take(table, member_table_sample(table, draw->random));
        visit(context, member_bytes_of(member));
        memory_free(member);
    }
}

/* Moves what stays to a new set and gives all the rest. */
static void table_pop_most(struct set *set, const struct set_limits *limits, const struct set_draw *draw,
                           set_visitor *visit, void *context)
{
    struct member_table *table = set->big.members;
    struct set *staying = NULL;
    for (size_t left = member_table_count(table) - draw->count; left != 0; left--) {
        struct member *member = member_table_take(table, member_table_sample(table, draw->random));
        struct slice bytes = member_bytes_of(member);
        if (staying == NULL) {
            staying = set_create(limits, 1, bytes);
        }
        (void)set_add(staying, limits, bytes);
        memory_free(member);
    }
    ASSERT(staying != NULL);
    struct member_walk walk = {.table = table};
    for (const struct member *member; (member = member_walk_next(&walk)) != NULL;) {
        visit(context, member_bytes_of(member));
    }
    member_table_deinit(table);
    memory_free(table);
    *set = *staying;
    memory_free(staying);
}

void set_pop(struct set *set, const struct set_limits *limits, const struct set_draw *draw, set_visitor *visit,
             void *context)
{
    switch (encoding_of(set)) {
    case SET_INTSET:
        ints_pop(&set->ints, draw, visit, context);
        break;
    case SET_LISTPACK:
        pack_pop(&set->pack, draw, visit, context);
        break;
    default:
        if ((member_table_count(set->big.members) - draw->count) * ANEW_FACTOR <= draw->count) {
            table_pop_most(set, limits, draw, visit, context);
        } else {
            table_pop(set->big.members, draw, visit, context);
        }
        break;
    }
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Intersections, unions and differences of sets. All walk over sets in batches and look a batch up in other sets, one
 * after the other: hashes are computed once for all tables, and the misses of a batch overlap.
 * Owner: nobody, there is no state. Locks: none; the sets do not change. */
#include <stdlib.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "set_private.h"

_Static_assert(MEMBER_BATCH == 16, "a tag for each member fills a vector register");

enum {
    DIRECT_UNION_SETS = 4,    /* up to so many sets are united by looking up what the others hold, without a copy */
    DIRECT_SUBTRACT_SETS = 5, /* and subtracted from the first */
    PACKED_TOGETHER_MIN = 3,  /* fewer members are looked for in a listpack one by one */
};

/* Members read from a set. Those of an intset get their text when somebody needs it. */
struct batch {
    struct member_batch members; /* texts, and hashes when hashed */
    bool is_integers;            /* they are in `integers` */
    bool has_text, is_hashed;
    int64_t integers[MEMBER_BATCH];
    char digits[MEMBER_BATCH][LISTPACK_INT_TEXT_BYTES];
};

struct reader {
    const struct set *set;
    enum set_encoding encoding;
    size_t at;
    struct member_walk walk;
};

static void reader_init(struct reader *reader, const struct set *set)
{
    reader->set = set;
    reader->encoding = encoding_of(set);
    reader->at = reader->encoding == SET_LISTPACK ? listpack_first(&set->pack) : 0;
    reader->walk = (struct member_walk){.table = reader->encoding == SET_TABLE ? set->big.members : NULL};
}

static void read_integers(struct reader *reader, struct batch *batch)
{
    const struct intset *ints = &reader->set->ints;
    size_t left = intset_count(ints) - reader->at;
    batch->members.count = left < MEMBER_BATCH ? (unsigned)left : MEMBER_BATCH;
    for (unsigned i = 0; i < batch->members.count; i++) {
        batch->integers[i] = intset_get(ints, reader->at++);
    }
}

static void read_packed(struct reader *reader, struct batch *batch)
{
    unsigned count = 0;
    for (; count < MEMBER_BATCH && reader->at != LISTPACK_NONE; count++) {
        struct listpack_value value;
        reader->at = listpack_read(&reader->set->pack, reader->at, &value);
        if (value.is_integer) {
            value.text = slice_make(batch->digits[count], number_print_i64(batch->digits[count], value.integer));
        }
        batch->members.members[count] = value.text;
    }
    batch->members.count = count;
}

static void read_table(struct reader *reader, struct batch *batch)
{
    unsigned count = 0;
    const struct member *member;
    while (count < MEMBER_BATCH && (member = member_walk_next(&reader->walk)) != NULL) {
        batch->members.members[count++] = member_bytes_of(member);
    }
    batch->members.count = count;
}

/* False at the end. */
static bool reader_next(struct reader *reader, struct batch *batch)
{
    batch->is_integers = reader->encoding == SET_INTSET;
    batch->has_text = !batch->is_integers;
    batch->is_hashed = false;
    switch (reader->encoding) {
    case SET_INTSET:
        read_integers(reader, batch);
        break;
    case SET_LISTPACK:
        read_packed(reader, batch);
        break;
    default:
        read_table(reader, batch);
        break;
    }
    return batch->members.count != 0;
}

static void batch_ensure_text(struct batch *batch)
{
    if (batch->has_text) {
        return;
    }
    for (unsigned i = 0; i < batch->members.count; i++) {
        size_t len = number_print_i64(batch->digits[i], batch->integers[i]);
        batch->members.members[i] = slice_make(batch->digits[i], len);
    }
    batch->has_text = true;
}

static void batch_ensure_hash(struct batch *batch, const struct hash_key *hash_key)
{
    if (!batch->is_hashed) {
        batch_ensure_text(batch);
        member_batch_hash(&batch->members, hash_key);
        batch->is_hashed = true;
    }
}

static unsigned batch_all(const struct batch *batch)
{
    return (1U << batch->members.count) - 1;
}

/* A byte that seldom is the same for different members. */
static uint8_t packed_tag(struct slice text)
{
    unsigned last = text.len > 0 ? (uint8_t)text.data[text.len - 1] : 0;
    unsigned before = text.len > 1 ? (uint8_t)text.data[text.len - 2] : 0;
    return (uint8_t)(text.len * 37 + last + before * 13);
}

/* Which of the 16 tags are this one. */
static unsigned tags_match(const uint8_t tags[MEMBER_BATCH], uint8_t tag)
{
#ifdef __SSE2__
    __m128i all = _mm_loadu_si128((const __m128i *)(const void *)tags);
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(all, _mm_set1_epi8((char)tag)));
#else
    unsigned found = 0;
    for (unsigned i = 0; i < MEMBER_BATCH; i++) {
        found |= (unsigned)(tags[i] == tag) << i;
    }
    return found;
#endif
}

/* The same in a listpack, which is walked once for the whole batch. */
static unsigned packed_find(const struct batch *batch, const struct listpack *pack, unsigned mask)
{
    uint8_t tags[MEMBER_BATCH] = {0};
    for (unsigned i = 0; i < batch->members.count; i++) {
        tags[i] = packed_tag(batch->members.members[i]);
    }
    unsigned found = 0;
    char digits[LISTPACK_INT_TEXT_BYTES];
    for (size_t at = listpack_first(pack); at != LISTPACK_NONE && found != mask;) {
        struct listpack_value value;
        at = listpack_read(pack, at, &value);
        if (value.is_integer) {
            value.text = slice_make(digits, number_print_i64(digits, value.integer));
        }
        unsigned alike = tags_match(tags, packed_tag(value.text)) & mask & ~found;
        for (; UNLIKELY(alike != 0); alike &= alike - 1) {
            unsigned i = (unsigned)__builtin_ctz(alike);
            found |= (unsigned)slice_equals(batch->members.members[i], value.text) << i;
        }
    }
    return found;
}

/* Which of the members that `mask` names are in the set. */
static unsigned batch_find(struct batch *batch, const struct set *set, unsigned mask, const struct hash_key *hash_key)
{
    enum set_encoding encoding = encoding_of(set);
    if (encoding == SET_TABLE) {
        batch_ensure_hash(batch, hash_key);
        member_batch_prefetch(&batch->members, set->big.members);
        return mask & member_batch_find(&batch->members, set->big.members);
    }
    bool compares_integers = encoding == SET_INTSET && batch->is_integers;
    if (!compares_integers) {
        batch_ensure_text(batch);
    }
    if (encoding == SET_LISTPACK && __builtin_popcount(mask) >= PACKED_TOGETHER_MIN) {
        return packed_find(batch, &set->pack, mask);
    }
    unsigned found = 0;
    for (unsigned left = mask; left != 0; left &= left - 1) {
        unsigned i = (unsigned)__builtin_ctz(left);
        bool is_in = compares_integers ? intset_contains(&set->ints, batch->integers[i])
                                       : set_contains(set, batch->members.members[i]);
        found |= (unsigned)is_in << i;
    }
    return found;
}

/* Hands out the members that `mask` names; false when enough were taken. */
static bool batch_give(struct batch *batch, unsigned mask, set_taker *take, void *context)
{
    if (mask != 0) {
        batch_ensure_text(batch);
    }
    for (; mask != 0; mask &= mask - 1) {
        if (!take(context, batch->members.members[__builtin_ctz(mask)])) {
            return false;
        }
    }
    return true;
}

/* ---- intersection ---- */

static int compare_counts(const void *a, const void *b)
{
    size_t left = set_count(*(const struct set *const *)a);
    size_t right = set_count(*(const struct set *const *)b);
    return (left > right) - (left < right);
}

static int compare_counts_down(const void *a, const void *b)
{
    return compare_counts(b, a);
}

static void sort(const struct set **sets, size_t count, int (*compare)(const void *a, const void *b))
{
    qsort(sets, count, sizeof(*sets), compare);
}

/* Drops the missing sets from `first` on, and those that came before; gives how many are left. */
static size_t distinct_sets(const struct set **sets, size_t first, size_t count)
{
    size_t kept = first;
    for (size_t i = first; i < count; i++) {
        /* Many sets are seldom the same: only neighbours of the kept ones are compared then. */
        size_t from = kept > 16 ? kept - 16 : first;
        bool is_known = sets[i] == NULL;
        for (size_t j = from; !is_known && j < kept; j++) {
            is_known = sets[j] == sets[i];
        }
        if (!is_known) {
            sets[kept++] = sets[i];
        }
    }
    return kept;
}

void set_intersect(struct set_operands *operands, set_taker *take, void *context)
{
    const struct set **sets = operands->sets;
    size_t count = distinct_sets(sets, 0, operands->count);
    sort(sets, count, compare_counts);
    struct reader reader;
    struct batch batch;
    reader_init(&reader, sets[0]);
    while (reader_next(&reader, &batch)) {
        unsigned mask = batch_all(&batch);
        for (size_t i = 1; i < count && mask != 0; i++) {
            mask = batch_find(&batch, sets[i], mask, operands->hash_key);
        }
        if (!batch_give(&batch, mask, take, context)) {
            return;
        }
    }
}

/* ---- union ---- */

/* Gives what is in a set and in none of the `before` sets that come before it. */
static bool give_new(const struct set_operands *operands, size_t before, set_taker *take, void *context)
{
    struct reader reader;
    struct batch batch;
    reader_init(&reader, operands->sets[before]);
    while (reader_next(&reader, &batch)) {
        unsigned mask = batch_all(&batch);
        for (size_t i = 0; i < before && mask != 0; i++) {
            mask &= ~batch_find(&batch, operands->sets[i], mask, operands->hash_key);
        }
        if (!batch_give(&batch, mask, take, context)) {
            return false;
        }
    }
    return true;
}

/* Adds the members of a set to a table, and gives those that were new, if anybody wants them. */
static bool add_new(const struct set *set, struct member_table *table, set_taker *take, void *context)
{
    struct reader reader;
    struct batch batch;
    reader_init(&reader, set);
    while (reader_next(&reader, &batch)) {
        batch_ensure_hash(&batch, table->hash_key);
        member_batch_prefetch(&batch.members, table);
        unsigned mask = batch_all(&batch) & ~member_batch_find(&batch.members, table);
        (void)member_batch_insert(&batch.members, table);
        if (take != NULL && !batch_give(&batch, mask, take, context)) {
            return false;
        }
    }
    return true;
}

void set_unite(struct set_operands *operands, set_taker *take, void *context)
{
    operands->count = distinct_sets(operands->sets, 0, operands->count);
    if (operands->count <= DIRECT_UNION_SETS) {
        /* The large ones first: what comes later is looked up in them. */
        sort(operands->sets, operands->count, compare_counts_down);
        for (size_t i = 0; i < operands->count && give_new(operands, i, take, context); i++) {
        }
        return;
    }
    struct member_table all;
    member_table_init(&all, operands->hash_key);
    for (size_t i = 0; i < operands->count && add_new(operands->sets[i], &all, take, context); i++) {
    }
    member_table_deinit(&all);
}

/* ---- difference ---- */

static void give_absent(const struct set_operands *operands, const struct member_table *table, set_taker *take,
                        void *context)
{
    struct reader reader;
    struct batch batch;
    reader_init(&reader, operands->sets[0]);
    while (reader_next(&reader, &batch)) {
        batch_ensure_hash(&batch, table->hash_key);
        member_batch_prefetch(&batch.members, table);
        unsigned found = member_batch_find(&batch.members, table);
        if (!batch_give(&batch, batch_all(&batch) & ~found, take, context)) {
            return;
        }
    }
}

void set_subtract(struct set_operands *operands, set_taker *take, void *context)
{
    const struct set **sets = operands->sets;
    if (operands->count == 0 || sets[0] == NULL) {
        return;
    }
    for (size_t i = 1; i < operands->count; i++) {
        if (sets[i] == sets[0]) {
            return; /* nothing is left */
        }
    }
    size_t count = distinct_sets(sets, 1, operands->count);
    sort(sets + 1, count - 1, compare_counts_down);
    if (count > DIRECT_SUBTRACT_SETS) {
        struct member_table others;
        member_table_init(&others, operands->hash_key);
        for (size_t i = 1; i < count; i++) {
            (void)add_new(sets[i], &others, NULL, NULL);
        }
        give_absent(operands, &others, take, context);
        member_table_deinit(&others);
        return;
    }
    struct reader reader;
    struct batch batch;
    reader_init(&reader, sets[0]);
    while (reader_next(&reader, &batch)) {
        unsigned mask = batch_all(&batch);
        for (size_t i = 1; i < count && mask != 0; i++) {
            mask &= ~batch_find(&batch, sets[i], mask, operands->hash_key);
        }
        if (!batch_give(&batch, mask, take, context)) {
            return;
        }
    }
}

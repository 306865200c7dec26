/* SPDX-License-Identifier: BSD-3-Clause */
/* Sets: creating, single members, conversion, walking, and the row of the type.
 * Owner: the key that holds the set. Locks: none; changed under the key's shard. */
#include "sherd/value/set.h"

#include "set_private.h"
#include "sherd/base/memory.h"
#include "sherd/value/object.h"

enum { PACK_FIRST_BYTES = 16 };

#define SET_PACK_MAX_BYTES ((size_t)1 << 30)

/* ---- conversion ---- */

static struct member_table *table_create(const struct hash_key *hash_key)
{
    struct member_table *members = memory_alloc(sizeof(*members));
    member_table_init(members, hash_key);
    return members;
}

static void drop_small(struct set *set)
{
    if (encoding_of(set) == SET_INTSET) {
        intset_deinit(&set->ints);
    } else {
        listpack_deinit(&set->pack);
    }
}

void set_convert_to_table(struct set *set, const struct hash_key *hash_key)
{
    struct member_table *members = table_create(hash_key);
    struct set_iterator iterator;
    struct slice member;
    set_iterator_init(&iterator, set);
    while (set_iterator_next(&iterator, &member)) {
        (void)member_table_insert(members, member);
    }
    drop_small(set);
    set->big.no_data = NULL;
    set->big.members = members;
}

static void convert_to_pack(struct set *set)
{
    struct listpack pack;
    size_t count = intset_count(&set->ints);
    listpack_init(&pack, PACK_FIRST_BYTES);
    for (size_t i = 0; i < count; i++) {
        listpack_append_int(&pack, intset_get(&set->ints, i));
    }
    intset_deinit(&set->ints);
    set->pack = pack;
}

/* ---- whole sets ---- */

struct set *set_create(const struct set_limits *limits, size_t members, struct slice first)
{
    struct set *set = memory_alloc(sizeof(*set));
    int64_t value;
    if (members <= limits->intset_entries && number_parse_i64(first, &value)) {
        intset_init(&set->ints);
    } else if (members <= limits->listpack_entries) {
        listpack_init(&set->pack, PACK_FIRST_BYTES);
    } else {
        set->big.no_data = NULL;
        set->big.members = table_create(limits->hash_key);
    }
    return set;
}

void set_destroy(struct set *set)
{
    if (set->data != NULL) {
        drop_small(set);
    } else {
        member_table_deinit(set->big.members);
        memory_free(set->big.members);
    }
    memory_free(set);
}

void set_expect(struct set *set, const struct set_limits *limits, size_t members)
{
    enum set_encoding encoding = encoding_of(set);
    if ((encoding == SET_INTSET && members > limits->intset_entries) ||
        (encoding == SET_LISTPACK && members > limits->listpack_entries)) {
        set_convert_to_table(set, limits->hash_key);
    }
}

size_t set_count(const struct set *set)
{
    switch (encoding_of(set)) {
    case SET_INTSET:
        return intset_count(&set->ints);
    case SET_LISTPACK:
        return listpack_count(&set->pack);
    default:
        return member_table_count(set->big.members);
    }
}

enum set_encoding set_encoding(const struct set *set)
{
    return encoding_of(set);
}

/* ---- members ---- */

static size_t pack_find(const struct listpack *pack, struct slice member)
{
    size_t first = listpack_first(pack);
    return first == LISTPACK_NONE ? LISTPACK_NONE : listpack_find(pack, first, member, 0);
}

static bool pack_takes(const struct listpack *pack, const struct set_limits *limits, size_t count, size_t bytes)
{
    return count < limits->listpack_entries && bytes <= limits->listpack_value_bytes &&
           listpack_bytes(pack) + bytes < SET_PACK_MAX_BYTES;
}

static bool pack_add(struct set *set, const struct set_limits *limits, struct slice member)
{
    if (pack_find(&set->pack, member) != LISTPACK_NONE) {
        return false;
    }
    if (pack_takes(&set->pack, limits, listpack_count(&set->pack), member.len)) {
        listpack_push_last(&set->pack, member);
        return true;
    }
    set_convert_to_table(set, limits->hash_key);
    return member_table_insert(set->big.members, member);
}

/* The most digits that any of the integers has. */
static size_t ints_longest(const struct intset *ints)
{
    char digits[NUMBER_I64_BYTES];
    size_t count = intset_count(ints);
    if (count == 0) {
        return 0;
    }
    size_t least = number_print_i64(digits, intset_get(ints, 0));
    size_t greatest = number_print_i64(digits, intset_get(ints, count - 1));
    return least > greatest ? least : greatest;
}

/* Adds what is no integer to an intset, which becomes something else. */
static bool ints_add_text(struct set *set, const struct set_limits *limits, struct slice member)
{
    if (intset_count(&set->ints) < limits->listpack_entries && member.len <= limits->listpack_value_bytes &&
        ints_longest(&set->ints) <= limits->listpack_value_bytes) {
        convert_to_pack(set);
        listpack_push_last(&set->pack, member);
        return true;
    }
    set_convert_to_table(set, limits->hash_key);
    return member_table_insert(set->big.members, member);
}

static bool ints_add(struct set *set, const struct set_limits *limits, struct slice member)
{
    int64_t value;
    if (!number_parse_i64(member, &value)) {
        return ints_add_text(set, limits, member);
    }
    if (!intset_insert(&set->ints, value)) {
        return false;
    }
    size_t count = intset_count(&set->ints);
    if (UNLIKELY(count > limits->intset_entries || count == INTSET_MAX_COUNT)) {
        set_convert_to_table(set, limits->hash_key);
    }
    return true;
}

bool set_add(struct set *set, const struct set_limits *limits, struct slice member)
{
    switch (encoding_of(set)) {
    case SET_INTSET:
        return ints_add(set, limits, member);
    case SET_LISTPACK:
        return pack_add(set, limits, member);
    default:
        return member_table_insert(set->big.members, member);
    }
}

static size_t table_add_many(struct member_table *table, const struct slice *members, size_t count)
{
    size_t added = 0;
    struct member_batch batch;
    for (size_t done = 0; done < count; done += batch.count) {
        batch.count = count - done < MEMBER_BATCH ? (unsigned)(count - done) : MEMBER_BATCH;
        memcpy(batch.members, members + done, batch.count * sizeof(members[0]));
        member_batch_hash(&batch, table->hash_key);
        member_batch_prefetch(&batch, table);
        added += member_batch_insert(&batch, table);
    }
    return added;
}

size_t set_add_many(struct set *set, const struct set_limits *limits, const struct slice *members, size_t count)
{
    size_t added = 0;
    for (size_t i = 0; i < count; i++) {
        if (set->data == NULL && count - i > 1) {
            return added + table_add_many(set->big.members, members + i, count - i);
        }
        added += set_add(set, limits, members[i]);
    }
    return added;
}

static bool pack_remove(struct listpack *pack, struct slice member)
{
    size_t at = pack_find(pack, member);
    if (at == LISTPACK_NONE) {
        return false;
    }
    (void)listpack_delete(pack, at);
    if (listpack_bytes(pack) < listpack_allocated(pack) / 2) {
        listpack_shrink(pack);
    }
    return true;
}

bool set_remove(struct set *set, struct slice member)
{
    int64_t value;
    switch (encoding_of(set)) {
    case SET_INTSET:
        return number_parse_i64(member, &value) && intset_remove(&set->ints, value);
    case SET_LISTPACK:
        return pack_remove(&set->pack, member);
    default:
        return member_table_remove(set->big.members, member);
    }
}

bool set_contains(const struct set *set, struct slice member)
{
    int64_t value;
    switch (encoding_of(set)) {
    case SET_INTSET:
        return number_parse_i64(member, &value) && intset_contains(&set->ints, value);
    case SET_LISTPACK:
        return pack_find(&set->pack, member) != LISTPACK_NONE;
    default:
        return member_table_contains(set->big.members, member);
    }
}

unsigned set_contains_some(const struct set *set, const struct slice *members, unsigned count)
{
    if (set->data == NULL && count > 1) {
        struct member_batch batch = {.count = count};
        memcpy(batch.members, members, count * sizeof(members[0]));
        member_batch_hash(&batch, set->big.members->hash_key);
        member_batch_prefetch(&batch, set->big.members);
        return member_batch_find(&batch, set->big.members);
    }
    unsigned found = 0;
    for (unsigned i = 0; i < count; i++) {
        found |= (unsigned)set_contains(set, members[i]) << i;
    }
    return found;
}

/* ---- walking ---- */

void set_iterator_init(struct set_iterator *iterator, const struct set *set)
{
    iterator->set = set;
    iterator->at = 0;
    switch (encoding_of(set)) {
    case SET_INTSET:
        break;
    case SET_LISTPACK:
        iterator->at = listpack_first(&set->pack);
        break;
    default:
        iterator->walk = (struct member_walk){.table = set->big.members};
        break;
    }
}

static bool ints_next(struct set_iterator *iterator, struct slice *member)
{
    const struct intset *ints = &iterator->set->ints;
    if (iterator->at == intset_count(ints)) {
        return false;
    }
    size_t len = number_print_i64(iterator->digits, intset_get(ints, iterator->at++));
    *member = slice_make(iterator->digits, len);
    return true;
}

static bool pack_next(struct set_iterator *iterator, struct slice *member)
{
    if (iterator->at == LISTPACK_NONE) {
        return false;
    }
    struct listpack_value value;
    iterator->at = listpack_read(&iterator->set->pack, iterator->at, &value);
    if (value.is_integer) {
        *member = slice_make(iterator->digits, number_print_i64(iterator->digits, value.integer));
    } else {
        *member = value.text;
    }
    return true;
}

bool set_iterator_next(struct set_iterator *iterator, struct slice *member)
{
    switch (encoding_of(iterator->set)) {
    case SET_INTSET:
        return ints_next(iterator, member);
    case SET_LISTPACK:
        return pack_next(iterator, member);
    default: {
        const struct member *next = member_walk_next(&iterator->walk);
        if (next != NULL) {
            *member = member_bytes_of(next);
        }
        return next != NULL;
    }
    }
}

struct visiting {
    set_visitor *visit;
    void *context;
};

static void visit_member(void *context, void *member)
{
    const struct visiting *visiting = context;
    visiting->visit(visiting->context, member_bytes_of(member));
}

uint64_t set_scan(const struct set *set, uint64_t position, set_visitor *visit, void *context)
{
    if (set->data == NULL) {
        struct visiting visiting = {visit, context};
        return member_table_scan(set->big.members, position, visit_member, &visiting);
    }
    struct set_iterator iterator;
    struct slice member;
    set_iterator_init(&iterator, set);
    while (set_iterator_next(&iterator, &member)) {
        visit(context, member);
    }
    return 0;
}

/* ---- the row ---- */

static void class_free(void *object)
{
    set_destroy(object);
}

static size_t class_bytes(const void *object)
{
    const struct set *set = object;
    switch (encoding_of(set)) {
    case SET_INTSET:
        return sizeof(*set) + set->ints.cap;
    case SET_LISTPACK:
        return sizeof(*set) + listpack_allocated(&set->pack);
    default:
        return sizeof(*set) + sizeof(struct member_table) + member_table_bytes(set->big.members);
    }
}

static void *class_copy(const void *object)
{
    const struct set *set = object;
    struct set *copy = memory_alloc(sizeof(*copy));
    switch (encoding_of(set)) {
    case SET_INTSET:
        intset_copy(&copy->ints, &set->ints);
        break;
    case SET_LISTPACK:
        listpack_copy(&copy->pack, &set->pack);
        break;
    default:
        copy->big.no_data = NULL;
        copy->big.members = memory_alloc(sizeof(*copy->big.members));
        member_table_copy(copy->big.members, set->big.members);
        break;
    }
    return copy;
}

static const char *class_encoding(const void *object)
{
    static const char *const names[] = {
        [SET_INTSET] = "intset", [SET_LISTPACK] = "listpack", [SET_TABLE] = "hashtable"};
    return names[encoding_of(object)];
}

/* All but tables are freed and copied in one piece. */
static size_t class_elements(const void *object)
{
    size_t count = set_count(object);
    return encoding_of(object) == SET_TABLE || count == 0 ? count : 1;
}

static void digest_visited(void *context, struct slice member)
{
    struct digest one = {0};
    digest_mix(&one, member);
    digest_join(context, &one);
}

/* Members have no order. */
static void class_digest(const void *object, struct digest *digest)
{
    struct digest all = {0};
    uint64_t position = 0;
    do {
        position = set_scan(object, position, digest_visited, &all);
    } while (position != 0);
    digest_mix(digest, slice_make(&all, sizeof(all)));
}

const struct value_class set_class = {.name = "set",
                                      .free = class_free,
                                      .bytes = class_bytes,
                                      .copy = class_copy,
                                      .encoding = class_encoding,
                                      .elements = class_elements,
                                      .digest = class_digest};

/* SPDX-License-Identifier: BSD-3-Clause */
/* Hashes: both encodings of single fields, and the change from one to the other.
 * Owner: whoever holds the hash. Locks: none. */
#include "sherd/value/hash.h"

#include "hash_private.h"
#include "sherd/base/memory.h"
#include "sherd/value/object.h"

enum {
    PACK_MAX_BYTES = 1 << 30, /* a listpack ends at 4 GiB, whatever is configured */
};

struct hash *hash_create(void)
{
    struct hash *hash = memory_alloc(sizeof(*hash));
    listpack_init(&hash->pack, 0);
    return hash;
}

void hash_destroy(struct hash *hash)
{
    struct hash_table *table = hash_table_of(hash);
    if (table != NULL) {
        hash_table_destroy(table);
    } else {
        listpack_deinit(&hash->pack);
    }
    memory_free(hash);
}

static void become_table(struct hash *hash, struct hash_table *table)
{
    hash->big.no_pack = NULL;
    hash->big.table = table;
}

struct hash *hash_copy(const struct hash *hash)
{
    struct hash *copy = memory_alloc(sizeof(*copy));
    const struct hash_table *table = hash_table_of(hash);
    if (table != NULL) {
        become_table(copy, hash_table_copy(table));
    } else {
        listpack_copy(&copy->pack, &hash->pack);
    }
    return copy;
}

size_t hash_bytes_used(const struct hash *hash)
{
    const struct hash_table *table = hash_table_of(hash);
    if (table != NULL) {
        return sizeof(*hash) + sizeof(*table) + table->field_bytes + table_bytes(&table->fields) +
               schedule_bytes(&table->schedule);
    }
    return sizeof(*hash) + listpack_allocated(&hash->pack);
}

size_t hash_length(const struct hash *hash)
{
    const struct hash_table *table = hash_table_of(hash);
    return table != NULL ? table_used(&table->fields) : listpack_count(&hash->pack) / 2;
}

bool hash_is_table(const struct hash *hash)
{
    return hash_table_of(hash) != NULL;
}

/* Turns a listpack into a table. */
static struct hash_table *convert(struct hash *hash, const struct hash_limits *limits)
{
    struct hash_table *table = hash_table_create(limits->hash_key);
    size_t at = listpack_first(&hash->pack);
    while (at != LISTPACK_NONE) {
        char name_digits[LISTPACK_INT_TEXT_BYTES];
        char value_digits[LISTPACK_INT_TEXT_BYTES];
        size_t value_at = listpack_next(&hash->pack, at);
        hash_table_add(table, listpack_get_text(&hash->pack, at, name_digits),
                       listpack_get_text(&hash->pack, value_at, value_digits), HASH_DEADLINE_NONE);
        at = listpack_next(&hash->pack, value_at);
    }
    listpack_deinit(&hash->pack);
    become_table(hash, table);
    return table;
}

void hash_expect(struct hash *hash, size_t fields, size_t longest, const struct hash_limits *limits)
{
    if (!hash_is_table(hash) && (fields > limits->listpack_entries || longest > limits->listpack_value_bytes)) {
        (void)convert(hash, limits);
    }
}

static size_t pack_find(const struct listpack *pack, struct slice field)
{
    return listpack_find(pack, listpack_first(pack), field, 1);
}

bool hash_get(const struct hash *hash, struct slice field, int64_t now_ms, struct hash_value *value)
{
    const struct hash_table *table = hash_table_of(hash);
    if (table != NULL) {
        struct hash_found found = hash_table_find(table, field);
        if (found.field == NULL || field_is_dead(found.field, now_ms)) {
            return false;
        }
        field_value(found.field, value);
        return true;
    }
    size_t at = pack_find(&hash->pack, field);
    if (at == LISTPACK_NONE) {
        return false;
    }
    value->blob = NULL;
    value->text = listpack_get_text(&hash->pack, listpack_next(&hash->pack, at), value->digits);
    return true;
}

bool hash_contains(const struct hash *hash, struct slice field, int64_t now_ms)
{
    int64_t deadline_ms;
    return hash_deadline(hash, field, now_ms, &deadline_ms);
}

/* Sets a field of a listpack that may have to become a table afterwards: also when it had too many fields before,
 * because the limit was lowered. */
static bool pack_set(struct hash *hash, struct slice field, struct slice value, const struct hash_limits *limits)
{
    struct listpack *pack = &hash->pack;
    size_t at = pack_find(pack, field);
    bool is_new = at == LISTPACK_NONE;
    if (is_new) {
        listpack_push_last(pack, field);
        listpack_push_last(pack, value);
    } else {
        listpack_replace(pack, listpack_next(pack, at), value);
    }
    if (listpack_count(pack) / 2 > limits->listpack_entries) {
        (void)convert(hash, limits);
    }
    return is_new;
}

bool hash_set(struct hash *hash, struct slice field, struct slice value, const struct hash_setting *setting)
{
    struct hash_table *table = hash_table_of(hash);
    const struct hash_limits *limits = setting->limits;
    if (table == NULL) {
        bool stays = setting->deadline_ms <= 0 && field.len <= limits->listpack_value_bytes &&
                     value.len <= limits->listpack_value_bytes &&
                     listpack_bytes(&hash->pack) + field.len + value.len < PACK_MAX_BYTES;
        if (LIKELY(stays)) {
            return pack_set(hash, field, value, limits);
        }
        table = convert(hash, limits);
    }
    return hash_table_set(table, field, value, setting);
}

bool hash_delete(struct hash *hash, struct slice field, int64_t now_ms)
{
    struct hash_table *table = hash_table_of(hash);
    if (table != NULL) {
        struct hash_found found = hash_table_find(table, field);
        if (found.field == NULL || field_is_dead(found.field, now_ms)) {
            return false;
        }
        hash_table_remove(table, &found);
        return true;
    }
    size_t at = pack_find(&hash->pack, field);
    if (at == LISTPACK_NONE) {
        return false;
    }
    (void)listpack_delete_range(&hash->pack, at, 2);
    return true;
}

/* ---- deadlines ---- */

int64_t hash_next_deadline_ms(const struct hash *hash)
{
    const struct hash_table *table = hash_table_of(hash);
    const struct schedule_entry *first = table == NULL ? NULL : schedule_first(&table->schedule);
    return first == NULL ? HASH_NEVER : first->deadline_ms;
}

size_t hash_timed(const struct hash *hash)
{
    const struct hash_table *table = hash_table_of(hash);
    return table == NULL ? 0 : table->schedule.count;
}

size_t hash_dead(const struct hash *hash, int64_t now_ms, size_t enough)
{
    const struct hash_table *table = hash_table_of(hash);
    return table == NULL ? 0 : schedule_due(&table->schedule, now_ms, enough);
}

bool hash_deadline(const struct hash *hash, struct slice field, int64_t now_ms, int64_t *deadline_ms)
{
    const struct hash_table *table = hash_table_of(hash);
    *deadline_ms = HASH_DEADLINE_NONE;
    if (table == NULL) {
        return pack_find(&hash->pack, field) != LISTPACK_NONE;
    }
    struct hash_found found = hash_table_find(table, field);
    if (found.field == NULL || field_is_dead(found.field, now_ms)) {
        return false;
    }
    *deadline_ms = field_deadline_ms(found.field);
    return true;
}

void hash_set_deadline(struct hash *hash, struct slice field, int64_t deadline_ms, const struct hash_limits *limits)
{
    struct hash_table *table = hash_table_of(hash);
    if (table == NULL) {
        if (deadline_ms == HASH_DEADLINE_NONE) {
            return;
        }
        table = convert(hash, limits);
    }
    struct hash_found found = hash_table_find(table, field);
    ASSERT(found.field != NULL);
    hash_table_set_deadline(table, &found, deadline_ms);
}

size_t hash_expire(struct hash *hash, int64_t now_ms, size_t budget)
{
    struct hash_table *table = hash_table_of(hash);
    return table == NULL ? 0 : hash_table_expire(table, now_ms, budget);
}

/* ---- the type ---- */

static void class_free(void *object)
{
    hash_destroy(object);
}

static size_t class_bytes(const void *object)
{
    return hash_bytes_used(object);
}

static void *class_copy(const void *object)
{
    return hash_copy(object);
}

static const char *class_encoding(const void *object)
{
    return hash_is_table(object) ? "hashtable" : "listpack";
}

/* A listpack is freed and copied in one piece. */
static size_t class_elements(const void *object)
{
    size_t length = hash_length(object);
    return hash_is_table(object) || length == 0 ? length : 1;
}

static void digest_visited(void *context, struct slice field, const struct hash_value *value)
{
    struct digest pair = {0};
    digest_mix(&pair, field);
    digest_mix(&pair, value->text);
    digest_join(context, &pair);
}

/* Fields have no order. Deadlines are not part of it, as a key's own is not. */
static void class_digest(const void *object, struct digest *digest)
{
    struct digest all = {0};
    hash_walk(object, INT64_MIN, digest_visited, &all);
    digest_mix(digest, slice_make(&all, sizeof(all)));
}

static int64_t class_next_deadline_ms(const void *object)
{
    return hash_next_deadline_ms(object);
}

static size_t class_expire(void *object, int64_t now_ms, size_t budget)
{
    return hash_expire(object, now_ms, budget);
}

const struct value_class hash_class = {.name = "hash",
                                       .free = class_free,
                                       .bytes = class_bytes,
                                       .copy = class_copy,
                                       .encoding = class_encoding,
                                       .elements = class_elements,
                                       .digest = class_digest,
                                       .next_deadline_ms = class_next_deadline_ms,
                                       .expire = class_expire,
                                       .expired_event = "hexpired"};

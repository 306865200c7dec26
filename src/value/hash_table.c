/* SPDX-License-Identifier: BSD-3-Clause */
/* A hash as a table of fields, and the schedule of those with deadlines.
 * Owner: the hash. Locks: none. */
#include "hash_private.h"
#include "sherd/base/memory.h"

static uint64_t item_hash(const void *context, const void *item)
{
    const struct hash_table *table = context;
    return hash_bytes(table->hash_key, field_name(item));
}

/* Nobody reads the table without its key's shard. */
static void retire_at_once(void *context, void *memory)
{
    (void)context;
    memory_free(memory);
}

static struct table_env env_of(const struct hash_table *table)
{
    return (struct table_env){.hash = item_hash, .retire = retire_at_once, .context = (void *)(uintptr_t)table};
}

static void field_moved(void *item, uint32_t place)
{
    field_set_place(item, place);
}

struct hash_table *hash_table_create(const struct hash_key *hash_key)
{
    struct hash_table *table = memory_alloc(sizeof(*table));
    table_init(&table->fields);
    table->hash_key = hash_key;
    schedule_init(&table->schedule, field_moved);
    table->field_bytes = 0;
    return table;
}

static void destroy_visited(void *context, const struct hash_field *field)
{
    (void)context;
    field_destroy((struct hash_field *)(uintptr_t)field);
}

void hash_table_destroy(struct hash_table *table)
{
    struct table_env env = env_of(table);
    hash_table_each(table, destroy_visited, NULL);
    table_deinit(&table->fields, &env);
    schedule_deinit(&table->schedule);
    memory_free(table);
}

static void insert(struct hash_table *table, uint64_t hash, struct hash_field *field)
{
    struct table_env env = env_of(table);
    (void)table_insert(&table->fields, &env, hash, field);
    table->field_bytes += field_bytes(field);
    int64_t deadline_ms = field_deadline_ms(field);
    if (UNLIKELY(deadline_ms != HASH_DEADLINE_NONE)) {
        schedule_insert(&table->schedule, deadline_ms, field);
    }
}

void hash_table_add(struct hash_table *table, struct slice name, struct slice value, int64_t deadline_ms)
{
    insert(table, hash_bytes(table->hash_key, name), field_create(name, value, deadline_ms));
}

static void copy_visited(void *context, const struct hash_field *field)
{
    struct hash_value value;
    field_value(field, &value);
    hash_table_add(context, field_name(field), value.text, field_deadline_ms(field));
}

struct hash_table *hash_table_copy(const struct hash_table *table)
{
    struct hash_table *copy = hash_table_create(table->hash_key);
    hash_table_each(table, copy_visited, copy);
    return copy;
}

static ALWAYS_INLINE bool has_name(const void *item, const void *wanted)
{
    const struct hash_field *field = item;
    const struct slice *name = wanted;
    return field->len == name->len && memcmp(field->data, name->data, name->len) == 0;
}

struct hash_found hash_table_find(const struct hash_table *table, struct slice name)
{
    struct hash_found found = {.hash = hash_bytes(table->hash_key, name)};
    found.slot = table_find(&table->fields, found.hash, has_name, &name);
    found.field = found.slot.word == NULL ? NULL : table_slot_item(found.slot);
    return found;
}

/* Puts another field of the same name in the place of the found one, which is freed, all but a blob that was taken
 * over. */
static void exchange(struct hash_table *table, const struct hash_found *found, struct hash_field *fresh)
{
    int64_t was_ms = field_deadline_ms(found->field);
    int64_t deadline_ms = field_deadline_ms(fresh);
    table_slot_set(found->slot, fresh);
    if (was_ms != HASH_DEADLINE_NONE && deadline_ms != HASH_DEADLINE_NONE) {
        uint32_t place = field_place(found->field);
        field_set_place(fresh, place);
        schedule_rename(&table->schedule, place, fresh);
        if (was_ms != deadline_ms) {
            schedule_change(&table->schedule, place, deadline_ms);
        }
    } else if (was_ms != HASH_DEADLINE_NONE) {
        schedule_remove(&table->schedule, field_place(found->field));
    } else if (deadline_ms != HASH_DEADLINE_NONE) {
        schedule_insert(&table->schedule, deadline_ms, fresh);
    }
}

bool hash_table_set(struct hash_table *table, struct slice name, struct slice value, const struct hash_setting *setting)
{
    struct hash_found found = hash_table_find(table, name);
    int64_t wanted_ms = setting->deadline_ms;
    if (found.field == NULL) {
        insert(table, found.hash,
               field_create(name, value, wanted_ms == HASH_DEADLINE_KEEP ? HASH_DEADLINE_NONE : wanted_ms));
        return true;
    }
    int64_t was_ms = field_deadline_ms(found.field);
    bool was_dead = field_is_dead(found.field, setting->now_ms);
    if (wanted_ms == HASH_DEADLINE_KEEP) {
        wanted_ms = was_dead ? HASH_DEADLINE_NONE : was_ms;
    }
    if (LIKELY(wanted_ms == was_ms) && LIKELY(field_replace(found.field, value))) {
        return was_dead;
    }
    struct hash_field *fresh = field_create(name, value, wanted_ms);
    exchange(table, &found, fresh);
    table->field_bytes += field_bytes(fresh) - field_bytes(found.field);
    field_destroy(found.field);
    return was_dead;
}

void hash_table_remove(struct hash_table *table, const struct hash_found *found)
{
    struct table_env env = env_of(table);
    (void)table_remove(&table->fields, &env, found->hash, found->slot);
    if (UNLIKELY(field_deadline_ms(found->field) != HASH_DEADLINE_NONE)) {
        schedule_remove(&table->schedule, field_place(found->field));
    }
    table->field_bytes -= field_bytes(found->field);
    field_destroy(found->field);
}

void hash_table_set_deadline(struct hash_table *table, const struct hash_found *found, int64_t deadline_ms)
{
    int64_t was_ms = field_deadline_ms(found->field);
    if (was_ms == deadline_ms) {
        return;
    }
    if (was_ms != HASH_DEADLINE_NONE && deadline_ms != HASH_DEADLINE_NONE) {
        field_set_deadline(found->field, deadline_ms);
        schedule_change(&table->schedule, field_place(found->field), deadline_ms);
        return;
    }
    struct hash_field *fresh = field_remake(found->field, deadline_ms);
    exchange(table, found, fresh);
    table->field_bytes += field_bytes(fresh) - field_bytes(found->field);
    memory_free(found->field);
}

static ALWAYS_INLINE bool is_same(const void *item, const void *wanted)
{
    return item == wanted;
}

size_t hash_table_expire(struct hash_table *table, int64_t now_ms, size_t budget)
{
    size_t removed = 0;
    while (removed < budget && hash_table_has_dead(table, now_ms)) {
        struct hash_found found = {.field = schedule_first(&table->schedule)->item};
        found.hash = hash_bytes(table->hash_key, field_name(found.field));
        found.slot = table_find(&table->fields, found.hash, is_same, found.field);
        hash_table_remove(table, &found);
        removed++;
    }
    return removed;
}

/* Starts loading the first items of a bucket; the fields of one bucket lie all over the memory. */
static void prefetch_items(struct table_bucket *bucket)
{
    for (int i = 0; i < TABLE_BUCKET_WORDS; i++) {
        uint64_t word = table_load(&bucket->words[i]);
        if (table_word_is_item(word)) {
            PREFETCH(table_word_item(word));
        }
    }
}

void hash_table_each(const struct hash_table *table, void (*visit)(void *context, const struct hash_field *field),
                     void *context)
{
    struct table_directory *directory = atomic_load_explicit(&table->fields.directory, memory_order_relaxed);
    uint32_t buckets = atomic_load_explicit(&table->fields.buckets, memory_order_relaxed);
    for (uint32_t index = 0; index < buckets; index++) {
        if (index + 1 < buckets) {
            prefetch_items(table_bucket_at(directory, index + 1));
        }
        struct table_group group = table_bucket_group(table_bucket_at(directory, index));
        for (; group.words != NULL; group = table_group_next(group)) {
            for (uint32_t i = 0; i < group.count; i++) {
                uint64_t word = table_load(&group.words[i]);
                if (table_word_is_item(word)) {
                    visit(context, table_word_item(word));
                }
            }
        }
    }
}

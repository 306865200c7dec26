/* SPDX-License-Identifier: BSD-3-Clause */
/* Lookup and change of single keys.
 * Owner: the handler's stack. Locks: the key's shard, held by the caller. */
#include "sherd/keyspace/keyref.h"

#include "sherd/base/number.h"
#include "sherd/keyspace/expiry.h"
#include "sherd/keyspace/interest.h"

enum {
    INTEGER_MAX_DIGITS = 20,
};

static bool entry_matches(const void *item, const void *wanted)
{
    const struct entry *entry = item;
    const struct slice *key = wanted;
    size_t short_len = key->len < ENTRY_LONG_KEY ? key->len : ENTRY_LONG_KEY;
    return entry->key_len == short_len && slice_equals(entry_key(entry), *key);
}

void keyref_open_hashed(struct keyref *ref, struct keyspace_user *user, unsigned db, struct slice key, uint64_t hash)
{
    ref->user = user;
    ref->shard = keyspace_shard(user->keyspace, keyspace_shard_of(hash));
    ref->keytable = &ref->shard->databases[db];
    ref->db = db;
    ref->key = key;
    ref->hash = hash;
    ref->slot = table_find(&ref->keytable->table, hash, entry_matches, &key);
    ref->entry = ref->slot.word == NULL ? NULL : table_slot_item(ref->slot);
}

static void count_change(_Atomic uint32_t *count, int change)
{
    uint32_t now = atomic_load_explicit(count, memory_order_relaxed);
    atomic_store_explicit(count, now + (uint32_t)change, memory_order_relaxed);
}

static void count_volatile(struct keytable *keytable, int change)
{
    count_change(&keytable->volatile_keys, change);
}

/* The earliest deadline of an element of the collection; INT64_MAX: none has one. */
static int64_t elements_deadline_ms(const struct entry *entry)
{
    const struct value_class *class = value_class((enum value_type)entry->type);
    return class->next_deadline_ms == NULL ? INT64_MAX : class->next_deadline_ms(entry_object(entry));
}

void keyref_retime(struct keyref *ref, int64_t before_ms)
{
    struct entry *entry = ref->entry;
    int64_t deadline_ms = elements_deadline_ms(entry);
    bool timed = deadline_ms != INT64_MAX;
    if (timed != entry_is_timed(entry)) {
        count_change(&ref->keytable->timed_keys, timed ? 1 : -1);
        entry->value_len = timed;
    }
    if (timed && deadline_ms < before_ms) {
        expiry_note_elements(ref->user->keyspace, ref->shard, ref->keytable, ref->hash, deadline_ms);
    }
}

size_t keyref_thin(struct keyref *ref, size_t budget)
{
    const struct value_class *class = value_class((enum value_type)ref->entry->type);
    void *object = entry_object(ref->entry);
    int64_t before_ms = elements_deadline_ms(ref->entry);
    struct thinning thinning = {.db = ref->db, .key = entry_key(ref->entry), .event = class->expired_event};
    thinning.removed = class->expire(object, ref->user->now_ms, budget);
    thinning.emptied = class->elements(object) == 0;
    if (thinning.removed != 0) {
        ref->user->thinned(ref->user->context, &thinning);
    }
    if (thinning.emptied) {
        keyref_remove(ref);
    } else {
        keyref_retime(ref, before_ms);
    }
    return thinning.removed;
}

void keyref_expire(struct keyref *ref)
{
    struct slice key = entry_key(ref->entry);
    ref->user->removed(ref->user->context, REMOVAL_EXPIRED, ref->db, key);
    interest_touch_removed(ref, true);
    keyref_remove(ref);
}

void keyref_evict(struct keyref *ref)
{
    struct slice key = entry_key(ref->entry);
    ref->user->removed(ref->user->context, REMOVAL_EVICTED, ref->db, key);
    interest_touch_removed(ref, false);
    keyref_remove(ref);
}

bool keyref_expire_if_due(struct keyref *ref)
{
    if (ref->entry == NULL || !entry_is_expired(ref->entry, ref->user->now_ms)) {
        return false;
    }
    if (atomic_load_explicit(&ref->user->keyspace->expiry_deletes, memory_order_relaxed)) {
        keyref_expire(ref);
    }
    ref->entry = NULL;
    return true;
}

/* Keeps counters and index in step after an entry was written: `had` tells what stood there before. */
struct had {
    bool deadline;
    bool tagged;
    bool timed;
    int64_t deadline_ms;
    uint64_t colour;
    uint64_t clock; /* of a new key: its first */
};

static struct had keyref_had(const struct keyref *ref)
{
    struct had had = {.clock = ref->user->usage.fresh};
    if (ref->entry != NULL) {
        had.deadline = ref->entry->has_deadline;
        had.tagged = ref->entry->tagged;
        had.timed = entry_is_timed(ref->entry);
        had.deadline_ms = had.deadline ? entry_deadline_ms(ref->entry) : 0;
        had.colour = ref->entry->colour;
        had.clock = ref->entry->clock;
    }
    return had;
}

static void keyref_written(struct keyref *ref, const struct had *had) REQUIRES(shard_held)
{
    struct entry *entry = ref->entry;
    entry->colour = had->colour & 1;
    entry->clock = had->clock & USAGE_CLOCK_MASK;
    if (UNLIKELY(had->deadline != entry->has_deadline)) {
        count_volatile(ref->keytable, entry->has_deadline ? 1 : -1);
    }
    if (entry->has_deadline) {
        if (had->tagged && had->deadline_ms <= entry_deadline_ms(entry)) {
            entry->tagged = 1; /* its tag fires early and is then renewed */
        } else {
            expiry_note(ref->user->keyspace, ref->shard, ref->keytable, entry, ref->hash);
        }
    }
    if (UNLIKELY(had->timed)) {
        count_change(&ref->keytable->timed_keys, -1); /* the entry was written anew, without the mark */
    }
    if (UNLIKELY(entry->form == ENTRY_OBJECT)) {
        keyref_retime(ref, INT64_MAX);
    }
}

/* The value a spec is about to replace, if the entry owns one. */
static void discard_value(struct keyref *ref)
{
    if (ref->entry->form >= ENTRY_BLOB) {
        garbage_add(ref->user->garbage, GARBAGE_VALUE, (enum value_type)ref->entry->type, entry_object(ref->entry));
    }
}

static void keyref_store(struct keyref *ref, struct entry_spec *spec) REQUIRES(shard_held)
{
    struct had had = keyref_had(ref);
    if (spec->deadline_ms == DEADLINE_KEEP) {
        spec->deadline_ms = had.deadline_ms;
    }
    if (ref->entry == NULL) {
        struct table_env env = keyspace_table_env(ref->user);
        ref->entry = entry_create(spec);
        ref->slot = table_insert(&ref->keytable->table, &env, ref->hash, ref->entry);
        if (UNLIKELY(ref->user->created != NULL)) {
            ref->user->created(ref->user->creator, ref->db, ref->key);
        }
    } else {
        discard_value(ref);
        if (LIKELY(entry_spec_bytes(spec) == entry_bytes(ref->entry))) {
            entry_write(ref->entry, spec);
        } else {
            struct entry *fresh = entry_create(spec);
            garbage_add(ref->user->garbage, GARBAGE_ENTRY, VALUE_STRING, ref->entry);
            table_slot_set(ref->slot, fresh);
            ref->entry = fresh;
        }
    }
    keyref_written(ref, &had);
}

/* The usual overwrites: no deadline before and after, the one it has, or a later one, for which the tag in the expiry
 * index fires early and is then renewed. Then nothing but the entry changes. */
static ALWAYS_INLINE bool deadline_fits(const struct entry *entry, int64_t deadline_ms)
{
    return deadline_ms == DEADLINE_KEEP ||
           (entry->has_deadline ? deadline_ms > 0 && entry->tagged && entry_deadline_ms(entry) <= deadline_ms
                                : deadline_ms == DEADLINE_NONE);
}

/* Writes the bytes where the old ones are, if they fit. */
static ALWAYS_INLINE bool replace_in_place(const struct keyref *ref, struct slice bytes, enum entry_form form,
                                           int64_t deadline_ms)
{
    if (UNLIKELY(ref->entry == NULL) || UNLIKELY(!deadline_fits(ref->entry, deadline_ms)) ||
        UNLIKELY(!entry_replace(ref->entry, form, bytes))) {
        return false;
    }
    if (deadline_ms > 0) {
        memcpy(ref->entry->data, &deadline_ms, sizeof(deadline_ms));
    }
    return true; /* the lookup has marked the access */
}

static NOINLINE void keyref_store_anew(struct keyref *ref, struct slice bytes, enum entry_form form,
                                       int64_t deadline_ms) REQUIRES(shard_held)
{
    struct entry_spec spec = {.type = VALUE_STRING, .form = form, .key = ref->key, .deadline_ms = deadline_ms};
    if (bytes.len <= ENTRY_EMBED_MAX_BYTES) {
        spec.bytes = bytes;
    } else {
        spec.form = ENTRY_BLOB;
        spec.word = (uint64_t)(uintptr_t)blob_from_slice(bytes);
    }
    keyref_store(ref, &spec);
}

static ALWAYS_INLINE void keyref_store_bytes(struct keyref *ref, struct slice bytes, enum entry_form form,
                                             int64_t deadline_ms) REQUIRES(shard_held)
{
    if (UNLIKELY(bytes.len > ENTRY_EMBED_MAX_BYTES) || !replace_in_place(ref, bytes, form, deadline_ms)) {
        keyref_store_anew(ref, bytes, form, deadline_ms);
    }
}

void keyref_set_string(struct keyref *ref, struct slice bytes, int64_t deadline_ms)
{
    int64_t number;
    if (bytes.len <= INTEGER_MAX_DIGITS && number_parse_i64(bytes, &number)) {
        keyref_set_integer(ref, number, deadline_ms);
        return;
    }
    keyref_store_bytes(ref, bytes, ENTRY_EMBEDDED, deadline_ms);
}

void keyref_set_text(struct keyref *ref, struct slice bytes, int64_t deadline_ms)
{
    keyref_store_bytes(ref, bytes, ENTRY_EMBEDDED, deadline_ms);
}

void keyref_set_edited(struct keyref *ref, struct slice bytes, int64_t deadline_ms)
{
    keyref_store_bytes(ref, bytes, ENTRY_EDITED, deadline_ms);
}

void keyref_set_blob(struct keyref *ref, struct blob *blob, int64_t deadline_ms)
{
    struct entry_spec spec = {.type = VALUE_STRING,
                              .form = ENTRY_BLOB,
                              .key = ref->key,
                              .deadline_ms = deadline_ms,
                              .word = (uint64_t)(uintptr_t)blob};
    keyref_store(ref, &spec);
}

void keyref_set_integer(struct keyref *ref, int64_t value, int64_t deadline_ms)
{
    struct entry_spec spec = {.type = VALUE_STRING,
                              .form = ENTRY_INTEGER,
                              .key = ref->key,
                              .deadline_ms = deadline_ms,
                              .word = (uint64_t)value};
    keyref_store(ref, &spec);
}

void keyref_update_integer(struct keyref *ref, int64_t value)
{
    ASSERT(ref->entry->form == ENTRY_INTEGER);
    memcpy(ref->entry->data + entry_word_offset(ref->entry), &value, sizeof(value));
}

void keyref_set_object(struct keyref *ref, enum value_type type, void *object, int64_t deadline_ms)
{
    struct entry_spec spec = {.type = type,
                              .form = ENTRY_OBJECT,
                              .key = ref->key,
                              .deadline_ms = deadline_ms,
                              .word = (uint64_t)(uintptr_t)object};
    keyref_store(ref, &spec);
}

/* The entry's contents as a spec; embedded bytes still lie in the entry. */
static struct entry_spec entry_spec_of(const struct entry *entry)
{
    struct entry_spec spec = {.type = (enum value_type)entry->type,
                              .form = (enum entry_form)entry->form,
                              .key = entry_key(entry),
                              .deadline_ms = entry->has_deadline ? entry_deadline_ms(entry) : DEADLINE_NONE};
    if (entry_has_word(entry)) {
        spec.word = entry_word_at(entry, entry_word_offset(entry));
    } else {
        spec.bytes = entry_embedded(entry);
    }
    return spec;
}

void keyref_set_deadline(struct keyref *ref, int64_t deadline_ms)
{
    ASSERT(deadline_ms != DEADLINE_KEEP);
    struct had had = keyref_had(ref);
    if (had.deadline && deadline_ms != DEADLINE_NONE) {
        memcpy(ref->entry->data, &deadline_ms, sizeof(deadline_ms));
        ref->entry->tagged = 0;
        had.timed = false; /* the mark stays */
    } else if (had.deadline || deadline_ms != DEADLINE_NONE) {
        struct entry_spec spec = entry_spec_of(ref->entry);
        spec.deadline_ms = deadline_ms;
        struct entry *fresh = entry_create(&spec);
        garbage_add(ref->user->garbage, GARBAGE_ENTRY, VALUE_STRING, ref->entry);
        table_slot_set(ref->slot, fresh);
        ref->entry = fresh;
    }
    keyref_written(ref, &had);
}

static void keyref_unlink(struct keyref *ref)
{
    struct table_env env = keyspace_table_env(ref->user);
    if (ref->entry->has_deadline) {
        count_volatile(ref->keytable, -1);
    }
    if (entry_is_timed(ref->entry)) {
        count_change(&ref->keytable->timed_keys, -1);
    }
    (void)table_remove(&ref->keytable->table, &env, ref->hash, ref->slot);
    ref->entry = NULL;
    ref->slot.word = NULL;
}

void keyref_remove(struct keyref *ref)
{
    struct entry *entry = ref->entry;
    keyref_unlink(ref);
    garbage_add(ref->user->garbage, GARBAGE_WHOLE, VALUE_STRING, entry);
}

struct entry_spec keyref_take(struct keyref *ref)
{
    struct entry *entry = ref->entry;
    struct entry_spec spec = entry_spec_of(entry);
    spec.clock = (uint32_t)entry->clock;
    keyref_unlink(ref);
    garbage_add(ref->user->garbage, GARBAGE_ENTRY, VALUE_STRING, entry);
    return spec;
}

struct entry_spec keyref_copy(const struct keyref *ref)
{
    struct entry_spec spec = entry_spec_of(ref->entry);
    spec.clock = ref->user->usage.fresh;
    if (spec.form == ENTRY_BLOB) {
        (void)blob_reference(entry_object(ref->entry));
    } else if (spec.form == ENTRY_OBJECT) {
        spec.word = (uint64_t)(uintptr_t)value_class(spec.type)->copy(entry_object(ref->entry));
    }
    return spec;
}

void keyref_put(struct keyref *ref, struct entry_spec spec)
{
    spec.key = ref->key;
    keyref_store(ref, &spec);
    ref->entry->clock = spec.clock & USAGE_CLOCK_MASK;
}

/* A sole blob of at least `len` bytes for the string `old`; the entry's own blob when that can be used. */
static struct blob *blob_for_edit(const struct keyref *ref, struct slice old, size_t len)
{
    if (ref->entry != NULL && ref->entry->form == ENTRY_BLOB) {
        struct blob *blob = entry_object(ref->entry);
        if (blob_is_sole(blob) && blob->cap >= len) {
            return blob;
        }
    }
    size_t spare = len < (size_t)1024 * 1024 ? len : (size_t)1024 * 1024; /* appends come in rows */
    struct blob *blob = blob_create(len, old.len == 0 ? len : len + spare);
    memcpy(blob->data, old.data, old.len);
    return blob;
}

char *keyref_edit_string(struct keyref *ref, size_t len)
{
    char digits[24];
    struct slice old = ref->entry == NULL ? slice_make("", 0) : entry_string(ref->entry, digits);
    ASSERT(len >= old.len);
    if (len > ENTRY_EMBED_MAX_BYTES || (ref->entry != NULL && ref->entry->form == ENTRY_BLOB)) {
        struct blob *blob = blob_for_edit(ref, old, len);
        size_t had = old.len;
        if (ref->entry == NULL || ref->entry->form != ENTRY_BLOB || entry_object(ref->entry) != blob) {
            keyref_set_blob(ref, blob, DEADLINE_KEEP);
        }
        if (len > had) {
            memset(blob->data + had, 0, len - had);
        }
        blob->len = len;
        return blob->data;
    }
    if (ref->entry == NULL || entry_has_word(ref->entry) || !entry_edit(ref->entry, len)) {
        char bytes[ENTRY_EMBED_MAX_BYTES];
        memcpy(bytes, old.data, old.len);
        memset(bytes + old.len, 0, len - old.len);
        keyref_store_bytes(ref, slice_make(bytes, len), ENTRY_EDITED, DEADLINE_KEEP);
    }
    return ref->entry->data + entry_key_offset(ref->entry) + entry_key_len(ref->entry);
}

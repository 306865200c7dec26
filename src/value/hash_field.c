/* SPDX-License-Identifier: BSD-3-Clause */
/* Making and changing fields of a hash.
 * Owner: the table of the hash. Locks: none. */
#include "hash_field.h"

#include "sherd/base/memory.h"

enum {
    FIELD_MIN_BYTES = 16, /* smaller allocations are not aligned as the table wants it */
};

static size_t class_bytes(size_t contents)
{
    size_t bytes = sizeof(struct hash_field) + contents;
    return memory_class_bytes(bytes < FIELD_MIN_BYTES ? FIELD_MIN_BYTES : bytes);
}

/* Bytes behind the timing: the value itself, or an address. */
static size_t stored_bytes(uint32_t word)
{
    return (word & FIELD_BLOB) != 0 ? sizeof(struct blob *) : (word & FIELD_LENGTH);
}

static size_t own_bytes(const struct hash_field *field, uint32_t word)
{
    return class_bytes(field_value_offset(field, word) + stored_bytes(word));
}

/* A field up to its value. */
static struct hash_field *create_head(struct slice name, uint32_t word, int64_t deadline_ms)
{
    ASSERT(name.len <= UINT32_MAX);
    size_t timing = (word & FIELD_TIMED) != 0 ? (size_t)FIELD_TIMING_BYTES : 0;
    struct hash_field *field = memory_alloc(class_bytes(name.len + sizeof(word) + timing + stored_bytes(word)));
    field->len = (uint32_t)name.len;
    if (name.len != 0) {
        memcpy(field->data, name.data, name.len);
    }
    memcpy(field->data + name.len, &word, sizeof(word));
    if (timing != 0) {
        field_set_deadline(field, deadline_ms);
    }
    return field;
}

struct hash_field *field_create(struct slice name, struct slice value, int64_t deadline_ms)
{
    uint32_t timed = deadline_ms == HASH_DEADLINE_NONE ? 0 : FIELD_TIMED;
    if (UNLIKELY(value.len > FIELD_VALUE_MAX_BYTES)) {
        struct hash_field *field = create_head(name, timed | FIELD_BLOB, deadline_ms);
        struct blob *blob = blob_from_slice(value);
        memcpy(field->data + field_value_offset(field, timed), &blob, sizeof(blob));
        return field;
    }
    struct hash_field *field = create_head(name, timed | (uint32_t)value.len, deadline_ms);
    if (value.len != 0) {
        memcpy(field->data + field_value_offset(field, timed), value.data, value.len);
    }
    return field;
}

void field_destroy(struct hash_field *field)
{
    struct blob *blob = field_blob(field, field_word(field));
    if (UNLIKELY(blob != NULL)) {
        blob_release(blob);
    }
    memory_free(field);
}

struct hash_field *field_remake(const struct hash_field *field, int64_t deadline_ms)
{
    uint32_t word = field_word(field);
    uint32_t changed = (word & ~FIELD_TIMED) | (deadline_ms == HASH_DEADLINE_NONE ? 0 : FIELD_TIMED);
    struct hash_field *fresh = create_head(field_name(field), changed, deadline_ms);
    memcpy(fresh->data + field_value_offset(fresh, changed), field->data + field_value_offset(field, word),
           stored_bytes(word));
    return fresh;
}

bool field_replace(struct hash_field *field, struct slice value)
{
    uint32_t word = field_word(field);
    size_t offset = field_value_offset(field, word);
    if ((word & FIELD_BLOB) != 0 || value.len > FIELD_VALUE_MAX_BYTES ||
        class_bytes(offset + value.len) != class_bytes(offset + (word & FIELD_LENGTH))) {
        return false;
    }
    word = (word & FIELD_TIMED) | (uint32_t)value.len;
    memcpy(field->data + field->len, &word, sizeof(word));
    if (value.len != 0) {
        memcpy(field->data + offset, value.data, value.len);
    }
    return true;
}

size_t field_bytes(const struct hash_field *field)
{
    uint32_t word = field_word(field);
    const struct blob *blob = field_blob(field, word);
    return own_bytes(field, word) + (blob == NULL ? 0 : sizeof(*blob) + blob->cap);
}

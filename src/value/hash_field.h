/* SPDX-License-Identifier: BSD-3-Clause */
/* A field of a hash that is a table, in one allocation:
 *
 *   length of the name 4 | name | word 4 | deadline 8, place in the schedule 4: if it has one | value or blob address
 *
 * The word holds the length of the value and two marks. The allocation always has the size class of its contents, so no
 * capacity is stored: a value is overwritten in place exactly when the new one leads to the same class.
 * Owner: the table of the hash. Locks: none. */
#ifndef SHERD_VALUE_HASH_FIELD_H
#define SHERD_VALUE_HASH_FIELD_H

#include "sherd/base/blob.h"
#include "sherd/value/hash.h"

enum {
    FIELD_VALUE_MAX_BYTES = 4096, /* longer values become blobs, which replies may share */
    FIELD_TIMING_BYTES = 12,
};

#define FIELD_TIMED  (UINT32_C(1) << 31)
#define FIELD_BLOB   (UINT32_C(1) << 30)
#define FIELD_LENGTH (FIELD_BLOB - 1)

struct hash_field {
    uint32_t len; /* of the name */
    char data[];  /* unaligned from here on */
};

static inline struct slice field_name(const struct hash_field *field)
{
    return slice_make(field->data, field->len);
}

static inline uint32_t field_word(const struct hash_field *field)
{
    uint32_t word;
    memcpy(&word, field->data + field->len, sizeof(word));
    return word;
}

static inline size_t field_timing_offset(const struct hash_field *field)
{
    return field->len + sizeof(uint32_t);
}

static inline size_t field_value_offset(const struct hash_field *field, uint32_t word)
{
    return field_timing_offset(field) + ((word & FIELD_TIMED) != 0 ? (size_t)FIELD_TIMING_BYTES : 0);
}

/* HASH_DEADLINE_NONE when it has none. */
static inline int64_t field_deadline_ms(const struct hash_field *field)
{
    int64_t deadline_ms = HASH_DEADLINE_NONE;
    if (UNLIKELY((field_word(field) & FIELD_TIMED) != 0)) {
        memcpy(&deadline_ms, field->data + field_timing_offset(field), sizeof(deadline_ms));
    }
    return deadline_ms;
}

static inline bool field_is_dead(const struct hash_field *field, int64_t now_ms)
{
    int64_t deadline_ms = field_deadline_ms(field);
    return UNLIKELY(deadline_ms != HASH_DEADLINE_NONE) && deadline_ms <= now_ms;
}

/* Its place in the schedule; only of fields with a deadline. */
static inline uint32_t field_place(const struct hash_field *field)
{
    uint32_t place;
    memcpy(&place, field->data + field_timing_offset(field) + 8, sizeof(place));
    return place;
}

static inline void field_set_place(struct hash_field *field, uint32_t place)
{
    memcpy(field->data + field_timing_offset(field) + 8, &place, sizeof(place));
}

static inline void field_set_deadline(struct hash_field *field, int64_t deadline_ms)
{
    memcpy(field->data + field_timing_offset(field), &deadline_ms, sizeof(deadline_ms));
}

/* The blob of a value that is one, else NULL. */
static inline struct blob *field_blob(const struct hash_field *field, uint32_t word)
{
    struct blob *blob = NULL;
    if (UNLIKELY((word & FIELD_BLOB) != 0)) {
        memcpy(&blob, field->data + field_value_offset(field, word), sizeof(blob));
    }
    return blob;
}

static inline void field_value(const struct hash_field *field, struct hash_value *value)
{
    uint32_t word = field_word(field);
    value->blob = field_blob(field, word);
    value->text = value->blob != NULL ? blob_slice(value->blob)
                                      : slice_make(field->data + field_value_offset(field, word), word & FIELD_LENGTH);
}

/* With a deadline unless that is HASH_DEADLINE_NONE; its place is the schedule's to set. */
NODISCARD struct hash_field *field_create(struct slice name, struct slice value, int64_t deadline_ms);
/* Frees a value that is a blob, too. */
void field_destroy(struct hash_field *field);
/* A copy with another deadline; takes the value over, so that the old one is only to be freed (memory_free). */
NODISCARD struct hash_field *field_remake(const struct hash_field *field, int64_t deadline_ms);
/* Puts another value in the place of the old one, where that fits; all else stays. */
NODISCARD bool field_replace(struct hash_field *field, struct slice value);
/* Memory of the field, its blob included. */
size_t field_bytes(const struct hash_field *field);

#endif

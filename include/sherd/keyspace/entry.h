/* SPDX-License-Identifier: BSD-3-Clause */
/* One key with its value in one allocation:
 *
 *   header 8 | deadline 8, if it has one | length of a long key 8 | word 8: integer or pointer | key | embedded value
 *
 * The allocation always has the size class of its contents, so no capacity is stored: a value is overwritten in place
 * exactly when its new contents fall in the same class.
 * Owner: the table of its shard. Locks: the shard's. */
#ifndef SHERD_KEYSPACE_ENTRY_H
#define SHERD_KEYSPACE_ENTRY_H

#include "sherd/base/blob.h"
#include "sherd/value/object.h"

/* How the value stands in the entry. Forms from ENTRY_INTEGER on have a word. */
enum entry_form {
    ENTRY_EMBEDDED, /* string bytes behind the key, as SET stored them (embstr or raw by length) */
    ENTRY_EDITED,   /* string bytes behind the key, changed in place since (always raw) */
    ENTRY_INTEGER,  /* the word is the number */
    ENTRY_BLOB,     /* the word points to a struct blob */
    ENTRY_OBJECT,   /* the word points to a collection */
};

enum {
    ENTRY_LONG_KEY = 0x7fff,      /* key_len of a key whose length stands in a word of its own */
    ENTRY_EMBED_MAX_BYTES = 4096, /* longer strings become blobs */
    ENTRY_EMBSTR_MAX_BYTES = 44,  /* what OBJECT ENCODING calls embstr */
};

struct entry {
    uint64_t type : 3; /* enum value_type */
    uint64_t form : 3; /* enum entry_form */
    uint64_t has_deadline : 1;
    uint64_t tagged : 1; /* the expiry index has a tag that fires no later than the deadline */
    uint64_t colour : 1; /* which side of a snapshot's cut it is on */
    uint64_t key_len : 15;
    uint64_t value_len : 16; /* of embedded bytes; of a collection 1 when elements of it have deadlines */
    uint64_t clock : 24;     /* how it was used: keyspace/usage.h */
    char data[];
};

static ALWAYS_INLINE uint64_t entry_word_at(const struct entry *entry, size_t offset)
{
    uint64_t word;
    memcpy(&word, entry->data + offset, sizeof(word));
    return word;
}

static ALWAYS_INLINE bool entry_has_word(const struct entry *entry)
{
    return entry->form >= ENTRY_INTEGER;
}

static ALWAYS_INLINE size_t entry_word_offset(const struct entry *entry)
{
    return 8U * (size_t)(entry->has_deadline + (entry->key_len == ENTRY_LONG_KEY));
}

static ALWAYS_INLINE size_t entry_key_offset(const struct entry *entry)
{
    return entry_word_offset(entry) + (entry_has_word(entry) ? 8U : 0U);
}

/* Whether the value is a collection some of whose elements have deadlines of their own. */
static ALWAYS_INLINE bool entry_is_timed(const struct entry *entry)
{
    return UNLIKELY(entry->form == ENTRY_OBJECT) && entry->value_len != 0;
}

static ALWAYS_INLINE size_t entry_key_len(const struct entry *entry)
{
    if (UNLIKELY(entry->key_len == ENTRY_LONG_KEY)) {
        return (size_t)entry_word_at(entry, entry->has_deadline ? 8 : 0);
    }
    return entry->key_len;
}

static ALWAYS_INLINE struct slice entry_key(const struct entry *entry)
{
    return slice_make(entry->data + entry_key_offset(entry), entry_key_len(entry));
}

/* The deadline in unix milliseconds; only when has_deadline. */
static ALWAYS_INLINE int64_t entry_deadline_ms(const struct entry *entry)
{
    return (int64_t)entry_word_at(entry, 0);
}

static ALWAYS_INLINE bool entry_is_expired(const struct entry *entry, int64_t now_ms)
{
    return UNLIKELY(entry->has_deadline) && entry_deadline_ms(entry) <= now_ms;
}

static ALWAYS_INLINE int64_t entry_integer(const struct entry *entry)
{
    return (int64_t)entry_word_at(entry, entry_word_offset(entry));
}

/* The blob or collection of a form with a pointer. */
static ALWAYS_INLINE void *entry_object(const struct entry *entry)
{
    return (void *)(uintptr_t)entry_word_at(entry, entry_word_offset(entry));
}

/* The bytes of an embedded string. */
static ALWAYS_INLINE struct slice entry_embedded(const struct entry *entry)
{
    return slice_make(entry->data + entry_key_offset(entry) + entry_key_len(entry), entry->value_len);
}

/* Everything that makes an entry; the entry's bytes are written from it. */
struct entry_spec {
    enum value_type type;
    enum entry_form form;
    struct slice key;
    int64_t deadline_ms; /* 0: none */
    uint64_t word;       /* of the forms that have one; a pointer is owned by the entry from then on */
    struct slice bytes;  /* of the embedded forms; must not lie inside the entry that is overwritten */
    uint32_t clock;      /* what keyref_put gives the entry; entry_write does not look at it */
};

/* Allocation size (a size class) that a spec needs. */
size_t entry_spec_bytes(const struct entry_spec *spec);
/* Allocation size of an entry as it stands. */
size_t entry_bytes(const struct entry *entry);
/* Writes all of `spec` but the flags tagged, colour and the clock, which become 0. `entry` has room for it. */
void entry_write(struct entry *entry, const struct entry_spec *spec);
NODISCARD struct entry *entry_create(const struct entry_spec *spec);
/* Frees the entry alone; its blob or collection is somebody else's by now. */
void entry_free(struct entry *entry);
/* Puts other bytes in the place of an embedded string, with a form that is embedded too; all else stays. False, with
 * nothing changed, when the entry holds no embedded string or would leave its size class. `bytes` lies elsewhere. */
NODISCARD bool entry_replace(struct entry *entry, enum entry_form form, struct slice bytes);
/* Gives the embedded string of an entry `len` bytes in place, those beyond the old length zero; the form becomes
 * ENTRY_EDITED. False, with nothing changed, when the entry would leave its size class. */
NODISCARD bool entry_edit(struct entry *entry, size_t len);
/* Length in bytes of a string value (digits for an integer). */
size_t entry_string_len(const struct entry *entry);
/* The bytes of a string value. `digits` is scratch for integers; the slice is valid while the shard is held. */
struct slice entry_string(const struct entry *entry, char digits[static 24]);
/* As OBJECT ENCODING answers. */
const char *entry_encoding(const struct entry *entry);
/* Memory of key, value and entry, as MEMORY USAGE counts. */
size_t entry_footprint_bytes(const struct entry *entry);

#endif

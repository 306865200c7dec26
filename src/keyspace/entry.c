/* SPDX-License-Identifier: BSD-3-Clause */
/* Writing and measuring entries.
 * Owner: the table of the entry's shard. Locks: the shard's. */
#include "sherd/keyspace/entry.h"

#include "sherd/base/number.h"

/* The size class of an entry whose contents behind the header take so many bytes: at least 16, for smaller allocations
 * are not aligned as the table wants it. */
static size_t entry_class_bytes(size_t contents)
{
    return memory_class_bytes(contents < 8 ? 16 : sizeof(struct entry) + contents);
}

size_t entry_spec_bytes(const struct entry_spec *spec)
{
    size_t words = (size_t)(spec->deadline_ms != 0) + (spec->form >= ENTRY_INTEGER) + (spec->key.len >= ENTRY_LONG_KEY);
    size_t value_len = spec->form < ENTRY_INTEGER ? spec->bytes.len : 0;
    return entry_class_bytes(8 * words + spec->key.len + value_len);
}

size_t entry_bytes(const struct entry *entry)
{
    size_t value_len = entry_has_word(entry) ? 0 : entry->value_len;
    return entry_class_bytes(entry_key_offset(entry) + entry_key_len(entry) + value_len);
}

void entry_write(struct entry *entry, const struct entry_spec *spec)
{
    bool has_word = spec->form >= ENTRY_INTEGER;
    bool long_key = spec->key.len >= ENTRY_LONG_KEY;
    size_t value_len = has_word ? 0 : spec->bytes.len;
    ASSERT(value_len <= ENTRY_EMBED_MAX_BYTES);
    struct entry fresh = {
        .type = (uint64_t)spec->type & 7,
        .form = (uint64_t)spec->form & 7,
        .has_deadline = spec->deadline_ms != 0,
        .key_len = (long_key ? (size_t)ENTRY_LONG_KEY : spec->key.len) & 0x7fff,
        .value_len = value_len & 0xffff,
    };
    memcpy(entry, &fresh, sizeof(fresh));
    char *at = entry->data;
    if (spec->deadline_ms != 0) {
        memcpy(at, &spec->deadline_ms, 8);
        at += 8;
    }
    if (long_key) {
        uint64_t len = spec->key.len;
        memcpy(at, &len, 8);
        at += 8;
    }
    if (has_word) {
        memcpy(at, &spec->word, 8);
        at += 8;
    }
    if (spec->key.len != 0) {
        memcpy(at, spec->key.data, spec->key.len);
        at += spec->key.len;
    }
    if (value_len != 0) {
        memcpy(at, spec->bytes.data, value_len);
    }
}

struct entry *entry_create(const struct entry_spec *spec)
{
    struct entry *entry = memory_alloc(entry_spec_bytes(spec));
    entry_write(entry, spec);
    return entry;
}

void entry_free(struct entry *entry)
{
    memory_free(entry);
}

bool entry_replace(struct entry *entry, enum entry_form form, struct slice bytes)
{
    size_t before = entry_key_offset(entry) + entry_key_len(entry);
    if (entry_has_word(entry) ||
        entry_class_bytes(before + bytes.len) != entry_class_bytes(before + entry->value_len)) {
        return false;
    }
    ASSERT(form < ENTRY_INTEGER && bytes.len <= ENTRY_EMBED_MAX_BYTES);
    entry->form = (uint64_t)form & 7;
    entry->value_len = bytes.len & 0xffff;
    memcpy(entry->data + before, bytes.data == NULL ? "" : bytes.data, bytes.len);
    return true;
}

bool entry_edit(struct entry *entry, size_t len)
{
    ASSERT(!entry_has_word(entry) && len <= ENTRY_EMBED_MAX_BYTES);
    size_t before = entry_key_offset(entry) + entry_key_len(entry);
    if (entry_class_bytes(before + len) != entry_bytes(entry)) {
        return false;
    }
    if (len > entry->value_len) {
        memset(entry->data + before + entry->value_len, 0, len - entry->value_len);
    }
    entry->value_len = len & 0xffff;
    entry->form = ENTRY_EDITED;
    return true;
}

size_t entry_string_len(const struct entry *entry)
{
    switch ((enum entry_form)entry->form) {
    case ENTRY_INTEGER: {
        char digits[24];
        return number_print_i64(digits, entry_integer(entry));
    }
    case ENTRY_BLOB:
        return ((const struct blob *)entry_object(entry))->len;
    default:
        return entry->value_len;
    }
}

struct slice entry_string(const struct entry *entry, char digits[static 24])
{
    switch ((enum entry_form)entry->form) {
    case ENTRY_INTEGER:
        return slice_make(digits, number_print_i64(digits, entry_integer(entry)));
    case ENTRY_BLOB:
        return blob_slice(entry_object(entry));
    default:
        return entry_embedded(entry);
    }
}

const char *entry_encoding(const struct entry *entry)
{
    switch ((enum entry_form)entry->form) {
    case ENTRY_EMBEDDED:
        return entry->value_len <= ENTRY_EMBSTR_MAX_BYTES ? "embstr" : "raw";
    case ENTRY_EDITED:
        return "raw";
    case ENTRY_INTEGER:
        return "int";
    default:
        return value_class((enum value_type)entry->type)->encoding(entry_object(entry));
    }
}

size_t entry_footprint_bytes(const struct entry *entry)
{
    size_t bytes = entry_bytes(entry) + 10; /* its share of the table */
    if (entry->form >= ENTRY_BLOB) {
        bytes += value_class((enum value_type)entry->type)->bytes(entry_object(entry));
    }
    return bytes;
}

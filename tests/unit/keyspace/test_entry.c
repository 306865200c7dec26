/* SPDX-License-Identifier: BSD-3-Clause */
/* Entries: what is written is read back, and sizes agree.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "sherd/base/memory.h"
#include "sherd/keyspace/entry.h"

static void check(const struct entry_spec *spec)
{
    struct entry *entry = entry_create(spec);
    cr_assert_eq((uintptr_t)entry % 16, 0);
    cr_assert_eq(entry_bytes(entry), entry_spec_bytes(spec));
    cr_assert(slice_equals(entry_key(entry), spec->key));
    cr_assert_eq(entry->type, spec->type);
    cr_assert_eq(entry->form, spec->form);
    cr_assert_eq(entry->has_deadline, spec->deadline_ms != 0);
    if (spec->deadline_ms != 0) {
        cr_assert_eq(entry_deadline_ms(entry), spec->deadline_ms);
    }
    if (spec->form == ENTRY_INTEGER) {
        cr_assert_eq(entry_integer(entry), (int64_t)spec->word);
    } else {
        cr_assert(slice_equals(entry_embedded(entry), spec->bytes));
    }
    entry_free(entry);
}

Test(entry, keeps_key_value_and_deadline_at_every_length)
{
    char bytes[200];
    memset(bytes, 'x', sizeof(bytes));
    for (size_t key = 0; key < 70; key++) {
        for (size_t value = 0; value < 130; value += 1 + value / 9) {
            for (int64_t deadline = 0; deadline <= 1; deadline++) {
                struct entry_spec spec = {.form = ENTRY_EMBEDDED,
                                          .key = slice_make(bytes, key),
                                          .bytes = slice_make(bytes, value),
                                          .deadline_ms = deadline * 1234567890123};
                check(&spec);
                spec.form = ENTRY_INTEGER;
                spec.word = (uint64_t)INT64_MIN;
                check(&spec);
            }
        }
    }
}

Test(entry, keeps_keys_longer_than_its_header_can_count)
{
    static const size_t lengths[] = {ENTRY_LONG_KEY - 1, ENTRY_LONG_KEY, ENTRY_LONG_KEY + 1, 1000000};
    char *bytes = malloc(1000000);
    cr_assert_not_null(bytes);
    memset(bytes, 'k', 1000000);
    for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++) {
        struct entry_spec spec = {.form = ENTRY_EMBEDDED,
                                  .key = slice_make(bytes, lengths[i]),
                                  .bytes = SLICE_LITERAL("value"),
                                  .deadline_ms = (int64_t)i * 77};
        check(&spec);
        spec.form = ENTRY_INTEGER;
        spec.word = 42;
        check(&spec);
    }
    free(bytes);
}

Test(entry, of_nothing_is_still_aligned_as_tables_want_it)
{
    struct entry *entries[64];
    struct entry_spec spec = {.form = ENTRY_EMBEDDED, .key = SLICE_LITERAL(""), .bytes = SLICE_LITERAL("")};
    for (size_t i = 0; i < ARRAY_LENGTH(entries); i++) {
        entries[i] = entry_create(&spec);
        cr_assert_eq((uintptr_t)entries[i] % 16, 0);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(entries); i++) {
        entry_free(entries[i]);
    }
}

Test(entry, is_expired_from_its_deadline_on)
{
    struct entry_spec spec = {.form = ENTRY_INTEGER, .key = SLICE_LITERAL("k"), .deadline_ms = 1000};
    struct entry *entry = entry_create(&spec);
    cr_assert_not(entry_is_expired(entry, 999));
    cr_assert(entry_is_expired(entry, 1000));
    entry_free(entry);
    spec.deadline_ms = 0;
    entry = entry_create(&spec);
    cr_assert_not(entry_is_expired(entry, INT64_MAX));
    entry_free(entry);
}

Test(entry, names_its_encoding_as_redis_does)
{
    char bytes[ENTRY_EMBSTR_MAX_BYTES + 1] = {0};
    struct entry_spec spec = {.form = ENTRY_EMBEDDED, .key = SLICE_LITERAL("k"), .bytes = slice_make(bytes, 44)};
    struct entry *entry = entry_create(&spec);
    cr_assert_str_eq(entry_encoding(entry), "embstr");
    entry_free(entry);
    spec.bytes.len = 45;
    entry = entry_create(&spec);
    cr_assert_str_eq(entry_encoding(entry), "raw");
    entry_free(entry);
    spec.form = ENTRY_EDITED;
    spec.bytes.len = 1;
    entry = entry_create(&spec);
    cr_assert_str_eq(entry_encoding(entry), "raw");
    entry_free(entry);
    spec.form = ENTRY_INTEGER;
    entry = entry_create(&spec);
    cr_assert_str_eq(entry_encoding(entry), "int");
    entry_free(entry);
}

Test(entry, edits_in_place_within_its_size_class_only)
{
    struct entry_spec spec = {.form = ENTRY_EMBEDDED, .key = SLICE_LITERAL("key"), .bytes = SLICE_LITERAL("ab")};
    struct entry *entry = entry_create(&spec);
    size_t bytes = entry_bytes(entry);
    size_t fits = bytes - sizeof(*entry) - 3;
    cr_assert(entry_edit(entry, fits));
    cr_assert_eq(entry_bytes(entry), bytes);
    cr_assert_eq(memcmp(entry_embedded(entry).data, "ab\0", fits < 3 ? fits : 3), 0);
    cr_assert_not(entry_edit(entry, fits + 1));
    cr_assert_eq(entry_embedded(entry).len, fits);
    entry_free(entry);
}

Test(entry, tells_the_length_and_the_bytes_of_a_number)
{
    char digits[24];
    struct entry_spec spec = {.form = ENTRY_INTEGER, .key = SLICE_LITERAL("k"), .word = (uint64_t)-1234};
    struct entry *entry = entry_create(&spec);
    cr_assert_eq(entry_string_len(entry), 5);
    cr_assert(slice_equals(entry_string(entry, digits), SLICE_LITERAL("-1234")));
    entry_free(entry);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Lookup and change of single keys.
 * Owner: each test. Locks: none, there is one thread. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/mman.h>

#include "sherd/keyspace/expiry.h"
#include "test_keyspace.h"

static struct test_keyspace test;

static void begin(void)
{
    test_keyspace_init(&test);
}

static void end(void)
{
    test_keyspace_deinit(&test);
}

TestSuite(keyref, .init = begin, .fini = end);

Test(keyref, finds_what_was_stored_and_nothing_else)
{
    test_keyspace_set(&test, "a", "one", DEADLINE_NONE);
    test_keyspace_set(&test, "b", "22", DEADLINE_NONE);
    cr_assert(test_keyspace_holds(&test, "a", "one"));
    cr_assert(test_keyspace_holds(&test, "b", "22"));
    cr_assert_eq(test_keyspace_find(&test, "b").entry->form, ENTRY_INTEGER);
    cr_assert_null(test_keyspace_find(&test, "c").entry);
    uint64_t keys;
    uint64_t volatile_keys;
    keyspace_count(&test.keyspace, 0, &keys, &volatile_keys);
    cr_assert_eq(keys, 2);
    cr_assert_eq(volatile_keys, 0);
}

Test(keyref, overwrites_in_place_within_a_size_class)
{
    const struct entry *before = test_keyspace_set(&test, "key", "12345a", DEADLINE_NONE).entry;
    const struct entry *same = test_keyspace_set(&test, "key", "54321b", DEADLINE_NONE).entry;
    cr_assert_eq(before, same);
    cr_assert(test_keyspace_holds(&test, "key", "54321b"));
    char longer[200] = {0};
    memset(longer, 'x', sizeof(longer) - 1);
    test_keyspace_set(&test, "key", longer, DEADLINE_NONE);
    cr_assert(test_keyspace_holds(&test, "key", longer));
}

Test(keyref, keeps_sets_and_removes_deadlines_and_counts_them)
{
    const int64_t soon = TEST_KEYSPACE_NOW_MS + 1000;
    struct keyref ref = test_keyspace_set(&test, "k", "v", soon);
    cr_assert_eq(entry_deadline_ms(ref.entry), soon);
    cr_assert_eq(test_keyspace_volatile_keys(&test, "k"), 1);
    keyref_set_string(&ref, SLICE_LITERAL("another value"), DEADLINE_KEEP);
    cr_assert_eq(entry_deadline_ms(ref.entry), soon);
    keyref_set_deadline(&ref, soon + 5);
    cr_assert_eq(entry_deadline_ms(ref.entry), soon + 5);
    cr_assert_eq(test_keyspace_volatile_keys(&test, "k"), 1);
    keyref_set_deadline(&ref, DEADLINE_NONE);
    cr_assert_not(ref.entry->has_deadline);
    cr_assert_eq(test_keyspace_volatile_keys(&test, "k"), 0);
    cr_assert(test_keyspace_holds(&test, "k", "another value"));
    keyref_set_deadline(&ref, soon);
    keyref_set_string(&ref, SLICE_LITERAL("v"), DEADLINE_NONE);
    cr_assert_eq(test_keyspace_volatile_keys(&test, "k"), 0);
}

Test(keyref, needs_no_new_tag_for_a_later_deadline)
{
    const int64_t soon = TEST_KEYSPACE_NOW_MS + 1000;
    const struct entry *before = test_keyspace_set(&test, "k", "some", soon).entry;
    struct keyref ref = test_keyspace_set(&test, "k", "text", soon + 5000);
    cr_assert(ref.entry == before && ref.entry->tagged && entry_deadline_ms(ref.entry) == soon + 5000);
    cr_assert(test_keyspace_holds(&test, "k", "text"));
    cr_assert_eq(expiry_index_tags(ref.keytable->expiry), 1);
    ref = test_keyspace_set(&test, "k", "more", soon + 10);
    cr_assert(ref.entry == before && ref.entry->tagged && entry_deadline_ms(ref.entry) == soon + 10);
    cr_assert_eq(expiry_index_tags(ref.keytable->expiry), 2); /* an earlier one gets a tag of its own */
    ref = test_keyspace_set(&test, "k", "word", DEADLINE_NONE);
    cr_assert(!ref.entry->has_deadline && test_keyspace_volatile_keys(&test, "k") == 0);
}

Test(keyref, removes_a_past_due_key_at_its_lookup_and_tells_so)
{
    test_keyspace_set(&test, "gone", "v", TEST_KEYSPACE_NOW_MS + 10);
    struct keyref ref = test_keyspace_find(&test, "gone");
    cr_assert_not(keyref_expire_if_due(&ref));
    test.user.now_ms += 10;
    cr_assert(keyref_expire_if_due(&ref));
    cr_assert_null(ref.entry);
    cr_assert_eq(test.expired, 1);
    cr_assert_str_eq(test.last_expired, "gone");
    cr_assert_null(test_keyspace_find(&test, "gone").entry);
    cr_assert_eq(test_keyspace_volatile_keys(&test, "gone"), 0);
}

Test(keyref, only_hides_a_past_due_key_where_expiry_does_not_delete)
{
    atomic_store(&test.keyspace.expiry_deletes, false);
    test_keyspace_set(&test, "hidden", "v", TEST_KEYSPACE_NOW_MS + 10);
    test.user.now_ms += 10;
    struct keyref ref = test_keyspace_find(&test, "hidden");
    cr_assert(keyref_expire_if_due(&ref));
    cr_assert_null(ref.entry);
    cr_assert_eq(test.expired, 0);
    cr_assert_not_null(test_keyspace_find(&test, "hidden").entry);
}

Test(keyref, can_be_stored_again_after_a_removal)
{
    struct keyref ref = test_keyspace_set(&test, "k", "v", TEST_KEYSPACE_NOW_MS + 10);
    keyref_remove(&ref);
    cr_assert_null(test_keyspace_find(&test, "k").entry);
    keyref_set_string(&ref, SLICE_LITERAL("w"), DEADLINE_KEEP);
    cr_assert(test_keyspace_holds(&test, "k", "w"));
    cr_assert_not(ref.entry->has_deadline);
}

/* Moves the value of "from" to "to" as RENAME does. */
static void move_value(const char *from, const char *to)
{
    struct keyref source = test_keyspace_find(&test, from);
    struct entry_spec value = keyref_take(&source);
    struct keyref target = test_keyspace_find(&test, to);
    keyref_put(&target, value);
    test_keyspace_collect(&test);
}

Test(keyref, takes_a_value_with_its_deadline_to_another_key)
{
    char large[ENTRY_EMBED_MAX_BYTES + 100] = {0};
    memset(large, 'x', sizeof(large) - 1);
    const char *values[] = {"short", "123", "", large};
    for (size_t i = 0; i < ARRAY_LENGTH(values); i++) {
        test_keyspace_set(&test, "from", values[i], TEST_KEYSPACE_NOW_MS + 50);
        test_keyspace_set(&test, "to", "old value", DEADLINE_NONE);
        move_value("from", "to");
        cr_assert_null(test_keyspace_find(&test, "from").entry);
        cr_assert(test_keyspace_holds(&test, "to", values[i]));
        cr_assert_eq(entry_deadline_ms(test_keyspace_find(&test, "to").entry), TEST_KEYSPACE_NOW_MS + 50);
    }
    cr_assert_eq(test_keyspace_volatile_keys(&test, "to"), 1);
}

Test(keyref, shares_a_copied_large_string_until_one_side_is_edited)
{
    char large[ENTRY_EMBED_MAX_BYTES + 100] = {0};
    memset(large, 'x', sizeof(large) - 1);
    struct keyref one = test_keyspace_set(&test, "one", large, DEADLINE_NONE);
    struct keyref two = test_keyspace_find(&test, "two");
    keyref_put(&two, keyref_copy(&one));
    one = test_keyspace_find(&test, "one");
    cr_assert_eq(entry_object(one.entry), entry_object(two.entry));
    char *bytes = keyref_edit_string(&one, strlen(large));
    bytes[0] = 'Y';
    cr_assert(test_keyspace_holds(&test, "two", large));
    cr_assert_not(test_keyspace_holds(&test, "one", large));
}

Test(keyref, edits_strings_with_zeroes_behind_their_old_end)
{
    for (size_t len = 3; len < 10000; len = len * 2 + 1) {
        struct keyref ref = test_keyspace_set(&test, "k", "abc", DEADLINE_NONE);
        char *bytes = keyref_edit_string(&ref, len);
        cr_assert_eq(memcmp(bytes, "abc", 3), 0);
        for (size_t i = 3; i < len; i++) {
            cr_assert_eq(bytes[i], '\0');
        }
        cr_assert_eq(entry_string_len(test_keyspace_find(&test, "k").entry), len);
        cr_assert_str_eq(entry_encoding(test_keyspace_find(&test, "k").entry), "raw");
        test_keyspace_collect(&test);
    }
    struct keyref fresh = test_keyspace_find(&test, "fresh");
    cr_assert_eq(keyref_edit_string(&fresh, 5)[4], '\0');
    cr_assert_eq(entry_string_len(test_keyspace_find(&test, "fresh").entry), 5);
}

Test(keyref, notes_when_a_key_was_last_used)
{
    struct keyref ref = test_keyspace_set(&test, "k", "v", DEADLINE_NONE);
    cr_assert_eq(ref.entry->clock, (uint64_t)(TEST_KEYSPACE_NOW_MS / 1000) & USAGE_CLOCK_MASK);
    test_keyspace_pass(&test, 5000);
    keyref_set_deadline(&ref, test.user.now_ms + 1000);
    cr_assert_eq(ref.entry->clock, (uint64_t)(TEST_KEYSPACE_NOW_MS / 1000) & USAGE_CLOCK_MASK);
    keyref_touch(&ref);
    cr_assert_eq(ref.entry->clock, (uint64_t)(test.user.now_ms / 1000) & USAGE_CLOCK_MASK);
}

Test(keyref, survives_many_keys_that_come_and_go)
{
    char key[32];
    char value[32];
    for (int i = 0; i < 30000; i++) {
        (void)snprintf(key, sizeof(key), "key:%d", i % 7919);
        struct keyref ref = test_keyspace_find(&test, key);
        if (ref.entry != NULL && i % 3 == 0) {
            keyref_remove(&ref);
        } else {
            (void)snprintf(value, sizeof(value), "value:%d", i);
            keyref_set_string(&ref, slice_from_text(value), i % 5 == 0 ? TEST_KEYSPACE_NOW_MS + i + 1 : DEADLINE_KEEP);
            cr_assert(test_keyspace_holds(&test, key, value));
        }
        if (i % 64 == 0) {
            test_keyspace_collect(&test);
        }
    }
}

/* Else the line of a hot key would travel between all who read it. The entry lies in a page that cannot be written. */
Test(keyref, a_read_within_the_second_of_the_last_access_does_not_write_the_entry)
{
    const size_t page_bytes = 4096;
    struct keyref ref = test_keyspace_set(&test, "hot", "value", DEADLINE_NONE);
    void *page = mmap(NULL, page_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(page, MAP_FAILED);
    memcpy(page, ref.entry, entry_bytes(ref.entry));
    ref.entry = page;
    cr_assert_eq(mprotect(page, page_bytes, PROT_READ), 0);
    keyref_touch(&ref);
    char digits[24];
    cr_assert(slice_equals_word(entry_string(ref.entry, digits), "value"));
    cr_assert_eq(mprotect(page, page_bytes, PROT_READ | PROT_WRITE), 0);
    uint32_t before = (uint32_t)ref.entry->clock;
    keyspace_user_refresh(ref.user, ref.user->now_ms + 1000);
    keyref_touch(&ref);
    cr_assert_eq(ref.entry->clock, before + 1);
    cr_assert_eq(munmap(page, page_bytes), 0);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Listpacks: the bytes of the format, walking, changing, and refusing malformed input.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "sherd/base/memory.h"
#include "sherd/container/listpack.h"

#define TEXT(literal) SLICE_LITERAL(literal)

static void expect_bytes(const struct listpack *lp, const unsigned char *bytes, size_t len)
{
    cr_assert_eq(listpack_bytes(lp), len);
    cr_assert_arr_eq(lp->data, bytes, len);
    cr_assert(listpack_validate(lp->data, len));
}

static struct slice text_at(const struct listpack *lp, int64_t index, char text[LISTPACK_INT_TEXT_BYTES])
{
    size_t at = listpack_seek(lp, index);
    cr_assert_neq(at, LISTPACK_NONE);
    return listpack_get_text(lp, at, text);
}

static void expect_text(const struct listpack *lp, int64_t index, const char *expected)
{
    char text[LISTPACK_INT_TEXT_BYTES];
    cr_assert(slice_equals(text_at(lp, index, text), slice_from_text(expected)), "element %ld is not %s", (long)index,
              expected);
}

/* A list of the decimal numbers from 0 up to `count`. */
static void fill(struct listpack *lp, int64_t count)
{
    listpack_init(lp, 0);
    for (int64_t i = 0; i < count; i++) {
        listpack_append_int(lp, i);
    }
}

Test(listpack, is_seven_bytes_when_empty)
{
    struct listpack lp;
    listpack_init(&lp, 0);
    expect_bytes(&lp, (const unsigned char[]){7, 0, 0, 0, 0, 0, 0xFF}, 7);
    cr_assert_eq(listpack_first(&lp), LISTPACK_NONE);
    cr_assert_eq(listpack_last(&lp), LISTPACK_NONE);
    cr_assert_eq(listpack_seek(&lp, 0), LISTPACK_NONE);
    cr_assert_eq(listpack_seek(&lp, -1), LISTPACK_NONE);
    listpack_deinit(&lp);
}

Test(listpack, packs_small_elements_as_the_format_says)
{
    struct listpack lp;
    listpack_init(&lp, 0);
    listpack_append(&lp, TEXT("1"));
    listpack_append(&lp, TEXT("ab"));
    listpack_append_int(&lp, -1);
    listpack_append_int(&lp, 1000);
    const unsigned char expected[] = {
        19,   0,    0,   0, 4, 0, /* header */
        1,    1,                  /* 7 bits */
        0x82, 'a',  'b', 3,       /* string of two bytes */
        0xDF, 0xFF, 2,            /* 13 bits */
        0xC3, 0xE8, 2,            /* 13 bits */
        0xFF,
    };
    expect_bytes(&lp, expected, sizeof(expected));
    listpack_deinit(&lp);
}

Test(listpack, gives_every_width_of_integer_its_encoding)
{
    static const struct {
        int64_t value;
        unsigned char head;
        size_t bytes; /* head, content and backward length */
    } cases[] = {
        {0, 0x00, 2},          {127, 0x7F, 2},        {128, 0xC0, 3},           {-1, 0xDF, 3},
        {4095, 0xCF, 3},       {-4096, 0xD0, 3},      {4096, 0xF1, 4},          {-4097, 0xF1, 4},
        {INT16_MAX, 0xF1, 4},  {INT16_MIN, 0xF1, 4},  {INT16_MAX + 1, 0xF2, 5}, {INT16_MIN - 1, 0xF2, 5},
        {8388607, 0xF2, 5},    {-8388608, 0xF2, 5},   {8388608, 0xF3, 6},       {-8388609, 0xF3, 6},
        {INT32_MAX, 0xF3, 6},  {INT32_MIN, 0xF3, 6},  {2147483648, 0xF4, 10},   {-2147483649, 0xF4, 10},
        {INT64_MAX, 0xF4, 10}, {INT64_MIN, 0xF4, 10},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct listpack lp;
        listpack_init(&lp, 0);
        listpack_append_int(&lp, cases[i].value);
        cr_assert_eq(lp.data[6], cases[i].head, "%ld", (long)cases[i].value);
        cr_assert_eq(listpack_bytes(&lp), 7 + cases[i].bytes, "%ld", (long)cases[i].value);
        cr_assert_eq(listpack_get_int(&lp, listpack_first(&lp)), cases[i].value);
        cr_assert_eq(listpack_last(&lp), listpack_first(&lp));
        listpack_deinit(&lp);
    }
}

Test(listpack, keeps_texts_that_are_not_canonical_integers)
{
    static const char *const texts[] = {
        "", "-", "-0", "+1", "01", " 1", "1 ", "1e5", "0x1", "abc", "9223372036854775808", "-9223372036854775809"};
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        struct listpack lp;
        listpack_init(&lp, 0);
        listpack_append(&lp, slice_from_text(texts[i]));
        cr_assert_not(listpack_get(&lp, listpack_first(&lp)).is_integer, "'%s'", texts[i]);
        expect_text(&lp, 0, texts[i]);
        listpack_deinit(&lp);
    }
}

Test(listpack, round_trips_strings_at_every_boundary_of_length)
{
    static const size_t lengths[] = {0,    1,    62,    63,    64,    125,   126,     127,     128,     4094,   4095,
                                     4096, 4097, 16377, 16378, 16379, 16380, 2097144, 2097145, 2097146, 2097147};
    char *bytes = memory_alloc(2097200);
    memset(bytes, 'x', 2097200);
    struct listpack lp;
    listpack_init(&lp, 0);
    for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++) {
        listpack_append(&lp, slice_make(bytes, lengths[i]));
    }
    cr_assert(listpack_validate(lp.data, listpack_bytes(&lp)));
    size_t at = listpack_last(&lp);
    for (size_t i = ARRAY_LENGTH(lengths); i-- > 0; at = listpack_prev(&lp, at)) {
        cr_assert(listpack_equals(&lp, at, slice_make(bytes, lengths[i])), "length %zu", lengths[i]);
    }
    cr_assert_eq(at, LISTPACK_NONE);
    listpack_deinit(&lp);
    memory_free(bytes);
}

Test(listpack, changes_the_width_of_the_backward_length_where_the_format_does)
{
    static const struct {
        size_t len;     /* of the string */
        size_t on_disk; /* head, string and backward length */
    } cases[] = {{125, 2 + 125 + 1}, {126, 2 + 126 + 2}, {16377, 5 + 16377 + 2}, {16378, 5 + 16378 + 3}};
    static char bytes[20000];
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct listpack lp;
        listpack_init(&lp, 0);
        memset(bytes, 'y', sizeof(bytes));
        listpack_append(&lp, slice_make(bytes, cases[i].len));
        cr_assert_eq(listpack_bytes(&lp), 7 + cases[i].on_disk, "length %zu", cases[i].len);
        listpack_deinit(&lp);
    }
}

Test(listpack, seeks_from_both_ends)
{
    struct listpack lp;
    fill(&lp, 1000);
    for (int64_t i = 0; i < 1000; i++) {
        cr_assert_eq(listpack_get_int(&lp, listpack_seek(&lp, i)), i);
        cr_assert_eq(listpack_get_int(&lp, listpack_seek(&lp, i - 1000)), i);
    }
    cr_assert_eq(listpack_seek(&lp, 1000), LISTPACK_NONE);
    cr_assert_eq(listpack_seek(&lp, -1001), LISTPACK_NONE);
    listpack_deinit(&lp);
}

Test(listpack, inserts_replaces_and_deletes_at_a_place)
{
    struct listpack lp;
    fill(&lp, 3);
    size_t at = listpack_insert(&lp, listpack_seek(&lp, 1), TEXT("between"));
    cr_assert(listpack_equals(&lp, at, TEXT("between")));
    at = listpack_insert_int(&lp, LISTPACK_NONE, 99);
    cr_assert_eq(at, listpack_last(&lp));
    listpack_replace(&lp, listpack_first(&lp), TEXT("a longer string than a number"));
    listpack_replace_int(&lp, listpack_seek(&lp, 2), -70000);
    expect_text(&lp, 0, "a longer string than a number");
    expect_text(&lp, 1, "between");
    expect_text(&lp, 2, "-70000");
    expect_text(&lp, 3, "2");
    expect_text(&lp, 4, "99");
    at = listpack_delete(&lp, listpack_seek(&lp, 1));
    cr_assert(listpack_equals(&lp, at, TEXT("-70000")));
    cr_assert_eq(listpack_delete(&lp, listpack_last(&lp)), LISTPACK_NONE);
    cr_assert_eq(listpack_count(&lp), 3);
    cr_assert(listpack_validate(lp.data, listpack_bytes(&lp)));
    listpack_deinit(&lp);
}

Test(listpack, deletes_a_range_up_to_the_end)
{
    struct listpack lp;
    fill(&lp, 10);
    size_t at = listpack_delete_range(&lp, listpack_seek(&lp, 2), 3);
    cr_assert_eq(listpack_get_int(&lp, at), 5);
    cr_assert_eq(listpack_delete_range(&lp, at, 100), LISTPACK_NONE);
    cr_assert_eq(listpack_count(&lp), 2);
    cr_assert_eq(listpack_delete_range(&lp, listpack_first(&lp), 2), LISTPACK_NONE);
    expect_bytes(&lp, (const unsigned char[]){7, 0, 0, 0, 0, 0, 0xFF}, 7);
    listpack_deinit(&lp);
}

Test(listpack, finds_integers_and_texts_skipping_values)
{
    struct listpack lp;
    listpack_init(&lp, 0);
    listpack_append(&lp, TEXT("key"));
    listpack_append(&lp, TEXT("12"));
    listpack_append(&lp, TEXT("12"));
    listpack_append(&lp, TEXT("key"));
    size_t first = listpack_first(&lp);
    cr_assert_eq(listpack_find(&lp, first, TEXT("12"), 0), listpack_seek(&lp, 1));
    cr_assert_eq(listpack_find(&lp, first, TEXT("12"), 1), listpack_seek(&lp, 2));
    cr_assert_eq(listpack_find(&lp, first, TEXT("012"), 0), LISTPACK_NONE);
    cr_assert_eq(listpack_find(&lp, first, TEXT("ke"), 0), LISTPACK_NONE);
    listpack_deinit(&lp);
}

Test(listpack, finds_what_a_plain_walk_finds_among_elements_of_all_sizes)
{
    static const size_t lengths[] = {1, 2, 7, 8, 9, 15, 16, 17, 62, 63, 64, 65, 127, 128, 4095, 4096};
    enum { COUNT = 200 };
    static char bytes[COUNT][4096];
    struct slice texts[COUNT];
    struct listpack lp;
    listpack_init(&lp, 0);
    for (size_t i = 0; i < COUNT; i++) {
        /* Alike at the beginning, at the end, or numbers; some twice. */
        memset(bytes[i], 'x', sizeof(bytes[i]));
        texts[i] = slice_make(bytes[i], lengths[i % ARRAY_LENGTH(lengths)]);
        bytes[i][i % 3 == 0 ? 0 : texts[i].len - 1] = (char)('a' + i % 23);
        if (i % 5 == 0) {
            texts[i].len = (size_t)snprintf(bytes[i], sizeof(bytes[i]), "%zu", i * i * i * i % 70000);
        }
        listpack_append(&lp, texts[i]);
    }
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t skip = 0; skip < 3; skip++) {
            size_t found = LISTPACK_NONE;
            for (size_t other = 0; other < COUNT && found == LISTPACK_NONE; other += skip + 1) {
                found = slice_equals(texts[other], texts[i]) ? listpack_seek(&lp, (int64_t)other) : LISTPACK_NONE;
            }
            cr_assert_eq(listpack_find(&lp, listpack_first(&lp), texts[i], skip), found, "%zu skipping %zu", i, skip);
        }
    }
    cr_assert_eq(listpack_find(&lp, LISTPACK_NONE, TEXT("x"), 0), LISTPACK_NONE);
    listpack_deinit(&lp);
}

Test(listpack, counts_by_walking_beyond_65534_elements)
{
    struct listpack lp;
    fill(&lp, 65534);
    cr_assert_eq(lp.data[4], 0xFE);
    listpack_append_int(&lp, 1);
    cr_assert_eq(lp.data[4], 0xFF);
    cr_assert_eq(lp.data[5], 0xFF);
    listpack_append_int(&lp, 1);
    cr_assert_eq(listpack_count(&lp), 65536);
    cr_assert_eq(listpack_get_int(&lp, listpack_seek(&lp, 65533)), 65533);
    cr_assert_eq(listpack_get_int(&lp, listpack_seek(&lp, -3)), 65533);
    (void)listpack_delete(&lp, listpack_first(&lp));
    cr_assert_eq(listpack_count(&lp), 65535);
    cr_assert(listpack_validate(lp.data, listpack_bytes(&lp)));
    listpack_deinit(&lp);
}

Test(listpack, copies_adopts_and_shrinks_without_changing_the_bytes)
{
    struct listpack lp, copy, adopted;
    fill(&lp, 500);
    listpack_copy(&copy, &lp);
    listpack_shrink(&lp);
    cr_assert_leq(lp.cap, memory_class_bytes(listpack_bytes(&lp)));
    unsigned char *data = memory_alloc(listpack_bytes(&lp));
    memcpy(data, lp.data, listpack_bytes(&lp));
    listpack_adopt(&adopted, data, listpack_bytes(&lp));
    listpack_append(&adopted, TEXT("more"));
    expect_bytes(&copy, lp.data, listpack_bytes(&lp));
    expect_text(&adopted, -1, "more");
    listpack_deinit(&lp);
    listpack_deinit(&copy);
    listpack_deinit(&adopted);
}

static bool is_valid(const unsigned char *bytes, size_t len)
{
    /* In an allocation of its own, so that a sanitizer sees reading past the end. */
    unsigned char *data = memory_alloc(len == 0 ? 1 : len);
    memcpy(data, bytes, len);
    bool valid = listpack_validate(data, len);
    memory_free(data);
    return valid;
}

Test(listpack, refuses_malformed_bytes)
{
    cr_assert_not(is_valid((const unsigned char[]){7, 0, 0, 0, 0, 0}, 6));
    cr_assert_not(is_valid((const unsigned char[]){7, 0, 0, 0, 0, 0, 0}, 7), "no end mark");
    cr_assert_not(is_valid((const unsigned char[]){8, 0, 0, 0, 0, 0, 0xFF}, 7), "wrong total");
    cr_assert_not(is_valid((const unsigned char[]){7, 0, 0, 0, 1, 0, 0xFF}, 7), "wrong count");
    cr_assert_not(is_valid((const unsigned char[]){9, 0, 0, 0, 1, 0, 1, 2, 0xFF}, 9), "wrong backward length");
    cr_assert_not(is_valid((const unsigned char[]){9, 0, 0, 0, 1, 0, 0xF5, 1, 0xFF}, 9), "unknown encoding");
    cr_assert_not(is_valid((const unsigned char[]){8, 0, 0, 0, 1, 0, 0xF0, 0xFF}, 8), "head cut off");
    cr_assert_not(is_valid((const unsigned char[]){9, 0, 0, 0, 1, 0, 0xBF, 64, 0xFF}, 9), "string past the end");
    cr_assert_not(is_valid((const unsigned char[]){8, 0, 0, 0, 1, 0, 1, 0xFF}, 8), "backward length missing");
    cr_assert_not(is_valid((const unsigned char[]){13, 0, 0, 0, 1, 0, 0xF0, 0xFF, 0xFF, 0xFF, 0xFF, 5, 0xFF}, 13),
                  "huge string");
    cr_assert(is_valid((const unsigned char[]){9, 0, 0, 0, 1, 0, 1, 1, 0xFF}, 9));
    cr_assert(is_valid((const unsigned char[]){9, 0, 0, 0, 0xFF, 0xFF, 1, 1, 0xFF}, 9), "unknown count");
}

Test(listpack, walks_safely_whatever_the_validator_lets_through)
{
    struct listpack lp;
    fill(&lp, 40);
    listpack_append(&lp, TEXT("a string of more than a few bytes, so that lengths can be damaged"));
    uint32_t state = 12345;
    for (int round = 0; round < 200000; round++) {
        struct listpack damaged;
        state = state * 1664525U + 1013904223U;
        size_t len = listpack_bytes(&lp);
        unsigned char *data = memory_alloc(len);
        memcpy(data, lp.data, len);
        data[4 + (state >> 8) % (len - 4)] = (unsigned char)state;
        if (listpack_validate(data, len)) {
            char text[LISTPACK_INT_TEXT_BYTES];
            size_t forward = 0, backward = 0;
            listpack_adopt(&damaged, data, len);
            for (size_t at = listpack_first(&damaged); at != LISTPACK_NONE; at = listpack_next(&damaged, at)) {
                forward += listpack_get_text(&damaged, at, text).len + 1;
            }
            for (size_t at = listpack_last(&damaged); at != LISTPACK_NONE; at = listpack_prev(&damaged, at)) {
                backward += listpack_get_text(&damaged, at, text).len + 1;
            }
            cr_assert_eq(forward, backward);
        }
        memory_free(data);
    }
    listpack_deinit(&lp);
}

/* A naive list beside the real one: an array of numbers, where every odd one stands for a string of that length. */
struct model {
    int64_t items[400];
    size_t count;
};

static struct slice model_text(int64_t item, char bytes[512])
{
    memset(bytes, 'm', 512);
    return slice_make(bytes, (size_t)(item % 512));
}

static void model_compare(const struct listpack *lp, const struct model *model)
{
    char bytes[512];
    size_t at = listpack_first(lp);
    cr_assert_eq(listpack_count(lp), model->count);
    for (size_t i = 0; i < model->count; i++, at = listpack_next(lp, at)) {
        if (model->items[i] % 2 == 0) {
            cr_assert_eq(listpack_get_int(lp, at), model->items[i]);
        } else {
            cr_assert(listpack_equals(lp, at, model_text(model->items[i], bytes)));
        }
    }
    cr_assert_eq(at, LISTPACK_NONE);
    cr_assert(listpack_validate(lp->data, listpack_bytes(lp)));
}

Test(listpack, agrees_with_an_array_under_random_changes)
{
    struct model *model = memory_alloc_zeroed(sizeof(*model));
    struct listpack lp;
    listpack_init(&lp, 0);
    srandom(7);
    for (int round = 0; round < 20000; round++) {
        char bytes[512];
        size_t index = (size_t)random() % (model->count + 1);
        int64_t item = random() >> (random() % 31);
        bool is_integer = item % 2 == 0;
        size_t at = listpack_seek(&lp, (int64_t)index);
        long action = random() % 5;
        if (action < 2 && model->count < 390) {
            memmove(model->items + index + 1, model->items + index, (model->count - index) * sizeof(int64_t));
            model->items[index] = item;
            model->count++;
            (void)(is_integer ? listpack_insert_int(&lp, at, item) : listpack_insert(&lp, at, model_text(item, bytes)));
        } else if (action == 2 && at != LISTPACK_NONE) {
            model->items[index] = item;
            if (is_integer) {
                listpack_replace_int(&lp, at, item);
            } else {
                listpack_replace(&lp, at, model_text(item, bytes));
            }
        } else if (action > 2 && at != LISTPACK_NONE) {
            size_t many = 1 + (size_t)random() % 2;
            many = many > model->count - index ? model->count - index : many;
            memmove(model->items + index, model->items + index + many, (model->count - index - many) * sizeof(int64_t));
            model->count -= many;
            (void)listpack_delete_range(&lp, at, many);
        }
        if (round % 64 == 0) {
            model_compare(&lp, model);
        }
    }
    model_compare(&lp, model);
    listpack_deinit(&lp);
    memory_free(model);
}

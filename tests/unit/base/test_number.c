/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers from text and back; the expectations on floating point come from redis-server 7.0.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sherd/base/number.h"
#include "sherd/base/random.h"

static bool parses_i64(const char *text, int64_t *value)
{
    return number_parse_i64(slice_from_text(text), value);
}

static bool refuses_i64(const char *text)
{
    int64_t value = 4711;
    return !parses_i64(text, &value) && value == 4711;
}

static bool double_is(const char *text, double expected)
{
    double value;
    return number_parse_double(slice_from_text(text), &value) && value == expected &&
           signbit(value) == signbit(expected);
}

static bool refuses_double(struct slice text)
{
    double value;
    long double precise;
    return !number_parse_double(text, &value) && !number_parse_long_double(text, &precise);
}

static bool memory_is(const char *text, uint64_t expected)
{
    uint64_t bytes;
    return number_parse_memory(slice_from_text(text), &bytes) && bytes == expected;
}

static void expect_double_text(double value, const char *expected)
{
    char text[NUMBER_DOUBLE_BYTES];
    size_t len = number_print_double(text, value);
    cr_expect_str_eq(text, expected);
    cr_expect_eq(len, strlen(expected));
}

static void expect_human_text(const char *number, const char *expected)
{
    char text[NUMBER_LONG_DOUBLE_BYTES];
    long double value;
    cr_assert(number_parse_long_double(slice_from_text(number), &value), "%s", number);
    size_t len = number_print_long_double_human(text, value);
    cr_expect_str_eq(text, expected);
    cr_expect_eq(len, strlen(expected));
}

Test(number, parses_the_smallest_and_the_largest_integer)
{
    int64_t value;
    cr_assert(parses_i64("-9223372036854775808", &value));
    cr_expect_eq(value, INT64_MIN);
    cr_assert(parses_i64("9223372036854775807", &value));
    cr_expect_eq(value, INT64_MAX);
    cr_assert(parses_i64("0", &value));
    cr_expect_eq(value, 0);
    cr_assert(parses_i64("-1", &value));
    cr_expect_eq(value, -1);
}

Test(number, refuses_integers_that_are_not_written_canonically)
{
    static const char *const bad[] = {"",    "-",  "-0",  "+1", "01",  "-01", "00", " 1",  "1 ",  "1.",  "1a", "a",
                                      "--1", "1-", "0x1", "0 ", "1e2", "/1",  ":1", "-a1", "1\n", "- 1", ".5", "1,000"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        cr_expect(refuses_i64(bad[i]), "'%s'", bad[i]);
    }
}

Test(number, refuses_integers_outside_64_bits)
{
    cr_expect(refuses_i64("9223372036854775808"));
    cr_expect(refuses_i64("-9223372036854775809"));
    cr_expect(refuses_i64("9999999999999999999"));
    cr_expect(refuses_i64("18446744073709551616"));
    cr_expect(refuses_i64("92233720368547758070"));
    cr_expect(refuses_i64("1000000000000000000000000000000"));
}

Test(number, finds_the_wrong_byte_at_every_place)
{
    static const char digits[] = "1234567890123456789";
    int64_t value;
    for (size_t place = 0; place < sizeof(digits) - 1; place++) {
        for (int byte = 0; byte < 256; byte++) {
            char text[sizeof(digits)];
            memcpy(text, digits, sizeof(digits));
            text[place] = (char)byte;
            bool allowed = (byte >= '0' && byte <= '9' && (byte != '0' || place != 0)) || (byte == '-' && place == 0);
            bool large = place == 0 && byte == '9' && strncmp(text, "9223372036854775807", 19) > 0;
            bool parsed = number_parse_i64(slice_make(text, sizeof(text) - 1), &value);
            cr_assert_eq(parsed, allowed && !large, "%zu %d", place, byte);
            if (parsed) {
                cr_assert_eq(value, strtoll(text, NULL, 10));
            }
        }
    }
}

Test(number, does_not_read_behind_the_text)
{
    int64_t value;
    cr_assert(number_parse_i64(slice_make("1234", 2), &value));
    cr_expect_eq(value, 12);
    cr_expect_not(number_parse_i64(slice_make("1\0", 2), &value));
    cr_expect_not(number_parse_i64((struct slice){0}, &value));
}

Test(number, parses_unsigned_integers_of_digits_only)
{
    uint64_t value;
    cr_assert(number_parse_u64(SLICE_LITERAL("18446744073709551615"), &value));
    cr_expect_eq(value, UINT64_MAX);
    cr_assert(number_parse_u64(SLICE_LITERAL("0000000000000000000000000007"), &value));
    cr_expect_eq(value, 7);
    cr_expect_not(number_parse_u64(SLICE_LITERAL("18446744073709551616"), &value));
    cr_expect_not(number_parse_u64(SLICE_LITERAL("20000000000000000000"), &value));
    cr_expect_not(number_parse_u64(SLICE_LITERAL("-1"), &value));
    cr_expect_not(number_parse_u64(SLICE_LITERAL("+1"), &value));
    cr_expect_not(number_parse_u64(SLICE_LITERAL(""), &value));
    cr_expect_not(number_parse_u64(SLICE_LITERAL("12345678901234567890a"), &value));
}

Test(number, prints_what_the_c_library_prints_at_every_power_of_ten)
{
    char ours[NUMBER_I64_BYTES];
    char theirs[32];
    uint64_t power = 1;
    for (int i = 0; i < 20; i++, power *= 10) {
        const uint64_t values[] = {power - 1, power, power + 1, power * 9, 0 - power};
        for (size_t k = 0; k < ARRAY_LENGTH(values); k++) {
            int len = snprintf(theirs, sizeof(theirs), "%" PRIu64, values[k]);
            cr_expect_eq(number_print_u64(ours, values[k]), (size_t)len);
            cr_expect_str_eq(ours, theirs);
            cr_expect_eq(number_digits_u64(values[k]), (size_t)len);
            len = snprintf(theirs, sizeof(theirs), "%" PRId64, (int64_t)values[k]);
            cr_expect_eq(number_print_i64(ours, (int64_t)values[k]), (size_t)len);
            cr_expect_str_eq(ours, theirs);
        }
    }
}

Test(number, reads_back_every_integer_it_prints)
{
    struct random random;
    random_init_seed(&random, 1);
    for (int i = 0; i < 100000; i++) {
        int64_t value = (int64_t)random_next(&random) >> (i % 64);
        int64_t again;
        char text[NUMBER_I64_BYTES];
        size_t len = number_print_i64(text, value);
        cr_assert(number_parse_i64(slice_make(text, len), &again) && again == value, "%s", text);
    }
    char text[NUMBER_I64_BYTES];
    cr_expect_eq(number_print_i64(text, INT64_MIN), 20);
    cr_expect_str_eq(text, "-9223372036854775808");
}

Test(number, parses_doubles_as_scores_are_written)
{
    cr_expect(double_is("1", 1));
    cr_expect(double_is("-1.5", -1.5));
    cr_expect(double_is("+1", 1));
    cr_expect(double_is("007.50", 7.5));
    cr_expect(double_is(".5", 0.5));
    cr_expect(double_is("5.", 5));
    cr_expect(double_is("-0", -0.0));
    cr_expect(double_is("0.1", 0.1));
    cr_expect(double_is("1e3", 1000));
    cr_expect(double_is("0x10", 16));
    cr_expect(double_is("inf", INFINITY));
    cr_expect(double_is("+Infinity", INFINITY));
    cr_expect(double_is("-inf", -INFINITY));
    cr_expect(double_is("1.7976931348623157e308", DBL_MAX));
    cr_expect(double_is("4.9e-324", 4.9e-324));
    cr_expect(double_is("123456789012345678", 123456789012345678.0));
    cr_expect(double_is("3.14159265358979323846264338327950288419716939937510", 3.14159265358979323846));
}

Test(number, refuses_doubles_that_do_not_fit_or_have_leftovers)
{
    static const char *const bad[] = {"",  " 1", "1 ", "\t1", "nan",   "-nan", "NAN(1)", "1e400", "abc", ".",
                                      "-", "+",  "1a", "--1", "1.2.3", "1e",   "0x",     "in",    "infx"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        double value;
        cr_expect_not(number_parse_double(slice_from_text(bad[i]), &value), "'%s'", bad[i]);
    }
    double value;
    cr_expect_not(number_parse_double(SLICE_LITERAL("1e-400"), &value), "underflow to zero");
    cr_expect(refuses_double(slice_make("1\0", 2)));
    cr_expect(refuses_double((struct slice){0}));
    cr_expect(refuses_double(SLICE_LITERAL("1e5000")));
    cr_expect(refuses_double(SLICE_LITERAL("nan")));
    cr_expect(refuses_double(SLICE_LITERAL(" 1")));
}

Test(number, short_decimals_give_the_same_bits_as_strtod)
{
    struct random random;
    random_init_seed(&random, 2);
    for (int i = 0; i < 200000; i++) {
        char text[64];
        int decimals = (int)random_below(&random, 17);
        int64_t whole = (int64_t)random_below(&random, (uint64_t)1 << random_below(&random, 50));
        int len = snprintf(text, sizeof(text), "%s%" PRId64 ".%0*" PRIu64, i % 2 ? "-" : "", whole, decimals,
                           random_below(&random, 100000));
        double value;
        cr_assert(number_parse_double(slice_make(text, (size_t)len), &value), "%s", text);
        double expected = strtod(text, NULL);
        cr_assert(memcmp(&value, &expected, sizeof(value)) == 0, "%s", text);
    }
}

Test(number, long_texts_are_numbers_too)
{
    char text[8000];
    double value;
    long double precise;
    memset(text, '0', sizeof(text));
    text[sizeof(text) - 1] = '7';
    cr_assert(number_parse_double(slice_make(text, sizeof(text)), &value));
    cr_expect_eq(value, 7);
    cr_expect_not(number_parse_long_double(slice_make(text, sizeof(text)), &precise));
    cr_expect_not(number_parse_long_double(slice_make(text, NUMBER_LONG_DOUBLE_BYTES), &precise));
    cr_expect(number_parse_long_double(slice_make(text, NUMBER_LONG_DOUBLE_BYTES - 1), &precise));
}

Test(number, prints_doubles_with_17_digits)
{
    expect_double_text(0, "0");
    expect_double_text(-0.0, "-0");
    expect_double_text(1, "1");
    expect_double_text(-3, "-3");
    expect_double_text(0.1, "0.10000000000000001");
    expect_double_text(3.14, "3.1400000000000001");
    expect_double_text(99999999999999984, "99999999999999984");
    expect_double_text(1e17, "1e+17");
    expect_double_text(-1e17, "-1e+17");
    expect_double_text(1e-10, "1e-10");
    expect_double_text(DBL_MAX, "1.7976931348623157e+308");
    expect_double_text(INFINITY, "inf");
    expect_double_text(-INFINITY, "-inf");
    expect_double_text(NAN, "nan");
    expect_double_text(-NAN, "nan");
}

Test(number, prints_doubles_as_the_c_library_does)
{
    struct random random;
    random_init_seed(&random, 3);
    for (int i = 0; i < 100000; i++) {
        double value = (double)(int64_t)random_next(&random) / (double)((uint64_t)1 << random_below(&random, 63));
        char ours[NUMBER_DOUBLE_BYTES];
        char theirs[NUMBER_DOUBLE_BYTES];
        (void)snprintf(theirs, sizeof(theirs), "%.17g", value);
        cr_assert_eq(number_print_double(ours, value), strlen(theirs));
        cr_assert_str_eq(ours, theirs);
    }
}

Test(number, prints_long_doubles_as_incrbyfloat_does)
{
    expect_human_text("10.5", "10.5");
    expect_human_text("3.0e3", "3000");
    expect_human_text("5.0e-2", "0.05");
    expect_human_text("0.1", "0.1");
    expect_human_text("-0", "0");
    expect_human_text("-0.0000000000000000001", "0");
    expect_human_text("100", "100");
    expect_human_text("-200.250", "-200.25");
    expect_human_text("inf", "inf");
    expect_human_text("-inf", "-inf");
    expect_human_text("1e20", "100000000000000000000");
    expect_human_text("17179869184.5", "17179869184.5");
    char text[NUMBER_LONG_DOUBLE_BYTES];
    cr_expect_gt(number_print_long_double_human(text, LDBL_MAX), 300);
    (void)number_print_long_double_human(text, (long double)NAN);
    cr_expect_str_eq(text, "nan");
}

Test(number, parses_amounts_of_memory_with_their_units)
{
    cr_expect(memory_is("0", 0));
    cr_expect(memory_is("", 0));
    cr_expect(memory_is("kb", 0));
    cr_expect(memory_is("100", 100));
    cr_expect(memory_is("007", 7));
    cr_expect(memory_is("100B", 100));
    cr_expect(memory_is("1k", 1000));
    cr_expect(memory_is("1kB", 1024));
    cr_expect(memory_is("2m", 2000000));
    cr_expect(memory_is("2MB", 2097152));
    cr_expect(memory_is("3G", 3000000000));
    cr_expect(memory_is("3gb", 3221225472));
    cr_expect(memory_is("18446744073709551615", UINT64_MAX));
}

Test(number, refuses_amounts_of_memory_that_mean_nothing)
{
    static const char *const bad[] = {
        "-1", "1t", "1kbs", " 1", "1 kb", "1.5gb", "abc", "18446744073709551616", "20000000000gb"};
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        uint64_t bytes;
        cr_expect_not(number_parse_memory(slice_from_text(bad[i]), &bytes), "'%s'", bad[i]);
    }
}

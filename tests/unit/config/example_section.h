/* SPDX-License-Identifier: BSD-3-Clause */
/* A small section of every type of option, as a room would write it, for the tests of this room.
 * Owner: each test its own `struct example`. Locks: none. */
#ifndef TESTS_UNIT_CONFIG_EXAMPLE_SECTION_H
#define TESTS_UNIT_CONFIG_EXAMPLE_SECTION_H

#include <criterion/criterion.h>
#include <stdio.h>

#include "sherd/base/memory.h"
#include "sherd/config/config.h"

enum { SLOT_EXAMPLE = 1 };

struct example_limits {
    int64_t normal, pubsub;
};

struct example_options {
    bool protected_mode;
    int64_t port;
    int64_t hz;
    int64_t maxmemory;
    int64_t unixsocketperm;
    struct slice logfile;
    struct slice requirepass;
    struct slice dir;
    int loglevel;
    struct slice bind;
    struct example_limits limits;
    int64_t threads;
};

/* What the callbacks saw; the context of the section. */
struct example {
    int applied;          /* how often port or timeout was applied */
    int64_t applied_port; /* the port of the last apply */
    int fail_at_port;     /* refuse this port */
    int percent_asked;
};

static inline const char *example_normalize_hz(const struct option_given *given, struct buffer *text)
{
    bool large = given->words[0].len > 3;
    buffer_append_slice(text, large ? SLICE_LITERAL("500") : given->words[0]);
    return NULL;
}

static inline const char *example_check_logfile(struct slice text)
{
    return memchr(text.data, '?', text.len) != NULL ? "no such place" : NULL;
}

/* Pairs of class and bytes; classes that are not named keep what they have. */
static inline const char *example_normalize_limits(const struct option_given *given, struct buffer *text)
{
    if (given->count % 2 != 0) {
        return "Wrong number of arguments in buffer limit configuration.";
    }
    long long normal = 0;
    long long pubsub = 0;
    char now[128];
    (void)snprintf(now, sizeof(now), "%.*s", (int)given->now.len, given->now.data);
    (void)sscanf(now, "normal %lld pubsub %lld", &normal, &pubsub);
    for (size_t i = 0; i < given->count; i += 2) {
        char digits[32];
        (void)snprintf(digits, sizeof(digits), "%.*s", (int)given->words[i + 1].len, given->words[i + 1].data);
        *(slice_equals_word(given->words[i], "normal") ? &normal : &pubsub) = strtoll(digits, NULL, 10);
    }
    buffer_printf(text, "normal %lld pubsub %lld", normal, pubsub);
    return NULL;
}

static inline void example_store_limits(struct slice text, void *field)
{
    struct example_limits *limits = field;
    long long normal = -1;
    long long pubsub = -1;
    (void)sscanf(text.data, "normal %lld pubsub %lld", &normal, &pubsub);
    limits->normal = normal;
    limits->pubsub = pubsub;
}

static inline int64_t example_resolve(void *context, int64_t percent)
{
    ((struct example *)context)->percent_asked++;
    return percent * 1000;
}

static inline void example_initial_threads(void *context, struct buffer *text)
{
    (void)context;
    buffer_printf(text, "%d", 3);
}

static inline const char *example_apply(void *context, const struct config_snapshot *now)
{
    struct example *example = context;
    const struct example_options *options = config_section(now, SLOT_EXAMPLE);
    example->applied++;
    example->applied_port = options->port;
    return options->port == example->fail_at_port ? "Unable to listen on this port. Check server logs." : NULL;
}

static const struct option_word example_levels[] = {
    {"debug", 0}, {"verbose", 1}, {"notice", 2}, {"warning", 3}, {NULL, 0}};

#define EXAMPLE_FIELD(member) .offset = offsetof(struct example_options, member)

static const struct option example_rows[] = {
    {.name = "protected-mode", .type = OPTION_BOOL, .default_text = "yes", EXAMPLE_FIELD(protected_mode)},
    {.name = "port",
     .alias = "harbour",
     .type = OPTION_INTEGER,
     .default_text = "6379",
     .max = 65535,
     EXAMPLE_FIELD(port),
     .apply = example_apply},
    {.name = "hz",
     .type = OPTION_INTEGER,
     .default_text = "10",
     .max = INT32_MAX,
     EXAMPLE_FIELD(hz),
     .normalize = example_normalize_hz,
     .apply = example_apply},
    {.name = "maxmemory",
     .type = OPTION_MEMORY,
     .default_text = "0",
     .min = -100,
     .max = INT64_MAX,
     .flags = OPTION_PERCENT,
     EXAMPLE_FIELD(maxmemory),
     .resolve = example_resolve},
    {.name = "unixsocketperm",
     .type = OPTION_OCTAL,
     .default_text = "0",
     .max = 0777,
     .flags = OPTION_IMMUTABLE,
     EXAMPLE_FIELD(unixsocketperm)},
    {.name = "logfile", .type = OPTION_STRING, EXAMPLE_FIELD(logfile), .check = example_check_logfile},
    {.name = "requirepass",
     .type = OPTION_STRING,
     .flags = OPTION_SENSITIVE | OPTION_BINARY | OPTION_UNSET_WHEN_EMPTY,
     EXAMPLE_FIELD(requirepass)},
    {.name = "dir",
     .type = OPTION_STRING,
     .default_text = "/tmp",
     .flags = OPTION_PROTECTED | OPTION_REWRITE_ALWAYS,
     EXAMPLE_FIELD(dir)},
    {.name = "loglevel",
     .type = OPTION_ENUM,
     .default_text = "notice",
     .words = example_levels,
     EXAMPLE_FIELD(loglevel)},
    {.name = "bind", .type = OPTION_WORDS, .default_text = "* -::*", EXAMPLE_FIELD(bind)},
    {.name = "client-output-buffer-limit",
     .type = OPTION_WORDS,
     .default_text = "normal 0 pubsub 32",
     .words_per_line = 2,
     EXAMPLE_FIELD(limits),
     .normalize = example_normalize_limits,
     .store = example_store_limits},
    {.name = "threads",
     .type = OPTION_INTEGER,
     .min = 1,
     .max = 256,
     .flags = OPTION_IMMUTABLE,
     EXAMPLE_FIELD(threads),
     .initial = example_initial_threads},
};

static inline struct config *example_config(struct example *example)
{
    struct option_section section = {.room = "example",
                                     .rows = example_rows,
                                     .count = ARRAY_LENGTH(example_rows),
                                     .options_bytes = sizeof(struct example_options),
                                     .context = example};
    struct config_hooks hooks = {0};
    return config_create(&section, 1, &hooks);
}

static inline const struct example_options *example_now(const struct config *config)
{
    return config_section(config_current(config), SLOT_EXAMPLE);
}

/* The buffer as a C string that lives until the next append. */
static inline const char *example_text(struct buffer *buffer)
{
    buffer_append(buffer, "", 1);
    buffer->len--;
    return buffer->data;
}

/* What CONFIG GET answers for one name, as "name=value;name=value". */
static inline void example_get(const struct config *config, const struct slice *patterns, size_t count,
                               struct buffer *out)
{
    struct config_match *matches = NULL;
    size_t found = config_match(config, config_current(config), patterns, count, &matches);
    out->len = 0;
    for (size_t i = 0; i < found; i++) {
        buffer_printf(out, "%s%.*s=%.*s", i != 0 ? ";" : "", (int)matches[i].name.len, matches[i].name.data,
                      (int)matches[i].value.len, matches[i].value.data);
    }
    memory_free(matches);
}

static inline void example_expect_value(const struct config *config, const char *name, const char *expected)
{
    struct slice value;
    cr_assert(config_value(config, config_current(config), slice_from_text(name), &value), "%s is unknown", name);
    cr_expect(slice_equals(value, slice_from_text(expected)), "%s is '%.*s', not '%s'", name, (int)value.len,
              value.data, expected);
}

/* CONFIG SET of pairs given as texts; "" when it was accepted, else the error in `error`. */
static inline const char *example_set(struct config *config, const char *const *texts, size_t pairs,
                                      struct buffer *error)
{
    struct slice slices[16];
    cr_assert(2 * pairs <= ARRAY_LENGTH(slices));
    for (size_t i = 0; i < 2 * pairs; i++) {
        slices[i] = slice_from_text(texts[i]);
    }
    error->len = 0;
    bool good = config_set(config, slices, pairs, false, error);
    cr_expect(good == (error->len == 0));
    return example_text(error);
}

#define EXAMPLE_SET(config, error, ...)                                                                                \
    example_set(config, (const char *const[]){__VA_ARGS__},                                                            \
                sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *) / 2, error)

#endif

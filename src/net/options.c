/* SPDX-License-Identifier: BSD-3-Clause */
/* The option rows of the network room.
 * Owner: nobody, the rows are constant. Locks: none. */
#include "sherd/net/options.h"

#include <limits.h>
#include <stdio.h>

#include "sherd/base/number.h"
#include "sherd/base/quote.h"
#include "sherd/net/cpus.h"
#include "sherd/net/net.h"

enum {
    THREADS_MAX = 128,
};

static void threads_initial(void *context, struct buffer *text)
{
    (void)context;
    unsigned cpus = cpus_usable();
    buffer_printf(text, "%u", cpus < THREADS_MAX ? cpus : (unsigned)THREADS_MAX);
}

static const char *bind_check(struct slice text)
{
    struct quote_words words;
    if (quote_split(text, &words) != STATUS_OK) {
        return "Unbalanced quotes in bind address list";
    }
    const char *error = words.count > NET_BIND_MAX ? "Too many bind addresses specified." : NULL;
    for (size_t i = 0; i < words.count; i++) {
        if (words.words[i].len >= NET_ADDRESS_BYTES) {
            error = "Bind address too long";
        }
    }
    quote_words_deinit(&words);
    return error;
}

static void bind_store(struct slice text, void *field)
{
    struct net_bind *bind = field;
    struct quote_words words;
    bind->count = 0;
    if (quote_split(text, &words) != STATUS_OK) {
        return;
    }
    for (size_t i = 0; i < words.count && i < NET_BIND_MAX; i++) {
        struct slice word = words.words[i];
        bind->addresses[i].optional = word.len > 0 && word.data[0] == '-';
        if (bind->addresses[i].optional) {
            word = slice_make(word.data + 1, word.len - 1);
        }
        (void)snprintf(bind->addresses[i].address, NET_ADDRESS_BYTES, "%.*s", (int)word.len, word.data);
        bind->count++;
    }
    quote_words_deinit(&words);
}

static const char *const class_names[CLIENT_CLASS_COUNT] = {"normal", "slave", "pubsub"};

static int class_by_name(struct slice name)
{
    if (slice_equals_word(name, "replica")) {
        return CLIENT_REPLICA;
    }
    for (int i = 0; i < CLIENT_CLASS_COUNT; i++) {
        if (slice_equals_word(name, class_names[i])) {
            return i;
        }
    }
    return -1;
}

static const char limits_wrong[] = "Error in hard, soft or soft_seconds setting in buffer limit configuration.";

/* Reads groups of four words over what `limits` holds; NULL or what is wrong. */
static const char *limits_read(const struct slice *words, size_t count, struct output_limits *limits)
{
    if (count == 0 || count % 4 != 0) {
        return "Wrong number of arguments in buffer limit configuration.";
    }
    for (size_t i = 0; i < count; i += 4) {
        int class = class_by_name(words[i]);
        if (class < 0) {
            return "Invalid client class specified in buffer limit configuration.";
        }
        uint64_t hard;
        uint64_t soft;
        int64_t seconds;
        if (!number_parse_memory(words[i + 1], &hard) || hard > INT64_MAX ||
            !number_parse_memory(words[i + 2], &soft) || soft > INT64_MAX ||
            !number_parse_i64(words[i + 3], &seconds) || seconds < 0) {
            return limits_wrong;
        }
        limits->classes[class] = (struct output_limit){(int64_t)hard, (int64_t)soft, seconds};
    }
    return NULL;
}

static void limits_store(struct slice text, void *field)
{
    struct output_limits *limits = field;
    struct quote_words words;
    *limits = (struct output_limits){0};
    if (quote_split(text, &words) == STATUS_OK) {
        (void)limits_read(words.words, words.count, limits);
        quote_words_deinit(&words);
    }
}

static const char *limits_normalize(const struct option_given *given, struct buffer *text)
{
    struct output_limits limits;
    limits_store(given->now, &limits);
    const char *error = limits_read(given->words, given->count, &limits);
    if (error != NULL) {
        return error;
    }
    for (int i = 0; i < CLIENT_CLASS_COUNT; i++) {
        buffer_printf(text, "%s%s %lld %lld %lld", i == 0 ? "" : " ", class_names[i],
                      (long long)limits.classes[i].hard_bytes, (long long)limits.classes[i].soft_bytes,
                      (long long)limits.classes[i].soft_seconds);
    }
    return NULL;
}

#define FIELD(field) offsetof(struct net_options, field)

const struct option net_option_rows[] = {
    {.name = "port",
     .type = OPTION_INTEGER,
     .offset = FIELD(port),
     .default_text = "6379",
     .max = 65535,
     .apply = net_apply_port},
    {.name = "threads",
     .type = OPTION_INTEGER,
     .flags = OPTION_IMMUTABLE,
     .offset = FIELD(threads),
     .min = 1,
     .max = THREADS_MAX,
     .initial = threads_initial},
    {.name = "bind",
     .type = OPTION_WORDS,
     .offset = FIELD(bind),
     .default_text = "* -::*",
     .check = bind_check,
     .store = bind_store,
     .apply = net_apply_bind},
    {.name = "unixsocket",
     .type = OPTION_STRING,
     .flags = OPTION_IMMUTABLE | OPTION_UNSET_WHEN_EMPTY,
     .offset = FIELD(unixsocket),
     .default_text = ""},
    {.name = "unixsocketperm",
     .type = OPTION_OCTAL,
     .flags = OPTION_IMMUTABLE,
     .offset = FIELD(unixsocket_permissions),
     .default_text = "0",
     .max = 0777},
    {.name = "tcp-backlog",
     .type = OPTION_INTEGER,
     .flags = OPTION_IMMUTABLE,
     .offset = FIELD(tcp_backlog),
     .default_text = "511",
     .max = INT_MAX},
    {.name = "server-cpulist",
     .alias = "server_cpulist",
     .type = OPTION_STRING,
     .flags = OPTION_IMMUTABLE | OPTION_UNSET_WHEN_EMPTY,
     .offset = FIELD(server_cpulist),
     .default_text = ""},
    {.name = "bio-cpulist",
     .alias = "bio_cpulist",
     .type = OPTION_STRING,
     .flags = OPTION_IMMUTABLE | OPTION_UNSET_WHEN_EMPTY,
     .offset = FIELD(bio_cpulist),
     .default_text = ""},
    {.name = "timeout", .type = OPTION_INTEGER, .offset = FIELD(timeout_seconds), .default_text = "0", .max = INT_MAX},
    {.name = "tcp-keepalive",
     .type = OPTION_INTEGER,
     .offset = FIELD(tcp_keepalive_seconds),
     .default_text = "300",
     .max = INT_MAX},
    {.name = "maxclients",
     .type = OPTION_INTEGER,
     .offset = FIELD(maxclients),
     .default_text = "10000",
     .min = 1,
     .max = UINT_MAX,
     .apply = net_apply_maxclients},
    {.name = "hz", .type = OPTION_INTEGER, .offset = FIELD(hz), .default_text = "10", .min = 1, .max = 500},
    {.name = "active-expire-effort",
     .type = OPTION_INTEGER,
     .offset = FIELD(active_expire_effort),
     .default_text = "1",
     .min = 1,
     .max = 10},
    {.name = "dynamic-hz", .type = OPTION_BOOL, .offset = FIELD(dynamic_hz), .default_text = "yes"},
    {.name = "protected-mode",
     .type = OPTION_BOOL,
     .offset = FIELD(protected_mode),
     .default_text = SHERD_PROTECTED_MODE},
    {.name = "requirepass",
     .type = OPTION_STRING,
     .flags = OPTION_SENSITIVE | OPTION_UNSET_WHEN_EMPTY,
     .offset = FIELD(requirepass),
     .default_text = ""},
    {.name = "client-query-buffer-limit",
     .type = OPTION_MEMORY,
     .offset = FIELD(query_buffer_limit_bytes),
     .default_text = "1073741824",
     .min = 1024 * 1024,
     .max = INT64_MAX},
    {.name = "maxmemory-clients",
     .type = OPTION_MEMORY,
     .flags = OPTION_PERCENT,
     .offset = FIELD(maxmemory_clients),
     .default_text = "0",
     .min = -100,
     .max = INT64_MAX,
     .apply = net_apply_maxmemory_clients},
    {.name = "proto-max-bulk-len",
     .type = OPTION_MEMORY,
     .offset = FIELD(bulk_max_bytes),
     .default_text = "536870912",
     .min = 1024 * 1024,
     .max = INT64_MAX,
     .apply = net_apply_bulk_max},
    {.name = "client-output-buffer-limit",
     .type = OPTION_WORDS,
     .offset = FIELD(output_limits),
     .default_text = "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
     .words_per_line = 4,
     .normalize = limits_normalize,
     .store = limits_store},
};

const size_t net_option_count = ARRAY_LENGTH(net_option_rows);

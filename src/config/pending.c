/* SPDX-License-Identifier: BSD-3-Clause */
/* The rows of slot 0: options about options, and the pending ones with the names, types, bounds and defaults of
 * Redis 7.2 (`save` excepted: nothing is saved yet, so its default is ""). `off` is given where the value says just
 * what a server without the feature does.
 * Owner: constants. Locks: none. */
#include "sherd/config/pending.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

const struct option_word config_protected_words[] = {
    {"no", PROTECTED_ACTION_NO}, {"yes", PROTECTED_ACTION_YES}, {"local", PROTECTED_ACTION_LOCAL}, {NULL, 0}};

static const struct option_word appendfsync_words[] = {{"everysec", 1}, {"always", 2}, {"no", 0}, {NULL, 0}};
static const struct option_word diskless_load_words[] = {{"disabled", 0}, {"on-empty-db", 1}, {"swapdb", 2}, {NULL, 0}};
static const struct option_word endpoint_words[] = {{"ip", 0}, {"hostname", 1}, {"unknown-endpoint", 2}, {NULL, 0}};
static const struct option_word oom_words[] = {{"no", 0}, {"yes", 1}, {"relative", 1}, {"absolute", 2}, {NULL, 0}};
static const struct option_word optional_words[] = {{"no", 0}, {"yes", 1}, {"optional", 2}, {NULL, 0}};
static const struct option_word propagation_words[] = {
    {"ignore", 0}, {"panic", 1}, {"panic-on-replicas", 2}, {NULL, 0}};
static const struct option_word pubsub_words[] = {{"allchannels", 1}, {"resetchannels", 0}, {NULL, 0}};
static const struct option_word sanitize_words[] = {{"no", 0}, {"yes", 1}, {"clients", 2}, {NULL, 0}};
static const struct option_word syslog_words[] = {{"user", 1},    {"local0", 16}, {"local1", 17}, {"local2", 18},
                                                  {"local3", 19}, {"local4", 20}, {"local5", 21}, {"local6", 22},
                                                  {"local7", 23}, {NULL, 0}};

enum shutdown_word { SHUTDOWN_SAVE = 1, SHUTDOWN_NOSAVE = 2, SHUTDOWN_NOW = 4, SHUTDOWN_FORCE = 8 };
static const struct option_word shutdown_words[] = {
    {"default", 0},        {"save", SHUTDOWN_SAVE},   {"nosave", SHUTDOWN_NOSAVE},
    {"now", SHUTDOWN_NOW}, {"force", SHUTDOWN_FORCE}, {NULL, 0}};

/* As strtoll over the whole word. */
static bool whole_number(struct slice word, long long *value)
{
    char digits[32];
    if (word.len >= sizeof(digits)) {
        return false;
    }
    if (word.len != 0) {
        memcpy(digits, word.data, word.len);
    }
    digits[word.len] = '\0';
    char *end = NULL;
    errno = 0;
    *value = strtoll(digits, &end, 10);
    return errno == 0 && end == digits + word.len;
}

static bool says_nothing(const struct option_given *given)
{
    return given->count == 0 || (given->count == 1 && given->words[0].len == 0);
}

/* Pairs of seconds and changes. The first line of a load replaces what was, later ones add to it; "" takes all away. */
static const char *normalize_save(const struct option_given *given, struct buffer *text)
{
    if (says_nothing(given)) {
        return NULL;
    }
    if (given->count % 2 != 0) {
        return "Invalid save parameters";
    }
    if (given->again) {
        buffer_append_slice(text, given->now);
    }
    for (size_t i = 0; i < given->count; i++) {
        long long value;
        if (!whole_number(given->words[i], &value) || value < (i % 2 == 0 ? 1 : 0)) {
            return "Invalid save parameters";
        }
        buffer_printf(text, "%s%lld", text->len != 0 ? " " : "", value);
    }
    return NULL;
}

static const char *normalize_replicaof(const struct option_given *given, struct buffer *text)
{
    if (given->count != 2) {
        return "wrong number of arguments";
    }
    if (slice_equals_word(given->words[0], "no") && slice_equals_word(given->words[1], "one")) {
        return NULL;
    }
    long long port;
    if (!whole_number(given->words[1], &port) || port < 0 || port > 65535) {
        return "Invalid master port";
    }
    buffer_append_slice(text, given->words[0]);
    buffer_printf(text, " %lld", port);
    return NULL;
}

static const char *normalize_oom_values(const struct option_given *given, struct buffer *text)
{
    if (given->count != 3) {
        return "wrong number of arguments";
    }
    for (size_t i = 0; i < given->count; i++) {
        long long value;
        if (!whole_number(given->words[i], &value) || value < -2000 || value > 2000) {
            return "Invalid oom-score-adj-values, elements must be between -2000 and 2000.";
        }
        buffer_printf(text, "%s%lld", i != 0 ? " " : "", value);
    }
    return NULL;
}

static const char *check_shutdown(struct slice text)
{
    bool nosave = strstr(text.data, "nosave") != NULL;
    bool save = strncmp(text.data, "save", 4) == 0;
    return nosave && save ? "shutdown options SAVE and NOSAVE can't be used simultaneously" : NULL;
}

#define FLAGS(flags_) OPTION_PENDING | (flags_)
#define BOOL(name_, default_, off_, alias_, flags_)                                                                    \
    {                                                                                                                  \
        .name = (name_), .type = OPTION_BOOL, .default_text = (default_), .off = (off_), .alias = (alias_),            \
        .flags = FLAGS(flags_)                                                                                         \
    }
#define NUMBER(name_, default_, min_, max_, alias_, flags_)                                                            \
    {                                                                                                                  \
        .name = (name_), .type = OPTION_INTEGER, .default_text = (default_), .min = (min_), .max = (max_),             \
        .alias = (alias_), .flags = FLAGS(flags_)                                                                      \
    }
#define MEMORY(name_, default_, min_, alias_, flags_)                                                                  \
    {                                                                                                                  \
        .name = (name_), .type = OPTION_MEMORY, .default_text = (default_), .min = (min_), .max = INT64_MAX,           \
        .alias = (alias_), .flags = FLAGS(flags_)                                                                      \
    }
#define TEXT(name_, default_, alias_, flags_)                                                                          \
    {                                                                                                                  \
        .name = (name_), .type = OPTION_STRING, .default_text = (default_), .alias = (alias_), .flags = FLAGS(flags_)  \
    }
#define CHOICE(name_, default_, words_, flags_)                                                                        \
    {                                                                                                                  \
        .name = (name_), .type = OPTION_ENUM, .default_text = (default_), .words = (words_), .flags = FLAGS(flags_)    \
    }

/* Short names that keep a row on a line. */
enum {
    IMMUTABLE = OPTION_IMMUTABLE,
    HIDDEN = OPTION_HIDDEN,
    SECRET = OPTION_SENSITIVE | OPTION_UNSET_WHEN_EMPTY,
    UNSET = OPTION_UNSET_WHEN_EMPTY,
    FIXED_UNSET = OPTION_IMMUTABLE | OPTION_UNSET_WHEN_EMPTY,
    PORT_MAX = 65535,
};

static const struct option rows[] = {
    /* this room's own */
    {.name = "compat-pending",
     .type = OPTION_BOOL,
     .default_text = "no",
     .offset = offsetof(struct config_options, compat_pending),
     .flags = OPTION_IMMUTABLE | OPTION_HIDDEN | OPTION_COMMAND_LINE_ONLY | OPTION_REWRITE_NEVER},
    {.name = "enable-protected-configs",
     .type = OPTION_ENUM,
     .default_text = "no",
     .words = config_protected_words,
     .offset = offsetof(struct config_options, enable_protected_configs),
     .flags = OPTION_IMMUTABLE},
    /* snapshots on disk */
    {.name = "save", .type = OPTION_WORDS, .flags = OPTION_PENDING, .words_per_line = 2, .normalize = normalize_save},
    BOOL("rdbcompression", "yes", "no", NULL, 0),
    BOOL("rdbchecksum", "yes", "no", NULL, IMMUTABLE),
    BOOL("rdb-del-sync-files", "no", NULL, NULL, 0),
    BOOL("rdb-save-incremental-fsync", "yes", "no", NULL, 0),
    BOOL("stop-writes-on-bgsave-error", "yes", "no", NULL, 0),
    CHOICE("sanitize-dump-payload", "no", sanitize_words, 0),
    NUMBER("rdb-key-save-delay", "0", INT_MIN, INT_MAX, NULL, HIDDEN),
    NUMBER("key-load-delay", "0", INT_MIN, INT_MAX, NULL, HIDDEN),
    NUMBER("loading-process-events-interval-bytes", "2097152", 1024, INT_MAX, NULL, HIDDEN),
    TEXT("bgsave_cpulist", "", "bgsave-cpulist", FIXED_UNSET),
    /* append-only file */
    BOOL("appendonly", "no", NULL, NULL, 0),
    TEXT("appendfilename", "appendonly.aof", NULL, IMMUTABLE),
    TEXT("appenddirname", "appendonlydir", NULL, IMMUTABLE),
    CHOICE("appendfsync", "everysec", appendfsync_words, 0),
    BOOL("no-appendfsync-on-rewrite", "no", NULL, NULL, 0),
    BOOL("aof-rewrite-incremental-fsync", "yes", "no", NULL, 0),
    BOOL("aof-load-truncated", "yes", NULL, NULL, 0),
    BOOL("aof-use-rdb-preamble", "yes", "no", NULL, 0),
    BOOL("aof-timestamp-enabled", "no", NULL, NULL, 0),
    BOOL("aof-disable-auto-gc", "no", NULL, NULL, HIDDEN),
    NUMBER("auto-aof-rewrite-percentage", "100", 0, INT_MAX, NULL, 0),
    MEMORY("auto-aof-rewrite-min-size", "67108864", 0, NULL, 0),
    TEXT("aof_rewrite_cpulist", "", "aof-rewrite-cpulist", FIXED_UNSET),
    /* encodings of values */
    /* memory */
    BOOL("lazyfree-lazy-eviction", "no", NULL, NULL, 0),
    BOOL("activerehashing", "yes", NULL, NULL, 0),
    BOOL("activedefrag", "no", NULL, NULL, 0),
    MEMORY("active-defrag-ignore-bytes", "104857600", 1, NULL, 0),
    NUMBER("active-defrag-cycle-min", "1", 1, 99, NULL, 0),
    NUMBER("active-defrag-cycle-max", "25", 1, 99, NULL, 0),
    NUMBER("active-defrag-threshold-lower", "10", 0, 1000, NULL, 0),
    NUMBER("active-defrag-threshold-upper", "100", 0, 1000, NULL, 0),
    NUMBER("active-defrag-max-scan-fields", "1000", 1, LONG_MAX, NULL, 0),
    BOOL("jemalloc-bg-thread", "yes", "no", NULL, 0),
    BOOL("disable-thp", "yes", "no", NULL, IMMUTABLE),
    /* scripts */
    {.name = "busy-reply-threshold",
     .alias = "lua-time-limit",
     .type = OPTION_INTEGER,
     .default_text = "5000",
     .off = "0",
     .max = LONG_MAX,
     .flags = OPTION_PENDING},
    BOOL("lua-enable-deprecated-api", "no", NULL, NULL, IMMUTABLE | HIDDEN),
    TEXT("locale-collate", "", NULL, 0),
    /* access */
    TEXT("aclfile", "", NULL, IMMUTABLE),
    NUMBER("acllog-max-len", "128", 0, LONG_MAX, NULL, 0),
    CHOICE("acl-pubsub-default", "resetchannels", pubsub_words, 0),
    CHOICE("enable-module-command", "no", config_protected_words, IMMUTABLE),
    /* the process and its machine */
    NUMBER("io-threads", "1", 1, 128, NULL, IMMUTABLE),
    BOOL("io-threads-do-reads", "no", NULL, NULL, IMMUTABLE),
    TEXT("bind-source-addr", "", NULL, UNSET),
    NUMBER("socket-mark-id", "0", 0, UINT_MAX, NULL, IMMUTABLE),
    BOOL("syslog-enabled", "no", NULL, NULL, IMMUTABLE),
    TEXT("syslog-ident", "redis", NULL, IMMUTABLE),
    CHOICE("syslog-facility", "local0", syslog_words, IMMUTABLE),
    BOOL("crash-log-enabled", "yes", "no", NULL, 0),
    BOOL("crash-memcheck-enabled", "yes", "no", NULL, 0),
    BOOL("use-exit-on-panic", "no", NULL, NULL, HIDDEN),
    NUMBER("watchdog-period", "0", 0, INT_MAX, NULL, HIDDEN),
    TEXT("ignore-warnings", "", NULL, 0),
    CHOICE("oom-score-adj", "no", oom_words, 0),
    {.name = "oom-score-adj-values",
     .type = OPTION_WORDS,
     .default_text = "0 200 800",
     .flags = OPTION_PENDING,
     .normalize = normalize_oom_values},
    {.name = "shutdown-timeout",
     .type = OPTION_INTEGER,
     .default_text = "10",
     .off = "0",
     .max = INT_MAX,
     .flags = OPTION_PENDING},
    {.name = "shutdown-on-sigint",
     .type = OPTION_ENUM,
     .default_text = "default",
     .words = shutdown_words,
     .flags = OPTION_PENDING | OPTION_MULTI_ARG,
     .check = check_shutdown},
    {.name = "shutdown-on-sigterm",
     .type = OPTION_ENUM,
     .default_text = "default",
     .words = shutdown_words,
     .flags = OPTION_PENDING | OPTION_MULTI_ARG,
     .check = check_shutdown},
    CHOICE("propagation-error-behavior", "ignore", propagation_words, 0),
    /* replication */
    {.name = "replicaof",
     .alias = "slaveof",
     .type = OPTION_WORDS,
     .flags = OPTION_PENDING | OPTION_IMMUTABLE | OPTION_UNSET_WHEN_EMPTY,
     .normalize = normalize_replicaof},
    TEXT("masteruser", "", NULL, SECRET),
    TEXT("masterauth", "", NULL, SECRET | OPTION_BINARY),
    NUMBER("replica-priority", "100", 0, INT_MAX, "slave-priority", 0),
    BOOL("replica-announced", "yes", NULL, NULL, 0),
    TEXT("replica-announce-ip", "", "slave-announce-ip", UNSET),
    NUMBER("replica-announce-port", "0", 0, PORT_MAX, "slave-announce-port", 0),
    BOOL("replica-read-only", "yes", NULL, "slave-read-only", 0),
    BOOL("replica-serve-stale-data", "yes", NULL, "slave-serve-stale-data", 0),
    BOOL("replica-lazy-flush", "no", NULL, "slave-lazy-flush", 0),
    BOOL("replica-ignore-maxmemory", "yes", NULL, "slave-ignore-maxmemory", 0),
    BOOL("replica-ignore-disk-write-errors", "no", NULL, NULL, 0),
    NUMBER("min-replicas-to-write", "0", 0, INT_MAX, "min-slaves-to-write", 0),
    NUMBER("min-replicas-max-lag", "10", 0, INT_MAX, "min-slaves-max-lag", 0),
    MEMORY("repl-backlog-size", "1048576", 1, NULL, 0),
    NUMBER("repl-backlog-ttl", "3600", 0, LONG_MAX, NULL, 0),
    NUMBER("repl-timeout", "60", 1, INT_MAX, NULL, 0),
    NUMBER("repl-ping-replica-period", "10", 1, INT_MAX, "repl-ping-slave-period", 0),
    BOOL("repl-disable-tcp-nodelay", "no", NULL, NULL, 0),
    BOOL("repl-diskless-sync", "yes", "no", NULL, 0),
    NUMBER("repl-diskless-sync-delay", "5", 0, INT_MAX, NULL, 0),
    NUMBER("repl-diskless-sync-max-replicas", "0", 0, INT_MAX, NULL, 0),
    CHOICE("repl-diskless-load", "disabled", diskless_load_words, 0),
    /* cluster */
    BOOL("cluster-enabled", "no", NULL, NULL, IMMUTABLE),
    TEXT("cluster-config-file", "nodes.conf", NULL, IMMUTABLE),
    NUMBER("cluster-node-timeout", "15000", 0, LONG_MAX, NULL, 0),
    NUMBER("cluster-port", "0", 0, PORT_MAX, NULL, IMMUTABLE),
    TEXT("cluster-announce-ip", "", NULL, UNSET),
    TEXT("cluster-announce-hostname", "", NULL, UNSET),
    TEXT("cluster-announce-human-nodename", "", NULL, UNSET),
    NUMBER("cluster-announce-port", "0", 0, PORT_MAX, NULL, 0),
    NUMBER("cluster-announce-tls-port", "0", 0, PORT_MAX, NULL, 0),
    NUMBER("cluster-announce-bus-port", "0", 0, PORT_MAX, NULL, 0),
    CHOICE("cluster-preferred-endpoint-type", "ip", endpoint_words, 0),
    BOOL("cluster-replica-no-failover", "no", NULL, "cluster-slave-no-failover", 0),
    NUMBER("cluster-replica-validity-factor", "10", 0, INT_MAX, "cluster-slave-validity-factor", 0),
    NUMBER("cluster-migration-barrier", "1", 0, INT_MAX, NULL, 0),
    BOOL("cluster-allow-replica-migration", "yes", NULL, NULL, 0),
    BOOL("cluster-require-full-coverage", "yes", NULL, NULL, 0),
    BOOL("cluster-allow-reads-when-down", "no", NULL, NULL, 0),
    BOOL("cluster-allow-pubsubshard-when-down", "yes", NULL, NULL, 0),
    MEMORY("cluster-link-sendbuf-limit", "0", 0, NULL, 0),
    /* TLS */
    NUMBER("tls-port", "0", 0, PORT_MAX, NULL, 0),
    CHOICE("tls-auth-clients", "yes", optional_words, 0),
    BOOL("tls-cluster", "no", NULL, NULL, 0),
    BOOL("tls-replication", "no", NULL, NULL, 0),
    BOOL("tls-prefer-server-ciphers", "no", NULL, NULL, 0),
    BOOL("tls-session-caching", "yes", NULL, NULL, 0),
    NUMBER("tls-session-cache-size", "20480", 0, INT_MAX, NULL, 0),
    NUMBER("tls-session-cache-timeout", "300", 0, INT_MAX, NULL, 0),
    TEXT("tls-cert-file", "", NULL, UNSET),
    TEXT("tls-key-file", "", NULL, UNSET),
    TEXT("tls-key-file-pass", "", NULL, SECRET),
    TEXT("tls-client-cert-file", "", NULL, UNSET),
    TEXT("tls-client-key-file", "", NULL, UNSET),
    TEXT("tls-client-key-file-pass", "", NULL, SECRET),
    TEXT("tls-dh-params-file", "", NULL, UNSET),
    TEXT("tls-ca-cert-file", "", NULL, UNSET),
    TEXT("tls-ca-cert-dir", "", NULL, UNSET),
    TEXT("tls-protocols", "", NULL, UNSET),
    TEXT("tls-ciphers", "", NULL, UNSET),
    TEXT("tls-ciphersuites", "", NULL, UNSET),
};

struct option_section config_own_section(void)
{
    return (struct option_section){
        .room = "config", .rows = rows, .count = ARRAY_LENGTH(rows), .options_bytes = sizeof(struct config_options)};
}

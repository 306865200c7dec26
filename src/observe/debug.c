/* SPDX-License-Identifier: BSD-3-Clause */
/* DEBUG: for tests of servers and of client libraries. To the outside it is one command without subcommands; inside,
 * the second word chooses a variant: some need keys, some the whole keyspace, and SLEEP a thread of its own.
 * Owner: struct observe. Locks: identity, for the replication id. */
#include "debug.h"

#include <stdlib.h>
#include <time.h>

#include "sherd/base/number.h"
#include "sherd/observe/commands.h"
#include "sherd/observe/observe.h"

enum {
    SLEEP_SLICE_NS = 10000000, /* between two looks whether the server stops */
    NUMBER_TEXT_BYTES = 64,
};

/* As strtod and atoi read the beginning of a word. */
static double lenient_number(struct slice word)
{
    char text[NUMBER_TEXT_BYTES];
    size_t len = word.len < sizeof(text) - 1 ? word.len : sizeof(text) - 1;
    memcpy(text, word.data, len);
    text[len] = '\0';
    return strtod(text, NULL);
}

static enum outcome debug_sleep(struct call *call)
{
    if (call->argc != 3) {
        return call_fail_subcommand(call);
    }
    const struct exec *exec = call->worker->exec;
    double seconds = lenient_number(call->argv[2]);
    int64_t until_ns = clock_monotonic_ns() + (seconds > 0 && seconds < 1e9 ? (int64_t)(seconds * 1e9) : 0);
    for (;;) {
        int64_t left_ns = until_ns - clock_monotonic_ns();
        if (left_ns <= 0 || atomic_load_explicit(&exec->stopping, memory_order_relaxed)) {
            break;
        }
        struct timespec pause = {.tv_nsec = left_ns < SLEEP_SLICE_NS ? left_ns : SLEEP_SLICE_NS};
        (void)nanosleep(&pause, NULL);
    }
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

static enum outcome debug_set_active_expire(struct call *call)
{
    if (call->argc != 3) {
        return call_fail_subcommand(call);
    }
    atomic_store_explicit(&call->worker->exec->keyspace->expiry_active, (int)lenient_number(call->argv[2]) != 0,
                          memory_order_relaxed);
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

/* 0 means as the options say. */
static enum outcome debug_packed_threshold(struct call *call)
{
    uint64_t bytes;
    if (call->argc != 3) {
        return call_fail_subcommand(call);
    }
    if (!number_parse_memory(call->argv[2], &bytes) || bytes > UINT32_MAX) {
        return call_fail_format(call, "ERR argument must be a memory value bigger than 1 and smaller than 4gb");
    }
    atomic_store_explicit(&call->worker->exec->keyspace->list_plain_bytes, (size_t)bytes, memory_order_relaxed);
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

static enum outcome debug_error(struct call *call)
{
    return call->argc != 3 ? call_fail_subcommand(call) : call_fail_slice(call, call->argv[2]);
}

static enum outcome debug_log(struct call *call)
{
    const struct observe *observe = call->context;
    if (call->argc != 3) {
        return call_fail_subcommand(call);
    }
    struct slice text = call->argv[2];
    log_write(observe->setup.log, LOG_LEVEL_WARNING, "DEBUG LOG: %.*s", (int)text.len, text.data);
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

static enum outcome debug_change_repl_id(struct call *call)
{
    struct observe *observe = call->context;
    if (call->argc != 2) {
        return call_fail_subcommand(call);
    }
    char id[RANDOM_HEX_ID_BYTES];
    random_hex_id(id);
    spin_acquire(&observe->identity);
    memcpy(observe->replication_id, id, sizeof(id));
    spin_release(&observe->identity);
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

static enum outcome debug_reload(struct call *call)
{
    return call_fail_format(call, "ERR This server keeps its data in memory only: there is nothing to reload");
}

static void protocol_numbers(struct reply *reply)
{
    for (int i = 0; i < 3; i++) {
        reply_integer(reply, i);
    }
}

static void protocol_map(struct reply *reply)
{
    reply_map(reply, 3);
    for (int i = 0; i < 3; i++) {
        reply_integer(reply, i);
        reply_bool(reply, i == 1);
    }
}

static void protocol_bignum(struct reply *reply)
{
    static const char digits[] = "1234567999999999999999999999999999999";
    if (reply->version == 2) {
        reply_bulk_text(reply, digits);
    } else {
        reply_raw(reply, "(", 1);
        reply_raw(reply, digits, sizeof(digits) - 1);
        reply_raw(reply, "\r\n", 2);
    }
}

/* An attribute is no reply: one follows it. */
static void protocol_attribute(struct reply *reply)
{
    if (reply->version == 3) {
        REPLY_LITERAL(reply, "|1\r\n");
        reply_bulk_text(reply, "key-popularity");
        reply_array(reply, 2);
        reply_bulk_text(reply, "key:123");
        reply_integer(reply, 90);
    }
    reply_bulk_text(reply, "Some real reply following the attribute");
}

static enum outcome protocol_push(struct call *call)
{
    if (call->reply.version == 2) {
        return call_fail_format(call, "ERR RESP2 is not supported by this command");
    }
    reply_push(&call->reply, 2);
    reply_bulk_text(&call->reply, "server-cpu-usage");
    reply_integer(&call->reply, 42);
    reply_bulk_text(&call->reply, "Some real reply following the push reply");
    return OUTCOME_DONE;
}

/* The types that hold others, and those that come with a reply behind them; false when `type` is none of them. */
static bool protocol_composed(struct reply *reply, struct slice type)
{
    if (slice_equals_word(type, "array")) {
        reply_array(reply, 3);
        protocol_numbers(reply);
    } else if (slice_equals_word(type, "set")) {
        reply_set(reply, 3);
        protocol_numbers(reply);
    } else if (slice_equals_word(type, "map")) {
        protocol_map(reply);
    } else if (slice_equals_word(type, "attrib")) {
        protocol_attribute(reply);
    } else {
        return false;
    }
    return true;
}

static bool protocol_simple(struct reply *reply, struct slice type)
{
    if (slice_equals_word(type, "string")) {
        reply_bulk_text(reply, "Hello World");
    } else if (slice_equals_word(type, "integer")) {
        reply_integer(reply, 12345);
    } else if (slice_equals_word(type, "double")) {
        reply_double(reply, 3.141);
    } else if (slice_equals_word(type, "bignum")) {
        protocol_bignum(reply);
    } else if (slice_equals_word(type, "null")) {
        reply_null(reply);
    } else if (slice_equals_word(type, "true") || slice_equals_word(type, "false")) {
        reply_bool(reply, slice_equals_word(type, "true"));
    } else if (slice_equals_word(type, "verbatim")) {
        reply_verbatim(reply, "txt", slice_from_text("This is a verbatim\nstring"));
    } else {
        return false;
    }
    return true;
}

static enum outcome debug_protocol(struct call *call)
{
    if (call->argc != 3) {
        return call_fail_subcommand(call);
    }
    if (call_argument_is(call, 2, "push")) {
        return protocol_push(call);
    }
    if (!protocol_simple(&call->reply, call->argv[2]) && !protocol_composed(&call->reply, call->argv[2])) {
        return call_fail_format(call, "ERR Wrong protocol type name. Please use one of the following: string|integer|"
                                      "double|bignum|null|array|set|map|attrib|push|verbatim|true|false");
    }
    return OUTCOME_DONE;
}

static enum outcome debug_help(struct call *call)
{
    static const char *const lines[] = {
        "CHANGE-REPL-ID",
        "    Change the replication IDs of the instance.",
        "    Dangerous: should be used only for testing the replication subsystem.",
        "DIGEST",
        "    Output a hex signature representing the current DB content.",
        "DIGEST-VALUE <key> [<key> ...]",
        "    Output a hex signature of the values of all the specified keys.",
        "ERROR <string>",
        "    Return a Redis protocol error with <string> as message. Useful for clients",
        "    unit tests to simulate Redis errors.",
        "LOG <message>",
        "    Write <message> to the server log.",
        "OBJECT <key>",
        "    Show low level info about `key` and associated value.",
        "POPULATE <count> [<prefix>] [<size>]",
        "    Create <count> string keys named key:<num>. If <prefix> is specified then",
        "    it is used instead of the 'key' prefix. These are not propagated to",
        "    replicas. Cluster slots are not respected so keys not belonging to the",
        "    current node can be created in cluster mode.",
        "PROTOCOL <type>",
        "    Reply with a test value of the specified type. <type> can be: string,",
        "    integer, double, bignum, null, array, set, map, attrib, push, verbatim,",
        "    true, false.",
        "SET-ACTIVE-EXPIRE <0|1>",
        "    Setting it to 0 disables expiring keys in background when they are not",
        "    accessed (otherwise the Redis behavior). Setting it to 1 reenables back the",
        "    default.",
        "QUICKLIST-PACKED-THRESHOLD <size>",
        "    Sets the threshold for elements to be inserted as plain vs packed nodes",
        "    Default value is 1GB, allows values up to 4GB. Setting to 0 restores to default.",
        "SLEEP <seconds>",
        "    Stop the server for <seconds>. Decimals allowed.",
        NULL,
    };
    return call->argc != 2 ? call_fail_subcommand(call) : call_reply_help(call, lines);
}

static bool always_long(struct call *call)
{
    (void)call;
    return true;
}

#define DEBUG_FLAGS (COMMAND_ADMIN | COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE | COMMAND_PROTECTED)

#define PLAIN(name_, handler_)                                                                                         \
    {                                                                                                                  \
        .name = (name_), .handler = (handler_), .arity = -2, .flags = DEBUG_FLAGS                                      \
    }
#define WHOLE(name_, handler_)                                                                                         \
    {                                                                                                                  \
        .name = (name_), .handler = (handler_), .arity = -2, .flags = DEBUG_FLAGS, .lock = LOCK_ALL_SHARDS,            \
        .is_long = always_long                                                                                         \
    }

static const struct command_row debug_variants[] = {
    PLAIN("change-repl-id", debug_change_repl_id),
    WHOLE("digest", debug_digest),
    {.name = "digest-value",
     .handler = debug_digest_value,
     .arity = -2,
     .lock = LOCK_KEYS,
     .flags = DEBUG_FLAGS,
     .keys = {{.flags = KEY_RO, .begin = 2, .last = -1, .step = 1}},
     .is_long = debug_digest_is_long},
    PLAIN("error", debug_error),
    PLAIN("help", debug_help),
    PLAIN("loadaof", debug_reload),
    PLAIN("log", debug_log),
    {.name = "object",
     .handler = debug_object,
     .arity = -2,
     .lock = LOCK_KEYS,
     .flags = DEBUG_FLAGS,
     .keys = {{.flags = KEY_RO, .begin = 2, .step = 1}}},
    WHOLE("populate", debug_populate),
    PLAIN("protocol", debug_protocol),
    PLAIN("quicklist-packed-threshold", debug_packed_threshold),
    PLAIN("reload", debug_reload),
    PLAIN("set-active-expire", debug_set_active_expire),
    {.name = "sleep", .handler = debug_sleep, .arity = -2, .flags = DEBUG_FLAGS | COMMAND_ELSEWHERE},
    {0},
};

const struct command_row debug_commands[] = {
    {.name = "debug",
     .handler = call_fail_subcommand,
     .arity = -2,
     .flags = DEBUG_FLAGS | COMMAND_SYSTEM,
     .variants = debug_variants,
     .summary = "Looks into the server, for tests.",
     .since = "1.0.0",
     .group = "server",
     .complexity = "Depends on subcommand."},
    {0},
};

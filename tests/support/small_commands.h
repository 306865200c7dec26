/* SPDX-License-Identifier: BSD-3-Clause */
/* A handful of commands on strings for tests that need some: their rows, to be ended by the test's own.
 * Owner: nobody. Locks: none taken. */
#ifndef TESTS_SUPPORT_SMALL_COMMANDS_H
#define TESTS_SUPPORT_SMALL_COMMANDS_H

#include "sherd/exec/exec.h"

COMMAND_HANDLER(small_get)
{
    struct keyref ref;
    if (call_read(call, 1, &ref)) {
        call_reply_string(call, ref.entry);
    } else {
        reply_null(&call->reply);
    }
    return OUTCOME_DONE;
}

/* SET key value [unix-time-milliseconds] */
COMMAND_HANDLER(small_set)
{
    int64_t deadline_ms = DEADLINE_NONE;
    if (call->argc > 3 && !call_integer(call, 3, &deadline_ms)) {
        return OUTCOME_ERROR;
    }
    struct keyref ref;
    (void)call_write(call, 1, &ref);
    keyref_set_string(&ref, call->argv[2], deadline_ms);
    call_changed(call, &ref, EVENT_STRING, "set");
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(small_mset)
{
    for (uint32_t i = 1; i + 1 < call->argc; i += 2) {
        struct keyref ref;
        (void)call_write(call, i, &ref);
        keyref_set_string(&ref, call->argv[i + 1], DEADLINE_NONE);
        call_changed(call, &ref, EVENT_STRING, "set");
    }
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(small_mget)
{
    reply_array(&call->reply, call->argc - 1);
    for (uint32_t i = 1; i < call->argc; i++) {
        struct keyref ref;
        if (call_read(call, i, &ref)) {
            call_reply_string(call, ref.entry);
        } else {
            reply_null(&call->reply);
        }
    }
    return OUTCOME_DONE;
}

static inline enum outcome small_ping(struct call *call)
{
    reply_status(&call->reply, "PONG");
    return OUTCOME_DONE;
}

#define SMALL_KEY(key_flags)                                                                                           \
    {                                                                                                                  \
        .flags = (key_flags), .begin = 1, .step = 1                                                                    \
    }

/* clang-format off */
#define SMALL_COMMANDS                                                                                                 \
    {.name = "get", .handler = small_get, .arity = 2, .lock = LOCK_KEYS, .flags = COMMAND_READONLY | COMMAND_FAST,     \
     .keys = {SMALL_KEY(KEY_RO | KEY_ACCESS)}},                                                                        \
    {.name = "set", .handler = small_set, .arity = -3, .lock = LOCK_KEYS, .flags = COMMAND_WRITE,                      \
     .keys = {SMALL_KEY(KEY_OW | KEY_UPDATE)}},                                                                        \
    {.name = "mset", .handler = small_mset, .arity = -3, .lock = LOCK_KEYS, .flags = COMMAND_WRITE,                    \
     .keys = {{.flags = KEY_OW | KEY_UPDATE, .begin = 1, .last = -1, .step = 2}}},                                     \
    {.name = "mget", .handler = small_mget, .arity = -2, .lock = LOCK_KEYS, .flags = COMMAND_READONLY,                 \
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .last = -1, .step = 1}}},                                     \
    {.name = "ping", .handler = small_ping, .arity = 1, .flags = COMMAND_FAST}
/* clang-format on */

#endif

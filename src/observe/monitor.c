/* SPDX-License-Identifier: BSD-3-Clause */
/* Monitors: joining, leaving, lines and their delivery; MONITOR, and what a monitor may not do.
 * Owner: struct observe; a worker's list belongs to that worker. Locks: lock, while a message enters the mailboxes. */
#include "sherd/observe/monitor.h"

#include "apply.h"
#include "redaction.h"
#include "sherd/base/quote.h"
#include "sherd/exec/broadcast.h"
#include "sherd/observe/commands.h"

enum {
    SECRETS_MAX = 64, /* only among so many first arguments of a command there are passwords */
    MICROSECONDS = 1000000,
};

/* A session that monitors. By its worker. */
struct monitor {
    struct session_part part;
    struct monitors *of;
    struct session *session;
    struct monitor *next;
    uint64_t since; /* the latest message that it is too young for */
};

struct monitor_message {
    struct broadcast broadcast;
    struct monitors *of;
    uint64_t number;
    struct blob *lines;
};

static void message_deliver(struct broadcast *broadcast, uint32_t worker)
{
    const struct monitor_message *message = CONTAINER_OF(broadcast, struct monitor_message, broadcast);
    for (const struct monitor *to = message->of->workers[worker].first; to != NULL; to = to->next) {
        /* The lines are replies: a client that wants none gets none. */
        if (message->number > to->since && (to->session->flags & (SESSION_REPLY_OFF | SESSION_REPLY_SKIP)) == 0) {
            broadcast_push(to->session, message->lines);
            to->session->sink->pushed(to->session);
        }
    }
}

static void message_end(struct broadcast *broadcast)
{
    blob_release(CONTAINER_OF(broadcast, struct monitor_message, broadcast)->lines);
}

static const struct broadcast_kind message_kind = {message_deliver, message_end};

static void tell(void *context, struct slice lines)
{
    struct monitors *monitors = context;
    struct monitor_message *message = broadcast_create(monitors->exec, sizeof(*message), &message_kind);
    message->of = monitors;
    message->lines = blob_from_slice(lines);
    spin_acquire(&monitors->lock);
    bool is_heard = monitors->count != 0;
    if (is_heard) {
        for (uint32_t i = 0; i < message->broadcast.worker_count; i++) {
            if (monitors->workers[i].count != 0) {
                broadcast_address(&message->broadcast, i);
            }
        }
        message->number = ++monitors->latest;
        broadcast_send(&message->broadcast);
    }
    spin_release(&monitors->lock);
    if (!is_heard) {
        broadcast_destroy(&message->broadcast);
    }
}

/* "127.0.0.1:50000", or "unix:/path/to/socket": no other client has port 0. */
static void append_client(const struct session *session, struct buffer *line)
{
    struct buffer address;
    buffer_init(&address);
    if (session->sink->describe != NULL) {
        session->sink->describe(session, &address);
    }
    if (address.len > 2 && memcmp(address.data + address.len - 2, ":0", 2) == 0) {
        buffer_append(line, "unix:", sizeof("unix:") - 1);
        address.len -= 2;
    }
    buffer_append_slice(line, buffer_slice(&address));
    buffer_deinit(&address);
}

/* "+1339518083.107412 [0 127.0.0.1:60866] "keys" "*"" */
static void describe(void *context, const struct call *call, struct buffer *lines)
{
    (void)context;
    if ((call->command->flags & (COMMAND_ADMIN | COMMAND_SKIP_MONITOR)) != 0) {
        return;
    }
    int64_t now_us = clock_source_us(call->worker->exec->clock);
    buffer_printf(lines, "+%lld.%06lld [%u ", (long long)(now_us / MICROSECONDS), (long long)(now_us % MICROSECONDS),
                  call->db);
    append_client(call->session, lines);
    buffer_append(lines, "]", 1);
    struct slice first[SECRETS_MAX];
    uint32_t few = call->argc < SECRETS_MAX ? call->argc : (uint32_t)SECRETS_MAX;
    memcpy(first, call->argv, few * sizeof(first[0]));
    redact(call, first, few);
    for (uint32_t i = 0; i < call->argc; i++) {
        buffer_append(lines, " ", 1);
        buffer_append_quoted(lines, i < few ? first[i] : call->argv[i]);
    }
    buffer_append(lines, "\r\n", 2);
}

/* The session goes, or is RESET. */
static void monitor_end(struct session_part *part, struct session *session)
{
    struct monitor *monitor = CONTAINER_OF(part, struct monitor, part);
    struct monitors *monitors = monitor->of;
    struct monitor_audience *own = &monitors->workers[session->worker->index];
    struct monitor **link = &own->first;
    while (*link != monitor) {
        link = &(*link)->next;
    }
    *link = monitor->next;
    spin_acquire(&monitors->lock);
    own->count--;
    if (--monitors->count == 0) {
        exec_witness(monitors->exec, NULL, false);
    }
    spin_release(&monitors->lock);
    session->flags &= ~(uint32_t)SESSION_MONITOR;
    session_keeps_no_more(session, sizeof(*monitor));
    memory_free(monitor);
}

void monitors_init(struct monitors *monitors, struct exec *exec)
{
    monitors->exec = exec;
    spin_init(&monitors->lock, LOCK_RANK_OBSERVE, 3);
    exec->witness = (struct witness){.describe = describe, .tell = tell, .context = monitors};
}

void monitors_join(struct monitors *monitors, struct exec_worker *worker, struct session *session)
{
    struct monitor *monitor = memory_alloc_zeroed(sizeof(*monitor));
    struct monitor_audience *own = &monitors->workers[worker->index];
    monitor->of = monitors;
    monitor->session = session;
    monitor->next = own->first;
    own->first = monitor;
    spin_acquire(&monitors->lock);
    own->count++;
    monitors->count++;
    monitor->since = monitors->latest;
    exec_witness(monitors->exec, worker, true);
    spin_release(&monitors->lock);
    session->flags |= SESSION_MONITOR;
    session_part_add(session, &monitor->part, monitor_end);
    session_keeps(session, sizeof(*monitor));
    session_show(session);
}

static enum outcome monitor_command(struct call *call)
{
    struct observe *observe = call->context;
    if ((call->session->flags & SESSION_MULTI) != 0) {
        return call_fail_slice(call, SLICE_LITERAL("ERR MONITOR isn't allowed for DENY BLOCKING client"));
    }
    if ((call->session->flags & SESSION_MONITOR) == 0) { /* Redis says nothing to who asks twice */
        monitors_join(&observe->monitors, call->worker, call->session);
        reply_ok(&call->reply);
    }
    return OUTCOME_DONE;
}

enum outcome observe_guard_monitor(struct call *call, void *context)
{
    (void)context;
    enum { KEYS = COMMAND_READONLY | COMMAND_WRITE | COMMAND_MAY_REPLICATE };
    if ((call->session->flags & SESSION_MONITOR) == 0 || (call->command->flags & KEYS) == 0) {
        return OUTCOME_DONE;
    }
    return call_fail_slice(call, SLICE_LITERAL("ERR Replica can't interact with the keyspace"));
}

const struct command_row monitor_commands[] = {
    {.name = "monitor",
     .handler = monitor_command,
     .arity = 1,
     .flags = COMMAND_ADMIN | COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE,
     .summary = "Shows the commands of all clients as the server executes them.",
     .since = "1.0.0",
     .group = "server"},
    {0},
};

/* SPDX-License-Identifier: BSD-3-Clause */
/* CLIENT: what a client says and learns about its own connection, and about those of others through the registry.
 * Owner: the session, changed by its worker; others only through the registry. Locks: none here. */
#include "client_type.h"
#include "sherd/base/number.h"
#include "sherd/exec/call.h"
#include "sherd/exec/exec.h"
#include "sherd/net/commands.h"
#include "sherd/net/registry.h"

bool client_text_is_plain(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '!' || text.data[i] > '~') {
            return false;
        }
    }
    return true;
}

static enum outcome client_id(struct call *call)
{
    reply_integer(&call->reply, (int64_t)call->session->id);
    return OUTCOME_DONE;
}

static enum outcome client_getname(struct call *call)
{
    struct slice name = session_text(call->session, SESSION_NAME);
    if (name.len == 0) {
        reply_null(&call->reply);
    } else {
        reply_bulk(&call->reply, name);
    }
    return OUTCOME_DONE;
}

static enum outcome client_setname(struct call *call)
{
    if (!client_text_is_plain(call->argv[2])) {
        return call_fail(call, ERROR_CLIENT_NAME);
    }
    session_set_text(call->session, SESSION_NAME, call->argv[2]);
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

static enum outcome client_setinfo(struct call *call)
{
    struct slice option = call->argv[2];
    enum session_text which;
    if (slice_equals_word(option, "lib-name")) {
        which = SESSION_LIBRARY_NAME;
    } else if (slice_equals_word(option, "lib-ver")) {
        which = SESSION_LIBRARY_VERSION;
    } else {
        return call_fail_format(call, "ERR Unrecognized option '%.*s'", (int)option.len, option.data);
    }
    if (!client_text_is_plain(call->argv[3])) {
        return call_fail_format(call, "ERR %.*s cannot contain spaces, newlines or special characters.",
                                (int)option.len, option.data);
    }
    session_set_text(call->session, which, call->argv[3]);
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

static enum outcome client_reply(struct call *call)
{
    struct session *session = call->session;
    if (call_argument_is(call, 2, "on")) {
        session_change(session, SESSION_REPLY_OFF | SESSION_REPLY_SKIP | SESSION_REPLY_SKIP_NEXT, 0);
        reply_ok(&call->reply);
    } else if (call_argument_is(call, 2, "off")) {
        session_change(session, 0, SESSION_REPLY_OFF);
    } else if (call_argument_is(call, 2, "skip")) {
        session_change(session, 0, session_has(session, SESSION_REPLY_OFF) ? 0 : SESSION_REPLY_SKIP_NEXT);
    } else {
        return call_fail(call, ERROR_SYNTAX);
    }
    return OUTCOME_DONE;
}

/* CLIENT NO-EVICT and NO-TOUCH: ON or OFF. */
static enum outcome switch_flag(struct call *call, enum session_flag flag)
{
    struct session *session = call->session;
    if (call_argument_is(call, 2, "on")) {
        session_change(session, 0, flag);
    } else if (call_argument_is(call, 2, "off")) {
        session_change(session, flag, 0);
    } else {
        return call_fail(call, ERROR_SYNTAX);
    }
    session_show(session);
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

static enum outcome client_no_evict(struct call *call)
{
    enum outcome outcome = switch_flag(call, SESSION_NO_EVICT);
    if (!session_has(call->session, SESSION_NO_EVICT)) { /* what it could keep until now may be too much */
        (void)net_apply_maxmemory_clients(call->context, call->worker->config);
    }
    return outcome;
}

static enum outcome client_no_touch(struct call *call)
{
    return switch_flag(call, SESSION_NO_TOUCH);
}

static enum outcome client_info(struct call *call)
{
    struct client_view view;
    struct buffer line;
    buffer_init(&line);
    client_view_of(&view, conn_of(call->session));
    client_view_print(&view, call->now_ms, &line);
    buffer_append(&line, "\n", 1);
    reply_verbatim(&call->reply, "txt", buffer_slice(&line));
    client_view_deinit(&view);
    buffer_deinit(&line);
    return OUTCOME_DONE;
}

static void print_line(const struct client_view *view, int64_t now_ms, struct buffer *out)
{
    client_view_print(view, now_ms, out);
    buffer_append(out, "\n", 1);
}

/* CLIENT LIST ID id ...: in the order of the ids, each as often as it was asked for. */
static enum outcome print_ids(struct call *call, const struct client_list *list, struct buffer *out)
{
    for (uint32_t i = 3; i < call->argc; i++) {
        int64_t id;
        if (!number_parse_i64(call->argv[i], &id)) {
            return call_fail_slice(call, SLICE_LITERAL("ERR Invalid client ID"));
        }
        const struct client_view *view = client_list_find(list, (uint64_t)id);
        if (view != NULL) {
            print_line(view, call->now_ms, out);
        }
    }
    return OUTCOME_DONE;
}

static enum outcome client_list(struct call *call)
{
    enum client_type type = CLIENT_TYPE_ANY;
    bool by_id = call->argc > 3 && call_argument_is(call, 2, "id");
    if (call->argc == 4 && call_argument_is(call, 2, "type")) {
        type = client_type_by_name(call->argv[3]);
        if (type == CLIENT_TYPE_UNKNOWN) {
            return client_type_fail(call, call->argv[3]);
        }
    } else if (!by_id && call->argc != 2) {
        return call_fail(call, ERROR_SYNTAX);
    }
    struct client_list list;
    struct buffer lines;
    enum outcome outcome = OUTCOME_DONE;
    buffer_init(&lines);
    client_list_collect(&list, call->context, conn_of(call->session));
    if (by_id) {
        outcome = print_ids(call, &list, &lines);
    } else {
        for (size_t i = 0; i < list.count; i++) {
            if (client_type_is(&list.clients[i], type)) {
                print_line(&list.clients[i], call->now_ms, &lines);
            }
        }
    }
    if (outcome == OUTCOME_DONE) {
        reply_verbatim(&call->reply, "txt", buffer_slice(&lines));
    }
    client_list_deinit(&list);
    buffer_deinit(&lines);
    return outcome;
}

static enum outcome client_help(struct call *call)
{
    static const char *const lines[] = {
        "CACHING (YES|NO)",
        "    Enable/disable tracking of the keys for next command in OPTIN/OPTOUT modes.",
        "GETREDIR",
        "    Return the client ID we are redirecting to when tracking is enabled.",
        "GETNAME",
        "    Return the name of the current connection.",
        "ID",
        "    Return the ID of the current connection.",
        "INFO",
        "    Return information about the current client connection.",
        "KILL <ip:port>",
        "    Kill connection made from <ip:port>.",
        "KILL <option> <value> [<option> <value> [...]]",
        "    Kill connections. Options are:",
        "    * ADDR (<ip:port>|<unixsocket>:0)",
        "      Kill connections made from the specified address",
        "    * LADDR (<ip:port>|<unixsocket>:0)",
        "      Kill connections made to specified local address",
        "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
        "      Kill connections by type.",
        "    * USER <username>",
        "      Kill connections authenticated by <username>.",
        "    * SKIPME (YES|NO)",
        "      Skip killing current connection (default: yes).",
        "LIST [options ...]",
        "    Return information about client connections. Options:",
        "    * TYPE (NORMAL|MASTER|REPLICA|PUBSUB)",
        "      Return clients of specified type.",
        "UNPAUSE",
        "    Stop the current client pause, resuming traffic.",
        "PAUSE <timeout> [WRITE|ALL]",
        "    Suspend all, or just write, clients for <timeout> milliseconds.",
        "REPLY (ON|OFF|SKIP)",
        "    Control the replies sent to the current connection.",
        "SETNAME <name>",
        "    Assign the name <name> to the current connection.",
        "SETINFO <option> <value>",
        "    Set client meta attr. Options are:",
        "    * LIB-NAME: the client lib name.",
        "    * LIB-VER: the client lib version.",
        "UNBLOCK <clientid> [TIMEOUT|ERROR]",
        "    Unblock the specified blocked client.",
        "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]]",
        "         [OPTIN] [OPTOUT] [NOLOOP]",
        "    Control server assisted client side caching.",
        "TRACKINGINFO",
        "    Report tracking status for the current connection.",
        "NO-EVICT (ON|OFF)",
        "    Protect current client connection from eviction.",
        "NO-TOUCH (ON|OFF)",
        "    Will not touch LRU/LFU stats when this mode is on.",
        NULL,
    };
    return call_reply_help(call, lines);
}

static enum outcome client_unblock(struct call *call)
{
    int64_t id;
    bool with_error = false;
    if (call->argc == 4) {
        with_error = call_argument_is(call, 3, "error");
        if (!with_error && !call_argument_is(call, 3, "timeout")) {
            return call_fail_slice(call, SLICE_LITERAL("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"));
        }
    }
    if (!call_integer(call, 2, &id)) {
        return OUTCOME_ERROR;
    }
    reply_integer(&call->reply, registry_unblock(call->context, (uint64_t)id, with_error));
    return OUTCOME_DONE;
}

static const char *const every_node[] = {"request_policy:all_nodes", "response_policy:all_succeeded", NULL};
static const char *const varying[] = {"nondeterministic_output", NULL};

static const struct command_history pause_history[] = {
    {"6.2.0", "`CLIENT PAUSE WRITE` mode added along with the `mode` option."},
    {0},
};

static const struct command_history list_history[] = {
    {"2.8.12", "Added unique client `id` field."},
    {"5.0.0", "Added optional `TYPE` filter."},
    {"6.0.0", "Added `user` field."},
    {"6.2.0", "Added `argv-mem`, `tot-mem`, `laddr` and `redir` fields and the optional `ID` filter."},
    {"7.0.0", "Added `resp`, `multi-mem`, `rbs` and `rbp` fields."},
    {"7.0.3", "Added `ssub` field."},
    {"7.2.0", "Added `lib-name` and `lib-ver` fields."},
    {0},
};

enum {
    OWN_FLAGS = COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE,
    ADMIN_FLAGS = OWN_FLAGS | COMMAND_ADMIN,
};

#define SUBCOMMAND(word, function, count, bits, version)                                                               \
    .name = (word), .handler = (function), .arity = (count), .flags = (bits), .categories = ACL_CONNECTION,            \
    .since = (version), .group = "connection"
#define EACH_CLIENT "O(N) for N connections"

static const struct command_row client_subcommands[] = {
    {SUBCOMMAND("id", client_id, 2, OWN_FLAGS, "5.0.0"), .summary = "Answers the id of this connection.",
     .complexity = "O(1)"},
    {SUBCOMMAND("info", client_info, 2, OWN_FLAGS, "6.2.0"), .summary = "Shows this connection as CLIENT LIST does.",
     .complexity = "O(1)", .tips = varying},
    {SUBCOMMAND("list", client_list, -2, ADMIN_FLAGS, "2.4.0"), .summary = "Shows the connections of the server.",
     .complexity = EACH_CLIENT, .tips = varying, .history = list_history,
     .arguments = "client-type:(NORMAL|MASTER|REPLICA|PUBSUB)=TYPE?^5.0.0 client-id:integer=ID?+^6.2.0"},
    {SUBCOMMAND("getname", client_getname, 2, OWN_FLAGS, "2.6.9"), .summary = "Answers the name of this connection.",
     .complexity = "O(1)"},
    {SUBCOMMAND("setname", client_setname, 3, OWN_FLAGS, "2.6.9"), .summary = "Gives this connection a name.",
     .complexity = "O(1)", .tips = every_node, .arguments = "connection-name"},
    {SUBCOMMAND("setinfo", client_setinfo, 4, OWN_FLAGS, "7.2.0"), .summary = "Says which library the client uses.",
     .complexity = "O(1)", .tips = every_node, .arguments = "attr:(libname=LIB-NAME|libver=LIB-VER)"},
    {SUBCOMMAND("reply", client_reply, 3, OWN_FLAGS, "3.2.0"), .summary = "Says which replies this connection gets.",
     .complexity = "O(1)", .arguments = "action:(ON|OFF|SKIP)"},
    {SUBCOMMAND("no-evict", client_no_evict, 3, ADMIN_FLAGS, "7.0.0"),
     .summary = "Keeps this connection when memory for clients runs short.", .complexity = "O(1)",
     .arguments = "enabled:(ON|OFF)"},
    {SUBCOMMAND("no-touch", client_no_touch, 3, OWN_FLAGS, "7.2.0"),
     .summary = "Lets commands of this connection leave access statistics alone.", .complexity = "O(1)",
     .arguments = "enabled:(ON|OFF)"},
    {SUBCOMMAND("pause", client_pause, -3, ADMIN_FLAGS | COMMAND_ELSEWHERE, "2.9.50"),
     .summary = "Keeps clients waiting for a time.", .complexity = "O(1)", .history = pause_history,
     .arguments = "timeout:integer mode:(WRITE|ALL)?^6.2.0"},
    {SUBCOMMAND("unpause", client_unpause, 2, ADMIN_FLAGS | COMMAND_ELSEWHERE | COMMAND_GRACE, "6.2.0"),
     .summary = "Lets paused clients go on.", .complexity = "O(N) Where N is the number of paused clients"},
    {SUBCOMMAND("unblock", client_unblock, -3, ADMIN_FLAGS, "5.0.0"),
     .summary = "Ends the wait of a blocked connection.", .complexity = EACH_CLIENT,
     .arguments = "client-id:integer unblock-type:(TIMEOUT|ERROR)?"},
    {SUBCOMMAND("help", client_help, 2, COMMAND_LOADING | COMMAND_STALE, "5.0.0"), .summary = "Lists the subcommands.",
     .complexity = "O(1)"},
    {0},
};

const struct command_row client_commands[] = {
    {.name = "client",
     .arity = -2,
     .subcommands = client_subcommands,
     .summary = "Commands about connections.",
     .since = "2.4.0",
     .group = "connection",
     .complexity = "Depends on subcommand."},
    {0},
};

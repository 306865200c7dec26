/* SPDX-License-Identifier: BSD-3-Clause */
/* Who a client is: AUTH, HELLO, and the guard in front of everything else. Until there are users by ACL only the user
 * "default" exists; its password is the option requirepass.
 * Owner: the session, changed by its worker. Locks: none. */
#include "internal.h"
#include "sherd/base/number.h"
#include "sherd/base/version.h"
#include "sherd/exec/call.h"
#include "sherd/exec/exec.h"
#include "sherd/net/commands.h"
#include "sherd/net/net.h"

enum {
    HELLO_PAIRS = 7,
};

static struct slice required_password(const struct call *call, const struct net *net)
{
    return net_options(net, call->worker->config)->requirepass;
}

/* Takes as long for every guess of one length, so that nothing is learnt from the time. */
static bool password_matches(struct slice given, struct slice expected)
{
    unsigned difference = given.len != expected.len;
    for (size_t i = 0; i < given.len; i++) {
        difference |= (unsigned char)given.data[i] ^ (unsigned char)expected.data[i % expected.len];
    }
    return difference == 0;
}

/* True when the session may go on as `user`; otherwise the error is replied and the session stays what it was. */
static bool authenticate(struct call *call, struct slice user, struct slice password)
{
    struct slice expected = required_password(call, call->context);
    bool known = slice_equals(user, SLICE_LITERAL("default"));
    if (!known || (expected.len > 0 && !password_matches(password, expected))) {
        statistics_add(&call->worker->statistics, STATISTIC_DENIED_AUTHENTICATIONS, 1);
        (void)call_fail(call, ERROR_WRONGPASS);
        return false;
    }
    session_change(call->session, SESSION_UNAUTHENTICATED, 0);
    session_show(call->session);
    return true;
}

enum outcome net_guard_authentication(struct call *call, void *context)
{
    if ((call->command->flags & COMMAND_NO_AUTH) != 0 || required_password(call, context).len == 0) {
        return OUTCOME_DONE;
    }
    return call_fail(call, ERROR_NOAUTH);
}

static enum outcome auth_command(struct call *call)
{
    if (call->argc > 3) {
        return call_fail(call, ERROR_SYNTAX);
    }
    struct slice user = SLICE_LITERAL("default");
    if (call->argc == 3) {
        user = call->argv[1];
    } else if (required_password(call, call->context).len == 0) {
        return call_fail_slice(
            call, SLICE_LITERAL("ERR AUTH <password> called without any password configured for the default user. "
                                "Are you sure your configuration is correct?"));
    }
    if (!authenticate(call, user, call->argv[call->argc - 1])) {
        return OUTCOME_ERROR;
    }
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

struct hello_options {
    uint32_t auth; /* index of the user's name, the password follows; 0: not given */
    uint32_t name; /* index of the client's name; 0: not given */
};

static enum outcome hello_parse(struct call *call, struct hello_options *options)
{
    for (uint32_t i = 2; i < call->argc; i++) {
        uint32_t more = call->argc - 1 - i;
        if (call_argument_is(call, i, "auth") && more >= 2) {
            options->auth = i + 1;
            i += 2;
        } else if (call_argument_is(call, i, "setname") && more >= 1) {
            options->name = ++i;
            if (!client_text_is_plain(call->argv[i])) {
                return call_fail(call, ERROR_CLIENT_NAME);
            }
        } else {
            return call_fail_format(call, "ERR Syntax error in HELLO option '%.*s'", (int)call->argv[i].len,
                                    call->argv[i].data);
        }
    }
    return OUTCOME_DONE;
}

static void hello_reply(struct call *call)
{
    struct reply *reply = &call->reply;
    reply_map(reply, HELLO_PAIRS);
    reply_bulk_text(reply, "server");
    reply_bulk_text(reply, "redis");
    reply_bulk_text(reply, "version");
    reply_bulk_text(reply, SHERD_REDIS_VERSION);
    reply_bulk_text(reply, "proto");
    reply_integer(reply, reply->version);
    reply_bulk_text(reply, "id");
    reply_integer(reply, (int64_t)call->session->id);
    reply_bulk_text(reply, "mode");
    reply_bulk_text(reply, "standalone");
    reply_bulk_text(reply, "role");
    reply_bulk_text(reply, "master");
    reply_bulk_text(reply, "modules");
    reply_array(reply, 0);
}

static enum outcome hello_command(struct call *call)
{
    struct session *session = call->session;
    int64_t version = 0;
    if (call->argc > 1) {
        if (!number_parse_i64(call->argv[1], &version)) {
            return call_fail_slice(call, SLICE_LITERAL("ERR Protocol version is not an integer or out of range"));
        }
        if (version < 2 || version > 3) {
            return call_fail(call, ERROR_NOPROTO);
        }
    }
    struct hello_options options = {0};
    if (hello_parse(call, &options) != OUTCOME_DONE) {
        return OUTCOME_ERROR;
    }
    if (options.auth != 0 && !authenticate(call, call->argv[options.auth], call->argv[options.auth + 1])) {
        return OUTCOME_ERROR;
    }
    if (session_has(session, SESSION_UNAUTHENTICATED)) {
        return call_fail_slice(
            call, SLICE_LITERAL("NOAUTH HELLO must be called with the client already authenticated, otherwise the "
                                "HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and "
                                "select the RESP protocol version at the same time"));
    }
    if (options.name != 0) {
        session_set_text(session, SESSION_NAME, call->argv[options.name]);
    }
    if (version != 0) {
        *session_own_resp(session) = (uint8_t)version;
        call->reply.version = (uint8_t)version;
        session_show(session);
    }
    hello_reply(call);
    return OUTCOME_DONE;
}

static enum outcome reset_command(struct call *call)
{
    struct session *session = call->session;
    session_set_text(session, SESSION_USER, SLICE_LITERAL(""));
    session_change(session, SESSION_UNAUTHENTICATED,
                   required_password(call, call->context).len > 0 ? SESSION_UNAUTHENTICATED : 0);
    session_reset(session);
    call->reply.version = session->resp;
    REPLY_LITERAL(&call->reply, "+RESET\r\n");
    return OUTCOME_DONE;
}

static const struct command_history hello_history[] = {
    {"6.2.0", "`protover` made optional; when called without arguments the command reports the current connection's "
              "context."},
    {0},
};

static const struct command_history auth_history[] = {
    {"6.0.0", "Added ACL style (username and password)."},
    {0},
};

enum {
    ANY_TIME = COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE | COMMAND_FAST | COMMAND_NO_AUTH | COMMAND_ALLOW_BUSY,
};

const struct command_row authentication_commands[] = {
    {.name = "auth",
     .handler = auth_command,
     .arity = -2,
     .flags = ANY_TIME,
     .categories = ACL_CONNECTION,
     .summary = "Proves with a password who is connected.",
     .since = "1.0.0",
     .group = "connection",
     .complexity = "O(N) for N passwords of the user",
     .history = auth_history,
     .arguments = "username?^6.0.0 password"},
    {.name = "hello",
     .handler = hello_command,
     .arity = -1,
     .flags = ANY_TIME,
     .categories = ACL_CONNECTION,
     .summary = "Chooses the protocol version, with AUTH and SETNAME in the same step; says what the server is.",
     .since = "6.0.0",
     .group = "connection",
     .complexity = "O(1)",
     .history = hello_history,
     .arguments = "arguments:(protover:integer auth:(username password)=AUTH? clientname=SETNAME?)?"},
    {.name = "reset",
     .handler = reset_command,
     .arity = 1,
     .flags = COMMAND_SUBSCRIBED | ANY_TIME | COMMAND_UNQUEUED,
     .categories = ACL_CONNECTION,
     .summary = "Makes the connection what it was when it was fresh.",
     .since = "6.2.0",
     .group = "connection",
     .complexity = "O(1)"},
    {0},
};

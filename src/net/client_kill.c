/* SPDX-License-Identifier: BSD-3-Clause */
/* CLIENT KILL: whom its filters mean, and their end.
 * Owner: nobody; those it ends belong to their workers. Locks: none here, the registry's through registry.h. */
#include "client_type.h"
#include "sherd/base/number.h"
#include "sherd/exec/exec.h"
#include "sherd/net/commands.h"

/* Whom CLIENT KILL means: all conditions that are given hold. */
struct kill_filter {
    struct slice address;       /* empty: any */
    struct slice local_address; /* empty: any */
    struct slice user;          /* empty: any */
    enum client_type type;
    uint64_t id;       /* 0: any */
    int64_t least_age; /* in seconds */
    bool has_address;
    bool has_local_address;
    bool has_user;
    bool skip_me;
};

/* One pair of the new form; its word and its value. */
static enum outcome kill_option(struct call *call, uint32_t at, struct kill_filter *filter)
{
    struct slice value = call->argv[at + 1];
    if (call_argument_is(call, at, "id")) {
        int64_t id;
        if (!number_parse_i64(value, &id) || id < 1) {
            return call_fail_slice(call, SLICE_LITERAL("ERR client-id should be greater than 0"));
        }
        filter->id = (uint64_t)id;
    } else if (call_argument_is(call, at, "maxage")) { /* Redis 7.4 */
        if (!number_parse_i64(value, &filter->least_age)) {
            return call_fail_slice(call, SLICE_LITERAL("ERR maxage is not an integer or out of range"));
        }
        if (filter->least_age < 1) {
            return call_fail_slice(call, SLICE_LITERAL("ERR maxage should be greater than 0"));
        }
    } else if (call_argument_is(call, at, "type")) {
        filter->type = client_type_by_name(value);
        if (filter->type == CLIENT_TYPE_UNKNOWN) {
            return client_type_fail(call, value);
        }
    } else if (call_argument_is(call, at, "addr")) {
        filter->address = value;
        filter->has_address = true;
    } else if (call_argument_is(call, at, "laddr")) {
        filter->local_address = value;
        filter->has_local_address = true;
    } else if (call_argument_is(call, at, "user")) {
        if (!slice_equals(value, SLICE_LITERAL("default"))) {
            return call_fail_format(call, "ERR No such user '%.*s'", (int)value.len, value.data);
        }
        filter->user = value;
        filter->has_user = true;
    } else if (call_argument_is(call, at, "skipme") && slice_equals_word(value, "yes")) {
        filter->skip_me = true;
    } else if (call_argument_is(call, at, "skipme") && slice_equals_word(value, "no")) {
        filter->skip_me = false;
    } else {
        return call_fail(call, ERROR_SYNTAX);
    }
    return OUTCOME_DONE;
}

static bool address_is(const struct sockaddr_storage *address, const struct sockaddr_storage *local, struct slice text)
{
    struct buffer printed;
    buffer_init(&printed);
    address_append(address, local, &printed);
    bool same = slice_equals(buffer_slice(&printed), text);
    buffer_deinit(&printed);
    return same;
}

static bool kill_means(const struct kill_filter *filter, const struct client_view *view, int64_t now_ms)
{
    const struct blob *user = view->texts[SESSION_USER];
    return (filter->id == 0 || filter->id == view->id) && client_type_is(view, filter->type) &&
           now_ms / 1000 - view->created_ms / 1000 >= filter->least_age &&
           (!filter->has_user ||
            slice_equals(user == NULL ? SLICE_LITERAL("default") : blob_slice(user), filter->user)) &&
           (!filter->has_address || address_is(&view->peer, &view->local, filter->address)) &&
           (!filter->has_local_address || address_is(&view->local, &view->local, filter->local_address));
}

/* Dooms whom the filter means; *self says whether the caller is among them: it is counted, but still gets its reply. */
static size_t kill_all(struct call *call, const struct kill_filter *filter, bool *self)
{
    struct client_list list;
    client_list_collect(&list, call->context, conn_of(call->session));
    uint64_t *ids = memory_alloc((list.count + 1) * sizeof(*ids));
    size_t count = 0;
    *self = false;
    for (size_t i = 0; i < list.count; i++) {
        if (!kill_means(filter, &list.clients[i], call->now_ms)) {
            continue;
        }
        if (list.clients[i].id != call->session->id) {
            ids[count++] = list.clients[i].id;
        } else {
            *self = !filter->skip_me;
        }
    }
    client_list_deinit(&list);
    size_t killed = registry_doom(call->context, ids, count) + (*self ? 1 : 0);
    memory_free(ids);
    return killed;
}

static enum outcome client_kill(struct call *call)
{
    struct kill_filter filter = {.type = CLIENT_TYPE_ANY, .skip_me = true};
    bool old_form = call->argc == 3;
    if (old_form) {
        filter.address = call->argv[2];
        filter.has_address = true;
        filter.skip_me = false;
    }
    for (uint32_t i = 2; !old_form && i < call->argc; i += 2) {
        if (i + 1 == call->argc) {
            return call_fail(call, ERROR_SYNTAX);
        }
        if (kill_option(call, i, &filter) != OUTCOME_DONE) {
            return OUTCOME_ERROR;
        }
    }
    bool self;
    size_t killed = kill_all(call, &filter, &self);
    if (!old_form) {
        reply_integer(&call->reply, (int64_t)killed);
    } else if (killed == 0) {
        return call_fail_slice(call, SLICE_LITERAL("ERR No such client"));
    } else {
        reply_ok(&call->reply);
    }
    return self ? OUTCOME_CLOSE : OUTCOME_DONE;
}

static const struct command_history kill_history[] = {
    {"2.8.12", "Added new filter format."},
    {"2.8.12", "`ID` option."},
    {"3.2.0", "Added `master` type in for `TYPE` option."},
    {"5.0.0", "Replaced `slave` `TYPE` with `replica`. `slave` still supported for backward compatibility."},
    {"6.2.0", "`LADDR` option."},
    {"7.4.0", "`MAXAGE` option."},
    {0},
};

static const struct command_row kill_subcommands[] = {
    {.name = "kill",
     .handler = client_kill,
     .arity = -3,
     .flags = COMMAND_ADMIN | COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE,
     .categories = ACL_CONNECTION,
     .since = "2.4.0",
     .group = "connection",
     .summary = "Ends connections.",
     .complexity = "O(N) for N connections",
     .history = kill_history,
     .arguments =
         "filter:(old-format'ip:port'!2.8.12|new-format:(client-id:integer=ID?^2.8.12|"
         "client-type:(NORMAL|MASTER^3.2.0|SLAVE|REPLICA^5.0.0|PUBSUB)=TYPE?^2.8.12|username=USER?|"
         "addr'ip:port'=ADDR?|laddr'ip:port'=LADDR?^6.2.0|skipme:(YES|NO)=SKIPME?|maxage:integer=MAXAGE?^7.4.0)+)"},
    {0},
};

const struct command_row client_kill_commands[] = {
    {.name = "client", .subcommands = kill_subcommands, .extends = true},
    {0},
};

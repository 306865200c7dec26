/* SPDX-License-Identifier: BSD-3-Clause */
/* CLIENT TRACKING, CACHING, GETREDIR, TRACKINGINFO; the option and the lines of INFO.
 * Owner: the session, through its thread. Locks: none here. */
#include "sherd/tracking/commands.h"

#include <limits.h>

#include "internal.h"
#include "sherd/base/number.h"

enum {
    SHORT_PREFIXES = 256, /* more are joined or shown by an executor */
};

/* REDIRECT id: a client that is there now. */
static bool parse_redirect(struct call *call, uint32_t at, struct tracking_request *request)
{
    const struct tracking *tracking = call->context;
    if (request->redirect != 0) {
        (void)call_fail_format(call, "ERR A client can only redirect to a single other client");
        return false;
    }
    int64_t id;
    if (!call_integer(call, at, &id)) {
        return false;
    }
    if (!tracking->clients.find_worker(tracking->clients.context, (uint64_t)id, &request->redirect_worker)) {
        (void)call_fail_format(call, "ERR The client ID you want redirect to does not exist");
        return false;
    }
    request->redirect = (uint64_t)id;
    return true;
}

static bool parse_options(struct call *call, struct tracking_request *request)
{
    for (uint32_t i = 3; i < call->argc; i++) {
        bool more = i + 1 < call->argc;
        if (more && call_argument_is(call, i, "redirect")) {
            if (!parse_redirect(call, ++i, request)) {
                return false;
            }
        } else if (call_argument_is(call, i, "bcast")) {
            request->mode |= TRACKING_BCAST;
        } else if (call_argument_is(call, i, "optin")) {
            request->mode |= TRACKING_OPTIN;
        } else if (call_argument_is(call, i, "optout")) {
            request->mode |= TRACKING_OPTOUT;
        } else if (call_argument_is(call, i, "noloop")) {
            request->mode |= TRACKING_NOLOOP;
        } else if (more && call_argument_is(call, i, "prefix")) {
            request->prefixes[request->prefix_count] =
                (struct given_prefix){.text = call->argv[++i], .place = request->prefix_count};
            request->prefix_count++;
        } else {
            (void)call_fail(call, ERROR_SYNTAX);
            return false;
        }
    }
    return true;
}

static enum outcome check_prefixes(struct call *call, const struct tracker *tracker,
                                   const struct tracking_request *request)
{
    const struct ordered none = {0};
    struct overlap overlap;
    if (!overlap_find(tracker == NULL ? &none : &tracker->prefixes, request->prefixes, request->prefix_count,
                      &overlap)) {
        return OUTCOME_DONE;
    }
    return call_fail_format(
        call, "ERR Prefix '%.*s' overlaps with %s prefix '%.*s'. Prefixes for a single client must not overlap.",
        (int)overlap.given.len, overlap.given.data, overlap.other_is_kept ? "an existing" : "another provided",
        (int)overlap.other.len, overlap.other.data);
}

/* Do the options fit each other, and what the client does already? */
static enum outcome check_request(struct call *call, const struct tracking_request *request)
{
    enum { CHOICES = TRACKING_OPTIN | TRACKING_OPTOUT };
    const struct tracker *tracker = tracker_of(call->session);
    uint32_t wanted = request->mode & CHOICES;
    bool broadcast = (request->mode & TRACKING_BCAST) != 0;
    if (!broadcast && request->prefix_count != 0) {
        return call_fail_format(call, "ERR PREFIX option requires BCAST mode to be enabled");
    }
    if (tracker != NULL && ((tracker->mode ^ request->mode) & TRACKING_BCAST) != 0) {
        return call_fail_format(call, "ERR You can't switch BCAST mode on/off before disabling tracking for this "
                                      "client, and then re-enabling it with a different mode.");
    }
    if (broadcast && wanted != 0) {
        return call_fail_format(call, "ERR OPTIN and OPTOUT are not compatible with BCAST");
    }
    if (wanted == CHOICES) {
        return call_fail_format(call, "ERR You can't specify both OPTIN mode and OPTOUT mode");
    }
    if (tracker != NULL && ((tracker->mode & CHOICES) | wanted) == CHOICES) {
        return call_fail_format(call, "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this "
                                      "client, and then re-enabling it with a different mode.");
    }
    return check_prefixes(call, tracker, request);
}

static enum outcome track(struct call *call, struct tracking_request *request)
{
    if (!parse_options(call, request)) {
        return OUTCOME_ERROR;
    }
    if (call_argument_is(call, 2, "off")) {
        tracking_disable(call->session);
    } else if (!call_argument_is(call, 2, "on")) {
        return call_fail(call, ERROR_SYNTAX);
    } else if (check_request(call, request) == OUTCOME_DONE) {
        tracking_enable(call->context, call->session, request);
    } else {
        return OUTCOME_ERROR;
    }
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

static bool client_tracking_is_long(struct call *call)
{
    return call->argc > 2 * SHORT_PREFIXES;
}

static enum outcome client_tracking(struct call *call)
{
    struct tracking_request request = {.prefixes = memory_alloc(call->argc * sizeof(request.prefixes[0]))};
    enum outcome outcome = track(call, &request);
    memory_free(request.prefixes);
    return outcome;
}

static enum outcome client_caching(struct call *call)
{
    struct tracker *tracker = tracker_of(call->session);
    if (tracker == NULL) {
        return call_fail_format(call, "ERR CLIENT CACHING can be called only when the client is in tracking mode with "
                                      "OPTIN or OPTOUT mode enabled");
    }
    bool yes = call_argument_is(call, 2, "yes");
    if (!yes && !call_argument_is(call, 2, "no")) {
        return call_fail(call, ERROR_SYNTAX);
    }
    if ((tracker->mode & (yes ? TRACKING_OPTIN : TRACKING_OPTOUT)) == 0) {
        return call_fail_format(call, "ERR CLIENT CACHING %s is only valid when tracking is enabled in %s mode.",
                                yes ? "YES" : "NO", yes ? "OPTIN" : "OPTOUT");
    }
    tracker->caching = true;
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

static int64_t redirection(const struct tracker *tracker)
{
    return tracker == NULL ? -1 : (int64_t)tracker->redirect;
}

static enum outcome client_getredir(struct call *call)
{
    reply_integer(&call->reply, redirection(tracker_of(call->session)));
    return OUTCOME_DONE;
}

static void reply_flags(struct reply *reply, const struct tracker *tracker)
{
    uint32_t mode = tracker == NULL ? 0 : tracker->mode;
    bool broken = tracker != NULL && (atomic_load_explicit(&tracker->session->shown_tracking, memory_order_relaxed) &
                                      SESSION_SHOWS_BROKEN) != 0;
    const struct {
        bool holds;
        const char *word;
    } flags[] = {
        {tracker == NULL, "off"},
        {tracker != NULL, "on"},
        {(mode & TRACKING_BCAST) != 0, "bcast"},
        {(mode & TRACKING_OPTIN) != 0, "optin"},
        {(mode & TRACKING_OPTIN) != 0 && tracker->caching, "caching-yes"},
        {(mode & TRACKING_OPTOUT) != 0, "optout"},
        {(mode & TRACKING_OPTOUT) != 0 && tracker->caching, "caching-no"},
        {(mode & TRACKING_NOLOOP) != 0, "noloop"},
        {broken, "broken_redirect"},
    };
    struct output_mark mark = reply_open(reply);
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(flags); i++) {
        if (flags[i].holds) {
            reply_bulk_text(reply, flags[i].word);
            count++;
        }
    }
    reply_close_set(reply, mark, count);
}

static bool client_trackinginfo_is_long(struct call *call)
{
    const struct tracker *tracker = tracker_of(call->session);
    return tracker != NULL && tracker->prefixes.count > SHORT_PREFIXES;
}

static enum outcome client_trackinginfo(struct call *call)
{
    const struct tracker *tracker = tracker_of(call->session);
    struct reply *reply = &call->reply;
    const struct ordered none = {0};
    const struct ordered *prefixes = tracker == NULL ? &none : &tracker->prefixes;
    reply_map(reply, 3);
    reply_bulk_text(reply, "flags");
    reply_flags(reply, tracker);
    reply_bulk_text(reply, "redirect");
    reply_integer(reply, redirection(tracker));
    reply_bulk_text(reply, "prefixes");
    reply_array(reply, prefixes->count);
    for (struct ordered_place place = ordered_at(prefixes, 0); place.leaf != NULL; ordered_next(&place)) {
        reply_bulk(reply, ordered_bytes_of(ordered_entry(place)->member));
    }
    return OUTCOME_DONE;
}

void tracking_info_clients(void *context, struct exec_worker *worker, struct buffer *out)
{
    (void)worker;
    struct tracking *tracking = context;
    buffer_printf(out, "tracking_clients:%u\r\n", atomic_load_explicit(&tracking->client_count, memory_order_relaxed));
}

void tracking_info_stats(void *context, struct exec_worker *worker, struct buffer *out)
{
    (void)worker;
    struct tracking *tracking = context;
    buffer_printf(out, "tracking_total_keys:%llu\r\n",
                  (unsigned long long)atomic_load_explicit(&tracking->keys, memory_order_relaxed));
    buffer_printf(out, "tracking_total_items:%llu\r\n",
                  (unsigned long long)atomic_load_explicit(&tracking->items, memory_order_relaxed));
    buffer_printf(out, "tracking_total_prefixes:%u\r\n",
                  atomic_load_explicit(&tracking->prefix_count, memory_order_relaxed));
}

const struct option tracking_option_rows[] = {
    {.name = "tracking-table-max-keys",
     .type = OPTION_INTEGER,
     .offset = offsetof(struct tracking_options, table_max_keys),
     .default_text = "1000000",
     .max = LONG_MAX,
     .apply = tracking_apply_max_keys},
};

const size_t tracking_option_count = ARRAY_LENGTH(tracking_option_rows);

/* clang-format off: one line of facts per row */
#define ROW(word, function, args, from)                                                                                \
    .name = (word), .handler = (function), .arity = (args), .since = (from), .group = "connection",                    \
    .flags = COMMAND_NOSCRIPT | COMMAND_LOADING | COMMAND_STALE, .categories = ACL_CONNECTION

static const struct command_row client_subcommands[] = {
    {ROW("tracking", client_tracking, -3, "6.0.0"), .is_long = client_tracking_is_long,
     .summary = "Has this connection told about changes of keys that it may have in a cache.",
     .complexity = "O(N) where N is the number of prefixes",
     .arguments = "status:(ON|OFF) client-id:integer=REDIRECT? prefix=PREFIX?++ BCAST? OPTIN? OPTOUT? NOLOOP?"},
    {ROW("caching", client_caching, 3, "6.0.0"),
     .summary = "Says whether keys of the next command, or transaction, are tracked.", .complexity = "O(1)",
     .arguments = "mode:(YES|NO)"},
    {ROW("getredir", client_getredir, 2, "6.0.0"), .summary = "Answers who gets the invalidations of this connection.",
     .complexity = "O(1)"},
    {ROW("trackinginfo", client_trackinginfo, 2, "6.2.0"), .is_long = client_trackinginfo_is_long,
     .summary = "Answers what is tracked for this connection.", .complexity = "O(N) where N is the number of prefixes"},
    {0},
};

const struct command_row tracking_commands[] = {
    {.name = "client", .subcommands = client_subcommands, .extends = true},
    {0},
};

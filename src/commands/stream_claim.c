/* SPDX-License-Identifier: BSD-3-Clause */
/* What is pending in a consumer group of a stream: XPENDING shows it, XCLAIM and XAUTOCLAIM move it from one consumer
 * to another.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include <stdio.h>

#include "sherd/base/buffer.h"
#include "sherd/base/number.h"
#include "sherd/commands/families.h"
#include "stream_arguments.h"

enum {
    AUTOCLAIM_COUNT = 100,
    AUTOCLAIM_ATTEMPTS = 10, /* pending entries looked at for each that COUNT allows */
};

struct listing {
    bool is_summary;
    int64_t idle_ms; /* 0: whatever it is */
    struct stream_id start, end;
    int64_t count;
    struct slice consumer;
    bool has_consumer;
};

/* Replies nothing: the error is returned, an empty slice when there is none. */
static struct slice parse_listing(const struct call *call, struct listing *listing)
{
    *listing = (struct listing){.is_summary = call->argc == 3};
    struct slice error = SLICE_LITERAL("");
    uint32_t at = 3;
    if (listing->is_summary) {
        return error;
    }
    if (call->argc < 6 || call->argc > 9) {
        return error_text(ERROR_SYNTAX);
    }
    if (call_argument_is(call, 3, "idle")) {
        if (!number_parse_i64(call->argv[4], &listing->idle_ms)) {
            return error_text(ERROR_NOT_INTEGER);
        }
        if (call->argc < 8) {
            return error_text(ERROR_SYNTAX);
        }
        at += 2;
    }
    if (!number_parse_i64(call->argv[at + 2], &listing->count)) {
        return error_text(ERROR_NOT_INTEGER);
    }
    error = stream_parse_end(call->argv[at], true, &listing->start);
    if (error.len == 0) {
        error = stream_parse_end(call->argv[at + 1], false, &listing->end);
    }
    listing->has_consumer = at + 3 < call->argc;
    if (listing->has_consumer) {
        listing->consumer = call->argv[at + 3];
    }
    return error;
}

static bool xpending_is_long(struct call *call) REQUIRES(shard_held)
{
    struct listing listing;
    void *stream;
    struct stream_group *group;
    if (parse_listing(call, &listing).len != 0 || !stream_peek_group(call, &stream, &group)) {
        return false;
    }
    if (listing.is_summary) {
        return group->consumer_count > STREAM_SHORT_PENDING;
    }
    /* With IDLE all may be passed over. */
    bool is_short = listing.idle_ms == 0 && listing.count <= STREAM_SHORT_PENDING;
    return !is_short && group->pending.count > STREAM_SHORT_PENDING;
}

static void reply_summary(struct reply *reply, const struct stream_group *group)
{
    reply_array(reply, 4);
    reply_integer(reply, (int64_t)group->pending.count);
    if (group->pending.count == 0) {
        reply_null(reply);
        reply_null(reply);
        reply_null_array(reply);
        return;
    }
    const struct stream_pending *first = stream_index_first(&group->pending);
    const struct stream_pending *last = stream_index_last(&group->pending);
    stream_reply_id(reply, first->id);
    stream_reply_id(reply, last->id);
    struct output_mark mark = reply_open(reply);
    size_t listed = 0;
    for (uint32_t i = 0; i < group->consumer_count; i++) {
        const struct stream_consumer *consumer = group->consumers[i];
        if (consumer->pending.count != 0) {
            reply_array(reply, 2);
            reply_bulk(reply, stream_consumer_name(consumer));
            reply_bulk_integer(reply, (int64_t)consumer->pending.count);
            listed++;
        }
    }
    reply_close_array(reply, mark, listed);
}

static void reply_pending(struct reply *reply, const struct stream_pending *pending, int64_t now_ms)
{
    int64_t elapsed_ms = now_ms - pending->delivered_ms;
    reply_array(reply, 4);
    stream_reply_id(reply, pending->id);
    reply_bulk(reply, stream_consumer_name(pending->consumer));
    reply_integer(reply, elapsed_ms < 0 ? 0 : elapsed_ms);
    reply_integer(reply, (int64_t)pending->deliveries);
}

/* Those of `index`, the group's or a consumer's. */
static void reply_listing(struct call *call, const struct listing *listing, const struct stream_group *group,
                          const struct stream_index *index)
{
    struct output_mark mark = reply_open(&call->reply);
    int64_t listed = 0;
    struct stream_index_place place = stream_index_seek(index, listing->start);
    const struct stream_id *id;
    for (; listed < listing->count && (id = stream_index_at(index, place)) != NULL;
         place = stream_index_next(index, place)) {
        if (stream_id_compare(*id, listing->end) > 0) {
            break;
        }
        /* The group's own records begin with the id. */
        const struct stream_pending *pending =
            index == &group->pending ? stream_index_at(index, place) : stream_group_pending(group, *id);
        if (listing->idle_ms == 0 || call->now_ms - pending->delivered_ms >= listing->idle_ms) {
            reply_pending(&call->reply, pending, call->now_ms);
            listed++;
        }
    }
    reply_close_array(&call->reply, mark, (size_t)listed);
}

COMMAND_HANDLER(xpending_command)
{
    struct listing listing;
    struct slice error = parse_listing(call, &listing);
    if (error.len != 0) {
        return call_fail_slice(call, error);
    }
    void *stream;
    struct stream_group *group;
    if (!stream_find_group(call, &stream, &group)) {
        return OUTCOME_ERROR;
    }
    if (group == NULL) {
        return stream_fail_group(call);
    }
    if (listing.is_summary) {
        reply_summary(&call->reply, group);
        return OUTCOME_DONE;
    }
    const struct stream_index *index = &group->pending;
    if (listing.has_consumer) {
        const struct stream_consumer *consumer = stream_consumer_find(group, listing.consumer);
        if (consumer == NULL) {
            reply_array(&call->reply, 0);
            return OUTCOME_DONE;
        }
        index = &consumer->pending;
    }
    reply_listing(call, &listing, group, index);
    return OUTCOME_DONE;
}

/* A claim under way. */
struct claim {
    struct stream *stream;
    struct stream_group *group;
    struct stream_consumer *consumer; /* who gets it all */
    struct stream_iterator iterator;  /* finds the entries */
    int64_t idle_ms;                  /* the least that may be claimed; 0: any */
    int64_t delivered_ms;             /* what the claimed have from now on */
    int64_t deliveries;               /* RETRYCOUNT; negative: one more than before */
    bool is_forced;                   /* FORCE: also what is pending with nobody */
    bool only_ids;                    /* JUSTID, which leaves the number of deliveries alone */
    struct stream_id last_id;         /* LASTID */
    uint32_t ids;                     /* XCLAIM: how many of the arguments are ids */
};

static bool is_idle(const struct call *call, const struct claim *claim, const struct stream_pending *pending)
{
    return claim->idle_ms == 0 || call->now_ms - pending->delivered_ms >= claim->idle_ms;
}

/* Hands over what is pending, whose entry the claim's iterator has just found with so many pairs, and replies it. */
static void claim_one(struct call *call, struct claim *claim, struct stream_pending *pending, size_t pairs)
{
    stream_group_hand_over(pending, claim->consumer);
    pending->delivered_ms = claim->delivered_ms;
    if (claim->deliveries >= 0) {
        pending->deliveries = (uint64_t)claim->deliveries;
    } else if (!claim->only_ids) {
        pending->deliveries++;
    }
    claim->consumer->active_ms = call->now_ms;
    if (claim->only_ids) {
        stream_reply_id(&call->reply, pending->id);
    } else {
        stream_reply_found(&call->reply, &claim->iterator, pending->id, pairs);
    }
    call->effects.changes++;
}

/* One of XCLAIM's options at `*index`, which moves to its value; false: an error is replied. */
static bool parse_claim_option(struct call *call, uint32_t *index, struct claim *claim)
{
    struct slice word = call->argv[*index];
    bool has_value = *index + 1 < call->argc;
    struct slice error = SLICE_LITERAL("");
    int64_t number = 0;
    if (slice_equals_word(word, "force")) {
        claim->is_forced = true;
    } else if (slice_equals_word(word, "justid")) {
        claim->only_ids = true;
    } else if (slice_equals_word(word, "idle") && has_value) {
        error = number_parse_i64(call->argv[++*index], &number)
                    ? error
                    : SLICE_LITERAL("ERR Invalid IDLE option argument for XCLAIM");
        claim->delivered_ms = (int64_t)((uint64_t)call->now_ms - (uint64_t)number);
    } else if (slice_equals_word(word, "time") && has_value) {
        error = number_parse_i64(call->argv[++*index], &claim->delivered_ms)
                    ? error
                    : SLICE_LITERAL("ERR Invalid TIME option argument for XCLAIM");
    } else if (slice_equals_word(word, "retrycount") && has_value) {
        error = number_parse_i64(call->argv[++*index], &claim->deliveries)
                    ? error
                    : SLICE_LITERAL("ERR Invalid RETRYCOUNT option argument for XCLAIM");
    } else if (slice_equals_word(word, "lastid") && has_value) {
        error = stream_id_parse(call->argv[++*index], 0, &claim->last_id) ? error : error_text(ERROR_STREAM_ID);
    } else {
        (void)call_fail_format(call, "ERR Unrecognized XCLAIM option '%.*s'", (int)word.len, word.data);
        return false;
    }
    if (error.len != 0) {
        (void)call_fail_slice(call, error);
    }
    return error.len == 0;
}

/* What stands behind the ids. */
static bool parse_claim(struct call *call, struct claim *claim)
{
    for (uint32_t i = 5 + claim->ids; i < call->argc; i++) {
        if (!parse_claim_option(call, &i, claim)) {
            return false;
        }
    }
    /* Clients compute times by clocks of their own, so a time that cannot be is no error. */
    if (claim->delivered_ms < 0 || claim->delivered_ms > call->now_ms) {
        claim->delivered_ms = call->now_ms;
    }
    return true;
}

static void claim_ids(struct call *call, struct claim *claim, const struct stream_ids *ids) REQUIRES(shard_held)
{
    struct output_mark mark = reply_open(&call->reply);
    size_t claimed = 0;
    for (uint32_t i = 0; i < ids->count; i++) {
        size_t pairs;
        struct stream_id id = ids->items[i];
        struct stream_pending *pending = stream_group_pending(claim->group, id);
        if (!stream_iterator_find(&claim->iterator, id, &pairs)) {
            /* Deleted from the stream meanwhile: nobody can be to deal with it. */
            call->effects.changes += stream_group_acknowledge(claim->group, id);
            continue;
        }
        if (pending == NULL && claim->is_forced) {
            stream_group_deliver(claim->group, claim->consumer, id, claim->delivered_ms);
            pending = stream_group_pending(claim->group, id);
        } else if (pending == NULL || !is_idle(call, claim, pending)) {
            continue;
        }
        claim_one(call, claim, pending, pairs);
        claimed++;
    }
    reply_close_array(&call->reply, mark, claimed);
}

static enum outcome claim_parsed(struct call *call, struct claim *claim, const struct stream_ids *ids)
    REQUIRES(shard_held)
{
    if (!parse_claim(call, claim)) {
        return OUTCOME_ERROR;
    }
    bool moves = stream_id_compare(claim->last_id, claim->group->last_id) > 0;
    if (moves) {
        claim->group->last_id = claim->last_id;
    }
    claim->consumer = stream_see_consumer(call, claim->stream, claim->group, 1, call->argv[3]);
    stream_iterator_init(&claim->iterator, claim->stream, STREAM_ID_MIN, STREAM_ID_MAX);
    uint32_t before = call->effects.changes;
    claim_ids(call, claim, ids);
    call->effects.changes += moves && call->effects.changes == before;
    return OUTCOME_DONE;
}

static bool xclaim_is_long(struct call *call)
{
    return call->argc > STREAM_SHORT_DELETES + 5;
}

COMMAND_HANDLER(xclaim_command)
{
    void *stream;
    struct claim claim = {.delivered_ms = call->now_ms, .deliveries = -1};
    if (!stream_find_group(call, &stream, &claim.group)) {
        return OUTCOME_ERROR;
    }
    if (claim.group == NULL) {
        return stream_fail_group(call);
    }
    claim.stream = stream;
    if (!number_parse_i64(call->argv[4], &claim.idle_ms)) {
        return call_fail_slice(call, SLICE_LITERAL("ERR Invalid min-idle-time argument for XCLAIM"));
    }
    claim.idle_ms = claim.idle_ms < 0 ? 0 : claim.idle_ms;
    struct stream_ids ids;
    stream_ids_take(call, 5, &ids);
    claim.ids = ids.count;
    enum outcome outcome = claim_parsed(call, &claim, &ids);
    stream_ids_release(&ids);
    return outcome;
}

/* Replies nothing: the error is returned, an empty slice when there is none. */
static struct slice parse_autoclaim(const struct call *call, struct claim *claim, struct stream_id *start,
                                    int64_t *count)
{
    *claim = (struct claim){.delivered_ms = call->now_ms, .deliveries = -1};
    *count = AUTOCLAIM_COUNT;
    if (!number_parse_i64(call->argv[4], &claim->idle_ms)) {
        return SLICE_LITERAL("ERR Invalid min-idle-time argument for XAUTOCLAIM");
    }
    claim->idle_ms = claim->idle_ms < 0 ? 0 : claim->idle_ms;
    struct slice error = stream_parse_end(call->argv[5], true, start);
    for (uint32_t i = 6; error.len == 0 && i < call->argc; i++) {
        if (i + 1 < call->argc && call_argument_is(call, i, "count")) {
            const int64_t max = INT64_MAX / (int64_t)sizeof(struct stream_id);
            if (!number_parse_i64(call->argv[++i], count) || *count < 1 || *count > max) {
                error = SLICE_LITERAL("ERR COUNT must be > 0");
            }
        } else if (call_argument_is(call, i, "justid")) {
            claim->only_ids = true;
        } else {
            error = error_text(ERROR_SYNTAX);
        }
    }
    return error;
}

static bool xautoclaim_is_long(struct call *call) REQUIRES(shard_held)
{
    struct claim claim;
    struct stream_id start;
    int64_t count;
    void *stream;
    if (parse_autoclaim(call, &claim, &start, &count).len != 0 || !stream_peek_group(call, &stream, &claim.group)) {
        return false;
    }
    /* Those claimed stand in the order of the stream, so finding them is cheap. */
    return count > 2 * STREAM_SHORT_DELETES && claim.group->pending.count > 2 * STREAM_SHORT_DELETES;
}

/* Writes the cursor where the reply began, and behind it the ids that were dropped. */
static void autoclaim_close(struct call *call, struct output_mark mark, const struct stream_id *next,
                            const struct buffer *dropped)
{
    struct stream_id cursor = next == NULL ? STREAM_ID_MIN : *next;
    char id[STREAM_ID_TEXT_BYTES];
    char text[STREAM_ID_TEXT_BYTES + 16];
    size_t id_len = stream_id_print(cursor, id);
    int len = snprintf(text, sizeof(text), "$%zu\r\n%.*s\r\n", id_len, (int)id_len, id);
    reply_insert_raw(&call->reply, mark, slice_make(text, (size_t)len));
    size_t count = dropped->len / sizeof(struct stream_id);
    reply_array(&call->reply, count);
    for (size_t i = 0; i < count; i++) {
        struct stream_id each;
        memcpy(&each, dropped->data + i * sizeof(each), sizeof(each));
        stream_reply_id(&call->reply, each);
    }
}

static void autoclaim(struct call *call, struct claim *claim, struct stream_id start, int64_t count)
    REQUIRES(shard_held)
{
    const struct stream_index *index = &claim->group->pending;
    struct stream_index_place place = stream_index_seek(index, start);
    struct stream_pending *pending;
    struct buffer dropped;
    buffer_init(&dropped);
    reply_array(&call->reply, 3);
    struct output_mark mark = reply_open(&call->reply);
    size_t claimed = 0;
    int64_t attempts = count > INT64_MAX / AUTOCLAIM_ATTEMPTS ? INT64_MAX : count * AUTOCLAIM_ATTEMPTS;
    for (; attempts > 0 && count > 0 && (pending = stream_index_at(index, place)) != NULL; attempts--) {
        size_t pairs;
        struct stream_id id = pending->id;
        if (!stream_iterator_find(&claim->iterator, id, &pairs)) {
            stream_group_acknowledge(claim->group, id);
            buffer_append(&dropped, &id, sizeof(id));
            call->effects.changes++;
            place = stream_index_seek(index, id);
            count--;
            continue;
        }
        if (is_idle(call, claim, pending)) {
            claim_one(call, claim, pending, pairs);
            claimed++;
            count--;
        }
        place = stream_index_next(index, place);
    }
    reply_close_array(&call->reply, mark, claimed);
    autoclaim_close(call, mark, stream_index_at(index, place), &dropped);
    buffer_deinit(&dropped);
}

COMMAND_HANDLER(xautoclaim_command)
{
    struct claim claim;
    struct stream_id start;
    int64_t count;
    struct slice error = parse_autoclaim(call, &claim, &start, &count);
    if (error.len != 0) {
        return call_fail_slice(call, error);
    }
    void *stream;
    if (!stream_find_group(call, &stream, &claim.group)) {
        return OUTCOME_ERROR;
    }
    if (claim.group == NULL) {
        return stream_fail_group(call);
    }
    claim.stream = stream;
    claim.consumer = stream_see_consumer(call, claim.stream, claim.group, 1, call->argv[3]);
    stream_iterator_init(&claim.iterator, claim.stream, STREAM_ID_MIN, STREAM_ID_MAX);
    autoclaim(call, &claim, start, count);
    return OUTCOME_DONE;
}

static const char *const nondeterministic_tips[] = {"nondeterministic_output", NULL};
static const struct command_history autoclaim_history[] = {
    {"7.0.0", "Added an element to the reply array, containing deleted entries the command cleared from the PEL"}, {0}};
static const struct command_history pending_history[] = {
    {"6.2.0", "Added the `IDLE` option and exclusive range intervals."}, {0}};

const struct command_row stream_claim_commands[] = {
    {.name = "xautoclaim",
     .handler = xautoclaim_command,
     .arity = -6,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .categories = ACL_STREAM,
     .keys = {{.flags = KEY_RW | KEY_DELETE, .begin = 1, .step = 1}},
     .is_long = xautoclaim_is_long,
     .summary = "Hands what has been pending for long in a group over to one of its consumers.",
     .since = "6.2.0",
     .group = "stream",
     .complexity = "O(COUNT) pending entries are looked at.",
     .tips = nondeterministic_tips,
     .history = autoclaim_history,
     .arguments = "key:key group consumer min-idle-time start count:integer=COUNT? JUSTID?"},
    {.name = "xclaim",
     .handler = xclaim_command,
     .arity = -6,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .categories = ACL_STREAM,
     .keys = {{.flags = KEY_RW | KEY_UPDATE, .begin = 1, .step = 1}},
     .is_long = xclaim_is_long,
     .summary = "Hands entries that are pending in a group over to one of its consumers.",
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(log N) for each id, where N entries are pending.",
     .tips = nondeterministic_tips,
     .arguments = "key:key group consumer min-idle-time id+ ms:integer=IDLE? "
                  "unix-time-milliseconds:unix-time=TIME? count:integer=RETRYCOUNT? FORCE? JUSTID? lastid=LASTID?"},
    {.name = "xpending",
     .handler = xpending_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY,
     .categories = ACL_STREAM,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .is_long = xpending_is_long,
     .summary = "Tells what is pending in a group: how much with whom, or each entry's consumer and deliveries.",
     .since = "5.0.0",
     .group = "stream",
     .complexity = "O(N) for N entries listed, or passed over with IDLE; O(C) for C consumers in the short form.",
     .tips = nondeterministic_tips,
     .history = pending_history,
     .arguments = "key:key group filters:(min-idle-time:integer=IDLE?^6.2.0 start end count:integer consumer?)?"},
    {0},
};

/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages: from the publisher into the mailboxes of the workers that have subscribers, from there to the sessions.
 * Owner: a message belongs to the mailboxes it is in; the last worker frees it. Locks: publishing takes the stripe of
 * the channel, then the patterns; delivering takes the worker's hub. */
#include "internal.h"
#include "sherd/base/glob.h"
#include "sherd/base/number.h"
#include "sherd/exec/broadcast.h"

enum {
    MATCH_STEPS = 4096, /* for one pattern under its lock */
};

/* Shared by all workers it goes to. */
struct message {
    struct broadcast broadcast;
    struct pubsub *pubsub;       /* (c) */
    enum subscription_kind kind; /* (c) */
    uint64_t hash;               /* (c) of the channel */
    uint64_t sequence;           /* (c) */
    struct slice channel;        /* (c) inside the text */
    struct slice text;           /* (c) channel and payload as bulk strings, here or in `body` */
    struct blob *body;           /* (c) of a large message; or NULL */
    char own_text[];
};

static void message_deliver(struct broadcast *broadcast, uint32_t worker);
static void message_end(struct broadcast *broadcast);

static const struct broadcast_kind message_kind = {message_deliver, message_end};

/* How long a bulk string is on the wire. */
static size_t bulk_bytes(size_t len)
{
    return 1 + number_digits_u64(len) + 2 + len + 2;
}

static char *put(char *at, struct slice bytes)
{
    if (bytes.len != 0) {
        memcpy(at, bytes.data, bytes.len);
    }
    return at + bytes.len;
}

/* A bulk string of two parts; returns where it ends. */
static char *put_bulk(char *at, struct slice first, struct slice second)
{
    char digits[NUMBER_I64_BYTES];
    size_t digit_count = number_print_u64(digits, first.len + second.len);
    *at = '$';
    at = put(put(at + 1, slice_make(digits, digit_count)), SLICE_LITERAL("\r\n"));
    return put(put(put(at, first), second), SLICE_LITERAL("\r\n"));
}

/* The channel's name is `prefix` and `rest`. One allocation, unless the message is large. */
static struct message *message_create(struct pubsub *pubsub, enum subscription_kind kind, struct slice prefix,
                                      struct slice rest, struct slice payload)
{
    size_t channel_len = prefix.len + rest.len;
    size_t text_len = bulk_bytes(channel_len) + bulk_bytes(payload.len);
    bool large = text_len >= REPLY_REFERENCE_BYTES;
    struct message *message = broadcast_create(pubsub->exec, sizeof(*message) + (large ? 0 : text_len), &message_kind);
    message->pubsub = pubsub;
    message->kind = kind;
    message->body = large ? blob_create(text_len, text_len) : NULL;
    char *text = large ? message->body->data : message->own_text;
    char *channel_end = put_bulk(text, prefix, rest);
    (void)put_bulk(channel_end, payload, slice_make("", 0));
    message->text = slice_make(text, text_len);
    message->channel = slice_make(channel_end - 2 - channel_len, channel_len);
    message->hash = pubsub_hash(pubsub, kind, message->channel);
    return message;
}

static void message_end(struct broadcast *broadcast)
{
    const struct message *message = CONTAINER_OF(broadcast, struct message, broadcast);
    if (message->body != NULL) {
        blob_release(message->body);
    }
}

/* Notes the workers with subscribers of that channel; returns how many subscriptions there are. */
static uint32_t message_address(struct message *message, const struct channel *channel)
{
    for (uint32_t i = 0; i < message->broadcast.worker_count; i++) {
        if (channel->per_worker[i] != 0) {
            broadcast_address(&message->broadcast, i);
        }
    }
    return channel->total;
}

/* A pattern that takes many steps, matched without a lock. */
struct verdict {
    struct blob *pattern; /* one reference: so no other pattern gets its address */
    bool fits;
};

struct verdicts {
    size_t count;
    struct verdict *list;
};

static const struct verdict *verdict_find(const struct verdicts *verdicts, const struct blob *pattern)
{
    for (size_t i = 0; i < verdicts->count; i++) {
        if (verdicts->list[i].pattern == pattern) {
            return &verdicts->list[i];
        }
    }
    return NULL;
}

/* Takes over the reference. */
static void verdict_reach(struct verdicts *verdicts, struct blob *pattern, struct slice channel)
{
    verdicts->list = memory_resize(verdicts->list, (verdicts->count + 1) * sizeof(verdicts->list[0]));
    verdicts->list[verdicts->count++] = (struct verdict){pattern, glob_match(blob_slice(pattern), channel, false)};
}

static void verdicts_deinit(struct verdicts *verdicts)
{
    for (size_t i = 0; i < verdicts->count; i++) {
        blob_release(verdicts->list[i].pattern);
    }
    memory_free(verdicts->list);
}

static enum glob_outcome pattern_fits(struct blob *pattern, struct slice channel, const struct verdicts *verdicts)
{
    const struct verdict *verdict = verdicts->count == 0 ? NULL : verdict_find(verdicts, pattern);
    if (verdict != NULL) {
        return verdict->fits ? GLOB_FITS : GLOB_DIFFERS;
    }
    size_t steps = MATCH_STEPS;
    return glob_match_within(blob_slice(pattern), channel, false, &steps);
}

/* Patterns that fit the channel. One that cannot be decided in a few steps ends it: *undecided is a reference to it. */
static uint32_t message_address_patterns(struct message *message, struct pubsub *pubsub,
                                         const struct verdicts *verdicts, struct blob **undecided)
{
    uint32_t receivers = 0;
    struct stripe *patterns = &pubsub->patterns;
    spin_acquire(&patterns->lock);
    for (size_t i = 0; i < patterns->channels.cap && *undecided == NULL; i++) {
        for (struct chain_node *node = patterns->channels.heads[i]; node != NULL; node = node->next) {
            const struct channel *pattern = CONTAINER_OF(node, struct channel, node);
            enum glob_outcome outcome = pattern_fits(pattern->name, message->channel, verdicts);
            if (outcome == GLOB_UNDECIDED) {
                *undecided = blob_reference(pattern->name);
                break;
            }
            receivers += outcome == GLOB_FITS ? message_address(message, pattern) : 0;
        }
    }
    spin_release(&patterns->lock);
    return receivers;
}

/* Into the mailboxes; under the channel's lock. */
static void message_send(struct message *message)
{
    message->sequence = atomic_fetch_add_explicit(&message->pubsub->sequence, 1, memory_order_relaxed) + 1;
    broadcast_send(&message->broadcast);
}

/* Addresses and sends; returns how many subscriptions it goes to: 0, and it is the caller's still. An undecided pattern
 * keeps it from being sent. */
static uint32_t message_publish(struct message *message, struct pubsub *pubsub, const struct verdicts *verdicts,
                                struct blob **undecided)
{
    struct stripe *stripe = pubsub_stripe(pubsub, message->kind, message->hash);
    uint32_t receivers = 0;
    spin_acquire(&stripe->lock);
    const struct channel *found = channel_find(stripe, message->hash, message->kind, message->channel);
    if (found != NULL) {
        receivers += message_address(message, found);
    }
    if (message->kind == SUBSCRIPTION_CHANNEL &&
        atomic_load_explicit(&pubsub->patterns.count, memory_order_acquire) != 0) {
        receivers += message_address_patterns(message, pubsub, verdicts, undecided);
    }
    if (receivers != 0 && *undecided == NULL) {
        message_send(message);
    }
    spin_release(&stripe->lock);
    return receivers;
}

/* Does a message to that channel reach anybody, as far as a look without locks tells? */
static bool may_have_receivers(struct pubsub *pubsub, enum subscription_kind kind, struct slice channel)
{
    struct stripe *stripe = pubsub_stripe(pubsub, kind, pubsub_hash(pubsub, kind, channel));
    return atomic_load_explicit(&stripe->count, memory_order_acquire) != 0 ||
           (kind == SUBSCRIPTION_CHANNEL && atomic_load_explicit(&pubsub->patterns.count, memory_order_acquire) != 0);
}

uint32_t pubsub_publish(struct pubsub *pubsub, enum subscription_kind kind, struct slice channel, struct slice payload)
{
    if (!may_have_receivers(pubsub, kind, channel)) {
        return 0;
    }
    struct message *message = message_create(pubsub, kind, slice_make("", 0), channel, payload);
    struct verdicts verdicts = {0};
    struct blob *undecided = NULL;
    uint32_t receivers = message_publish(message, pubsub, &verdicts, &undecided);
    while (undecided != NULL) {
        verdict_reach(&verdicts, undecided, message->channel);
        broadcast_address_nobody(&message->broadcast);
        undecided = NULL;
        receivers = message_publish(message, pubsub, &verdicts, &undecided);
    }
    verdicts_deinit(&verdicts);
    if (receivers == 0) {
        broadcast_destroy(&message->broadcast);
    }
    return receivers;
}

void pubsub_publish_event(struct pubsub *pubsub, struct slice prefix, struct slice rest, struct slice payload)
{
    struct message *message = message_create(pubsub, SUBSCRIPTION_CHANNEL, prefix, rest, payload);
    struct stripe *stripe = pubsub_stripe(pubsub, message->kind, message->hash);
    spin_acquire(&stripe->lock);
    const struct channel *found = channel_find(stripe, message->hash, message->kind, message->channel);
    if (found != NULL) {
        (void)message_address(message, found);
    }
    for (uint32_t i = 0; i < message->broadcast.worker_count; i++) {
        if (atomic_load_explicit(&pubsub->hubs[i].event_patterns, memory_order_relaxed) != 0) {
            broadcast_address(&message->broadcast, i);
        }
    }
    bool has_receivers = message->broadcast.addressed != 0;
    if (has_receivers) {
        message_send(message);
    }
    spin_release(&stripe->lock);
    if (!has_receivers) {
        broadcast_destroy(&message->broadcast);
    }
}

/* Written into the turn's output once for all sessions of a protocol. */
struct shared_push {
    struct output *out;
    struct output_range resp2, resp3; /* empty: not yet there */
};

static const struct output_range *shared_bytes(struct shared_push *shared, const struct message *message,
                                               const struct session *session, struct slice head)
{
    struct output *out = shared->out;
    struct output_range *range = session->resp == 3 ? &shared->resp3 : &shared->resp2;
    if (range->begin == range->end) {
        size_t inserts = out->insert_count;
        *range = (struct output_range){.begin = out->bytes.len, .insert_begin = inserts, .insert_end = inserts};
        buffer_append(&out->bytes, session->resp == 3 ? ">" : "*", 1);
        buffer_append_slice(&out->bytes, head);
        buffer_append_slice(&out->bytes, message->text);
        range->end = out->bytes.len;
    }
    return range;
}

/* A long message is copied for nobody. */
static void push_reference(const struct message *message, struct session *session, struct slice head)
{
    struct output *out = session_push_output(session);
    buffer_append(&out->bytes, session->resp == 3 ? ">" : "*", 1);
    buffer_append_slice(&out->bytes, head);
    broadcast_push(session, message->body);
}

static void push_to_all(const struct message *message, const struct audience *audience, struct slice head)
{
    struct shared_push shared = {.out = NULL};
    for (const struct subscription *to = audience->first; to != NULL; to = to->next) {
        struct session *session = to->session;
        if (message->sequence <= to->since) {
            continue;
        }
        if (message->body != NULL) {
            push_reference(message, session, head);
        } else {
            shared.out = &session->worker->out; /* all of them are of one worker */
            session_push_shared(session, *shared_bytes(&shared, message, session, head));
        }
        session->sink->pushed(session);
    }
}

static void deliver_patterns(const struct message *message, const struct hub *hub)
{
    for (size_t i = 0; i < hub->patterns.cap; i++) {
        for (struct chain_node *node = hub->patterns.heads[i]; node != NULL; node = node->next) {
            const struct audience *pattern = CONTAINER_OF(node, struct audience, node);
            if (glob_match(blob_slice(pattern->name), message->channel, false)) {
                struct buffer head;
                buffer_init(&head);
                struct slice name = blob_slice(pattern->name);
                buffer_append_slice(&head, SLICE_LITERAL("4\r\n$8\r\npmessage\r\n"));
                buffer_reserve(&head, bulk_bytes(name.len));
                head.len = (size_t)(put_bulk(head.data + head.len, name, slice_make("", 0)) - head.data);
                push_to_all(message, pattern, buffer_slice(&head));
                buffer_deinit(&head);
            }
        }
    }
}

static void message_deliver(struct broadcast *broadcast, uint32_t worker)
{
    const struct message *message = CONTAINER_OF(broadcast, struct message, broadcast);
    struct hub *hub = &message->pubsub->hubs[worker];
    bool is_shard = message->kind == SUBSCRIPTION_SHARD;
    spin_acquire(&hub->lock);
    const struct audience *audience = audience_find(hub, message->hash, message->kind, message->channel);
    if (audience != NULL) {
        push_to_all(message, audience,
                    is_shard ? SLICE_LITERAL("3\r\n$8\r\nsmessage\r\n") : SLICE_LITERAL("3\r\n$7\r\nmessage\r\n"));
    }
    if (!is_shard) {
        deliver_patterns(message, hub);
    }
    spin_release(&hub->lock);
}

uint32_t pubsub_subscribers(struct pubsub *pubsub, enum subscription_kind kind, struct slice name)
{
    uint64_t hash = pubsub_hash(pubsub, kind, name);
    struct stripe *stripe = pubsub_stripe(pubsub, kind, hash);
    spin_acquire(&stripe->lock);
    const struct channel *channel = channel_find(stripe, hash, kind, name);
    uint32_t total = channel == NULL ? 0 : channel->total;
    spin_release(&stripe->lock);
    return total;
}

static void collect(struct stripe *stripe, enum subscription_kind kind, struct slice pattern, struct buffer *found)
{
    bool all = slice_equals(pattern, SLICE_LITERAL("*"));
    spin_acquire(&stripe->lock);
    for (size_t i = 0; i < stripe->channels.cap; i++) {
        for (struct chain_node *node = stripe->channels.heads[i]; node != NULL; node = node->next) {
            const struct channel *channel = CONTAINER_OF(node, struct channel, node);
            if (channel->kind == kind && (all || glob_match(pattern, blob_slice(channel->name), false))) {
                struct blob *name = blob_reference(channel->name);
                buffer_append(found, (const char *)&name, sizeof(name));
            }
        }
    }
    spin_release(&stripe->lock);
}

struct blob **pubsub_channels(struct pubsub *pubsub, enum subscription_kind kind, struct slice pattern, size_t *count)
{
    struct buffer found;
    buffer_init(&found);
    for (uint32_t i = 0; i < PUBSUB_STRIPES; i++) {
        collect(&pubsub->stripes[i], kind, pattern, &found);
    }
    *count = found.len / sizeof(struct blob *);
    return (struct blob **)(void *)found.data;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages: from the publisher into the mailboxes of the workers that have subscribers, from there to the sessions.
 * Owner: a message belongs to the mailboxes it is in; the last worker frees it. Locks: publishing takes the stripe of
 * the channel, then the patterns; delivering takes the worker's hub. */
#include "internal.h"
#include "sherd/base/glob.h"
#include "sherd/base/number.h"
#include "sherd/exec/broadcast.h"

/* Shared by all workers it goes to. */
struct message {
    struct broadcast broadcast;
    struct pubsub *pubsub;       /* (c) */
    enum subscription_kind kind; /* (c) */
    uint64_t hash;               /* (c) of the channel */
    uint64_t sequence;           /* (c) */
    struct slice channel;        /* (c) inside body */
    struct blob *body;           /* (c) channel and payload as bulk strings */
};

static void message_deliver(struct broadcast *broadcast, uint32_t worker);
static void message_end(struct broadcast *broadcast);

static const struct broadcast_kind message_kind = {message_deliver, message_end};

/* How long a bulk string is on the wire. */
static size_t bulk_bytes(struct slice bytes)
{
    return 1 + number_digits_u64(bytes.len) + 2 + bytes.len + 2;
}

/* Writes a bulk string; returns where it ends. */
static char *bulk_write(char *at, struct slice bytes)
{
    char number[NUMBER_I64_BYTES];
    size_t digits = number_print_u64(number, bytes.len);
    *at++ = '$';
    memcpy(at, number, digits);
    at += digits;
    memcpy(at, "\r\n", 2);
    memcpy(at + 2, bytes.data, bytes.len);
    at += 2 + bytes.len;
    memcpy(at, "\r\n", 2);
    return at + 2;
}

static struct message *message_create(struct pubsub *pubsub, enum subscription_kind kind, struct slice channel,
                                      struct slice payload)
{
    struct message *message = broadcast_create(pubsub->exec, sizeof(*message), &message_kind);
    message->pubsub = pubsub;
    message->kind = kind;
    size_t body_bytes = bulk_bytes(channel) + bulk_bytes(payload);
    message->body = blob_create(body_bytes, body_bytes);
    char *channel_end = bulk_write(message->body->data, channel);
    message->channel = slice_make(channel_end - 2 - channel.len, channel.len);
    (void)bulk_write(channel_end, payload);
    return message;
}

static void message_end(struct broadcast *broadcast)
{
    blob_release(CONTAINER_OF(broadcast, struct message, broadcast)->body);
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

/* Patterns that fit the channel. */
static uint32_t message_address_patterns(struct message *message, struct pubsub *pubsub)
{
    uint32_t receivers = 0;
    struct stripe *patterns = &pubsub->patterns;
    spin_acquire(&patterns->lock);
    for (size_t i = 0; i < patterns->channels.cap; i++) {
        for (struct chain_node *node = patterns->channels.heads[i]; node != NULL; node = node->next) {
            const struct channel *pattern = CONTAINER_OF(node, struct channel, node);
            if (glob_match(blob_slice(pattern->name), message->channel, false)) {
                receivers += message_address(message, pattern);
            }
        }
    }
    spin_release(&patterns->lock);
    return receivers;
}

uint32_t pubsub_publish(struct pubsub *pubsub, enum subscription_kind kind, struct slice channel, struct slice payload)
{
    uint64_t hash = pubsub_hash(pubsub, kind, channel);
    struct stripe *stripe = pubsub_stripe(pubsub, kind, hash);
    bool may_fit =
        kind == SUBSCRIPTION_CHANNEL && atomic_load_explicit(&pubsub->patterns.count, memory_order_acquire) != 0;
    if (!may_fit && atomic_load_explicit(&stripe->count, memory_order_acquire) == 0) {
        return 0;
    }
    struct message *message = message_create(pubsub, kind, channel, payload);
    message->hash = hash;
    uint32_t receivers = 0;
    spin_acquire(&stripe->lock);
    const struct channel *found = channel_find(stripe, hash, kind, channel);
    if (found != NULL) {
        receivers += message_address(message, found);
    }
    if (may_fit) {
        receivers += message_address_patterns(message, pubsub);
    }
    if (receivers != 0) {
        message->sequence = atomic_fetch_add_explicit(&pubsub->sequence, 1, memory_order_relaxed) + 1;
        broadcast_send(&message->broadcast);
    }
    spin_release(&stripe->lock);
    if (receivers == 0) {
        broadcast_destroy(&message->broadcast);
    }
    return receivers;
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
        buffer_append_slice(&out->bytes, blob_slice(message->body));
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
        if (message->body->len >= REPLY_REFERENCE_BYTES) {
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
                buffer_reserve(&head, bulk_bytes(name));
                head.len = (size_t)(bulk_write(head.data + head.len, name) - head.data);
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

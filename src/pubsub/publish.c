/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages: from the publisher into the mailboxes of the workers that have subscribers, from there to the sessions.
 * Owner: a message belongs to the mailboxes it is in; the last worker frees it. Locks: publishing takes the stripe of
 * the channel, then the patterns; delivering takes the worker's hub. */
#include "internal.h"
#include "sherd/base/glob.h"

struct message;

/* The message in one worker's mailbox. */
struct message_mail {
    struct mail mail;
    struct message *message;
    struct hub *hub; /* NULL: that worker has no subscriber */
};

/* Shared by all workers it goes to. */
struct message {
    _Atomic uint32_t references; /* (a) mails that are under way */
    uint32_t worker_count;       /* (c) */
    enum subscription_kind kind; /* (c) */
    uint64_t hash;               /* (c) of the channel */
    uint64_t sequence;           /* (c) */
    struct slice channel;        /* (c) inside body */
    struct blob *body;           /* (c) channel and payload as bulk strings */
    struct message_mail mails[]; /* by worker */
};

static void deliver(struct mail *mail, void *receiver);

static void append_bulk(struct buffer *out, struct slice bytes)
{
    buffer_printf(out, "$%zu\r\n", bytes.len);
    buffer_append_slice(out, bytes);
    buffer_append(out, "\r\n", 2);
}

static struct message *message_create(struct exec *exec, enum subscription_kind kind, struct slice channel,
                                      struct slice payload)
{
    uint32_t workers = atomic_load_explicit(&exec->worker_count, memory_order_acquire);
    struct message *message = memory_alloc_zeroed(sizeof(*message) + workers * sizeof(message->mails[0]));
    struct buffer body;
    buffer_init(&body);
    append_bulk(&body, channel);
    size_t channel_end = body.len - 2;
    append_bulk(&body, payload);
    message->worker_count = workers;
    message->kind = kind;
    message->body = blob_from_slice(buffer_slice(&body));
    message->channel = slice_make(message->body->data + channel_end - channel.len, channel.len);
    buffer_deinit(&body);
    return message;
}

static void message_free(struct message *message)
{
    blob_release(message->body);
    memory_free(message);
}

/* Notes the workers with subscribers of that channel; returns how many subscriptions there are. */
static uint32_t message_address(struct message *message, struct pubsub *pubsub, const struct channel *channel)
{
    for (uint32_t i = 0; i < message->worker_count; i++) {
        struct message_mail *mail = &message->mails[i];
        if (channel->per_worker[i] != 0 && mail->hub == NULL) {
            *mail = (struct message_mail){.mail = {.deliver = deliver}, .message = message, .hub = &pubsub->hubs[i]};
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
                receivers += message_address(message, pubsub, pattern);
            }
        }
    }
    spin_release(&patterns->lock);
    return receivers;
}

/* Into the mailboxes; under the channel's lock. */
static void message_send(struct message *message, struct pubsub *pubsub)
{
    uint32_t mails = 0;
    for (uint32_t i = 0; i < message->worker_count; i++) {
        mails += message->mails[i].hub != NULL;
    }
    message->sequence = atomic_fetch_add_explicit(&pubsub->sequence, 1, memory_order_relaxed) + 1;
    atomic_store_explicit(&message->references, mails, memory_order_relaxed);
    uint32_t workers = message->worker_count;
    for (uint32_t i = 0; i < workers && mails != 0; i++) {
        if (message->mails[i].hub != NULL) {
            mails--; /* with the last mail the message may be gone */
            const struct exec_worker *worker = atomic_load_explicit(&pubsub->exec->workers[i], memory_order_acquire);
            mailbox_send(worker->box, &message->mails[i].mail);
        }
    }
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
    struct message *message = message_create(pubsub->exec, kind, channel, payload);
    message->hash = hash;
    uint32_t receivers = 0;
    spin_acquire(&stripe->lock);
    const struct channel *found = channel_find(stripe, hash, kind, channel);
    if (found != NULL) {
        receivers += message_address(message, pubsub, found);
    }
    if (may_fit) {
        receivers += message_address_patterns(message, pubsub);
    }
    if (receivers != 0) {
        message_send(message, pubsub);
    }
    spin_release(&stripe->lock);
    if (receivers == 0) {
        message_free(message);
    }
    return receivers;
}

static void push_to(const struct message *message, const struct subscription *to, struct slice head)
{
    if (message->sequence <= to->since) {
        return;
    }
    struct session *session = to->session;
    struct output *out = session_push_output(session);
    buffer_append(&out->bytes, session->resp == 3 ? ">" : "*", 1);
    buffer_append_slice(&out->bytes, head);
    if (message->body->len >= REPLY_REFERENCE_BYTES) {
        output_insert_blob(out, blob_reference(message->body));
    } else {
        buffer_append_slice(&out->bytes, blob_slice(message->body));
    }
    session->sink->pushed(session);
}

static void push_to_all(const struct message *message, const struct audience *audience, struct slice head)
{
    for (const struct subscription *to = audience->first; to != NULL; to = to->next) {
        push_to(message, to, head);
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
                buffer_printf(&head, "4\r\n$8\r\npmessage\r\n");
                append_bulk(&head, blob_slice(pattern->name));
                push_to_all(message, pattern, buffer_slice(&head));
                buffer_deinit(&head);
            }
        }
    }
}

static void deliver(struct mail *mail, void *receiver)
{
    (void)receiver;
    const struct message_mail *own = CONTAINER_OF(mail, struct message_mail, mail);
    struct message *message = own->message;
    struct hub *hub = own->hub;
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
    if (atomic_fetch_sub_explicit(&message->references, 1, memory_order_acq_rel) == 1) {
        message_free(message);
    }
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

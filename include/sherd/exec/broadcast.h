/* SPDX-License-Identifier: BSD-3-Clause */
/* One message for several workers: it is made once, stands in the mailbox of each of them, and goes away with the last
 * delivery. What is sent under one lock arrives everywhere in one order.
 * Owner: whoever made it, until it is sent; then the mailboxes. Locks: none here. */
#ifndef SHERD_EXEC_BROADCAST_H
#define SHERD_EXEC_BROADCAST_H

#include "sherd/base/blob.h"
#include "sherd/sync/mailbox.h"

struct broadcast;
struct broadcast_mail;
struct exec;
struct session;

/* What is common to messages of a kind. */
struct broadcast_kind {
    /* On each worker that it was addressed to, inside a turn of it. */
    void (*deliver)(struct broadcast *broadcast, uint32_t worker);
    /* Gives back what the message refers to, not its own memory. */
    void (*end)(struct broadcast *broadcast);
};

/* The first member of a message. */
struct broadcast {
    const struct broadcast_kind *kind; /* (c) */
    struct exec *exec;                 /* (c) */
    struct broadcast_mail *mails;      /* (c) one for each worker, behind the message */
    uint32_t worker_count;             /* (c) */
    uint32_t addressed;                /* by whoever made it: mails that will be sent */
    _Atomic uint32_t references;       /* (a) mails that are under way */
};

/* A message of `bytes`, its struct broadcast included; the rest of it is 0. */
NODISCARD void *broadcast_create(struct exec *exec, size_t bytes, const struct broadcast_kind *kind);
/* A message that was not sent. */
void broadcast_destroy(struct broadcast *broadcast);
/* The worker of that index (exec_worker.index; it has a mailbox) is to get it; once more changes nothing. */
void broadcast_address(struct broadcast *broadcast, uint32_t worker);
/* Takes all addresses back. */
void broadcast_address_nobody(struct broadcast *broadcast);
/* Into the mailboxes; it was addressed to somebody, and is not to be touched any more. */
void broadcast_send(struct broadcast *broadcast);

/* Writes a part of a message where the session's pushes go: a long one by reference. By the session's worker, outside a
 * batch; then call sink->pushed. */
void broadcast_push(struct session *session, struct blob *part);

#endif

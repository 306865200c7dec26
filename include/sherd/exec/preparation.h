/* SPDX-License-Identifier: BSD-3-Clause */
/* Copying that is done while no shard is held. A handler that needs many bytes copied or cleared asks for them before
 * it changes or replies anything, and returns OUTCOME_PREPARE; dispatch frees the shards, makes the blobs (the larger
 * ones on an executor) and runs the call again, which then finds them here:
 *
 *   none --handler asks--> wanted --dispatch copies--> made --handler takes--> none
 *
 * A copy of a value is worth something only while its key still holds that value: the part keeps a reference, so that
 * nobody changes the value in place. When another value stands there the handler asks again, and after a few times the
 * call is given possession of its shards.
 * Owner: the session; its executor while the blobs are made there. Locks: parts are asked for and taken under the
 * shards of the call, and made without any. */
#ifndef SHERD_EXEC_PREPARATION_H
#define SHERD_EXEC_PREPARATION_H

#include "sherd/exec/call.h"
#include "sherd/sync/mailbox.h"

struct preparation_part {
    uint32_t argument;   /* whose blob it is; 0: of an edited value */
    struct slice bytes;  /* what the blob begins with: an argument, or the bytes of `source` */
    struct blob *source; /* the value that is edited, with a reference; NULL: an argument, or a value that is no blob */
    size_t len;          /* of the blob; zero behind `bytes` */
    size_t cap;
    struct blob *made; /* NULL until dispatch has been there, and once it was taken */
};

struct preparation {
    struct mail mail; /* to an executor */
    struct session *session;
    struct executor *executor;
    bool made;
    unsigned tries;     /* how often an edited value was another one by then */
    uint32_t next_take; /* parts are taken in the order in which they were asked for */
    uint32_t count;
    uint32_t cap;
    struct preparation_part *parts; /* `first` while there is one */
    struct preparation_part first;
};

enum {
    PREPARATION_TRIES = 3,
    PREPARATION_HERE_BYTES = 1024 * 1024, /* more is made by an executor; receiving so much took the worker longer */
};

/* For values that are stored as they come: asks for the blob of an argument. True when it is there. */
NODISCARD bool preparation_value(struct call *call, uint32_t argument);
/* The blob that a large argument was received into, with a reference for the caller; NULL when the argument stands
 * among others. Storing it saves the copy. */
NODISCARD struct blob *call_share_argument(const struct call *call, uint32_t argument);
/* Makes all that was asked for. */
void preparation_make(struct preparation *preparation) EXCLUDES(shard_held);
/* Too much for a worker's turn? */
bool preparation_is_long(const struct preparation *preparation);
/* Lets go of what is left, if anything. By the session's worker. */
void preparation_discard(struct session *session) EXCLUDES(shard_held);

/* Is argument `argument`, a string to be stored, ready for call_set_value? On false return OUTCOME_PREPARE; nothing may
 * have been changed or replied by then. */
NODISCARD static ALWAYS_INLINE bool call_value_ready(struct call *call, uint32_t argument)
{
    return LIKELY(call->argv[argument].len <= ENTRY_EMBED_MAX_BYTES) || preparation_value(call, argument);
}

/* Stores an argument as keyref_set_string does. */
void call_set_large(struct call *call, struct keyref *ref, uint32_t argument, int64_t deadline_ms) REQUIRES(shard_held);
static ALWAYS_INLINE void call_set_value(struct call *call, struct keyref *ref, uint32_t argument, int64_t deadline_ms)
    REQUIRES(shard_held)
{
    if (LIKELY(call->argv[argument].len <= ENTRY_EMBED_MAX_BYTES)) {
        keyref_set_string(ref, call->argv[argument], deadline_ms);
    } else {
        call_set_large(call, ref, argument, deadline_ms);
    }
}

/* As keyref_edit_string, with the copying done while the shard is free. NULL: return OUTCOME_PREPARE; nothing may have
 * been changed or replied by then. `ref` is a string or missing, `len` not less than it has. */
NODISCARD char *call_edit_string(struct call *call, struct keyref *ref, size_t len) REQUIRES(shard_held);

#endif

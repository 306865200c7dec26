/* SPDX-License-Identifier: BSD-3-Clause */
/* What handlers ask dispatch to copy.
 * Owner: the session. Locks: none taken; asking and taking happen under the shards of the call. */
#include "sherd/exec/preparation.h"

#include "sherd/exec/exec.h"

enum {
    EDIT_HERE_BYTES = 64 * 1024,    /* so much is copied or cleared under the lock: about 10 us */
    EDIT_SPARE_BYTES = 1024 * 1024, /* at most; appends come in rows */
};

static struct preparation *preparation_of(struct call *call)
{
    struct session *session = call->session;
    if (session->preparation == NULL) {
        struct preparation *fresh = memory_alloc(sizeof(*fresh));
        *fresh = (struct preparation){.session = session, .cap = 1};
        fresh->parts = &fresh->first;
        session->preparation = fresh;
        session_change(session, 0, SESSION_PREPARED);
    }
    return session->preparation;
}

static struct preparation_part *part_add(struct preparation *preparation)
{
    if (preparation->count == preparation->cap) {
        uint32_t cap = preparation->cap * 4;
        struct preparation_part *old = preparation->parts == &preparation->first ? NULL : preparation->parts;
        struct preparation_part *parts = memory_resize(old, cap * sizeof(*parts));
        if (old == NULL) {
            parts[0] = preparation->first;
        }
        preparation->parts = parts;
        preparation->cap = cap;
    }
    struct preparation_part *part = &preparation->parts[preparation->count++];
    *part = (struct preparation_part){0};
    return part;
}

static void part_release(struct preparation_part *part)
{
    if (part->source != NULL) {
        blob_release(part->source);
    }
    if (part->made != NULL) {
        blob_release(part->made);
    }
}

void preparation_discard(struct session *session)
{
    struct preparation *preparation = session->preparation;
    session_change(session, SESSION_PREPARED, 0);
    session->preparation = NULL;
    if (preparation == NULL) {
        return;
    }
    for (uint32_t i = 0; i < preparation->count; i++) {
        part_release(&preparation->parts[i]);
    }
    if (preparation->parts != &preparation->first) {
        memory_free(preparation->parts);
    }
    memory_free(preparation);
}

bool preparation_is_long(const struct preparation *preparation)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < preparation->count; i++) {
        bytes += preparation->parts[i].len;
    }
    return bytes > PREPARATION_HERE_BYTES;
}

void preparation_make(struct preparation *preparation)
{
    for (uint32_t i = 0; i < preparation->count; i++) {
        struct preparation_part *part = &preparation->parts[i];
        part->made = blob_create(part->len, part->cap);
        if (part->bytes.len != 0) {
            memcpy(part->made->data, part->bytes.data, part->bytes.len);
        }
        memset(part->made->data + part->bytes.len, 0, part->len - part->bytes.len);
    }
    preparation->made = true;
}

/* For possessed shards no worker spins: what is missing is copied there and then. */
static bool may_copy(const struct call *call)
{
    return call->locks.possessed;
}

static bool is_blob(const struct call *call, uint32_t argument)
{
    const struct blob *blob = call->session->argument;
    return blob != NULL && blob->data == call->argv[argument].data;
}

struct blob *call_share_argument(const struct call *call, uint32_t argument)
{
    return is_blob(call, argument) ? blob_reference(call->session->argument) : NULL;
}

bool preparation_value(struct call *call, uint32_t argument)
{
    if (is_blob(call, argument) || may_copy(call)) {
        return true;
    }
    struct preparation *preparation = preparation_of(call);
    if (preparation->made) {
        return true;
    }
    struct preparation_part *part = part_add(preparation);
    part->argument = argument;
    part->bytes = call->argv[argument];
    part->len = part->bytes.len;
    part->cap = part->len;
    return false;
}

void call_set_large(struct call *call, struct keyref *ref, uint32_t argument, int64_t deadline_ms)
{
    struct blob *blob = call_share_argument(call, argument);
    struct preparation *preparation = call->session->preparation;
    while (blob == NULL && preparation != NULL && preparation->next_take < preparation->count) {
        struct preparation_part *part = &preparation->parts[preparation->next_take++];
        if (part->argument == argument) {
            blob = part->made;
            part->made = NULL;
        }
    }
    if (blob == NULL) {
        blob = blob_from_slice(call->argv[argument]);
    }
    keyref_set_blob(ref, blob, deadline_ms);
}

static struct blob *ref_blob(const struct keyref *ref)
{
    return ref->entry != NULL && ref->entry->form == ENTRY_BLOB ? entry_object(ref->entry) : NULL;
}

/* As part_release, under the lock. */
static void part_discard(struct call *call, struct preparation_part *part)
{
    struct garbage *garbage = &call->worker->garbage;
    if (part->source != NULL) {
        garbage_add(garbage, GARBAGE_VALUE, VALUE_STRING, part->source);
    }
    if (part->made != NULL) {
        garbage_add(garbage, GARBAGE_VALUE, VALUE_STRING, part->made);
    }
}

/* Asks for a copy of the value with room for `len` bytes. */
static void edit_ask(struct call *call, const struct keyref *ref, size_t len)
{
    struct preparation *preparation = preparation_of(call);
    if (preparation->made) {
        ASSERT(preparation->count == 1);
        part_discard(call, &preparation->parts[0]); /* another value stands there by now */
        preparation->count = 0;
        preparation->made = false;
        preparation->tries++;
    }
    struct preparation_part *part = part_add(preparation);
    part->len = len;
    part->cap = len;
    struct blob *blob = ref_blob(ref);
    if (blob != NULL) {
        part->source = blob_reference(blob);
        part->bytes = blob_slice(blob);
    }
    if (ref->entry != NULL) {
        part->cap += len < EDIT_SPARE_BYTES ? len : EDIT_SPARE_BYTES;
    }
}

/* Puts a copy that was made of the value in its place. */
static char *edit_take(struct preparation_part *part, struct keyref *ref, size_t len) REQUIRES(shard_held)
{
    struct blob *made = part->made;
    part->made = NULL;
    if (part->source == NULL && ref->entry != NULL) {
        char digits[24];
        struct slice old = entry_string(ref->entry, digits);
        memcpy(made->data, old.data, old.len);
    }
    if (len > made->len) {
        memset(made->data + made->len, 0, len - made->len);
    }
    made->len = len;
    keyref_set_blob(ref, made, DEADLINE_KEEP);
    return made->data;
}

char *call_edit_string(struct call *call, struct keyref *ref, size_t len)
{
    struct blob *blob = ref_blob(ref);
    bool in_place = blob != NULL && blob_is_sole(blob) && blob->cap >= len;
    if (LIKELY(len <= EDIT_HERE_BYTES) || in_place || may_copy(call)) {
        return keyref_edit_string(ref, len);
    }
    struct preparation *preparation = call->session->preparation;
    if (preparation != NULL && preparation->made) {
        struct preparation_part *part = &preparation->parts[0];
        if (part->source == blob && part->made != NULL && part->made->cap >= len) {
            return edit_take(part, ref, len);
        }
    }
    edit_ask(call, ref, len);
    return NULL;
}

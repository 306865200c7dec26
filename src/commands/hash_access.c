/* SPDX-License-Identifier: BSD-3-Clause */
/* What the hash commands share.
 * Owner: nobody, there is no state. Locks: none taken; dispatch holds the keys' shards. */
#include "hash_access.h"

#include "sherd/commands/options.h"
#include "sherd/exec/exec.h"

struct hash_limits hash_call_limits(const struct call *call)
{
    const struct commands_state *state = call->context;
    const struct commands_options *options = call_options(call, state->config_slot);
    return (struct hash_limits){.listpack_entries = (size_t)options->hash_max_listpack_entries,
                                .listpack_value_bytes = (size_t)options->hash_max_listpack_value,
                                .hash_key = &call->worker->exec->keyspace->hash_key};
}

bool hash_read(struct call *call, const struct hash **hash)
{
    void *object;
    bool fits = call_read_object(call, 1, VALUE_HASH, &object);
    *hash = object;
    return fits;
}

const struct hash *hash_peek(struct call *call)
{
    void *object;
    return call_peek_object(call, 1, VALUE_HASH, &object) ? object : NULL;
}

bool hash_write(struct call *call, struct hash_change *change)
{
    void *object;
    change->call = call;
    if (!call_write_object(call, 1, VALUE_HASH, &change->ref, &object)) {
        return false;
    }
    change->hash = object;
    change->deadline_ms = object == NULL ? HASH_NEVER : hash_next_deadline_ms(object);
    change->limits = hash_call_limits(call);
    return true;
}

void hash_ensure(struct hash_change *change)
{
    if (change->hash == NULL) {
        change->hash = hash_create();
        keyref_set_object(&change->ref, VALUE_HASH, change->hash, DEADLINE_NONE);
    }
}

bool hash_put(struct hash_change *change, struct slice field, struct slice value, int64_t deadline_ms)
{
    struct hash_setting setting = {
        .limits = &change->limits, .now_ms = change->call->now_ms, .deadline_ms = deadline_ms};
    return hash_set(change->hash, field, value, &setting);
}

void hash_note(struct hash_change *change, uint64_t count, const char *event)
{
    if (count != 0) {
        call_changed(change->call, &change->ref, EVENT_HASH, event);
        change->call->effects.changes += (uint32_t)(count - 1);
    }
}

void hash_finish(struct hash_change *change)
{
    if (UNLIKELY(hash_length(change->hash) == 0)) {
        keyref_remove(&change->ref);
        call_changed_event(change->call, &change->ref, EVENT_GENERIC, "del");
    } else if (UNLIKELY(change->deadline_ms != HASH_NEVER || hash_timed(change->hash) != 0)) {
        keyref_retime(&change->ref, change->deadline_ms);
    }
}

void hash_changed(struct hash_change *change, uint64_t count, const char *event)
{
    hash_note(change, count, event);
    hash_finish(change);
}

void hash_reply_value(struct reply *reply, const struct hash_value *value)
{
    if (UNLIKELY(value->blob != NULL)) {
        reply_bulk_blob(reply, value->blob);
    } else {
        reply_bulk(reply, value->text);
    }
}

void hash_reply_field(struct call *call, const struct hash *hash, struct slice field)
{
    struct hash_value value;
    if (hash != NULL && hash_get(hash, field, call->now_ms, &value)) {
        hash_reply_value(&call->reply, &value);
    } else {
        reply_null(&call->reply);
    }
}

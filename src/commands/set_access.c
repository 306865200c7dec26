/* SPDX-License-Identifier: BSD-3-Clause */
/* What the set commands share.
 * Owner: nobody, there is no state. Locks: none taken; dispatch holds the keys' shards. */
#include "set_access.h"

#include "sherd/commands/options.h"

struct set_limits set_call_limits(const struct call *call)
{
    const struct commands_state *state = call->context;
    const struct commands_options *options = call_options(call, state->config_slot);
    return (struct set_limits){.intset_entries = (size_t)options->set_max_intset_entries,
                               .listpack_entries = (size_t)options->set_max_listpack_entries,
                               .listpack_value_bytes = (size_t)options->set_max_listpack_value,
                               .hash_key = &call->worker->exec->keyspace->hash_key};
}

bool set_read(struct call *call, const struct set **set)
{
    void *object;
    bool fits = call_read_object(call, 1, VALUE_SET, &object);
    *set = object;
    return fits;
}

bool set_write(struct call *call, uint32_t argument, struct set_change *change)
{
    void *object;
    bool fits = call_write_object(call, argument, VALUE_SET, &change->ref, &object);
    change->set = object;
    return fits;
}

void set_changed(struct call *call, struct set_change *change, uint64_t count, const char *event)
{
    call_changed(call, &change->ref, EVENT_SET, event);
    call->effects.changes += (uint32_t)(count - 1);
    if (UNLIKELY(set_count(change->set) == 0)) {
        keyref_remove(&change->ref);
        call_changed_event(call, &change->ref, EVENT_GENERIC, "del");
    }
}

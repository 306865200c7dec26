/* SPDX-License-Identifier: BSD-3-Clause */
/* Results of SORT as a list.
 * Owner: the handler's stack. Locks: none taken; the destination's shard is held. */
#include "sort_store.h"

#include "list_access.h"

void sort_store_init(struct sort_store *store, struct call *call)
{
    *store = (struct sort_store){.call = call, .limits = list_limits_of(call), .list = list_create()};
}

void sort_store_push(struct sort_store *store, struct slice text)
{
    list_will_grow(store->list, &store->limits, text.len, 1);
    list_push(store->list, QUICKLIST_BACK, (struct quicklist_source){.text = text});
    store->count++;
}

uint64_t sort_store_finish(struct sort_store *store, uint32_t argument)
{
    struct keyref ref;
    bool exists = call_write(store->call, argument, &ref);
    if (store->count != 0) {
        keyref_set_object(&ref, VALUE_LIST, store->list, DEADLINE_NONE);
        call_changed(store->call, &ref, EVENT_LIST, "sortstore");
        store->call->effects.changes += (uint32_t)(store->count - 1);
        return store->count;
    }
    list_destroy(store->list);
    if (exists) {
        keyref_remove(&ref);
        call_changed(store->call, &ref, EVENT_GENERIC, "del");
    }
    return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The sources of ZUNION and its kin.
 * Owner: the handler's stack. Locks: none taken; the sources' shards are held. */
#include "zset_sources.h"

bool zset_source_read(struct call *call, uint32_t argument, struct zset_source *source)
{
    struct keyref ref;
    *source = (struct zset_source){.weight = 1};
    if (!call_read(call, argument, &ref)) {
        return true;
    }
    if (ref.entry->type != VALUE_ZSET) {
        (void)call_fail(call, ERROR_WRONGTYPE);
        return false;
    }
    source->zset = entry_object(ref.entry);
    source->count = zset_count(source->zset);
    return true;
}

bool zset_source_find(const struct zset_source *source, struct slice member, double *score)
{
    return source->zset != NULL && zset_score(source->zset, member, score);
}

void zset_source_walk_init(struct zset_source_walk *walk, const struct zset_source *source)
{
    walk->is_empty = source->count == 0;
    if (!walk->is_empty) {
        zset_iterator_init(&walk->zset, source->zset, 0, false);
    }
}

bool zset_source_walk_next(struct zset_source_walk *walk, struct zset_element *element)
{
    return !walk->is_empty && zset_iterator_next(&walk->zset, element);
}

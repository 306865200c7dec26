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
    if (ref.entry->type == VALUE_ZSET) {
        source->zset = entry_object(ref.entry);
        source->count = zset_count(source->zset);
    } else if (ref.entry->type == VALUE_SET) {
        source->set = entry_object(ref.entry);
        source->count = (uint32_t)set_count(source->set);
    } else {
        (void)call_fail(call, ERROR_WRONGTYPE);
        return false;
    }
    return true;
}

bool zset_source_find(const struct zset_source *source, struct slice member, double *score)
{
    if (source->zset != NULL) {
        return zset_score(source->zset, member, score);
    }
    *score = 1;
    return source->set != NULL && set_contains(source->set, member);
}

void zset_source_walk_init(struct zset_source_walk *walk, const struct zset_source *source)
{
    walk->source = source;
    if (source->zset != NULL) {
        zset_iterator_init(&walk->zset, source->zset, 0, false);
    } else if (source->set != NULL) {
        set_iterator_init(&walk->set, source->set);
    }
}

bool zset_source_walk_next(struct zset_source_walk *walk, struct zset_element *element)
{
    if (walk->source->zset != NULL) {
        return zset_iterator_next(&walk->zset, element);
    }
    element->score = 1;
    return walk->source->set != NULL && set_iterator_next(&walk->set, &element->member);
}

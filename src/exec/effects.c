/* SPDX-License-Identifier: BSD-3-Clause */
/* Noting what a command changed, and showing it to those who listen.
 * Owner: the call. Locks: the shards of the call, held by the caller. */
#include "sherd/exec/effects.h"

#include "effects_commit.h"

void effects_add(struct effects *effects, const struct effect *effect)
{
    if (effects->count == effects->cap) {
        uint32_t cap = effects->cap == 0 ? EFFECTS_INLINE : effects->cap * 2;
        if (effects->cap == 0) {
            effects->list = effects->first;
        } else {
            struct effect *old = effects->list == effects->first ? NULL : effects->list;
            struct effect *list = memory_resize(old, cap * sizeof(*list));
            if (old == NULL) {
                memcpy(list, effects->first, sizeof(effects->first));
            }
            effects->list = list;
        }
        effects->cap = cap;
    }
    effects->list[effects->count++] = *effect;
}

void effects_commit(struct call *call)
{
    struct effects *effects = &call->effects;
    statistics_add(&call->worker->statistics, STATISTIC_CHANGES, effects->changes);
    if (LIKELY(effects->sequence == 0) || effects->count == 0) {
        return;
    }
    struct exec *exec = call->worker->exec;
    struct effects_listener *listener = atomic_load_explicit(&exec->listeners, memory_order_acquire);
    for (; listener != NULL; listener = listener->next) {
        listener->committed(listener->context, effects, call->argv, call->argc);
    }
}

void effects_deinit(struct effects *effects)
{
    if (UNLIKELY(effects->list != effects->first)) {
        memory_free(effects->list);
        effects->list = effects->first;
    }
}

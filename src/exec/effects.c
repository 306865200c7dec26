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

/* keyspace_user.created */
static void key_created(void *context, unsigned db, struct slice key)
{
    struct call *call = context;
    effects_add(&call->effects, &(struct effect){.event_class = EVENT_NEW, .event = "new", .db = db, .key = key});
}

void effects_note_new_keys(struct call *call)
{
    call->worker->user.created = key_created;
    call->worker->user.creator = call;
}

void effects_ignore_new_keys(struct exec_worker *worker)
{
    worker->user.created = NULL;
    worker->user.creator = NULL;
}

void effects_show(const struct call *call, bool over)
{
    const struct exec *exec = call->worker->exec;
    uint32_t flags = call->session == NULL ? 0 : *session_own_flags(call->session);
    for (uint32_t i = 0; i < exec->listener_count; i++) {
        const struct effects_listener *listener = &exec->listeners[i];
        if ((call->effects.listeners & (1U << i)) == 0) {
            continue;
        }
        if (call->effects.count != 0) {
            listener->committed(listener->context, call);
        }
        if (over && (flags & listener->session_flags) != 0) {
            listener->ran(listener->context, call);
        }
    }
}

void effects_refused(struct session *session, const struct command *command)
{
    const struct exec *exec = session->worker->exec;
    for (uint32_t i = 0; i < exec->listener_count; i++) {
        const struct effects_listener *listener = &exec->listeners[i];
        if ((session->flags & listener->session_flags) != 0 && listener->refused != NULL) {
            listener->refused(listener->context, session, command);
        }
    }
}

void effects_flush(struct exec_worker *worker)
{
    const struct exec *exec = worker->exec;
    worker->gathers = false;
    for (uint32_t i = 0; i < exec->listener_count; i++) {
        if (exec->listeners[i].flush != NULL) {
            exec->listeners[i].flush(exec->listeners[i].context, worker);
        }
    }
}

void effects_deinit(struct effects *effects)
{
    if (UNLIKELY(effects->list != effects->first)) {
        memory_free(effects->list);
        effects->list = effects->first;
    }
}

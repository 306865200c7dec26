/* SPDX-License-Identifier: BSD-3-Clause */
/* What rooms attach to running commands: guards in front of a call, hooks behind it and beside it. Wiring fills the
 * lists before the threads start (exec_add_guard, exec_add_cron, exec_add_reset).
 * Owner: struct exec, constant after start. Locks: none; each says on which thread it is called. */
#ifndef SHERD_EXEC_HOOKS_H
#define SHERD_EXEC_HOOKS_H

#include "sherd/base/buffer.h"
#include "sherd/exec/command.h"

struct exec_worker;

/* Looks at a call before it runs. It concerns calls whose command has one of `command_flags` or whose session has one
 * of `session_flags`. OUTCOME_DONE lets it pass; OUTCOME_POSTPONE: not now (exec/postponement.h); otherwise it has
 * replied. */
struct guard {
    uint32_t command_flags;
    uint32_t session_flags;
    enum outcome (*check)(struct call *call, void *context);
    void *context;
    bool
        postpones; /* it may say OUTCOME_POSTPONE: while it is armed, calls that waited are checked before they go on */
};

/* Sees a call after its shards are free, when it took at least exec->slow_ns. */
struct slow_hook {
    void (*ran)(void *context, const struct call *call, uint64_t nanoseconds);
    void *context;
};

/* Sees every call that ran, or began to wait, after its shards are free: while exec_witness is on. The lines of an EXEC
 * and of what it ran are told together. */
struct witness {
    /* Appends what is to be told of a call; nothing for one that is not shown. */
    void (*describe)(void *context, const struct call *call, struct buffer *lines);
    /* Tells it; not called without lines. By the thread that ran the call. */
    void (*tell)(void *context, struct slice lines);
    void *context;
};

/* Something that took long without being a command ("expire-cycle"). */
struct spike_hook {
    void (*noted)(void *context, const char *event, uint64_t nanoseconds);
    void *context;
};

/* Called about ten times a second, on one worker's thread, inside a turn of it. */
struct cron_hook {
    void (*tick)(void *context, struct exec_worker *worker);
    void *context;
};

/* CONFIG RESETSTAT: forgets what a room counts beside the workers' statistics. Any thread. */
struct reset_hook {
    void (*reset)(void *context);
    void *context;
};

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of this room share about options.
 * Owner: nobody. Locks: none. */
#ifndef SHERD_OBSERVE_APPLY_H
#define SHERD_OBSERVE_APPLY_H

#include "sherd/observe/observe.h"

enum {
    PERCENTILE_BYTES = 32,
};

/* At start: what CONFIG SET would do for each of the room's options. */
void observe_apply_options(struct observe *observe);
/* Writes "99.9", "50" and so on; returns the length. */
size_t percentile_print(char out[static PERCENTILE_BYTES], double value);

/* The hooks and guards that observe_init attaches; their context is the struct observe. */
void observe_slow_ran(void *context, const struct call *call, uint64_t nanoseconds);
void observe_spike_noted(void *context, const char *event, uint64_t nanoseconds);
void observe_tick(void *context, struct exec_worker *worker);
void observe_reset(void *context);
enum outcome observe_guard_memory(struct call *call, void *context);
enum outcome observe_guard_monitor(struct call *call, void *context);
enum outcome observe_guard_protected(struct call *call, void *context);

#endif

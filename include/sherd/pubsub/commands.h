/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands, the guard and the INFO lines of publish and subscribe, for server/wiring.c. Their context is a
 * struct pubsub.
 * Owner: nobody, rows are constant. Locks: none. */
#ifndef SHERD_PUBSUB_COMMANDS_H
#define SHERD_PUBSUB_COMMANDS_H

#include "sherd/exec/command.h"

struct exec_worker;
struct buffer;

extern const struct command_row pubsub_commands[];

/* Guard of sessions with SESSION_SUBSCRIBED: in RESP2 they run nothing but what has COMMAND_SUBSCRIBED. */
enum outcome pubsub_guard(struct call *call, void *context);

/* Lines of the sections Clients and Stats. */
void pubsub_info_clients(void *context, struct exec_worker *worker, struct buffer *out);
void pubsub_info_stats(void *context, struct exec_worker *worker, struct buffer *out);

#endif

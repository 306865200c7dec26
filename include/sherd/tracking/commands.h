/* SPDX-License-Identifier: BSD-3-Clause */
/* The subcommands of CLIENT, the INFO lines and the options of client-side caching, for server/wiring.c. Their context
 * is a struct tracking.
 * Owner: nobody, rows are constant. Locks: none. */
#ifndef SHERD_TRACKING_COMMANDS_H
#define SHERD_TRACKING_COMMANDS_H

#include "sherd/config/option.h"
#include "sherd/exec/command.h"

struct exec_worker;
struct buffer;

/* CLIENT TRACKING, CACHING, GETREDIR, TRACKINGINFO. */
extern const struct command_row tracking_commands[];

/* Fills a struct tracking_options. */
extern const struct option tracking_option_rows[];
extern const size_t tracking_option_count;

/* Lines of the sections Clients and Stats. */
void tracking_info_clients(void *context, struct exec_worker *worker, struct buffer *out);
void tracking_info_stats(void *context, struct exec_worker *worker, struct buffer *out);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands of this room; the context of all is the struct observe.
 * Owner: nobody, rows are constant. Locks: none. */
#ifndef SHERD_OBSERVE_COMMANDS_H
#define SHERD_OBSERVE_COMMANDS_H

#include "sherd/exec/command.h"

extern const struct command_row info_commands[];    /* INFO TIME LOLWUT */
extern const struct command_row monitor_commands[]; /* MONITOR */
extern const struct command_row slowlog_commands[]; /* SLOWLOG */
extern const struct command_row latency_commands[]; /* LATENCY */
extern const struct command_row memory_commands[];  /* MEMORY */
extern const struct command_row debug_commands[];   /* DEBUG */
extern const struct command_row standby_commands[]; /* what other features' commands truthfully answer without them */

#endif

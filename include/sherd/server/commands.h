/* SPDX-License-Identifier: BSD-3-Clause */
/* The command about the process, for server/wiring.c. Its context is a struct server.
 * Owner: nobody, rows are constant. Locks: none. */
#ifndef SHERD_SERVER_COMMANDS_H
#define SHERD_SERVER_COMMANDS_H

#include "sherd/exec/command.h"

extern const struct command_row server_commands[]; /* SHUTDOWN */

#endif

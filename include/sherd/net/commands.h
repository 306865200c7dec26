/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands and guards about connections, for server/wiring.c. Their context is a struct net.
 * Owner: nobody, rows are constant. Locks: none. */
#ifndef SHERD_NET_COMMANDS_H
#define SHERD_NET_COMMANDS_H

#include "sherd/exec/command.h"

extern const struct command_row connection_commands[]; /* PING ECHO SELECT QUIT */

/* Guard: nothing but AUTH, HELLO, QUIT and RESET before a password was given. */
enum outcome net_guard_authentication(struct call *call, void *context);

#endif

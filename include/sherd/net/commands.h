/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands and guards about connections, for server/wiring.c. Their context is a struct net.
 * Owner: nobody, rows are constant. Locks: none. */
#ifndef SHERD_NET_COMMANDS_H
#define SHERD_NET_COMMANDS_H

#include "sherd/exec/command.h"

struct exec_worker;
struct buffer;

extern const struct command_row connection_commands[];     /* PING ECHO SELECT QUIT */
extern const struct command_row authentication_commands[]; /* AUTH HELLO RESET */
extern const struct command_row client_commands[];         /* CLIENT */
extern const struct command_row client_kill_commands[];    /* CLIENT KILL */

/* Writers of sections of INFO: Clients, and the network's lines of Stats. */
void net_info_clients(void *context, struct exec_worker *worker, struct buffer *out);
void net_info_stats(void *context, struct exec_worker *worker, struct buffer *out);

/* Guard: nothing but AUTH, HELLO, QUIT and RESET before a password was given. */
enum outcome net_guard_authentication(struct call *call, void *context);

#endif

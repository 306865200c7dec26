/* SPDX-License-Identifier: BSD-3-Clause */
/* What COMMAND says about a command, written as replies.
 * Owner: nobody. Locks: none. */
#ifndef SHERD_COMMANDS_COMMAND_FACTS_H
#define SHERD_COMMANDS_COMMAND_FACTS_H

#include "sherd/exec/command.h"
#include "sherd/resp/reply.h"

/* An element of COMMAND and COMMAND INFO, subcommands nested. */
void reply_command_info(struct reply *reply, const struct command *command);
/* The value of COMMAND DOCS, subcommands nested. */
void reply_command_docs(struct reply *reply, const struct command *command);
/* The set of a key's flags (COMMAND GETKEYSANDFLAGS). */
void reply_key_flags(struct reply *reply, uint16_t flags);

#endif

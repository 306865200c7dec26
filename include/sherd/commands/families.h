/* SPDX-License-Identifier: BSD-3-Clause */
/* The command families of this room: arrays of rows, each ending with a row without name, for server/wiring.c.
 * Owner: nobody, rows are constant. Locks: none. */
#ifndef SHERD_COMMANDS_FAMILIES_H
#define SHERD_COMMANDS_FAMILIES_H

#include "sherd/exec/command.h"

extern const struct command_row command_commands[];     /* COMMAND */
extern const struct command_row config_commands[];      /* CONFIG */
extern const struct command_row string_commands[];      /* GET SET and what replaces or reads whole values */
extern const struct command_row stream_commands[];      /* XADD XDEL XTRIM XSETID XLEN; context: commands_state */
extern const struct command_row stream_read_commands[]; /* XRANGE XREVRANGE XREAD */
extern const struct command_row stream_info_commands[]; /* XINFO */

#endif

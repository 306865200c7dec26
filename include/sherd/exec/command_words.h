/* SPDX-License-Identifier: BSD-3-Clause */
/* The words by which clients know the flags and categories of commands, in the order in which COMMAND lists them.
 * Owner: constants. Locks: none. */
#ifndef SHERD_EXEC_COMMAND_WORDS_H
#define SHERD_EXEC_COMMAND_WORDS_H

#include "sherd/exec/command.h"

struct command_word {
    uint32_t bit;
    const char *word; /* NULL ends the table */
};

extern const struct command_word command_flag_words[];     /* enum command_flag, those that are shown */
extern const struct command_word command_category_words[]; /* enum acl_category, without the "@" */
extern const struct command_word key_flag_words[];         /* enum key_flag */

/* The category of a name in any case, without the "@"; 0 when there is none. */
uint32_t command_category_find(struct slice name);

#endif

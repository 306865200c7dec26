/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading options of other rooms by name, for INFO.
 * Owner: nobody; values live as long as the turn. Locks: none. */
#ifndef SHERD_OBSERVE_VALUES_H
#define SHERD_OBSERVE_VALUES_H

#include "sherd/exec/exec.h"

/* What CONFIG GET shows for an option; empty when there is none of that name. */
struct slice option_value(const struct exec_worker *worker, const char *name);
/* Appends "name:value\r\n" of an option. */
void option_field(const struct exec_worker *worker, const char *field, const char *option, struct buffer *out);

#endif

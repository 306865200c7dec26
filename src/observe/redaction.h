/* SPDX-License-Identifier: BSD-3-Clause */
/* What others are shown of a call: passwords are blotted out.
 * Owner: the caller. Locks: none. */
#ifndef SHERD_OBSERVE_REDACTION_H
#define SHERD_OBSERVE_REDACTION_H

#include "sherd/exec/exec.h"

/* Replaces passwords among the first `shown` arguments of a call. `argv` is a copy of them. */
void redact(const struct call *call, struct slice *argv, uint32_t shown);

#endif

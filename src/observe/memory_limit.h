/* SPDX-License-Identifier: BSD-3-Clause */
/* How much memory the process may use.
 * Owner: nobody. Locks: none. */
#ifndef SHERD_OBSERVE_MEMORY_LIMIT_H
#define SHERD_OBSERVE_MEMORY_LIMIT_H

#include <stdint.h>

/* Memory of the machine in bytes. */
uint64_t memory_system_bytes(void);
/* The smallest of the machine's memory and the limits of the cgroups (v2 or v1) that the process is in. */
uint64_t memory_limit_bytes(void);

#endif

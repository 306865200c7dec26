/* SPDX-License-Identifier: BSD-3-Clause */
/* What long work calls between two of its steps, so that others who want the processor can have it.
 * Owner: whoever started the work. Locks: none. */
#ifndef SHERD_BASE_PAUSE_H
#define SHERD_BASE_PAUSE_H

#include "sherd/base/compiler.h"

struct pause {
    void (*rest)(const void *context); /* may sleep; cheap when nobody waits, for steps of some microseconds */
    const void *context;
};

/* NULL: nobody can wait. */
static inline void pause_take(const struct pause *pause)
{
    if (pause != NULL) {
        pause->rest(pause->context);
    }
}

#endif

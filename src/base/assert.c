/* SPDX-License-Identifier: BSD-3-Clause */
/* What a broken invariant does: say where and stop, without allocating, for the heap may be what is broken.
 * Owner: nobody, there is no state. Locks: none. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sherd/base/compiler.h"

COLD _Noreturn void assert_failed(const char *expression, const char *file, int line)
{
    (void)dprintf(STDERR_FILENO, "Assertion failed: %s (%s:%d)\n", expression, file, line);
    abort();
}

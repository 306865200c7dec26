/* SPDX-License-Identifier: BSD-3-Clause */
/* How digests look as text: hexadecimal, 160 bits of the lanes.
 * Owner: nobody. Locks: none. */
#include "sherd/base/digest.h"

#include <stdio.h>

void digest_print(char out[static DIGEST_TEXT_BYTES], const struct digest *digest)
{
    (void)snprintf(out, DIGEST_TEXT_BYTES, "%016llx%016llx%08llx", (unsigned long long)digest->lanes[0],
                   (unsigned long long)digest->lanes[1], (unsigned long long)digest->lanes[2] & UINT32_MAX);
}

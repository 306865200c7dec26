/* SPDX-License-Identifier: BSD-3-Clause */
/* Copies of a call's arguments, for what outlives the request: an errand, a queued command, a call that waits.
 * Owner: the caller. Locks: none. */
#ifndef SHERD_EXEC_ARGUMENTS_H
#define SHERD_EXEC_ARGUMENTS_H

#include <string.h>

#include "sherd/base/slice.h"

/* Bytes of all of them together. */
static inline size_t arguments_bytes(const struct slice *argv, uint32_t argc)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < argc; i++) {
        bytes += argv[i].len;
    }
    return bytes;
}

/* Puts their bytes behind one another at `text`, and slices of those at `copies`. */
static inline void arguments_copy(struct slice *copies, char *text, const struct slice *argv, uint32_t argc)
{
    for (uint32_t i = 0; i < argc; i++) {
        size_t len = argv[i].len;
        if (len != 0) {
            memcpy(text, argv[i].data, len);
        }
        copies[i] = slice_make(text, len);
        text += len;
    }
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* A section of INFO: each room contributes its own, server/wiring.c lists them in the order of their appearance.
 * A room may also add lines to a section of another one: rows of the same name are written behind one another under
 * one heading. The command itself lives in observe/.
 * Owner: nobody, the rows are constant after wiring. Locks: none. */
#ifndef SHERD_EXEC_INFO_H
#define SHERD_EXEC_INFO_H

#include "sherd/base/buffer.h"

struct exec_worker;

struct info_section {
    const char *name; /* as the heading shows it, such as "Clients"; asked for in any case */
    bool in_default;  /* part of INFO without arguments */
    /* Appends "field:value\r\n" lines to `out`, without heading and empty line. Runs on the thread that executes INFO,
     * inside a turn of `worker`, with no shard held. */
    void (*write)(void *context, struct exec_worker *worker, struct buffer *out);
    void *context; /* of the room that contributes it */
};

#endif

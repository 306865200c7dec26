/* SPDX-License-Identifier: BSD-3-Clause */
/* The process's entry.
 * Owner: the process. Locks: none. */
#include "sherd/base/memory.h"
#include "sherd/server/server.h"

#ifdef __SANITIZE_THREAD__
/* A flush holds every shard at once; TSan's own lock-order check takes at most 64 locks of one thread. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "detect_deadlocks=0";
}
#endif

int main(int argc, char **argv)
{
    struct server *server = memory_alloc_line(sizeof(*server));
    server_init(server);
    int code = server_main(server, argc, argv);
    memory_free(server);
    return code;
}

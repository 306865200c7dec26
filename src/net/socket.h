/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading and writing a connected socket without libc's cancellation points, which cost a request of pipeline 1 up to
 * a twentieth of its CPU time; no thread of ours is ever cancelled. Sanitizers see the bytes only through libc's
 * functions.
 * Owner: the connection's worker. Locks: none. */
#ifndef SHERD_NET_SOCKET_H
#define SHERD_NET_SOCKET_H

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sherd/base/compiler.h"

/* As recv() and send() without flags but MSG_NOSIGNAL: bytes, or -1 with errno. */
static ALWAYS_INLINE ssize_t socket_read(int fd, void *into, size_t room)
{
#if defined(SYS_recvfrom) && !defined(SHERD_SANITIZED)
    return syscall(SYS_recvfrom, fd, into, room, 0, NULL, NULL);
#else
    return recv(fd, into, room, 0);
#endif
}

static ALWAYS_INLINE ssize_t socket_write(int fd, const void *bytes, size_t len)
{
#if defined(SYS_sendto) && !defined(SHERD_SANITIZED)
    return syscall(SYS_sendto, fd, bytes, len, MSG_NOSIGNAL, NULL, 0);
#else
    return send(fd, bytes, len, MSG_NOSIGNAL);
#endif
}

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* The process around the server: going to the background, the pid file, telling systemd, and the client half of
 * `server --ping`.
 * Owner: main(). Locks: none. */
#ifndef SHERD_SERVER_PROCESS_H
#define SHERD_SERVER_PROCESS_H

#include "sherd/base/slice.h"

/* Leaves the terminal: the parent exits with 0, the child goes on in its own session. Before any thread starts. */
NODISCARD enum status process_daemonize(void);
/* Writes this process's id to a file; false when that failed (errno). */
NODISCARD bool process_write_pidfile(const char *path);
/* Sends a state such as "READY=1" to the socket that systemd named in NOTIFY_SOCKET; false when there is none. */
bool process_notify(const char *state);
/* Connects to a server (a unix socket path, or when that is empty a port of this machine) and sends PING; the exit
 * code: 0 when it answered. */
int process_ping(const char *unix_path, unsigned port);

#endif

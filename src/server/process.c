/* SPDX-License-Identifier: BSD-3-Clause */
/* Daemon, pid file, systemd's notifications, and asking a running server for a sign of life.
 * Owner: main(). Locks: none. */
#include "sherd/server/process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    PING_TIMEOUT_SECONDS = 3,
};

enum status process_daemonize(void)
{
    pid_t child = fork();
    if (child < 0) {
        return STATUS_SYSTEM;
    }
    if (child > 0) {
        _exit(0);
    }
    (void)setsid();
    int null = open("/dev/null", O_RDWR);
    if (null >= 0) {
        (void)dup2(null, STDIN_FILENO);
        (void)dup2(null, STDOUT_FILENO);
        (void)dup2(null, STDERR_FILENO);
        if (null > STDERR_FILENO) {
            (void)close(null);
        }
    }
    return STATUS_OK;
}

bool process_write_pidfile(const char *path)
{
    FILE *file = fopen(path, "we");
    if (file == NULL) {
        return false;
    }
    bool written = fprintf(file, "%d\n", (int)getpid()) > 0;
    return fclose(file) == 0 && written;
}

bool process_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t len = path == NULL ? 0 : strlen(path);
    if (len < 2 || len >= sizeof(address.sun_path) || (path[0] != '/' && path[0] != '@')) {
        return false;
    }
    memcpy(address.sun_path, path, len);
    if (path[0] == '@') {
        address.sun_path[0] = '\0'; /* the abstract name space */
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return false;
    }
    socklen_t address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    ssize_t sent = sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address, address_len);
    (void)close(fd);
    return sent > 0;
}

static int connect_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path)) {
        return -1;
    }
    (void)strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static int connect_tcp(const char *address, unsigned port)
{
    char service[16];
    (void)snprintf(service, sizeof(service), "%u", port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(address, service, &hints, &found) != 0) {
        return -1;
    }
    int fd = -1;
    for (const struct addrinfo *at = found; at != NULL && fd < 0; at = at->ai_next) {
        fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, at->ai_addr, at->ai_addrlen) != 0) {
            (void)close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(found);
    return fd;
}

int process_ping(const char *unix_path, unsigned port)
{
    /* By number: the name localhost may not be known to a bare machine. */
    int fd = unix_path[0] != '\0' ? connect_unix(unix_path) : connect_tcp("127.0.0.1", port);
    if (fd < 0 && unix_path[0] == '\0') {
        fd = connect_tcp("::1", port);
    }
    if (fd < 0) {
        (void)fprintf(stderr, "Could not connect to the server at %s\n",
                      unix_path[0] != '\0' ? unix_path : "localhost");
        return 1;
    }
    struct timeval timeout = {.tv_sec = PING_TIMEOUT_SECONDS};
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    static const char request[] = "PING\r\n";
    char answer[256];
    ssize_t got = -1;
    if (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) == (ssize_t)sizeof(request) - 1) {
        got = recv(fd, answer, sizeof(answer) - 1, 0);
    }
    (void)close(fd);
    if (got <= 0) {
        (void)fprintf(stderr, "The server did not answer PING\n");
        return 1;
    }
    answer[got] = '\0';
    (void)fputs(answer, stdout);
    /* A server that asks for a password is alive. */
    return strncmp(answer, "+PONG", 5) == 0 || strncmp(answer, "-NOAUTH", 7) == 0 ? 0 : 1;
}

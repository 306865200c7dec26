/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The bare responder: what a RESP server costs that has no keyspace. It accepts, reads, finds the end of each
 * command, and answers by the first letters of its name: GET a bulk of fixed size, PING +PONG, anything else +OK.
 * Raw libevent events, one base per thread, one write per read. A server cannot be cheaper than this on the same
 * kernel and the same event library; how near it comes is the figure.
 *
 *   null -p PORT [-t THREADS] [-v VALUE_BYTES]        listens on 127.0.0.1 only
 *
 * Owner: a peer belongs to the worker that was handed its socket; main only accepts. Locks: none, sockets are handed
 * over through a pipe.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { INPUT_BYTES = 64 * 1024, OUTPUT_BYTES = 16 * 1024, THREADS = 64 };

struct reply {
    char *bytes;
    size_t length;
};

struct worker {
    pthread_t thread;
    struct event_base *base;
    struct event *handed;
    const struct reply *value;
    int pipe[2];
};

struct peer {
    struct worker *worker;
    struct event *readable;
    int fd;
    size_t input_length, output_length, output_capacity;
    char *output;
    char input[INPUT_BYTES];
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static inline void answer(struct peer *p, const char *bytes, size_t length)
{
    if (__builtin_expect(p->output_length + length > p->output_capacity, false)) {
        p->output_capacity = 2 * (p->output_capacity + length);
        p->output = realloc(p->output, p->output_capacity);
        if (!p->output)
            die("realloc");
    }
    memcpy(p->output + p->output_length, bytes, length);
    p->output_length += length;
}

static inline void answer_command(struct peer *p, const char *name)
{
    switch (name[0] | 0x20) {
    case 'g':
        answer(p, p->worker->value->bytes, p->worker->value->length);
        break;
    case 'p':
        answer(p, "+PONG\r\n", 7);
        break;
    default:
        answer(p, "+OK\r\n", 5);
    }
}

/* Reads the number after the type byte at `at`; returns the first byte of the next line, NULL when cut short. */
static inline const char *read_count(const char *at, const char *end, size_t *count)
{
    size_t n = 0;
    for (at++; at < end && *at != '\r'; at++)
        n = n * 10 + (size_t)(*at - '0');
    *count = n;
    return end - at < 2 ? NULL : at + 2;
}

/* Finds the end of one multibulk command and its name; NULL when cut short. */
static inline const char *frame_command(const char *at, const char *end, const char **name)
{
    size_t words, bytes;
    at = read_count(at, end, &words);
    if (!at)
        return NULL;
    *name = NULL;
    for (; words > 0; words--) {
        at = at < end ? read_count(at, end, &bytes) : NULL;
        if (!at || (size_t)(end - at) < bytes + 2)
            return NULL;
        if (!*name)
            *name = at;
        at += bytes + 2;
    }
    return at;
}

/* Answers every whole command of the input; what is left moves to its front. False on a byte that is not RESP. */
static bool answer_input(struct peer *p)
{
    const char *at = p->input, *end = p->input + p->input_length, *name = NULL;
    while (at < end) {
        if (__builtin_expect(*at != '*', false))
            return false;
        const char *next = frame_command(at, end, &name);
        if (!next)
            break;
        answer_command(p, name);
        at = next;
    }
    p->input_length = (size_t)(end - at);
    if (p->input_length && at != p->input)
        memmove(p->input, at, p->input_length);
    return p->input_length < INPUT_BYTES;
}

/* Waits for a slow reader: this program measures a limit, it need not be fair. */
static bool flush(struct peer *p)
{
    size_t done = 0;
    while (done < p->output_length) {
        ssize_t n = write(p->fd, p->output + done, p->output_length - done);
        if (n >= 0)
            done += (size_t)n;
        else if (errno == EAGAIN)
            poll(&(struct pollfd){.fd = p->fd, .events = POLLOUT}, 1, 1000);
        else if (errno != EINTR)
            return false;
    }
    p->output_length = 0;
    return true;
}

static void peer_destroy(struct peer *p)
{
    event_free(p->readable);
    close(p->fd);
    free(p->output);
    free(p);
}

static void on_readable(evutil_socket_t fd, short what, void *argument)
{
    struct peer *p = argument;
    (void)what;
    ssize_t n = read(fd, p->input + p->input_length, INPUT_BYTES - p->input_length);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0) {
        p->input_length += (size_t)n;
        if (answer_input(p) && flush(p))
            return;
    }
    peer_destroy(p);
}

static void on_handed(evutil_socket_t fd, short what, void *argument)
{
    struct worker *w = argument;
    int socket_fd;
    (void)what;
    if (read(fd, &socket_fd, sizeof socket_fd) != sizeof socket_fd)
        return;
    struct peer *p = malloc(sizeof *p);
    if (!p)
        die("malloc");
    p->worker = w;
    p->fd = socket_fd;
    p->input_length = p->output_length = 0;
    p->output_capacity = OUTPUT_BYTES;
    p->output = malloc(OUTPUT_BYTES);
    p->readable = event_new(w->base, socket_fd, EV_READ | EV_PERSIST, on_readable, p);
    if (!p->output || !p->readable || event_add(p->readable, NULL))
        die("peer");
}

static void *worker_main(void *argument)
{
    struct worker *w = argument;
    event_base_loop(w->base, EVLOOP_NO_EXIT_ON_EMPTY);
    return NULL;
}

static void worker_start(struct worker *w, const struct reply *value)
{
    struct event_config *config = event_config_new();
    event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
    w->base = event_base_new_with_config(config);
    event_config_free(config);
    w->value = value;
    if (!w->base || pipe(w->pipe))
        die("worker");
    w->handed = event_new(w->base, w->pipe[0], EV_READ | EV_PERSIST, on_handed, w);
    if (!w->handed || event_add(w->handed, NULL) || pthread_create(&w->thread, NULL, worker_main, w))
        die("worker");
}

static int listen_on(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (void *)&address, sizeof address) || listen(fd, 1024))
        die("listen");
    return fd;
}

static struct reply value_reply(size_t value_bytes)
{
    struct reply r = {.bytes = malloc(value_bytes + 32)};
    if (!r.bytes)
        die("malloc");
    int head = sprintf(r.bytes, "$%zu\r\n", value_bytes);
    memset(r.bytes + head, 'x', value_bytes);
    memcpy(r.bytes + (size_t)head + value_bytes, "\r\n", 2);
    r.length = (size_t)head + value_bytes + 2;
    return r;
}

int main(int argc, char **argv)
{
    int letter, port = 0, threads = 1, one = 1;
    size_t value_bytes = 64;
    while ((letter = getopt(argc, argv, "p:t:v:")) != -1) {
        switch (letter) {
        case 'p':
            port = atoi(optarg);
            break;
        case 't':
            threads = atoi(optarg);
            break;
        case 'v':
            value_bytes = strtoul(optarg, NULL, 10);
            break;
        default:
            return 2;
        }
    }
    if (port <= 0 || threads < 1 || threads > THREADS)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    struct reply value = value_reply(value_bytes);
    struct worker workers[THREADS];
    for (int i = 0; i < threads; i++)
        worker_start(&workers[i], &value);
    int listener = listen_on(port);
    for (unsigned i = 0;; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (write(workers[i % (unsigned)threads].pipe[1], &fd, sizeof fd) != sizeof fd)
            die("hand over");
    }
}

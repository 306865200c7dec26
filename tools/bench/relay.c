/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A load generator for what goes from one client to others: messages from a publisher to its subscribers, elements from
 * those who push to those who wait in BLPOP. What each connection must receive is known to the byte, so it is compared
 * and not parsed; an operation is one delivery.
 *
 * publish: one publisher sends a batch of PUBLISHes; the next one when every subscriber has all messages.
 * blpop:   pairs of a producer and a consumer, in two halves that take turns: while the consumers of one half begin to
 *          wait, the producers of the other one push to those that wait since the turn before.
 * Producers and consumers connect by turns, so that a server that hands connections to its threads in turn has them on
 * different ones.
 *
 * Owner: main owns everything; one thread. Locks: none.
 */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    EVENTS = 1024,
    HALVES = 2,
    STALL_MILLISECONDS = 20000, /* without anything for so long the run is given up */
};

static const char help[] =
    "relay -p PORT [options] publish|blpop\n"
    "  -c N  subscribers, or pairs (100)   -P N  messages in a batch (1)   -v N  bytes of a message or element (16)\n"
    "  -d S  seconds (2)                   -g    gate: say ready, wait\n";

struct relay_options {
    int port;
    unsigned conns, depth, bytes;
    double seconds;
    bool gate, blpop;
};

/* One connection, and what it receives time and again. */
struct peer {
    int fd;
    char *expected; /* repeated, so that any stretch that is awaited lies in it */
    size_t period, at, awaited;
};

struct relay {
    const struct relay_options *options;
    struct peer *receivers, *senders; /* subscribers and the publisher, or consumers and producers */
    unsigned sender_count;
    char *request; /* of a sender */
    size_t request_bytes;
    int epoll;
    unsigned live; /* connections that await something */
    uint64_t operations, end_ns;
    struct histogram histogram;
};

static char *print(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *print(const char *format, ...)
{
    char *text = NULL;
    va_list words;
    va_start(words, format);
    if (vasprintf(&text, format, words) < 0)
        die("no memory");
    va_end(words);
    return text;
}

/* The connection receives `text` (which becomes the peer's) again and again, at most `times` at once. */
static void peer_expect(struct peer *p, char *text, unsigned times)
{
    p->period = strlen(text);
    p->expected = zalloc(p->period * (times + 1));
    for (unsigned i = 0; i <= times; i++)
        memcpy(p->expected + i * p->period, text, p->period);
    free(text);
}

static void peer_send(struct peer *p, const char *bytes, size_t length)
{
    if (write(p->fd, bytes, length) != (ssize_t)length)
        die("a request was not taken whole");
}

static void peer_await(struct relay *r, struct peer *p, unsigned times)
{
    p->awaited = p->period * times;
    r->live++;
}

static void peer_readable(struct relay *r, struct peer *p)
{
    char input[64 * 1024];
    size_t wanted = p->awaited < sizeof input ? p->awaited : sizeof input;
    ssize_t n = read(p->fd, input, wanted ? wanted : 1);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0)
        die("the server closed a connection");
    if ((size_t)n > p->awaited || memcmp(input, p->expected + p->at, (size_t)n) != 0) {
        errno = 0;
        fprintf(stderr, "got %.*s\n", (int)(n < 200 ? n : 200), input);
        die("not what was expected");
    }
    p->at = (p->at + (size_t)n) % p->period;
    p->awaited -= (size_t)n;
    r->live -= p->awaited == 0;
}

static void peer_connect(struct relay *r, struct peer *p)
{
    p->fd = dial(NULL, r->options->port);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = p};
    if (epoll_ctl(r->epoll, EPOLL_CTL_ADD, p->fd, &event))
        die("epoll_ctl");
}

/* Until nobody awaits anything. */
static void wait_for_all(struct relay *r)
{
    struct epoll_event events[EVENTS];
    while (r->live != 0) {
        int n = epoll_wait(r->epoll, events, EVENTS, STALL_MILLISECONDS);
        if (n == 0) {
            errno = 0;
            die("nothing for 20 seconds");
        }
        for (int i = 0; i < n; i++)
            peer_readable(r, events[i].data.ptr);
    }
}

static void batch_done(struct relay *r, uint64_t started_ns, unsigned operations)
{
    r->operations += operations;
    histogram_add(&r->histogram, now_ns() - started_ns);
}

/* ---- publish ---- */

static void publish_prepare(struct relay *r)
{
    const struct relay_options *o = r->options;
    char *payload = print("%0*d", (int)o->bytes, 7);
    r->sender_count = 1;
    r->senders = zalloc(sizeof *r->senders);
    peer_connect(r, r->senders);
    peer_expect(r->senders, print(":%u\r\n", o->conns), o->depth);
    for (unsigned i = 0; i < o->conns; i++) {
        struct peer *p = &r->receivers[i];
        peer_connect(r, p);
        peer_expect(p, print("*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n"), 1);
        peer_send(p, "SUBSCRIBE news\r\n", 16);
        peer_await(r, p, 1);
        wait_for_all(r);
        free(p->expected);
        peer_expect(p, print("*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$%u\r\n%s\r\n", o->bytes, payload), o->depth);
    }
    char *one = print("*3\r\n$7\r\nPUBLISH\r\n$4\r\nnews\r\n$%u\r\n%s\r\n", o->bytes, payload);
    size_t length = strlen(one);
    r->request_bytes = length * o->depth;
    r->request = zalloc(r->request_bytes);
    for (unsigned i = 0; i < o->depth; i++)
        memcpy(r->request + i * length, one, length);
    free(one);
    free(payload);
}

static void publish_run(struct relay *r)
{
    const struct relay_options *o = r->options;
    do {
        uint64_t started_ns = now_ns();
        for (unsigned i = 0; i < o->conns; i++)
            peer_await(r, &r->receivers[i], o->depth);
        peer_await(r, r->senders, o->depth);
        peer_send(r->senders, r->request, r->request_bytes);
        wait_for_all(r);
        batch_done(r, started_ns, o->depth * o->conns);
    } while (now_ns() < r->end_ns);
}

/* ---- blpop ---- */

static void blpop_prepare(struct relay *r)
{
    const struct relay_options *o = r->options;
    r->sender_count = o->conns;
    r->senders = zalloc(o->conns * sizeof *r->senders);
    char *payload = print("%0*d", (int)o->bytes, 7);
    for (unsigned i = 0; i < o->conns; i++) {
        peer_connect(r, &r->senders[i]);
        peer_expect(&r->senders[i], print(":1\r\n"), 1);
        peer_connect(r, &r->receivers[i]);
        peer_expect(&r->receivers[i], print("*2\r\n$9\r\nlist:%04u\r\n$%u\r\n%s\r\n", i, o->bytes, payload), 1);
    }
    free(payload);
}

static void wait_in_blpop(struct relay *r, unsigned half)
{
    for (unsigned i = half; i < r->options->conns; i += HALVES) {
        char *request = print("*3\r\n$5\r\nBLPOP\r\n$9\r\nlist:%04u\r\n$1\r\n0\r\n", i);
        peer_send(&r->receivers[i], request, strlen(request));
        free(request);
    }
}

static unsigned push(struct relay *r, unsigned half)
{
    const struct relay_options *o = r->options;
    unsigned count = 0;
    for (unsigned i = half; i < o->conns; i += HALVES) {
        char *request = print("*3\r\n$5\r\nLPUSH\r\n$9\r\nlist:%04u\r\n$%u\r\n%0*d\r\n", i, o->bytes, (int)o->bytes, 7);
        peer_await(r, &r->receivers[i], 1);
        peer_await(r, &r->senders[i], 1);
        peer_send(&r->senders[i], request, strlen(request));
        free(request);
        count++;
    }
    return count;
}

static void blpop_run(struct relay *r)
{
    unsigned half = 0;
    wait_in_blpop(r, half);
    do {
        uint64_t started_ns = now_ns();
        wait_in_blpop(r, 1 - half);
        unsigned count = push(r, half);
        wait_for_all(r);
        batch_done(r, started_ns, count);
        half = 1 - half;
    } while (now_ns() < r->end_ns);
    (void)push(r, half);
    wait_for_all(r);
}

/* ---- the program ---- */

static void report(const struct relay *r, double seconds)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    const struct histogram *h = &r->histogram;
    printf("ops=%lu secs=%.4f ops_s=%.0f p50_us=%.1f p90_us=%.1f p99_us=%.1f p999_us=%.1f max_us=%.1f errors=0 "
           "stray_bytes=0 cpu_s=%.3f\n",
           r->operations, seconds, (double)r->operations / seconds, histogram_quantile_us(h, .5),
           histogram_quantile_us(h, .9), histogram_quantile_us(h, .99), histogram_quantile_us(h, .999),
           (double)h->max_ns / 1e3, cpu);
    fflush(stdout);
}

static void parse_options(struct relay_options *o, int argc, char **argv)
{
    int letter;
    while ((letter = getopt(argc, argv, "p:c:P:v:d:g")) != -1) {
        switch (letter) {
        case 'p':
            o->port = atoi(optarg);
            break;
        case 'c':
            o->conns = (unsigned)atoi(optarg);
            break;
        case 'P':
            o->depth = (unsigned)atoi(optarg);
            break;
        case 'v':
            o->bytes = (unsigned)atoi(optarg);
            break;
        case 'd':
            o->seconds = atof(optarg);
            break;
        case 'g':
            o->gate = true;
            break;
        default:
            o->port = 0;
        }
    }
    bool known = optind + 1 == argc && (strcmp(argv[optind], "publish") == 0 || strcmp(argv[optind], "blpop") == 0);
    if (!known || o->port <= 0 || o->conns < HALVES || o->conns > 9999 || !o->depth || !o->bytes || o->seconds <= 0) {
        fputs(help, stderr);
        exit(2);
    }
    o->blpop = argv[optind][0] == 'b';
}

int main(int argc, char **argv)
{
    struct relay_options o = {.conns = 100, .depth = 1, .bytes = 16, .seconds = 2};
    parse_options(&o, argc, argv);
    struct relay *r = zalloc(sizeof *r);
    r->options = &o;
    r->epoll = epoll_create1(EPOLL_CLOEXEC);
    r->receivers = zalloc(o.conns * sizeof *r->receivers);
    (o.blpop ? blpop_prepare : publish_prepare)(r);
    if (o.gate)
        gate("ready");
    uint64_t begin = now_ns();
    r->end_ns = begin + (uint64_t)(o.seconds * 1e9);
    (o.blpop ? blpop_run : publish_run)(r);
    report(r, (double)(now_ns() - begin) / 1e9);
    if (o.gate)
        gate(NULL);
    return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A load generator that costs less per request than any server, so that the server is what is measured.
 * Requests are copies of a template in which only twelve digits change; replies are framed and counted, never
 * looked at. Latency is that of a whole batch (its pipeline depth of requests), from the write that sent it, or,
 * with a fixed rate, from the moment it was due, so that a stalled server cannot hide its stall.
 *
 * Owner: every thread owns its connections, buffers and histogram; main adds them up after the threads ended.
 * Locks: none; two barriers separate connecting, running and reporting.
 */
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    READ_BYTES = 256 * 1024,
    EVENTS = 1024,
    STALL_SECONDS = 20, /* without any reply for so long the run is given up */
};

static const char help[] =
    "load -p PORT | -u PATH  [options] -- [3x] WORD... [, [7x] WORD...]\n"
    "  WORD may hold {key} (12 digits, random below -k) and {data:N} (N bytes)\n"
    "  -c N  connections (50)            -P N  requests in flight on each (1)      -t N  threads (1)\n"
    "  -d S  seconds (2)                 -n N  requests instead of seconds         -k N  keys (1000000)\n"
    "  -S    each key once, in order     -r N  open loop: N requests a second      -w S  seconds without latency\n"
    "  -m    memcached's text protocol   -x W  words sent first on each connection -g    gate: say ready, wait\n";

/* ---- requests ---- */

static uint64_t random_next(struct worker *w)
{
    w->random += 0xa0761d6478bd642full;
    unsigned __int128 m = (unsigned __int128)w->random * (w->random ^ 0xe7037ed1a0b428dbull);
    return (uint64_t)(m >> 64) ^ (uint64_t)m;
}

/* Eight decimal digits of value (below 10^8) as the eight bytes of a little-endian word. */
static uint64_t eight_digits(uint32_t value)
{
    uint64_t x = value / 10000 | (uint64_t)(value % 10000) << 32;
    uint64_t hundreds = (x * 10486 >> 20) & 0x0000007f0000007full;
    x = hundreds | (x - hundreds * 100) << 16;
    uint64_t tens = (x * 103 >> 10) & 0x000f000f000f000full;
    x = tens | (x - tens * 10) << 8;
    return x | 0x3030303030303030ull;
}

static void put_key(char *at, uint64_t key)
{
    uint64_t low = eight_digits((uint32_t)(key % 100000000)), high = eight_digits((uint32_t)(key / 100000000 % 10000));
    memcpy(at, (char *)&high + 4, 4);
    memcpy(at + 4, &low, 8);
}

static void patch_request(struct worker *w, const struct template *t, char *at)
{
    bool in_order = w->options->sequential;
    uint64_t key = in_order ? w->next_key++ : 0;
    for (unsigned i = 0; i < t->slot_count; i++) {
        if (!in_order)
            key = (uint64_t)((unsigned __int128)random_next(w) * w->options->keys >> 64);
        put_key(at + t->slots[i], key);
    }
}

/* How many requests the next batch may have. */
static uint64_t batch_size(const struct worker *w)
{
    uint64_t left = w->quota - w->sent;
    return left < w->options->depth ? left : w->options->depth;
}

/* Fills the thread's batch buffer with n requests and returns its length. One template: the copies are already
 * there and only digits change. */
static size_t batch_build(struct worker *w, uint64_t n)
{
    const struct mix *mix = w->mix;
    char *at = w->batch;
    for (uint64_t i = 0; i < n; i++) {
        const struct template *t = &mix->templates[0];
        if (mix->count > 1) {
            t = &mix->templates[mix->picks[random_next(w) % mix->pick_count]];
            memcpy(at, t->bytes, t->length);
        }
        patch_request(w, t, at);
        at += t->length;
    }
    return (size_t)(at - w->batch);
}

/* ---- connections ---- */

static void link_watch(struct worker *w, struct link *l, uint32_t events, int operation)
{
    struct epoll_event event = {.events = events, .data.ptr = l};
    if (epoll_ctl(w->epoll, operation, l->fd, &event))
        die("epoll_ctl");
}

static size_t link_write(struct link *l, const char *bytes, size_t length)
{
    ssize_t n = write(l->fd, bytes, length);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        die("write");
    return n < 0 ? 0 : (size_t)n;
}

/* Keeps what the socket did not take; the thread's batch buffer serves the next connection meanwhile. */
static void link_keep_rest(struct worker *w, struct link *l, const char *rest, size_t length)
{
    if (!l->rest)
        l->rest = zalloc(w->batch_bytes);
    memcpy(l->rest, rest, length);
    l->rest_length = length;
    l->rest_offset = 0;
    link_watch(w, l, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
}

static void link_write_rest(struct worker *w, struct link *l)
{
    l->rest_offset += link_write(l, l->rest + l->rest_offset, l->rest_length - l->rest_offset);
    if (l->rest_offset == l->rest_length) {
        l->rest_length = 0;
        link_watch(w, l, EPOLLIN, EPOLL_CTL_MOD);
    }
}

/* Sends the next batch; false when nothing is left to send. */
static bool link_send(struct worker *w, struct link *l, uint64_t started_ns)
{
    uint64_t n = batch_size(w);
    if (n == 0)
        return false;
    size_t length = batch_build(w, n), done = 0;
    w->sent += n;
    w->live++;
    l->busy = true;
    l->framer.expect = n;
    l->started_ns = started_ns;
    done = link_write(l, w->batch, length);
    if (done < length)
        link_keep_rest(w, l, w->batch + done, length - done);
    return true;
}

static void greet(struct worker *w, struct link *l)
{
    const struct template *t = w->greeting;
    if (write(l->fd, t->bytes, t->length) != (ssize_t)t->length)
        die("greeting");
    l->framer.expect = 1;
    while (l->framer.expect) {
        ssize_t n = read(l->fd, w->input, READ_BYTES);
        if (n <= 0)
            die("greeting");
        framer_eat(&l->framer, w->input, (size_t)n, w->options->text);
    }
    if (l->framer.errors)
        die(l->framer.first_error);
}

static void worker_connect(struct worker *w)
{
    w->epoll = epoll_create1(EPOLL_CLOEXEC);
    w->links = zalloc(w->link_count * sizeof *w->links);
    for (unsigned i = 0; i < w->link_count; i++) {
        struct link *l = &w->links[i];
        l->fd = dial(w->options->path, w->options->port);
        if (w->greeting)
            greet(w, l);
        fcntl(l->fd, F_SETFL, O_NONBLOCK);
        link_watch(w, l, EPOLLIN, EPOLL_CTL_ADD);
    }
}

/* ---- the run of one thread ---- */

static bool worker_open(const struct worker *w, uint64_t ns)
{
    return ns < w->end_ns && w->sent < w->quota;
}

/* Open loop: sends every batch that is due and finds an idle connection. */
static void worker_send_due(struct worker *w)
{
    uint64_t ns = now_ns();
    while (w->due_ns <= ns && worker_open(w, w->due_ns)) {
        unsigned tried = 0;
        while (tried < w->link_count && w->links[w->next_link].busy) {
            w->next_link = (w->next_link + 1) % w->link_count;
            tried++;
        }
        if (tried == w->link_count)
            return;
        link_send(w, &w->links[w->next_link], w->due_ns);
        w->due_ns += w->gap_ns;
    }
}

static void batch_done(struct worker *w, struct link *l)
{
    uint64_t ns = now_ns();
    w->live--;
    l->busy = false;
    w->last_reply_ns = ns;
    if (ns >= w->warm_ns)
        histogram_add(&w->histogram, ns - l->started_ns);
    if (!w->gap_ns && worker_open(w, ns))
        link_send(w, l, ns);
}

static void link_readable(struct worker *w, struct link *l)
{
    ssize_t n = read(l->fd, w->input, READ_BYTES);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0)
        die("the server closed a connection");
    uint64_t before = l->framer.expect;
    w->stray_bytes += framer_eat(&l->framer, w->input, (size_t)n, w->options->text);
    w->replies += before - l->framer.expect;
    if (l->busy && l->framer.expect == 0)
        batch_done(w, l);
}

static int worker_wait(struct worker *w, struct epoll_event *events)
{
    struct timespec pause = {.tv_sec = 1};
    uint64_t ns = w->gap_ns && worker_open(w, w->due_ns) ? now_ns() : UINT64_MAX;
    if (ns != UINT64_MAX)
        pause = (struct timespec){.tv_nsec = w->due_ns > ns ? (long)((w->due_ns - ns) % 1000000000u) : 0};
    int n = epoll_pwait2(w->epoll, events, EVENTS, &pause, NULL);
    if (n == 0 && w->live && now_ns() > w->last_reply_ns + STALL_SECONDS * 1000000000ull) {
        errno = 0;
        die("no reply for 20 seconds");
    }
    return n;
}

static void worker_loop(struct worker *w)
{
    struct epoll_event events[EVENTS];
    for (unsigned i = 0; !w->gap_ns && i < w->link_count; i++)
        link_send(w, &w->links[i], now_ns());
    while (w->live || (w->gap_ns && worker_open(w, w->due_ns))) {
        if (w->gap_ns)
            worker_send_due(w);
        int n = worker_wait(w, events);
        for (int i = 0; i < n; i++) {
            struct link *l = events[i].data.ptr;
            if ((events[i].events & EPOLLOUT) && l->rest_length)
                link_write_rest(w, l);
            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
                link_readable(w, l);
        }
    }
}

static void worker_prepare(struct worker *w)
{
    size_t longest = 0;
    for (unsigned i = 0; i < w->mix->count; i++)
        longest = w->mix->templates[i].length > longest ? w->mix->templates[i].length : longest;
    w->batch_bytes = longest * w->options->depth;
    w->batch = zalloc(w->batch_bytes);
    for (unsigned i = 0; w->mix->count == 1 && i < w->options->depth; i++)
        memcpy(w->batch + i * longest, w->mix->templates[0].bytes, longest);
    w->input = zalloc(READ_BYTES + FRAMER_SLACK);
    w->random = now_ns() * 0x9e3779b97f4a7c15ull + w->index;
}

static void *worker_main(void *argument)
{
    struct worker *w = argument;
    const struct options *o = w->options;
    prctl(PR_SET_TIMERSLACK, 1ul);
    worker_prepare(w);
    worker_connect(w);
    pthread_barrier_wait(w->connected);
    pthread_barrier_wait(w->go);
    uint64_t start = now_ns();
    w->last_reply_ns = w->due_ns = start;
    w->warm_ns = start + (uint64_t)(o->warm_seconds * 1e9);
    w->end_ns = o->requests || o->sequential ? UINT64_MAX : start + (uint64_t)(o->seconds * 1e9);
    if (o->rate > 0)
        w->gap_ns = (uint64_t)(1e9 * o->depth * o->threads / o->rate);
    worker_loop(w);
    w->elapsed_ns = now_ns() - start;
    return NULL;
}

/* ---- start, sum, report ---- */

static void worker_init(struct worker *w, const struct options *o, unsigned index)
{
    uint64_t span = o->keys / o->threads, requests = o->requests / o->threads;
    bool last = index + 1 == o->threads;
    if (last)
        requests = o->requests - requests * index;
    w->options = o;
    w->index = index;
    w->link_count = o->conns / o->threads + (index < o->conns % o->threads);
    w->next_key = index * span;
    w->quota = o->sequential ? (last ? o->keys - w->next_key : span) : requests ? requests : UINT64_MAX;
}

static void report(const struct worker *workers, unsigned count)
{
    struct histogram *all = zalloc(sizeof *all);
    struct rusage usage;
    uint64_t ops = 0, errors = 0, stray_bytes = 0, elapsed = 1;
    const char *first_error = NULL;
    for (unsigned i = 0; i < count; i++) {
        const struct worker *w = &workers[i];
        histogram_merge(all, &w->histogram);
        ops += w->replies;
        stray_bytes += w->stray_bytes;
        elapsed = w->elapsed_ns > elapsed ? w->elapsed_ns : elapsed;
        for (unsigned j = 0; j < w->link_count; j++) {
            errors += w->links[j].framer.errors;
            if (w->links[j].framer.errors)
                first_error = w->links[j].framer.first_error;
        }
    }
    getrusage(RUSAGE_SELF, &usage);
    double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    printf("ops=%lu secs=%.4f ops_s=%.0f p50_us=%.1f p90_us=%.1f p99_us=%.1f p999_us=%.1f max_us=%.1f errors=%lu "
           "stray_bytes=%lu cpu_s=%.3f\n",
           ops, (double)elapsed / 1e9, (double)ops * 1e9 / (double)elapsed, histogram_quantile_us(all, .5),
           histogram_quantile_us(all, .9), histogram_quantile_us(all, .99), histogram_quantile_us(all, .999),
           (double)all->max_ns / 1e3, errors, stray_bytes, cpu);
    fflush(stdout);
    if (first_error)
        fprintf(stderr, "load: first error reply: %s\n", first_error);
    free(all);
}

static void parse_options(struct options *o, int argc, char **argv)
{
    int letter;
    while ((letter = getopt(argc, argv, "+p:u:c:P:t:d:n:k:Sr:w:mx:g")) != -1) {
        switch (letter) {
        case 'p':
            o->port = atoi(optarg);
            break;
        case 'u':
            o->path = optarg;
            break;
        case 'c':
            o->conns = (unsigned)atoi(optarg);
            break;
        case 'P':
            o->depth = (unsigned)atoi(optarg);
            break;
        case 't':
            o->threads = (unsigned)atoi(optarg);
            break;
        case 'd':
            o->seconds = atof(optarg);
            break;
        case 'n':
            o->requests = strtoull(optarg, NULL, 10);
            break;
        case 'k':
            o->keys = strtoull(optarg, NULL, 10);
            break;
        case 'S':
            o->sequential = true;
            break;
        case 'r':
            o->rate = atof(optarg);
            break;
        case 'w':
            o->warm_seconds = atof(optarg);
            break;
        case 'm':
            o->text = true;
            break;
        case 'x':
            o->greeting = optarg;
            break;
        case 'g':
            o->gate = true;
            break;
        default:
            fputs(help, stderr);
            exit(2);
        }
    }
    bool sane = (o->port > 0 || o->path) && o->conns > 0 && o->depth > 0 && o->threads > 0 && o->keys > 0;
    if (!sane || o->seconds <= 0 || optind >= argc) {
        fputs(help, stderr);
        exit(2);
    }
    if (o->threads > o->conns)
        o->threads = o->conns;
}

int main(int argc, char **argv)
{
    struct options o = {.conns = 50, .depth = 1, .threads = 1, .seconds = 2, .keys = 1000000};
    struct template greeting = {0};
    struct mix mix = {0};
    pthread_barrier_t connected, go;
    parse_options(&o, argc, argv);
    mix_parse(&mix, argv + optind, argc - optind, o.text);
    if (o.greeting)
        greeting_parse(&greeting, o.greeting, o.text);
    struct worker *workers = zalloc(o.threads * sizeof *workers);
    pthread_barrier_init(&connected, NULL, o.threads + 1);
    pthread_barrier_init(&go, NULL, o.threads + 1);
    for (unsigned i = 0; i < o.threads; i++) {
        struct worker *w = &workers[i];
        worker_init(w, &o, i);
        w->mix = &mix;
        w->greeting = o.greeting ? &greeting : NULL;
        w->connected = &connected;
        w->go = &go;
        if (pthread_create(&w->thread, NULL, worker_main, w))
            die("pthread_create");
    }
    pthread_barrier_wait(&connected);
    if (o.gate)
        gate("ready");
    pthread_barrier_wait(&go);
    for (unsigned i = 0; i < o.threads; i++)
        pthread_join(workers[i].thread, NULL);
    report(workers, o.threads);
    if (o.gate)
        gate(NULL);
    return 0;
}

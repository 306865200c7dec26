/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the load generators have in common: connecting, the gate at which they wait, time, histograms.
 *
 * Owner: the caller owns every structure. Locks: none.
 */
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

_Noreturn void die(const char *what)
{
    fprintf(stderr, "load: %s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
    exit(1);
}

uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void *zalloc(size_t bytes)
{
    void *block = calloc(1, bytes ? bytes : 1);
    if (!block)
        die("no memory");
    return block;
}

void histogram_add(struct histogram *h, uint64_t ns)
{
    unsigned shift = ns < 128 ? 0 : 57u - (unsigned)__builtin_clzll(ns);
    size_t slot = (size_t)shift * 64 + (size_t)(ns >> shift);
    h->slots[slot < HISTOGRAM_SLOTS ? slot : HISTOGRAM_SLOTS - 1]++;
    h->count++;
    if (ns > h->max_ns)
        h->max_ns = ns;
}

void histogram_merge(struct histogram *to, const struct histogram *from)
{
    for (size_t i = 0; i < HISTOGRAM_SLOTS; i++)
        to->slots[i] += from->slots[i];
    to->count += from->count;
    if (from->max_ns > to->max_ns)
        to->max_ns = from->max_ns;
}

double histogram_quantile_us(const struct histogram *h, double quantile)
{
    uint64_t rank = (uint64_t)(quantile * (double)h->count), seen = 0;
    for (size_t i = 0; i < HISTOGRAM_SLOTS; i++) {
        seen += h->slots[i];
        if (seen > rank) {
            unsigned shift = i < 128 ? 0 : (unsigned)(i / 64 - 1);
            uint64_t low = (uint64_t)(i - (size_t)shift * 64) << shift;
            uint64_t middle = low + ((UINT64_C(1) << shift) >> 1);
            return (double)(middle < h->max_ns ? middle : h->max_ns) / 1e3;
        }
    }
    return (double)h->max_ns / 1e3;
}

int dial(const char *path, int port)
{
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    struct sockaddr_in inet = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int one = 1, fd = socket(path ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (path)
        snprintf(local.sun_path, sizeof local.sun_path, "%s", path);
    inet.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, path ? (void *)&local : (void *)&inet, path ? sizeof local : sizeof inet))
        die("connect");
    if (!path)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

void gate(const char *word)
{
    char line[16];
    if (word) {
        puts(word);
        fflush(stdout);
    }
    while (fgets(line, sizeof line, stdin) && !word)
        ;
}

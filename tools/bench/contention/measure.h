/* SPDX-License-Identifier: BSD-3-Clause */
/* What the measurements of contention share: a clock in cycles, threads on CPUs, work of a known length.
 * Owner: each thread its own figures. Locks: none here. */
#ifndef SHERD_BENCH_MEASURE_H
#define SHERD_BENCH_MEASURE_H

#include <ck_pr.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sherd/base/compiler.h"

enum {
    THREADS_MAX = 64,
    PERCENT = 100,
};

/* The time stamp counter; cheap and monotonic on one CPU. */
static ALWAYS_INLINE uint64_t cycles(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
#endif
}

static inline double seconds_of(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Cycles of the counter in a nanosecond. */
double cycles_per_ns(void);
/* Steps of `work` that take about a nanosecond each, as a count per nanosecond. */
double work_per_ns(void);
/* The thread goes to the index-th usable CPU, round-robin. */
void pin(unsigned index);

/* A chain of dependent steps that no compiler shortens. */
static ALWAYS_INLINE void work(uint64_t steps)
{
    uint64_t value = steps;
    for (uint64_t i = 0; i < steps; i++) {
        __asm__ volatile("" : "+r"(value));
        value += i;
    }
}

/* Runs `body(argument)` of `count` threads at once, each pinned, for `seconds`; they look at *stop. Returns the
 * seconds that passed. */
struct runner {
    pthread_t thread;
    unsigned index;
    void (*body)(struct runner *runner);
    void *shared;
    _Atomic bool *stop;
    _Atomic unsigned *ready;
    unsigned count;
    uint64_t ops;        /* done */
    uint64_t worst;      /* longest wait, cycles */
    double cpu_seconds;  /* the thread's own */
    uint64_t held, outs; /* cycles under locks; acquisitions that failed at first sight */
};
double run_threads(struct runner *runners, unsigned count, double seconds, void (*body)(struct runner *runner),
                   void *shared);

/* measure_locks.c: nanoseconds an acquisition by kind, threads, hold; one line of JSON each. */
int measure_locks(int argc, char **argv);
/* measure_keys.c: hold times and throughput of GET, SET, MSET on the real keyspace. */
int measure_keys(int argc, char **argv);

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long the turns of an event loop are, seen from inside a server that knows nothing of it: a library to preload.
 * A turn of a thread lasts from the return of epoll_wait to its next call: what a client can have to wait for. Of each:
 * wall time, the thread's own processor time (less what a hypervisor took meanwhile), its context switches and page
 * faults, the events that began it, and how often it yielded (a wait for a lock; the kernel counts a yield among the
 * involuntary switches).
 *
 *   LD_PRELOAD=turns.so TURNS_FILE=path [TURNS_TAKEN=file of witness.c] server ...
 *
 * The file is mapped and read while the server runs: `struct record`, read by turns.py. Who reads it starts a new
 * phase by adding one to `phase`; a thread empties its part when it sees that, so a part with another phase counts
 * as empty.
 *
 * Owner: each part of the record belongs to the thread that took it, `phase` to the reader. Locks: none.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "turns.h"

enum {
    THREADS = 80,
    BUCKETS = 256, /* four to each doubling of the nanoseconds */
    WORST = 16,
    LONG_NS = 1000000,
    EPISODE_NS = 20000000, /* long turns so near each other have one cause */
};

struct turn {
    uint64_t at_ns, wall_ns, cpu_ns, taken_ns; /* cpu_ns: taken_ns is subtracted */
    uint32_t events, yields, voluntary, involuntary, minor_faults, major_faults;
};

/* What a turn is compared by to be among the worst: own time, or wall time of turns that waited for something. */
struct part {
    uint32_t thread, phase;
    char name[16];
    uint64_t turns, wall_ns, cpu_ns;
    uint64_t long_wall, long_cpu, long_waited, episodes; /* of long_cpu */
    uint64_t last_long_ns;
    uint64_t cpu_buckets[BUCKETS], wall_buckets[BUCKETS];
    struct turn worst[WORST], worst_waited[WORST];
};

struct record {
    _Atomic uint32_t phase;
    _Atomic uint32_t parts; /* taken; may exceed THREADS, which then have none */
    struct part part[THREADS];
};

struct moment {
    uint64_t wall_ns, cpu_ns, taken_ns, taken_anywhere_ns;
    struct rusage usage;
};

struct thread_state {
    struct part *part;
    struct moment begin;
    uint32_t events, yields;
    unsigned cpu; /* on which the turn began */
    bool asked, in_turn;
};

static struct record *record;
static const struct taken *taken; /* NULL: nobody tells */
static int (*next_wait)(int, struct epoll_event *, int, int);
static int (*next_pwait)(int, struct epoll_event *, int, int, const sigset_t *);
static int (*next_yield)(void);
static _Thread_local struct thread_state self;

__attribute__((constructor)) static void open_record(void)
{
    next_wait = (int (*)(int, struct epoll_event *, int, int))dlsym(RTLD_NEXT, "epoll_wait");
    next_pwait = (int (*)(int, struct epoll_event *, int, int, const sigset_t *))dlsym(RTLD_NEXT, "epoll_pwait");
    next_yield = (int (*)(void))dlsym(RTLD_NEXT, "sched_yield");
    const char *path = getenv("TURNS_FILE");
    int fd = path ? open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    if (fd < 0)
        return; /* nothing is asked, or a child of the one that has the file */
    void *bytes = MAP_FAILED;
    if (ftruncate(fd, sizeof(struct record)) == 0)
        bytes = mmap(NULL, sizeof(struct record), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
    close(fd);
    record = bytes == MAP_FAILED ? NULL : bytes;
    path = getenv("TURNS_TAKEN");
    fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    bytes = mmap(NULL, sizeof(struct taken), PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
    close(fd);
    taken = bytes == MAP_FAILED ? NULL : bytes;
}

static uint64_t taken_from(unsigned cpu)
{
    return taken && cpu <= TAKEN_ANYWHERE ? atomic_load_explicit(&taken->cpu[cpu].ns, memory_order_relaxed) : 0;
}

static uint64_t read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void take_part(void)
{
    self.asked = true;
    uint32_t index = record ? atomic_fetch_add(&record->parts, 1) : THREADS;
    if (index >= THREADS)
        return;
    self.part = &record->part[index];
    self.part->thread = (uint32_t)gettid();
    prctl(PR_GET_NAME, self.part->name);
}

static unsigned bucket_of(uint64_t ns)
{
    if (ns < 4)
        return (unsigned)ns;
    unsigned doubling = 63 - (unsigned)__builtin_clzll(ns);
    return 4 * doubling + (unsigned)(ns >> (doubling - 2) & 3);
}

static uint64_t weight_of(const struct turn *turn, bool wall)
{
    return wall ? turn->wall_ns : turn->cpu_ns;
}

/* Takes the place of the least of the worst when it is worse. */
static void rank(struct turn *worst, const struct turn *turn, bool wall)
{
    struct turn *least = worst;
    for (int i = 1; i < WORST; i++)
        least = weight_of(&worst[i], wall) < weight_of(least, wall) ? &worst[i] : least;
    if (weight_of(turn, wall) > weight_of(least, wall))
        *least = *turn;
}

static void note(struct part *part, const struct turn *turn)
{
    uint32_t phase = atomic_load_explicit(&record->phase, memory_order_acquire);
    if (part->phase != phase) {
        memset(&part->turns, 0, sizeof(*part) - offsetof(struct part, turns));
        part->phase = phase;
    }
    part->turns++;
    part->wall_ns += turn->wall_ns;
    part->cpu_ns += turn->cpu_ns;
    part->wall_buckets[bucket_of(turn->wall_ns)]++;
    part->cpu_buckets[bucket_of(turn->cpu_ns)]++;
    rank(part->worst, turn, false);
    if (turn->cpu_ns > LONG_NS) {
        part->long_cpu++;
        part->episodes += part->last_long_ns == 0 || turn->at_ns - part->last_long_ns > EPISODE_NS;
        part->last_long_ns = turn->at_ns;
    }
    if (turn->wall_ns > LONG_NS) {
        part->long_wall++;
        /* One yield stands between two turns of a loop that shares its processor. */
        if (turn->voluntary != 0 || turn->yields > 1) {
            part->long_waited++;
            rank(part->worst_waited, turn, true);
        }
    }
}

/* A thread that has moved is mostly one that lost its time: from which processor is not known. */
static uint64_t taken_meanwhile(void)
{
    const struct moment *begin = &self.begin;
    if ((unsigned)sched_getcpu() == self.cpu)
        return taken_from(self.cpu) - begin->taken_ns;
    return taken_from(TAKEN_ANYWHERE) - begin->taken_anywhere_ns;
}

static void turn_begins(int events)
{
    if (!self.part)
        return;
    self.events = events > 0 ? (uint32_t)events : 0;
    self.yields = 0;
    self.in_turn = true;
    getrusage(RUSAGE_THREAD, &self.begin.usage);
    self.begin.wall_ns = read_clock(CLOCK_MONOTONIC);
    self.cpu = (unsigned)sched_getcpu();
    self.begin.taken_ns = taken_from(self.cpu);
    self.begin.taken_anywhere_ns = taken_from(TAKEN_ANYWHERE);
    self.begin.cpu_ns = read_clock(CLOCK_THREAD_CPUTIME_ID);
}

static void turn_ends(void)
{
    if (!self.asked)
        take_part();
    if (!self.in_turn)
        return;
    self.in_turn = false;
    struct moment end, *begin = &self.begin;
    end.cpu_ns = read_clock(CLOCK_THREAD_CPUTIME_ID);
    uint64_t taken_ns = taken_meanwhile();
    uint64_t cpu_ns = end.cpu_ns - begin->cpu_ns;
    taken_ns = taken_ns < cpu_ns ? taken_ns : cpu_ns;
    end.wall_ns = read_clock(CLOCK_MONOTONIC);
    getrusage(RUSAGE_THREAD, &end.usage);
    note(self.part, &(struct turn){
                        .at_ns = begin->wall_ns,
                        .wall_ns = end.wall_ns - begin->wall_ns,
                        .cpu_ns = cpu_ns - taken_ns,
                        .taken_ns = taken_ns,
                        .events = self.events,
                        .yields = self.yields,
                        .voluntary = (uint32_t)(end.usage.ru_nvcsw - begin->usage.ru_nvcsw),
                        .involuntary = (uint32_t)(end.usage.ru_nivcsw - begin->usage.ru_nivcsw),
                        .minor_faults = (uint32_t)(end.usage.ru_minflt - begin->usage.ru_minflt),
                        .major_faults = (uint32_t)(end.usage.ru_majflt - begin->usage.ru_majflt),
                    });
}

__attribute__((visibility("default"))) int epoll_wait(int fd, struct epoll_event *events, int max, int timeout_ms)
{
    turn_ends();
    int count = next_wait(fd, events, max, timeout_ms);
    turn_begins(count);
    return count;
}

__attribute__((visibility("default"))) int epoll_pwait(int fd, struct epoll_event *events, int max, int timeout_ms,
                                                       const sigset_t *mask)
{
    turn_ends();
    int count = next_pwait(fd, events, max, timeout_ms, mask);
    turn_begins(count);
    return count;
}

__attribute__((visibility("default"))) int sched_yield(void)
{
    self.yields++;
    return next_yield();
}

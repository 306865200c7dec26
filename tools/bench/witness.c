/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tells when a processor ran nothing of this machine: what a hypervisor takes is in the kernel's account of a thread's
 * own time. On each processor a thread of the highest priority wakes INTERVAL_NS after it fell asleep; by how much it
 * wakes late, nobody ran there, or the kernel would not be interrupted. It adds that up where turns.c reads it, and
 * does so before anyone else goes on.
 *
 *   witness FILE        prints `ready` when all threads are there; ends with its input. Fails without the privilege.
 *
 * Owner: each counter but the sum belongs to its processor's thread. Locks: none.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "turns.h"

enum { INTERVAL_NS = 200000, LATE_NS = 30000, SECOND_NS = 1000000000 };

struct watcher {
    pthread_t thread;
    _Atomic uint64_t *taken_ns, *anywhere_ns;
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void *watch(void *argument)
{
    struct watcher *self = argument;
    struct timespec due, now;
    while (true) {
        clock_gettime(CLOCK_MONOTONIC, &due);
        due.tv_nsec += INTERVAL_NS;
        if (due.tv_nsec >= SECOND_NS) {
            due.tv_nsec -= SECOND_NS;
            due.tv_sec++;
        }
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) != 0) {
        }
        clock_gettime(CLOCK_MONOTONIC, &now);
        int64_t late_ns = (now.tv_sec - due.tv_sec) * SECOND_NS + (now.tv_nsec - due.tv_nsec);
        if (late_ns > LATE_NS) {
            atomic_fetch_add_explicit(self->taken_ns, (uint64_t)late_ns, memory_order_relaxed);
            atomic_fetch_add_explicit(self->anywhere_ns, (uint64_t)late_ns, memory_order_relaxed);
        }
    }
    return NULL;
}

static void start(struct watcher *watcher, int cpu)
{
    pthread_attr_t attributes;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    pthread_attr_init(&attributes);
    pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
    pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
    pthread_attr_setschedparam(&attributes,
                               &(struct sched_param){.sched_priority = sched_get_priority_max(SCHED_FIFO)});
    pthread_attr_setaffinity_np(&attributes, sizeof(set), &set);
    if (pthread_create(&watcher->thread, &attributes, watch, watcher) != 0)
        die("a thread of real-time priority");
}

int main(int argc, char **argv)
{
    int fd = argc == 2 ? open(argv[1], O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd < 0 || ftruncate(fd, sizeof(struct taken)) != 0)
        die("witness FILE");
    struct taken *taken = mmap(NULL, sizeof(*taken), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (taken == MAP_FAILED || mlockall(MCL_CURRENT | MCL_FUTURE) != 0)
        die("mmap, mlockall");
    static struct watcher watchers[TAKEN_CPUS];
    cpu_set_t set;
    sched_getaffinity(0, sizeof(set), &set);
    for (int cpu = 0; cpu < TAKEN_CPUS; cpu++) {
        watchers[cpu].taken_ns = &taken->cpu[cpu].ns;
        watchers[cpu].anywhere_ns = &taken->cpu[TAKEN_ANYWHERE].ns;
        if (CPU_ISSET(cpu, &set))
            start(&watchers[cpu], cpu);
    }
    puts("ready");
    fflush(stdout);
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    return 0;
}

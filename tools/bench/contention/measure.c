/* SPDX-License-Identifier: BSD-3-Clause */
/* Measures what the model of contention is fed with: the price of a cache line that changes cores, locks of several
 * kinds, and how long shard locks are held. Each measurement prints lines of JSON.
 *   measure line
 *   measure locks KIND THREADS HOLD_NS OUTSIDE_NS SECONDS
 *   measure keys OP KEYS THREADS OUTSIDE_NS SECONDS
 * Owner: main. Locks: those that are measured. */
#include "measure.h"

double cycles_per_ns(void)
{
    double begin = seconds_of(CLOCK_MONOTONIC);
    uint64_t first = cycles();
    while (seconds_of(CLOCK_MONOTONIC) - begin < 0.02) {
    }
    return (double)(cycles() - first) / ((seconds_of(CLOCK_MONOTONIC) - begin) * 1e9);
}

double work_per_ns(void)
{
    double best = 0;
    for (int i = 0; i < 10; i++) {
        const uint64_t steps = 1000000;
        double begin = seconds_of(CLOCK_MONOTONIC);
        work(steps);
        double rate = (double)steps / ((seconds_of(CLOCK_MONOTONIC) - begin) * 1e9);
        best = rate > best ? rate : best;
    }
    return best;
}

void pin(unsigned index)
{
    cpu_set_t usable;
    cpu_set_t one;
    if (sched_getaffinity(0, sizeof(usable), &usable) != 0) {
        return;
    }
    int wanted = (int)(index % (unsigned)CPU_COUNT(&usable));
    CPU_ZERO(&one);
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &usable) && wanted-- == 0) {
            CPU_SET(cpu, &one);
        }
    }
    (void)sched_setaffinity(0, sizeof(one), &one);
}

static void *runner_main(void *argument)
{
    struct runner *runner = argument;
    pin(runner->index);
    (void)atomic_fetch_add(runner->ready, 1);
    while (atomic_load(runner->ready) < runner->count) {
        (void)sched_yield();
    }
    double begin = seconds_of(CLOCK_THREAD_CPUTIME_ID);
    runner->body(runner);
    runner->cpu_seconds = seconds_of(CLOCK_THREAD_CPUTIME_ID) - begin;
    return NULL;
}

double run_threads(struct runner *runners, unsigned count, double seconds, void (*body)(struct runner *runner),
                   void *shared)
{
    _Atomic bool stop = false;
    _Atomic unsigned ready = 0;
    for (unsigned i = 0; i < count; i++) {
        runners[i] =
            (struct runner){.index = i, .body = body, .shared = shared, .stop = &stop, .ready = &ready, .count = count};
        if (pthread_create(&runners[i].thread, NULL, runner_main, &runners[i]) != 0) {
            exit(1);
        }
    }
    while (atomic_load(&ready) < count) {
        (void)sched_yield();
    }
    double begin = seconds_of(CLOCK_MONOTONIC);
    struct timespec pause = {.tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
    (void)nanosleep(&pause, NULL);
    double passed = seconds_of(CLOCK_MONOTONIC) - begin;
    atomic_store(&stop, true);
    for (unsigned i = 0; i < count; i++) {
        (void)pthread_join(runners[i].thread, NULL);
    }
    return passed;
}

struct table_tennis {
    CACHE_ALIGNED _Atomic uint64_t turn;
    CACHE_ALIGNED _Atomic uint64_t rounds;
};

/* Two threads hand one line to and fro: each exchange is two transfers. */
static void play(struct runner *runner)
{
    struct table_tennis *table = runner->shared;
    uint64_t mine = runner->index;
    while (!atomic_load_explicit(runner->stop, memory_order_relaxed)) {
        for (int i = 0; i < 1000; i++) {
            uint64_t spins = 0;
            while (atomic_load_explicit(&table->turn, memory_order_acquire) % 2 != mine && spins++ < 100000) {
            }
            atomic_store_explicit(&table->turn, mine + 1, memory_order_release);
            runner->ops++;
        }
    }
}

static double pause_ns(double per_ns)
{
    uint64_t begin = cycles();
    for (int i = 0; i < 100000; i++) {
        ck_pr_stall();
    }
    return (double)(cycles() - begin) / 100000 / per_ns;
}

static double yield_ns(double per_ns)
{
    uint64_t begin = cycles();
    for (int i = 0; i < 10000; i++) {
        (void)sched_yield();
    }
    return (double)(cycles() - begin) / 10000 / per_ns;
}

static double stamp_ns(double per_ns)
{
    uint64_t sum = 0;
    for (int i = 0; i < 100000; i++) {
        uint64_t begin = cycles();
        sum += cycles() - begin;
    }
    return (double)sum / 100000 / per_ns;
}

static int measure_line(void)
{
    struct runner runners[2];
    static struct table_tennis none;
    struct table_tennis *table = aligned_alloc(CACHE_LINE_BYTES, sizeof(none));
    memset((void *)table, 0, sizeof(*table));
    double passed = run_threads(runners, 2, 0.5, play, table);
    double per_ns = cycles_per_ns();
    (void)printf("{\"line_ns\": %.1f, \"pause_ns\": %.1f, \"yield_ns\": %.1f, \"stamp_ns\": %.1f}\n",
                 passed * 1e9 / (double)(runners[0].ops + runners[1].ops), pause_ns(per_ns), yield_ns(per_ns),
                 stamp_ns(per_ns));
    free(table);
    return 0;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "line") == 0) {
        return measure_line();
    }
    if (strcmp(what, "locks") == 0 && argc == 7) {
        return measure_locks(argc, argv);
    }
    if (strcmp(what, "keys") == 0 && argc == 7) {
        return measure_keys(argc, argv);
    }
    (void)fprintf(stderr, "measure line\nmeasure locks KIND THREADS HOLD_NS OUTSIDE_NS SECONDS\n"
                          "measure keys get|set|mset random|hot|zipf THREADS OUTSIDE_NS SECONDS\n");
    return 2;
}

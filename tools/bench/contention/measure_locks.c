/* SPDX-License-Identifier: BSD-3-Clause */
/* Locks of several kinds under the same load: a critical section that writes the lock's line and one more, then work
 * outside. "sherd" is the shards' own, with back-off and yield; the others are Concurrency Kit's and the C library's.
 * Owner: main. Locks: one, measured. */
#include <ck_spinlock.h>

#include "measure.h"
#include "sherd/sync/spin.h"

union any_lock {
    struct spin sherd;
    ck_spinlock_fas_t fas;
    ck_spinlock_cas_t cas;
    ck_spinlock_dec_t dec;
    ck_spinlock_ticket_t ticket;
    ck_spinlock_mcs_t mcs;
    pthread_mutex_t mutex;
};

struct bench {
    CACHE_ALIGNED union any_lock lock;
    uint64_t guarded; /* the first written word, on the lock's own line where the lock is small */
    CACHE_ALIGNED uint64_t entry;
    CACHE_ALIGNED uint64_t hold_steps; /* (c) */
    uint64_t outside_steps;            /* (c) */
};

/* One body for each kind, so that the lock is inlined as in the server. */
#define LOCK_BODY(kind, acquire, release)                                                                              \
    static void body_##kind(struct runner *runner)                                                                     \
    {                                                                                                                  \
        struct bench *bench = runner->shared;                                                                          \
        ck_spinlock_mcs_context_t context UNUSED;                                                                      \
        union any_lock *lock = &bench->lock;                                                                           \
        uint64_t hold = bench->hold_steps;                                                                             \
        uint64_t outside = bench->outside_steps;                                                                       \
        while (!atomic_load_explicit(runner->stop, memory_order_relaxed)) {                                            \
            uint64_t begin = cycles();                                                                                 \
            for (int i = 0; i < 16; i++) {                                                                             \
                acquire;                                                                                               \
                bench->guarded++;                                                                                      \
                bench->entry++;                                                                                        \
                work(hold);                                                                                            \
                release;                                                                                               \
                work(outside);                                                                                         \
            }                                                                                                          \
            uint64_t took = cycles() - begin;                                                                          \
            runner->worst = took > runner->worst ? took : runner->worst;                                               \
            runner->ops += 16;                                                                                         \
        }                                                                                                              \
    }

LOCK_BODY(none, (void)lock, (void)lock)
LOCK_BODY(sherd, spin_acquire(&lock->sherd), spin_release(&lock->sherd))
LOCK_BODY(fas, ck_spinlock_fas_lock(&lock->fas), ck_spinlock_fas_unlock(&lock->fas))
LOCK_BODY(fas_eb, ck_spinlock_fas_lock_eb(&lock->fas), ck_spinlock_fas_unlock(&lock->fas))
LOCK_BODY(cas, ck_spinlock_cas_lock(&lock->cas), ck_spinlock_cas_unlock(&lock->cas))
LOCK_BODY(dec, ck_spinlock_dec_lock(&lock->dec), ck_spinlock_dec_unlock(&lock->dec))
LOCK_BODY(ticket, ck_spinlock_ticket_lock(&lock->ticket), ck_spinlock_ticket_unlock(&lock->ticket))
LOCK_BODY(ticket_pb, ck_spinlock_ticket_lock_pb(&lock->ticket, 0), ck_spinlock_ticket_unlock(&lock->ticket))
LOCK_BODY(mcs, ck_spinlock_mcs_lock(&lock->mcs, &context), ck_spinlock_mcs_unlock(&lock->mcs, &context))
LOCK_BODY(mutex, (void)pthread_mutex_lock(&lock->mutex), (void)pthread_mutex_unlock(&lock->mutex))

static const struct {
    const char *name;
    void (*body)(struct runner *runner);
} kinds[] = {
    {"none", body_none},     {"sherd", body_sherd},
    {"fas", body_fas},       {"fas_eb", body_fas_eb},
    {"cas", body_cas},       {"dec", body_dec},
    {"mcs", body_mcs},       {"mutex", body_mutex},
    {"ticket", body_ticket}, {"ticket_pb", body_ticket_pb},
};

static void lock_init(union any_lock *lock, const char *kind)
{
    memset((void *)lock, 0, sizeof(*lock));
    if (strcmp(kind, "sherd") == 0) {
        spin_init(&lock->sherd, LOCK_RANK_LEAF, 0);
    } else if (strcmp(kind, "dec") == 0) {
        ck_spinlock_dec_init(&lock->dec);
    } else if (strcmp(kind, "mutex") == 0) {
        (void)pthread_mutex_init(&lock->mutex, NULL);
    }
}

/* What an acquisition cost beyond the work that was asked for, per thread and in all. */
static void print_figures(const char *kind, const struct runner *runners, unsigned threads, double passed)
{
    uint64_t ops = 0;
    uint64_t worst = 0;
    uint64_t least = UINT64_MAX;
    double cpu = 0;
    for (unsigned i = 0; i < threads; i++) {
        ops += runners[i].ops;
        least = runners[i].ops < least ? runners[i].ops : least;
        worst = runners[i].worst > worst ? runners[i].worst : worst;
        cpu += runners[i].cpu_seconds;
    }
    (void)printf("{\"kind\": \"%s\", \"threads\": %u, \"mops\": %.3f, \"cpu_ns\": %.1f, \"least_share_percent\": %.1f, "
                 "\"worst_us\": %.1f}\n",
                 kind, threads, (double)ops / passed / 1e6, cpu * 1e9 / (double)ops,
                 (double)least * PERCENT * threads / (double)ops, (double)worst / cycles_per_ns() / 1000);
}

int measure_locks(int argc, char **argv)
{
    (void)argc;
    unsigned threads = (unsigned)strtoul(argv[3], NULL, 10);
    struct runner runners[THREADS_MAX];
    struct bench *bench = aligned_alloc(CACHE_LINE_BYTES, sizeof(*bench));
    double rate = work_per_ns();
    bench->hold_steps = (uint64_t)(strtod(argv[4], NULL) * rate);
    bench->outside_steps = (uint64_t)(strtod(argv[5], NULL) * rate);
    int done = 2;
    for (size_t i = 0; i < ARRAY_LENGTH(kinds) && threads >= 1 && threads <= THREADS_MAX; i++) {
        if (strcmp(argv[2], "all") == 0 || strcmp(argv[2], kinds[i].name) == 0) {
            lock_init(&bench->lock, kinds[i].name);
            double passed = run_threads(runners, threads, strtod(argv[6], NULL), kinds[i].body, bench);
            print_figures(kinds[i].name, runners, threads, passed);
            done = 0;
        }
    }
    free(bench);
    return done;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What witness.c tells turns.c: a file that both map.
 * Owner: the witness writes. Locks: none. */
#ifndef BENCH_TURNS_H
#define BENCH_TURNS_H

#include <stdatomic.h>
#include <stdint.h>

enum { TAKEN_CPUS = 256, TAKEN_ANYWHERE = TAKEN_CPUS };

/* Nanoseconds, so far, in which a processor ran nothing of this machine; the last place has the sum of all. */
struct taken {
    struct {
        _Alignas(64) _Atomic uint64_t ns;
    } cpu[TAKEN_CPUS + 1];
};

#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/* What the machine lets this process use: processors by affinity and cgroup quota; and threads that stay on some of
 * them.
 * Owner: nobody. Locks: none; reads files under /sys. */
#ifndef SHERD_NET_CPUS_H
#define SHERD_NET_CPUS_H

#include <stdint.h>

#include "sherd/base/slice.h"

enum {
    CPUS_MAX = 1024, /* numbers are below */
};

/* Processors by number. */
struct cpu_list {
    unsigned count;
    uint64_t bits[CPUS_MAX / 64];
};

/* At least 1: the processors of the affinity mask, not more than the cgroup's quota rounded up. */
unsigned cpus_usable(void);

/* Reads "0,2-3" or "0-7:2" (every second one), as server-cpulist has it. STATUS_INVALID, with an empty list, when it is
 * none; STATUS_LIMIT when a number is not below CPUS_MAX. */
NODISCARD enum status cpus_parse(struct slice text, struct cpu_list *list);
/* The index-th processor of the list, in ascending order and from the beginning again; the list is not empty. */
unsigned cpus_choose(const struct cpu_list *list, unsigned index);
/* Keeps the calling thread, and those it creates from now on, on the processors of the list. False with errno when the
 * system refuses; then everything stays as it was. */
NODISCARD bool cpus_allow(const struct cpu_list *list);
/* The same with one processor. */
NODISCARD bool cpus_pin(unsigned cpu);
/* Where the calling thread may run now; false with errno. */
NODISCARD bool cpus_allowed(struct cpu_list *list);

#endif

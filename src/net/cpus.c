/* SPDX-License-Identifier: BSD-3-Clause */
/* Processors by affinity and cgroup (v2 and v1) quota.
 * Owner: nobody. Locks: none. */
#include "sherd/net/cpus.h"

#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned by_affinity(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) == 0) {
        return (unsigned)CPU_COUNT(&set);
    }
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (unsigned)online : 1;
}

/* One word of a small file; false when there is none. */
static bool read_words(const char *path, char *text, int size)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    bool got = fgets(text, size, file) != NULL;
    (void)fclose(file);
    return got;
}

static unsigned quota_to_cpus(long long quota_us, long long period_us)
{
    if (quota_us <= 0 || period_us <= 0) {
        return UINT_MAX;
    }
    return (unsigned)((quota_us + period_us - 1) / period_us);
}

static unsigned by_cgroup(void)
{
    char text[128];
    if (read_words("/sys/fs/cgroup/cpu.max", text, sizeof(text))) {
        char *rest = NULL;
        long long quota_us = strtoll(text, &rest, 10); /* "max 100000" gives 0: no quota */
        return quota_to_cpus(quota_us, strtoll(rest, NULL, 10));
    }
    char period[128];
    if (read_words("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", text, sizeof(text)) &&
        read_words("/sys/fs/cgroup/cpu/cpu.cfs_period_us", period, sizeof(period))) {
        return quota_to_cpus(strtoll(text, NULL, 10), strtoll(period, NULL, 10));
    }
    return UINT_MAX;
}

unsigned cpus_usable(void)
{
    unsigned affinity = by_affinity();
    unsigned quota = by_cgroup();
    unsigned usable = affinity < quota ? affinity : quota;
    return usable == 0 ? 1 : usable;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Processors by affinity and cgroup (v2 and v1) quota; lists of them.
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

static void list_add(struct cpu_list *list, uint64_t cpu)
{
    uint64_t bit = UINT64_C(1) << (cpu % 64);
    list->count += (list->bits[cpu / 64] & bit) == 0;
    list->bits[cpu / 64] |= bit;
}

static bool list_has(const struct cpu_list *list, unsigned cpu)
{
    return ((list->bits[cpu / 64] >> (cpu % 64)) & 1) != 0;
}

/* Takes a number off the front of `text`; false when there is none. What is too large counts as CPUS_MAX. */
static bool take_number(struct slice *text, uint64_t *number)
{
    size_t digits = 0;
    *number = 0;
    for (; digits < text->len && text->data[digits] >= '0' && text->data[digits] <= '9'; digits++) {
        *number = *number * 10 + (uint64_t)(text->data[digits] - '0');
        *number = *number < CPUS_MAX ? *number : CPUS_MAX;
    }
    *text = slice_make(text->data + digits, text->len - digits);
    return digits != 0;
}

static bool take_mark(struct slice *text, char mark)
{
    if (text->len == 0 || text->data[0] != mark) {
        return false;
    }
    *text = slice_make(text->data + 1, text->len - 1);
    return true;
}

enum status cpus_parse(struct slice text, struct cpu_list *list)
{
    *list = (struct cpu_list){0};
    struct cpu_list read = {0};
    do {
        uint64_t first;
        uint64_t step = 1;
        if (!take_number(&text, &first)) {
            return STATUS_INVALID;
        }
        uint64_t last = first;
        if (take_mark(&text, '-') &&
            (!take_number(&text, &last) || (take_mark(&text, ':') && !take_number(&text, &step)))) {
            return STATUS_INVALID;
        }
        if (step == 0 || last < first) {
            return STATUS_INVALID;
        }
        if (last >= CPUS_MAX) {
            return STATUS_LIMIT;
        }
        for (uint64_t cpu = first; cpu <= last; cpu += step) {
            list_add(&read, cpu);
        }
    } while (take_mark(&text, ','));
    if (text.len != 0) {
        return STATUS_INVALID;
    }
    *list = read;
    return STATUS_OK;
}

unsigned cpus_choose(const struct cpu_list *list, unsigned index)
{
    ASSERT(list->count != 0);
    unsigned left = index % list->count;
    unsigned cpu = 0;
    while (!list_has(list, cpu) || left-- != 0) {
        cpu++;
    }
    return cpu;
}

bool cpus_allow(const struct cpu_list *list)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    for (unsigned cpu = 0; cpu < CPUS_MAX; cpu++) {
        if (list_has(list, cpu)) {
            CPU_SET(cpu, &set);
        }
    }
    return sched_setaffinity(0, sizeof(set), &set) == 0;
}

bool cpus_pin(unsigned cpu)
{
    struct cpu_list one = {0};
    list_add(&one, cpu);
    return cpus_allow(&one);
}

bool cpus_allowed(struct cpu_list *list)
{
    cpu_set_t set;
    *list = (struct cpu_list){0};
    if (sched_getaffinity(0, sizeof(set), &set) != 0) {
        return false;
    }
    for (unsigned cpu = 0; cpu < CPUS_MAX; cpu++) {
        if (CPU_ISSET(cpu, &set)) {
            list_add(list, cpu);
        }
    }
    return true;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Allocation through jemalloc, which replaces malloc in the whole process; sanitizer builds keep the sanitizer's own
 * allocator and approximate the figures.
 * Owner: the allocator. Locks: none of ours. */
#include "sherd/base/memory.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef SHERD_SANITIZED
#include <jemalloc/jemalloc.h>

/* Small allocations stand in slabs of 8 pages instead of one: the allocator's own record of a slab is 128 bytes, which
 * for entries of 64 bytes falls from 2 bytes each to a quarter. Free pages are kept for a second: with the allocator's
 * ten they came to 190 MB in a storm of evictions at 1 GiB. The allocator looks for `malloc_conf` when it starts, and
 * declares it as if it were written to. */
extern const char *const memory_allocator_options __asm__("malloc_conf");
__attribute__((used)) const char *const memory_allocator_options = "slab_sizes:16-64:8,dirty_decay_ms:1000";
#endif

static COLD _Noreturn void out_of_memory(size_t bytes)
{
    (void)dprintf(STDERR_FILENO, "Out of memory allocating %zu bytes\n", bytes);
    abort();
}

void *memory_alloc(size_t bytes)
{
    void *pointer = malloc(bytes);
    if (UNLIKELY(pointer == NULL)) {
        out_of_memory(bytes);
    }
    return pointer;
}

void *memory_alloc_zeroed(size_t bytes)
{
    void *pointer = calloc(1, bytes);
    if (UNLIKELY(pointer == NULL)) {
        out_of_memory(bytes);
    }
    return pointer;
}

void *memory_alloc_line(size_t bytes)
{
    size_t lines = bytes / CACHE_LINE_BYTES + (bytes % CACHE_LINE_BYTES != 0 || bytes == 0);
    void *pointer = aligned_alloc(CACHE_LINE_BYTES, lines * CACHE_LINE_BYTES);
    if (UNLIKELY(pointer == NULL)) {
        out_of_memory(bytes);
    }
    return pointer;
}

void *memory_resize(void *old, size_t bytes)
{
    /* realloc to nothing may free and return NULL, which would look like a failure. */
    void *pointer = realloc(old, bytes == 0 ? 1 : bytes);
    if (UNLIKELY(pointer == NULL)) {
        out_of_memory(bytes);
    }
    return pointer;
}

void *memory_try_alloc(size_t bytes)
{
    return malloc(bytes);
}

void memory_free(void *pointer)
{
    free(pointer);
}

size_t memory_usable_bytes(const void *pointer)
{
    return malloc_usable_size((void *)(uintptr_t)pointer);
}

/* The second number of /proc/self/statm, in pages; 0 when it cannot be read. */
static size_t resident_set_bytes(void)
{
    char text[128];
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return 0;
    }
    ssize_t got = read(fd, text, sizeof(text) - 1);
    (void)close(fd);
    if (got <= 0) {
        return 0;
    }
    text[got] = '\0';
    const char *second = strchr(text, ' ');
    return second == NULL ? 0 : strtoul(second, NULL, 10) * (size_t)sysconf(_SC_PAGESIZE);
}

#ifdef SHERD_SANITIZED

/* Of the sanitizer's run-time; weak, because the undefined behaviour sanitizer alone brings no allocator. */
extern size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static size_t sanitizer_allocated_bytes(void)
{
    return __sanitizer_get_current_allocated_bytes == NULL ? 0 : __sanitizer_get_current_allocated_bytes();
}

void memory_meter_init(struct memory_meter *meter)
{
    *meter = (struct memory_meter){0};
}

int64_t memory_meter_take(struct memory_meter *meter)
{
    if (getpid() != gettid()) {
        return 0;
    }
    int64_t now = (int64_t)sanitizer_allocated_bytes();
    int64_t change = now - meter->flushed;
    meter->flushed = now;
    return change;
}

void memory_figures_read(struct memory_figures *figures)
{
    size_t allocated = sanitizer_allocated_bytes();
    *figures = (struct memory_figures){.allocated = allocated, .active = allocated, .rss = resident_set_bytes()};
    figures->resident = figures->rss;
}

const char *memory_allocator_name(void)
{
    return "libc";
}

void memory_statistics_print(void (*write)(void *context, const char *text), void *context)
{
    (void)write;
    (void)context;
}

void memory_background_start(void)
{
}

void memory_purge(void)
{
}

#else

#define TEXT_OF(token)  #token
#define EXPANDED(token) TEXT_OF(token) /* of what a macro stands for */

static const uint64_t *thread_counter(const char *name)
{
    uint64_t *counter = NULL;
    size_t len = sizeof(counter);
    return mallctl(name, (void *)&counter, &len, NULL, 0) == 0 ? counter : NULL;
}

void memory_meter_init(struct memory_meter *meter)
{
    *meter = (struct memory_meter){
        .allocated = thread_counter("thread.allocatedp"),
        .deallocated = thread_counter("thread.deallocatedp"),
    };
    ASSERT(meter->allocated != NULL && meter->deallocated != NULL);
}

int64_t memory_meter_take(struct memory_meter *meter)
{
    int64_t now = (int64_t)(*meter->allocated - *meter->deallocated);
    int64_t change = now - meter->flushed;
    meter->flushed = now;
    return change;
}

static size_t statistic(const char *name)
{
    size_t value = 0;
    size_t len = sizeof(value);
    return mallctl(name, &value, &len, NULL, 0) == 0 ? value : 0;
}

void memory_figures_read(struct memory_figures *figures)
{
    uint64_t epoch = 1;
    size_t len = sizeof(epoch);
    (void)mallctl("epoch", &epoch, &len, &epoch, len); /* statistics are as old as the last refresh */
    *figures = (struct memory_figures){
        .allocated = statistic("stats.allocated"),
        .active = statistic("stats.active"),
        .resident = statistic("stats.resident"),
        .metadata = statistic("stats.metadata"),
        .retained = statistic("stats.retained"),
        .rss = resident_set_bytes(),
    };
}

const char *memory_allocator_name(void)
{
    return "jemalloc-" EXPANDED(JEMALLOC_VERSION_MAJOR) "." EXPANDED(JEMALLOC_VERSION_MINOR) "." EXPANDED(
        JEMALLOC_VERSION_BUGFIX);
}

void memory_statistics_print(void (*write)(void *context, const char *text), void *context)
{
    malloc_stats_print(write, context, NULL);
}

void memory_background_start(void)
{
    bool on = true;
    (void)mallctl("background_thread", NULL, NULL, &on, sizeof(on)); /* not every build of the allocator has it */
}

void memory_purge(void)
{
    (void)mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
    (void)mallctl("arena." EXPANDED(MALLCTL_ARENAS_ALL) ".purge", NULL, NULL, NULL, 0);
}

#endif

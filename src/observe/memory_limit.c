/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine's memory and cgroup limits. A cgroup's own directory may be out of sight (in a container the mounted root
 * is the container's cgroup), so every ancestor that can be seen counts.
 * Owner: nobody. Locks: none. */
#include "memory_limit.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    LINE_BYTES = PATH_MAX + 256,
};

uint64_t memory_system_bytes(void)
{
    long pages = sysconf(_SC_PHYS_PAGES);
    long page_bytes = sysconf(_SC_PAGESIZE);
    return pages > 0 && page_bytes > 0 ? (uint64_t)pages * (uint64_t)page_bytes : 0;
}

/* The number in a file; UINT64_MAX when there is none ("max", no such file). */
static uint64_t file_number(const char *path)
{
    char text[64];
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return UINT64_MAX;
    }
    bool got = fgets(text, sizeof(text), file) != NULL;
    (void)fclose(file);
    return got && text[0] >= '0' && text[0] <= '9' ? strtoull(text, NULL, 10) : UINT64_MAX;
}

/* The smallest limit of `group` ("/a/b") and its ancestors below `root`. */
static uint64_t group_limit(const char *root, char *group, const char *file)
{
    uint64_t limit = UINT64_MAX;
    for (;;) {
        char path[LINE_BYTES * 2];
        (void)snprintf(path, sizeof(path), "%s%s/%s", root, group, file);
        uint64_t here = file_number(path);
        limit = here < limit ? here : limit;
        char *last = strrchr(group, '/');
        if (last == NULL) {
            return limit;
        }
        *last = '\0';
    }
}

/* Of one line of /proc/self/cgroup: "0::/path" (v2) or "5:memory:/path" (v1). */
static uint64_t line_limit(char *line)
{
    line[strcspn(line, "\n")] = '\0';
    char *controllers = strchr(line, ':');
    char *group = controllers == NULL ? NULL : strchr(controllers + 1, ':');
    if (group == NULL) {
        return UINT64_MAX;
    }
    *group++ = '\0';
    controllers++;
    if (*controllers == '\0') {
        return group_limit("/sys/fs/cgroup", group, "memory.max");
    }
    return strcmp(controllers, "memory") == 0 ? group_limit("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes")
                                              : UINT64_MAX;
}

uint64_t memory_limit_bytes(void)
{
    uint64_t limit = memory_system_bytes();
    FILE *file = fopen("/proc/self/cgroup", "re");
    if (file == NULL) {
        return limit;
    }
    char line[LINE_BYTES];
    while (fgets(line, sizeof(line), file) != NULL) {
        uint64_t here = line_limit(line);
        limit = here < limit ? here : limit;
    }
    (void)fclose(file);
    return limit;
}

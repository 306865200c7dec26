/* SPDX-License-Identifier: BSD-3-Clause */
/* A main for fuzz targets in builds without libFuzzer: feeds the target the empty input and each file of the
 * folders named on the command line. A failure is the target's own abort or a sanitizer's report.
 * Owner: main, there is no other state. Locks: none. */
#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Feeds one file; false when it cannot be read. The copy has its exact size, so that ASan sees an overrun. */
static bool replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    bool done = false;
    if (fseek(file, 0, SEEK_END) == 0) {
        long size = ftell(file);
        uint8_t *data = size >= 0 ? malloc((size_t)size + (size == 0)) : NULL;
        rewind(file);
        if (data != NULL && fread(data, 1, (size_t)size, file) == (size_t)size) {
            (void)LLVMFuzzerTestOneInput(data, (size_t)size);
            done = true;
        }
        free(data);
    }
    (void)fclose(file);
    return done;
}

/* Feeds every regular file of a folder; the number of files, or -1 when one cannot be read. A folder that does
 * not exist counts as an empty one: a new target has no corpus. */
static int replay_folder(const char *folder)
{
    DIR *entries = opendir(folder);
    if (entries == NULL) {
        return 0;
    }
    int count = 0;
    const struct dirent *entry;
    while (count >= 0 && (entry = readdir(entries)) != NULL) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        char path[4096];
        int length = snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (length < 0 || (size_t)length >= sizeof(path) || !replay_file(path)) {
            (void)fprintf(stderr, "cannot read %s/%s\n", folder, entry->d_name);
            count = -1;
        } else {
            count++;
        }
    }
    (void)closedir(entries);
    return count;
}

int main(int argc, char **argv)
{
    static const uint8_t nothing[1];
    (void)LLVMFuzzerTestOneInput(nothing, 0);
    int total = 1;
    for (int i = 1; i < argc; i++) {
        int count = replay_folder(argv[i]);
        if (count < 0) {
            return EXIT_FAILURE;
        }
        total += count;
    }
    printf("%d inputs replayed\n", total);
    return EXIT_SUCCESS;
}

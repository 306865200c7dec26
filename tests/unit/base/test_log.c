/* SPDX-License-Identifier: BSD-3-Clause */
/* The log's format, levels and destination.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sherd/base/buffer.h"
#include "sherd/base/log.h"

struct scene {
    char path[64];
    struct log log;
};

static void scene_init(struct scene *scene, enum log_level level)
{
    (void)snprintf(scene->path, sizeof(scene->path), "/tmp/sherd-log-XXXXXX");
    int fd = mkstemp(scene->path);
    cr_assert_geq(fd, 0);
    (void)close(fd);
    log_init(&scene->log, level, slice_from_text(scene->path));
}

/* What was logged; NUL-terminated. Also removes the file. */
static void scene_finish(struct scene *scene, struct buffer *text)
{
    char piece[4096];
    FILE *file = fopen(scene->path, "r");
    cr_assert_not_null(file);
    buffer_init(text);
    for (size_t got; (got = fread(piece, 1, sizeof(piece), file)) != 0;) {
        buffer_append(text, piece, got);
    }
    (void)fclose(file);
    buffer_append(text, "", 1);
    (void)unlink(scene->path);
    log_deinit(&scene->log);
}

static bool looks_like(const char *text, const char *expression)
{
    regex_t compiled;
    cr_assert_eq(regcomp(&compiled, expression, REG_EXTENDED | REG_NOSUB), 0);
    bool found = regexec(&compiled, text, 0, NULL, 0) == 0;
    regfree(&compiled);
    return found;
}

Test(log, writes_lines_in_the_format_of_redis)
{
    struct scene scene;
    struct buffer text;
    scene_init(&scene, LOG_LEVEL_DEBUG);
    log_write(&scene.log, LOG_LEVEL_NOTICE, "Ready to %s %d", "accept", 3);
    log_set_role(&scene.log, 'S');
    log_write(&scene.log, LOG_LEVEL_WARNING, "second");
    scene_finish(&scene, &text);
    cr_expect(looks_like(text.data, "^[0-9]+:M [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3} "
                                    "\\* Ready to accept 3\n"
                                    "[0-9]+:S [^\n]+ # second\n$"),
              "%s", text.data);
    buffer_deinit(&text);
}

Test(log, marks_each_level_and_hides_what_is_below)
{
    struct scene scene;
    struct buffer text;
    scene_init(&scene, LOG_LEVEL_VERBOSE);
    log_write(&scene.log, LOG_LEVEL_DEBUG, "hidden");
    log_write(&scene.log, LOG_LEVEL_VERBOSE, "one");
    log_set_level(&scene.log, LOG_LEVEL_DEBUG);
    log_write(&scene.log, LOG_LEVEL_DEBUG, "two");
    log_set_level(&scene.log, LOG_LEVEL_NOTHING);
    log_write(&scene.log, LOG_LEVEL_WARNING, "hidden");
    log_write(&scene.log, LOG_LEVEL_NOTHING, "hidden");
    scene_finish(&scene, &text);
    cr_expect(looks_like(text.data, "^[^\n]* - one\n[^\n]* \\. two\n$"), "%s", text.data);
    buffer_deinit(&text);
}

Test(log, cuts_long_messages_and_keeps_errno)
{
    struct scene scene;
    struct buffer text;
    char message[3000];
    memset(message, 'y', sizeof(message));
    scene_init(&scene, LOG_LEVEL_DEBUG);
    errno = EXDEV;
    log_write(&scene.log, LOG_LEVEL_NOTICE, "%.*s", (int)sizeof(message), message);
    cr_expect_eq(errno, EXDEV);
    scene_finish(&scene, &text);
    size_t kept = 0;
    for (size_t i = 0; i < text.len; i++) {
        kept += text.data[i] == 'y';
    }
    cr_expect_eq(kept, 1023);
    cr_expect_eq(text.data[text.len - 2], '\n');
    buffer_deinit(&text);
}

Test(log, writes_to_standard_output_without_a_path)
{
    char path[] = "/tmp/sherd-stdout-XXXXXX";
    char got[256] = {0};
    struct log log;
    int fd = mkstemp(path);
    int saved = dup(STDOUT_FILENO);
    cr_assert(fd >= 0 && saved >= 0 && dup2(fd, STDOUT_FILENO) >= 0);
    log_init(&log, LOG_LEVEL_NOTICE, (struct slice){0});
    log_write(&log, LOG_LEVEL_NOTICE, "to standard output");
    log_deinit(&log);
    cr_assert_geq(dup2(saved, STDOUT_FILENO), 0);
    cr_assert_gt(pread(fd, got, sizeof(got) - 1, 0), 0);
    cr_expect(looks_like(got, " \\* to standard output\n$"), "%s", got);
    (void)close(fd);
    (void)close(saved);
    (void)unlink(path);
}

Test(log, a_path_that_cannot_be_opened_loses_the_line_only)
{
    struct log log;
    log_init(&log, LOG_LEVEL_DEBUG, SLICE_LITERAL("/nonexistent/directory/file"));
    log_write(&log, LOG_LEVEL_WARNING, "lost");
    log_deinit(&log);
}

enum { WRITERS = 4, LINES_EACH = 500 };

static void *write_lines(void *context)
{
    struct log *log = context;
    for (int i = 0; i < LINES_EACH; i++) {
        log_write(log, LOG_LEVEL_NOTICE, "start %0200d end", i);
    }
    return NULL;
}

Test(log, lines_of_several_threads_do_not_mix)
{
    struct scene scene;
    struct buffer text;
    pthread_t threads[WRITERS];
    int whole = 0;
    scene_init(&scene, LOG_LEVEL_DEBUG);
    for (int i = 0; i < WRITERS; i++) {
        cr_assert_eq(pthread_create(&threads[i], NULL, write_lines, &scene.log), 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
    }
    scene_finish(&scene, &text);
    char *rest = text.data;
    for (char *line; (line = strsep(&rest, "\n")) != NULL && *line != '\0'; whole++) {
        cr_assert(looks_like(line, "^[0-9]+:M [^*]* \\* start [0-9]{200} end$"), "%s", line);
    }
    cr_expect_eq(whole, WRITERS * LINES_EACH);
    buffer_deinit(&text);
}

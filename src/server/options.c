/* SPDX-License-Identifier: BSD-3-Clause */
/* The option rows of the process: databases, log, directory, daemon, title.
 * Owner: nobody, the rows are constant. Locks: none. */
#include "sherd/server/options.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "sherd/base/log.h"
#include "sherd/server/server.h"

static const struct option_word log_levels[] = {
    {"debug", LOG_LEVEL_DEBUG},     {"verbose", LOG_LEVEL_VERBOSE}, {"notice", LOG_LEVEL_NOTICE},
    {"warning", LOG_LEVEL_WARNING}, {"nothing", LOG_LEVEL_NOTHING}, {0},
};

static const struct option_word supervisions[] = {
    {"no", SUPERVISED_NO}, {"systemd", SUPERVISED_SYSTEMD}, {"auto", SUPERVISED_AUTO}, {0}};

static const char *apply_log_level(void *context, const struct config_snapshot *now)
{
    struct server *server = context;
    const struct server_options *options = config_section(now, SLOT_SERVER);
    log_set_level(&server->log, (enum log_level)options->log_level);
    return NULL;
}

/* The working directory, absolute. */
static void dir_initial(void *context, struct buffer *text)
{
    (void)context;
    char path[PATH_MAX];
    if (getcwd(path, sizeof(path)) != NULL) {
        buffer_append_slice(text, slice_from_text(path));
    }
}

static const char *dir_normalize(const struct option_given *given, struct buffer *text)
{
    char path[PATH_MAX];
    char resolved[PATH_MAX];
    struct slice word = given->words[0];
    if (word.len >= sizeof(path)) {
        return "File name too long";
    }
    memcpy(path, word.data, word.len);
    path[word.len] = '\0';
    if (realpath(path, resolved) == NULL) {
        return errno == ENOENT ? "No such file or directory" : strerrordesc_np(errno);
    }
    buffer_append_slice(text, slice_from_text(resolved));
    return NULL;
}

static const char *apply_dir(void *context, const struct config_snapshot *now)
{
    (void)context;
    const struct server_options *options = config_section(now, SLOT_SERVER);
    return chdir(options->dir.data) == 0 ? NULL : strerrordesc_np(errno);
}

static const char *check_file_name(struct slice text)
{
    return text.len == 0 || memchr(text.data, '/', text.len) != NULL ? "dbfilename can't be a path, just a filename"
                                                                     : NULL;
}

#define FIELD(field) offsetof(struct server_options, field)

const struct option server_option_rows[] = {
    {.name = "databases",
     .type = OPTION_INTEGER,
     .flags = OPTION_IMMUTABLE,
     .offset = FIELD(databases),
     .default_text = "16",
     .min = 1,
     .max = KEYSPACE_DATABASES_MAX},
    {.name = "dir",
     .type = OPTION_STRING,
     .flags = OPTION_PROTECTED | OPTION_VOLATILE,
     .offset = FIELD(dir),
     .initial = dir_initial,
     .normalize = dir_normalize,
     .apply = apply_dir},
    {.name = "dbfilename",
     .type = OPTION_STRING,
     .flags = OPTION_PROTECTED,
     .offset = FIELD(dbfilename),
     .default_text = "dump.rdb",
     .check = check_file_name},
    {.name = "loglevel",
     .type = OPTION_ENUM,
     .offset = FIELD(log_level),
     .default_text = "notice",
     .words = log_levels,
     .apply = apply_log_level},
    {.name = "logfile", .type = OPTION_STRING, .flags = OPTION_IMMUTABLE, .offset = FIELD(logfile)},
    {.name = "daemonize",
     .type = OPTION_BOOL,
     .flags = OPTION_IMMUTABLE,
     .offset = FIELD(daemonize),
     .default_text = "no"},
    {.name = "pidfile",
     .type = OPTION_STRING,
     .flags = OPTION_IMMUTABLE | OPTION_UNSET_WHEN_EMPTY,
     .offset = FIELD(pidfile)},
    {.name = "supervised",
     .type = OPTION_ENUM,
     .flags = OPTION_IMMUTABLE,
     .offset = FIELD(supervised),
     .default_text = "no",
     .words = supervisions},
    {.name = "always-show-logo",
     .type = OPTION_BOOL,
     .flags = OPTION_IMMUTABLE,
     .offset = FIELD(always_show_logo),
     .default_text = "no"},
};

const size_t server_option_count = ARRAY_LENGTH(server_option_rows);

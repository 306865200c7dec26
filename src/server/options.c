/* SPDX-License-Identifier: BSD-3-Clause */
/* The option rows of the process: databases, log, directory, daemon.
 * Owner: nobody, the rows are constant. Locks: none. */
#include "sherd/server/options.h"

#include "sherd/base/log.h"
#include "sherd/server/server.h"

static const struct option_word log_levels[] = {
    {"debug", LOG_LEVEL_DEBUG},     {"verbose", LOG_LEVEL_VERBOSE}, {"notice", LOG_LEVEL_NOTICE},
    {"warning", LOG_LEVEL_WARNING}, {"nothing", LOG_LEVEL_NOTHING}, {0},
};

static const char *apply_log_level(void *context, const struct config_snapshot *now)
{
    struct server *server = context;
    const struct server_options *options = config_section(now, SLOT_SERVER);
    log_set_level(&server->log, (enum log_level)options->log_level);
    return NULL;
}

#define FIELD(field) offsetof(struct server_options, field)

const struct option server_option_rows[] = {
    {.name = "databases", .type = OPTION_INTEGER, .flags = OPTION_IMMUTABLE, .offset = FIELD(databases),
     .default_text = "16", .min = 1, .max = KEYSPACE_DATABASES_MAX},
    {.name = "loglevel", .type = OPTION_ENUM, .offset = FIELD(log_level), .default_text = "notice",
     .words = log_levels, .apply = apply_log_level},
    {.name = "logfile", .type = OPTION_STRING, .flags = OPTION_IMMUTABLE, .offset = FIELD(logfile)},
};

const size_t server_option_count = ARRAY_LENGTH(server_option_rows);

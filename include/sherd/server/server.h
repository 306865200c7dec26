/* SPDX-License-Identifier: BSD-3-Clause */
/* The composition root: every room's state in one struct, built, wired, started and stopped here.
 * Owner: main(). Locks: none; built before the threads start, torn down after they ended. */
#ifndef SHERD_SERVER_SERVER_H
#define SHERD_SERVER_SERVER_H

#include "sherd/base/log.h"
#include "sherd/base/version.h"
#include "sherd/commands/options.h"
#include "sherd/exec/exec.h"
#include "sherd/net/net.h"
#include "sherd/observe/observe.h"
#include "sherd/pubsub/pubsub.h"
#include "sherd/tracking/tracking.h"

struct server_options {
    int64_t databases;
    int log_level;  /* enum log_level */
    int supervised; /* enum supervision */
    struct slice logfile;
    struct slice dir;
    struct slice dbfilename;
    struct slice pidfile;
    bool daemonize;
    bool always_show_logo;
};

enum {
    SERVER_INFO_SECTIONS = 32,
};

struct server {
    struct log log;
    struct epoch epoch;
    struct epoch_record *main_epoch;   /* of the main thread */
    struct epoch_record *config_epoch; /* where replaced option snapshots are retired; under the config's lock */
    struct garbage garbage;            /* of the main thread */
    struct keyspace keyspace;
    struct config *config;
    struct command_table *commands;
    struct commands_state commands_state;
    struct exec exec;
    struct net net;
    struct observe observe;
    struct pubsub pubsub;
    struct tracking tracking;
    struct info_section info_sections[SERVER_INFO_SECTIONS]; /* (c) of INFO; ends with a row without name */
    _Atomic bool shutdown_asked; /* (a) by the SHUTDOWN command, before it signals the main thread */
};

/* Slots of the option sections, in the order of wiring. */
enum config_slot {
    SLOT_OWN,
    SLOT_SERVER,
    SLOT_NET,
    SLOT_COMMANDS,
    SLOT_OBSERVE,
    SLOT_TRACKING,
    SLOT_PUBSUB,
    SLOT_COUNT,
};

/* Builds the config with the sections of all rooms. */
NODISCARD struct config *server_wire_config(struct server *server);
/* Builds the command table, inits the rooms' states and attaches guards and hooks. */
void server_wire(struct server *server);
/* Ends what server_wire began, after all threads have ended. */
void server_unwire(struct server *server);

void server_init(struct server *server);
/* Runs the server as `argv` says until a signal or SHUTDOWN ends it; returns the exit code. */
int server_main(struct server *server, int argc, char **argv);

static inline const struct server_options *server_options(const struct server *server)
{
    return config_section(config_current(server->config), SLOT_SERVER);
}

#endif

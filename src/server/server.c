/* SPDX-License-Identifier: BSD-3-Clause */
/* The server's life: configuration, start, waiting for a signal, clean end.
 * Owner: main(). Locks: none. */
#include "sherd/server/server.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "sherd/keyspace/garbage.h"

enum {
    EXECUTORS = 4,
};

void server_init(struct server *server)
{
    memset((void *)server, 0, sizeof(*server));
    epoch_init(&server->epoch);
    epoch_register(&server->epoch, &server->epoch_record);
    epoch_register(&server->epoch, &server->config_epoch);
    garbage_init(&server->garbage);
}

static enum status server_start(struct server *server, struct buffer *error)
{
    const struct server_options *options = server_options(server);
    log_init(&server->log, (enum log_level)options->log_level, options->logfile);
    if (keyspace_init(&server->keyspace, (unsigned)options->databases) != STATUS_OK) {
        return STATUS_NO_MEMORY;
    }
    server_wire(server);
    net_init(&server->net, &server->exec, &server->log, SLOT_NET);
    enum status status = net_listen(&server->net, error);
    if (status == STATUS_OK) {
        status = exec_start(&server->exec, EXECUTORS);
    }
    if (status == STATUS_OK) {
        status = net_start(&server->net);
    }
    server->running = status == STATUS_OK;
    return status;
}

static void server_stop(struct server *server)
{
    net_stop(&server->net);
    exec_stop(&server->exec);
    struct keyspace_user user = {.keyspace = &server->keyspace,
                                 .epoch = &server->epoch_record,
                                 .garbage = &server->garbage};
    net_deinit(&server->net);
    keyspace_deinit(&server->keyspace, &user);
    epoch_drain(&server->config_epoch);
    command_table_destroy(server->commands);
    config_destroy(server->config);
    log_deinit(&server->log);
}

int server_main(struct server *server, int argc, char **argv)
{
    struct config_outcome outcome;
    server->config = server_wire_config(server);
    if (config_load_arguments(server->config, argc, argv, &outcome) != STATUS_OK) {
        (void)fwrite(outcome.error.data, 1, outcome.error.len, stderr);
        return 1;
    }
    config_outcome_deinit(&outcome);
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    struct buffer error;
    buffer_init(&error);
    if (server_start(server, &error) != STATUS_OK) {
        (void)fwrite(error.data, 1, error.len, stderr);
        return 1;
    }
    log_write(&server->log, LOG_LEVEL_NOTICE, "Ready to accept connections tcp");
    int signal_number;
    (void)sigwait(&signals, &signal_number);
    server_stop(server);
    return 0;
}

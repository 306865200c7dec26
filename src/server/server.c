/* SPDX-License-Identifier: BSD-3-Clause */
/* The server's life: configuration, start, waiting for a signal, clean end.
 *
 *   arguments -> daemon? -> listen -> executors -> workers -> acceptor -> "Ready" -> signal -> stop in reverse order
 *
 * Owner: main(). Locks: none. */
#include "sherd/server/server.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sherd/server/options.h"
#include "sherd/server/process.h"

enum {
    EXECUTORS = 6,
};

static const char usage[] = "Usage: ./server [/path/to/redis.conf] [options] [-]\n"
                            "       ./server - (read config from stdin)\n"
                            "       ./server -v or --version\n"
                            "       ./server -h or --help\n"
                            "       ./server --ping [options]\n"
                            "\n"
                            "Examples:\n"
                            "       ./server (run the server with default conf)\n"
                            "       echo 'maxmemory 128mb' | ./server -\n"
                            "       ./server /etc/redis/6379.conf\n"
                            "       ./server --port 7777 --threads 4\n"
                            "       ./server /etc/myredis.conf --loglevel verbose -\n"
                            "       ./server --ping --port 7777 (exit code 0 when that server answers)\n";

void server_init(struct server *server)
{
    memset((void *)server, 0, sizeof(*server));
    epoch_init(&server->epoch);
    server->main_epoch = epoch_register(&server->epoch);
    server->config_epoch = epoch_register(&server->epoch);
    garbage_init(&server->garbage);
    atomic_init(&server->shutdown_asked, false);
}

static void print_version(void)
{
    (void)printf("Redis server v=%s sha=00000000:0 malloc=%s bits=64 build=sherd-%s\n", SHERD_REDIS_VERSION,
                 memory_allocator_name(), SHERD_VERSION);
}

static void log_start(struct server *server, int argc)
{
    struct log *log = &server->log;
    log_set_role(log, 'C');
    log_write(log, LOG_LEVEL_NOTICE, "oO0OoO0OoO0Oo Sherd is starting oO0OoO0OoO0Oo");
    log_write(log, LOG_LEVEL_NOTICE, "Sherd version=%s, Redis version=%s, bits=64, pid=%d, just started", SHERD_VERSION,
              SHERD_REDIS_VERSION, (int)getpid());
    if (argc == 1) {
        log_write(log, LOG_LEVEL_WARNING,
                  "Warning: no config file specified, using the default config. In order to specify a config file use "
                  "server /path/to/redis.conf");
    } else {
        log_write(log, LOG_LEVEL_NOTICE, "Configuration loaded");
    }
    log_set_role(log, 'M');
}

/* A few lines for people who look at a terminal; the harness of the public suite looks for "PID:". */
static void show_logo(const struct server *server)
{
    const struct server_options *options = server_options(server);
    const struct net_options *net = net_options(&server->net, config_current(server->config));
    if (options->always_show_logo || (options->logfile.len == 0 && isatty(STDOUT_FILENO) != 0)) {
        (void)printf("\n   .--.--.\n  /  /  / \\   Sherd %s (Redis %s) 64 bit\n |  /\\ /  |\n |_/  V \\_|   "
                     "Running in standalone mode\n  \\   |   /   Port: %d\n   '--|--'    PID: %d\n\n",
                     SHERD_VERSION, SHERD_REDIS_VERSION, (int)net->port, (int)getpid());
        (void)fflush(stdout);
    }
}

/* The executors, on the processors of bio-cpulist: they inherit what is set here. */
static enum status start_executors(struct server *server)
{
    const struct net_options *options = net_options(&server->net, config_current(server->config));
    struct cpu_list cpus = net_cpus(&server->net, "bio-cpulist", options->bio_cpulist);
    struct cpu_list before;
    bool moves = cpus.count != 0 && cpus_allowed(&before);
    bool moved = moves && cpus_allow(&cpus);
    if (moves && !moved) {
        log_write(&server->log, LOG_LEVEL_WARNING, "Executors are not kept on bio-cpulist: %s", strerror(errno));
    }
    unsigned usable = cpus_usable();
    enum status status = exec_start(&server->exec, EXECUTORS, usable > 1 ? usable - 1 : 1);
    if (moved && !cpus_allow(&before)) {
        log_write(&server->log, LOG_LEVEL_WARNING, "The main thread stays on the processors of bio-cpulist");
    }
    return status;
}

static enum status server_start(struct server *server)
{
    const struct server_options *options = server_options(server);
    if (keyspace_init(&server->keyspace, (unsigned)options->databases) != STATUS_OK) {
        return STATUS_NO_MEMORY;
    }
    server_wire(server);
    enum status status = net_listen(&server->net);
    if (status == STATUS_OK) {
        memory_background_start();
        status = start_executors(server);
    }
    if (status == STATUS_OK) {
        const struct net_options *net = net_options(&server->net, config_current(server->config));
        log_write(&server->log, LOG_LEVEL_NOTICE, "Running mode=standalone, port=%d.", (int)net->port);
        show_logo(server);
        log_write(&server->log, LOG_LEVEL_NOTICE, "Server initialized");
        status = net_start(&server->net);
    }
    if (status == STATUS_OK) {
        observe_started(&server->observe);
    }
    return status;
}

static void server_stop(struct server *server)
{
    net_stop(&server->net);
    exec_stop(&server->exec);
    struct keyspace_user user = {
        .keyspace = &server->keyspace, .epoch = server->main_epoch, .garbage = &server->garbage};
    net_deinit(&server->net);
    keyspace_deinit(&server->keyspace, &user);
    epoch_drain(server->config_epoch);
    server_unwire(server);
    config_destroy(server->config);
    epoch_deinit(&server->epoch);
}

static enum supervision supervision_of(const struct server_options *options)
{
    if (options->supervised == SUPERVISED_AUTO) {
        return getenv("NOTIFY_SOCKET") != NULL ? SUPERVISED_SYSTEMD : SUPERVISED_NO;
    }
    return (enum supervision)options->supervised;
}

static void log_ready(struct server *server, enum supervision supervision)
{
    const struct net_options *options = net_options(&server->net, config_current(server->config));
    if (options->port != 0) {
        log_write(&server->log, LOG_LEVEL_NOTICE, "Ready to accept connections tcp");
    }
    if (options->unixsocket.len > 0) {
        log_write(&server->log, LOG_LEVEL_NOTICE, "Ready to accept connections unix");
    }
    if (supervision == SUPERVISED_SYSTEMD) {
        (void)process_notify("STATUS=Ready to accept connections\n");
        (void)process_notify("READY=1\n");
    }
}

/* A second signal while the server stops: at once, with a failure. */
static void on_second_signal(int signal_number)
{
    (void)signal_number;
    _exit(1);
}

/* Sleeps until the server is to end; says why in the log. */
static void wait_for_end(struct server *server, const sigset_t *signals)
{
    int signal_number = 0;
    while (sigwait(signals, &signal_number) != 0) {
    }
    if (!atomic_load_explicit(&server->shutdown_asked, memory_order_acquire)) {
        log_write(&server->log, LOG_LEVEL_WARNING, "Received %s scheduling shutdown...",
                  signal_number == SIGINT ? "SIGINT" : "SIGTERM");
    }
    log_write(&server->log, LOG_LEVEL_WARNING, "User requested shutdown...");
    (void)signal(SIGTERM, on_second_signal);
    (void)signal(SIGINT, on_second_signal);
    (void)pthread_sigmask(SIG_UNBLOCK, signals, NULL);
}

/* The pid file that is asked for, or the usual one of a daemon; empty: none. */
static const char *pidfile_of(const struct server_options *options)
{
    if (options->pidfile.len > 0) {
        return options->pidfile.data;
    }
    return options->daemonize ? "/var/run/redis.pid" : "";
}

static int run(struct server *server, int argc)
{
    /* From the first thread on a client may replace the options that the start looks at. */
    epoch_enter(server->main_epoch);
    const struct server_options *options = server_options(server);
    enum supervision supervision = supervision_of(options);
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    log_start(server, argc);
    if (server_start(server) != STATUS_OK) {
        return 1;
    }
    char pidfile[PATH_MAX];
    (void)snprintf(pidfile, sizeof(pidfile), "%s", pidfile_of(options));
    if (pidfile[0] != '\0' && !process_write_pidfile(pidfile)) {
        log_write(&server->log, LOG_LEVEL_WARNING, "Failed to write PID file: %s", strerror(errno));
    }
    log_ready(server, supervision);
    epoch_leave(server->main_epoch);
    wait_for_end(server, &signals);
    if (supervision == SUPERVISED_SYSTEMD) {
        (void)process_notify("STOPPING=1\n");
    }
    server_stop(server);
    if (pidfile[0] != '\0') {
        log_write(&server->log, LOG_LEVEL_NOTICE, "Removing the pid file.");
        (void)unlink(pidfile);
    }
    log_write(&server->log, LOG_LEVEL_WARNING, "Sherd is now ready to exit, bye bye...");
    return 0;
}

/* Moves to `dir` and opens the log; the other options are looked at where they matter. */
static enum status prepare(struct server *server)
{
    const struct server_options *options = server_options(server);
    if (chdir(options->dir.data) != 0) {
        (void)fprintf(stderr, "Can't chdir to '%s': %s\n", options->dir.data, strerror(errno));
        return STATUS_SYSTEM;
    }
    if (options->daemonize && process_daemonize() != STATUS_OK) {
        (void)fprintf(stderr, "Can't go to the background: %s\n", strerror(errno));
        return STATUS_SYSTEM;
    }
    log_init(&server->log, (enum log_level)options->log_level, options->logfile);
    return STATUS_OK;
}

static int ping(const struct server *server)
{
    const struct net_options *options = config_section(config_current(server->config), SLOT_NET);
    return process_ping(options->unixsocket.data, (unsigned)options->port);
}

int server_main(struct server *server, int argc, char **argv)
{
    bool asks_ping = argc > 1 && strcmp(argv[1], "--ping") == 0;
    if (asks_ping) {
        argv[1] = argv[0];
        argv++;
        argc--;
    }
    struct config_outcome outcome;
    server->config = server_wire_config(server);
    if (config_load_arguments(server->config, argc, argv, &outcome) != STATUS_OK) {
        (void)fwrite(outcome.error.data, 1, outcome.error.len, stderr);
        return 1;
    }
    enum config_action action = outcome.action;
    config_outcome_deinit(&outcome);
    switch (action) {
    case CONFIG_VERSION:
        print_version();
        return 0;
    case CONFIG_HELP:
        (void)fputs(usage, stdout);
        return 0;
    case CONFIG_TEST_MEMORY:
    case CONFIG_CHECK_SYSTEM:
        (void)fprintf(stderr, "%s is not supported\n", argv[1]);
        return 1;
    case CONFIG_RUN:
        break;
    }
    if (asks_ping) {
        return ping(server);
    }
    if (prepare(server) != STATUS_OK) {
        return 1;
    }
    int code = run(server, argc);
    log_deinit(&server->log);
    return code;
}

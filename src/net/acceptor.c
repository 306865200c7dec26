/* SPDX-License-Identifier: BSD-3-Clause */
/* The acceptor: its own thread accepts on every listening socket and hands the sockets round-robin to the workers.
 * CONFIG SET port and bind ask it to listen elsewhere and wait for its answer.
 * Owner: the acceptor's thread owns the listening sockets. Locks: none. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "internal.h"

enum {
    LISTENERS_MAX = NET_BIND_MAX + 1,
    ACCEPTS_PER_ROUND = 1000,
    OUT_OF_DESCRIPTORS_PAUSE_MS = 100,
};

struct net_acceptor {
    struct pollfd listeners[LISTENERS_MAX + 1];                  /* (w) the last one is wake_fd */
    bool is_unix[LISTENERS_MAX];                                 /* (w) */
    unsigned count;                                              /* (w) */
    int wake_fd;                                                 /* (c) an eventfd */
    _Atomic bool stop;                                           /* (a) */
    const struct net_options *_Atomic asked;                     /* (a) where to listen instead; NULL: as now */
    _Atomic bool ended;                                          /* (a) nobody answers any more */
    bool listens;                                                /* whether what was asked for could be done; */
    sem_t answered;                                              /* read when this is posted */
    unsigned next_worker;                                        /* (w) */
    pthread_t thread;                                            /* (c) */
    bool started;                                                /* (c) */
    char unix_path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* (c) removed at the end */
};

static int listen_on(const struct addrinfo *address, int backlog)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -1;
    }
    int on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (address->ai_family == AF_INET6) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    }
    if (bind(fd, address->ai_addr, address->ai_addrlen) != 0 || listen(fd, backlog) != 0) {
        int saved = errno;
        (void)close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

static void add_listener(struct net_acceptor *acceptor, int fd, bool is_unix)
{
    acceptor->listeners[acceptor->count] = (struct pollfd){.fd = fd, .events = POLLIN};
    acceptor->is_unix[acceptor->count] = is_unix;
    acceptor->count++;
}

/* One address of `bind`: "*" and "::*" stand for all. STATUS_NOT_FOUND: an optional one is not available. */
static enum status listen_tcp(struct net *net, const struct net_options *options, unsigned index)
{
    const char *name = options->bind.addresses[index].address;
    bool optional = options->bind.addresses[index].optional;
    char port[16];
    (void)snprintf(port, sizeof(port), "%d", (int)options->port);
    bool any4 = strcmp(name, "*") == 0;
    bool any6 = strcmp(name, "::*") == 0;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    hints.ai_family = any4 ? AF_INET : any6 ? AF_INET6 : AF_UNSPEC;
    struct addrinfo *found = NULL;
    int failed = getaddrinfo(any4 || any6 ? NULL : name, port, &hints, &found);
    int fd = failed != 0 ? -1 : listen_on(found, (int)options->tcp_backlog);
    int cause = errno;
    if (found != NULL) {
        freeaddrinfo(found);
    }
    if (fd >= 0) {
        add_listener(net->acceptor, fd, false);
        return STATUS_OK;
    }
    if (failed == 0 && optional && (cause == EADDRNOTAVAIL || cause == EAFNOSUPPORT || cause == EPROTONOSUPPORT)) {
        return STATUS_NOT_FOUND;
    }
    if (failed != 0 && optional) {
        return STATUS_NOT_FOUND;
    }
    log_write(net->log, LOG_LEVEL_WARNING, "Warning: Could not create server TCP listening socket %s:%s: %s%s", name,
              port, failed != 0 ? "" : "bind: ", failed != 0 ? gai_strerror(failed) : strerror(cause));
    return STATUS_SYSTEM;
}

static enum status listen_unix(struct net *net, const struct net_options *options)
{
    struct net_acceptor *acceptor = net->acceptor;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (options->unixsocket.len >= sizeof(address.sun_path)) {
        log_write(net->log, LOG_LEVEL_WARNING, "Failed opening Unix socket: path too long");
        return STATUS_LIMIT;
    }
    memcpy(address.sun_path, options->unixsocket.data, options->unixsocket.len);
    memcpy(acceptor->unix_path, address.sun_path, sizeof(acceptor->unix_path));
    (void)unlink(address.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* The permissions are there before anybody can connect. */
    mode_t mode = options->unixsocket_permissions != 0 ? (mode_t)options->unixsocket_permissions : 0777;
    mode_t before = umask(options->unixsocket_permissions != 0 ? (mode_t)~mode & 0777 : 0);
    (void)umask(options->unixsocket_permissions != 0 ? (mode_t)~mode & 0777 : before);
    int bound = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&address, sizeof(address));
    (void)umask(before);
    if (bound != 0 || listen(fd, (int)options->tcp_backlog) != 0) {
        log_write(net->log, LOG_LEVEL_WARNING, "Failed opening Unix socket: bind: %s", strerror(errno));
        if (fd >= 0) {
            (void)close(fd);
        }
        return STATUS_SYSTEM;
    }
    add_listener(acceptor, fd, true);
    return STATUS_OK;
}

static enum status listen_all_tcp(struct net *net, const struct net_options *options)
{
    for (unsigned i = 0; options->port != 0 && i < options->bind.count; i++) {
        enum status status = listen_tcp(net, options, i);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
            return status;
        }
    }
    return STATUS_OK;
}

/* Ends listening on TCP; what listens on a unix socket stays. */
static void close_all_tcp(struct net_acceptor *acceptor)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < acceptor->count; i++) {
        if (acceptor->is_unix[i]) {
            acceptor->listeners[kept] = acceptor->listeners[i];
            acceptor->is_unix[kept] = true;
            kept++;
        } else {
            (void)close(acceptor->listeners[i].fd);
        }
    }
    acceptor->count = kept;
}

static void watch_wake(struct net_acceptor *acceptor)
{
    acceptor->listeners[acceptor->count] = (struct pollfd){.fd = acceptor->wake_fd, .events = POLLIN};
}

enum status acceptor_open(struct net *net)
{
    const struct net_options *options = net_options(net, config_current(net->exec->config));
    struct net_acceptor *acceptor = memory_alloc_zeroed(sizeof(*acceptor));
    net->acceptor = acceptor;
    acceptor->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (acceptor->wake_fd < 0 || sem_init(&acceptor->answered, 0, 0) != 0) {
        return STATUS_SYSTEM;
    }
    enum status listening = listen_all_tcp(net, options);
    if (listening != STATUS_OK) {
        log_write(net->log, LOG_LEVEL_WARNING, "Failed listening on port %d (tcp), aborting.", (int)options->port);
        return listening;
    }
    if (options->unixsocket.len > 0) {
        enum status status = listen_unix(net, options);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (acceptor->count == 0) {
        log_write(net->log, LOG_LEVEL_WARNING, "Configured to not listen anywhere, exiting.");
        return STATUS_INVALID;
    }
    return STATUS_OK;
}

/* Says why and closes, before the socket costs anything. */
static void refuse(struct net *net, int fd, const char *line)
{
    ssize_t sent = send(fd, line, strlen(line), MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)sent;
    (void)close(fd);
    statistics_add(&net->workers[0]->exec.statistics, STATISTIC_REJECTED_CONNECTIONS, 1);
}

static bool is_loopback(const struct sockaddr_storage *peer)
{
    if (peer->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)peer;
        return (ntohl(v4->sin_addr.s_addr) >> 24) == 127;
    }
    if (peer->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)peer;
        return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
    }
    return true;
}

static const char denied_text[] =
    "-DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the "
    "default user. In this mode connections are only accepted from the loopback interface. If you want to connect "
    "from external computers to Redis you may adopt one of the following solutions: 1) Just disable protected mode "
    "sending the command 'CONFIG SET protected-mode no' from the loopback interface by connecting to Redis from the "
    "same host the server is running, however MAKE SURE Redis is not publicly accessible from internet if you do so. "
    "Use CONFIG REWRITE to make this change permanent. 2) Alternatively you can just disable the protected mode by "
    "editing the Redis configuration file, and setting the protected mode option to 'no', and then restarting the "
    "server. 3) If you started the server manually just for testing, restart it with the '--protected-mode no' "
    "option. 4) Set up an authentication password for the default user. NOTE: You only need to do one of the above "
    "things in order for the server to start accepting connections from the outside.\r\n";

static void handoff_deliver(struct mail *mail, void *receiver)
{
    struct handoff *handoff = CONTAINER_OF(mail, struct handoff, mail);
    conn_open(receiver, handoff);
    memory_free(handoff);
}

static void hand_over(struct net *net, int fd, bool is_unix, const struct sockaddr_storage *peer)
{
    struct net_acceptor *acceptor = net->acceptor;
    if (atomic_fetch_add_explicit(&net->clients, 1, memory_order_relaxed) >=
        atomic_load_explicit(&net->max_clients, memory_order_relaxed)) {
        atomic_fetch_sub_explicit(&net->clients, 1, memory_order_relaxed);
        refuse(net, fd, "-ERR max number of clients reached\r\n");
        return;
    }
    struct handoff *handoff = memory_alloc(sizeof(*handoff));
    *handoff = (struct handoff){.mail = {.deliver = handoff_deliver},
                                .fd = fd,
                                .is_unix = is_unix,
                                .is_local = is_unix || is_loopback(peer),
                                .peer = *peer};
    struct net_worker *worker = net->workers[acceptor->next_worker];
    acceptor->next_worker = (acceptor->next_worker + 1) % net->worker_count;
    mailbox_send(&worker->box, &handoff->mail);
}

static void accept_all(struct net *net, unsigned listener, bool protected)
{
    struct net_acceptor *acceptor = net->acceptor;
    for (int i = 0; i < ACCEPTS_PER_ROUND; i++) {
        struct sockaddr_storage peer = {0};
        socklen_t len = sizeof(peer);
        int fd =
            accept4(acceptor->listeners[listener].fd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
                log_write(net->log, LOG_LEVEL_WARNING, "Accepting client connection: accept: %s", strerror(errno));
                (void)poll(NULL, 0, OUT_OF_DESCRIPTORS_PAUSE_MS);
            }
            return;
        }
        if (protected && !acceptor->is_unix[listener] && !is_loopback(&peer)) {
            refuse(net, fd, denied_text);
            continue;
        }
        hand_over(net, fd, acceptor->is_unix[listener], &peer);
    }
}

static void acceptor_wake(struct net_acceptor *acceptor)
{
    uint64_t one = 1;
    ssize_t written = write(acceptor->wake_fd, &one, sizeof(one));
    (void)written;
}

/* Does what apply_listening asked for. The old sockets go first, since the new addresses may overlap with theirs; when
 * the new ones cannot be had nothing listens on TCP until the options of before are applied again. */
static void answer(struct net *net)
{
    struct net_acceptor *acceptor = net->acceptor;
    uint64_t wakes;
    ssize_t got = read(acceptor->wake_fd, &wakes, sizeof(wakes));
    (void)got;
    const struct net_options *options = atomic_exchange(&acceptor->asked, NULL);
    if (options == NULL) {
        return;
    }
    close_all_tcp(acceptor);
    acceptor->listens = listen_all_tcp(net, options) == STATUS_OK;
    if (!acceptor->listens) {
        close_all_tcp(acceptor);
    }
    watch_wake(acceptor);
    (void)sem_post(&acceptor->answered);
}

/* Listens where the options of `now` say; false when that cannot be done. Calls are serialized by CONFIG SET. */
static bool apply_listening(struct net *net, const struct config_snapshot *now)
{
    struct net_acceptor *acceptor = net->acceptor;
    atomic_store(&acceptor->asked, net_options(net, now));
    if (atomic_load(&acceptor->ended) && atomic_exchange(&acceptor->asked, NULL) != NULL) {
        return true; /* the server stops */
    }
    acceptor_wake(acceptor);
    while (sem_wait(&acceptor->answered) != 0) {
    }
    return acceptor->listens;
}

const char *net_apply_port(void *context, const struct config_snapshot *now)
{
    return apply_listening(context, now) ? NULL : "Unable to listen on this port. Check server logs.";
}

const char *net_apply_bind(void *context, const struct config_snapshot *now)
{
    return apply_listening(context, now) ? NULL : "Failed to bind to specified addresses.";
}

static void *acceptor_main(void *argument)
{
    struct net *net = argument;
    struct net_acceptor *acceptor = net->acceptor;
    (void)pthread_setname_np(pthread_self(), "acceptor");
    struct epoch_record *record = epoch_register(net->exec->epoch);
    struct memory_meter meter;
    memory_meter_init(&meter);
    for (;;) {
        (void)poll(acceptor->listeners, acceptor->count + 1, -1);
        if (atomic_load_explicit(&acceptor->stop, memory_order_acquire)) {
            break;
        }
        if (acceptor->listeners[acceptor->count].revents != 0) {
            answer(net);
            continue;
        }
        epoch_enter(record);
        const struct net_options *options = net_options(net, config_current(net->exec->config));
        bool protected = options->protected_mode && options->requirepass.len == 0;
        epoch_leave(record);
        for (unsigned i = 0; i < acceptor->count; i++) {
            if (acceptor->listeners[i].revents != 0) {
                accept_all(net, i, protected);
            }
        }
        /* What is handed over is freed, and counted, by the workers. */
        atomic_fetch_add_explicit(&net->exec->memory_used, memory_meter_take(&meter), memory_order_relaxed);
    }
    atomic_store(&acceptor->ended, true);
    if (atomic_exchange(&acceptor->asked, NULL) != NULL) {
        acceptor->listens = true;
        (void)sem_post(&acceptor->answered);
    }
    return NULL;
}

enum status acceptor_start(struct net *net)
{
    struct net_acceptor *acceptor = net->acceptor;
    watch_wake(acceptor);
    acceptor->started = pthread_create(&acceptor->thread, NULL, acceptor_main, net) == 0;
    return acceptor->started ? STATUS_OK : STATUS_SYSTEM;
}

void acceptor_stop(struct net *net)
{
    struct net_acceptor *acceptor = net->acceptor;
    if (acceptor == NULL) {
        return;
    }
    if (acceptor->started) {
        atomic_store_explicit(&acceptor->stop, true, memory_order_release);
        acceptor_wake(acceptor);
        (void)pthread_join(acceptor->thread, NULL);
    }
    for (unsigned i = 0; i < acceptor->count; i++) {
        (void)close(acceptor->listeners[i].fd);
    }
    if (acceptor->unix_path[0] != '\0') {
        (void)unlink(acceptor->unix_path);
    }
}

void acceptor_free(struct net *net)
{
    if (net->acceptor != NULL) {
        (void)close(net->acceptor->wake_fd);
        (void)sem_destroy(&net->acceptor->answered);
        memory_free(net->acceptor);
        net->acceptor = NULL;
    }
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Several workers run pipelines of many sessions over a few accounts: transfers, reads, sums over the whole keyspace
 * and walks over all shards; every eighth request is long, so that an executor possesses its shards meanwhile.
 * Every request is executed exactly once and in its session's order, its reply comes back in that order, the sum of all
 * accounts never changes, nobody waits for ever, and in the end nobody is left in a queue.
 * Room: exec
 * Owner: main owns the bank; a client belongs to its teller, a client's count to whoever executes for it.
 * Locks: those of the commands. */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "small_server.h"

#ifdef SHERD_TSAN
/* Its detector of deadlocks knows 64 locks at most, a sum holds them all; debug builds check the order themselves. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "detect_deadlocks=0";
}
#endif

enum {
    TELLERS = 4,
    CLIENTS_EACH = 3,
    CLIENTS = TELLERS * CLIENTS_EACH,
    REQUESTS_EACH = 400,
    PIPELINE = 4,
    EXECUTORS = 2,
    ACCOUNTS = 5,
    START_AMOUNT = 1000,
    LONG_PAUSE_US = 100,
    STUCK_MS = 60000,   /* a sleep for so long is a deadlock */
    TRIES_MAX = 100000, /* of one request: more is starvation */
    WORDS_MAX = 80,
};

static const char *const accounts[ACCOUNTS] = {"amy", "bob", "cas", "dov", "eve"};

enum wake_reason {
    WAKE_RESUMED = 1 << 0,
    WAKE_RETURNED = 1 << 1,
};

struct client {
    struct session session;
    struct teller *teller; /* (c) */
    struct mail wake;
    _Atomic uint32_t wake_reasons; /* (a) not 0: `wake` is under way */
    uint32_t executed;             /* requests that handlers have run: by whoever executes for the session */
    uint32_t sent;                 /* (w) requests that ran or went to an executor */
    uint32_t replied;              /* (w) */
    uint32_t tries, most_tries;    /* (w) */
    bool paused;                   /* (w) waits for mail */
    struct buffer replies;         /* (w) */
};

struct teller {
    pthread_t thread;
    struct bank *bank;
    struct exec_worker *worker;
    struct mailbox box;
    struct client *clients[CLIENTS_EACH];
    unsigned suspended, busy, away; /* (w) */
    bool stuck;                     /* (w) */
};

struct bank {
    struct small_server server;
    struct client clients[CLIENTS];
    struct teller tellers[TELLERS];
    _Atomic uint32_t wrong; /* (a) requests out of order, replies out of order, sums that are not right */
};

/* Every request is "name client number long? ...". */
static bool is_long(struct call *call)
{
    return call_argument_is(call, 3, "long");
}

static uint32_t number_of(struct slice digits)
{
    uint32_t number = 0;
    for (size_t i = 0; i < digits.len; i++) {
        number = number * 10 + (uint32_t)(digits.data[i] - '0');
    }
    return number;
}

static enum outcome done(struct call *call)
{
    struct bank *bank = call->context;
    struct client *client = &bank->clients[number_of(call->argv[1])];
    uint32_t number = number_of(call->argv[2]);
    atomic_fetch_add(&bank->wrong, &client->session == call->session && client->executed == number ? 0 : 1);
    client->executed++;
    reply_integer(&call->reply, number);
    return OUTCOME_DONE;
}

/* Others get every chance to meddle. */
static void linger(const struct call *call)
{
    if (call->worker->is_executor) {
        (void)usleep(LONG_PAUSE_US);
    }
}

static int64_t amount_of(struct call *call, uint32_t argument, struct keyref *ref) REQUIRES(shard_held)
{
    return call_write(call, argument, ref) ? entry_integer(ref->entry) : START_AMOUNT;
}

/* move client number long? from to */
COMMAND_HANDLER(move_handler)
{
    struct keyref from;
    struct keyref to;
    int64_t left = amount_of(call, 4, &from) - 1;
    linger(call);
    keyref_set_integer(&from, left, DEADLINE_NONE);
    int64_t right = amount_of(call, 5, &to) + 1;
    linger(call);
    keyref_set_integer(&to, right, DEADLINE_NONE);
    call_changed(call, &to, EVENT_STRING, "set");
    return done(call);
}

/* look client number long? account */
COMMAND_HANDLER(look_handler)
{
    struct keyref ref;
    (void)amount_of(call, 4, &ref);
    return done(call);
}

/* sum client number long? account ... */
COMMAND_HANDLER(sum_handler)
{
    struct bank *bank = call->context;
    int64_t sum = 0;
    for (uint32_t i = 4; i < call->argc; i++) {
        struct keyref ref;
        sum += amount_of(call, i, &ref);
        linger(call);
    }
    atomic_fetch_add(&bank->wrong, sum == ACCOUNTS * START_AMOUNT ? 0 : 1);
    return done(call);
}

/* walk client number long? */
COMMAND_HANDLER(walk_handler)
{
    if (call->carried.seen++ != call->next_shard) {
        return call_fail(call, ERROR_SYNTAX);
    }
    if (call->next_shard + 1 < KEYSPACE_SHARDS) {
        call->next_shard++;
        return OUTCOME_NEXT_SHARD;
    }
    return done(call);
}

static const struct command_row rows[] = {
    {.name = "move",
     .handler = move_handler,
     .arity = 6,
     .lock = LOCK_KEYS,
     .keys = {{.flags = KEY_RW, .begin = 4, .last = 1, .step = 1}},
     .is_long = is_long},
    {.name = "look",
     .handler = look_handler,
     .arity = 5,
     .lock = LOCK_KEYS,
     .keys = {{.flags = KEY_RO, .begin = 4, .step = 1}},
     .is_long = is_long},
    {.name = "sum", .handler = sum_handler, .arity = -5, .lock = LOCK_ALL_SHARDS, .is_long = is_long},
    {.name = "walk", .handler = walk_handler, .arity = 4, .lock = LOCK_EACH_SHARD, .is_long = is_long},
    {0},
};

/* The words of a client's request; the same at every try. */
static void write_request(uint32_t client, uint32_t number, char *words)
{
    unsigned seed = client * REQUESTS_EACH + number;
    unsigned dice = (unsigned)rand_r(&seed);
    unsigned from = dice / 64 % ACCOUNTS;
    unsigned to = (from + 1 + dice / 512 % (ACCOUNTS - 1)) % ACCOUNTS;
    const char *length = dice % 8 == 0 ? "long" : "short";
    unsigned kind = dice / 8 % 32;
    if (kind == 0) {
        (void)snprintf(words, WORDS_MAX, "walk %u %u %s", client, number, length);
    } else if (kind < 3) {
        (void)snprintf(words, WORDS_MAX, "sum %u %u %s amy bob cas dov eve", client, number, length);
    } else if (kind < 12) {
        (void)snprintf(words, WORDS_MAX, "look %u %u %s %s", client, number, length, accounts[from]);
    } else {
        (void)snprintf(words, WORDS_MAX, "move %u %u %s %s %s", client, number, length, accounts[from], accounts[to]);
    }
}

static void wake_for(struct session *session, enum wake_reason reason)
{
    struct client *client = CONTAINER_OF(session, struct client, session);
    if (atomic_fetch_or(&client->wake_reasons, reason) == 0) {
        mailbox_send(&client->teller->box, &client->wake);
    }
}

static void client_resume(struct session *session)
{
    wake_for(session, WAKE_RESUMED);
}

static void client_returned(struct session *session)
{
    wake_for(session, WAKE_RETURNED);
}

/* Takes the replies ":<number>\r\n" and checks that they come in order. */
static void client_collect(struct client *client)
{
    client->replies.len = 0;
    session_collect(&client->session, &client->replies);
    char expected[16];
    size_t at = 0;
    while (at < client->replies.len) {
        size_t len = (size_t)snprintf(expected, sizeof(expected), ":%u\r\n", client->replied);
        bool right = client->replies.len - at >= len && memcmp(client->replies.data + at, expected, len) == 0;
        if (!right) {
            atomic_fetch_add(&client->teller->bank->wrong, 1);
            return;
        }
        client->replied++;
        at += len;
    }
}

static void client_woken(struct mail *mail, UNUSED void *receiver)
{
    struct client *client = CONTAINER_OF(mail, struct client, wake);
    uint32_t reasons = atomic_exchange(&client->wake_reasons, 0);
    if ((reasons & WAKE_RETURNED) != 0) {
        exec_errand_finish(&client->session);
        client_collect(client);
    }
    if ((client->session.flags & SESSION_AWAY) == 0) {
        client->session.flags &= ~(uint32_t)SESSION_SUSPENDED;
        client->paused = false;
    }
}

/* What became of one request. */
static void request_ended(struct teller *teller, struct client *client, enum item_outcome outcome)
{
    bool gone = outcome == ITEM_DONE || outcome == ITEM_AWAY;
    bool tried = outcome == ITEM_SUSPENDED || outcome == ITEM_BUSY;
    client->sent += gone ? 1 : 0;
    client->tries = gone ? 0 : client->tries + (tried ? 1 : 0);
    client->most_tries = client->tries > client->most_tries ? client->tries : client->most_tries;
    client->paused |= outcome == ITEM_SUSPENDED || outcome == ITEM_AWAY;
    teller->suspended += outcome == ITEM_SUSPENDED ? 1 : 0;
    teller->busy += outcome == ITEM_BUSY ? 1 : 0;
    teller->away += outcome == ITEM_AWAY ? 1 : 0;
}

/* A turn with the next few requests of every client that does not wait. Returns how many there were. */
static size_t teller_turn(struct teller *teller)
{
    struct small_batch batch;
    struct client *owners[CLIENTS_EACH * PIPELINE];
    char words[CLIENTS_EACH * PIPELINE][WORDS_MAX];
    small_batch_begin(&batch, teller->worker);
    for (int i = 0; i < CLIENTS_EACH; i++) {
        struct client *client = teller->clients[i];
        uint32_t id = (uint32_t)(client - teller->bank->clients);
        for (uint32_t n = client->sent; !client->paused && n < client->sent + PIPELINE && n < REQUESTS_EACH; n++) {
            owners[batch.count] = client;
            write_request(id, n, words[batch.count]);
            small_batch_add_session(&batch, &client->session, words[batch.count]);
        }
    }
    if (batch.count == 0) {
        return 0;
    }
    small_batch_run(&batch);
    for (size_t i = 0; i < batch.count; i++) {
        request_ended(teller, owners[i], batch.items[i].outcome);
        client_collect(owners[i]);
    }
    output_clear(&teller->worker->out, 0);
    return batch.count;
}

static bool teller_is_done(const struct teller *teller)
{
    for (int i = 0; i < CLIENTS_EACH; i++) {
        const struct client *client = teller->clients[i];
        if (client->replied < REQUESTS_EACH || (client->session.flags & SESSION_AWAY) != 0) {
            return false;
        }
    }
    return true;
}

/* Sleeps until there is mail; false when there is none for very long. */
static bool teller_sleep(struct teller *teller)
{
    if (!mailbox_may_sleep(&teller->box)) {
        return true;
    }
    struct pollfd wait = {.fd = teller->box.wake_fd, .events = POLLIN};
    bool woken = poll(&wait, 1, STUCK_MS) == 1;
    mailbox_awake(&teller->box);
    mailbox_clear_wake(&teller->box);
    return woken;
}

static void *teller_main(void *argument)
{
    struct teller *teller = argument;
    teller->worker = small_worker_create(&teller->bank->server);
    static const struct session_sink sink = {
        .resume = client_resume, .returned = client_returned, .describe = recorder_describe};
    for (int i = 0; i < CLIENTS_EACH; i++) {
        struct client *client = teller->clients[i];
        client->teller = teller;
        client->wake.deliver = client_woken;
        session_init(&client->session, (uint64_t)(client - teller->bank->clients) + 1, teller->worker, &sink);
        buffer_init(&client->replies);
    }
    while (!teller->stuck && !teller_is_done(teller) && atomic_load(&teller->bank->wrong) == 0) {
        if (mailbox_deliver(&teller->box, teller) + teller_turn(teller) == 0) {
            teller->stuck = !teller_sleep(teller);
        }
    }
    return NULL;
}

/* With nobody at work any more: the sum, and nobody left in a queue. */
static bool bank_is_in_order(struct bank *bank)
{
    for (uint32_t i = 0; i < KEYSPACE_SHARDS; i++) {
        const struct shard *shard = keyspace_shard(&bank->server.keyspace, i);
        if (shard->possessed || shard->first_waiter != NULL) {
            printf("shard %u is not free\n", i);
            return false;
        }
    }
    struct recorder auditor;
    recorder_init(&auditor, bank->server.worker);
    struct client *client = &bank->clients[0];
    uint32_t number = client->executed;
    char words[WORDS_MAX];
    (void)snprintf(words, sizeof(words), "sum 0 %u short amy bob cas dov eve", number);
    uint32_t wrong = atomic_load(&bank->wrong);
    (void)small_run(&auditor, words);
    recorder_deinit(&auditor);
    return atomic_load(&bank->wrong) == wrong + 1; /* one: it is not the client whose number it borrowed */
}

static void bank_open(struct bank *bank)
{
    small_server_init(&bank->server, rows, bank);
    small_server_let_time_count(&bank->server);
    small_server_start(&bank->server, EXECUTORS);
    for (int t = 0; t < TELLERS; t++) {
        struct teller *teller = &bank->tellers[t];
        teller->bank = bank;
        ASSERT(mailbox_init(&teller->box) == STATUS_OK);
        for (int i = 0; i < CLIENTS_EACH; i++) {
            teller->clients[i] = &bank->clients[t * CLIENTS_EACH + i];
        }
    }
    for (int t = 0; t < TELLERS; t++) {
        ASSERT(pthread_create(&bank->tellers[t].thread, NULL, teller_main, &bank->tellers[t]) == 0);
    }
}

static void bank_close(struct bank *bank)
{
    for (int i = 0; i < CLIENTS; i++) {
        session_deinit(&bank->clients[i].session);
        buffer_deinit(&bank->clients[i].replies);
    }
    exec_stop(&bank->server.exec);
    for (int t = 0; t < TELLERS; t++) {
        small_worker_destroy(bank->tellers[t].worker);
        mailbox_deinit(&bank->tellers[t].box);
    }
    small_server_stop(&bank->server);
    memory_free(bank);
}

int main(void)
{
    struct bank *bank = memory_alloc_line(sizeof(*bank));
    memset((void *)bank, 0, sizeof(*bank));
    bank_open(bank);
    unsigned suspended = 0, busy = 0, away = 0, stuck = 0, executed = 0, replied = 0, most_tries = 0;
    for (int t = 0; t < TELLERS; t++) {
        struct teller *teller = &bank->tellers[t];
        (void)pthread_join(teller->thread, NULL);
        suspended += teller->suspended;
        busy += teller->busy;
        away += teller->away;
        stuck += teller->stuck ? 1 : 0;
    }
    for (int i = 0; i < CLIENTS; i++) {
        executed += bank->clients[i].executed;
        replied += bank->clients[i].replied;
        most_tries = bank->clients[i].most_tries > most_tries ? bank->clients[i].most_tries : most_tries;
    }
    printf("%u executed, %u replied, %u wrong, %u tellers stuck; %u suspended, %u busy, %u away, at most %u tries\n",
           executed, replied, atomic_load(&bank->wrong), stuck, suspended, busy, away, most_tries);
    bool right = stuck == 0 && atomic_load(&bank->wrong) == 0 && executed == CLIENTS * REQUESTS_EACH &&
                 replied == executed && most_tries < TRIES_MAX;
    if (!right) {
        return EXIT_FAILURE; /* sessions may be away still: what they hold is not taken from them */
    }
    right = bank_is_in_order(bank);
    bank_close(bank);
    return right ? EXIT_SUCCESS : EXIT_FAILURE;
}

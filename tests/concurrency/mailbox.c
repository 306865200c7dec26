/* SPDX-License-Identifier: BSD-3-Clause */
/* Several producers send numbered mail to one consumer that sleeps whenever it may. Nothing is lost, each producer's
 * mail arrives in order, and no wake-up is missed: a sleep longer than any producer's pause is a failure.
 * Room: sync
 * Owner: main owns the mailbox; a producer owns its mail until it is sent. Locks: none. */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sherd/sync/mailbox.h"

enum {
    PRODUCERS = 4,
    MAIL_EACH = 20000,
    PAUSE_EVERY = 500, /* mails, so that the consumer does fall asleep */
    PAUSE_US = 200,
    SLEEP_MAX_MS = 10000,
};

struct numbered_mail {
    struct mail mail;
    int producer;
    int number;
};

struct consumer {
    struct mailbox box;
    int next[PRODUCERS]; /* (w) the number that comes next from each */
    int received;        /* (w) */
    int out_of_order;    /* (w) */
};

struct producer {
    pthread_t thread;
    struct consumer *consumer;
    int id;
};

static void receive(struct mail *mail, void *receiver)
{
    struct numbered_mail *numbered = CONTAINER_OF(mail, struct numbered_mail, mail);
    struct consumer *consumer = receiver;
    consumer->out_of_order += numbered->number != consumer->next[numbered->producer];
    consumer->next[numbered->producer] = numbered->number + 1;
    consumer->received++;
    free(numbered);
}

static void *produce(void *argument)
{
    const struct producer *producer = argument;
    for (int number = 0; number < MAIL_EACH; number++) {
        struct numbered_mail *numbered = malloc(sizeof(*numbered));
        ASSERT(numbered != NULL);
        *numbered = (struct numbered_mail){.mail.deliver = receive, .producer = producer->id, .number = number};
        mailbox_send(&producer->consumer->box, &numbered->mail);
        if (number % PAUSE_EVERY == producer->id) {
            (void)usleep(PAUSE_US);
        }
    }
    return NULL;
}

/* Sleeps until somebody sends; false when nobody woke it in time. */
static bool sleep_until_woken(struct consumer *consumer)
{
    if (!mailbox_may_sleep(&consumer->box)) {
        return true;
    }
    struct pollfd wait = {.fd = consumer->box.wake_fd, .events = POLLIN};
    bool woken = poll(&wait, 1, SLEEP_MAX_MS) == 1;
    mailbox_awake(&consumer->box);
    mailbox_clear_wake(&consumer->box);
    return woken;
}

int main(void)
{
    struct consumer consumer = {.received = 0};
    struct producer producers[PRODUCERS];
    ASSERT(mailbox_init(&consumer.box) == STATUS_OK);
    for (int id = 0; id < PRODUCERS; id++) {
        producers[id] = (struct producer){.consumer = &consumer, .id = id};
        ASSERT(pthread_create(&producers[id].thread, NULL, produce, &producers[id]) == 0);
    }
    bool woken = true;
    int sleeps = 0;
    while (woken && consumer.received < PRODUCERS * MAIL_EACH) {
        if (mailbox_deliver(&consumer.box, &consumer) == 0) {
            woken = sleep_until_woken(&consumer);
            sleeps++;
        }
    }
    for (int id = 0; id < PRODUCERS; id++) {
        (void)pthread_join(producers[id].thread, NULL);
    }
    mailbox_deinit(&consumer.box);
    printf("%d received, %d out of order, %d sleeps, woken %d\n", consumer.received, consumer.out_of_order, sleeps,
           woken);
    return woken && consumer.out_of_order == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

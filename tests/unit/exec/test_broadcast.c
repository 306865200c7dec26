/* SPDX-License-Identifier: BSD-3-Clause */
/* One message for several workers: who gets it, and when it goes away.
 * Owner: each test. Locks: none. */
#include <criterion/criterion.h>

#include "sherd/exec/broadcast.h"
#include "small_server.h"

enum {
    WORKERS = 3,
};

struct note {
    struct broadcast broadcast;
    int text;
};

static const struct command_row no_rows[] = {{0}};
static struct small_server server;
static struct mailbox boxes[WORKERS];
static struct exec_worker more[WORKERS - 1];
static uint32_t delivered; /* a bit for each worker */
static int seen, ended;

static void deliver(struct broadcast *broadcast, uint32_t worker)
{
    delivered |= 1U << worker;
    seen = CONTAINER_OF(broadcast, struct note, broadcast)->text;
    cr_assert_eq(ended, 0);
}

static void end_note(UNUSED struct broadcast *broadcast)
{
    ended++;
}

static const struct broadcast_kind kind = {deliver, end_note};

static void begin(void)
{
    small_server_init(&server, no_rows, NULL);
    small_server_start(&server, 1);
    for (int i = 0; i < WORKERS; i++) {
        struct exec_worker *worker = i == 0 ? server.worker : &more[i - 1];
        if (i != 0) {
            exec_worker_init(worker, &server.exec, false);
        }
        cr_assert_eq(mailbox_init(&boxes[i]), STATUS_OK);
        worker->box = &boxes[i];
    }
    delivered = 0;
    ended = 0;
}

static void end(void)
{
    for (int i = 0; i < WORKERS; i++) {
        mailbox_deinit(&boxes[i]);
    }
    exec_worker_deinit(&more[0]);
    exec_worker_deinit(&more[1]);
    small_server_stop(&server);
}

TestSuite(broadcast, .init = begin, .fini = end);

static uint32_t index_of(int which)
{
    return which == 0 ? server.worker->index : more[which - 1].index;
}

Test(broadcast, reaches_those_it_was_addressed_to_and_ends_with_the_last)
{
    struct note *note = broadcast_create(&server.exec, sizeof(*note), &kind);
    note->text = 7;
    broadcast_address(&note->broadcast, index_of(0));
    broadcast_address(&note->broadcast, index_of(2));
    broadcast_address(&note->broadcast, index_of(2));
    cr_assert_eq(note->broadcast.addressed, 2);
    broadcast_send(&note->broadcast);
    cr_assert_eq(mailbox_deliver(&boxes[0], NULL), 1);
    cr_assert_eq(ended, 0);
    cr_assert_eq(mailbox_deliver(&boxes[1], NULL), 0);
    cr_assert_eq(mailbox_deliver(&boxes[2], NULL), 1);
    cr_assert_eq(delivered, 1U << index_of(0) | 1U << index_of(2));
    cr_assert_eq(seen, 7);
    cr_assert_eq(ended, 1);
}

Test(broadcast, that_was_not_sent_ends_when_it_is_destroyed)
{
    struct note *note = broadcast_create(&server.exec, sizeof(*note), &kind);
    broadcast_address(&note->broadcast, index_of(1));
    broadcast_destroy(&note->broadcast);
    cr_assert_eq(ended, 1);
    cr_assert_eq(mailbox_deliver(&boxes[1], NULL), 0);
}

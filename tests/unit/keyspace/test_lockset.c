/* SPDX-License-Identifier: BSD-3-Clause */
/* Locksets: all or nothing, possession, and the FIFO of those who wait.
 * Owner: each test. Locks: the shards', as the tests say. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <semaphore.h>

#include "sherd/keyspace/lockset.h"
#include "test_keyspace.h"

static struct test_keyspace test;

/* Someone who asks, and how often he was told to try again. */
struct asker {
    struct shard_waiter waiter;
    struct lockset set;
    int resumed;
};

static void note_resume(struct shard_waiter *waiter)
{
    CONTAINER_OF(waiter, struct asker, waiter)->resumed++;
}

static void begin(void)
{
    test_keyspace_init(&test);
}

static void end(void)
{
    test_keyspace_deinit(&test);
}

TestSuite(lockset, .init = begin, .fini = end);

static void asker_init(struct asker *asker)
{
    memset((void *)asker, 0, sizeof(*asker));
    shard_waiter_init(&asker->waiter, note_resume);
}

static enum lockset_outcome ask(struct asker *asker, uint32_t one, uint32_t other, bool possess) UNCHECKED_LOCKING
{
    lockset_init(&asker->set);
    lockset_add(&asker->set, one);
    lockset_add(&asker->set, other);
    return lockset_acquire(&asker->set, &test.keyspace, &asker->waiter, possess);
}

static void let_go(struct asker *asker) UNCHECKED_LOCKING
{
    lockset_release(&asker->set, &test.keyspace);
}

static bool is_locked(uint32_t shard) UNCHECKED_LOCKING
{
    struct shard *each = keyspace_shard(&test.keyspace, shard);
    if (spin_try(&each->lock)) {
        spin_release(&each->lock);
        return false;
    }
    return true;
}

Test(lockset, counts_a_shard_once)
{
    struct lockset set;
    lockset_init(&set);
    lockset_add(&set, 7);
    lockset_add(&set, 7);
    cr_assert_eq(set.count, 1);
    lockset_add(&set, 900);
    lockset_add(&set, 7);
    lockset_add(&set, 900);
    lockset_add(&set, 63);
    cr_assert_eq(set.count, 3);
    cr_assert(lockset_contains(&set, 7));
    cr_assert(lockset_contains(&set, 63));
    cr_assert(lockset_contains(&set, 900));
    cr_assert_not(lockset_contains(&set, 64));
}

Test(lockset, locks_exactly_its_shards)
{
    struct asker asker;
    asker_init(&asker);
    cr_assert_eq(ask(&asker, 900, 7, false), LOCKSET_HELD);
    cr_assert(is_locked(7));
    cr_assert(is_locked(900));
    cr_assert_not(is_locked(901));
    let_go(&asker);
    cr_assert_not(is_locked(7));
    cr_assert_not(is_locked(900));
}

Test(lockset, locks_all_shards_at_once)
{
    struct asker asker;
    asker_init(&asker);
    lockset_init(&asker.set);
    lockset_add_all(&asker.set);
    cr_assert_eq(lockset_acquire(&asker.set, &test.keyspace, &asker.waiter, false), LOCKSET_HELD);
    cr_assert(is_locked(0));
    cr_assert(is_locked(KEYSPACE_SHARDS - 1));
    let_go(&asker);
    cr_assert_not(is_locked(512));
}

Test(lockset, possession_keeps_others_out_without_the_spinlocks)
{
    struct asker owner;
    struct asker other;
    asker_init(&owner);
    asker_init(&other);
    cr_assert_eq(ask(&owner, 3, 5, false), LOCKSET_HELD);
    lockset_possess(&owner.set, &test.keyspace);
    cr_assert_not(is_locked(3));
    cr_assert_not(is_locked(5));
    cr_assert_eq(ask(&other, 1, 5, false), LOCKSET_QUEUED);
    cr_assert_not(is_locked(1));
    cr_assert_eq(other.resumed, 0);
    cr_assert_not(shard_try_hold(keyspace_shard(&test.keyspace, 5)));
    let_go(&owner);
    cr_assert_eq(other.resumed, 1);
    cr_assert_eq(ask(&other, 1, 5, false), LOCKSET_HELD);
    cr_assert_null(other.waiter.queued_at);
    let_go(&other);
}

Test(lockset, nobody_overtakes_those_who_queue)
{
    struct asker owner;
    struct asker first;
    struct asker late;
    asker_init(&owner);
    asker_init(&first);
    asker_init(&late);
    cr_assert_eq(ask(&owner, 5, 5, false), LOCKSET_HELD);
    lockset_possess(&owner.set, &test.keyspace);
    cr_assert_eq(ask(&first, 5, 5, false), LOCKSET_QUEUED);
    let_go(&owner);
    struct lockset quick;
    lockset_init(&quick);
    lockset_add(&quick, 5);
    cr_assert_not(lockset_acquire_single(&quick, &test.keyspace));
    cr_assert_eq(ask(&late, 5, 5, false), LOCKSET_QUEUED);
    cr_assert_eq(ask(&first, 5, 5, false), LOCKSET_HELD);
    let_go(&first);
    cr_assert_geq(late.resumed, 1);
    cr_assert_eq(ask(&late, 5, 5, false), LOCKSET_HELD);
    let_go(&late);
    cr_assert(lockset_acquire_single(&quick, &test.keyspace));
    lockset_release(&quick, &test.keyspace);
}

Test(lockset, gives_possession_to_the_first_of_the_fifo_alone)
{
    struct asker owner;
    struct asker reader;
    struct asker possessor;
    struct asker last;
    asker_init(&owner);
    asker_init(&reader);
    asker_init(&possessor);
    asker_init(&last);
    cr_assert_eq(ask(&owner, 5, 5, false), LOCKSET_HELD);
    lockset_possess(&owner.set, &test.keyspace);
    cr_assert_eq(ask(&reader, 5, 5, false), LOCKSET_QUEUED);
    cr_assert_eq(ask(&possessor, 5, 5, true), LOCKSET_QUEUED);
    cr_assert_eq(ask(&last, 5, 5, false), LOCKSET_QUEUED);
    let_go(&owner);
    cr_assert_eq(reader.resumed, 1);
    cr_assert_eq(possessor.resumed, 0);
    cr_assert_eq(last.resumed, 0);
    cr_assert_eq(ask(&possessor, 5, 5, true), LOCKSET_QUEUED);
    cr_assert_eq(ask(&reader, 5, 5, false), LOCKSET_HELD);
    let_go(&reader);
    cr_assert_geq(possessor.resumed, 1);
    cr_assert_eq(last.resumed, 0);
    cr_assert_eq(ask(&possessor, 5, 5, true), LOCKSET_HELD);
    lockset_possess(&possessor.set, &test.keyspace);
    cr_assert_eq(ask(&last, 5, 5, false), LOCKSET_QUEUED);
    let_go(&possessor);
    cr_assert_eq(last.resumed, 1);
    cr_assert_eq(ask(&last, 5, 5, false), LOCKSET_HELD);
    let_go(&last);
}

Test(lockset, whoever_leaves_the_fifo_lets_the_next_one_in)
{
    struct asker owner;
    struct asker leaver;
    struct asker next;
    asker_init(&owner);
    asker_init(&leaver);
    asker_init(&next);
    cr_assert_eq(ask(&owner, 5, 5, false), LOCKSET_HELD);
    lockset_possess(&owner.set, &test.keyspace);
    cr_assert_eq(ask(&leaver, 5, 5, true), LOCKSET_QUEUED);
    cr_assert_eq(ask(&next, 5, 5, false), LOCKSET_QUEUED);
    let_go(&owner);
    cr_assert_eq(next.resumed, 0);
    shard_waiter_leave(&leaver.waiter);
    cr_assert_eq(next.resumed, 1);
    cr_assert_eq(ask(&next, 5, 5, false), LOCKSET_HELD);
    let_go(&next);
    cr_assert_null(keyspace_shard(&test.keyspace, 5)->first_waiter);
}

Test(lockset, a_waiter_that_asks_for_other_shards_leaves_the_old_fifo)
{
    struct asker owner;
    struct asker other;
    asker_init(&owner);
    asker_init(&other);
    cr_assert_eq(ask(&owner, 5, 5, false), LOCKSET_HELD);
    lockset_possess(&owner.set, &test.keyspace);
    cr_assert_eq(ask(&other, 5, 9, false), LOCKSET_QUEUED);
    cr_assert_eq(ask(&other, 8, 9, false), LOCKSET_HELD);
    let_go(&other);
    cr_assert_null(keyspace_shard(&test.keyspace, 5)->first_waiter);
    let_go(&owner);
    cr_assert_eq(other.resumed, 0);
}

/* Holds shard 5 by its spinlock until told otherwise: a descheduled holder. */
struct holder {
    sem_t holding;
    sem_t stop;
};

static void *hold_spin(void *argument) UNCHECKED_LOCKING
{
    struct holder *holder = argument;
    struct shard *shard = keyspace_shard(&test.keyspace, 5);
    spin_acquire(&shard->lock);
    (void)sem_post(&holder->holding);
    (void)sem_wait(&holder->stop);
    spin_release(&shard->lock);
    return NULL;
}

Test(lockset, gives_up_with_nothing_held_when_a_holder_is_slow)
{
    struct holder holder;
    struct asker asker;
    pthread_t thread;
    asker_init(&asker);
    (void)sem_init(&holder.holding, 0, 0);
    (void)sem_init(&holder.stop, 0, 0);
    cr_assert_eq(pthread_create(&thread, NULL, hold_spin, &holder), 0);
    (void)sem_wait(&holder.holding);
    cr_assert_eq(ask(&asker, 2, 5, false), LOCKSET_BUSY);
    cr_assert_not(is_locked(2));
    cr_assert_null(asker.waiter.queued_at);
    (void)sem_post(&holder.stop);
    (void)pthread_join(thread, NULL);
    cr_assert_eq(ask(&asker, 2, 5, false), LOCKSET_HELD);
    let_go(&asker);
}

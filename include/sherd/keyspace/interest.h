/* SPDX-License-Identifier: BSD-3-Clause */
/* Keys that somebody wants to hear of when they change: those that sessions watch (WATCH), and those that blocked
 * calls wait for (BLPOP). Each shard has a table of them, which is there once the first key of it was asked for. A
 * shard without interest costs a write one branch.
 *
 * The table is guarded by the shard's spinlock even while the shard is possessed, so that a session can leave at any
 * time: whoever works on a possessed shard takes the spinlock for the moment (interest_hold).
 * Owner: the shard; a watch belongs to its session. Locks: the shard's spinlock. */
#ifndef SHERD_KEYSPACE_INTEREST_H
#define SHERD_KEYSPACE_INTEREST_H

#include "sherd/keyspace/keyref.h"

struct interest_key;

/* One key that one session watches. */
struct watch {
    struct watch *next, *previous; /* (s) of the same key */
    struct watch *of_session;      /* (w) the next one of the session */
    struct interest_key *key;      /* (c) */
    _Atomic bool *touched;         /* (c) the session's mark: set when the key changes */
    bool was_due;                  /* (s) the key was past its deadline, and hidden, when it was watched */
};

/* One key that one blocked call waits for; in the key's FIFO. */
struct key_waiter {
    struct key_waiter *next, *previous; /* (s) */
    struct key_waiter *next_mover;      /* (s) of the shard's waiters with a destination */
    struct key_waiter **mover_link;     /* (s) what leads to it there */
    struct interest_key *key;           /* (s) NULL: not linked */
    struct blocked *blocked;            /* (c) whose */
    uint32_t argument;                  /* (c) where the key stands among the call's arguments */
    enum value_type type;               /* (c) that serves it */
    bool wants_removal;                 /* (c) is also served when the key goes, or holds another type */
    bool moves;                         /* (c) serving it also needs the shard `destination` */
    uint32_t destination;               /* (c) */
    /* (c) The key went by itself, where nobody can serve: called under the shard's spinlock, only sends mail. */
    void (*removed)(struct key_waiter *waiter);
};

/* Links a waiter whose other fields are set, behind those that wait for the key already. */
void interest_wait(struct keyref *ref, struct key_waiter *waiter) REQUIRES(shard_held);
/* Unlinks it, if it is linked. */
void interest_wait_end(struct key_waiter *waiter, struct keyspace *keyspace) EXCLUDES(shard_held);

/* A key that changed while somebody waits for it, taken off the thread's list; NULL when there is none. It stays until
 * interest_ready_done. */
struct interest_key *interest_take_ready(struct keyspace_user *user);
void interest_ready_done(struct keyspace *keyspace, struct interest_key *key) REQUIRES(shard_held);
/* Opens the key. */
void interest_open(const struct interest_key *key, struct keyspace_user *user, struct keyref *ref) REQUIRES(shard_held);
/* Finds the first waiter of the key, or the one behind `after`, whom `claim` accepts, as the key is (`ref`); `claim` is
 * called under the spinlock. A claimed waiter stays where it is until it is unlinked. */
struct key_waiter *interest_claim(struct keyspace *keyspace, struct interest_key *key, struct key_waiter *after,
                                  const struct keyref *ref,
                                  bool (*claim)(struct key_waiter *waiter, const struct keyref *ref))
    REQUIRES(shard_held);
/* Calls `end` for a claimed waiter that stays, under the spinlock: its session can not go meanwhile. */
void interest_claim_end(struct keyspace *keyspace, struct key_waiter *waiter, void (*end)(struct key_waiter *waiter))
    REQUIRES(shard_held);
/* Unlinks a claimed waiter. */
void interest_served(struct keyspace *keyspace, struct key_waiter *waiter) REQUIRES(shard_held);
/* Whether anybody waits for the key's removal. */
bool interest_wants_removal(const struct interest_key *key) REQUIRES(shard_held);
/* Tells the destinations of all who wait in the shard. By who holds its spinlock. */
void interest_add_destinations(struct shard *shard, void (*add)(void *context, uint32_t shard), void *context)
    REQUIRES(shard_held);

/* Watches the key of an opened ref. `touched` must live until the watch is left. */
NODISCARD struct watch *interest_watch(struct keyref *ref, _Atomic bool *touched) REQUIRES(shard_held);
/* Whether this session's key was watched before through one of `watches` (linked by of_session). */
bool interest_watches(const struct watch *watches, const struct keyref *ref);
/* Ends the watch and frees it. */
void interest_leave(struct watch *watch, struct keyspace *keyspace) EXCLUDES(shard_held);
/* The shard of a watched key. */
uint32_t interest_shard(const struct watch *watch);
/* Has the watched key fallen due since it was watched? Removes it where past-due keys are removed. */
NODISCARD bool interest_is_due(const struct watch *watch, struct keyspace_user *user) REQUIRES(shard_held);

/* The general half of interest_touch. */
void interest_touch_slow(const struct keyref *ref) REQUIRES(shard_held);
/* The key changed, or came, or went. */
static ALWAYS_INLINE void interest_touch(const struct keyref *ref) REQUIRES(shard_held)
{
    if (UNLIKELY(atomic_load_explicit(&ref->shard->interest, memory_order_relaxed) != NULL)) {
        interest_touch_slow(ref);
    }
}
/* The key was removed by itself; because it fell due: then it is no news for who watched it when it was past due. */
void interest_touch_removed(const struct keyref *ref, bool fell_due) REQUIRES(shard_held);
/* Every key of the database is about to change places with that of `other` (or with nothing: other == db): touches the
 * watched ones that exist in one of them. */
void interest_touch_database(struct keyspace_user *user, struct shard *shard, unsigned db, unsigned other)
    REQUIRES(shard_held);
/* Frees the table; nobody watches any more. */
void interest_destroy(struct shard *shard);

#endif

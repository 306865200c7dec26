/* SPDX-License-Identifier: BSD-3-Clause */
/* Keys that somebody wants to hear of when they change: those that sessions watch (WATCH). Each shard has a table of
 * them, which is there once the first key of it was watched; a shard without interest costs a write one branch.
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
void interest_touch_slow(struct shard *shard, unsigned db, struct slice key, uint64_t hash) REQUIRES(shard_held);
/* The key changed, or came, or went. */
static ALWAYS_INLINE void interest_touch(const struct keyref *ref) REQUIRES(shard_held)
{
    if (UNLIKELY(atomic_load_explicit(&ref->shard->interest, memory_order_relaxed) != NULL)) {
        interest_touch_slow(ref->shard, ref->db, ref->key, ref->hash);
    }
}
/* The key was removed because it fell due: no news for who watched it when it was past due already. */
void interest_touch_due(const struct keyref *ref) REQUIRES(shard_held);
/* Every key of the database is about to change places with that of `other` (or with nothing: other == db): touches the
 * watched ones that exist in one of them. */
void interest_touch_database(struct keyspace_user *user, struct shard *shard, unsigned db, unsigned other)
    REQUIRES(shard_held);
/* Frees the table; nobody watches any more. */
void interest_destroy(struct shard *shard);

#endif

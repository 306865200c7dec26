/* SPDX-License-Identifier: BSD-3-Clause */
/* When keys fall due: per shard and database a heap of tags, {deadline 42 bits | low hash bits 22}, never pointers.
 * A tag names a group of keys (those whose low hash bits agree). Invariant: for every key with a deadline, its own or
 * of an element of its value, there is a tag of its group that fires no later than the deadline. A tag that fires too
 * early is replaced by one for the earliest deadline left in its group; stale tags fire into nothing. When there are
 * more than twice as many tags as keys with a deadline the heap is rebuilt in slices.
 * Owner: the keytable. Locks: the shard's. */
#ifndef SHERD_KEYSPACE_EXPIRY_H
#define SHERD_KEYSPACE_EXPIRY_H

#include "sherd/keyspace/keyspace.h"

/* Says that `entry` (in the table, hash `hash`) now has its deadline; `earlier_ms` is the deadline that its tag, if it
 * has one (entry->tagged), was made for. Sets entry->tagged. */
void expiry_note(struct keyspace *keyspace, struct shard *shard, struct keytable *keytable, struct entry *entry,
                 uint64_t hash) REQUIRES(shard_held);

/* Says that elements of the key with that hash have deadlines, the earliest being `deadline_ms`. */
void expiry_note_elements(struct keyspace *keyspace, struct shard *shard, struct keytable *keytable, uint64_t hash,
                          int64_t deadline_ms) REQUIRES(shard_held);

struct expiry_slice {
    size_t removed;       /* keys, and elements of collections */
    size_t visited;       /* tags that fired */
    int64_t worst_lag_ms; /* the latest removal after its deadline */
    bool more;            /* due tags are left */
};

/* Removes what is due in a locked shard, at most about `budget` tags. */
struct expiry_slice expiry_fire(struct keyspace_user *user, struct shard *shard, size_t budget) REQUIRES(shard_held);

/* Recomputes the shard's hint of when to come again (after a flush or swap). */
void expiry_refresh_hint(struct keyspace *keyspace, struct shard *shard) REQUIRES(shard_held);
/* Sum over the keys with a deadline, sampled: the average remaining time in ms (INFO's avg_ttl). */
int64_t expiry_average_ttl_ms(struct keyspace_user *user, struct shard *shard, unsigned db) REQUIRES(shard_held);

void expiry_index_destroy(struct expiry_index *index);
/* Tags in the heap; 0 when there is no index. */
size_t expiry_index_tags(const struct expiry_index *index);
/* Takes stale tags off the top, at most `budget` of them, until one is there whose key falls due when it fires. The
 * keytable has keys. */
void expiry_settle_top(const struct keyspace *keyspace, struct keytable *keytable, size_t budget) REQUIRES(shard_held);
/* The low hash bits of the tag at `at`, below expiry_index_tags: enough for table_home while the table has at most 2^22
 * buckets. Tag 0 is the one that fires first; those that follow are heap-ordered, about rising. */
uint64_t expiry_index_hash(const struct expiry_index *index, size_t at);

#endif

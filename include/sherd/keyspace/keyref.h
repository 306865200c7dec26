/* SPDX-License-Identifier: BSD-3-Clause */
/* A looked-up key: what command handlers read and change keys through. Valid while its shard is held.
 * Every change keeps the table, the expiry index and the counters in step; what is replaced goes to the garbage.
 * Owner: the handler's stack. Locks: the key's shard, held by the caller (or possessed). */
#ifndef SHERD_KEYSPACE_KEYREF_H
#define SHERD_KEYSPACE_KEYREF_H

#include "sherd/keyspace/garbage.h"
#include "sherd/keyspace/keyspace.h"

enum {
    DEADLINE_NONE = 0,  /* the key never expires */
    DEADLINE_KEEP = -1, /* keep the deadline it has */
};

struct keyref {
    struct keyspace_user *user;
    struct shard *shard;
    struct keytable *keytable;
    unsigned db;
    struct slice key; /* borrowed from the request */
    uint64_t hash;
    struct table_slot slot;
    struct entry *entry; /* NULL: there is no such key */
};

/* Looks a key up, past-due or not. */
void keyref_open_hashed(struct keyref *ref, struct keyspace_user *user, unsigned db, struct slice key, uint64_t hash)
    REQUIRES(shard_held);
/* Removes the key because it fell due: an internal write, told to user->removed. */
void keyref_expire(struct keyref *ref) REQUIRES(shard_held);
/* The same because memory ran short. */
void keyref_evict(struct keyref *ref) REQUIRES(shard_held);
/* True when the key exists and is past its deadline. Then it is removed (an internal write) or, where the keyspace only
 * hides past-due keys, left; in both cases ref->entry is NULL afterwards. */
bool keyref_expire_if_due(struct keyref *ref) REQUIRES(shard_held);

/* Stores a string, creating or overwriting the key: as number, embedded or blob, whichever fits. `deadline_ms` is a
 * deadline, DEADLINE_NONE or DEADLINE_KEEP. `bytes` must not lie inside this key's value. */
void keyref_set_string(struct keyref *ref, struct slice bytes, int64_t deadline_ms) REQUIRES(shard_held);
/* The same for text that stays text although it may be a number (INCRBYFLOAT): the encoding is embstr or raw. */
void keyref_set_text(struct keyref *ref, struct slice bytes, int64_t deadline_ms) REQUIRES(shard_held);
/* The same for bytes that an edit made (APPEND, SETRANGE, SETBIT): never turned into a number, encoding is raw. */
void keyref_set_edited(struct keyref *ref, struct slice bytes, int64_t deadline_ms) REQUIRES(shard_held);
/* Stores a blob; takes over one reference. */
void keyref_set_blob(struct keyref *ref, struct blob *blob, int64_t deadline_ms) REQUIRES(shard_held);
void keyref_set_integer(struct keyref *ref, int64_t value, int64_t deadline_ms) REQUIRES(shard_held);
/* Changes the number of a key that holds one (ENTRY_INTEGER), in place. */
void keyref_update_integer(struct keyref *ref, int64_t value) REQUIRES(shard_held);
/* Stores a collection; takes ownership. */
void keyref_set_object(struct keyref *ref, enum value_type type, void *object, int64_t deadline_ms)
    REQUIRES(shard_held);
/* Changes or (DEADLINE_NONE) removes the deadline of an existing key. */
void keyref_set_deadline(struct keyref *ref, int64_t deadline_ms) REQUIRES(shard_held);
/* Says that deadlines of elements of the collection were changed; `before_ms` is what the earliest was before
 * (INT64_MAX: there was none). Unneeded when the earliest cannot have become earlier and some are left. */
void keyref_retime(struct keyref *ref, int64_t before_ms) REQUIRES(shard_held);
/* Removes the elements of the collection that are past their deadlines, at most `budget` of them, and the key when none
 * is left: an internal write, told to user->thinned. Returns how many. */
size_t keyref_thin(struct keyref *ref, size_t budget) REQUIRES(shard_held);
/* Removes an existing key with its value. */
void keyref_remove(struct keyref *ref) REQUIRES(shard_held);
/* Takes the value of an existing key out without freeing or copying it and removes the key: for RENAME and MOVE.
 * The spec owns blob or collection; embedded bytes stay valid until the garbage is released. */
struct entry_spec keyref_take(struct keyref *ref) REQUIRES(shard_held);
/* A copy of the value of an existing key, in the same way: large strings are shared, collections copied. */
struct entry_spec keyref_copy(const struct keyref *ref) REQUIRES(shard_held);
/* Stores what keyref_take or keyref_copy gave under ref's key; takes ownership of its word. spec.key is ignored. */
void keyref_put(struct keyref *ref, struct entry_spec spec) REQUIRES(shard_held);
/* Makes a string value editable in place with room for `len` bytes (not less than it has now): returns its bytes, of
 * which those beyond the old length are zero; the value then has `len` bytes. Creates the key when it is missing.
 * The pointer is valid until the next change of the key. */
char *keyref_edit_string(struct keyref *ref, size_t len) REQUIRES(shard_held);

/* Marks an access, for eviction and for OBJECT IDLETIME and FREQ. */
static ALWAYS_INLINE void keyref_touch(const struct keyref *ref)
{
    struct usage *usage = &ref->user->usage;
    uint32_t clock = usage->now;
    if (UNLIKELY(usage->by_frequency)) {
        clock = usage_counted(usage, (uint32_t)ref->entry->clock);
    }
    if (UNLIKELY(ref->entry->clock != clock)) {
        ref->entry->clock = clock & USAGE_CLOCK_MASK;
    }
}

#endif

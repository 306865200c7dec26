/* SPDX-License-Identifier: BSD-3-Clause */
/* The hash data type: fields with values, each of which may have a deadline of its own.
 * Semantics of the H* commands (https://redis.io/docs/latest/develop/data-types/hashes/), those of field expiry as in
 * Redis 8 and Valkey 9. Two encodings inside:
 *
 *   listpack   field, value, field, value ...: small hashes, in the order of their making
 *   hashtable  a table of fields, each in one allocation with its value, and a schedule of those with deadlines
 *
 * The hash that gets its first deadline becomes a table. A hash without any pays nothing for them.
 * A field whose deadline has passed is dead: nobody finds it, but it counts in hash_length until hash_expire takes it
 * out.
 * Owner: the holder of the struct; one thread changes it at a time, readers want it unchanged. Locks: none. */
#ifndef SHERD_VALUE_HASH_H
#define SHERD_VALUE_HASH_H

#include "sherd/base/blob.h"
#include "sherd/base/hash.h"
#include "sherd/base/random.h"
#include "sherd/container/listpack.h"

#define HASH_DEADLINE_NONE INT64_C(0)
#define HASH_DEADLINE_KEEP INT64_C(-1)
#define HASH_NEVER         INT64_MAX
#define HASH_DEADLINE_MAX  (INT64_MAX - 1)

struct hash; /* opaque */

/* How far a hash stays a listpack, and the key of its table's hash function, which outlives it. */
struct hash_limits {
    size_t listpack_entries;     /* fields */
    size_t listpack_value_bytes; /* of a field or a value */
    const struct hash_key *hash_key;
};

/* A value as it stands: `text` is valid until the hash changes, and as long as this struct stays where it is. */
struct hash_value {
    struct slice text;
    struct blob *blob; /* NULL, or where `text` stands: a large value that replies may share */
    char digits[LISTPACK_INT_TEXT_BYTES];
};

/* How a field is set. */
struct hash_setting {
    const struct hash_limits *limits;
    int64_t now_ms;
    int64_t deadline_ms; /* later than now_ms, or HASH_DEADLINE_NONE or HASH_DEADLINE_KEEP */
};

NODISCARD struct hash *hash_create(void);
void hash_destroy(struct hash *hash);
/* A deep copy, deadlines included. */
NODISCARD struct hash *hash_copy(const struct hash *hash);
/* Memory in use, the struct included. O(1) */
size_t hash_bytes_used(const struct hash *hash);
/* Fields, the dead included. O(1) */
size_t hash_length(const struct hash *hash);
bool hash_is_table(const struct hash *hash);
/* Makes room ahead of many fields: becomes a table at once when they, or one of their lengths, would not stay a
 * listpack. `longest` is the length of the longest field or value to come. */
void hash_expect(struct hash *hash, size_t fields, size_t longest, const struct hash_limits *limits);

/* Finds a living field. */
NODISCARD bool hash_get(const struct hash *hash, struct slice field, int64_t now_ms, struct hash_value *value);
NODISCARD bool hash_contains(const struct hash *hash, struct slice field, int64_t now_ms);
/* Sets a field; true when it is new (or was dead). Neither slice lies in the hash. */
bool hash_set(struct hash *hash, struct slice field, struct slice value, const struct hash_setting *setting);
/* Removes a living field; whether there was one. */
bool hash_delete(struct hash *hash, struct slice field, int64_t now_ms);

/* ---- deadlines ---- */

/* The earliest deadline of any field, HASH_NEVER when none has one. O(1) */
int64_t hash_next_deadline_ms(const struct hash *hash);
/* How many fields have one, the dead included. */
size_t hash_timed(const struct hash *hash);
/* How many fields are dead, counted up to `enough`. O(result) */
size_t hash_dead(const struct hash *hash, int64_t now_ms, size_t enough);
/* The deadline of a living field, HASH_DEADLINE_NONE when it has none; false when there is no such field. */
NODISCARD bool hash_deadline(const struct hash *hash, struct slice field, int64_t now_ms, int64_t *deadline_ms);
/* Gives a field, known to live, another deadline, later than now, or HASH_DEADLINE_NONE. */
void hash_set_deadline(struct hash *hash, struct slice field, int64_t deadline_ms, const struct hash_limits *limits);
/* Removes dead fields, the longest dead first, at most `budget` of them; how many. */
size_t hash_expire(struct hash *hash, int64_t now_ms, size_t budget);

/* ---- many fields: all leave out the dead ---- */

/* Told a field and its value; both are valid until it returns. */
typedef void hash_visitor(void *context, struct slice field, const struct hash_value *value);

void hash_walk(const struct hash *hash, int64_t now_ms, hash_visitor *visit, void *context);
/* Visits the fields at `position` (0 at first), a bucket of them or a whole listpack, and gives the position to go on
 * with; 0 after the last. A field that stays from the first call to the last is met at least once. */
uint64_t hash_scan(const struct hash *hash, uint64_t position, int64_t now_ms, hash_visitor *visit, void *context);
/* A random choice of fields. */
struct hash_draw {
    size_t count;
    int64_t now_ms;
    struct random *random;
};

/* Visits `count` living fields drawn one by one, each time all being equally likely; gives how many: 0 when none lives.
 * O(count), after O(n) in a listpack; O(n) for each when nearly all are dead. */
size_t hash_sample(const struct hash *hash, const struct hash_draw *draw, hash_visitor *visit, void *context);
/* Visits `count` different living fields (fewer when there are not so many), every such choice being equally likely.
 * O(n), or O(count) when that is much less. */
void hash_choose(const struct hash *hash, const struct hash_draw *draw, hash_visitor *visit, void *context);

#endif

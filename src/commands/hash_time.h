/* SPDX-License-Identifier: BSD-3-Clause */
/* What the commands about deadlines of hash fields share: the FIELDS list and times. Redis 8 and Valkey 9 differ in the
 * errors, of which those of Redis are given, and in a few options, of which both are taken.
 * Owner: the handler's stack. Locks: none. */
#ifndef SHERD_COMMANDS_HASH_TIME_H
#define SHERD_COMMANDS_HASH_TIME_H

#include "hash_access.h"

/* "FIELDS count field ...", to the end of the arguments. */
struct hash_fields {
    uint32_t first; /* argument of the first field */
    uint32_t count;
};

/* Reads the list that begins at an argument; `bad_count` is the error for a count that is no positive number. False: an
 * error is replied. */
NODISCARD bool hash_fields_parse(struct call *call, uint32_t at, const char *bad_count, struct hash_fields *fields);

/* How a time is given. */
enum hash_time {
    HASH_TIME_ABSOLUTE = 1 << 0,
    HASH_TIME_SECONDS = 1 << 1,
};

/* Reads a time as a deadline in Unix milliseconds, at least 1; it may have passed. False: an error is replied. */
NODISCARD bool hash_time_parse(struct call *call, uint32_t at, unsigned form, int64_t *deadline_ms);
/* Reads EX, PX, EXAT or PXAT with its time at `at`. `*is_time` tells whether it was one of them. False: an error is
 * replied. */
NODISCARD bool hash_time_option(struct call *call, uint32_t at, bool *is_time, int64_t *deadline_ms);

/* What was done to the fields of a hash, by kind. */
struct hash_outcome {
    uint64_t timed;   /* got a deadline */
    uint64_t deleted; /* because the deadline had passed already */
};

/* Gives a living field a deadline, or deletes it when that has passed. */
void hash_apply_deadline(struct hash_change *change, struct slice field, int64_t deadline_ms,
                         struct hash_outcome *outcome) REQUIRES(shard_held);
/* Notes the events of it, and counts the deleted as expired. */
void hash_note_outcome(struct hash_change *change, const struct hash_outcome *outcome) REQUIRES(shard_held);

#endif

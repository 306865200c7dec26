/* SPDX-License-Identifier: BSD-3-Clause */
/* Hashes, by field: HSET HMSET HSETNX HGET HMGET HLEN HSTRLEN HEXISTS HDEL HINCRBY HINCRBYFLOAT.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the keys' shards. */
#include <math.h>

#include "hash_access.h"
#include "sherd/base/number.h"
#include "sherd/commands/families.h"

static bool many_is_long(struct call *call)
{
    return hash_has_many_arguments(call);
}

static size_t longest_argument(const struct call *call, uint32_t first)
{
    size_t longest = 0;
    for (uint32_t i = first; i < call->argc; i++) {
        longest = call->argv[i].len > longest ? call->argv[i].len : longest;
    }
    return longest;
}

/* Sets the fields of the arguments from 2 on and counts the new ones; false: an error is replied. */
static bool set_fields(struct call *call, uint64_t *created) REQUIRES(shard_held)
{
    struct hash_change change;
    if (call->argc % 2 != 0) {
        (void)call_fail_arity(call);
        return false;
    }
    if (!hash_write(call, &change)) {
        return false;
    }
    hash_ensure(&change);
    uint64_t fields = (call->argc - 2) / 2;
    if (fields > 1) {
        hash_expect(change.hash, fields, longest_argument(call, 2), &change.limits);
    }
    *created = 0;
    for (uint32_t i = 2; i < call->argc; i += 2) {
        *created += hash_put(&change, call->argv[i], call->argv[i + 1], HASH_DEADLINE_NONE);
    }
    hash_changed(&change, fields, "hset");
    return true;
}

COMMAND_HANDLER(hset_command)
{
    uint64_t created;
    if (!set_fields(call, &created)) {
        return OUTCOME_ERROR;
    }
    reply_integer(&call->reply, (int64_t)created);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(hmset_command)
{
    uint64_t created;
    if (!set_fields(call, &created)) {
        return OUTCOME_ERROR;
    }
    reply_ok(&call->reply);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(hsetnx_command)
{
    struct hash_change change;
    if (!hash_write(call, &change)) {
        return OUTCOME_ERROR;
    }
    bool sets = change.hash == NULL || !hash_contains(change.hash, call->argv[2], call->now_ms);
    if (sets) {
        hash_ensure(&change);
        (void)hash_put(&change, call->argv[2], call->argv[3], HASH_DEADLINE_NONE);
        hash_changed(&change, 1, "hset");
    }
    reply_integer(&call->reply, sets);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(hget_command)
{
    const struct hash *hash;
    if (!hash_read(call, &hash)) {
        return OUTCOME_ERROR;
    }
    hash_reply_field(call, hash, call->argv[2]);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(hmget_command)
{
    const struct hash *hash;
    if (!hash_read(call, &hash)) {
        return OUTCOME_ERROR;
    }
    reply_array(&call->reply, call->argc - 2);
    for (uint32_t i = 2; i < call->argc; i++) {
        hash_reply_field(call, hash, call->argv[i]);
    }
    return OUTCOME_DONE;
}

/* Only the dead have to be counted. */
static bool hlen_is_long(struct call *call) REQUIRES(shard_held)
{
    const struct hash *hash = hash_peek(call);
    return hash != NULL && hash_dead(hash, call->now_ms, HASH_SHORT_WALK) == HASH_SHORT_WALK;
}

COMMAND_HANDLER(hlen_command)
{
    const struct hash *hash;
    if (!hash_read(call, &hash)) {
        return OUTCOME_ERROR;
    }
    size_t living = hash == NULL ? 0 : hash_length(hash) - hash_dead(hash, call->now_ms, SIZE_MAX);
    reply_integer(&call->reply, (int64_t)living);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(hstrlen_command)
{
    const struct hash *hash;
    struct hash_value value;
    if (!hash_read(call, &hash)) {
        return OUTCOME_ERROR;
    }
    bool found = hash != NULL && hash_get(hash, call->argv[2], call->now_ms, &value);
    reply_integer(&call->reply, found ? (int64_t)value.text.len : 0);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(hexists_command)
{
    const struct hash *hash;
    if (!hash_read(call, &hash)) {
        return OUTCOME_ERROR;
    }
    reply_integer(&call->reply, hash != NULL && hash_contains(hash, call->argv[2], call->now_ms));
    return OUTCOME_DONE;
}

COMMAND_HANDLER(hdel_command)
{
    struct hash_change change;
    if (!hash_write(call, &change)) {
        return OUTCOME_ERROR;
    }
    uint64_t deleted = 0;
    for (uint32_t i = 2; change.hash != NULL && i < call->argc; i++) {
        deleted += hash_delete(change.hash, call->argv[i], call->now_ms);
    }
    if (deleted != 0) {
        hash_changed(&change, deleted, "hdel");
    }
    reply_integer(&call->reply, (int64_t)deleted);
    return OUTCOME_DONE;
}

/* The number in a field, 0 in a missing one; false: it holds something else. */
static bool integer_in(const struct hash_change *change, struct slice field, int64_t *number)
{
    struct hash_value value;
    *number = 0;
    return change->hash == NULL || !hash_get(change->hash, field, change->call->now_ms, &value) ||
           number_parse_i64(value.text, number);
}

static bool float_in(const struct hash_change *change, struct slice field, long double *number)
{
    struct hash_value value;
    *number = 0;
    return change->hash == NULL || !hash_get(change->hash, field, change->call->now_ms, &value) ||
           number_parse_long_double(value.text, number);
}

COMMAND_HANDLER(hincrby_command)
{
    int64_t increment;
    int64_t number;
    struct hash_change change;
    if (!call_integer(call, 3, &increment) || !hash_write(call, &change)) {
        return OUTCOME_ERROR;
    }
    if (!integer_in(&change, call->argv[2], &number)) {
        return call_fail_slice(call, SLICE_LITERAL("ERR hash value is not an integer"));
    }
    if (__builtin_add_overflow(number, increment, &number)) {
        return call_fail(call, ERROR_OVERFLOW);
    }
    char digits[NUMBER_I64_BYTES];
    hash_ensure(&change);
    (void)hash_put(&change, call->argv[2], slice_make(digits, number_print_i64(digits, number)), HASH_DEADLINE_KEEP);
    hash_changed(&change, 1, "hincrby");
    reply_integer(&call->reply, number);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(hincrbyfloat_command)
{
    long double increment;
    long double number;
    struct hash_change change;
    if (!number_parse_long_double(call->argv[3], &increment)) {
        return call_fail(call, ERROR_NOT_FLOAT);
    }
    if (isnan(increment) || isinf(increment)) {
        return call_fail_slice(call, SLICE_LITERAL("ERR value is NaN or Infinity"));
    }
    if (!hash_write(call, &change)) {
        return OUTCOME_ERROR;
    }
    if (!float_in(&change, call->argv[2], &number)) {
        return call_fail_slice(call, SLICE_LITERAL("ERR hash value is not a float"));
    }
    number += increment;
    if (isnan(number) || isinf(number)) {
        return call_fail(call, ERROR_NAN_OR_INFINITY);
    }
    char text[NUMBER_LONG_DOUBLE_BYTES];
    struct slice printed = slice_make(text, number_print_long_double_human(text, number));
    hash_ensure(&change);
    (void)hash_put(&change, call->argv[2], printed, HASH_DEADLINE_KEEP);
    hash_changed(&change, 1, "hincrbyfloat");
    reply_bulk(&call->reply, printed);
    return OUTCOME_DONE;
}

static const struct command_history hset_history[] = {{"4.0.0", "Accepts multiple `field` and `value` arguments."},
                                                      {0}};
static const struct command_history hdel_history[] = {{"2.4.0", "Accepts multiple `field` arguments."}, {0}};

const struct command_row hash_commands[] = {
    {.name = "hset",
     .handler = hset_command,
     .arity = -4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_FAST,
     .categories = ACL_HASH,
     .keys = {{.flags = KEY_RW | KEY_UPDATE, .begin = 1, .step = 1}},
     .is_long = many_is_long,
     .summary = "Sets fields of a hash, which is created when it is missing, and returns how many are new.",
     .since = "2.0.0",
     .group = "hash",
     .complexity = "O(1) for each field.",
     .history = hset_history,
     .arguments = "key:key data:(field value)+"},
    {.name = "hmset",
     .handler = hmset_command,
     .arity = -4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_FAST,
     .categories = ACL_HASH,
     .keys = {{.flags = KEY_RW | KEY_UPDATE, .begin = 1, .step = 1}},
     .is_long = many_is_long,
     .summary = "Sets fields of a hash.",
     .since = "2.0.0",
     .group = "hash",
     .complexity = "O(1) for each field.",
     .replaced_by = "`HSET` with multiple field-value pairs",
     .deprecated_since = "4.0.0",
     .arguments = "key:key data:(field value)+"},
    {.name = "hsetnx",
     .handler = hsetnx_command,
     .arity = 4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_FAST,
     .categories = ACL_HASH,
     .keys = {{.flags = KEY_RW | KEY_INSERT, .begin = 1, .step = 1}},
     .summary = "Sets a field of a hash unless it is there already.",
     .since = "2.0.0",
     .group = "hash",
     .complexity = "O(1)",
     .arguments = "key:key field value"},
    {.name = "hget",
     .handler = hget_command,
     .arity = 3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .categories = ACL_HASH,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .summary = "Returns the value of a field of a hash.",
     .since = "2.0.0",
     .group = "hash",
     .complexity = "O(1)",
     .arguments = "key:key field"},
    {.name = "hmget",
     .handler = hmget_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .categories = ACL_HASH,
     .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}},
     .is_long = many_is_long,
     .summary = "Returns the values of fields of a hash.",
     .since = "2.0.0",
     .group = "hash",
     .complexity = "O(1) for each field.",
     .arguments = "key:key field+"},
    {.name = "hlen",
     .handler = hlen_command,
     .arity = 2,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .categories = ACL_HASH,
     .keys = {{.flags = KEY_RO, .begin = 1, .step = 1}},
     .is_long = hlen_is_long,
     .summary = "Returns the number of fields of a hash.",
     .since = "2.0.0",
     .group = "hash",
     .complexity = "O(1); O(N) where N is the number of fields past their deadline that are not yet removed.",
     .arguments = "key:key"},
    {.name = "hstrlen",
     .handler = hstrlen_command,
     .arity = 3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .categories = ACL_HASH,
     .keys = {{.flags = KEY_RO, .begin = 1, .step = 1}},
     .summary = "Returns the length of the value of a field.",
     .since = "3.2.0",
     .group = "hash",
     .complexity = "O(1)",
     .arguments = "key:key field"},
    {.name = "hexists",
     .handler = hexists_command,
     .arity = 3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_READONLY | COMMAND_FAST,
     .categories = ACL_HASH,
     .keys = {{.flags = KEY_RO, .begin = 1, .step = 1}},
     .summary = "Tells whether a hash has a field.",
     .since = "2.0.0",
     .group = "hash",
     .complexity = "O(1)",
     .arguments = "key:key field"},
    {.name = "hdel",
     .handler = hdel_command,
     .arity = -3,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .categories = ACL_HASH,
     .keys = {{.flags = KEY_RW | KEY_DELETE, .begin = 1, .step = 1}},
     .is_long = many_is_long,
     .summary = "Deletes fields of a hash, and the hash with the last of them; returns how many there were.",
     .since = "2.0.0",
     .group = "hash",
     .complexity = "O(1) for each field.",
     .history = hdel_history,
     .arguments = "key:key field+"},
    {.name = "hincrby",
     .handler = hincrby_command,
     .arity = 4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_FAST,
     .categories = ACL_HASH,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_UPDATE, .begin = 1, .step = 1}},
     .summary = "Adds an integer to the number in a field, which may be missing.",
     .since = "2.0.0",
     .group = "hash",
     .complexity = "O(1)",
     .arguments = "key:key field increment:integer"},
    {.name = "hincrbyfloat",
     .handler = hincrbyfloat_command,
     .arity = 4,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_FAST,
     .categories = ACL_HASH,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_UPDATE, .begin = 1, .step = 1}},
     .summary = "Adds a floating point number to the number in a field.",
     .since = "2.6.0",
     .group = "hash",
     .complexity = "O(1)",
     .arguments = "key:key field increment:double"},
    {0},
};

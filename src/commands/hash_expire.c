/* SPDX-License-Identifier: BSD-3-Clause */
/* Deadlines of hash fields: setting them (HEXPIRE and its kin), telling them (HTTL and its kin), removing them
 * (HPERSIST).
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the key's shard. */
#include "hash_time.h"
#include "sherd/commands/families.h"

/* What is replied for a field. */
enum {
    FIELD_MISSING = -2,
    FIELD_UNTIMED = -1,
    FIELD_REFUSED = 0,
    FIELD_CHANGED = 1,
    FIELD_DELETED = 2,
};

enum expire_flag {
    EXPIRE_NX = 1 << 0,
    EXPIRE_XX = 1 << 1,
    EXPIRE_GT = 1 << 2,
    EXPIRE_LT = 1 << 3,
};

static const char *const bad_count = "ERR Number of fields must be a positive integer";

static bool many_is_long(struct call *call)
{
    return hash_has_many_arguments(call);
}

/* Every field of a key that does not exist is missing. */
static enum outcome reply_missing(struct call *call, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        reply_integer(&call->reply, FIELD_MISSING);
    }
    return OUTCOME_DONE;
}

static unsigned flag_of(const struct call *call, uint32_t at)
{
    static const struct {
        const char *word;
        unsigned flag;
    } words[] = {{"nx", EXPIRE_NX}, {"xx", EXPIRE_XX}, {"gt", EXPIRE_GT}, {"lt", EXPIRE_LT}};
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (call_argument_is(call, at, words[i].word)) {
            return words[i].flag;
        }
    }
    return 0;
}

/* The conditions before FIELDS, as for EXPIRE: Redis takes one, Valkey those that fit together. */
static bool parse_flags(struct call *call, unsigned *flags, uint32_t *at)
{
    *flags = 0;
    for (unsigned flag = flag_of(call, *at); flag != 0 && *at + 1 < call->argc; flag = flag_of(call, *at)) {
        *flags |= flag;
        ++*at;
    }
    if ((*flags & EXPIRE_NX) != 0 && *flags != EXPIRE_NX) {
        (void)call_fail_slice(call,
                              SLICE_LITERAL("ERR NX and XX, GT or LT options at the same time are not compatible"));
        return false;
    }
    if ((*flags & EXPIRE_GT) != 0 && (*flags & EXPIRE_LT) != 0) {
        (void)call_fail_slice(call, SLICE_LITERAL("ERR GT and LT options at the same time are not compatible"));
        return false;
    }
    return true;
}

/* A field without a deadline counts as never expiring. */
static bool flags_allow(unsigned flags, int64_t now_has_ms, int64_t deadline_ms)
{
    bool has = now_has_ms != HASH_DEADLINE_NONE;
    if (((flags & EXPIRE_NX) != 0 && has) || ((flags & EXPIRE_XX) != 0 && !has)) {
        return false;
    }
    if ((flags & EXPIRE_GT) != 0 && (!has || deadline_ms <= now_has_ms)) {
        return false;
    }
    return (flags & EXPIRE_LT) == 0 || !has || deadline_ms < now_has_ms;
}

static enum outcome expire(struct call *call, unsigned form) REQUIRES(shard_held)
{
    unsigned flags;
    int64_t deadline_ms;
    uint32_t at = 3;
    struct hash_fields fields;
    struct hash_change change;
    if (!hash_write(call, &change) || !hash_time_parse(call, 2, form, &deadline_ms) ||
        !parse_flags(call, &flags, &at) ||
        !hash_fields_parse(call, at, "ERR Parameter `numFields` should be greater than 0", &fields)) {
        return OUTCOME_ERROR;
    }
    reply_array(&call->reply, fields.count);
    if (change.hash == NULL) {
        return reply_missing(call, fields.count);
    }
    struct hash_outcome outcome = {0};
    for (uint32_t i = fields.first; i < call->argc; i++) {
        int64_t now_has_ms;
        int64_t result = deadline_ms <= call->now_ms ? FIELD_DELETED : FIELD_CHANGED;
        if (!hash_deadline(change.hash, call->argv[i], call->now_ms, &now_has_ms)) {
            result = FIELD_MISSING;
        } else if (!flags_allow(flags, now_has_ms, deadline_ms)) {
            result = FIELD_REFUSED;
        } else {
            hash_apply_deadline(&change, call->argv[i], deadline_ms, &outcome);
        }
        reply_integer(&call->reply, result);
    }
    hash_note_outcome(&change, &outcome);
    hash_finish(&change);
    return OUTCOME_DONE;
}

COMMAND_HANDLER(hexpire_command)
{
    return expire(call, HASH_TIME_SECONDS);
}

COMMAND_HANDLER(hpexpire_command)
{
    return expire(call, 0);
}

COMMAND_HANDLER(hexpireat_command)
{
    return expire(call, HASH_TIME_SECONDS | HASH_TIME_ABSOLUTE);
}

COMMAND_HANDLER(hpexpireat_command)
{
    return expire(call, HASH_TIME_ABSOLUTE);
}

/* Seconds are rounded up. */
static int64_t told_time(const struct call *call, unsigned form, int64_t deadline_ms)
{
    int64_t time_ms = deadline_ms - ((form & HASH_TIME_ABSOLUTE) != 0 ? 0 : call->now_ms);
    return (form & HASH_TIME_SECONDS) != 0 ? time_ms / 1000 + (time_ms % 1000 != 0) : time_ms;
}

static enum outcome reply_times(struct call *call, unsigned form) REQUIRES(shard_held)
{
    struct hash_fields fields;
    const struct hash *hash;
    if (!hash_read(call, &hash) || !hash_fields_parse(call, 2, bad_count, &fields)) {
        return OUTCOME_ERROR;
    }
    reply_array(&call->reply, fields.count);
    if (hash == NULL) {
        return reply_missing(call, fields.count);
    }
    for (uint32_t i = fields.first; i < call->argc; i++) {
        int64_t deadline_ms;
        int64_t result = FIELD_MISSING;
        if (hash_deadline(hash, call->argv[i], call->now_ms, &deadline_ms)) {
            result = deadline_ms == HASH_DEADLINE_NONE ? FIELD_UNTIMED : told_time(call, form, deadline_ms);
        }
        reply_integer(&call->reply, result);
    }
    return OUTCOME_DONE;
}

COMMAND_HANDLER(httl_command)
{
    return reply_times(call, HASH_TIME_SECONDS);
}

COMMAND_HANDLER(hpttl_command)
{
    return reply_times(call, 0);
}

COMMAND_HANDLER(hexpiretime_command)
{
    return reply_times(call, HASH_TIME_SECONDS | HASH_TIME_ABSOLUTE);
}

COMMAND_HANDLER(hpexpiretime_command)
{
    return reply_times(call, HASH_TIME_ABSOLUTE);
}

COMMAND_HANDLER(hpersist_command)
{
    struct hash_fields fields;
    struct hash_change change;
    if (!hash_write(call, &change) || !hash_fields_parse(call, 2, bad_count, &fields)) {
        return OUTCOME_ERROR;
    }
    reply_array(&call->reply, fields.count);
    if (change.hash == NULL) {
        return reply_missing(call, fields.count);
    }
    uint64_t persisted = 0;
    for (uint32_t i = fields.first; i < call->argc; i++) {
        int64_t deadline_ms;
        int64_t result = FIELD_UNTIMED;
        if (!hash_deadline(change.hash, call->argv[i], call->now_ms, &deadline_ms)) {
            result = FIELD_MISSING;
        } else if (deadline_ms != HASH_DEADLINE_NONE) {
            hash_set_deadline(change.hash, call->argv[i], HASH_DEADLINE_NONE, &change.limits);
            result = FIELD_CHANGED;
            persisted++;
        }
        reply_integer(&call->reply, result);
    }
    hash_changed(&change, persisted, "hpersist");
    return OUTCOME_DONE;
}

static const char *const changing_tips[] = {"nondeterministic_output", NULL};

#define EXPIRE_ROW(name_, arguments_, summary_)                                                                        \
    {                                                                                                                  \
        .name = #name_, .handler = name_##_command, .arity = -6, .lock = LOCK_KEYS,                                    \
        .flags = COMMAND_WRITE | COMMAND_FAST, .categories = ACL_HASH,                                                 \
        .keys = {{.flags = KEY_RW | KEY_UPDATE, .begin = 1, .step = 1}}, .is_long = many_is_long,                      \
        .summary = (summary_), .since = "7.4.0", .group = "hash", .complexity = "O(1) for each field.",                \
        .arguments = "key:key " arguments_ " condition:(NX|XX|GT|LT)? fields:(numfields:integer field+)=FIELDS"        \
    }

#define TIME_ROW(name_, summary_, tips_)                                                                               \
    {                                                                                                                  \
        .name = #name_, .handler = name_##_command, .arity = -5, .lock = LOCK_KEYS,                                    \
        .flags = COMMAND_READONLY | COMMAND_FAST, .categories = ACL_HASH,                                              \
        .keys = {{.flags = KEY_RO | KEY_ACCESS, .begin = 1, .step = 1}}, .is_long = many_is_long,                      \
        .summary = (summary_), .since = "7.4.0", .group = "hash", .complexity = "O(1) for each field.",                \
        .tips = (tips_), .arguments = "key:key fields:(numfields:integer field+)=FIELDS"                               \
    }

const struct command_row hash_expire_commands[] = {
    EXPIRE_ROW(hexpire, "seconds:integer", "Lets fields of a hash expire in so many seconds."),
    EXPIRE_ROW(hpexpire, "milliseconds:integer", "Lets fields of a hash expire in so many milliseconds."),
    EXPIRE_ROW(hexpireat, "unix-time-seconds:unix-time",
               "Lets fields of a hash expire at a time given in Unix seconds."),
    EXPIRE_ROW(hpexpireat, "unix-time-milliseconds:unix-time",
               "Lets fields of a hash expire at a time given in Unix milliseconds."),
    TIME_ROW(httl, "Tells the seconds that fields of a hash have left.", changing_tips),
    TIME_ROW(hpttl, "Tells the milliseconds that fields of a hash have left.", changing_tips),
    TIME_ROW(hexpiretime, "Tells when fields of a hash expire, in Unix seconds.", NULL),
    TIME_ROW(hpexpiretime, "Tells when fields of a hash expire, in Unix milliseconds.", NULL),
    {.name = "hpersist",
     .handler = hpersist_command,
     .arity = -5,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .categories = ACL_HASH,
     .keys = {{.flags = KEY_RW | KEY_UPDATE, .begin = 1, .step = 1}},
     .is_long = many_is_long,
     .summary = "Lets fields of a hash live on without a deadline.",
     .since = "7.4.0",
     .group = "hash",
     .complexity = "O(1) for each field.",
     .arguments = "key:key fields:(numfields:integer field+)=FIELDS"},
    {0},
};

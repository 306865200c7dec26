/* SPDX-License-Identifier: BSD-3-Clause */
/* Hash fields read or set together with their deadlines, or read and deleted: HGETEX HSETEX HGETDEL.
 * Owner: nobody, handlers keep no state. Locks: none taken; dispatch holds the key's shard. */
#include "hash_time.h"
#include "sherd/base/number.h"
#include "sherd/commands/families.h"

static const char *const bad_count = "ERR Number of fields must be a positive integer";

static bool many_is_long(struct call *call)
{
    return hash_has_many_arguments(call);
}

static enum outcome reply_nulls(struct call *call, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        reply_null(&call->reply);
    }
    return OUTCOME_DONE;
}

/* ---- HGETEX ---- */

COMMAND_HANDLER(hgetex_command)
{
    bool is_time;
    int64_t deadline_ms = HASH_DEADLINE_NONE;
    uint32_t at = 2;
    struct hash_change change;
    if (!hash_write(call, &change) || !hash_time_option(call, at, &is_time, &deadline_ms)) {
        return OUTCOME_ERROR;
    }
    bool persists = !is_time && call_argument_is(call, at, "persist");
    at += is_time ? 2U : persists;
    struct hash_fields fields;
    if (!hash_fields_parse(call, at, bad_count, &fields)) {
        return OUTCOME_ERROR;
    }
    reply_array(&call->reply, fields.count);
    if (change.hash == NULL) {
        return reply_nulls(call, fields.count);
    }
    struct hash_outcome outcome = {0};
    uint64_t persisted = 0;
    for (uint32_t i = fields.first; i < call->argc; i++) {
        struct slice field = call->argv[i];
        int64_t now_has_ms;
        hash_reply_field(call, change.hash, field);
        if ((!is_time && !persists) || !hash_deadline(change.hash, field, call->now_ms, &now_has_ms)) {
            continue;
        }
        if (is_time) {
            hash_apply_deadline(&change, field, deadline_ms, &outcome);
        } else if (now_has_ms != HASH_DEADLINE_NONE) {
            hash_set_deadline(change.hash, field, HASH_DEADLINE_NONE, &change.limits);
            persisted++;
        }
    }
    hash_note(&change, persisted, "hpersist");
    hash_note_outcome(&change, &outcome);
    hash_finish(&change);
    return OUTCOME_DONE;
}

/* ---- HSETEX ---- */

/* Which fields, or whether the key, must exist; Redis knows the first two, Valkey all. */
enum setex_flag {
    SETEX_FNX = 1 << 0,
    SETEX_FXX = 1 << 1,
    SETEX_NX = 1 << 2,
    SETEX_XX = 1 << 3,
};

struct setex {
    unsigned flags;
    int64_t deadline_ms; /* HASH_DEADLINE_NONE, HASH_DEADLINE_KEEP or a time */
    bool has_time;       /* or KEEPTTL */
    uint32_t first;      /* argument of the first field */
    uint64_t fields;
};

/* A condition at `at`; false: there is none. */
static bool setex_flag(const struct call *call, uint32_t at, unsigned *flag)
{
    static const struct {
        const char *word;
        unsigned flag;
    } words[] = {{"fnx", SETEX_FNX}, {"fxx", SETEX_FXX}, {"nx", SETEX_NX}, {"xx", SETEX_XX}};
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        if (call_argument_is(call, at, words[i].word)) {
            *flag = words[i].flag;
            return true;
        }
    }
    return false;
}

static bool add_flag(struct call *call, unsigned flag, unsigned *flags)
{
    *flags |= flag;
    if ((*flags & SETEX_FNX) != 0 && (*flags & SETEX_FXX) != 0) {
        (void)call_fail_slice(call, SLICE_LITERAL("ERR Only one of FXX or FNX arguments can be specified"));
        return false;
    }
    if ((*flags & SETEX_NX) != 0 && (*flags & SETEX_XX) != 0) {
        (void)call_fail(call, ERROR_SYNTAX);
        return false;
    }
    return true;
}

/* What stands behind FIELDS at `at`. */
static bool setex_fields(struct call *call, uint32_t at, struct setex *setex)
{
    int64_t count;
    if (at + 1 >= call->argc || !number_parse_i64(call->argv[at + 1], &count) || count <= 0) {
        (void)call_fail_slice(call, SLICE_LITERAL("ERR invalid number of fields"));
        return false;
    }
    setex->first = at + 2;
    setex->fields = (call->argc - setex->first) / 2;
    if ((uint64_t)count != setex->fields || (call->argc - setex->first) % 2 != 0) {
        (void)call_fail_arity(call);
        return false;
    }
    return true;
}

/* The option at `*at`, which moves behind it; false: an error is replied. */
static bool setex_option(struct call *call, uint32_t *at, struct setex *setex)
{
    unsigned flag;
    bool is_time;
    int64_t deadline_ms;
    if (setex_flag(call, *at, &flag)) {
        *at += 1;
        return add_flag(call, flag, &setex->flags);
    }
    bool keeps = call_argument_is(call, *at, "keepttl");
    if (!hash_time_option(call, *at, &is_time, &deadline_ms)) {
        return false;
    }
    if (!keeps && !is_time) {
        struct slice word = call->argv[*at];
        (void)call_fail_format(call, "ERR unknown argument: %.*s", (int)(word.len < 128 ? word.len : 128), word.data);
        return false;
    }
    if (setex->has_time) {
        (void)call_fail_slice(
            call, SLICE_LITERAL("ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified"));
        return false;
    }
    setex->has_time = true;
    setex->deadline_ms = keeps ? HASH_DEADLINE_KEEP : deadline_ms;
    *at += keeps ? 1 : 2;
    return true;
}

static bool parse_setex(struct call *call, struct setex *setex)
{
    *setex = (struct setex){.deadline_ms = HASH_DEADLINE_NONE};
    uint32_t at = 2;
    while (at < call->argc && !call_argument_is(call, at, "fields")) {
        if (!setex_option(call, &at, setex)) {
            return false;
        }
    }
    if (at >= call->argc) {
        (void)call_fail_slice(call,
                              SLICE_LITERAL("ERR Mandatory argument FIELDS is missing or not at the right position"));
        return false;
    }
    return setex_fields(call, at, setex);
}

/* Whether the conditions hold. */
static bool setex_allowed(const struct hash_change *change, const struct setex *setex)
{
    const struct call *call = change->call;
    bool exists = change->hash != NULL;
    if (((setex->flags & SETEX_NX) != 0 && exists) || ((setex->flags & SETEX_XX) != 0 && !exists)) {
        return false;
    }
    if ((setex->flags & (SETEX_FNX | SETEX_FXX)) == 0) {
        return true;
    }
    bool wanted = (setex->flags & SETEX_FXX) != 0;
    for (uint32_t i = setex->first; i < call->argc; i += 2) {
        if ((exists && hash_contains(change->hash, call->argv[i], call->now_ms)) != wanted) {
            return false;
        }
    }
    return true;
}

/* Sets the fields; a deadline that has passed deletes them again. */
static void setex_apply(struct hash_change *change, const struct setex *setex) REQUIRES(shard_held)
{
    const struct call *call = change->call;
    struct hash_outcome outcome = {0};
    bool is_past = setex->deadline_ms > 0 && setex->deadline_ms <= call->now_ms;
    for (uint32_t i = setex->first; i < call->argc; i += 2) {
        (void)hash_put(change, call->argv[i], call->argv[i + 1], is_past ? HASH_DEADLINE_NONE : setex->deadline_ms);
    }
    call_changed_event(change->call, &change->ref, EVENT_HASH, "hset");
    if (is_past) {
        for (uint32_t i = setex->first; i < call->argc; i += 2) {
            hash_apply_deadline(change, call->argv[i], setex->deadline_ms, &outcome);
        }
    } else if (setex->deadline_ms > 0) {
        outcome.timed = setex->fields;
    }
    hash_note_outcome(change, &outcome);
    if (setex->deadline_ms <= 0) {
        change->call->effects.changes += (uint32_t)setex->fields;
    }
    hash_finish(change);
}

COMMAND_HANDLER(hsetex_command)
{
    struct setex setex;
    struct hash_change change;
    if (!parse_setex(call, &setex) || !hash_write(call, &change)) {
        return OUTCOME_ERROR;
    }
    bool allowed = setex_allowed(&change, &setex);
    if (allowed) {
        hash_ensure(&change);
        setex_apply(&change, &setex);
    }
    reply_integer(&call->reply, allowed);
    return OUTCOME_DONE;
}

/* ---- HGETDEL ---- */

COMMAND_HANDLER(hgetdel_command)
{
    struct hash_fields fields;
    struct hash_change change;
    if (!hash_write(call, &change) || !hash_fields_parse(call, 2, bad_count, &fields)) {
        return OUTCOME_ERROR;
    }
    reply_array(&call->reply, fields.count);
    if (change.hash == NULL) {
        return reply_nulls(call, fields.count);
    }
    uint64_t deleted = 0;
    for (uint32_t i = fields.first; i < call->argc; i++) {
        hash_reply_field(call, change.hash, call->argv[i]);
        deleted += hash_delete(change.hash, call->argv[i], call->now_ms);
    }
    hash_changed(&change, deleted, "hdel");
    return OUTCOME_DONE;
}

#define EXPIRATION                                                                                                     \
    "expiration:(seconds:integer=EX|milliseconds:integer=PX|unix-time-seconds:unix-time=EXAT|"                         \
    "unix-time-milliseconds:unix-time=PXAT|"

const struct command_row hash_timed_commands[] = {
    {.name = "hgetex",
     .handler = hgetex_command,
     .arity = -5,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .categories = ACL_HASH,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_UPDATE,
               .begin = 1,
               .step = 1,
               .notes = "RW and UPDATE because it changes the TTL"}},
     .is_long = many_is_long,
     .summary = "Returns the values of fields of a hash and may give them deadlines or take those away.",
     .since = "8.0.0",
     .group = "hash",
     .complexity = "O(1) for each field.",
     .arguments = "key:key " EXPIRATION "PERSIST)? fields:(numfields:integer field+)=FIELDS"},
    {.name = "hsetex",
     .handler = hsetex_command,
     .arity = -6,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_DENYOOM | COMMAND_FAST,
     .categories = ACL_HASH,
     .keys = {{.flags = KEY_RW | KEY_UPDATE, .begin = 1, .step = 1}},
     .is_long = many_is_long,
     .summary = "Sets fields of a hash and their deadline, on conditions about the key and the fields.",
     .since = "8.0.0",
     .group = "hash",
     .complexity = "O(1) for each field.",
     .arguments = "key:key key-condition:(NX|XX)? fields-condition:(FNX|FXX)? " EXPIRATION
                  "KEEPTTL)? fields:(numfields:integer data:(field value)+)=FIELDS"},
    {.name = "hgetdel",
     .handler = hgetdel_command,
     .arity = -5,
     .lock = LOCK_KEYS,
     .flags = COMMAND_WRITE | COMMAND_FAST,
     .categories = ACL_HASH,
     .keys = {{.flags = KEY_RW | KEY_ACCESS | KEY_DELETE, .begin = 1, .step = 1}},
     .is_long = many_is_long,
     .summary = "Returns the values of fields of a hash and deletes them.",
     .since = "8.0.0",
     .group = "hash",
     .complexity = "O(1) for each field.",
     .arguments = "key:key fields:(numfields:integer field+)=FIELDS"},
    {0},
};

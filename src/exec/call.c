/* SPDX-License-Identifier: BSD-3-Clause */
/* What handlers use: errors, arguments, lookups, noting changes.
 * Owner: the call. Locks: none taken; lookups need the shards of the call. */
#include "sherd/exec/call.h"

#include <stdarg.h>
#include <stdio.h>

#include "effects_commit.h"
#include "sherd/base/blob.h"
#include "sherd/base/number.h"
#include "sherd/exec/exec.h"
#include "sherd/keyspace/interest.h"

enum outcome call_fail_slice(struct call *call, struct slice line)
{
    statistics_error(&call->worker->statistics, line);
    reply_error_slice(&call->reply, line);
    return OUTCOME_ERROR;
}

enum outcome call_fail(struct call *call, enum error_text error)
{
    return call_fail_slice(call, error_text(error));
}

enum outcome call_fail_format(struct call *call, const char *format, ...)
{
    struct buffer line;
    buffer_init(&line);
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int need = vsnprintf(NULL, 0, format, args);
    va_end(args);
    buffer_reserve(&line, (size_t)need + 1);
    (void)vsnprintf(line.data, (size_t)need + 1, format, again);
    va_end(again);
    line.len = (size_t)need;
    while (line.len != 0 && (line.data[line.len - 1] == '\r' || line.data[line.len - 1] == '\n')) {
        line.len--; /* as Redis does; line breaks within become spaces */
    }
    enum outcome outcome = call_fail_slice(call, buffer_slice(&line));
    buffer_deinit(&line);
    return outcome;
}

enum outcome call_fail_arity(struct call *call)
{
    return call_fail_format(call, "ERR wrong number of arguments for '%s' command", call->command->full_name);
}

enum outcome call_fail_subcommand(struct call *call)
{
    char name[COMMAND_NAME_BYTES];
    command_capitals(call->command, name);
    struct slice given = call->argv[1];
    return call_fail_format(call, "ERR unknown subcommand or wrong number of arguments for '%.*s'. Try %s HELP.",
                            (int)(given.len < 128 ? given.len : 128), given.data, name);
}

static ALWAYS_INLINE void call_open_hashed(struct call *call, unsigned db, uint32_t argument, uint64_t hash,
                                           struct keyref *ref) REQUIRES(shard_held)
{
    keyref_open_hashed(ref, &call->worker->user, db, call->argv[argument], hash);
    if (keyref_expire_if_due(ref)) {
        statistics_add(&call->worker->statistics, STATISTIC_EXPIRED_LAZILY, 1);
    }
}

static ALWAYS_INLINE uint64_t call_hash(const struct call *call, uint32_t argument)
{
    return LIKELY(call->first_hashed && argument == call->first_key)
               ? call->first_hash
               : keyspace_hash(call->worker->exec->keyspace, call->argv[argument]);
}

static ALWAYS_INLINE void call_open(struct call *call, unsigned db, uint32_t argument, struct keyref *ref)
    REQUIRES(shard_held)
{
    call_open_hashed(call, db, argument, call_hash(call, argument), ref);
}

void call_prefetch(struct call *call, uint32_t first, uint32_t step, uint32_t count, uint64_t *hashes)
{
    const struct keyspace *keyspace = call->worker->exec->keyspace;
    struct table_place places[CALL_PREFETCH_MAX];
    struct table_bucket *buckets[CALL_PREFETCH_MAX];
    ASSERT(count <= CALL_PREFETCH_MAX);
    for (uint32_t i = 0; i < count; i++) {
        hashes[i] = call_hash(call, first + i * step);
        places[i] = keyspace_prefetch_place(keyspace, call->db, hashes[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        buckets[i] = table_prefetch_bucket(places[i]);
    }
    struct table_group further[CALL_PREFETCH_MAX];
    for (uint32_t i = 0; i < count; i++) {
        further[i].words = NULL;
        if (LIKELY(buckets[i] != NULL)) {
            keyspace_prefetch_entry(buckets[i], hashes[i], &further[i]);
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        if (further[i].words != NULL) {
            keyspace_prefetch_further(further[i], hashes[i]);
        }
    }
}

static ALWAYS_INLINE bool count_look(struct call *call, const struct keyref *ref)
{
    bool exists = ref->entry != NULL;
    statistics_add(&call->worker->statistics, exists ? STATISTIC_KEYSPACE_HITS : STATISTIC_KEYSPACE_MISSES, 1);
    return exists;
}

static NOINLINE void note_miss(struct call *call, const struct keyref *ref)
{
    const struct effect effect = {.event_class = EVENT_KEY_MISS, .event = "keymiss", .db = ref->db, .key = ref->key};
    effects_add(&call->effects, &effect);
}

static ALWAYS_INLINE bool look_opened(struct call *call, const struct keyref *ref)
{
    bool exists = count_look(call, ref);
    if (!exists && UNLIKELY(call->effects.listeners != 0)) {
        note_miss(call, ref);
    }
    return exists;
}

static ALWAYS_INLINE bool read_opened(struct call *call, struct keyref *ref) REQUIRES(shard_held)
{
    if (!look_opened(call, ref)) {
        return false;
    }
    if (LIKELY((call->session->flags & SESSION_NO_TOUCH) == 0)) {
        keyref_touch(ref);
    }
    return true;
}

bool call_read(struct call *call, uint32_t argument, struct keyref *ref)
{
    call_open(call, call->db, argument, ref);
    return read_opened(call, ref);
}

bool call_read_hashed(struct call *call, uint32_t argument, uint64_t hash, struct keyref *ref)
{
    call_open_hashed(call, call->db, argument, hash, ref);
    return read_opened(call, ref);
}

bool call_read_named(struct call *call, struct slice key, struct keyref *ref)
{
    keyref_open_hashed(ref, &call->worker->user, call->db, key, keyspace_hash(call->worker->exec->keyspace, key));
    if (keyref_expire_if_due(ref)) {
        statistics_add(&call->worker->statistics, STATISTIC_EXPIRED_LAZILY, 1);
    }
    if (ref->entry == NULL && call->effects.listeners != 0) {
        /* the key is not the request's: a copy stays until the call is over */
        struct blob *copy = blob_from_slice(key);
        garbage_add(&call->worker->garbage, GARBAGE_VALUE, VALUE_STRING, copy);
        ref->key = blob_slice(copy);
    }
    return read_opened(call, ref);
}

bool call_look_quietly(struct call *call, uint32_t argument, struct keyref *ref)
{
    call_open(call, call->db, argument, ref);
    return count_look(call, ref);
}

bool call_look(struct call *call, uint32_t argument, struct keyref *ref)
{
    call_open(call, call->db, argument, ref);
    return look_opened(call, ref);
}

bool call_look_hashed(struct call *call, uint32_t argument, uint64_t hash, struct keyref *ref)
{
    call_open_hashed(call, call->db, argument, hash, ref);
    return look_opened(call, ref);
}

bool call_peek(struct call *call, uint32_t argument, struct keyref *ref)
{
    call_open(call, call->db, argument, ref);
    return ref->entry != NULL;
}

bool call_write(struct call *call, uint32_t argument, struct keyref *ref)
{
    return call_write_in(call, call->db, argument, ref);
}

static ALWAYS_INLINE bool write_opened(struct call *call, struct keyref *ref) REQUIRES(shard_held)
{
    if (ref->entry != NULL && (call->session->flags & SESSION_NO_TOUCH) == 0) {
        keyref_touch(ref);
    }
    return ref->entry != NULL;
}

bool call_write_in(struct call *call, unsigned db, uint32_t argument, struct keyref *ref)
{
    call_open(call, db, argument, ref);
    return write_opened(call, ref);
}

bool call_write_hashed(struct call *call, uint32_t argument, uint64_t hash, struct keyref *ref)
{
    call_open_hashed(call, call->db, argument, hash, ref);
    return write_opened(call, ref);
}

/* The object of a key that was looked up; false when it is of another type. */
static bool object_of(const struct keyref *ref, bool exists, enum value_type type, void **object) REQUIRES(shard_held)
{
    if (!exists) {
        *object = NULL;
        return true;
    }
    *object = ref->entry->form == ENTRY_OBJECT ? entry_object(ref->entry) : NULL;
    return ref->entry->type == type;
}

bool call_read_object(struct call *call, uint32_t argument, enum value_type type, void **object)
{
    struct keyref ref;
    bool exists = call_read(call, argument, &ref);
    if (UNLIKELY(!object_of(&ref, exists, type, object))) {
        (void)call_fail(call, ERROR_WRONGTYPE);
        return false;
    }
    return true;
}

bool call_peek_object(struct call *call, uint32_t argument, enum value_type type, void **object)
{
    struct keyref ref;
    bool exists = call_peek(call, argument, &ref);
    return object_of(&ref, exists, type, object);
}

bool call_write_object(struct call *call, uint32_t argument, enum value_type type, struct keyref *ref, void **object)
{
    bool exists = call_write(call, argument, ref);
    if (UNLIKELY(!object_of(ref, exists, type, object))) {
        (void)call_fail(call, ERROR_WRONGTYPE);
        return false;
    }
    return true;
}

enum outcome call_read_elsewhere(struct call *call)
{
    statistics_add(&call->worker->statistics, STATISTIC_KEYSPACE_HITS, UINT64_MAX); /* minus one */
    return OUTCOME_POSSESS;
}

void call_tell_event(struct call *call, const struct keyref *ref, enum event_class event_class, const char *event)
{
    struct effect effect = {.event_class = event_class, .event = event, .db = ref->db, .key = ref->key};
    effects_add(&call->effects, &effect);
}

void call_flushed(struct call *call, unsigned db, uint64_t count)
{
    call->effects.changes += (uint32_t)count;
    if (UNLIKELY(call->effects.listeners != 0)) {
        struct effect effect = {.event_class = EVENT_NONE, .event = "flushdb", .db = db};
        effects_add(&call->effects, &effect);
    }
}

bool call_integer(struct call *call, uint32_t index, int64_t *value)
{
    if (!number_parse_i64(call->argv[index], value)) {
        (void)call_fail(call, ERROR_NOT_INTEGER);
        return false;
    }
    return true;
}

bool call_integer_between(struct call *call, uint32_t index, int64_t min, int64_t max, int64_t *value)
{
    if (!call_integer(call, index, value)) {
        return false;
    }
    if (*value < min || *value > max) {
        (void)call_fail_format(call, "ERR value is out of range, value must between %lld and %lld", (long long)min,
                               (long long)max);
        return false;
    }
    return true;
}

bool call_database(struct call *call, uint32_t index, unsigned *db)
{
    int64_t value;
    if (!call_integer(call, index, &value)) {
        return false;
    }
    if (value < INT32_MIN || value > INT32_MAX) {
        return call_integer_between(call, index, INT32_MIN, INT32_MAX, &value);
    }
    if (value < 0 || value >= (int64_t)call->worker->exec->keyspace->databases) {
        (void)call_fail(call, ERROR_DB_INDEX);
        return false;
    }
    *db = (unsigned)value;
    return true;
}

void call_reply_string(struct call *call, const struct entry *entry)
{
    switch ((enum entry_form)entry->form) {
    case ENTRY_INTEGER:
        reply_bulk_integer(&call->reply, entry_integer(entry));
        break;
    case ENTRY_BLOB:
        reply_bulk_blob(&call->reply, entry_object(entry));
        break;
    default:
        reply_bulk(&call->reply, entry_embedded(entry));
        break;
    }
}

enum outcome call_reply_help(struct call *call, const char *const *lines)
{
    char name[COMMAND_NAME_BYTES];
    command_capitals(call->command, name);
    size_t count = 0;
    while (lines[count] != NULL) {
        count++;
    }
    reply_array(&call->reply, count + 3);
    char first[128];
    (void)snprintf(first, sizeof(first), "%s <subcommand> [<arg> [value] [opt] ...]. Subcommands are:", name);
    reply_status(&call->reply, first);
    for (size_t i = 0; i < count; i++) {
        reply_status(&call->reply, lines[i]);
    }
    reply_status(&call->reply, "HELP");
    reply_status(&call->reply, "    Print this help.");
    return OUTCOME_DONE;
}
